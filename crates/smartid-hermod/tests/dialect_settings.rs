//! Each setting of the dialect changes what is sent or how something is read, and each has its evidence.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::fmt::Debug;
use std::sync::LazyLock;
use std::time::Duration;

use common::answer;
use http::{HeaderMap, Method};
use smartid_core::dialect::{DialectError, overlay, settings};
use smartid_core::{Endpoint, Head, ManualRuntime, Timestamp};
use smartid_hermod::admin_key::{AdminKeyInTransit, EncryptedNonce, NewAdminKey};
use smartid_hermod::callback::CallbackReader;
use smartid_hermod::commands::{
    Authenticate, Cancel, CertificateEntry, CommandStatus, DeleteMailbox, DeleteProfile, EndPinReset,
    FidoCreate, FidoSession, InstallCertificates, Ping, Profiles, Provision, Sign, StartPinReset,
};
use smartid_hermod::dialect::EVIDENCE;
use smartid_hermod::pin_reset::{Driver, DriverName};
use smartid_hermod::{CommandHeader, CommandReport, Entry, HermodDialect, Session};

/// What each setting that all commands have is changed to, and whether the request or the answer must change.
const OF_EACH_COMMAND: &[(&str, &str, &str)] = &[
    ("body", "{ added = true }", "request"),
    ("path", "'elsewhere'", "request"),
    ("request", "[{ set = '/x', value = 1 }]", "request"),
    ("response", "[{ move = '/id', to = '/commandId' }]", "answer"),
    ("success", "[202]", "answer"),
    ("to", "['user-9@example.test']", "request"),
    ("verb", "'PUT'", "request"),
    ("wrapper", "'otherCommand'", "request"),
];

/// Every other setting, another value for it, and the observation that must change.
const CHANGES: &[(&str, &str, &str)] = &[
    ("callback.cancelled_codes", "['E1']", "ping failure"),
    ("callback.command_id", "'/id'", "report"),
    ("callback.declined_codes", "['E1']", "ping failure"),
    ("callback.edits", "[{ move = '/state', to = '/was' }]", "report"),
    ("callback.error", "'/fault'", "report"),
    ("callback.error_code", "'/message'", "report"),
    ("callback.error_message", "'/code'", "report"),
    ("callback.external_id", "'/ours'", "report"),
    ("callback.mid", "'/message'", "letter"),
    ("callback.response", "'/answer'", "report"),
    ("callback.state", "'/progress'", "report"),
    ("callback.verbs", "['webauthn']", "paths"),
    ("cancel.enabled", "false", "cancel request"),
    ("cancel.path", "'{command_id}/cancel'", "cancel request"),
    (
        "cancel.response",
        "[{ move = '/id', to = '/commandId' }]",
        "cancel answer",
    ),
    ("cancel.success", "[202]", "cancel answer"),
    ("cancel.verb", "'POST'", "cancel request"),
    ("fido.already_registered", "['E1']", "failure"),
    ("fido.create.body", "{ action = 'make' }", "fido.create request"),
    (
        "fido.create.options",
        "'/fidoCommand/options'",
        "fido.create request",
    ),
    ("fido.create.options_form", "'string'", "fido.create request"),
    ("fido.create.path", "'fido/{bid}/create'", "fido.create request"),
    (
        "fido.create.request",
        "[{ remove = '/fidoCommand/operation' }]",
        "fido.create request",
    ),
    (
        "fido.create.response",
        "[{ move = '/id', to = '/commandId' }]",
        "fido.create answer",
    ),
    ("fido.create.success", "[202]", "fido.create answer"),
    (
        "fido.create.to",
        "['{external_id}', '@tmp']",
        "fido.create request",
    ),
    ("fido.create.verb", "'PUT'", "fido.create request"),
    ("fido.create.wrapper", "'passkeyCommand'", "fido.create request"),
    ("fido.create_after_open", "true", "plan"),
    ("fido.registration", "'/spare'", "success"),
    ("fido.search_registration", "false", "astray"),
    ("fido.single_command", "true", "plan"),
    ("fido.user_cancelled_codes", "['E1']", "failure"),
    ("fido.user_declined_codes", "['E1']", "failure"),
    ("pin_reset.driver", "'string'", "start_pin_reset request"),
    ("pin_reset.key_transport", "'clear'", "key in transit"),
    ("pin_reset.proof", "'base64'", "end_pin_reset request"),
    (
        "pin_reset.transported_admin_key",
        "'hex'",
        "end_pin_reset request",
    ),
    ("states.cancelled", "['X']", "unknown state"),
    ("states.failed", "['X']", "unknown state"),
    ("states.in_progress", "['X']", "unknown state"),
    ("states.rejected", "['X']", "unknown state"),
    ("states.success", "['X']", "unknown state"),
    ("states.timeout", "['X']", "unknown state"),
    ("status.path", "'{command_id}/state'", "status request"),
    (
        "status.response",
        "[{ move = '/id', to = '/commandId' }]",
        "status answer",
    ),
    ("status.success", "[202]", "status answer"),
    ("status.verb", "'POST'", "status request"),
];

