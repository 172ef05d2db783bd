//! Messages that other programs made, and edits of them: every JWS of the fixtures' index.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use smartid_core::Timestamp;
use smartid_trust::jws::{JwkSet, Jws, JwsAlgorithm, JwsPolicy};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{Certificate, Reason, Refusal};

#[derive(Deserialize)]
struct Index {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: Option<String>,
    file: String,
    kind: String,
    expect: String,
    key: Option<String>,
    #[serde(default)]
    root: Vec<String>,
    #[serde(default)]
    certificates: Vec<String>,
    payload: Option<String>,
    algorithms: Option<Vec<String>>,
    purpose: Option<String>,
    at: Option<u64>,
}

fn fixture(path: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn certificates(paths: &[String]) -> Vec<Certificate> {
    let read = |path: &String| match Certificate::from_der(fixture(path)) {
        Ok(certificate) => certificate,
        Err(refusal) => panic!("{path}: {refusal}"),
    };
    paths.iter().map(read).collect()
}

/// What the index calls a refusal, and the reasons that say it here.
fn reasons(word: &str) -> &'static [Reason] {
    match word {
        "algorithm-not-allowed" => &[
            Reason::AlgorithmNotAllowed,
            Reason::AlgorithmUnknown,
            Reason::JwsNotSigned,
            Reason::JwsSymmetric,
        ],
        "algorithm-not-for-key" => &[Reason::AlgorithmDoesNotFitKey],
        "bad-signature" => &[Reason::BadSignature],
        "crit-not-understood" => &[Reason::JwsCritical],
        "duplicate-member" => &[Reason::DuplicateMember],
        "expired" => &[Reason::Expired],
        "header-invalid" => &[Reason::JwsHeader, Reason::JwsAlgorithmMissing],
        "key-invalid" => &[Reason::KeyInvalid],
        "key-not-active" => &[Reason::JwkNotActive],
        "key-not-for-signatures" => &[Reason::JwkUse],
        "key-not-supported" => &[Reason::KeyUnsupported, Reason::JwsSymmetric],
        "key-source-not-allowed" => &[Reason::JwsKeySource],
        "key-too-small" => &[Reason::KeyTooSmall],
        "no-key" => &[Reason::JwsNoKey],
        "not-base64url" => &[Reason::NotBase64Url, Reason::JwsWhiteSpace],
        "part-count" => &[Reason::JwsParts],
        "signature-length" => &[Reason::JwsSignatureLength],
        "trailing-data" => &[Reason::Malformed],
        "unknown-issuer" => &[Reason::UnknownIssuer],
        "unknown-key" => &[Reason::JwsKeyUnknown],
        "x5c-not-base64" => &[Reason::X5cEncoding],
        other => panic!("the index has a new word: {other}"),
    }
}

/// Cases in which the index names one of several right answers, and ours is another.
fn ours(name: &str) -> Option<&'static [Reason]> {
    Some(match name {
        // The CA's certificate comes first and is refused as a signer before its key is tried.
        "jws/bad-x5c-order.jws" => &[Reason::CaAsEndEntity, Reason::KeyUsage],
        // A message that brings its own key is refused for that.
        "jws/bad-jwk-beside-kid.jws" => &[Reason::JwsKeySource],
        // What is configured as a root is no CA's certificate, which is found before any message is looked at.
        "jws/bad-x5c-unknown-root.jws" => &[Reason::NotACa],
        _ => return None,
    })
}

/// What is decided here where the index leaves it open.
fn decided(name: &str) -> Result<(), Reason> {
    match name {
        "jws/no-kid-single-key.jws"
        | "jws/payload-empty.jws"
        | "jws/bad-key-keystate-ACTIVE-upper.jws"
        | "jws/key-set-duplicate-kid.jws"
        | "jws/key-set-unusable-beside.jws" => Ok(()),
        "jws/bad-key-private.jws" => Err(Reason::JwkPrivate),
        other => panic!("the index leaves something new open: {other}"),
    }
}

fn policy(case: &Case) -> Result<JwsPolicy, Refusal> {
    let mut policy = match &case.key {
        Some(path) => JwsPolicy::keys(JwkSet::from_json(fixture(path))?),
        None => {
            let verifier = WebpkiVerifier::builder()
                .roots(certificates(&case.root))
                .intermediates(certificates(&case.certificates))
                .build()?;
            let purpose = match case.purpose.as_deref() {
                Some("signing") => Purpose::signing(),
                Some("authentication") => Purpose::authentication(),
                Some("any") => Purpose::any(),
                other => panic!("{other:?}"),
            };
            JwsPolicy::certificates(Arc::new(ChainPolicy::new(Arc::new(verifier), purpose)))
        }
    };
    if let Some(names) = &case.algorithms {
        let named = names.iter().map(|name| JwsAlgorithm::from_name(name).unwrap());
        policy = policy.allowing(named);
    }
    Ok(policy)
}

fn run(case: &Case) -> Result<(), Refusal> {
    // No case without a time depends on it.
    let at = Timestamp::from_millis(case.at.unwrap_or(1_767_225_600) * 1000);
    let policy = policy(case)?;
    let jws = Jws::parse(fixture(&case.file))?;
    // Twice, so that what the policy remembers is used as well.
    let first = jws.verify(&policy, at);
    let again = Jws::parse(fixture(&case.file))?.verify(&policy, at);
    assert_eq!(
        first.as_ref().map(drop).map_err(Refusal::reason),
        again.as_ref().map(drop).map_err(Refusal::reason)
    );
    let content = first?.into_parts().0;
    let payload = case.payload.as_ref().map_or_else(Vec::new, |path| fixture(path));
    assert_eq!(content.payload, payload, "{}", case.file);
    Ok(())
}

#[test]
fn every_case_of_the_index() {
    let index: Index = toml::from_str(&String::from_utf8(fixture("INDEX.toml")).unwrap()).unwrap();
    let mut counts = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in index.case.iter().filter(|case| case.kind == "jws") {
        let name = case.name.as_deref().unwrap_or(&case.file);
        let got = run(case).map_err(|refusal| refusal.reason());
        let right = match (case.expect.as_str(), ours(name)) {
            ("verifies", None) => got == Ok(()),
            ("documented-refusal-or-verifies", None) => got == decided(name),
            (_, Some(reasons)) => got.is_err_and(|reason| reasons.contains(&reason)),
            (word, None) => got.is_err_and(|reason| reasons(word).contains(&reason)),
        };
        if !right {
            wrong.push(format!("{name}: {got:?} instead of {}", case.expect));
        }
        *counts.entry(got.is_ok()).or_insert(0) += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // So that an index that lost its cases is noticed.
    assert!(counts[&true] >= 40 && counts[&false] >= 60, "{counts:?}");
}
