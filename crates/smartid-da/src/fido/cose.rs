//! The credential's public key, as a COSE key.

use minicbor::Decoder;
use minicbor::data::Type;

use super::algorithm::CoseAlgorithm;
use super::attestation::AttestationError;
use super::auth_data::inside;
use super::cbor;

/// A COSE key whose shape fits its algorithm. Whether a point lies on its curve is not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoseKey {
    /// `alg` (3).
    pub algorithm: CoseAlgorithm,
    /// The key itself.
    pub material: KeyMaterial,
}

/// The key itself, by `kty` (1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyMaterial {
    /// A point on a curve (`kty` 2).
    #[non_exhaustive]
    Ec2 {
        /// `crv` (-1): 1 is P-256, 2 P-384, 3 P-521, 8 secp256k1.
        curve: i64,
        /// `x` (-2).
        x: Vec<u8>,
        /// `y` (-3).
        y: Vec<u8>,
    },
    /// An Edwards key (`kty` 1).
    #[non_exhaustive]
    Okp {
        /// `crv` (-1): 6 is Ed25519, 7 Ed448.
        curve: i64,
        /// `x` (-2).
        x: Vec<u8>,
    },
    /// An RSA key (`kty` 3).
    #[non_exhaustive]
    Rsa {
        /// `n` (-1).
        modulus: Vec<u8>,
        /// `e` (-2).
        exponent: Vec<u8>,
    },
    /// Another kind, of an algorithm that is not known here.
    #[non_exhaustive]
    Other {
        /// `kty` (1).
        kind: i64,
    },
}

/// Most members that a key may have; real ones have five.
const MAX_MEMBERS: usize = 32;

/// A member's value, as far as keys need it.
enum Value {
    Number(i64),
    Bytes(Vec<u8>),
    Other,
}

impl CoseKey {
    /// Reads a COSE key to its last byte.
    ///
    /// # Errors
    /// [`AttestationError::Key`] when it is not of the shape that its algorithm wants.
    pub fn parse(bytes: &[u8]) -> Result<Self, AttestationError> {
        let mut decoder = Decoder::new(bytes);
        let key = Self::read(&mut decoder)?;
        if decoder.position() == bytes.len() {
            Ok(key)
        } else {
            Err(AttestationError::Trailing("public key"))
        }
    }

    pub(crate) fn read(decoder: &mut Decoder<'_>) -> Result<Self, AttestationError> {
        if !matches!(decoder.datatype().map_err(inside)?, Type::Map | Type::MapIndef) {
            return Err(AttestationError::Key("it is not a map"));
        }
        let mut members: Vec<(i64, Value)> = Vec::new();
        let length = decoder.map().map_err(inside)?;
        let input = decoder.input();
        let mut private = cbor::Keys::default();
        cbor::repeat(decoder, length, |decoder| {
            let Some(label) = number(decoder)? else {
                // A private label; its value is of no interest.
                let start = decoder.position();
                cbor::skip(decoder).map_err(Inside)?;
                private.add(input.get(start..decoder.position()).unwrap_or_default());
                cbor::skip(decoder).map_err(Inside)?;
                return Ok(());
            };
            if members.iter().any(|(known, _)| *known == label) {
                return Err(Stop::Error(AttestationError::Cbor(
                    "a member of the public key stands there twice",
                )));
            }
            if members.len() >= MAX_MEMBERS {
                return Err(Stop::Error(AttestationError::Key("it has more than 32 members")));
            }
            let value = match number(decoder)? {
                Some(number) => Value::Number(number),
                None if matches!(
                    decoder.datatype().map_err(Inside::from)?,
                    Type::Bytes | Type::BytesIndef
                ) =>
                {
                    Value::Bytes(cbor::bytes(decoder).map_err(Inside)?)
                }
                None => {
                    cbor::skip(decoder).map_err(Inside)?;
                    Value::Other
                }
            };
            members.push((label, value));
            Ok(())
        })
        .map_err(AttestationError::from)?;
        private.check()?;
        Self::shape(members)
    }

