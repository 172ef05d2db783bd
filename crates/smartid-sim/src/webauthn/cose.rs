//! COSE public keys and the signature algorithms that Digital Access offers (protocol notes: digital-access 1.5; list D, numbers from
//! IANA). Reading checks that the key is of the kind, curve and size that its algorithm asks for.

use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use ciborium::Value;

use super::cbor;

pub(crate) const ES256: i64 = -7;
pub(crate) const EDDSA: i64 = -8;
pub(crate) const ES384: i64 = -35;
pub(crate) const ES512: i64 = -36;
pub(crate) const RS256: i64 = -257;
pub(crate) const RS384: i64 = -258;
pub(crate) const RS512: i64 = -259;

/// A public key with its algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CoseKey {
    pub(crate) algorithm: i64,
    pub(crate) material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    /// Uncompressed point.
    Ec(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// Curve number and coordinate length of an EC algorithm (RFC 9053; WebAuthn ties each algorithm to one curve).
pub(crate) fn curve(algorithm: i64) -> Option<(i64, usize)> {
    match algorithm {
        ES256 => Some((1, 32)),
        ES384 => Some((2, 48)),
        ES512 => Some((3, 66)),
        _ => None,
    }
}

fn ec_algorithm(algorithm: i64) -> Option<&'static EcdsaVerificationAlgorithm> {
    match algorithm {
        ES256 => Some(&signature::ECDSA_P256_SHA256_ASN1),
        ES384 => Some(&signature::ECDSA_P384_SHA384_ASN1),
        ES512 => Some(&signature::ECDSA_P521_SHA512_ASN1),
        _ => None,
    }
}

