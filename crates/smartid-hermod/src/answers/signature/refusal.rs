//! Why a signature is not believed: one value for each check, each with a sentence for an operator.

use smartid_core::{Advice, Turn};
use smartid_trust::{Refusal, SignatureAlgorithm};

use crate::signature_kind::{SignatureFormat, SignatureMechanism};

/// Why a signature is not believed. Nothing that was signed is quoted.
///
/// ```
/// use smartid_hermod::answers::SignatureRefusal;
///
/// let refusal = SignatureRefusal::NonceDiffers;
/// assert_eq!(refusal.code(), "nonce-differs");
/// assert!(refusal.to_string().starts_with("the signature belongs to another command"));
/// assert_eq!(refusal.advice().turn, smartid_core::Turn::Administrator);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureRefusal {
    /// The signature itself, its key, its chain, or its content.
    #[error("the signature is refused: {0}")]
    Signature(#[source] Refusal),
    /// Another format than the one that was asked for.
    #[error("{asked} was asked for, and {came} came")]
    FormatDiffers {
        /// What was asked for.
        asked: SignatureFormat,
        /// What came.
        came: SignatureFormat,
    },
    /// A format that is not verified here.
    #[error("signatures of the format {format:?} are not verified here")]
    FormatNotVerified {
        /// The format.
        format: SignatureFormat,
    },
    /// One signature for several entries, and the dialect does not say what it is over.
    #[error("there is one signature for {entries} entries, and the dialect does not say what it covers")]
    CoverageUnknown {
        /// How many entries were sent.
        entries: usize,
    },
    /// Not as many signatures as entries.
    #[error("there are {signatures} signatures for {entries} entries")]
    CountDiffers {
        /// How many signatures came.
        signatures: usize,
        /// How many entries were sent.
        entries: usize,
    },
    /// A signature in a list says that it is that of another entry than the one in its place.
    #[error("signature {index} says that it is that of another entry")]
    EntryDiffers {
        /// Which signature, from 0.
        index: usize,
    },
    /// The bytes of an entry are not known here: it was sent by content id.
    #[error("the bytes of entry {index} are not known here")]
    EntryUnknown {
        /// Which entry, from 0.
        index: usize,
    },
    /// The signed content is no JSON object that can be read in one way, where it must be.
    #[error("the signed content is no JSON object, or one that can be read in two ways")]
    ContentUnreadable,
    /// The signed entries are not those that were sent, or not in that order.
    #[error("the signed entries are not those that were sent")]
    EntriesDiffer,
    /// The signed descriptions are not those that were sent.
    #[error("the signed descriptions are not those that were sent")]
    DescriptionDiffers,
    /// The signed content has no nonce.
    #[error("the signed content has no nonce, although one was sent")]
    NonceMissing,
    /// The signed content has another nonce.
    #[error("the signature belongs to another command: its nonce differs")]
    NonceDiffers,
    /// The signed content names another user.
    #[error("the signed content names another user")]
    UserDiffers,
    /// Neither `tbs` nor a nonce nor descriptions were sent and signed, so that any signature of the same signer would do.
    #[error(
        "nothing of the command was signed, so the signature may be an old one, or one that was made for something else"
    )]
    Unbound,
    /// A bare signature, and no mechanism was asked for.
    #[error("no mechanism was asked for, so a bare signature cannot be verified")]
    MechanismMissing,
    /// A bare signature, and the mechanism that was asked for is not known here.
    #[error("the mechanism that was asked for is not known here: {0}")]
    MechanismUnknown(#[source] Refusal),
    /// Another algorithm than that of the mechanism that was asked for.
    #[error("{asked} was asked for, and the signature is made with {made:?}")]
    MechanismDiffers {
        /// What was asked for.
        asked: SignatureMechanism,
        /// What the signature is made with.
        made: SignatureAlgorithm,
    },
    /// The filter that was sent does not let the signer pass.
    #[error("the filter that was sent does not let the signer pass: {subject}")]
    FilterDoesNotMatch {
        /// Who signed.
        subject: String,
    },
    /// The signer is not the one that the caller expects.
    #[error("the signer is another than the one that is expected: {subject}")]
    SignerUnexpected {
        /// Who signed.
        subject: String,
    },
    /// A certain signer is expected, and the signature comes without a certificate that names one.
    #[error("a certain signer is expected, and no certificate names the one who signed")]
    SignerUnnamed,
    /// The attribute by which the signer is to be known cannot be read.
    #[error("the signer cannot be compared with the one that is expected: {problem}")]
    AttributeUnreadable {
        /// What is the matter.
        problem: String,
    },
}

