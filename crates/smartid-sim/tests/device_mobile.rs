//! Phones: enrolled by their link, found again by their user id, answering by themselves and when told to.
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
    ALICE, answered, attested, command_id, enrol, key_request, mobile_link, provision, sign_params, signer,
    template, to_user, un64,
};
use serde_json::{Value, json};
use smartid_sim::pki::{PublicKey, csr, jws};
use smartid_sim::{Persona, ShownAs};

async fn bench() -> (Bench, Receiver) {
    Bench::with_receiver("").await
}

/// A key's public half, out of the phone.
fn public(bench: &Bench, id: &str) -> PublicKey {
    let profiles = bench.sim.mobile().profiles();
    PublicKey::from_spki(&profiles[0].key(id).unwrap().public_key).unwrap()
}

#[tokio::test]
async fn a_phone_is_enrolled_by_its_link() {
    let (bench, mut receiver) = bench().await;
    let wanted = template("Alice");
    let requests = [
        signer(Some(&wanted)),
        key_request("login", "AUTH", "EC", "384", None),
        key_request("device", "ENC", "RSA", "2048", Some(&wanted)),
    ];
    let sent = bench.command("provision", provision(ALICE, &requests)).await;
    let link = format!(
        "{}?title=Get%20your%20mobile%20ID&redirect=https%3A%2F%2Fportal.example.test%2Fdone%3Fa%3D1",
        mobile_link(&sent)
    );
    let phone = bench.sim.mobile();
    let report = phone.open(&link).await.unwrap();
    assert_eq!(report.title.as_deref(), Some("Get your mobile ID"));
    assert_eq!(
        report.redirect.as_deref(),
        Some("https://portal.example.test/done?a=1")
    );
    assert!(report.redirected && report.opened);
    let shown: Vec<String> = report.shown.iter().map(|shown| shown.text()).collect();
    assert_eq!(
        shown,
        ["Get your mobile ID", ALICE, "Example Smart ID", "Work phone"]
    );
    assert_eq!(report.states, ["SUCCESS"]);
    assert_eq!(report.accepted, [200]);

    let callback = receiver.next_of(&command_id(&sent)).await;
    assert_eq!(callback.path, "/hook/callback/provision");
    let body = callback.json();
    assert_eq!(body["state"], "SUCCESS");
    let header = jws::parse(body["response"]["data"].as_str().unwrap())
        .unwrap()
        .header;
    assert_eq!(header["alg"], "RS256");
    assert!(header["kid"].as_str().unwrap().starts_with("attestation_"));
    let payload = attested(&bench, &body["response"]);
    let profile = &phone.profiles()[0];
    assert_eq!(
        (
            payload["nonce"].as_str(),
            payload["userid"].as_str(),
            payload["profileid"].as_str()
        ),
        (Some("83012264"), Some(ALICE), Some(profile.id.as_str()))
    );
    assert_eq!(payload["keys"].as_array().unwrap().len(), 3);
    let original = csr::Csr::parse(&wanted).unwrap();
    for (at, id) in [(0, "signer"), (2, "device")] {
        let key = &payload["keys"][at];
        assert_eq!(key["keyid"], id);
        let request = csr::Csr::parse(&un64(key["certreq"].as_str().unwrap())).unwrap();
        request.verify().unwrap();
        assert_eq!(request.subject_der(), original.subject_der());
        assert_ne!(request.spki_der(), original.spki_der());
        assert_eq!(request.spki_der(), profile.key(id).unwrap().public_key);
    }
    let raw = PublicKey::from_jwk(&payload["keys"][1]["jwk"]).unwrap();
    assert_eq!(raw.spki_der(), profile.key("login").unwrap().public_key);
    assert!(profile.mailbox);
    // The link works once.
    assert!(phone.open(&link).await.is_err());
    assert_eq!(phone.profiles().len(), 1);
}

