//! Downloads a CA's certificate.
//!
//! `GET {dp}/ca/<name>.cer` \[seen in a public curl example of the vendor's: Example script for calling the CM REST API endpoints using
//! curl\], on plain HTTP there: `http://<host>:8080/pgwy/dp`. The file is public, nobody logs in, and the call changes nothing.
//!
//! What comes this way may come from anybody on the way. So a [`DownloadedCaCertificate`] is not yet a certificate that can be a root: it
//! becomes one by the fingerprint that the CA's operator has told, or by the signature of a root that is known already.

use std::fmt;

use smartid_core::{
    Advice, BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, Timestamp, Turn,
};
use smartid_trust::{Certificate, Fingerprint, KeyUsage, Reason, Refusal, Unverified};

use crate::auth::Nobody;
use crate::dialect::CmDialect;
use crate::refusal::CmRefusal;
use crate::{one_certificate, public_file};

/// The request; see the module's text for where it goes. Sent with [`call_dp`](crate::CertificateManager::call_dp).
///
/// ```
/// # let der: &'static [u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pki/issuing-rsa.der"));
/// # let known = smartid_trust::Certificate::from_der(der)?.fingerprint().to_string();
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::CaCertificate;
///
/// let dialect = CmDialect::default();
/// let call = CaCertificate::new("Issuing CA 1");
/// assert_eq!(call.request(&dialect)?.target(), "ca/Issuing%20CA%201.cer");
///
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(der));
/// let downloaded = call.response(&dialect, answer).unwrap();
/// // Told by the operator of the CA, by another way.
/// let ca = downloaded.expect_fingerprint(known.parse()?)?;
/// assert_eq!(ca.subject().common_name().unwrap(), "Golden Issuing CA");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaCertificate {
    /// The name of the file, with or without `.cer`. Which names there are is a matter of Protocol Gateway's configuration.
    pub name: String,
}

impl CaCertificate {
    /// The certificate in this file.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }
}

impl Endpoint for CaCertificate {
    type Auth = Nobody;
    type Dialect = CmDialect;
    type Output = DownloadedCaCertificate;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.ca_certificate";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &CmDialect) -> Result<Outgoing, BuildError> {
        public_file::request(&dialect.ca_certificate, "a CA certificate", &self.name)
    }

    fn response(
        &self,
        dialect: &CmDialect,
        incoming: Incoming,
    ) -> Result<DownloadedCaCertificate, ResponseError<CmRefusal>> {
        let incoming = public_file::response(dialect, incoming)?;
        let found = one_certificate::read(incoming.body())
            .map_err(|reason| incoming.unreadable(&format!("no certificate can be read: {reason}")))?;
        if !may_be_a_ca(&found.certificate) {
            return Err(incoming.unreadable("the certificate is not that of a CA").into());
        }
        Ok(DownloadedCaCertificate(Unverified::new(found.certificate)))
    }
}

/// Whether it says that it is a CA's; of version 1 or 2 it cannot say.
fn may_be_a_ca(certificate: &Certificate) -> bool {
    let says_ca = |certificate: &Certificate| {
        let constraints = certificate.basic_constraints().ok().flatten();
        constraints.is_some_and(|constraints| constraints.is_ca)
    };
    certificate.version() < 3 || says_ca(certificate)
}

/// A CA's certificate that came over a way nobody guards.
#[derive(Clone)]
pub struct DownloadedCaCertificate(Unverified<Certificate>);

impl DownloadedCaCertificate {
    /// What to compare with the fingerprint that the CA's operator tells.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.danger_unverified().fingerprint()
    }

    /// The certificate, when it is the one with this SHA-256 fingerprint.
    ///
    /// # Errors
    /// [`CaNotBelieved::Fingerprint`] when it is another.
    pub fn expect_fingerprint(self, expected: Fingerprint) -> Result<Certificate, CaNotBelieved> {
        let found = self.fingerprint();
        if found == expected {
            Ok(self.0.danger_into_unverified())
        } else {
            Err(CaNotBelieved::Fingerprint { found })
        }
    }

    /// The certificate, when `root` has issued it to a CA, and both are valid at `at`.
    ///
    /// Revocation, name constraints and policies are not looked at. A chain verifier that is given this certificate as an intermediate
    /// does so for each chain.
    ///
    /// # Errors
    /// [`CaNotBelieved::Chain`] with the reason.
    pub fn issued_by(self, root: &Certificate, at: Timestamp) -> Result<Certificate, CaNotBelieved> {
        check_issued(self.danger_unverified(), root, at).map_err(CaNotBelieved::Chain)?;
        Ok(self.0.danger_into_unverified())
    }

    /// The certificate, unchecked. Whoever answers in the place of the server has written it: it can be shown, or be given to a chain
    /// verifier as an intermediate, and must not become a root.
    #[must_use]
    pub fn danger_unverified(&self) -> &Certificate {
        self.0.danger_unverified()
    }
}

fn check_issued(ca: &Certificate, root: &Certificate, at: Timestamp) -> Result<(), Refusal> {
    if ca.issuer() != root.subject() {
        return Err(Reason::UnknownIssuer.into());
    }
    if !may_be_a_ca(root) {
        return Err(Reason::NotACa.into());
    }
    for issuer in [ca, root] {
        if issuer
            .key_usage()?
            .is_some_and(|usage| !usage.contains(KeyUsage::KeyCertSign))
        {
            return Err(Reason::CaKeyUsage.into());
        }
        if at < issuer.not_before() {
            return Err(Reason::NotYetValid.into());
        }
        if at > issuer.not_after() {
            return Err(Reason::Expired.into());
        }
    }
    let path_length = root
        .basic_constraints()?
        .and_then(|constraints| constraints.path_length);
    if path_length == Some(0) && ca.der() != root.der() {
        return Err(Reason::PathTooLong.into());
    }
    ca.is_signed_by(&root.public_key()?)
}