fn rsa_algorithm(algorithm: i64) -> Option<&'static RsaParameters> {
    match algorithm {
        RS256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        RS384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        RS512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

/// Whether a point of Ed25519 has a small order, so that one signature fits many messages: the y coordinates of orders 1, 2 and 4 and those
/// above the prime that mean the same, then the two of order 8; all without the sign of x.
fn is_of_small_order(key: &[u8]) -> bool {
    let [first, middle @ .., last] = key else {
        return false;
    };
    let last = last & 0x7f;
    let plain = match (first, last) {
        // Little endian: 0 and 1; p - 1, p and p + 1.
        (0 | 1, 0) => middle.iter().all(|byte| *byte == 0),
        (0xec..=0xee, 0x7f) => middle.iter().all(|byte| *byte == 0xff),
        _ => false,
    };
    plain
        || ORDER_8.iter().any(|[y_first, y_middle @ .., y_last]| {
            (y_first, y_middle.as_slice(), y_last) == (first, middle, &last)
        })
}

const ORDER_8: [[u8; 32]; 2] = [
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
];

impl CoseKey {
    /// The algorithm that a COSE key map names, whether it is known here or not.
    pub(crate) fn algorithm_of(value: &Value) -> Option<i64> {
        cbor::get_int(value.as_map()?, 3).and_then(cbor::as_int)
    }

    /// Reads a COSE key map. It holds what its kind needs and nothing else (WebAuthn 6.5.1.1): a private part or a list of operations
    /// does not belong there. `None` when it is not a complete, consistent key of a known algorithm.
    pub(crate) fn read(value: &Value) -> Option<Self> {
        let map = value.as_map()?;
        let algorithm = cbor::get_int(map, 3).and_then(cbor::as_int)?;
        let kind = cbor::get_int(map, 1).and_then(cbor::as_int)?;
        let bytes = |key: i64| cbor::get_int(map, key).and_then(Value::as_bytes);
        let number = |key: i64| cbor::get_int(map, key).and_then(cbor::as_int);
        let material = match (kind, algorithm) {
            (2, ES256 | ES384 | ES512) => {
                let (wanted, length) = curve(algorithm)?;
                let (x, y) = (bytes(-2)?, bytes(-3)?);
                if number(-1)? != wanted || x.len() != length || y.len() != length {
                    return None;
                }
                let mut point = vec![4];
                point.extend_from_slice(x);
                point.extend_from_slice(y);
                Material::Ec(point)
            }
            (1, EDDSA) if number(-1)? == 6 && bytes(-2)?.len() == 32 => Material::Ed25519(bytes(-2)?.clone()),
            (3, RS256 | RS384 | RS512) => Material::Rsa {
                n: bytes(-1)?.clone(),
                e: bytes(-2)?.clone(),
            },
            _ => return None,
        };
        let members = match kind {
            2 => 5,
            _ => 4,
        };
        (map.len() == members)
            .then_some(Self { algorithm, material })
            .filter(Self::is_valid)
    }

    /// A key from raw material, checked in the same way.
    pub(crate) fn new(algorithm: i64, material: Material) -> Option<Self> {
        Some(Self { algorithm, material }).filter(Self::is_valid)
    }

    fn is_valid(&self) -> bool {
        match &self.material {
            // A point that is not on the curve does not parse.
            Material::Ec(point) => ec_algorithm(self.algorithm)
                .is_some_and(|algorithm| ParsedPublicKey::new(algorithm, point.as_slice()).is_ok()),
            Material::Ed25519(key) => {
                self.algorithm == EDDSA
                    && !is_of_small_order(key)
                    && ParsedPublicKey::new(&signature::ED25519, key.as_slice()).is_ok()
            }
            Material::Rsa { n, e } => {
                rsa_algorithm(self.algorithm).is_some()
                    && (256..=1024).contains(&n.len())
                    && n.first().is_some_and(|byte| *byte != 0)
                    && n.last().is_some_and(|byte| byte & 1 == 1)
                    && (1..=8).contains(&e.len())
                    && e.first().is_some_and(|byte| *byte != 0)
                    && e.last().is_some_and(|byte| byte & 1 == 1)
                    // With the exponent 1 every signature is its own message.
                    && e.as_slice() != [1]
            }
        }
    }

    /// The COSE form.
    pub(crate) fn to_cbor(&self) -> Value {
        let int = cbor::int;
        let mut map = Vec::new();
        match &self.material {
            Material::Ec(point) => {
                let half = point.len() / 2;
                let (x, y) = point
                    .get(1..)
                    .unwrap_or_default()
                    .split_at_checked(half)
                    .unwrap_or_default();
                let curve = curve(self.algorithm).map_or(0, |(curve, _)| curve);
                map.push((int(1), int(2)));
                map.push((int(3), int(self.algorithm)));
                map.push((int(-1), int(curve)));
                map.push((int(-2), Value::Bytes(x.to_vec())));
                map.push((int(-3), Value::Bytes(y.to_vec())));
            }
            Material::Ed25519(key) => {
                map.push((int(1), int(1)));
                map.push((int(3), int(self.algorithm)));
                map.push((int(-1), int(6)));
                map.push((int(-2), Value::Bytes(key.clone())));
            }
            Material::Rsa { n, e } => {
                map.push((int(1), int(3)));
                map.push((int(3), int(self.algorithm)));
                map.push((int(-1), Value::Bytes(n.clone())));
                map.push((int(-2), Value::Bytes(e.clone())));
            }
        }
        Value::Map(map)
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ec(point) => ec_algorithm(self.algorithm).is_some_and(|algorithm| {
                UnparsedPublicKey::new(algorithm, point)
                    .verify(message, signature)
                    .is_ok()
            }),
            Material::Ed25519(key) => UnparsedPublicKey::new(&signature::ED25519, key)
                .verify(message, signature)
                .is_ok(),
            Material::Rsa { n, e } => rsa_algorithm(self.algorithm).is_some_and(|algorithm| {
                RsaPublicKeyComponents { n, e }
                    .verify(algorithm, message, signature)
                    .is_ok()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_anybody_could_sign_for_are_no_keys() {
        let ed25519 = |key: [u8; 32]| CoseKey::new(EDDSA, Material::Ed25519(key.to_vec()));
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(ed25519(base).is_some(), "the base point");
        let mut small = ORDER_8.to_vec();
        for (first, middle, last) in [
            (0, 0, 0),
            (1, 0, 0),
            (0xec, 0xff, 0x7f),
            (0xed, 0xff, 0x7f),
            (0xee, 0xff, 0x7f),
        ] {
            let mut point = [middle; 32];
            (point[0], point[31]) = (first, last);
            small.push(point);
        }
        for mut point in small {
            assert!(ed25519(point).is_none(), "{point:x?}");
            point[31] |= 0x80;
            assert!(ed25519(point).is_none(), "{point:x?}");
            point[7] ^= 1;
            assert!(!is_of_small_order(&point), "{point:x?}");
        }
        let rsa = |last: u8, e: &[u8]| {
            let mut n = vec![0xc1; 256];
            n[255] = last;
            CoseKey::new(RS256, Material::Rsa { n, e: e.to_vec() })
        };
        assert!(rsa(0x0d, &[1, 0, 1]).is_some());
        assert!(rsa(0x0c, &[1, 0, 1]).is_none(), "an even modulus");
        assert!(rsa(0x0d, &[1]).is_none());
    }
}
