//! Authenticator data: the bytes that the authenticator speaks for itself with.
//!
//! rpIdHash (32) | flags (1) | signature counter (4, big endian) | if AT: AAGUID (16), length of the credential id (2, big endian),
//! credential id, COSE key | if ED: CBOR map. Nothing may follow.

use std::fmt;

use minicbor::Decoder;
use minicbor::data::Type;

use super::attestation::AttestationError;
use super::cbor::{self, Problem};
use super::cose::CoseKey;

/// The flags of authenticator data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "one byte is all there is")]
pub struct Flags(pub u8);

impl Flags {
    /// UP: the user was present.
    #[must_use]
    pub fn user_present(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// UV: the user was verified, by PIN or biometrics.
    #[must_use]
    pub fn user_verified(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// BE: the credential may be backed up.
    #[must_use]
    pub fn backup_eligible(self) -> bool {
        self.0 & 0x08 != 0
    }

    /// BS: the credential is backed up.
    #[must_use]
    pub fn backed_up(self) -> bool {
        self.0 & 0x10 != 0
    }

    /// AT: a new credential is in the data.
    #[must_use]
    pub fn attested_data(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// ED: extension outputs are in the data.
    #[must_use]
    pub fn extension_data(self) -> bool {
        self.0 & 0x80 != 0
    }
}

impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (self.user_present(), "UP"),
            (self.user_verified(), "UV"),
            (self.backup_eligible(), "BE"),
            (self.backed_up(), "BS"),
            (self.attested_data(), "AT"),
            (self.extension_data(), "ED"),
        ];
        let set: Vec<&str> = names
            .into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect();
        f.write_str(&set.join(" "))
    }
}

/// The make and model of an authenticator; all zero when it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "sixteen bytes are all there is")]
pub struct Aaguid(pub [u8; 16]);

impl Aaguid {
    /// Whether the authenticator does not say what it is.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 16]
    }
}

impl fmt::Display for Aaguid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// A text that is no AAGUID: 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with hyphens between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an AAGUID")]
#[non_exhaustive]
pub struct AaguidError;

impl std::str::FromStr for Aaguid {
    type Err = AaguidError;

    fn from_str(text: &str) -> Result<Self, AaguidError> {
        let groups: Vec<&str> = text.split('-').collect();
        if !groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) {
            return Err(AaguidError);
        }
        let digits = text.bytes().filter(|byte| *byte != b'-');
        let values: Option<Vec<u8>> = digits.map(hex_digit).collect();
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(values.ok_or(AaguidError)?.chunks_exact(2)) {
            if let [high, low] = pair {
                *byte = high << 4 | low;
            }
        }
        Ok(Self(bytes))
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The new credential in authenticator data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AttestedCredential {
    /// The make and model of the authenticator.
    pub aaguid: Aaguid,
    /// 1 to 1023 bytes.
    pub credential_id: Vec<u8>,
    /// The public key.
    pub key: CoseKey,
}

/// Authenticator data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthenticatorData {
    /// SHA-256 of the relying party id.
    pub rp_id_hash: [u8; 32],
    /// What the authenticator attests by bits.
    pub flags: Flags,
    /// How often the credential was used; 0 when the authenticator does not count.
    pub sign_count: u32,
    /// The new credential, when AT is set.
    pub attested: Option<AttestedCredential>,
    /// Extension outputs as CBOR, when ED is set.
    pub extensions: Option<Vec<u8>>,
}

/// Longest credential id that WebAuthn allows.
const MAX_ID: usize = 1023;

impl AuthenticatorData {
    /// The part of fixed length: rpIdHash, flags and signature counter.
    ///
    /// # Errors
    /// [`AttestationError`] when there are less than 37 bytes.
    pub fn head(bytes: &[u8]) -> Result<([u8; 32], Flags, u32), AttestationError> {
        let short = || AttestationError::AuthData("it has less than 37 bytes");
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(short)?;
        let (flags, rest) = rest.split_first().ok_or_else(short)?;
        let (count, _) = rest.split_first_chunk::<4>().ok_or_else(short)?;
        Ok((*rp_id_hash, Flags(*flags), u32::from_be_bytes(*count)))
    }

    /// Reads authenticator data to its last byte.
    ///
    /// # Errors
    /// [`AttestationError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        let (rp_id_hash, flags, sign_count) = Self::head(bytes)?;
        let mut rest = bytes.get(37..).unwrap_or_default();
        let attested = if flags.attested_data() {
            let (attested, behind) = attested(rest)?;
            rest = behind;
            Some(attested)
        } else {
            None
        };
        let extensions = if flags.extension_data() {
            let mut decoder = Decoder::new(rest);
            if !matches!(decoder.datatype().map_err(inside)?, Type::Map | Type::MapIndef) {
                return Err(AttestationError::AuthData("its extension outputs are not a map"));
            }
            cbor::skip(&mut decoder).map_err(inside)?;
            if !has_text_keys(rest) {
                return Err(AttestationError::AuthData(
                    "an extension output stands under a name that is no text",
                ));
            }
            let (map, behind) = split(rest, decoder.position());
            rest = behind;
            Some(map.to_vec())
        } else {
            None
        };
        if !rest.is_empty() {
            return Err(AttestationError::Trailing("authenticator data"));
        }
        Ok(Self {
            rp_id_hash,
            flags,
            sign_count,
            attested,
            extensions,
        })
    }
}

