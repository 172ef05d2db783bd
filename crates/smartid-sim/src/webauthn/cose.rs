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
                self.algorithm == EDDSA && ParsedPublicKey::new(&signature::ED25519, key.as_slice()).is_ok()
            }
            Material::Rsa { n, e } => {
                rsa_algorithm(self.algorithm).is_some()
                    && (256..=1024).contains(&n.len())
                    && n.first().is_some_and(|byte| *byte != 0)
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
