//! Keys that sign one template and are forgotten.

use smartid_core::BuildError;

use crate::{Curve, KeyType, SigningKey};

/// Which kind of key signs a template before it is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ThrowAwayKey {
    /// RSA with 2048 bits, as the published templates have. Making one takes some hundred milliseconds of computing.
    #[default]
    Rsa2048,
    /// ECDSA on P-256: quick to make. That devices read such a template is a guess \[inferred\].
    P256,
}

impl ThrowAwayKey {
    /// A new key, wiped when it is dropped.
    pub(super) fn generate(self) -> Result<SigningKey, BuildError> {
        SigningKey::generate(match self {
            Self::Rsa2048 => KeyType::Rsa { bits: 2048 },
            Self::P256 => KeyType::Ec(Curve::P256),
        })
        .map_err(failed)
    }
}

/// Neither making a key nor signing with it depends on what the caller gave.
pub(super) fn failed<E>(_: E) -> BuildError {
    BuildError::Invalid(
        "the throw-away key cannot be made or used: the random number generator or memory fails".to_owned(),
    )
}