static SESSION: LazyLock<Session> = LazyLock::new(|| {
    serde_json::from_str(
        r#"{"bid":"b","mid":"m","command_id":"1","external_id":"s","created":0,"expires":0}"#,
    )
    .unwrap()
});

/// Tables whose settings have tests of their own: `dialect_answers.rs`, `dialect_signature.rs`,
/// `golden_content.rs`.
const ELSEWHERE: [&str; 2] = ["answers.", "content."];

/// One of each command, by the name of its table, and the poll.
fn commands() -> Vec<(&'static str, Box<dyn Case>)> {
    let header = || {
        CommandHeader::new(Duration::from_secs(30), Duration::from_secs(20))
            .unwrap()
            .external_id("e")
    };
    let start = StartPinReset::through(header(), Driver::named(DriverName::Any));
    let end = EndPinReset::new(header(), &SESSION, EncryptedNonce::new([7; 8]).unwrap())
        .new_admin_key(AdminKeyInTransit::encrypted([7; 8]).unwrap());
    let certificate = common::signature::certificate("certs/signer-rsa.der");
    let certificate = CertificateEntry::new("signer", certificate);
    vec![
        (
            "provision",
            Box::new(Provision::new_profile(header(), "u", "s", "n").nonce("1")),
        ),
        (
            "certificate",
            Box::new(
                InstallCertificates::new(header())
                    .profile("p")
                    .certificate(certificate),
            ),
        ),
        (
            "authenticate",
            Box::new(Authenticate::new(header()).description(Entry::text("requester", "Bank"))),
        ),
        ("sign", Box::new(Sign::new(header(), Entry::text("tbs", "one")))),
        ("ping", Box::new(Ping::new(header()))),
        ("fido.session", Box::new(FidoSession::new(header()))),
        (
            "fido.create",
            Box::new(FidoCreate::new(header(), &SESSION, "{\"o\": 1}")),
        ),
        ("status", Box::new(CommandStatus::new("1"))),
        ("start_pin_reset", Box::new(start)),
        ("end_pin_reset", Box::new(end)),
        (
            "delete_profile",
            Box::new(DeleteProfile::new(header(), Profiles::all("u"))),
        ),
        (
            "delete_mailbox",
            Box::new(DeleteMailbox::new(header(), Profiles::all("u"))),
        ),
        ("cancel", Box::new(Cancel::new("1"))),
    ]
}

/// Any command: what goes out, and what is read.
trait Case {
    fn sent(&self, dialect: &HermodDialect) -> String;
    fn answered(&self, dialect: &HermodDialect) -> String;
}

