//! A transport that answers from a script and writes down what was sent, and what the golden files hold for it.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_cm::{Builder, CertificateManager, Csr, Write};
use smartid_core::{
    BoxFuture, Error, Incoming, ManualRuntime, Outgoing, Runtime, ServiceUrl, Timestamp, Transport,
    TransportError, TransportProblem,
};
use smartid_trust::{Certificate, MemorySigner, OfficerSigner};

pub const URL: &str = "https://pgwy.example.test:8444/pgwy/api";

/// A file of the golden `pki` folder.
pub fn pki(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pki/");
    std::fs::read(format!("{folder}{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub fn certificate(name: &str) -> Certificate {
    Certificate::from_der(pki(name)).unwrap()
}

pub fn csr() -> Csr {
    Csr::from_der(pki("device-rsa.csr.der")).unwrap()
}

/// The officer whose key is in the golden folder: `rsa` or `p256`.
pub fn officer(kind: &str) -> Arc<dyn OfficerSigner> {
    let text = |name: String| String::from_utf8(pki(&name)).unwrap();
    let key = text(format!("officer-{kind}.test.key"));
    let certificate = text(format!("officer-{kind}.pem"));
    Arc::new(MemorySigner::from_pem(&[&key, &certificate], None).unwrap())
}

pub fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Incoming {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect();
    Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body.into())
}

pub fn json(body: impl Into<String>) -> Incoming {
    answer(200, &[("content-type", "application/json")], body.into())
}

pub fn demand(data: &[u8]) -> Incoming {
    use smartid_core::base64::{Flavour, encode};
    let data = encode(Flavour::Standard, data);
    json(format!(
        r#"{{"error":-19,"msg":"Sign request and send again","dataToSign":"{data}"}}"#
    ))
}

pub fn issued() -> Incoming {
    answer(
        200,
        &[("content-type", "application/pkcs7-mime"), ("certId", "4711")],
        pki("chain.p7"),
    )
}

/// What a script answers: an answer, a problem, or nothing ever.
pub enum Line {
    Answer(Incoming),
    Problem(TransportProblem),
    Never,
}

impl From<Incoming> for Line {
    fn from(incoming: Incoming) -> Self {
        Self::Answer(incoming)
    }
}

/// A request as it went out.
#[derive(Clone, Debug)]
pub struct Sent {
    pub verb: String,
    pub url: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

#[derive(Default)]
pub struct Script {
    lines: Mutex<Vec<Line>>,
    sent: Mutex<Vec<Sent>>,
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Script")
    }
}

impl Transport for Script {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        self.sent.lock().unwrap().push(Sent {
            verb: request.method().to_string(),
            url: request.absolute(base),
            headers: request.headers().clone(),
            body: request.body_bytes().clone(),
        });
        let mut lines = self.lines.lock().unwrap();
        assert!(!lines.is_empty(), "a request that the script does not expect");
        match lines.remove(0) {
            Line::Answer(incoming) => Box::pin(std::future::ready(Ok(incoming))),
            Line::Problem(problem) => Box::pin(std::future::ready(Err(TransportError::new(problem, "x")))),
            Line::Never => Box::pin(std::future::pending()),
        }
    }
}

/// What came of a script.
pub struct Ran<T> {
    pub result: Result<T, Error>,
    pub sent: Vec<Sent>,
    /// Lines that nobody asked for.
    pub left: usize,
    pub seconds: u64,
}

pub fn builder() -> Builder {
    CertificateManager::builder(URL).signer(officer("rsa"))
}

/// Runs a call of a client against a script.
pub fn run<T>(
    builder: Builder,
    script: Vec<Line>,
    call: impl AsyncFnOnce(CertificateManager) -> Result<T, Error>,
) -> Ran<T> {
    let transport = Arc::new(Script {
        lines: Mutex::new(script),
        sent: Mutex::default(),
    });
    let start = Timestamp::from_millis(1_800_000_000_000);
    let runtime = ManualRuntime::new(start);
    let client = builder
        .build(
            Arc::clone(&transport) as Arc<dyn Transport>,
            Arc::new(runtime.clone()),
        )
        .unwrap();
    let result = runtime.block_on(call(client)).unwrap();
    let sent = transport.sent.lock().unwrap().clone();
    let left = transport.lines.lock().unwrap().len();
    Ran {
        result,
        sent,
        left,
        seconds: runtime.now().since(start).as_secs(),
    }
}

/// Makes a write against a script.
pub fn write<W: Write>(builder: Builder, script: Vec<Line>, write: &W) -> Ran<W::Output> {
    run(builder, script, async |client| client.write(write).await)
}
