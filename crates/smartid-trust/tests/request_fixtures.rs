//! Requests made by OpenSSL, keytool and Python, and edits of them that must be refused; `fixtures/INDEX.toml` says which is which.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::path::Path;

use smartid_core::Timestamp;
use smartid_trust::request::{CertificationRequest, KeyRequirement, RequestPolicy, RequestTemplate};
use smartid_trust::{Curve, KeyType, Reason, Refusal, Verified};
use toml::{Table, Value};

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn read(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text<'a>(case: &'a Table, key: &str) -> Option<&'a str> {
    case.get(key).map(|value| value.as_str().unwrap())
}

fn requirement(name: &str) -> KeyRequirement {
    match name {
        "RSA-1024" => KeyRequirement::rsa(1024),
        "RSA-2048" => KeyRequirement::rsa(2048),
        "P-256" => KeyRequirement::ec(Curve::P256),
        "P-384" => KeyRequirement::ec(Curve::P384),
        "Ed25519" => KeyRequirement::ed25519(),
        other => panic!("unknown key type {other}"),
    }
}

/// The reasons that a word of the index stands for; `None`: it verifies.
fn expected(word: &str) -> Option<&'static [Reason]> {
    Some(match word {
        "verifies" => return None,
        "refused" => &[Reason::RequestVersion, Reason::RequestSha1],
        "unsupported-version" => &[Reason::RequestVersion],
        "digest-not-allowed" => &[Reason::RequestSha1],
        "bad-signature" => &[Reason::BadSignature],
        "subject-differs" => &[Reason::RequestSubject],
        "names-differ" => &[Reason::RequestAltNames],
        "throw-away-key" => &[Reason::RequestThrowAwayKey],
        "key-type-differs" => &[Reason::RequestKey],
        "key-too-small" => &[Reason::KeyTooSmall],
        "duplicate-extension" | "trailing-data" | "truncated" => &[Reason::Malformed],
        other => panic!("unknown word {other}"),
    })
}

fn policy(case: &Table) -> RequestPolicy {
    let asked = text(case, "asked_key_type").or(text(case, "key_type")).unwrap();
    let key = requirement(asked);
    let Some(path) = text(case, "template") else {
        return RequestPolicy::without_template(key);
    };
    let template = RequestTemplate::passthrough(read(path));
    if let Some(path) = text(case, "template_key") {
        let pem = String::from_utf8(read(path)).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let spki = smartid_core::base64::decode(smartid_core::base64::Flavour::Standard, &body).unwrap();
        assert_eq!(template.throw_away_key().unwrap().spki_der(), spki);
    }
    RequestPolicy::from_template(&template, key)
}

fn verify(case: &Table, policy: &RequestPolicy) -> Result<Verified<CertificationRequest>, Refusal> {
    let file = text(case, "file").unwrap();
    let bytes = read(file);
    let request = if Path::new(file)
        .extension()
        .is_some_and(|extension| extension == "pem")
    {
        CertificationRequest::from_pem(&String::from_utf8(bytes).unwrap())
    } else {
        CertificationRequest::from_der(bytes)
    };
    request?.verify(policy, AT)
}

#[test]
fn every_request_of_other_producers_is_judged_as_the_index_says() {
    let index: Table = String::from_utf8(read("INDEX.toml")).unwrap().parse().unwrap();
    let cases = index["case"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case.as_table().unwrap());
    let mut count = 0;
    for case in cases.filter(|case| text(case, "kind") == Some("request")) {
        count += 1;
        let name = text(case, "name").or(text(case, "file")).unwrap();
        let policy = policy(case);
        let verdict = verify(case, &policy);
        let word = text(case, "expect").unwrap();
        // Where either is right, this crate verifies: re-coded texts, another order of names, attributes left out.
        let word = if word == "documented-refusal-or-verifies" {
            "verifies"
        } else {
            word
        };
        match (expected(word), &verdict) {
            (None, Ok(verified)) => {
                let key_type = verified.proof().key.key_type();
                assert!(
                    requirement(text(case, "key_type").unwrap()).accepts(key_type),
                    "{name}: {key_type:?}"
                );
            }
            (Some(reasons), Err(refusal)) if reasons.contains(&refusal.reason()) => {}
            _ => panic!("{name}: {word}, but {verdict:?}"),
        }
        if case.get("quirk") == Some(&Value::Boolean(true)) {
            let verified = verify(case, &policy.accept_version_2().accept_sha1_self_signature());
            let verified = verified.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert!(
                matches!(verified.proof().key.key_type(), KeyType::Rsa { .. }),
                "{name}"
            );
        }
    }
    assert!(count >= 40, "{count}");
}
