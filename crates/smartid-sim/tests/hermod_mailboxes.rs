//! Mailboxes: an app earns one by its answer, API users of a group share it, commands reach it by user or by its id, and a deletion
//! takes it away.
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

use common::{Bench, Receiver};
use raw_device::{Device, PROFILE, USER, body, id, jws, mid, owners, provision, provisioned, sign};
use serde_json::{Value, json};

#[tokio::test]
async fn an_answer_to_a_provision_command_makes_a_mailbox_and_a_second_one_renews_it() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let (bid, session) = bench.enrol("idm", USER, PROFILE).await;
    assert_eq!(receiver.next().await.path, "/hook/callback/provision");
    let entry = bench.sim.mailboxes().remove(0);
    assert_eq!(
        (entry.user.as_str(), entry.profile.as_str(), entry.bid.as_str()),
        (USER, PROFILE, bid.as_str())
    );
    assert_eq!((entry.group.as_str(), entry.waiting), ("", 0));
    // The app opens its own mailbox, and nobody else does.
    let app = Device::own(&bench, &bid, &session);
    let sent = bench
        .command("sign", body(&[USER], "signCommand", sign()))
        .await
        .json();
    assert!(sent["destinations"][0].get("uri").is_none());
    assert_eq!(sent["destinations"][0]["to"], USER);
    assert_eq!(sent["destinations"][0]["bid"], bid);
    assert_eq!(bench.sim.mailboxes()[0].waiting, 1);
    let listed = app.list().await.json();
    assert_eq!(
        listed["messages"],
        json!([{"mid": mid(&sent, 0), "type": "SIGN"}])
    );
    assert_eq!(Device::own(&bench, &bid, "guess").list().await.status, 404);
    assert_eq!(
        Device::own(&bench, &bid, "guess")
            .fetch(&mid(&sent, 0))
            .await
            .status,
        404
    );

    // A second device provisions the same profile: same mailbox, new secret, the first one is shut out.
    let (again, other) = bench.enrol("idm", USER, PROFILE).await;
    assert_eq!(again, bid);
    assert_ne!(other, session);
    assert_eq!(bench.sim.mailboxes().len(), 1);
    assert_eq!(app.list().await.status, 404);
    let app = Device::own(&bench, &bid, &other);
    assert_eq!(app.list().await.json()["messages"].as_array().unwrap().len(), 1);

    // An update through its own mailbox leaves the secret alone.
    let mut update = provision(USER);
    update["profile"] = json!({"profileid": PROFILE});
    let update = bench
        .command("provision", body(&[&bid], "provCommand", update))
        .await
        .json();
    let given = app
        .answer(&mid(&update, 0), &provisioned(USER, PROFILE))
        .await
        .json();
    assert_eq!(given, json!({"bid": bid, "session": other}));
    // A second profile of the same user is a second mailbox.
    bench.enrol("idm", USER, "second").await;
    assert_eq!(
        owners(&bench),
        [(USER.into(), PROFILE.into()), (USER.into(), "second".into())]
    );
    let shown = format!("{:?}", bench.sim.mailboxes());
    assert!(!shown.contains(&other));
}

#[tokio::test]
async fn an_answer_that_names_nobody_or_somebody_else_makes_no_mailbox() {
    let bench = Bench::from_toml("").await;
    let good = json!({"userid": "u", "profileid": "p"});
    for response in [
        Value::Null,
        json!("text"),
        json!({"format": "jws"}),
        json!({"format": "jws", "data": 7}),
        json!({"format": "jws", "data": ""}),
        json!({"format": "jws", "data": "a.b"}),
        json!({"format": "jws", "data": "%.%.%"}),
        json!({"format": "jws", "data": jws(&json!([1]))}),
        json!({"format": "jws", "data": jws(&json!("u"))}),
        json!({"format": "jws", "data": jws(&json!({"userid": "other", "profileid": "p"}))}),
        json!({"format": "jws", "data": jws(&json!({"userid": "u"}))}),
        json!({"format": "jws", "data": jws(&json!({"userid": "u", "profileid": ""}))}),
        json!({"format": "jws", "data": jws(&json!({"userid": 1, "profileid": "p"}))}),
        json!({"format": "jws", "data": format!("{}.x", jws(&good))}),
    ] {
        let command = bench
            .command("provision", body(&[], "provCommand", provision("u")))
            .await
            .json();
        let device = Device::open(&bench, &command).await;
        let answer = device
            .answer(
                &mid(&command, 0),
                &json!({"state": "SUCCESS", "response": response}),
            )
            .await;
        // It is relayed all the same: what the product checks is unknown.
        assert_eq!(answer.status, 204, "{response}");
        assert_eq!(bench.state(&id(&command)).await.json()["state"], "SUCCESS");
    }
    for state in ["FAILED", "REJECTED", "CANCELLED"] {
        let command = bench
            .command("provision", body(&[], "provCommand", provision("u")))
            .await
            .json();
        let device = Device::open(&bench, &command).await;
        let mut answer = provisioned("u", "p");
        answer["state"] = json!(state);
        assert_eq!(device.answer(&mid(&command, 0), &answer).await.status, 204);
    }
    assert!(owners(&bench).is_empty());
    // Without a user id of its own, the answer is of the command's user.
    let command = bench
        .command("provision", body(&[], "provCommand", provision("u")))
        .await
        .json();
    let device = Device::open(&bench, &command).await;
    let answer = json!({"state": "SUCCESS", "response": {"data": jws(&json!({"profileid": "p"}))}});
    assert_eq!(device.answer(&mid(&command, 0), &answer).await.status, 200);
    assert_eq!(owners(&bench), [("u".into(), "p".into())]);
}

