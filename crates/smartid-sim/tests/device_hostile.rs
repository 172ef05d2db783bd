//! What the devices do with commands that cannot be and with a message server that misbehaves: a refusal with a reason, an error, or
//! another attempt; never a half-made profile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod devices;

use common::{Bench, Receiver};
use devices::{
    ALICE, attested, command_id, destination, enrol, key_request, mobile_link, provision, sign_params,
    signer, std64, to_link, to_user,
};
use serde_json::{Value, json};
use smartid_sim::{Fault, FaultKind, Persona, Route, SimError};

const LENIENT: &str = "[hermod]\nrefuse_unknown_members = false\n[hermod.body]\nlenient_types = true\n";

async fn bench(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(&format!("[mobile]\nauto = false\n{toml}")).await
}

/// Provisions the phone; the callback.
async fn provisioned(bench: &Bench, receiver: &mut Receiver, change: impl Fn(&mut Value)) -> Value {
    let mut body = provision(ALICE, &[signer(None)]);
    change(&mut body["provCommand"]);
    let sent = bench.command("provision", body).await;
    bench.sim.mobile().open(&mobile_link(&sent)).await.unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
}

const JPEG: [u8; 4] = [0xff, 0xd8, 0xff, 0xe0];

#[tokio::test]
async fn visual_ids_are_kept_as_they_came() {
    let (bench, mut receiver) = bench("").await;
    let card = json!({
        "contentId": "PROV:3f7a0c52-0000-4000-8000-000000000001",
        "profileCard": {
            "front": {"data": std64(&JPEG), "dataType": "IMAGE", "key": "front", "textColor": "WHITE"},
            "back": {"data": "e30.e30.c2ln", "dataType": "JOSE", "key": "back", "textColor": "WHITE"},
        },
    });
    let callback = provisioned(&bench, &mut receiver, |command| {
        command["profile"]["visualData"] = card.clone();
    })
    .await;
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    let visual = bench.sim.mobile().profiles()[0].visual.clone();
    assert_eq!(visual.front.as_deref(), Some(&JPEG[..]));
    assert_eq!(visual.back.as_deref(), Some("e30.e30.c2ln"));
    assert_eq!(
        visual.content_id.as_deref(),
        Some("PROV:3f7a0c52-0000-4000-8000-000000000001")
    );
    // An update without a card leaves it.
    let id = bench.sim.mobile().profiles()[0].id.clone();
    provisioned(&bench, &mut receiver, |command| {
        command["profile"]["profileid"] = json!(id);
    })
    .await;
    assert_eq!(bench.sim.mobile().profiles()[0].visual, visual);
}

