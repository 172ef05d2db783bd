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
    ALICE, answered, attested, command_id, destination, key_request, mobile_link, provision, sign_params,
    std64, template, to_link, to_user, un64,
};
use serde_json::{Value, json};
use smartid_sim::pki::{
    Certificate, Key, KeyKind, OaepDigest, Profile, PublicKey, SigAlg, TestCa, Validity, admin_key, cms, jws,
    p12,
};
use smartid_sim::{Card, DeviceReport, Persona};

const NOW: u64 = 1_767_225_600;
const ADMIN: [u8; 24] = [7; 24];

fn authority() -> TestCa {
    TestCa::new(1, NOW).unwrap()
}

async fn bench(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(toml).await
}

/// A command to a temporary box, opened by the Desktop App; its report and the callback's body.
async fn by_link(
    bench: &Bench,
    receiver: &mut Receiver,
    verb: &str,
    wrapper: &str,
    body: Value,
) -> (DeviceReport, Value) {
    let sent = bench.command(verb, to_link(wrapper, body)).await;
    let report = bench
        .sim
        .desktop()
        .open(&destination(&sent, "uri"))
        .await
        .unwrap();
    let callback = receiver.next_of(&command_id(&sent)).await.json();
    (report, callback)
}

/// A profile with a certified RSA key `signer` on a virtual smart card; gives its id.
async fn certified(bench: &Bench, receiver: &mut Receiver, ca: &TestCa) -> String {
    let mut request = key_request("signer", "SIG", "RSA", "2048", Some(&template("Alice")));
    request["storageprios"] = json!(["VSC"]);
    let sent = bench.command("provision", provision(ALICE, &[request])).await;
    bench
        .sim
        .desktop()
        .open(&destination(&sent, "uri"))
        .await
        .unwrap();
    let payload = attested(
        bench,
        &receiver.next_of(&command_id(&sent)).await.json()["response"],
    );
    let request = un64(payload["keys"][0]["certreq"].as_str().unwrap());
    let certificate = ca
        .issue(&request, Profile::Signing, Validity::days(NOW, 365))
        .unwrap();
    let profile = payload["profileid"].as_str().unwrap().to_owned();
    let body = json!({
        "userid": ALICE,
        "profileid": profile,
        "desktopKeyProtectionLevel": "CONSENT",
        "certificates": [{
            "keyid": "signer",
            "certificate": std64(certificate.der()),
            "chain": [std64(ca.issuer_der()), std64(ca.root_der())],
        }],
    });
    let (report, callback) = by_link(bench, receiver, "certificate", "certCommand", body).await;
    assert_eq!(callback["state"], "SUCCESS", "{callback} {report:?}");
    profile
}

fn rsa_params(format: &str, mechanism: &str, texts: &[&str]) -> Value {
    let mut params = sign_params(format, mechanism, texts);
    params["params"]["filter"] = json!({"op": "eq", "param": "key.type", "value": "RSA"});
    params
}

#[tokio::test]
async fn certificates_are_installed_and_signatures_verify() {
    let (bench, mut receiver) = bench("").await;
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
        let (_, callback) = by_link(&bench, receiver, "sign", "signCommand", params).await;
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
    let (bench, mut receiver) = bench("").await;
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
        let (_, callback) = by_link(&bench, &mut receiver, "sign", "signCommand", params).await;
        assert_eq!(callback["state"], state, "{filter} {callback}");
    }
}

#[tokio::test]
async fn what_does_not_belong_is_not_installed() {
    let (bench, mut receiver) = bench("").await;
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
        let (_, callback) = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
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
    let (_, callback) = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
    assert_eq!(callback["error"]["code"], "PROFILE_NOT_FOUND");
}

