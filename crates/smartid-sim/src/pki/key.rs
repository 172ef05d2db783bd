//! Private keys of the simulated devices and authorities: made at random by the cryptographic library, or read from PKCS #8.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RsaEncoding, RsaKeyPair,
    RsaSignatureEncoding,
};
use serde_json::{Map, Value};

use super::alg::{Digest, KeyKind, SigAlg};
use super::der;
use super::modpow::mod_pow;
use super::public_key::{OaepDigest, PublicKey, coordinate_length, emsa};
use crate::SimError;

/// A key pair. Clones share it.
///
/// ```
/// use smartid_sim::pki::{Key, KeyKind, SigAlg};
///
/// let key = Key::generate(KeyKind::from_request("EC", "256")?)?;
/// let signature = key.sign(SigAlg::Es256, b"to be signed")?;
/// key.public_key().verify_jose(SigAlg::Es256, b"to be signed", &signature)?;
/// assert_eq!(key.jwk(Some("signer"))["crv"], "P-256");
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    pair: Pair,
    pkcs8: Vec<u8>,
    kind: KeyKind,
    public: PublicKey,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            pair: _,
            pkcs8: _,
            kind,
            public: _,
        } = &*self.0;
        f.debug_struct("Key").field("kind", kind).finish_non_exhaustive()
    }
}

fn failed(_: impl Sized) -> SimError {
    SimError::pki("the key operation failed")
}

