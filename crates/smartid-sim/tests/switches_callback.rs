//! Each switch of callbacks, changed by its TOML key, and what then arrives at the integrator.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use common::{Bench, unb64};
use raw_device::{Device, body, commands, id, mid};
use serde_json::{Value, json};
use std::time::Duration;

async fn flow(toml: &str) -> common::Callback {
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    receiver.next_of(&id).await
}

#[tokio::test]
async fn paths() {
    let callback = flow("[hermod.callback]\npath = \"cb/{verb}/done\"").await;
    assert_eq!(callback.path, "/hook/cb/fido/done");
    let toml = "[hermod.callback]\nsession_path = \"session\"\ncreate_path = \"create\"";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let options = bench.options("alice").await.text;
    let (link, ..) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    assert_eq!(receiver.next().await.path, "/hook/session");
    assert_eq!(receiver.next().await.path, "/hook/create");
}

#[tokio::test]
async fn the_registration_stands_where_told() {
    let body = flow("[hermod.callback]\nregistration_pointer = \"/result/credential\"\nformat = \"\"")
        .await
        .json();
    assert!(body["result"]["credential"]["id"].is_string());
    assert!(body.get("response").is_none());
    let toml = "[hermod.callback]\nregistration_encoding = \"string\"\nformat = \"json\"\nmoves = [{from = \"/response\", to = \"/answer\"}]";
    let body = flow(toml).await.json();
    let text: Value = serde_json::from_str(body["answer"]["data"].as_str().unwrap()).unwrap();
    assert!(text["rawId"].is_string());
    assert_eq!(body["answer"]["format"], "json");
    let body = flow("[hermod.callback]\nregistration_encoding = \"base64url\"")
        .await
        .json();
    let text: Value = serde_json::from_slice(&unb64(body["response"]["data"].as_str().unwrap())).unwrap();
    assert!(text["rawId"].is_string());
}

#[tokio::test]
async fn the_session_callback_may_be_missing() {
    let (bench, mut receiver) = Bench::with_receiver("[hermod.callback]\nsession = false").await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    assert_eq!(receiver.next().await.json()["commandId"], id);
    let (bench, mut receiver) = Bench::with_receiver("[hermod.callback]\nenabled = false").await;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    assert_eq!(bench.state(&id).await.json()["state"], "SUCCESS");
    assert!(receiver.none_waits());
}

#[tokio::test]
async fn attempts_delay_and_success() {
    let toml = "[hermod.callback]\nattempts = 3\nretry_delay_seconds = 40\nsuccess_status = [204]";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    receiver.answer_with(&[500, 200, 204]);
    bench.session().await;
    bench.sim.advance(Duration::from_secs(250));
    assert_eq!(receiver.next().await.json()["state"], "TIMEOUT");
    // 200 is not the status that was asked for, so there is a third attempt, and no fourth.
    let mut waited = 0;
    while callbacks(&bench).len() < 3 {
        waited += 1;
        bench.sim.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
        assert!(waited < 1_000_000);
    }
    receiver.next().await;
    receiver.next().await;
    assert!(waited >= 80, "two delays of 40 seconds, {waited}");
    bench.sim.advance(Duration::from_secs(100));
    while callbacks(&bench)[2].0.is_none() {
        tokio::task::yield_now().await;
    }
    let notes: Vec<_> = callbacks(&bench);
    assert_eq!(notes[0], (Some(500), Some("callback_refused".into())));
    assert_eq!(notes[1], (Some(200), Some("callback_refused".into())));
    assert_eq!(notes[2], (Some(204), None));
    assert!(receiver.none_waits());
}

fn callbacks(bench: &Bench) -> Vec<(Option<u16>, Option<String>)> {
    bench
        .sim
        .records()
        .into_iter()
        .filter(|record| record.party == smartid_sim::Party::Callback)
        .map(|record| (record.status, record.code))
        .collect()
}

#[tokio::test]
async fn one_attempt_is_the_default_and_failures_are_noted() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    receiver.answer_with(&[500]);
    bench.session().await;
    bench.sim.advance(Duration::from_secs(250));
    receiver.next().await;
    bench.sim.advance(Duration::from_secs(3600));
    assert!(receiver.none_waits());

    let bench = Bench::from_toml("").await;
    bench.session().await;
    bench.sim.advance(Duration::from_secs(250));
    while callbacks(&bench).iter().all(|(_, code)| code.is_none()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(callbacks(&bench)[0].1.as_deref(), Some("no_callback_url"));
}

