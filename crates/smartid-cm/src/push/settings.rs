//! What a receiver has to be told before it can take certificates.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use smartid_core::{BasicCaller, ConfigError, Runtime, SecretString};
use smartid_trust::path::ChainPolicy;
use smartid_trust::{Certificate, DistinguishedName};

use super::callers::{Callers, Issued};
use super::{Counts, PushReader, PushReceiver, PushSink};
use crate::dialect::{CmDialect, PushDialect};

/// How large a pushed body may be by default, in bytes: the largest certificate that is read, in base64 with line ends, has less.
pub const DEFAULT_BODY_LIMIT: usize = 192 * 1024;

/// How long a sink may take by default.
pub const DEFAULT_STORE_LIMIT: Duration = Duration::from_secs(20);

/// Settings of a [`PushReceiver`].
#[must_use]
pub struct PushReceiverBuilder {
    pub(super) sink: Arc<dyn PushSink>,
    pub(super) runtime: Arc<dyn Runtime>,
    basic: Option<(String, SecretString)>,
    callers: Callers,
    chains: Option<(Arc<ChainPolicy>, Option<Vec<DistinguishedName>>)>,
    templates: Option<Vec<String>>,
    tenants: Option<Vec<String>>,
    body_limit: usize,
    store_limit: Duration,
    dialect: PushDialect,
}

fn texts<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Vec<String> {
    names.into_iter().map(Into::into).collect()
}

