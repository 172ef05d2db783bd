//! A signature counts by whom it was asked of: keys, certificates, filter, mechanism, each signer for itself.
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
use common::signature::{ANNA, BERTA, CARLA, NOW, signers, transfer};
use serde_json::json;
use smartid_hermod::Entry;
use smartid_hermod::answers::{Binding, SignatureExpectation, SignaturePolicy, SignatureRefusal, Signers};
use smartid_hermod::filter::CertificateFilter;
use smartid_trust::jws::{Jwk, JwkSet};
use smartid_trust::{AttributeComparison, CertificateAttribute, Check, OfficerSigner, Reason};

fn key(signer: &smartid_trust::MemorySigner, id: &str) -> Jwk {
    Jwk::from_public_key(signer.key().public_key().clone()).with_id(id)
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
fn a_certificate_beside_a_message_serves_when_none_is_inside() {
    let content = trust("content/data.bin");
    let mut asked = SignatureExpectation::of([Entry::bytes("application/octet-stream", "tbs", &content)]);
    asked.format = Some("pkcs7".into());
    let message = base64(&trust("cms/openssl-rsa-nocerts.der"));
    let policy = SignaturePolicy::new(asked.clone(), &signers());
    let (certificate, _) = beside(&ANNA);
    let with = |response| read(&response, "", &asked).verify(&policy, NOW);
    assert_eq!(
        reason(with(json!({"data": message}))),
        Reason::SignerCertificateMissing
    );
    assert!(with(json!({"data": message, "certificate": certificate})).is_ok());
    // What the caller has of its own serves too.
    let own = signers().with_certificates(vec![ANNA.chain()[0].clone()]);
    assert!(check_by(message.clone(), asked.clone(), &own).is_ok());
    let (other, _) = beside(&BERTA);
    let refused = with(json!({"data": message, "certificate": other}));
    assert_eq!(reason(refused), Reason::SignerCertificateMissing);
    let stranger = signers().with_certificates(vec![BERTA.chain()[0].clone()]);
    assert_eq!(
        reason(check_by(message, asked, &stranger)),
        Reason::SignerCertificateMissing
    );
}
