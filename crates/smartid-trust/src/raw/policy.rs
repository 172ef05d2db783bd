//! What a verifier of bare signatures has to know and demands.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::RawMechanism;
use crate::AlgorithmSet;
use crate::jws::JwkSet;
use crate::path::ChainPolicy;

/// Whose signature it may be, by which mechanism, over which content. All three come from the verifier.
///
/// With keys and certificates both, a key id that names a key of the set decides, and the certificate beside the signature otherwise.
#[derive(Clone)]
pub struct RawPolicy {
    pub(super) keys: Option<JwkSet>,
    pub(super) chains: Option<Arc<ChainPolicy>>,
    pub(super) mechanism: RawMechanism,
    pub(super) content: Bytes,
    pub(super) algorithms: AlgorithmSet,
}

impl RawPolicy {
    fn new(
        keys: Option<JwkSet>,
        chains: Option<Arc<ChainPolicy>>,
        mechanism: RawMechanism,
        content: Bytes,
    ) -> Self {
        Self {
            keys,
            chains,
            mechanism,
            content,
            algorithms: AlgorithmSet::default(),
        }
    }

    /// Believes these keys: those with the name that came beside the signature; without a name all of them, at most 16.
    #[must_use]
    pub fn keys(keys: JwkSet, mechanism: RawMechanism, content: impl Into<Bytes>) -> Self {
        Self::new(Some(keys), None, mechanism, content.into())
    }

    /// Believes the certificate that came beside the signature when `chains` validates its chain.
    #[must_use]
    pub fn certificates(
        chains: Arc<ChainPolicy>,
        mechanism: RawMechanism,
        content: impl Into<Bytes>,
    ) -> Self {
        Self::new(None, Some(chains), mechanism, content.into())
    }

    /// Believes these keys too.
    #[must_use]
    pub fn or_keys(mut self, keys: JwkSet) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Allows these algorithms only; without it all that are implemented.
    #[must_use]
    pub const fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// With other content.
    #[must_use]
    pub fn expecting_content(mut self, content: impl Into<Bytes>) -> Self {
        self.content = content.into();
        self
    }
}

impl fmt::Debug for RawPolicy {
    /// Without the content, which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keys,
            chains,
            mechanism,
            content,
            algorithms,
        } = self;
        f.debug_struct("RawPolicy")
            .field("keys", keys)
            .field("chains", chains)
            .field("mechanism", mechanism)
            .field("content_len", &content.len())
            .field("algorithms", algorithms)
            .finish()
    }
}