impl<E> Case for E
where
    E: Endpoint<Dialect = HermodDialect, Output: Debug, Error: Debug>,
{
    fn sent(&self, dialect: &HermodDialect) -> String {
        let request = match self.request(dialect) {
            Ok(request) => request,
            Err(error) => return error.to_string(),
        };
        let body = String::from_utf8_lossy(request.body_bytes());
        format!("{} {} {body}", request.method(), request.target())
    }

    fn answered(&self, dialect: &HermodDialect) -> String {
        let body =
            format!(r#"{{"commandId":"1","id":"2","state":"SUCCESS","destinations":[{{"uri":"{LINK}"}}]}}"#);
        format!("{:?}", self.response(dialect, answer(200, body)))
    }
}

const REGISTRATION: &str = r#"{"response":{"attestationObject":"a","clientDataJSON":"c"}}"#;
const LONGER: &str = r#"{"response":{"attestationObject":"a","clientDataJSON":"c"},"id":"x"}"#;
const LINK: &str = "com.nexusgroup.plugout:///?url=https%3a%2f%2fh%2fms%2fb&token=t";

/// All that a dialect can change, by name.
fn observe(dialect: &HermodDialect) -> Vec<(String, String)> {
    let read = |body: &str| format!("{:?}", CommandReport::read(body.to_owned().into(), dialect));
    let outcome = |body: &str| {
        let report = CommandReport::read(body.to_owned().into(), dialect);
        format!("{:?}", report.map(|report| report.fido(dialect)))
    };
    let ping = |body: &str| {
        let report = CommandReport::read(body.to_owned().into(), dialect);
        format!("{:?}", report.map(|report| report.ping(dialect)))
    };
    let transit = || {
        let body = r#"{"commandId":"1","state":"SUCCESS","response":{"nonce":"0011223344556677","transportedkey":"AAAA"}}"#;
        let report = CommandReport::read(body.into(), dialect).ok()?;
        let challenge = report.start_pin_reset(dialect).succeeded()?;
        let key = NewAdminKey::from_octets(&[7; 24]).unwrap();
        Some(format!("{:?}", challenge.protect(&key, dialect)))
    };
    let report = r#"{"commandId":"1","id":"2","externalId":"e","ours":"o","state":"FAILED","progress":"SUCCESS","destinations":[{"mid":"m"}],
        "message":"n","response":{},"answer":{"longer":1},"error":{"code":"E1","message":"one"},"fault":{"code":"E2","text":"two"}}"#;
    let failure = r#"{"commandId":"1","state":"FAILED","error":{"code":"E1"}}"#;
    let success = format!(
        r#"{{"commandId":"1","state":"SUCCESS","response":{{"data":{REGISTRATION}}},"spare": {LONGER}}}"#
    );
    let astray = format!(r#"{{"commandId":"1","state":"SUCCESS","response":{REGISTRATION}}}"#);
    let pong = r#"{"commandId":"1","state":"SUCCESS","response":{"deviceinfo":1,"device":2}}"#;
    let reader = CallbackReader::builder()
        .danger_without_auth()
        .dialect(dialect.clone())
        .build()
        .unwrap();
    let at = |verb: &str| Head::new(Method::POST, format!("/callback/{verb}"), HeaderMap::new());
    let paths: Vec<bool> = ["fido", "ping", "webauthn", "elsewhere"]
        .iter()
        .map(|verb| reader.admit(&at(verb)).is_ok())
        .collect();
    let letter = reader
        .read(
            &at(&dialect.callback_verbs()[0]),
            report.as_bytes(),
            Timestamp::from_millis(0),
        )
        .map(|letter| letter.message().to_owned());
    let mut seen: Vec<(String, String)> = commands()
        .into_iter()
        .flat_map(|(name, command)| {
            [
                (format!("{name} request"), command.sent(dialect)),
                (format!("{name} answer"), command.answered(dialect)),
            ]
        })
        .collect();
    seen.extend(
        [
            ("report", read(report)),
            ("letter", format!("{letter:?}")),
            ("unknown state", read(r#"{"commandId":"1","state":"X"}"#)),
            ("failure", outcome(failure)),
            ("success", outcome(&success)),
            ("astray", outcome(&astray)),
            ("ping", ping(pong)),
            ("ping failure", ping(failure)),
            ("key in transit", transit().unwrap_or_default()),
            ("paths", format!("{paths:?}")),
            ("plan", format!("{:?}", dialect.fido.plan())),
        ]
        .map(|(name, text)| (name.to_owned(), text)),
    );
    seen
}

/// What a setting changes.
fn differences(key: &str, value: &str, before: &[(String, String)]) -> Vec<String> {
    let dialect: HermodDialect = overlay(&toml(key, value)).unwrap_or_else(|error| panic!("{key}: {error}"));
    before
        .iter()
        .zip(observe(&dialect))
        .filter(|(before, after)| *before != after)
        .map(|(before, _)| before.0.clone())
        .collect()
}

fn toml(key: &str, value: &str) -> String {
    format!("{key} = {value}")
}

fn known() -> Vec<String> {
    let mut known: Vec<String> = settings::<HermodDialect>()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    known.sort();
    known
}

#[test]
fn every_setting_changes_what_it_says() {
    for (name, command) in commands() {
        let sent = command.sent(&HermodDialect::default());
        assert!(
            sent.starts_with(|c: char| c.is_ascii_uppercase()),
            "{name}: {sent}"
        );
    }
    let before = observe(&HermodDialect::default());
    let mut changed = Vec::new();
    for (name, _) in HermodDialect::default().commands() {
        for (setting, value, what) in OF_EACH_COMMAND {
            let key = format!("{name}.{setting}");
            let mut differs = differences(&key, value, &before);
            differs.retain(|what| what != "paths");
            assert_eq!(
                differs,
                [format!("{name} {what}")],
                "{key}: its own command, and no other"
            );
            changed.push(key);
        }
    }
    for (key, value, what) in CHANGES {
        let differs = differences(key, value, &before);
        assert!(
            differs.iter().any(|name| name == what),
            "{key}: changed {differs:?}, not {what}"
        );
        changed.push((*key).to_owned());
    }
    changed.sort();
    let mut known = known();
    known.retain(|key| !ELSEWHERE.iter().any(|table| key.starts_with(table)));
    assert_eq!(known, changed, "one change for each setting");
}

#[test]
fn what_only_counts_with_a_status_of_its_own_is_taken_with_it() {
    let dialect = common::dialect("[ping]\nsuccess = ['2xx', 404]");
    let ping = Ping::new(CommandHeader::new(Duration::from_secs(30), Duration::from_secs(20)).unwrap());
    assert!(ping.response(&dialect, answer(404, r#"{"commandId":1}"#)).is_ok());
    assert!(
        ping.response(&dialect, answer(400, r#"{"commandId":1}"#))
            .is_err()
    );
}

#[test]
fn every_setting_has_its_evidence() {
    let mut told: Vec<&str> = EVIDENCE.iter().map(|row| row.key).collect();
    told.sort_unstable();
    assert_eq!(known(), told);
    assert!(
        EVIDENCE
            .iter()
            .all(|row| !row.source.is_empty() && !row.meaning.is_empty())
    );
}

#[test]
fn mistakes_are_named_by_their_key() {
    for (text, key) in [
        ("[fido.session]\nverbs = 'POST'", "fido.session"),
        ("[fido.session]\nbody = '[]'", "fido.session.body"),
        ("[fido.session]\nbody = 7", "fido.session.body"),
        ("[fido.create]\nto = ['{user}']", "fido.create.to"),
        ("[fido.create]\nto = ['{bid']", "fido.create.to"),
        ("[fido.create]\nto = ['']", "fido.create.to"),
        ("[fido.create]\noptions_form = 'xml'", "fido.create.options_form"),
        ("[status]\npath = '/x'", "status.path"),
        ("[callback]\nstate = 'state'", "callback.state"),
    ] {
        match overlay::<HermodDialect>(text) {
            Err(DialectError::Setting { key: found, .. }) => {
                assert!(found.starts_with(key), "{text}: {found}")
            }
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_destination_that_needs_a_session_is_not_sent_without_its_value() {
    let header = CommandHeader::new(Duration::from_secs(30), Duration::from_secs(20)).unwrap();
    let dialect = common::dialect("[fido.session]\nto = ['{bid}']");
    assert!(FidoSession::new(header.clone()).request(&dialect).is_err());
    let dialect = common::dialect("[fido.create]\npath = 'fido/{bid}'");
    assert!(FidoCreate::alone(header, "{}").request(&dialect).is_err());
}

#[test]
fn one_command_does_it_all_where_the_dialect_says_so() {
    let runtime = ManualRuntime::new(Timestamp::from_millis(0));
    let dialect = common::dialect("[fido]\nsingle_command = true\n[fido.create]\npath = 'passkey'");
    let body = common::golden("responses/fido_session.json");
    let (hermod, script) = common::client(&runtime, dialect, vec![(Duration::ZERO, Ok(answer(200, body)))]);
    let header = hermod.header();
    let answer = runtime
        .block_on(hermod.call(&FidoCreate::alone(header.clone(), "{}")))
        .unwrap()
        .unwrap();
    assert!(Session::from_response(&answer, &header, runtime_now(&runtime)).is_ok());
    let (line, request) = script.requests().remove(0);
    assert!(line.ends_with("/command/passkey"), "{line}");
    let sent = String::from_utf8(request.body_bytes().to_vec()).unwrap();
    assert!(sent.contains(r#""to":["@tmp"]"#), "{sent}");
}

fn runtime_now(runtime: &ManualRuntime) -> Timestamp {
    smartid_core::Runtime::now(runtime)
}
