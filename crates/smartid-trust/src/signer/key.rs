//! A private key in memory.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self as aws, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use smartid_core::{SecretString, SignError};

use super::{encrypted, read, text};
use crate::{Curve, DigestAlgorithm, KeyType, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// A private key alone, without a certificate: RSA of 2048 to 8192 bits, ECDSA on a NIST curve, or Ed25519. Cloning is cheap.
///
/// ```
/// use smartid_trust::{Curve, KeyType, SigningKey};
///
/// let key = SigningKey::generate(KeyType::Ec(Curve::P256))?;
/// let algorithm = key.algorithms()[0];
/// let signature = key.sign(algorithm, b"to be signed")?;
/// key.public_key().verify(algorithm, b"to be signed", &signature)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    inner: Arc<Inner>,
    algorithms: Arc<[SignatureAlgorithm]>,
}

struct Inner {
    pair: Pair,
    public: PublicKey,
}

/// The key as aws-lc holds it, which zeroes it when it is dropped.
pub(super) enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

const DIGESTS: [DigestAlgorithm; 3] = [
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// What a key of this type signs with, the preferred first: RSA begins with PKCS #1 v1.5 and SHA-256, the only form that Certificate
/// Manager's own clients are seen to use; ECDSA takes the digest that fits the curve, as TLS 1.3 and JWS demand.
pub(crate) fn default_algorithms(key: &PublicKey) -> Vec<SignatureAlgorithm> {
    match key.key_type() {
        KeyType::Rsa { .. } => DIGESTS
            .into_iter()
            .map(SignatureAlgorithm::RsaPkcs1)
            .chain(DIGESTS.into_iter().map(SignatureAlgorithm::rsa_pss))
            .filter(|algorithm| key.fits(*algorithm).is_ok())
            .collect(),
        KeyType::Ec(curve) => vec![SignatureAlgorithm::Ecdsa(curve.digest())],
        KeyType::Ed25519 => vec![SignatureAlgorithm::Ed25519],
    }
}

/// `wanted` as a list, when `offered` has each of them.
pub(crate) fn choose(
    wanted: impl IntoIterator<Item = SignatureAlgorithm>,
    offered: &[SignatureAlgorithm],
) -> Result<Arc<[SignatureAlgorithm]>, Refusal> {
    let wanted: Arc<[_]> = wanted.into_iter().collect();
    if let Some(other) = wanted.iter().find(|algorithm| !offered.contains(algorithm)) {
        return Err(Refusal::new(Reason::AlgorithmNotOffered, format!("{other:?}")));
    }
    if wanted.is_empty() {
        return Err(Refusal::new(Reason::AlgorithmNotOffered, "an empty list"));
    }
    Ok(wanted)
}

/// The error for an algorithm that is not on the key's list.
pub(crate) fn not_offered(algorithm: SignatureAlgorithm) -> SignError {
    SignError::new(format!("it does not sign with {algorithm:?}"))
}

impl SigningKey {
    /// Makes a new key, for instance the throw-away key of a certificate request's template. RSA keys are made with 2048, 3072, 4096
    /// or 8192 bits; that takes from a tenth of a second to a minute, so call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Reason::KeyTooSmall`] and [`Reason::KeyUnsupported`] for other sizes of RSA keys.
    pub fn generate(key_type: KeyType) -> Result<Self, Refusal> {
        let failed = |_| Refusal::new(Reason::KeyInvalid, "a key could not be made");
        Self::from_pair(match key_type {
            KeyType::Rsa { bits } => {
                let size = match bits {
                    2048 => KeySize::Rsa2048,
                    3072 => KeySize::Rsa3072,
                    4096 => KeySize::Rsa4096,
                    8192 => KeySize::Rsa8192,
                    _ => {
                        let reason = if bits < 2048 {
                            Reason::KeyTooSmall
                        } else {
                            Reason::KeyUnsupported
                        };
                        return Err(Refusal::new(reason, format!("RSA with {bits} bits")));
                    }
                };
                Pair::Rsa(RsaKeyPair::generate(size).map_err(failed)?)
            }
            KeyType::Ec(curve) => Pair::Ec(EcdsaKeyPair::generate(ecdsa(curve)).map_err(failed)?),
            KeyType::Ed25519 => Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        })
    }

    /// Reads PKCS #8 as DER that is not encrypted (RFC 5958).
    ///
    /// # Errors
    /// [`Reason::Malformed`], [`Reason::PasswordMissing`] when it is encrypted, and the reasons of
    /// [`PublicKey::from_spki_der`] for keys that are not implemented or not safe.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Refusal> {
        if encrypted::is_encrypted(der) {
            return Err(Reason::PasswordMissing.into());
        }
        read::pkcs8(der)
    }

    /// Reads PKCS #8 as DER that is encrypted with PBES2 (RFC 8018 6.2): PBKDF2 with HMAC-SHA-1, -256, -384 or -512, at most
    /// 9 999 999 iterations, and AES-128, -192 or -256 in CBC mode. The feature `pkcs12` adds the schemes of its containers, without
    /// scrypt. The derivation may take seconds: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Reason::WrongPassword`], [`Reason::KdfIterations`], [`Reason::KeyEncryptionUnsupported`], and the reasons of
    /// [`from_pkcs8_der`](Self::from_pkcs8_der).
    pub fn from_encrypted_pkcs8_der(der: &[u8], password: &SecretString) -> Result<Self, Refusal> {
        encrypted::open(der, password)
    }

    /// Reads the one private key of a PEM text: PKCS #8 (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`), PKCS #1 (`RSA PRIVATE KEY`) or SEC 1
    /// (`EC PRIVATE KEY`). Certificates beside it are passed over; [`MemorySigner::from_pem`](super::MemorySigner::from_pem) reads
    /// both.
    ///
    /// # Errors
    /// [`Reason::NoKey`], [`Reason::SeveralKeys`], [`Reason::KeyEncryptionLegacy`], and the reasons of
    /// [`from_encrypted_pkcs8_der`](Self::from_encrypted_pkcs8_der).
    pub fn from_pem(pem: &str, password: Option<&SecretString>) -> Result<Self, Refusal> {
        text::key(&[pem], password)
    }

    pub(super) fn from_pair(pair: Pair) -> Result<Self, Refusal> {
        Self::with_restriction(pair, false)
    }

    /// `pss_only`: the key's own algorithm identifier is id-RSASSA-PSS.
    pub(super) fn with_restriction(pair: Pair, pss_only: bool) -> Result<Self, Refusal> {
        let public = pair.public_key(pss_only)?;
        Ok(Self {
            algorithms: default_algorithms(&public).into(),
            inner: Arc::new(Inner { pair, public }),
        })
    }

    /// Restricts and orders what the key signs with: the first is what is used where nobody asks for another.
    ///
    /// # Errors
    /// [`Reason::AlgorithmNotOffered`] when the list is empty or holds what is not among [`algorithms`](Self::algorithms).
    pub fn with_algorithms(
        self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            algorithms: choose(algorithms, &self.algorithms)?,
            inner: self.inner,
        })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.inner.public
    }

    /// What the key signs with, the preferred first: for RSA PKCS #1 v1.5 and then PSS, each with SHA-256, -384, -512; for ECDSA the
    /// digest of the curve's strength. RSA-PSS salts are as long as the digest.
    #[must_use]
    pub fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    /// Signs `message` (not a digest) with one of [`algorithms`](Self::algorithms). ECDSA signatures are ASN.1.
    ///
    /// # Errors
    /// [`SignError`] when the algorithm is not on the list.
    pub fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !self.algorithms.contains(&algorithm) {
            return Err(not_offered(algorithm));
        }
        self.inner.pair.sign(algorithm, message)
    }
}

