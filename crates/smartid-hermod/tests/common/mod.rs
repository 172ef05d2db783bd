//! What the tests share: golden files, a transport that answers from a script, a client over it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod answers;
pub mod attestation;
pub mod commands;
pub mod flow;
pub mod pin_reset;
pub mod provision;
pub mod side;
pub mod signature;
pub mod users;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, ServiceUrl, Timestamp, Transport, TransportError,
};
use smartid_hermod::{ApiKey, Hermod, HermodDialect};

pub const CLIENT_ID: &str = "golden-client";
pub const CLIENT_KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
pub const BASE: &str = "https://hermod.example.test:20400/hermod/rest/command";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Fixture {
    pub file: String,
    pub outcome: Option<String>,
    pub status: Option<u16>,
    pub terminal: Option<bool>,
    pub pointer: Option<String>,
    pub options: Option<String>,
    pub post_to: Option<String>,
    pub body: Option<String>,
    pub command_base: Option<String>,
    pub client_id: Option<String>,
    pub client_key: Option<String>,
    pub path: Option<String>,
    pub state: Option<String>,
    pub error_code: Option<String>,
    pub after: Option<String>,
    pub form: Option<String>,
    pub basic_auth: Option<String>,
    pub bid: Option<String>,
    pub base: Option<String>,
    pub token: Option<String>,
    pub what: Option<String>,
    pub expect: Option<String>,
    pub also: Vec<String>,
    pub refuse: bool,
    pub hostile: bool,
    pub request: Option<String>,
    pub payload: Option<String>,
    pub verdict: Option<String>,
    pub cms: Option<String>,
    pub content: Option<String>,
    pub mode: Option<String>,
    pub app: Option<String>,
    pub nonce: Option<String>,
    pub admin_key: Option<String>,
    pub proof: Option<String>,
}

pub fn golden(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub fn text(name: &str) -> String {
    String::from_utf8(golden(name)).unwrap()
}

/// The fixtures of a folder; every file in it must be listed.
pub fn index(folder: &str) -> Vec<Fixture> {
    #[derive(Deserialize)]
    struct Index {
        fixture: Vec<Fixture>,
    }
    let index: Index = toml::from_str(&text(&format!("{folder}/INDEX.toml"))).unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(folder);
    for entry in std::fs::read_dir(path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(
            name == "INDEX.toml" || index.fixture.iter().any(|fixture| fixture.file == name),
            "{name} is not listed"
        );
    }
    index.fixture
}

pub fn answer(status: u16, body: impl Into<Bytes>) -> Incoming {
    Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body.into(),
    )
}

/// One answer of the script, after some time.
pub type Answer = (Duration, Result<Incoming, TransportError>);

/// Answers from a script; when that is over, never.
#[derive(Debug)]
pub struct Script {
    runtime: ManualRuntime,
    answers: Mutex<VecDeque<Answer>>,
    seen: Mutex<Vec<(String, Outgoing)>>,
}

impl Script {
    pub fn new(runtime: &ManualRuntime, answers: Vec<Answer>) -> Arc<Self> {
        Arc::new(Self {
            runtime: runtime.clone(),
            answers: Mutex::new(answers.into()),
            seen: Mutex::new(Vec::new()),
        })
    }

    pub fn requests(&self) -> Vec<(String, Outgoing)> {
        self.seen.lock().unwrap().clone()
    }
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let line = format!("{} {}", request.method(), request.absolute(base));
        self.seen.lock().unwrap().push((line, request));
        let Some((pause, answer)) = self.answers.lock().unwrap().pop_front() else {
            return Box::pin(std::future::pending());
        };
        let sleep = smartid_core::Runtime::sleep(&self.runtime, pause);
        Box::pin(async move {
            sleep.await;
            answer
        })
    }
}

pub fn runtime() -> ManualRuntime {
    ManualRuntime::new(Timestamp::from_millis(0))
}

pub fn key() -> ApiKey {
    ApiKey::new(CLIENT_ID, CLIENT_KEY).unwrap()
}

pub fn client(
    runtime: &ManualRuntime,
    dialect: HermodDialect,
    answers: Vec<Answer>,
) -> (Hermod, Arc<Script>) {
    let script = Script::new(runtime, answers);
    let hermod = Hermod::builder(BASE, key())
        .dialect(dialect)
        .build(
            Arc::clone(&script) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    (hermod, script)
}

pub fn dialect(text: &str) -> HermodDialect {
    smartid_core::dialect::overlay(text).unwrap()
}