/// Two profiles of one user, and a command to the user.
async fn to_two(toml: &str) -> (Bench, Receiver, [(String, String); 2], Value) {
    let (bench, mut receiver) = Bench::with_receiver(toml).await;
    let boxes = [
        bench.enrol("idm", USER, "one").await,
        bench.enrol("idm", USER, "two").await,
    ];
    receiver.next().await;
    receiver.next().await;
    let sent = bench
        .command("authenticate", body(&[USER], "authCommand", sign()))
        .await
        .json();
    assert_eq!(sent["destinations"].as_array().unwrap().len(), 2);
    for (position, (bid, _)) in boxes.iter().enumerate() {
        assert_eq!(sent["destinations"][position]["bid"], *bid);
        assert!(
            sent["destinations"][position]["location"]
                .as_str()
                .unwrap()
                .ends_with(&format!("{bid}/{}", mid(&sent, position)))
        );
    }
    assert_ne!(mid(&sent, 0), mid(&sent, 1));
    (bench, receiver, boxes, sent)
}

#[tokio::test]
async fn each_mailbox_of_a_user_answers_for_itself() {
    let (bench, mut receiver, boxes, sent) = to_two("").await;
    let rejected = json!({"state": "REJECTED"});
    let success = json!({"state": "SUCCESS", "response": {"format": "pkcs7", "data": "MAA="}});
    let second = Device::own(&bench, &boxes[1].0, &boxes[1].1);
    // A message is answered in its own mailbox only.
    assert_eq!(second.answer(&mid(&sent, 0), &success).await.status, 404);
    assert_eq!(second.answer(&mid(&sent, 1), &rejected).await.status, 204);
    let callback = receiver.next().await.json();
    assert_eq!(
        (
            &callback["state"],
            callback["destinations"].as_array().unwrap().len()
        ),
        (&json!("REJECTED"), 1)
    );
    assert_eq!(callback["destinations"][0]["bid"], boxes[1].0);
    let first = Device::own(&bench, &boxes[0].0, &boxes[0].1);
    assert_eq!(first.fetch(&mid(&sent, 0)).await.status, 200);
    assert_eq!(first.answer(&mid(&sent, 0), &success).await.status, 204);
    let callback = receiver.next().await.json();
    assert_eq!(
        (&callback["state"], &callback["response"]["data"]),
        (&json!("SUCCESS"), &json!("MAA="))
    );
    assert_eq!(callback["destinations"][0]["mid"], mid(&sent, 0));
    // The first answer gave the command its state.
    let state = bench.state(&id(&sent)).await.json();
    assert_eq!(
        (&state["state"], state["destinations"].as_array().unwrap().len()),
        (&json!("REJECTED"), 2)
    );
    assert!(state.get("response").is_none());
    assert_eq!(first.answer(&mid(&sent, 0), &success).await.status, 409);
    bench.sim.advance(Duration::from_secs(260));
    assert_eq!(bench.state(&id(&sent)).await.json()["state"], "REJECTED");
    assert!(receiver.none_waits());
}

