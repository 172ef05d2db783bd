//! The golden files and how they are read and compared, and a transport that a test answers.
//!
//! `golden/README.md` says what the files are and what their index says.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

pub mod compare;
pub mod golden;
pub mod token;
pub mod verdict;

use std::fmt;
use std::sync::{Arc, Mutex};

use smartid_cm::{CertificateManager, CmDialect};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, Runtime, ServiceUrl, Timestamp, Transport, TransportError,
};

pub const BASE: &str = "https://pgwy.example.test:8444/pgwy/api";

/// Below which the servlets beside the API are.
pub const GATEWAY: &str = "https://pgwy.example.test:8444/pgwy";

/// A transport whose answers a test makes.
pub struct Answers<F>(Mutex<F>);

impl<F> Answers<F> {
    pub fn new(answer: F) -> Self {
        Self(Mutex::new(answer))
    }
}

impl<F> fmt::Debug for Answers<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

impl<F> Transport for Answers<F>
where
    F: FnMut(&Outgoing) -> Result<Incoming, TransportError> + Send,
{
    fn send<'a>(
        &'a self,
        _: &'a ServiceUrl,
        request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let answer = (self.0.lock().unwrap())(&request);
        Box::pin(std::future::ready(answer))
    }
}

/// A client whose requests are answered by `answer`, and the runtime that it runs on.
pub fn client<F>(dialect: CmDialect, answer: F) -> (CertificateManager, ManualRuntime)
where
    F: FnMut(&Outgoing) -> Result<Incoming, TransportError> + Send + 'static,
{
    let runtime = ManualRuntime::new(Timestamp::from_millis(1_800_000_000_000));
    let cm = CertificateManager::builder(BASE)
        .dialect(dialect)
        .build(
            Arc::new(Answers::new(answer)),
            Arc::new(runtime.clone()) as Arc<dyn Runtime>,
        )
        .unwrap();
    (cm, runtime)
}

pub fn dialect(toml: &str) -> CmDialect {
    CmDialect::from_toml(toml).unwrap_or_else(|error| panic!("{toml}: {error}"))
}
