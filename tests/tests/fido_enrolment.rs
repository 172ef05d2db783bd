//! The FIDO enrolment from end to end: real clients, real HTTPS, the simulator's people.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::time::Duration;

use smartid::da::fido::preflight::{Preflight, StatementRule};
use smartid::flows::fido_enrolment::{Begun, Confirmation, End, NotBegun, Resumed};
use smartid::hermod::wait::PollPolicy;
use smartid::store::Mark;
use smartid::{FlowId, UserId};
use smartid_sim::{Persona, SimConfig};
use smartid_tests::{Setup, World};

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// Begins for alice, lets the persona click the link, and completes.
async fn enrol(world: &World) -> (FlowId, End) {
    let begun = world.flow.begin(&user("alice")).await.unwrap();
    let opened = click(world, &begun);
    let end = world.flow.complete(&begun.id).await.unwrap();
    opened.abort();
    (begun.id, end)
}

fn click(world: &World, begun: &Begun) -> tokio::task::JoinHandle<()> {
    let (desktop, link) = (world.sim.desktop(), begun.link.expose().to_owned());
    tokio::spawn(async move {
        let _report = desktop.open(&link).await;
    })
}

async fn world_of(persona: Persona) -> World {
    let world = World::start(Setup::default()).await;
    world.sim.set_persona(persona);
    world
}

fn short() -> Setup {
    let mut setup = Setup::default();
    setup.timeout = Duration::from_secs(2);
    setup
}

#[tokio::test]
async fn an_approving_user_gets_a_credential_and_can_log_in_with_it() {
    let world = world_of(Persona::Approves).await;
    let (id, end) = enrol(&world).await;
    let End::Stored(credential) = end else {
        panic!("{end:?}")
    };
    assert_eq!(
        (credential.user.as_str(), credential.confirmation),
        ("alice", Confirmation::Answered)
    );
    let stored = world.sim.credentials_of("alice");
    assert_eq!(stored.len(), 1);
    let id_text = smartid_core::base64::encode(smartid_core::base64::Flavour::Url, &stored[0].credential_id);
    assert_eq!(
        (credential.credential_id, credential.algorithm),
        (id_text, stored[0].algorithm)
    );
    world.sim.login("alice").await.unwrap();
    assert_eq!(
        (
            credential.attestation_kind.as_str(),
            credential.attestation_check.as_str()
        ),
        ("none", "verified")
    );
    assert_eq!(
        (credential.attestation_signature.as_str(), credential.method),
        ("not-checked", None)
    );

    let journal = world.flow.journal(&id).await.unwrap();
    let intents: Vec<&str> = journal
        .iter()
        .filter(|line| line.mark == Mark::Intent)
        .map(|line| line.step.as_str())
        .collect();
    assert_eq!(
        intents,
        [
            "open-session",
            "create-credential",
            "show-link",
            "store-credential"
        ]
    );
    // Asking again gives the same end and does nothing.
    assert!(world.flow.complete(&id).await.unwrap().is_stored());
    assert_eq!(world.sim.credentials_of("alice").len(), 1);
}

#[tokio::test]
async fn each_persona_has_its_end() {
    for (persona, name) in [
        (Persona::Declines, "declined"),
        (Persona::Cancels, "cancelled"),
        (Persona::AnswersTwice, "stored"),
        (Persona::WrongChallenge, "credential-rejected"),
        (Persona::WrongOrigin, "credential-rejected"),
        (Persona::AlreadyRegistered, "already-registered"),
    ] {
        let world = world_of(persona).await;
        let (_, end) = enrol(&world).await;
        assert_eq!(end.name(), name, "{persona}: {end:?}");
        assert_eq!(
            world.sim.credentials_of("alice").len(),
            usize::from(end.is_stored()),
            "{persona}"
        );
        assert_eq!(end.advice().is_none(), end.is_stored(), "{persona}");
    }
}

#[tokio::test]
async fn the_rejected_checks_are_named() {
    for (persona, check) in [
        (Persona::WrongChallenge, "challenge-mismatch"),
        (Persona::WrongOrigin, "origin-mismatch"),
    ] {
        let (_, end) = enrol(&world_of(persona).await).await;
        let End::CredentialRejected { check: found, .. } = end else {
            panic!("{end:?}")
        };
        assert_eq!(found, check);
    }
}

/// A world whose app forges the signature of its attestation.
async fn forging_world() -> World {
    let mut setup = Setup::default();
    setup.sim = SimConfig::from_toml("[desktop]\nattestation = \"packed\"").unwrap();
    let world = World::start(setup).await;
    world.sim.set_persona(Persona::ForgesSignature);
    world
}

#[tokio::test]
async fn a_forged_signature_is_not_sent() {
    let world = forging_world().await;
    let (_, end) = enrol(&world).await;
    let End::CredentialRejected { check, .. } = &end else {
        panic!("{end:?}")
    };
    assert_eq!(check, "attestation-signature");
    let posts = world.sim.records();
    assert!(
        !posts
            .iter()
            .any(|record| record.path.ends_with("/fido/credentials"))
    );
}

