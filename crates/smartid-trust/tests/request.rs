//! Templates out, requests in: the public way.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

use proptest::prelude::*;
use smartid_core::Timestamp;
use smartid_core::base64::{Flavour, encode};
use smartid_trust::request::{
    CertificationRequest, KeyRequirement, MAX_REQUEST_LEN, RequestPolicy, RequestTemplate, TemplateBuilder,
    ThrowAwayKey,
};
use smartid_trust::{Check, DistinguishedName, GeneralName, KeyType, Oid, Reason, SignatureAlgorithm};

const AT: Timestamp = Timestamp::from_millis(0);
const TEMPLATE_SHA1: &[u8] = include_bytes!("request-data/template-sha1.der");
const ANSWER_SHA1: &[u8] = include_bytes!("request-data/answer-sha1.der");
const TEMPLATE_QUIRK: &[u8] = include_bytes!("request-data/template-version2-sha1.der");
const ANSWER_QUIRK: &[u8] = include_bytes!("request-data/answer-version2-sha1.der");

fn name(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

fn builder() -> TemplateBuilder {
    TemplateBuilder::new(name("CN=Åsa Ek,OU=Night,OU=Nurses,O=Example,C=SE"))
}

fn reason(der: &[u8], policy: &RequestPolicy) -> Reason {
    let request = CertificationRequest::from_der(der.to_vec()).unwrap();
    request.verify(policy, AT).unwrap_err().reason()
}

#[test]
fn a_template_is_a_request_that_verifies() {
    for (kind, key) in [
        (ThrowAwayKey::Rsa2048, KeyRequirement::rsa(2048)),
        (ThrowAwayKey::P256, KeyRequirement::ec(smartid_trust::Curve::P256)),
    ] {
        let extension: Oid = "2.5.29.15".parse().unwrap();
        let template = builder()
            .with_email("asa.ek@example.com")
            .with_user_principal_name("åsa@corp.example")
            .with_dns("host.example.com")
            .with_uri("urn:example:asa")
            .with_alt_name(GeneralName::Directory(name("CN=Other")))
            .with_extension(extension.clone(), true, vec![3, 2, 7, 0x80])
            .build(kind)
            .unwrap();
        template.readable().unwrap();
        let policy = RequestPolicy::without_template(key);
        let request = CertificationRequest::from_der(template.der().clone()).unwrap();
        let verified = request.verify(&policy, AT).unwrap();
        let fact = verified.fact();
        assert_eq!(fact.version(), 0);
        assert_eq!(
            fact.subject().to_string(),
            "CN=Åsa Ek,OU=Night,OU=Nurses,O=Example,C=SE"
        );
        assert_eq!(Some(fact.subject()), template.subject());
        assert_eq!(Some(fact.subject_alt_names()), template.subject_alt_names());
        assert_eq!(fact.subject_alt_names().len(), 5);
        assert_eq!(
            fact.subject_alt_names()[1].user_principal_name().unwrap(),
            "åsa@corp.example"
        );
        assert_eq!(fact.requested_extensions()[1].oid, extension);
        assert!(fact.requested_extensions()[1].critical && !fact.requested_extensions()[0].critical);
        assert_eq!(Some(verified.proof().key.clone()), template.throw_away_key());
        assert_eq!(request.danger_unverified(), fact);
    }
}

#[test]
fn every_template_has_a_key_of_its_own() {
    let one = builder().build(ThrowAwayKey::P256).unwrap();
    let two = builder().build(ThrowAwayKey::P256).unwrap();
    assert_ne!(one.throw_away_key(), two.throw_away_key());
    assert_eq!(one.subject(), two.subject());
    assert_eq!(
        builder()
            .build(ThrowAwayKey::default())
            .unwrap()
            .throw_away_key()
            .unwrap()
            .key_type(),
        KeyType::Rsa { bits: 2048 }
    );
}

#[test]
fn a_subject_may_be_empty_when_there_are_names() {
    let empty = TemplateBuilder::new(DistinguishedName::from_der(vec![0x30, 0]).unwrap());
    assert!(empty.build(ThrowAwayKey::P256).is_err());
    let template = empty
        .with_email("a@example.com")
        .build(ThrowAwayKey::P256)
        .unwrap();
    let request = CertificationRequest::from_der(template.der().clone()).unwrap();
    assert!(request.danger_unverified().requested_extensions()[0].critical);
}

#[test]
fn what_cannot_be_written_is_not_built() {
    let san: Oid = "2.5.29.17".parse().unwrap();
    let usage: Oid = "2.5.29.15".parse().unwrap();
    let upn: Oid = "1.3.6.1.4.1.311.20.2.3".parse().unwrap();
    let other = |value: &[u8]| GeneralName::Other {
        oid: upn.clone(),
        value_der: value.to_vec().into(),
    };
    for (index, bad) in [
        builder().with_email(""),
        builder().with_email("å@example.com"),
        builder().with_email("a@example.com\0.evil.example"),
        builder().with_dns("a b"),
        builder().with_uri("urn:\n"),
        builder().with_user_principal_name(""),
        builder().with_alt_name(GeneralName::Ip(vec![1, 2, 3].into())),
        builder().with_alt_name(GeneralName::Unread(vec![0x81, 1, b'a'].into())),
        builder().with_alt_name(GeneralName::Unread(vec![0xa3, 5].into())),
        builder().with_alt_name(other(b"")),
        builder().with_alt_name(other(&[0x0c, 9, b'a'])),
        builder().with_alt_name(other(&[5, 0, 5, 0])),
        builder().with_extension(san, false, vec![0x30, 0]),
        builder()
            .with_extension(usage.clone(), false, vec![5, 0])
            .with_extension(usage.clone(), false, vec![5, 0]),
        builder().with_extension(usage, false, vec![0; MAX_REQUEST_LEN]),
        (0..257).fold(builder(), |builder, _| builder.with_dns("a.example")),
    ]
    .into_iter()
    .enumerate()
    {
        assert!(bad.build(ThrowAwayKey::P256).is_err(), "{index}");
    }
    assert!(
        builder()
            .with_alt_name(other(&[0x0c, 1, b'a']))
            .build(ThrowAwayKey::P256)
            .is_ok()
    );
    assert!(
        builder()
            .with_alt_name(GeneralName::Ip(vec![1, 2, 3, 4].into()))
            .build(ThrowAwayKey::P256)
            .is_ok()
    );
}

#[test]
fn an_integrators_template_goes_out_untouched() {
    for der in [TEMPLATE_QUIRK, TEMPLATE_SHA1, b"", b"anything", &[0x30, 0x80]] {
        let template = RequestTemplate::passthrough(der.to_vec());
        assert_eq!(template.der(), der);
        assert_eq!(template.certreq_base64(), encode(Flavour::Standard, der));
    }
    let template = RequestTemplate::passthrough(TEMPLATE_QUIRK);
    assert_eq!(
        template.subject().unwrap().to_string(),
        "1.3.6.1.4.1.99999.1=private,CN=Test User,OU=Two,OU=One,O=Example,C=SE"
    );
    assert_eq!(
        template.subject_alt_names().unwrap(),
        [GeneralName::Email("user@example.com".to_owned())]
    );
    assert!(template.throw_away_key().is_some());
    let pem = include_str!("../doc/device-request.pem");
    assert_eq!(
        RequestTemplate::passthrough_pem(pem)
            .unwrap()
            .subject()
            .unwrap()
            .to_string(),
        "CN=Officer One,O=Example"
    );
    assert!(RequestTemplate::passthrough_pem("").is_err());
}

/// Each of the two concessions is asked for by name, and neither grants the other.
#[test]
fn the_quirks_of_the_published_template_come_back_by_explicit_policy() {
    let quirk = RequestPolicy::from_template(
        &RequestTemplate::passthrough(TEMPLATE_QUIRK),
        KeyRequirement::rsa(2048),
    );
    assert_eq!(reason(ANSWER_QUIRK, &quirk), Reason::RequestVersion);
    assert_eq!(
        reason(ANSWER_QUIRK, &quirk.clone().accept_sha1_self_signature()),
        Reason::RequestVersion
    );
    assert_eq!(
        reason(ANSWER_QUIRK, &quirk.clone().accept_version_2()),
        Reason::RequestSha1
    );
    assert_eq!(reason(ANSWER_SHA1, &quirk), Reason::RequestSha1);
    let both = quirk.accept_version_2().accept_sha1_self_signature();
    for der in [ANSWER_QUIRK, ANSWER_SHA1] {
        let request = CertificationRequest::from_der(der).unwrap();
        let proof = request.verify(&both, AT).unwrap().into_parts().1;
        assert_eq!(proof.algorithm, SignatureAlgorithm::LegacyRsaPkcs1Sha1);
        assert_eq!(proof.checked, [Check::Signature, Check::Template]);
        // A concession on the digest is none on the signature.
        let mut changed = der.to_vec();
        let at = changed
            .windows(9)
            .position(|window| window == b"Test User")
            .unwrap();
        changed[at] = b'B';
        assert_eq!(reason(&changed, &both), Reason::BadSignature);
    }
    assert_eq!(reason(TEMPLATE_QUIRK, &both), Reason::RequestThrowAwayKey);
    // The proof is the only place where SHA-1 is an algorithm.
    let request = CertificationRequest::from_der(ANSWER_SHA1).unwrap();
    let request = request.danger_unverified();
    let algorithm = request.signature_algorithm().unwrap();
    assert_eq!(algorithm, SignatureAlgorithm::LegacyRsaPkcs1Sha1);
    let refusal = request
        .public_key()
        .unwrap()
        .verify(algorithm, b"", request.signature())
        .unwrap_err();
    assert_eq!(refusal.reason(), Reason::AlgorithmDoesNotFitKey);
    assert!(!smartid_trust::AlgorithmSet::default().contains(algorithm));
}

#[test]
fn text_forms() {
    let template = builder().build(ThrowAwayKey::P256).unwrap();
    let base64 = template.certreq_base64();
    let same = |request: smartid_trust::Unverified<CertificationRequest>| {
        assert_eq!(request.danger_unverified().der(), template.der());
    };
    same(CertificationRequest::from_base64(&base64).unwrap());
    let lines: Vec<&str> = (0..base64.len())
        .step_by(64)
        .map(|at| &base64[at..base64.len().min(at + 64)])
        .collect();
    same(CertificationRequest::from_base64(&lines.join("\r\n")).unwrap());
    for label in ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"] {
        let pem = format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        );
        same(CertificationRequest::from_pem(&pem).unwrap());
        assert_eq!(
            CertificationRequest::from_pem(&pem.repeat(2))
                .unwrap_err()
                .reason(),
            Reason::Malformed
        );
        assert!(CertificationRequest::from_base64(&pem).is_err());
    }
    let url = base64.replace('+', "-").replace('/', "_");
    for bad in [
        "",
        "%",
        &base64[1..],
        base64.trim_end_matches('='),
        &url,
        &format!("{base64}="),
    ] {
        if *bad != base64 {
            assert_eq!(
                CertificationRequest::from_base64(bad).unwrap_err().reason(),
                Reason::Malformed,
                "{bad}"
            );
        }
    }
    for bad in [
        "",
        "-----BEGIN CERTIFICATE REQUEST-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
    ] {
        assert_eq!(
            CertificationRequest::from_pem(bad).unwrap_err().reason(),
            Reason::Malformed,
            "{bad}"
        );
    }
}

