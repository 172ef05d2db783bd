//! Every golden message of Microsoft Graph: what goes out, what an answer means, and the calls one behind the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, decode};
use smartid_core::{
    BoxFuture, CredentialError, Endpoint, Error, Incoming, ManualRuntime, Outgoing, Phase, Retry, Runtime,
    SecretString, ServiceUrl, Timestamp, Transport, TransportError, TransportProblem, Turn,
};
use smartid_da::auth::fixed_token;
use smartid_da::entra::{CreateFido2Method, EntraRefusal, GetCreationOptions, GraphVersion};
use smartid_da::fido::{Registration, preflight};
use smartid_da::relying_party::{
    DisplayName, NewCredential, Offer, Provider, Refusal, RelyingParty, StoredMethod,
};
use smartid_da::{EntraFido, TokenProvider, UserId};
use toml::Table;

const BASE: &str = "https://graph.example.test";
const TOKEN: &str = "TOKEN-GOLDEN-1";
const NOW: &str = "2026-03-01T10:00:00Z";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/entra")
}

fn index() -> Table {
    toml::from_str(&std::fs::read_to_string(folder().join("INDEX.toml")).unwrap()).unwrap()
}

fn rows(of: &str) -> Vec<Table> {
    let rows = index()[of].as_array().unwrap().clone();
    rows.iter().map(|row| row.as_table().unwrap().clone()).collect()
}

fn fixtures(kind: &str) -> Vec<Table> {
    let mut fixtures = rows("fixture");
    fixtures.retain(|row| text(row, "kind") == kind);
    fixtures
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    some(row, key).unwrap_or_default()
}

fn some<'a>(row: &'a Table, key: &str) -> Option<&'a str> {
    row.get(key).and_then(toml::Value::as_str)
}

fn list<'a>(row: &'a Table, key: &str) -> Vec<&'a str> {
    let list = row.get(key).and_then(toml::Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect()
}

/// Whether `found` is the value of `key`, or one of those that are right too.
fn agrees(row: &Table, key: &str, found: &str) -> bool {
    some(row, key) == Some(found) || list(row, &format!("{key}_also")).contains(&found)
}

fn time(text: &str) -> Timestamp {
    Timestamp::from_iso8601(text).unwrap_or_else(|| panic!("{text}"))
}

/// A message as it stands in its file: first line, headers, body.
fn message(file: &str) -> (String, HeaderMap, Bytes) {
    let bytes = std::fs::read(folder().join(file)).unwrap();
    let end = bytes
        .windows(2)
        .position(|two| two == b"\n\n")
        .unwrap_or_else(|| panic!("{file}"));
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let first = lines.next().unwrap().to_owned();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value.trim()).unwrap(),
        );
    }
    (first, headers, Bytes::copy_from_slice(&bytes[end + 2..]))
}

fn incoming(file: &str) -> Incoming {
    let (first, headers, body) = message(file);
    let status: u16 = first.split(' ').nth(1).unwrap().parse().unwrap();
    Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body)
}

/// Answers from a script and keeps what was sent.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<Vec<Option<Incoming>>>,
    sent: Mutex<Vec<(Outgoing, String)>>,
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let address = request.absolute(base);
        self.sent.lock().unwrap().push((request, address));
        let answer = self.answers.lock().unwrap().remove(0);
        let lost = || TransportError::new(TransportProblem::Broken, "no answer");
        Box::pin(std::future::ready(answer.ok_or_else(lost)))
    }
}

/// Gives the same token again and again, as the golden requests show it, but counts.
#[derive(Default)]
struct Tokens {
    invalidated: AtomicU32,
}

impl TokenProvider for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, CredentialError>> {
        Box::pin(std::future::ready(Ok(SecretString::new(TOKEN))))
    }

    fn invalidate(&self) -> BoxFuture<'_, ()> {
        self.invalidated.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::ready(()))
    }
}

struct Bench {
    entra: EntraFido,
    script: Arc<Script>,
    runtime: ManualRuntime,
    tokens: Arc<Tokens>,
}

fn bench(call: &Table, answers: Vec<Option<Incoming>>, now: &str) -> Result<Bench, String> {
    let runtime = ManualRuntime::new(time(now));
    let script = Arc::new(Script {
        answers: Mutex::new(answers),
        ..Script::default()
    });
    let tokens = Arc::new(Tokens::default());
    let mut builder = EntraFido::builder(Arc::clone(&tokens) as Arc<dyn TokenProvider>).url(BASE);
    builder = builder.version(version(call));
    if let Some(minutes) = minutes(call) {
        builder = builder.challenge_minutes(minutes);
    }
    let entra = builder
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .map_err(|error| format!("challenge-timeout: {error}"))?;
    Ok(Bench {
        entra,
        script,
        runtime,
        tokens,
    })
}

