//! Whose signatures count, and what an answer must be.

use std::fmt;
use std::sync::Arc;

use smartid_trust::jws::{JwkSet, JwsPolicy};
use smartid_trust::path::ChainPolicy;
use smartid_trust::{
    AlgorithmSet, AttributeComparison, Certificate, CertificateAttribute, PublicKey, raw::RawMechanism,
};
use smartid_trust::{cms::CmsPolicy, raw::RawPolicy};

use super::SignatureExpectation;
use super::signer::SignerCheck;

/// Whose signatures count, in every form. Make it once and keep it: it remembers chains that it has validated.
///
/// With certificates and keys both: a JWS or a bare signature that names a key of the set is checked with that key, every other by its
/// certificate; CMS messages by certificates.
#[derive(Clone, Debug)]
pub struct Signers {
    chains: Option<Arc<ChainPolicy>>,
    keys: Option<JwkSet>,
    algorithms: AlgorithmSet,
    supplied: Vec<Certificate>,
    jws: Arc<JwsPolicy>,
}

impl Signers {
    fn new(chains: Option<Arc<ChainPolicy>>, keys: Option<JwkSet>) -> Self {
        let unbuilt = Self {
            chains,
            keys,
            algorithms: AlgorithmSet::default(),
            supplied: Vec::new(),
            jws: Arc::new(JwsPolicy::keys(JwkSet::default())),
        };
        unbuilt.build()
    }

    fn build(mut self) -> Self {
        let policy = match (&self.chains, &self.keys) {
            (Some(chains), Some(keys)) => JwsPolicy::certificates(Arc::clone(chains)).or_keys(keys.clone()),
            (Some(chains), None) => JwsPolicy::certificates(Arc::clone(chains)),
            (None, keys) => JwsPolicy::keys(keys.clone().unwrap_or_default()),
        };
        self.jws = Arc::new(policy.trying_every_key().with_algorithms(self.algorithms));
        self
    }

    /// Signers whose certificate has a chain that `chains` validates. [`Purpose::signing`](smartid_trust::path::Purpose::signing) fits a
    /// sign command, [`Purpose::authentication`](smartid_trust::path::Purpose::authentication) an authenticate command.
    #[must_use]
    pub fn certificates(chains: Arc<ChainPolicy>) -> Self {
        Self::new(Some(chains), None)
    }

    /// These keys, known from provisioning by their key ids: raw keys, for which there is no certificate. Whoever has one of them counts,
    /// so give those of the one person who is asked.
    #[must_use]
    pub fn keys(keys: JwkSet) -> Self {
        Self::new(None, Some(keys))
    }

    /// These keys too.
    #[must_use]
    pub fn or_keys(mut self, keys: JwkSet) -> Self {
        self.keys = Some(keys);
        self.build()
    }

    /// Allows these algorithms only; without it all that are implemented. The algorithm must be that of the mechanism that was asked for
    /// even so.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: AlgorithmSet) -> Self {
        self.algorithms = algorithms;
        self.build()
    }

    /// Supplies certificates that CMS messages may lack: signers' and intermediates. They are not trusted for being here.
    #[must_use]
    pub fn with_certificates(mut self, certificates: Vec<Certificate>) -> Self {
        self.supplied = certificates;
        self
    }

    /// What the verifier calls a key that it named.
    pub(super) fn name_of(&self, key: &PublicKey) -> Option<String> {
        let keys = self.keys.as_ref()?.keys().iter();
        let mut named = keys.filter(|known| known.key().is_ok_and(|known| known == key));
        named.find_map(|known| known.id()).map(str::to_owned)
    }

    pub(super) fn jws(&self) -> JwsPolicy {
        self.jws.as_ref().clone()
    }

    /// With the certificates that stand beside a message.
    pub(super) fn cms(&self, beside: &[Certificate]) -> CmsPolicy {
        let policy = match (&self.chains, &self.keys) {
            (Some(chains), _) => CmsPolicy::certificates(Arc::clone(chains)),
            (None, keys) => {
                let keys: &[_] = keys.as_ref().map_or(&[], JwkSet::keys);
                let usable: Vec<PublicKey> = keys.iter().filter_map(|key| key.key().ok().cloned()).collect();
                CmsPolicy::keys(usable)
            }
        };
        policy
            .with_certificates([&self.supplied, beside].concat())
            .with_algorithms(self.algorithms)
    }

    pub(super) fn raw(&self, mechanism: RawMechanism, content: bytes::Bytes) -> RawPolicy {
        let policy = match (&self.chains, &self.keys) {
            (Some(chains), None) => RawPolicy::certificates(Arc::clone(chains), mechanism, content),
            (Some(chains), Some(keys)) => {
                RawPolicy::certificates(Arc::clone(chains), mechanism, content).or_keys(keys.clone())
            }
            (None, keys) => RawPolicy::keys(keys.clone().unwrap_or_default(), mechanism, content),
        };
        policy.with_algorithms(self.algorithms)
    }
}