#[test]
fn too_much_is_refused() {
    for refusal in [
        CertificationRequest::from_der(vec![0x30; MAX_REQUEST_LEN + 1]).unwrap_err(),
        CertificationRequest::from_der(vec![0; 2 << 20]).unwrap_err(),
        CertificationRequest::from_base64(&"A".repeat(2 << 20)).unwrap_err(),
        CertificationRequest::from_base64(&"AAAA".repeat(MAX_REQUEST_LEN / 3 + 1)).unwrap_err(),
        CertificationRequest::from_pem(&"\n".repeat(4 * MAX_REQUEST_LEN + 1)).unwrap_err(),
    ] {
        assert_eq!(refusal.reason(), Reason::TooLarge);
    }
    assert_eq!(
        CertificationRequest::from_der(vec![0x30; MAX_REQUEST_LEN])
            .unwrap_err()
            .reason(),
        Reason::Malformed
    );
}

#[test]
fn half_a_request_is_none() {
    for end in 0..ANSWER_QUIRK.len() {
        let refusal = CertificationRequest::from_der(&ANSWER_QUIRK[..end]).unwrap_err();
        assert_eq!(refusal.reason(), Reason::Malformed, "{end}");
        let template = RequestTemplate::passthrough(&ANSWER_QUIRK[..end]);
        assert!(template.readable().is_err(), "{end}");
    }
    let mut longer = ANSWER_QUIRK.to_vec();
    longer.push(0);
    assert!(CertificationRequest::from_der(longer).is_err());
}

