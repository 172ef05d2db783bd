//! Finds the certificate or key that made a signature, and why it is believed, within a budget of work.

use aws_lc_rs::digest::Digest;
use bytes::Bytes;
use smartid_core::Timestamp;

use super::attributes::SignedAttributes;
use super::candidates::Pool;
use super::message::MAX_MESSAGE_LEN;
use super::policy::{CmsPolicy, Trust};
use super::signer_info::{SignerIdentifier, SignerInfo};
use crate::evidence::Check;
use crate::{Certificate, Proof, PublicKey, Reason, Refusal, SignatureAlgorithm};

/// Most certificates that are tried for one signer.
const MAX_CANDIDATES: usize = 4;

/// Most chains of one message that may be refused: each can cost as much as path building allows, and whoever makes a message may fill it
/// with signers of his own.
const MAX_REFUSED_CHAINS: usize = 16;

/// Most bytes that signatures without a digest of their own (Ed25519 over the content itself) may take together: each reads all of the
/// content anew. Four of the largest messages.
const MAX_READ_ANEW: usize = 4 * MAX_MESSAGE_LEN;

/// What one signature is over, and by which algorithm.
pub(super) struct Signed<'a> {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) content: &'a Bytes,
    /// Of the content, when that is signed itself and the algorithm has one.
    pub(super) digest: Option<Digest>,
    pub(super) attributes: Option<SignedAttributes<'a>>,
    pub(super) signature: &'a [u8],
}

/// The work that one message may still cause.
pub(super) struct Budget {
    /// Bytes of content that are read anew.
    content: usize,
    refused_chains: usize,
}

impl Budget {
    pub(super) const fn new() -> Self {
        Self {
            content: MAX_READ_ANEW,
            refused_chains: MAX_REFUSED_CHAINS,
        }
    }
}

impl Signed<'_> {
    fn check(&self, key: &PublicKey, budget: &mut Budget) -> Result<(), Refusal> {
        let Some(attributes) = &self.attributes else {
            if let Some(digest) = &self.digest {
                return key.verify_digest(self.algorithm, digest, self.signature);
            }
            key.fits(self.algorithm)?;
            let left = budget.content.checked_sub(self.content.len());
            budget.content = left.ok_or(Refusal::new(Reason::TooLarge, "content for so many signers"))?;
            return key.verify(self.algorithm, self.content, self.signature);
        };
        match key.verify(self.algorithm, &attributes.signed_form(), self.signature) {
            Err(refusal) if refusal.reason() == Reason::BadSignature => match attributes.sorted_form() {
                Some(sorted) => key.verify(self.algorithm, &sorted, self.signature),
                None => Err(refusal),
            },
            result => result,
        }
    }
}

/// The search for the certificate or key that made one signature, and for why it is believed.
pub(super) struct Search<'a> {
    pub(super) signed: &'a Signed<'a>,
    pub(super) pool: &'a Pool,
    pub(super) policy: &'a CmsPolicy,
    pub(super) at: Timestamp,
    pub(super) budget: &'a mut Budget,
}

impl Search<'_> {
    pub(super) fn signer(&mut self, signer: &SignerInfo) -> Result<Proof, Refusal> {
        if let Trust::Keys(keys) = &self.policy.trust {
            return self.by_key(keys);
        }
        let pool = self.pool;
        let candidates = pool
            .certificates
            .iter()
            .filter(|certificate| signer.identifier.matches(certificate));
        let mut refused: Option<Refusal> = None;
        let mut passed: Option<Proof> = None;
        // Certificates that answer to the same identifier come from renewals with the same key, and from forgers. Exactly one must
        // pass everything; a forged one beside it changes nothing.
        for (tried, candidate) in candidates.enumerate() {
            if tried == MAX_CANDIDATES {
                return Err(Refusal::new(
                    Reason::SignerCertificateAmbiguous,
                    "too many to try",
                ));
            }
            match self.by_certificate(candidate) {
                Ok(_) if passed.is_some() => return Err(Reason::SignerCertificateAmbiguous.into()),
                Ok(proof) => passed = Some(proof),
                // What was refused after its signature had verified says more than a key that does not fit.
                Err(refusal) => {
                    let signature = [Reason::BadSignature, Reason::AlgorithmDoesNotFitKey];
                    if refused
                        .as_ref()
                        .is_none_or(|earlier| signature.contains(&earlier.reason()))
                    {
                        refused = Some(refusal);
                    }
                }
            }
        }
        match (passed, refused) {
            (Some(proof), _) => Ok(proof),
            (None, Some(refusal)) => Err(refusal),
            (None, None) => Err(self.nobody(&signer.identifier)),
        }
    }

    /// No certificate answers to the identifier.
    fn nobody(&self, identifier: &SignerIdentifier) -> Refusal {
        match (&self.policy.trust, self.pool.unreadable) {
            (Trust::Certificates(_), _) => Refusal::new(Reason::SignerNotNamed, identifier.to_string()),
            (_, 0) => Refusal::new(Reason::SignerCertificateMissing, identifier.to_string()),
            (_, unreadable) => Refusal::new(
                Reason::SignerCertificateMissing,
                format!("certificates that cannot be read: {unreadable}; {identifier}"),
            ),
        }
    }

    fn by_certificate(&mut self, certificate: &Certificate) -> Result<Proof, Refusal> {
        let key = certificate.public_key()?;
        self.signed.check(&key, self.budget)?;
        if let Some(attributes) = &self.signed.attributes {
            attributes.check_signing_certificate(certificate)?;
        }
        let mut proof = Proof::new(key, self.signed.algorithm, self.at);
        match &self.policy.trust {
            Trust::Chains(chains) => {
                let left = self.budget.refused_chains.checked_sub(1);
                let left = left.ok_or(Refusal::new(Reason::TooLarge, "signers whose chain is refused"))?;
                let others = self.pool.without(certificate);
                match chains.validate(certificate, &others, self.at) {
                    Ok(chain) => chain.record(&mut proof),
                    Err(refusal) => {
                        self.budget.refused_chains = left;
                        return Err(refusal);
                    }
                }
            }
            Trust::Certificates(_) | Trust::Keys(_) => {
                proof.chain = vec![certificate.clone()];
                proof.record_named_by_verifier();
            }
        }
        proof.record(Check::ExpectedContent, self.policy.expected.is_some());
        Ok(proof)
    }

    fn by_key(&mut self, keys: &[PublicKey]) -> Result<Proof, Refusal> {
        let mut refused = Refusal::new(Reason::SignerNotNamed, "no key is named");
        for key in keys {
            match self.signed.check(key, self.budget) {
                Ok(()) => {
                    let mut proof = Proof::new(key.clone(), self.signed.algorithm, self.at);
                    proof.record_named_by_verifier();
                    proof.record(Check::ExpectedContent, self.policy.expected.is_some());
                    return Ok(proof);
                }
                // It has to do with the content, not with the key.
                Err(refusal) if refusal.reason() == Reason::TooLarge => return Err(refusal),
                Err(refusal) => refused = refusal,
            }
        }
        match keys.len() {
            0 | 1 => Err(refused),
            count => Err(Refusal::new(
                Reason::SignerNotNamed,
                format!("the signature is by none of {count} keys"),
            )),
        }
    }
}
