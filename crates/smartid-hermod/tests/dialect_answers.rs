//! Each setting of `answers` changes what is read of a report. Those of signatures, which have to be verified for that, are in
//! `dialect_signature.rs`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_core::dialect::settings;
use smartid_hermod::admin_key::NewAdminKey;
use smartid_hermod::{CommandReport, HermodDialect, Outcome};

/// A setting, another value for it, and what must then come out differently.
type Change = (&'static str, &'static str, fn(&HermodDialect) -> String);

const CHANGES: &[Change] = &[
    ("pin_reset.nonce", "'/response/other'", nonce),
    ("pin_reset.nonce_coding", "'base64'", nonce),
    ("pin_reset.signed", "'/response/jws'", nonce),
    ("pin_reset.transported_key", "'/response/key'", nonce),
    ("pin_reset.transported_key_form", "'modulus-hex'", nonce),
    ("ping.device_info", "'/response/device'", ping),
    ("provision.data", "'/response/jws'", claims),
    ("provision.search", "false", claims_elsewhere),
    ("provision.payload.key_id", "'/id'", claims),
    ("provision.payload.keys", "'/list'", claims),
    ("provision.payload.nonce", "'/other'", claims),
    ("provision.payload.profile_id", "'/other'", claims),
    ("provision.payload.public_key", "'/id'", claims),
    ("provision.payload.request", "'/id'", claims),
    ("provision.payload.user_id", "'/other'", claims),
];

fn report(response: Value, dialect: &HermodDialect) -> CommandReport {
    let body = json!({"commandId": "1", "state": "SUCCESS", "response": response}).to_string();
    CommandReport::read(body.into(), dialect).unwrap()
}

fn nonce(dialect: &HermodDialect) -> String {
    let jws = "e30.e30.AA";
    let response = json!({"nonce": "00112233445566778899aabbccddeeff", "other": "0011223344556677",
        "transportedkey": "AAAA", "data": "e30", "jws": jws});
    let report = report(response, dialect);
    let signed = report.start_pin_reset_signed(dialect).name();
    let Outcome::Succeeded(challenge) = report.start_pin_reset(dialect) else {
        return format!("unreadable, {signed}");
    };
    let key = challenge.protect(&NewAdminKey::from_octets(&[7; 24]).unwrap(), dialect);
    let octets = challenge.nonce.expose();
    format!("{octets:?} {:?} {key:?} {signed}", challenge.transported_key)
}

fn ping(dialect: &HermodDialect) -> String {
    let report = report(json!({"deviceinfo": 1, "device": 2}), dialect);
    format!("{:?}", report.ping(dialect))
}

/// A JWS that nobody has signed: what it says can be read all the same, with `danger`.
fn unsigned(payload: &Value) -> String {
    let part = |text: &str| encode(Flavour::Url, text.as_bytes());
    format!(
        "{}.{}.AAAA",
        part(r#"{"alg":"RS256","kid":"k"}"#),
        part(&payload.to_string())
    )
}

fn told(report: &CommandReport, dialect: &HermodDialect) -> String {
    match report.provision(dialect) {
        Outcome::Succeeded(answer) => match answer.danger_claims() {
            Ok(claims) => {
                let keys = claims.keys.iter();
                let keys = keys.map(|key| (&key.key_id, &key.request, &key.public_key));
                let keys: Vec<_> = keys.collect();
                format!(
                    "{:?} {:?} {:?} {keys:?}",
                    claims.nonce, claims.user_id, claims.profile_id
                )
            }
            Err(refusal) => refusal.to_string(),
        },
        other => other.name().to_owned(),
    }
}

fn claims(dialect: &HermodDialect) -> String {
    let one = json!({"keyid": "signer", "id": "other", "certreq": "AAAA", "jwk": "{}"});
    let payload =
        json!({"nonce": "1", "userid": "u", "profileid": "p", "other": "o", "keys": [one], "list": []});
    let response = json!({"data": unsigned(&payload), "jws": unsigned(&json!({}))});
    told(&report(response, dialect), dialect)
}

fn claims_elsewhere(dialect: &HermodDialect) -> String {
    told(&report(json!({"x": unsigned(&json!({}))}), dialect), dialect)
}

#[test]
fn every_setting_of_an_answer_changes_what_is_read_of_it() {
    let default = HermodDialect::default();
    for (key, value, observe) in CHANGES {
        let changed = common::dialect(&format!("answers.{key} = {value}"));
        assert_ne!(observe(&default), observe(&changed), "answers.{key}");
    }
    assert!(claims(&default).contains("signer"), "{}", claims(&default));
    let known = settings::<HermodDialect>().into_iter().map(|(key, _)| key);
    let mut known: Vec<String> = known
        .filter(|key| key.starts_with("answers.") && !key.starts_with("answers.signature."))
        .collect();
    let mut changed: Vec<String> = CHANGES.iter().map(|(key, ..)| format!("answers.{key}")).collect();
    known.sort();
    changed.sort();
    assert_eq!(known, changed, "one change for each setting");
}
