//! Reads public keys: SubjectPublicKeyInfo, and the bare numbers that a JWK has.

use super::public::{Curve, KeyType, MAX_RSA_BITS, MIN_RSA_BITS, PublicKey};
use super::verify::Verifier;
use crate::algorithm::{EC_PUBLIC_KEY, ED25519, RSA_ENCRYPTION, RSA_PSS};
use crate::der::{self, Oid, Reader, tag};
use crate::{Reason, Refusal};

const P256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
const P384: Oid = Oid::known(&[0x2b, 0x81, 0x04, 0, 0x22]);
const P521: Oid = Oid::known(&[0x2b, 0x81, 0x04, 0, 0x23]);

impl Curve {
    pub(crate) const fn oid(self) -> Oid {
        match self {
            Self::P256 => P256,
            Self::P384 => P384,
            Self::P521 => P521,
        }
    }

    pub(crate) fn from_oid(oid: &Oid) -> Result<Self, Refusal> {
        [Self::P256, Self::P384, Self::P521]
            .into_iter()
            .find(|known| known.oid() == *oid)
            .ok_or_else(|| Refusal::new(Reason::KeyUnsupported, format!("curve {oid}")))
    }
}

impl PublicKey {
    /// Reads SubjectPublicKeyInfo.
    ///
    /// ```
    /// use smartid_trust::{KeyType, PublicKey};
    ///
    /// // RFC 8410 10.1
    /// let ed25519 = [
    ///     0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00, 0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85,
    ///     0x41, 0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30, 0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31,
    ///     0x66, 0xe1,
    /// ];
    /// assert_eq!(PublicKey::from_spki_der(&ed25519)?.key_type(), KeyType::Ed25519);
    /// # Ok::<(), smartid_trust::Refusal>(())
    /// ```
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::KeyUnsupported`], [`Reason::KeyTooSmall`], [`Reason::TooLarge`], [`Reason::KeyInvalid`].
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Refusal> {
        let mut info = Reader::only(der, tag::SEQUENCE, "a public key that is no sequence")?.reader();
        let mut algorithm = info
            .expect(tag::SEQUENCE, "a public key without its algorithm")?
            .reader();
        let key = info
            .expect(tag::BIT_STRING, "a public key without its bits")?
            .bit_string()?;
        info.end()?;
        let oid = algorithm.oid("a public key whose algorithm has no identifier")?;
        if oid == RSA_ENCRYPTION {
            if let Some(null) = algorithm.optional(tag::NULL)?
                && !null.contents.is_empty()
            {
                return Err(Refusal::new(Reason::Malformed, "a NULL with contents"));
            }
            algorithm.end()?;
            Self::from_pkcs1(key, false)
        } else if oid == RSA_PSS {
            // Parameters restrict the digest; the certificate's own signature algorithm is what counts here, so they are only read over.
            algorithm.optional(tag::SEQUENCE)?;
            algorithm.end()?;
            Self::from_pkcs1(key, true)
        } else if oid == EC_PUBLIC_KEY {
            let curve = match algorithm.peek() {
                Some(tag::OID) => algorithm.oid("a curve")?,
                _ => return Err(Refusal::new(Reason::KeyUnsupported, "a curve that is not named")),
            };
            algorithm.end()?;
            Self::from_ec_point(Curve::from_oid(&curve)?, key)
        } else if oid == ED25519 {
            algorithm.end()?;
            Self::from_ed25519(key)
        } else {
            Err(Refusal::new(
                Reason::KeyUnsupported,
                format!("key algorithm {oid}"),
            ))
        }
    }

    /// RSAPublicKey (RFC 8017 A.1.1).
    fn from_pkcs1(der: &[u8], pss_only: bool) -> Result<Self, Refusal> {
        let mut key = Reader::only(der, tag::SEQUENCE, "an RSA key that is no sequence")?.reader();
        let modulus = key
            .expect(tag::INTEGER, "an RSA key without its modulus")?
            .integer()?;
        let exponent = key
            .expect(tag::INTEGER, "an RSA key without its exponent")?
            .integer()?;
        key.end()?;
        if [modulus, exponent]
            .iter()
            .any(|number| number.first().is_some_and(|first| first & 0x80 != 0))
        {
            return Err(Refusal::new(
                Reason::KeyInvalid,
                "a negative number in an RSA key",
            ));
        }
        Self::from_rsa(modulus, exponent, pss_only)
    }

    /// From the modulus and the public exponent, big-endian.
    pub(crate) fn from_rsa(modulus: &[u8], exponent: &[u8], pss_only: bool) -> Result<Self, Refusal> {
        let bits = bit_length(modulus);
        if bits < MIN_RSA_BITS {
            return Err(Refusal::new(Reason::KeyTooSmall, format!("RSA with {bits} bits")));
        }
        if bits > MAX_RSA_BITS {
            return Err(Refusal::new(Reason::TooLarge, format!("RSA with {bits} bits")));
        }
        let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
        if !odd(modulus) || !odd(exponent) || !(2..=33).contains(&bit_length(exponent)) {
            return Err(Refusal::new(
                Reason::KeyInvalid,
                "an RSA modulus or exponent that cannot be one",
            ));
        }
        let pkcs1 = der::sequence(&[&der::integer(modulus), &der::integer(exponent)]);
        let algorithm = if pss_only {
            der::sequence(&[&der::oid(&RSA_PSS)])
        } else {
            der::sequence(&[&der::oid(&RSA_ENCRYPTION), &der::null()])
        };
        let spki = der::sequence(&[&algorithm, &der::bit_string(&pkcs1)]);
        let verifier = Verifier::rsa(&pkcs1)?;
        Ok(Self::new(KeyType::Rsa { bits }, spki, verifier, pss_only))
    }

    /// From a point (SEC 1, 2.3.3); a compressed one is the same key as the uncompressed one.
    pub(crate) fn from_ec_point(curve: Curve, point: &[u8]) -> Result<Self, Refusal> {
        match point.first() {
            Some(4) if point.len() == 2 * curve.coordinate_len() + 1 => {}
            Some(2 | 3) if point.len() == curve.coordinate_len() + 1 => {
                return Self::from_ec_point(curve, &Verifier::uncompressed(curve, point)?);
            }
            _ => {
                return Err(Refusal::new(
                    Reason::KeyInvalid,
                    "a point of the wrong length or form",
                ));
            }
        }
        let algorithm = der::sequence(&[&der::oid(&EC_PUBLIC_KEY), &der::oid(&curve.oid())]);
        let spki = der::sequence(&[&algorithm, &der::bit_string(point)]);
        Ok(Self::new(
            KeyType::Ec(curve),
            spki,
            Verifier::ec(curve, point)?,
            false,
        ))
    }

    /// From the 32 octets of an Ed25519 key.
    pub(crate) fn from_ed25519(octets: &[u8]) -> Result<Self, Refusal> {
        if octets.len() != 32 {
            return Err(Refusal::new(
                Reason::KeyInvalid,
                "an Ed25519 key that has not 32 bytes",
            ));
        }
        if has_small_order(octets) {
            return Err(Refusal::new(
                Reason::KeyInvalid,
                "an Ed25519 key of small order, whose signatures anybody can make",
            ));
        }
        let spki = der::sequence(&[&der::sequence(&[&der::oid(&ED25519)]), &der::bit_string(octets)]);
        Ok(Self::new(
            KeyType::Ed25519,
            spki,
            Verifier::ed25519(octets)?,
            false,
        ))
    }
}

/// Whether it is one of the eight points whose multiples are only each other, whatever the sign and however the number is written (RFC
/// 8032 does not refuse them): the coordinates 0, 1, -1, two of order 8, and 0 and 1 with the prime added.
pub(super) fn has_small_order(octets: &[u8]) -> bool {
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let [first, middle @ .., last] = octets else {
        return false;
    };
    // The highest bit is the sign of the other coordinate.
    let last = last & 0x7f;
    let all = |octet: u8| middle.iter().all(|other| *other == octet);
    match (first, last) {
        (0 | 1, 0) => all(0),
        (0xec..=0xee, 0x7f) => all(0xff),
        _ => ORDER_8.iter().any(|known| {
            known.first() == Some(first) && known.get(1..31) == Some(middle) && known.last() == Some(&last)
        }),
    }
}

fn bit_length(number: &[u8]) -> usize {
    let mut significant = number;
    while let [0, rest @ ..] = significant {
        significant = rest;
    }
    significant
        .first()
        .map_or(0, |first| significant.len() * 8 - first.leading_zeros() as usize)
}