fn version(call: &Table) -> GraphVersion {
    match text(call, "version") {
        "" | "v1.0" => GraphVersion::V1,
        "beta" => GraphVersion::Beta,
        other => panic!("{other}"),
    }
}

fn minutes(call: &Table) -> Option<u32> {
    let minutes = call.get("challenge_timeout_minutes")?;
    Some(u32::try_from(minutes.as_integer().unwrap()).unwrap())
}

fn registration(path: &str) -> Registration {
    Registration::parse(&std::fs::read_to_string(folder().join(path)).unwrap()).unwrap()
}

/// Makes the call of the index as a program does; the error begins with the word of the reason.
fn send(bench: &Bench, call: &Table) -> Result<(), String> {
    let user = UserId::new(text(call, "user")).map_err(|error| format!("user: {error}"))?;
    let entra = &bench.entra;
    let outcome = match text(call, "operation") {
        "options" => bench
            .runtime
            .block_on(entra.creation_options(&user))
            .unwrap()
            .map(|_| ()),
        "store" => {
            let name = DisplayName::new(text(call, "display_name"))
                .map_err(|error| format!("display-name: {error}"))?;
            let credential = NewCredential::new(user, registration(text(call, "registration")));
            let credential = credential.display_name(Some(name));
            bench
                .runtime
                .block_on(entra.store(&credential))
                .unwrap()
                .map(|_| ())
        }
        other => panic!("{other}"),
    };
    match outcome {
        Err(error) if error.is_misconfigured() => {
            let reason = if error.summary().contains("attestation is of format") {
                "attestation-format"
            } else {
                "user"
            };
            Err(format!("{reason}: {error}"))
        }
        // The answer is no business of this test.
        _ => Ok(()),
    }
}

#[test]
fn what_goes_out() {
    for row in fixtures("request") {
        only(&row, &["call", "refuse", "reason"]);
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        assert_eq!(list(&row, "secrets"), [TOKEN], "{file}");
        let bench = bench(call, vec![Some(incoming("error_409.http"))], NOW);
        let sent = bench.as_ref().map(|bench| send(bench, call).map(|()| bench));
        match sent.map_err(Clone::clone).and_then(|sent| sent) {
            Err(reason) => {
                assert!(row.contains_key("refuse"), "{file}: {reason}");
                assert!(
                    reason.starts_with(&format!("{}: ", text(&row, "reason"))),
                    "{file}: {reason}"
                );
                assert!(!reason.contains(TOKEN), "{file}: {reason}");
                let sent = bench.map(|bench| bench.script.sent.lock().unwrap().len());
                assert_eq!(sent.unwrap_or_default(), 0, "{file}: nothing goes out");
            }
            Ok(bench) => {
                assert!(!row.contains_key("refuse"), "{file}");
                is_the_golden_request(file, &bench.script.sent.lock().unwrap()[0]);
                assert!(!format!("{:?}", bench.entra).contains(TOKEN), "{file}");
            }
        }
    }
}

/// The endpoints refuse by themselves, too: whoever calls them without the client.
#[test]
fn what_does_not_go_out_is_refused_by_the_endpoint() {
    for row in fixtures("request") {
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        let Ok(user) = UserId::new(text(call, "user")) else {
            continue;
        };
        let built = match (
            text(call, "operation"),
            DisplayName::new(text(call, "display_name")),
        ) {
            ("options", _) => GetCreationOptions::new(user)
                .version(version(call))
                .challenge_minutes(minutes(call))
                .request(&()),
            (_, Ok(name)) => CreateFido2Method::new(user, &registration(text(call, "registration")), name)
                .version(version(call))
                .request(&()),
            (_, Err(_)) => continue,
        };
        assert_eq!(built.is_err(), row.contains_key("refuse"), "{file}: {built:?}");
    }
}

