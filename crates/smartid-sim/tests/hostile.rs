//! Hostile and mistaken input: everything is answered with a clear refusal, nothing is stored, nothing panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Answer, Bench, api_key, create_text, session_body};
use serde_json::{Value, json};

#[tokio::test]
async fn the_envelope_is_checked() {
    let bench = Bench::from_toml("").await;
    let with = |pointer: &str, value: Value| {
        let mut body = session_body();
        *body.pointer_mut(pointer).unwrap() = value;
        body.to_string()
    };
    let without = |name: &str| {
        let mut body = session_body();
        body["commandHeader"].as_object_mut().unwrap().remove(name);
        body.to_string()
    };
    for (text, code) in [
        (String::new(), "json"),
        ("null".into(), "envelope"),
        ("[]".into(), "envelope"),
        ("[".repeat(100_000), "json"),
        ("{}".into(), "header_missing"),
        (
            json!({"fidoCommand": {"operation": "start"}}).to_string(),
            "header_missing",
        ),
        (
            json!({"commandHeader": {"lifespan": 1, "timeout": 1}}).to_string(),
            "command_unknown",
        ),
        (with("/fidoCommand/operation", json!("stop")), "command_unknown"),
        (with("/fidoCommand", json!("start")), "command_unknown"),
        (without("lifespan"), "header_integer"),
        (without("timeout"), "header_integer"),
        (with("/commandHeader/timeout", json!("250")), "header_integer"),
        (with("/commandHeader/timeout", json!(2.5)), "header_integer"),
        (with("/commandHeader/timeout", json!(-1)), "header_integer"),
        (with("/commandHeader/lifespan", json!(u64::MAX)), "header_integer"),
        (
            with("/commandHeader/timeout", json!(301)),
            "timeout_after_lifespan",
        ),
        (with("/commandHeader/to", json!("@tmp")), "to"),
        (with("/commandHeader/to", json!([])), "to"),
        (with("/commandHeader/to", json!([1])), "to"),
        (with("/commandHeader/to", json!(["@tmp", "@tmp"])), "to"),
        (with("/commandHeader/to", json!(["somebody"])), "to"),
        (with("/commandHeader/externalId", json!(7)), "external_id"),
        (
            create_text("no-such-box", "{\"challenge\":\"AA\"}"),
            "box_unknown",
        ),
        (create_text("x", "\"text\""), "command_unknown"),
    ] {
        let shown: String = text.chars().take(80).collect();
        let answer = bench.command_text("fido", text).await;
        assert_eq!(
            answer.status,
            if code == "box_unknown" { 404 } else { 400 },
            "{shown}"
        );
        assert_eq!(bench.code("/fido").as_deref(), Some(code), "{shown}");
        assert_eq!(answer.json()["status"], answer.status);
    }
    // Equal times are what the published examples use; a missing destination means @tmp.
    assert_eq!(
        bench
            .command_text("fido", with("/commandHeader/timeout", json!(300)))
            .await
            .status,
        200
    );
    assert_eq!(
        bench.command_text("fido", without("to")).await.json()["destinations"][0]["to"],
        "@tmp"
    );
}

