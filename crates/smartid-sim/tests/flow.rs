//! The whole provisioning flow by raw HTTP, and each persona in it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Bench, Receiver};
use serde_json::{Value, json};
use smartid_sim::config::{AttestationChoice, DesktopStage, SecondAnswer};
use smartid_sim::{Persona, Sim, SimClock};
use std::time::Duration;

async fn bench(persona: Persona) -> (Bench, Receiver) {
    let sim = Sim::builder()
        .seed(7)
        .clock(SimClock::manual())
        .persona(persona)
        .start()
        .await
        .unwrap();
    let receiver = Receiver::start().await;
    sim.set_callback(&receiver.url, Some(("hermod", "secret")));
    (Bench::new(sim), receiver)
}

#[tokio::test]
async fn a_credential_is_made_stored_and_logs_in() {
    let (bench, mut receiver) = bench(Persona::Approves).await;
    let options = bench.options("alice").await;
    assert_eq!(options.status, 200);
    let (link, session_id, create_id) = bench.begin(&options.text).await;
    assert!(
        link.starts_with("com.nexusgroup.plugout:///?url=https%3a%2f%2flocalhost%3A"),
        "{link}"
    );

    let report = bench.sim.desktop().open(&link).await.unwrap();
    assert!(report.opened);
    assert_eq!(report.messages, 2);
    assert_eq!(
        report.options.as_deref(),
        Some(options.text.as_str()),
        "the options reach the app byte for byte"
    );

    let callback = receiver.next().await;
    assert_eq!(callback.path, "/hook/callback/fido");
    assert_eq!(
        callback.authorization.as_deref(),
        Some("Basic aGVybW9kOnNlY3JldA==")
    );
    let session = callback.json();
    assert_eq!(
        (session["commandId"].as_str(), session["state"].as_str()),
        (Some(session_id.as_str()), Some("SUCCESS"))
    );
    assert_eq!(session["externalId"], "session-1");
    assert!(session.get("response").is_none());

    let create = receiver.next().await.json();
    assert_eq!(create["commandId"], create_id);
    assert_eq!(create["commandType"], "FIDO");
    assert_eq!(create["response"]["format"], "webauthn");
    let destination = create["destinations"][0].as_object().unwrap();
    assert_eq!(
        destination.keys().collect::<Vec<_>>(),
        ["bid", "location", "mid", "to"]
    );

    let state = bench.state(&create_id).await.json();
    assert_eq!(state["state"], "SUCCESS");
    assert_eq!(state["response"]["data"], create["response"]["data"]);

    let stored = bench
        .credentials("alice", &create["response"]["data"].to_string())
        .await;
    assert_eq!((stored.status, stored.text.as_str()), (201, ""));
    let credentials = bench.sim.credentials_of("alice");
    assert_eq!(credentials.len(), 1);
    assert_eq!(
        (credentials[0].algorithm, credentials[0].format.as_str()),
        (-7, "none")
    );
    assert_eq!(credentials[0].aaguid, smartid_sim::SIM_AAGUID);

    let login = bench.sim.login("alice").await.unwrap();
    assert_eq!((login.user.as_str(), login.sign_count), ("alice", 2));
    assert_eq!(bench.sim.login("alice").await.unwrap().sign_count, 3);
    assert_eq!(bench.sim.login_without_name().await.unwrap().user, "alice");
    assert_eq!(bench.sim.credentials_of("alice")[0].sign_count, 4);

    bench.sim.desktop().rewind_counters();
    let refused = bench.sim.login("alice").await.unwrap_err().to_string();
    assert!(refused.contains("sign_count"), "{refused}");
    assert!(bench.sim.login("bob").await.is_err());
    let shown = format!("{report:?} {:?} {:?}", bench.sim, bench.sim.records());
    for secret in [
        bench.sim.hermod_key(),
        bench.sim.da_token(),
        link.rsplit('=').next().unwrap(),
    ] {
        assert!(!shown.contains(secret));
    }
}

