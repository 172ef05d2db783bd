//! The index, the messages, and a client whose answers come from them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    BoxFuture, CredentialError, Incoming, ManualRuntime, Outgoing, SecretString, ServiceUrl, Timestamp,
    Transport, TransportError, TransportProblem,
};
use smartid_da::entra::GraphVersion;
use smartid_da::fido::Registration;
use smartid_da::{EntraFido, TokenProvider};
use toml::Table;

pub(crate) const BASE: &str = "https://graph.example.test";
pub(crate) const TOKEN: &str = "TOKEN-GOLDEN-1";
pub(crate) const NOW: &str = "2026-03-01T10:00:00Z";

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/entra")
}

pub(crate) fn index() -> Table {
    toml::from_str(&std::fs::read_to_string(folder().join("INDEX.toml")).unwrap()).unwrap()
}

pub(crate) fn rows(of: &str) -> Vec<Table> {
    let rows = index()[of].as_array().unwrap().clone();
    rows.iter().map(|row| row.as_table().unwrap().clone()).collect()
}

pub(crate) fn fixtures(kind: &str) -> Vec<Table> {
    let mut fixtures = rows("fixture");
    fixtures.retain(|row| text(row, "kind") == kind);
    fixtures
}

pub(crate) fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    some(row, key).unwrap_or_default()
}

pub(crate) fn some<'a>(row: &'a Table, key: &str) -> Option<&'a str> {
    row.get(key).and_then(toml::Value::as_str)
}

pub(crate) fn list<'a>(row: &'a Table, key: &str) -> Vec<&'a str> {
    let list = row.get(key).and_then(toml::Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(toml::Value::as_str)
        .collect()
}

/// Whether `found` is the value of `key`, or one of those that are right too.
pub(crate) fn agrees(row: &Table, key: &str, found: &str) -> bool {
    some(row, key) == Some(found) || list(row, &format!("{key}_also")).contains(&found)
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::from_iso8601(text).unwrap_or_else(|| panic!("{text}"))
}

/// A message as it stands in its file: first line, headers, body.
pub(crate) fn message(file: &str) -> (String, HeaderMap, Bytes) {
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

pub(crate) fn incoming(file: &str) -> Incoming {
    let (first, headers, body) = message(file);
    let status: u16 = first.split(' ').nth(1).unwrap().parse().unwrap();
    Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body)
}

/// Answers from a script and keeps what was sent.
#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) answers: Mutex<Vec<Option<Incoming>>>,
    pub(crate) sent: Mutex<Vec<(Outgoing, String)>>,
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
pub(crate) struct Tokens {
    pub(crate) invalidated: AtomicU32,
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

pub(crate) struct Bench {
    pub(crate) entra: EntraFido,
    pub(crate) script: Arc<Script>,
    pub(crate) runtime: ManualRuntime,
    pub(crate) tokens: Arc<Tokens>,
}

pub(crate) fn bench(call: &Table, answers: Vec<Option<Incoming>>, now: &str) -> Result<Bench, String> {
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

pub(crate) fn version(call: &Table) -> GraphVersion {
    match text(call, "version") {
        "" | "v1.0" => GraphVersion::V1,
        "beta" => GraphVersion::Beta,
        other => panic!("{other}"),
    }
}

pub(crate) fn minutes(call: &Table) -> Option<u32> {
    let minutes = call.get("challenge_timeout_minutes")?;
    Some(u32::try_from(minutes.as_integer().unwrap()).unwrap())
}

pub(crate) fn registration(path: &str) -> Registration {
    Registration::parse(&std::fs::read_to_string(folder().join(path)).unwrap()).unwrap()
}

pub(crate) fn is_the_golden_request(file: &str, (sent, address): &(Outgoing, String)) {
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

/// No member of the index goes unread.
pub(crate) fn only(row: &Table, known: &[&str]) {
    let all = ["file", "kind", "tag", "source", "about", "secrets"];
    for key in row.keys() {
        let known = all.contains(&key.as_str()) || known.contains(&key.as_str());
        assert!(known, "{}: {key}", text(row, "file"));
    }
}
