//! Each setting of the dialect changes what is sent or how something is read, and each has its evidence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::time::Duration;

use common::answer;
use http::{HeaderMap, Method};
use smartid_core::dialect::{DialectError, overlay, settings};
use smartid_core::{Endpoint, Head, ManualRuntime, Timestamp};
use smartid_hermod::callback::CallbackReader;
use smartid_hermod::commands::{CommandStatus, FidoCreate, FidoSession};
use smartid_hermod::dialect::EVIDENCE;
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Session};

/// Every setting, another value for it, and the observation that must change.
const CHANGES: &[(&str, &str, &str)] = &[
    ("callback.command_id", "'/id'", "report"),
    ("callback.edits", "[{ move = '/state', to = '/was' }]", "report"),
    ("callback.error", "'/fault'", "report"),
    ("callback.error_code", "'/message'", "report"),
    ("callback.error_message", "'/code'", "report"),
    ("callback.external_id", "'/ours'", "report"),
    ("callback.mid", "'/message'", "letter"),
    ("callback.response", "'/answer'", "report"),
    ("callback.state", "'/progress'", "report"),
    ("callback.verbs", "['webauthn']", "paths"),
    ("fido.already_registered", "['E1']", "failure"),
    ("fido.create.body", "{ action = 'make' }", "create"),
    ("fido.create.options", "'/fidoCommand/options'", "create"),
    ("fido.create.options_form", "'string'", "create"),
    ("fido.create.path", "'fido/{bid}/create'", "create"),
    (
        "fido.create.request",
        "[{ remove = '/fidoCommand/operation' }]",
        "create",
    ),
    (
        "fido.create.response",
        "[{ move = '/id', to = '/commandId' }]",
        "create answer",
    ),
    ("fido.create.success", "[202]", "create answer"),
    ("fido.create.to", "['{external_id}', '@tmp']", "create"),
    ("fido.create.verb", "'PUT'", "create"),
    ("fido.create.wrapper", "'passkeyCommand'", "create"),
    ("fido.create_after_open", "true", "plan"),
    ("fido.registration", "'/spare'", "success"),
    ("fido.search_registration", "false", "astray"),
    ("fido.session.body", "'{\"b\":1,\"a\":2}'", "session"),
    ("fido.session.path", "'ping'", "session"),
    ("fido.session.request", "[{ set = '/x', value = 1 }]", "session"),
    (
        "fido.session.response",
        "[{ move = '/id', to = '/commandId' }]",
        "session answer",
    ),
    ("fido.session.success", "['2xx', 404]", "session refused"),
    ("fido.session.to", "[]", "session"),
    ("fido.session.verb", "'PATCH'", "session"),
    ("fido.session.wrapper", "'startCommand'", "session"),
    ("fido.single_command", "true", "plan"),
    ("fido.user_cancelled_codes", "['E1']", "failure"),
    ("fido.user_declined_codes", "['E1']", "failure"),
    ("states.cancelled", "['X']", "unknown state"),
    ("states.failed", "['X']", "unknown state"),
    ("states.in_progress", "['X']", "unknown state"),
    ("states.rejected", "['X']", "unknown state"),
    ("states.success", "['X']", "unknown state"),
    ("states.timeout", "['X']", "unknown state"),
    ("status.path", "'{command_id}/state'", "poll"),
    (
        "status.response",
        "[{ move = '/id', to = '/commandId' }]",
        "poll answer",
    ),
    ("status.success", "[202]", "poll answer"),
    ("status.verb", "'POST'", "poll"),
];

const REGISTRATION: &str = r#"{"response":{"attestationObject":"a","clientDataJSON":"c"}}"#;
const LONGER: &str = r#"{"response":{"attestationObject":"a","clientDataJSON":"c"},"id":"x"}"#;
const LINK: &str = "com.nexusgroup.plugout:///?url=https%3a%2f%2fh%2fms%2fb&token=t";