fn ec_algorithm(kind: KeyKind) -> Option<&'static EcdsaSigningAlgorithm> {
    match kind {
        KeyKind::P256 => Some(&signature::ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::P384 => Some(&signature::ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::P521 => Some(&signature::ECDSA_P521_SHA512_ASN1_SIGNING),
        _ => None,
    }
}

impl Key {
    /// Makes a key, truly at random. RSA takes from tens of milliseconds to some seconds, so do not call it where others wait.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the library fails.
    pub fn generate(kind: KeyKind) -> Result<Self, SimError> {
        let rsa = |size: KeySize| -> Result<Vec<u8>, SimError> {
            let pair = RsaKeyPair::generate(size).map_err(failed)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
            Ok(der.as_ref().to_vec())
        };
        let pkcs8 = match kind {
            KeyKind::Rsa2048 => rsa(KeySize::Rsa2048)?,
            KeyKind::Rsa3072 => rsa(KeySize::Rsa3072)?,
            KeyKind::Rsa4096 => rsa(KeySize::Rsa4096)?,
            KeyKind::P256 | KeyKind::P384 | KeyKind::P521 => {
                let algorithm = ec_algorithm(kind).ok_or_else(|| failed(()))?;
                let pair = EcdsaKeyPair::generate(algorithm).map_err(failed)?;
                pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()
            }
            // Version 1 of PKCS #8, which older readers know too.
            KeyKind::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(failed)?;
                pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec()
            }
        };
        Self::from_pkcs8(&pkcs8)
    }

    /// Reads an unencrypted PKCS #8 key: RSA of 2048, 3072 or 4096 bits, one of the three curves, or Ed25519.
    ///
    /// # Errors
    /// [`SimError::Pki`] for anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SimError> {
        for kind in [KeyKind::P256, KeyKind::P384, KeyKind::P521] {
            let Some(algorithm) = ec_algorithm(kind) else {
                continue;
            };
            if let Ok(pair) = EcdsaKeyPair::from_pkcs8(algorithm, der) {
                let public = PublicKey::ec(kind, pair.public_key().as_ref())?;
                return Ok(Self::new(Pair::Ec(pair), der, kind, public));
            }
        }
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8(der) {
            let public = PublicKey::ed25519(pair.public_key().as_ref())?;
            return Ok(Self::new(Pair::Ed(pair), der, KeyKind::Ed25519, public));
        }
        let unusable = || SimError::pki("this is no private key that can be used");
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| unusable())?;
        let parts = pair.public_key();
        let public = PublicKey::rsa(
            parts.modulus().big_endian_without_leading_zero(),
            parts.exponent().big_endian_without_leading_zero(),
        )?;
        let kind = public.kind().ok_or_else(unusable)?;
        Ok(Self::new(Pair::Rsa(Box::new(pair)), der, kind, public))
    }

    fn new(pair: Pair, der: &[u8], kind: KeyKind, public: PublicKey) -> Self {
        Self(Arc::new(Inner {
            pair,
            pkcs8: der.to_vec(),
            kind,
            public,
        }))
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.0.kind
    }

    /// The algorithm it signs with when nobody asks for another.
    #[must_use]
    pub fn default_alg(&self) -> SigAlg {
        self.0.kind.default_alg()
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public
    }

    /// The public half as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn public_spki_der(&self) -> Vec<u8> {
        self.0.public.spki_der().to_vec()
    }

    /// The private key, unencrypted, as PKCS #8. Whoever has it, has the key.
    #[must_use]
    pub fn expose_pkcs8(&self) -> &[u8] {
        &self.0.pkcs8
    }

    /// The public half as a JWK (RFC 7517) with `alg`, `use` (`sig`) and, when given, `kid`.
    #[must_use]
    pub fn jwk(&self, kid: Option<&str>) -> Value {
        self.jwk_with(kid, None)
    }

    /// As [`Key::jwk`], with the vendor's member `keystate` (protocol notes: hermod 5.4, "Configure custom attestation keys", D-ex).
    #[must_use]
    pub fn jwk_with(&self, kid: Option<&str>, keystate: Option<&str>) -> Value {
        let mut members = Map::new();
        self.0.public.jwk_members(&mut members);
        let given = [
            ("alg", Some(self.default_alg().name())),
            ("keystate", keystate),
            ("kid", kid),
            ("use", Some("sig")),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                members.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
        Value::Object(members)
    }

    fn wrong_alg(&self, alg: SigAlg) -> SimError {
        SimError::Pki(format!("a key of kind {:?} cannot sign with {alg}", self.kind()))
    }

    /// Signs in the form of X.509 and CMS: ECDSA as a DER sequence.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the algorithm is not one for this key.
    pub fn sign_der(&self, alg: SigAlg, message: &[u8]) -> Result<Vec<u8>, SimError> {
        match &self.0.pair {
            Pair::Ec(pair) if self.default_alg() == alg => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match alg {
                    SigAlg::Rs1 => return self.sign_unhashed(&Digest::Sha1.info(&Digest::Sha1.of(message))),
                    SigAlg::Rs256 => &signature::RSA_PKCS1_SHA256,
                    SigAlg::Rs384 => &signature::RSA_PKCS1_SHA384,
                    SigAlg::Rs512 => &signature::RSA_PKCS1_SHA512,
                    SigAlg::Ps256 => &signature::RSA_PSS_SHA256,
                    SigAlg::Ps384 => &signature::RSA_PSS_SHA384,
                    SigAlg::Ps512 => &signature::RSA_PSS_SHA512,
                    _ => return Err(self.wrong_alg(alg)),
                };
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), message, &mut out)
                    .map_err(failed)?;
                Ok(out)
            }
            Pair::Ed(pair) if alg == SigAlg::EdDsa => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ec(_) | Pair::Ed(_) => Err(self.wrong_alg(alg)),
        }
    }

    /// Signs in the form of JOSE: ECDSA as two numbers of fixed length one after the other (RFC 7518 3.4).
    ///
    /// # Errors
    /// As [`Key::sign_der`].
    pub fn sign(&self, alg: SigAlg, message: &[u8]) -> Result<Vec<u8>, SimError> {
        let signature = self.sign_der(alg, message)?;
        if !alg.is_ecdsa() {
            return Ok(signature);
        }
        fixed(&signature, coordinate_length(self.kind())).ok_or_else(|| failed(()))
    }

    /// PKCS #1 v1.5 padding around bytes as they are (`CKM_RSA_PKCS`): usually a ready `DigestInfo`, but any bytes will do. What is not
    /// the `DigestInfo` of SHA-256, SHA-384 or SHA-512 is computed by the simulator's own arithmetic, which is slow.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the key is not RSA or the bytes are more than fit, which is the length of the key less 11.
    pub fn sign_unhashed(&self, content: &[u8]) -> Result<Vec<u8>, SimError> {
        let Pair::Rsa(pair) = &self.0.pair else {
            return Err(SimError::pki("only an RSA key signs without a digest"));
        };
        let ready: [(Digest, &'static RsaSignatureEncoding); 3] = [
            (Digest::Sha256, &signature::RSA_PKCS1_SHA256),
            (Digest::Sha384, &signature::RSA_PKCS1_SHA384),
            (Digest::Sha512, &signature::RSA_PKCS1_SHA512),
        ];
        for (kind, encoding) in ready {
            let length = kind.algorithm().output_len();
            let hash = content
                .len()
                .checked_sub(length)
                .and_then(|start| content.get(start..));
            if let Some(hash) = hash.filter(|hash| kind.info(hash) == content) {
                let hash = digest::Digest::import_less_safe(hash, kind.algorithm()).map_err(failed)?;
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign_digest(encoding, &hash, &mut out).map_err(failed)?;
                return Ok(out);
            }
        }
        let padded = emsa(content, pair.public_modulus_len())
            .ok_or_else(|| SimError::pki("the bytes to sign are more than the key can hold"))?;
        let (modulus, exponent) = private_numbers(&self.0.pkcs8).ok_or_else(|| failed(()))?;
        mod_pow(&padded, &exponent, &modulus).ok_or_else(|| failed(()))
    }

    fn decrypting(&self) -> Result<PrivateDecryptingKey, SimError> {
        if !self.kind().is_rsa() {
            return Err(SimError::pki("only an RSA key decrypts"));
        }
        PrivateDecryptingKey::from_pkcs8(&self.0.pkcs8).map_err(failed)
    }

    /// RSA-OAEP without a label.
    ///
    /// # Errors
    /// [`SimError::Pki`] when the key is not RSA or this was not encrypted for it in this way.
    pub fn decrypt_oaep(&self, digest: OaepDigest, encrypted: &[u8]) -> Result<Vec<u8>, SimError> {
        let key = OaepPrivateDecryptingKey::new(self.decrypting()?).map_err(failed)?;
        let mut out = vec![0; key.min_output_size()];
        let plain = key
            .decrypt(digest.algorithm(), encrypted, &mut out, None)
            .map_err(undecipherable)?;
        Ok(plain.to_vec())
    }

    /// RSA of PKCS #1 v1.5.
    ///
    /// # Errors
    /// As [`Key::decrypt_oaep`].
    pub fn decrypt_pkcs1(&self, encrypted: &[u8]) -> Result<Vec<u8>, SimError> {
        let key = Pkcs1PrivateDecryptingKey::new(self.decrypting()?).map_err(failed)?;
        let mut out = vec![0; key.min_output_size()];
        let plain = key.decrypt(encrypted, &mut out).map_err(undecipherable)?;
        Ok(plain.to_vec())
    }
}