fn is_the_golden_request(file: &str, (sent, address): &(Outgoing, String)) {
    let (first, headers, body) = message(file);
    let mut words = first.split(' ');
    assert_eq!(Some(sent.method().as_str()), words.next(), "{file}");
    assert_eq!(*address, format!("{BASE}{}", words.next().unwrap()), "{file}");
    for (name, value) in &headers {
        if name == "host" {
            assert_eq!(BASE, format!("https://{}", value.to_str().unwrap()));
        } else {
            assert_eq!(sent.headers().get(name), Some(value), "{file}: {name}");
        }
    }
    assert!(sent.headers()["authorization"].is_sensitive(), "{file}");
    if body.is_empty() {
        assert!(sent.body_bytes().is_empty(), "{file}");
    } else {
        let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(json(sent.body_bytes()), json(&body), "{file}");
    }
}

enum Answer {
    Options(Box<Offer>),
    Stored(StoredMethod),
}

/// Reads an answer as the client does, which validates options before they go to a device.
fn read(file: &str, operation: &str, now: &str) -> (Bench, Result<Answer, Error>) {
    let call = Table::new();
    let answers = (0..3).map(|_| Some(incoming(file))).collect();
    let bench = bench(&call, answers, now).unwrap();
    let user = UserId::new("alice@example.test").unwrap();
    let runtime = &bench.runtime;
    let answer = if operation == "options" {
        let offer = runtime.block_on(bench.entra.creation_options(&user)).unwrap();
        offer.map(|offer| Answer::Options(Box::new(offer)))
    } else {
        let credential = NewCredential::new(
            user,
            registration("../attestation/packed-self-es256.registration.json"),
        );
        let stored = runtime.block_on(bench.entra.store(&credential)).unwrap();
        stored.map(Answer::Stored)
    };
    (bench, answer)
}

#[test]
fn what_an_answer_means() {
    for row in fixtures("response") {
        only(
            &row,
            &[
                "call",
                "status",
                "class",
                "class_also",
                "now",
                "challenge",
                "expires",
                "expires_also",
                "excluded",
                "code",
                "msg",
                "request_id",
                "request_id_also",
                "retry",
                "retry_after_seconds",
                "perhaps_done",
                "location",
                "id",
                "display_name",
                "created",
                "aaguid",
                "model",
                "attestation_level",
            ],
        );
        let file = text(&row, "file");
        let call = row["call"].as_table().unwrap();
        let operation = text(call, "operation");
        let status = u16::try_from(row["status"].as_integer().unwrap()).unwrap();
        assert_eq!(incoming(file).status(), status, "{file}");
        let now = some(&row, "now").unwrap_or(NOW);
        let (bench, answer) = read(file, operation, now);
        match answer {
            Ok(Answer::Options(offer)) => match offer.options.validate() {
                Ok(()) => offered(file, &row, &offer),
                Err(error) => assert!(agrees(&row, "class", "unexpected"), "{file}: {error}"),
            },
            Ok(Answer::Stored(method)) => stored(file, &row, &method),
            Err(error) => failed(file, &row, &bench, &error, operation),
        }
    }
}

