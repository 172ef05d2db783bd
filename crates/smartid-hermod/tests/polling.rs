//! Polls: alone, failing, hanging, and telling only half.
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

use common::flow::{call_back, created, fails, ok, pending, receiver, seconds, wait};
use common::{answer, client, golden, runtime};
use smartid_core::{Either, MemoryInbox, Runtime, Timestamp, TransportError, TransportProblem, race};
use smartid_hermod::wait::Step;
use smartid_hermod::{By, HermodDialect, Pending, PollHealth, PollPolicy};

#[test]
fn a_poll_alone_is_enough() {
    let runtime = runtime();
    let answers = vec![
        ok(0, golden("responses/poll_in_progress.json")),
        ok(0, golden("responses/poll_unknown_state.json")),
        ok(0, golden("responses/poll_success.json")),
    ];
    let (hermod, script) = client(&runtime, HermodDialect::default(), answers);
    let inbox = MemoryInbox::new();
    let waited = wait(
        &runtime,
        &hermod,
        &inbox,
        &pending(&hermod),
        &PollPolicy::default(),
    );
    created(&waited);
    assert_eq!((waited.by, waited.polling.polls), (By::Poll, 3));
    assert_eq!(
        runtime.now(),
        Timestamp::from_millis(5_000),
        "after 1, 3 and 5 seconds"
    );
    assert_eq!(
        script.requests()[0].0,
        "GET https://hermod.example.test:20400/hermod/rest/command/4108"
    );
}

#[test]
fn polls_that_fail_never_end_the_wait() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let answers = vec![
        fails(404, ""),
        fails(401, r#"{"error":"Unauthorized"}"#),
        ok(0, golden("responses/poll_in_progress.json")),
        fails(200, "<html>Sign in</html>"),
        ok(0, golden("responses/poll_other_command.json")),
        fails(502, "proxy"),
        (seconds(1000), Ok(answer(200, ""))),
        (
            Duration::ZERO,
            Err(TransportError::new(TransportProblem::Connect, "refused")),
        ),
        ok(0, "a poll too many"),
    ];
    let (hermod, script) = client(&runtime, HermodDialect::default(), answers);
    let pending = pending(&hermod);
    let later = async {
        runtime.sleep(seconds(100)).await;
        call_back(&receiver, golden("callbacks/create_success.json")).await;
        std::future::pending::<()>().await;
    };
    let policy = PollPolicy::default();
    let both = race(hermod.wait(&*inbox, &pending, &policy), later);
    let Either::First(waited) = runtime.block_on(both).unwrap() else {
        panic!()
    };
    let waited = waited.unwrap();
    created(&waited);
    assert_eq!(waited.by, By::Callback);
    assert_eq!(script.requests().len(), 8, "five failures in a row are enough");
    let reason = waited.polling.degraded.unwrap();
    assert!(
        reason.contains("5 polls in a row") && reason.contains("refused"),
        "{reason}"
    );
}

#[test]
fn a_callback_is_not_kept_waiting_by_a_poll_that_hangs() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    let later = async {
        runtime.sleep(seconds(3)).await;
        call_back(&receiver, golden("callbacks/create_success.json")).await;
        std::future::pending::<()>().await;
    };
    let policy = PollPolicy::default();
    let both = race(hermod.wait(&*inbox, &pending, &policy), later);
    let Either::First(waited) = runtime.block_on(both).unwrap() else {
        panic!()
    };
    created(&waited.unwrap());
    assert_eq!(runtime.now(), Timestamp::from_millis(3_000));
}

#[test]
fn a_poll_that_tells_the_state_but_not_the_outcome_leaves_that_to_the_callback() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let answers = vec![ok(0, golden("responses/poll_success_no_response.json"))];
    let (hermod, script) = client(&runtime, HermodDialect::default(), answers);
    let pending = pending(&hermod);
    let later = async {
        runtime.sleep(seconds(60)).await;
        call_back(&receiver, golden("callbacks/create_success.json")).await;
        std::future::pending::<()>().await;
    };
    let policy = PollPolicy::default();
    let both = race(hermod.wait(&*inbox, &pending, &policy), later);
    let Either::First(waited) = runtime.block_on(both).unwrap() else {
        panic!()
    };
    created(&waited.unwrap());
    assert_eq!(script.requests().len(), 1, "asking again brings nothing new");
}

