//! Why a message could not be signed.

use smartid_core::{SignError, WorkLost};

use crate::Refusal;

/// A message could not be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The key has none of the algorithms that are asked for.
    #[error("the key cannot sign with an algorithm that is asked for")]
    NoAlgorithm,
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] SignError),
    /// What was to be signed, or what came of it, was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The runtime did not finish the work.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}
