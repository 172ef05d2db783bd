//! The ways in which a callback can come, or not come.
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

use common::flow::{OPTIONS, call_back, created, ok, pending, receiver, seconds, wait};
use common::{client, golden, runtime};
use smartid_core::{Either, Inbox, MemoryInbox, Runtime, Timestamp, TransportError, TransportProblem, race};
use smartid_hermod::commands::{FidoCreate, FidoSession};
use smartid_hermod::{By, FidoOutcome, HermodDialect, Pending, PollPolicy, Session, State};

#[test]
fn the_callback_may_come_before_the_answer_to_the_command() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let answers = vec![
        ok(0, golden("responses/fido_session.json")),
        ok(5, golden("responses/fido_create.json")),
    ];
    let (hermod, script) = client(&runtime, HermodDialect::default(), answers);
    let waited = runtime.block_on(async {
        let header = hermod.header().external_id("golden-session-0001");
        let response = hermod.call(&FidoSession::new(header.clone())).await.unwrap();
        let session = Session::from_response(&response, &header, hermod.runtime().now()).unwrap();

        let header = hermod.header().external_id("golden-create-0001");
        let pending = Pending::new(&header, hermod.runtime().now()).expecting_response();
        let command = FidoCreate::new(header, &session, OPTIONS);
        let early = async {
            runtime.sleep(seconds(1)).await;
            call_back(&receiver, golden("callbacks/create_success.json")).await;
            std::future::pending::<()>().await;
        };
        let Either::First(response) = race(hermod.call(&command), early).await else {
            panic!()
        };
        let pending = pending.answered(&response.unwrap());
        hermod
            .wait(&*inbox, &pending, &PollPolicy::default())
            .await
            .unwrap()
    });
    let waited = waited.unwrap();
    created(&waited);
    assert_eq!((waited.by, waited.polling.polls), (By::Callback, 0));
    assert_eq!(runtime.now(), Timestamp::from_millis(5_000));
    assert_eq!(script.requests().len(), 2);
}

#[test]
fn the_answer_to_the_command_may_be_lost() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let lost = Err(TransportError::new(TransportProblem::Broken, ""));
    let (hermod, script) = client(&runtime, HermodDialect::default(), vec![(seconds(1), lost)]);
    let header = hermod.header().external_id("golden-create-0001");
    let pending = Pending::new(&header, runtime.now()).expecting_response();
    let sent = runtime
        .block_on(hermod.call(&FidoCreate::alone(header, OPTIONS)))
        .unwrap();
    assert!(sent.is_err());
    assert_eq!(
        script.requests().len(),
        1,
        "a command is never repeated by itself"
    );
    runtime
        .block_on(call_back(&receiver, golden("callbacks/create_success.json")))
        .unwrap();
    let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::default());
    created(&waited);
    assert_eq!(waited.by, By::Callback);
}

#[test]
fn an_external_id_that_is_not_echoed_is_not_missed() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    let later = async {
        runtime.sleep(seconds(20)).await;
        call_back(&receiver, golden("callbacks/create_only_command_id.json")).await;
        std::future::pending::<()>().await;
    };
    let policy = PollPolicy::off();
    let both = race(hermod.wait(&*inbox, &pending, &policy), later);
    let Either::First(waited) = runtime.block_on(both).unwrap() else {
        panic!()
    };
    created(&waited.unwrap());
    assert_eq!(runtime.now(), Timestamp::from_millis(20_000));
}

#[test]
fn repeats_and_a_late_timeout_change_nothing() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    runtime
        .block_on(async {
            for name in [
                "create_in_progress.json",
                "create_duplicate_first.json",
                "create_duplicate_second.json",
                "create_duplicate_conflict.json",
            ] {
                call_back(&receiver, golden(&format!("callbacks/{name}"))).await;
            }
        })
        .unwrap();
    for _ in 0..2 {
        created(&wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::default()));
    }
    runtime
        .block_on(hermod.acknowledge(&*inbox, &pending))
        .unwrap()
        .unwrap();
    let taken = runtime
        .block_on(inbox.peek(&pending.correlation_ids()))
        .unwrap()
        .unwrap();
    assert!(taken.is_none(), "the late timeout is taken with the rest");
}

