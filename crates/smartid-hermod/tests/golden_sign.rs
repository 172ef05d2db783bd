//! Every golden file of the sign command; the signatures that are real are verified.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::provision::trust;
use common::signature::{NOW, SIGN, chains, sign, signers};
use common::{Fixture, commands};
use smartid_core::Endpoint;
use smartid_hermod::answers::{
    Binding, SignatureAnswer, SignatureData, SignatureExpectation, SignaturePolicy, SignatureRefusal, Signers,
};
use smartid_hermod::{CommandReport, HermodDialect, Outcome, SignatureFormat};
use smartid_trust::path::Purpose;
use smartid_trust::{AttributeComparison, CertificateAttribute, Check, Reason};

#[test]
fn every_golden_request_is_what_is_sent() {
    let made = commands::requests("sign", |fixture| {
        let made = sign(&fixture.file)?;
        made.command
            .request(&made.dialect)
            .map_err(|error| error.to_string())
    });
    assert_eq!(made, SIGN);
    commands::head("sign", &sign("request_no_mechanism.json").unwrap().command);
}

#[test]
fn the_published_request_has_the_published_order_of_members() {
    let made = sign("request_published.json").unwrap();
    let sent = made.command.request(&made.dialect).unwrap();
    let published: String = common::text("sign/request_published.json")
        .lines()
        .map(str::trim)
        .collect();
    assert_eq!(std::str::from_utf8(sent.body_bytes()).unwrap(), published);
}

/// What was asked by the command that a callback answers; the plain one where the index does not say.
fn asked(fixture: &Fixture) -> SignatureExpectation {
    let request = fixture.request.as_deref().unwrap_or("request_text_fixture.json");
    sign(request).unwrap().command.expectation()
}

/// The dialect that a fixture with another form needs; the others are read as they are.
fn dialect(fixture: &Fixture) -> HermodDialect {
    common::dialect(match fixture.file.as_str() {
        "callback_pkcs7_bare.json" => "answers.signature = { data = '/response', search = false }",
        "callback_pkcs7_signature_member.json" => {
            "answers.signature = { data = '/response/signature', search = false }"
        }
        "callback_pkcs7_sign_response.json" => {
            "answers.signature = { data = '/signResponse/data', format = '/signResponse/format', search = false }"
        }
        "callback_pkcs7_at_destination.json" => {
            "answers.signature = { data = '/destinations/0/response/data', search = false }"
        }
        "callback_jws_payload_entries.json" => "answers.signature.covers = 'entries'",
        _ => "",
    })
}

fn answer(name: &str) -> (Outcome<SignatureAnswer>, SignatureExpectation) {
    let fixtures = commands::fixtures("sign", "callback");
    let fixture = fixtures.iter().find(|fixture| fixture.file == name).unwrap();
    let asked = asked(fixture);
    let dialect = dialect(fixture);
    let report = CommandReport::read(common::golden(&format!("sign/{name}")).into(), &dialect).unwrap();
    (report.sign(&dialect, &asked), asked)
}

fn read(name: &str) -> (SignatureAnswer, SignatureExpectation) {
    let (outcome, asked) = answer(name);
    match outcome {
        Outcome::Succeeded(answer) => (answer, asked),
        other => panic!("{name}: {other:?}"),
    }
}

fn refused(name: &str) -> SignatureRefusal {
    let (answer, asked) = read(name);
    answer
        .verify(&SignaturePolicy::new(asked, &signers()), NOW)
        .unwrap_err()
}

fn reason(refusal: SignatureRefusal) -> Reason {
    refusal.refusal().unwrap_or_else(|| panic!("{refusal}")).reason()
}

#[test]
fn every_golden_answer_is_read_as_it_says() {
    let read = commands::responses(
        "sign",
        dialect,
        |_, dialect, incoming| {
            let command = sign("request_text_fixture.json").unwrap().command;
            command
                .response(dialect, incoming)
                .map_err(|error| format!("{error:?}"))
        },
        |fixture, report, dialect| commands::word(&report.sign(dialect, &asked(fixture))),
    );
    assert_eq!(read, 8);
    let read = commands::callbacks("sign", dialect, |fixture, report, dialect| {
        commands::word(&report.sign(dialect, &asked(fixture)))
    });
    assert_eq!(read, 66);
}

