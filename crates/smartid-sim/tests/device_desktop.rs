//! The Desktop App by plugout links: virtual smart cards, certificates, recovered keys, signatures in every format, PIN reset.
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
    ALICE, NOW, attested, by_link, by_link_as, certified, command_id, destination, mobile_link, provision,
    rsa_params, sign_params, std64, to_user, un64,
};
use serde_json::json;
use smartid_sim::pki::{
    Certificate, Key, KeyKind, Profile, PublicKey, SigAlg, TestCa, Validity, cms, jws, p12,
};
use smartid_sim::{Card, Persona};

fn authority() -> TestCa {
    TestCa::new(1, NOW).unwrap()
}

#[tokio::test]
async fn certificates_are_installed_and_signatures_verify() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let held = bench.sim.desktop().profiles()[0].clone();
    let key = held.key("signer").unwrap();
    assert_eq!(
        (
            held.id.as_str(),
            key.storage.as_str(),
            key.protection.as_deref(),
            key.chain.len()
        ),
        (profile.as_str(), "VSC", Some("CONSENT"), 3)
    );
    let public = PublicKey::from_spki(&key.public_key).unwrap();
    // The virtual smart card carries the profile's id.
    assert_eq!(bench.sim.desktop().pin_of(&profile).as_deref(), Some("123456"));

    let sign = async |receiver: &mut Receiver, format: &str, mechanism: &str| {
        let params = rsa_params(format, mechanism, &["Pay ", "10 euro"]);
        let callback = by_link(&bench, receiver, "sign", "signCommand", params).await;
        assert_eq!(callback["state"], "SUCCESS", "{callback}");
        assert_eq!(callback["response"]["format"], format);
        callback["response"]["data"].as_str().unwrap().to_owned()
    };
    for mechanism in ["CKM_SHA256_RSA_PKCS", "CKM_SHA512_RSA_PKCS"] {
        let message = un64(&sign(&mut receiver, "pkcs7", mechanism).await);
        let verified = cms::verify(&message, None).unwrap();
        assert_eq!(verified.content, b"Pay 10 euro");
        let signer = &verified.signers[0].certificate;
        ca.verify(signer, NOW + 60).unwrap();
        assert_eq!(signer.common_name().as_deref(), Some("Alice"));
    }
    let text = sign(&mut receiver, "jws", "RS256").await;
    assert_eq!(jws::verify(&text, &public).unwrap(), b"Pay 10 euro");
    let header = jws::parse(&text).unwrap().header;
    assert_eq!(header["x5c"].as_array().unwrap().len(), 3);
    assert!(header.get("kid").is_none());
    let raw = un64(&sign(&mut receiver, "raw", "CKM_SHA256_RSA_PKCS").await);
    public.verify(SigAlg::Rs256, b"Pay 10 euro", &raw).unwrap();
    let bare = un64(&sign(&mut receiver, "raw", "CKM_RSA_PKCS").await);
    public.verify_unhashed(b"Pay 10 euro", &bare).unwrap();
    let xml = sign(&mut receiver, "xmldsig", "CKM_SHA256_RSA_PKCS").await;
    assert!(xml.starts_with("<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">"));
    assert!(xml.contains(&std64(b"Pay 10 euro")) && xml.contains(&std64(&key.chain[0])));
}

#[tokio::test]
async fn filters_find_the_key_by_issuer_and_profile() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let issuer = Certificate::parse(ca.issuer_der())
        .unwrap()
        .common_name()
        .unwrap();
    let leaf = |param: &str, value: &str| json!({"op": "eq", "param": param, "value": value});
    for (filter, state) in [
        (leaf("cert.issuer", &issuer), "SUCCESS"),
        (leaf("cert.issuer", "somebody else"), "FAILED"),
        (leaf("cert.subject", "CN=Alice,O=Example"), "SUCCESS"),
        (leaf("profile.id", &profile), "SUCCESS"),
        (leaf("key.id", "signer"), "SUCCESS"),
        (
            json!({"op": "and", "value": [leaf("key.type", "RSA"), {"op": "not", "value": [leaf("cert.issuer", "x")]}]}),
            "SUCCESS",
        ),
        (
            json!({"op": "or", "value": [leaf("key.type", "EC"), leaf("key.usage", "AUTH")]}),
            "FAILED",
        ),
    ] {
        let mut params = sign_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["x"]);
        params["params"]["filter"] = filter.clone();
        let callback = by_link(&bench, &mut receiver, "sign", "signCommand", params).await;
        assert_eq!(callback["state"], state, "{filter} {callback}");
    }
}

#[tokio::test]
async fn what_does_not_belong_is_not_installed() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let other = Key::generate(KeyKind::P256).unwrap();
    let foreign = ca
        .issue_for_key("CN=Mallory", &other, Profile::Signing, Validity::days(NOW, 1))
        .unwrap();
    let file = p12::make(&other, &[foreign.der().to_vec()], "correct").unwrap();
    let good = json!({"certificate": std64(ca.root_der())});
    let before = bench.sim.desktop().profiles()[0].clone();
    for (entry, code) in [
        (
            json!({"keyid": "signer", "certificate": std64(foreign.der())}),
            "KEY_MISMATCH",
        ),
        (
            json!({"keyid": "nobody", "certificate": std64(foreign.der())}),
            "KEY_UNKNOWN",
        ),
        (
            json!({"keyid": "enc", "pkcs12": std64(&file), "password": "wrong"}),
            "PKCS12_NOT_OPENED",
        ),
    ] {
        let body = json!({"userid": ALICE, "profileid": profile, "certificates": [good, entry]});
        let callback = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
        assert_eq!(
            (callback["state"].as_str(), callback["error"]["code"].as_str()),
            (Some("FAILED"), Some(code))
        );
        let after = bench.sim.desktop().profiles()[0].clone();
        assert_eq!(
            (after.keys.len(), after.auxiliary.len()),
            (before.keys.len(), 0),
            "{code}"
        );
    }
    let body = json!({"userid": ALICE, "profileid": "nobody", "certificates": [good]});
    let callback = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
    assert_eq!(callback["error"]["code"], "PROFILE_NOT_FOUND");
}