    fn shape(members: Vec<(i64, Value)>) -> Result<Self, AttestationError> {
        let mut members = members;
        let mut take = |label: i64| {
            let place = members.iter().position(|(known, _)| *known == label)?;
            Some(members.swap_remove(place).1)
        };
        let mut whole = |label, problem| match take(label) {
            Some(Value::Number(number)) => Ok(number),
            _ => Err(AttestationError::Key(problem)),
        };
        let kind = whole(1, "kty is absent or not a number")?;
        let algorithm = CoseAlgorithm(whole(3, "alg is absent or not a number")?);
        let expected = Expected::of(algorithm);
        if expected.as_ref().is_some_and(|expected| expected.kind != kind) {
            return Err(AttestationError::Key("kty does not fit alg"));
        }
        let Some(expected) = expected else {
            return Ok(Self {
                algorithm,
                material: KeyMaterial::Other { kind },
            });
        };
        let octets = |value, problem| match value {
            Some(Value::Bytes(bytes)) if !bytes.is_empty() => Ok(bytes),
            _ => Err(AttestationError::Key(problem)),
        };
        if kind == RSA {
            let modulus = octets(take(-1), "the modulus is absent or not bytes")?;
            let exponent = octets(take(-2), "the exponent is absent or not bytes")?;
            if !is_odd(&modulus) || !is_odd(&exponent) || is_one(&exponent) {
                return Err(AttestationError::Key(
                    "no RSA key has such a modulus and exponent",
                ));
            }
            return Ok(Self {
                algorithm,
                material: KeyMaterial::Rsa { modulus, exponent },
            });
        }
        let Some(Value::Number(curve)) = take(-1) else {
            return Err(AttestationError::Key("crv is absent or not a number"));
        };
        let Some((_, size)) = expected.curves.iter().find(|(known, _)| *known == curve) else {
            return Err(AttestationError::Key("crv does not fit alg"));
        };
        let sized = |value, problem| {
            octets(value, problem).and_then(|bytes| {
                if bytes.len() == *size {
                    Ok(bytes)
                } else {
                    Err(AttestationError::Key(
                        "a coordinate is not of the size of the curve",
                    ))
                }
            })
        };
        let x = sized(take(-2), "x is absent or not bytes")?;
        let material = if kind == EC2 {
            let y = sized(
                take(-3),
                "y is absent or not bytes (a compressed point is not allowed)",
            )?;
            KeyMaterial::Ec2 { curve, x, y }
        } else {
            KeyMaterial::Okp { curve, x }
        };
        Ok(Self { algorithm, material })
    }
}

const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;

/// What an algorithm wants its key to be: `kty`, and the curves with the size of a coordinate in bytes.
struct Expected {
    kind: i64,
    curves: &'static [(i64, usize)],
}

impl Expected {
    fn of(algorithm: CoseAlgorithm) -> Option<Self> {
        use CoseAlgorithm as A;
        let (kind, curves): (i64, &'static [(i64, usize)]) = match algorithm {
            A::ES256 | A::ESP256 => (EC2, &[(1, 32)]),
            A::ES384 | A::ESP384 => (EC2, &[(2, 48)]),
            A::ES512 | A::ESP512 => (EC2, &[(3, 66)]),
            A::ES256K => (EC2, &[(8, 32)]),
            // In WebAuthn this number is Ed25519 alone (section 5.8.5).
            A::EDDSA | A::ED25519 => (OKP, &[(6, 32)]),
            A::ED448 => (OKP, &[(7, 57)]),
            A::RS256 | A::RS384 | A::RS512 | A::PS256 | A::PS384 | A::PS512 | A::RS1 => (RSA, &[]),
            _ => return None,
        };
        Some(Self { kind, curves })
    }
}

/// Whether a number in big-endian octets is odd; every RSA modulus and exponent is.
fn is_odd(octets: &[u8]) -> bool {
    octets.last().is_some_and(|octet| octet & 1 == 1)
}

/// With the exponent 1 every signature is its own message.
fn is_one(octets: &[u8]) -> bool {
    octets
        .split_last()
        .is_some_and(|(last, rest)| *last == 1 && rest.iter().all(|octet| *octet == 0))
}

/// A whole number, if one stands here; else nothing is consumed.
fn number(decoder: &mut Decoder<'_>) -> Result<Option<i64>, Inside> {
    let whole = matches!(
        decoder.datatype()?,
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64
    );
    Ok(if whole { Some(decoder.i64()?) } else { None })
}