fn undecipherable(_: impl Sized) -> SimError {
    SimError::pki("this was not encrypted for this key, or in another way")
}

/// From `SEQUENCE { r, s }` to both at full length.
fn fixed(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut numbers = der::only(signature, der::SEQUENCE)?.reader();
    let mut out = Vec::with_capacity(length.checked_mul(2)?);
    for _ in 0..2 {
        let number = numbers.expect(der::INTEGER)?.unsigned()?;
        out.resize(out.len().checked_add(length.checked_sub(number.len())?)?, 0);
        out.extend_from_slice(number);
    }
    Some(out)
}

/// Modulus and private exponent out of PKCS #8 (RFC 5208) and `RSAPrivateKey` (RFC 8017 A.1.2).
fn private_numbers(pkcs8: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut info = der::only(pkcs8, der::SEQUENCE)?.reader();
    info.expect(der::INTEGER)?;
    info.expect(der::SEQUENCE)?;
    let key = info.expect(der::OCTET_STRING)?.content;
    let mut numbers = der::only(key, der::SEQUENCE)?.reader();
    numbers.expect(der::INTEGER)?;
    let modulus = numbers.expect(der::INTEGER)?.unsigned()?.to_vec();
    numbers.expect(der::INTEGER)?;
    let exponent = numbers.expect(der::INTEGER)?.unsigned()?.to_vec();
    Some((modulus, exponent))
}
