//! A verifier, a purpose, and the chains that have passed.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use smartid_core::Timestamp;

use super::{ChainRequest, ChainVerifier, Purpose, RevocationStatus, ValidatedChain};
use crate::evidence::Check;
use crate::{Certificate, Proof, Refusal};

/// How many chains are remembered.
const REMEMBERED: usize = 64;

/// Which chains are believed, and for what. Make one and keep it: it remembers what it has validated.
///
/// A remembered chain is used again only for the very same certificates, and only while each of them, and each revocation list that was
/// looked at, is current. A policy that should know new roots or lists is a new policy.
pub struct ChainPolicy {
    verifier: Arc<dyn ChainVerifier>,
    purpose: Purpose,
    passed: Mutex<Vec<Passed>>,
}

struct Passed {
    /// The end entity, then the intermediates as they were given.
    given: Vec<Certificate>,
    from: Timestamp,
    until: Timestamp,
    chain: Arc<ValidatedChain>,
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
    /// The [`Refusal`] of the verifier.
    pub fn validate(
        &self,
        end_entity: &Certificate,
        intermediates: &[Certificate],
        at: Timestamp,
    ) -> Result<Arc<ValidatedChain>, Refusal> {
        let same = |passed: &Passed| {
            passed.given.len() == intermediates.len() + 1
                && passed
                    .given
                    .iter()
                    .eq(std::iter::once(end_entity).chain(intermediates))
        };
        {
            let mut remembered = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(index) = remembered.iter().position(same) {
                match remembered.get(index) {
                    Some(passed) if (passed.from..=passed.until).contains(&at) => {
                        return Ok(Arc::clone(&passed.chain));
                    }
                    _ => {
                        remembered.swap_remove(index);
                    }
                }
            }
        }
        let chain = Arc::new(self.verifier.verify_chain(&ChainRequest::new(
            end_entity,
            intermediates,
            &self.purpose,
            at,
        ))?);
        if let Some(good_until) = chain.good_until {
            let until = chain
                .certificates
                .iter()
                .map(Certificate::not_after)
                .fold(good_until, Timestamp::min);
            let mut remembered = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
            if remembered.len() >= REMEMBERED {
                remembered.remove(0);
            }
            // Not before `at`: an earlier time may fall before a certificate or a list became valid.
            remembered.push(Passed {
                given: std::iter::once(end_entity)
                    .chain(intermediates)
                    .cloned()
                    .collect(),
                from: at,
                until,
                chain: Arc::clone(&chain),
            });
        }
        Ok(chain)
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
        proof
            .checked
            .extend([Check::Chain, Check::Validity, Check::Purpose]);
        for (status, check) in [
            (self.revocation_of_signer, Check::RevocationOfSigner),
            (self.revocation_of_intermediates, Check::RevocationOfIntermediates),
        ] {
            match status {
                RevocationStatus::NotRevoked => proof.checked.push(check),
                RevocationStatus::NotChecked => proof.not_checked.push(check),
            }
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
