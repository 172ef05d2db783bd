//! Every golden payload of a provisioning answer, signed anew, and what the verification says of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::attestation::{KID, answer, ec_jwk, keys, made, now, one_key, payload, verify};
use common::commands::fixtures;
use smartid_core::json;
use smartid_hermod::answers::{AttestationKeys, ProvisionExpectation, ProvisionPolicy, Provisioned};
use smartid_hermod::commands::provision::KeyRequest;
use smartid_hermod::{HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet};

// The dialect that a payload of another form needs.
fn dialect(name: &str) -> HermodDialect {
    common::dialect(match name {
        "payload_other_names.json" => {
            "[answers.provision.payload]\nprofile_id = '/profile/profileid'\nkeys = '/profile/keygenresponses'"
        }
        "payload_camel_names.json" => {
            "[answers.provision.payload]\nuser_id = '/userId'\nprofile_id = '/profileId'\nkey_id = '/keyId'\nrequest = '/p10'"
        }
        "payload_jwk_bare.json" => "[answers.provision.payload]\nkey_id = '/kid'\npublic_key = ''",
        _ => "",
    })
}

#[test]
fn every_golden_payload_has_its_verdict() {
    let (mut verified, mut refused) = (0, 0);
    for fixture in fixtures("provision", "payload") {
        let name = &fixture.file;
        let (payload, dialect) = (payload(name), dialect(name));
        let wanted = fixture.verdict.as_deref().unwrap();
        let policy = made(fixture.request.as_deref().unwrap()).policy(&keys());
        let found = match answer(&payload, &dialect) {
            Outcome::Unreadable { .. } => Err("unreadable".to_owned()),
            Outcome::Succeeded(answer) => match answer.verify(&policy, now()) {
                Ok(provisioned) => Ok(provisioned),
                Err(refusal) => {
                    assert!(!refusal.to_string().is_empty() && !refusal.advice().check.is_empty());
                    Err(refusal.code().to_owned())
                }
            },
            other => panic!("{name}: {other:?}"),
        };
        match found {
            Ok(provisioned) => {
                assert_eq!(wanted, "verifies", "{name}");
                assert_eq!(fixture.expect.as_deref(), Some("approved"), "{name}");
                check_content(name, &policy_keys(&fixture.request), provisioned.fact());
                verified += 1;
            }
            Err(code) => {
                assert_eq!(code, wanted, "{name}");
                assert_eq!(fixture.expect.as_deref(), Some("refused"), "{name}");
                refused += 1;
            }
        }
        // Every verdict holds for an answer by another key too, but it is told first that the key is another.
        if let Outcome::Succeeded(answer) = answer(&payload, &dialect) {
            let other = JwkSet::new([Jwk::from_json(ec_jwk()).unwrap().with_id(KID)]);
            let stranger = ProvisionPolicy::new(
                made(fixture.request.as_deref().unwrap()).expectation(),
                &AttestationKeys::new(other),
            );
            let refusal = answer.verify(&stranger, now()).unwrap_err();
            assert_eq!(refusal.code(), "signature-refused", "{name}");
        }
    }
    assert_eq!((verified, refused), (19, 21));
}

fn policy_keys(request: &Option<String>) -> Vec<KeyRequest> {
    made(request.as_deref().unwrap()).profile.keys
}

/// What is handed on is what the command asked for.
fn check_content(name: &str, asked: &[KeyRequest], provisioned: &Provisioned) {
    assert_eq!(provisioned.user_id.as_str(), "user-1@example.com", "{name}");
    let profile = "70a1c6de-0000-4000-8000-0000000000d1";
    assert_eq!(provisioned.profile_id.as_str(), profile, "{name}");
    assert_eq!(provisioned.keys.len(), asked.len(), "{name}");
    for (made, asked) in provisioned.keys.iter().zip(asked) {
        assert_eq!(
            (&made.key_id, &made.usage),
            (&asked.key_id, &asked.usage),
            "{name}"
        );
        assert_eq!(made.request.is_some(), asked.template.is_some(), "{name}");
        if let Some(request) = &made.request {
            let fact = request.fact();
            assert_eq!(fact.public_key().unwrap(), made.public_key, "{name}");
            assert_eq!(
                Some(fact.subject()),
                asked.template.as_ref().unwrap().subject(),
                "{name}"
            );
        }
        assert_eq!(
            provisioned.key(made.key_id.as_str()).unwrap().public_key,
            made.public_key
        );
    }
}

