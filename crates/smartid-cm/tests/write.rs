//! Writes in two steps: what goes out twice, what goes out once, and what ends it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod script;

use std::sync::Arc;

use script::*;
use smartid_cm::operations::{IssueCertificate, Revoke};
use smartid_cm::{
    CertId, CertificateForm, CertificateManager, CmDialect, CmRefusal, CmRefusalKind, ProcedureName,
    RevocationReason,
};
use smartid_core::base64::{Flavour, decode_lenient};
use smartid_core::{NotSigned, Phase, Retry, SignError, Timestamp, TransportProblem};
use smartid_trust::cms::SignedData;
use smartid_trust::{Certificate, OfficerSigner, SignatureAlgorithm};

const DATA: &[u8] = b"sign this\r\nand nothing else\0\xff";

fn full() -> IssueCertificate {
    IssueCertificate::new(csr())
        .procedure(ProcedureName::new("Gerätezertifikat & mehr = 100 % \"gut\"").unwrap())
        .valid_from(Timestamp::from_iso8601("2025-01-01T00:00:00.999Z").unwrap())
        .valid_to(Timestamp::from_iso8601("2026-12-31T23:59:59Z").unwrap())
        .form(CertificateForm::Pkcs7)
}

fn revoke() -> Revoke {
    Revoke::new(CertId::new("4711").unwrap(), RevocationReason::KeyCompromise)
}

/// Where the second body differs from the first: what was inserted.
fn inserted(first: &[u8], second: &[u8]) -> Vec<u8> {
    let head = first
        .iter()
        .zip(second)
        .take_while(|(one, other)| one == other)
        .count();
    let tail = first[head..].iter().rev().zip(second[head..].iter().rev());
    let tail = tail.take_while(|(one, other)| one == other).count();
    assert_eq!(head + tail, first.len(), "something else than an insertion");
    second[head..second.len() - tail].to_vec()
}

#[test]
fn both_steps_have_the_same_bytes_but_for_the_signature() {
    for encoding in ["multipart", "form", "json"] {
        let dialect = CmDialect::from_toml(&format!("[issue]\nencoding = '{encoding}'")).unwrap();
        let script = vec![demand(DATA).into(), issued().into()];
        let ran = write(builder().dialect(dialect), script, &full());
        assert_eq!(ran.result.unwrap().certid.unwrap().as_str(), "4711");
        let [first, second] = &ran.sent[..] else {
            panic!("{} requests", ran.sent.len())
        };
        assert_eq!(
            (&first.verb, &first.url),
            (&second.verb, &second.url),
            "{encoding}"
        );
        assert_eq!(first.headers, second.headers, "{encoding}");
        assert_eq!(first.headers["accept"], "application/pkcs7-mime");
        let inserted = String::from_utf8(inserted(&first.body, &second.body)).unwrap();
        let cms = signature_of(encoding, &inserted);
        let message = SignedData::parse(cms).unwrap().danger_into_unverified();
        assert_eq!(message.embedded_content().unwrap(), DATA, "{encoding}");
    }
}

/// The signature in what the second step adds.
fn signature_of(encoding: &str, inserted: &str) -> Vec<u8> {
    let text = match encoding {
        "json" => inserted
            .split('"')
            .find(|part| part.len() > 100)
            .unwrap()
            .to_owned(),
        "form" => {
            let pairs: Vec<_> =
                url::form_urlencoded::parse(inserted.trim_start_matches('&').as_bytes()).collect();
            assert_eq!(pairs.len(), 1);
            assert_eq!(pairs[0].0, "signature");
            pairs[0].1.clone().into_owned()
        }
        _ => {
            let (_, after) = inserted.split_once("name=\"signature\"").unwrap();
            let (_, value) = after.split_once("\r\n\r\n").unwrap();
            let lines: Vec<_> = value.split("\r\n").collect();
            assert!(lines.iter().all(|line| line.len() <= 64), "lines of 64 letters");
            value.split("\r\n--").next().unwrap().to_owned()
        }
    };
    decode_lenient(Flavour::Standard, &text).unwrap().0
}

#[test]
fn where_the_server_signs_itself_there_is_one_request_and_no_signer_is_needed() {
    let without = CertificateManager::builder(URL);
    let ran = write(without, vec![issued().into()], &full());
    let issued = ran.result.unwrap();
    assert_eq!(issued.certificate, certificate("device-rsa.der"));
    assert_eq!(
        (issued.chain.len(), issued.others.len(), ran.sent.len()),
        (3, 0, 1)
    );
}

#[test]
fn without_a_signer_a_demand_is_a_refusal_and_nothing_more_is_sent() {
    let ran = write(
        CertificateManager::builder(URL),
        vec![demand(DATA).into()],
        &revoke(),
    );
    let error = ran.result.unwrap_err();
    assert_eq!(
        error.refusal::<CmRefusal>().unwrap().kind(),
        &CmRefusalKind::NoSigner
    );
    assert_eq!((error.retry(), ran.sent.len()), (Retry::No, 1));
}

/// An officer whose card has been pulled.
#[derive(Debug)]
struct Pulled(Vec<Certificate>);

