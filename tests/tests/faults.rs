//! Broken networks and servers: every call of the flow, every way to fail. Each run ends in a typed end, in bounded time, and a credential
//! is never reported stored that is not, nor stored and reported as not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::time::Duration;

use smartid::UserId;
use smartid::core::Phase;
use smartid::flows::Service;
use smartid::flows::fido_enrolment::{Confirmation, End, NotBegun};
use smartid_sim::{Fault, FaultKind, Route, RoutePattern, SimConfig};
use smartid_tests::{Setup, World};

async fn run(world: &World) -> End {
    let begun = match world.flow.begin(&UserId::new("alice").unwrap()).await {
        Ok(begun) => begun,
        Err(NotBegun::Ended { end, .. }) => return *end,
        Err(error) => panic!("{error}"),
    };
    let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
    let person = tokio::spawn(async move {
        let _report = desktop.open(&link).await;
    });
    let end = tokio::time::timeout(Duration::from_secs(60), world.flow.complete(&begun.id))
        .await
        .unwrap()
        .unwrap();
    person.abort();
    end
}

/// One fault at one place; what is reported must be what is stored.
async fn with_fault(route: Route, kind: FaultKind, times: u32) -> End {
    let mut setup = Setup::default();
    setup.timeout = Duration::from_secs(4);
    let world = World::start(setup).await;
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(route), kind.clone()).times(times));
    let end = run(&world).await;
    let stored = world.sim.credentials_of("alice").len();
    match &end {
        End::Stored(_) => assert_eq!(stored, 1, "{route:?} {kind:?}: reported stored"),
        // Nothing can be known where every attempt's answer is lost, or the options list nothing.
        End::Uncertain { .. } => assert!(
            times == 0 && route == Route::DaCredentials,
            "{route:?} {kind:?}: {end:?}"
        ),
        other => assert_eq!(stored, 0, "{route:?} {kind:?}: stored, but reported {other:?}"),
    }
    end
}

#[tokio::test]
async fn a_lost_answer_to_the_final_post_is_found_out_by_asking_for_options_anew() {
    for kind in [
        FaultKind::LostReply,
        FaultKind::ResetMidBody,
        FaultKind::TruncatedBody,
    ] {
        let end = with_fault(Route::DaCredentials, kind.clone(), 1).await;
        let End::Stored(credential) = &end else {
            panic!("{kind:?}: {end:?}")
        };
        // A body that is cut is still a success by its status: 201 says it.
        let expected = if matches!(kind, FaultKind::TruncatedBody) {
            Confirmation::Answered
        } else {
            Confirmation::ListedAsExcluded
        };
        assert_eq!(credential.confirmation, expected, "{kind:?}");
    }
}

#[tokio::test]
async fn a_post_that_never_arrived_is_sent_once_more() {
    let end = with_fault(Route::DaCredentials, FaultKind::Reset, 1).await;
    assert!(end.is_stored(), "{end:?}");
}

