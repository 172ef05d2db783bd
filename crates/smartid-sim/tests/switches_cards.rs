//! Each switch of the Desktop App's keys, cards and signatures, changed by its TOML key, and what then differs.
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
    ALICE, NOW, attested, by_link, by_link_as, command_id, destination, provision, reset, sign_params,
    signer, std64, un64,
};
use serde_json::{Value, json};
use smartid_sim::config::{
    AdminKeyTransport, DesktopVersion, NonceEncoding, SurplusParameters, TransportedKeyEncoding,
};
use smartid_sim::pki::{Key, KeyKind, Profile, PublicKey, TestCa, Validity, admin_key, cms, jws};
use smartid_sim::{Card, Persona};

/// A Desktop App with an RSA card and its certificate.
async fn desktop(toml: &str) -> (Bench, Receiver, Key, Vec<u8>) {
    let (bench, receiver) = Bench::with_receiver(toml).await;
    let ca = TestCa::new(2, NOW).unwrap();
    let key = Key::generate(KeyKind::Rsa2048).unwrap();
    let certificate = ca
        .issue_for_key("CN=Alice", &key, Profile::Signing, Validity::days(NOW, 30))
        .unwrap()
        .der()
        .to_vec();
    let card =
        Card::new("1")
            .admin_key([7; 24])
            .key("signer", "SIG", &key, std::slice::from_ref(&certificate));
    bench.sim.desktop().insert_card(card);
    (bench, receiver, key, certificate)
}

#[tokio::test]
async fn how_a_signature_is_wrapped_is_a_switch() {
    let toml = "[device.signature]\ndetached = true\nx5c = false\nraw_format = \"rsa\"\nxmldsig_format = \"XMLDSIG\"";
    let (bench, mut receiver, key, certificate) = desktop(toml).await;
    let params = |format: &str| sign_params(format, "CKM_SHA256_RSA_PKCS", &["text"]);
    let mut data = async |format: &str| {
        let callback = by_link(&bench, &mut receiver, "sign", "signCommand", params(format)).await;
        let response = &callback["response"];
        (
            response["format"].clone(),
            response["data"].as_str().unwrap_or_default().to_owned(),
            callback,
        )
    };
    let (_, message, _) = data("pkcs7").await;
    assert!(cms::verify(&un64(&message), None).is_err());
    let verified = cms::verify(&un64(&message), Some(b"text")).unwrap();
    assert_eq!(verified.signers[0].certificate.der(), certificate);
    let (_, text, _) = data("jws").await;
    jws::verify_detached(&text, b"text", key.public_key()).unwrap();
    let header = jws::parse(&text).unwrap().header;
    assert_eq!(
        (header["kid"].as_str(), header.get("x5c")),
        (Some("signer"), None)
    );
    let (format, raw, _) = data("rsa").await;
    assert_eq!(format, "rsa");
    key.public_key()
        .verify(smartid_sim::pki::SigAlg::Rs256, b"text", &un64(&raw))
        .unwrap();
    let (format, xml, _) = data("XMLDSIG").await;
    assert_eq!(format, "XMLDSIG");
    assert!(xml.starts_with("<Signature"));
    for old in ["raw", "xmldsig"] {
        assert_eq!(data(old).await.2["error"]["code"], "FORMAT_NOT_SUPPORTED");
    }
    bench
        .sim
        .reconfigure(|config| config.desktop.version = DesktopVersion::V1_1);
    assert_eq!(data("rsa").await.2["error"]["code"], "FORMAT_NOT_SUPPORTED");
    assert_eq!(data("pkcs7").await.2["state"], "SUCCESS");
}

