//! Runs the golden folder of a command: its requests, its head, the answers to it and to polls, its callbacks.
//!
//! Each function takes every fixture of its kind, asserts what INDEX.toml says of it, and returns how many there were. The word that a
//! typed client reports is that of the golden files: `approved`, `declined`, `cancelled`, `timed-out`, `failed`, `in-progress`,
//! `unreadable`, `refused`.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::Value;
use smartid_core::{
    CorrelationId, Endpoint, Head, Inbound, Inbox, Incoming, ManualRuntime, MemoryInbox, Outgoing,
    SecretString, Transport,
};
use smartid_hermod::answers::Done;
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::commands::CommandStatus;
use smartid_hermod::{ApiKey, CommandReport, Hermod, HermodDialect, ImmediateResponse, Outcome, State, auth};

use super::{Fixture, answer, golden, index, runtime, text};

/// What the golden files call an outcome.
pub fn word<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome.name() {
        "succeeded" => "approved",
        "pending" => "in-progress",
        other => other,
    }
}

/// The fixtures of a folder that are `what`: `request`, `response`, `callback`, `payload`. A fixture of another kind fails.
pub fn fixtures(folder: &str, what: &str) -> Vec<Fixture> {
    let all = index(folder);
    for fixture in &all {
        let known = ["request", "response", "callback", "payload"];
        assert!(
            fixture.what.as_deref().is_some_and(|what| known.contains(&what)),
            "{folder}/{}: {:?}",
            fixture.file,
            fixture.what
        );
    }
    all.into_iter()
        .filter(|fixture| fixture.what.as_deref() == Some(what))
        .collect()
}

fn accepted(fixture: &Fixture, found: &str) -> bool {
    fixture.expect.as_deref() == Some(found) || fixture.also.iter().any(|also| also == found)
}

/// Every request but the heads, as JSON, and the path that it is sent to. `make` gives the request of a fixture, or why it is not made.
pub fn requests(folder: &str, make: impl Fn(&Fixture) -> Result<Outgoing, String>) -> usize {
    let mut checked = 0;
    for fixture in fixtures(folder, "request") {
        let name = &fixture.file;
        if name.ends_with(".http") {
            continue;
        }
        checked += 1;
        let request = match make(&fixture) {
            Err(reason) => {
                assert!(
                    fixture.refuse || fixture.also.iter().any(|also| also == "refused"),
                    "{folder}/{name}: {reason}"
                );
                continue;
            }
            Ok(request) => request,
        };
        assert!(!fixture.refuse, "{folder}/{name} was made");
        assert_eq!(Some(request.target()), fixture.post_to, "{folder}/{name}");
        let body = golden(&format!("{folder}/{name}"));
        if body.is_empty() {
            assert!(request.body_bytes().is_empty(), "{folder}/{name}");
            continue;
        }
        assert_eq!(
            request.headers()["content-type"],
            "application/json",
            "{folder}/{name}"
        );
        let wanted: Value = serde_json::from_slice(&body).unwrap();
        let sent: Value = serde_json::from_slice(request.body_bytes()).unwrap();
        assert_eq!(sent, wanted, "{folder}/{name}");
    }
    checked
}

/// The head of a folder, with the command whose body it is the head of.
pub fn head<E>(folder: &str, command: &E)
where
    E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect>,
{
    let fixtures = fixtures(folder, "request");
    // Another head than the one of a body is a test of its own.
    let mut heads = fixtures
        .iter()
        .filter(|fixture| fixture.file.ends_with(".http") && fixture.body.is_some());
    let fixture = heads.next().unwrap();
    assert!(heads.next().is_none(), "{folder} has several heads");
    check_head(folder, fixture, |runtime, hermod| {
        runtime.block_on(hermod.call(command)).unwrap().is_err()
    });
}