#[tokio::test]
async fn keys_types_and_paths_are_checked() {
    let bench = Bench::from_toml("").await;
    let url = format!("{}/fido", bench.sim.hermod_command_url());
    let good = api_key(bench.sim.hermod_client_id(), bench.sim.hermod_key());
    for key in [
        "",
        "%%%",
        "bm9jb2xvbg==",
        "/w==",
        &api_key("idm", "wrong"),
        &api_key("nobody", bench.sim.hermod_key()),
        good.trim_end_matches('='),
    ] {
        if key == good {
            continue;
        }
        let request = bench
            .http
            .post(&url)
            .header("x-api-key", key)
            .header("content-type", "application/json");
        assert_eq!(request.body("{}").send().await.unwrap().status(), 401, "{key}");
    }
    let request = bench
        .http
        .post(&url)
        .header("x-api-key", &good)
        .header("content-type", "text/plain");
    assert_eq!(
        request
            .body(session_body().to_string())
            .send()
            .await
            .unwrap()
            .status(),
        415
    );
    let request = bench
        .http
        .post(&url)
        .header("x-api-key", &good)
        .header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(
        request
            .body(session_body().to_string())
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    for verb in ["unknown", "", "fido/extra", "..%2f..%2fms"] {
        assert_eq!(bench.command(verb, session_body()).await.status, 404, "{verb}");
    }
    for path in [
        "/",
        "/hermod/rest",
        "/hermod/rest/commandx/fido",
        "/hermod/rest/ms",
        "/hermod/rest/ms/a/b/c",
    ] {
        let origin = bench
            .sim
            .hermod_command_url()
            .split("/hermod")
            .next()
            .unwrap()
            .to_owned();
        let answer = Answer::of(bench.http.get(format!("{origin}{path}")).send().await.unwrap()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    for id in ["1", "-1", "99999999999999999999999", "abc", "%00"] {
        assert_eq!(bench.state(id).await.status, 404, "{id}");
    }
    assert_eq!(
        bench.command_text("fido", " ".repeat((1 << 20) + 1)).await.status,
        413
    );
}

#[tokio::test]
async fn the_message_server_gives_nothing_away() {
    let bench = Bench::from_toml("").await;
    let session = bench.session().await.json();
    let location = session["destinations"][0]["location"].as_str().unwrap();
    let boxed = location.rsplit_once('/').unwrap().0;
    for url in [
        boxed.to_owned(),
        format!("{boxed}?token=wrong"),
        location.to_owned(),
        format!("{location}?token=x"),
    ] {
        assert_eq!(bench.http.get(&url).send().await.unwrap().status(), 404, "{url}");
        assert_eq!(
            bench
                .http
                .get(&url)
                .header("x-session", "guess")
                .send()
                .await
                .unwrap()
                .status(),
            404
        );
    }
    let answer = bench
        .http
        .post(location)
        .body("{\"state\":\"SUCCESS\"}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 404);
    let answer = bench
        .http
        .post(location)
        .body("{\"state\":\"EXCELLENT\"}")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(
        bench.http.post(location).body("[").send().await.unwrap().status(),
        400
    );
    assert_eq!(
        bench.state(session["commandId"].as_str().unwrap()).await.json()["state"],
        "IN_PROGRESS"
    );
}

#[tokio::test]
async fn digital_access_refuses_what_is_no_registration() {
    let bench = Bench::from_toml("").await;
    let options = bench.options("alice").await.text;
    let good: Value = serde_json::from_str(&bench.sim.desktop().register(&options).unwrap()).unwrap();
    for (text, code) in [
        (String::new(), "json_malformed"),
        ("[".repeat(100_000), "json_malformed"),
        ("null".into(), "json_wrong_type"),
        ("{}".into(), "json_missing_member"),
        (
            json!({"publicKeyCredential": good}).to_string(),
            "json_unknown_member",
        ),
    ] {
        let answer = bench.credentials("alice", &text).await;
        assert_eq!(
            (answer.status, answer.json()["error"].as_str().unwrap()),
            (400, code)
        );
    }
    let url = format!("{}/fido/credentials?userId=alice", bench.sim.da_base_url());
    let send = |kind: &'static str| {
        bench
            .http
            .post(&url)
            .bearer_auth(bench.sim.da_token())
            .header("content-type", kind)
    };
    assert_eq!(
        send("text/plain")
            .body(good.to_string())
            .send()
            .await
            .unwrap()
            .status(),
        415
    );
    assert_eq!(
        bench
            .http
            .get(&url)
            .bearer_auth(bench.sim.da_token())
            .send()
            .await
            .unwrap()
            .status(),
        405
    );
    assert_eq!(bench.credentials("nobody", &good.to_string()).await.status, 404);
    assert_eq!(bench.credentials("", &good.to_string()).await.status, 400);
    assert!(bench.sim.credentials_of("alice").is_empty());
    // None of these used the challenge up.
    assert_eq!(bench.credentials("alice", &good.to_string()).await.status, 201);
    // The same credential under a fresh challenge is a duplicate only if the bytes are replayed; a replay fails on its challenge.
    assert_eq!(
        bench.credentials("alice", &good.to_string()).await.json()["error"],
        "challenge_used"
    );
}

#[tokio::test]
async fn login_refuses_replays_and_strangers() {
    let bench = Bench::from_toml("").await;
    for user in ["alice", "bob"] {
        let options = bench.options(user).await.text;
        let registration = bench.sim.desktop().register(&options);
        if user == "alice" {
            assert_eq!(bench.credentials(user, &registration.unwrap()).await.status, 201);
        }
    }
    let url = format!("{}/webauthn/authentication", bench.sim.da_base_url());
    let options = bench
        .http
        .get(format!("{url}?userId=alice"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let assertion = bench.sim.desktop().assert(&options).unwrap();
    let post = |body: String| {
        bench
            .http
            .post(&url)
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    assert_eq!(post(assertion.clone()).await.unwrap().status(), 200);
    let again = Answer::of(post(assertion).await.unwrap()).await;
    assert_eq!(again.json()["error"], "challenge_used");
    // Bob's challenge, answered with alice's credential.
    let options = bench
        .http
        .get(format!("{url}?userId=bob"))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let mut options: Value = serde_json::from_str(&options).unwrap();
    options["allowCredentials"] = json!([{"type": "public-key", "id": common::b64(&bench.sim.credentials_of("alice")[0].credential_id)}]);
    let answer = Answer::of(
        post(bench.sim.desktop().assert(&options.to_string()).unwrap())
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(answer.json()["error"], "credential_of_other_user");
    // Bob's own credential was never stored.
    let answer = Answer::of(bench.http.get(format!("{url}?userId=bob")).send().await.unwrap()).await;
    assert_eq!(answer.json()["allowCredentials"], json!([]));
    let answer = Answer::of(
        post(bench.sim.desktop().assert(&answer.text).unwrap())
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(answer.json()["error"], "credential_unknown");
    bench.sim.remove_credentials_of("alice");
    assert!(bench.sim.login("alice").await.is_err());
}

#[tokio::test]
async fn two_commands_of_one_box_and_ping() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let body =
        json!({"commandHeader": {"lifespan": 60, "timeout": 60}, "pingCommand": {"deviceinfo": "true"}});
    let ping = bench.command("ping", body).await.json();
    assert_eq!(ping["commandType"], "PING");
    bench
        .sim
        .desktop()
        .open(ping["destinations"][0]["uri"].as_str().unwrap())
        .await
        .unwrap();
    let callback = receiver.next().await;
    assert_eq!(callback.path, "/hook/callback/ping");
    assert!(callback.json()["response"]["deviceinfo"].is_object());
    let body = json!({"commandHeader": {"lifespan": 60, "timeout": 60}, "authCommand": {"params": {}}});
    let sign = bench.command("authenticate", body).await.json();
    bench
        .sim
        .desktop()
        .open(sign["destinations"][0]["uri"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(receiver.next().await.json()["error"]["code"], "NO_MATCHING_KEY");
}
