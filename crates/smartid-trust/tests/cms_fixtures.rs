//! CMS messages made by other producers, each with what a verifier has to say about it (`tests/fixtures/INDEX.toml`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::path::PathBuf;
use std::sync::Arc;

use smartid_core::Timestamp;
use smartid_trust::cms::{CmsPolicy, SignedData};
use smartid_trust::path::{ChainPolicy, Purpose, VerifierBuilder, WebpkiVerifier};
use smartid_trust::{Certificate, Reason, Unverified};

const DATA: &str = "1.2.840.113549.1.7.1";

/// What the words of the index are here. Several reasons where the index is coarser or finer than the crate.
fn reasons(word: &str) -> &'static [Reason] {
    match word {
        "verifies" => &[],
        "algorithm-not-for-key" => &[Reason::AlgorithmDoesNotFitKey],
        "attribute-not-single-valued" => &[Reason::AttributeNotSingleValued],
        "bad-signature" => &[Reason::BadSignature],
        "content-mismatch" => &[Reason::ContentDiffers],
        "content-missing" => &[Reason::ContentMissing],
        "content-type-mismatch" => &[Reason::ContentTypeDiffers],
        "content-type-missing" => &[Reason::ContentTypeMissing],
        "digest-mismatch" => &[Reason::MessageDigestDiffers],
        "digest-mismatch-of-algorithms" => &[Reason::DigestAlgorithmsDiffer],
        "digest-not-allowed" => &[Reason::AlgorithmUnknown],
        "duplicate-attribute" => &[Reason::AttributeRepeated],
        "key-too-small" => &[Reason::KeyTooSmall],
        "key-usage" => &[Reason::KeyUsage],
        "message-digest-missing" => &[Reason::MessageDigestMissing],
        "no-signers" => &[Reason::NoSigner],
        "not-signed-data" => &[Reason::NotSignedData],
        "signer-certificate-missing" => &[Reason::SignerCertificateMissing],
        "trailing-data" | "truncated" => &[Reason::Malformed],
        "expired" => &[Reason::Expired],
        "not-yet-valid" => &[Reason::NotYetValid],
        "unknown-issuer" => &[Reason::UnknownIssuer],
        other => panic!("the index says {other}, which is not known here"),
    }
}

/// Of the cases that the index leaves open, those that are refused here; the others verify.
///
/// SHA-224, the German plain ECDSA format and MGF1 with SHA-1 are not implemented. Versions that no standard names may mean anything.
const REFUSED: &[(&str, Reason)] = &[
    ("cms/openssl-rsa-sha224.der", Reason::AlgorithmUnknown),
    ("cms/bc-p256-plain.ber", Reason::AlgorithmUnknown),
    ("cms/pss-mgf-sha1.der", Reason::AlgorithmUnknown),
    ("cms/version-99.der", Reason::Malformed),
    ("cms/signer-version-99.der", Reason::Malformed),
];

struct Case(toml::Table);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