impl PushReceiverBuilder {
    pub(super) fn new(sink: Arc<dyn PushSink>, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            sink,
            runtime,
            basic: None,
            callers: Callers::default(),
            chains: None,
            templates: None,
            tenants: None,
            body_limit: DEFAULT_BODY_LIMIT,
            store_limit: DEFAULT_STORE_LIMIT,
            dialect: PushDialect::default(),
        }
    }

    /// The user and the password that the distribution rule in Certificate Manager has (documented). Where certificates are accepted
    /// too, either is enough.
    pub fn basic_auth(mut self, user: impl Into<String>, password: SecretString) -> Self {
        self.basic = Some((user.into(), password));
        self
    }

    /// Accepts whoever shows this client certificate, while it is valid. May be called several times.
    ///
    /// The web server must ask for client certificates and hand them on as a [`ClientCertificate`](smartid_core::ClientCertificate) among
    /// the extensions of the request.
    pub fn client_certificate(mut self, certificate: Certificate) -> Self {
        self.callers.certificates.push(certificate);
        self
    }

    /// Accepts client certificates of these subjects whose chain the policy believes; its purpose should be
    /// [`Purpose::authentication`](smartid_trust::path::Purpose::authentication).
    pub fn client_chain(
        mut self,
        policy: Arc<ChainPolicy>,
        subjects: impl IntoIterator<Item = DistinguishedName>,
    ) -> Self {
        self.chains = Some((policy, Some(subjects.into_iter().collect())));
        self
    }

    /// Accepts every client certificate whose chain the policy believes.
    ///
    /// Everyone for whom that CA has issued such a certificate can then push certificates: only for a CA that issues to Certificate
    /// Manager alone.
    pub fn danger_client_chain_of_any_subject(mut self, policy: Arc<ChainPolicy>) -> Self {
        self.chains = Some((policy, None));
        self
    }

    /// Takes the client's certificate from this header, and never from the connection, which is that of a proxy. It is read as base64
    /// of DER, the same between colons (RFC 9440), or PEM percent-encoded or with spaces instead of line ends.
    ///
    /// Certificates are public: whoever reaches this receiver past the proxy, or through a proxy that does not remove the header from
    /// what comes to it, is whom he says he is. The proxy must have verified that the client has the key.
    pub fn danger_certificate_header(mut self, name: HeaderName) -> Self {
        self.callers.header = Some(name);
        self
    }

    /// Takes certificates from anybody.
    ///
    /// Whoever reaches the address can then make the application register a certificate, and start a process with it. Only where
    /// something in front lets nobody through but Certificate Manager.
    pub fn danger_without_auth(mut self) -> Self {
        self.callers.anybody = true;
        self
    }

    /// The templates for which certificates are taken; for any unless set. Another one is answered 404.
    pub fn templates<T: Into<String>>(mut self, templates: impl IntoIterator<Item = T>) -> Self {
        self.templates = Some(texts(templates));
        self
    }

    /// The tenants for which certificates are taken; for any and for none unless set. Another one, or none, is answered 404.
    pub fn tenants<T: Into<String>>(mut self, tenants: impl IntoIterator<Item = T>) -> Self {
        self.tenants = Some(texts(tenants));
        self
    }

    /// How large a body may be, in bytes; 192 KiB unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How long the sink may take; 20 seconds unless set. After that the answer is 503.
    pub fn store_limit(mut self, limit: Duration) -> Self {
        self.store_limit = limit;
        self
    }

    /// The dialect, of which this uses [`push`](CmDialect::push).
    pub fn dialect(mut self, dialect: &CmDialect) -> Self {
        self.dialect = dialect.push.clone();
        self
    }

    /// The receiver.
    ///
    /// # Errors
    /// [`ConfigError`] for `cm.push.*` when nobody could push and that was not decided, or a value cannot be used; for
    /// `cm.dialect.push.*` when a setting of the dialect cannot be used.
    pub fn build(self) -> Result<PushReceiver, ConfigError> {
        let refuse = |setting: &'static str, problem: &str| Err(ConfigError::new(setting, problem));
        let mut callers = self.callers;
        if let Some((user, password)) = self.basic {
            let basic = BasicCaller::new("cm.push.basic_auth", &user, &password)?;
            callers.basic = Some((user, basic));
        }
        if let Some((policy, subjects)) = self.chains {
            if subjects.as_ref().is_some_and(Vec::is_empty) {
                return refuse("cm.push.client_chain", "names no subject");
            }
            callers.issued = Some(Issued { policy, subjects });
        }
        let by_certificate = callers.by_certificate();
        if callers.header.is_some() && !by_certificate {
            return refuse(
                "cm.push.certificate_header",
                "is set, but no certificates are accepted",
            );
        }
        if callers.anybody && (by_certificate || callers.basic.is_some()) {
            return refuse("cm.push", "asks for a caller and takes certificates from anybody");
        }
        if !callers.anybody && !by_certificate && callers.basic.is_none() {
            return refuse(
                "cm.push.basic_auth",
                "is missing, and no client certificate is accepted; it is the user and the password that the distribution rule has",
            );
        }
        for (setting, names) in [
            ("cm.push.templates", &self.templates),
            ("cm.push.tenants", &self.tenants),
        ] {
            if names.as_ref().is_some_and(Vec::is_empty) {
                return refuse(setting, "names none");
            }
        }
        if self.body_limit == 0 {
            return refuse("cm.push.body_limit", "is zero");
        }
        if self.store_limit.is_zero() {
            return refuse("cm.push.store_limit", "is zero");
        }
        let PushDialect {
            path,
            tenant,
            content_types,
            success,
        } = &self.dialect;
        if path.is_empty() || path.split('/').any(str::is_empty) {
            return refuse(
                "cm.dialect.push.path",
                "must be segments with a slash between them, without one before or behind",
            );
        }
        if tenant.is_empty() {
            return refuse("cm.dialect.push.tenant", "is empty");
        }
        if content_types.is_empty() {
            return refuse(
                "cm.dialect.push.content_types",
                "is empty: nothing would be taken",
            );
        }
        if !success.code().is_success() {
            return refuse("cm.dialect.push.success", "must be a status between 200 and 299");
        }
        Ok(PushReceiver {
            sink: self.sink,
            runtime: self.runtime,
            store_limit: self.store_limit,
            counts: Counts::default(),
            reader: PushReader {
                callers,
                templates: self.templates,
                tenants: self.tenants,
                body_limit: self.body_limit,
                dialect: self.dialect,
            },
        })
    }
}

impl fmt::Debug for PushReceiverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sink,
            runtime: _,
            basic,
            callers,
            chains,
            templates,
            tenants,
            body_limit,
            store_limit,
            dialect,
        } = self;
        f.debug_struct("PushReceiverBuilder")
            .field("sink", sink)
            .field("basic", &basic.is_some())
            .field("callers", callers)
            .field("chains", chains)
            .field("templates", templates)
            .field("tenants", tenants)
            .field("body_limit", body_limit)
            .field("store_limit", store_limit)
            .field("dialect", dialect)
            .finish_non_exhaustive()
    }
}