/// The forms that a dialect reads are found without one too, and leave a lint.
#[test]
fn a_signature_elsewhere_is_found_with_a_lint() {
    for (name, place) in [
        ("callback_pkcs7_bare.json", "/response"),
        ("callback_pkcs7_signature_member.json", "/response/signature"),
        ("callback_pkcs7_sign_response.json", "/signResponse/data"),
        (
            "callback_pkcs7_at_destination.json",
            "/destinations/0/response/data",
        ),
    ] {
        let by_setting = read(name).0;
        assert!(by_setting.lints.is_empty(), "{name}: {:?}", by_setting.lints);
        let asked = sign("request_text_fixture.json").unwrap().command.expectation();
        let dialect = HermodDialect::default();
        let report = CommandReport::read(common::golden(&format!("sign/{name}")).into(), &dialect).unwrap();
        let found = report.sign(&dialect, &asked).succeeded().unwrap();
        assert_eq!(found.lints.len(), 1, "{name}");
        assert_eq!(found.lints[0].at, place, "{name}");
        for answer in [by_setting, found] {
            let policy = SignaturePolicy::new(asked.clone(), &signers());
            assert!(answer.verify(&policy, NOW).is_ok(), "{name}");
        }
        let dialect = common::dialect("answers.signature.search = false");
        let report = CommandReport::read(common::golden(&format!("sign/{name}")).into(), &dialect).unwrap();
        assert_eq!(report.sign(&dialect, &asked).name(), "unreadable", "{name}");
    }
}

/// Every callback that the index gives a real signature.
#[test]
fn real_signatures_verify_and_only_over_what_was_sent() {
    let mut real = 0;
    for fixture in commands::fixtures("sign", "callback") {
        let Some(cms) = &fixture.cms else { continue };
        real += 1;
        let name = &fixture.file;
        let (answer, asked) = read(name);
        let [item] = answer.signatures() else {
            panic!("{name}")
        };
        let SignatureData::Pkcs7(message) = &item.data else {
            panic!("{name}")
        };
        let attached = message.danger_unverified().embedded_content().is_some();
        assert_eq!(
            fixture.mode.as_deref(),
            Some(if attached { "attached" } else { "detached" }),
            "{name}"
        );
        let same = smartid_trust::cms::SignedData::parse(trust(&format!("cms/{cms}"))).unwrap();
        assert!(same == *message, "{name} is not {cms}");

        // The signature by itself is good, over the content that the index names.
        let content = trust(fixture.content.as_ref().unwrap());
        let entry = smartid_hermod::Entry::bytes("application/octet-stream", "tbs", &content);
        let of_content = SignaturePolicy::new(SignatureExpectation::of([entry]), &signers());
        let verified = answer.verify(&of_content, NOW).unwrap();
        assert_eq!(verified.fact().signatures[0].content, content, "{name}");
        assert!(verified.proof().was_checked(Check::ExpectedContent), "{name}");
        assert!(verified.fact().is_bound(Binding::Tbs), "{name}");

        // Against the command that it answers.
        let by_command = answer.verify(&SignaturePolicy::new(asked.clone(), &signers()), NOW);
        match name.as_str() {
            "callback_pkcs7_other_content.json" => {
                assert_eq!(reason(by_command.unwrap_err()), Reason::ContentUnexpected);
            }
            // The filter wants RSA: Officer Two has another key.
            "callback_other_signer.json" | "callback_pkcs7_two_signers.json" => {
                assert!(matches!(
                    by_command.unwrap_err(),
                    SignatureRefusal::MechanismDiffers { .. }
                ));
                let policy = SignaturePolicy::new(asked.clone(), &signers()).accepting_any_mechanism();
                let SignatureRefusal::FilterDoesNotMatch { subject } =
                    answer.verify(&policy, NOW).unwrap_err()
                else {
                    panic!("{name}")
                };
                assert_eq!(subject, "O=Example,CN=Officer Two", "{name}");
                let verified = answer.verify(&policy.clone().ignoring_filter(), NOW).unwrap();
                assert!(verified.fact().not_bound.contains(&Binding::Filter), "{name}");
                assert!(verified.fact().not_bound.contains(&Binding::Mechanism), "{name}");
                let person = policy.ignoring_filter().expecting_signer(
                    CertificateAttribute::COMMON_NAME,
                    "Officer One",
                    AttributeComparison::Exact,
                );
                assert!(matches!(
                    answer.verify(&person, NOW).unwrap_err(),
                    SignatureRefusal::SignerUnexpected { .. }
                ));
            }
            _ => {
                let verified = by_command.unwrap();
                let statement = verified.fact();
                let bytes = statement.entries().next().unwrap().signed_bytes().unwrap();
                assert_eq!(bytes, content, "{name}");
                for bound in [Binding::Tbs, Binding::Filter, Binding::Mechanism, Binding::Format] {
                    assert!(statement.is_bound(bound), "{name}: {bound:?}");
                }
                assert_eq!(statement.not_bound, [Binding::Signer], "{name}");
            }
        }
    }
    assert_eq!(real, 6);
}

#[test]
fn two_signers_are_reported_one_by_one() {
    let (answer, asked) = read("callback_pkcs7_two_signers.json");
    let policy = SignaturePolicy::new(asked, &signers())
        .ignoring_filter()
        .accepting_any_mechanism();
    let reports = answer.signer_reports(&policy, NOW);
    assert_eq!(reports.len(), 2);
    assert!(reports.iter().all(|report| report.outcome.is_ok()));
    let verified = answer.verify(&policy, NOW).unwrap();
    let mut subjects: Vec<String> = verified
        .fact()
        .signers()
        .map(|signer| signer.certificate().unwrap().subject().to_string())
        .collect();
    subjects.sort();
    assert_eq!(subjects, ["O=Example,CN=Officer One", "O=Example,CN=Officer Two"]);
}