/// One head: a client with the fixture's key and command base, a `call` that fails because nobody answers, and what it sent.
pub fn check_head(folder: &str, fixture: &Fixture, call: impl FnOnce(&ManualRuntime, &Hermod) -> bool) {
    let wanted = text(&format!("{folder}/{}", fixture.file));
    let mut lines = wanted.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, path) = (first.next().unwrap(), first.next().unwrap());
    let mut wanted: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();

    let key = ApiKey::new(
        fixture.client_id.clone().unwrap(),
        fixture.client_key.clone().unwrap(),
    );
    let runtime = runtime();
    let script = super::Script::new(&runtime, Vec::new());
    let hermod = Hermod::builder(fixture.command_base.as_ref().unwrap(), key.unwrap())
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    assert!(hermod.lints().is_empty(), "{folder}");
    assert!(call(&runtime, &hermod), "the script never answers");

    let (line, request) = script.requests().remove(0);
    let uri: http::Uri = line.strip_prefix(&format!("{method} ")).unwrap().parse().unwrap();
    assert_eq!(uri.path(), path, "{folder}/{}", fixture.file);
    let mut sent: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    sent.push(("host".into(), uri.authority().unwrap().to_string()));
    if let Some(body) = &fixture.body {
        let json = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap();
        let wanted = json(&golden(&format!("{folder}/{body}")));
        assert_eq!(json(request.body_bytes()), wanted, "{folder}/{}", fixture.file);
        sent.push(("content-length".into(), request.body_bytes().len().to_string()));
    }
    sent.sort();
    wanted.sort();
    assert_eq!(sent, wanted, "{folder}/{}", fixture.file);
    assert!(request.headers()["x-api-key"].is_sensitive());
}