#[tokio::test]
async fn recovered_keys_and_auxiliary_certificates_come_along() {
    let (bench, mut receiver) = bench("").await;
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
    let (_, callback) = by_link(&bench, &mut receiver, "certificate", "certCommand", body).await;
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
    let (bench, mut receiver) = bench("").await;
    let ca = authority();
    let key = Key::generate(KeyKind::Rsa2048).unwrap();
    let certificate = ca
        .issue_for_key("CN=Bob", &key, Profile::Signing, Validity::days(NOW, 10))
        .unwrap();
    let card = Card::new("8949").key("bob", "SIG", &key, &[certificate.der().to_vec()]);
    bench.sim.desktop().insert_card(card);
    let params = rsa_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["text"]);
    let (report, callback) = by_link(&bench, &mut receiver, "sign", "signCommand", params.clone()).await;
    let message = un64(callback["response"]["data"].as_str().unwrap());
    assert_eq!(
        cms::verify(&message, None).unwrap().signers[0].certificate.der(),
        certificate.der()
    );
    assert_eq!(report.profile_id, None);
    // Wrong PINs count, and a right one sets them back.
    let desktop = bench.sim.desktop();
    let open = async |receiver: &mut Receiver, persona: Persona| {
        let sent = bench
            .command("sign", to_link("signCommand", params.clone()))
            .await;
        desktop
            .open_as(&destination(&sent, "uri"), persona)
            .await
            .unwrap();
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        callback["error"]["code"].as_str().unwrap_or("").to_owned()
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

/// Starts a PIN reset, lets `proof` answer the nonce, and gives the second callback with the app's report.
async fn reset(
    bench: &Bench,
    receiver: &mut Receiver,
    start: Value,
    end: impl Fn(&Value) -> Value,
    persona: Persona,
) -> (DeviceReport, Value, Value) {
    let sent = bench
        .command("startpinreset", to_link("spinCommand", start))
        .await;
    let (link, bid) = (destination(&sent, "uri"), destination(&sent, "bid"));
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open_as(&link, persona).await });
    let first = receiver.next_of(&command_id(&sent)).await.json();
    assert_eq!(first["state"], "SUCCESS", "{first}");
    // The second half goes to the same box: both are inside one session.
    let mut second = to_link("epinCommand", end(&first["response"]));
    second["commandHeader"]["to"] = json!([bid]);
    let callback = answered(bench, receiver, "endpinreset", second).await.json();
    (app.await.unwrap().unwrap(), first, callback)
}

fn prove(key: [u8; 24]) -> impl Fn(&Value) -> Value {
    move |response| {
        let nonce = admin_key::from_hex(response["nonce"].as_str().unwrap()).unwrap();
        assert_eq!(nonce.len(), 8);
        json!({
            "encryptednonce": admin_key::hex(&admin_key::proof(&key, &nonce).unwrap()),
            "smartcardid": "1",
        })
    }
}

#[tokio::test]
async fn a_pin_is_reset_with_the_admin_key() {
    let (bench, mut receiver) = bench("").await;
    let desktop = bench.sim.desktop();
    desktop.add_virtual_smart_card("1", ADMIN);
    let start = json!({"smartcardid": "1"});
    let (report, first, last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        prove(ADMIN),
        Persona::Approves,
    )
    .await;
    assert_eq!(last["state"], "SUCCESS", "{last}");
    assert!(last.get("response").is_none());
    assert!(first["response"].get("transportedkey").is_none(), "2.0 has none");
    assert_eq!(report.commands, ["SPIN", "EPIN"]);
    let pin = desktop.pin_of("1").unwrap();
    assert_ne!(pin, "123456");
    assert_eq!(desktop.admin_key_of("1"), Some(ADMIN));
    // The nonce is made anew each time, and a wrong proof is counted until the key is blocked.
    for left in (0..5).rev() {
        let (_, again, last) = reset(
            &bench,
            &mut receiver,
            start.clone(),
            prove([8; 24]),
            Persona::Approves,
        )
        .await;
        assert_ne!(again["response"]["nonce"], first["response"]["nonce"]);
        assert_eq!(
            (last["state"].as_str(), last["error"]["code"].as_str()),
            (Some("FAILED"), Some("ADMIN_KEY_WRONG"))
        );
        assert_eq!(desktop.admin_tries_left("1"), left);
    }
    assert_eq!(desktop.pin_of("1").unwrap(), pin);
    let (_, callback) = by_link(&bench, &mut receiver, "startpinreset", "spinCommand", start).await;
    assert_eq!(callback["error"]["code"], "ADMIN_KEY_BLOCKED");
}