#[test]
fn nothing_is_shown_before_it_is_verified() {
    let request = CertificationRequest::from_der(ANSWER_SHA1).unwrap();
    assert_eq!(format!("{request:?}"), "Unverified(..)");
    let policy = RequestPolicy::from_template(
        &RequestTemplate::passthrough(TEMPLATE_SHA1),
        KeyRequirement::any(),
    );
    let text = format!("{policy:?} {:?}", request.danger_unverified());
    assert!(text.contains("Test User") && text.len() < 600, "{text}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No byte of a verified request can be changed without being noticed.
    #[test]
    fn a_changed_byte_is_noticed(at in 0..ANSWER_SHA1.len(), flip in 1_u8..=255) {
        let policy = RequestPolicy::from_template(&RequestTemplate::passthrough(TEMPLATE_QUIRK), KeyRequirement::any())
            .accept_version_2()
            .accept_sha1_self_signature();
        let mut changed = ANSWER_SHA1.to_vec();
        changed[at] ^= flip;
        let verified = CertificationRequest::from_der(changed).and_then(|request| request.verify(&policy, AT));
        prop_assert!(verified.is_err());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = CertificationRequest::from_der(bytes.clone());
        let template = RequestTemplate::passthrough(bytes.clone());
        prop_assert_eq!(template.der(), &bytes);
    }

    #[test]
    fn what_is_asked_for_is_what_is_in_the_template(
        common in "[a-zA-Zåäö ,+=#\"]{1,20}",
        units in prop::collection::vec("[A-Z]{1,3}", 0..4),
        mails in prop::collection::vec("[a-z]{1,8}@example\\.com", 0..4),
        upn in proptest::option::of("[a-zå]{1,8}@corp"),
    ) {
        use smartid_trust::AttributeType as A;
        let attributes = units.iter().map(|unit| (A::OrganizationalUnit, unit.as_str()));
        let subject = DistinguishedName::from_attributes(attributes.chain([(A::CommonName, common.as_str())])).unwrap();
        let mut builder = TemplateBuilder::new(subject.clone());
        for mail in &mails {
            builder = builder.with_email(mail.clone());
        }
        if let Some(upn) = &upn {
            builder = builder.with_user_principal_name(upn);
        }
        let template = builder.build(ThrowAwayKey::P256).unwrap();
        let request = CertificationRequest::from_base64(&template.certreq_base64()).unwrap();
        let policy = RequestPolicy::without_template(KeyRequirement::any());
        let verified = request.verify(&policy, AT).unwrap();
        prop_assert_eq!(verified.fact().subject(), &subject);
        prop_assert_eq!(verified.fact().subject().texts(&A::OrganizationalUnit), units);
        prop_assert_eq!(verified.fact().subject_alt_names().len(), mails.len() + usize::from(upn.is_some()));
        let passed = RequestTemplate::passthrough(template.der().clone());
        prop_assert_eq!(passed.subject(), template.subject());
        prop_assert_eq!(passed.subject_alt_names(), template.subject_alt_names());
        prop_assert_eq!(passed.throw_away_key(), template.throw_away_key());
    }
}
