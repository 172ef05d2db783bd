//! Two API users of one group, with one inbox and with two: whatever is posted, each hears of its own commands only.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{BASE, Script, golden};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Head, Inbound, Inbox, ManualRuntime, MemoryInbox, SecretString, Timestamp};
use smartid_hermod::callback::{CallbackReceiver, Counters};
use smartid_hermod::{ApiKey, CommandReport, Hermod, HermodDialect, Pending, PollPolicy, State};

/// An API user: its client, its callback address, its inbox.
struct User {
    hermod: Hermod,
    receiver: CallbackReceiver,
    inbox: Arc<MemoryInbox>,
    name: &'static str,
}

fn user(runtime: &ManualRuntime, name: &'static str, inbox: &Arc<MemoryInbox>, apart: bool) -> User {
    let mut builder = Hermod::builder(BASE, ApiKey::new(name, "key").unwrap());
    if apart {
        builder = builder.inbox_name(name);
    }
    let hermod = builder
        .build(Script::new(runtime, Vec::new()), Arc::new(runtime.clone()))
        .unwrap();
    User {
        receiver: hermod
            .callback_receiver(Arc::clone(inbox) as Arc<dyn Inbox>)
            .basic_auth(name, SecretString::new(format!("{name}-password")))
            .body_limit(64 * 1024)
            .build()
            .unwrap(),
        hermod,
        inbox: Arc::clone(inbox),
        name,
    }
}

/// What an API user's callbacks present.
fn basic(name: &str) -> HeaderMap {
    let pair = encode(Flavour::Standard, format!("{name}:{name}-password").as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_str(&format!("Basic {pair}")).unwrap(),
    );
    headers
}

impl User {
    fn pending(&self, external: &str, command: &str) -> Pending {
        let header = self.hermod.header().external_id(external);
        Pending::new(&header, Timestamp::from_millis(0)).with_command_id(command)
    }

    /// Posts as somebody who presents these headers.
    fn posted(&self, verb: &str, headers: HeaderMap, body: impl Into<bytes::Bytes>) -> StatusCode {
        let head = Head::new(Method::POST, format!("/{}/callback/{verb}", self.name), headers);
        let receive = self.receiver.receive(&head, body.into());
        common::runtime().block_on(receive).unwrap().status
    }

    /// Posts as messaging does.
    fn callback(&self, body: impl Into<bytes::Bytes>) {
        assert_eq!(self.posted("sign", basic(self.name), body), StatusCode::OK);
    }

    /// What a wait from the beginning of time hears.
    fn hears(&self, runtime: &ManualRuntime, pending: &Pending) -> Option<CommandReport> {
        runtime.set(Timestamp::from_millis(0));
        let policy = PollPolicy::off();
        let waited = runtime.block_on(self.hermod.wait(&*self.inbox, pending, &policy));
        waited.unwrap().unwrap().report
    }

    fn counters(&self) -> Counters {
        self.receiver.counters()
    }
}

fn two(runtime: &ManualRuntime, apart: bool) -> (User, User) {
    let inbox = Arc::new(MemoryInbox::new());
    (
        user(runtime, "idm", &inbox, apart),
        user(runtime, "da", &inbox, apart),
    )
}

fn report(command: &str, external: &str, state: &str) -> String {
    format!(r#"{{"commandId":{command},"externalId":{external},"state":"{state}"}}"#)
}

const OURS: &str = "\"order-1\"";

#[test]
fn one_inbox_with_names_never_mixes_two_users_whatever_their_ids_are() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, true);
    // Two messaging servers count their commands alike, and both programs number their orders.
    let (ours, theirs) = (idm.pending("order-1", "17"), da.pending("order-1", "17"));
    da.callback(report("\"17\"", OURS, "REJECTED"));
    da.callback(report("null", OURS, "SUCCESS"));
    assert!(idm.hears(&runtime, &ours).is_none());
    assert_eq!(da.hears(&runtime, &theirs).unwrap().state, State::Rejected);
    idm.callback(report("\"17\"", OURS, "SUCCESS"));
    assert_eq!(idm.hears(&runtime, &ours).unwrap().state, State::Success);

    // What is stored of a command says where its outcome is.
    let stored: Pending = serde_json::from_str(&serde_json::to_string(&ours).unwrap()).unwrap();
    assert_eq!(stored, ours);
    runtime
        .block_on(da.hermod.acknowledge(&*da.inbox, &theirs))
        .unwrap()
        .unwrap();
    assert!(idm.hears(&runtime, &stored).is_some());
}

