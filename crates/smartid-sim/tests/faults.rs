//! Faults: each one is seen by a raw client as what it claims to be, and the work behind it was or was not done.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Bench, Receiver, session_body};
use smartid_sim::{Fault, FaultKind, Party, Route, RoutePattern};
use std::time::Duration;

async fn bench() -> Bench {
    Bench::from_toml("").await
}

/// The session command as a result, since faults break connections.
async fn try_session(bench: &Bench) -> Result<reqwest::Response, reqwest::Error> {
    bench
        .http
        .post(format!("{}/fido", bench.sim.hermod_command_url()))
        .header(
            "x-api-key",
            common::api_key(bench.sim.hermod_client_id(), bench.sim.hermod_key()),
        )
        .header("content-type", "application/json")
        .body(session_body().to_string())
        .send()
        .await
}

/// How many commands Smart ID Messaging knows: the next id tells.
async fn commands_before(bench: &Bench) -> u64 {
    bench.session().await.json()["commandId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

#[tokio::test]
async fn reset_and_lost_reply_differ_in_the_work() {
    let bench = bench().await;
    let first = commands_before(&bench).await;
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodSession, FaultKind::Reset));
    assert!(try_session(&bench).await.is_err());
    assert_eq!(commands_before(&bench).await, first + 1, "nothing was done");
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodSession, FaultKind::LostReply));
    assert!(try_session(&bench).await.is_err());
    assert_eq!(commands_before(&bench).await, first + 3, "the work was done");
    let codes: Vec<_> = bench
        .sim
        .records()
        .into_iter()
        .filter_map(|record| record.code)
        .collect();
    assert!(codes.contains(&"fault:reset".to_owned()) && codes.contains(&"fault:lost_reply".to_owned()));
}

#[tokio::test]
async fn a_lost_reply_at_the_final_post_leaves_a_stored_credential() {
    let bench = bench().await;
    let options = bench.options("alice").await.text;
    let registration = bench.sim.desktop().register(&options).unwrap();
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::DaCredentials, FaultKind::LostReply));
    let url = format!("{}/fido/credentials?userId=alice", bench.sim.da_base_url());
    let sent = bench
        .http
        .post(url)
        .bearer_auth(bench.sim.da_token())
        .header("content-type", "application/json")
        .body(registration)
        .send()
        .await;
    assert!(sent.is_err());
    let anew = bench.options("alice").await.json();
    assert_eq!(anew["excludeCredentials"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_body_breaks_off_in_the_middle() {
    let bench = bench().await;
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodSession, FaultKind::ResetMidBody));
    let response = try_session(&bench).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.content_length().unwrap() > 100);
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn answers_are_replaced() {
    let bench = bench().await;
    let inject = |kind: FaultKind| bench.sim.faults().inject(Fault::new(Route::HermodSession, kind));
    inject(FaultKind::html(503));
    let answer = bench.session().await;
    assert_eq!((answer.status, answer.text.contains("<html>")), (503, true));
    inject(FaultKind::status(500));
    assert_eq!(bench.session().await.text, "");
    inject(FaultKind::redirect(307, "https://elsewhere.example.test/"));
    assert_eq!(
        bench.session().await.headers["location"],
        "https://elsewhere.example.test/"
    );
    inject(FaultKind::body("application/json", "[1,"));
    assert_eq!(bench.session().await.text, "[1,");
    inject(FaultKind::Huge { bytes: 10 << 20 });
    assert_eq!(bench.session().await.text.len(), 10 << 20);
    inject(FaultKind::DeepJson { depth: 5000 });
    assert_eq!(bench.session().await.text.len(), 10_000);
    inject(FaultKind::TruncatedBody);
    let answer = bench.session().await;
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_err());
    let before = commands_before(&bench).await;
    inject(FaultKind::Respond {
        status: 502,
        content_type: "text/plain".into(),
        body: "bad gateway".into(),
        work: true,
        headers: vec![("retry-after".into(), "7".into())],
    });
    let answer = bench.session().await;
    assert_eq!(
        (answer.status, answer.headers["retry-after"].to_str().unwrap()),
        (502, "7")
    );
    assert_eq!(commands_before(&bench).await, before + 2);
}

#[tokio::test]
async fn latency_is_measured_on_the_simulators_clock() {
    let bench = bench().await;
    bench.sim.faults().inject(Fault::new(
        RoutePattern::path("*/command/*").method("POST"),
        FaultKind::latency(Duration::from_secs(30)),
    ));
    let http = bench.http.clone();
    let url = format!("{}/fido", bench.sim.hermod_command_url());
    let key = common::api_key(bench.sim.hermod_client_id(), bench.sim.hermod_key());
    let call = tokio::spawn(async move {
        let request = http
            .post(url)
            .header("x-api-key", key)
            .header("content-type", "application/json");
        request
            .body(session_body().to_string())
            .send()
            .await
            .unwrap()
            .status()
    });
    while bench.sim.records().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    while !call.is_finished() {
        bench.sim.advance(Duration::from_secs(30));
        tokio::task::yield_now().await;
    }
    assert_eq!(call.await.unwrap(), 200);
}

