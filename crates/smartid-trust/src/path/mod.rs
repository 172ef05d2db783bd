//! Which certificates are believed, and for what.
//!
//! A [`ChainVerifier`] builds and validates a chain from a certificate to a configured root. The one of this crate is on rustls-webpki;
//! an installation whose CA uses critical policies can plug in another. A [`ChainPolicy`] puts it together with a [`Purpose`] and
//! remembers the chains that passed, so that the same signer is not validated anew for every message.

#[cfg(test)]
mod algorithm_tests;
mod algorithms;
mod ca;
mod candidates;
mod crl;
mod explain;
mod points;
mod policies;
mod policy;
#[cfg(test)]
mod policy_tests;
mod purpose;
#[cfg(test)]
mod purpose_tests;
mod revocation;
#[cfg(test)]
mod revocation_tests;
#[cfg(test)]
pub(crate) mod test_ca;
#[cfg(test)]
mod tests;
mod verifier;

use std::fmt;

use smartid_core::Timestamp;

use crate::{Certificate, Refusal};

pub use crl::RevocationList;
pub use policy::ChainPolicy;
pub(crate) use policy::Passed;
pub(crate) use purpose::CLIENT_AUTH;
pub use purpose::{ExtendedUse, Purpose};
pub use revocation::Revocation;
pub use verifier::{VerifierBuilder, WebpkiVerifier};

/// Builds and validates a chain from a certificate to a configured root.
pub trait ChainVerifier: Send + Sync + fmt::Debug {
    /// Validates `request`: a chain of valid signatures to a configured root, validity of every certificate at the given time, basic
    /// constraints, name constraints, the purpose, and revocation as far as it is configured.
    ///
    /// # Errors
    /// The [`Refusal`] of the check that failed.
    fn verify_chain(&self, request: &ChainRequest<'_>) -> Result<ValidatedChain, Refusal>;
}

/// What a [`ChainVerifier`] is asked.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ChainRequest<'a> {
    /// The certificate in question.
    pub end_entity: &'a Certificate,
    /// Certificates that came with the message, in any order, not to be trusted for being there.
    pub intermediates: &'a [Certificate],
    /// What the key was used for.
    pub purpose: &'a Purpose,
    /// The time as of which the chain must be valid.
    pub at: Timestamp,
}

impl<'a> ChainRequest<'a> {
    /// A question.
    #[must_use]
    pub const fn new(
        end_entity: &'a Certificate,
        intermediates: &'a [Certificate],
        purpose: &'a Purpose,
        at: Timestamp,
    ) -> Self {
        Self {
            end_entity,
            intermediates,
            purpose,
            at,
        }
    }
}

/// What is known about revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RevocationStatus {
    /// A current list of the issuer was given, and the certificate is not on it.
    NotRevoked,
    /// Nobody looked: no list was given.
    NotChecked,
}

/// A chain that was validated.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ValidatedChain {
    /// The certificate in question first, the configured root last. A chain that begins with another is refused
    /// ([`Reason::ChainAnswer`](crate::Reason::ChainAnswer)).
    pub certificates: Vec<Certificate>,
    /// Of the certificate in question.
    pub revocation_of_signer: RevocationStatus,
    /// Of all intermediates; [`NotRevoked`](RevocationStatus::NotRevoked) too when there are none and lists are configured.
    pub revocation_of_intermediates: RevocationStatus,
    /// From when on this answer holds too: the latest beginning of a certificate or of a revocation list. `None`: from the time that
    /// was asked for.
    pub good_from: Option<Timestamp>,
    /// Until when this answer may be used again: the earliest end of a certificate or of a revocation list. `None`: not at all.
    pub good_until: Option<Timestamp>,
    /// Whether the purpose that was asked for demands anything.
    purpose_demanded: bool,
}

impl ValidatedChain {
    /// A chain without any statement on revocation, that may not be used again.
    #[must_use]
    pub const fn new(certificates: Vec<Certificate>) -> Self {
        Self {
            certificates,
            revocation_of_signer: RevocationStatus::NotChecked,
            revocation_of_intermediates: RevocationStatus::NotChecked,
            good_from: None,
            good_until: None,
            purpose_demanded: true,
        }
    }

    /// States what was found about revocation.
    #[must_use]
    pub const fn with_revocation(
        mut self,
        signer: RevocationStatus,
        intermediates: RevocationStatus,
    ) -> Self {
        self.revocation_of_signer = signer;
        self.revocation_of_intermediates = intermediates;
        self
    }

    /// Allows the answer to be used for earlier times too, from `time` on, if it may be used again at all.
    #[must_use]
    pub const fn good_from(mut self, time: Timestamp) -> Self {
        self.good_from = Some(time);
        self
    }

    /// Allows the answer to be used again until `time`.
    #[must_use]
    pub const fn good_until(mut self, time: Timestamp) -> Self {
        self.good_until = Some(time);
        self
    }
}

/// The times for which an answer holds, both ends included.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: Timestamp,
    until: Timestamp,
}

impl Span {
    /// Not for times before this one.
    fn not_before(&mut self, time: Timestamp) {
        self.from = self.from.max(time);
    }

    /// Only for times before this one.
    fn before(&mut self, time: Timestamp) {
        self.until = self
            .until
            .min(Timestamp::from_millis(time.as_millis().saturating_sub(1)));
    }
}
