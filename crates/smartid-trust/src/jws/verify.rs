//! Verifies a JWS.

use std::ops::RangeInclusive;
use std::sync::Arc;

use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};

use super::header::JwsHeader;
use super::message::{Jws, JwsContent};
use super::policy::JwsPolicy;
use super::remembered::{Resolved, Source};
use crate::path::{ChainPolicy, ValidatedChain};
use crate::{Certificate, Check, DigestAlgorithm, Proof, PublicKey, Reason, Refusal, Verified, Verify};

impl Verify for Jws {
    type Policy = JwsPolicy;
    type Fact = JwsContent;

    /// Algorithm, key, signature, then type and payload.
    ///
    /// The proof of a message by a key of the verifier's set has [`Check::KeyNamedByVerifier`] among what was checked, and chain,
    /// validity, purpose and revocation among what was not: there was no certificate to check them with, the key is believed because
    /// it was configured.
    fn check(&self, policy: &JwsPolicy, at: Timestamp) -> Result<Verified<JwsContent>, Refusal> {
        let remembered = policy.remembered.get(self.header_text(), at);
        let known = remembered.is_some();
        let resolved = match remembered {
            Some(resolved) => resolved,
            None => {
                let header = self.shared_header().map_err(Clone::clone)?;
                policy
                    .algorithms
                    .check(header.algorithm().signature_algorithm())?;
                Arc::new(Resolved {
                    header: Arc::clone(header),
                    source: policy.source(header, at)?,
                })
            }
        };
        let header = &resolved.header;
        let algorithm = header.algorithm();
        policy.algorithms.check(algorithm.signature_algorithm())?;
        if algorithm
            .signature_len()
            .is_some_and(|length| length != self.signature().len())
        {
            return Err(Refusal::new(
                Reason::JwsSignatureLength,
                format!("{} bytes for {algorithm}", self.signature().len()),
            ));
        }

        let signed_by = |key: &PublicKey| {
            key.verify_jose(algorithm.signature_algorithm(), self.signed(), self.signature())
        };
        let mut proof = match &resolved.source {
            Source::Named(keys) => {
                let mut result = Err(Refusal::from(Reason::BadSignature));
                let mut signer = None;
                for key in keys {
                    result = signed_by(key);
                    if result.is_ok() {
                        signer = Some(key);
                        break;
                    }
                }
                let key =
                    signer.map_or_else(|| Err(result.err().unwrap_or(Reason::BadSignature.into())), Ok)?;
                named_by_verifier(Proof::new(key.clone(), algorithm.signature_algorithm(), at))
            }
            Source::Chain { key, chain, .. } => {
                signed_by(key)?;
                let mut proof = Proof::new(key.clone(), algorithm.signature_algorithm(), at);
                chain.record(&mut proof);
                proof
            }
        };
        if !known {
            policy.remembered.put(self.header_text(), Arc::clone(&resolved));
        }

        policy.check_type(header)?;
        match &policy.expected {
            Some(expected) if expected == self.payload() => proof.checked.push(Check::ExpectedContent),
            Some(_) => return Err(Reason::JwsPayload.into()),
            None => proof.not_checked.push(Check::ExpectedContent),
        }
        let content = JwsContent {
            payload: self.payload().clone(),
            header: Arc::clone(header),
        };
        Ok(Verified::new(content, proof))
    }
}

fn named_by_verifier(mut proof: Proof) -> Proof {
    proof.checked.push(Check::KeyNamedByVerifier);
    proof.not_checked.extend([
        Check::Chain,
        Check::Validity,
        Check::Purpose,
        Check::RevocationOfSigner,
        Check::RevocationOfIntermediates,
    ]);
    proof
}

impl JwsPolicy {
    /// Finds the key. What is answered depends on the header, the policy and, within the window, the time; on nothing else of the
    /// message, because it will be used for other messages with the same header.
    fn source(&self, header: &JwsHeader, at: Timestamp) -> Result<Source, Refusal> {
        let certificates = header.certificates().filter(|list| !list.is_empty());
        let by_name = self.keys.as_ref().filter(|keys| keys.names(header));
        if let Some(foreign) = header.foreign_key_source() {
            let another = by_name.is_some() || (self.chains.is_some() && certificates.is_some());
            if !(another && self.ignore_key_sources) {
                return Err(Refusal::new(Reason::JwsKeySource, foreign));
            }
        }
        match (by_name.or(self.keys.as_ref()), &self.chains, certificates) {
            (Some(keys), ..) if by_name.is_some() => {
                Ok(Source::Named(keys.candidates(header, self.try_all)?))
            }
            (_, Some(chains), Some(certificates)) => self.chain(chains, header, certificates, at),
            (Some(keys), ..) => Ok(Source::Named(keys.candidates(header, self.try_all)?)),
            (None, ..) => Err(Refusal::new(Reason::JwsNoKey, "no certificate in x5c")),
        }
    }

    fn chain(
        &self,
        chains: &ChainPolicy,
        header: &JwsHeader,
        certificates: &[Certificate],
        at: Timestamp,
    ) -> Result<Source, Refusal> {
        let (leaf, sent) = certificates
            .split_first()
            .ok_or(Refusal::new(Reason::JwsNoKey, "no certificate in x5c"))?;
        if let Some(thumbprint) = header.certificate_thumbprint() {
            let digest = DigestAlgorithm::Sha256.of(leaf.der());
            if base64::encode(Flavour::Url, digest.as_ref()) != thumbprint {
                return Err(Reason::X5tMismatch.into());
            }
        }
        let key = leaf.public_key()?;
        header.algorithm().fits(&key)?;
        let chain = if self.intermediates.is_empty() {
            chains.validate(leaf, sent, at)?
        } else {
            let all: Vec<_> = sent.iter().chain(&self.intermediates).cloned().collect();
            chains.validate(leaf, &all, at)?
        };
        let window = window(&chain, at);
        Ok(Source::Chain { key, chain, window })
    }

    /// RFC 7515 4.1.9.
    fn check_type(&self, header: &JwsHeader) -> Result<(), Refusal> {
        let Some(wanted) = &self.message_type else {
            return Ok(());
        };
        let plain = |text: &str| {
            let text = text.to_ascii_lowercase();
            match text.strip_prefix("application/") {
                Some(rest) if !rest.contains('/') => rest.to_owned(),
                _ => text,
            }
        };
        match header.message_type() {
            Some(found) if plain(found) == plain(wanted) => Ok(()),
            Some(found) => Err(Refusal::new(
                Reason::JwsType,
                format!("typ {}", super::algorithm::shown(found)),
            )),
            None => Err(Refusal::new(Reason::JwsType, "no typ")),
        }
    }
}

/// From `at`, because an earlier time may fall before a certificate or a list became valid, until the first of them ends.
fn window(chain: &ValidatedChain, at: Timestamp) -> Option<RangeInclusive<Timestamp>> {
    let ends = chain.certificates.iter().map(Certificate::not_after);
    Some(at..=ends.fold(chain.good_until?, Timestamp::min))
}
