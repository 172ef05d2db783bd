//! A signature counts for exactly what was sent, by whom it was asked of, in the way it was asked for; everything else is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::answers::*;
use common::provision::trust;
use common::signature::{ANNA, BERTA, CARLA, NOW, certificate, chains, signers, transfer};
use serde_json::json;
use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};
use smartid_hermod::answers::{Binding, SignatureExpectation, SignaturePolicy, SignatureRefusal, Signers};
use smartid_hermod::filter::CertificateFilter;
use smartid_hermod::{Entry, SignatureFormat};
use smartid_trust::cms::SignOptions;
use smartid_trust::jws::{Jwk, JwkSet};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{
    AlgorithmSet, AttributeComparison, CertificateAttribute, Check, KeyUsage, OfficerSigner, Reason,
};

const LATER: Timestamp = Timestamp::from_millis(2_500_000_000_000);

fn key(signer: &smartid_trust::MemorySigner, id: &str) -> Jwk {
    Jwk::from_public_key(signer.key().public_key().clone()).with_id(id)
}

#[test]
fn every_form_verifies_over_exactly_what_was_sent() {
    for (format, response) in forms(CONTENT) {
        let asked = asked_rsa(format);
        let answer = read(&response, "", &asked);
        let verified = answer
            .verify(&SignaturePolicy::new(asked, &signers()), NOW)
            .unwrap();
        let (statement, proof) = (verified.fact(), verified.proof());
        assert_eq!(statement.entries().collect::<Vec<_>>(), [&transfer()]);
        assert_eq!(statement.signatures[0].content, CONTENT);
        assert_eq!(proof.signer().unwrap(), &ANNA.chain()[0]);
        assert!(
            proof.was_checked(Check::ExpectedContent) && proof.was_checked(Check::Chain),
            "{format}"
        );
        assert!(proof.not_checked.contains(&Check::RevocationOfSigner));
        assert_eq!(
            statement.bound,
            [Binding::Format, Binding::Tbs, Binding::Mechanism]
        );
        assert_eq!(statement.not_bound, [Binding::Signer]);
        assert_eq!(statement.signers().count(), 1);
    }
}

#[test]
fn other_bytes_are_refused_in_every_form() {
    let expected = [
        Reason::ContentUnexpected,
        Reason::MessageDigestDiffers,
        Reason::ContentUnexpected,
        Reason::BadSignature,
        Reason::BadSignature,
    ];
    for ((format, response), expected) in forms(b"Transfer 900 EUR").into_iter().zip(expected) {
        let asked = asked_rsa(format);
        let answer = read(&response, "", &asked);
        let checked = answer.verify(&SignaturePolicy::new(asked, &signers()), NOW);
        assert_eq!(reason(checked), expected, "{response}");
    }
}

#[test]
fn a_changed_signature_is_refused_in_every_form() {
    for (format, response) in forms(CONTENT) {
        let data = response["data"].as_str().unwrap();
        let flavour = if format == "jws" {
            Flavour::Url
        } else {
            Flavour::Standard
        };
        let (kept, last) = if format == "jws" {
            data.rsplit_once('.').unwrap()
        } else {
            ("", data)
        };
        let mut octets = base64::decode(flavour, last).unwrap();
        *octets.last_mut().unwrap() ^= 1;
        let forged = base64::encode(flavour, &octets);
        let forged = if format == "jws" {
            format!("{kept}.{forged}")
        } else {
            forged
        };
        let mut response = response.clone();
        response["data"] = json!(forged);
        let asked = asked_rsa(format);
        let answer = read(&response, "", &asked);
        let checked = answer.verify(&SignaturePolicy::new(asked, &signers()), NOW);
        assert_eq!(reason(checked), Reason::BadSignature, "{format}");
    }
}

#[test]
fn time_purpose_and_root_count_in_every_form() {
    let other = WebpkiVerifier::builder()
        .root(certificate("path/other-root.der"))
        .build()
        .unwrap();
    let strangers = ChainPolicy::new(std::sync::Arc::new(other), Purpose::signing());
    let encrypting = chains(Purpose::any().with_key_usage(vec![KeyUsage::KeyEncipherment]));
    for (format, response) in forms(CONTENT) {
        let asked = asked_rsa(format);
        let answer = read(&response, "", &asked);
        let by = |signers: &Signers, at| answer.verify(&SignaturePolicy::new(asked.clone(), signers), at);
        assert_eq!(reason(by(&signers(), LATER)), Reason::Expired, "{format}");
        let strangers = ChainPolicy::new(
            std::sync::Arc::new(
                WebpkiVerifier::builder()
                    .root(certificate("path/other-root.der"))
                    .build()
                    .unwrap(),
            ),
            strangers.purpose().clone(),
        );
        let strangers = Signers::certificates(std::sync::Arc::new(strangers));
        assert_eq!(reason(by(&strangers, NOW)), Reason::UnknownIssuer, "{format}");
        let encrypting = Signers::certificates(encrypting.clone());
        assert_eq!(reason(by(&encrypting, NOW)), Reason::KeyUsage, "{format}");
        let narrow = signers().with_algorithms(AlgorithmSet::none().rsa_pss());
        assert_eq!(reason(by(&narrow, NOW)), Reason::AlgorithmNotAllowed, "{format}");
    }
}

