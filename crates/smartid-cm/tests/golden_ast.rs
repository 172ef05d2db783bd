//! The golden files of soft tokens over AST: what goes out, what must not, what comes, and in which order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;
mod golden_ast_given;

use std::sync::{Arc, Mutex};

use common::golden::{Entry, Index, files_of};
use common::verdict::{Verdict, judge, perhaps_done};
use common::{Answers, BASE, compare, token};
use golden_ast_given::{dialect, request};
use http::{HeaderMap, HeaderValue};
use smartid_cm::ast::{AstRequest, Redirected};
use smartid_cm::soft_token::UnusableSoftToken;
use smartid_cm::{Attribute, CertificateManager, CmDialect};
use smartid_core::{
    Endpoint, Error, Incoming, ManualRuntime, Outgoing, Phase, Timestamp, TransportError, TransportProblem,
};

/// Every field that this test, or what it calls, asserts or uses.
const KNOWN: &[&str] = &[
    "about",
    "also",
    "base",
    "body_file",
    "body_fill",
    "call",
    "chain_length",
    "code",
    "config",
    "cookie",
    "cookie_also",
    "dialect",
    "encoding",
    "file",
    "file_name",
    "file_name_also",
    "identity",
    "keys",
    "kind",
    "leaf_subject",
    "msg",
    "open",
    "open_also",
    "outcome",
    "password",
    "perhaps_done",
    "refuse",
    "repeat",
    "secrets",
    "source",
    "status",
    "tag",
];

/// The headers but for those that every request has.
fn headers_of_attributes(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let mut headers: Vec<_> = headers
        .iter()
        .filter(|(name, _)| !["host", "content-type"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    headers.sort();
    headers
}

/// Compares path, form, and headers octet by octet.
fn same_request(fixture: &Entry, outgoing: &Outgoing) {
    compare::request(outgoing, fixture);
    let message = fixture.message();
    let mut expected: Vec<_> = message
        .headers
        .iter()
        .filter(|(name, _)| !["host", "content-type"].contains(&name.as_str()))
        .cloned()
        .collect();
    expected.sort();
    assert_eq!(headers_of_attributes(outgoing.headers()), expected, "{fixture}");
    assert_eq!(fixture.text("encoding"), "form", "{fixture}");
    for (name, value) in outgoing.headers() {
        let ours = name == "content-type";
        assert_eq!(value.is_sensitive(), !ours, "{fixture}: {name}");
    }
    let shown = format!("{outgoing:?}");
    secrets_are_not_in(fixture, &shown);
}

/// Neither the password nor a value that is more than a letter or two.
fn secrets_are_not_in(fixture: &Entry, shown: &str) {
    let call = fixture.call();
    let attributes = call.get("attributes").and_then(toml::Value::as_table);
    let values = attributes.into_iter().flatten().map(|(_, value)| value);
    for secret in values.chain([&call["password"]]) {
        let secret = secret.as_str().unwrap();
        if secret.len() > 3 {
            assert!(!shown.contains(secret), "{fixture}: {shown}");
            assert!(
                !shown.contains(&secret.escape_debug().to_string()),
                "{fixture}: {shown}"
            );
        }
    }
}

/// A client whose gateway is the fixture's base. An officer's certificate, or the want of one, is the transport's.
fn client<F>(fixture: &Entry, dialect: CmDialect, answer: F) -> (CertificateManager, ManualRuntime)
where
    F: FnMut(&Outgoing) -> Result<Incoming, TransportError> + Send + 'static,
{
    let runtime = ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000));
    let mut builder = CertificateManager::builder(BASE).dialect(dialect);
    if let Some(base) = fixture.optional_text("base") {
        builder = builder.gateway_url(base);
    }
    let ours = Arc::new(Answers::new(answer));
    let cm = if fixture.optional_text("identity") == Some("none") {
        let of_officer = |_: &Outgoing| panic!("the officer's connection is not for this call");
        builder
            .gateway_transport(ours)
            .build(Arc::new(Answers::new(of_officer)), Arc::new(runtime.clone()))
    } else {
        builder.build(ours, Arc::new(runtime.clone()))
    };
    (cm.unwrap(), runtime)
}

