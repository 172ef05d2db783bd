//! Digests.

use aws_lc_rs::digest;

use super::{SHA256, SHA384, SHA512, absent_or_null};
use crate::der::{self, Oid, Reader};
use crate::{Reason, Refusal};

/// A digest that signatures are made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    pub(crate) fn aws(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    /// The digest of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> digest::Digest {
        digest::digest(self.aws(), bytes)
    }

    /// How many bytes a digest has.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no digest is empty")]
    pub const fn len(self) -> u16 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(crate) const fn oid(self) -> Oid {
        match self {
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
        }
    }

    /// Reads an AlgorithmIdentifier whose parameters are absent or NULL (RFC 5754 2: both must be accepted).
    pub(crate) fn from_identifier(contents: &[u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(contents);
        let oid = reader.oid("a digest algorithm without its identifier")?;
        absent_or_null(&mut reader)?;
        [Self::Sha256, Self::Sha384, Self::Sha512]
            .into_iter()
            .find(|digest| digest.oid() == oid)
            .ok_or_else(|| Refusal::new(Reason::AlgorithmUnknown, format!("digest {oid}")))
    }

    /// An AlgorithmIdentifier without parameters (RFC 5754 2).
    pub(crate) fn identifier(self) -> Vec<u8> {
        der::sequence(&[&der::oid(&self.oid())])
    }
}
