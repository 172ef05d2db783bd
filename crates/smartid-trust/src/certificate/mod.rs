//! X.509 certificates, read.
//!
//! Reading a certificate believes nothing: whether it is to be trusted is decided by [`path`](crate::path). Structure is read strictly
//! (RFC 5280, DER), content openly: unknown extensions, odd names and keys of unknown type do not make a certificate unreadable,
//! because certificates must be listed and shown even when they can no longer be used.

mod attribute_mapping;
mod extension;
mod fingerprint;
mod general_name;
mod name;
mod name_text;
mod serial;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use smartid_core::Timestamp;

use crate::der::{self, Oid, Reader, tag};
use crate::{PublicKey, Reason, Refusal, SignatureAlgorithm};

pub use attribute_mapping::{AttributeComparison, AttributeError, CertificateAttribute};
pub use extension::{BasicConstraints, Extension, KeyUsage, KeyUsages};
pub(crate) use extension::{Extensions, oids};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use general_name::GeneralName;
pub(crate) use name::check as check_name;
pub use name::{Attribute, AttributeType, DistinguishedName};
pub use name_text::DistinguishedNameError;
pub use serial::{Radix, SerialNumber, SerialNumberError};

/// Largest certificate that is read, in bytes.
pub const MAX_CERTIFICATE_LEN: usize = 128 * 1024;

/// An X.509 certificate. Cloning is cheap.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// use smartid_trust::Certificate;
///
/// let certificate = Certificate::from_pem(pem)?;
/// assert_eq!(certificate.subject().to_string(), "CN=Officer One,O=Example");
/// assert_eq!(certificate.email_addresses(), ["officer@example.com"]);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone)]
pub struct Certificate(Arc<Parsed>);

