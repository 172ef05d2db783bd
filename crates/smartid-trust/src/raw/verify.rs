//! Verifies a bare signature.

use std::fmt;

use aws_lc_rs::digest::Digest;
use bytes::Bytes;
use smartid_core::Timestamp;

use super::{RawPolicy, RawSignature};
use crate::{Check, KeyType, Proof, PublicKey, Reason, Refusal, SignatureAlgorithm, Verified, Verify, der};

/// What is known after a bare signature was verified.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawContent {
    /// What was signed: the content of the policy.
    pub content: Bytes,
}

impl fmt::Debug for RawContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { content } = self;
        f.debug_struct("RawContent")
            .field("content_len", &content.len())
            .finish()
    }
}

impl Verify for RawSignature {
    type Policy = RawPolicy;
    type Fact = RawContent;

    /// Algorithm, key, signature, and for a certificate its chain. [`Check::ExpectedContent`] is always among what was checked: there
    /// is no other content than the verifier's.
    fn check(&self, policy: &RawPolicy, at: Timestamp) -> Result<Verified<RawContent>, Refusal> {
        let (algorithm, digest) = policy.mechanism.prepare(&policy.content)?;
        policy.algorithms.check(algorithm)?;
        let signed = Signed {
            algorithm,
            digest,
            content: &policy.content,
            octets: self.octets(),
        };
        let mut proof = self.proof(&signed, policy, at)?;
        proof.record(Check::ExpectedContent, true);
        let content = policy.content.clone();
        Ok(Verified::new(RawContent { content }, proof))
    }
}

impl RawSignature {
    fn proof(&self, signed: &Signed<'_>, policy: &RawPolicy, at: Timestamp) -> Result<Proof, Refusal> {
        let beside = self.certificates().split_first();
        let (keys, chain) = match (&policy.keys, &policy.chains, beside) {
            (Some(keys), ..) if keys.has_name(self.key_id()) => (Some(keys), None),
            (_, Some(chains), Some((certificate, sent))) => (None, Some((chains, certificate, sent))),
            (keys, ..) => (keys.as_ref(), None),
        };
        if let Some((chains, certificate, sent)) = chain {
            let key = certificate.public_key()?;
            signed.check(&key)?;
            let chain = chains.validate(certificate, sent, at)?;
            let mut proof = Proof::new(key, signed.algorithm, at);
            chain.record(&mut proof);
            return Ok(proof);
        }
        let keys = keys.ok_or(Reason::SignerCertificateMissing)?;
        let mut refused = Refusal::from(Reason::BadSignature);
        for key in keys.for_raw(self.key_id(), signed.algorithm)? {
            match signed.check(&key) {
                Ok(()) => {
                    let mut proof = Proof::new(key, signed.algorithm, at);
                    proof.record_named_by_verifier();
                    return Ok(proof);
                }
                Err(refusal) => refused = refusal,
            }
        }
        Err(refused)
    }
}

struct Signed<'a> {
    algorithm: SignatureAlgorithm,
    digest: Option<Digest>,
    content: &'a [u8],
    octets: &'a [u8],
}

impl Signed<'_> {
    fn check(&self, key: &PublicKey) -> Result<(), Refusal> {
        match self.verify(key, self.octets) {
            Err(refusal) if refusal.reason() == Reason::BadSignature => match self.as_asn1(key) {
                Some(octets) => self.verify(key, &octets),
                None => Err(refusal),
            },
            result => result,
        }
    }

    fn verify(&self, key: &PublicKey, octets: &[u8]) -> Result<(), Refusal> {
        match &self.digest {
            Some(digest) => key.verify_digest(self.algorithm, digest, octets),
            None => key.verify(self.algorithm, self.content, octets),
        }
    }

    /// Two numbers side by side, as ASN.1 (RFC 3279 2.2.3).
    fn as_asn1(&self, key: &PublicKey) -> Option<Vec<u8>> {
        let KeyType::Ec(curve) = key.key_type() else {
            return None;
        };
        let length = curve.coordinate_len();
        let (r, s) = self.octets.split_at_checked(length)?;
        (s.len() == length).then(|| der::sequence(&[&der::integer(r), &der::integer(s)]))
    }
}
