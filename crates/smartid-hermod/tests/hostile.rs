//! What a hostile or broken other side can do that no page tells of: each case once was believed, lost, or too dear.
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
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::flow::{call_back, receiver, seconds};
use common::{answer, client, runtime};
use smartid_core::{
    BlockingWork, BoxFuture, Either, Inbox, ManualRuntime, MemoryInbox, Runtime, Timestamp, WorkLost, race,
};
use smartid_hermod::answers::{ProvisionExpectation, SignatureExpectation};
use smartid_hermod::link::{MobileLink, MobileLinkOptions};
use smartid_hermod::wait::Step;
use smartid_hermod::{
    By, CommandReport, Hermod, HermodDialect, ImmediateResponse, Pending, PollHealth, PollPolicy, State,
};

fn dialect() -> HermodDialect {
    HermodDialect::default()
}

#[test]
fn a_stored_signature_expectation_that_lost_something_is_no_expectation() {
    for stored in [
        "{}",
        r#"{"format":"pkcs7"}"#,
        r#"{"tbs":[],"must_be_signed_by":"anna"}"#,
        r#"{"tbs":[],"supplied":{"0":"!"}}"#,
    ] {
        assert!(
            serde_json::from_str::<SignatureExpectation>(stored).is_err(),
            "{stored}"
        );
    }
    assert!(serde_json::from_str::<SignatureExpectation>(r#"{"tbs":[]}"#).is_ok());
}

#[test]
fn a_stored_provision_expectation_that_lost_something_is_no_expectation() {
    let whole = r#"{"nonce":"1","user_id":"u","profile_id":null,"signature_key":"ATTESTATION","keys":[]}"#;
    assert!(serde_json::from_str::<ProvisionExpectation>(whole).is_ok());
    for lost in [r#""nonce":"1","#, r#""profile_id":null,"#, r#","keys":[]"#] {
        let stored = whole.replace(lost, "");
        assert!(
            serde_json::from_str::<ProvisionExpectation>(&stored).is_err(),
            "{stored}"
        );
    }
    let newer = whole.replace("{", r#"{"must_have":1,"#);
    assert!(serde_json::from_str::<ProvisionExpectation>(&newer).is_err());
}

#[test]
fn a_state_cannot_move_the_cursor() {
    let body = r#"{"commandId":"1","state":"\u001b[2JDO\u202eNE\n"}"#;
    let report = CommandReport::read(body.into(), &dialect()).unwrap();
    let shown = report.state.to_string();
    println!("{shown:?}");
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\n']), "{shown:?}");
    let body = r#"{"commandId":"1","commandType":"\u001b[2J"}"#;
    let report = CommandReport::read(body.into(), &dialect()).unwrap();
    assert!(!report.command_type.unwrap().contains('\u{1b}'));
}

#[test]
fn an_error_that_is_a_text_is_cleaned_of_tokens() {
    let body =
        r#"{"commandId":"1","state":"FAILED","error":"token 7f3c9e2ab41d8c55aa01 of the box is used up"}"#;
    let report = CommandReport::read(body.into(), &dialect()).unwrap();
    assert!(
        !format!("{report:?}").contains("7f3c9e2ab41d8c55aa01"),
        "{report:?}"
    );
}

#[test]
fn a_list_of_destinations_has_an_end() {
    let many = format!(
        r#"{{"commandId":"1","state":"SUCCESS","destinations":[{}{{}}]}}"#,
        "{},".repeat(300_000)
    );
    let report = CommandReport::read(many.clone().into(), &dialect()).unwrap();
    println!("{}", report.destinations.len());
    assert!(report.destinations.is_empty() && report.lints.len() == 1);
    assert!(ImmediateResponse::read(&answer(200, many), &dialect().states).is_err());
}

#[test]
fn an_empty_link_is_no_link() {
    let body =
        r#"{"commandId":"1","destinations":[{"to":"anna","bid":"b","mid":"m","uri":"","location":""}]}"#;
    let read = ImmediateResponse::read(&answer(200, body), &dialect().states).unwrap();
    assert!(read.link().is_none());
    assert!(read.destinations[0].location.is_none());
}

#[test]
fn lifespans_without_end_do_not_overflow() {
    let runtime = runtime();
    let script = common::Script::new(&runtime, Vec::new());
    let built = Hermod::builder(common::BASE, common::key())
        .lifespan(Duration::MAX)
        .build(script, Arc::new(runtime.clone()));
    if let Ok(hermod) = built {
        let inbox: Arc<dyn Inbox> = Arc::new(MemoryInbox::new());
        hermod
            .callback_receiver(inbox)
            .danger_without_auth()
            .build()
            .unwrap();
        let _ = Pending::new(&hermod.header(), runtime.now());
    }
}

/// A clock of the day that can be set, beside timers that go on.
#[derive(Clone, Debug)]
struct Jumping {
    timers: ManualRuntime,
    back: Arc<AtomicU64>,
}

impl Runtime for Jumping {
    fn now(&self) -> Timestamp {
        let back = self.back.load(Ordering::Relaxed);
        Timestamp::from_millis(10_000_000 + self.timers.now().as_millis() - back)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.timers.sleep(duration)
    }

    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.timers.run_blocking(work)
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.timers.fill_random(bytes);
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_lengthen_a_wait() {
    let runtime = Jumping {
        timers: runtime(),
        back: Arc::default(),
    };
    let hermod = Hermod::builder(common::BASE, common::key())
        .build(
            common::Script::new(&runtime.timers, Vec::new()),
            Arc::new(runtime.clone()),
        )
        .unwrap();
    let inbox = MemoryInbox::new();
    for policy in [PollPolicy::off(), PollPolicy::default()] {
        let begun = runtime.timers.now();
        runtime.back.store(0, Ordering::Relaxed);
        let pending = Pending::new(&hermod.header(), runtime.now()).with_command_id("17");
        let jump = async {
            runtime.sleep(seconds(100)).await;
            runtime.back.store(3_600_000, Ordering::Relaxed);
            std::future::pending::<()>().await;
        };
        let wait = hermod.wait(&inbox, &pending, &policy);
        let Either::First(waited) = runtime.timers.block_on(race(wait, jump)).unwrap() else {
            panic!()
        };
        assert_eq!(waited.unwrap().by, By::Deadline);
        let took = runtime.timers.now().since(begun);
        assert!(took <= seconds(300), "{took:?}");
    }
}

#[test]
fn a_report_of_all_mailboxes_is_about_the_command_and_not_about_the_first() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, dialect(), Vec::new());
    let both = r#""destinations":[{"bid":"b-1","mid":"m-1"},{"bid":"b-2","mid":"m-2"}]"#;
    let sent = format!(r#"{{"commandId":"17",{both}}}"#);
    let sent = ImmediateResponse::read(&answer(200, sent), &dialect().states).unwrap();
    let pending = Pending::new(&hermod.header().external_id("e"), runtime.now()).answered(&sent);
    let policy = PollPolicy::off();
    let wait = || {
        let waited = hermod.wait(&*inbox, &pending, &policy);
        let waited = runtime.block_on(waited).unwrap().unwrap();
        (waited.by, waited.report.map(|report| report.state))
    };
    // The first mailbox declines, and says so for itself; then the command succeeds.
    let first = r#"{"commandId":"17","state":"REJECTED","destinations":[{"bid":"b-1","mid":"m-1"}]}"#;
    runtime.block_on(call_back(&receiver, first)).unwrap();
    let whole = format!(r#"{{"commandId":"17","state":"SUCCESS",{both}}}"#);
    runtime.block_on(call_back(&receiver, whole)).unwrap();
    assert_eq!(wait(), (By::Callback, Some(State::Success)));
}

#[test]
fn two_commands_with_one_command_id_are_two_outcomes() {
    // Two messaging servers, or one whose numbers began anew.
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, dialect(), Vec::new());
    for external in ["old", "new"] {
        let body = format!(r#"{{"commandId":"17","externalId":"{external}","state":"TIMEOUT"}}"#);
        runtime.block_on(call_back(&receiver, body)).unwrap();
    }
    let header = hermod.header().external_id("new");
    let pending = Pending::new(&header, runtime.now()).with_command_id("17");
    let waited = runtime.block_on(hermod.wait(&*inbox, &pending, &PollPolicy::off()));
    assert_eq!(waited.unwrap().unwrap().by, By::Callback);
}

#[test]
fn a_redirect_cannot_install_or_configure() {
    for scheme in [
        "itms-services",
        "itms-apps",
        "market",
        "ms-settings",
        "search-ms",
        "ms-msdt",
        "chrome",
        "prefs",
        "app-prefs",
        "facetime",
        "android-app",
        "shell",
        "x-apple.systempreferences",
        "ms-appinstaller",
    ] {
        let options = MobileLinkOptions::new().redirect(format!("{scheme}://x"));
        assert!(MobileLink::start(&options).is_err(), "{scheme}");
    }
}

#[test]
fn a_clock_that_is_set_back_does_not_stop_polling() {
    let runtime = runtime();
    let (hermod, _) = client(&runtime, dialect(), Vec::new());
    let pending = Pending::new(&hermod.header(), runtime.now()).with_command_id("17");
    let health = PollHealth::default();
    let ahead: PollHealth = serde_json::from_value(serde_json::json!({
        "polls": 3, "failures": 0, "last_failure": null, "degraded": null, "next": 90_000, "settles": null
    }))
    .unwrap();
    let policy = PollPolicy::default();
    for health in [health, ahead] {
        let inbox = MemoryInbox::new();
        let step = hermod.wait_step(&inbox, &pending, &policy, health);
        let (step, _) = runtime.block_on(step).unwrap().unwrap();
        let Step::Sleep { until } = step else {
            panic!("{step:?}")
        };
        assert!(until <= Timestamp::from_millis(2_000), "{until}");
    }
}