#[test]
fn a_bare_end_counts_when_no_callback_says_more() {
    for (name, until) in [
        ("poll_success_no_response.json", 280_000),
        ("poll_failed_no_error.json", 6_000),
    ] {
        let runtime = runtime();
        let answers = vec![ok(0, golden(&format!("responses/{name}")))];
        let (hermod, _) = client(&runtime, HermodDialect::default(), answers);
        let inbox = MemoryInbox::new();
        let waited = wait(
            &runtime,
            &hermod,
            &inbox,
            &pending(&hermod),
            &PollPolicy::default(),
        );
        assert!(waited.report.unwrap().is_bare(), "{name}");
        assert_eq!(
            (waited.by, runtime.now()),
            (By::Poll, Timestamp::from_millis(until))
        );
    }
    // The session command has no response to bring.
    let runtime = runtime();
    let answers = vec![ok(0, golden("responses/poll_success_session.json"))];
    let (hermod, _) = client(&runtime, HermodDialect::default(), answers);
    let pending = Pending::new(&hermod.header(), Timestamp::from_millis(0)).with_command_id("4107");
    let waited = wait(
        &runtime,
        &hermod,
        &MemoryInbox::new(),
        &pending,
        &PollPolicy::default(),
    );
    assert!(waited.report.unwrap().opened());
    assert_eq!(runtime.now(), Timestamp::from_millis(1_000));
}

#[test]
fn steps_do_what_the_wait_does_without_sleeping() {
    let runtime = runtime();
    let answers = vec![
        ok(0, golden("responses/poll_in_progress.json")),
        ok(0, golden("responses/poll_success.json")),
    ];
    let (hermod, script) = client(&runtime, HermodDialect::default(), answers);
    let (inbox, policy) = (MemoryInbox::new(), PollPolicy::default());
    let pending = pending(&hermod);
    let mut health = PollHealth::default();
    let mut slept = Vec::new();
    let waited = loop {
        // As if each step were taken by another process.
        let stored = serde_json::to_string(&health).unwrap();
        let before = runtime.now();
        let step = hermod.wait_step(&inbox, &pending, &policy, serde_json::from_str(&stored).unwrap());
        let (step, after) = runtime.block_on(step).unwrap().unwrap();
        assert_eq!(runtime.now(), before, "a step does not sleep");
        health = after;
        match step {
            Step::Done(waited) => break waited,
            Step::Sleep { until } => {
                slept.push(until.as_millis());
                runtime.set(until);
            }
            _ => panic!("an unknown step"),
        }
    };
    created(&waited);
    assert_eq!(slept, [1_000, 3_000]);
    assert_eq!((waited.by, script.requests().len()), (By::Poll, 2));
}

#[test]
fn a_step_knows_how_many_mailboxes_have_not_answered() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let mut pending = pending(&hermod);
    pending.mids = vec!["one".into(), "other".into()];
    let step = |health| {
        let policy = PollPolicy::off();
        let step = hermod.wait_step(&*inbox, &pending, &policy, health);
        runtime.block_on(step).unwrap().unwrap()
    };
    let says = |mid: &str, state: &str| {
        let body = format!(r#"{{"commandId":"4108","state":"{state}","destinations":[{{"mid":"{mid}"}}]}}"#);
        runtime.block_on(call_back(&receiver, body)).unwrap();
    };
    says("one", "REJECTED");
    let (first, health) = step(PollHealth::default());
    let Step::Sleep { until } = first else {
        panic!("{first:?}")
    };
    assert_eq!(until, Timestamp::from_millis(280_000));
    says("one", "SUCCESS");
    says("other", "TIMEOUT");
    let (second, _) = step(health);
    let Step::Done(waited) = second else {
        panic!("{second:?}")
    };
    assert_eq!((waited.by, waited.reports.len()), (By::Callback, 2));
    assert_eq!(waited.report.unwrap().state.to_string(), "REJECTED");
}