/// A problem inside authenticator data.
struct Inside(cbor::Problem);

impl From<minicbor::decode::Error> for Inside {
    fn from(error: minicbor::decode::Error) -> Self {
        Self(error.into())
    }
}

enum Stop {
    Inside(cbor::Problem),
    Error(AttestationError),
}

impl From<Inside> for Stop {
    fn from(Inside(problem): Inside) -> Self {
        Self::Inside(problem)
    }
}

impl From<cbor::Problem> for Stop {
    fn from(problem: cbor::Problem) -> Self {
        Self::Inside(problem)
    }
}

impl From<Stop> for AttestationError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Inside(problem) => inside(problem),
            Stop::Error(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ed25519(x: &[u8]) -> Vec<u8> {
        let mut bytes = vec![
            0xa4,
            0x01,
            0x01,
            0x03,
            0x27,
            0x20,
            0x06,
            0x21,
            0x58,
            x.len().try_into().unwrap(),
        ];
        bytes.extend_from_slice(x);
        bytes
    }

    #[test]
    fn a_key_fits_its_algorithm_or_is_refused() {
        let key = CoseKey::parse(&ed25519(&[9; 32])).unwrap();
        assert_eq!(key.algorithm, CoseAlgorithm::EDDSA);
        assert_eq!(
            key.material,
            KeyMaterial::Okp {
                curve: 6,
                x: vec![9; 32]
            }
        );
        assert!(matches!(
            CoseKey::parse(&ed25519(&[9; 31])),
            Err(AttestationError::Key(_))
        ));
        let mut trailing = ed25519(&[9; 32]);
        trailing.push(0);
        assert_eq!(
            CoseKey::parse(&trailing),
            Err(AttestationError::Trailing("public key"))
        );
    }

    #[test]
    fn eddsa_is_ed25519_and_nothing_else() {
        // {1: 1, 3: -8, -1: 7, -2: 57 octets}
        let mut ed448 = vec![0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x07, 0x21, 0x58, 57];
        ed448.extend_from_slice(&[9; 57]);
        assert_eq!(
            CoseKey::parse(&ed448),
            Err(AttestationError::Key("crv does not fit alg"))
        );
        // The same key under its own number, -53.
        ed448.splice(4..5, [0x38, 0x34]);
        assert_eq!(CoseKey::parse(&ed448).unwrap().algorithm, CoseAlgorithm::ED448);
    }

    #[test]
    fn numbers_that_are_no_rsa_key_are_refused() {
        let key = |modulus: u8, exponent: &[u8]| {
            // {1: 3, 3: -257, -1: two octets, -2: the exponent}
            let mut bytes = vec![
                0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x42, 0xc1, modulus, 0x21,
            ];
            bytes.push(0x40 + u8::try_from(exponent.len()).unwrap());
            bytes.extend_from_slice(exponent);
            CoseKey::parse(&bytes)
        };
        assert!(key(0x0d, &[1, 0, 1]).is_ok() && key(0x0d, &[3]).is_ok());
        for (modulus, exponent) in [
            (0x0c, &[1, 0, 1][..]),
            (0x0d, &[1]),
            (0x0d, &[0, 1]),
            (0x0d, &[2]),
            (0x0d, &[0]),
            (0x0d, &[1, 0, 0]),
        ] {
            let refused = key(modulus, exponent);
            assert!(matches!(refused, Err(AttestationError::Key(_))), "{exponent:?}");
        }
    }

    #[test]
    fn an_unknown_algorithm_is_kept_without_looking_closer() {
        // {1: 9, 3: -7000}
        let key = CoseKey::parse(&[0xa2, 0x01, 0x09, 0x03, 0x39, 0x1b, 0x57]).unwrap();
        assert_eq!(key.algorithm, CoseAlgorithm(-7000));
        assert_eq!(key.material, KeyMaterial::Other { kind: 9 });
    }

    #[test]
    fn numbers_beyond_64_bits_are_refused() {
        assert!(CoseKey::parse(&[0xa1, 0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]).is_err());
    }
}
