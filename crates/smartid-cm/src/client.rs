//! The client: one Protocol Gateway, and the officer who signs for writes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smartid_core::{
    CallPolicy, Caller, ConfigError, Credential, Either, Endpoint, Error, NotSigned, Runtime, ServiceUrl,
    Transport, race,
};
use smartid_trust::cms::{self, SignOptions};
use smartid_trust::{OfficerSigner, SigningError};

use crate::auth::{Front, Nobody, Officer};
use crate::check::{Connected, ConnectionProblem, Probe};
use crate::dialect::CmDialect;
use crate::operations::Search;
use crate::pages::Pages;
use crate::refusal::CmRefusal;
use crate::two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};

/// A client of one Protocol Gateway. Cloning it is cheap; clones share everything.
///
/// The transport shows the officer's certificate; the signer, which may be another officer, signs what Certificate Manager wants signed.
///
/// ```
/// # use std::sync::Arc;
/// # use smartid_core::{Runtime, Transport};
/// # use smartid_trust::OfficerSigner;
/// use smartid_cm::{CertId, CertificateManager, RevocationReason};
/// use smartid_cm::operations::Revoke;
///
/// # async fn example(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>, officer: Arc<dyn OfficerSigner>)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let cm = CertificateManager::builder("https://pgwy.example.test:8444/pgwy/api")
///     .signer(officer)
///     .build(transport, runtime)?;
/// cm.write(&Revoke::new(CertId::new("4711")?, RevocationReason::KeyCompromise)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CertificateManager(Arc<Inner>);

struct Inner {
    caller: Caller,
    /// Of the servlet `dp`.
    dp: Option<Caller>,
    /// Of the servlets for soft tokens.
    gateway: Option<Caller>,
    dialect: CmDialect,
    signer: Option<Arc<dyn OfficerSigner>>,
    sign_options: SignOptions,
    sign_limit: Duration,
}

/// How long a signer may take by default: time to find the card and type its PIN.
const SIGN_LIMIT: Duration = Duration::from_secs(120);

impl fmt::Debug for CertificateManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            caller,
            dp,
            gateway,
            dialect: _,
            signer,
            sign_options: _,
            sign_limit: _,
        } = &*self.0;
        f.debug_struct("CertificateManager")
            .field("url", caller.base())
            .field("dp_url", &dp.as_ref().map(Caller::base))
            .field("gateway_url", &gateway.as_ref().map(Caller::base))
            .field("signer", &signer.is_some())
            .finish_non_exhaustive()
    }
}

impl CertificateManager {
    /// Begins a client. `url` is taken with its path, to which the operations' paths are appended: usually
    /// `https://<host>:8444/pgwy/api` (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin); on a hosted
    /// service or with instances another.
    pub fn builder(url: impl Into<String>) -> Builder {
        Builder {
            url: url.into(),
            dp_url: None,
            dp_transport: None,
            gateway_url: None,
            gateway_transport: None,
            dialect: CmDialect::default(),
            policy: CallPolicy::default(),
            signer: None,
            sign_options: SignOptions::new(),
            sign_limit: SIGN_LIMIT,
            plain_http: false,
        }
    }

    /// What this installation does differently.
    #[must_use]
    pub fn dialect(&self) -> &CmDialect {
        &self.0.dialect
    }