#[tokio::test]
async fn a_forged_signature_is_refused_by_digital_access_after_creation() {
    let mut world = forging_world().await;
    world.flow = world
        .flow
        .preflight(Preflight::new().attestation(StatementRule::Report));
    let (_, end) = enrol(&world).await;
    assert_eq!(end.name(), "refused-after-creation", "{end:?}");
    assert!(world.sim.credentials_of("alice").is_empty());
}

#[tokio::test]
async fn a_link_that_nobody_opens_ends_in_time() {
    let world = World::start(short()).await;
    let begun = world.flow.begin(&user("alice")).await.unwrap();
    let end = tokio::time::timeout(Duration::from_secs(15), world.flow.complete(&begun.id))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(end, End::LinkNeverOpened);
}

#[tokio::test]
async fn it_works_by_callback_alone_and_by_polling_alone() {
    let mut by_callback = Setup::default();
    by_callback.polling = PollPolicy::off();
    let mut by_poll = Setup::default();
    by_poll.callbacks = false;
    by_poll.polling =
        PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100));
    for setup in [by_callback, by_poll] {
        let (_, end) = enrol(&World::start(setup).await).await;
        assert!(end.is_stored(), "{end:?}");
    }
}

#[tokio::test]
async fn an_unknown_user_and_a_second_authenticator_are_told_apart() {
    let world = world_of(Persona::Approves).await;
    let refused = world.flow.begin(&user("nobody")).await.unwrap_err();
    let NotBegun::Ended { end, .. } = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(end.name(), "options-refused");

    assert!(enrol(&world).await.1.is_stored());
    // The same authenticator again: it holds one of the excluded credentials.
    let (_, end) = enrol(&world).await;
    assert_eq!(end.name(), "already-registered", "{end:?}");
    assert_eq!(world.sim.credentials_of("alice").len(), 1);
}

#[tokio::test]
async fn dropping_complete_loses_nothing() {
    let world = world_of(Persona::Approves).await;
    let begun = world.flow.begin(&user("alice")).await.unwrap();
    let first = tokio::time::timeout(Duration::from_millis(30), world.flow.complete(&begun.id)).await;
    assert!(first.is_err(), "nobody has clicked yet");
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    // Cut short at many places: each time somebody else carries on.
    for wait in 1..40 {
        let cut = tokio::time::timeout(Duration::from_millis(wait), world.flow.complete(&begun.id)).await;
        if let Ok(end) = cut {
            assert!(end.unwrap().is_stored());
            break;
        }
    }
    assert!(world.flow.complete(&begun.id).await.unwrap().is_stored());
    assert_eq!(world.sim.credentials_of("alice").len(), 1);
}

#[tokio::test]
async fn several_who_complete_one_flow_all_get_its_end_and_it_is_stored_once() {
    let world = world_of(Persona::Approves).await;
    let begun = world.flow.begin(&user("alice")).await.unwrap();
    let _person = click(&world, &begun);
    let (one, two, three) = tokio::join!(
        world.flow.complete(&begun.id),
        world.flow.complete(&begun.id),
        world.flow.complete(&begun.id)
    );
    for end in [one, two, three] {
        assert!(end.unwrap().is_stored());
    }
    let posts = world
        .sim
        .records()
        .into_iter()
        .filter(|record| record.path.ends_with("/fido/credentials"))
        .count();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn a_flow_whose_begin_returned_is_resumed_as_waiting_and_later_as_ended() {
    let world = world_of(Persona::Approves).await;
    let begun = world.flow.begin(&user("alice")).await.unwrap();
    assert!(matches!(
        world.flow.resume(&begun.id).await.unwrap(),
        Resumed::Waiting { .. }
    ));
    world.sim.desktop().open(begun.link.expose()).await.unwrap();
    world.flow.complete(&begun.id).await.unwrap();
    assert!(matches!(world.flow.resume(&begun.id).await.unwrap(), Resumed::Ended(end) if end.is_stored()));
}

#[tokio::test]
async fn a_begin_that_was_interrupted_is_resumed_with_a_new_link() {
    let world = world_of(Persona::Approves).await;
    // Interrupt begin() at many places; whatever is in the store then must be resumable.
    for wait in [1_u64, 3, 6, 10, 15, 25] {
        let flow = world.flow.clone();
        let cut = tokio::time::timeout(Duration::from_millis(wait), flow.begin(&user("bob"))).await;
        drop(cut);
    }
    let store = world.smartid.store();
    let due = store
        .abandoned(world.smartid.runtime().now() + Duration::from_secs(3600), 100)
        .await
        .unwrap();
    assert!(!due.is_empty());
    let mut shown = 0;
    for id in due {
        match world.flow.resume(&id).await.unwrap() {
            Resumed::Show(begun) if shown == 0 => {
                shown += 1;
                world.sim.desktop().open(begun.link.expose()).await.unwrap();
                assert!(world.flow.complete(&id).await.unwrap().is_stored());
            }
            _ => {}
        }
    }
    assert!(shown <= 1);
    assert_eq!(world.sim.credentials_of("bob").len(), shown);
}
