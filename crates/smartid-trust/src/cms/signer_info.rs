//! One signer of a message (RFC 5652 5.3): who it says it is, and what it signed with.

use std::fmt;

use bytes::Bytes;

use super::attributes;
use crate::der::{Reader, tag};
use crate::{AttributeType, Certificate, DistinguishedName, Reason, Refusal, SerialNumber};

/// Longest subject key identifier that is read, in bytes; those in use have 20.
const MAX_KEY_IDENTIFIER_LEN: usize = 128;

/// Longest name, in bytes of DER, that is compared letter by letter where its bytes differ. Making letters equal costs a thousand times
/// what comparing bytes costs, and whoever makes a message may fill it with names; real ones have less than 1 KiB.
const MAX_FOLDED_LEN: usize = 4096;

/// How a signer says which certificate is its own. Nothing is believed for it: it picks a certificate, and that one is checked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignerIdentifier {
    /// By the issuer and the serial number of the certificate.
    IssuerAndSerialNumber {
        /// The issuer.
        issuer: DistinguishedName,
        /// The serial number.
        serial_number: SerialNumber,
    },
    /// By the subject key identifier.
    SubjectKeyIdentifier(Bytes),
}

impl SignerIdentifier {
    /// The identifier of `certificate` by issuer and serial number.
    #[must_use]
    pub fn of(certificate: &Certificate) -> Self {
        Self::IssuerAndSerialNumber {
            issuer: certificate.issuer(),
            serial_number: certificate.serial_number().clone(),
        }
    }

    /// Whether `certificate` answers to this identifier.
    ///
    /// Names are compared as RFC 5280 7.1 says, in its plain cases: the same attributes with the same text, whatever string type and
    /// whatever case. A certificate without the subject key identifier extension answers to the SHA-1 digest of its key, of the bits
    /// (RFC 5280 4.2.1.2) or of the whole SubjectPublicKeyInfo (as Outlook takes it).
    #[must_use]
    pub fn matches(&self, certificate: &Certificate) -> bool {
        match self {
            Self::IssuerAndSerialNumber {
                issuer,
                serial_number,
            } => {
                certificate.serial_number() == serial_number
                    && (certificate.issuer_der() == issuer.der().as_ref()
                        || same_name(&certificate.issuer(), issuer))
            }
            Self::SubjectKeyIdentifier(wanted) => match certificate.subject_key_id() {
                Ok(Some(found)) => found == *wanted,
                Ok(None) => sha1_identifiers(certificate).iter().any(|found| found == wanted),
                Err(_) => false,
            },
        }
    }

    fn read(owner: &Bytes, reader: &mut Reader<'_>) -> Result<Self, Refusal> {
        let element = reader.next()?;
        match element.tag {
            tag::SEQUENCE => {
                let mut parts = element.reader();
                let issuer = parts.expect(tag::SEQUENCE, "a signer without its issuer")?;
                let serial = parts.expect(tag::INTEGER, "a signer without its serial number")?;
                parts.end()?;
                Ok(Self::IssuerAndSerialNumber {
                    issuer: DistinguishedName::from_der(owner.slice_ref(issuer.whole))?,
                    serial_number: SerialNumber::from_signed(serial.integer()?),
                })
            }
            0x80 if (1..=MAX_KEY_IDENTIFIER_LEN).contains(&element.contents.len()) => {
                Ok(Self::SubjectKeyIdentifier(owner.slice_ref(element.contents)))
            }
            _ => Err(Refusal::new(
                Reason::Malformed,
                "a signer that is named in an unknown way",
            )),
        }
    }
}

impl fmt::Display for SignerIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IssuerAndSerialNumber {
                issuer,
                serial_number,
            } => write!(
                f,
                "serial number {} of {issuer}",
                serial_number.to_text(crate::Radix::Hex)
            ),
            Self::SubjectKeyIdentifier(identifier) => {
                f.write_str("key identifier ")?;
                identifier.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

fn same_name(one: &DistinguishedName, other: &DistinguishedName) -> bool {
    if one.der().len().max(other.der().len()) > MAX_FOLDED_LEN {
        return false;
    }
    type Folded = Vec<Vec<(AttributeType, Result<String, Bytes>)>>;
    let folded = |name: &DistinguishedName| -> Folded {
        let fold = |text: String| {
            text.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_lowercase()
        };
        let rdn = |attributes: Vec<crate::Attribute>| {
            let each = attributes
                .into_iter()
                .map(|part| (part.kind, part.text.map(fold).ok_or(part.value_der)));
            each.collect()
        };
        name.rdns().into_iter().map(rdn).collect()
    };
    folded(one) == folded(other)
}

fn sha1_identifiers(certificate: &Certificate) -> Vec<Bytes> {
    let sha1 = |bytes: &[u8]| {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, bytes);
        Bytes::copy_from_slice(digest.as_ref())
    };
    let spki = certificate.spki_der();
    let bits = || {
        let mut info = Reader::only(spki, tag::SEQUENCE, "?").ok()?.reader();
        info.next().ok()?;
        info.expect(tag::BIT_STRING, "?").ok()?.bit_string().ok()
    };
    [bits(), Some(spki)].into_iter().flatten().map(sha1).collect()
}

/// A SignerInfo whose structure was checked and nothing else.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SignerInfo {
    pub(super) identifier: SignerIdentifier,
    /// Contents of the AlgorithmIdentifier.
    pub(super) digest_algorithm: Bytes,
    /// The attributes as they were sent, with their implicit tag; their structure was checked.
    pub(super) signed_attributes: Option<Bytes>,
    /// Contents of the AlgorithmIdentifier.
    pub(super) signature_algorithm: Bytes,
    pub(super) signature: Bytes,
}

impl SignerInfo {
    pub(super) fn read(owner: &Bytes, mut parts: Reader<'_>) -> Result<Self, Refusal> {
        let version = parts
            .expect(tag::INTEGER, "a signer without its version")?
            .small_integer()?;
        // 1 goes with issuer and serial number, 3 with a key identifier; producers mix them up, and nothing depends on it.
        if !matches!(version, 1 | 3) {
            return Err(Refusal::new(Reason::Malformed, "a signer of an unknown version"));
        }
        let identifier = SignerIdentifier::read(owner, &mut parts)?;
        let digest_algorithm = parts.expect(tag::SEQUENCE, "a signer without its digest algorithm")?;
        let signed_attributes = parts.optional(tag::context(0))?;
        if let Some(attributes) = signed_attributes {
            attributes::walk(attributes.contents, |_| ())?;
        }
        let signature_algorithm = parts.expect(tag::SEQUENCE, "a signer without its signature algorithm")?;
        let signature = parts.expect(tag::OCTET_STRING, "a signer without its signature")?;
        // Unsigned attributes: counter signatures, time stamps. Whoever passes the message on can change them.
        parts.optional(tag::context(1))?;
        parts.end()?;
        Ok(Self {
            identifier,
            digest_algorithm: owner.slice_ref(digest_algorithm.contents),
            signed_attributes: signed_attributes.map(|attributes| owner.slice_ref(attributes.whole)),
            signature_algorithm: owner.slice_ref(signature_algorithm.contents),
            signature: owner.slice_ref(signature.contents),
        })
    }
}

impl fmt::Debug for SignerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            identifier,
            digest_algorithm: _,
            signed_attributes,
            signature_algorithm: _,
            signature: _,
        } = self;
        f.debug_struct("SignerInfo")
            .field("identifier", identifier)
            .field("signed_attributes", &signed_attributes.is_some())
            .finish_non_exhaustive()
    }
}
