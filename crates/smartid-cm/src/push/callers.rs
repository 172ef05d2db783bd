//! Who may push: a user with a password, or the holder of a certificate.
//!
//! The vendor documents both ways for its own product. Each that is configured is enough. A certificate is one that the TLS library of the
//! web server hands over after a handshake; a header is believed only where a method with `danger` in its name says which one.

use std::sync::Arc;

use http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use smartid_core::{BasicCaller, ClientCertificate, Head, Timestamp};
use smartid_trust::path::ChainPolicy;
use smartid_trust::{Certificate, DistinguishedName, Fingerprint};

use crate::one_certificate;

/// Who sent a pushed certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sender {
    /// The one who knows the password of this user.
    User(String),
    /// The holder of the client certificate with this fingerprint.
    Certificate(Fingerprint),
    /// Anybody: the receiver was built to ask nobody.
    Anybody,
}

/// Certificates that are accepted by their issuer.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) policy: Arc<ChainPolicy>,
    /// The subjects that may push; `None`: whoever has such a certificate.
    pub(super) subjects: Option<Vec<DistinguishedName>>,
}

impl Issued {
    fn accepts(&self, certificate: &Certificate, intermediates: &[Certificate], now: Timestamp) -> bool {
        // By their text, because the same name can be encoded with several types of string.
        let named = |subjects: &Vec<DistinguishedName>| {
            let subject = certificate.subject().to_string();
            subjects.iter().any(|name| name.to_string() == subject)
        };
        self.subjects.as_ref().is_none_or(named)
            && self.policy.validate(certificate, intermediates, now).is_ok()
    }
}

/// The ways of being known.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    pub(super) basic: Option<(String, BasicCaller)>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) issued: Option<Issued>,
    /// The header in which a proxy tells the client's certificate.
    pub(super) header: Option<HeaderName>,
    pub(super) anybody: bool,
}

impl Callers {
    /// Who calls; `None` when it is nobody that we know.
    pub(super) fn sender(&self, head: &Head, now: Timestamp) -> Option<Sender> {
        if let Some((user, basic)) = &self.basic
            && basic.is_known(&head.headers)
        {
            return Some(Sender::User(user.clone()));
        }
        if let Some(fingerprint) = self.certificate(head, now) {
            return Some(Sender::Certificate(fingerprint));
        }
        self.anybody.then_some(Sender::Anybody)
    }

    /// Whether certificates are looked at.
    pub(super) fn by_certificate(&self) -> bool {
        !self.certificates.is_empty() || self.issued.is_some()
    }

    fn certificate(&self, head: &Head, now: Timestamp) -> Option<Fingerprint> {
        if !self.by_certificate() {
            return None;
        }
        let shown = match &self.header {
            // The connection is the proxy's then, and so is its certificate.
            Some(name) => ClientCertificate::new(of_header(&head.headers, name)?.der().clone()),
            None => head.client_certificate.clone()?,
        };
        let certificate = Certificate::from_der(shown.der().clone()).ok()?;
        let fingerprint = certificate.fingerprint();
        let is_current = certificate.not_before() <= now && now <= certificate.not_after();
        if is_current
            && self
                .certificates
                .iter()
                .any(|known| known.der() == certificate.der())
        {
            return Some(fingerprint);
        }
        let issued = self.issued.as_ref()?;
        let intermediates = shown.intermediates().iter();
        let intermediates: Vec<_> = intermediates
            .take(MAX_INTERMEDIATES)
            .filter_map(|der| Certificate::from_der(der.clone()).ok())
            .collect();
        issued
            .accepts(&certificate, &intermediates, now)
            .then_some(fingerprint)
    }
}

/// How many certificates that came with a client's are looked at.
const MAX_INTERMEDIATES: usize = 16;

/// A certificate in a header, in one of the forms in which proxies write it: base64 of DER, the same between colons (RFC 9440), PEM
/// percent-encoded or with spaces instead of line ends.
fn of_header(headers: &HeaderMap, name: &HeaderName) -> Option<Certificate> {
    let mut values = headers.get_all(name).iter();
    // Two of them: one could be the proxy's and the other the caller's.
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let decoded = percent_decode_str(value.to_str().ok()?.trim())
        .decode_utf8()
        .ok()?;
    let text = decoded.trim();
    let between = |begin, end| text.strip_prefix(begin)?.strip_suffix(end);
    let base64 = between("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
        .or_else(|| between(":", ":"))
        .unwrap_or(text);
    Some(one_certificate::of_base64(base64).ok()?.certificate)
}