    /// The runtime that calls are timed with.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        self.0.caller.runtime()
    }

    /// The address of the API.
    #[must_use]
    pub fn url(&self) -> &ServiceUrl {
        self.0.caller.base()
    }

    /// Calls an operation that changes nothing, or one step of a write.
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`CmRefusal`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = Officer, Dialect = CmDialect>,
    {
        let inner = &*self.0;
        inner
            .caller
            .call(endpoint, &inner.dialect, &Credential::none())
            .await
    }

    /// Downloads a public file from the servlet `dp`: [`CaCertificate`](crate::operations::CaCertificate),
    /// [`DownloadRevocationList`](crate::operations::experimental::DownloadRevocationList).
    ///
    /// ```
    /// # use smartid_cm::CertificateManager;
    /// use smartid_cm::operations::CaCertificate;
    /// use smartid_trust::Fingerprint;
    ///
    /// # async fn example(cm: CertificateManager, known: Fingerprint) -> Result<(), Box<dyn std::error::Error>> {
    /// let ca = cm.call_dp(&CaCertificate::new("IssuingCA1")).await?.expect_fingerprint(known)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`CmRefusal`]. Without [`dp_url`](Builder::dp_url) nothing is sent.
    pub async fn call_dp<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = Nobody, Dialect = CmDialect>,
    {
        let inner = &*self.0;
        let Some(dp) = &inner.dp else {
            let missing =
                "is missing; it is the address of the servlet dp, such as https://pgwy.example/pgwy/dp";
            return Err(Error::config(E::NAME, ConfigError::new("cm.dp_url", missing)));
        };
        dp.call(endpoint, &inner.dialect, &Credential::none()).await
    }

    /// Calls a servlet beside the API: the requests for soft tokens of [`ast`](crate::ast) and [`eui`](crate::eui).
    ///
    /// # Errors
    /// [`Error`]. Without [`gateway_url`](Builder::gateway_url) nothing is sent, unless the API's address ends with `/api`, as it
    /// usually does: then the servlets are beside it.
    pub async fn call_gateway<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = Front, Dialect = CmDialect>,
    {
        let inner = &*self.0;
        let Some(gateway) = &inner.gateway else {
            let missing =
                "is missing; it is the address of Protocol Gateway, such as https://pgwy.example:8444/pgwy";
            return Err(Error::config(
                E::NAME,
                ConfigError::new("cm.gateway_url", missing),
            ));
        };
        gateway.call(endpoint, &inner.dialect, &Credential::none()).await
    }

    /// "Test connection": one call that changes nothing, sent once.
    ///
    /// ```
    /// # use smartid_cm::CertificateManager;
    /// # async fn example(cm: CertificateManager) {
    /// match cm.check_connection().await {
    ///     Ok(connected) => println!("{connected}"),
    ///     Err(problem) => println!("{}: {problem}", problem.name()),
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ConnectionProblem`], which tells where on the way it fails, and whose turn it is.
    pub async fn check_connection(&self) -> Result<Connected, ConnectionProblem> {
        let inner = &*self.0;
        let once = inner.caller.policy().with_attempts(1);
        let caller = inner.caller.clone().with_policy(once);
        caller
            .call(&Probe, &inner.dialect, &Credential::none())
            .await
            .map_err(ConnectionProblem::of)
    }

    /// All certificates that a search finds, page by page: by its limit or 500 at a time, from its offset on.
    #[must_use]
    pub fn pages(&self, search: Search) -> Pages {
        Pages::new(self.clone(), search)
    }

    /// Makes a write, with the second step where Certificate Manager wants a signature.
    ///
    /// It is never repeated by itself once it may have been done: an error of phase
    /// [`PerhapsDone`](smartid_core::Phase::PerhapsDone) means that somebody has to look first.
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`CmRefusal`]. [`NotSigned`] within when the signer did not sign; then nothing was done.
    pub async fn write<W: Write>(&self, write: &W) -> Result<W::Output, Error> {
        let data = match self.call(&Call::new(write)).await? {
            Step::Done(output) => return Ok(output),
            Step::Sign(data) => data,
        };
        let signature = self.sign(W::NAME, data).await?;
        self.call(&SignedCall::new(write, &signature)).await
    }

    /// Signs what a first step was answered, where the signer's blocking stalls nobody.
    async fn sign(&self, operation: &'static str, data: DataToSign) -> Result<RequestSignature, Error> {
        let inner = &*self.0;
        let Some(signer) = &inner.signer else {
            return Err(Error::refused(operation, CmRefusal::no_signer()));
        };
        let not_signed =
            |error: SigningError| Error::not_signed(operation, NotSigned::new(error.to_string()));
        let runtime = inner.caller.runtime();
        let signing = cms::sign_blocking_on(
            &**runtime,
            Arc::clone(signer),
            data.into_bytes(),
            inner.sign_options.clone(),
        );
        match race(std::pin::pin!(signing), runtime.sleep(inner.sign_limit)).await {
            Either::First(signed) => signed.map(RequestSignature::from_cms).map_err(not_signed),
            Either::Second(()) => {
                let problem = format!("the signer did not answer within {:?}", inner.sign_limit);
                Err(Error::not_signed(operation, NotSigned::new(problem)))
            }
        }
    }
}

/// The settings of a [`CertificateManager`] client.
#[must_use]
pub struct Builder {
    url: String,
    /// The address, and whether it may be plain HTTP.
    dp_url: Option<(String, bool)>,
    dp_transport: Option<Arc<dyn Transport>>,
    gateway_url: Option<String>,
    gateway_transport: Option<Arc<dyn Transport>>,
    dialect: CmDialect,
    policy: CallPolicy,
    signer: Option<Arc<dyn OfficerSigner>>,
    sign_options: SignOptions,
    sign_limit: Duration,
    plain_http: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            dp_url,
            dp_transport,
            gateway_url,
            gateway_transport,
            dialect: _,
            policy,
            signer,
            sign_options,
            sign_limit,
            plain_http,
        } = self;
        let dp_url = dp_url.as_ref().map(|(url, _)| smartid_core::redact::url(url));
        f.debug_struct("Builder")
            .field("url", &smartid_core::redact::url(url))
            .field("dp_url", &dp_url)
            .field("dp_transport", &dp_transport.is_some())
            .field(
                "gateway_url",
                &gateway_url.as_deref().map(smartid_core::redact::url),
            )
            .field("gateway_transport", &gateway_transport.is_some())
            .field("policy", policy)
            .field("signer", &signer.is_some())
            .field("sign_options", sign_options)
            .field("sign_limit", sign_limit)
            .field("plain_http", plain_http)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Sets what this installation does differently.
    pub fn dialect(mut self, dialect: CmDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets limits and retries.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The officer who signs for writes. Not needed where Protocol Gateway signs itself. It may be another officer than the one whose
    /// certificate the transport shows (seen in public third-party code: Sleepw4lker/PSCertificateEnrollment).
    pub fn signer(mut self, signer: Arc<dyn OfficerSigner>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// How the CMS message is made: default signed attributes, the signer's certificate, the key's preferred algorithm. The content is
    /// embedded in any case.
    pub fn sign_options(mut self, options: SignOptions) -> Self {
        self.sign_options = options;
        self
    }

    /// How long the signer may take for one signature; two minutes unless set. After that the write ends as not signed, and nothing was
    /// done; what the signer still does is of no use to anybody.
    pub fn sign_limit(mut self, limit: Duration) -> Self {
        self.sign_limit = limit;
        self
    }

    /// The address of the servlet `dp`, from which CA certificates are downloaded; usually `https://<host>:8443/pgwy/dp`.
    pub fn dp_url(mut self, url: impl Into<String>) -> Self {
        self.dp_url = Some((url.into(), false));
        self
    }

    /// The same on plain HTTP, as the one example that is known has it: `http://<host>:8080/pgwy/dp`. The transport must allow plain
    /// HTTP too; give it [one of its own](Self::dp_transport).
    ///
    /// Everyone on the way sees what is downloaded, which is public, and can put something else in its place, which is why nothing that
    /// comes from there is believed before it is compared with a fingerprint or checked with a root. Never compare with a fingerprint
    /// that was downloaded the same way.
    pub fn danger_dp_url_plain_http(mut self, url: impl Into<String>) -> Self {
        self.dp_url = Some((url.into(), true));
        self
    }

    /// Another transport for the servlet `dp`: one that has no officer's identity, or one that alone may speak plain HTTP.
    pub fn dp_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.dp_transport = Some(transport);
        self
    }

    /// The address of Protocol Gateway, below which the servlets for soft tokens are; usually `https://<host>:8444/pgwy`. Unless it is
    /// set, it is the API's address without its last segment, if that is `api`.
    pub fn gateway_url(mut self, url: impl Into<String>) -> Self {
        self.gateway_url = Some(url.into());
        self
    }

    /// Another transport for the servlets for soft tokens: one without an officer's identity, for a caller that goes through the front
    /// that authenticates users.
    pub fn gateway_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.gateway_transport = Some(transport);
        self
    }

    /// Allows an `http` URL. There is no officer then, and everyone on the way can issue certificates. Only for a loopback address in a
    /// test.
    pub fn danger_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Checks the settings and makes the client.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: `cm.url`, `cm.dp_url`, `cm.gateway_url`, or `cm.dialect` with the operation whose request cannot be made with it.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<CertificateManager, ConfigError> {
        let Self {
            url,
            dp_url,
            dp_transport,
            gateway_url,
            gateway_transport,
            dialect,
            policy,
            signer,
            sign_options,
            sign_limit,
            plain_http,
        } = self;
        let caller = |setting, url: &str, plain_http, transport: &Arc<dyn Transport>| {
            let base = if plain_http {
                ServiceUrl::danger_parse_plain_http(setting, url)?
            } else {
                ServiceUrl::parse(setting, url)?
            };
            Ok(Caller::new(base, Arc::clone(transport), Arc::clone(&runtime)).with_policy(policy))
        };
        let dp_transport = dp_transport.as_ref().unwrap_or(&transport);
        let dp = dp_url.map(|(url, plain_http)| caller("cm.dp_url", &url, plain_http, dp_transport));
        let gateway_url = gateway_url.or_else(|| beside_api(&url));
        let gateway_transport = gateway_transport.as_ref().unwrap_or(&transport);
        let gateway = gateway_url.map(|url| caller("cm.gateway_url", &url, plain_http, gateway_transport));
        crate::trial::try_dialect(&dialect)?;
        Ok(CertificateManager(Arc::new(Inner {
            caller: caller("cm.url", &url, plain_http, &transport)?,
            dp: dp.transpose()?,
            gateway: gateway.transpose()?,
            dialect,
            signer,
            sign_options: sign_options.embedded(),
            sign_limit,
        })))
    }
}

/// Where the servlets are, if the API is beside them.
fn beside_api(url: &str) -> Option<String> {
    url.strip_suffix('/')
        .unwrap_or(url)
        .strip_suffix("/api")
        .map(str::to_owned)
}
