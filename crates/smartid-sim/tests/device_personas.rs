//! Each persona on each command that its behaviour concerns: exactly the named thing is wrong, and everything else is as it should be.
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

use std::time::Duration;

use common::{Bench, Receiver};
use devices::{
    ALICE, attested, command_id, destination, key_request, mobile_link, provision, sign_params, signer,
    std64, template, to_link, to_user, un64,
};
use serde_json::{Value, json};
use smartid_sim::pki::{Certificate, Key, KeyKind, Profile, PublicKey, TestCa, Validity, cms, csr, jws};
use smartid_sim::{Card, DeviceReport, Persona};

const NOW: u64 = 1_767_225_600;

async fn bench() -> (Bench, Receiver) {
    Bench::with_receiver("[mobile]\nauto = false\n[desktop]\nslow_seconds = 7").await
}

/// What a new phone with this person answers to a provisioning command.
async fn provisioned(persona: Persona) -> (Bench, DeviceReport, Value, Vec<u8>) {
    let (bench, mut receiver) = bench().await;
    let wanted = template("Alice");
    let requests = [
        key_request("login", "AUTH", "EC", "256", Some(&wanted)),
        signer(Some(&wanted)),
    ];
    let sent = bench.command("provision", provision(ALICE, &requests)).await;
    let phone = bench.sim.mobile();
    let report = phone.open_as(&mobile_link(&sent), persona).await.unwrap();
    let callback = receiver.next_of(&command_id(&sent)).await.json();
    (bench, report, callback, wanted)
}

#[tokio::test]
async fn provisioning_answers_go_wrong_in_one_point() {
    for (persona, wrong) in [
        (Persona::Approves, ""),
        (Persona::WrongNonce, "nonce"),
        (Persona::WrongUser, "userid"),
        (Persona::DropsKey, "dropped"),
        (Persona::KeepsTemplateKey, "template"),
    ] {
        let (bench, report, callback, wanted) = provisioned(persona).await;
        assert_eq!(report.persona, persona);
        let payload = attested(&bench, &callback["response"]);
        let keys = payload["keys"].as_array().unwrap();
        let unchanged = keys
            .iter()
            .all(|key| un64(key["certreq"].as_str().unwrap()) == wanted);
        let found = [
            ("nonce", payload["nonce"] != "83012264"),
            ("userid", payload["userid"] != ALICE),
            ("dropped", keys.len() != 2),
            ("template", unchanged),
        ];
        for (name, is_wrong) in found {
            assert_eq!(is_wrong, name == wrong, "{persona} {name}");
        }
        if wrong == "dropped" {
            assert_eq!(keys[0]["keyid"], "login");
        }
        for key in keys {
            csr::Csr::parse(&un64(key["certreq"].as_str().unwrap()))
                .unwrap()
                .verify()
                .unwrap();
        }
    }
}

