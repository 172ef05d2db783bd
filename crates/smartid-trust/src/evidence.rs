//! Signed data before and after it was verified.
//!
//! What a device or a server sends is an [`Unverified`] value: its content cannot be read. [`Unverified::verify`] checks it against a
//! policy and makes a [`Verified`] value, which holds the content together with the [`Proof`]: who signed, by which chain, at which
//! time it was checked, what was checked and what was not. Reading without checking is possible, for a diagnosis, through methods that
//! have `danger` in their name.

use std::fmt;

use smartid_core::Timestamp;

use crate::{Certificate, PublicKey, Refusal, SignatureAlgorithm};

/// What can be verified: the parsed form of a signed message. Implemented by this crate only.
pub trait Verify {
    /// What the verifier demands.
    type Policy;
    /// What is known once it is verified.
    type Fact;

    /// Checks everything that `policy` demands, as of `at`.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    fn check(&self, policy: &Self::Policy, at: Timestamp) -> Result<Verified<Self::Fact>, Refusal>;
}

/// Data that nobody has checked yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Unverified<T>(T);

impl<T> Unverified<T> {
    /// Marks data as not checked.
    #[must_use]
    pub const fn new(data: T) -> Self {
        Self(data)
    }

    /// The data, unchecked. Whoever wrote them may have written anything: use them to log a diagnosis, to choose a policy, never to
    /// decide about a user.
    #[must_use]
    pub const fn danger_unverified(&self) -> &T {
        &self.0
    }

    /// As [`danger_unverified`](Self::danger_unverified), taking the data out.
    #[must_use]
    pub fn danger_into_unverified(self) -> T {
        self.0
    }
}

impl<T: Verify> Unverified<T> {
    /// Checks everything that `policy` demands, as of `at`.
    ///
    /// # Errors
    /// The [`Refusal`] of the first check that failed.
    pub fn verify(&self, policy: &T::Policy, at: Timestamp) -> Result<Verified<T::Fact>, Refusal> {
        let result = self.0.check(policy, at);
        match &result {
            Ok(_) => tracing::debug!(target: "smartid::trust", "evidence verified"),
            Err(refusal) => {
                tracing::warn!(target: "smartid::trust", reason = refusal.reason().code(), "evidence refused");
            }
        }
        result
    }
}

impl<T> fmt::Debug for Unverified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_unread) = self;
        f.write_str("Unverified(..)")
    }
}

/// Something that can be checked about a piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// The signature, with an algorithm that the verifier allows and that fits the key. Of a certification request: its self-signature,
    /// which shows that the requester has the private key and nothing about who it is.
    Signature,
    /// The key is one that the verifier named (a JWK, a certificate given by the caller).
    KeyNamedByVerifier,
    /// A chain of certificates to a configured root.
    Chain,
    /// The validity times of every certificate of the chain; the root's only as far as the chain verifier looks at them
    /// ([`root_may_be_expired`](crate::path::VerifierBuilder::root_may_be_expired)).
    Validity,
    /// Key usage and extended key usage against the purpose; not checked when the purpose is [any](crate::path::Purpose::any).
    Purpose,
    /// Revocation of the signer's certificate, by a CRL.
    RevocationOfSigner,
    /// Revocation of the intermediates, by CRLs. Checked too when lists are configured and the chain has no intermediates.
    RevocationOfIntermediates,
    /// The content is what the verifier expected, byte for byte.
    ExpectedContent,
    /// Names, keys and sizes of a certification request against its template.
    Template,
}

/// How a piece of evidence was verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Proof {
    /// The key that made the signature; for a certificate that came alone, its own key.
    pub key: PublicKey,
    /// The algorithm that it was made with; for a certificate that came alone, the one that its issuer signed it with.
    pub algorithm: SignatureAlgorithm,
    /// The chain that was validated: the signer's certificate first, the configured root last. Empty when the key was named by the
    /// verifier without a certificate.
    pub chain: Vec<Certificate>,
    /// The time as of which it was checked.
    pub at: Timestamp,
    /// What was checked, and passed.
    pub checked: Vec<Check>,
    /// What was not checked, because the policy did not ask for it or nothing was there to check it with. Never silent: a revocation
    /// that nobody looked at is here.
    pub not_checked: Vec<Check>,
}

impl Proof {
    /// A proof without a chain.
    pub(crate) fn new(key: PublicKey, algorithm: SignatureAlgorithm, at: Timestamp) -> Self {
        Self {
            key,
            algorithm,
            chain: Vec::new(),
            at,
            checked: vec![Check::Signature],
            not_checked: Vec::new(),
        }
    }

    /// A proof about a certificate that came alone: nobody has shown that he has its key.
    pub(crate) fn without_signature(key: PublicKey, algorithm: SignatureAlgorithm, at: Timestamp) -> Self {
        Self {
            checked: Vec::new(),
            not_checked: vec![Check::Signature],
            ..Self::new(key, algorithm, at)
        }
    }

    /// Writes down whether a check was made.
    pub(crate) fn record(&mut self, check: Check, made: bool) {
        if made {
            self.checked.push(check);
        } else {
            self.not_checked.push(check);
        }
    }

    /// Writes down that the key is one that the verifier named, and that no chain stands behind it.
    pub(crate) fn record_named_by_verifier(&mut self) {
        self.record(Check::KeyNamedByVerifier, true);
        for check in [
            Check::Chain,
            Check::Validity,
            Check::Purpose,
            Check::RevocationOfSigner,
            Check::RevocationOfIntermediates,
        ] {
            self.record(check, false);
        }
    }

    /// The signer's certificate, when there is one.
    #[must_use]
    pub fn signer(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// Whether `check` was made.
    #[must_use]
    pub fn was_checked(&self, check: Check) -> bool {
        self.checked.contains(&check)
    }
}

/// Data that were checked, and the proof.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    fact: T,
    proof: Proof,
}

impl<T> Verified<T> {
    /// Only this crate can say that something is verified.
    pub(crate) const fn new(fact: T, proof: Proof) -> Self {
        Self { fact, proof }
    }

    /// What is now known.
    #[must_use]
    pub const fn fact(&self) -> &T {
        &self.fact
    }

    /// How it was verified.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Both, taken apart.
    #[must_use]
    pub fn into_parts(self) -> (T, Proof) {
        (self.fact, self.proof)
    }

    /// Reads the content further, keeping the proof: typed reading comes after verification.
    ///
    /// # Errors
    /// Whatever `read` answers.
    pub fn try_map<U, E>(self, read: impl FnOnce(T) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified {
            fact: read(self.fact)?,
            proof: self.proof,
        })
    }
}
