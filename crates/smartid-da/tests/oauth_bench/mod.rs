//! A token endpoint that answers from a script, and tasks that wait together.
#![allow(dead_code, reason = "each test uses its part of it")]

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    BoxFuture, Incoming, ManualRuntime, Outgoing, Runtime as _, ServiceUrl, Timestamp, Transport,
    TransportError,
};

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
