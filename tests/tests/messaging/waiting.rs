//! Waiting for people: callback or poll, whichever is first; states as they become known; time that runs out; servers that restart and
//! answers that get lost.

use smartid::core::Phase;
use smartid::hermod::commands::{CommandStatus, Ping, Sign};
use smartid::hermod::wait::{PollPolicy, StateChange, Until};
use smartid::hermod::{By, Entry, Pending, State};
use smartid_sim::{Persona, SimConfig};
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, ApiUser, Bench, GUARD, Sent, signer};
use std::time::Duration;

use crate::Clocks;

pub(crate) fn often() -> PollPolicy {
    PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100))
}

pub(crate) async fn signing(user: &ApiUser) -> (Sent, Sign) {
    let header = user.hermod.header();
    let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17"));
    (user.send(&header, &command).await, command)
}

pub(crate) async fn waited(user: &ApiUser, pending: &Pending, policy: PollPolicy) -> smartid::hermod::Waited {
    let wait = user.hermod.wait(&*user.inbox, pending, &policy);
    tokio::time::timeout(GUARD, wait).await.unwrap().unwrap()
}

#[tokio::test]
async fn whichever_is_first_ends_the_wait() {
    for (sim, callbacks, policy, by) in [
        ("", true, PollPolicy::off(), By::Callback),
        ("", false, often(), By::Poll),
        ("[hermod.callback]\nenabled = false", true, often(), By::Poll),
        ("[hermod.poll]\nmode = 'not-found'", true, often(), By::Callback),
        (
            "[hermod.poll]\nmode = 'unauthorized'",
            true,
            often(),
            By::Callback,
        ),
        ("[hermod.poll]\nmode = 'html'", true, often(), By::Callback),
        ("[hermod.poll]\nmode = 'off'", true, often(), By::Callback),
        (
            "[hermod.poll]\nmode = 'server-error'",
            true,
            often(),
            By::Callback,
        ),
        // No id of ours comes back, and the one of messaging is a number.
        (
            "[hermod]\necho_external_id = false\ncommand_id_as_number = true",
            true,
            PollPolicy::off(),
            By::Callback,
        ),
    ] {
        let mut setup = Setup::default();
        setup.sim = SimConfig::from_toml(sim).unwrap();
        setup.callbacks = callbacks;
        let bench = Bench::start(setup).await;
        let user = &bench.user;
        let (sent, _) = signing(user).await;
        let policy = policy.with_give_up_after(2);
        let mut states = user.hermod.states(&*user.inbox, &sent.pending, &policy);
        let broken = sim.contains("poll");
        if broken {
            // Polling is given up, the wait is not.
            let change = tokio::time::timeout(GUARD, states.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            let StateChange::Polling(health) = change else {
                panic!("{sim}: {change:?}")
            };
            assert!(health.is_degraded() && health.failures == 2, "{health:?}");
        }
        bench
            .sim
            .desktop()
            .open_as(&sent.link(), Persona::Declines)
            .await
            .unwrap();
        loop {
            let change = tokio::time::timeout(GUARD, states.next())
                .await
                .unwrap()
                .unwrap()
                .unwrap();
            if let StateChange::Ended(waited) = change {
                assert_eq!(
                    (waited.by, waited.report.unwrap().state),
                    (by, State::Rejected),
                    "{sim}"
                );
                assert_eq!(waited.polling.is_degraded(), broken, "{sim}");
                break;
            }
        }
        assert!(states.next().await.is_none());
        user.hermod
            .acknowledge(&*user.inbox, &sent.pending)
            .await
            .unwrap();
        assert!(
            user.inbox
                .list(&sent.pending.correlation_ids(), 9)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn the_states_of_a_command_to_two_phones_are_told_one_after_the_other() {
    let bench = Bench::start(Setup::default()).await;
    let (user, first, second) = (&bench.user, bench.sim.mobile(), bench.sim.new_mobile());
    for phone in [&first, &second] {
        bench.enrol(phone, [signer()]).await;
    }
    let header = user.to(ALICE);
    let sent = user
        .send(&header, &Ping::new(header.clone()).device_info(true))
        .await;
    assert_eq!(sent.pending.mids.len(), 2);
    let policy = PollPolicy::off().with_until(Until::AllMailboxes);
    let mut states = user.hermod.states(&*user.inbox, &sent.pending, &policy);
    let before = user.calls().len();
    second.check().await.unwrap();
    user.called_back(before, 1).await;
    let change = states.next().await.unwrap().unwrap();
    let StateChange::Answered(report) = change else {
        panic!("{change:?}")
    };
    assert_eq!(report.mid.as_ref(), sent.pending.mids.last());
    first.check().await.unwrap();
    let change = tokio::time::timeout(GUARD, states.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let StateChange::Ended(waited) = change else {
        panic!("{change:?}")
    };
    assert_eq!(waited.reports.len(), 2);
    let info = waited.reports[0].ping(user.hermod.dialect()).succeeded().unwrap();
    assert!(info.unwrap().json.contains("iOS"));

    // The first success is enough unless somebody wants all.
    let (sent, _) = {
        let header = user.to(ALICE);
        let command = Ping::new(header.clone());
        (user.send(&header, &command).await, command)
    };
    second.check().await.unwrap();
    let waited = waited_once(user, &sent.pending).await;
    assert_eq!((waited.by, waited.reports.len()), (By::Callback, 1));
}

pub(crate) async fn waited_once(user: &ApiUser, pending: &Pending) -> smartid::hermod::Waited {
    waited(user, pending, PollPolicy::off()).await
}

#[tokio::test]
async fn time_that_runs_out_is_called_back_and_the_command_is_forgotten_later() {
    let clocks = Clocks::new();
    let bench = Bench::start(clocks.setup("")).await;
    let user = &bench.user;
    let (sent, command) = signing(user).await;
    clocks.advance(Duration::from_secs(249));
    assert!(user.calls().is_empty());
    clocks.advance(Duration::from_secs(1));
    let waited = waited_once(user, &sent.pending).await;
    let report = waited.report.unwrap();
    assert_eq!((waited.by, &report.state), (By::Callback, &State::TimedOut));
    assert_eq!(
        report.sign(user.hermod.dialect(), &command.expectation()).name(),
        "timed-out"
    );
    // Too late for the link.
    assert!(bench.sim.desktop().open(&sent.link()).await.is_err());
    // It can still be asked for, until its lifespan is over.
    let status = CommandStatus::new(sent.answer.command_id.clone());
    assert_eq!(user.hermod.call(&status).await.unwrap().state, State::TimedOut);
    clocks.advance(Duration::from_secs(50));
    assert_eq!(
        user.hermod.call(&status).await.unwrap_err().phase(),
        Phase::Refused
    );
}

#[tokio::test]
async fn where_nobody_calls_back_the_wait_ends_by_the_clock() {
    let clocks = Clocks::new();
    let bench = Bench::start(clocks.setup("[hermod.callback]\nenabled = false")).await;
    let user = bench.user.clone();
    let (sent, _) = signing(&user).await;
    let pending = sent.pending.clone();
    let wait =
        tokio::spawn(async move { user.hermod.wait(&*user.inbox, &pending, &PollPolicy::off()).await });
    // Thirty seconds more than the command's time: its own callback might still come.
    clocks.advance(Duration::from_secs(279));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(!wait.is_finished());
    clocks.advance(Duration::from_secs(1));
    let waited = tokio::time::timeout(GUARD, wait).await.unwrap().unwrap().unwrap();
    assert_eq!((waited.by, waited.report.is_none()), (By::Deadline, true));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_changes_nothing() {
    let clocks = Clocks::new();
    let bench = Bench::start(clocks.setup("[desktop]\nslow_seconds = 260")).await;
    bench.insert_card(
        "1",
        &smartid_sim::pki::Key::generate(smartid_sim::pki::KeyKind::P256).unwrap(),
    );
    let user = &bench.user;
    let (sent, _) = signing(user).await;
    let (desktop, link) = (bench.sim.desktop(), sent.link());
    let app = tokio::spawn(async move { desktop.open_as(&link, Persona::Slow).await });
    // The person thinks once the message is there.
    while !bench.sim.records().iter().any(|record| {
        record.status == Some(200) && record.path.matches('/').count() > 4 && record.path.contains("/ms/")
    }) {
        tokio::task::yield_now().await;
    }
    while !app.is_finished() {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        clocks.advance(Duration::from_secs(10));
    }
    let seen = app.await.unwrap().unwrap();
    assert_eq!(seen.accepted, [404], "{seen:?}");
    assert_eq!(
        waited_once(user, &sent.pending).await.report.unwrap().state,
        State::TimedOut
    );
    assert_eq!(user.calls().len(), 1);
}