#[tokio::test]
async fn provisioning_answers_are_signed_wrongly() {
    for persona in [Persona::ForgesSignature, Persona::Stranger] {
        let (bench, _, callback, _) = provisioned(persona).await;
        let text = callback["response"]["data"].as_str().unwrap();
        let attestation: Value = serde_json::from_str(&bench.sim.attestation_jwk().unwrap()).unwrap();
        assert!(jws::verify(text, &PublicKey::from_jwk(&attestation).unwrap()).is_err());
        let read = jws::parse(text).unwrap();
        assert_eq!(read.header["kid"], attestation["kid"], "{persona}");
        let payload: Value = serde_json::from_slice(&read.payload).unwrap();
        assert_eq!(payload["nonce"], "83012264", "only the signature is wrong");
    }
    let (_, _, callback, _) = provisioned(Persona::WrongFormat).await;
    assert_eq!(callback["response"]["format"], "json");
    let payload: Value = serde_json::from_str(callback["response"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(payload["userid"], ALICE);
    let (_, _, callback, _) = provisioned(Persona::Garbage).await;
    assert_eq!(
        (callback["state"].as_str(), &callback["response"]["format"]),
        (Some("SUCCESS"), &json!(42))
    );
}

#[tokio::test]
async fn nobody_is_enrolled_who_declines_cancels_or_never_opens() {
    for (persona, state) in [(Persona::Declines, "REJECTED"), (Persona::Cancels, "CANCELLED")] {
        let (bench, report, callback, _) = provisioned(persona).await;
        assert_eq!(
            (callback["state"].as_str(), callback.get("response")),
            (Some(state), None)
        );
        assert_eq!(report.states, [state]);
        assert!(bench.sim.mobile().profiles().is_empty());
    }
    let (bench, mut receiver) = bench().await;
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let report = bench
        .sim
        .mobile()
        .open_as(&mobile_link(&sent), Persona::NeverOpens)
        .await
        .unwrap();
    assert!(!report.opened && report.messages == 0);
    bench.sim.advance(Duration::from_secs(251));
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "TIMEOUT"
    );
}

/// A Desktop App with one card, and its authority.
struct Signers {
    bench: Bench,
    receiver: Receiver,
    ca: TestCa,
    key: Key,
    certificate: Certificate,
}

async fn signers() -> Signers {
    let (bench, receiver) = bench().await;
    let ca = TestCa::new(3, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    let certificate = ca
        .issue_for_key(
            "CN=Alice\\, Example",
            &key,
            Profile::Signing,
            Validity::days(NOW, 30),
        )
        .unwrap();
    let chain = [certificate.der().to_vec(), ca.issuer_der().to_vec()];
    bench
        .sim
        .desktop()
        .insert_card(Card::new("1").key("signer", "SIG", &key, &chain));
    Signers {
        bench,
        receiver,
        ca,
        key,
        certificate,
    }
}

impl Signers {
    async fn sign(&mut self, persona: Persona, format: &str, texts: &[&str]) -> (DeviceReport, Value) {
        let params = sign_params(format, "ES256", texts);
        let sent = self.bench.command("sign", to_link("signCommand", params)).await;
        let link = destination(&sent, "uri");
        let report = self.bench.sim.desktop().open_as(&link, persona).await.unwrap();
        (report, self.receiver.next_of(&command_id(&sent)).await.json())
    }
}

fn data(callback: &Value) -> &str {
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    callback["response"]["data"].as_str().unwrap()
}

#[tokio::test]
async fn signatures_cover_something_else() {
    let mut signers = signers().await;
    for (persona, content) in [
        (Persona::Approves, "one two three"),
        (Persona::ReordersTbs, "threetwo one "),
        (
            Persona::SignsOther,
            "one two three (and something that nobody asked for)",
        ),
    ] {
        let texts = ["one ", "two ", "three"];
        let (_, callback) = signers.sign(persona, "jws", &texts).await;
        let payload = jws::verify(data(&callback), signers.key.public_key()).unwrap();
        assert_eq!(String::from_utf8(payload).unwrap(), content, "{persona}");
        let (_, callback) = signers.sign(persona, "pkcs7", &texts).await;
        let verified = cms::verify(&un64(data(&callback)), None).unwrap();
        assert_eq!(String::from_utf8(verified.content).unwrap(), content, "{persona}");
        assert_eq!(verified.signers[0].certificate.der(), signers.certificate.der());
    }
}

#[tokio::test]
async fn signatures_are_forged_or_a_strangers() {
    let mut signers = signers().await;
    for format in ["jws", "pkcs7"] {
        let (_, callback) = signers.sign(Persona::ForgesSignature, format, &["x"]).await;
        if format == "jws" {
            assert!(jws::verify(data(&callback), signers.key.public_key()).is_err());
            assert_eq!(jws::parse(data(&callback)).unwrap().payload, b"x");
        } else {
            assert!(cms::verify(&un64(data(&callback)), None).is_err());
        }
        let (_, callback) = signers.sign(Persona::Stranger, format, &["x"]).await;
        let leaf = if format == "jws" {
            let header = jws::parse(data(&callback)).unwrap().header;
            let leaf = Certificate::parse(&un64(header["x5c"][0].as_str().unwrap())).unwrap();
            let key = PublicKey::from_spki(leaf.spki_der()).unwrap();
            // Correct by itself, and of nobody that we know.
            jws::verify(data(&callback), &key).unwrap();
            leaf
        } else {
            cms::verify(&un64(data(&callback)), None).unwrap().signers[0]
                .certificate
                .clone()
        };
        assert_eq!(leaf.common_name().as_deref(), Some("Alice, Example"));
        assert!(signers.ca.verify(&leaf, NOW).is_err());
        assert_ne!(leaf.spki_der(), signers.certificate.spki_der());
    }
}

#[tokio::test]
async fn signatures_come_in_another_format() {
    let mut signers = signers().await;
    let (_, callback) = signers.sign(Persona::WrongFormat, "pkcs7", &["x"]).await;
    assert_eq!(callback["response"]["format"], "jws");
    jws::verify(data(&callback), signers.key.public_key()).unwrap();
    let (_, callback) = signers.sign(Persona::WrongFormat, "jws", &["x"]).await;
    assert_eq!(callback["response"]["format"], "pkcs7");
    cms::verify(&un64(data(&callback)), None).unwrap();
}

#[tokio::test]
async fn old_answers_are_sent_again() {
    let mut signers = signers().await;
    let (_, first) = signers.sign(Persona::ReplaysOld, "jws", &["first"]).await;
    assert_eq!(jws::parse(data(&first)).unwrap().payload, b"first");
    for _ in 0..2 {
        let (report, callback) = signers.sign(Persona::ReplaysOld, "jws", &["second"]).await;
        assert_eq!(data(&callback), data(&first));
        assert!(report.actions.iter().any(|action| action.contains("earlier")));
    }
    let (_, callback) = signers.sign(Persona::Approves, "jws", &["third"]).await;
    assert_eq!(jws::parse(data(&callback)).unwrap().payload, b"third");
}

#[tokio::test]
async fn answers_come_twice() {
    let mut signers = signers().await;
    let (report, _) = signers.sign(Persona::AnswersTwice, "jws", &["x"]).await;
    assert_eq!(report.accepted, [204, 409]);
    assert!(signers.receiver.none_waits());
    signers
        .bench
        .sim
        .reconfigure(|config| config.hermod.second_answer = smartid_sim::config::SecondAnswer::Relay);
    let (report, callback) = signers.sign(Persona::AnswersTwice, "jws", &["x"]).await;
    assert_eq!(report.accepted, [204, 204]);
    assert_eq!(
        signers.receiver.next().await.json()["response"],
        callback["response"]
    );
}

#[tokio::test]
async fn the_slow_person_answers_after_a_while() {
    let mut signers = signers().await;
    let params = sign_params("jws", "ES256", &["x"]);
    let sent = signers
        .bench
        .command("sign", to_link("signCommand", params))
        .await;
    let (desktop, link) = (signers.bench.sim.desktop(), destination(&sent, "uri"));
    let app = tokio::spawn(async move { desktop.open_as(&link, Persona::Slow).await });
    while !app.is_finished() {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        signers.bench.sim.advance(Duration::from_secs(1));
    }
    let report = app.await.unwrap().unwrap();
    assert!(
        report.actions.contains(&"thought for 7 seconds".to_owned()),
        "{report:?}"
    );
    let callback = signers.receiver.next_of(&command_id(&sent)).await.json();
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
}

#[tokio::test]
async fn personas_without_meaning_for_a_command_approve() {
    let mut signers = signers().await;
    for persona in [
        Persona::WrongChallenge,
        Persona::WrongOrigin,
        Persona::AlreadyRegistered,
        Persona::WrongNonce,
        Persona::WrongUser,
        Persona::DropsKey,
        Persona::KeepsTemplateKey,
    ] {
        let (_, callback) = signers.sign(persona, "jws", &["x"]).await;
        let payload = jws::verify(data(&callback), signers.key.public_key()).unwrap();
        assert_eq!(payload, b"x", "{persona}");
    }
}

#[tokio::test]
async fn a_phone_blocks_its_own_pin() {
    let (bench, mut receiver) = Bench::with_receiver("[mobile]\nauto = false\npin_tries = 2").await;
    let phone = bench.sim.mobile();
    devices::enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    let mut codes = Vec::new();
    for persona in [Persona::WrongPin, Persona::WrongPin, Persona::Approves] {
        let params = sign_params("jws", "ES256", &["x"]);
        let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
        phone.check_as(persona).await.unwrap();
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        codes.push(callback["error"]["code"].as_str().unwrap().to_owned());
    }
    assert_eq!(codes, ["WRONG_PIN", "WRONG_PIN", "PIN_BLOCKED"]);
}

#[tokio::test]
async fn an_authentication_names_somebody_else() {
    let (bench, mut receiver) = bench().await;
    let phone = bench.sim.mobile();
    devices::enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    let authenticate =
        json!({"params": {"description": [devices::entry("requester", "Bank")], "format": "jws"}});
    let mut seen = Vec::new();
    for persona in [Persona::Approves, Persona::WrongUser] {
        let sent = bench
            .command(
                "authenticate",
                to_user(ALICE, "authCommand", authenticate.clone()),
            )
            .await;
        phone.check_as(persona).await.unwrap();
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        let payload = jws::parse(data(&callback)).unwrap().payload;
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        seen.push(payload["userid"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, [ALICE, "somebody.else@example.test"]);
    assert!(!std64(seen[0].as_bytes()).is_empty());
}

#[tokio::test]
async fn a_persona_may_change_while_a_message_lies_in_the_box() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let phone = bench.sim.mobile();
    devices::enrol(&bench, &phone, ALICE, &[signer(None)]).await;
    receiver.next().await;
    phone.set_persona(Some(Persona::NeverOpens));
    let params = sign_params("jws", "ES256", &["x"]);
    let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
    assert!(receiver.none_waits() && phone.reports().is_empty());
    phone.set_persona(None);
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "SUCCESS"
    );
    bench.sim.set_persona(Persona::Declines);
    let params = sign_params("jws", "ES256", &["x"]);
    let sent = bench.command("sign", to_user(ALICE, "signCommand", params)).await;
    assert_eq!(
        receiver.next_of(&command_id(&sent)).await.json()["state"],
        "REJECTED"
    );
}
