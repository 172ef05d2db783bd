//! API users: keys, groups that share users and mailboxes, callbacks to the initiator only, and the template of a new one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use common::{Answer, Bench, Receiver, api_key};
use raw_device::{Device, PROFILE, THREE_USERS, USER, body, mid};
use serde_json::json;

#[tokio::test]
async fn api_users_and_groups() {
    let toml = r#"
        [[hermod.api_users]]
        client-id = "idm"
        key = "one"
        group = "shared"
        [[hermod.api_users]]
        client-id = "da"
        key = "two:with:colons"
        group = "shared"
        callback-url = "http://127.0.0.1:1/unused"
        callback-basic-auth = "user:pass"
        [[hermod.api_users]]
        client-id = "stranger"
        key = "three"
    "#;
    let bench = Bench::from_toml(toml).await;
    let id = bench.session().await.json()["commandId"]
        .as_str()
        .unwrap()
        .to_owned();
    for (client, key, status) in [
        ("idm", "one", 200),
        ("da", "two:with:colons", 200),
        ("stranger", "three", 404),
        ("idm", "two", 401),
        ("x", "", 401),
    ] {
        let url = format!("{}/{id}", bench.sim.hermod_command_url());
        let answer = bench
            .http
            .get(url)
            .header("x-api-key", api_key(client, key))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), status, "{client}");
    }
    // Callbacks go to the initiator only (hermod 11.5).
    let mut receiver = Receiver::start().await;
    bench.sim.set_callback_of("da", &receiver.url, None);
    bench.sim.advance(Duration::from_secs(260));
    bench.state(&id).await;
    assert!(receiver.none_waits());
}

#[tokio::test]
async fn a_group_shares_mailboxes_and_callbacks_go_to_the_initiator() {
    let bench = Bench::from_toml(THREE_USERS).await;
    let (mut idm, mut da) = (Receiver::start().await, Receiver::start().await);
    bench.sim.set_callback_of("idm", &idm.url, None);
    bench.sim.set_callback_of("da", &da.url, Some(("hermod", "pw")));
    let (bid, session) = bench.enrol("idm", USER, PROFILE).await;
    assert_eq!(bench.sim.mailboxes()[0].group, "shared");
    assert_eq!(idm.next().await.json()["state"], "SUCCESS");
    // The other user of the group reaches the profile; the stranger reaches neither the user nor the mailbox.
    for to in [USER, bid.as_str()] {
        let command = body(&[to], "pingCommand", json!({}));
        assert_eq!(bench.command_of("alone", "ping", &command).await.status, 404);
        let sent = bench.command_of("da", "ping", &command).await.json();
        let app = Device::own(&bench, &bid, &session);
        assert_eq!(
            app.answer(&mid(&sent, 0), &json!({"state": "SUCCESS"}))
                .await
                .status,
            204
        );
        let callback = da.next().await;
        assert_eq!(callback.json()["commandId"], sent["commandId"]);
        assert_eq!(callback.authorization.as_deref(), Some("Basic aGVybW9kOnB3"));
        assert!(idm.none_waits());
    }
    // The same user id in another group is another user.
    let (other, _) = bench.enrol("alone", USER, PROFILE).await;
    assert_ne!(other, bid);
    let sent = bench
        .command_of("alone", "ping", &body(&[USER], "pingCommand", json!({})))
        .await
        .json();
    assert_eq!(sent["destinations"].as_array().unwrap().len(), 1);
    assert_eq!(sent["destinations"][0]["bid"], other);
    assert_eq!(
        bench
            .command_of("idm", "ping", &body(&[&other], "pingCommand", json!({})))
            .await
            .status,
        404
    );
    // Nor does a deletion reach it.
    let delete = body(
        &[],
        "deleteCommand",
        json!({"userid": USER, "confirmation": false}),
    );
    assert_eq!(bench.command_of("alone", "delete", &delete).await.status, 200);
    let left = bench.sim.mailboxes();
    assert_eq!((left.len(), left[0].bid.as_str()), (1, bid.as_str()));
    assert_eq!(bench.command_of("alone", "delete", &delete).await.status, 404);
}

async fn template(bench: &Bench, id: &str) -> Answer {
    let base = bench.sim.hermod_command_url();
    let base = base.strip_suffix("/command").unwrap();
    let url = format!("{base}/util/generateclient/{id}");
    Answer::of(bench.http.get(url).send().await.unwrap()).await
}

#[tokio::test]
async fn the_template_of_an_api_user() {
    let bench = Bench::from_toml("").await;
    let answer = template(&bench, "idm2").await;
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/plain")
    );
    let lines: Vec<&str> = answer.text.lines().collect();
    let key = lines[2].strip_prefix("  key: ").unwrap();
    assert!(key.len() == 64 && key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    let header = BASE64_STANDARD.encode(format!("idm2:{key}"));
    assert_eq!(
        lines,
        [
            &format!("# X-Api-Key: {header}"),
            "- client-id: idm2",
            &format!("  key: {key}"),
            "  # optional user:password for basic authentication in callbacks",
            "  callback-basic-auth: user:password",
            "  # callback URL base for this client",
            "  callback-url: http://localhost:20400/hermod/rest",
            "  # optional: content provider url + user:password",
        ]
    );
    // Another key each time, and nobody is added.
    assert_ne!(template(&bench, "idm2").await.text, answer.text);
    assert!(bench.sim.api_user("idm2").is_none());
    assert_eq!(bench.sim.api_user("idm").unwrap().key, bench.sim.hermod_key());
    for wrong in ["a:b", "a%0Ab", "", "a/b", &"a".repeat(101)] {
        assert_ne!(template(&bench, wrong).await.status, 200, "{wrong}");
    }
    assert!(
        template(&bench, "it's")
            .await
            .text
            .contains("- client-id: 'it''s'\n")
    );
    let bench = Bench::from_toml("[hermod]\nprefix = \"\"\n[hermod.generate]\ncamel = true").await;
    let text = template(&bench, "da").await.text;
    assert!(text.contains("- clientId: da\n") && text.contains("  callbackBasicAuth: user:password\n"));
    assert!(text.contains("  callbackUrl: http://localhost:20400\n"));
    let bench = Bench::from_toml("[hermod.generate]\nenabled = false").await;
    assert_eq!(template(&bench, "da").await.status, 404);
}
