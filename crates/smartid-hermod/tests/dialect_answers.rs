//! Each setting of `answers` changes how something is read or verified. What a device signs has to be signed for that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::{Arc, LazyLock};

use common::answers::{asked, base64, beside, cms, jws, pages, raw};
use common::signature::{ANNA, NONCE, NOW, certificate, signers};
use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_core::dialect::settings;
use smartid_hermod::admin_key::NewAdminKey;
use smartid_hermod::answers::{SignatureExpectation, SignaturePolicy, Signers};
use smartid_hermod::{CommandReport, Entry, HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};

/// A setting, another value for it, what must be set besides, and what must then come out differently.
type Change = (
    &'static str,
    &'static str,
    &'static str,
    fn(&HermodDialect) -> String,
);

const ENTRIES: &str = "answers.signature.covers = 'entries'";

const CHANGES: &[Change] = &[
    ("pin_reset.nonce", "'/response/other'", "", nonce),
    ("pin_reset.nonce_coding", "'base64'", "", nonce),
    ("pin_reset.signed", "'/response/jws'", "", nonce),
    ("pin_reset.transported_key", "'/response/key'", "", nonce),
    ("pin_reset.transported_key_form", "'modulus-hex'", "", nonce),
    ("ping.device_info", "'/response/device'", "", ping),
    ("provision.data", "'/response/jws'", "", claims),
    ("provision.search", "false", "", claims_elsewhere),
    ("provision.payload.key_id", "'/id'", "", claims),
    ("provision.payload.keys", "'/list'", "", claims),
    ("provision.payload.nonce", "'/other'", "", claims),
    ("provision.payload.profile_id", "'/other'", "", claims),
    ("provision.payload.public_key", "'/id'", "", claims),
    ("provision.payload.request", "'/id'", "", claims),
    ("provision.payload.user_id", "'/other'", "", claims),
    ("signature.certificate", "'/response/none'", "", bare),
    ("signature.chain", "'/response/none'", "", bare),
    ("signature.covers", "'concatenated'", "", two_entries),
    ("signature.covers_without_tbs", "'entries'", "", nothing_to_sign),
    ("signature.data", "'/response/other'", "", formats),
    ("signature.format", "'/response/other'", "", formats),
    ("signature.formats.jws", "['jose']", "", formats),
    ("signature.formats.pkcs7", "['cms']", "", formats),
    ("signature.formats.raw", "['plain']", "", formats),
    ("signature.item_data", "'/s'", "", listed),
    ("signature.item_key", "'/id'", "", listed),
    ("signature.key_id", "'/response/other'", "", named),
    ("signature.payload.description", "'/other'", ENTRIES, entries),
    ("signature.payload.nonce", "'/other'", ENTRIES, entries),
    ("signature.payload.tbs", "'/other'", ENTRIES, entries),
    ("signature.payload.user_id", "'/other'", ENTRIES, entries),
    ("signature.search", "false", "", signature_elsewhere),
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

/// What reading and verifying an answer comes to.
fn verdict(
    response: Value,
    dialect: &HermodDialect,
    asked: SignatureExpectation,
    signers: &Signers,
) -> String {
    match report(response, dialect).sign(dialect, &asked) {
        Outcome::Succeeded(answer) => match answer.verify(&SignaturePolicy::new(asked, signers), NOW) {
            Ok(verified) => format!("verified, except for {:?}", verified.fact().not_bound),
            Err(refusal) => refusal.to_string(),
        },
        other => other.name().to_owned(),
    }
}

/// A bare signature with its certificates, for a verifier that knows the root alone.
fn bare(dialect: &HermodDialect) -> String {
    let root = WebpkiVerifier::builder().root(certificate("certs/root.der"));
    let chains = ChainPolicy::new(Arc::new(root.build().unwrap()), Purpose::signing());
    let (certificate, chain) = beside(&ANNA);
    let response = json!({"data": raw(&ANNA, b"one"), "certificate": certificate, "chain": chain});
    let signers = Signers::certificates(Arc::new(chains));
    verdict(response, dialect, plain(), &signers)
}

fn named(dialect: &HermodDialect) -> String {
    let key = |id: &str, signer: &smartid_trust::MemorySigner| {
        Jwk::from_public_key(signer.key().public_key().clone()).with_id(id)
    };
    let keys = Signers::keys(JwkSet::new([
        key("a", &ANNA),
        key("b", &common::signature::BERTA),
    ]));
    let response = json!({"data": raw(&ANNA, b"one"), "keyid": "a", "other": "b"});
    verdict(response, dialect, plain(), &keys)
}

/// What asks for a bare signature.
fn plain() -> SignatureExpectation {
    let mut asked = pages("raw", &["one"]);
    asked.mechanism = Some("CKM_SHA256_RSA_PKCS".into());
    asked
}

fn two_entries(dialect: &HermodDialect) -> String {
    let response = json!({"data": jws(&ANNA, b"onetwo")});
    verdict(response, dialect, pages("jws", &["one", "two"]), &signers())
}

fn nothing_to_sign(dialect: &HermodDialect) -> String {
    let mut asked = asked("jws");
    asked.tbs.clear();
    verdict(json!({"data": jws(&ANNA, b"{}")}), dialect, asked, &signers())
}

/// One answer in each form, and one whose format is not where it should be.
fn formats(dialect: &HermodDialect) -> String {
    static SIGNED: LazyLock<[(&str, String); 3]> = LazyLock::new(|| {
        [
            ("pkcs7", cms(&ANNA, b"one")),
            ("jws", jws(&ANNA, b"one")),
            ("raw", raw(&ANNA, b"one")),
        ]
    });
    let read = |(format, data): &(&str, String)| {
        let response = json!({"format": format, "data": data, "other": "xmldsig"});
        let mut asked = pages(format, &["one"]);
        asked.format = None;
        let outcome = report(response, dialect).sign(dialect, &asked);
        let kind = match outcome {
            Outcome::Succeeded(answer) => format!("{:?}", answer.signatures()),
            other => other.name().to_owned(),
        };
        kind.chars().take(80).collect::<String>()
    };
    SIGNED.iter().map(read).collect::<Vec<_>>().join(" ")
}

fn listed(dialect: &HermodDialect) -> String {
    let one = cms(&ANNA, b"one");
    let item = json!({"key": "tbs0", "id": "tbs7", "data": one, "s": base64(b"no signature")});
    verdict(
        json!({"data": [item]}),
        dialect,
        pages("pkcs7", &["one"]),
        &signers(),
    )
}

fn entries(dialect: &HermodDialect) -> String {
    let mut asked = pages("jws", &["one"]).user("user-1");
    asked.description = vec![Entry::text("requester", "Bank")];
    asked.nonce = Some(NONCE.into());
    let payload =
        json!({"tbs": asked.tbs, "description": asked.description, "nonce": NONCE, "userid": "user-1"});
    let response = json!({"data": jws(&ANNA, payload.to_string().as_bytes())});
    verdict(response, dialect, asked, &signers())
}

fn signature_elsewhere(dialect: &HermodDialect) -> String {
    let response = json!({"x": jws(&ANNA, b"one")});
    verdict(response, dialect, pages("jws", &["one"]), &signers())
}

#[test]
fn every_setting_of_an_answer_changes_what_is_read_of_it() {
    for (key, value, besides, observe) in CHANGES {
        let with = |line: &str| observe(&common::dialect(&format!("{besides}\n{line}")));
        let (before, after) = (with(""), with(&format!("answers.{key} = {value}")));
        assert_ne!(before, after, "answers.{key}");
    }
    let known = settings::<HermodDialect>().into_iter().map(|(key, _)| key);
    let mut known: Vec<String> = known.filter(|key| key.starts_with("answers.")).collect();
    let mut changed: Vec<String> = CHANGES.iter().map(|(key, ..)| format!("answers.{key}")).collect();
    known.sort();
    changed.sort();
    assert_eq!(known, changed, "one change for each setting");
}

#[test]
fn what_the_settings_are_compared_with_is_read_and_verified() {
    let default = HermodDialect::default();
    let with_entries = common::dialect(ENTRIES);
    for (observe, dialect) in [
        (bare as fn(&HermodDialect) -> String, &default),
        (named, &default),
        (listed, &default),
        (entries, &with_entries),
        (signature_elsewhere, &default),
    ] {
        let verdict = observe(dialect);
        assert!(verdict.starts_with("verified"), "{verdict}");
    }
    assert!(claims(&default).contains("signer"), "{}", claims(&default));
    assert!(formats(&default).contains("Pkcs7") && formats(&default).contains("Raw"));
}