impl Case {
    fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.as_str().unwrap())
    }

    fn number(&self, key: &str) -> Option<usize> {
        let value = self.0.get(key)?.as_integer().unwrap();
        Some(value.try_into().unwrap())
    }

    fn certificates(&self, key: &str) -> Vec<Certificate> {
        let paths = self.0.get(key).and_then(|value| value.as_array());
        let read = |path: &toml::Value| {
            let path = folder().join(path.as_str().unwrap());
            let bytes = std::fs::read(&path).unwrap();
            let read = match std::str::from_utf8(&bytes) {
                Ok(pem) => Certificate::from_pem(pem),
                Err(_) => Certificate::from_der(bytes),
            };
            read.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()))
        };
        paths.into_iter().flatten().map(read).collect()
    }

    fn content(&self) -> Option<Vec<u8>> {
        if let Some(length) = self.number("content_length") {
            let octet = |index: usize| u8::try_from((7 * index + index / 256) % 256).unwrap();
            return Some((0..length).map(octet).collect());
        }
        self.text("content")
            .map(|path| std::fs::read(folder().join(path)).unwrap())
    }

    fn message(&self) -> Result<Unverified<SignedData>, Reason> {
        let path = folder().join(self.text("file").unwrap());
        let message = if path.extension().is_some_and(|extension| extension == "pem") {
            SignedData::parse_pem(&std::fs::read_to_string(path).unwrap())
        } else {
            SignedData::parse(std::fs::read(path).unwrap())
        };
        let message = message.map_err(|refusal| refusal.reason())?;
        Ok(match self.text("mode").unwrap() {
            "detached" | "both" => message.with_content(self.content().unwrap()),
            "attached" | "none" => message,
            other => panic!("the index says mode {other}"),
        })
    }

    fn policy(&self) -> CmsPolicy {
        let purpose = match self.text("purpose").unwrap() {
            "signing" => Purpose::signing(),
            "authentication" => Purpose::authentication(),
            "any" => Purpose::any(),
            other => panic!("the index says purpose {other}"),
        };
        let builder = self
            .certificates("root")
            .into_iter()
            .fold(WebpkiVerifier::builder(), VerifierBuilder::root);
        let verifier = builder.build().unwrap();
        let chains = Arc::new(ChainPolicy::new(Arc::new(verifier), purpose));
        CmsPolicy::certificates(chains).with_certificates(self.certificates("certificates"))
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.number("at").unwrap() as u64 * 1000)
    }

    /// The reason for refusing it; none: it verifies, and all that the index says about it is true.
    fn outcome(&self) -> Result<Option<Reason>, String> {
        let message = match self.message() {
            Ok(message) => message,
            Err(reason) => return Ok(Some(reason)),
        };
        let (policy, at) = (self.policy(), self.at());
        let reports = message.reports(&policy, at);
        let good = reports.iter().filter(|report| report.outcome.is_ok()).count();
        let signers = self.number("signers").unwrap_or(1);
        if reports.len() != signers {
            return Err(format!("{} signers", reports.len()));
        }
        if let Some(expected) = self.number("good_signers")
            && expected != good
        {
            return Err(format!("{good} good signers"));
        }
        let verified = match message.verify(&policy, at) {
            Ok(verified) => verified,
            Err(refusal) => return Ok(Some(refusal.reason())),
        };
        if let Some(content) = self.content()
            && verified.fact().content != content
        {
            return Err("another content".to_owned());
        }
        let kind = verified.fact().content_type.to_string();
        if kind != self.text("econtent_type").unwrap_or(DATA) {
            return Err(format!("content of type {kind}"));
        }
        Ok(None)
    }
}

fn cases() -> Vec<Case> {
    let index = std::fs::read_to_string(folder().join("INDEX.toml")).unwrap();
    let index: toml::Table = index.parse().unwrap();
    let cases = index["case"].as_array().unwrap().iter();
    let cases = cases.map(|case| Case(case.as_table().unwrap().clone()));
    cases.filter(|case| case.text("kind") == Some("cms")).collect()
}

#[test]
fn every_message_of_other_producers() {
    let mut wrong = Vec::new();
    let mut refused: Vec<&str> = REFUSED.iter().map(|(file, _)| *file).collect();
    let cases = cases();
    assert!(cases.len() > 100, "{}", cases.len());
    for case in &cases {
        let file = case.text("name").or(case.text("file")).unwrap();
        let expect = case.text("expect").unwrap();
        let outcome = case.outcome();
        let right = match (&outcome, expect) {
            (Err(_), _) => false,
            (Ok(outcome), "documented-refusal-or-verifies") => {
                refused.retain(|known| known != &file);
                let known = REFUSED.iter().find(|(known, _)| *known == file);
                *outcome == known.map(|(_, reason)| *reason)
            }
            (Ok(Some(_)), "refused") => true,
            (Ok(Some(reason)), word) => reasons(word).contains(reason),
            (Ok(None), word) => word == "verifies",
        };
        if !right {
            wrong.push(format!(
                "{file}: {expect}, but {outcome:?} ({})",
                case.text("note").unwrap()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(refused.is_empty(), "no such cases: {refused:?}");
}