#[test]
fn an_outcome_whose_ids_belong_to_two_commands_ends_neither() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    runtime
        .block_on(call_back(
            &receiver,
            golden("callbacks/create_ids_contradict.json"),
        ))
        .unwrap();
    let header = hermod.header().external_id("golden-session-0001");
    let session = Pending::new(&header, Timestamp::from_millis(0)).with_command_id("4107");
    for pending in [session, pending(&hermod)] {
        runtime.set(Timestamp::from_millis(0));
        let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::off());
        assert_eq!(waited.by, By::Deadline);
        runtime
            .block_on(hermod.acknowledge(&*inbox, &pending))
            .unwrap()
            .unwrap();
    }
    assert_eq!(inbox.unclaimed(Timestamp::from_millis(u64::MAX)), Some(1));
}

#[test]
fn the_deadline_is_the_timeout_and_a_grace_but_never_past_the_lifespan() {
    for (timeout, wanted) in [(250, 280_000), (290, 300_000)] {
        let runtime = runtime();
        let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
        let header = hermod.header().timeout(seconds(timeout)).unwrap();
        let pending = Pending::new(&header, Timestamp::from_millis(0)).with_command_id("1");
        let inbox = MemoryInbox::new();
        let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::default());
        assert!(waited.report.is_none());
        assert_eq!(waited.by, By::Deadline);
        assert_eq!(runtime.now(), Timestamp::from_millis(wanted));
        // What came in the meantime counts even when nobody looked in time.
        let receiver = receiver(&Arc::new(inbox.clone()), &runtime);
        let late = r#"{"commandId":1,"state":"SUCCESS"}"#;
        runtime.block_on(call_back(&receiver, late)).unwrap();
        let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::default());
        assert_eq!(waited.report.unwrap().state, State::Success);
    }
}

#[test]
fn a_timeout_callback_within_the_grace_is_heard() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    let later = async {
        runtime.sleep(seconds(255)).await;
        call_back(&receiver, golden("callbacks/create_timeout.json")).await;
        std::future::pending::<()>().await;
    };
    let policy = PollPolicy::off();
    let both = race(hermod.wait(&*inbox, &pending, &policy), later);
    let Either::First(waited) = runtime.block_on(both).unwrap() else {
        panic!()
    };
    let report = waited.unwrap().report.unwrap();
    assert_eq!(report.fido(&HermodDialect::default()), FidoOutcome::TimedOut);
}

#[test]
fn a_dropped_wait_loses_nothing() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    let policy = PollPolicy::default();
    {
        let mut wait = Box::pin(hermod.wait(&*inbox, &pending, &policy));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
        runtime
            .block_on(call_back(&receiver, golden("callbacks/create_success.json")))
            .unwrap();
        // The callback has come, the wait has not looked yet, and is dropped.
    }
    created(&wait(&runtime, &hermod, &inbox, &pending, &policy));
    // The outcome was returned, but whoever got it died before dealing with it.
    created(&wait(&runtime, &hermod, &inbox, &pending, &policy));
}

#[test]
fn a_state_that_the_dialect_lacks_is_told_at_the_end() {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    let receiver = receiver(&inbox, &runtime);
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let pending = pending(&hermod);
    runtime
        .block_on(call_back(
            &receiver,
            golden("callbacks/create_unknown_state.json"),
        ))
        .unwrap();
    let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::off());
    assert_eq!(waited.by, By::Deadline);
    assert_eq!(waited.unfinished.unwrap().state, State::Other("ARCHIVED".into()));
    // Once the dialect knows it, the stored callback counts.
    let taught = common::dialect("[states]\nrejected=['REJECTED','ARCHIVED']");
    let (hermod, _) = client(&runtime, taught, Vec::new());
    let waited = wait(&runtime, &hermod, &inbox, &pending, &PollPolicy::off());
    assert_eq!(waited.report.unwrap().state, State::Rejected);
}

#[test]
fn a_flow_that_waits_is_small_and_may_move_between_threads() {
    fn may_move<T: Send>(_: &T) {}
    let runtime = runtime();
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let (inbox, pending, policy) = (MemoryInbox::new(), pending(&hermod), PollPolicy::default());
    let wait = hermod.wait(&inbox, &pending, &policy);
    may_move(&wait);
    // And what it points to while it sleeps: ids, the inbox's and the runtime's own futures.
    assert!(size_of_val(&wait) <= 1024, "{}", size_of_val(&wait));
    assert!(
        size_of::<smartid_hermod::Waiter<'_>>() <= 512,
        "{}",
        size_of::<smartid_hermod::Waiter<'_>>()
    );
}
