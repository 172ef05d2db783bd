//! The primitive itself: aws-lc-rs, with keys parsed once for each algorithm they are used with.

use std::sync::OnceLock;

use aws_lc_rs::digest::Digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{self as aws, ParsedPublicKey, RsaPssSaltLength, VerificationAlgorithm};

use super::public::Curve;
use crate::{DigestAlgorithm, Reason, Refusal, SignatureAlgorithm};

/// A prepared key.
pub(super) struct Verifier {
    /// The key as aws-lc-rs takes it: RSAPublicKey, a point, 32 octets.
    octets: Box<[u8]>,
    curve: Option<Curve>,
    /// Parsed keys, by [`slot`]; aws-lc-rs binds a parsed key to one algorithm.
    parsed: [OnceLock<ParsedPublicKey>; SLOTS],
}

const SLOTS: usize = 6;

impl Verifier {
    pub(super) fn rsa(pkcs1: &[u8]) -> Result<Self, Refusal> {
        Self::new(pkcs1.into(), None, 0, &aws::RSA_PKCS1_2048_8192_SHA256)
    }

    pub(super) fn ec(curve: Curve, point: &[u8]) -> Result<Self, Refusal> {
        let (slot, algorithm) = ecdsa_fixed(curve);
        Self::new(point.into(), Some(curve), slot, algorithm)
    }

    pub(super) fn ed25519(octets: &[u8]) -> Result<Self, Refusal> {
        Self::new(octets.into(), None, 0, &aws::ED25519)
    }

    /// Parses the key once now, so that a key that is none is refused when it is read and not when it is used.
    fn new(
        octets: Box<[u8]>,
        curve: Option<Curve>,
        slot: usize,
        algorithm: &'static dyn VerificationAlgorithm,
    ) -> Result<Self, Refusal> {
        let verifier = Self {
            octets,
            curve,
            parsed: Default::default(),
        };
        verifier.key(slot, algorithm)?;
        Ok(verifier)
    }

    /// The point in uncompressed form.
    pub(super) fn uncompressed(curve: Curve, compressed: &[u8]) -> Result<Vec<u8>, Refusal> {
        let invalid = || Refusal::new(Reason::KeyInvalid, "a point that is not on its curve");
        let (_, algorithm) = ecdsa_fixed(curve);
        let key = ParsedPublicKey::new(algorithm, compressed).map_err(|_| invalid())?;
        let der: PublicKeyX509Der<'_> = key.as_der().map_err(|_| invalid())?;
        let point = der.as_ref().len().checked_sub(2 * curve.coordinate_len() + 1);
        let point = point
            .and_then(|start| der.as_ref().get(start..))
            .filter(|point| point.first() == Some(&4));
        point.map(<[u8]>::to_vec).ok_or_else(invalid)
    }

    fn key(
        &self,
        slot: usize,
        algorithm: &'static dyn VerificationAlgorithm,
    ) -> Result<&ParsedPublicKey, Refusal> {
        let invalid = || Refusal::new(Reason::KeyInvalid, "");
        let cell = self.parsed.get(slot).ok_or_else(invalid)?;
        if let Some(key) = cell.get() {
            return Ok(key);
        }
        let key = ParsedPublicKey::new(algorithm, &self.octets).map_err(|_| invalid())?;
        Ok(cell.get_or_init(|| key))
    }

    pub(super) fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let verdict = match self.prepared(algorithm)? {
            Prepared::Parsed(slot, aws) => self.key(slot, aws)?.verify_sig(message, signature),
            Prepared::Pss(aws) => aws.verify_sig(&self.octets, message, signature),
        };
        verdict.map_err(|_| Reason::BadSignature.into())
    }

    /// As [`verify`](Self::verify), with the digest of the message; it must be the one that `algorithm` takes.
    pub(super) fn verify_digest(
        &self,
        algorithm: SignatureAlgorithm,
        digest: &Digest,
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let verdict = match self.prepared(algorithm)? {
            Prepared::Parsed(slot, aws) => self.key(slot, aws)?.verify_digest_sig(digest, signature),
            Prepared::Pss(aws) => aws.verify_digest_sig(&self.octets, digest, signature),
        };
        verdict.map_err(|_| Reason::BadSignature.into())
    }

    fn prepared(&self, algorithm: SignatureAlgorithm) -> Result<Prepared, Refusal> {
        let (slot, aws): Slot = match (algorithm, self.curve) {
            (SignatureAlgorithm::RsaPkcs1(digest), _) => rsa_pkcs1(digest),
            (SignatureAlgorithm::RsaPss { digest, salt_len }, _) if salt_len == digest.len() => {
                rsa_pss(digest)
            }
            (SignatureAlgorithm::RsaPss { digest, salt_len }, _) => {
                let salt = RsaPssSaltLength::Custom(salt_len);
                return Ok(Prepared::Pss(pss_parameters(digest).with_pss_salt_length(salt)));
            }
            (SignatureAlgorithm::Ecdsa(digest), Some(curve)) => ecdsa_asn1(curve, digest),
            (SignatureAlgorithm::Ed25519, None) => (0, &aws::ED25519),
            _ => return Err(Reason::AlgorithmDoesNotFitKey.into()),
        };
        Ok(Prepared::Parsed(slot, aws))
    }

    pub(super) fn verify_jose(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Refusal> {
        let SignatureAlgorithm::Ecdsa(digest) = algorithm else {
            return self.verify(algorithm, message, signature);
        };
        let Some(curve) = self.curve.filter(|curve| curve.digest() == digest) else {
            return Err(Refusal::new(
                Reason::AlgorithmDoesNotFitKey,
                format!("{algorithm:?} with {:?}", self.curve),
            ));
        };
        let (slot, aws) = ecdsa_fixed(curve);
        self.key(slot, aws)?
            .verify_sig(message, signature)
            .map_err(|_| Reason::BadSignature.into())
    }
}