impl fmt::Debug for DownloadedCaCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DownloadedCaCertificate({})", self.fingerprint())
    }
}

/// Why a downloaded certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CaNotBelieved {
    /// It is not the certificate whose fingerprint was given.
    #[error("the downloaded certificate is another one: its SHA-256 fingerprint is {found}")]
    #[non_exhaustive]
    Fingerprint {
        /// That of the downloaded one.
        found: Fingerprint,
    },
    /// The given root has not issued it, or not to a CA, or one of the two is not valid.
    #[error("the downloaded certificate is not issued by the given root: {0}")]
    Chain(#[source] Refusal),
}

impl CaNotBelieved {
    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Fingerprint { .. } => Advice::new(
                Turn::Administrator,
                "that the name is that of the right CA and the fingerprint is that of its present certificate; if both hold, somebody on \
                 the way has put another certificate in its place",
            ),
            Self::Chain(refusal) => refusal.reason().advice(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    fn pki(name: &str) -> Certificate {
        let path = format!("{}/tests/golden/pki/{name}.der", env!("CARGO_MANIFEST_DIR"));
        Certificate::from_der(std::fs::read(path).unwrap()).unwrap()
    }

    fn downloaded(name: &str) -> DownloadedCaCertificate {
        DownloadedCaCertificate(Unverified::new(pki(name)))
    }

    #[test]
    fn a_name_is_one_file() {
        let target = |name: &str| {
            CaCertificate::new(name)
                .request(&CmDialect::default())
                .map(|outgoing| outgoing.target())
        };
        assert_eq!(target("Root").unwrap(), "ca/Root.cer");
        assert_eq!(target("Root.CER").unwrap(), "ca/Root.CER");
        assert_eq!(target("a?b#c%2e").unwrap(), "ca/a%3Fb%23c%252e.cer");
        assert_eq!(target("...").unwrap(), "ca/....cer");
        assert_eq!(target("ä").unwrap(), "ca/%C3%A4.cer");
        for bad in ["", " ", ".", "..", "a/b", "a\\b", "a\nb", &"a".repeat(257)] {
            assert!(target(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_fingerprint_believes_one_certificate_and_no_other() {
        let known = pki("issuing-rsa").fingerprint();
        let believed = downloaded("issuing-rsa").expect_fingerprint(known).unwrap();
        assert_eq!(believed, pki("issuing-rsa"));
        let refused = downloaded("issuing-p256").expect_fingerprint(known).unwrap_err();
        let found = pki("issuing-p256").fingerprint();
        assert_eq!(refused, CaNotBelieved::Fingerprint { found });
        assert!(refused.to_string().contains(&found.to_string()));
        assert_eq!(refused.advice().turn, Turn::Administrator);
    }

    #[test]
    fn a_root_believes_what_it_has_issued_to_a_ca_while_both_are_valid() {
        let root = pki("root");
        let at = root.not_before().max(pki("issuing-rsa").not_before());
        assert!(downloaded("issuing-rsa").issued_by(&root, at).is_ok());
        assert!(downloaded("root").issued_by(&root, at).is_ok());
        let reason = |name: &str, root: &Certificate, at| match downloaded(name).issued_by(root, at) {
            Err(CaNotBelieved::Chain(refusal)) => Some(refusal.reason()),
            _ => None,
        };
        let issuing = pki("issuing-rsa");
        assert_eq!(reason("issuing-rsa", &issuing, at), Some(Reason::UnknownIssuer));
        assert_eq!(
            reason("issuing-rsa", &root, Timestamp::from_millis(0)),
            Some(Reason::NotYetValid)
        );
        let late = Timestamp::from_millis(issuing.not_after().as_millis() + 1);
        assert_eq!(reason("issuing-rsa", &root, late), Some(Reason::Expired));
        assert_eq!(
            reason("device-rsa", &pki("issuing-rsa"), at),
            Some(Reason::CaKeyUsage)
        );
        // The same bytes but for the last one, which is of the signature.
        let mut forged = issuing.der().to_vec();
        *forged.last_mut().unwrap() ^= 1;
        let forged = Certificate::from_der(forged).unwrap();
        let forged = DownloadedCaCertificate(Unverified::new(forged)).issued_by(&root, at);
        assert!(
            matches!(forged, Err(CaNotBelieved::Chain(refusal)) if refusal.reason() == Reason::BadSignature)
        );
    }

    #[test]
    fn nothing_but_a_cas_certificate_is_an_answer() {
        let read = |status: StatusCode, body: &[u8]| {
            let answer = Incoming::new(status, HeaderMap::new(), Bytes::copy_from_slice(body));
            CaCertificate::new("x").response(&CmDialect::default(), answer)
        };
        let der = pki("root").der().clone();
        assert!(read(StatusCode::OK, &der).is_ok());
        for body in [
            &b""[..],
            b"-----BEGIN",
            b"\x30\x82",
            b"hello",
            &pki("device-rsa").der()[..],
        ] {
            assert!(matches!(
                read(StatusCode::OK, body),
                Err(ResponseError::Unreadable(_))
            ));
        }
        for (status, body) in [
            (StatusCode::NOT_FOUND, &b"not found"[..]),
            (StatusCode::OK, b"<html>login</html>"),
            (StatusCode::OK, br#"{"error":-1}"#),
            (StatusCode::FOUND, b""),
        ] {
            assert!(
                matches!(read(status, body), Err(ResponseError::Refused(_))),
                "{status}"
            );
        }
    }
}
