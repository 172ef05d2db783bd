//! Tests of the refusals, and of whatever a stranger may send.

use std::collections::BTreeSet;

use proptest::prelude::*;
use smartid_core::Timestamp;
use smartid_trust::jws::JwkSet;
use smartid_trust::{DigestAlgorithm, Reason, SignatureAlgorithm};

use super::{SignatureExpectation, SignaturePolicy, SignatureRefusal, Signers};
use crate::dialect::HermodDialect;
use crate::entry::Entry;
use crate::report::CommandReport;

#[test]
fn every_refusal_has_a_code_a_sentence_and_an_advice() {
    use SignatureRefusal as R;
    let subject = || "CN=A".to_owned();
    let all = [
        R::Signature(Reason::BadSignature.into()),
        R::FormatDiffers {
            asked: "pkcs7".into(),
            came: "jws".into(),
        },
        R::FormatNotVerified { format: "x".into() },
        R::CoverageUnknown { entries: 2 },
        R::CountDiffers {
            signatures: 1,
            entries: 2,
        },
        R::EntryDiffers { index: 0 },
        R::EntryUnknown { index: 0 },
        R::ContentUnreadable,
        R::EntriesDiffer,
        R::DescriptionDiffers,
        R::NonceMissing,
        R::NonceDiffers,
        R::UserDiffers,
        R::MechanismMissing,
        R::MechanismUnknown(Reason::AlgorithmUnknown.into()),
        R::MechanismDiffers {
            asked: "RS256".into(),
            made: SignatureAlgorithm::Ecdsa(DigestAlgorithm::Sha256),
        },
        R::FilterDoesNotMatch { subject: subject() },
        R::SignerUnexpected { subject: subject() },
        R::SignerUnnamed,
        R::AttributeUnreadable {
            problem: String::new(),
        },
    ];
    let codes: BTreeSet<&str> = all.iter().map(R::code).collect();
    assert_eq!(codes.len(), all.len());
    for refusal in all {
        let kebab = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        assert!(refusal.code().bytes().all(kebab), "{}", refusal.code());
        let text = refusal.to_string();
        assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
        assert!(!refusal.advice().check.is_empty());
    }
}

/// Reads and verifies whatever stands there; nothing panics, and nothing is believed.
fn nobody_believes(body: String, format: Option<&str>) {
    let dialect = HermodDialect::default();
    let Ok(report) = CommandReport::read(body.into(), &dialect) else {
        return;
    };
    let mut asked = SignatureExpectation::of([Entry::text("tbs", "a")]);
    asked.format = format.map(Into::into);
    if let Some(answer) = report.sign(&dialect, &asked).succeeded() {
        let policy = SignaturePolicy::new(asked, &Signers::keys(JwkSet::default())).accepting_any_format();
        assert!(answer.verify(&policy, Timestamp::from_millis(0)).is_err());
        let _ = answer.signer_reports(&policy, Timestamp::from_millis(0));
    }
}

proptest! {
    #[test]
    fn any_response(
        response in prop_oneof![
            ".{0,40}",
            "[A-Za-z0-9+/=._-]{0,60}",
            r#"\{"(data|format|certificate|chain|keyid)":("[A-Za-z0-9.]{0,12}"|\[("MA==",?){0,3}\]|\{\})\}"#,
        ],
        format in proptest::option::of(prop_oneof![Just("pkcs7"), Just("jws"), Just("raw"), Just("x")]),
    ) {
        let quoted = serde_json::to_string(&response).unwrap();
        for response in [&response, &quoted, &format!(r#"{{"data":{quoted}}}"#), &format!(r#"{{"data":[{quoted}]}}"#)] {
            nobody_believes(format!(r#"{{"commandId":1,"state":"SUCCESS","response":{response}}}"#), format);
        }
    }
}
