//! Why nothing was signed.

use smartid_core::{SignError, WorkLost};

use crate::Refusal;

/// Nothing was signed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The key has none of the algorithms that are asked for.
    #[error("the key cannot sign with an algorithm that is asked for")]
    NoAlgorithm,
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] SignError),
    /// What was to be signed, or what was signed, is not right.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The runtime did not finish the work.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}