#[tokio::test]
async fn an_enrolled_phone_answers_by_itself() {
    let (bench, mut receiver) = bench().await;
    enrol(&bench, &bench.sim.mobile(), ALICE, &[signer(None)]).await;
    receiver.next().await;
    let body = to_user(
        ALICE,
        "signCommand",
        sign_params("jws", "ES256", &["Pay 10 euro"]),
    );
    let callback = answered(&bench, &mut receiver, "sign", body).await.json();
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    assert_eq!(callback["response"]["format"], "jws");
    let signature = callback["response"]["data"].as_str().unwrap();
    assert_eq!(
        jws::verify(signature, &public(&bench, "signer")).unwrap(),
        b"Pay 10 euro"
    );
    assert_eq!(jws::parse(signature).unwrap().header["kid"], "signer");
    let body = to_user(ALICE, "pingCommand", json!({"deviceinfo": "true"}));
    let callback = answered(&bench, &mut receiver, "ping", body).await.json();
    assert_eq!(callback["response"]["deviceinfo"]["operatingsystem"], "iOS 18.5");
    while bench.sim.mobile().reports().len() < 2 {
        tokio::task::yield_now().await;
    }
    let report = &bench.sim.mobile().reports()[0];
    assert_eq!(report.commands, ["SIGN"]);
    let tbs: Vec<_> = report
        .shown
        .iter()
        .filter(|shown| shown.role == ShownAs::ToBeSigned)
        .collect();
    assert_eq!((tbs.len(), tbs[0].text().as_str()), (1, "Pay 10 euro"));
    assert!(report.shown.iter().any(|shown| shown.role == ShownAs::Description
        && shown.key == "requester"
        && shown.text() == "Example Bank"));
}

#[tokio::test]
async fn a_phone_that_does_not_listen_answers_when_it_looks() {
    let (bench, mut receiver) = Bench::with_receiver("[mobile]\nauto = false").await;
    let phone = bench.sim.mobile();
    enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    assert_eq!(phone.check().await.unwrap().messages, 0);
    let sign = || to_user(ALICE, "signCommand", sign_params("jws", "ES256", &["x"]));
    let sent = bench.command("sign", sign()).await;
    let report = phone.check_as(Persona::NeverOpens).await.unwrap();
    assert_eq!((report.messages, report.opened), (0, false));
    assert!(receiver.none_waits());
    let report = phone.open("personal://start?title=Look").await.unwrap();
    assert_eq!((report.messages, report.title.as_deref()), (1, Some("Look")));
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "SUCCESS"
    );

    for (persona, state) in [(Persona::Declines, "REJECTED"), (Persona::Cancels, "CANCELLED")] {
        let sent = bench.command("sign", sign()).await;
        phone.check_as(persona).await.unwrap();
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        assert_eq!(callback["state"], state);
        assert!(callback.get("response").is_none());
    }
    // From now on by itself.
    phone.serve();
    let callback = answered(&bench, &mut receiver, "sign", sign()).await.json();
    assert_eq!(callback["state"], "SUCCESS");
}

#[tokio::test]
async fn two_phones_of_one_user_answer_each_for_itself() {
    let (bench, mut receiver) = bench().await;
    let (first, second) = (bench.sim.mobile(), bench.sim.new_mobile());
    assert_ne!(first.name(), second.name());
    enrol(&bench, &first, ALICE, &[signer(None)]).await;
    enrol(&bench, &second, ALICE, &[signer(None)]).await;
    for _ in 0..2 {
        receiver.next().await;
    }
    second.set_persona(Some(Persona::Declines));
    let sent = bench
        .command(
            "sign",
            to_user(ALICE, "signCommand", sign_params("jws", "ES256", &["x"])),
        )
        .await;
    assert_eq!(sent.json()["destinations"].as_array().unwrap().len(), 2);
    let mut states: Vec<String> = Vec::new();
    for _ in 0..2 {
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        let state = callback["state"].as_str().unwrap().to_owned();
        assert_eq!(callback["response"].is_object(), state == "SUCCESS", "{callback}");
        states.push(state);
    }
    states.sort();
    assert_eq!(states, ["REJECTED", "SUCCESS"]);
    assert_ne!(first.profiles()[0].id, second.profiles()[0].id);
}

