//! Every golden callback, through the receiver and the reader.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Fixture, golden, index, runtime, text};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use smartid_core::{
    BoxFuture, CorrelationId, Head, Inbound, Inbox, Letter, MemoryInbox, Put, StoreError, json,
};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::{CommandReport, FidoOutcome, HermodDialect, State};

const PAIR: (&str, &str) = ("hermod", "gol:den/pässword");

fn receiver(inbox: Arc<dyn Inbox>, dialect: HermodDialect) -> CallbackReceiver {
    CallbackReceiver::builder(inbox, Arc::new(runtime()))
        .basic_auth(PAIR.0, smartid_core::SecretString::new(PAIR.1))
        .dialect(dialect)
        .build()
        .unwrap()
}

fn head(path: &str, lines: &str) -> Head {
    let mut headers = HeaderMap::new();
    for (name, value) in lines.split("\r\n").filter_map(|line| line.split_once(": ")) {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    Head::new(Method::POST, path, headers)
}

fn known(path: &str) -> Head {
    head(path, "Authorization: Basic aGVybW9kOmdvbDpkZW4vcMOkc3N3b3Jk")
}

fn deliver(receiver: &CallbackReceiver, head: &Head, body: Vec<u8>) -> StatusCode {
    if let Err(reply) = receiver.admit(head) {
        return reply.status;
    }
    let reply = runtime().block_on(receiver.receive(head, body.into())).unwrap();
    assert!(reply.body.is_empty());
    reply.status
}

fn dialect_of(fixture: &Fixture) -> HermodDialect {
    let place = fixture.pointer.clone().unwrap_or_else(|| "/response/data".into());
    let verb = match fixture.path.as_deref() {
        Some("callback/ping") => "[fido.session]\npath='ping'",
        _ => "",
    };
    common::dialect(&format!("[fido]\nregistration='{place}'\n{verb}"))
}

#[test]
fn every_golden_callback_is_taken_or_refused_as_it_says() {
    for fixture in index("callbacks") {
        let name = &fixture.file;
        let dialect = dialect_of(&fixture);
        let inbox = Arc::new(MemoryInbox::new());
        let receiver = receiver(inbox.clone(), dialect.clone());
        let path = format!("/smartid/{}", fixture.path.as_deref().unwrap());
        let (head, body) = match &fixture.body {
            Some(body) => (
                head(&path, &text(&format!("callbacks/{name}"))),
                golden(&format!("callbacks/{body}")),
            ),
            None => (known(&path), golden(&format!("callbacks/{name}"))),
        };
        if let Some(first) = &fixture.after {
            assert_eq!(
                deliver(&receiver, &head, golden(&format!("callbacks/{first}"))),
                StatusCode::OK
            );
        }
        let status = deliver(&receiver, &head, body.clone());
        match fixture.outcome.as_deref().unwrap() {
            "accept" => assert_eq!(status, StatusCode::OK, "{name}"),
            "refuse" => {
                assert!(status.is_client_error(), "{name}: {status}");
                assert!(inbox.is_empty(), "{name}");
            }
            _ => assert!(
                status == StatusCode::OK || status.is_client_error(),
                "{name}: {status}"
            ),
        }
        if status != StatusCode::OK || fixture.body.is_some() {
            continue;
        }
        let report = CommandReport::read(body.clone().into(), &dialect).unwrap();
        assert_eq!(report.raw, body, "{name}");
        if let Some(state) = &fixture.state {
            assert_eq!(report.state, State::read(state, &dialect.states), "{name}");
        }
        assert_eq!(
            report
                .error
                .as_ref()
                .and_then(|error| error.code.clone())
                .or(fixture.error_code.clone()),
            fixture
                .error_code
                .clone()
                .or(report.error.as_ref().and_then(|error| error.code.clone())),
            "{name}"
        );
        check_outcome(&fixture, &report, &dialect, &body);
    }
}

/// The registration is found where the fixture says, in the form that it says.
fn check_outcome(fixture: &Fixture, report: &CommandReport, dialect: &HermodDialect, body: &[u8]) {
    let name = &fixture.file;
    let Some(pointer) = fixture.pointer.as_ref().filter(|_| report.is_final()) else {
        return;
    };
    let there = json::find(std::str::from_utf8(body).unwrap(), &pointer.parse().unwrap()).unwrap();
    let outcome = report.fido(dialect);
    assert!(
        !format!("{outcome:?}{report:?}").contains("attestationObject"),
        "{name}"
    );
    match (fixture.form.as_deref(), outcome) {
        (Some("jws"), outcome) => assert!(matches!(outcome, FidoOutcome::Unreadable { .. }), "{name}"),
        (form, FidoOutcome::Created { registration, lints }) => {
            let wanted = match form {
                None => there.to_owned(),
                Some("json-string") => serde_json::from_str::<String>(there).unwrap(),
                Some(_) => json::find(
                    &text("callbacks/create_success.json"),
                    &"/response/data".parse().unwrap(),
                )
                .unwrap()
                .to_owned(),
            };
            assert_eq!(registration, wanted, "{name}");
            let tolerated = form == Some("base64") || fixture.state.is_none();
            assert!(tolerated || lints.is_empty(), "{name}: {lints:?}");
        }
        (_, other) => panic!("{name}: {other:?}"),
    }
}

#[test]
fn each_end_has_its_type() {
    let dialect = HermodDialect::default();
    let outcome = |name: &str| {
        CommandReport::read(golden(&format!("callbacks/{name}.json")).into(), &dialect)
            .unwrap()
            .fido(&dialect)
    };
    assert_eq!(outcome("session_success"), FidoOutcome::Opened);
    assert_eq!(outcome("create_success_no_response"), FidoOutcome::Opened);
    assert_eq!(outcome("create_success_response_null"), FidoOutcome::Opened);
    assert_eq!(outcome("create_timeout"), FidoOutcome::TimedOut);
    assert_eq!(outcome("create_rejected"), FidoOutcome::Declined);
    assert_eq!(outcome("create_cancelled"), FidoOutcome::Cancelled);
    assert_eq!(outcome("create_in_progress"), FidoOutcome::Pending);
    assert_eq!(outcome("create_unknown_state"), FidoOutcome::Pending);
    assert_eq!(outcome("create_failed_not_allowed_error"), FidoOutcome::Declined);
    assert!(matches!(
        outcome("create_failed_invalid_state_error"),
        FidoOutcome::AlreadyRegistered { message: Some(_) }
    ));
    assert!(matches!(
        outcome("create_failed_error_string"),
        FidoOutcome::AlreadyRegistered { message: None }
    ));
    for (name, wanted) in [
        ("create_failed_golden_unknown_error", Some("GoldenUnknownError")),
        ("create_failed_error_number", Some("11")),
        ("create_failed_no_error", None),
    ] {
        match outcome(name) {
            FidoOutcome::Failed { code, .. } => assert_eq!(code.as_deref(), wanted, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    for name in [
        "create_success_data_empty",
        "create_success_data_number",
        "create_success_data_text",
        "create_success_jws",
    ] {
        assert!(matches!(outcome(name), FidoOutcome::Unreadable { .. }), "{name}");
    }
    // Where the pointer leads to nothing, a registration that is alone is found, with a lint that says where.
    for name in [
        "create_success_at_data",
        "create_success_at_destination",
        "create_success_at_array",
    ] {
        match outcome(name) {
            FidoOutcome::Created { lints, .. } => assert_eq!(lints.len(), 1, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    match outcome("create_failed_script") {
        FidoOutcome::Failed { message, .. } => {
            assert!(!message.unwrap().contains(['\u{1b}', '\u{202e}', '\n']));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn repeats_are_stored_once_and_counted() {
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(inbox.clone(), HermodDialect::default());
    let head = known("/callback/fido/");
    let body = golden("callbacks/create_duplicate_first.json");
    for _ in 0..3 {
        assert_eq!(deliver(&receiver, &head, body.clone()), StatusCode::OK);
    }
    assert_eq!(
        deliver(
            &receiver,
            &head,
            golden("callbacks/create_duplicate_conflict.json")
        ),
        StatusCode::OK
    );
    let ids = [
        CorrelationId::command("hermod", "4108"),
        CorrelationId::external("hermod", "golden-create-0001"),
    ];
    for id in ids {
        let letter = runtime().block_on(inbox.peek(&[id])).unwrap().unwrap().unwrap();
        assert_eq!(
            letter.body(),
            &body,
            "the first end stands first, and the body is as it came"
        );
    }
    assert_eq!(deliver(&receiver, &head, b"{}".to_vec()), StatusCode::BAD_REQUEST);
    assert_eq!(
        deliver(&receiver, &common_head("callback/decrypt"), Vec::new()),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        deliver(
            &receiver,
            &Head::new(Method::POST, "/callback/fido", HeaderMap::new()),
            body
        ),
        StatusCode::UNAUTHORIZED
    );
    let counters = receiver.counters();
    assert_eq!(
        (counters.received, counters.stored, counters.duplicates),
        (7, 2, 2)
    );
    assert_eq!(
        (
            counters.unreadable,
            counters.unknown_path,
            counters.unauthenticated
        ),
        (1, 1, 1)
    );
}

fn common_head(path: &str) -> Head {
    known(&format!("/{path}"))
}

#[test]
fn another_method_and_a_large_body_are_refused() {
    let receiver = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime()))
        .danger_without_auth()
        .body_limit(10)
        .build()
        .unwrap();
    let get = Head::new(Method::GET, "/callback/fido", HeaderMap::new());
    let reply = receiver.admit(&get).unwrap_err();
    assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(reply.headers["allow"], "POST");
    let post = Head::new(Method::POST, "/callback/fido", HeaderMap::new());
    assert_eq!(receiver.admit(&post).unwrap().body_limit, 10);
    assert_eq!(
        deliver(&receiver, &post, br#"{"commandId":"1"}"#.to_vec()),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert!(receiver.read(&post, br#"{"a":1}"#).is_err());
}

#[test]
fn a_receiver_without_a_decision_about_callers_cannot_be_built() {
    let build = |user: &str, password: &str| {
        CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime()))
            .basic_auth(user, smartid_core::SecretString::new(password))
            .build()
            .unwrap_err()
            .to_string()
    };
    let missing = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime())).build();
    assert!(
        missing
            .unwrap_err()
            .to_string()
            .contains("hermod.callback.basic_auth")
    );
    assert!(build("", "p").contains("user name") && build("a:b", "p").contains("colon"));
    assert!(build("a", "").contains("password"));
}

/// A store that takes nothing.
#[derive(Debug)]
struct Broken;

impl Inbox for Broken {
    fn put(&self, _: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("down".into()))))
    }
    fn peek<'a>(&'a self, _: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("down".into()))))
    }
    fn list<'a>(
        &'a self,
        _: &'a [CorrelationId],
        _: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("down".into()))))
    }
    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.peek(ids)
    }
    fn arrival(&self, _: &[CorrelationId]) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn what_is_not_stored_is_not_acknowledged() {
    let receiver = receiver(Arc::new(Broken), HermodDialect::default());
    let body = golden("callbacks/create_success.json");
    assert_eq!(
        deliver(&receiver, &known("/callback/fido"), body),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(receiver.counters().not_stored, 1);
}

#[test]
fn an_outcome_is_kept_as_long_as_it_was_asked_to() {
    let receiver = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime()))
        .danger_without_auth()
        .retention(Duration::from_secs(77))
        .build()
        .unwrap();
    let head = Head::new(Method::POST, "/x/fido", HeaderMap::new());
    let letter = receiver
        .read(&head, br#"{"commandId":1,"state":"SUCCESS"}"#)
        .unwrap();
    assert_eq!(letter.expires().since(letter.received()), Duration::from_secs(77));
    assert_eq!(letter.ids(), [CorrelationId::command("hermod", "1")]);
    let progress = receiver
        .read(&head, br#"{"commandId":1,"state":"IN_PROGRESS"}"#)
        .unwrap();
    assert_eq!(progress.ids(), [CorrelationId::command("hermod-progress", "1")]);
}
