//! A public key that has been read and found strong enough to be used.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{self, Digest};

use super::verify::Verifier;
use crate::request::compare::{key_bits, key_material};
use crate::{DigestAlgorithm, Reason, Refusal, SignatureAlgorithm};

/// Smallest RSA modulus that is accepted, in bits.
pub(crate) const MIN_RSA_BITS: usize = 2048;
/// Largest RSA modulus that is accepted, in bits; larger ones are a way to keep a verifier busy.
pub(crate) const MAX_RSA_BITS: usize = 8192;

/// A NIST curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Curve {
    /// P-256, also called prime256v1 and secp256r1.
    P256,
    /// P-384, also called secp384r1.
    P384,
    /// P-521, also called secp521r1.
    P521,
}

impl Curve {
    /// The digest that goes with the curve: by default, in TLS 1.3 (RFC 8446 4.2.3) and in JWS (RFC 7518 3.4).
    pub(crate) const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::P256 => DigestAlgorithm::Sha256,
            Self::P384 => DigestAlgorithm::Sha384,
            Self::P521 => DigestAlgorithm::Sha512,
        }
    }

    /// The length of a coordinate in bytes.
    #[must_use]
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// What kind of key it is, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// RSA with a modulus of so many bits.
    Rsa {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// An elliptic-curve key for ECDSA.
    Ec(Curve),
    /// Ed25519.
    Ed25519,
}

/// A public key: RSA of 2048 to 8192 bits, ECDSA on a NIST curve, or Ed25519.
///
/// Cloning is cheap, and a clone shares what the first verification prepared.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    key_type: KeyType,
    /// SubjectPublicKeyInfo, in the one form that this crate writes.
    spki: Vec<u8>,
    verifier: Verifier,
    /// The certificate says that the key is for RSA-PSS only (id-RSASSA-PSS, RFC 4055 1.2).
    pss_only: bool,
}

impl PublicKey {
    pub(super) fn new(key_type: KeyType, spki: Vec<u8>, verifier: Verifier, pss_only: bool) -> Self {
        Self(Arc::new(Inner {
            key_type,
            spki,
            verifier,
            pss_only,
        }))
    }

    /// The type and the size.
    #[must_use]
    pub fn key_type(&self) -> KeyType {
        self.0.key_type
    }

    /// SubjectPublicKeyInfo as DER (RFC 5280 4.1.2.7). It is the same for the same key, however the key was read.
    #[must_use]
    pub fn spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The key identifier that most CAs write into certificates: SHA-1 of the key's bits (RFC 5280 4.2.1.2, method 1). A CA may compute
    /// it in another way, so a certificate with another identifier may still be for this key.
    #[must_use]
    pub fn key_id(&self) -> Vec<u8> {
        let bits = key_bits(self.spki_der()).unwrap_or_default();
        digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bits)
            .as_ref()
            .to_vec()
    }

    /// Whether the two are the same key, even where one is restricted to RSA-PSS and the other is not: whoever holds the private half
    /// of one holds that of the other. `==` tells such keys apart.
    #[must_use]
    pub fn is_same_key(&self, other: &Self) -> bool {
        self == other || key_material(self.spki_der()) == key_material(other.spki_der())
    }

    /// Whether `signature` is one of this key over `message`. ECDSA signatures are ASN.1, as in X.509 and CMS.
    ///
    /// No list of allowed algorithms is asked here; that is the verifiers' part.
    ///
    /// # Errors
    /// [`Reason::AlgorithmDoesNotFitKey`] and [`Reason::BadSignature`].
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        self.fits(algorithm)?;
        self.0.verifier.verify(algorithm, message, signature)
    }

    /// Whether `signature` is one of this RSA key over `message` with PKCS #1 v1.5 and SHA-1. Collisions in SHA-1 are cheap: this is for
    /// older trusted platform modules, which sign nothing else (COSE algorithm RS1), and no verifier of this crate uses it.
    ///
    /// # Errors
    /// [`Reason::AlgorithmDoesNotFitKey`] and [`Reason::BadSignature`].
    pub fn verify_rsa_sha1(&self, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        crate::request::legacy::verify(self, message, signature)
    }

    /// As [`verify`](Self::verify), where the digest of the message is known; it must be of the kind that `algorithm` takes.
    pub(crate) fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &Digest,
        signature: &[u8],
    ) -> Result<(), Refusal> {
        self.fits(algorithm)?;
        self.0.verifier.verify_digest(algorithm, digest, signature)
    }

    /// As [`verify`](Self::verify), for signatures as JWS has them: the two numbers of an ECDSA signature side by side, each as long
    /// as a coordinate, and the digest bound to the curve (RFC 7518 3.4: ES256 is P-256 with SHA-256, and so on).
    ///
    /// # Errors
    /// [`Reason::AlgorithmDoesNotFitKey`] and [`Reason::BadSignature`].
    pub fn verify_jose(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        self.fits(algorithm)?;
        self.0.verifier.verify_jose(algorithm, message, signature)
    }

    /// Whether this key can make signatures with `algorithm` at all.
    pub(crate) fn fits(&self, algorithm: SignatureAlgorithm) -> Result<(), Refusal> {
        let fits = match (self.0.key_type, algorithm) {
            (KeyType::Rsa { .. }, SignatureAlgorithm::RsaPkcs1(_)) => !self.0.pss_only,
            (KeyType::Rsa { .. }, SignatureAlgorithm::RsaPss { .. })
            | (KeyType::Ec(_), SignatureAlgorithm::Ecdsa(_))
            | (KeyType::Ed25519, SignatureAlgorithm::Ed25519) => true,
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let key = self.0.key_type;
        Err(Refusal::new(
            Reason::AlgorithmDoesNotFitKey,
            format!("{algorithm:?} with a key of type {key:?}"),
        ))
    }
}

impl PartialEq for PublicKey {
    /// Public keys are no secrets; the comparison takes no constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}
impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PublicKey").field(&self.0.key_type).finish()
    }
}
