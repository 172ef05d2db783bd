//! The SHA-256 fingerprint of a certificate: what two people compare over the telephone, and what tells two certificates apart in a store.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::DigestAlgorithm;

/// The SHA-256 digest of a certificate's DER.
///
/// ```
/// # let pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// use smartid_trust::{Certificate, Fingerprint};
///
/// let certificate = Certificate::from_pem(pem)?;
/// let fingerprint = certificate.fingerprint();
/// // As OpenSSL shows it, or as sha256sum does.
/// let shown = fingerprint.to_string().to_uppercase();
/// assert_eq!(shown.parse::<Fingerprint>()?, fingerprint);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

/// The text is not a SHA-256 fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a SHA-256 fingerprint: it has 64 hexadecimal digits, with or without colons and spaces between the pairs"
)]
#[non_exhaustive]
pub struct FingerprintError;

impl Fingerprint {
    /// Of these bytes, which should be a certificate's DER.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        let digest = DigestAlgorithm::Sha256.of(der);
        for (byte, of_digest) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *of_digest;
        }
        Self(bytes)
    }

    /// The digest.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    /// Reads 64 hexadecimal digits of either case; between pairs there may be a colon or a space.
    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let mut letters = text.trim().chars().peekable();
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            if index > 0 {
                letters.next_if(|letter| matches!(letter, ':' | ' '));
            }
            for _ in 0..2 {
                let digit = letters.next().and_then(|letter| letter.to_digit(16));
                let digit = digit.and_then(|digit| u8::try_from(digit).ok());
                *byte = *byte << 4 | digit.ok_or(FingerprintError)?;
            }
        }
        match letters.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(FingerprintError),
        }
    }
}

impl fmt::Display for Fingerprint {
    /// 64 hexadecimal digits in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// FIPS 180-4's example, and how OpenSSL would show it.
    #[test]
    fn the_forms_in_which_people_write_it_are_the_same() {
        let plain = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let fingerprint = Fingerprint::of_der(b"abc");
        assert_eq!(fingerprint.to_string(), plain);
        let pairs = plain.as_bytes().chunks(2).map(std::str::from_utf8);
        let pairs: Vec<&str> = pairs.map(Result::unwrap).collect();
        for text in [
            plain.to_uppercase(),
            pairs.join(":"),
            pairs.join(" "),
            format!(" {plain}\n"),
        ] {
            assert_eq!(text.parse(), Ok(fingerprint), "{text}");
        }
        for text in [
            "",
            plain.strip_prefix('b').unwrap(),
            &format!("{plain}00"),
            &plain.replace('b', "g"),
            &pairs.join("::"),
            &format!(":{plain}"),
            &format!("{plain}:"),
            &plain.replace('a', "ä"),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes: [u8; 32]) {
            let fingerprint = Fingerprint(bytes);
            prop_assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
            let json = serde_json::to_string(&fingerprint).unwrap();
            prop_assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
        }
    }
}
