//! Public keys as X.509 and JOSE write them, and what they can do: verify, and encrypt for the holder of the private key.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{
    self, EcdsaVerificationAlgorithm, ParsedPublicKey, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde_json::{Map, Value};

use super::alg::{Digest, KeyKind, OID_ED25519, SigAlg};
use super::der;
use super::modpow::mod_pow;
use crate::SimError;
use crate::webauthn::b64;

/// 1.2.840.113549.1.1.1
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Curve, object identifier, JWK name, bytes in a coordinate (RFC 5480 2.1.1.1, RFC 7518 6.2.1.1).
const CURVES: [(KeyKind, &[u8], &str, usize); 3] = [
    (
        KeyKind::P256,
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        "P-256",
        32,
    ),
    (KeyKind::P384, &[0x2b, 0x81, 0x04, 0x00, 0x22], "P-384", 48),
    (KeyKind::P521, &[0x2b, 0x81, 0x04, 0x00, 0x23], "P-521", 66),
];

/// The hash of OAEP and of its mask function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OaepDigest {
    /// SHA-1, the default of RFC 8017 and of many libraries.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl OaepDigest {
    pub(super) fn algorithm(self) -> &'static OaepAlgorithm {
        match self {
            Self::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Self::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Self::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Self::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }
    }
}

/// A public key: RSA of 2048 to 8192 bits, a point on P-256, P-384 or P-521, or Ed25519.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    material: Material,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Curve and uncompressed point.
    Ec(KeyKind, Vec<u8>),
    /// Ed25519, 32 bytes.
    Ed(Vec<u8>),
}

fn unusable() -> SimError {
    SimError::pki("this is no public key that can be used")
}