type Slot = (usize, &'static dyn VerificationAlgorithm);

/// An algorithm as aws-lc-rs takes it.
enum Prepared {
    /// With a parsed key in this slot.
    Parsed(usize, &'static dyn VerificationAlgorithm),
    /// RSA-PSS with a salt of an unusual length, for which no key is kept.
    Pss(aws::RsaParameters),
}

fn rsa_pkcs1(digest: DigestAlgorithm) -> Slot {
    match digest {
        DigestAlgorithm::Sha256 => (0, &aws::RSA_PKCS1_2048_8192_SHA256),
        DigestAlgorithm::Sha384 => (1, &aws::RSA_PKCS1_2048_8192_SHA384),
        DigestAlgorithm::Sha512 => (2, &aws::RSA_PKCS1_2048_8192_SHA512),
    }
}

fn rsa_pss(digest: DigestAlgorithm) -> Slot {
    match digest {
        DigestAlgorithm::Sha256 => (3, &aws::RSA_PSS_2048_8192_SHA256),
        DigestAlgorithm::Sha384 => (4, &aws::RSA_PSS_2048_8192_SHA384),
        DigestAlgorithm::Sha512 => (5, &aws::RSA_PSS_2048_8192_SHA512),
    }
}

fn pss_parameters(digest: DigestAlgorithm) -> aws::RsaParameters {
    match digest {
        DigestAlgorithm::Sha256 => aws::RSA_PSS_2048_8192_SHA256,
        DigestAlgorithm::Sha384 => aws::RSA_PSS_2048_8192_SHA384,
        DigestAlgorithm::Sha512 => aws::RSA_PSS_2048_8192_SHA512,
    }
}

fn ecdsa_asn1(curve: Curve, digest: DigestAlgorithm) -> Slot {
    match (curve, digest) {
        (Curve::P256, DigestAlgorithm::Sha256) => (0, &aws::ECDSA_P256_SHA256_ASN1),
        (Curve::P256, DigestAlgorithm::Sha384) => (1, &aws::ECDSA_P256_SHA384_ASN1),
        (Curve::P256, DigestAlgorithm::Sha512) => (2, &aws::ECDSA_P256_SHA512_ASN1),
        (Curve::P384, DigestAlgorithm::Sha256) => (0, &aws::ECDSA_P384_SHA256_ASN1),
        (Curve::P384, DigestAlgorithm::Sha384) => (1, &aws::ECDSA_P384_SHA384_ASN1),
        (Curve::P384, DigestAlgorithm::Sha512) => (2, &aws::ECDSA_P384_SHA512_ASN1),
        (Curve::P521, DigestAlgorithm::Sha256) => (0, &aws::ECDSA_P521_SHA256_ASN1),
        (Curve::P521, DigestAlgorithm::Sha384) => (1, &aws::ECDSA_P521_SHA384_ASN1),
        (Curve::P521, DigestAlgorithm::Sha512) => (2, &aws::ECDSA_P521_SHA512_ASN1),
    }
}

/// Two numbers side by side, the digest that JWS binds to the curve.
fn ecdsa_fixed(curve: Curve) -> Slot {
    match curve {
        Curve::P256 => (3, &aws::ECDSA_P256_SHA256_FIXED),
        Curve::P384 => (3, &aws::ECDSA_P384_SHA384_FIXED),
        Curve::P521 => (3, &aws::ECDSA_P521_SHA512_FIXED),
    }
}