#[tokio::test]
async fn an_error_page_of_a_proxy_after_the_work_was_done_does_not_hide_the_credential() {
    for status in [429, 500, 502, 503, 504] {
        let mut kind = FaultKind::html(status);
        if let FaultKind::Respond { work, .. } = &mut kind {
            *work = true;
        }
        let end = with_fault(Route::DaCredentials, kind, 1).await;
        assert!(end.is_stored(), "{status}: {end:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_command_is_mended_by_a_new_session() {
    for route in [Route::HermodSession, Route::HermodCreate] {
        let end = with_fault(route, FaultKind::LostReply, 1).await;
        assert!(end.is_stored(), "{route:?}: {end:?}");
        let end = with_fault(route, FaultKind::LostReply, 0).await;
        let End::Unreachable { service, failure, .. } = &end else {
            panic!("{route:?}: {end:?}")
        };
        assert_eq!(
            (*service, failure.phase),
            (Service::Messaging, Phase::PerhapsDone)
        );
    }
}

#[tokio::test]
async fn every_hostile_answer_at_every_call_has_a_typed_end() {
    let kinds = [
        FaultKind::html(200),
        FaultKind::html(503),
        FaultKind::status(500),
        FaultKind::status(401),
        FaultKind::status(204),
        FaultKind::redirect(302, "https://elsewhere.example.test/wa/auth?authmech=x"),
        FaultKind::redirect(307, "https://elsewhere.example.test/"),
        FaultKind::body("application/json", ""),
        FaultKind::body("application/json", "{\"commandId\":"),
        FaultKind::body("application/json", "[]"),
        FaultKind::body(
            "application/json",
            "{\"commandId\":{},\"destinations\":7,\"publicKey\":true}",
        ),
        FaultKind::body("text/plain", "no"),
        FaultKind::Huge { bytes: 10 << 20 },
        FaultKind::DeepJson { depth: 100_000 },
        FaultKind::TruncatedBody,
        FaultKind::Reset,
        FaultKind::ResetMidBody,
    ];
    let mut running = tokio::task::JoinSet::new();
    for route in [Route::DaOptions, Route::HermodSession, Route::HermodCreate] {
        for kind in kinds.clone() {
            running.spawn(async move { (route, kind.clone(), with_fault(route, kind, 0).await) });
        }
    }
    while let Some(ended) = running.join_next().await {
        let (route, kind, end) = ended.unwrap();
        assert!(!end.is_stored(), "{route:?} {kind:?}");
        let advice = end.advice().unwrap();
        assert!(!advice.check.is_empty());
        assert!(!end.to_string().contains("authmech"), "{end}");
    }
}

#[tokio::test]
async fn hostile_answers_to_the_final_post_never_lie() {
    let kinds = [
        FaultKind::html(503),
        FaultKind::status(500),
        FaultKind::status(400),
        FaultKind::redirect(302, "https://elsewhere.example.test/"),
        FaultKind::Reset,
        FaultKind::LostReply,
        FaultKind::ResetMidBody,
    ];
    let mut running = tokio::task::JoinSet::new();
    for kind in kinds {
        for times in [1, 0] {
            let kind = kind.clone();
            running.spawn(async move { with_fault(Route::DaCredentials, kind, times).await });
        }
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn options_that_list_nothing_are_not_taken_for_an_answer() {
    for style in ["null", "absent"] {
        for (kind, ends) in [(FaultKind::LostReply, "uncertain"), (FaultKind::Reset, "stored")] {
            let mut setup = Setup::default();
            setup.sim = SimConfig::from_toml(&format!("[da]\nexclude_credentials = '{style}'")).unwrap();
            let world = World::start(setup).await;
            world.sim.faults().inject(Fault::new(
                RoutePattern::route(Route::DaCredentials),
                kind.clone(),
            ));
            let end = run(&world).await;
            assert_eq!(end.name(), ends, "{style} {kind:?}: {end:?}");
            assert_eq!(world.sim.credentials_of("alice").len(), 1, "{style} {kind:?}");
        }
    }
}

#[tokio::test]
async fn a_service_that_asks_for_patience_gets_it() {
    let mut kind = FaultKind::html(503);
    if let FaultKind::Respond { headers, .. } = &mut kind {
        headers.push(("retry-after".to_owned(), "1".to_owned()));
    }
    let mut setup = Setup::default();
    setup.patience = Duration::from_secs(20);
    let world = World::start(setup).await;
    world
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::route(Route::DaCredentials), kind.clone()).times(4));
    let end = run(&world).await;
    let End::Stored(credential) = &end else {
        panic!("{end:?}")
    };
    assert_eq!(credential.confirmation, Confirmation::Answered);
    // But not for ever.
    let end = with_fault(Route::DaCredentials, kind, 0).await;
    assert_eq!(end.name(), "refused-after-creation", "{end:?}");
}

#[tokio::test]
async fn a_challenge_that_the_look_has_replaced_is_told_as_such() {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[da]\npending_per_user = 1").unwrap();
    let world = World::start(setup).await;
    world.sim.faults().inject(Fault::new(
        RoutePattern::route(Route::DaCredentials),
        FaultKind::Reset,
    ));
    assert_eq!(run(&world).await, End::OptionsExpired);
    assert!(world.sim.credentials_of("alice").is_empty());
}

#[tokio::test]
async fn callbacks_may_come_twice_early_late_or_never() {
    for (route, kind) in [
        (Route::CallbackCreate, FaultKind::CallbackDuplicate { copies: 3 }),
        (Route::CallbackCreate, FaultKind::CallbackDrop),
        (Route::CallbackSession, FaultKind::CallbackDrop),
        (Route::CallbackSession, FaultKind::CallbackHold),
        (Route::HermodCreate, FaultKind::CallbackBeforeReply),
    ] {
        let mut setup = Setup::default();
        if matches!(kind, FaultKind::CallbackBeforeReply) {
            // Only where the link is shown before the create command is sent can its callback come first.
            setup.messaging = smartid::core::dialect::overlay("fido.create_after_open = true").unwrap();
        }
        let world = World::start(setup).await;
        world
            .sim
            .faults()
            .inject(Fault::new(RoutePattern::route(route), kind.clone()));
        let end = run(&world).await;
        assert!(end.is_stored(), "{route:?} {kind:?}: {end:?}");
        assert_eq!(world.sim.credentials_of("alice").len(), 1);
    }
}