#[tokio::test]
async fn commands_that_cannot_be_done_leave_nothing_behind() {
    let (bench, mut receiver) = bench(LENIENT).await;
    let many: Vec<Value> = (0..21)
        .map(|number| key_request(&format!("key-{number}"), "SIG", "EC", "256", None))
        .collect();
    let key = |change: &dyn Fn(&mut Value)| {
        let mut request = signer(None);
        change(&mut request);
        json!([request])
    };
    let cases: Vec<(&str, Value)> = vec![
        ("/profile/keygenrequests", json!(many)),
        (
            "/profile/keygenrequests",
            key(&|request| request["certreq"] = json!(std64(&[0x30, 0]))),
        ),
    ];
    for (pointer, value) in cases {
        let callback = provisioned(&bench, &mut receiver, |command| {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            command.pointer_mut(parent).unwrap()[name] = value.clone();
        })
        .await;
        assert_eq!(callback["state"], "FAILED", "{pointer}: {callback}");
        assert!(callback["error"]["code"].is_string());
        assert!(bench.sim.mobile().profiles().is_empty());
    }
    // Twenty are not too many.
    let callback = provisioned(&bench, &mut receiver, |command| {
        command["profile"]["keygenrequests"] = json!(many[..20]);
    })
    .await;
    assert_eq!(
        attested(&bench, &callback["response"])["keys"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
    // Other lists have their ends, too.
    let texts = vec!["x"; 101];
    let params = sign_params("jws", "ES256", &texts);
    let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
    bench.sim.mobile().check().await.unwrap();
    let callback = receiver.next_of(&command_id(&sent)).await.json();
    assert_eq!(callback["error"]["code"], "INVALID_PARAMETER");
    let certificates = vec![json!({"certificate": std64(&[0x30, 0])}); 51];
    for (certificates, code) in [
        (json!(certificates), "INVALID_PARAMETER"),
        (json!([{"certificate": std64(&[0x30, 0])}]), "UnknownError"),
    ] {
        let body = json!({"userid": ALICE, "certificates": certificates});
        let sent = bench
            .command("certificate", to_user(ALICE, "certCommand", body))
            .await;
        assert_eq!(sent.status, 200, "{}", sent.text);
        bench.sim.mobile().check().await.unwrap();
        assert_eq!(
            receiver.next_of(&command_id(&sent)).await.json()["error"]["code"],
            code
        );
    }
}

#[tokio::test]
async fn an_update_of_somebody_elses_profile_is_refused() {
    let (bench, mut receiver) = bench("").await;
    let phone = bench.sim.mobile();
    enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    enrol(&bench, &phone, "bob@example.test", &[signer(None)]).await;
    for _ in 0..2 {
        receiver.next().await;
    }
    let bobs = phone.profiles()[1].clone();
    let callback = provisioned(&bench, &mut receiver, |command| {
        command["profile"]["profileid"] = json!(bobs.id);
    })
    .await;
    assert_eq!(callback["error"]["code"], "PROFILE_NOT_FOUND");
    assert_eq!(
        phone.profiles()[1].key("signer").unwrap().public_key,
        bobs.key("signer").unwrap().public_key
    );
}

#[tokio::test]
async fn a_message_server_that_answers_nonsense_is_an_error_not_a_panic() {
    for fault in [
        FaultKind::body("application/json", "[]"),
        FaultKind::body("application/json", "{\"messages\": 7}"),
        FaultKind::body("text/html", "<html>"),
        FaultKind::DeepJson { depth: 100_000 },
        FaultKind::Huge { bytes: 2 << 20 },
        FaultKind::status(500),
        FaultKind::TruncatedBody,
    ] {
        let (bench, _receiver) = bench("reconnects = 0\n[desktop]\nreconnects = 0").await;
        let sent = bench.command("ping", to_link("pingCommand", json!({}))).await;
        bench
            .sim
            .faults()
            .inject(Fault::new(Route::MessageServer, fault.clone()));
        let error = bench
            .sim
            .desktop()
            .open(&destination(&sent, "uri"))
            .await
            .unwrap_err();
        assert!(matches!(error, SimError::Device(_)), "{fault:?} {error}");
        assert!(!error.to_string().contains("token"), "{error}");
        let sent = bench
            .command("provision", provision(ALICE, &[signer(None)]))
            .await;
        bench.sim.faults().inject(Fault::new(Route::MessageServer, fault));
        match bench.sim.mobile().open(&mobile_link(&sent)).await {
            Ok(report) => assert_ne!(report.states, ["SUCCESS"], "nonsense is no command"),
            Err(error) => assert!(matches!(error, SimError::Device(_)), "{error}"),
        }
        assert!(bench.sim.mobile().profiles().is_empty());
    }
}

#[tokio::test]
async fn only_a_provisioning_message_is_had_by_its_address_alone() {
    let (bench, mut receiver) = bench("").await;
    let phone = bench.sim.mobile();
    let body = to_link("signCommand", sign_params("jws", "ES256", &["x"]));
    let sent = bench.command("sign", body).await;
    assert!(matches!(
        phone.open(&mobile_link(&sent)).await,
        Err(SimError::Device(_))
    ));
    // Opened by its token, the box is no longer anybody's who knows the address.
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let box_url = destination(&sent, "location")
        .rsplit_once('/')
        .unwrap()
        .0
        .to_owned();
    let token = destination(&sent, "uri")
        .rsplit_once("token=")
        .unwrap()
        .1
        .to_owned();
    let opened = bench
        .http
        .get(format!("{box_url}?token={token}"))
        .send()
        .await
        .unwrap();
    assert_eq!(opened.status(), 200);
    assert!(phone.open(&mobile_link(&sent)).await.is_err());
    // And the other way round: whoever has the message has used up the link.
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let fetched = bench
        .http
        .get(destination(&sent, "location"))
        .send()
        .await
        .unwrap();
    assert_eq!(fetched.status(), 200);
    assert!(
        bench
            .sim
            .desktop()
            .open(&destination(&sent, "uri"))
            .await
            .is_err()
    );
    assert_eq!(phone.open(&mobile_link(&sent)).await.unwrap().states, ["SUCCESS"]);
    receiver.next_of(&command_id(&sent)).await;
}

#[tokio::test]
async fn messages_that_an_app_knows_are_no_news() {
    let toml = "[[hermod.mailbox.existing]]\nuser = \"alice@example.test\"\nprofile = \"p\"\nsession = \"s\"";
    let (bench, _receiver) = bench(toml).await;
    let ping = async || {
        let sent = bench
            .command("ping", to_user(ALICE, "pingCommand", json!({})))
            .await;
        (destination(&sent, "location"), destination(&sent, "mid"))
    };
    let (location, first) = ping().await;
    let box_url = location.rsplit_once('/').unwrap().0.to_owned();
    let list = |query: String| {
        bench
            .http
            .get(format!("{box_url}?{query}"))
            .header("x-session", "s")
            .send()
    };
    let mids = async |query: String| {
        let body: Value = serde_json::from_str(&list(query).await.unwrap().text().await.unwrap()).unwrap();
        let messages = body["messages"].as_array().unwrap().clone();
        messages
            .iter()
            .map(|message| message["mid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(mids("wait=0".into()).await, vec![first.clone()]);
    // With a manual clock this would wait for ever.
    assert!(mids(format!("wait=0&seen={first}")).await.is_empty());
    let waiting = mids(format!("seen=x,{first}"));
    let (news, (_, second)) = tokio::join!(waiting, ping());
    assert_eq!(news, [second]);
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_as_often_as_told() {
    let (bench, mut receiver) = bench("reconnects = 1").await;
    let phone = bench.sim.mobile();
    let open = async |resets: usize| {
        let sent = bench
            .command("provision", provision(ALICE, &[signer(None)]))
            .await;
        for _ in 0..resets {
            bench
                .sim
                .faults()
                .inject(Fault::new(Route::MessageServer, FaultKind::Reset));
        }
        let opened = phone.open(&mobile_link(&sent)).await;
        (sent, opened)
    };
    let (sent, opened) = open(1).await;
    assert_eq!(opened.unwrap().states, ["SUCCESS"]);
    receiver.next_of(&command_id(&sent)).await;
    bench.sim.reconfigure(|config| config.mobile.reconnects = 0);
    assert!(matches!(open(1).await.1, Err(SimError::Device(_))));
}

#[tokio::test]
async fn a_phone_that_listens_survives_faults_and_restarts() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    receiver.next().await;
    for fault in [
        FaultKind::Reset,
        FaultKind::status(503),
        FaultKind::body("text/html", "<html>"),
        FaultKind::TruncatedBody,
    ] {
        bench.sim.faults().inject(Fault::new(Route::MessageServer, fault));
        let params = sign_params("jws", "ES256", &["x"]);
        let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
        assert_eq!(
            receiver.next_of(&command_id(&sent)).await.json()["state"],
            "SUCCESS"
        );
    }
}

#[tokio::test]
async fn nothing_that_is_secret_is_shown() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let phone = bench.sim.mobile();
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let link = destination(&sent, "uri");
    let token = link.rsplit_once("token=").unwrap().1.to_owned();
    let report = phone.open_as(&link, Persona::Approves).await.unwrap();
    receiver.next().await;
    let desktop = bench.sim.desktop();
    desktop.add_virtual_smart_card("1", [7; 24]);
    let shown = format!(
        "{report:?} {phone:?} {desktop:?} {:?} {:?}",
        phone.profiles(),
        bench.sim
    );
    assert!(!shown.contains(&token));
    assert!(!shown.contains("123456") && !shown.contains("7, 7, 7"));
    for record in bench.sim.records() {
        let header = record
            .header("x-session")
            .unwrap_or("no session at all")
            .to_owned();
        assert!(!shown.contains(&header));
    }
}
