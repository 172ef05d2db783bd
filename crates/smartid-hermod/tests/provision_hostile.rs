//! Answers to a provision command made to harm: nothing panics, and nothing is believed but what was asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::OnceLock;

use common::provision::{command, trust};
use proptest::prelude::*;
use smartid_core::Timestamp;
use smartid_core::base64::{Flavour, encode};
use smartid_hermod::answers::{AttestationKeys, ProvisionAnswer, ProvisionPolicy};
use smartid_hermod::{CommandReport, HermodDialect};
use smartid_trust::MemorySigner;
use smartid_trust::jws::{Jwk, JwkSet, JwsOptions, sign};

fn app() -> &'static MemorySigner {
    static KEY: OnceLock<MemorySigner> = OnceLock::new();
    KEY.get_or_init(|| {
        let text = |name: &str| String::from_utf8(trust(name)).unwrap();
        let certificate = smartid_trust::Certificate::from_der(trust("certs/signer-p256.der")).unwrap();
        let key = smartid_trust::SigningKey::from_pem(&text("keys/officer-p256.pem"), None).unwrap();
        MemorySigner::new(key, [certificate]).unwrap()
    })
}

fn policy() -> &'static ProvisionPolicy {
    static POLICY: OnceLock<ProvisionPolicy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let key = Jwk::from_public_key(app().key().public_key().clone());
        let keys = AttestationKeys::new(JwkSet::new([key]));
        command("request_update_keys.json").unwrap().command.policy(&keys)
    })
}

/// What the policy makes of a payload that the app has signed.
fn verified(payload: &[u8]) -> Option<(String, String, Vec<u8>)> {
    let jws = sign(app(), payload, &JwsOptions::new().with_key_id("k")).unwrap();
    let answer = ProvisionAnswer::from_jws(jws, &HermodDialect::default()).unwrap();
    let verified = answer.verify(policy(), Timestamp::from_millis(0)).ok()?;
    let fact = verified.fact();
    assert_eq!(fact.keys.len(), 1);
    let request = fact.keys[0].request.as_ref().unwrap().fact();
    Some((
        fact.user_id.to_string(),
        fact.profile_id.to_string(),
        request.der().to_vec(),
    ))
}

/// Reads a provisioning answer in every way there is: in a report, as a JWS, as the payload of one.
fn read(data: &[u8]) {
    let dialect = HermodDialect::default();
    if let Ok(report) = CommandReport::read(data.to_vec().into(), &dialect) {
        if let Some(answer) = report.provision(&dialect).succeeded() {
            let _ = answer.danger_claims();
            assert!(answer.verify(policy(), Timestamp::from_millis(0)).is_err());
        }
        let _ = report.certificate(&dialect);
    }
    let wrapped = format!("eyJhbGciOiJub25lIn0.{}.", encode(Flavour::Url, data));
    let answer = ProvisionAnswer::from_jws(wrapped, &dialect).unwrap();
    let _ = answer.danger_claims();
    assert!(answer.verify(policy(), Timestamp::from_millis(0)).is_err());
    if let Ok(answer) = std::str::from_utf8(data).map(|text| ProvisionAnswer::from_jws(text, &dialect)) {
        let _ = answer.map(|answer| answer.danger_claims());
    }
}

fn good() -> Vec<u8> {
    common::golden("provision/payload_update.json")
}

#[test]
fn the_payload_that_is_changed_below_is_a_good_one() {
    let (user, profile, der) = verified(&good()).unwrap();
    assert_eq!(user, "user-1@example.com");
    assert!(profile.starts_with("70a1c6de") && der == trust("request/openssl-rsa2048.der"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_payload_that_was_changed_says_the_same_or_is_refused(
        at: prop::sample::Index,
        length in 0_usize..6,
        with in prop_oneof!["[ -~]{0,6}", any::<String>()],
    ) {
        let mut changed = good();
        let start = at.index(changed.len());
        let end = (start + length).min(changed.len());
        changed.splice(start..end, with.bytes());
        if let Some(found) = verified(&changed) {
            prop_assert_eq!(found, verified(&good()).unwrap());
        }
        read(&changed);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, cut in 0_usize..3000) {
        prop_assert!(verified(&bytes).is_none());
        let mut callback = common::golden("provision/callback_approved.json");
        callback.truncate(cut);
        for bytes in [bytes.clone(), [callback, bytes].concat()] {
            read(&bytes);
        }
    }

    #[test]
    fn a_report_that_was_changed_is_read_or_refused(at: prop::sample::Index, with in "[ -~]{0,3}") {
        let mut callback = common::golden("provision/callback_jws_json_form.json");
        let start = at.index(callback.len());
        callback.splice(start..(start + with.len()).min(callback.len()), with.bytes());
        read(&callback);
    }
}