/// Whether two public keys have the same numbers: a certificate may restrict an RSA key to PSS (RFC 4055 1.2) that itself says
/// nothing about it.
pub(crate) fn same_numbers(one: &PublicKey, other: &PublicKey) -> bool {
    one.key_type() == other.key_type() && read::key_bits(one.spki_der()) == read::key_bits(other.spki_der())
}

impl Pair {
    fn public_key(&self, pss_only: bool) -> Result<PublicKey, Refusal> {
        match self {
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                PublicKey::from_rsa(modulus, exponent, pss_only)
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let curve = [Curve::P256, Curve::P384, Curve::P521]
                    .into_iter()
                    .find(|curve| point.len() == 2 * curve.coordinate_len() + 1)
                    .ok_or(Reason::KeyUnsupported)?;
                PublicKey::from_ec_point(curve, point)
            }
            Self::Ed25519(pair) => PublicKey::from_ed25519(pair.public_key().as_ref()),
        }
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let failed = |_| SignError::new("the signature could not be made");
        match (self, algorithm) {
            (
                Self::Rsa(pair),
                SignatureAlgorithm::RsaPkcs1(digest) | SignatureAlgorithm::RsaPss { digest, .. },
            ) => {
                let padding: &dyn aws::RsaEncoding = match (algorithm, digest) {
                    (SignatureAlgorithm::RsaPkcs1(_), DigestAlgorithm::Sha256) => &aws::RSA_PKCS1_SHA256,
                    (SignatureAlgorithm::RsaPkcs1(_), DigestAlgorithm::Sha384) => &aws::RSA_PKCS1_SHA384,
                    (SignatureAlgorithm::RsaPkcs1(_), DigestAlgorithm::Sha512) => &aws::RSA_PKCS1_SHA512,
                    (_, DigestAlgorithm::Sha256) => &aws::RSA_PSS_SHA256,
                    (_, DigestAlgorithm::Sha384) => &aws::RSA_PSS_SHA384,
                    (_, DigestAlgorithm::Sha512) => &aws::RSA_PSS_SHA512,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            (Self::Ec(pair), SignatureAlgorithm::Ecdsa(_)) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
            (Self::Ed25519(pair), SignatureAlgorithm::Ed25519) => {
                Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec())
            }
            _ => Err(not_offered(algorithm)),
        }
    }
}

/// The curve with the digest of its strength, ASN.1 signatures.
pub(super) const fn ecdsa(curve: Curve) -> &'static aws::EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &aws::ECDSA_P256_SHA256_ASN1_SIGNING,
        Curve::P384 => &aws::ECDSA_P384_SHA384_ASN1_SIGNING,
        Curve::P521 => &aws::ECDSA_P521_SHA512_ASN1_SIGNING,
    }
}

impl fmt::Debug for SigningKey {
    /// The public half only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, algorithms } = self;
        let Inner { pair: _blind, public } = &**inner;
        f.debug_struct("SigningKey")
            .field("public_key", public)
            .field("algorithms", algorithms)
            .finish_non_exhaustive()
    }
}