/// All that a dialect can change, by name.
fn observe(dialect: &HermodDialect) -> Vec<(&'static str, String)> {
    let header = CommandHeader::new(Duration::from_secs(30), Duration::from_secs(20))
        .unwrap()
        .external_id("e");
    let session: Session = serde_json::from_str(
        r#"{"bid":"b","mid":"m","command_id":"1","external_id":"s","created":0,"expires":0}"#,
    )
    .unwrap();
    let open = FidoSession::new(header.clone());
    let create = FidoCreate::new(header, &session, "{\"o\": 1}");
    let poll = CommandStatus::new("1");
    let sent = |request: smartid_core::Outgoing| {
        format!(
            "{} {} {}",
            request.method(),
            request.target(),
            String::from_utf8_lossy(request.body_bytes())
        )
    };
    let immediate = format!(r#"{{"commandId":"1","id":"2","destinations":[{{"uri":"{LINK}"}}]}}"#);
    let status = r#"{"commandId":"1","id":"2","state":"SUCCESS"}"#;
    let read = |body: &str| format!("{:?}", CommandReport::read(body.to_owned().into(), dialect));
    let outcome = |body: &str| {
        let report = CommandReport::read(body.to_owned().into(), dialect);
        format!("{:?}", report.map(|report| report.fido(dialect)))
    };
    let report = r#"{"commandId":"1","id":"2","externalId":"e","ours":"o","state":"FAILED","progress":"SUCCESS","destinations":[{"mid":"m"}],
        "message":"n","response":{},"answer":{"longer":1},"error":{"code":"E1","message":"one"},"fault":{"code":"E2","text":"two"}}"#;
    let success = format!(
        r#"{{"commandId":"1","state":"SUCCESS","response":{{"data":{REGISTRATION}}},"spare": {LONGER}}}"#
    );
    let astray = format!(r#"{{"commandId":"1","state":"SUCCESS","response":{REGISTRATION}}}"#);
    let reader = CallbackReader::builder()
        .danger_without_auth()
        .dialect(dialect.clone())
        .build()
        .unwrap();
    let at = |verb: &str| Head::new(Method::POST, format!("/callback/{verb}"), HeaderMap::new());
    let paths: Vec<bool> = ["fido", "ping", "webauthn"]
        .iter()
        .map(|verb| reader.admit(&at(verb)).is_ok())
        .collect();
    let letter = reader
        .read(
            &at(&dialect.callback_verbs()[0]),
            report.as_bytes(),
            Timestamp::from_millis(0),
        )
        .map(|letter| letter.message().to_owned());
    vec![
        ("session", sent(open.request(dialect).unwrap())),
        ("create", sent(create.request(dialect).unwrap())),
        ("poll", sent(poll.request(dialect).unwrap())),
        (
            "session answer",
            format!("{:?}", open.response(dialect, answer(200, immediate.clone()))),
        ),
        (
            "session refused",
            format!("{:?}", open.response(dialect, answer(404, immediate.clone()))),
        ),
        (
            "create answer",
            format!("{:?}", create.response(dialect, answer(200, immediate))),
        ),
        (
            "poll answer",
            format!("{:?}", poll.response(dialect, answer(200, status))),
        ),
        ("report", read(report)),
        ("letter", format!("{letter:?}")),
        ("unknown state", read(r#"{"commandId":"1","state":"X"}"#)),
        (
            "failure",
            outcome(r#"{"commandId":"1","state":"FAILED","error":{"code":"E1"}}"#),
        ),
        ("success", outcome(&success)),
        ("astray", outcome(&astray)),
        ("paths", format!("{paths:?}")),
        ("plan", format!("{:?}", dialect.fido.plan())),
    ]
}

fn toml(key: &str, value: &str) -> String {
    format!("{key} = {value}")
}

#[test]
fn every_setting_changes_what_it_says() {
    let known: Vec<String> = settings::<HermodDialect>()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let changed: Vec<&str> = CHANGES.iter().map(|(key, _, _)| *key).collect();
    assert_eq!(known, changed, "one change for each setting, in their order");

    let before = observe(&HermodDialect::default());
    for (key, value, what) in CHANGES {
        let dialect: HermodDialect =
            overlay(&toml(key, value)).unwrap_or_else(|error| panic!("{key}: {error}"));
        let after = observe(&dialect);
        let differs: Vec<&str> = before
            .iter()
            .zip(&after)
            .filter(|(before, after)| before != after)
            .map(|(before, _)| before.0)
            .collect();
        assert!(differs.contains(what), "{key}: changed {differs:?}, not {what}");
    }
}

#[test]
fn every_setting_has_its_evidence() {
    let known: Vec<String> = settings::<HermodDialect>()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let told: Vec<&str> = EVIDENCE.iter().map(|row| row.key).collect();
    assert_eq!(known, told);
    assert!(
        EVIDENCE
            .iter()
            .all(|row| !row.source.is_empty() && !row.meaning.is_empty())
    );
}

#[test]
fn mistakes_are_named_by_their_key() {
    for (text, key) in [
        ("[fido.session]\nverbs = 'POST'", "fido.session"),
        ("[fido.session]\nbody = '[]'", "fido.session.body"),
        ("[fido.session]\nbody = 7", "fido.session.body"),
        ("[fido.create]\nto = ['{user}']", "fido.create.to"),
        ("[fido.create]\nto = ['{bid']", "fido.create.to"),
        ("[fido.create]\nto = ['']", "fido.create.to"),
        ("[fido.create]\noptions_form = 'xml'", "fido.create.options_form"),
        ("[status]\npath = '/x'", "status.path"),
        ("[callback]\nstate = 'state'", "callback.state"),
    ] {
        match overlay::<HermodDialect>(text) {
            Err(DialectError::Setting { key: found, .. }) => {
                assert!(found.starts_with(key), "{text}: {found}")
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_destination_that_needs_a_session_is_not_sent_without_its_value() {
    let header = CommandHeader::new(Duration::from_secs(30), Duration::from_secs(20)).unwrap();
    let dialect = common::dialect("[fido.session]\nto = ['{bid}']");
    assert!(FidoSession::new(header.clone()).request(&dialect).is_err());
    let dialect = common::dialect("[fido.create]\npath = 'fido/{bid}'");
    assert!(FidoCreate::alone(header, "{}").request(&dialect).is_err());
}

#[test]
fn one_command_does_it_all_where_the_dialect_says_so() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let dialect = common::dialect("[fido]\nsingle_command = true\n[fido.create]\npath = 'passkey'");
    let body = common::golden("responses/fido_session.json");
    let (hermod, script) = common::client(&runtime, dialect, vec![(Duration::ZERO, Ok(answer(200, body)))]);
    let header = hermod.header();
    let answer = runtime
        .block_on(hermod.call(&FidoCreate::alone(header.clone(), "{}")))
        .unwrap()
        .unwrap();
    assert!(Session::from_response(&answer, &header, runtime_now(&runtime)).is_ok());
    let (line, request) = script.requests().remove(0);
    assert!(line.ends_with("/command/passkey"), "{line}");
    let sent = String::from_utf8(request.body_bytes().to_vec()).unwrap();
    assert!(sent.contains(r#""to":["@tmp"]"#), "{sent}");
}

fn runtime_now(runtime: &ManualRuntime) -> Timestamp {
    smartid_core::Runtime::now(runtime)
}