impl OfficerSigner for Pulled {
    fn chain(&self) -> &[Certificate] {
        &self.0
    }
    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &[SignatureAlgorithm::Ed25519]
    }
    fn sign(&self, _: SignatureAlgorithm, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::new("the card is gone"))
    }
}

#[test]
fn a_signer_that_fails_ends_it_and_nothing_was_done() {
    let pulled = Arc::new(Pulled(vec![certificate("officer-rsa.der")]));
    let ran = write(builder().signer(pulled), vec![demand(DATA).into()], &revoke());
    let error = ran.result.unwrap_err();
    assert_eq!((error.phase(), ran.sent.len()), (Phase::NotSent, 1));
    assert!(std::error::Error::source(&error).unwrap().is::<NotSigned>());
    assert!(error.to_string().contains("the card is gone"), "{error}");
}

#[test]
fn a_service_that_demands_for_ever_is_signed_for_once() {
    for second in [demand(DATA), demand(b"something else")] {
        let script = vec![demand(DATA).into(), second.into(), demand(DATA).into()];
        let ran = write(builder(), script, &revoke());
        let error = ran.result.unwrap_err();
        let refusal = error.refusal::<CmRefusal>().unwrap();
        assert_eq!(refusal.kind(), &CmRefusalKind::SignatureDemandedAgain);
        assert_eq!(refusal.cm_code().unwrap().number(), -19);
        assert_eq!((ran.sent.len(), ran.left, error.retry()), (2, 1, Retry::No));
    }
}

