//! Certification requests as the caller has them.
//!
//! They are read before they are sent: for the key that the certificate must be for, and because what is sent by mistake (a certificate,
//! half a file, a private key) is a riddle in Certificate Manager's answer and a plain sentence here. The bytes are not changed.

use std::fmt;

use bytes::Bytes;
use smartid_core::Timestamp;
use smartid_trust::request::{CertificationRequest, KeyRequirement, RequestPolicy};
use smartid_trust::{DistinguishedName, PublicKey, Refusal, Unverified};

/// Why a certification request is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// A private key was given, which must not leave.
    #[error("this is a private key, not a certification request; it was not sent")]
    PrivateKey,
    /// It is no text and no DER.
    #[error("this is no certification request: neither DER, PEM nor base64")]
    NoText,
    /// It is not well formed, its key cannot be used, or its holder does not prove to have the key.
    #[error("the certification request is refused: {0}")]
    Refused(#[from] Refusal),
}

/// A PKCS #10 certification request, whole and signed with its own key.
///
/// RSA from 2048 bits on, P-256, P-384, P-521 and Ed25519; at most 64 KiB. Version 2 and self-signatures with SHA-1 are taken, because
/// it is Certificate Manager who decides what it issues for.
///
/// ```
/// # let template = smartid_trust::request::TemplateBuilder::new(smartid_trust::DistinguishedName::from_der(
/// #     vec![0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x55, 0x31])?)
/// #     .build(smartid_trust::request::ThrowAwayKey::P256)?;
/// # let base64 = template.certreq_base64();
/// use smartid_cm::Csr;
///
/// let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{base64}\n-----END CERTIFICATE REQUEST-----\n");
/// let csr = Csr::from_pem(&pem)?;
/// assert_eq!(csr.subject().to_string(), "CN=U1");
/// assert_eq!(csr, Csr::parse(base64.as_bytes())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Csr {
    request: CertificationRequest,
    key: PublicKey,
}

impl Csr {
    /// From DER.
    ///
    /// # Errors
    /// [`CsrError::Refused`].
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, CsrError> {
        Self::checked(CertificationRequest::from_der(der)?)
    }

    /// From PEM with one `CERTIFICATE REQUEST` or `NEW CERTIFICATE REQUEST`; text around it is passed over.
    ///
    /// # Errors
    /// [`CsrError::Refused`]; [`CsrError::PrivateKey`] for a file with a private key and no request.
    pub fn from_pem(pem: &str) -> Result<Self, CsrError> {
        match CertificationRequest::from_pem(pem) {
            Ok(request) => Self::checked(request),
            Err(_) if pem.contains("PRIVATE KEY-----") && !pem.contains("CERTIFICATE REQUEST-----") => {
                Err(CsrError::PrivateKey)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// From base64 of DER, without PEM's first and last line; white space is passed over.
    ///
    /// # Errors
    /// [`CsrError::Refused`].
    pub fn from_base64(text: &str) -> Result<Self, CsrError> {
        Self::checked(CertificationRequest::from_base64(text)?)
    }

    /// From the contents of a file, whichever of the three it holds.
    ///
    /// # Errors
    /// [`CsrError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CsrError> {
        if bytes.first() == Some(&0x30) && bytes.get(1).is_some_and(|length| *length >= 0x80) {
            return Self::from_der(bytes.to_vec());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| CsrError::NoText)?;
        if text.contains("-----BEGIN ") {
            Self::from_pem(text)
        } else {
            Self::from_base64(text)
        }
    }

    fn checked(request: Unverified<CertificationRequest>) -> Result<Self, CsrError> {
        let policy = RequestPolicy::without_template(KeyRequirement::any())
            .accept_version_2()
            .accept_sha1_self_signature();
        // A request has no times.
        request.verify(&policy, Timestamp::from_millis(0))?;
        let request = request.danger_into_unverified();
        Ok(Self {
            key: request.public_key()?,
            request,
        })
    }

    /// The request as DER, byte for byte as it was given.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        self.request.der()
    }

    /// The key that the certificate will be for.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The subject that it asks for. A procedure may give the certificate another one.
    #[must_use]
    pub fn subject(&self) -> &DistinguishedName {
        self.request.subject()
    }
}

impl fmt::Debug for Csr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, key: _ } = self;
        f.debug_struct("Csr")
            .field("bytes", &request.der().len())
            .finish_non_exhaustive()
    }
}
