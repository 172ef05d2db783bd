//! Each check of a provisioning answer, one by one: what it refuses, and what it lets pass.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::attestation::*;
use common::provision::{template, trust};
use smartid_core::base64::{Flavour, encode};
use smartid_core::json;
use smartid_hermod::answers::{AttestationKeys, ProvisionAnswer, ProvisionPolicy};
use smartid_hermod::commands::provision::{KeyRequest, KeyTypePriority, Usage};
use smartid_hermod::{CommandReport, HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet, JwsPolicy};
use smartid_trust::request::{CertificationRequest, RequestTemplate};
use smartid_trust::{Curve, DigestAlgorithm, KeyType, Oid, PublicKey, Reason, SignatureAlgorithm};

/// The code and, where a verifier said it, the reason.
fn refused(payload: impl AsRef<[u8]>, policy: &ProvisionPolicy) -> (&'static str, Option<Reason>) {
    let refusal = verify(payload, policy).unwrap_err();
    (
        refusal.code(),
        refusal.refusal().map(smartid_trust::Refusal::reason),
    )
}

#[test]
fn the_keys_are_those_of_the_name_that_the_command_gave() {
    let ordinary = payload("payload_one_key.json");
    for request in [
        "request_named_attestation.json",
        "request_other_signature_key.json",
    ] {
        let command = made(request);
        assert_eq!(
            refused(&ordinary, &command.policy(&keys())),
            ("attestation-keys-missing", None)
        );
        let name = command.signature_key.clone().unwrap();
        let set = JwkSet::new([Jwk::from_public_key(public())]);
        verify(&ordinary, &command.policy(&keys().with(name.clone(), set))).unwrap();
        let ec_only = JwsPolicy::keys(JwkSet::new([Jwk::from_public_key(public())])).allowing([]);
        let keys = keys().with_policy(name, ec_only);
        assert_eq!(
            refused(&ordinary, &command.policy(&keys)),
            ("signature-refused", Some(Reason::AlgorithmNotAllowed))
        );
    }
}