fn offered(file: &str, row: &Table, offer: &Offer) {
    assert!(agrees(row, "class", "options"), "{file}");
    let view = offer.options.view();
    if let Some(challenge) = some(row, "challenge") {
        assert_eq!(view.challenge, decode(Flavour::Url, challenge).unwrap(), "{file}");
    }
    // The device is given the octets of the value of publicKey.
    let (_, _, body) = message(file);
    let body = String::from_utf8(body.to_vec()).unwrap();
    assert!(body.contains(offer.options.raw()), "{file}");
    let json: serde_json::Value = serde_json::from_str(body.trim_start_matches('\u{feff}')).unwrap();
    let sent: serde_json::Value = serde_json::from_str(offer.options.raw()).unwrap();
    let wrapped = json.get("value");
    let json = wrapped.unwrap_or(&json);
    assert_eq!(sent, json["publicKey"], "{file}");
    match some(row, "expires") {
        None => {}
        // Milliseconds are all that is kept.
        Some(expires) => assert_eq!(offer.expires, Some(time(expires)), "{file}"),
    }
    let excluded: Vec<String> = view.exclude.iter().map(|known| hex(&known.id)).collect();
    if row.contains_key("excluded") {
        assert_eq!(excluded, list(row, "excluded"), "{file}");
    }
    let limit = json
        .get("challengeTimeoutDateTime")
        .and_then(serde_json::Value::as_str);
    let codes: Vec<&str> = offer.lints.iter().map(|lint| lint.code).collect();
    let mut odd = match (limit.and_then(Timestamp::from_iso8601), some(row, "now")) {
        (None, _) => vec!["timeout"],
        (Some(end), Some(now)) if end <= time(now) => vec!["past"],
        _ => vec![],
    };
    if wrapped.is_some() {
        odd.insert(0, "wrapper");
    }
    assert_eq!(codes, odd, "{file}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stored(file: &str, row: &Table, method: &StoredMethod) {
    assert!(agrees(row, "class", "stored"), "{file}");
    let created = method.created.map(Timestamp::to_iso8601);
    for (key, found) in [
        ("id", &method.id),
        ("display_name", &method.display_name),
        ("created", &created),
        ("aaguid", &method.aaguid),
        ("model", &method.model),
        ("attestation_level", &method.attestation_level),
    ] {
        assert_eq!(found.as_deref(), some(row, key), "{file}: {key}");
    }
    assert!(!format!("{method:?}").contains(['\u{1b}', '\u{202e}']), "{file}");
}

fn failed(file: &str, row: &Table, bench: &Bench, error: &Error, operation: &str) {
    let refusal = error.refusal::<EntraRefusal>();
    let class = refusal.map_or("unexpected", |refusal| refusal.kind().name());
    assert!(agrees(row, "class", class), "{file}: {error}");
    assert!(error.status().is_some(), "{file}: {error}");
    let shown = format!("{error} {error:?} {} {refusal:?}", error.summary());
    assert!(
        !shown.contains(['\u{1b}', '\0', '\u{202e}', '\r']),
        "{file}: {shown}"
    );
    for secret in list(row, "secrets").into_iter().chain([TOKEN]) {
        assert!(!shown.contains(secret), "{file}: {shown}");
    }
    assert!(error.to_string().len() < 2000, "{file}: {error}");
    if let Some(code) = some(row, "code") {
        assert_eq!(error.code(), Some(code), "{file}");
        assert!(error.to_string().contains(code), "{file}: {error}");
    }
    if let Some(message) = some(row, "msg") {
        assert_eq!(refusal.unwrap().detail(), Some(message), "{file}");
        assert!(error.to_string().contains(message), "{file}: {error}");
    }
    match (some(row, "request_id"), list(row, "request_id_also")) {
        (_, also) if also == ["?"] => assert!(error.request_id().is_none_or(|id| id.len() <= 128), "{file}"),
        (Some(id), also) => {
            let found = error
                .request_id()
                .unwrap_or_else(|| panic!("{file}: no request id"));
            assert!(id == found || also.contains(&found), "{file}: {found}");
        }
        // The index leaves it away where nothing should be refused at all; what the header says is kept all the same.
        (None, _) => {
            let header = incoming(file).headers().get("request-id").cloned();
            let header = header.as_ref().map(|id| id.to_str().unwrap());
            assert_eq!(error.request_id(), header, "{file}");
        }
    }
    let later = matches!(error.retry(), Retry::Yes { .. }) || error.advice().turn == Turn::Time;
    assert_eq!(
        later,
        some(row, "retry") == Some("later"),
        "{file}: {:?}",
        error.retry()
    );
    let seconds = row.get("retry_after_seconds").and_then(toml::Value::as_integer);
    let after = refusal.and_then(EntraRefusal::retry_after);
    match seconds {
        Some(seconds) => assert_eq!(
            after,
            Some(Duration::from_secs(seconds.try_into().unwrap())),
            "{file}"
        ),
        // Of two headers the longer one.
        None if file == "error_429_twice.http" => assert_eq!(after, Some(Duration::from_secs(60))),
        None => assert_eq!(after, None, "{file}"),
    }
    let perhaps = matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable);
    if let Some(done) = row.get("perhaps_done").and_then(toml::Value::as_bool) {
        assert_eq!(perhaps, done, "{file}: {:?}", error.phase());
    }
    if operation == "store" && perhaps {
        assert_eq!(bench.script.sent.lock().unwrap().len(), 1, "{file}: sent once");
    }
    if let Some(location) = some(row, "location") {
        assert_eq!(refusal.unwrap().danger_location(), Some(location), "{file}");
        assert!(
            shown.contains(location.split('?').next().unwrap()),
            "{file}: {shown}"
        );
        assert!(!shown.contains(location), "{file}: {shown}");
        for (_, address) in &*bench.script.sent.lock().unwrap() {
            assert!(address.starts_with(BASE), "{file}: {address}");
        }
    }
    // A flow ends by the sort of the refusal.
    let sort = bench.entra.refusal(error);
    let expected = refusal.map(|refusal| match refusal.kind().name() {
        "not-authenticated" => Refusal::NotAuthenticated,
        "forbidden" => Refusal::Forbidden,
        "user-not-found" => Refusal::UserUnknown,
        "duplicate" => Refusal::Duplicate,
        "rejected" => Refusal::Rejected,
        "throttled" | "server-error" => Refusal::Busy,
        _ => Refusal::Other,
    });
    assert_eq!(sort, expected, "{file}");
}

