//! Extensions of a certificate or of a request (RFC 5280 4.2).

use std::fmt;

use bytes::Bytes;

use super::general_name::GeneralName;
use crate::der::{DerError, Oid, Reader, tag};
use crate::{Reason, Refusal};

/// Identifiers that this crate knows.
pub(crate) mod oids {
    use crate::der::Oid;

    pub(crate) const SUBJECT_KEY_ID: Oid = Oid::known(&[0x55, 0x1d, 14]);
    pub(crate) const KEY_USAGE: Oid = Oid::known(&[0x55, 0x1d, 15]);
    pub(crate) const SUBJECT_ALT_NAME: Oid = Oid::known(&[0x55, 0x1d, 17]);
    pub(crate) const BASIC_CONSTRAINTS: Oid = Oid::known(&[0x55, 0x1d, 19]);
    pub(crate) const NAME_CONSTRAINTS: Oid = Oid::known(&[0x55, 0x1d, 30]);
    pub(crate) const CRL_DISTRIBUTION_POINTS: Oid = Oid::known(&[0x55, 0x1d, 31]);
    pub(crate) const CERTIFICATE_POLICIES: Oid = Oid::known(&[0x55, 0x1d, 32]);
    pub(crate) const EXTENDED_KEY_USAGE: Oid = Oid::known(&[0x55, 0x1d, 37]);
}

/// One extension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extension {
    /// Which one.
    pub oid: Oid,
    /// Whether a verifier that does not know it must refuse.
    pub critical: bool,
    /// Its value, DER inside the octet string.
    pub value: Bytes,
}

/// Whether the certificate is a CA's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BasicConstraints {
    /// Whether the key may sign certificates.
    pub is_ca: bool,
    /// How many further CA certificates may follow below it.
    pub path_length: Option<u64>,
}

/// A use of a key (RFC 5280 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyUsage {
    /// Signatures other than on certificates and CRLs.
    DigitalSignature = 0,
    /// Signatures that commit the signer; also called content commitment.
    NonRepudiation = 1,
    /// Wrapping keys.
    KeyEncipherment = 2,
    /// Encrypting data.
    DataEncipherment = 3,
    /// Key agreement.
    KeyAgreement = 4,
    /// Signing certificates.
    KeyCertSign = 5,
    /// Signing revocation lists.
    CrlSign = 6,
    /// Key agreement for encrypting only.
    EncipherOnly = 7,
    /// Key agreement for decrypting only.
    DecipherOnly = 8,
}

impl KeyUsage {
    pub(crate) const ALL: [Self; 9] = [
        Self::DigitalSignature,
        Self::NonRepudiation,
        Self::KeyEncipherment,
        Self::DataEncipherment,
        Self::KeyAgreement,
        Self::KeyCertSign,
        Self::CrlSign,
        Self::EncipherOnly,
        Self::DecipherOnly,
    ];
}

/// The uses that the key usage extension allows.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsages(u16);

impl KeyUsages {
    /// Whether `usage` is allowed.
    #[must_use]
    pub const fn contains(self, usage: KeyUsage) -> bool {
        self.0 & (1 << usage as u16) != 0
    }

    /// The uses in the order of RFC 5280.
    pub fn iter(self) -> impl Iterator<Item = KeyUsage> {
        KeyUsage::ALL
            .into_iter()
            .filter(move |usage| self.contains(*usage))
    }
}

impl FromIterator<KeyUsage> for KeyUsages {
    fn from_iter<T: IntoIterator<Item = KeyUsage>>(usages: T) -> Self {
        Self(usages.into_iter().fold(0, |bits, usage| bits | 1 << usage as u16))
    }
}

impl fmt::Debug for KeyUsages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The extensions of one certificate or request, each at most once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extensions(Vec<Extension>);