#[test]
fn an_encryption_certificate_does_not_sign() {
    let data = base64(&trust("cms/openssl-encipherment-only.der"));
    let content = trust("content/data.bin");
    let asked = SignatureExpectation::of([Entry::bytes("application/octet-stream", "tbs", &content)]);
    assert_eq!(reason(check(data, asked)), Reason::KeyUsage);
}

/// A signature is bound to its command by what was put into it, and by nothing else: something that is used once belongs into it.
#[test]
fn a_signature_of_another_command_is_refused() {
    let order = |nonce: &str| {
        let entries = [transfer(), Entry::text("once", nonce).visible(false)];
        let mut asked = SignatureExpectation::of(entries);
        asked.format = Some(SignatureFormat::Pkcs7);
        asked
    };
    let old = json!([cms(&ANNA, CONTENT), cms(&ANNA, b"used-1")]);
    assert!(check(old.clone(), order("used-1")).is_ok());
    assert_eq!(reason(check(old, order("used-2"))), Reason::ContentUnexpected);
}

#[test]
fn a_list_is_one_signature_for_each_entry_in_its_order() {
    let asked = || pages("pkcs7", &["one", "two"]);
    let [one, two] = ["one", "two"].map(|page| cms(&ANNA, page.as_bytes()));
    let verified = check(json!([one, two]), asked()).unwrap();
    let keys: Vec<&str> = verified.fact().entries().map(Entry::key).collect();
    assert_eq!(keys, ["tbs0", "tbs1"]);
    assert_eq!(verified.fact().signatures[1].content, "two");

    assert_eq!(
        reason(check(json!([two, one]), asked())),
        Reason::ContentUnexpected
    );
    assert_eq!(
        reason(check(json!([one, one]), asked())),
        Reason::ContentUnexpected
    );
    assert_eq!(code(check(json!([one]), asked())), "count-differs");
    assert_eq!(code(check(json!([one, two, two]), asked())), "count-differs");
    assert_eq!(code(check(one.clone(), asked())), "coverage-unknown");

    let item = |key: &str, data: &str| json!({"key": key, "data": data});
    assert!(check(json!([item("tbs0", &one), item("tbs1", &two)]), asked()).is_ok());
    let swapped = json!([item("tbs1", &one), item("tbs0", &two)]);
    assert_eq!(
        check(swapped, asked()).unwrap_err(),
        SignatureRefusal::EntryDiffers { index: 0 }
    );
    let elsewhere = json!([{"id": "tbs0", "s": one}, {"id": "tbs1", "s": two}]);
    let settings = "answers.signature = { item_key = '/id', item_data = '/s' }";
    assert!(check_with(settings, elsewhere, asked()).is_ok());
    // A list of one is a list.
    assert!(check(json!([cms(&ANNA, CONTENT)]), common::answers::asked("pkcs7")).is_ok());
    let nothing_asked = SignatureExpectation::default();
    assert_eq!(code(check(json!([one, two]), nothing_asked)), "count-differs");
    // The first is Anna's, the second somebody else's.
    let mixed = json!([one, cms(&BERTA, b"two")]);
    let answer = read(&json!({"data": mixed}), "", &asked());
    let policy = SignaturePolicy::new(asked(), &signers());
    assert!(answer.verify(&policy, NOW).is_ok(), "both are believed");
    let policy = policy.expecting_certificate(ANNA.chain()[0].clone());
    assert_eq!(code(answer.verify(&policy, NOW)), "signer-unexpected");
}

#[test]
fn one_signature_of_several_entries_covers_what_the_dialect_says() {
    let asked = || pages("jws", &["one", "two"]);
    let concatenated = "answers.signature.covers = 'concatenated'";
    let signed = |content: &str| jws(&ANNA, content.as_bytes());
    let verified = check_with(concatenated, signed("onetwo"), asked()).unwrap();
    assert_eq!(verified.fact().entries().count(), 2);
    assert!(verified.proof().was_checked(Check::ExpectedContent));
    for other in ["twoone", "one", "two", "one two"] {
        let checked = check_with(concatenated, signed(other), asked());
        assert_eq!(reason(checked), Reason::ContentUnexpected, "{other}");
    }
    assert_eq!(code(check(signed("onetwo"), asked())), "coverage-unknown");
    assert_eq!(code(check(signed("one"), asked())), "coverage-unknown");
    assert!(
        smartid_core::dialect::overlay::<smartid_hermod::HermodDialect>("answers.signature.covers = 'first'")
            .is_err()
    );
}

