//! What a verifier of JWS demands.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::algorithm::JwsAlgorithm;
use super::jwk_set::JwkSet;
use super::remembered::Remembered;
use crate::path::ChainPolicy;
use crate::{AlgorithmSet, Reason, Refusal};

/// Which messages are believed: by which keys, with which algorithms, saying what. Make one for each signer or purpose and keep it: it
/// remembers the headers that it has met, as the same signer writes the same header each time.
///
/// The key comes from the verifier's [`JwkSet`], or from the certificates in the header (`x5c`) by a chain that the verifier's
/// [`ChainPolicy`] validates. With both, a `kid` that names a key of the set decides, and `x5c` otherwise. The header members `jwk`,
/// `jku` and `x5u` are never a source of keys, and by default a message that has one of them is refused even if another key is named:
/// no product writes them, and a program further on might follow them. See [`ignoring_key_sources`](Self::ignoring_key_sources).
///
/// A clone shares the memory, so that a policy which is kept can be made to [expect](Self::expecting_payload) each message's own payload.
#[derive(Clone)]
pub struct JwsPolicy {
    pub(super) keys: Option<JwkSet>,
    pub(super) chains: Option<Arc<ChainPolicy>>,
    algorithms: AlgorithmSet,
    allowed: Option<Vec<JwsAlgorithm>>,
    pub(super) expected: Option<Bytes>,
    pub(super) message_type: Option<String>,
    pub(super) try_all: bool,
    pub(super) ignore_key_sources: bool,
    pub(super) remembered: Arc<Remembered>,
}

impl JwsPolicy {
    fn new(keys: Option<JwkSet>, chains: Option<Arc<ChainPolicy>>) -> Self {
        Self {
            keys,
            chains,
            algorithms: AlgorithmSet::default(),
            allowed: None,
            expected: None,
            message_type: None,
            try_all: false,
            ignore_key_sources: false,
            remembered: Arc::default(),
        }
    }

    /// Believes these keys.
    #[must_use]
    pub fn keys(keys: JwkSet) -> Self {
        Self::new(Some(keys), None)
    }

    /// Believes the certificates whose chain is validated by `chains`.
    #[must_use]
    pub fn certificates(chains: Arc<ChainPolicy>) -> Self {
        Self::new(None, Some(chains))
    }

    /// Believes these keys too.
    #[must_use]
    pub fn or_keys(mut self, keys: JwkSet) -> Self {
        self.keys = Some(keys);
        self.forget()
    }

    /// Believes certificates too.
    #[must_use]
    pub fn or_certificates(mut self, chains: Arc<ChainPolicy>) -> Self {
        self.chains = Some(chains);
        self.forget()
    }

    /// Allows these algorithms only; by default all that are implemented.
    #[must_use]
    pub const fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Allows only these of the algorithms, one by one, where [`with_algorithms`](Self::with_algorithms) is too coarse.
    #[must_use]
    pub fn allowing(mut self, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        self.allowed = Some(algorithms.into_iter().collect());
        self
    }

    pub(super) fn check_algorithm(&self, algorithm: JwsAlgorithm) -> Result<(), Refusal> {
        self.algorithms.check(algorithm.signature_algorithm())?;
        match &self.allowed {
            Some(allowed) if !allowed.contains(&algorithm) => {
                Err(Refusal::new(Reason::AlgorithmNotAllowed, algorithm.name()))
            }
            _ => Ok(()),
        }
    }

    /// Demands this payload, byte for byte.
    #[must_use]
    pub fn expecting_payload(mut self, payload: impl Into<Bytes>) -> Self {
        self.expected = Some(payload.into());
        self
    }

    /// Demands this media type in the member `typ`. `application/` may be left out on either side, and letter case does not count
    /// (RFC 7515 4.1.9).
    #[must_use]
    pub fn with_type(mut self, media_type: impl Into<String>) -> Self {
        self.message_type = Some(media_type.into());
        self
    }

    /// Tries every key of the set that fits the algorithm, at most 16, when a message has no `kid`. By default such a message is
    /// refused unless exactly one key fits.
    #[must_use]
    pub fn trying_every_key(mut self) -> Self {
        self.try_all = true;
        self.forget()
    }

    /// Passes over `jwk`, `jku` and `x5u` when the message names a key of the verifier's too, or brings certificates that are
    /// validated. A message that has nothing else is refused all the same.
    #[must_use]
    pub fn ignoring_key_sources(mut self) -> Self {
        self.ignore_key_sources = true;
        self.forget()
    }

    /// What was found under other demands is not known under these.
    fn forget(mut self) -> Self {
        self.remembered = Arc::default();
        self
    }
}

impl fmt::Debug for JwsPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keys,
            chains,
            algorithms,
            allowed,
            expected,
            message_type,
            try_all,
            ignore_key_sources,
            remembered: _,
        } = self;
        f.debug_struct("JwsPolicy")
            .field("keys", keys)
            .field("chains", chains)
            .field("algorithms", algorithms)
            .field("allowed", allowed)
            .field("expected_len", &expected.as_ref().map(Bytes::len))
            .field("message_type", message_type)
            .field("try_all", try_all)
            .field("ignore_key_sources", ignore_key_sources)
            .finish_non_exhaustive()
    }
}