#[tokio::test]
async fn a_hanging_server_hangs_until_the_simulator_ends() {
    let bench = bench().await;
    bench
        .sim
        .faults()
        .inject(Fault::new(RoutePattern::any(), FaultKind::Hang).times(0));
    let http = bench.http.clone();
    let url = bench.sim.da_base_url();
    let call = tokio::spawn(async move { http.get(url).send().await });
    while bench.sim.records().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    bench.sim.shutdown().await;
    assert!(call.await.unwrap().is_err());
}

async fn opened(faults: Vec<Fault>) -> (Bench, Receiver, String, String) {
    let (bench, receiver) = Bench::with_receiver("").await;
    faults
        .into_iter()
        .for_each(|fault| bench.sim.faults().inject(fault));
    let options = bench.options("alice").await.text;
    let (link, session, create) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    (bench, receiver, session, create)
}

#[tokio::test]
async fn callbacks_are_doubled_dropped_and_reordered() {
    let fault = Fault::new(Route::CallbackCreate, FaultKind::CallbackDuplicate { copies: 2 });
    let (_bench, mut receiver, _, create) = opened(vec![fault]).await;
    let first = receiver.next_of(&create).await.text;
    assert_eq!(receiver.next().await.text, first);
    assert_eq!(receiver.next().await.text, first);

    let (bench, mut receiver, session, create) =
        opened(vec![Fault::new(Route::CallbackCreate, FaultKind::CallbackDrop)]).await;
    assert_eq!(receiver.next().await.json()["commandId"], session);
    while !bench
        .sim
        .records()
        .iter()
        .any(|record| record.code.as_deref() == Some("fault:callback_drop"))
    {
        tokio::task::yield_now().await;
    }
    assert!(receiver.none_waits());
    assert_eq!(
        bench.state(&create).await.json()["state"],
        "SUCCESS",
        "polling still tells"
    );

    let (_bench, mut receiver, session, create) =
        opened(vec![Fault::new(Route::CallbackSession, FaultKind::CallbackHold)]).await;
    assert_eq!(receiver.next().await.json()["commandId"], create);
    assert_eq!(receiver.next().await.json()["commandId"], session);
}

#[tokio::test]
async fn a_callback_overtakes_the_immediate_response() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let options = bench.options("alice").await.text;
    let session = bench.session().await.json();
    let link = session["destinations"][0]["uri"].as_str().unwrap().to_owned();
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open(&link).await });
    assert_eq!(receiver.next().await.json()["commandId"], session["commandId"]);
    bench
        .sim
        .faults()
        .inject(Fault::new(Route::HermodCreate, FaultKind::CallbackBeforeReply));
    let answer = bench
        .create(session["destinations"][0]["bid"].as_str().unwrap(), &options)
        .await;
    assert_eq!(answer.status, 200);
    // The receiver has it already: nothing is waited for.
    assert!(!receiver.none_waits());
    assert_eq!(answer.json()["state"], "IN_PROGRESS");
    app.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_restart_cuts_connections_and_forgets_nothing() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let options = bench.options("alice").await.text;
    let session = bench.session().await.json();
    let link = session["destinations"][0]["uri"].as_str().unwrap().to_owned();
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open(&link).await });
    receiver.next().await;
    // The app waits for messages; its connection is cut; it comes back and goes on.
    let waiting = || {
        bench
            .sim
            .records()
            .iter()
            .filter(|r| r.party == Party::Hermod && r.status.is_none())
            .count()
    };
    while waiting() < 1 {
        tokio::task::yield_now().await;
    }
    bench.sim.restart_hermod();
    while waiting() < 2 {
        tokio::task::yield_now().await;
    }
    let create = bench
        .create(session["destinations"][0]["bid"].as_str().unwrap(), &options)
        .await
        .json();
    assert!(app.await.unwrap().unwrap().registration.is_some());
    let id = create["commandId"].as_str().unwrap();
    assert_eq!(receiver.next_of(id).await.json()["state"], "SUCCESS");
}

#[tokio::test]
async fn faults_can_be_written_in_the_file() {
    let toml = r#"
        [[faults]]
        on = { route = "da-options" }
        fault = { kind = "reset" }
        [[faults]]
        on = { path = "*/command/*", method = "POST" }
        fault = { kind = "respond", status = 503, content_type = "text/html", body = "<html>" }
        times = 2
        skip = 1
    "#;
    let bench = Bench::from_toml(toml).await;
    assert_eq!(bench.sim.faults().pending().len(), 2);
    let statuses = [
        bench.session().await.status,
        bench.session().await.status,
        bench.session().await.status,
        bench.session().await.status,
    ];
    assert_eq!(statuses, [200, 503, 503, 200]);
    for (bad, named) in [
        ("[[faults]]\non = {}\nfault = { kind = \"nothing\" }", "nothing"),
        (
            "[[faults]]\non = { rout = \"x\" }\nfault = { kind = \"reset\" }",
            "rout",
        ),
    ] {
        let error = smartid_sim::SimConfig::from_toml(bad).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}
