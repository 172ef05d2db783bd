//! The verifier's list.

use super::{DigestAlgorithm, SignatureAlgorithm};
use crate::{Reason, Refusal};

/// The verifier's list of allowed algorithms.
///
/// The default is all that are implemented. A narrower list is made from nothing:
///
/// ```
/// use smartid_trust::{AlgorithmSet, DigestAlgorithm, SignatureAlgorithm};
///
/// let only_pss = AlgorithmSet::none().rsa_pss();
/// assert!(only_pss.contains(SignatureAlgorithm::rsa_pss(DigestAlgorithm::Sha256)));
/// assert!(!only_pss.contains(SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AlgorithmSet {
    rsa_pkcs1: bool,
    rsa_pss: bool,
    ecdsa: bool,
    ed25519: bool,
    at_least: DigestAlgorithm,
}

impl Default for AlgorithmSet {
    fn default() -> Self {
        Self::none().rsa_pkcs1().rsa_pss().ecdsa().ed25519()
    }
}

impl AlgorithmSet {
    /// Allows nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            rsa_pkcs1: false,
            rsa_pss: false,
            ecdsa: false,
            ed25519: false,
            at_least: DigestAlgorithm::Sha256,
        }
    }

    /// Allows RSA with PKCS #1 v1.5 padding too.
    #[must_use]
    pub const fn rsa_pkcs1(mut self) -> Self {
        self.rsa_pkcs1 = true;
        self
    }

    /// Allows RSA-PSS too.
    #[must_use]
    pub const fn rsa_pss(mut self) -> Self {
        self.rsa_pss = true;
        self
    }

    /// Allows ECDSA too.
    #[must_use]
    pub const fn ecdsa(mut self) -> Self {
        self.ecdsa = true;
        self
    }

    /// Allows Ed25519 too.
    #[must_use]
    pub const fn ed25519(mut self) -> Self {
        self.ed25519 = true;
        self
    }

    /// Refuses digests shorter than that of `digest`. Ed25519 has no digest to choose and is not affected.
    #[must_use]
    pub const fn with_digest_at_least(mut self, digest: DigestAlgorithm) -> Self {
        self.at_least = digest;
        self
    }

    /// Whether `algorithm` is allowed.
    #[must_use]
    pub fn contains(self, algorithm: SignatureAlgorithm) -> bool {
        let family = match algorithm {
            SignatureAlgorithm::RsaPkcs1(_) => self.rsa_pkcs1,
            SignatureAlgorithm::RsaPss { .. } => self.rsa_pss,
            SignatureAlgorithm::Ecdsa(_) => self.ecdsa,
            SignatureAlgorithm::Ed25519 => self.ed25519,
            SignatureAlgorithm::LegacyRsaPkcs1Sha1 => false,
        };
        family && algorithm.digest().is_none_or(|digest| digest >= self.at_least)
    }

    /// Whether `digest` is long enough, where a message names one apart from its signature algorithm.
    pub(crate) fn check_digest(self, digest: DigestAlgorithm) -> Result<(), Refusal> {
        if digest >= self.at_least {
            return Ok(());
        }
        Err(Refusal::new(Reason::AlgorithmNotAllowed, format!("{digest:?}")))
    }

    pub(crate) fn check(self, algorithm: SignatureAlgorithm) -> Result<(), Refusal> {
        if self.contains(algorithm) {
            return Ok(());
        }
        Err(Refusal::new(
            Reason::AlgorithmNotAllowed,
            format!("{algorithm:?}"),
        ))
    }
}
