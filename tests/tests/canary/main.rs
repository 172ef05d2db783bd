//! Known secrets are planted, whole flows are run, good and bad, and every log line, `Debug` and message is searched for them.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod certificates;
mod fido;
mod messaging;
mod oauth;
mod refusals;
mod tokens;

use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use smartid_core::base64::{Flavour, encode};
use smartid_sim::FaultKind;
use smartid_tests::CALLBACK_PASSWORD;
use smartid_tests::messaging::CONTENT_PASSWORD;
use tracing_subscriber::fmt::MakeWriter;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const API_KEY: &str = "canary-api-key-5f1d";
const TOKEN: &str = "canary-da-token-77aa";

/// Everything that could be shown or stored, and what must not be in it.
#[derive(Default)]
struct Seen {
    text: String,
    /// In log lines, `Debug`, messages and stores.
    secrets: Vec<String>,
    /// In log lines, `Debug` and messages: what is kept of a command holds what was sent.
    content: Vec<String>,
    kept: String,
}

impl Seen {
    fn debug(&mut self, value: &impl Debug) {
        self.text += &format!("{value:?}\n{value:#?}\n");
    }

    fn text(&mut self, text: &str) {
        self.text += text;
        self.text.push('\n');
    }

    /// What is kept of a command.
    fn kept(&mut self, text: &str) {
        self.kept += text;
        self.kept.push('\n');
    }

    /// A text that must be seen nowhere.
    fn plant(&mut self, secret: &str) {
        assert!(
            secret.len() >= 6,
            "too short to be told from other text: {secret:?}"
        );
        self.secrets.push(secret.to_owned());
    }

    /// Octets that must be seen nowhere, however they are written.
    fn plant_octets(&mut self, octets: &[u8]) {
        let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        let numbers: Vec<String> = octets.iter().map(ToString::to_string).collect();
        for text in [
            hex.to_uppercase(),
            hex,
            numbers.join(", "),
            encode(Flavour::Standard, octets),
            encode(Flavour::Url, octets),
        ] {
            self.plant(&text);
        }
    }

    /// The same, for what was sent.
    fn plant_content(&mut self, text: &str) {
        self.content.push(text.to_owned());
        self.content.push(encode(Flavour::Standard, text.as_bytes()));
    }
}

/// An answer that tells the secrets back.
fn echo(status: u16) -> FaultKind {
    FaultKind::Respond {
        status,
        content_type: "application/json".to_owned(),
        body: format!(
            "{{\"error\":\"refused {TOKEN}\",\"token\":\"{API_KEY}\",\"message\":\"{API_KEY} is wrong\",\"{TOKEN}\":1}}"
        ),
        work: false,
        headers: vec![(
            "location".to_owned(),
            format!("https://u:{TOKEN}@h.example.test/a?ticket={API_KEY}"),
        )],
    }
}

/// A page that does.
fn page() -> FaultKind {
    FaultKind::body(
        "text/html",
        format!("<html><title>Wrong key {API_KEY}</title><body>{TOKEN}</body></html>"),
    )
}

#[tokio::test]
async fn no_secret_is_seen_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    // For the whole process, because work is done on other threads, too; this file has one test.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let mut seen = Seen::default();
    for secret in [API_KEY, TOKEN, CALLBACK_PASSWORD, CONTENT_PASSWORD] {
        seen.plant(secret);
    }
    for pair in [
        format!("idm:{API_KEY}"),
        format!("hermod:{CALLBACK_PASSWORD}"),
        format!("hermod:{CONTENT_PASSWORD}"),
    ] {
        seen.plant(&encode(Flavour::Standard, pair.as_bytes()));
    }
    fido::run(&mut seen).await;
    messaging::run(&mut seen).await;
    refusals::run(&mut seen).await;
    certificates::run(&mut seen).await;
    tokens::run(&mut seen).await;
    oauth::run(&mut seen).await;

    // The simulator is a product of its own and logs in the same process; its lines do not count.
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: String = logged
        .lines()
        .filter(|line| !line.contains("smartid_sim"))
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        ours.contains("smartid.call") && ours.contains("smartid.inbound"),
        "the flow is logged at all"
    );
    let Seen {
        text,
        secrets,
        content,
        kept,
    } = &seen;
    assert!(
        secrets.len() > 60 && content.len() >= 3 && text.len() > 10_000,
        "something was planted"
    );
    let mut leaks = Vec::new();
    for (words, places) in [
        (
            secrets,
            vec![
                ("a log line", &ours),
                ("a Debug, a message or the store", text),
                ("what is kept", kept),
            ],
        ),
        (
            content,
            vec![("a log line", &ours), ("a Debug or a message", text)],
        ),
    ] {
        for (word, (place, text)) in words
            .iter()
            .flat_map(|word| places.iter().map(move |place| (word, place)))
        {
            if let Some(line) = text.lines().find(|line| line.contains(word.as_str())) {
                leaks.push(format!("{word} stands in {place}: {line}"));
            }
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}
