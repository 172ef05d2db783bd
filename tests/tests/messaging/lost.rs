//! What gets lost, doubled or refused on the way between messaging and us.

use smartid::core::{Inbox, MemoryInbox, Phase};
use smartid::hermod::commands::{CommandStatus, Ping, Sign};
use smartid::hermod::wait::PollPolicy;
use smartid::hermod::{By, Entry, Pending, State};
use smartid_sim::{Fault, FaultKind, Party, Persona, Route, RoutePattern, SimConfig};
use smartid_tests::Setup;
use smartid_tests::messaging::{ALICE, Bench, GUARD, signer};
use std::sync::Arc;
use std::time::Duration;

use crate::Clocks;
use crate::waiting::{often, signing, waited, waited_once};

#[tokio::test]
async fn a_restart_of_messaging_loses_connections_and_nothing_else() {
    let bench = Bench::start(Setup::default()).await;
    bench.insert_card(
        "1",
        &smartid_sim::pki::Key::generate(smartid_sim::pki::KeyKind::P256).unwrap(),
    );
    let user = bench.user.clone();
    let (sent, command) = signing(&user).await;
    let (pending, policy) = (sent.pending.clone(), often());
    let waiter = user.clone();
    let wait = tokio::spawn(async move { waiter.hermod.wait(&*waiter.inbox, &pending, &policy).await });
    for _ in 0..3 {
        bench.sim.restart_hermod();
        let report = user
            .hermod
            .call(&CommandStatus::new(sent.answer.command_id.clone()))
            .await
            .unwrap();
        assert_eq!(report.state, State::InProgress);
    }
    bench.sim.desktop().open(&sent.link()).await.unwrap();
    bench.sim.restart_hermod();
    let waited = tokio::time::timeout(GUARD, wait).await.unwrap().unwrap().unwrap();
    let report = waited.report.unwrap();
    let answer = report
        .sign(user.hermod.dialect(), &command.expectation())
        .succeeded()
        .unwrap();
    let policy = smartid::hermod::answers::SignaturePolicy::new(command.expectation(), &bench.signers());
    answer.verify(&policy, user.now()).unwrap();
}

#[tokio::test]
async fn a_lost_answer_to_the_command_is_made_up_for_by_the_external_id() {
    for kind in [
        FaultKind::LostReply,
        FaultKind::ResetMidBody,
        FaultKind::TruncatedBody,
    ] {
        let bench = Bench::start(Setup::default()).await;
        let (user, phone) = (&bench.user, bench.sim.mobile());
        bench.enrol(&phone, [signer()]).await;
        let fault = Fault::new(RoutePattern::route(Route::HermodCommand), kind.clone());
        bench.sim.faults().inject(fault);
        let header = user.to(ALICE);
        let pending = Pending::new(&header, user.now());
        let error = user.hermod.call(&Ping::new(header)).await.unwrap_err();
        assert!(
            [Phase::PerhapsDone, Phase::Unreadable].contains(&error.phase()),
            "{kind:?}: {error}"
        );
        assert!(pending.command_id.is_none());
        phone.check().await.unwrap();
        let waited = waited_once(user, &pending).await;
        assert_eq!(
            (waited.by, waited.report.unwrap().state),
            (By::Callback, State::Success),
            "{kind:?}"
        );
        let sent = |record: &smartid_sim::Record| record.path.ends_with("/command/ping");
        assert_eq!(
            bench.sim.records().iter().filter(|record| sent(record)).count(),
            1,
            "never twice by itself"
        );
    }
}