#[test]
fn what_is_odd_leaves_a_lint() {
    let lints = |payload: &str, request: &str| {
        let verified = verify(self::payload(payload), &made(request).policy(&keys())).unwrap();
        let lints: Vec<String> = verified.fact().lints.iter().map(ToString::to_string).collect();
        lints
    };
    assert!(lints("payload_one_key.json", "request_new_one_key.json").is_empty());
    let shared = lints("payload_three_keys.json", "request_three_keys.json");
    assert_eq!(
        shared,
        [
            "keys/auth1: is the same key as sig1",
            "keys/devenc1: is the same key as sig1"
        ]
    );
    assert_eq!(lints("payload_csr_pem.json", "request_new_one_key.json").len(), 1);
    let update = |payload: &str| lints(payload, "request_update_keys.json");
    assert!(update("payload_update.json").is_empty());
    let silent = update("payload_update_no_profileid.json");
    assert!(
        silent.len() == 1 && silent[0].starts_with("profileid: "),
        "{silent:?}"
    );
    let refusal = verify(
        payload("payload_three_keys.json"),
        &made("request_three_keys.json")
            .policy(&keys())
            .refusing_shared_keys(),
    )
    .unwrap_err();
    assert_eq!(refusal.code(), "key-shared");
}

#[test]
fn the_expectation_that_was_stored_checks_the_same() {
    for (request, payload) in [
        ("request_new_one_key.json", "payload_one_key.json"),
        ("request_key_priorities.json", "payload_ec_key.json"),
        (
            "request_published_quirk_template.json",
            "payload_quirk_template.json",
        ),
        ("request_raw_and_template.json", "payload_raw_and_template.json"),
        ("request_update_keys.json", "payload_update_no_profileid.json"),
    ] {
        let stored = serde_json::to_string(&made(request).expectation()).unwrap();
        let read: ProvisionExpectation = serde_json::from_str(&stored).unwrap();
        assert_eq!(read, made(request).expectation(), "{request}");
        let policy = ProvisionPolicy::new(read, &keys());
        verify(self::payload(payload), &policy).unwrap();
        assert_eq!(
            verify(self::payload("payload_csr_subject.json"), &policy)
                .unwrap_err()
                .code(),
            match request {
                "request_new_one_key.json" | "request_key_priorities.json" | "request_update_keys.json" =>
                    "request-refused",
                "request_published_quirk_template.json" => "nonce-differs",
                _ => "key-missing",
            },
            "{request}"
        );
    }
}

#[test]
fn nothing_of_an_answer_is_shown() {
    let dialect = HermodDialect::default();
    let Outcome::Succeeded(answer) = answer(&payload("payload_one_key.json"), &dialect) else {
        panic!()
    };
    let shown = format!("{answer:?} {:?} {:?}", answer.danger_claims().unwrap(), one_key());
    for secret in ["83012264", "user-2", "MIID", answer.compact_jws()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn each_place_in_the_payload_is_a_setting() {
    let text = String::from_utf8(payload("payload_one_key.json")).unwrap();
    for (setting, from, to, otherwise) in [
        ("nonce", "/nonce", "/challenge", "nonce-missing"),
        ("user_id", "/userid", "/owner", "userid-missing"),
        ("profile_id", "/profileid", "/card/id", "profileid-missing"),
        ("keys", "/keys", "/card/keys", "key-missing"),
    ] {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        let moved = json::put(&text, &to, json::find(&text, &from).unwrap()).unwrap();
        let moved = json::remove(&moved, &from).unwrap();
        let verdict = |dialect: HermodDialect| match answer(moved.as_bytes(), &dialect) {
            Outcome::Succeeded(answer) => answer.verify(&one_key(), now()).map(drop),
            other => panic!("{other:?}"),
        };
        let setting = format!("answers.provision.payload.{setting} = '{to}'");
        assert_eq!(verdict(common::dialect(&setting)), Ok(()), "{setting}");
        assert_eq!(
            verdict(HermodDialect::default()).unwrap_err().code(),
            otherwise,
            "{setting}"
        );
    }
}