struct Parsed {
    der: Bytes,
    to_be_signed: Bytes,
    version: u64,
    serial: SerialNumber,
    /// As it stands there, also a negative one.
    serial_der: Bytes,
    issuer: Bytes,
    subject: Bytes,
    not_before: Timestamp,
    not_after: Timestamp,
    spki: Bytes,
    has_unique_ids: bool,
    key: OnceLock<Result<PublicKey, Refusal>>,
    extensions: Extensions,
    signature_algorithm: Bytes,
    signature: Bytes,
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// [`Reason::Malformed`] and [`Reason::TooLarge`].
    pub fn from_der(der: impl Into<Bytes>) -> Result<Self, Refusal> {
        let der = der.into();
        if der.len() > MAX_CERTIFICATE_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a certificate"));
        }
        Ok(Self(Arc::new(parse(&der)?)))
    }

    /// Reads the first `CERTIFICATE` of a PEM text (RFC 7468).
    ///
    /// # Errors
    /// [`Reason::Malformed`] and [`Reason::TooLarge`].
    pub fn from_pem(pem: &str) -> Result<Self, Refusal> {
        let all = Self::list_from_pem(pem)?;
        all.into_iter()
            .next()
            .ok_or(Refusal::new(Reason::Malformed, "no CERTIFICATE in the PEM text"))
    }

    /// Reads every `CERTIFICATE` of a PEM text, in order; other sections are passed over. At most 1024.
    ///
    /// # Errors
    /// [`Reason::Malformed`] and [`Reason::TooLarge`].
    pub fn list_from_pem(pem: &str) -> Result<Vec<Self>, Refusal> {
        crate::pem::sections(pem, "CERTIFICATE")?
            .into_iter()
            .map(Self::from_der)
            .collect()
    }

    /// The certificate as DER, byte for byte as it was read.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.0.der
    }

    /// The certificate as PEM, with a line break at its end.
    #[must_use]
    pub fn to_pem(&self) -> String {
        std::mem::take(&mut *crate::pem::write("CERTIFICATE", self.der()))
    }

    /// The SHA-256 digest of the DER.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_der(self.der())
    }

    /// The version as people count it: 1, 2 or 3.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.0.version + 1
    }

    /// The serial number.
    #[must_use]
    pub fn serial_number(&self) -> &SerialNumber {
        &self.0.serial
    }

    /// Who it was issued to.
    #[must_use]
    pub fn subject(&self) -> DistinguishedName {
        DistinguishedName::from_checked_der(self.0.subject.clone())
    }

    /// Who issued it.
    #[must_use]
    pub fn issuer(&self) -> DistinguishedName {
        DistinguishedName::from_checked_der(self.0.issuer.clone())
    }

    /// The subject as DER.
    pub(crate) fn subject_der(&self) -> &[u8] {
        &self.0.subject
    }

    /// The serial number as DER.
    pub(crate) fn serial_der(&self) -> &[u8] {
        &self.0.serial_der
    }

    /// The issuer as DER.
    pub(crate) fn issuer_der(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The first moment at which it is valid.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last moment at which it is valid (RFC 5280 4.1.2.5: inclusive, to the second).
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Reason::KeyUnsupported`], [`Reason::KeyTooSmall`] and [`Reason::KeyInvalid`]: a certificate can be read although its key
    /// cannot be used.
    pub fn public_key(&self) -> Result<PublicKey, Refusal> {
        self.0
            .key
            .get_or_init(|| PublicKey::from_spki_der(&self.0.spki))
            .clone()
    }

    /// SubjectPublicKeyInfo as it stands in the certificate.
    #[must_use]
    pub fn spki_der(&self) -> &Bytes {
        &self.0.spki
    }

    /// Whether there is an issuerUniqueID or subjectUniqueID.
    pub(crate) fn has_unique_ids(&self) -> bool {
        self.0.has_unique_ids
    }

    /// Every extension, in order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        self.0.extensions.all()
    }

    /// The extension with this identifier.
    #[must_use]
    pub fn extension(&self, oid: &Oid) -> Option<&Extension> {
        self.0.extensions.get(oid)
    }

    /// Whether it is a CA's, and for how long a chain; `None` when the extension is absent.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Refusal> {
        self.0.extensions.basic_constraints()
    }

    /// What the key may be used for; `None` when the extension is absent, which allows every use.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn key_usage(&self) -> Result<Option<KeyUsages>, Refusal> {
        self.0.extensions.key_usage()
    }

    /// The purposes of the key, as identifiers; `None` when the extension is absent.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn extended_key_usage(&self) -> Result<Option<Vec<Oid>>, Refusal> {
        self.0.extensions.extended_key_usage()
    }

    /// The certificate policies, as identifiers: readable, not processed.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn policies(&self) -> Result<Vec<Oid>, Refusal> {
        self.0.extensions.policies()
    }

    /// The subject key identifier.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn subject_key_id(&self) -> Result<Option<Bytes>, Refusal> {
        self.0.extensions.subject_key_id()
    }

    /// Every name of the subject alternative name extension, in order; empty when it is absent.
    ///
    /// # Errors
    /// [`Reason::Malformed`].
    pub fn subject_alt_names(&self) -> Result<Vec<GeneralName>, Refusal> {
        self.0.extensions.subject_alt_names()
    }

    fn alt_names<T>(&self, pick: impl Fn(GeneralName) -> Option<T>) -> Vec<T> {
        self.subject_alt_names()
            .unwrap_or_default()
            .into_iter()
            .filter_map(pick)
            .collect()
    }

    /// The e-mail addresses of the subject alternative name. Empty too when the extension cannot be read.
    #[must_use]
    pub fn email_addresses(&self) -> Vec<String> {
        self.alt_names(|name| {
            if let GeneralName::Email(text) = name {
                Some(text)
            } else {
                None
            }
        })
    }

    /// The user principal names (other name 1.3.6.1.4.1.311.20.2.3) of the subject alternative name.
    #[must_use]
    pub fn user_principal_names(&self) -> Vec<String> {
        self.alt_names(|name| name.user_principal_name())
    }

    /// The DNS names of the subject alternative name.
    #[must_use]
    pub fn dns_names(&self) -> Vec<String> {
        self.alt_names(|name| {
            if let GeneralName::Dns(text) = name {
                Some(text)
            } else {
                None
            }
        })
    }

    /// The URIs of the subject alternative name.
    #[must_use]
    pub fn uris(&self) -> Vec<String> {
        self.alt_names(|name| {
            if let GeneralName::Uri(text) = name {
                Some(text)
            } else {
                None
            }
        })
    }

    /// The algorithm that the issuer signed with.
    ///
    /// # Errors
    /// [`Reason::AlgorithmUnknown`] and [`Reason::Malformed`].
    pub fn signature_algorithm(&self) -> Result<SignatureAlgorithm, Refusal> {
        SignatureAlgorithm::from_identifier(&self.0.signature_algorithm, None)
    }

    /// Whether this certificate was signed by `issuer_key`. Only the signature: names, times and constraints are the
    /// [path's](crate::path) part.
    ///
    /// # Errors
    /// [`Reason::BadSignature`] and the reasons of [`signature_algorithm`](Self::signature_algorithm).
    pub fn is_signed_by(&self, issuer_key: &PublicKey) -> Result<(), Refusal> {
        issuer_key.verify(
            self.signature_algorithm()?,
            &self.0.to_be_signed,
            &self.0.signature,
        )
    }

    /// Whether subject and issuer are the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.0.subject == self.0.issuer
    }
}

/// RFC 5280 4.1.
fn parse(der: &Bytes) -> Result<Parsed, Refusal> {
    let mut outer = Reader::only(der, tag::SEQUENCE, "a certificate that is no sequence")?.reader();
    let tbs = outer.expect(tag::SEQUENCE, "a certificate without its body")?;
    let outer_algorithm = outer.expect(tag::SEQUENCE, "a certificate without its signature algorithm")?;
    let signature = outer
        .expect(tag::BIT_STRING, "a certificate without its signature")?
        .bit_string()?;
    outer.end()?;

    let mut body = tbs.reader();
    let version = match body.optional(tag::context(0))? {
        None => 0,
        Some(version) => {
            Reader::only(version.contents, tag::INTEGER, "a version that is no integer")?.small_integer()?
        }
    };
    if version > 2 {
        return Err(Refusal::new(
            Reason::Malformed,
            "a certificate of an unknown version",
        ));
    }
    let serial = body.expect(tag::INTEGER, "a certificate without its serial number")?;
    let serial_octets = serial.integer()?;
    let inner_algorithm = body.expect(
        tag::SEQUENCE,
        "a certificate body without its signature algorithm",
    )?;
    if inner_algorithm.whole != outer_algorithm.whole {
        return Err(Refusal::new(
            Reason::Malformed,
            "a certificate that names two signature algorithms",
        ));
    }
    let issuer = body.expect(tag::SEQUENCE, "a certificate without its issuer")?;
    name::check(issuer.contents)?;
    let mut validity = body
        .expect(tag::SEQUENCE, "a certificate without its validity")?
        .reader();
    let not_before = der::parse_time(&validity.next()?)?;
    let not_after = der::parse_time(&validity.next()?)?;
    validity.end()?;
    let subject = body.expect(tag::SEQUENCE, "a certificate without its subject")?;
    name::check(subject.contents)?;
    let spki = body.expect(tag::SEQUENCE, "a certificate without its public key")?;
    let issuer_id = body.optional(tag::context_primitive(1))?;
    let subject_id = body.optional(tag::context_primitive(2))?;
    if version == 0 && (issuer_id.is_some() || subject_id.is_some()) {
        return Err(Refusal::new(
            Reason::Malformed,
            "unique identifiers in a certificate of version 1",
        ));
    }
    let extensions = match body.optional(tag::context(3))? {
        None => Extensions::none(),
        Some(_) if version < 2 => {
            return Err(Refusal::new(
                Reason::Malformed,
                "extensions in a certificate below version 3",
            ));
        }
        Some(extensions) => {
            let list = Reader::only(
                extensions.contents,
                tag::SEQUENCE,
                "extensions that are no sequence",
            )?;
            Extensions::parse(der, list.contents)?
        }
    };
    body.end()?;

    Ok(Parsed {
        to_be_signed: der.slice_ref(tbs.whole),
        version,
        serial: SerialNumber::from_signed(serial_octets),
        serial_der: der.slice_ref(serial.whole),
        issuer: der.slice_ref(issuer.whole),
        subject: der.slice_ref(subject.whole),
        not_before,
        not_after,
        spki: der.slice_ref(spki.whole),
        has_unique_ids: issuer_id.is_some() || subject_id.is_some(),
        key: OnceLock::new(),
        extensions,
        signature_algorithm: der.slice_ref(outer_algorithm.contents),
        signature: der.slice_ref(signature),
        der: der.clone(),
    })
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}
impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    /// Subject, issuer and serial number: a certificate is public, but long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject().to_string())
            .field("issuer", &self.issuer().to_string())
            .field("serial_number", &self.0.serial)
            .finish_non_exhaustive()
    }
}
