//! A signature counts as it was asked for: every form, forged, changed, of another time, root, purpose, format; everything else is refused.
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
use common::signature::{ANNA, BERTA, NOW, certificate, chains, signers, transfer};
use serde_json::json;
use smartid_core::Timestamp;
use smartid_core::base64::{self, Flavour};
use smartid_hermod::answers::{Binding, SignatureExpectation, SignaturePolicy, SignatureRefusal, Signers};
use smartid_hermod::{Entry, Outcome, SignatureFormat};
use smartid_trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_trust::{AlgorithmSet, Check, KeyUsage, OfficerSigner, Reason};

const LATER: Timestamp = Timestamp::from_millis(2_500_000_000_000);

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
    let verifier = WebpkiVerifier::builder().root(certificate("path/other-root.der"));
    let verifier = std::sync::Arc::new(verifier.build().unwrap());
    let strangers = ChainPolicy::new(verifier, Purpose::signing());
    let strangers = Signers::certificates(std::sync::Arc::new(strangers));
    let encrypting = chains(Purpose::any().with_key_usage(vec![KeyUsage::KeyEncipherment]));
    for (format, response) in forms(CONTENT) {
        let asked = asked_rsa(format);
        let answer = read(&response, "", &asked);
        let by = |signers: &Signers, at| answer.verify(&SignaturePolicy::new(asked.clone(), signers), at);
        assert_eq!(reason(by(&signers(), LATER)), Reason::Expired, "{format}");
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
    for format in ["raw", "xmldsig"] {
        let outcome = outcome(&json!({"a": "AAAA"}), "", &common::answers::asked(format));
        let Outcome::Unreadable { reason } = outcome else {
            panic!("{format}: {outcome:?}")
        };
        assert_eq!(reason, "there is no signature at /response/data", "{format}");
    }
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
