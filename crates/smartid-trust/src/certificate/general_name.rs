//! Names of the subject alternative name extension (RFC 5280 4.2.1.6).

use bytes::Bytes;

use super::name::{self, DistinguishedName};
use crate::der::{DerError, Oid, Reader, tag};

/// Microsoft's user principal name, as smart card logon and Digital Access use it.
pub(crate) const UPN: Oid = Oid::known(&[0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x14, 2, 3]);

/// One name. Texts are what stands there; nothing is normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeneralName {
    /// An e-mail address.
    Email(String),
    /// A DNS name.
    Dns(String),
    /// A URI.
    Uri(String),
    /// A directory name.
    Directory(DistinguishedName),
    /// An IP address: 4 or 16 octets.
    Ip(Bytes),
    /// A registered identifier.
    RegisteredId(Oid),
    /// Any other name, such as a user principal name.
    Other {
        /// What kind.
        oid: Oid,
        /// The value as DER.
        value_der: Bytes,
    },
    /// A form that is not read (X.400, EDI), as DER.
    Unread(Bytes),
}

impl GeneralName {
    /// A user principal name.
    #[must_use]
    pub fn from_user_principal_name(upn: &str) -> Self {
        Self::Other {
            oid: UPN,
            value_der: crate::der::utf8(upn).into(),
        }
    }

    /// The text, if this is a user principal name.
    #[must_use]
    pub fn user_principal_name(&self) -> Option<String> {
        match self {
            Self::Other { oid, value_der } if *oid == UPN => {
                let mut reader = Reader::new(value_der);
                let value = reader.next().ok()?;
                // Of two values, readers differ in which one counts.
                reader.end().ok()?;
                name::text_of(value.tag, value.contents)
            }
            _ => None,
        }
    }

    /// Reads the contents of GeneralNames, at most 256 of them.
    pub(crate) fn parse_all(owner: &Bytes, contents: &[u8]) -> Result<Vec<Self>, DerError> {
        let mut reader = Reader::new(contents);
        let mut names = Vec::new();
        while !reader.is_empty() {
            if names.len() == 256 {
                return Err(DerError("too many alternative names"));
            }
            let element = reader.next()?;
            let text = || {
                let text = name::text_of(tag::IA5_STRING, element.contents);
                text.ok_or(DerError("an alternative name with letters outside ASCII"))
            };
            names.push(match element.tag {
                0xa0 => {
                    let mut other = element.reader();
                    let oid = other.oid("an other name without its type")?;
                    let value = other.expect(tag::context(0), "an other name without its value")?;
                    other.end()?;
                    Self::Other {
                        oid,
                        value_der: owner.slice_ref(value.contents),
                    }
                }
                0x81 => Self::Email(text()?),
                0x82 => Self::Dns(text()?),
                0x86 => Self::Uri(text()?),
                0xa4 => {
                    let inner = Reader::only(
                        element.contents,
                        tag::SEQUENCE,
                        "a directory name that is no sequence",
                    )?;
                    name::check(inner.contents)?;
                    Self::Directory(DistinguishedName::from_checked_der(owner.slice_ref(inner.whole)))
                }
                0x87 => Self::Ip(owner.slice_ref(element.contents)),
                0x88 => Self::RegisteredId(Oid::from_der_contents(element.contents)?),
                0xa3 | 0xa5 => Self::Unread(owner.slice_ref(element.whole)),
                _ => return Err(DerError("an alternative name of an unknown form")),
            });
        }
        Ok(names)
    }

    /// The name as it stands in GeneralNames.
    pub(crate) fn to_der(&self) -> Vec<u8> {
        use crate::der::{explicit, oid, tlv};
        match self {
            Self::Email(text) => tlv(0x81, text.as_bytes()),
            Self::Dns(text) => tlv(0x82, text.as_bytes()),
            Self::Uri(text) => tlv(0x86, text.as_bytes()),
            Self::Directory(name) => explicit(4, name.der()),
            Self::Ip(octets) => tlv(0x87, octets),
            Self::RegisteredId(id) => tlv(0x88, id.der_contents()),
            Self::Other { oid: kind, value_der } => {
                explicit(0, &[oid(kind), explicit(0, value_der)].concat())
            }
            Self::Unread(der) => der.to_vec(),
        }
    }
}