/// The time counts from the answer's own date: a clock that is wrong here does no harm.
#[test]
fn a_wrong_clock_does_not_shorten_the_challenge() {
    let call = GetCreationOptions::new(UserId::new("alice").unwrap()).asked(time("2026-03-01T11:00:00Z"));
    let answer = incoming("options_200.http");
    let mut headers = answer.headers().clone();
    headers.insert("date", HeaderValue::from_static("Sun, 01 Mar 2026 10:00:30 GMT"));
    let answer = Incoming::new(answer.status(), headers, answer.body().clone());
    let offer = call.response(&(), answer).unwrap();
    assert_eq!(offer.expires, Some(time("2026-03-01T11:04:30Z")));
    assert_eq!(offer.lints, []);
}

#[test]
fn calls_one_behind_the_other() {
    let exchanges = rows("exchange");
    assert_eq!(exchanges.len(), 6);
    for row in exchanges {
        let name = text(&row, "name");
        for key in row.keys() {
            let known = [
                "name",
                "about",
                "steps",
                "outcome",
                "perhaps_done",
                "registration",
            ];
            assert!(known.contains(&key.as_str()), "{name}: {key}");
        }
        let steps = list(&row, "steps");
        let answers = steps.iter().skip(1).step_by(2);
        let answers = answers
            .map(|file| (*file != "(none)").then(|| incoming(file)))
            .collect();
        let bench = bench(&Table::new(), answers, NOW).unwrap();
        let started = bench.runtime.now();
        let (outcome, perhaps) = exchange(&bench, &row, &steps);
        assert_eq!(outcome, text(&row, "outcome"), "{name}");
        let expected = row.get("perhaps_done").and_then(toml::Value::as_bool);
        assert_eq!(perhaps, expected.unwrap_or_default(), "{name}");
        let sent = bench.script.sent.lock().unwrap();
        assert_eq!(sent.len(), steps.len() / 2, "{name}");
        for (request, file) in sent.iter().zip(steps.iter().step_by(2)) {
            is_the_golden_request(file, request);
        }
        let waited = bench.runtime.now().since(started);
        assert_eq!(
            waited >= Duration::from_secs(10),
            name == "throttled",
            "{name}: {waited:?}"
        );
        let renewed = bench.tokens.invalidated.load(Ordering::SeqCst);
        assert_eq!(renewed > 0, name.starts_with("token-"), "{name}: {renewed}");
        assert!(renewed <= 1, "{name}");
    }
}

/// What a program does: options, then, where the exchange goes on, the golden registration.
fn exchange(bench: &Bench, row: &Table, steps: &[&str]) -> (String, bool) {
    let user = UserId::new("7a1f0c52-3b0e-4d51-9a6e-0a4f5d2c9b10").unwrap();
    let (entra, runtime) = (&bench.entra, &bench.runtime);
    let mut outcome = String::from("options");
    if steps[0].starts_with("options_") {
        match runtime.block_on(entra.creation_options(&user)).unwrap() {
            Ok(offer) => {
                let body = String::from_utf8(message("options_200.http").2.to_vec()).unwrap();
                assert!(body.contains(offer.options.raw()));
            }
            Err(error) => return (entra.refusal(&error).map(sort).unwrap(), false),
        }
    }
    let credential = |path: &str| {
        NewCredential::new(user.clone(), registration(path))
            .display_name(Some(DisplayName::new("Golden key").unwrap()))
    };
    if let Some(path) = some(row, "registration") {
        let error = runtime
            .block_on(entra.store(&credential(path)))
            .unwrap()
            .unwrap_err();
        assert!(error.is_misconfigured(), "{error}");
        // And the check of a flow says it before that, by name.
        let options = smartid_da::fido::CreationOptions::parse(
            &std::fs::read_to_string(folder().join("../attestation/direct.options.json")).unwrap(),
        )
        .unwrap();
        let rules = entra.preflight().origin(preflight::OriginRule::Report);
        let refused = preflight::check(&options, &registration(path), &rules).unwrap_err();
        assert_eq!(refused.name(), "attestation-format");
        return (String::from("refused-locally"), false);
    }
    if steps.iter().any(|step| step.starts_with("store_packed")) {
        let path = "../attestation/packed-self-es256.registration.json";
        match runtime.block_on(entra.store(&credential(path))).unwrap() {
            Ok(method) => {
                assert_eq!(method.id.as_deref(), Some("_jpuR-TGZgk6aQCLF3BQjA2"));
                outcome = String::from("stored");
            }
            Err(error) => {
                assert_eq!(entra.refusal(&error), None);
                assert_eq!(error.retry(), Retry::Forbidden);
                return (String::from("unexpected"), error.phase() == Phase::PerhapsDone);
            }
        }
    }
    (outcome, false)
}

