//! Verifies a message, signer by signer.

use aws_lc_rs::digest::Digest;
use bytes::Bytes;
use smartid_core::Timestamp;

use super::ID_DATA;
use super::attributes::{self, SignedAttributes};
use super::candidates::Pool;
use super::fact::{SignedContent, SignerProof, SignerReport};
use super::message::SignedData;
use super::policy::{CmsPolicy, Signers};
use super::search::{Budget, Search, Signed};
use super::signer_info::{SignerIdentifier, SignerInfo};
use crate::{
    Certificate, DigestAlgorithm, Reason, Refusal, SignatureAlgorithm, Unverified, Verified, Verify,
};

impl Verify for SignedData {
    type Policy = CmsPolicy;
    type Fact = SignedContent;

    fn check(&self, policy: &CmsPolicy, at: Timestamp) -> Result<Verified<SignedContent>, Refusal> {
        if self.signers.is_empty() {
            return Err(Reason::NoSigner.into());
        }
        let content = self.content(policy)?;
        let mut signers = Vec::with_capacity(self.signers.len());
        for report in self.examine(content, policy, at) {
            // The first refusal is the answer; what the others would have cost is saved.
            if let (Signers::Every, Err(refusal)) = (&policy.signers, &report.outcome) {
                return Err(refusal.clone());
            }
            signers.push(report);
        }
        let proof = decide(&signers, &policy.signers)?.proof.clone();
        let fact = SignedContent {
            content_type: self.content_type.clone(),
            content: content.clone(),
            signers,
        };
        Ok(Verified::new(fact, proof))
    }
}

impl Unverified<SignedData> {
    /// Checks every signer for itself, as [`verify`](Unverified::verify) does, and reports them in the order of the message. Which of
    /// them must verify is not asked here. Empty when nobody signed. Content that is missing, or not what was supplied or expected,
    /// refuses every signer.
    #[must_use]
    pub fn reports(&self, policy: &CmsPolicy, at: Timestamp) -> Vec<SignerReport> {
        let message = self.danger_unverified();
        match message.content(policy) {
            Ok(content) => message.examine(content, policy, at).collect(),
            Err(refusal) => {
                let refused = message.signers.iter().map(|signer| SignerReport {
                    identifier: signer.identifier.clone(),
                    outcome: Err(refusal.clone()),
                });
                refused.collect()
            }
        }
    }
}

/// The signer whose proof is the message's.
fn decide<'a>(reports: &'a [SignerReport], demanded: &Signers) -> Result<&'a SignerProof, Refusal> {
    let first = reports.first().ok_or(Reason::NoSigner)?;
    let good = || reports.iter().find_map(|report| report.outcome.as_ref().ok());
    match demanded {
        // Every: none of them was refused, or it would not have come here.
        Signers::Every | Signers::Any => match good() {
            Some(proof) => Ok(proof),
            None => first.outcome.as_ref().map_err(Refusal::clone),
        },
        Signers::These(certificates) => {
            let proofs = certificates
                .iter()
                .map(|certificate| demanded_signer(reports, certificate));
            let proofs = proofs.collect::<Result<Vec<_>, _>>()?;
            proofs
                .first()
                .copied()
                .ok_or(Refusal::new(Reason::DemandedSignerMissing, "nobody is named"))
        }
    }
}

fn demanded_signer<'a>(
    reports: &'a [SignerReport],
    certificate: &Certificate,
) -> Result<&'a SignerProof, Refusal> {
    let made_by = |proof: &&SignerProof| match proof.proof.signer() {
        Some(signer) => signer == certificate,
        // The policy named keys: the key is what is known of the signer.
        None => certificate.public_key().is_ok_and(|key| key == proof.proof.key),
    };
    let mut good = reports.iter().filter_map(|report| report.outcome.as_ref().ok());
    if let Some(proof) = good.find(made_by) {
        return Ok(proof);
    }
    let refused = reports
        .iter()
        .find(|report| report.outcome.is_err() && report.identifier.matches(certificate));
    match refused.map(|report| &report.outcome) {
        Some(Err(refusal)) => Err(refusal.clone()),
        _ => Err(Refusal::new(
            Reason::DemandedSignerMissing,
            SignerIdentifier::of(certificate).to_string(),
        )),
    }
}