#[test]
fn other_codings_of_the_same_message_verify_and_leave_a_lint() {
    for name in [
        "callback_pkcs7_base64url.json",
        "callback_pkcs7_wrapped.json",
        "callback_pkcs7_pem.json",
    ] {
        let (answer, asked) = read(name);
        assert!(!answer.lints.is_empty(), "{name}");
        let policy = SignaturePolicy::new(asked, &signers());
        assert!(answer.verify(&policy, NOW).is_ok(), "{name}");
    }
}

#[test]
fn worthless_signatures_are_read_and_never_verified() {
    for (name, expected) in [
        ("callback_jws.json", Reason::BadSignature),
        ("callback_jws_detached.json", Reason::BadSignature),
        ("callback_jws_payload_entries.json", Reason::BadSignature),
        ("callback_jws_kid.json", Reason::JwsNoKey),
        ("callback_raw.json", Reason::SignerCertificateMissing),
        ("callback_raw_certificate.json", Reason::BadSignature),
    ] {
        assert_eq!(reason(refused(name)), expected, "{name}");
    }
    // A raw key, known by its id from provisioning.
    let anna = common::signature::ANNA.key().public_key().clone();
    let keys =
        smartid_trust::jws::JwkSet::new([smartid_trust::jws::Jwk::from_public_key(anna).with_id("signer")]);
    for name in ["callback_jws_kid.json", "callback_raw.json"] {
        let (answer, asked) = read(name);
        let policy = SignaturePolicy::new(asked, &Signers::keys(keys.clone()));
        assert_eq!(
            reason(answer.verify(&policy, NOW).unwrap_err()),
            Reason::BadSignature,
            "{name}"
        );
    }
}

#[test]
fn what_cannot_be_verified_says_so() {
    for (name, format, data) in [
        (
            "callback_xmldsig.json",
            SignatureFormat::XmlDsig,
            "PFNpZ25hdHVyZSB4bWxu",
        ),
        (
            "callback_xmldsig_text.json",
            SignatureFormat::XmlDsig,
            "<Signature xmlns",
        ),
        (
            "callback_unknown_format.json",
            SignatureFormat::from("cades"),
            "AAAA",
        ),
    ] {
        let (answer, _) = read(name);
        assert!(!answer.can_be_verified(), "{name}");
        assert_eq!(answer.format.as_ref(), Some(&format), "{name}");
        let SignatureData::Other(other) = &answer.signatures()[0].data else {
            panic!("{name}")
        };
        assert!(other.danger_unverified().data.starts_with(data), "{name}");
        assert_eq!(
            refused(name),
            SignatureRefusal::FormatNotVerified { format },
            "{name}"
        );
    }
}

#[test]
fn another_format_than_the_one_asked_for_is_named_and_refused() {
    let (answer, asked) = read("callback_other_format.json");
    assert_eq!(asked.format, Some(SignatureFormat::Pkcs7));
    assert_eq!(answer.format, Some(SignatureFormat::Jws));
    let expected = SignatureRefusal::FormatDiffers {
        asked: SignatureFormat::Pkcs7,
        came: SignatureFormat::Jws,
    };
    assert_eq!(refused("callback_other_format.json"), expected);
}

#[test]
fn several_signatures_are_one_for_each_entry() {
    let keys = |name: &str| -> Vec<Option<String>> {
        let items = read(name).0;
        items.signatures().iter().map(|item| item.key.clone()).collect()
    };
    assert_eq!(keys("callback_several_list.json"), [None, None, None]);
    let keyed = ["tbs1", "tbs2", "tbs3"].map(|key| Some(key.to_owned()));
    assert_eq!(keys("callback_several_keyed.json"), keyed);
    // They are good signatures, of other bytes.
    for name in ["callback_several_list.json", "callback_several_keyed.json"] {
        assert_eq!(reason(refused(name)), Reason::ContentUnexpected, "{name}");
    }
    let expected = SignatureRefusal::CountDiffers {
        signatures: 2,
        entries: 3,
    };
    assert_eq!(refused("callback_several_missing.json"), expected);
    assert_eq!(
        refused("callback_several_one.json"),
        SignatureRefusal::CoverageUnknown { entries: 3 }
    );
}

#[test]
fn the_purpose_and_the_time_count() {
    let (answer, asked) = read("callback_approved.json");
    let policy = SignaturePolicy::new(asked.clone(), &signers());
    let later = smartid_core::Timestamp::from_millis(2_500_000_000_000);
    assert_eq!(
        reason(answer.verify(&policy, later).unwrap_err()),
        Reason::Expired
    );
    let encrypting = Purpose::any().with_key_usage(vec![smartid_trust::KeyUsage::KeyEncipherment]);
    let policy = SignaturePolicy::new(asked, &Signers::certificates(chains(encrypting)));
    assert_eq!(reason(answer.verify(&policy, NOW).unwrap_err()), Reason::KeyUsage);
}