#[test]
fn requests() {
    let mut count = (0, 0);
    for fixture in Index::of("ast").of_kind("request") {
        let dialect = dialect(&fixture);
        let refuse = fixture.flag("refuse") == Some(true);
        let made = request(&fixture);
        if let Ok(request) = &made {
            secrets_are_not_in(&fixture, &format!("{request:?}"));
        }
        let outgoing = made.clone().and_then(|request| {
            let typed = request.check(&dialect);
            let outgoing = request.request(&dialect).map_err(|error| error.to_string());
            assert_eq!(typed.is_ok(), outgoing.is_ok(), "{fixture}: {typed:?}");
            if let Err(problem) = typed {
                assert!(
                    outgoing
                        .as_ref()
                        .is_err_and(|error| *error == problem.to_string())
                );
            }
            outgoing
        });
        match outgoing {
            Ok(outgoing) => {
                assert!(!refuse, "{fixture}: is sent");
                same_request(&fixture, &outgoing);
                count.0 += 1;
            }
            Err(problem) => {
                assert!(refuse, "{fixture}: {problem}");
                secrets_are_not_in(&fixture, &problem);
                assert!(!problem.chars().any(char::is_control), "{fixture}: {problem:?}");
                count.1 += 1;
            }
        }
        // And with a client: the request that is refused reaches no transport, the other exactly one.
        let Ok(request) = made else { continue };
        let sent = Arc::new(Mutex::new(0));
        let seen = Arc::clone(&sent);
        let expected = fixture.clone();
        let (cm, runtime) = client(&fixture, dialect, move |outgoing| {
            same_request(&expected, outgoing);
            *seen.lock().unwrap() += 1;
            Err(TransportError::new(
                TransportProblem::Broken,
                "the answer is lost",
            ))
        });
        let error = runtime.block_on(cm.call_gateway(&request)).unwrap().unwrap_err();
        let phase = if refuse {
            Phase::NotSent
        } else {
            Phase::PerhapsDone
        };
        assert_eq!(error.phase(), phase, "{fixture}");
        assert_eq!(
            *sent.lock().unwrap(),
            usize::from(!refuse),
            "{fixture}: sent once or not"
        );
        secrets_are_not_in(&fixture, &format!("{error} {error:?}"));
    }
    assert_eq!(count, (34, 64));
}

/// What came of an answer to a request with the fixture's password.
fn answered(fixture: &Entry, incoming: Incoming) -> Verdict<()> {
    let password = fixture.optional_text("password").unwrap_or("test-Passw0rd");
    let request = AstRequest::new(password).attribute(Attribute::COUNTRY_NAME, "SE");
    match Verdict::of(request.response(&CmDialect::default(), incoming)) {
        Verdict::Ok(issued) => {
            token::same_token(fixture, &issued);
            nothing_is_shown(fixture, &format!("{issued:?}"));
            Verdict::Ok(())
        }
        Verdict::Sign(_) => panic!("{fixture}: data to sign"),
        Verdict::Error(error) => Verdict::Error(error),
    }
}

/// Neither a secret of the entry, nor the password, nor the cookie, nor a piece of a container.
fn nothing_is_shown(fixture: &Entry, shown: &str) {
    let password = fixture.optional_text("password").unwrap_or("test-Passw0rd");
    for secret in fixture
        .texts("secrets")
        .iter()
        .map(String::as_str)
        .chain([password])
    {
        assert!(!shown.contains(secret), "{fixture}: {shown}");
    }
    if let Some(cookie) = fixture.optional_text("cookie").filter(|cookie| cookie.len() > 12) {
        assert!(!shown.contains(cookie), "{fixture}: {shown}");
    }
}

