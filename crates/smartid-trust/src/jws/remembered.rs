//! The headers that a policy has met.
//!
//! One signer writes the same header each time, certificates and all: reading it anew, and asking the chains anew, would cost a good
//! part of what the signature costs. So a policy keeps, for the exact text of a header, what follows from that text and the policy
//! alone: the keys that may have signed, and for how long. Signature, allowed algorithms, type and payload are checked every time.
//! Only headers of messages that verified are kept, so that a stranger cannot push the good ones out.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use smartid_core::Timestamp;

use super::header::JwsHeader;
use crate::PublicKey;
use crate::path::Passed;

/// How many headers are remembered.
const REMEMBERED: usize = 64;

/// Longest header text that is remembered, in bytes: 4 MiB for all texts together. What was read from them takes more, some ten times as
/// much for a header that a signer has filled with empty lists.
const LONGEST: usize = 64 * 1024;

/// Where the key of a message comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// The verifier's set; never empty.
    Named(Vec<PublicKey>),
    /// A certificate.
    Chain {
        key: PublicKey,
        /// With the times for which the answer holds.
        chain: Passed,
    },
}

/// What follows from a header under a policy.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) header: Arc<JwsHeader>,
    pub(super) source: Source,
}

impl Resolved {
    fn current(&self, at: Timestamp) -> bool {
        match &self.source {
            Source::Named(_) => true,
            Source::Chain { chain, .. } => chain.holds_at(at),
        }
    }
}

/// Header texts, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Remembered(RwLock<Vec<(Bytes, Arc<Resolved>)>>);

impl Remembered {
    /// What is known about this very text, if it may be used at `at`.
    pub(super) fn get(&self, text: &[u8], at: Timestamp) -> Option<Arc<Resolved>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (_, resolved) = known.iter().find(|(known, _)| known == text)?;
        resolved.current(at).then(|| Arc::clone(resolved))
    }

    /// Keeps what was found, in the place of what was known about the same text.
    pub(super) fn put(&self, text: &[u8], resolved: Arc<Resolved>) {
        let again = match &resolved.source {
            Source::Named(_) => true,
            Source::Chain { chain, .. } => chain.chain.good_until.is_some(),
        };
        if text.len() > LONGEST || !again {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(known, _)| known != text);
        if known.len() >= REMEMBERED {
            known.remove(0);
        }
        // A copy, because the text at hand is a slice of the whole message.
        known.push((Bytes::copy_from_slice(text), resolved));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap().len()
    }
}