/// What is found out about the content, each once for all signers.
#[derive(Default)]
struct Found {
    digests: Vec<(DigestAlgorithm, Digest)>,
    looks_like_attributes: Option<bool>,
}

impl Found {
    fn digest(&mut self, content: &[u8], algorithm: DigestAlgorithm) -> Digest {
        if let Some((_, digest)) = self.digests.iter().find(|(known, _)| *known == algorithm) {
            return *digest;
        }
        let digest = algorithm.of(content);
        self.digests.push((algorithm, digest));
        digest
    }

    fn looks_like_attributes(&mut self, content: &[u8]) -> bool {
        *self
            .looks_like_attributes
            .get_or_insert_with(|| attributes::look_like_attributes(content))
    }
}

impl SignedData {
    /// The content that the signatures are over, if it is the one that is wanted.
    fn content(&self, policy: &CmsPolicy) -> Result<&Bytes, Refusal> {
        let content = match (&self.embedded, &self.supplied) {
            (Some(embedded), Some(supplied)) if embedded != supplied => {
                return Err(Reason::ContentDiffers.into());
            }
            (Some(content), _) | (None, Some(content)) => content,
            (None, None) => return Err(Reason::ContentMissing.into()),
        };
        match &policy.expected {
            Some(expected) if expected != content => Err(Reason::ContentUnexpected.into()),
            _ => Ok(content),
        }
    }

    /// Verifies the signers, each when it is asked for.
    fn examine<'a>(
        &'a self,
        content: &'a Bytes,
        policy: &'a CmsPolicy,
        at: Timestamp,
    ) -> impl Iterator<Item = SignerReport> + 'a {
        let pool = Pool::new(self, policy);
        let mut found = Found::default();
        let mut budget = Budget::new();
        self.signers.iter().map(move |signer| {
            let outcome = self.signed(signer, content, &mut found, policy);
            let outcome = outcome.and_then(|signed| {
                let mut search = Search {
                    signed: &signed,
                    pool: &pool,
                    policy,
                    at,
                    budget: &mut budget,
                };
                let proof = search.signer(signer)?;
                Ok(SignerProof {
                    proof,
                    claimed_signing_time: signed
                        .attributes
                        .as_ref()
                        .and_then(SignedAttributes::signing_time),
                    has_signed_attributes: signed.attributes.is_some(),
                })
            });
            SignerReport {
                identifier: signer.identifier.clone(),
                outcome,
            }
        })
    }

    /// Checks everything about a signer that needs no key.
    fn signed<'a>(
        &self,
        signer: &'a SignerInfo,
        content: &'a Bytes,
        found: &mut Found,
        policy: &CmsPolicy,
    ) -> Result<Signed<'a>, Refusal> {
        let digest = DigestAlgorithm::from_identifier(&signer.digest_algorithm)?;
        let algorithm = SignatureAlgorithm::from_identifier(&signer.signature_algorithm, Some(digest))?;
        if let Some(other) = algorithm.digest().filter(|other| *other != digest) {
            return Err(Refusal::new(
                Reason::DigestAlgorithmsDiffer,
                format!("{digest:?} and {other:?}"),
            ));
        }
        policy.algorithms.check(algorithm)?;
        let attributes = match &signer.signed_attributes {
            Some(as_sent) => {
                // Ed25519 takes any message; the digest in the attributes is the weaker link (RFC 8419 3.1).
                policy.algorithms.check_digest(digest)?;
                let attributes = SignedAttributes::read(as_sent)?;
                attributes.check_content_type(&self.content_type)?;
                attributes.check_message_digest(found.digest(content, digest).as_ref())?;
                Some(attributes)
            }
            None if policy.attributes_demanded => {
                return Err(Refusal::new(
                    Reason::SignedAttributesMissing,
                    "the policy demands them",
                ));
            }
            None if self.content_type != ID_DATA => {
                return Err(Refusal::new(
                    Reason::SignedAttributesMissing,
                    format!("the content is of type {}", self.content_type),
                ));
            }
            None if found.looks_like_attributes(content) => {
                return Err(Reason::AttributesAsContent.into());
            }
            None => None,
        };
        let bare = algorithm.digest().filter(|_| attributes.is_none());
        Ok(Signed {
            algorithm,
            content,
            digest: bare.map(|digest| found.digest(content, digest)),
            attributes,
            signature: &signer.signature,
        })
    }
}