impl Extensions {
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads the contents of Extensions.
    pub(crate) fn parse(owner: &Bytes, contents: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(contents);
        let mut all: Vec<Extension> = Vec::new();
        if reader.is_empty() {
            return Err(Refusal::new(Reason::Malformed, "an empty list of extensions"));
        }
        while !reader.is_empty() {
            let mut parts = reader
                .expect(tag::SEQUENCE, "an extension that is no sequence")?
                .reader();
            let oid = parts.oid("an extension without its identifier")?;
            let critical = match parts.optional(tag::BOOLEAN)? {
                Some(critical) => critical.boolean()?,
                None => false,
            };
            let value = parts
                .expect(tag::OCTET_STRING, "an extension without its value")?
                .contents;
            parts.end()?;
            if all.iter().any(|other| other.oid == oid) {
                return Err(Refusal::new(Reason::Malformed, "the same extension twice"));
            }
            if all.len() == 64 {
                return Err(Refusal::new(Reason::TooLarge, "extensions"));
            }
            all.push(Extension {
                oid,
                critical,
                value: owner.slice_ref(value),
            });
        }
        Ok(Self(all))
    }

    pub(crate) fn all(&self) -> &[Extension] {
        &self.0
    }

    pub(crate) fn get(&self, oid: &Oid) -> Option<&Extension> {
        self.0.iter().find(|extension| extension.oid == *oid)
    }

    fn read<T>(
        &self,
        oid: &Oid,
        expected: u8,
        read: impl FnOnce(&Extension, crate::der::Element<'_>) -> Result<T, DerError>,
    ) -> Result<Option<T>, Refusal> {
        let Some(extension) = self.get(oid) else {
            return Ok(None);
        };
        let element = Reader::only(&extension.value, expected, "an extension's value of another type")?;
        Ok(Some(read(extension, element)?))
    }

    pub(crate) fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Refusal> {
        self.read(&oids::BASIC_CONSTRAINTS, tag::SEQUENCE, |_, value| {
            let mut parts = value.reader();
            let is_ca = match parts.optional(tag::BOOLEAN)? {
                Some(value) => value.boolean()?,
                None => false,
            };
            let path_length = match parts.optional(tag::INTEGER)? {
                Some(value) => Some(value.small_integer()?),
                None => None,
            };
            parts.end()?;
            Ok(BasicConstraints { is_ca, path_length })
        })
    }

    pub(crate) fn key_usage(&self) -> Result<Option<KeyUsages>, Refusal> {
        self.read(&oids::KEY_USAGE, tag::BIT_STRING, |_, value| {
            let octets = value.named_bits()?;
            let bit = |usage: &KeyUsage| {
                let index = *usage as usize;
                octets
                    .get(index / 8)
                    .is_some_and(|octet| octet & (0x80 >> (index % 8)) != 0)
            };
            Ok(KeyUsage::ALL.into_iter().filter(bit).collect())
        })
    }

    pub(crate) fn extended_key_usage(&self) -> Result<Option<Vec<Oid>>, Refusal> {
        self.read(&oids::EXTENDED_KEY_USAGE, tag::SEQUENCE, |_, value| {
            let mut reader = value.reader();
            let mut purposes = Vec::new();
            while !reader.is_empty() {
                purposes.push(reader.oid("a purpose that is no identifier")?);
            }
            if purposes.is_empty() {
                Err(DerError("an empty list of purposes"))
            } else {
                Ok(purposes)
            }
        })
    }

    pub(crate) fn policies(&self) -> Result<Vec<Oid>, Refusal> {
        let policies = self.read(&oids::CERTIFICATE_POLICIES, tag::SEQUENCE, |_, value| {
            let mut reader = value.reader();
            let mut policies = Vec::new();
            while !reader.is_empty() {
                let mut policy = reader
                    .expect(tag::SEQUENCE, "a policy that is no sequence")?
                    .reader();
                policies.push(policy.oid("a policy without its identifier")?);
            }
            Ok(policies)
        })?;
        Ok(policies.unwrap_or_default())
    }

    pub(crate) fn subject_key_id(&self) -> Result<Option<Bytes>, Refusal> {
        self.read(&oids::SUBJECT_KEY_ID, tag::OCTET_STRING, |extension, value| {
            Ok(extension.value.slice_ref(value.contents))
        })
    }

    pub(crate) fn subject_alt_names(&self) -> Result<Vec<GeneralName>, Refusal> {
        let names = self.read(&oids::SUBJECT_ALT_NAME, tag::SEQUENCE, |extension, value| {
            GeneralName::parse_all(&extension.value, value.contents)
        })?;
        Ok(names.unwrap_or_default())
    }
}