#[tokio::test]
async fn a_receiver_that_never_answers_is_given_up() {
    // A socket that accepts and stays silent.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let bench = Bench::from_toml("[hermod.callback]\nattempt_timeout_seconds = 0").await;
    bench.sim.set_callback(&url, None);
    bench.session().await;
    bench.sim.advance(Duration::from_secs(250));
    while callbacks(&bench).iter().all(|(_, code)| code.is_none()) {
        tokio::task::yield_now().await;
    }
    assert!(
        callbacks(&bench)[0]
            .1
            .as_deref()
            .unwrap()
            .contains("no answer in time")
    );
}

#[tokio::test]
async fn https_receivers_are_trusted_by_their_authority_only() {
    // A second simulator serves as an https receiver with a foreign authority: it answers 404, which shows that TLS was accepted.
    let other = Bench::from_toml("").await;
    let url = other.sim.da_base_url();
    for trusted in [false, true] {
        let pem = if trusted { other.sim.ca_pem() } else { "" };
        let bench = Bench::from_toml(&format!("[hermod.callback]\nextra_ca_pem = '''{pem}'''")).await;
        bench.sim.set_callback(&url, None);
        bench.session().await;
        bench.sim.advance(Duration::from_secs(250));
        while callbacks(&bench).iter().all(|(_, code)| code.is_none()) {
            tokio::task::yield_now().await;
        }
        assert_eq!(callbacks(&bench)[0].0, trusted.then_some(404));
    }
    let bench = Bench::from_toml("").await;
    bench.sim.trust_for_callbacks(other.sim.ca_pem()).unwrap();
    bench.sim.set_callback(&url, None);
    bench.session().await;
    bench.sim.advance(Duration::from_secs(250));
    while callbacks(&bench).iter().all(|(_, code)| code.is_none()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(callbacks(&bench)[0].0, Some(404));
}

#[tokio::test]
async fn every_command_is_called_back_again_and_in_the_end_times_out() {
    let toml = "[hermod.callback]\nattempts = 2\nretry_delay_seconds = 7";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    for (verb, wrapper, kind, command) in commands() {
        let send = async || {
            let answer = bench
                .command(verb, body(&["@tmp"], wrapper, command.clone()))
                .await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            answer.json()
        };
        let sent = send().await;
        let device = Device::open(&bench, &sent).await;
        receiver.answer_with(&[500]);
        let answer = json!({"state": "CANCELLED", "error": {"code": "X"}});
        assert_eq!(device.answer(&mid(&sent, 0), &answer).await.status, 204);
        let first = receiver.next().await;
        assert_eq!(first.path, format!("/hook/callback/{verb}"));
        let told = first.json();
        assert_eq!(
            (&told["state"], &told["error"]["code"]),
            (&json!("CANCELLED"), &json!("X"))
        );
        assert_eq!(
            (&told["commandType"], &told["commandId"]),
            (&json!(kind), &sent["commandId"])
        );
        let due = bench.sim.clock().now() + Duration::from_secs(7);
        let again = tokio::select! {
            again = receiver.next() => again,
            () = async {
                loop {
                    bench.sim.advance(Duration::from_secs(1));
                    tokio::task::yield_now().await;
                }
            } => panic!("time does not end"),
        };
        assert_eq!((again.path, again.text), (first.path, first.text));
        assert!(bench.sim.clock().now() >= due);

        let sent = send().await;
        let device = Device::open(&bench, &sent).await;
        bench.sim.advance(Duration::from_secs(250));
        let told = receiver.next_of(&id(&sent)).await;
        assert_eq!(told.path, format!("/hook/callback/{verb}"));
        assert_eq!(told.json()["state"], "TIMEOUT");
        assert_eq!(device.fetch(&mid(&sent, 0)).await.status, 404);
        assert_eq!(device.answer(&mid(&sent, 0), &answer).await.status, 404);
        assert_eq!(bench.state(&id(&sent)).await.json()["state"], "TIMEOUT");
        bench.sim.advance(Duration::from_secs(50));
        assert_eq!(bench.state(&id(&sent)).await.status, 404);
    }
    assert!(receiver.none_waits());
}