fn refused() -> SimError {
    SimError::pki("the signature does not verify")
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 4.1.2.7).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is no complete key of a known kind.
    pub fn from_spki(der: &[u8]) -> Result<Self, SimError> {
        let key = Self::read_spki(der).ok_or_else(unusable)?;
        key.checked()
    }

    fn read_spki(der: &[u8]) -> Option<Self> {
        let mut spki = der::only(der, der::SEQUENCE)?.reader();
        let mut algorithm = spki.expect(der::SEQUENCE)?.reader();
        let key = spki.bits()?;
        if !spki.is_empty() {
            return None;
        }
        let kind = algorithm.expect(der::OID)?.content;
        let material = if kind == OID_RSA {
            let mut parts = der::only(key, der::SEQUENCE)?.reader();
            let n = parts.expect(der::INTEGER)?.unsigned()?.to_vec();
            let e = parts.expect(der::INTEGER)?.unsigned()?.to_vec();
            if !parts.is_empty() {
                return None;
            }
            Material::Rsa { n, e }
        } else if kind == OID_EC {
            let curve = algorithm.expect(der::OID)?.content;
            let (kind, ..) = CURVES.iter().find(|(_, oid, ..)| *oid == curve)?;
            Material::Ec(*kind, key.to_vec())
        } else if kind == OID_ED25519 && algorithm.is_empty() {
            Material::Ed(key.to_vec())
        } else {
            return None;
        };
        Some(Self {
            spki: der.to_vec(),
            material,
        })
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Result<Self, SimError> {
        let algorithm = der::seq(&[&der::oid(OID_RSA), &der::null()]);
        let key = der::seq(&[&der::unsigned(n), &der::unsigned(e)]);
        Self::from_spki(&der::seq(&[&algorithm, &der::bits(&key)]))
    }

    pub(super) fn ec(kind: KeyKind, point: &[u8]) -> Result<Self, SimError> {
        let (_, curve, ..) = CURVES
            .iter()
            .find(|(known, ..)| *known == kind)
            .ok_or_else(unusable)?;
        let algorithm = der::seq(&[&der::oid(OID_EC), &der::oid(curve)]);
        Self::from_spki(&der::seq(&[&algorithm, &der::bits(point)]))
    }

    pub(super) fn ed25519(key: &[u8]) -> Result<Self, SimError> {
        let algorithm = der::seq(&[&der::oid(OID_ED25519)]);
        Self::from_spki(&der::seq(&[&algorithm, &der::bits(key)]))
    }

    /// Reads a JWK (RFC 7517): `kty` with `n` and `e`, or `crv` with `x` and `y`. Everything else in it is left aside.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it is no complete key of a known kind.
    pub fn from_jwk(jwk: &Value) -> Result<Self, SimError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let bytes = |name: &str| text(name).and_then(b64::decode).ok_or_else(unusable);
        match text("kty") {
            Some("RSA") => Self::rsa(&bytes("n")?, &bytes("e")?),
            Some("EC") => {
                let (kind, _, _, length) = CURVES
                    .iter()
                    .find(|(_, _, name, _)| text("crv") == Some(name))
                    .ok_or_else(unusable)?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != *length || y.len() != *length {
                    return Err(unusable());
                }
                Self::ec(*kind, &[&[4], x.as_slice(), &y].concat())
            }
            Some("OKP") if text("crv") == Some("Ed25519") => Self::ed25519(&bytes("x")?),
            _ => Err(unusable()),
        }
    }

    fn checked(self) -> Result<Self, SimError> {
        let good = match &self.material {
            // A point that is not on the curve does not parse.
            Material::Ec(kind, point) => {
                point.first() == Some(&4)
                    && ec_algorithm(kind.default_alg())
                        .is_some_and(|algorithm| ParsedPublicKey::new(algorithm, point.as_slice()).is_ok())
            }
            Material::Ed(key) => ParsedPublicKey::new(&signature::ED25519, key.as_slice()).is_ok(),
            Material::Rsa { n, e } => {
                (256..=1024).contains(&n.len())
                    && n.last().is_some_and(|byte| byte & 1 == 1)
                    && (1..=5).contains(&e.len())
                    && e.last().is_some_and(|byte| byte & 1 == 1)
                    && e.as_slice() != [1]
            }
        };
        good.then_some(self).ok_or_else(unusable)
    }

    /// As `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// Whether it is an RSA key.
    #[must_use]
    pub fn is_rsa(&self) -> bool {
        matches!(self.material, Material::Rsa { .. })
    }

    /// The content of the `BIT STRING`, over which RFC 5280 4.2.1.2 makes key identifiers.
    pub(super) fn bit_string(&self) -> Vec<u8> {
        match &self.material {
            Material::Rsa { n, e } => der::seq(&[&der::unsigned(n), &der::unsigned(e)]),
            Material::Ec(_, point) | Material::Ed(point) => point.clone(),
        }
    }

    /// The key identifier of RFC 5280 4.2.1.2, method 1, as the authority of [`TestCa`](super::TestCa) writes it.
    #[must_use]
    pub fn key_identifier(&self) -> Vec<u8> {
        Digest::Sha1.of(&self.bit_string())
    }

    /// Which kind it is; `None` for RSA of an unusual length.
    #[must_use]
    pub fn kind(&self) -> Option<KeyKind> {
        match &self.material {
            Material::Rsa { n, .. } => match n.len() {
                256 => Some(KeyKind::Rsa2048),
                384 => Some(KeyKind::Rsa3072),
                512 => Some(KeyKind::Rsa4096),
                _ => None,
            },
            Material::Ec(kind, _) => Some(*kind),
            Material::Ed(_) => Some(KeyKind::Ed25519),
        }
    }

    /// The JWK members that name the key itself; the rest is the caller's.
    pub(super) fn jwk_members(&self, out: &mut Map<String, Value>) {
        let mut put = |name: &str, value: String| out.insert(name.to_owned(), Value::String(value));
        match &self.material {
            Material::Rsa { n, e } => {
                put("e", b64::encode(e));
                put("kty", "RSA".to_owned());
                put("n", b64::encode(n));
            }
            Material::Ed(key) => {
                put("crv", "Ed25519".to_owned());
                put("kty", "OKP".to_owned());
                put("x", b64::encode(key));
            }
            Material::Ec(kind, point) => {
                let (_, _, curve, length) = CURVES
                    .iter()
                    .find(|(known, ..)| known == kind)
                    .copied()
                    .unwrap_or((KeyKind::P256, &[], "P-256", 32));
                let (x, y) = point
                    .get(1..)
                    .and_then(|both| both.split_at_checked(length))
                    .unwrap_or_default();
                put("crv", curve.to_owned());
                put("kty", "EC".to_owned());
                put("x", b64::encode(x));
                put("y", b64::encode(y));
            }
        }
    }

    /// Verifies a signature in the form of X.509 and CMS: ECDSA as a DER sequence.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it does not verify, or the algorithm is not one for this key.
    pub fn verify(&self, alg: SigAlg, message: &[u8], signature: &[u8]) -> Result<(), SimError> {
        let verified = match &self.material {
            Material::Rsa { n, e } => rsa_algorithm(alg).is_some_and(|algorithm| {
                RsaPublicKeyComponents { n, e }
                    .verify(algorithm, message, signature)
                    .is_ok()
            }),
            Material::Ec(kind, point) => {
                kind.default_alg() == alg
                    && ec_algorithm(alg).is_some_and(|algorithm| {
                        UnparsedPublicKey::new(algorithm, point)
                            .verify(message, signature)
                            .is_ok()
                    })
            }
            Material::Ed(key) => {
                let verifier = UnparsedPublicKey::new(&signature::ED25519, key);
                alg == SigAlg::EdDsa && verifier.verify(message, signature).is_ok()
            }
        };
        verified.then_some(()).ok_or_else(refused)
    }

    /// Verifies a signature in the form of JOSE: ECDSA as two numbers of fixed length one after the other (RFC 7518 3.4).
    ///
    /// # Errors
    /// As [`PublicKey::verify`].
    pub fn verify_jose(&self, alg: SigAlg, message: &[u8], signature: &[u8]) -> Result<(), SimError> {
        let Material::Ec(kind, _) = &self.material else {
            return self.verify(alg, message, signature);
        };
        let length = coordinate_length(*kind);
        let (r, s) = signature.split_at_checked(length).ok_or_else(refused)?;
        if s.len() != length {
            return Err(refused());
        }
        self.verify(alg, message, &der::seq(&[&der::unsigned(r), &der::unsigned(s)]))
    }

    /// Verifies an RSA signature of PKCS #1 v1.5 padding around bytes that were not hashed (`CKM_RSA_PKCS`).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it does not verify or the key is not RSA.
    pub fn verify_unhashed(&self, content: &[u8], signature: &[u8]) -> Result<(), SimError> {
        let Material::Rsa { n, e } = &self.material else {
            return Err(refused());
        };
        let wanted = emsa(content, n.len()).ok_or_else(refused)?;
        let same = signature.len() == n.len() && mod_pow(signature, e, n) == Some(wanted);
        same.then_some(()).ok_or_else(refused)
    }

    fn encrypting(&self) -> Result<PublicEncryptingKey, SimError> {
        if !self.is_rsa() {
            return Err(unusable());
        }
        PublicEncryptingKey::from_der(&self.spki).map_err(|_| unusable())
    }

    /// RSA-OAEP without a label.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the key is not RSA or the text too long for it.
    pub fn encrypt_oaep(&self, digest: OaepDigest, plain: &[u8]) -> Result<Vec<u8>, SimError> {
        let key = OaepPublicEncryptingKey::new(self.encrypting()?).map_err(|_| unusable())?;
        let mut out = vec![0; key.ciphertext_size()];
        key.encrypt(digest.algorithm(), plain, &mut out, None)
            .map_err(|_| SimError::pki("the text cannot be encrypted"))?;
        Ok(out)
    }

    /// RSA of PKCS #1 v1.5.
    ///
    /// # Errors
    /// As [`PublicKey::encrypt_oaep`].
    pub fn encrypt_pkcs1(&self, plain: &[u8]) -> Result<Vec<u8>, SimError> {
        let key = Pkcs1PublicEncryptingKey::new(self.encrypting()?).map_err(|_| unusable())?;
        let mut out = vec![0; key.ciphertext_size()];
        key.encrypt(plain, &mut out)
            .map_err(|_| SimError::pki("the text cannot be encrypted"))?;
        Ok(out)
    }
}

