//! A token endpoint that answers from a script, and tasks that wait together.
#![allow(dead_code, reason = "each test uses its part of it")]

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    BoxFuture, CredentialError, Incoming, ManualRuntime, Outgoing, Runtime as _, SecretString, ServiceUrl,
    Timestamp, Transport, TransportError,
};
use smartid_da::TokenProvider as _;
use smartid_da::oauth::{ClientAuthentication, OAuthBuilder, OAuthClient, OAuthError};

pub(crate) type Answer = Result<Incoming, TransportError>;

/// A request that went out.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Answers from a script, each after a while; what is not in the script never comes.
#[derive(Debug)]
pub(crate) struct Script {
    runtime: ManualRuntime,
    answers: Mutex<VecDeque<(Duration, Option<Answer>)>>,
    sent: Mutex<Vec<Sent>>,
}

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

impl Script {
    pub(crate) fn new(runtime: &ManualRuntime) -> Arc<Self> {
        Arc::new(Self {
            runtime: runtime.clone(),
            answers: Mutex::default(),
            sent: Mutex::default(),
        })
    }

    pub(crate) fn then(&self, answer: Answer) {
        self.after(Duration::from_millis(100), Some(answer));
    }

    pub(crate) fn after(&self, pause: Duration, answer: Option<Answer>) {
        self.answers.lock().unwrap().push_back((pause, answer));
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }
}

impl Transport for Script {
    fn send<'a>(&'a self, base: &'a ServiceUrl, request: Outgoing) -> BoxFuture<'a, Answer> {
        let url = format!("{} {}", request.method(), request.absolute(base));
        let (_, headers, body) = request.into_parts();
        self.sent.lock().unwrap().push(Sent { url, headers, body });
        let next = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            match next {
                Some((pause, Some(answer))) => {
                    self.runtime.sleep(pause).await;
                    answer
                }
                _ => std::future::pending().await,
            }
        })
    }
}

pub(crate) fn runtime() -> ManualRuntime {
    ManualRuntime::new(Timestamp::from_millis(1_700_000_000_000))
}

/// An answer with headers and a body.
pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Bytes>) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_static(name),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    let status = StatusCode::from_u16(status).unwrap();
    Ok(Incoming::new(status, map, body.into()))
}

/// All of them at once, in turns.
pub(crate) async fn all<T>(tasks: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut tasks: Vec<_> = tasks.into_iter().map(|task| (Box::pin(task), None)).collect();
    std::future::poll_fn(|context| {
        let mut open = false;
        for (task, outcome) in &mut tasks {
            if outcome.is_none() {
                match task.as_mut().poll(context) {
                    Poll::Ready(value) => *outcome = Some(value),
                    Poll::Pending => open = true,
                }
            }
        }
        if open { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    tasks.into_iter().map(|(_, outcome)| outcome.unwrap()).collect()
}

/// Polls a task once.
pub(crate) async fn poll_once<F: Future + Unpin>(task: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|context: &mut Context<'_>| Poll::Ready(Pin::new(&mut *task).poll(context))).await
}

/// Runs to its end on the runtime's own clock.
pub(crate) fn run<T>(runtime: &ManualRuntime, task: impl Future<Output = T>) -> T {
    let task = pin!(task);
    runtime.block_on(task).unwrap()
}

pub(crate) const ENDPOINT: &str = "https://access.example.test/https/api/rest/v3.0/oauth2/token";

pub(crate) fn basic() -> OAuthBuilder {
    let secret = SecretString::new("canary-secret");
    OAuthClient::builder(ENDPOINT, "provisioning", ClientAuthentication::basic(secret))
}

pub(crate) struct Bench {
    pub(crate) client: OAuthClient,
    pub(crate) script: Arc<Script>,
    pub(crate) runtime: ManualRuntime,
}

pub(crate) fn bench(builder: OAuthBuilder) -> Bench {
    let runtime = runtime();
    let script = Script::new(&runtime);
    let transport = Arc::clone(&script) as Arc<dyn Transport>;
    let client = builder.build(transport, Arc::new(runtime.clone())).unwrap();
    Bench {
        client,
        script,
        runtime,
    }
}

impl Bench {
    /// The text of the token, or how it failed.
    pub(crate) fn token(&self) -> Result<String, CredentialError> {
        let token = run(&self.runtime, self.client.token());
        token.map(|token| token.expose().to_owned())
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.runtime.advance(Duration::from_secs(seconds));
    }
}

pub(crate) fn issued(token: &str, expires_in: u64) -> Answer {
    let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":{expires_in}}}"#);
    answer(200, &[("content-type", "application/json")], body)
}

pub(crate) fn refused(status: u16, code: &str) -> Answer {
    answer(status, &[], format!(r#"{{"error":"{code}"}}"#))
}

pub(crate) fn refusal(error: &CredentialError) -> &OAuthError {
    error.call().unwrap().refusal().unwrap()
}

/// Answers when it is opened, from whatever thread.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    pub(crate) open: AtomicBool,
    pub(crate) asked: AtomicUsize,
    pub(crate) wakers: Mutex<Vec<Waker>>,
}

impl Transport for Gate {
    fn send<'a>(&'a self, _: &'a ServiceUrl, _: Outgoing) -> BoxFuture<'a, Answer> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::poll_fn(|context| {
            let mut wakers = self.wakers.lock().unwrap();
            if self.open.load(Ordering::SeqCst) {
                return Poll::Ready(issued("t", 3600));
            }
            wakers.push(context.waker().clone());
            Poll::Pending
        }))
    }
}
