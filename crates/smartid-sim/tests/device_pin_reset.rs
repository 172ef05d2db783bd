//! PIN reset and its relatives on the Desktop App, version by version.
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

use common::Bench;
use devices::{NOW, by_link, by_link_as, certified, reset, rsa_params, std64, un64};
use serde_json::{Value, json};
use smartid_sim::pki::{OaepDigest, PublicKey, TestCa, admin_key};
use smartid_sim::{Card, Persona};

const ADMIN: [u8; 24] = [7; 24];

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
    let (bench, mut receiver) = Bench::with_receiver("").await;
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
    let callback = by_link(&bench, &mut receiver, "startpinreset", "spinCommand", start).await;
    assert_eq!(callback["error"]["code"], "ADMIN_KEY_BLOCKED");
}

#[tokio::test]
async fn the_admin_key_is_changed() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
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
        Bench::with_receiver("[desktop]\nversion = \"1.12.1\"\nadmin_key_transport = \"rsa-oaep\"").await;
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
    let callback = by_link(&bench, &mut receiver, "startpinreset", "spinCommand", none).await;
    assert_eq!(callback["error"]["code"], "CARD_NOT_FOUND");
}

#[tokio::test]
async fn the_second_half_needs_the_first() {
    let (bench, mut receiver) = Bench::with_receiver("").await;
    bench.sim.desktop().add_virtual_smart_card("1", ADMIN);
    bench.sim.desktop().add_virtual_smart_card("2", ADMIN);
    let end = json!({"encryptednonce": "0011223344556677", "smartcardid": "1"});
    let callback = by_link(&bench, &mut receiver, "endpinreset", "epinCommand", end).await;
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
    // Whatever came of it, the nonce is used up.
    let again = json!({"encryptednonce": "0011223344556677", "smartcardid": "2"});
    let callback = by_link(&bench, &mut receiver, "endpinreset", "epinCommand", again).await;
    assert_eq!(callback["error"]["code"], "NO_CHALLENGE");
    let (.., last) = reset(
        &bench,
        &mut receiver,
        json!({"smartcardid": "1"}),
        prove(ADMIN),
        Persona::WrongNonce,
    )
    .await;
    assert_eq!(last["error"]["code"], "ADMIN_KEY_WRONG", "another nonce was sent");
    let callback = by_link(
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
    let (bench, mut receiver) = Bench::with_receiver("").await;
    let ca = TestCa::new(1, NOW).unwrap();
    let profile = certified(&bench, &mut receiver, &ca).await;
    let desktop = bench.sim.desktop();
    let default = admin_key::key_from_hex("010203040506070801020304050607080102030405060708").unwrap();
    assert_eq!(desktop.admin_key_of(&profile), Some(default));
    let params = || rsa_params("pkcs7", "CKM_SHA256_RSA_PKCS", &["x"]);
    for _ in 0..3 {
        let wrong = by_link_as(
            &bench,
            &mut receiver,
            "sign",
            "signCommand",
            params(),
            Persona::WrongPin,
        );
        assert_eq!(wrong.await.1["error"]["code"], "WRONG_PIN");
    }
    let callback = by_link(&bench, &mut receiver, "sign", "signCommand", params()).await;
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
    let callback = by_link(&bench, &mut receiver, "sign", "signCommand", params()).await;
    assert_eq!(callback["state"], "SUCCESS");
}