#[tokio::test]
async fn a_second_registration_on_the_same_authenticator_is_refused_by_it() {
    let (bench, mut receiver) = bench(Persona::Approves).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    let data = receiver.next_of(&id).await.json()["response"]["data"].to_string();
    assert_eq!(bench.credentials("alice", &data).await.status, 201);

    let options = bench.options("alice").await;
    assert_eq!(options.json()["excludeCredentials"].as_array().unwrap().len(), 1);
    let (link, _, id) = bench.begin(&options.text).await;
    bench.sim.desktop().open(&link).await.unwrap();
    let body = receiver.next_of(&id).await.json();
    assert_eq!(
        (body["state"].as_str(), body["error"]["code"].as_str()),
        (Some("FAILED"), Some("InvalidStateError"))
    );
    assert!(body.get("response").is_none());
}

/// Runs a persona and gives the callback of the create command.
async fn outcome(persona: Persona) -> (Bench, Value) {
    let (bench, mut receiver) = bench(persona).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    let body = receiver.next_of(&id).await.json();
    (bench, body)
}

#[tokio::test]
async fn declining_and_cancelling_have_their_states() {
    for (persona, state) in [(Persona::Declines, "REJECTED"), (Persona::Cancels, "CANCELLED")] {
        let (_, body) = outcome(persona).await;
        assert_eq!(body["state"], state);
        assert!(body.get("response").is_none() && body.get("error").is_none());
    }
}

#[tokio::test]
async fn declining_at_the_session_stage_ends_the_session_command() {
    let (bench, mut receiver) = bench(Persona::Declines).await;
    bench
        .sim
        .reconfigure(|config| config.desktop.stage = DesktopStage::Session);
    let options = bench.options("alice").await.text;
    let (link, session_id, create_id) = bench.begin(&options).await;
    let report = bench.sim.desktop().open(&link).await.unwrap();
    assert_eq!(receiver.next_of(&session_id).await.json()["state"], "REJECTED");
    assert_eq!(report.registration, None);
    bench.sim.advance(Duration::from_secs(250));
    assert_eq!(receiver.next_of(&create_id).await.json()["state"], "TIMEOUT");
}

#[tokio::test]
async fn nobody_opens_and_both_commands_time_out() {
    let (bench, mut receiver) = bench(Persona::NeverOpens).await;
    let options = bench.options("alice").await.text;
    let (link, session_id, create_id) = bench.begin(&options).await;
    let report = bench.sim.desktop().open(&link).await.unwrap();
    assert!(!report.opened);
    bench.sim.advance(Duration::from_secs(249));
    assert_eq!(bench.state(&create_id).await.json()["state"], "IN_PROGRESS");
    assert!(receiver.none_waits());
    bench.sim.advance(Duration::from_secs(1));
    for id in [&session_id, &create_id] {
        let body = receiver.next_of(id).await.json();
        assert_eq!(body["state"], "TIMEOUT");
        assert!(body.get("response").is_none());
    }
    assert_eq!(bench.state(&create_id).await.json()["state"], "TIMEOUT");
    // Too late: the link is dead, the command is still known until its lifespan, then gone.
    assert!(
        bench
            .sim
            .desktop()
            .open_as(&link, Persona::Approves)
            .await
            .is_err()
    );
    assert_eq!(bench.code(link_box(&link)).as_deref(), Some("link_expired"));
    bench.sim.advance(Duration::from_secs(50));
    assert_eq!(bench.state(&create_id).await.status, 404);
}

fn link_box(link: &str) -> &str {
    link.split("%2Fms%2F").nth(1).unwrap().split('&').next().unwrap()
}

#[tokio::test]
async fn a_link_works_once() {
    let (bench, mut receiver) = bench(Persona::Approves).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    receiver.next_of(&id).await;
    assert!(bench.sim.desktop().open(&link).await.is_err());
    assert_eq!(bench.code(link_box(&link)).as_deref(), Some("link_used_or_wrong"));
}