#[tokio::test]
async fn recovered_keys_and_auxiliary_certificates_come_along() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let old = Key::generate(KeyKind::P256).unwrap();
    let certificate = ca
        .issue_for_key("CN=Alice", &old, Profile::Encryption, Validity::days(NOW, 1))
        .unwrap();
    let file = p12::make(&old, &[certificate.der().to_vec()], "pass").unwrap();
    let body = json!({
        "userid": ALICE,
        "smartcardid": profile,
        "nonce": "60415537",
        "responsesignaturekey": "ATTESTATION",
        "responseformat": "jws",
        "certificates": [
            {"keyid": "enc-2024", "pkcs12": std64(&file), "password": "pass"},
            {"certificate": std64(ca.root_der())},
        ],
    });
    let callback = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
    // Asked for with responsesignaturekey, the answer is signed.
    let payload = attested(&bench, &callback["response"]);
    assert_eq!(
        payload,
        json!({"nonce": "60415537", "userid": ALICE, "profileid": profile})
    );
    let held = bench.sim.desktop().profiles()[0].clone();
    let key = held.key("enc-2024").unwrap();
    assert_eq!(
        (key.recovered, key.usage.as_str(), key.public_key.clone()),
        (true, "ENC", old.public_spki_der())
    );
    assert_eq!(key.chain, [certificate.der()]);
    assert_eq!(held.auxiliary, [ca.root_der()]);
}

#[tokio::test]
async fn a_card_without_a_profile_signs() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    let key = Key::generate(KeyKind::Rsa2048).unwrap();
    let certificate = ca
        .issue_for_key("CN=Bob", &key, Profile::Signing, Validity::days(NOW, 10))
        .unwrap();
    let card = Card::new("8949").key("bob", "SIG", &key, &[certificate.der().to_vec()]);
    bench.sim.desktop().insert_card(card);
    let params = rsa_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["text"]);
    let (report, callback) = by_link_as(
        &bench,
        &mut receiver,
        "sign",
        "signCommand",
        params.clone(),
        Persona::Approves,
    )
    .await;
    let message = un64(callback["response"]["data"].as_str().unwrap());
    assert_eq!(
        cms::verify(&message, None).unwrap().signers[0].certificate.der(),
        certificate.der()
    );
    assert_eq!(report.profile_id, None);
    // Wrong PINs count, and a right one sets them back.
    let desktop = bench.sim.desktop();
    let open = async |receiver: &mut Receiver, persona: Persona| {
        let signed = by_link_as(&bench, receiver, "sign", "signCommand", params.clone(), persona);
        signed.await.1["error"]["code"].as_str().unwrap_or("").to_owned()
    };
    assert_eq!(open(&mut receiver, Persona::WrongPin).await, "WRONG_PIN");
    assert_eq!(desktop.pin_tries_left("8949"), 2);
    assert_eq!(open(&mut receiver, Persona::Approves).await, "");
    assert_eq!(desktop.pin_tries_left("8949"), 3);
    for _ in 0..3 {
        assert_eq!(open(&mut receiver, Persona::WrongPin).await, "WRONG_PIN");
    }
    assert_eq!(open(&mut receiver, Persona::Approves).await, "PIN_BLOCKED");
}

#[tokio::test]
async fn an_app_that_is_started_by_hand_looks_into_its_mailboxes() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = authority();
    certified(&bench, &mut receiver, &ca).await;
    let sent = bench
        .command(
            "ping",
            to_user(ALICE, "pingCommand", json!({"deviceinfo": "true"})),
        )
        .await;
    let report = bench.sim.desktop().check().await.unwrap();
    assert_eq!(report.states, ["SUCCESS"]);
    let callback = receiver.next_of(&command_id(&sent)).await.json();
    assert_eq!(
        callback["response"]["deviceinfo"]["operatingsystem"],
        "Windows 11"
    );
    let sent = bench
        .command(
            "ping",
            to_user(ALICE, "pingCommand", json!({"deviceinfo": "false"})),
        )
        .await;
    bench.sim.desktop().check().await.unwrap();
    assert!(
        receiver
            .next_of(&command_id(&sent))
            .await
            .json()
            .get("response")
            .is_none()
    );
}

#[tokio::test]
async fn a_mobile_link_is_not_for_the_desktop_app_but_a_qr_code_is_for_the_phone() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let sent = bench
        .command("provision", provision(ALICE, &[devices::signer(None)]))
        .await;
    assert!(bench.sim.desktop().open(&mobile_link(&sent)).await.is_err());
    let report = bench.sim.mobile().open(&destination(&sent, "uri")).await.unwrap();
    assert_eq!(report.states, ["SUCCESS"]);
    receiver.next_of(&command_id(&sent)).await;
    assert_eq!(bench.sim.mobile().profiles().len(), 1);
    // Either link has used up the other.
    assert!(bench.sim.mobile().open(&mobile_link(&sent)).await.is_err());
}
