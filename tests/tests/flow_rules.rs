//! Rules of the enrolment that no single run shows: several at once, clocks that jump, flows of another program, what is kept and what not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use smartid::core::dialect::overlay;
use smartid::core::{BlockingWork, BoxFuture, Timestamp, WorkLost};
use smartid::flows::FlowError;
use smartid::flows::fido_enrolment::{End, NotBegun, Resumed};
use smartid::store::FlowRecord;
use smartid::{FlowId, Runtime, TokioRuntime, UserId};
use smartid_sim::{Fault, FaultKind, Record, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World};

fn alice() -> UserId {
    UserId::new("alice").unwrap()
}

fn heard(world: &World, is: impl Fn(&Record) -> bool) -> usize {
    world.sim.records().iter().filter(|record| is(record)).count()
}

/// tokio's, with a clock that can be moved.
#[derive(Debug, Default)]
struct Shifted {
    inner: TokioRuntime,
    ahead: AtomicU64,
}

impl Runtime for Shifted {
    fn now(&self) -> Timestamp {
        self.inner.now() + Duration::from_millis(self.ahead.load(Ordering::SeqCst))
    }
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }
    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.inner.run_blocking(work)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        self.inner.fill_random(bytes);
    }
}

#[tokio::test]
async fn several_who_complete_send_each_command_and_each_credential_once() {
    for (messaging, sim) in [
        ("", ""),
        (
            "fido.create_after_open = true",
            "[hermod.fido]\nrefuse_create_until_open = 409",
        ),
    ] {
        let mut setup = Setup::default();
        setup.messaging = overlay(messaging).unwrap();
        setup.sim = SimConfig::from_toml(sim).unwrap();
        let world = World::start(setup).await;
        for route in [Route::HermodCreate, Route::DaCredentials] {
            let slow = FaultKind::latency(Duration::from_millis(700));
            world
                .sim
                .faults()
                .inject(Fault::new(RoutePattern::route(route), slow));
        }
        let begun = world.flow.begin(&alice()).await.unwrap();
        let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
        let person = tokio::spawn(async move {
            let _report = desktop.open(&link).await;
        });
        let complete = || world.flow.complete(&begun.id);
        let (one, two, three) = tokio::join!(complete(), complete(), complete());
        person.abort();
        for end in [one, two, three] {
            assert!(end.unwrap().is_stored(), "{messaging}");
        }
        let creates = |record: &Record| {
            record
                .json()
                .is_some_and(|body| body.pointer("/fidoCommand/publicKey").is_some())
        };
        assert_eq!(heard(&world, creates), 1, "{messaging}");
        assert_eq!(
            heard(&world, |record| record.path.ends_with("/fido/credentials")),
            1,
            "{messaging}"
        );
    }
}

#[tokio::test]
async fn a_command_does_not_outlive_the_options() {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[da]\ntimeout_ms = 7900").unwrap();
    let world = World::start(setup).await;
    let begun = world.flow.begin(&alice()).await.unwrap();
    assert!(begun.expires.since(world.smartid.runtime().now()) < Duration::from_secs(8));
    for record in world
        .sim
        .records()
        .iter()
        .filter(|record| record.path.ends_with("/command/fido"))
    {
        let timeout = record.json().unwrap()["commandHeader"]["timeout"]
            .as_u64()
            .unwrap();
        assert!((5..8).contains(&timeout), "{timeout}");
    }
}

/// A callback that the receiver has answered.
fn answered(record: &Record) -> bool {
    record.path.ends_with("/callback/fido") && record.status.is_some()
}

