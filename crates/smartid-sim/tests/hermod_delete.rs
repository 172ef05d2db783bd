//! Deletion: by the device, whose mailbox then goes, or of mailboxes only.
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

use common::Bench;
use raw_device::{Device, PROFILE, USER, body, id, mid, owners};
use serde_json::{Value, json};

#[tokio::test]
async fn with_confirmation_the_device_deletes_and_then_the_mailbox_goes() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let (bid, session) = bench.enrol("idm", USER, PROFILE).await;
    bench.enrol("idm", USER, "second").await;
    let (_, _) = (receiver.next().await, receiver.next().await);
    let command = json!({"userid": USER, "profileid": PROFILE, "confirmation": true});
    // To the user, but only the profile's mailbox; without a destination it is the same.
    for (to, answer, left) in [
        (vec![USER], "REJECTED", 2),
        (vec![], "FAILED", 2),
        (vec![], "SUCCESS", 1),
    ] {
        let sent = bench
            .command("delete", body(&to, "deleteCommand", command.clone()))
            .await
            .json();
        assert_eq!(
            (&sent["commandType"], &sent["state"]),
            (&json!("DELETE"), &json!("IN_PROGRESS"))
        );
        assert_eq!(sent["destinations"].as_array().unwrap().len(), 1);
        let app = Device::own(&bench, &bid, &session);
        assert_eq!(
            app.fetch(&mid(&sent, 0)).await.json()["command"]["deleteCommand"],
            command
        );
        assert_eq!(
            app.answer(&mid(&sent, 0), &json!({"state": answer})).await.status,
            204
        );
        let callback = receiver.next().await;
        assert_eq!(
            (callback.path.as_str(), &callback.json()["state"]),
            ("/hook/callback/delete", &json!(answer))
        );
        assert_eq!(bench.sim.mailboxes().len(), left);
        assert_eq!(bench.state(&id(&sent)).await.json()["state"], answer);
    }
    assert_eq!(Device::own(&bench, &bid, &session).list().await.status, 404);
    assert_eq!(owners(&bench), [(USER.into(), "second".into())]);
    // Through a link, the body says what is deleted.
    let sent = bench
        .command(
            "delete",
            body(
                &["@tmp"],
                "deleteCommand",
                json!({"userid": USER, "confirmation": true}),
            ),
        )
        .await
        .json();
    let device = Device::open(&bench, &sent).await;
    assert_eq!(
        device
            .answer(&mid(&sent, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        204
    );
    assert!(owners(&bench).is_empty());
}

#[tokio::test]
async fn without_confirmation_only_mailboxes_go() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    for profile in ["one", "two", "three"] {
        bench.enrol("idm", USER, profile).await;
        receiver.next().await;
    }
    let (other, _) = bench.enrol("idm", "other", "one").await;
    receiver.next().await;
    let delete = async |to: &[&str], command: Value| {
        let answer = bench.command("delete", body(to, "deleteCommand", command)).await;
        (answer, bench.code("/delete").unwrap())
    };
    let one = json!({"userid": USER, "profileid": "two", "confirmation": false});
    for (to, status, code) in [
        (vec!["other"], 404, "box_unknown"),
        (vec![other.as_str()], 400, "delete_scope"),
        (vec!["nobody"], 404, "box_unknown"),
    ] {
        let (answer, said) = delete(&to, one.clone()).await;
        assert_eq!((answer.status, said.as_str()), (status, code));
    }
    let (answer, _) = delete(&[USER], one.clone()).await;
    let answer = answer.json();
    assert_eq!(
        (&answer["state"], answer["destinations"].as_array().unwrap().len()),
        (&json!("SUCCESS"), 1)
    );
    assert_eq!(bench.state(&id(&answer)).await.json()["state"], "SUCCESS");
    assert_eq!(delete(&[], one).await.0.status, 404);
    let (answer, _) = delete(&["@tmp"], json!({"userid": USER, "confirmation": false})).await;
    assert_eq!(answer.json()["destinations"].as_array().unwrap().len(), 2);
    assert_eq!(owners(&bench), [("other".into(), "one".into())]);
    bench.sim.advance(Duration::from_secs(400));
    assert!(
        receiver.none_waits(),
        "nobody was asked, so nobody is called back"
    );
}