#[test]
fn signed_entries_are_those_that_were_sent() {
    let entries = "answers.signature.covers = 'entries'";
    let asked = || {
        let mut asked = pages("jws", &["one", "two"]);
        asked.description = vec![Entry::text("requester", "Bank")];
        asked
    };
    let value = |list: &[Entry]| serde_json::to_value(list).unwrap();
    let (tbs, description) = (value(&asked().tbs), value(&asked().description));
    let payload = |json: &str| check_with(entries, jws(&ANNA, json.as_bytes()), asked());
    let whole = json!({"tbs": tbs, "description": description, "time": 1}).to_string();
    let verified = payload(&whole).unwrap();
    assert_eq!(verified.fact().entries().count(), 2);
    assert!(verified.fact().is_bound(Binding::Tbs) && verified.fact().is_bound(Binding::Description));
    assert!(
        verified.proof().not_checked.contains(&Check::ExpectedContent),
        "it is not byte for byte"
    );
    let without = payload(&json!({"tbs": tbs}).to_string()).unwrap();
    assert!(without.fact().not_bound.contains(&Binding::Description));

    let mut reordered = tbs.clone();
    reordered.as_array_mut().unwrap().reverse();
    let mut changed = tbs.clone();
    changed[1]["visible"] = json!(false);
    let mut more = tbs.clone();
    more[1]["page"] = json!(2);
    let mut fewer = tbs.clone();
    fewer.as_array_mut().unwrap().pop();
    for other in [
        reordered,
        changed,
        more,
        fewer,
        json!(null),
        json!([]),
        json!({}),
        json!("one"),
    ] {
        let checked = payload(&json!({"tbs": other, "description": description}).to_string());
        assert_eq!(code(checked), "entries-differ", "{other}");
    }
    let other = json!({"tbs": tbs, "description": []}).to_string();
    assert_eq!(code(payload(&other)), "description-differs");
    for two_things in [
        format!(r#"{{"tbs":[],"tbs":{tbs}}}"#),
        format!(r#"{{"tbs":{tbs},"\u0074bs":[]}}"#),
        format!(r#"{{"tbs":{tbs},"x":{{"a":1,"a":2}}}}"#),
        format!(r#"{{"tbs":{tbs},"x":{}1{}}}"#, "[".repeat(80), "]".repeat(80)),
        tbs.to_string(),
        "one".to_owned(),
        String::new(),
    ] {
        assert_eq!(code(payload(&two_things)), "content-unreadable", "{two_things}");
    }
    // In another place of the payload, and in CMS.
    let settings = "answers.signature = { covers = 'entries', payload = { tbs = '/signed/entries', description = '/signed/told' } }";
    let deep = json!({"signed": {"entries": tbs, "told": description}}).to_string();
    assert!(check_with(settings, jws(&ANNA, deep.as_bytes()), asked()).is_ok());
    let mut in_cms = asked();
    in_cms.format = Some(SignatureFormat::Pkcs7);
    assert!(check_with(entries, cms(&ANNA, whole.as_bytes()), in_cms.clone()).is_ok());
    let detached = cms_with(&ANNA, whole.as_bytes(), &SignOptions::new().detached());
    assert_eq!(
        reason(check_with(entries, detached, in_cms)),
        Reason::ContentMissing
    );
}

#[test]
fn a_nonce_must_be_where_content_is_looked_into() {
    let settings = |covers: &str| format!("answers.signature.covers = '{covers}'");
    let asked = || {
        let mut asked = asked("jws");
        asked.nonce = Some("83012264".into());
        asked
    };
    // Over the very bytes there is no room for it, and that is told.
    let verified = check(jws(&ANNA, CONTENT), asked()).unwrap();
    assert!(verified.fact().not_bound.contains(&Binding::Nonce));
    let tbs = serde_json::to_value(&asked().tbs).unwrap();
    let payload = |nonce: serde_json::Value| {
        let payload = json!({"tbs": tbs, "nonce": nonce}).to_string();
        check_with(&settings("entries"), jws(&ANNA, payload.as_bytes()), asked())
    };
    assert!(
        payload(json!("83012264"))
            .unwrap()
            .fact()
            .is_bound(Binding::Nonce)
    );
    assert!(
        payload(json!(83_012_264)).is_ok(),
        "a number is taken as its digits"
    );
    for other in [
        json!("83012265"),
        json!("083012264"),
        json!(["83012264"]),
        json!(true),
        json!(""),
    ] {
        assert_eq!(code(payload(other)), "nonce-differs");
    }
    assert_eq!(code(payload(json!(null))), "nonce-missing");
    let settings = "answers.signature = { covers = 'entries', payload = { nonce = '/jti' } }";
    let payload = json!({"tbs": tbs, "jti": "83012264"}).to_string();
    assert!(check_with(settings, jws(&ANNA, payload.as_bytes()), asked()).is_ok());
    let settings = "answers.signature = { covers = 'entries', payload = { user_id = '/sub' } }";
    let payload = json!({"tbs": tbs, "nonce": "83012264", "sub": "user-2"}).to_string();
    let named = check_with(settings, jws(&ANNA, payload.as_bytes()), asked().user("user-1"));
    assert_eq!(code(named), "userid-differs");
}

#[test]
fn another_format_is_refused_unless_it_is_welcome() {
    for (asked_for, came, data) in [
        ("pkcs7", "jws", jws(&ANNA, CONTENT)),
        ("jws", "pkcs7", cms(&ANNA, CONTENT)),
        ("raw", "pkcs7", cms(&ANNA, CONTENT)),
        ("xmldsig", "jws", jws(&ANNA, CONTENT)),
    ] {
        let asked = asked(asked_for);
        let answer = read(&json!({"format": came, "data": data}), "", &asked);
        assert_eq!(answer.format, Some(came.into()));
        let policy = SignaturePolicy::new(asked, &signers());
        assert_eq!(
            answer.verify(&policy, NOW).unwrap_err(),
            SignatureRefusal::FormatDiffers {
                asked: asked_for.into(),
                came: came.into()
            }
        );
        let verified = answer.verify(&policy.accepting_any_format(), NOW).unwrap();
        assert!(verified.fact().not_bound.contains(&Binding::Format));
    }
    // A name in another letter case, or one that the dialect knows, is no other format.
    for (settings, came) in [
        ("", "PKCS7"),
        ("answers.signature.formats.pkcs7 = ['pkcs7', 'cms']", "cms"),
    ] {
        let asked = asked("pkcs7");
        let answer = read(
            &json!({"format": came, "data": cms(&ANNA, CONTENT)}),
            settings,
            &asked,
        );
        assert!(
            answer
                .verify(&SignaturePolicy::new(asked, &signers()), NOW)
                .is_ok(),
            "{came}"
        );
    }
    for (settings, data) in [
        ("answers.signature.formats.jws = ['jose']", jws(&ANNA, CONTENT)),
        ("answers.signature.formats.raw = ['jose']", raw(&ANNA, CONTENT)),
    ] {
        let asked = asked("jose");
        let answer = read(&json!({"format": "jose", "data": data}), settings, &asked);
        assert!(answer.can_be_verified(), "{settings}");
    }
    // Nobody asked for a format: what came is what it is.
    let mut asked = asked("jws");
    asked.format = None;
    for data in [jws(&ANNA, CONTENT), cms(&ANNA, CONTENT)] {
        assert!(check(data, asked.clone()).is_ok());
    }
    assert_eq!(outcome(&json!({"data": "AAAA"}), "", &asked).name(), "unreadable");
}

#[test]
fn the_algorithm_is_that_of_the_mechanism() {
    let asked = |format: &str, mechanism: &str| {
        let mut asked = asked(format);
        asked.mechanism = Some(mechanism.into());
        asked
    };
    for (format, mechanism, data) in [
        ("pkcs7", "CKM_SHA256_RSA_PKCS", cms(&ANNA, CONTENT)),
        ("jws", "CKM_SHA256_RSA_PKCS", jws(&ANNA, CONTENT)),
        ("jws", "RS256", jws(&ANNA, CONTENT)),
        ("pkcs7", "CKM_SHA256_RSA_PKCS_PSS", cms_pss(&ANNA, CONTENT)),
        ("pkcs7", "CKM_ECDSA_SHA256", cms(&BERTA, CONTENT)),
        ("pkcs7", "CKM_EDDSA", cms(&CARLA, CONTENT)),
    ] {
        let verified = check(data, asked(format, mechanism)).unwrap();
        assert!(verified.fact().is_bound(Binding::Mechanism), "{mechanism}");
    }
    for (format, mechanism, data) in [
        ("pkcs7", "CKM_SHA512_RSA_PKCS", cms(&ANNA, CONTENT)),
        ("pkcs7", "CKM_SHA256_RSA_PKCS", cms_pss(&ANNA, CONTENT)),
        ("pkcs7", "CKM_SHA256_RSA_PKCS", cms(&BERTA, CONTENT)),
        ("jws", "RS512", jws(&ANNA, CONTENT)),
        ("jws", "ES256", jws(&CARLA, CONTENT)),
    ] {
        let answer = read(&json!({"data": data}), "", &asked(format, mechanism));
        let policy = SignaturePolicy::new(asked(format, mechanism), &signers());
        let refusal = answer.verify(&policy, NOW).unwrap_err();
        assert!(
            matches!(refusal, SignatureRefusal::MechanismDiffers { .. }),
            "{mechanism}: {refusal}"
        );
        let verified = answer.verify(&policy.accepting_any_mechanism(), NOW).unwrap();
        assert!(verified.fact().not_bound.contains(&Binding::Mechanism));
    }
    let odd = check(cms(&ANNA, CONTENT), asked("pkcs7", "CKM_VENDOR_DEFINED")).unwrap();
    assert!(odd.fact().not_bound.contains(&Binding::Mechanism));
}

#[test]
fn a_bare_signature_needs_a_mechanism_that_was_asked_for() {
    let (certificate, chain) = beside(&ANNA);
    let response = json!({"data": raw(&ANNA, CONTENT), "certificate": certificate, "chain": chain});
    let checked = |mechanism: Option<&str>| {
        let mut asked = asked("raw");
        asked.mechanism = mechanism.map(Into::into);
        let answer = read(&response, "", &asked);
        answer.verify(&SignaturePolicy::new(asked, &signers()), NOW)
    };
    assert!(checked(Some("CKM_SHA256_RSA_PKCS")).is_ok());
    assert_eq!(code(checked(None)), "mechanism-missing");
    assert_eq!(code(checked(Some("CKM_SHA1_RSA_PKCS"))), "mechanism-unknown");
    assert_eq!(code(checked(Some("none"))), "mechanism-unknown");
    assert_eq!(reason(checked(Some("CKM_SHA512_RSA_PKCS"))), Reason::BadSignature);
    assert_eq!(reason(checked(Some("CKM_RSA_PKCS"))), Reason::ContentNotPrepared);
    // Nothing says what it is over.
    let mut asked = SignatureExpectation::default();
    asked.format = Some(SignatureFormat::Raw);
    asked.mechanism = Some("RS256".into());
    let answer = read(&response, "", &asked);
    let checked = answer.verify(&SignaturePolicy::new(asked, &signers()), NOW);
    assert_eq!(reason(checked), Reason::ContentMissing);
}

#[test]
fn what_stands_beside_a_bare_signature_is_found_by_settings() {
    let (certificate, chain) = beside(&ANNA);
    let settings = "answers.signature = { certificate = '/response/cert', chain = '/response/issuers', key_id = '/response/key' }";
    let asked = asked_rsa("raw");
    let response = json!({"data": raw(&ANNA, CONTENT), "cert": certificate, "issuers": chain});
    let answer = read(&response, settings, &asked);
    assert!(
        answer
            .verify(&SignaturePolicy::new(asked.clone(), &signers()), NOW)
            .is_ok()
    );
    let keys = Signers::keys(JwkSet::new([key(&BERTA, "a"), key(&ANNA, "b")]));
    for (id, verdict) in [
        ("b", None),
        ("a", Some(Reason::AlgorithmDoesNotFitKey)),
        ("c", Some(Reason::JwsKeyUnknown)),
    ] {
        let response = json!({"data": raw(&ANNA, CONTENT), "key": id});
        let answer = read(&response, settings, &asked);
        let checked = answer.verify(&SignaturePolicy::new(asked.clone(), &keys), NOW);
        match verdict {
            None => assert_eq!(
                checked
                    .unwrap()
                    .fact()
                    .signers()
                    .next()
                    .unwrap()
                    .key_id
                    .as_deref(),
                Some("b")
            ),
            Some(expected) => assert_eq!(reason(checked), expected, "{id}"),
        }
    }
    // What cannot be read is left out, and said.
    let junk = json!({"data": raw(&ANNA, CONTENT), "certificate": "AAAA", "chain": [7, certificate]});
    let answer = read(&junk, "", &asked);
    assert_eq!(answer.lints.len(), 2);
}

#[test]
fn keys_are_believed_by_their_names() {
    let asked = || asked("jws");
    let keys = Signers::keys(JwkSet::new([key(&ANNA, "anna"), key(&CARLA, "carla")]));
    let verified = check_by(jws_kid(&ANNA, "anna", CONTENT), asked(), &keys).unwrap();
    assert!(verified.proof().was_checked(Check::KeyNamedByVerifier));
    assert_eq!(
        verified.fact().signers().next().unwrap().key_id.as_deref(),
        Some("anna")
    );
    // The name of another's key, a name that nobody has, and somebody who is not among them.
    let of = |data: String| reason(check_by(data, asked(), &keys));
    assert_eq!(
        of(jws_kid(&ANNA, "carla", CONTENT)),
        Reason::AlgorithmDoesNotFitKey
    );
    assert_eq!(of(jws_kid(&ANNA, "berta", CONTENT)), Reason::JwsKeyUnknown);
    let another = smartid_trust::SigningKey::generate(smartid_trust::KeyType::Ed25519).unwrap();
    let keys_of_another = JwkSet::new([Jwk::from_public_key(another.public_key().clone()).with_id("carla")]);
    let checked = check_by(
        jws_kid(&CARLA, "carla", CONTENT),
        asked(),
        &Signers::keys(keys_of_another),
    );
    assert_eq!(reason(checked), Reason::BadSignature);
    assert_eq!(
        reason(check_by(jws_kid(&ANNA, "anna", CONTENT), asked(), &signers())),
        Reason::JwsNoKey
    );
    // Both kinds together.
    let both = signers().or_keys(JwkSet::new([key(&CARLA, "carla")]));
    assert!(check_by(jws_kid(&CARLA, "carla", CONTENT), asked(), &both).is_ok());
    assert!(check_by(jws(&ANNA, CONTENT), asked(), &both).is_ok());
    let in_cms = common::answers::asked("pkcs7");
    assert!(check_by(cms(&ANNA, CONTENT), in_cms.clone(), &both).is_ok());
    let verified = check_by(cms(&ANNA, CONTENT), in_cms.clone(), &keys).unwrap();
    assert!(verified.proof().was_checked(Check::KeyNamedByVerifier));
    let none = Signers::keys(JwkSet::default());
    assert_eq!(
        reason(check_by(cms(&ANNA, CONTENT), in_cms, &none)),
        Reason::SignerNotNamed
    );
}

#[test]
fn a_message_does_not_choose_its_own_key_or_algorithm() {
    let message = |header: &str| {
        let part = |text: &[u8]| base64::encode(Flavour::Url, text);
        format!(
            "{}.{}.{}",
            part(header.as_bytes()),
            part(CONTENT),
            part(b"signature")
        )
    };
    for (header, expected) in [
        (r#"{"alg":"none"}"#, Reason::JwsNotSigned),
        (r#"{"alg":"HS256","kid":"anna"}"#, Reason::JwsSymmetric),
        (
            r#"{"alg":"RS256","jku":"https://example.test/keys"}"#,
            Reason::JwsKeySource,
        ),
        (r#"{"alg":"RS256","jwk":{"kty":"RSA"}}"#, Reason::JwsKeySource),
        (r#"{"alg":"RS256","alg":"none"}"#, Reason::DuplicateMember),
        (r#"{"alg":"RS256","crit":["x"],"x":1}"#, Reason::JwsCritical),
    ] {
        assert_eq!(reason(check(message(header), asked("jws"))), expected, "{header}");
    }
    assert_eq!(
        outcome(&json!({"data": message("{}")}), "", &asked("jws")).name(),
        "unreadable"
    );
}

#[test]
fn a_certain_signer_is_expected() {
    let data = cms(&ANNA, CONTENT);
    let asked = || asked("pkcs7");
    let answer = read(&json!({"data": data}), "", &asked());
    let policy = || SignaturePolicy::new(asked(), &signers());
    let named = |name: &str, comparison| {
        policy().expecting_signer(CertificateAttribute::COMMON_NAME, name, comparison)
    };
    let verified = answer
        .verify(&named("Officer One", AttributeComparison::Exact), NOW)
        .unwrap();
    assert!(verified.fact().is_bound(Binding::Signer));
    assert!(
        answer
            .verify(&named("officer one", AttributeComparison::IgnoreAsciiCase), NOW)
            .is_ok()
    );
    for (name, comparison) in [
        ("officer one", AttributeComparison::Exact),
        ("Officer Two", AttributeComparison::Exact),
        ("Officer", AttributeComparison::IgnoreAsciiCase),
        ("", AttributeComparison::Exact),
    ] {
        assert_eq!(
            code(answer.verify(&named(name, comparison), NOW)),
            "signer-unexpected",
            "{name}"
        );
    }
    let unknown =
        policy().expecting_signer(CertificateAttribute::new("fax"), "1", AttributeComparison::Exact);
    assert_eq!(code(answer.verify(&unknown, NOW)), "attribute-unreadable");
    let certificate =
        |signer: &smartid_trust::MemorySigner| policy().expecting_certificate(signer.chain()[0].clone());
    assert!(answer.verify(&certificate(&ANNA), NOW).is_ok());
    assert_eq!(
        code(answer.verify(&certificate(&BERTA), NOW)),
        "signer-unexpected"
    );
    let serial = ANNA.chain()[0].serial_number().clone();
    let by_serial = policy().expecting_signer_that(move |signer| *signer.serial_number() == serial);
    assert!(answer.verify(&by_serial, NOW).is_ok());
    let nobody = policy().expecting_signer_that(|_| false);
    assert_eq!(code(answer.verify(&nobody, NOW)), "signer-unexpected");
    // One expectation does not make up for another.
    assert_eq!(
        code(answer.verify(&certificate(&ANNA).expecting_signer_that(|_| false), NOW)),
        "signer-unexpected"
    );

    // A key has no certificate that names anybody.
    let keys = Signers::keys(JwkSet::new([key(&ANNA, "anna")]));
    let policy = SignaturePolicy::new(asked(), &keys).expecting_signer_that(|_| true);
    assert_eq!(code(answer.verify(&policy, NOW)), "signer-unnamed");
}

#[test]
fn the_filter_that_was_sent_holds_where_it_can_be_decided() {
    let filtered = |filter: CertificateFilter| {
        let mut asked = asked("pkcs7");
        asked.filter = Some(filter);
        asked
    };
    let with = |filter: CertificateFilter| check(cms(&ANNA, CONTENT), filtered(filter));
    let eq = |param: &str, value: &str| CertificateFilter::eq(param, value);
    let decided = with(CertificateFilter::and([
        eq("key.type", "RSA"),
        CertificateFilter::gte("key.length", 2048),
        CertificateFilter::sw("cert.subject", "O=Example"),
    ]));
    assert!(decided.unwrap().fact().is_bound(Binding::Filter));
    for other in [
        eq("key.type", "EC"),
        CertificateFilter::not(eq("key.type", "RSA")),
        CertificateFilter::and([eq("key.usage", "SIG"), eq("key.type", "EC")]),
    ] {
        assert_eq!(code(with(other)), "filter-does-not-match");
    }
    for undecided in [
        eq("key.usage", "SIG"),
        eq("key.id", "signer"),
        CertificateFilter::and([]),
    ] {
        assert!(
            with(undecided)
                .unwrap()
                .fact()
                .not_bound
                .contains(&Binding::Filter)
        );
    }
    let asked = filtered(eq("key.type", "EC"));
    let answer = read(&json!({"data": cms(&ANNA, CONTENT)}), "", &asked);
    let policy = SignaturePolicy::new(asked, &signers()).ignoring_filter();
    assert!(
        answer
            .verify(&policy, NOW)
            .unwrap()
            .fact()
            .not_bound
            .contains(&Binding::Filter)
    );

    // The name of a key is the one that the verifier gave it, not the one that a message claims.
    let mut by_id = common::answers::asked("jws");
    by_id.filter = Some(eq("key.id", "signer"));
    let keys = Signers::keys(JwkSet::new([key(&ANNA, "signer")]));
    let verified = check_by(jws_kid(&ANNA, "signer", CONTENT), by_id.clone(), &keys).unwrap();
    assert!(verified.fact().is_bound(Binding::Filter));
    let keys = Signers::keys(JwkSet::new([Jwk::from_public_key(
        ANNA.key().public_key().clone(),
    )]));
    let verified = check_by(jws_kid(&ANNA, "signer", CONTENT), by_id.clone(), &keys).unwrap();
    assert!(
        verified.fact().not_bound.contains(&Binding::Filter),
        "a nameless key"
    );
    let keys = Signers::keys(JwkSet::new([key(&ANNA, "other")]));
    assert_eq!(
        code(check_by(jws_kid(&ANNA, "other", CONTENT), by_id, &keys)),
        "filter-does-not-match"
    );
}

#[test]
fn all_signers_of_a_message_must_be_good() {
    let content = trust("content/data.bin");
    let asked = SignatureExpectation::of([Entry::bytes("application/octet-stream", "tbs", &content)]);
    let broken = base64(&trust("cms/bad-two-signers-one-broken.der"));
    let answer = read(&json!({"data": broken}), "", &asked);
    let policy = SignaturePolicy::new(asked.clone(), &signers());
    assert_eq!(reason(answer.verify(&policy, NOW)), Reason::BadSignature);
    let reports = answer.signer_reports(&policy, NOW);
    let good: Vec<bool> = reports.iter().map(|report| report.outcome.is_ok()).collect();
    assert_eq!(good, [true, false]);
    // Of a detached message too, whose content is what was sent.
    let both = base64(&trust("cms/openssl-two-signers-detached.der"));
    let answer = read(&json!({"data": both}), "", &asked);
    let reports = answer.signer_reports(&policy, NOW);
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.outcome.is_ok()));
    let policy = SignaturePolicy::new(SignatureExpectation::of([transfer()]), &signers());
    assert!(
        answer
            .signer_reports(&policy, NOW)
            .iter()
            .all(|report| report.outcome.is_err())
    );
    let of_jws = read(
        &json!({"data": jws(&ANNA, CONTENT)}),
        "",
        &common::answers::asked("jws"),
    );
    assert!(of_jws.signer_reports(&policy, NOW).is_empty());
}

#[test]
fn what_was_sent_by_content_id_must_be_supplied() {
    let asked = || {
        let mut asked = SignatureExpectation::of([Entry::content_id("tbs", "SIGN:17")]);
        asked.format = Some(SignatureFormat::Pkcs7);
        asked
    };
    let data = cms(&ANNA, CONTENT);
    assert_eq!(
        check(data.clone(), asked()).unwrap_err(),
        SignatureRefusal::EntryUnknown { index: 0 }
    );
    assert!(check(data.clone(), asked().supplying(0, CONTENT)).is_ok());
    assert_eq!(
        reason(check(data, asked().supplying(0, "other"))),
        Reason::ContentUnexpected
    );
    // What the command carried cannot be replaced.
    let replaced = common::answers::asked("pkcs7").supplying(0, "other");
    assert_eq!(
        reason(check(cms(&ANNA, b"other"), replaced)),
        Reason::ContentUnexpected
    );
}

#[test]
fn an_expectation_is_the_same_in_another_process() {
    let made = common::signature::sign("request_filter_deep.json").unwrap();
    let asked = made
        .command
        .nonce("83012264")
        .expectation()
        .user("user-1")
        .supplying(3, vec![0, 255]);
    let kept = serde_json::to_string(&asked).unwrap();
    assert_eq!(
        serde_json::from_str::<SignatureExpectation>(&kept).unwrap(),
        asked
    );
    let value = serde_json::to_value(&asked).unwrap();
    assert_eq!(
        serde_json::from_value::<SignatureExpectation>(value).unwrap(),
        asked
    );
    let small = asked.clone().without_description();
    assert!(small.description.is_empty() && small.tbs == asked.tbs);
    let nothing: SignatureExpectation = serde_json::from_str("{}").unwrap();
    assert_eq!(nothing, SignatureExpectation::default());
    for bad in [r#"{"supplied":{"0":"%"}}"#, r#"{"tbs":[{}]}"#, "7"] {
        assert!(
            serde_json::from_str::<SignatureExpectation>(bad).is_err(),
            "{bad}"
        );
    }
}

#[test]
fn further_members_do_not_change_what_is_checked() {
    use smartid_core::Endpoint as _;
    for place in ["/params", "/params/tbs", "/params/filter/op", "/params/nonce", ""] {
        let mut made = common::signature::sign("request_minimal.json").unwrap();
        made.command.members.set(place.parse().unwrap(), "[]");
        assert!(made.command.request(&made.dialect).is_err(), "{place}");
        let mut made = common::signature::authenticate("request_minimal.json").unwrap();
        made.command.members.set(place.parse().unwrap(), "[]");
        assert!(made.command.request(&made.dialect).is_err(), "{place}");
    }
    let mut made = common::signature::sign("request_minimal.json").unwrap();
    made.command.members.set("/params/tbs2".parse().unwrap(), "[]");
    assert!(made.command.request(&made.dialect).is_ok());
}

#[test]
fn lists_are_capped_and_must_be_lists_of_signatures() {
    let one = cms(&ANNA, CONTENT);
    let asked = asked("pkcs7");
    let name = |data: serde_json::Value| outcome(&json!({"data": data}), "", &asked).name();
    assert_eq!(name(json!(vec![one.clone(); 64])), "succeeded");
    for bad in [
        json!(vec![one.clone(); 65]),
        json!([]),
        json!([one, 7]),
        json!([one, {}]),
        json!([{"data": {}}]),
        json!([[one]]),
        json!([""]),
        json!(7),
        json!(true),
        json!("%%%"),
        json!(format!("{one}%")),
        json!("-----BEGIN CMS-----\nAAAA\n-----END CMS-----"),
    ] {
        assert_eq!(name(bad.clone()), "unreadable", "{bad}");
    }
    // Two signatures, neither where it should be: nobody knows which is meant.
    let two = json!({"a": one, "b": cms(&BERTA, CONTENT)});
    assert_eq!(outcome(&two, "", &asked).name(), "unreadable");
    assert_eq!(outcome(&json!({"a": one}), "", &asked).name(), "succeeded");
    assert_eq!(
        outcome(&json!({"a": one}), "answers.signature.search = false", &asked).name(),
        "unreadable"
    );
    // What cannot be told from any other text is not looked for.
    assert_eq!(
        outcome(&json!({"a": "AAAA"}), "", &common::answers::asked("raw")).name(),
        "unreadable"
    );
}

#[test]
fn an_empty_text_is_a_text() {
    let asked = |format: &str| {
        let mut asked = SignatureExpectation::of([Entry::text("tbs", "")]);
        asked.format = Some(format.into());
        asked
    };
    for (format, data) in [
        ("pkcs7", cms(&ANNA, b"")),
        ("jws", jws(&ANNA, b"")),
        ("jws", jws_detached(&ANNA, b"")),
    ] {
        assert!(check(data, asked(format)).is_ok(), "{format}");
    }
    assert_eq!(
        reason(check(jws(&ANNA, b"a"), asked("jws"))),
        Reason::ContentUnexpected
    );
}

#[test]
fn nothing_that_was_signed_is_shown() {
    let entry = || Entry::text("tbs", "canary").label("canary");
    let mut asked = SignatureExpectation::of([entry()]).supplying(1, "canary");
    asked.description = vec![entry()];
    asked.format = Some(SignatureFormat::Jws);
    asked.nonce = Some("canary".into());
    let answer = read(&json!({"data": jws(&ANNA, b"canary")}), "", &asked);
    let policy = SignaturePolicy::new(asked.clone(), &signers());
    let verified = answer.verify(&policy, NOW).unwrap();
    let mut other = asked.clone();
    other.tbs = vec![transfer()];
    let refused = answer
        .verify(&SignaturePolicy::new(other, &signers()), NOW)
        .unwrap_err();
    let xml = read(&json!({"format": "x", "data": "canary"}), "", &asked);
    let shown = format!(
        "{asked:?} {answer:?} {policy:?} {verified:?} {refused:?} {refused} {xml:?} {:?}",
        xml.signatures()[0]
    );
    let hidden = ["canary", "Y2FuYXJ5"];
    assert!(hidden.iter().all(|text| !shown.contains(text)), "{shown}");
}
