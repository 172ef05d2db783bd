//! Certificates and revocation lists made by other producers, each with what a verifier has to say about it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test code"
)]

use std::path::Path;

use smartid_core::Timestamp;
use smartid_trust::path::{
    ChainRequest, ChainVerifier, Purpose, Revocation, RevocationList, RevocationStatus, WebpkiVerifier,
};
use smartid_trust::{Certificate, Reason, Refusal};
use toml::Value;

/// What each word of the index may be here. Words that are not listed fail the test.
fn reasons(word: &str) -> &'static [Reason] {
    match word {
        "algorithm-not-allowed" => &[Reason::AlgorithmUnknown],
        "algorithms-differ" | "trailing-data" => &[Reason::Malformed],
        "bad-signature" => &[Reason::BadChainSignature, Reason::CrlSignature],
        "crl-bad-signature" => &[Reason::CrlSignature],
        "crl-expired" => &[Reason::CrlExpired],
        "crl-not-supported" => &[Reason::CrlUnsupported],
        "crl-not-yet-valid" => &[Reason::CrlNotYetValid],
        "expired" => &[Reason::Expired],
        "extended-key-usage" => &[Reason::ExtendedKeyUsage],
        "key-too-small" => &[Reason::KeyTooSmall],
        "key-usage" => &[Reason::KeyUsage],
        "key-usage-ca" => &[Reason::CaKeyUsage],
        "name-constraints" => &[Reason::NameConstraint],
        "not-a-ca" => &[Reason::NotACa],
        "not-yet-valid" => &[Reason::NotYetValid],
        "path-length" => &[Reason::PathTooLong],
        "revocation-unknown" => &[Reason::RevocationUnknown],
        "revoked" => &[Reason::Revoked],
        "unknown-critical-extension" => &[Reason::CriticalExtension],
        "unknown-issuer" => &[Reason::UnknownIssuer],
        // Refused for whatever reason is right.
        "refused" => Reason::ALL,
        // Limits that the documentation of the verifier states.
        "documented-refusal-or-verifies" => &[
            Reason::AlgorithmUnknown,
            Reason::CriticalExtension,
            Reason::CrlUnsupported,
            Reason::Expired,
            Reason::ExtendedKeyUsage,
            Reason::NameConstraint,
            Reason::NotACa,
        ],
        _ => panic!("an unknown word: {word}"),
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names<'a>(case: &'a Value, key: &str) -> Vec<&'a str> {
    let list = case.get(key).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|name| name.as_str().unwrap())
        .collect()
}

fn certificates(case: &Value, key: &str) -> Result<Vec<Certificate>, Refusal> {
    names(case, key)
        .into_iter()
        .map(|name| Certificate::from_der(fixture(name)))
        .collect()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{key} in {case:?}"))
}

fn path(case: &Value) -> Result<(), Refusal> {
    let leaf = Certificate::from_der(fixture(text(case, "file")))?;
    let intermediates = certificates(case, "certificates")?;
    let seconds = u64::try_from(case["at"].as_integer().unwrap()).unwrap();
    let purpose = match text(case, "purpose") {
        "signing" => Purpose::signing(),
        "authentication" => Purpose::authentication(),
        "any" => Purpose::any(),
        other => panic!("an unknown purpose: {other}"),
    };
    let lists = names(case, "crls");
    let with_lists = !lists.is_empty();
    let lists: Vec<_> = lists
        .into_iter()
        .map(|name| RevocationList::from_der(fixture(name)))
        .collect::<Result<_, _>>()?;
    let verifier = WebpkiVerifier::builder()
        .roots(certificates(case, "root")?)
        .revocation_lists(lists)
        .revocation(if with_lists {
            Revocation::RequireForSigner
        } else {
            Revocation::IfGiven
        })
        .build()?;
    let at = Timestamp::from_millis(seconds * 1000);
    let chain = verifier.verify_chain(&ChainRequest::new(&leaf, &intermediates, &purpose, at))?;
    assert_eq!(chain.certificates.first(), Some(&leaf));
    assert_eq!(
        chain.revocation_of_signer,
        if with_lists {
            RevocationStatus::NotRevoked
        } else {
            RevocationStatus::NotChecked
        }
    );
    Ok(())
}

fn list(case: &Value) -> Result<(), Refusal> {
    let list = RevocationList::from_der(fixture(text(case, "file")))?;
    let issuer = Certificate::from_der(fixture(text(case, "issuer")))?;
    assert_eq!(list.issuer(), issuer.subject());
    list.is_signed_by(&issuer.public_key()?)
}

#[test]
fn every_case_of_the_index() {
    let index: Value = toml::from_slice(&fixture("INDEX.toml")).unwrap();
    let mut count = 0;
    let mut wrong = Vec::new();
    for case in index["case"].as_array().unwrap() {
        let outcome = match text(case, "kind") {
            "path" => path(case),
            "crl" => list(case),
            _ => continue,
        };
        count += 1;
        let word = text(case, "expect");
        let fine = match &outcome {
            Ok(()) => matches!(word, "verifies" | "documented-refusal-or-verifies"),
            Err(refusal) => word != "verifies" && reasons(word).contains(&refusal.reason()),
        };
        let name = case.get("name").unwrap_or(&case["file"]);
        if !fine {
            wrong.push(format!("{name:?}: {word}, but {outcome:?}"));
        } else if word == "documented-refusal-or-verifies" || word == "refused" {
            println!("{name:?}: {outcome:?}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 100, "{count} cases");
}