fn sort(refusal: Refusal) -> String {
    match refusal {
        Refusal::NotAuthenticated => String::from("not-authenticated"),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_credential_without_a_name_is_called_by_its_id() {
    let bench = bench(&Table::new(), vec![Some(incoming("store_201.http"))], NOW).unwrap();
    let user = UserId::new("alice@example.test").unwrap();
    let path = "../attestation/packed-self-es256.registration.json";
    let credential = NewCredential::new(user, registration(path));
    bench
        .runtime
        .block_on(bench.entra.store(&credential))
        .unwrap()
        .unwrap();
    let sent = bench.script.sent.lock().unwrap();
    let body: serde_json::Value = serde_json::from_slice(sent[0].0.body_bytes()).unwrap();
    assert_eq!(body["displayName"], "Security key mn6LHC");
    assert_eq!(bench.entra.provider(), Provider::ENTRA);
}

#[test]
fn settings_are_checked_when_the_client_is_made() {
    let build = |url: &str| {
        let runtime = ManualRuntime::new(time(NOW));
        EntraFido::builder(fixed_token(SecretString::new(TOKEN)))
            .url(url)
            .build(Arc::new(Script::default()), Arc::new(runtime))
    };
    assert_eq!(build(BASE).unwrap().url().as_str(), BASE);
    for bad in ["http://graph.example.test", "graph.example.test", ""] {
        assert!(build(bad).unwrap_err().to_string().contains("entra.url"), "{bad}");
    }
    let builder = EntraFido::builder(fixed_token(SecretString::new(TOKEN)));
    assert!(!format!("{builder:?}").contains(TOKEN));
}

proptest! {
    /// Whatever answers, at either call and with any status: an answer or a typed refusal.
    #[test]
    fn any_answer_is_read_or_refused(status in 100_u16..600, text: String, bytes: Vec<u8>, json in any::<bool>()) {
        let user = UserId::new("alice").unwrap();
        let path = "../attestation/none-es256.registration.json";
        let store = CreateFido2Method::new(user.clone(), &registration(path), DisplayName::new("key").unwrap());
        let options = GetCreationOptions::new(user).asked(time(NOW));
        for body in [Bytes::from(text), Bytes::from(bytes)] {
            let mut headers = HeaderMap::new();
            let kind = if json { "application/json" } else { "text/plain" };
            headers.insert("content-type", HeaderValue::from_static(kind));
            let incoming = Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body);
            if let Ok(offer) = options.response(&(), incoming.clone()) {
                prop_assert!(offer.expires.is_some());
            }
            let stored = store.response(&(), incoming);
            prop_assert!(stored.is_err() || [200, 201, 204].contains(&status));
        }
    }
}

/// No member of the index goes unread.
fn only(row: &Table, known: &[&str]) {
    let all = ["file", "kind", "tag", "source", "about", "secrets"];
    for key in row.keys() {
        let known = all.contains(&key.as_str()) || known.contains(&key.as_str());
        assert!(known, "{}: {key}", text(row, "file"));
    }
}

#[test]
fn every_file_is_in_the_index_and_read() {
    let fixtures = rows("fixture");
    let kinds: BTreeSet<&str> = fixtures.iter().map(|row| text(row, "kind")).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["request", "response"]);
    let mut named: BTreeSet<String> = fixtures.iter().map(|row| text(row, "file").to_owned()).collect();
    assert_eq!(named.len(), fixtures.len());
    named.insert("INDEX.toml".to_owned());
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there);
}