#[tokio::test]
async fn the_slow_person_answers_after_their_time() {
    let (bench, mut receiver) = bench(Persona::Slow).await;
    let options = bench.options("alice").await.text;
    let (link, session_id, create_id) = bench.begin(&options).await;
    let app = tokio::spawn({
        let desktop = bench.sim.desktop();
        async move { desktop.open(&link).await }
    });
    receiver.next_of(&session_id).await;
    // The app has to have fetched the message before time moves.
    while bench
        .sim
        .records()
        .iter()
        .filter(|r| r.header("x-session").is_some() && r.method == "GET" && r.status.is_some())
        .count()
        < 2
    {
        tokio::task::yield_now().await;
    }
    assert!(receiver.none_waits());
    // Twenty seconds of the simulator's time have to pass; the app gets plenty of turns between the steps.
    let mut advanced = 0;
    while !app.is_finished() && advanced < 240 {
        bench.sim.advance(Duration::from_secs(5));
        advanced += 5;
        for _ in 0..20_000 {
            if app.is_finished() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    assert!(advanced >= 20, "{advanced}");
    let report = app.await.unwrap().unwrap();
    assert!(
        report
            .actions
            .iter()
            .any(|action| action.contains("thought for 20 seconds")),
        "{report:?}"
    );
    assert_eq!(receiver.next_of(&create_id).await.json()["state"], "SUCCESS");
}

#[tokio::test]
async fn a_second_answer_is_refused_or_relayed() {
    let (bench, mut receiver) = bench(Persona::AnswersTwice).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    let report = bench.sim.desktop().open(&link).await.unwrap();
    assert!(report.actions.last().unwrap().ends_with("409"));
    receiver.next_of(&id).await;
    assert!(receiver.none_waits());

    bench
        .sim
        .reconfigure(|config| config.hermod.second_answer = SecondAnswer::Relay);
    let options = bench.options("bob").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    let first = receiver.next_of(&id).await;
    assert_eq!(first.text, receiver.next_of(&id).await.text);
}

#[tokio::test]
async fn what_wrong_personas_make_is_refused_by_digital_access_for_that_reason() {
    for (persona, code) in [
        (Persona::WrongChallenge, "challenge_unknown"),
        (Persona::WrongOrigin, "origin"),
        (Persona::ForgesSignature, "attestation_signature"),
        (Persona::Garbage, "json_unknown_member"),
    ] {
        let (bench, body) = outcome(persona).await;
        assert_eq!(body["state"], "SUCCESS", "{persona}");
        let answer = bench
            .credentials("alice", &body["response"]["data"].to_string())
            .await;
        assert_eq!(answer.status, 400, "{persona}");
        assert_eq!(answer.json()["error"], code, "{persona}");
        assert_eq!(bench.code("/fido/credentials").as_deref(), Some(code));
        assert!(bench.sim.credentials_of("alice").is_empty());
    }
}

#[tokio::test]
async fn already_registered_says_so_without_looking() {
    let (_, body) = outcome(Persona::AlreadyRegistered).await;
    assert_eq!(body["error"]["code"], "InvalidStateError");
    assert_eq!(body["state"], "FAILED");
}

#[tokio::test]
async fn every_algorithm_and_attestation_is_made_accepted_and_logs_in() {
    use AttestationChoice::{FidoU2f, None, Packed, PackedX5c};
    let sim = Sim::builder().seed(1).start().await.unwrap();
    let bench = Bench::new(sim);
    let mut number = 0;
    for algorithm in [-7, -8, -35, -36, -257, -258, -259] {
        for attestation in [None, Packed, PackedX5c, FidoU2f] {
            if attestation == FidoU2f && algorithm != -7 {
                continue;
            }
            number += 1;
            let user = format!("user{number}");
            bench.sim.add_user(&user);
            bench.sim.reconfigure(|config| {
                config.desktop.algorithms = vec![algorithm];
                config.desktop.attestation = attestation;
            });
            let options = bench.options(&user).await.text;
            let registration = bench.sim.desktop().register(&options).unwrap();
            let answer = bench.credentials(&user, &registration).await;
            assert_eq!(answer.status, 201, "{algorithm} {attestation:?}: {}", answer.text);
            assert_eq!(bench.sim.credentials_of(&user)[0].algorithm, algorithm);
            assert_eq!(bench.sim.login(&user).await.unwrap().user, user);
        }
    }
}

#[tokio::test]
async fn a_seed_repeats_the_run() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (bench, _receiver) = bench(Persona::Approves).await;
        let session = bench.session().await.json();
        seen.push(json!([
            session["commandId"],
            session["destinations"][0]["bid"],
            session["destinations"][0]["mid"],
            bench.options("alice").await.json()["challenge"],
            bench.sim.hermod_key(),
        ]));
    }
    assert_eq!(seen[0], seen[1]);
}