#[tokio::test]
async fn the_admin_key_is_changed() {
    let (bench, mut receiver) = bench("").await;
    let desktop = bench.sim.desktop();
    desktop.add_virtual_smart_card("1", ADMIN);
    let with_key = |text: String| {
        move |response: &Value| {
            let mut body = prove(ADMIN)(response);
            body["newadminkey"] = json!(text);
            body
        }
    };
    let start = json!({"smartcardid": "1"});
    let (.., last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        with_key("0a".repeat(24)),
        Persona::Approves,
    )
    .await;
    assert_eq!(last["state"], "SUCCESS", "{last}");
    assert_eq!(desktop.admin_key_of("1"), Some([10; 24]));
    assert_eq!(desktop.pin_of("1").as_deref(), Some("123456"), "the PIN stays");
    // The old key proves nothing any more.
    let (.., last) = reset(&bench, &mut receiver, start, prove(ADMIN), Persona::Approves).await;
    assert_eq!(last["error"]["code"], "ADMIN_KEY_WRONG");
}

#[tokio::test]
async fn version_1_12_1_has_drivers_operations_and_a_transported_key() {
    let (bench, mut receiver) =
        bench("[desktop]\nversion = \"1.12.1\"\nadmin_key_transport = \"rsa-oaep\"").await;
    let desktop = bench.sim.desktop();
    desktop.insert_card(Card::new("0").driver("yubi", "pkcs11"));
    desktop.insert_card(
        Card::new("1")
            .admin_key(ADMIN)
            .driver("yubi", "minidriver")
            .puk("00000000"),
    );
    let start = json!({"driver": {"Name": "yubi", "Type": "minidriver"}, "operation": "adminkeychange"});
    for (coding, hex) in [(0, true), (1, false)] {
        let new = [coding + 20; 24];
        let old = desktop.admin_key_of("1").unwrap();
        let end = move |response: &Value| {
            let key = PublicKey::from_spki(&un64(response["transportedkey"].as_str().unwrap())).unwrap();
            let encrypted = key.encrypt_oaep(OaepDigest::Sha256, &new).unwrap();
            let mut body = prove(old)(response);
            body["newadminkey"] = json!(if hex {
                admin_key::hex(&encrypted)
            } else {
                std64(&encrypted)
            });
            body
        };
        bench
            .sim
            .reconfigure(|config| config.hermod.body.any_admin_key = true);
        let (.., last) = reset(&bench, &mut receiver, start.clone(), end, Persona::Approves).await;
        assert_eq!(last["state"], "SUCCESS", "{last}");
        assert_eq!(desktop.admin_key_of("1"), Some(new));
    }
    let key = desktop.admin_key_of("1").unwrap();
    // Without a new key there is nothing to change to.
    let (.., last) = reset(&bench, &mut receiver, start, prove(key), Persona::Approves).await;
    assert_eq!(last["error"]["code"], "INVALID_PARAMETER");
    let any =
        |operation: &str| json!({"driver": {"Name": "any", "Type": "minidriver"}, "operation": operation});
    let (.., last) = reset(
        &bench,
        &mut receiver,
        any("pukchange"),
        prove(key),
        Persona::Approves,
    )
    .await;
    assert_eq!(last["state"], "SUCCESS");
    assert_ne!(desktop.puk_of("1").as_deref(), Some("00000000"));
    assert_eq!(desktop.pin_of("1").as_deref(), Some("123456"));
    let (.., last) = reset(
        &bench,
        &mut receiver,
        any("pinchange"),
        prove(key),
        Persona::WrongPin,
    )
    .await;
    assert_eq!(last["error"]["code"], "WRONG_PIN");
    let (.., last) = reset(
        &bench,
        &mut receiver,
        any("pinchange"),
        prove(key),
        Persona::Approves,
    )
    .await;
    assert_eq!(last["state"], "SUCCESS");
    assert_ne!(desktop.pin_of("1").as_deref(), Some("123456"));
    let none = json!({"driver": {"Name": "gemalto", "Type": "minidriver"}});
    let (_, callback) = by_link(&bench, &mut receiver, "startpinreset", "spinCommand", none).await;
    assert_eq!(callback["error"]["code"], "CARD_NOT_FOUND");
}