/// What the answer to one command must be: signed by whom, over exactly what was sent, in the way that was asked for.
///
/// Refused is, unless it is told otherwise: another format than the one that was asked for; an algorithm that is not that of the mechanism
/// that was asked for; a signer of whom it is certain that the filter that was sent does not let it pass. What of these cannot be decided
/// is told in [`SignedStatement::not_bound`](super::SignedStatement::not_bound).
///
/// That a person, and not just anybody with a certificate, has signed is for [`expecting_signer`](Self::expecting_signer): a link can be
/// opened by another than the one who was sent it. That a signature is not an old one over the same bytes is for the caller, who puts
/// something into `tbs` that is used once.
#[derive(Clone)]
pub struct SignaturePolicy {
    pub(super) expectation: SignatureExpectation,
    pub(super) signers: Signers,
    pub(super) expected: Vec<SignerCheck>,
    pub(super) any_format: bool,
    pub(super) any_mechanism: bool,
    pub(super) any_key: bool,
}

impl SignaturePolicy {
    /// From what was kept of a command.
    #[must_use]
    pub fn new(expectation: SignatureExpectation, signers: &Signers) -> Self {
        Self {
            expectation,
            signers: signers.clone(),
            expected: Vec::new(),
            any_format: false,
            any_mechanism: false,
            any_key: false,
        }
    }

    /// Demands that the certificate of every signer has this value in this attribute: the user's e-mail address, user principal name, or
    /// serial number. A signer without a certificate is refused.
    #[must_use]
    pub fn expecting_signer(
        mut self,
        attribute: CertificateAttribute,
        value: impl Into<String>,
        comparison: AttributeComparison,
    ) -> Self {
        let value = value.into();
        self.expected.push(SignerCheck::Attribute {
            attribute,
            value,
            comparison,
        });
        self
    }

    /// Demands that every signer has this very certificate.
    #[must_use]
    pub fn expecting_certificate(mut self, certificate: Certificate) -> Self {
        self.expected.push(SignerCheck::Certificate(certificate));
        self
    }

    /// Demands of the certificate of every signer what `holds` says. It has been verified by then.
    #[must_use]
    pub fn expecting_signer_that(
        mut self,
        holds: impl Fn(&Certificate) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.expected.push(SignerCheck::Holds(Arc::new(holds)));
        self
    }

    /// Takes any format that can be verified, whichever was asked for.
    #[must_use]
    pub fn accepting_any_format(mut self) -> Self {
        self.any_format = true;
        self
    }

    /// Takes any algorithm that [`Signers`] allows, whichever mechanism was asked for. A bare signature is verified by the mechanism that
    /// was asked for even so.
    #[must_use]
    pub fn accepting_any_mechanism(mut self) -> Self {
        self.any_mechanism = true;
        self
    }

    /// Takes any key that [`Signers`] believes, whatever filter was sent.
    #[must_use]
    pub fn ignoring_filter(mut self) -> Self {
        self.any_key = true;
        self
    }
}

impl fmt::Debug for SignaturePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            expectation,
            signers,
            expected,
            any_format,
            any_mechanism,
            any_key,
        } = self;
        f.debug_struct("SignaturePolicy")
            .field("expectation", expectation)
            .field("signers", signers)
            .field("expected", expected)
            .field("any_format", any_format)
            .field("any_mechanism", any_mechanism)
            .field("any_key", any_key)
            .finish()
    }
}
