//! Certificate requests (PKCS #10, RFC 2986). The command brings a template with the right subject and a throw-away key; the app makes
//! its own key, puts it into the template and signs anew (protocol notes: hermod 3.1, "Example: Smart ID Mobile App certificate
//! provisioning", D). Everything else stays as it is, byte for byte.

use super::Key;
use super::alg::SigAlg;
use super::der::{self, Reader};
use super::name;
use super::public_key::PublicKey;
use crate::SimError;

/// 1.2.840.113549.1.9.14
const OID_EXTENSION_REQUEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e];
/// 2.5.29.17
pub(super) const OID_SAN: &[u8] = &[0x55, 0x1d, 0x11];

/// Longer requests are refused.
const MAX_LENGTH: usize = 64 * 1024;
/// More extensions than this are not read.
const MAX_EXTENSIONS: usize = 64;

/// A request that was read. Its signature is not checked until [`Csr::verify`] is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr {
    version: u64,
    subject: Vec<u8>,
    spki: Vec<u8>,
    attributes: Vec<u8>,
    info: Vec<u8>,
    signature_algorithm: Vec<u8>,
    signature: Vec<u8>,
}

/// An extension of a certificate, or one that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    /// Content of the object identifier.
    pub(crate) oid: Vec<u8>,
    pub(crate) critical: bool,
    pub(crate) value: Vec<u8>,
}

impl Extension {
    pub(crate) fn new(oid: &[u8], critical: bool, value: Vec<u8>) -> Self {
        Self {
            oid: oid.to_vec(),
            critical,
            value,
        }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        // FALSE is the default, which DER leaves out.
        let critical = if self.critical {
            der::tlv(der::BOOLEAN, &[&[0xff]])
        } else {
            Vec::new()
        };
        der::seq(&[&der::oid(&self.oid), &critical, &der::octets(&self.value)])
    }

    /// The content of a `SEQUENCE OF Extension`.
    pub(crate) fn read_all(mut list: Reader<'_>) -> Option<Vec<Self>> {
        let mut out = Vec::new();
        while !list.is_empty() {
            let mut extension = list.expect(der::SEQUENCE)?.reader();
            let oid = extension.expect(der::OID)?.content.to_vec();
            let critical = extension
                .optional(der::BOOLEAN)
                .is_some_and(|flag| flag.content != [0]);
            let value = extension.expect(der::OCTET_STRING)?.content.to_vec();
            if !extension.is_empty() || out.len() >= MAX_EXTENSIONS {
                return None;
            }
            out.push(Self { oid, critical, value });
        }
        Some(out)
    }
}

fn unreadable() -> SimError {
    SimError::pki("this is no certificate request that can be read")
}

impl Csr {
    /// Reads a request of any version: the vendor publishes one whose version is 2, where only 0 is legal (protocol notes: hermod 3.1,
    /// "Template quirk", D-ex).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is none, or longer than 64 KiB.
    pub fn parse(der: &[u8]) -> Result<Self, SimError> {
        if der.len() > MAX_LENGTH {
            return Err(unreadable());
        }
        Self::read(der).ok_or_else(unreadable)
    }

    fn read(der: &[u8]) -> Option<Self> {
        let mut request = der::only(der, der::SEQUENCE)?.reader();
        let info = request.expect(der::SEQUENCE)?;
        let signature_algorithm = request.expect(der::SEQUENCE)?.raw.to_vec();
        let signature = request.bits()?.to_vec();
        let mut parts = info.reader();
        let version = parts.next()?.small()?;
        let subject = parts.expect(der::SEQUENCE)?.raw.to_vec();
        let spki = parts.expect(der::SEQUENCE)?.raw.to_vec();
        let attributes = parts.rest().to_vec();
        parts.optional(0xa0);
        if !parts.is_empty() || !request.is_empty() {
            return None;
        }
        Some(Self {
            version,
            subject,
            spki,
            attributes,
            info: info.raw.to_vec(),
            signature_algorithm,
            signature,
        })
    }