#[tokio::test]
async fn callbacks_may_be_early_doubled_reordered_or_lost() {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[hermod]\nsecond_answer = 'relay'").unwrap();
    let bench = Bench::start(setup).await;
    let (user, phone) = (&bench.user, bench.sim.mobile());
    bench.enrol(&phone, [signer()]).await;
    let inject = |route: Route, kind: FaultKind| {
        bench
            .sim
            .faults()
            .inject(Fault::new(RoutePattern::route(route), kind))
    };

    // Before the command is answered.
    inject(Route::HermodCommand, FaultKind::CallbackBeforeReply);
    phone.serve();
    let header = user.to(ALICE);
    let sent = user.send(&header, &Ping::new(header.clone())).await;
    assert_eq!(user.callbacks.counters().stored, 2);
    assert_eq!(
        waited_once(user, &sent.pending).await.report.unwrap().state,
        State::Success
    );

    // Three times the same.
    inject(Route::CallbackOther, FaultKind::CallbackDuplicate { copies: 2 });
    let before = user.calls().len();
    let header = user.to(ALICE);
    let sent = user.send(&header, &Ping::new(header.clone())).await;
    user.called_back(before, 3).await;
    assert_eq!(waited_once(user, &sent.pending).await.reports.len(), 1);
    assert_eq!(user.callbacks.counters().duplicates, 2);

    // The app sends its answer twice, and messaging relays both.
    let before = user.calls().len();
    phone.set_persona(Some(Persona::AnswersTwice));
    let header = user.to(ALICE);
    let command = Sign::new(header.clone(), Entry::text("tbs", "Order 17"))
        .format(smartid::hermod::SignatureFormat::Jws);
    let sent = user.send(&header, &command).await;
    user.called_back(before, 2).await;
    assert_eq!(waited_once(user, &sent.pending).await.reports.len(), 1);
    phone.set_persona(None);

    // The first of two is held back until the second has come.
    inject(Route::CallbackOther, FaultKind::CallbackHold);
    let mut both = Vec::new();
    for _ in 0..2 {
        let header = user.to(ALICE);
        both.push(user.send(&header, &Ping::new(header.clone())).await);
    }
    for sent in &both {
        let report = waited_once(user, &sent.pending).await.report.unwrap();
        assert_eq!(report.command_id.as_ref(), Some(&sent.answer.command_id));
    }

    // Lost: only a poll tells.
    inject(Route::CallbackOther, FaultKind::CallbackDrop);
    let header = user.to(ALICE);
    let sent = user.send(&header, &Ping::new(header.clone())).await;
    assert_eq!(waited(user, &sent.pending, often()).await.by, By::Poll);
}

#[tokio::test]
async fn callbacks_of_strangers_are_refused_and_what_we_refuse_is_tried_again() {
    let clocks = Clocks::new();
    let bench = Bench::start(clocks.setup("[hermod.callback]\nattempts = 3\nretry_delay_seconds = 30")).await;
    let user = &bench.user;
    let url = bench.sim.api_user("idm").unwrap().callback_url.unwrap();
    bench.sim.set_callback(&url, Some(("hermod", "wrong")));
    let header = user.hermod.header();
    let sent = user.send(&header, &Ping::new(header.clone())).await;
    bench.sim.desktop().open(&sent.link()).await.unwrap();
    assert_eq!(user.called(1).await[0].status, 401);
    assert_eq!(user.callbacks.counters().unauthenticated, 1);
    bench
        .sim
        .set_callback(&url, Some(("hermod", smartid_tests::CALLBACK_PASSWORD)));
    // The next attempt waits for its time; it is queued when the simulator has read our refusal.
    while !bench
        .sim
        .records()
        .iter()
        .any(|record| record.party == Party::Callback && record.status == Some(401))
    {
        tokio::task::yield_now().await;
    }
    while user.calls().len() < 2 {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        clocks.sim.advance(Duration::from_secs(10));
    }
    assert_eq!(
        waited_once(user, &sent.pending).await.report.unwrap().state,
        State::Success
    );
}

#[tokio::test]
async fn an_outcome_is_kept_for_whoever_asks_later() {
    let bench = Bench::start(Setup::default()).await;
    let user = &bench.user;
    let header = user.hermod.header();
    let sent = user.send(&header, &Ping::new(header.clone())).await;
    bench.sim.desktop().open(&sent.link()).await.unwrap();
    user.called(1).await;
    // A wait that is dropped loses nothing, and what was remembered can be stored.
    let stored = serde_json::to_string(&sent.pending).unwrap();
    drop(user.hermod.wait(&*user.inbox, &sent.pending, &PollPolicy::off()));
    let pending: Pending = serde_json::from_str(&stored).unwrap();
    for _ in 0..2 {
        assert_eq!(
            waited_once(user, &pending).await.report.unwrap().state,
            State::Success
        );
    }
    let inbox: Arc<dyn Inbox> = Arc::new(MemoryInbox::new());
    assert!(
        inbox
            .list(&pending.correlation_ids(), 1)
            .await
            .unwrap()
            .is_empty()
    );
}
