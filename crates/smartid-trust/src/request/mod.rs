//! PKCS #10 certification requests: the template that goes to a device, and the request that comes back.
//!
//! Provisioning sends a request whose subject is right and whose key is thrown away. The device makes a key of its own, puts it in the
//! place of the other and signs anew (vendor page: Example: Smart ID Mobile App certificate provisioning \[documented\]). So
//! subject and key are two things here: a [`TemplateBuilder`] takes names and never a key, and a [`RequestPolicy`] compares the
//! names that come back with those of the template, looks at the key by itself, and refuses the throw-away key.
//!
//! What comes back is [`Unverified`] until then. A self-signature proves that the device has the private key, nothing more: who the
//! device belongs to is said by the signature over the whole answer, made with the attestation key.
//!
//! ```
//! use smartid_core::Timestamp;
//! use smartid_trust::DistinguishedName;
//! use smartid_trust::request::{CertificationRequest, KeyRequirement, RequestPolicy, TemplateBuilder, ThrowAwayKey};
//!
//! # let subject = [0x30, 0x0d, 0x31, 0x0b, 0x30, 0x09, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x02, 0x55, 0x31];
//! # let subject = DistinguishedName::from_der(subject.to_vec())?;
//! let template = TemplateBuilder::new(subject)
//!     .with_email("user@example.com")
//!     .build(ThrowAwayKey::P256)?;
//! let certreq: String = template.certreq_base64(); // goes into the provision command
//!
//! // A device that sends the template back instead of making a key is found out.
//! let policy = RequestPolicy::from_template(&template, KeyRequirement::any());
//! let answer = CertificationRequest::from_base64(&certreq)?;
//! let refusal = answer.verify(&policy, Timestamp::from_millis(0)).unwrap_err();
//! assert_eq!(refusal.reason().code(), "request-throw-away-key");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is refused although it may be valid
//!
//! A template's owner decides what comes back, so a [`RequestPolicy`] refuses what was not asked for and has a method that accepts it:
//! version 2, a self-signature with SHA-1, extensions left out, changed or added, attributes that the template does not have
//! (challengePassword and Microsoft's among them). Without such a method: a subject in another order or spelling, alternative names
//! in another encoding, two extension requests, the same attribute twice, more than 64 attributes or extensions, more than [`MAX_REQUEST_LEN`] bytes, BER.

mod check;
pub(crate) mod compare;
pub(crate) mod legacy;
mod parse;
mod policy;
mod template;
#[cfg(test)]
mod tests;
mod throw_away;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use smartid_core::base64::{self, Flavour, Tolerated};

use crate::{
    DistinguishedName, Extension, GeneralName, Oid, PublicKey, Reason, Refusal, SignatureAlgorithm,
    Unverified,
};
use parse::Parsed;

pub use policy::{KeyRequirement, RequestPolicy};
pub use template::{RequestTemplate, TemplateBuilder};
pub use throw_away::ThrowAwayKey;

/// Largest request that is read, in bytes.
pub const MAX_REQUEST_LEN: usize = 64 * 1024;

/// An attribute of a request (RFC 2986 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestAttribute {
    /// Which one.
    pub oid: Oid,
    /// Its values as DER, in the order of the encoding; never empty.
    pub values_der: Vec<Bytes>,
}

/// A PKCS #10 certification request (RFC 2986). Cloning is cheap.
///
/// The ways in make it [`Unverified`]; its content is readable through [`Unverified::danger_unverified`], or after
/// [`Unverified::verify`].
#[derive(Clone)]
pub struct CertificationRequest(Arc<Parsed>);

