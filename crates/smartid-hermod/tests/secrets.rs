//! Known secrets are planted in every flow; no log line, `Debug` or error may show one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{answer, runtime};
use http::{HeaderMap, HeaderValue, Method};
use smartid_core::{Head, Inbound, Inbox, MemoryInbox, SecretString, Timestamp};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::commands::{FidoCreate, FidoSession, Raw};
use smartid_hermod::{
    ApiKey, CommandReport, Hermod, HermodDialect, Pending, PlugoutLink, PollPolicy, Session,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down every field of every span and event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_secret_is_shown() {
    let log = Log::default();
    let seen = log.clone();
    let mut shown = String::new();
    tracing::subscriber::with_default(log, || run(&mut shown));
    let logged = seen.0.lock().unwrap().clone();
    assert!(
        logged.contains("hermod.fido-session"),
        "the log was heard: {logged}"
    );
    assert!(!logged.contains("canary"), "{logged}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        !logged.contains("Y2FuYXJ5") && !shown.contains("Y2FuYXJ5"),
        "base64 of it"
    );
}

fn run(shown: &mut String) {
    let mut show = |value: &dyn Debug| writeln!(shown, "{value:?}").unwrap();
    let runtime = runtime();
    let link = "com.nexusgroup.plugout:///?url=https%3a%2f%2fh%2fms%2fbox-1&token=canary-token";
    let immediate = format!(
        r#"{{"commandId":"1","destinations":[{{"to":"@tmp","bid":"box-1","uri":"{link}","location":"https://h/canary"}}],"x":"canary"}}"#
    );
    let broken = immediate.replace("https%3a", "http%3a");
    let text = |status, body: &str| (Duration::ZERO, Ok(answer(status, body.to_owned())));
    let script = common::Script::new(
        &runtime,
        vec![
            text(200, &immediate),
            text(200, &broken),
            text(
                400,
                r#"{"error":"Bad Request","message":"canary-9f8e7d6c5b4a39281706 x","apiKey":"canary"}"#,
            ),
            text(200, r#"{"x":"canary"}"#),
            text(200, "canary"),
            text(500, r#"{"trace":"canary"}"#),
            text(404, "canary"),
        ],
    );
    let key = ApiKey::new("client", "canary-key").unwrap();
    show(&key);
    let builder = Hermod::builder("https://h/command", key);
    show(&builder);
    let hermod = builder.build(script.clone(), Arc::new(runtime.clone())).unwrap();
    show(&hermod);
    let header = hermod.header();
    let open = || FidoSession::new(header.clone());
    let response = runtime.block_on(hermod.call(&open())).unwrap().unwrap();
    show(&response);
    show(&response.link().unwrap().qr());
    let session = Session::from_response(&response, &header, Timestamp::from_millis(0)).unwrap();
    show(&session);
    for _ in 0..3 {
        let error = runtime.block_on(hermod.call(&open())).unwrap().unwrap_err();
        show(&error);
        show(&error.to_string());
    }
    let create = FidoCreate::new(header.clone(), &session, r#"{"challenge":"canary"}"#);
    show(&create);
    let error = runtime.block_on(hermod.call(&create)).unwrap().unwrap_err();
    show(&error.to_string());
    show(&Raw::new("sign", "canary"));
    show(
        &runtime
            .block_on(hermod.call(&Raw::new("sign", "canary")))
            .unwrap(),
    );

    let inbox = Arc::new(MemoryInbox::new());
    let receiver = CallbackReceiver::builder(inbox.clone(), Arc::new(runtime.clone()))
        .basic_auth("hermod", SecretString::new("canary-password"))
        .build()
        .unwrap();
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_static("Basic Y2FuYXJ5OmNhbmFyeQ=="),
    );
    let head = Head::new(Method::POST, "/callback/fido", headers);
    show(&receiver.admit(&head));
    show(&receiver);
    let body = r#"{"commandId":"1","state":"SUCCESS","response":{"data":{"response":{"attestationObject":"canary","clientDataJSON":"canary"}}}}"#;
    let report = CommandReport::read(body.into(), &HermodDialect::default()).unwrap();
    show(&report.fido(&HermodDialect::default()));
    show(&report);
    show(&CommandReport::read(
        r#"{"x":"canary"}"#.into(),
        &HermodDialect::default(),
    ));
    show(&PlugoutLink::parse("https://canary").unwrap_err());

    let pending = Pending::new(&header, Timestamp::from_millis(0)).with_command_id("1");
    show(&pending);
    let policy = PollPolicy::default().with_give_up_after(1);
    let waited = runtime
        .block_on(hermod.wait(&*inbox as &dyn Inbox, &pending, &policy))
        .unwrap()
        .unwrap();
    assert!(waited.polling.is_degraded());
    show(&waited);
}