#[test]
fn one_inbox_without_names_goes_by_the_command_id() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, false);
    let (ours, theirs) = (idm.pending("order-1", "17"), da.pending("order-1", "18"));
    da.callback(report("\"18\"", OURS, "REJECTED"));
    assert!(idm.hears(&runtime, &ours).is_none());
    idm.callback(report("\"17\"", OURS, "SUCCESS"));
    assert_eq!(idm.hears(&runtime, &ours).unwrap().state, State::Success);
    assert_eq!(da.hears(&runtime, &theirs).unwrap().state, State::Rejected);
    // A pending that was stored before there were names is as it was.
    let stored = r#"{"command_id":"17","external_id":"order-1","expires":250000,"forget_after":300000,"expects_response":false}"#;
    let old: Pending = serde_json::from_str(stored).unwrap();
    assert_eq!(
        (&old, serde_json::to_string(&old).unwrap()),
        (&ours, stored.to_owned())
    );
}

#[test]
fn with_two_inboxes_a_callback_to_the_wrong_user_reaches_nobody() {
    let runtime = common::runtime();
    let idm = user(&runtime, "idm", &Arc::new(MemoryInbox::new()), false);
    let da = user(&runtime, "da", &Arc::new(MemoryInbox::new()), false);
    let ours = idm.pending("order-1", "17");
    let outcome = report("\"17\"", OURS, "SUCCESS");
    assert_eq!(
        da.posted("sign", basic("idm"), outcome.clone()),
        StatusCode::UNAUTHORIZED,
        "each address has a password of its own"
    );
    da.callback(outcome.clone());
    assert!(idm.hears(&runtime, &ours).is_none());
    assert_eq!(da.counters().unclaimed, Some(0), "somebody may still ask");
    runtime.set(Timestamp::from_millis(901_000));
    assert_eq!(da.counters().unclaimed, Some(1));
    idm.callback(outcome);
    assert!(idm.hears(&runtime, &ours).is_some());
}

#[test]
fn forged_callbacks_leave_nothing_behind() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let ours = idm.pending("order-1", "17");
    let with = |value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", HeaderValue::from_str(value).unwrap());
        headers
    };
    let right = basic("idm")["authorization"].to_str().unwrap().to_owned();
    let mut two_headers = basic("idm");
    two_headers.append("authorization", HeaderValue::from_static("Basic ZGE6"));
    let mut api_key = HeaderMap::new();
    api_key.insert("x-api-key", HeaderValue::from_static("aWRtOmtleQ=="));
    for headers in [
        HeaderMap::new(),
        basic("da"),
        with("Basic"),
        with("Basic aWRtOg=="),
        with(right.strip_suffix(|_: char| true).unwrap()),
        with(&right.replace("Basic", "Bearer")),
        two_headers,
        api_key,
    ] {
        let shown = format!("{headers:?}");
        let outcome = report("\"17\"", OURS, "SUCCESS");
        assert_eq!(
            idm.posted("sign", headers, outcome),
            StatusCode::UNAUTHORIZED,
            "{shown}"
        );
    }
    assert!(idm.inbox.is_empty());
    assert!(idm.hears(&runtime, &ours).is_none());
    let counters = idm.counters();
    assert_eq!((counters.unauthenticated, counters.stored), (8, 0));
}

#[test]
fn a_replay_is_heard_once_and_never_by_the_next_command() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let ours = idm.pending("order-1", "17");
    let outcome = report("\"17\"", OURS, "SUCCESS");
    idm.callback(outcome.clone());
    assert!(idm.hears(&runtime, &ours).is_some());
    runtime
        .block_on(idm.hermod.acknowledge(&*idm.inbox, &ours))
        .unwrap()
        .unwrap();
    idm.callback(outcome.clone());
    assert!(idm.hears(&runtime, &ours).is_none(), "it was dealt with");
    assert_eq!((idm.counters().stored, idm.counters().duplicates), (1, 1));
    assert!(idm.hears(&runtime, &idm.pending("order-2", "18")).is_none());

    // When everything is forgotten it comes as if for the first time, and nobody asks for it.
    runtime.set(Timestamp::from_millis(1_000_000));
    idm.callback(outcome);
    runtime.set(Timestamp::from_millis(2_000_000));
    let counters = idm.counters();
    assert_eq!((counters.stored, counters.unclaimed), (2, Some(1)));
}

