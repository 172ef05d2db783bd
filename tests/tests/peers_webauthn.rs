//! Registrations checked by programs that are not ours: python-fido2 and webauthn from PyPI, @simplewebauthn/server from npm.
//!
//! They see what the simulator's authenticator makes and what our client sends to Digital Access, in every format and algorithm, and
//! hostile copies of all that, which they and we must refuse.
//!
//! Run by name: `cargo test -p smartid-tests --test peers_webauthn -- --ignored`. A missing program fails the tests, nothing is skipped.
//! `SMARTID_PYTHON` names a Python with `fido2` and `webauthn`, `SMARTID_NODE_MODULES` the folder where `npm ci` was run with
//! `tests/peers/package.json`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::collections::BTreeSet;

use serde_json::Value;
use smartid_tests::peers::{
    CHANGES, Change, KINDS, hostile_copies, judged, node_verifier, ours, python_verifiers, sent,
};

async fn made() -> Vec<Value> {
    let lines = smartid_sim::sample_registrations().await.unwrap();
    lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Those that are good, and the hostile copies that each of the three must refuse.
fn all(lines: &[Value]) -> Vec<Value> {
    let hostile = hostile_copies(lines);
    let without = lines.iter().filter(|line| line["attestation"] == "none").count();
    // Format `none` has no signature.
    assert_eq!(hostile.len(), lines.len() * CHANGES.len() - without);
    let copies = hostile.into_iter().filter_map(|(change, copy)| {
        // Without a signature the three libraries do not look whether the id beside the credential is the one in it. We do.
        let overlooked = change == Change::CredentialId && copy["attestation"] == "none";
        (!overlooked).then_some(copy)
    });
    lines.iter().cloned().chain(copies).collect()
}

fn by_three_others(lines: &[Value]) {
    let of: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["algorithm"].as_i64().unwrap(),
                line["attestation"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(of, KINDS);
    let lines = all(lines);
    let said = judged(python_verifiers(), &lines);
    assert!(said.contains("fido2: 16 verified"), "{said}");
    assert!(said.contains("webauthn: 19 verified"), "{said}");
    let said = judged(node_verifier(), &lines);
    assert!(said.contains("simplewebauthn: 22 verified"), "{said}");
}

#[tokio::test]
#[ignore = "needs python-fido2, webauthn and @simplewebauthn/server"]
async fn what_the_authenticator_makes_is_verified_by_three_others_and_hostile_copies_are_refused() {
    by_three_others(&made().await);
}

#[tokio::test]
#[ignore = "needs python-fido2, webauthn and @simplewebauthn/server"]
async fn what_the_client_sends_is_verified_by_three_others_and_hostile_copies_are_refused() {
    by_three_others(&sent().await);
}

#[tokio::test]
#[ignore = "needs python-fido2, webauthn and @simplewebauthn/server"]
async fn the_verifiers_do_fail_when_something_else_comes_than_they_should_see() {
    let lines = made().await;
    let mut refused = Change::Origin.copy(&lines[0]).unwrap();
    refused["expect"] = "verified".into();
    let mut accepted = lines[0].clone();
    accepted["expect"] = "refused".into();
    for verifier in [python_verifiers, node_verifier] {
        for (given, counts) in [
            (vec![refused.clone()], ["1", "0"]),
            (vec![lines[0].clone(), accepted.clone()], ["1", "1"]),
            (vec![lines[0].clone()], ["2", "0"]),
            (vec![lines[0].clone()], ["1", "1"]),
            (Vec::new(), ["0", "0"]),
        ] {
            let mut command = verifier();
            command.args(counts);
            assert!(!ends_well(command, &given), "{counts:?}");
        }
        let mut command = verifier();
        command.args(["1", "0"]);
        assert!(ends_well(command, &lines[..1]));
    }
}

fn ends_well(mut command: std::process::Command, lines: &[Value]) -> bool {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait().unwrap().success()
}

/// Not ignored: no other program is needed.
#[tokio::test]
async fn our_own_checks_say_the_same() {
    for lines in [made().await, sent().await] {
        for line in &lines {
            assert_eq!(
                ours(line),
                Ok(()),
                "{} {}",
                line["algorithm"],
                line["attestation"]
            );
        }
        for (change, copy) in hostile_copies(&lines) {
            let said = ours(&copy);
            assert_eq!(said, Err(change.our_word()), "{} {change:?}", copy["attestation"]);
        }
    }
}

/// What is sent holds the members that a strict server takes, and no other (java-webauthn-server's reading of the JSON).
#[tokio::test]
async fn what_the_client_sends_holds_what_a_strict_server_takes() {
    let names = |value: &Value| -> BTreeSet<String> { value.as_object().unwrap().keys().cloned().collect() };
    let set = |names: &[&str]| -> BTreeSet<String> { names.iter().map(|&name| name.to_owned()).collect() };
    for line in sent().await {
        let sent = &line["registration"];
        let must = set(&["id", "rawId", "type", "response", "clientExtensionResults"]);
        assert!(names(sent).is_superset(&must), "{sent}");
        let beside: Vec<String> = names(sent).difference(&must).cloned().collect();
        assert_eq!(beside, ["authenticatorAttachment"]);
        assert_eq!(
            names(&sent["response"]),
            set(&["clientDataJSON", "attestationObject", "transports"])
        );
        assert!(sent["clientExtensionResults"].is_object());
        assert_eq!(sent["id"], sent["rawId"]);
        assert!(!line["sent"].as_str().unwrap().contains('='), "padding");
    }
}
