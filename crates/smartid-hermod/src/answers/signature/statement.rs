//! What is known once a signature was verified.

use std::fmt;

use bytes::Bytes;
use smartid_core::Timestamp;
use smartid_trust::{Certificate, Proof};

use crate::entry::Entry;

/// What was signed, by whom, and what ties it to the command.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedStatement {
    /// The signatures: one, or one for each entry in the order of `tbs`.
    pub signatures: Vec<VerifiedSignature>,
    /// What of the command the signatures were checked against.
    pub bound: Vec<Binding>,
    /// What of the command they were not checked against, because the signed content does not have it or it could not be decided.
    pub not_bound: Vec<Binding>,
}

/// One signature.
#[derive(Clone)]
#[non_exhaustive]
pub struct VerifiedSignature {
    /// The entries that it covers, in their order; none where the command had no `tbs`.
    pub entries: Vec<Entry>,
    /// The bytes that are signed.
    pub content: Bytes,
    /// Who signed, never nobody. CMS messages may have several signers; all of them were verified.
    pub signers: Vec<VerifiedSigner>,
}

/// One signer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VerifiedSigner {
    /// Key, algorithm, chain, time, what was checked and what was not.
    pub proof: Proof,
    /// The name of the key in the verifier's set, where the key is one of it. What the answer calls the key does not count.
    pub key_id: Option<String>,
    /// When the signer says that it signed. Signed, but proven by nobody.
    pub claimed_signing_time: Option<Timestamp>,
}

/// Something of a command that a signature can be checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Binding {
    /// What was to be signed: bytes and order.
    Tbs,
    /// What the person was told.
    Description,
    /// The challenge beside the entries.
    Nonce,
    /// The user whom the signed content names.
    User,
    /// The signer, by what the caller expects of its certificate.
    Signer,
    /// The filter.
    Filter,
    /// The mechanism.
    Mechanism,
    /// The format.
    Format,
}

impl SignedStatement {
    /// The entries that were signed, in the order of `tbs`.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.signatures.iter().flat_map(|signature| &signature.entries)
    }

    /// All signers of all signatures.
    pub fn signers(&self) -> impl Iterator<Item = &VerifiedSigner> {
        self.signatures.iter().flat_map(|signature| &signature.signers)
    }

    /// Whether the signatures were checked against that part of the command.
    #[must_use]
    pub fn is_bound(&self, to: Binding) -> bool {
        self.bound.contains(&to)
    }
}

impl VerifiedSigner {
    /// The signer's certificate; `None` for a key that the verifier named.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.proof.signer()
    }
}

impl fmt::Debug for VerifiedSignature {
    /// Without the content, which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            entries,
            content,
            signers,
        } = self;
        f.debug_struct("VerifiedSignature")
            .field("entries", entries)
            .field("content_len", &content.len())
            .field("signers", signers)
            .finish()
    }
}