/// Every `response_*` by `read` (the command's own reading), every `poll_*` by a poll; `verdict` is the word for a report.
pub fn responses(
    folder: &str,
    dialect: impl Fn(&Fixture) -> HermodDialect,
    read: impl Fn(&Fixture, &HermodDialect, Incoming) -> Result<ImmediateResponse, String>,
    verdict: impl Fn(&Fixture, &CommandReport, &HermodDialect) -> &'static str,
) -> usize {
    let (command, _) = awaited(folder);
    let mut checked = 0;
    for fixture in fixtures(folder, "response") {
        let name = &fixture.file;
        let dialect = dialect(&fixture);
        let incoming = answer(fixture.status.unwrap(), golden(&format!("{folder}/{name}")));
        let found = if name.starts_with("poll_") {
            match CommandStatus::new(command.clone()).response(&dialect, incoming) {
                Err(_) => "refused",
                Ok(report) => verdict(&fixture, &report, &dialect),
            }
        } else {
            match read(&fixture, &dialect, incoming) {
                Err(_) => "refused",
                Ok(response) => {
                    assert_eq!(
                        response.command_id.as_str(),
                        own_id(folder, name),
                        "{folder}/{name}"
                    );
                    let report = format!(r#"{{"commandId":"1","state":"{}"}}"#, response.state);
                    let report = CommandReport::read(report.into(), &dialect).unwrap();
                    if report.is_final() {
                        verdict(&fixture, &report, &dialect)
                    } else {
                        "in-progress"
                    }
                }
            }
        };
        assert!(accepted(&fixture, found), "{folder}/{name}: {found}");
        checked += 1;
    }
    checked
}

/// The command id that stands in an answer, a text or a number as its digits; that of the folder where none does.
fn own_id(folder: &str, name: &str) -> String {
    let answer = serde_json::from_slice::<Value>(&golden(&format!("{folder}/{name}"))).unwrap_or_default();
    match &answer["commandId"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => awaited(folder).0,
    }
}

/// The ids of the command that the callbacks of a folder are about.
fn awaited(folder: &str) -> (String, String) {
    let callback: Value =
        serde_json::from_slice(&golden(&format!("{folder}/callback_duplicate_first.json"))).unwrap();
    let id = |name: &str| callback[name].as_str().unwrap().to_owned();
    (id("commandId"), id("externalId"))
}

/// Every callback, through the receiver into a store and out of it, as a waiter for the folder's command would find it. A callback that
/// the receiver refuses stores nothing; a repeated one changes nothing; of two ends the first stands.
pub fn callbacks(
    folder: &str,
    dialect: impl Fn(&Fixture) -> HermodDialect,
    verdict: impl Fn(&Fixture, &CommandReport, &HermodDialect) -> &'static str,
) -> usize {
    let (command, external) = awaited(folder);
    let ids = [
        CorrelationId::external("hermod", external.as_str()),
        CorrelationId::command("hermod", command.as_str()),
    ];
    let mut checked = 0;
    for fixture in fixtures(folder, "callback") {
        let name = &fixture.file;
        let body = golden(&format!("{folder}/{name}"));
        let dialect = dialect(&fixture);
        let inbox = Arc::new(MemoryInbox::new());
        let receiver = CallbackReceiver::builder(inbox.clone(), Arc::new(runtime()))
            .basic_auth("hermod", SecretString::new("golden"))
            .dialect(dialect.clone())
            .build()
            .unwrap();
        let path = format!("/smartid/{}", fixture.path.as_deref().unwrap());
        let first = fixture
            .after
            .as_ref()
            .map(|after| golden(&format!("{folder}/{after}")));
        if let Some(first) = &first {
            assert_eq!(
                deliver(&receiver, &path, first),
                StatusCode::OK,
                "{folder}/{name}"
            );
        }
        let status = deliver(&receiver, &path, &body);
        match fixture.outcome.as_deref().unwrap() {
            "accept" => assert_eq!(status, StatusCode::OK, "{folder}/{name}"),
            "refuse" => assert!(status.is_client_error(), "{folder}/{name}: {status}"),
            "either" => assert!(
                status == StatusCode::OK || status.is_client_error(),
                "{folder}/{name}: {status}"
            ),
            other => panic!("{folder}/{name}: {other}"),
        }
        let found = if status == StatusCode::OK {
            let report = CommandReport::read(body.clone().into(), &dialect).unwrap();
            assert_eq!(report.raw, body, "{folder}/{name}");
            if let Some(state) = &fixture.state {
                assert_eq!(
                    report.state,
                    State::read(state, &dialect.states),
                    "{folder}/{name}"
                );
            }
            let before = receiver.counters().duplicates;
            assert_eq!(
                deliver(&receiver, &path, &body),
                StatusCode::OK,
                "{folder}/{name}"
            );
            assert_eq!(receiver.counters().duplicates, before + 1, "{folder}/{name}");

            match runtime().block_on(inbox.peek(&ids)).unwrap().unwrap() {
                Some(letter) => {
                    assert_eq!(letter.body(), first.as_ref().unwrap_or(&body), "{folder}/{name}");
                    let stored = CommandReport::read(letter.body().clone(), &dialect).unwrap();
                    verdict(&fixture, &stored, &dialect)
                }
                // Not the end of anything, or the end of a command that nobody waits for.
                None if report.is_final() => "refused",
                None => verdict(&fixture, &report, &dialect),
            }
        } else {
            assert!(inbox.is_empty(), "{folder}/{name}");
            "refused"
        };
        assert!(accepted(&fixture, found), "{folder}/{name}: {found}");
        checked += 1;
    }
    checked
}

/// As [`callbacks`], of a command whose device has nothing to say; `codes` are those that a fixture fails with.
pub fn callbacks_of_done(
    folder: &str,
    outcome: impl Fn(&CommandReport, &HermodDialect) -> Outcome<Done>,
    codes: &[(&str, &str)],
) -> usize {
    let listed = super::dialect("states.success = ['SUCCESS', 'DONE']");
    let body = golden(&format!("{folder}/callback_other_success_state.json"));
    let report = CommandReport::read(body.into(), &listed).unwrap();
    assert_eq!(
        word(&outcome(&report, &listed)),
        "approved",
        "{folder}: once the dialect lists it"
    );
    callbacks(
        folder,
        |_| HermodDialect::default(),
        |fixture, report, dialect| {
            let outcome = outcome(report, dialect);
            let wanted = codes.iter().find(|(file, _)| *file == fixture.file);
            match &outcome {
                Outcome::Succeeded(done) => assert_eq!(done.response, report.response),
                Outcome::Failed { code, .. } => {
                    let (_, wanted) = wanted.copied().unzip();
                    assert!(wanted.is_none() || code.as_deref() == wanted, "{code:?}");
                }
                other => assert!(wanted.is_none(), "{other:?}"),
            }
            word(&outcome)
        },
    )
}

fn deliver(receiver: &CallbackReceiver, path: &str, body: &[u8]) -> StatusCode {
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_static("Basic aGVybW9kOmdvbGRlbg=="),
    );
    let head = Head::new(Method::POST, path, headers);
    if let Err(reply) = receiver.admit(&head) {
        return reply.status;
    }
    let reply = runtime()
        .block_on(receiver.receive(&head, body.to_vec().into()))
        .unwrap();
    assert!(reply.body.is_empty());
    reply.status
}
