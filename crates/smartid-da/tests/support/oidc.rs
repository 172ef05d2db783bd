//! A provider that answers from a script, and the golden files of OpenID Connect.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, SecretString, ServiceUrl, Timestamp, Transport,
    TransportError,
};
use smartid_da::oauth::ClientAuthentication;
use smartid_da::oidc::{Issuer, Login, OidcBuilder, OidcClient};
use toml::Table;

pub const ISSUER: &str = "https://login.example.test";
pub const CLIENT: &str = "golden-client";
pub const SECRET: &str = "golden-Secret-1";
pub const REDIRECT: &str = "https://app.example.test/callback";
pub const STATE: &str = "af0ifjsldkj-GOLDEN";
pub const NONCE: &str = "n-0S6_WzA2Mj";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const NOW: &str = "2026-03-01T10:00:00Z";

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/oidc")
}

pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// All entries of a kind, as many as there must be.
pub fn entries(kind: &str, count: usize) -> Vec<Table> {
    let mut index: Table = toml::from_str(&String::from_utf8(file("INDEX.toml")).unwrap()).unwrap();
    let mut rows: Vec<Table> = index.remove("fixture").unwrap().try_into().unwrap();
    rows.retain(|row| get(row, "kind") == kind);
    assert_eq!(rows.len(), count, "{kind}");
    rows
}

pub fn get<'a>(row: &'a Table, key: &str) -> &'a str {
    opt(row, key).unwrap_or_default()
}

pub fn opt<'a>(row: &'a Table, key: &str) -> Option<&'a str> {
    row.get(key).and_then(toml::Value::as_str)
}

pub fn list(row: &Table, key: &str) -> Option<Vec<String>> {
    let list = row.get(key)?.as_array().unwrap();
    Some(
        list.iter()
            .map(|item| item.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Whether the outcome is the entry's, or one that is right too.
pub fn agrees(row: &Table, outcome: &str) -> bool {
    let also = list(row, "outcome_also").unwrap_or_default();
    let own = opt(row, "outcome").unwrap_or("accept");
    own == outcome || also.iter().any(|other| other == outcome)
}

/// No secret of the entry stands in a text that is shown.
pub fn blind(row: &Table, shown: &str) {
    for secret in list(row, "secrets").unwrap_or_default() {
        assert!(!shown.contains(&secret), "{}: {shown}", get(row, "file"));
    }
}

/// A message of the golden files: its first line, headers, and body.
pub struct Message {
    pub first: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Message {
    pub fn read(name: &str) -> Self {
        let octets = file(name);
        let end = octets.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let head = std::str::from_utf8(&octets[..end]).unwrap();
        let mut lines = head.lines();
        let first = lines.next().unwrap().to_owned();
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").unwrap();
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let body = Bytes::copy_from_slice(&octets[end + 2..]);
        Self { first, headers, body }
    }

    pub fn incoming(self) -> Incoming {
        let status: u16 = self.first.split(' ').nth(1).unwrap().parse().unwrap();
        Incoming::new(StatusCode::from_u16(status).unwrap(), self.headers, self.body)
    }

    /// Verb and target of a request.
    pub fn line(&self) -> (&str, &str) {
        let mut words = self.first.split(' ');
        (words.next().unwrap(), words.next().unwrap())
    }
}

pub fn json(body: &str) -> Incoming {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Incoming::new(StatusCode::OK, headers, Bytes::copy_from_slice(body.as_bytes()))
}

/// Pairs of a query or a form.
pub fn pairs(text: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        assert!(
            map.insert(name.to_string(), value.to_string()).is_none(),
            "{name} stands twice"
        );
    }
    map
}

/// What was sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub address: String,
    pub headers: HeaderMap,
    pub body: String,
}

/// Answers by address, in the order that was set; the last answer stays.
#[derive(Debug, Default)]
pub struct Script {
    answers: Mutex<BTreeMap<String, Vec<Incoming>>>,
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    pub fn answer(&self, address: &str, incoming: Incoming) {
        let mut answers = self.answers.lock().unwrap();
        answers.entry(address.to_owned()).or_default().push(incoming);
    }

    /// The next answer at an address.
    pub fn answer_at(&self, address: &str) -> Incoming {
        self.answers.lock().unwrap()[address][0].clone()
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// How often an address was called.
    pub fn calls(&self, address: &str) -> usize {
        self.sent().iter().filter(|sent| sent.address == address).count()
    }
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let address = request.absolute(base);
        if let Some(value) = request.headers().get("authorization") {
            assert!(value.is_sensitive());
        }
        self.sent.lock().unwrap().push(Sent {
            method: request.method().to_string(),
            address: address.clone(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.body_bytes().to_vec()).unwrap(),
        });
        let mut answers = self.answers.lock().unwrap();
        let list = answers
            .get_mut(&address)
            .unwrap_or_else(|| panic!("nobody answers at {address}"));
        let answer = if list.len() > 1 {
            list.remove(0)
        } else {
            list[0].clone()
        };
        Box::pin(std::future::ready(Ok(answer)))
    }
}

/// A provider, a clock, and a client of both.
pub struct Stage {
    pub script: Arc<Script>,
    pub runtime: ManualRuntime,
    pub client: OidcClient,
}

pub const AUTHORIZE: &str = "https://login.example.test/https/api/rest/v3.0/oauth2/authorize";
pub const TOKEN: &str = "https://login.example.test/https/api/rest/v3.0/oauth2/token";
pub const KEYS: &str = "https://login.example.test/https/api/rest/v3.0/oauth2/jwks";
pub const USER_INFO: &str = "https://login.example.test/https/api/rest/v3.0/oauth2/userinfo";
pub const DISCOVERY: &str = "https://login.example.test/.well-known/openid-configuration";

/// A discovery document with further members, each with a comma before it.
pub fn document(more: &str) -> Incoming {
    json(&format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{AUTHORIZE}","token_endpoint":"{TOKEN}","jwks_uri":"{KEYS}",
            "userinfo_endpoint":"{USER_INFO}","response_types_supported":["code"],"subject_types_supported":["public"],
            "id_token_signing_alg_values_supported":["RS256","ES256","PS256"]{more}}}"#
    ))
}