impl CertificationRequest {
    /// Reads DER.
    ///
    /// # Errors
    /// [`Reason::Malformed`]; [`Reason::TooLarge`] above [`MAX_REQUEST_LEN`].
    pub fn from_der(der: impl Into<Bytes>) -> Result<Unverified<Self>, Refusal> {
        let der = der.into();
        if der.len() > MAX_REQUEST_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a certification request"));
        }
        Ok(Unverified::new(Self(Arc::new(parse::request(&der)?))))
    }

    /// Reads the one `CERTIFICATE REQUEST` (or `NEW CERTIFICATE REQUEST`, as Windows and keytool write) of a PEM text (RFC 7468).
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der).
    pub fn from_pem(pem: &str) -> Result<Unverified<Self>, Refusal> {
        Self::from_der(der_of_pem(pem)?)
    }

    /// Reads base64 without PEM boundaries, as `certreq` is (vendor page: Example: Smart ID Mobile App certificate provisioning
    /// \[documented example\]). White space is passed over.
    ///
    /// # Errors
    /// As [`from_der`](Self::from_der).
    pub fn from_base64(text: &str) -> Result<Unverified<Self>, Refusal> {
        if text.len() > 2 * MAX_REQUEST_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a certification request"));
        }
        let bad = || Refusal::new(Reason::Malformed, "a certification request that is not base64");
        let (der, forgiven) = base64::decode_lenient(Flavour::Standard, text).map_err(|_| bad())?;
        if forgiven.iter().any(|forgiven| *forgiven != Tolerated::WhiteSpace) {
            return Err(bad());
        }
        Self::from_der(der)
    }

    /// The request as DER, byte for byte as it was read.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// The version as it is encoded. Only 0 exists (RFC 2986 4.1); a published template has 2.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version
    }

    /// Who the certificate is asked for.
    #[must_use]
    pub fn subject(&self) -> &DistinguishedName {
        &self.0.names.subject
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Reason::KeyUnsupported`], [`Reason::KeyTooSmall`], [`Reason::KeyInvalid`] and [`Reason::Malformed`].
    pub fn public_key(&self) -> Result<PublicKey, Refusal> {
        PublicKey::from_spki_der(&self.0.names.spki)
    }

    /// SubjectPublicKeyInfo as it stands in the request.
    #[must_use]
    pub fn spki_der(&self) -> &Bytes {
        &self.0.names.spki
    }

    /// Every attribute but the extension request, in order and unread.
    #[must_use]
    pub fn attributes(&self) -> &[RequestAttribute] {
        &self.0.names.attributes
    }

    /// The requested extensions (RFC 2985 5.4.2, and Microsoft's identifier for the same), in order.
    #[must_use]
    pub fn requested_extensions(&self) -> &[Extension] {
        self.0.names.extensions.all()
    }

    /// The names of the requested subject alternative name extension, in order; empty when it is absent.
    #[must_use]
    pub fn subject_alt_names(&self) -> &[GeneralName] {
        &self.0.names.alt_names
    }

    /// The algorithm of the self-signature.
    ///
    /// # Errors
    /// [`Reason::AlgorithmUnknown`] and [`Reason::Malformed`].
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Refusal> {
        if legacy::is_rsa_sha1(&self.0.signature_algorithm) {
            return Ok(SignatureAlgorithm::LegacyRsaPkcs1Sha1);
        }
        SignatureAlgorithm::from_identifier(&self.0.signature_algorithm, None)
    }

    /// The self-signature.
    #[must_use]
    pub fn signature(&self) -> &Bytes {
        &self.0.signature
    }
}

/// The contents of the one request in a PEM text.
fn der_of_pem(pem: &str) -> Result<Vec<u8>, Refusal> {
    // Before it is decoded: base64 of the largest request, with its line breaks and some text around it.
    if pem.len() > 4 * MAX_REQUEST_LEN {
        return Err(Refusal::new(
            Reason::TooLarge,
            "a PEM text with a certification request",
        ));
    }
    let mut sections = crate::pem::labelled(pem)?
        .into_iter()
        .filter(|(label, _)| matches!(*label, "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST"));
    match (sections.next(), sections.next()) {
        (Some((_, der)), None) => Ok(der),
        (None, _) => Err(Refusal::new(
            Reason::Malformed,
            "no CERTIFICATE REQUEST in the PEM text",
        )),
        _ => Err(Refusal::new(
            Reason::Malformed,
            "more than one CERTIFICATE REQUEST in the PEM text",
        )),
    }
}

impl PartialEq for CertificationRequest {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}
impl Eq for CertificationRequest {}

impl fmt::Debug for CertificationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificationRequest")
            .field("subject", &self.subject().to_string())
            .finish_non_exhaustive()
    }
}
