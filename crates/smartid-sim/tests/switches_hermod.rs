//! Each switch of Smart ID Messaging, changed by its TOML key, and what then differs on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;

use common::{Answer, Bench, b64, session_body};
use serde_json::{Value, json};
use std::time::Duration;

/// Runs the default ceremony under these switches; gives the bench and the create callback.
async fn flow(toml: &str) -> (Bench, Value) {
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let options = bench.options("alice").await.text;
    let (link, _, id) = bench.begin(&options).await;
    bench.sim.desktop().open(&link).await.unwrap();
    let body = receiver.next_of(&id).await.json();
    (bench, body)
}

#[tokio::test]
async fn addresses() {
    let bench = Bench::from_toml("[hermod]\nprefix = \"\"\nfqdn = \"node-2\"").await;
    assert!(bench.sim.hermod_command_url().ends_with("/command"));
    assert!(!bench.sim.hermod_command_url().contains("hermod/rest"));
    let body = bench.session().await.json();
    assert_eq!(body["fqdn"], "node-2");
    let location = body["destinations"][0]["location"].as_str().unwrap();
    assert_eq!(location.matches('/').count(), 5, "{location}");
    let bench = Bench::from_toml("[hermod]\npublic_url = \"https://hermod.example.test/ms/\"").await;
    let body = bench.session().await.json();
    assert!(
        body["destinations"][0]["location"]
            .as_str()
            .unwrap()
            .starts_with("https://hermod.example.test/ms/")
    );
    let uri = body["destinations"][0]["uri"].as_str().unwrap();
    assert!(uri.contains("https%3a%2f%2fhermod.example.test%2fms%2F"), "{uri}");
    for (case, wanted) in [
        ("upper", "https%3A%2F%2Flocalhost%3A"),
        ("lower", "https%3a%2f%2flocalhost%3a"),
    ] {
        let bench = Bench::from_toml(&format!("[hermod]\nlink_escapes = \"{case}\"")).await;
        let uri = bench.session().await.json()["destinations"][0]["uri"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(uri.contains(wanted), "{uri}");
    }
}

#[tokio::test]
async fn refusals() {
    let bench = Bench::from_toml("[hermod]\nunauthorized_status = 403\nhide_exceptions = true").await;
    let answer = bench
        .http
        .post(format!("{}/fido", bench.sim.hermod_command_url()))
        .send()
        .await
        .unwrap();
    let answer = Answer::of(answer).await;
    assert_eq!(answer.status, 403);
    let body = answer.json();
    assert_eq!(
        body.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["error", "path", "status", "timestamp"]
    );

    let mut extra = session_body();
    extra["commandHeader"]["priority"] = json!(1);
    let bench = Bench::from_toml("").await;
    assert_eq!(bench.command("fido", extra.clone()).await.status, 400);
    let bench = Bench::from_toml("[hermod]\nrefuse_unknown_members = false\naccepted_status = 202").await;
    assert_eq!(bench.command("fido", extra).await.status, 202);

    let mut third = session_body();
    third["tenant"] = json!("t");
    assert_eq!(bench.command("fido", third.clone()).await.status, 400);
    let bench = Bench::from_toml("[hermod]\nextra_members = [\"tenant\"]\nmax_body_bytes = 200").await;
    assert_eq!(bench.command("fido", third.clone()).await.status, 200);
    third["tenant"] = json!("t".repeat(200));
    assert_eq!(bench.command("fido", third).await.status, 413);
}

#[tokio::test]
async fn the_answers_form() {
    let (bench, body) =
        flow("[hermod]\nfirst_command_id = 688\necho_external_id = false\nfido_command_type = \"WEBAUTHN\"")
            .await;
    assert_eq!(
        (&body["commandId"], &body["commandType"]),
        (&json!("689"), &json!("WEBAUTHN"))
    );
    assert!(body.get("externalId").is_none());
    assert!(bench.state("688").await.json().get("externalId").is_none());

    let toml = "[hermod]\ncommand_id_as_number = true\nfirst_command_id = 5\nuri_for_mailboxes = true\n\
                response_moves = [{from = \"/commandId\", to = \"/id\"}, {from = \"/fqdn\"}]";
    let bench = Bench::from_toml(toml).await;
    let body = bench.session().await.json();
    assert_eq!(body["id"], json!(5));
    assert!(body.get("fqdn").is_none() && body.get("commandId").is_none());
    let bid = body["destinations"][0]["bid"].as_str().unwrap();
    let create = bench.create(bid, "{\"challenge\":\"AA\"}").await.json();
    assert!(create["destinations"][0]["uri"].is_string());
    assert_eq!(create["destinations"][0]["to"], bid);
}

#[tokio::test]
async fn states_are_spelt_as_told() {
    let states = "[hermod.states]\nin_progress = \"Running\"\nsuccess = \"Done\"\nfailed = \"Error\"\ntimeout = \"Expired\"\n\
                  rejected = \"Denied\"\ncancelled = \"Aborted\"\n";
    for (persona, wanted) in [
        ("approves", "Done"),
        ("declines", "Denied"),
        ("cancels", "Aborted"),
        ("already-registered", "Error"),
    ] {
        let (_, body) = flow(&format!("{states}[desktop]\npersona = \"{persona}\"")).await;
        assert_eq!(body["state"], wanted);
    }
    let bench = Bench::from_toml(states).await;
    let body = bench.session().await.json();
    assert_eq!(body["state"], "Running");
    bench.sim.advance(Duration::from_secs(250));
    assert_eq!(
        bench.state(body["commandId"].as_str().unwrap()).await.json()["state"],
        "Expired"
    );
}

#[tokio::test]
async fn answers_can_be_checked() {
    let toml = "[hermod]\ncheck_answers = \"shape\"\n[desktop]\npersona = \"garbage\"";
    let (_, body) = flow(toml).await;
    assert_eq!(
        (&body["state"], &body["error"]["code"]),
        (&json!("FAILED"), &json!("INVALID_RESPONSE"))
    );
    assert!(body.get("response").is_none());
    assert_eq!(
        flow("[hermod]\ncheck_answers = \"shape\"").await.1["state"],
        "SUCCESS"
    );
}

#[tokio::test]
async fn the_session_may_be_opened_by_another_verb() {
    let toml = "[hermod.fido.session]\nverb = \"ping\"\nwrapper = \"pingCommand\"\noperation_member = \"\"";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    assert_eq!(
        bench.session().await.status,
        400,
        "the default verb does not open a session now"
    );
    let header = json!({"lifespan": 300, "timeout": 250, "to": ["@tmp"]});
    let body = json!({"commandHeader": header, "pingCommand": {"deviceinfo": "false"}});
    let session = bench.command("ping", body).await.json();
    assert_eq!(session["commandType"], "PING");
    let options = bench.options("alice").await.text;
    let bid = session["destinations"][0]["bid"].as_str().unwrap();
    let create = bench.create(bid, &options).await.json();
    bench
        .sim
        .desktop()
        .open(session["destinations"][0]["uri"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(receiver.next().await.path, "/hook/callback/ping");
    assert_eq!(
        receiver.next_of(create["commandId"].as_str().unwrap()).await.path,
        "/hook/callback/fido"
    );
}

#[tokio::test]
async fn the_create_command_may_look_different() {
    let toml = "[hermod.fido]\noptions_pointer = \"/params/options\"\naddress_pointer = \"/session\"\naddress = \"{commandId}\"\n\
                [hermod.fido.create]\nverb = \"fidocreate\"\nwrapper = \"createCommand\"\noperation_member = \"op\"\noperation = \"make\"";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let session = bench.session().await.json();
    let options: Value = bench.options("alice").await.json();
    let mut body = json!({
        "commandHeader": {"lifespan": 300, "timeout": 250},
        "session": session["commandId"],
        "createCommand": {"op": "make", "params": {"options": options}},
    });
    let create = bench.command("fidocreate", body.clone()).await;
    assert_eq!(create.status, 200, "{}", create.text);
    body["session"] = session["destinations"][0]["bid"].clone();
    assert_eq!(
        bench.command("fidocreate", body).await.status,
        404,
        "the bid addresses nothing now"
    );
    bench
        .sim
        .desktop()
        .open(session["destinations"][0]["uri"].as_str().unwrap())
        .await
        .unwrap();
    let callback = receiver
        .next_of(create.json()["commandId"].as_str().unwrap())
        .await;
    assert_eq!(callback.path, "/hook/callback/fidocreate");
    assert!(callback.json()["response"]["data"]["id"].is_string());

    // Addressed in the path, with the session's own external id.
    let toml = "[hermod.fido]\naddress = \"{externalId}\"\n[hermod.fido.create]\nverb = \"fido/{address}\"";
    let bench = Bench::from_toml(toml).await;
    bench.session().await;
    let body = json!({"commandHeader": {"lifespan": 9, "timeout": 9}, "fidoCommand": {"operation": "create", "publicKey": {"challenge": "AA"}}});
    assert_eq!(bench.command("fido/session-1", body.clone()).await.status, 200);
    assert_eq!(bench.command("fido/session-2", body).await.status, 404);
}

#[tokio::test]
async fn options_may_be_encoded() {
    for (encoding, form) in [("string", 0), ("base64url", 1)] {
        let toml = format!("[hermod.fido]\noptions_encoding = \"{encoding}\"");
        let (bench, mut receiver) = Bench::with_receiver(&toml).await;
        let options = bench.options("alice").await.text;
        let written = if form == 0 {
            json!(options)
        } else {
            json!(b64(options.as_bytes()))
        };
        let (link, _, id) = bench.begin(&written.to_string()).await;
        let report = bench.sim.desktop().open(&link).await.unwrap();
        assert!(report.registration.is_some(), "{report:?}");
        assert_eq!(receiver.next_of(&id).await.json()["state"], "SUCCESS");
        let bid = bench.session().await.json()["destinations"][0]["bid"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(
            bench.create(&bid, &options).await.status,
            400,
            "an object is not the agreed form"
        );
    }
}

#[tokio::test]
async fn one_command_may_be_enough() {
    let (bench, mut receiver) = Bench::with_receiver("[hermod.fido]\nmode = \"single\"").await;
    assert_eq!(bench.session().await.status, 400);
    let options = bench.options("alice").await.text;
    let create = bench.create("@tmp", &options).await.json();
    let link = create["destinations"][0]["uri"].as_str().unwrap();
    let report = bench.sim.desktop().open(link).await.unwrap();
    assert_eq!(report.messages, 1);
    assert!(receiver.next().await.json()["response"]["data"]["id"].is_string());
    assert!(receiver.none_waits());
}

#[tokio::test]
async fn create_may_have_to_wait_for_the_app() {
    for status in [400, 409] {
        let toml = format!("[hermod.fido]\nrefuse_create_until_open = {status}");
        let (bench, mut receiver) = Bench::with_receiver(&toml).await;
        let options = bench.options("alice").await.text;
        let session = bench.session().await.json();
        let (bid, link) = (
            &session["destinations"][0]["bid"],
            session["destinations"][0]["uri"].as_str().unwrap(),
        );
        assert_eq!(bench.create(bid.as_str().unwrap(), &options).await.status, status);
        let (desktop, link) = (bench.sim.desktop(), link.to_owned());
        let app = tokio::spawn(async move { desktop.open(&link).await });
        assert_eq!(receiver.next().await.json()["state"], "SUCCESS");
        let create = bench.create(bid.as_str().unwrap(), &options).await;
        assert_eq!(create.status, 200);
        assert!(app.await.unwrap().unwrap().registration.is_some());
        receiver
            .next_of(create.json()["commandId"].as_str().unwrap())
            .await;
    }
}

#[tokio::test]
async fn request_moves_play_any_nesting() {
    let toml = "[hermod]\nrequest_moves = [{from = \"/header\", to = \"/commandHeader\"}, {from = \"/payload/fido\", to = \"/fidoCommand\"}, {from = \"/payload\"}]";
    let bench = Bench::from_toml(toml).await;
    let body =
        json!({"header": {"lifespan": 300, "timeout": 250}, "payload": {"fido": {"operation": "start"}}});
    assert_eq!(bench.command("fido", body).await.status, 200);
}

#[tokio::test]
async fn polling_misbehaves_as_told() {
    for (mode, status, html) in [
        ("off", 405, false),
        ("not-found", 404, false),
        ("unauthorized", 401, false),
        ("html", 200, true),
        ("server-error", 500, false),
    ] {
        let bench = Bench::from_toml(&format!("[hermod.poll]\nmode = \"{mode}\"")).await;
        let id = bench.session().await.json()["commandId"]
            .as_str()
            .unwrap()
            .to_owned();
        let answer = bench.state(&id).await;
        assert_eq!(
            (answer.status, answer.text.contains("<html>")),
            (status, html),
            "{mode}"
        );
    }
    let toml =
        "[hermod.poll]\npath = \"state/{commandId}\"\nmoves = [{from = \"/state\", to = \"/status/name\"}]";
    let bench = Bench::from_toml(toml).await;
    let id = bench.session().await.json()["commandId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(bench.state(&id).await.status, 404);
    assert_eq!(
        bench.state(&format!("state/{id}")).await.json()["status"]["name"],
        "IN_PROGRESS"
    );
}

#[tokio::test]
async fn cancelling() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let session = bench.session().await.json();
    let id = session["commandId"].as_str().unwrap();
    let answer = bench.delete(id).await;
    assert_eq!(
        (answer.status, answer.json()["state"].as_str().unwrap()),
        (200, "CANCELLED")
    );
    assert_eq!(bench.delete(id).await.status, 409);
    assert_eq!(bench.delete("999999").await.status, 404);
    assert!(receiver.none_waits());
    let toml = "[hermod.cancel]\nstatus = 204\ncallback = true\npath = \"cancel/{commandId}\"";
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let id = bench.session().await.json()["commandId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(bench.delete(&id).await.status, 404);
    let answer = bench.delete(&format!("cancel/{id}")).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(receiver.next().await.json()["state"], "CANCELLED");
    let bench = Bench::from_toml("[hermod.cancel]\nenabled = false").await;
    let id = bench.session().await.json()["commandId"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(bench.delete(&id).await.status, 405);
}

#[tokio::test]
async fn the_message_server_holds_a_request_as_long_as_told() {
    let bench = Bench::from_toml("[hermod]\nlong_poll_seconds = 3").await;
    let link = bench.session().await.json()["destinations"][0]["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open(&link).await });
    let polls = || {
        bench
            .sim
            .records()
            .iter()
            .filter(|r| r.header("x-session").is_some() && r.status.is_some() && r.method == "GET")
            .count()
    };
    // One fetch of the session message, then a poll for each three seconds.
    // The session lives 300 seconds: time may only move once the request before has been answered.
    for wanted in 1..=3 {
        let mut turns = 0;
        while polls() < wanted {
            turns += 1;
            if turns % 5_000 == 0 {
                bench.sim.advance(Duration::from_secs(1));
            }
            assert!(!app.is_finished() && turns < 500_000, "{wanted}");
            tokio::task::yield_now().await;
        }
    }
    // The session ends with its lifespan; the app then leaves.
    bench.sim.advance(Duration::from_secs(300));
    let report = app.await.unwrap().unwrap();
    assert_eq!(report.actions.last().unwrap(), "the session ended");
}