#[test]
fn a_code_that_demands_a_signature_without_data_is_never_signed_for() {
    for body in [
        r#"{"error":-19,"msg":"Sign request and send again"}"#,
        r#"{"error":-19,"dataToSign":null}"#,
        r#"{"error":-19,"dataToSign":""}"#,
        r#"{"error":-19,"dataToSign":" "}"#,
        r#"{"error":-19,"dataToSign":1234}"#,
        r#"{"error":-19,"dataToSign":["AAAA"]}"#,
        r#"{"error":-19,"dataToSign":"***"}"#,
    ] {
        let ran = write(builder(), vec![json(body).into()], &revoke());
        let error = ran.result.unwrap_err();
        let refusal = error.refusal::<CmRefusal>().unwrap();
        assert_eq!(refusal.kind(), &CmRefusalKind::NothingToSign, "{body}");
        assert_eq!(
            (refusal.cm_code().unwrap().number(), error.retry()),
            (-19, Retry::No)
        );
        assert_eq!(ran.sent.len(), 1, "{body}");
        let ran = write(builder(), vec![demand(DATA).into(), json(body).into()], &revoke());
        let error = ran.result.unwrap_err();
        let refusal = error.refusal::<CmRefusal>().unwrap();
        assert_eq!(refusal.kind(), &CmRefusalKind::SignatureDemandedAgain, "{body}");
        assert_eq!(ran.sent.len(), 2, "{body}");
    }
    for body in [r#"{"dataToSign":1234}"#, r#"{"error":0,"dataToSign":"*"}"#] {
        let ran = write(builder(), vec![json(body).into()], &revoke());
        assert_eq!(
            (ran.result.unwrap_err().phase(), ran.sent.len()),
            (Phase::Unreadable, 1),
            "{body}"
        );
    }
    let long = "A".repeat(1024 * 1024 * 2);
    let ran = write(
        builder(),
        vec![json(format!(r#"{{"dataToSign":"{long}"}}"#)).into()],
        &revoke(),
    );
    assert_eq!(
        (ran.result.unwrap_err().phase(), ran.sent.len()),
        (Phase::Unreadable, 1)
    );
}

#[test]
fn a_lost_answer_is_never_followed_by_another_request() {
    for (before, problem) in [
        (0, Line::Problem(TransportProblem::Broken)),
        (0, Line::Never),
        (1, Line::Problem(TransportProblem::Broken)),
        (1, Line::Problem(TransportProblem::Timeout)),
        (1, Line::Never),
    ] {
        let mut script: Vec<Line> = (0..before).map(|_| demand(DATA).into()).collect();
        script.push(problem);
        script.push(issued().into());
        let ran = write(builder(), script, &full());
        let error = ran.result.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::PerhapsDone, Retry::Forbidden),
            "{before}: {error}"
        );
        assert_eq!(
            (ran.sent.len(), ran.left),
            (before + 1, 1),
            "exactly one request each"
        );
    }
}

#[test]
fn an_answer_above_the_cap_may_be_that_of_work_done() {
    let script = vec![Line::Problem(TransportProblem::TooLarge), issued().into()];
    let ran = write(builder(), script, &full());
    let error = ran.result.unwrap_err();
    assert_eq!(
        (error.phase(), error.retry()),
        (Phase::Unreadable, Retry::Forbidden)
    );
    assert_eq!(ran.sent.len(), 1);
}

#[test]
fn what_was_surely_not_done_is_tried_again_in_either_step() {
    let busy = || {
        answer(
            429,
            &[("retry-after", "3"), ("content-type", "application/json")],
            r#"{"error":-40,"msg":"Too many requests"}"#,
        )
    };
    let refused = || Line::Problem(TransportProblem::Connect);
    let script = vec![
        busy().into(),
        refused(),
        demand(DATA).into(),
        busy().into(),
        issued().into(),
    ];
    let ran = write(builder(), script, &full());
    assert!(ran.result.is_ok());
    assert_eq!(ran.sent.len(), 5);
    assert!(ran.seconds >= 6, "twice three seconds, not {}", ran.seconds);
    let bodies: Vec<_> = ran.sent.iter().map(|sent| &sent.body).collect();
    assert!(bodies[0] == bodies[1] && bodies[1] == bodies[2]);
    assert_eq!(bodies[3], bodies[4], "the same signature, not another one");
    assert_ne!(bodies[2], bodies[3]);
}

#[test]
fn rubbish_instead_of_an_answer_is_never_taken_for_done() {
    let page = "<!DOCTYPE html><html><head><title>Please log in</title></head></html>";
    let html = [("content-type", "text/html")];
    let no_type: [(&str, &str); 0] = [];
    let json_type = [("content-type", "application/json")];
    for (rubbish, what) in [
        (answer(200, &html, page), "page"),
        (answer(500, &html, page), "page of a failure"),
        (answer(502, &no_type, ""), "gateway"),
        (answer(503, &no_type, ""), "bare 503"),
        (answer(504, &html, page), "gateway timeout"),
        (answer(200, &no_type, ""), "nothing"),
        (answer(204, &no_type, ""), "no content"),
        (answer(200, &json_type, "{"), "half an object"),
        (answer(200, &json_type, "{}"), "an empty object"),
        (answer(200, &json_type, "[]"), "a list"),
        (answer(200, &json_type, "null"), "null"),
        (answer(200, &json_type, "\u{feff}{\"error\":}"), "broken"),
        (answer(200, &json_type, r#"{"error":"zero"}"#), "no number"),
        (answer(200, &json_type, vec![0xff, 0xfe, b'{']), "not UTF-8"),
        (answer(200, &json_type, "[".repeat(100_000)), "deep"),
        (answer(500, &json_type, r#"{"error":0}"#), "contradiction"),
        (answer(200, &no_type, "done"), "a word"),
        (
            answer(200, &no_type, pki("device-p256.der")),
            "a stranger's certificate",
        ),
    ] {
        for before in [0, 1] {
            let mut script: Vec<Line> = (0..before).map(|_| demand(DATA).into()).collect();
            script.push(rubbish.clone().into());
            let issuing = write(builder(), script, &full());
            let mut script: Vec<Line> = (0..before).map(|_| demand(DATA).into()).collect();
            script.push(rubbish.clone().into());
            let revoking = write(builder(), script, &revoke());
            for (error, sent) in [
                (issuing.result.unwrap_err(), issuing.sent.len()),
                (revoking.result.unwrap_err(), revoking.sent.len()),
            ] {
                assert_eq!(sent, before + 1, "{what}");
                assert!(
                    matches!(error.phase(), Phase::Unreadable | Phase::PerhapsDone),
                    "{what}: {error}"
                );
                assert_eq!(error.retry(), Retry::Forbidden, "{what}: {error}");
            }
        }
    }
}

#[test]
fn a_page_keeps_what_it_was_and_says_to_look() {
    let page = answer(
        500,
        &[("content-type", "text/html")],
        "<html><title>Internal Server Error</title>",
    );
    let error = write(builder(), vec![page.into()], &revoke()).result.unwrap_err();
    let refusal = error.refusal::<CmRefusal>().unwrap();
    assert_eq!(refusal.kind(), &CmRefusalKind::Status);
    assert_eq!(error.phase(), Phase::PerhapsDone);
    assert_eq!(error.status().unwrap(), 500);
    assert!(
        error.advice().check.contains("look whether the work was done"),
        "{}",
        error.advice()
    );
}

#[test]
fn an_answer_by_certificate_manager_is_its_no() {
    for (status, code) in [(200, -15), (403, -15), (400, -14), (200, -17)] {
        let no = answer(
            status,
            &[("content-type", "text/html")],
            format!(r#"{{"error":{code},"msg":"no"}}"#),
        );
        let ran = write(builder(), vec![demand(DATA).into(), no.into()], &full());
        let error = ran.result.unwrap_err();
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Refused, Retry::No),
            "{error}"
        );
        assert_eq!(error.code().unwrap(), code.to_string());
    }
}

#[test]
fn other_officers_sign_with_their_keys() {
    for kind in ["rsa", "p256"] {
        let script = vec![demand(DATA).into(), json(r#"{"error":0}"#).into()];
        let ran = write(builder().signer(officer(kind)), script, &revoke());
        assert!(ran.result.unwrap().all_done());
        let inserted = String::from_utf8(inserted(&ran.sent[0].body, &ran.sent[1].body)).unwrap();
        let message = SignedData::parse(signature_of("multipart", &inserted)).unwrap();
        let message = message.danger_into_unverified();
        assert_eq!(message.certificates(), officer(kind).chain()[..1]);
        assert_eq!(message.embedded_content().unwrap(), DATA);
    }
}
