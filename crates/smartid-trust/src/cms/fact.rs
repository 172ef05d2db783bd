//! What is known after a message was verified: the content, and of each signer whether and how it was verified.

use std::fmt;

use bytes::Bytes;
use smartid_core::Timestamp;

use super::SignerIdentifier;
use crate::{Oid, Proof, Refusal};

/// Content that was signed, and by whom.
#[derive(Clone)]
#[non_exhaustive]
pub struct SignedContent {
    /// The type: 1.2.840.113549.1.7.1 (`id-data`) unless the signer said another in its signed attributes.
    pub content_type: Oid,
    /// The octets that were digested. For types other than data in PKCS #7 messages (Authenticode) these are the octets inside the
    /// content's one element, without its tag and length.
    pub content: Bytes,
    /// Every signer of the message in its order, also those that were refused, where the policy lets the message pass without them.
    pub signers: Vec<SignerReport>,
}

impl fmt::Debug for SignedContent {
    /// Without the content, which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            content_type,
            content,
            signers,
        } = self;
        f.debug_struct("SignedContent")
            .field("content_type", content_type)
            .field("content_len", &content.len())
            .field("signers", signers)
            .finish()
    }
}

/// One signer, verified or refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignerReport {
    /// Who it says it is.
    pub identifier: SignerIdentifier,
    /// How it was verified, or why it was refused.
    pub outcome: Result<SignerProof, Refusal>,
}

/// How one signer was verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignerProof {
    /// Key, algorithm, chain, what was checked and what was not.
    pub proof: Proof,
    /// When the signer says that it signed. Signed, but proven by nobody: its clock may show anything.
    pub claimed_signing_time: Option<Timestamp>,
    /// Whether the signature is over signed attributes, and not over the content itself.
    pub has_signed_attributes: bool,
}