#[tokio::test]
async fn an_update_overwrites_keys_of_the_same_id_and_keeps_the_rest() {
    let (bench, mut receiver) = bench().await;
    let phone = bench.sim.mobile();
    enrol(
        &bench,
        &phone,
        ALICE,
        &[signer(None), key_request("login", "AUTH", "EC", "256", None)],
    )
    .await;
    receiver.next().await;
    let before = phone.profiles()[0].clone();
    let mut update = provision(ALICE, &[signer(None)]);
    let profile = &mut update["provCommand"]["profile"];
    profile["profileid"] = json!(before.id);
    profile.as_object_mut().unwrap().remove("name");
    let sent = bench.command("provision", update.clone()).await;
    phone.open(&mobile_link(&sent)).await.unwrap();
    let payload = attested(
        &bench,
        &receiver.next_of(&command_id(&sent)).await.json()["response"],
    );
    assert_eq!(payload["profileid"], json!(before.id));
    let after = phone.profiles();
    assert_eq!((after.len(), after[0].name.as_str()), (1, "Work phone"));
    let spki = |profile: &smartid_sim::DeviceProfile, id: &str| profile.key(id).unwrap().public_key.clone();
    assert_ne!(spki(&before, "signer"), spki(&after[0], "signer"));
    assert_eq!(spki(&before, "login"), spki(&after[0], "login"));
    // A profile that the phone does not have.
    update["provCommand"]["profile"]["profileid"] = json!("00000000-0000-4000-8000-000000000000");
    let sent = bench.command("provision", update).await;
    phone.open(&mobile_link(&sent)).await.unwrap();
    let callback = receiver.next_of(&command_id(&sent)).await.json();
    assert_eq!(
        (callback["state"].as_str(), callback["error"]["code"].as_str()),
        (Some("FAILED"), Some("PROFILE_NOT_FOUND"))
    );
    // The mailbox still works.
    let body = to_user(ALICE, "signCommand", sign_params("jws", "ES256", &["x"]));
    let callback = answered(&bench, &mut receiver, "sign", body).await.json();
    let signature = callback["response"]["data"].as_str().unwrap();
    assert!(jws::verify(signature, &public(&bench, "signer")).is_ok());
}

