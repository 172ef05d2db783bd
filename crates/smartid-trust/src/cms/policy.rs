//! What a verifier demands of a signed message.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::path::ChainPolicy;
use crate::{AlgorithmSet, Certificate, PublicKey};

/// What a verifier demands of a signed message: whom it believes, which algorithms, which signers, which content.
///
/// ```
/// # let officer = smartid_trust::Certificate::from_pem(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem")))?;
/// use smartid_trust::AlgorithmSet;
/// use smartid_trust::cms::CmsPolicy;
///
/// let policy = CmsPolicy::named_certificates(vec![officer])
///     .with_algorithms(AlgorithmSet::none().rsa_pss().ecdsa())
///     .expecting_content("the bytes that were handed out to be signed")
///     .demanding_signed_attributes();
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
#[derive(Clone)]
pub struct CmsPolicy {
    pub(super) trust: Trust,
    pub(super) algorithms: AlgorithmSet,
    pub(super) supplied: Vec<Certificate>,
    pub(super) signers: Signers,
    pub(super) expected: Option<Bytes>,
    pub(super) attributes_demanded: bool,
}

/// Whom the verifier believes.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    Chains(Arc<ChainPolicy>),
    Certificates(Vec<Certificate>),
    Keys(Vec<PublicKey>),
}

/// Which signers must verify.
#[derive(Clone, Debug)]
pub(super) enum Signers {
    Every,
    Any,
    These(Vec<Certificate>),
}

impl CmsPolicy {
    fn new(trust: Trust) -> Self {
        Self {
            trust,
            algorithms: AlgorithmSet::default(),
            supplied: Vec::new(),
            signers: Signers::Every,
            expected: None,
            attributes_demanded: false,
        }
    }

    /// Believes signers whose certificate has a chain that `chains` validates; the message's certificates serve as intermediates.
    #[must_use]
    pub fn certificates(chains: Arc<ChainPolicy>) -> Self {
        Self::new(Trust::Chains(chains))
    }

    /// Believes signers with one of these very certificates. Their chains, validity, purpose and revocation are not looked at: that is
    /// the caller's part, and the proof says so.
    #[must_use]
    pub fn named_certificates(certificates: Vec<Certificate>) -> Self {
        Self::new(Trust::Certificates(certificates))
    }

    /// Believes signers whose signature one of these keys made. Whose certificate the message names is not looked at, and a signing
    /// certificate attribute neither.
    #[must_use]
    pub fn keys(keys: Vec<PublicKey>) -> Self {
        Self::new(Trust::Keys(keys))
    }

    /// Supplies certificates that the message may lack: signers' and intermediates. They are not trusted for being here.
    #[must_use]
    pub fn with_certificates(mut self, certificates: Vec<Certificate>) -> Self {
        self.supplied = certificates;
        self
    }

    /// Allows these algorithms only; without it all that are implemented.
    #[must_use]
    pub const fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self
    }

    /// Is content with one good signer; the fact lists which signers verified and which did not. Without it every signer must verify.
    #[must_use]
    pub fn any_signer(mut self) -> Self {
        self.signers = Signers::Any;
        self
    }

    /// Demands that each of these certificates signed; other signers may be refused. The proof is that of the first one named. An
    /// empty list lets nothing pass.
    #[must_use]
    pub fn demanding_signers(mut self, certificates: Vec<Certificate>) -> Self {
        self.signers = Signers::These(certificates);
        self
    }

    /// Demands that the content is exactly this, such as the data that were handed out to be signed.
    #[must_use]
    pub fn expecting_content(mut self, content: impl Into<Bytes>) -> Self {
        self.expected = Some(content.into());
        self
    }

    /// Refuses signers without signed attributes. See the [module](super) for the attack that this ends.
    #[must_use]
    pub const fn demanding_signed_attributes(mut self) -> Self {
        self.attributes_demanded = true;
        self
    }
}

impl fmt::Debug for CmsPolicy {
    /// Without the expected content, which may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trust,
            algorithms,
            supplied,
            signers,
            expected,
            attributes_demanded,
        } = self;
        f.debug_struct("CmsPolicy")
            .field("trust", trust)
            .field("algorithms", algorithms)
            .field("supplied", supplied)
            .field("signers", signers)
            .field("expected_len", &expected.as_ref().map(Bytes::len))
            .field("attributes_demanded", attributes_demanded)
            .finish()
    }
}
