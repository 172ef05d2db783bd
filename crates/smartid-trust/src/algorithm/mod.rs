//! Signature algorithms and the verifier's list of them.
//!
//! Which algorithm a message claims is never a reason to use it. The verifier's [`AlgorithmSet`] says which are allowed, the key's type
//! says which can be meant, and only what passes both is tried. MD5, DSA, and RSA without a digest are not implemented at all; SHA-1 only for
//! the certification requests of one published example, on demand.

mod digest;
mod set;
mod signature;
#[cfg(test)]
mod tests;

use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

pub use digest::DigestAlgorithm;
pub use set::AlgorithmSet;
pub use signature::SignatureAlgorithm;

pub(crate) const SHA256: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]);
pub(crate) const SHA384: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2]);
pub(crate) const SHA512: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3]);
pub(crate) const RSA_ENCRYPTION: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]);
pub(crate) const RSA_PSS: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10]);
pub(crate) const MGF1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8]);
pub(crate) const RSA_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]);
pub(crate) const RSA_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]);
pub(crate) const RSA_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12]);
pub(crate) const RSA_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13]);
pub(crate) const EC_PUBLIC_KEY: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]);
pub(crate) const ECDSA_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]);
pub(crate) const ECDSA_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3]);
pub(crate) const ECDSA_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4]);
pub(crate) const ED25519: Oid = Oid::known(&[0x2b, 0x65, 0x70]);

/// The parameters of an AlgorithmIdentifier that has none: absent, or NULL.
fn absent_or_null(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    if let Some(null) = reader.optional(tag::NULL)?
        && !null.contents.is_empty()
    {
        return Err(Refusal::new(Reason::Malformed, "a NULL with contents"));
    }
    Ok(reader.end()?)
}