    /// The version as it is written; 0 is the only legal one.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The subject as DER.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        &self.subject
    }

    /// The public key as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// The attributes as they stand, with their tag; empty when the request has no such member.
    #[must_use]
    pub fn attributes_der(&self) -> &[u8] {
        &self.attributes
    }

    /// The algorithm of the signature; `None` when it is unknown.
    #[must_use]
    pub fn signature_alg(&self) -> Option<SigAlg> {
        SigAlg::from_identifier(&der::only(&self.signature_algorithm, der::SEQUENCE)?)
    }

    /// The extensions that the request asks for; an empty list when it asks for none or they cannot be read.
    pub(crate) fn extension_requests(&self) -> Vec<Extension> {
        self.read_extension_requests().unwrap_or_default()
    }

    fn read_extension_requests(&self) -> Option<Vec<Extension>> {
        let mut attributes = der::only(&self.attributes, 0xa0)?.reader();
        while !attributes.is_empty() {
            let mut attribute = attributes.expect(der::SEQUENCE)?.reader();
            if attribute.expect(der::OID)?.content == OID_EXTENSION_REQUEST {
                let mut values = attribute.expect(der::SET)?.reader();
                return Extension::read_all(values.expect(der::SEQUENCE)?.reader());
            }
        }
        None
    }

    /// The subject alternative names that the request asks for, as the value of the extension.
    #[must_use]
    pub fn san_der(&self) -> Option<Vec<u8>> {
        let wanted = self.extension_requests().into_iter();
        wanted
            .filter(|extension| extension.oid == OID_SAN)
            .map(|extension| extension.value)
            .next()
    }

    /// Checks that the holder of the key in the request has signed it.
    ///
    /// # Errors
    /// [`SimError::Pki`] when not, or when key or algorithm are unknown.
    pub fn verify(&self) -> Result<(), SimError> {
        let alg = self
            .signature_alg()
            .ok_or_else(|| SimError::pki("the request is signed with an unknown algorithm"))?;
        PublicKey::from_spki(&self.spki)?.verify(alg, &self.info, &self.signature)
    }
}

/// A request with this content, signed by the key in it.
fn signed(
    version: &[u8],
    subject: &[u8],
    attributes: &[u8],
    key: &Key,
    alg: SigAlg,
) -> Result<Vec<u8>, SimError> {
    let info = der::seq(&[version, subject, &key.public_spki_der(), attributes]);
    let signature = key.sign_der(alg, &info)?;
    Ok(der::seq(&[&info, &alg.identifier(), &der::bits(&signature)]))
}

/// What the app does with a template: the key is replaced, version, subject and attributes stay byte for byte, the signature is new.
/// The template's own signature is not looked at. [`SigAlg::Rs1`] signs with SHA-1, as the vendor's published template does.
///
/// # Errors
/// [`SimError::Pki`] when the template cannot be read or the key cannot sign with that algorithm.
///
/// ```
/// use smartid_sim::pki::{csr, Key, KeyKind, SigAlg};
///
/// let template = csr::make("CN=Anna", &[], &Key::generate(KeyKind::P256)?, SigAlg::Es256)?;
/// let key = Key::generate(KeyKind::P384)?;
/// let request = csr::Csr::parse(&csr::rekey(&template, &key, SigAlg::Es384)?)?;
/// request.verify()?;
/// assert_eq!(request.spki_der(), key.public_spki_der());
/// assert_eq!(request.subject_der(), csr::Csr::parse(&template)?.subject_der());
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub fn rekey(template: &[u8], key: &Key, alg: SigAlg) -> Result<Vec<u8>, SimError> {
    let parsed = Csr::parse(template)?;
    let version = Reader::new(&parsed.info)
        .next()
        .and_then(|info| info.reader().next())
        .ok_or_else(unreadable)?;
    signed(version.raw, &parsed.subject, &parsed.attributes, key, alg)
}

/// Makes a request or a template: a subject as [`name::encode`] reads it, and mail addresses to ask for as alternative names.
///
/// # Errors
/// [`SimError::Pki`] for a subject that cannot be encoded, or a key that cannot sign with that algorithm.
pub fn make(subject: &str, mail: &[&str], key: &Key, alg: SigAlg) -> Result<Vec<u8>, SimError> {
    make_with_version(0, subject, mail, key, alg)
}

/// As [`make`], with a version that need not be legal: 2 is what the vendor's published template has.
///
/// # Errors
/// As [`make`].
pub fn make_with_version(
    version: u8,
    subject: &str,
    mail: &[&str],
    key: &Key,
    alg: SigAlg,
) -> Result<Vec<u8>, SimError> {
    let mut attributes = Vec::new();
    if !mail.is_empty() {
        let names: Vec<Vec<u8>> = mail
            .iter()
            .map(|mail| der::tlv(0x81, &[mail.as_bytes()]))
            .collect();
        let san = Extension::new(OID_SAN, false, der::seq(&[&names.concat()]));
        let values = der::tlv(der::SET, &[&der::seq(&[&san.der()])]);
        attributes = der::seq(&[&der::oid(OID_EXTENSION_REQUEST), &values]);
    }
    signed(
        &der::number(version.into()),
        &name::encode(subject)?,
        &der::context(0, &[&attributes]),
        key,
        alg,
    )
}
