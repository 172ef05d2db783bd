//! SHA-1, for one published template and for nothing else.
//!
//! A published example of the provision command carries a template that is signed with sha1WithRSA, and a device that keeps the
//! algorithm of its template answers in kind. Collisions in SHA-1 are cheap. In a self-signature they let somebody who chooses both
//! texts carry the signature of one request over to another; the names and the key are compared with the template all the same.
//! Nothing here is reachable without
//! [`RequestPolicy::accept_sha1_self_signature`](super::RequestPolicy::accept_sha1_self_signature), but for
//! [`PublicKey::verify_rsa_sha1`], which says so by its name.

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, VerificationAlgorithm as _};

use super::compare;
use crate::algorithm::RSA_SHA1;
use crate::der::{Oid, Reader, tag};
use crate::{KeyType, PublicKey, Reason, Refusal};

/// sha1WithRSASignature of the OSI Implementers' Workshop, which old Windows producers write.
const OIW_RSA_SHA1: Oid = Oid::known(&[0x2b, 0x0e, 3, 2, 0x1d]);

/// Whether the contents of an AlgorithmIdentifier say RSA PKCS #1 v1.5 with SHA-1.
pub(super) fn is_rsa_sha1(contents: &[u8]) -> bool {
    let mut reader = Reader::new(contents);
    let known = reader
        .oid("algorithm")
        .is_ok_and(|oid| oid == RSA_SHA1 || oid == OIW_RSA_SHA1);
    let null = reader
        .optional(tag::NULL)
        .is_ok_and(|null| null.is_none_or(|null| null.contents.is_empty()));
    known && null && reader.is_empty()
}

/// Whether `signature` is one of `key` over `message`, with SHA-1.
pub(crate) fn verify(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), Refusal> {
    let misfit = || {
        Refusal::new(
            Reason::AlgorithmDoesNotFitKey,
            "RSA with SHA-1 with a key of another type",
        )
    };
    let KeyType::Rsa { .. } = key.key_type() else {
        return Err(misfit());
    };
    key.fits(crate::SignatureAlgorithm::RsaPkcs1(
        crate::DigestAlgorithm::Sha256,
    ))?;
    let key = compare::key_bits(key.spki_der()).ok_or_else(misfit)?;
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY
        .verify_sig(key, message, signature)
        .map_err(|_| Reason::BadSignature.into())
}
