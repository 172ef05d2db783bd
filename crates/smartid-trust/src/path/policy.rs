//! A verifier, a purpose, and the chains that have passed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use smartid_core::Timestamp;

use super::{ChainRequest, ChainVerifier, Purpose, RevocationStatus, ValidatedChain};
use crate::evidence::{Check, Verify};
use crate::{Certificate, Proof, Reason, Refusal, Verified};

/// How many chains are remembered.
const REMEMBERED: usize = 64;

/// Largest sum of certificates, in bytes, that is remembered for one chain. Whoever signs may add what he likes to his message; it
/// must not fill the memory.
const REMEMBERED_LEN: usize = 64 * 1024;

/// Which chains are believed, and for what. Make one and keep it: it remembers what it has validated.
///
/// A remembered chain is used again only for the very same certificates, and only while each of them, and each revocation list that was
/// looked at, is current. What was refused is never remembered. A policy that should know new roots or lists is a new policy.
///
/// ```
/// use std::sync::Arc;
///
/// use smartid_core::Timestamp;
/// use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
/// use smartid_trust::{Certificate, Check};
///
/// # let root_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/root.pem"));
/// # let officer_pem = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// let verifier = WebpkiVerifier::builder().root(Certificate::from_pem(root_pem)?).build()?;
/// let policy = ChainPolicy::new(Arc::new(verifier), Purpose::signing());
///
/// let officer = Certificate::from_pem(officer_pem)?;
/// # let now = officer.not_before();
/// let verified = policy.verify(&officer, &[], now)?;
/// assert_eq!(verified.fact().subject().to_string(), "CN=Officer One,O=Example");
/// assert!(verified.proof().not_checked.contains(&Check::RevocationOfSigner));
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct ChainPolicy {
    verifier: Arc<dyn ChainVerifier>,
    purpose: Purpose,
    passed: Mutex<Vec<Remembered>>,
}

struct Remembered {
    /// The end entity, then the intermediates as they were given.
    given: Vec<Certificate>,
    passed: Passed,
}

/// A chain that passed, and for which times the answer holds.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) chain: Arc<ValidatedChain>,
    /// The first moment for which it holds.
    pub(crate) from: Timestamp,
    /// The last moment for which it holds.
    pub(crate) until: Timestamp,
}

impl Passed {
    /// Whether the answer holds at `at`.
    pub(crate) fn holds_at(&self, at: Timestamp) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

impl ChainPolicy {
    /// Believes the chains that `verifier` validates for `purpose`.
    #[must_use]
    pub fn new(verifier: Arc<dyn ChainVerifier>, purpose: Purpose) -> Self {
        Self {
            verifier,
            purpose,
            passed: Mutex::new(Vec::new()),
        }
    }

    /// What the keys are used for.
    #[must_use]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Validates the chain of `end_entity`, or finds that it did so before.
    ///
    /// # Errors
    /// The [`Refusal`] of the verifier; [`Reason::ChainAnswer`] when it answers for another certificate.
    pub fn validate(
        &self,
        end_entity: &Certificate,
        intermediates: &[Certificate],
        at: Timestamp,
    ) -> Result<Arc<ValidatedChain>, Refusal> {
        Ok(self.passed(end_entity, intermediates, at)?.chain)
    }

    /// Verifies a certificate that came without a message: a credential that is to be registered, an officer's certificate in a list.
    ///
    /// The proof says who issued it and that it is valid, not that anybody has its key: [`Check::Signature`] is among what was not
    /// checked.
    ///
    /// # Errors
    /// As [`validate`](Self::validate); and the reasons of [`Certificate::public_key`].
    pub fn verify(
        &self,
        certificate: &Certificate,
        intermediates: &[Certificate],
        at: Timestamp,
    ) -> Result<Verified<Certificate>, Refusal> {
        let mut proof =
            Proof::without_signature(certificate.public_key()?, certificate.signature_algorithm()?, at);
        self.validate(certificate, intermediates, at)?.record(&mut proof);
        Ok(Verified::new(certificate.clone(), proof))
    }

    /// As [`validate`](Self::validate), with the times for which the answer holds.
    pub(crate) fn passed(
        &self,
        end_entity: &Certificate,
        intermediates: &[Certificate],
        at: Timestamp,
    ) -> Result<Passed, Refusal> {
        let same = |entry: &Remembered| {
            entry.given.len() == intermediates.len() + 1
                && entry
                    .given
                    .iter()
                    .eq(std::iter::once(end_entity).chain(intermediates))
        };
        {
            let mut remembered = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(index) = remembered.iter().position(same) {
                let entry = remembered.remove(index);
                let passed = entry.passed.clone();
                // What was used last stands last, and the first is forgotten first.
                remembered.push(entry);
                if passed.holds_at(at) {
                    return Ok(passed);
                }
            }
        }
        let request = ChainRequest::new(end_entity, intermediates, &self.purpose, at);
        let chain = Arc::new(ValidatedChain {
            purpose_demanded: self.purpose.demands(),
            ..self.verifier.verify_chain(&request)?
        });
        // The proof will name the first certificate as the signer's, whoever wrote the verifier.
        if chain.certificates.first() != Some(end_entity) {
            return Err(Reason::ChainAnswer.into());
        }
        // Without a statement of the verifier it holds for this moment alone.
        let passed = Passed {
            from: chain.good_from.map_or(at, |from| from.min(at)),
            until: chain.good_until.map_or(at, |until| until.max(at)),
            chain,
        };
        let given: Vec<_> = std::iter::once(end_entity)
            .chain(intermediates)
            .cloned()
            .collect();
        let size: usize = given.iter().map(|certificate| certificate.der().len()).sum();
        if passed.chain.good_until.is_some() && size <= REMEMBERED_LEN {
            let mut remembered = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            // Another thread may have come to the same answer.
            if let Some(index) = remembered.iter().position(same) {
                remembered.remove(index);
            }
            if remembered.len() >= REMEMBERED {
                remembered.remove(0);
            }
            remembered.push(Remembered {
                given,
                passed: passed.clone(),
            });
        }
        Ok(passed)
    }
}

impl Verify for Certificate {
    type Policy = ChainPolicy;
    type Fact = Self;

    /// As [`ChainPolicy::verify`], for a certificate that came without intermediates.
    fn check(&self, policy: &ChainPolicy, at: Timestamp) -> Result<Verified<Self>, Refusal> {
        policy.verify(self, &[], at)
    }
}

impl ChainPolicy {
    /// A certificate of a remembered chain with these bytes: already read, its key prepared.
    pub(crate) fn known(&self, der: &[u8]) -> Option<Certificate> {
        let remembered = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut given = remembered.iter().flat_map(|passed| &passed.given);
        given.find(|certificate| certificate.der() == der).cloned()
    }
}

impl ValidatedChain {
    /// Writes what was checked about the chain into a proof.
    pub(crate) fn record(&self, proof: &mut Proof) {
        proof.chain.clone_from(&self.certificates);
        proof.checked.extend([Check::Chain, Check::Validity]);
        proof.record(Check::Purpose, self.purpose_demanded);
        for (status, check) in [
            (self.revocation_of_signer, Check::RevocationOfSigner),
            (self.revocation_of_intermediates, Check::RevocationOfIntermediates),
        ] {
            proof.record(check, status == RevocationStatus::NotRevoked);
        }
    }
}

impl fmt::Debug for ChainPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            verifier,
            purpose,
            passed: _,
        } = self;
        f.debug_struct("ChainPolicy")
            .field("verifier", verifier)
            .field("purpose", purpose)
            .finish_non_exhaustive()
    }
}
