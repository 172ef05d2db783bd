//! Verifies a JWS.

use std::sync::Arc;

use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};

use super::header::JwsHeader;
use super::message::{Jws, JwsContent};
use super::policy::JwsPolicy;
use super::remembered::{Resolved, Source};
use crate::path::ChainPolicy;
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
        let header = match &remembered {
            Some(resolved) => Arc::clone(&resolved.header),
            None => Arc::clone(self.shared_header().map_err(Clone::clone)?),
        };
        let algorithm = header.algorithm();
        policy.check_algorithm(algorithm)?;
        let (resolved, new) = match remembered {
            Some(resolved) => (resolved, false),
            None => {
                let source = policy.source(&header, at)?;
                let header = Arc::clone(&header);
                (Arc::new(Resolved { header, source }), true)
            }
        };
        if algorithm
            .signature_len()
            .is_some_and(|length| length != self.signature().len())
        {
            return Err(Refusal::new(
                Reason::JwsSignatureLength,
                format!("{} bytes for {algorithm}", self.signature().len()),
            ));
        }

        let proof_by = |key: &PublicKey| {
            let algorithm = algorithm.signature_algorithm();
            key.verify_jose(algorithm, self.signed(), self.signature())?;
            Ok(Proof::new(key.clone(), algorithm, at))
        };
        let mut proof = match &resolved.source {
            Source::Named(keys) => {
                let mut proof = first_that_works(keys, proof_by)?;
                proof.record_named_by_verifier();
                proof
            }
            Source::Chain { key, chain: passed } => {
                let mut proof = proof_by(key)?;
                passed.chain.record(&mut proof);
                proof
            }
        };
        if new {
            policy.remembered.put(self.header_text(), resolved);
        }

        policy.check_type(&header)?;
        if policy
            .expected
            .as_ref()
            .is_some_and(|expected| expected != self.payload())
        {
            return Err(Reason::ContentUnexpected.into());
        }
        proof.record(Check::ExpectedContent, policy.expected.is_some());
        let content = JwsContent {
            payload: self.payload().clone(),
            header,
        };
        Ok(Verified::new(content, proof))
    }
}

/// What the first key that does not refuse makes of it, or the refusal of the last.
fn first_that_works(
    keys: &[PublicKey],
    proof_by: impl Fn(&PublicKey) -> Result<Proof, Refusal>,
) -> Result<Proof, Refusal> {
    let mut result = Err(Reason::BadSignature.into());
    for key in keys {
        result = proof_by(key);
        if result.is_ok() {
            break;
        }
    }
    result
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
        if let Some(keys) = by_name {
            return Ok(Source::Named(keys.candidates(header, self.try_all)?));
        }
        match (&self.chains, certificates, &self.keys) {
            (Some(chains), Some(certificates), _) => self.chain(chains, header, certificates, at),
            (_, _, Some(keys)) => Ok(Source::Named(keys.candidates(header, self.try_all)?)),
            (_, None, None) | (None, _, None) => Err(Refusal::new(Reason::JwsNoKey, "no certificate in x5c")),
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
        let chain = chains.passed(leaf, sent, at)?;
        Ok(Source::Chain { key, chain })
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
