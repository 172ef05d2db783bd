//! What a callback costs in instructions, and what a waiting command costs in memory.
//!
//! Times vary on a shared machine, instruction counts hardly do. So each variant runs under valgrind's callgrind with 50 and with 250
//! callbacks, and the difference divided by 200 is what one costs. The store behind the receiver takes everything at once and does
//! nothing, because the budget is for what comes before it; what one costs with the inbox in memory is shown too. Bodies are golden
//! files. No subscriber is installed for `tracing`, as in a program that does not trace.
//!
//! Run it with `cargo bench -p smartid-hermod --features tower --bench callbacks`. It ends with status 1 when a budget is exceeded, and
//! with 2 when it could not measure, for example because valgrind is not installed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench is a test"
)]

use std::hint::black_box;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};
use smartid_core::{
    BoxFuture, CorrelationId, Head, Inbound, Inbox, Incoming, Letter, ManualRuntime, MemoryInbox, Outgoing,
    Put, SecretString, ServiceUrl, StoreError, Timestamp, Transport, TransportError,
};
use smartid_hermod::{ApiKey, CallbackReceiver, Hermod, InboundService, Pending, PollPolicy, Waited};
use tower_service::Service as _;

/// Instructions for one callback before it is stored and before a signature is checked.
const RECEIVER: f64 = 35_000.0;
/// The same, through the adapter for web servers.
const ADAPTER: f64 = 55_000.0;
/// Bytes for each command that is waited for, beside what the caller keeps of it.
const WAITING: f64 = 2048.0;

const FEW: u64 = 50;
const MANY: u64 = 250;
const COMMANDS: usize = 100_000;
/// A ping tells next to nothing, a provisioning of three keys brings the largest body of the golden files; the budgets are for a sign
/// command's.
const BODIES: [(&str, &str); 3] = [("ping", "ping"), ("sign", "sign"), ("three_keys", "provision")];
const BUDGETED: &str = "sign";

fn golden(name: &str) -> Bytes {
    let file = match name {
        "three_keys" => "provision/callback_three_keys.json".to_owned(),
        name => format!("{name}/callback_approved.json"),
    };
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(file);
    std::fs::read(path).unwrap().into()
}

/// A store that costs nothing.
#[derive(Debug)]
struct Nothing;

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, Result<T, StoreError>> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Inbox for Nothing {
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        black_box(&letter);
        ready(Put::Stored)
    }
    fn peek<'a>(&'a self, _: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        ready(None)
    }
    fn list<'a>(
        &'a self,
        _: &'a [CorrelationId],
        _: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        ready(Vec::new())
    }
    fn take<'a>(&'a self, _: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        ready(None)
    }
    fn arrival(&self, _: &[CorrelationId]) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a callback had to wait"),
    }
}

fn receiver(inbox: Arc<dyn Inbox>) -> CallbackReceiver {
    CallbackReceiver::builder(inbox, Arc::new(ManualRuntime::new(Timestamp::from_millis(0))))
        .basic_auth("hermod", SecretString::new("0f1e2d3c4b5a69788796a5b4c3d2e1f0"))
        .build()
        .unwrap()
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (
            "authorization",
            "Basic aGVybW9kOjBmMWUyZDNjNGI1YTY5Nzg4Nzk2YTViNGMzZDJlMWYw",
        ),
        ("content-type", "application/json"),
        ("accept", "text/plain, application/json, application/*+json, */*"),
        ("user-agent", "Java/17.0.9"),
        ("host", "issuing.example.test"),
        ("connection", "keep-alive"),
        ("content-length", "2000"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

/// The name of [`counted_callbacks`], by which callgrind knows when to count.
const COUNTED: &str = "counted_callbacks";

#[inline(never)]
fn counted_callbacks(requests: Vec<(Head, Bytes)>, receiver: &CallbackReceiver) {
    for (head, body) in requests {
        receiver.admit(&head).unwrap();
        assert_eq!(now(receiver.receive(&head, body)).status, 200);
    }
}

mod through_adapter {
    use super::*;

    #[inline(never)]
    pub(super) fn counted_callbacks(requests: Vec<Request<String>>, service: &mut InboundService) {
        for request in requests {
            assert_eq!(now(service.call(request)).unwrap().status(), 200);
        }
    }
}

fn run(variant: &str, body: &str, count: u64) {
    let (path, headers, body) = (
        format!("/smartid/callback/{}", verb(body)),
        headers(),
        golden(body),
    );
    let inbox: Arc<dyn Inbox> = match variant {
        "memory" => Arc::new(MemoryInbox::new()),
        _ => Arc::new(Nothing),
    };
    let receiver = receiver(inbox);
    if variant == "adapter" {
        let runtime = Arc::new(ManualRuntime::new(Timestamp::from_millis(0)));
        let mut service = InboundService::new(Arc::new(receiver), runtime);
        let text = String::from_utf8(body.to_vec()).unwrap();
        let request = || {
            let mut request = Request::post(path.as_str()).body(text.clone()).unwrap();
            *request.headers_mut() = headers.clone();
            request
        };
        let requests = (0..count).map(|_| request()).collect();
        through_adapter::counted_callbacks(requests, &mut service);
        return;
    }
    let requests = (0..count).map(|_| {
        let head = Head::new(Method::POST, path.as_str(), headers.clone());
        (head, Bytes::copy_from_slice(&body))
    });
    counted_callbacks(requests.collect(), &receiver);
}

fn verb(body: &str) -> &'static str {
    BODIES.iter().find(|(name, _)| *name == body).unwrap().1
}

fn instructions(variant: &str, body: &str) -> Result<f64, String> {
    let counted = |count: u64| {
        smartid_callgrind::instructions(COUNTED, &["run", variant, body, &count.to_string()], &[])
    };
    Ok((counted(MANY)? - counted(FEW)?) as f64 / (MANY - FEW) as f64)
}

// --- Memory ---

#[derive(Debug)]
struct Nowhere;

impl Transport for Nowhere {
    fn send<'a>(&'a self, _: &'a ServiceUrl, _: Outgoing) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        Box::pin(std::future::pending())
    }
}