#[test]
fn the_order_in_which_callbacks_come_does_not_matter() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, false);
    let (one, two) = (idm.pending("order-1", "17"), idm.pending("order-2", "18"));
    let theirs = da.pending("order-3", "19");
    idm.callback(report("18", "\"order-2\"", "TIMEOUT"));
    da.callback(report("19", "\"order-3\"", "REJECTED"));
    idm.callback(report("17", OURS, "SUCCESS"));
    idm.callback(report("17", OURS, "IN_PROGRESS"));
    idm.callback(report("17", OURS, "TIMEOUT"));
    idm.callback(report("18", "\"order-2\"", "SUCCESS"));
    assert_eq!(idm.hears(&runtime, &one).unwrap().state, State::Success);
    assert_eq!(idm.hears(&runtime, &two).unwrap().state, State::TimedOut);
    assert_eq!(da.hears(&runtime, &theirs).unwrap().state, State::Rejected);
}

#[test]
fn repeats_are_counted_and_those_that_contradict_the_first_are_told_apart() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let ours = idm.pending("order-1", "17");
    let with = |answer: &str| {
        format!(
            r#"{{"commandId":17,"externalId":{OURS},"state":"SUCCESS","response":{{"data":"{answer}"}}}}"#
        )
    };
    for answer in ["first", "first", "forged", "first"] {
        idm.callback(with(answer));
    }
    assert_eq!(idm.hears(&runtime, &ours).unwrap().raw, with("first"));
    let counters = idm.counters();
    assert_eq!(
        (counters.stored, counters.duplicates, counters.conflicts),
        (1, 2, 1)
    );
    assert_eq!(idm.inbox.len(), 1);
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let fill = "x".repeat(64 * 1024);
    let body = format!(r#"{{"commandId":17,"externalId":{OURS},"state":"SUCCESS","fill":"{fill}"}}"#);
    assert_eq!(
        idm.posted("sign", basic("idm"), body),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let head = Head::new(Method::POST, "/callback/sign", basic("idm"));
    assert_eq!(idm.receiver.admit(&head).unwrap().body_limit, 64 * 1024);
    assert!(idm.inbox.is_empty());
    assert_eq!(idm.counters().unreadable, 1);
    assert!(idm.hears(&runtime, &idm.pending("order-1", "17")).is_none());
}

#[test]
fn another_commands_id_with_our_external_id_neither_ends_nor_hides_ours() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, false);
    let ours = idm.pending("order-1", "17");
    da.callback(report("99", OURS, "SUCCESS"));
    assert!(idm.hears(&runtime, &ours).is_none());
    // Ours comes behind it, with the shared id alone.
    idm.callback(report("null", OURS, "REJECTED"));
    assert_eq!(idm.hears(&runtime, &ours).unwrap().state, State::Rejected);
    runtime
        .block_on(idm.hermod.acknowledge(&*idm.inbox, &ours))
        .unwrap()
        .unwrap();
    let theirs = da.pending("order-1", "99");
    assert_eq!(da.hears(&runtime, &theirs).unwrap().state, State::Success);
}

#[test]
fn our_command_id_with_another_external_id_does_not_end_ours() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, false);
    let ours = idm.pending("order-1", "17");
    da.callback(report("17", "\"order-9\"", "SUCCESS"));
    assert!(idm.hears(&runtime, &ours).is_none());
    // A number is no echo of a text; the golden answers have one.
    idm.callback(report("17", "20260001", "REJECTED"));
    assert_eq!(idm.hears(&runtime, &ours).unwrap().state, State::Rejected);
}

#[test]
fn two_commands_with_one_external_id_and_no_mailbox_are_two_outcomes() {
    let runtime = common::runtime();
    let (idm, da) = two(&runtime, false);
    let (ours, theirs) = (idm.pending("order-1", "17"), da.pending("order-1", "18"));
    da.callback(report("18", OURS, "SUCCESS"));
    idm.callback(report("17", OURS, "SUCCESS"));
    assert_eq!(idm.hears(&runtime, &ours).unwrap().command_id, Some("17".into()));
    assert_eq!(da.hears(&runtime, &theirs).unwrap().command_id, Some("18".into()));
}

