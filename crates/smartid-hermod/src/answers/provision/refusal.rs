//! Why a provisioning answer is not believed: one value for each check, each with a sentence for an operator.

use smartid_core::{Advice, Turn};
use smartid_trust::Refusal;

use crate::ids::KeyId;

/// Why a provisioning answer is not believed. Nothing of the answer is quoted but key ids that the command had or that are shortened.
///
/// ```
/// use smartid_hermod::answers::ProvisionRefusal;
///
/// let refusal = ProvisionRefusal::NonceDiffers;
/// assert_eq!(refusal.code(), "nonce-differs");
/// assert!(refusal.to_string().starts_with("the answer belongs to another command"));
/// assert_eq!(refusal.advice().turn, smartid_core::Turn::Administrator);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisionRefusal {
    /// No keys are configured under the name that the command gave in `responsesignaturekey`.
    #[error("no attestation keys are configured under the name {name:?}")]
    NoAttestationKeys {
        /// The name.
        name: String,
    },
    /// The signature: by an unknown key, by none, changed on the way. Identity Manager calls this `HERMOD_ERROR_JWT_SIGNATURE`.
    #[error("the signature of the answer is refused: {0}")]
    Signature(#[source] Refusal),
    /// The payload is not what a provisioning answer must be.
    #[error("the payload of the answer cannot be read: {what}")]
    Unreadable {
        /// What is the matter.
        what: String,
    },
    /// The answer has no nonce, although the command had one.
    #[error("the answer has no nonce, although one was sent")]
    NonceMissing,
    /// The answer has another nonce: it answers another command, or is an old one.
    #[error("the answer belongs to another command: its nonce differs")]
    NonceDiffers,
    /// The answer names no user.
    #[error("the answer names no user")]
    UserMissing,
    /// The answer names another user.
    #[error("the answer names another user than the command")]
    UserDiffers,
    /// A new profile, but the answer does not say its id.
    #[error("the answer does not say the id of the new profile")]
    ProfileMissing,
    /// The answer is about another profile than the one to update.
    #[error("the answer is about another profile than the command")]
    ProfileDiffers,
    /// A key that was asked for is not there.
    #[error("the key {:?} was asked for and is not there", key.as_str())]
    KeyMissing {
        /// Which one.
        key: KeyId,
    },
    /// A key is there that nobody asked for.
    #[error("the key {:?} was not asked for", key.as_str())]
    KeyUnasked {
        /// Which one.
        key: KeyId,
    },
    /// Two keys have the same id.
    #[error("two keys have the id {:?}", key.as_str())]
    KeyTwice {
        /// Which one.
        key: KeyId,
    },
    /// The certification request and the JWK of a key are of different keys.
    #[error("the certification request and the JWK of {:?} are of different keys", key.as_str())]
    KeyContradicts {
        /// Which one.
        key: KeyId,
    },
    /// A certification request is refused, or is not there although a template was sent.
    #[error("the certification request of {:?} is refused: {refusal}", key.as_str())]
    Request {
        /// Which key.
        key: KeyId,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// A raw key is refused.
    #[error("the key {:?} is refused: {refusal}", key.as_str())]
    Key {
        /// Which one.
        key: KeyId,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// Two keys of the profile are the same, and the policy does not allow it.
    #[error("the keys {:?} and {:?} are the same key", one.as_str(), other.as_str())]
    KeyShared {
        /// One of them.
        one: KeyId,
        /// The other one.
        other: KeyId,
    },
}

impl ProvisionRefusal {
    /// What Identity Manager calls the failure of this verification (vendor page: Smart ID Messaging - Standard service tasks in Identity
    /// Manager, documented). That messaging uses the code too is a guess: then the outcome is
    /// [`Outcome::Failed`](crate::Outcome::Failed) with it.
    pub const IDENTITY_MANAGER_CODE: &'static str = "HERMOD_ERROR_JWT_SIGNATURE";

    /// A short name for logs and metrics, stable across versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAttestationKeys { .. } => "attestation-keys-missing",
            Self::Signature(_) => "signature-refused",
            Self::Unreadable { .. } => "unreadable",
            Self::NonceMissing => "nonce-missing",
            Self::NonceDiffers => "nonce-differs",
            Self::UserMissing => "userid-missing",
            Self::UserDiffers => "userid-differs",
            Self::ProfileMissing => "profileid-missing",
            Self::ProfileDiffers => "profileid-differs",
            Self::KeyMissing { .. } => "key-missing",
            Self::KeyUnasked { .. } => "key-unasked",
            Self::KeyTwice { .. } => "key-twice",
            Self::KeyContradicts { .. } => "key-contradicts",
            Self::Request { .. } => "request-refused",
            Self::Key { .. } => "key-refused",
            Self::KeyShared { .. } => "key-shared",
        }
    }

    /// What the verifier of signatures, requests and keys said, where it was that.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Signature(refusal) | Self::Request { refusal, .. } | Self::Key { refusal, .. } => {
                Some(refusal)
            }
            _ => None,
        }
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let names = "the names of the payload's members against the dialect (answers.provision.payload)";
        let (turn, check) = match self {
            Self::NoAttestationKeys { .. } => (
                Turn::Caller,
                "the attestation keys that are configured, and the name in responsesignaturekey",
            ),
            Self::Signature(refusal) => return refusal.reason().advice(),
            Self::Unreadable { .. } => (Turn::Caller, names),
            Self::NonceMissing | Self::UserMissing | Self::ProfileMissing | Self::KeyMissing { .. } => {
                (Turn::Caller, names)
            }
            Self::NonceDiffers => (
                Turn::Administrator,
                "which command this answers; an answer that is replayed looks like this",
            ),
            Self::UserDiffers | Self::ProfileDiffers => (
                Turn::Administrator,
                "who opened the link; somebody who answers in the place of another looks like this",
            ),
            Self::KeyUnasked { .. } | Self::KeyTwice { .. } | Self::KeyContradicts { .. } => {
                (Turn::Vendor, "which app answered, and its version")
            }
            Self::Request { refusal, .. } | Self::Key { refusal, .. } => return refusal.reason().advice(),
            Self::KeyShared { .. } => (
                Turn::Vendor,
                "why the app made one key where several were asked for",
            ),
        };
        Advice::new(turn, check)
    }
}