#[tokio::test]
async fn the_second_half_needs_the_first() {
    let (bench, mut receiver) = bench("").await;
    bench.sim.desktop().add_virtual_smart_card("1", ADMIN);
    bench.sim.desktop().add_virtual_smart_card("2", ADMIN);
    let end = json!({"encryptednonce": "0011223344556677", "smartcardid": "1"});
    let (_, callback) = by_link(&bench, &mut receiver, "endpinreset", "epinCommand", end).await;
    assert_eq!(callback["error"]["code"], "NO_CHALLENGE");
    let start = json!({"smartcardid": "2"});
    let (.., last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        prove(ADMIN),
        Persona::Approves,
    )
    .await;
    assert_eq!(last["error"]["code"], "CARD_MISMATCH");
    let (.., last) = reset(
        &bench,
        &mut receiver,
        json!({"smartcardid": "1"}),
        prove(ADMIN),
        Persona::WrongNonce,
    )
    .await;
    assert_eq!(last["error"]["code"], "ADMIN_KEY_WRONG", "another nonce was sent");
    let (_, callback) = by_link(
        &bench,
        &mut receiver,
        "startpinreset",
        "spinCommand",
        json!({"smartcardid": "none"}),
    )
    .await;
    assert_eq!(callback["error"]["code"], "CARD_NOT_FOUND");
}

#[tokio::test]
async fn a_reset_frees_a_blocked_pin_of_a_profile() {
    let (bench, mut receiver) = bench("").await;
    let ca = authority();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let desktop = bench.sim.desktop();
    let default = admin_key::key_from_hex("010203040506070801020304050607080102030405060708").unwrap();
    assert_eq!(desktop.admin_key_of(&profile), Some(default));
    let params = || rsa_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["x"]);
    for _ in 0..3 {
        let sent = bench.command("sign", to_link("signCommand", params())).await;
        desktop
            .open_as(&destination(&sent, "uri"), Persona::WrongPin)
            .await
            .unwrap();
        receiver.next_of(&command_id(&sent)).await;
    }
    let (_, callback) = by_link(&bench, &mut receiver, "sign", "signCommand", params()).await;
    assert_eq!(callback["error"]["code"], "PIN_BLOCKED");
    let card = profile.clone();
    let end = move |response: &Value| {
        let mut body = prove(default)(response);
        body["smartcardid"] = json!(card);
        body
    };
    let start = json!({"profileid": profile});
    let (.., last) = reset(&bench, &mut receiver, start, end, Persona::Approves).await;
    assert_eq!(last["state"], "SUCCESS", "{last}");
    let (_, callback) = by_link(&bench, &mut receiver, "sign", "signCommand", params()).await;
    assert_eq!(callback["state"], "SUCCESS");
}

#[tokio::test]
async fn an_app_that_is_started_by_hand_looks_into_its_mailboxes() {
    let (bench, mut receiver) = bench("").await;
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
    let (bench, mut receiver) = bench("").await;
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