#[test]
fn responses() {
    let mut count = 0;
    for fixture in Index::of("ast").of_kind("response") {
        count += 1;
        let message = fixture.message();
        let readable = |(_, value): &(String, Vec<u8>)| HeaderValue::from_bytes(value).is_ok();
        if !message.headers.iter().all(readable) {
            // Such a head is refused before it comes to us.
            assert!(fixture.allows("unreadable"), "{fixture}");
            continue;
        }
        let verdict = answered(&fixture, fixture.incoming());
        let Verdict::Error(error) = &verdict else {
            continue;
        };
        judge(&verdict, &fixture, false);
        let shown = format!("{error} {error:?} {}", error.advice());
        nothing_is_shown(&fixture, &shown);
        // What is octets is not shown as if it were text, in whatever pieces: what we say of it is ASCII.
        if fixture.get("body_file").is_some() {
            let strange = shown
                .chars()
                .find(|letter| !letter.is_ascii() && !['…', '–'].contains(letter));
            assert_eq!(strange, None, "{fixture}: {shown}");
            assert!(!shown.contains("MII"), "{fixture}: {shown}");
        }
        let cause = error
            .unreadable_answer()
            .and_then(|answer| answer.cause::<UnusableSoftToken>());
        if let Some(expected) = fixture.optional_text("cookie") {
            // A page came, and the example page would call it a success: whoever wants to can still stop its animation.
            let cookie = cause.unwrap().downloaded().unwrap();
            assert_eq!(cookie.set_cookie(), expected, "{fixture}");
        }
        if let Some(status) = error.status().filter(|status| status.is_redirection()) {
            let to = error.unreadable_answer().unwrap().cause::<Redirected>().unwrap();
            assert!(
                to.to.as_deref().is_some_and(|to| !to.contains('?')),
                "{fixture}: {status} {to}"
            );
        }
        if error.phase() == Phase::Unreadable {
            assert!(perhaps_done(error), "{fixture}");
        }
    }
    assert_eq!(count, 147);
}

#[test]
fn exchanges() {
    let exchanges = Index::of("ast").exchanges();
    assert_eq!(exchanges.len(), 6);
    for entry in exchanges {
        for name in entry.table.keys() {
            let known = [
                "name",
                "tag",
                "about",
                "source",
                "steps",
                "outcome",
                "perhaps_done",
            ];
            assert!(
                known.contains(&name.as_str()),
                "{entry}: {name} is not understood"
            );
        }
        let steps = entry.texts("steps");
        let asked = entry.other(&steps[0]);
        let reply = (steps[1] != "(none)").then(|| entry.other(&steps[1]));
        let sent = Arc::new(Mutex::new(0));
        let (seen, expected, answer) = (Arc::clone(&sent), asked.clone(), reply.clone());
        let (cm, runtime) = client(&asked, dialect(&asked), move |outgoing| {
            *seen.lock().unwrap() += 1;
            same_request(&expected, outgoing);
            let answer = answer.as_ref().map(Entry::incoming);
            answer.ok_or_else(|| TransportError::new(TransportProblem::Broken, "the answer is lost"))
        });
        let request = request(&asked).unwrap();
        match runtime.block_on(cm.call_gateway(&request)).unwrap() {
            Ok(issued) => {
                assert_eq!(entry.text("outcome"), "token", "{entry}");
                token::same_token(reply.as_ref().unwrap(), &issued);
            }
            Err(error) => {
                ended(&entry, error);
            }
        }
        assert_eq!(
            *sent.lock().unwrap(),
            1,
            "{entry}: asked once, and nothing followed"
        );
    }
}

fn ended(entry: &Entry, error: Error) {
    if let Some(perhaps) = entry.flag("perhaps_done") {
        assert_eq!(perhaps_done(&error), perhaps, "{entry}: {error}");
    }
    assert_eq!(error.attempts(), 1, "{entry}");
    if error.transport_error().is_some() {
        // A lost answer is no answer at all, which the index calls unreadable.
        assert_eq!(entry.text("outcome"), "unreadable", "{entry}: {error}");
        return;
    }
    let verdict: Verdict<()> = Verdict::Error(error);
    assert_eq!(verdict.outcome(), entry.text("outcome"), "{entry}: {verdict:?}");
}

#[test]
fn every_file_and_every_field_is_read_by_a_test() {
    let index = Index::of("ast");
    let fixtures = index.fixtures();
    assert_eq!(fixtures.len(), 245);
    let kinds = index.of_kind("request").len() + index.of_kind("response").len();
    assert_eq!(kinds, fixtures.len(), "a kind that no test reads");
    let mut files = files_of("ast");
    for fixture in &fixtures {
        for name in fixture.table.keys() {
            assert!(
                KNOWN.contains(&name.as_str()),
                "{fixture}: {name} is not understood"
            );
        }
        assert!(
            files.remove(fixture.text("file")),
            "{fixture} stands there twice, or is no file"
        );
    }
    assert!(files.is_empty(), "in no index: {files:?}");
}
