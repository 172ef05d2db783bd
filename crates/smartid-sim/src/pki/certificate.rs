//! Certificates as they are handed about (RFC 5280): read as far as an issuer and a verifier of the simulator need.

use super::authority::{OID_AUTHORITY_KEY, OID_SUBJECT_KEY};
use super::ca::OID_BASIC_CONSTRAINTS;
use super::csr::Extension;
use super::der::{self, Reader};
use super::profile::OID_KEY_USAGE;
use super::{PublicKey, SigAlg, name, time};
use crate::SimError;
use crate::webauthn::b64;

/// Longer certificates are refused.
const MAX_LENGTH: usize = 64 * 1024;

/// In the order of the bits (RFC 5280 4.2.1.3).
const USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

/// An X.509 certificate that was read. Nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    spki: Vec<u8>,
    not_before: u64,
    not_after: u64,
    extensions: Vec<Extension>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads one certificate.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is none, or longer than 64 KiB.
    pub fn parse(der: &[u8]) -> Result<Self, SimError> {
        Some(der)
            .filter(|der| der.len() <= MAX_LENGTH)
            .and_then(Self::read)
            .ok_or_else(|| SimError::pki("this is no certificate that can be read"))
    }

    fn read(der: &[u8]) -> Option<Self> {
        let mut certificate = der::only(der, der::SEQUENCE)?.reader();
        let tbs = certificate.expect(der::SEQUENCE)?;
        let signature_algorithm = certificate.expect(der::SEQUENCE)?.raw.to_vec();
        let signature = certificate.bits()?.to_vec();
        let mut parts = tbs.reader();
        parts.optional(0xa0);
        let serial = parts.expect(der::INTEGER)?.content.to_vec();
        let inner = parts.expect(der::SEQUENCE)?;
        let issuer = parts.expect(der::SEQUENCE)?.raw.to_vec();
        let mut validity: Reader<'_> = parts.expect(der::SEQUENCE)?.reader();
        let not_before = time::read(&validity.next()?)?;
        let not_after = time::read(&validity.next()?)?;
        let subject = parts.expect(der::SEQUENCE)?.raw.to_vec();
        let spki = parts.expect(der::SEQUENCE)?.raw.to_vec();
        parts.optional(0x81);
        parts.optional(0x82);
        let extensions = match parts.optional(0xa3) {
            Some(list) => Extension::read_all(list.reader().expect(der::SEQUENCE)?.reader())?,
            None => Vec::new(),
        };
        if !parts.is_empty() || !certificate.is_empty() || inner.raw != signature_algorithm {
            return None;
        }
        Some(Self {
            der: der.to_vec(),
            tbs: tbs.raw.to_vec(),
            serial,
            issuer,
            subject,
            spki,
            not_before,
            not_after,
            extensions,
            signature_algorithm,
            signature,
        })
    }

    /// The whole certificate.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The whole certificate as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    /// The content of the serial number's `INTEGER`.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        &self.serial
    }

    /// The issuer's name as DER.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        &self.issuer
    }

    /// The subject's name as DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The subject's common name, if it has one.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        name::common_name(&self.subject)
    }

    /// The public key as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// First and last second of validity, since 1970.
    #[must_use]
    pub fn validity(&self) -> (u64, u64) {
        (self.not_before, self.not_after)
    }

    pub(super) fn extension(&self, oid: &[u8]) -> Option<&Extension> {
        self.extensions.iter().find(|extension| extension.oid == oid)
    }

    /// The subject key identifier, if it has one.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(OID_SUBJECT_KEY)?;
        Some(der::only(&extension.value, der::OCTET_STRING)?.content)
    }

    /// The key identifier of the issuer, if the certificate names it.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        let extension = self.extension(OID_AUTHORITY_KEY)?;
        let mut parts = der::only(&extension.value, der::SEQUENCE)?.reader();
        Some(parts.optional(0x80)?.content)
    }

    /// Whether it is an authority's.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.extension(OID_BASIC_CONSTRAINTS)
            .and_then(|extension| der::only(&extension.value, der::SEQUENCE))
            .and_then(|constraints| constraints.reader().optional(der::BOOLEAN))
            .is_some_and(|flag| flag.content != [0])
    }

    /// The names of RFC 5280 4.2.1.3 of the key usages that are set; none when the certificate does not limit them.
    #[must_use]
    pub fn key_usages(&self) -> Vec<&'static str> {
        let bits = self
            .extension(OID_KEY_USAGE)
            .and_then(|extension| der::only(&extension.value, der::BIT_STRING))
            .and_then(|bits| bits.content.get(1..))
            .unwrap_or_default();
        let is_set = |number: usize| {
            bits.get(number / 8)
                .is_some_and(|byte| byte & (0x80 >> (number % 8)) != 0)
        };
        let named = USAGES.iter().enumerate();
        named
            .filter(|(number, _)| is_set(*number))
            .map(|(_, name)| *name)
            .collect()
    }

    /// Whether this key has signed it. Nothing else is checked.
    ///
    /// # Errors
    /// [`SimError::Pki`] when not, or when the algorithm is unknown.
    pub fn verify_signature(&self, issuer: &PublicKey) -> Result<(), SimError> {
        let alg = der::only(&self.signature_algorithm, der::SEQUENCE)
            .and_then(|identifier| SigAlg::from_identifier(&identifier))
            .ok_or_else(|| SimError::pki("the certificate is signed with an unknown algorithm"))?;
        issuer.verify(alg, &self.tbs, &self.signature)
    }
}

/// A PEM block of 64 characters a line (RFC 7468).
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = b64::encode_standard(der);
    let mut out = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}