#[test]
fn without_kid_every_key_is_tried_and_an_unsigned_answer_never_verifies() {
    let payload = payload("payload_one_key.json");
    let dialect = HermodDialect::default();
    let url = |bytes: &[u8]| encode(Flavour::Url, bytes);
    let signed = format!("{}.{}", url(br#"{"alg":"RS256"}"#), url(&payload));
    let rs256 = SignatureAlgorithm::RsaPkcs1(DigestAlgorithm::Sha256);
    let signature = attestation().key().sign(rs256, signed.as_bytes()).unwrap();
    let without = format!("{signed}.{}", url(&signature));
    let answer = ProvisionAnswer::from_jws(without, &dialect).unwrap();
    let set = JwkSet::new([
        Jwk::from_json(ec_jwk()).unwrap().with_id("one"),
        CertificationRequest::from_der(trust("request/python-rsa2048.der"))
            .map(|request| Jwk::from_public_key(request.danger_unverified().public_key().unwrap()))
            .unwrap()
            .with_id("two"),
        Jwk::from_public_key(public()).with_id("three"),
    ]);
    let command = made("request_new_one_key.json");
    answer
        .verify(&command.policy(&AttestationKeys::new(set.clone())), now())
        .unwrap();
    for name in [
        "callback_jws_alg_none.json",
        "callback_approved.json",
        "callback_jws_no_kid.json",
        "callback_wrong_user.json",
        "callback_jws_json_form.json",
    ] {
        let body = common::golden(&format!("provision/{name}"));
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let Outcome::Succeeded(answer) = report.provision(&dialect) else {
            panic!("{name}")
        };
        for keys in [keys(), AttestationKeys::new(set.clone())] {
            let refusal = answer.verify(&command.policy(&keys), now()).unwrap_err();
            assert_eq!(refusal.code(), "signature-refused", "{name}");
        }
    }
}

#[test]
fn an_answer_that_was_changed_does_not_verify() {
    let whole = jws(&payload("payload_one_key.json"));
    let dialect = HermodDialect::default();
    let policy = one_key();
    let middle = whole.find('.').unwrap() + 40;
    for at in [5, middle, whole.len() - 5] {
        let mut letters: Vec<char> = whole.chars().collect();
        letters[at] = if letters[at] == 'A' { 'B' } else { 'A' };
        let changed: String = letters.into_iter().collect();
        if let Ok(answer) = ProvisionAnswer::from_jws(changed, &dialect) {
            assert_eq!(
                answer.verify(&policy, now()).unwrap_err().code(),
                "signature-refused",
                "{at}"
            );
        }
    }
    ProvisionAnswer::from_jws(whole, &dialect)
        .unwrap()
        .verify(&policy, now())
        .unwrap();
}

#[test]
fn a_payload_that_is_no_object_of_keys_is_unreadable() {
    let policy = one_key();
    let unreadable = |payload: &str| {
        let answer = ProvisionAnswer::from_jws(jws(payload.as_bytes()), &HermodDialect::default()).unwrap();
        assert_eq!(
            answer.verify(&policy, now()).unwrap_err().code(),
            "unreadable",
            "{payload:.80}"
        );
    };
    let text = |name: &str| String::from_utf8(payload(name)).unwrap();
    for payload in [
        "",
        "[]",
        "null",
        "\"x\"",
        "{",
        "nonce=83012264",
        &text("payload_not_json.txt"),
    ] {
        unreadable(payload);
    }
    let one = text("payload_one_key.json");
    unreadable(&one.replace("{\"nonce\"", "{\"nonce\":\"1\",\"nonce\""));
    unreadable(&one.replace("{\"keyid\"", "{\"keyid\":\"signer\",\"keyid\""));
    unreadable(&changed(
        "/x",
        &format!("{}1{}", "[".repeat(500), "]".repeat(500)),
    ));
    for keys in [
        "7",
        "\"x\"",
        "[7]",
        "[\"x\"]",
        "[{}]",
        "[{\"keyid\":7.5}]",
        "[[]]",
        "{\"signer\":7}",
    ] {
        unreadable(&with_keys(keys));
    }
    let many: Vec<String> = (0..65).map(|n| format!("{{\"keyid\":\"k{n}\"}}")).collect();
    unreadable(&with_keys(&format!("[{}]", many.join(","))));
}

#[test]
fn names_of_another_kind_count_as_missing() {
    for (at, code) in [
        ("/nonce", "nonce-missing"),
        ("/userid", "userid-missing"),
        ("/profileid", "profileid-missing"),
    ] {
        for value in ["null", "\"\"", "{}", "[\"83012264\"]", "true", "8.3012264e7"] {
            assert_eq!(refused(changed(at, value), &one_key()).0, code, "{at} {value}");
        }
    }
    assert_eq!(
        refused(changed("/nonce", "\"83012264 \""), &one_key()).0,
        "nonce-differs"
    );
    assert_eq!(refused(changed("/keys", "[]"), &one_key()).0, "key-missing");
    assert_eq!(refused(changed("/keys", "null"), &one_key()).0, "key-missing");
}

#[test]
fn without_a_nonce_the_answer_is_taken_with_a_lint() {
    let command = made("request_new_one_key.json").danger_without_nonce();
    let policy = command.policy(&keys());
    let verified = verify(payload("payload_nonce_missing.json"), &policy).unwrap();
    assert_eq!(verified.fact().lints[0].at, "nonce");
    verify(payload("payload_nonce_differs.json"), &policy).unwrap();
}

#[test]
fn a_new_profile_and_an_update_are_not_taken_for_each_other() {
    let update = made("request_update_keys.json").policy(&keys());
    let other = changed("/profileid", "\"70a1c6de-0000-4000-8000-0000000000D1\"");
    assert_eq!(refused(other, &update).0, "profileid-differs");
    assert_eq!(
        refused(payload("payload_update_no_profileid.json"), &one_key()).0,
        "profileid-missing"
    );
}

#[test]
fn a_key_is_of_a_kind_that_was_asked_for() {
    let ec = format!("[{{\"keyid\":\"raw1\",\"jwk\":{}}}]", ec_jwk());
    let asked = |kinds: Vec<KeyTypePriority>| {
        let mut command = made("request_raw_key.json");
        command.profile.keys[0].priorities = kinds;
        command.policy(&keys())
    };
    let rsa = KeyTypePriority::rsa(2048);
    let p256 = KeyTypePriority::ec(Curve::P256);
    verify(with_keys(&ec), &asked(vec![rsa.clone(), p256.clone()])).unwrap();
    for kinds in [
        vec![rsa.clone()],
        vec![KeyTypePriority::ec(Curve::P384), KeyTypePriority::rsa(3072)],
    ] {
        assert_eq!(
            refused(with_keys(&ec), &asked(kinds)),
            ("key-refused", Some(Reason::RequestKey))
        );
    }
    // A kind that nobody knows here may be any, and that is told.
    let unknown = asked(vec![rsa, KeyTypePriority::new("KYBER", "768", "X")]);
    let verified = verify(with_keys(&ec), &unknown).unwrap();
    assert!(
        verified.fact().lints[0]
            .what
            .contains("kind of the key was not checked")
    );
    assert_eq!(
        verified.fact().keys[0].public_key.key_type(),
        KeyType::Ec(Curve::P256)
    );

    // The request is RSA.
    let mut command = made("request_new_one_key.json");
    command.profile.keys[0].priorities = vec![p256];
    assert_eq!(
        refused(payload("payload_one_key.json"), &command.policy(&keys())),
        ("request-refused", Some(Reason::RequestKey))
    );
}

#[test]
fn a_raw_key_does_not_stand_for_a_request_and_a_request_gives_its_key_only() {
    let jwk = format!("[{{\"keyid\":\"signer\",\"jwk\":{}}}]", ec_jwk());
    assert_eq!(refused(with_keys(&jwk), &one_key()).0, "request-refused");
    assert_eq!(
        refused(with_keys("[{\"keyid\":\"signer\"}]"), &one_key()).0,
        "request-refused"
    );
    let raw = made("request_raw_key.json").policy(&keys());
    assert_eq!(
        refused(with_keys("[{\"keyid\":\"raw1\"}]"), &raw).0,
        "key-refused"
    );

    let entry = |jwk: &str| format!("[{{\"keyid\":\"raw1\",\"certreq\":\"{}\"{jwk}}}]", certreq());
    let verified = verify(with_keys(&entry("")), &raw).unwrap();
    let key = &verified.fact().keys[0];
    assert!(key.request.is_none(), "its names are the device's own");
    assert_eq!(key.public_key.key_type(), KeyType::Rsa { bits: 2048 });
    assert_eq!(verified.fact().lints.len(), 1);
    let both = entry(&format!(",\"jwk\":{}", ec_jwk()));
    assert_eq!(refused(with_keys(&both), &raw).0, "key-contradicts");
    // The self-signature counts there too.
    let broken = encode(Flavour::Standard, &trust("request/bad-self-signature.der"));
    let broken = with_keys(&format!("[{{\"keyid\":\"raw1\",\"certreq\":\"{broken}\"}}]"));
    assert_eq!(
        refused(broken, &raw),
        ("request-refused", Some(Reason::BadSignature))
    );
    // Both forms of one key are that key.
    let raw_rsa = String::from_utf8(payload("payload_raw_rsa.json")).unwrap();
    let jwk = json::find(&raw_rsa, &"/keys/0/jwk".parse().unwrap()).unwrap();
    let agreed = format!(
        "[{{\"keyid\":\"signer\",\"certreq\":\"{}\",\"jwk\":{jwk}}}]",
        certreq()
    );
    verify(with_keys(&agreed), &one_key()).unwrap();
}

#[test]
fn a_throw_away_key_is_found_out_under_any_key_id() {
    let thrown = template().throw_away_key().unwrap();
    let mut command = made("request_raw_and_template.json");
    command.profile.keys[0].priorities = vec![KeyTypePriority::new("ANY", "1", "RS256")];
    let policy = command.policy(&keys());
    let jwk = jwk_of(&thrown);
    let payload = with_keys(&format!(
        "[{{\"keyid\":\"raw1\",\"jwk\":{jwk}}},{{\"keyid\":\"signer\",\"certreq\":\"{}\"}}]",
        certreq()
    ));
    assert_eq!(
        refused(payload, &policy),
        ("key-refused", Some(Reason::RequestThrowAwayKey))
    );
}

/// A JWK of an RSA or P-256 key, from its SubjectPublicKeyInfo.
fn jwk_of(key: &PublicKey) -> String {
    let spki = key.spki_der();
    let url = |bytes: &[u8]| encode(Flavour::Url, bytes);
    match key.key_type() {
        KeyType::Ec(Curve::P256) => {
            let point = &spki[spki.len() - 64..];
            let (x, y) = (url(&point[..32]), url(&point[32..]));
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#)
        }
        KeyType::Rsa { bits } => {
            // The exponent 65537 at the end: 02 03 01 00 01.
            let end = spki.len() - 5;
            format!(
                r#"{{"kty":"RSA","n":"{}","e":"AQAB"}}"#,
                url(&spki[end - bits / 8..end])
            )
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_in_use_is_refused_in_either_form() {
    let request = CertificationRequest::from_base64(&certreq()).unwrap();
    let used = request.danger_unverified().public_key().unwrap();
    assert_eq!(
        refused(
            payload("payload_one_key.json"),
            &one_key().with_keys_in_use([used.clone()])
        ),
        ("request-refused", Some(Reason::RequestKeyReused))
    );
    let raw = made("request_raw_key.json").policy(&keys());
    assert_eq!(
        refused(payload("payload_raw_rsa.json"), &raw.with_keys_in_use([used])),
        ("key-refused", Some(Reason::RequestKeyReused))
    );
}

#[test]
fn quirks_are_accepted_where_the_template_has_them_and_nowhere_else() {
    let answer = |name: &str| {
        let request = encode(Flavour::Standard, &trust(name));
        with_keys(&format!("[{{\"keyid\":\"signer\",\"certreq\":\"{request}\"}}]"))
    };
    let with = |template: &str| {
        let key = KeyRequest::new("signer", Usage::Signature, [KeyTypePriority::rsa(2048)]);
        let mut command = made("request_new_one_key.json");
        command.profile.keys = vec![key.template_der(trust(template))];
        command.policy(&keys())
    };
    let ordinary = "request/template-openssl.der";
    for (template, name) in [
        ("request/quirk-template.der", "request/quirk-answer-version-2.der"),
        (
            "../request-data/template-sha1.der",
            "../request-data/answer-sha1.der",
        ),
        (
            "../request-data/template-version2-sha1.der",
            "../request-data/answer-version2-sha1.der",
        ),
    ] {
        verify(answer(name), &with(template)).unwrap();
    }
    // Neither quirk is excused by the other.
    assert_eq!(
        refused(
            answer("../request-data/answer-version2-sha1.der"),
            &with("../request-data/template-sha1.der")
        ),
        ("request-refused", Some(Reason::RequestVersion))
    );
    for (name, reason) in [
        ("request/quirk-version-2.der", Reason::RequestVersion),
        ("request/bad-sha1.der", Reason::RequestSha1),
    ] {
        assert_eq!(
            refused(answer(name), &with(ordinary)),
            ("request-refused", Some(reason)),
            "{name}"
        );
    }
}

#[test]
fn a_policy_can_be_adjusted_for_its_requests() {
    let mut command = made("request_new_one_key.json");
    command.profile.keys[0].template = Some(RequestTemplate::passthrough(b"not a request".to_vec()));
    let policy = command.policy(&keys());
    let payload = payload("payload_one_key.json");
    assert_eq!(
        refused(&payload, &policy),
        ("request-refused", Some(Reason::RequestTemplateUnreadable))
    );
    let adjusted = policy.adjusting_requests(|key, policy| {
        assert_eq!(key.as_str(), "signer");
        policy
            .accept_unreadable_template()
            .allow_extension("2.5.29.37".parse::<Oid>().unwrap())
    });
    verify(payload, &adjusted).unwrap();
}