#[tokio::test]
async fn a_refusal_after_the_options_have_expired_is_told_as_that() {
    let clock = Arc::new(Shifted::default());
    let mut setup = Setup::default();
    setup.runtime = Arc::clone(&clock) as Arc<dyn Runtime>;
    let world = World::start(setup).await;
    let refused = FaultKind::Respond {
        status: 400,
        content_type: "application/json".to_owned(),
        body: "{\"error\":\"invalid\"}".to_owned(),
        work: false,
        headers: Vec::new(),
    };
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::DaCredentials), refused).times(0));
    for (ahead, name) in [(0, "refused-after-creation"), (3_600_000, "options-expired")] {
        let begun = world.flow.begin(&alice()).await.unwrap();
        let before = heard(&world, answered);
        world.sim.desktop().open(begun.link.expose()).await.unwrap();
        // Both callbacks are here before the clock jumps.
        while heard(&world, answered) < before + 2 {
            tokio::task::yield_now().await;
        }
        clock.ahead.store(ahead, Ordering::SeqCst);
        assert_eq!(world.flow.complete(&begun.id).await.unwrap().name(), name);
        clock.ahead.store(0, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_flow_of_another_kind_or_version_is_refused_and_left_alone() {
    let world = World::start(Setup::default()).await;
    for (flow, version) in [("fido-enrolment", 99), ("other-flow", 1)] {
        let id = FlowId::from_text(format!("{flow}-{version}"));
        let record = FlowRecord::new(
            id.clone(),
            flow,
            version,
            "{}".to_owned(),
            Timestamp::from_millis(0),
        );
        world.smartid.store().insert(record).await.unwrap();
        let error = world.flow.complete(&id).await.unwrap_err();
        assert!(
            matches!(&error, FlowError::UnknownVersion { version: found, .. } if *found == version),
            "{error}"
        );
        assert!(matches!(
            world.flow.resume(&id).await.unwrap_err(),
            NotBegun::Flow {
                error: FlowError::UnknownVersion { .. },
                ..
            }
        ));
        assert_eq!(
            world.smartid.store().load(&id).await.unwrap().unwrap().revision,
            0
        );
    }
    let missing = world.flow.complete(&FlowId::from_text("none")).await.unwrap_err();
    assert!(matches!(missing, FlowError::NotFound(_)));
}

#[tokio::test]
async fn an_ended_flow_keeps_neither_options_nor_registration() {
    let world = World::start(Setup::default()).await;
    let begun = world.flow.begin(&alice()).await.unwrap();
    let state = async || {
        world
            .smartid
            .store()
            .load(&begun.id)
            .await
            .unwrap()
            .unwrap()
            .state
    };
    assert!(state().await.contains("challenge"), "while it runs it needs them");
    assert!(!state().await.contains("token="), "but never the link");
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    assert!(world.flow.complete(&begun.id).await.unwrap().is_stored());
    let state = state().await;
    assert!(
        !state.contains("challenge") && !state.contains("attestationObject"),
        "{state}"
    );
}

#[tokio::test]
async fn what_is_being_begun_is_not_up_for_resumption() {
    let world = World::start(Setup::default()).await;
    let slow = FaultKind::latency(Duration::from_millis(400));
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::HermodSession), slow));
    let later = world.smartid.runtime().now() + Duration::from_secs(60);
    let beginning = tokio::spawn({
        let flow = world.flow.clone();
        async move { flow.begin(&alice()).await }
    });
    // Until the session command is heard, the flow is in the store and somebody works on it.
    while heard(&world, |record| record.path.ends_with("/fido/options")) == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.smartid.store().abandoned(later, 10).await.unwrap(), []);
    let begun = beginning.await.unwrap().unwrap();
    // Once it waits for the person, somebody should look now and then.
    assert_eq!(
        world.smartid.store().abandoned(later, 10).await.unwrap(),
        [begun.id]
    );
}

#[tokio::test]
async fn a_cancelled_flow_stores_nothing() {
    let world = World::start(Setup::default()).await;
    let begun = world.flow.begin(&alice()).await.unwrap();
    world.flow.cancel(&begun.id).await.unwrap();
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    assert_eq!(world.flow.complete(&begun.id).await.unwrap(), End::Cancelled);
    assert!(
        matches!(world.flow.resume(&begun.id).await.unwrap(), Resumed::Ended(end) if *end == End::Cancelled)
    );
    assert!(world.sim.credentials_of("alice").is_empty());
    // Cancelling what has ended changes nothing.
    let begun = world.flow.begin(&alice()).await.unwrap();
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    assert!(world.flow.complete(&begun.id).await.unwrap().is_stored());
    world.flow.cancel(&begun.id).await.unwrap();
    assert!(world.flow.complete(&begun.id).await.unwrap().is_stored());
}

#[tokio::test]
async fn an_end_says_what_happened_once_and_whose_turn_it_is_once() {
    let world = World::start(Setup::default()).await;
    let refused = world
        .flow
        .begin(&UserId::new("nobody").unwrap())
        .await
        .unwrap_err();
    let NotBegun::Ended { end, .. } = refused else {
        panic!("{refused:?}")
    };
    assert!(!end.to_string().contains("Turn of"), "{end}");
    assert!(end.advice().unwrap().to_string().starts_with("Turn of "));
}

#[tokio::test]
async fn a_state_that_the_dialect_does_not_know_is_not_blamed_on_the_user() {
    let mut setup = Setup::default();
    setup.timeout = Duration::from_secs(1);
    setup.sim = SimConfig::from_toml("[hermod.states]\nsuccess = 'DONE'").unwrap();
    let world = World::start(setup).await;
    let begun = world.flow.begin(&alice()).await.unwrap();
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    let end = world.flow.complete(&begun.id).await.unwrap();
    assert_eq!(end.name(), "unreadable-answer", "{end:?}");
    assert!(end.to_string().contains("state DONE"), "{end}");
    assert!(end.advice().unwrap().check.contains("states.success"), "{end:?}");
}

#[tokio::test]
async fn garbage_from_the_app_is_a_matter_for_the_administrator() {
    let world = World::start(Setup::default()).await;
    world.sim.set_persona(smartid_sim::Persona::Garbage);
    let begun = world.flow.begin(&alice()).await.unwrap();
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    let end = world.flow.complete(&begun.id).await.unwrap();
    assert_eq!(
        (end.name(), end.advice().unwrap().turn),
        ("unreadable-answer", smartid::Turn::Administrator),
        "{end:?}"
    );
}