impl SignatureRefusal {
    /// A short name for logs and metrics, stable across versions.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Signature(_) => "signature-refused",
            Self::FormatDiffers { .. } => "format-differs",
            Self::FormatNotVerified { .. } => "format-not-verified",
            Self::CoverageUnknown { .. } => "coverage-unknown",
            Self::CountDiffers { .. } => "count-differs",
            Self::EntryDiffers { .. } => "entry-differs",
            Self::EntryUnknown { .. } => "entry-unknown",
            Self::ContentUnreadable => "content-unreadable",
            Self::EntriesDiffer => "entries-differ",
            Self::DescriptionDiffers => "description-differs",
            Self::NonceMissing => "nonce-missing",
            Self::NonceDiffers => "nonce-differs",
            Self::UserDiffers => "userid-differs",
            Self::Unbound => "unbound",
            Self::MechanismMissing => "mechanism-missing",
            Self::MechanismUnknown(_) => "mechanism-unknown",
            Self::MechanismDiffers { .. } => "mechanism-differs",
            Self::FilterDoesNotMatch { .. } => "filter-does-not-match",
            Self::SignerUnexpected { .. } => "signer-unexpected",
            Self::SignerUnnamed => "signer-unnamed",
            Self::AttributeUnreadable { .. } => "attribute-unreadable",
        }
    }

    /// What the verifier of signatures said, where it was that.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Signature(refusal) | Self::MechanismUnknown(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whose turn it is, and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        let (turn, check) = match self {
            Self::Signature(refusal) | Self::MechanismUnknown(refusal) => return refusal.advice(),
            Self::FormatDiffers { .. } => (
                Turn::Administrator,
                "which app answered, and whether it makes the format that was asked for",
            ),
            Self::FormatNotVerified { .. } => (
                Turn::Caller,
                "whether pkcs7 or jws can be asked for; or the names of formats in the dialect (answers.signature.formats)",
            ),
            Self::CoverageUnknown { .. } | Self::CountDiffers { .. } => (
                Turn::Caller,
                "what this installation signs when there are several entries, and say so in the dialect (answers.signature.covers)",
            ),
            Self::EntryDiffers { .. }
            | Self::EntriesDiffer
            | Self::DescriptionDiffers
            | Self::NonceDiffers => (
                Turn::Administrator,
                "which command this answers; an answer that is replayed looks like this",
            ),
            Self::EntryUnknown { .. } => (
                Turn::Caller,
                "what the content provider gave out under the id, and supply it",
            ),
            Self::ContentUnreadable | Self::NonceMissing => (
                Turn::Caller,
                "what is signed, against the dialect (answers.signature.covers, covers_without_tbs, payload)",
            ),
            Self::Unbound => (
                Turn::Caller,
                "the command: let it send a challenge as tbs; or what this installation signs without tbs, and say so in the dialect (answers.signature.covers_without_tbs)",
            ),
            Self::MechanismMissing => (Turn::Caller, "the command: let it ask for a mechanism"),
            Self::MechanismDiffers { .. } => (
                Turn::Administrator,
                "which key was used, and whether it can do what was asked for",
            ),
            Self::UserDiffers | Self::FilterDoesNotMatch { .. } | Self::SignerUnexpected { .. } => (
                Turn::Administrator,
                "who opened the link or the message; somebody who answers in the place of another looks like this",
            ),
            Self::SignerUnnamed => (
                Turn::Caller,
                "whether the keys are certified; of raw keys, configure those of the one person who is asked",
            ),
            Self::AttributeUnreadable { .. } => (
                Turn::Caller,
                "the name of the attribute, and the certificates of the users",
            ),
        };
        Advice::new(turn, check)
    }
}

impl From<Refusal> for SignatureRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Signature(refusal)
    }
}