impl Stage {
    pub fn with(
        authentication: ClientAuthentication,
        redirect: &str,
        settings: impl FnOnce(OidcBuilder) -> OidcBuilder,
    ) -> Self {
        let script = Arc::new(Script::default());
        let runtime = ManualRuntime::new(Timestamp::from_iso8601(NOW).unwrap());
        let issuer = Issuer::parse(ISSUER).unwrap();
        let transport: Arc<dyn Transport> = script.clone();
        let client = settings(OidcClient::builder(issuer, CLIENT, authentication, redirect))
            .build(transport, Arc::new(runtime.clone()))
            .unwrap();
        Self {
            script,
            runtime,
            client,
        }
    }

    /// With Basic, a discovery document and the seven golden keys.
    pub fn new() -> Self {
        let stage = Self::with(basic(), REDIRECT, |settings| settings);
        stage.script.answer(DISCOVERY, document(""));
        stage.script.answer(KEYS, keys("jwks/keys.json"));
        stage
    }

    pub fn run<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future).unwrap()
    }
}

pub fn basic() -> ClientAuthentication {
    ClientAuthentication::basic(SecretString::new(SECRET))
}

pub fn keys(name: &str) -> Incoming {
    json(std::str::from_utf8(&file(name)).unwrap())
}

/// The login of the golden files, as it was stored.
pub fn login(verifier: Option<&str>, redirect: &str) -> Login {
    let now = Timestamp::from_iso8601(NOW).unwrap().as_millis();
    let mut stored = serde_json::json!({
        "issuer": ISSUER, "client_id": CLIENT, "redirect_uri": redirect, "state": STATE, "nonce": NONCE,
        "begun_millis": now,
    });
    if let Some(verifier) = verifier {
        stored["verifier"] = verifier.into();
    }
    serde_json::from_value(stored).unwrap()
}
