//! What is wrong is told apart: by golden answers, by what the transport says, by silence.

use std::collections::BTreeSet;
use std::error::Error as _;

use http::StatusCode;
use smartid_cm::{Connected, ConnectionProblem, ConnectionProblemKind as Kind};
use smartid_core::{Incoming, Phase, TransportError, TransportProblem as P, Turn};

use super::messages::{Golden, text};
use super::script::{Always, answer, client_at, incoming, runtime};

fn check(answer: Option<Result<Incoming, TransportError>>) -> Result<Connected, ConnectionProblem> {
    let transport = Always::new(answer);
    let clock = runtime();
    let cm = client_at(&clock, &transport, |builder| builder);
    let outcome = clock.block_on(cm.check_connection()).unwrap();
    let asked = transport.asked.lock().unwrap();
    assert_eq!(
        *asked,
        ["GET https://pgwy.example.test:8444/pgwy/api/procedures?mediaType=pkcs10"],
        "one call, sent once"
    );
    outcome
}

fn kind(answer: Option<Result<Incoming, TransportError>>) -> Kind {
    check(answer).unwrap_err().kind()
}

#[test]
fn golden_answers_are_told_apart() {
    let golden = Golden::of("procedures");
    let mut seen = 0;
    for fixture in golden.fixtures() {
        let Some(probe) = text(&fixture, "probe") else {
            continue;
        };
        let about = text(&fixture, "file").unwrap();
        seen += 1;
        let outcome = check(Some(Ok(incoming(golden.message(&fixture)))));
        let name = match &outcome {
            Ok(_) => "up",
            Err(problem) => problem.name(),
        };
        // Two kinds are finer here than in the index: what is in front, and what is not initialised.
        let expected = match (probe, about) {
            ("unreadable", "response-html-login.http") | ("not-an-officer", "response-html-401.http") => {
                "something-in-front"
            }
            ("not-started", "response-not-initialised.http") => "not-initialised",
            _ => probe,
        };
        assert_eq!(name, expected, "{about}");
        if let (Ok(connected), Some(names), Some("ok")) =
            (&outcome, fixture.get("names"), text(&fixture, "outcome"))
        {
            let names = names.as_array().unwrap().len();
            assert!(connected.procedures.is_none_or(|count| count == names), "{about}");
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn procedures_are_counted_where_they_can_be_read() {
    let procedures = |body| check(Some(Ok(answer(200, body)))).unwrap().procedures;
    assert_eq!(
        procedures(r#"{"error":0,"procedures":[{"name":"A"},{"name":"B"}]}"#),
        Some(2)
    );
    assert_eq!(procedures(r#"{"error":0,"procedures":[]}"#), Some(0));
    assert_eq!(procedures(r#"{"error":0,"procedures":{"a":1}}"#), None);
    assert_eq!(procedures("{}"), None);
    let shown = |body| check(Some(Ok(answer(200, body)))).unwrap().to_string();
    assert_eq!(
        shown("{}"),
        "connected; the list of token procedures could not be read"
    );
    let one = shown(r#"{"procedures":[{"name":"A"}]}"#);
    assert_eq!(one, "connected; one token procedure for PKCS #10 requests");
}

#[test]
fn answers_are_told_apart() {
    for (status, body, expected) in [
        (401, "", Kind::SomethingInFront),
        (401, "<html>login</html>", Kind::SomethingInFront),
        (200, "<html>login</html>", Kind::SomethingInFront),
        (302, "", Kind::SomethingInFront),
        (407, "", Kind::SomethingInFront),
        (502, "<html></html>", Kind::SomethingInFront),
        (504, "", Kind::SomethingInFront),
        (403, "", Kind::NotAnOfficer),
        (403, r#"{"error":-15}"#, Kind::RoleMissing),
        (200, r#"{"error":"-15","msg":"no"}"#, Kind::RoleMissing),
        (404, "<html>404</html>", Kind::NotStarted),
        (503, "<html>503</html>", Kind::NotStarted),
        (200, r#"{"error":-12}"#, Kind::NotInitialised),
        (500, r#"{"error":-18}"#, Kind::CaUnreachable),
        (429, "", Kind::Busy),
        (200, r#"{"error":-40}"#, Kind::Busy),
        (200, r#"{"error":-1}"#, Kind::Refused),
        (200, r#"{"error":-999}"#, Kind::Refused),
        (200, r#"{"error":-19,"dataToSign":"AAAA"}"#, Kind::Refused),
        (500, "<html>500</html>", Kind::Refused),
        (200, "", Kind::Unreadable),
        (200, "ok", Kind::Unreadable),
        (200, "{", Kind::Unreadable),
        (200, "{\"error\":[]}", Kind::Unreadable),
        (500, "{\"error\":0}", Kind::Unreadable),
    ] {
        assert_eq!(kind(Some(Ok(answer(status, body)))), expected, "{status} {body}");
    }
}

#[test]
fn what_the_transport_says_is_told_apart() {
    for (problem, expected) in [
        (P::Invalid, Kind::Misconfigured),
        (P::Resolve, Kind::NotReachable),
        (P::Connect, Kind::NotReachable),
        (P::ConnectTimeout, Kind::NotReachable),
        (P::Timeout, Kind::NotReachable),
        (P::Broken, Kind::NotReachable),
        (P::UntrustedServer, Kind::ServerUntrusted),
        (P::ServerName, Kind::ServerUntrusted),
        (P::ServerCertificateTime, Kind::ServerUntrusted),
        (P::ServerCertificateRevoked, Kind::ServerUntrusted),
        (P::ServerCertificateForm, Kind::ServerUntrusted),
        (P::ClientCertificate, Kind::ClientCertificateRefused),
        (P::LateClientCertificate, Kind::ClientCertificateAskedTooLate),
        (P::Handshake, Kind::TlsFailed),
        (P::TooLarge, Kind::Unreadable),
        (P::NotHttp, Kind::Unreadable),
    ] {
        let problem = check(Some(Err(TransportError::new(problem, "detail")))).unwrap_err();
        assert_eq!(problem.kind(), expected, "{problem}");
        assert!(problem.to_string().contains("detail"), "{problem}");
    }
    // Silence ends.
    let silent = check(None).unwrap_err();
    assert_eq!(
        (silent.kind(), silent.error().phase()),
        (Kind::NotReachable, Phase::PerhapsDone)
    );
}

#[test]
fn a_problem_has_a_name_a_sentence_an_advice_and_the_error() {
    let problem = check(Some(Ok(answer(200, r#"{"error":-18,"msg":"CF down"}"#)))).unwrap_err();
    assert_eq!(problem.name(), "ca-unreachable");
    assert_eq!(problem.advice(), problem.error().advice());
    assert_eq!(problem.advice().turn, Turn::Administrator);
    assert_eq!(
        (problem.error().code(), problem.error().status()),
        (Some("-18"), Some(StatusCode::OK))
    );
    assert!(problem.source().is_some());
    let shown = problem.to_string();
    assert!(
        shown.starts_with("Protocol Gateway does not reach Certificate Manager (cm.check_connection: "),
        "{shown}"
    );
    assert!(
        shown.contains("CF down") && shown.contains("certificate factory"),
        "{shown}"
    );
    assert_eq!(problem.into_error().operation(), "cm.check_connection");

    let all = [
        Kind::Misconfigured,
        Kind::NotReachable,
        Kind::ServerUntrusted,
        Kind::ClientCertificateRefused,
        Kind::ClientCertificateAskedTooLate,
        Kind::TlsFailed,
        Kind::NotAnOfficer,
        Kind::RoleMissing,
        Kind::NotStarted,
        Kind::NotInitialised,
        Kind::CaUnreachable,
        Kind::Busy,
        Kind::SomethingInFront,
        Kind::Refused,
        Kind::Unreadable,
    ];
    let names: BTreeSet<_> = all.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn a_hostile_answer_shows_nothing_secret() {
    let body = r#"{"error":-15,"msg":"token=canary-0123456789abcdef0123456789abcdef password: canary"}"#;
    let problem = check(Some(Ok(answer(403, body)))).unwrap_err();
    assert!(!format!("{problem} {problem:?}").contains("canary"), "{problem}");
}
