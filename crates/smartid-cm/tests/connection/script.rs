//! A transport that gives one answer each time, and writes down what it was asked.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, StatusCode};
use smartid_cm::{Builder, CertificateManager};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, ServiceUrl, Timestamp, Transport, TransportError,
};

use super::messages::Message;

type Answer = Option<Result<Incoming, TransportError>>;

#[derive(Debug)]
pub(crate) struct Always {
    /// `None`: it never answers.
    answer: Answer,
    pub(crate) asked: Mutex<Vec<String>>,
}

impl Always {
    pub(crate) fn new(answer: Answer) -> Arc<Self> {
        let asked = Mutex::default();
        Arc::new(Self { answer, asked })
    }
}

impl Transport for Always {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let asked = format!("{} {}", request.method(), request.absolute(base));
        self.asked.lock().unwrap().push(asked);
        match self.answer.clone() {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        }
    }
}

pub(crate) fn runtime() -> ManualRuntime {
    ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000))
}

pub(crate) const API: &str = "https://pgwy.example.test:8444/pgwy/api";

pub(crate) fn client(transport: &Arc<Always>, build: impl FnOnce(Builder) -> Builder) -> CertificateManager {
    client_at(&runtime(), transport, build)
}

pub(crate) fn client_at(
    clock: &ManualRuntime,
    transport: &Arc<Always>,
    build: impl FnOnce(Builder) -> Builder,
) -> CertificateManager {
    build(CertificateManager::builder(API))
        .build(Arc::clone(transport) as _, Arc::new(clock.clone()))
        .unwrap()
}

pub(crate) fn incoming(message: Message) -> Incoming {
    let status = StatusCode::from_bytes(message.first[1].as_bytes()).unwrap();
    Incoming::new(status, message.headers, message.body.into())
}

pub(crate) fn answer(status: u16, body: &'static str) -> Incoming {
    Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body.into(),
    )
}