#[test]
fn a_callback_to_another_commands_verb_is_that_commands() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let header = idm.hermod.header().external_id("order-1");
    // The answer to the command was lost, and the caller's ids are not unique.
    let ours = Pending::new(&header, Timestamp::from_millis(0)).sent_to("sign");
    let ping = report("16", OURS, "SUCCESS");
    assert_eq!(idm.posted("ping", basic("idm"), ping), StatusCode::OK);
    assert!(idm.hears(&runtime, &ours).is_none());
    let heard = idm.hears(&runtime, &Pending::new(&header, Timestamp::from_millis(0)));
    assert_eq!(heard.unwrap().verb.as_deref(), Some("ping"));
    idm.callback(report("17", OURS, "REJECTED"));
    let heard = idm.hears(&runtime, &ours).unwrap();
    assert_eq!(
        (heard.state, heard.verb.as_deref()),
        (State::Rejected, Some("sign"))
    );

    // A verb that no command is sent to says nothing about the kind of command.
    let dialect = common::dialect("[callback]\nverbs = ['results']");
    let hermod = Hermod::builder(BASE, common::key())
        .dialect(dialect)
        .build(Script::new(&runtime, Vec::new()), Arc::new(runtime.clone()))
        .unwrap();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = hermod
        .callback_receiver(Arc::clone(&inbox) as Arc<dyn Inbox>)
        .danger_without_auth()
        .build()
        .unwrap();
    let head = Head::new(Method::POST, "/callback/results", HeaderMap::new());
    let body = report("17", OURS, "SUCCESS");
    let reply = common::runtime().block_on(receiver.receive(&head, body.into()));
    assert_eq!(reply.unwrap().status, StatusCode::OK);
    let header = hermod.header().external_id("order-1");
    let ours = Pending::new(&header, Timestamp::from_millis(0)).sent_to("sign");
    runtime.set(Timestamp::from_millis(0));
    let waited = runtime.block_on(hermod.wait(&*inbox, &ours, &PollPolicy::off()));
    assert!(waited.unwrap().unwrap().report.is_some());
}

#[test]
fn an_unknown_command_is_answered_kept_and_counted() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    let ours = idm.pending("golden-sign-0001", "5104");
    let body = golden("sign/callback_unknown_command.json");
    idm.callback(body);
    assert!(idm.hears(&runtime, &ours).is_none());
    runtime.set(Timestamp::from_millis(900_000));
    assert_eq!((idm.inbox.len(), idm.counters().unclaimed), (1, Some(0)));
    runtime.set(Timestamp::from_millis(900_001));
    assert_eq!((idm.counters().unclaimed, idm.inbox.len()), (Some(1), 0));
}

#[test]
fn a_callback_before_anybody_waits_is_kept_for_the_lifespan_of_the_command() {
    let runtime = common::runtime();
    let lifespan = Duration::from_secs(1500);
    let hermod = Hermod::builder(BASE, common::key())
        .lifespan(lifespan)
        .timeout(lifespan)
        .build(Script::new(&runtime, Vec::new()), Arc::new(runtime.clone()))
        .unwrap();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = hermod
        .callback_receiver(Arc::clone(&inbox) as Arc<dyn Inbox>)
        .danger_without_auth()
        .build()
        .unwrap();
    let head = Head::new(Method::POST, "/callback/provision", HeaderMap::new());
    let letter = receiver.read(&head, br#"{"commandId":1}"#).unwrap();
    assert_eq!(
        letter.expires().since(letter.received()),
        lifespan + Duration::from_secs(600)
    );
}

#[test]
fn every_documented_verb_and_every_one_that_commands_are_sent_to_is_listened_to() {
    let runtime = common::runtime();
    let (idm, _) = two(&runtime, true);
    for verb in [
        "provision",
        "certificate",
        "authenticate",
        "sign",
        "ping",
        "startpinreset",
        "endpinreset",
        "delete",
        "fido",
    ] {
        let body = report("17", &format!("\"{verb}\""), "SUCCESS");
        assert_eq!(idm.posted(verb, basic("idm"), body), StatusCode::OK, "{verb}");
    }
    let body = report("17", OURS, "SUCCESS");
    assert_eq!(
        idm.posted("getcontent", basic("idm"), body),
        StatusCode::NOT_FOUND
    );
    let known: Vec<String> = HermodDialect::default().callback_verbs();
    assert_eq!(known.len(), 9, "{known:?}");
}

#[test]
fn a_name_that_cannot_be_used_is_found_at_start_up() {
    let runtime = common::runtime();
    let error = Hermod::builder(BASE, common::key())
        .inbox_name("a/b")
        .build(Script::new(&runtime, Vec::new()), Arc::new(runtime.clone()))
        .unwrap_err();
    assert_eq!(error.setting, "hermod.inbox_name");
    let receiver = CallbackReceiver::builder(Arc::new(MemoryInbox::new()), Arc::new(runtime))
        .danger_without_auth()
        .inbox_name("")
        .build();
    assert_eq!(receiver.unwrap_err().setting, "hermod.inbox_name");
}