#[tokio::test]
async fn pin_reset_follows_its_switches() {
    let toml = "[desktop]\nversion = \"1.12.1\"\nnonce_encoding = \"base64\"\ntransported_key_encoding = \"jwk\"\n\
                admin_key_transport = \"rsa-pkcs1\"\nadmin_tries = 1\npin_tries = 1\n[hermod.body]\nany_admin_key = true";
    let (bench, mut receiver, ..) = desktop(toml).await;
    let start = json!({"smartcardid": "1"});
    let proof = |response: &Value, key: [u8; 24]| {
        let nonce = un64(response["nonce"].as_str().unwrap());
        json!({"encryptednonce": std64(&admin_key::proof(&key, &nonce).unwrap()), "smartcardid": "1"})
    };
    // The new key may travel as its hex digits, too.
    let (_, first, last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        |response| {
            let jwk = &response["transportedkey"];
            assert_eq!((jwk["use"].as_str(), jwk.get("alg")), (Some("enc"), None));
            let key = PublicKey::from_jwk(jwk).unwrap();
            let mut body = proof(response, [7; 24]);
            body["newadminkey"] = json!(std64(&key.encrypt_pkcs1("0b".repeat(24).as_bytes()).unwrap()));
            body
        },
        Persona::Approves,
    )
    .await;
    assert_eq!(last["state"], "SUCCESS", "{first} {last}");
    assert_eq!(bench.sim.desktop().admin_key_of("1"), Some([11; 24]));
    let (_, _, last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        |response| {
            let mut body = proof(response, [11; 24]);
            body["newadminkey"] = json!("0c".repeat(24));
            body
        },
        Persona::Approves,
    )
    .await;
    assert_eq!(last["error"]["code"], "ADMIN_KEY_FORMAT");
    bench.sim.reconfigure(|config| {
        config.desktop.offer_transported_key = false;
        config.desktop.admin_key_transport = AdminKeyTransport::Clear;
        config.desktop.nonce_encoding = NonceEncoding::Hex;
        config.desktop.transported_key_encoding = TransportedKeyEncoding::Spki;
    });
    let (_, first, last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        |_| json!({"encryptednonce": "0000000000000000", "smartcardid": "1"}),
        Persona::Approves,
    )
    .await;
    assert!(first["response"].get("transportedkey").is_none());
    assert_eq!(first["response"]["nonce"].as_str().unwrap().len(), 16);
    assert_eq!(last["error"]["code"], "ADMIN_KEY_WRONG");
    // One try was all that there is.
    assert_eq!(bench.sim.desktop().admin_tries_left("1"), 0);
    let (_, first, _) = reset(&bench, &mut receiver, start, |_| Value::Null, Persona::Approves).await;
    assert_eq!(first["error"]["code"], "ADMIN_KEY_BLOCKED");
    for code in ["WRONG_PIN", "PIN_BLOCKED"] {
        let params = sign_params("jws", "RS256", &["x"]);
        let wrong = by_link_as(
            &bench,
            &mut receiver,
            "sign",
            "signCommand",
            params,
            Persona::WrongPin,
        );
        assert_eq!(wrong.await.1["error"]["code"], code);
    }
}

#[tokio::test]
async fn surplus_parameters_are_ignored_or_refused() {
    let (bench, mut receiver, ..) = desktop("[desktop]\nsurplus_parameters = \"refuse\"").await;
    let start = json!({"smartcardid": "1", "driver": {"Name": "gemalto", "Type": "pkcs11"}, "operation": "pinchange"});
    let callback = by_link(
        &bench,
        &mut receiver,
        "startpinreset",
        "spinCommand",
        start.clone(),
    )
    .await;
    assert_eq!(callback["error"]["code"], "UNKNOWN_PARAMETER");
    bench
        .sim
        .reconfigure(|config| config.desktop.surplus_parameters = SurplusParameters::Ignore);
    let (_, first, last) = reset(
        &bench,
        &mut receiver,
        start,
        |response| {
            let nonce = admin_key::from_hex(response["nonce"].as_str().unwrap()).unwrap();
            json!({"encryptednonce": admin_key::hex(&admin_key::proof(&[7; 24], &nonce).unwrap())})
        },
        Persona::Approves,
    )
    .await;
    assert_eq!(
        (first["state"].as_str(), last["state"].as_str()),
        (Some("SUCCESS"), Some("SUCCESS"))
    );
    // 1.1 knows cards by their id alone.
    bench
        .sim
        .reconfigure(|config| config.desktop.version = DesktopVersion::V1_1);
    let callback = by_link(
        &bench,
        &mut receiver,
        "startpinreset",
        "spinCommand",
        json!({"profileid": "x"}),
    )
    .await;
    assert_eq!(callback["error"]["code"], "INVALID_PARAMETER");
}

#[tokio::test]
async fn cards_are_made_where_the_switches_say() {
    let toml = "[desktop]\ncard_storages = [\"TPM\"]\ndefault_admin_key = \"000000000000000000000000000000000000000000000001\"\n\
                operating_system = \"Linux\"\n[desktop.keys]\ntypes = [\"EC-256\"]\nstorages = [\"TPM\", \"WINDOWS\"]";
    let (bench, mut receiver, ..) = desktop(toml).await;
    let mut made = Vec::new();
    for storage in ["TPM", "WINDOWS"] {
        let mut request = signer(None);
        request["storageprios"] = json!([storage]);
        let sent = bench.command("provision", provision(ALICE, &[request])).await;
        bench
            .sim
            .desktop()
            .open(&destination(&sent, "uri"))
            .await
            .unwrap();
        let payload = attested(
            &bench,
            &receiver.next_of(&command_id(&sent)).await.json()["response"],
        );
        let profile = payload["profileid"].as_str().unwrap().to_owned();
        made.push(bench.sim.desktop().admin_key_of(&profile).map(|key| key[23]));
    }
    assert_eq!(made, [Some(1), None]);
    let callback = by_link(
        &bench,
        &mut receiver,
        "ping",
        "pingCommand",
        json!({"deviceinfo": "true"}),
    )
    .await;
    assert_eq!(callback["response"]["deviceinfo"]["operatingsystem"], "Linux");
    let config = smartid_sim::SimConfig::from_toml("[desktop]\ndefault_admin_key = \"00\"").unwrap();
    assert!(!format!("{config:?}").contains("\"00\""));
    let error = smartid_sim::Sim::builder()
        .config(config)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("default_admin_key"));
}