#[tokio::test]
async fn a_profile_is_deleted_with_confirmation() {
    let (bench, mut receiver) = bench().await;
    let phone = bench.sim.mobile();
    let report = enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    let profile = report.profile_id.unwrap();
    let body = to_user(
        ALICE,
        "deleteCommand",
        json!({"userid": ALICE, "profileid": profile, "confirmation": true}),
    );
    let callback = answered(&bench, &mut receiver, "delete", body.clone())
        .await
        .json();
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    while !phone.profiles().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bench.command("delete", body).await.status, 404);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let (bench, mut receiver) = bench().await;
    let phone = bench.sim.mobile();
    let other = |change: &dyn Fn(&mut Value)| {
        let mut body = provision(ALICE, &[signer(None)]);
        change(&mut body["provCommand"]);
        body
    };
    let request = "/profile/keygenrequests/0";
    let cases: Vec<(Value, &str)> = vec![
        (
            other(&|c| {
                *c.pointer_mut(&format!("{request}/keytypeprios")).unwrap() =
                    json!([{"keytype": "RSA", "keylength": "1024", "responsemechanism": "RS256"}])
            }),
            "KEY_TYPE_NOT_SUPPORTED",
        ),
        (
            other(&|c| *c.pointer_mut(&format!("{request}/storageprios")).unwrap() = json!(["TPM"])),
            "STORAGE_NOT_SUPPORTED",
        ),
        (
            other(&|c| c["responsesignaturekey"] = json!("nobody")),
            "KEY_UNKNOWN",
        ),
    ];
    for (body, code) in cases {
        let sent = bench.command("provision", body).await;
        let report = phone.open(&mobile_link(&sent)).await.unwrap();
        assert_eq!(report.states, ["FAILED"], "{code}");
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        assert_eq!(callback["error"]["code"], code);
    }
    assert!(phone.profiles().is_empty());
    enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    for (change, code) in [
        (
            json!({"filter": {"op": "like", "param": "key.type", "value": "R"}}),
            "FILTER_NOT_SUPPORTED",
        ),
        (
            json!({"filter": {"op": "eq", "param": "key.type", "value": "RSA"}}),
            "NO_MATCHING_KEY",
        ),
        (json!({"mechanism": "CKM_ROT13"}), "MECHANISM_NOT_SUPPORTED"),
        (json!({"format": "pgp"}), "FORMAT_NOT_SUPPORTED"),
        (json!({"format": "raw"}), "FORMAT_NOT_SUPPORTED"),
        (json!({"format": "pkcs7"}), "NO_CERTIFICATE"),
    ] {
        let mut body = sign_params("jws", "ES256", &["x"]);
        for (name, value) in change.as_object().unwrap() {
            body["params"][name] = value.clone();
        }
        let callback = answered(&bench, &mut receiver, "sign", to_user(ALICE, "signCommand", body))
            .await
            .json();
        assert_eq!(
            (callback["state"].as_str(), callback["error"]["code"].as_str()),
            (Some("FAILED"), Some(code)),
            "{callback}"
        );
    }
    // A PIN reset is not for phones.
    let body = to_user(ALICE, "spinCommand", json!({"smartcardid": "1"}));
    let callback = answered(&bench, &mut receiver, "startpinreset", body)
        .await
        .json();
    assert_eq!(callback["error"]["code"], "NotSupportedError");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_changes_nothing() {
    let (bench, mut receiver) =
        Bench::with_receiver("[mobile]\nslow_seconds = 400\npersona = \"slow\"").await;
    let phone = bench.sim.mobile();
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let link = mobile_link(&sent);
    let opening = tokio::spawn({
        let phone = phone.clone();
        async move { phone.open(&link).await }
    });
    // Time moves once the message has been fetched.
    while bench
        .sim
        .records()
        .iter()
        .filter(|record| record.path.contains("/ms/") && record.status == Some(200))
        .count()
        == 0
    {
        tokio::task::yield_now().await;
    }
    loop {
        bench.sim.advance(std::time::Duration::from_secs(100));
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        if opening.is_finished() {
            break;
        }
    }
    let report = opening.await.unwrap().unwrap();
    assert_eq!(report.accepted, [404], "{report:?}");
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "TIMEOUT"
    );
    assert!(phone.profiles().is_empty());
}

#[tokio::test]
async fn an_authentication_says_who_answers() {
    let (bench, mut receiver) = bench().await;
    enrol(
        &bench,
        &bench.sim.mobile(),
        ALICE,
        &[signer(None), key_request("login", "AUTH", "EC", "256", None)],
    )
    .await;
    receiver.next().await;
    let params = json!({"params": {
        "description": [devices::entry("requester", "Example Bank")],
        "format": "jws",
        "mechanism": "ES256",
    }});
    let body = to_user(ALICE, "authCommand", params);
    let callback = answered(&bench, &mut receiver, "authenticate", body).await.json();
    let signature = callback["response"]["data"].as_str().unwrap();
    // The key for authentication signs, although the one for signatures was made first.
    let payload = jws::verify(signature, &public(&bench, "login")).unwrap();
    let payload: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(
        payload,
        json!({"userid": ALICE, "profileid": bench.sim.mobile().profiles()[0].id})
    );
    assert!(jws::verify(signature, &public(&bench, "signer")).is_err());
}