#[tokio::test]
async fn the_first_answer_may_decide_for_all() {
    let (bench, mut receiver, boxes, sent) = to_two("[hermod.mailbox]\nfan_out = \"first\"").await;
    let success = json!({"state": "SUCCESS", "response": {"format": "pkcs7", "data": "MAA="}});
    let (first, second) = (
        Device::own(&bench, &boxes[0].0, &boxes[0].1),
        Device::own(&bench, &boxes[1].0, &boxes[1].1),
    );
    assert_eq!(first.answer(&mid(&sent, 0), &success).await.status, 204);
    assert_eq!(receiver.next().await.json()["destinations"][0]["bid"], boxes[0].0);
    assert_eq!(second.fetch(&mid(&sent, 1)).await.status, 404);
    assert_eq!(second.answer(&mid(&sent, 1), &success).await.status, 409);
    assert_eq!(bench.sim.mailboxes()[1].waiting, 0);
    assert_eq!(bench.state(&id(&sent)).await.json()["response"]["data"], "MAA=");
    assert!(receiver.none_waits());
}

#[tokio::test]
async fn a_command_to_several_mailboxes_times_out_once() {
    let (bench, mut receiver, boxes, sent) = to_two("").await;
    bench.sim.advance(Duration::from_secs(250));
    let callback = receiver.next().await.json();
    assert_eq!(
        (
            &callback["state"],
            callback["destinations"].as_array().unwrap().len()
        ),
        (&json!("TIMEOUT"), 2)
    );
    let app = Device::own(&bench, &boxes[0].0, &boxes[0].1);
    assert_eq!(app.fetch(&mid(&sent, 0)).await.status, 404);
    assert_eq!(
        app.answer(&mid(&sent, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        404
    );
    // Pollable until the end of its life, then gone; the mailboxes stay.
    assert_eq!(bench.state(&id(&sent)).await.json()["state"], "TIMEOUT");
    bench.sim.advance(Duration::from_secs(50));
    assert_eq!(bench.state(&id(&sent)).await.status, 404);
    assert_eq!(
        app.answer(&mid(&sent, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        404
    );
    assert_eq!(bench.sim.mailboxes().len(), 2);
    assert!(receiver.none_waits());
    // One answers, the other stays silent: no timeout is called back, and the silent one can no longer answer.
    let sent = bench
        .command("ping", body(&[USER], "pingCommand", json!({})))
        .await
        .json();
    assert_eq!(
        app.answer(&mid(&sent, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        204
    );
    receiver.next().await;
    bench.sim.advance(Duration::from_secs(250));
    let late = Device::own(&bench, &boxes[1].0, &boxes[1].1);
    assert_eq!(
        late.answer(&mid(&sent, 1), &json!({"state": "SUCCESS"}))
            .await
            .status,
        404
    );
    assert!(receiver.none_waits());
    // Cancelled, it is gone from both.
    let sent = bench
        .command("ping", body(&[USER], "pingCommand", json!({})))
        .await
        .json();
    assert_eq!(bench.delete(&id(&sent)).await.status, 200);
    for (position, (bid, session)) in boxes.iter().enumerate() {
        assert_eq!(
            Device::own(&bench, bid, session)
                .fetch(&mid(&sent, position))
                .await
                .status,
            404
        );
    }
}

#[tokio::test]
async fn destinations() {
    let bench = Bench::from_toml("").await;
    let (one, _) = bench.enrol("idm", USER, "one").await;
    bench.enrol("idm", USER, "two").await;
    bench.enrol("idm", "user-2@example.com", "three").await;
    let send = async |to: &[&str]| {
        let answer = bench.command("ping", body(to, "pingCommand", json!({}))).await;
        let list = |answer: &common::Answer| {
            let json = answer.json();
            let list = json["destinations"].as_array().unwrap().clone();
            list.iter()
                .map(|one| one["to"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        match answer.status {
            200 => Ok(list(&answer)),
            status => Err((status, bench.code("/ping").unwrap())),
        }
    };
    assert_eq!(send(&[]).await.unwrap(), ["@tmp"]);
    assert_eq!(send(&[USER]).await.unwrap(), [USER, USER]);
    // Named twice in different ways, a mailbox gets one message, under the first name.
    assert_eq!(
        send(&[&one, USER, "@tmp", "user-2@example.com"]).await.unwrap(),
        [&one, USER, "@tmp", "user-2@example.com"]
    );
    assert_eq!(send(&[USER, USER]).await, Err((400, "to_repeated".into())));
    assert_eq!(send(&["@tmp", "@tmp"]).await, Err((400, "to_repeated".into())));
    for unknown in ["", "one", "@all", "nobody", "USER-1@example.com"] {
        assert_eq!(
            send(&[USER, unknown]).await,
            Err((404, "box_unknown".into())),
            "{unknown}"
        );
    }
    let many: Vec<String> = (0..65).map(|at| at.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(send(&many).await, Err((400, "to_many".into())));
    // What was refused left nothing behind.
    assert_eq!(bench.sim.mailboxes()[0].waiting, 2);
}

#[tokio::test]
async fn one_command_reaches_so_many_mailboxes_and_no_more() {
    let entries: String = (0..257)
        .map(|at| {
            format!(
                "[[hermod.mailbox.existing]]\nuser = \"{}\"\nprofile = \"{at}\"\n",
                at / 256
            )
        })
        .collect();
    let bench = Bench::from_toml(&entries).await;
    let all = bench
        .command("ping", body(&["0"], "pingCommand", json!({})))
        .await
        .json();
    assert_eq!(all["destinations"].as_array().unwrap().len(), 256);
    assert_eq!(
        bench
            .command("ping", body(&["0", "1"], "pingCommand", json!({})))
            .await
            .status,
        400
    );
    assert_eq!(bench.code("/ping").as_deref(), Some("to_many"));
}

#[tokio::test]
async fn both_halves_of_a_pin_reset_are_one_session() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let start = bench
        .command(
            "startpinreset",
            body(&["@tmp"], "spinCommand", json!({"smartcardid": "s"})),
        )
        .await
        .json();
    assert_eq!(start["commandType"], "SPIN");
    let device = Device::open(&bench, &start).await;
    let message = device.fetch(&mid(&start, 0)).await.json();
    assert_eq!(
        (&message["type"], &message["keepOpen"]),
        (&json!("SPIN"), &json!(true))
    );
    assert_eq!(message["command"], json!({"spinCommand": {"smartcardid": "s"}}));
    let nonce = json!({"state": "SUCCESS", "response": {"nonce": "8f3a61c20d94be57", "transportedkey": "k"}});
    assert_eq!(device.answer(&mid(&start, 0), &nonce).await.status, 204);
    let callback = receiver.next().await;
    assert_eq!(callback.path, "/hook/callback/startpinreset");
    assert_eq!(
        callback.json()["response"],
        json!({"nonce": "8f3a61c20d94be57", "transportedkey": "k"})
    );
    let bid = start["destinations"][0]["bid"].as_str().unwrap();
    let proof = json!({"encryptednonce": "1dd438976365d734"});
    let end = bench
        .command("endpinreset", body(&[bid], "epinCommand", proof))
        .await
        .json();
    assert_eq!(end["destinations"][0]["bid"], bid);
    assert!(end["destinations"][0].get("uri").is_none());
    assert_eq!(
        device.list().await.json()["messages"],
        json!([{"mid": mid(&end, 0), "type": "EPIN"}])
    );
    assert_eq!(device.fetch(&mid(&end, 0)).await.json()["keepOpen"], false);
    assert_eq!(
        device
            .answer(&mid(&end, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        204
    );
    let callback = receiver.next().await;
    assert_eq!(callback.path, "/hook/callback/endpinreset");
    assert!(callback.json().get("response").is_none());
}

#[tokio::test]
async fn a_phone_is_told_and_a_held_request_is_answered() {
    let bench = Bench::from_toml("").await;
    let (bid, session) = bench.enrol("idm", USER, PROFILE).await;
    let mut notices = bench.sim.box_notices();
    let app = Device::own(&bench, &bid, &session);
    let (listed, sent) = tokio::join!(app.list(), async {
        // The app's request is held: it is on record, without an answer.
        while !bench
            .sim
            .records()
            .iter()
            .any(|r| r.path.ends_with(&bid) && r.status.is_none())
        {
            tokio::task::yield_now().await;
        }
        bench
            .command("ping", body(&["@tmp"], "pingCommand", json!({})))
            .await;
        bench
            .command("authenticate", body(&[USER], "authCommand", sign()))
            .await
            .json()
    });
    assert_eq!(listed.json()["messages"][0]["mid"], mid(&sent, 0));
    let notice = notices.next().await.unwrap();
    assert_eq!(
        (
            notice.user.as_str(),
            notice.profile.as_str(),
            notice.bid.as_str(),
            notice.mid,
            notice.command_type.as_str()
        ),
        (USER, PROFILE, bid.as_str(), mid(&sent, 0), "AUTH")
    );
    drop(bench);
    assert!(notices.next().await.is_none());
}