/// Bytes and allocations of one wait, and bytes of what the caller keeps.
fn waiting(policy: PollPolicy) -> (f64, f64, f64) {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let hermod = Hermod::builder(
        "https://hermod.example.test:20400/hermod/rest/command",
        ApiKey::new("idm", "key").unwrap(),
    )
    .build(Arc::new(Nowhere), Arc::new(runtime.clone()))
    .unwrap();
    let inbox = MemoryInbox::new();
    let mut pending = Vec::with_capacity(COMMANDS);
    let kept = measure(|| {
        for index in 0..COMMANDS {
            let sent = Pending::new(&hermod.header(), Timestamp::from_millis(0));
            pending.push(sent.with_command_id((1_000_000 + index).to_string()));
        }
    });
    type Wait<'a> = Pin<Box<dyn Future<Output = Result<Waited, StoreError>> + Send + 'a>>;
    let mut waits: Vec<Wait<'_>> = Vec::with_capacity(COMMANDS);
    let mut context = Context::from_waker(Waker::noop());
    let held = measure(|| {
        for pending in &pending {
            let mut wait: Wait<'_> = Box::pin(hermod.wait(&inbox, pending, &policy));
            assert!(wait.as_mut().poll(&mut context).is_pending());
            waits.push(wait);
        }
    });
    let each = |total: i64| total as f64 / COMMANDS as f64;
    (
        each(held.bytes_current),
        each(held.count_current),
        each(kept.bytes_current) + size_of::<Pending>() as f64,
    )
}

fn compare() -> Result<bool, String> {
    let mut within = true;
    println!(
        "{:<32}{:>10}{:>12}{:>12}{:>14}",
        "instructions per callback", "bytes", "receiver", "adapter", "with memory"
    );
    for (body, _) in BODIES {
        let [receiver, adapter, memory] =
            ["receiver", "adapter", "memory"].map(|variant| instructions(variant, body));
        let (receiver, adapter, memory) = (receiver?, adapter?, memory?);
        println!(
            "{body:<32}{:>10}{receiver:>12.0}{adapter:>12.0}{memory:>14.0}",
            golden(body).len()
        );
        if body == BUDGETED {
            within &= receiver <= RECEIVER && adapter <= ADAPTER;
        }
    }
    println!("{:<42}{RECEIVER:>12.0}{ADAPTER:>12.0}", "budget, for sign");
    println!();
    println!(
        "{:<32}{:>10}{:>12}{:>12}",
        format!("{COMMANDS} waiting commands"),
        "bytes",
        "allocations",
        "kept bytes"
    );
    for (name, policy) in [
        ("callback and poll", PollPolicy::default()),
        ("callback alone", PollPolicy::off()),
    ] {
        let (bytes, allocations, kept) = waiting(policy);
        println!("{name:<32}{bytes:>10.0}{allocations:>12.1}{kept:>12.0}");
        within &= bytes <= WAITING;
    }
    println!("{:<32}{WAITING:>10.0}", "budget");
    println!("{}", if within { "within budget" } else { "OVER BUDGET" });
    Ok(within)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["run", variant, body, count] => {
            run(variant, body, count.parse().unwrap());
            ExitCode::SUCCESS
        }
        arguments if arguments.contains(&"--bench") => smartid_callgrind::verdict(compare()),
        _ => {
            eprintln!("nothing is measured unless this is run by cargo bench");
            ExitCode::SUCCESS
        }
    }
}