pub(super) fn coordinate_length(kind: KeyKind) -> usize {
    CURVES
        .iter()
        .find(|(known, ..)| *known == kind)
        .map_or(0, |(_, _, _, length)| *length)
}

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2) around ready bytes; `None` when they are too long.
pub(super) fn emsa(content: &[u8], length: usize) -> Option<Vec<u8>> {
    let filler = length
        .checked_sub(content.len())?
        .checked_sub(3)
        .filter(|filler| *filler >= 8)?;
    Some([&[0, 1], vec![0xff; filler].as_slice(), &[0], content].concat())
}

fn ec_algorithm(alg: SigAlg) -> Option<&'static EcdsaVerificationAlgorithm> {
    match alg {
        SigAlg::Es256 => Some(&signature::ECDSA_P256_SHA256_ASN1),
        SigAlg::Es384 => Some(&signature::ECDSA_P384_SHA384_ASN1),
        SigAlg::Es512 => Some(&signature::ECDSA_P521_SHA512_ASN1),
        _ => None,
    }
}

fn rsa_algorithm(alg: SigAlg) -> Option<&'static RsaParameters> {
    match alg {
        SigAlg::Rs1 => Some(&signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        SigAlg::Rs256 => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        SigAlg::Rs384 => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        SigAlg::Rs512 => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        SigAlg::Ps256 => Some(&signature::RSA_PSS_2048_8192_SHA256),
        SigAlg::Ps384 => Some(&signature::RSA_PSS_2048_8192_SHA384),
        SigAlg::Ps512 => Some(&signature::RSA_PSS_2048_8192_SHA512),
        SigAlg::Es256 | SigAlg::Es384 | SigAlg::Es512 | SigAlg::EdDsa => None,
    }
}