/// Whether the map that stands here, which has been stepped over, has texts alone as keys: names of extensions are texts.
fn has_text_keys(map: &[u8]) -> bool {
    let mut decoder = Decoder::new(map);
    let Ok(length) = decoder.map() else {
        return false;
    };
    cbor::repeat(&mut decoder, length, |decoder| {
        cbor::text(decoder)?;
        cbor::skip(decoder)
    })
    .is_ok()
}

/// CBOR inside authenticator data that ends early means that the authenticator data does.
pub(crate) fn inside(problem: impl Into<Problem>) -> AttestationError {
    match problem.into() {
        Problem::End => AttestationError::AuthData("it ends early"),
        other => other.into(),
    }
}

fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

fn attested(bytes: &[u8]) -> Result<(AttestedCredential, &[u8]), AttestationError> {
    let short = || AttestationError::AuthData("it ends early");
    let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or_else(short)?;
    let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (id, rest) = rest.split_at_checked(length).ok_or_else(short)?;
    if id.is_empty() {
        return Err(AttestationError::EmptyId);
    }
    if id.len() > MAX_ID {
        return Err(AttestationError::IdTooLong(id.len()));
    }
    let mut decoder = Decoder::new(rest);
    let key = CoseKey::read(&mut decoder)?;
    let (_, behind) = split(rest, decoder.position());
    Ok((
        AttestedCredential {
            aaguid: Aaguid(*aaguid),
            credential_id: id.to_vec(),
            key,
        },
        behind,
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn an_aaguid_is_read_as_it_is_written() {
        let text = "3c0e7a52-0000-4000-8000-000000000fd0";
        let aaguid: Aaguid = text.parse().unwrap();
        assert_eq!(aaguid.to_string(), text);
        assert_eq!(text.to_ascii_uppercase().parse(), Ok(aaguid));
        for bad in [
            "",
            "golden",
            "3c0e7a5200004000800000000000 fd0",
            "3c0e7a52-0000-4000-8000-000000000fdg",
            "3c0e-7a520000-4000-8000-000000000fd0",
            "3c0e7a52-0000-4000-8000-000000000fé0",
        ] {
            assert!(bad.parse::<Aaguid>().is_err(), "{bad}");
        }
    }

    use super::*;

    #[test]
    fn an_aaguid_is_shown_as_a_uuid() {
        let aaguid = Aaguid([
            0xee, 0x88, 0x28, 0x79, 0x72, 0x1c, 0x49, 0x13, 0x97, 0x75, 0x3d, 0xfc, 0xce, 0x97, 0x07, 0x2a,
        ]);
        assert_eq!(aaguid.to_string(), "ee882879-721c-4913-9775-3dfcce97072a");
        assert!(Aaguid([0; 16]).is_zero() && !aaguid.is_zero());
    }

    #[test]
    fn without_attested_data_the_fixed_part_is_all() {
        let mut bytes = vec![7; 32];
        bytes.extend([0x05, 0, 0, 1, 2]);
        let data = AuthenticatorData::parse(&bytes).unwrap();
        assert_eq!((data.sign_count, data.flags.to_string().as_str()), (258, "UP UV"));
        bytes.push(0);
        assert_eq!(
            AuthenticatorData::parse(&bytes),
            Err(AttestationError::Trailing("authenticator data"))
        );
    }

    #[test]
    fn extension_outputs_stand_under_texts() {
        let mut bytes = vec![7; 32];
        bytes.extend([0x81, 0, 0, 0, 1]);
        for (map, is_right) in [
            (&[0xa1, 0x61, b'a', 0xf5][..], true),
            (&[0xbf, 0x61, b'a', 0xf5, 0xff], true),
            (&[0xa0], true),
            (&[0xa1, 0x01, 0xf5], false),
            (&[0xa1, 0x41, b'a', 0xf5], false),
            (&[0xa2, 0x61, b'a', 0xf5, 0xf6, 0xf5], false),
        ] {
            let data = AuthenticatorData::parse(&[&bytes[..], map].concat());
            assert_eq!(data.is_ok(), is_right, "{map:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), flags: u8) {
            if let Some(byte) = bytes.get_mut(32) {
                *byte = flags;
            }
            let _ = AuthenticatorData::parse(&bytes);
            let _ = super::super::AttestationObject::parse(&bytes);
        }
    }
}
