//! Each switch of the phones, of the Desktop App's cards and of what both apps send, changed by its TOML key, and what then differs.
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
    ALICE, NOW, asked, attested, command_id, destination, entry, key_request, mobile_link, provision,
    provisioned, sign_params, signer, std64, template,
};
use serde_json::{Value, json};
use smartid_sim::Persona;
use smartid_sim::config::{SeveralTbs, WithoutTbs};
use smartid_sim::pki::{Key, KeyKind, Profile, PublicKey, TestCa, Validity, jws, p12};

async fn phone(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(&format!("[mobile]\nauto = false\n{toml}")).await
}

#[tokio::test]
async fn the_members_of_a_provisioning_answer_have_other_names() {
    let toml = "[device.provision]\nnonce = \"challenge\"\nuser_id = \"user\"\nprofile_id = \"profile\"\nkeys = \"keyResponses\"\n\
                key_id = \"id\"\ncertreq = \"pkcs10\"\njwk = \"publicKey\"\nkid = false\nformat = \"JWS\"\nattestation = [\"OWN\"]";
    let (bench, mut receiver) = phone(toml).await;
    let wanted = template("Alice");
    let mut body = provision(
        ALICE,
        &[
            signer(Some(&wanted)),
            key_request("raw", "AUTH", "EC", "256", None),
        ],
    );
    body["provCommand"]["responsesignaturekey"] = json!("OWN");
    let callback = provisioned(&bench, &mut receiver, body).await;
    let mut response = callback["response"].clone();
    assert_eq!(response["format"], "JWS");
    response["format"] = json!("jws");
    let header = jws::parse(response["data"].as_str().unwrap()).unwrap().header;
    assert!(header.get("kid").is_none());
    let payload = attested(&bench, &response);
    assert_eq!(
        (payload["challenge"].as_str(), payload["user"].as_str()),
        (Some("83012264"), Some(ALICE))
    );
    assert_eq!(payload["profile"], json!(bench.sim.mobile().profiles()[0].id));
    assert_eq!(payload["keyResponses"][0]["id"], "signer");
    assert!(payload["keyResponses"][0]["pkcs10"].is_string());
    assert!(payload["keyResponses"][1]["publicKey"].is_object());
    // What is no name of the attestation key is a key of the profile, a new one included.
    let mut body = provision("bob@example.test", &[signer(None)]);
    body["provCommand"]["responsesignaturekey"] = json!("signer");
    let callback = provisioned(&bench, &mut receiver, body).await;
    let profiles = bench.sim.mobile().profiles();
    let key = PublicKey::from_spki(&profiles[1].key("signer").unwrap().public_key).unwrap();
    assert!(jws::verify(callback["response"]["data"].as_str().unwrap(), &key).is_ok());
}

#[tokio::test]
async fn phones_follow_their_schemes_only() {
    let (bench, mut receiver) = phone("schemes = [\"my-bank\"]\nplugout_links = false").await;
    let sent = bench
        .command("provision", provision(ALICE, &[signer(None)]))
        .await;
    let phone = bench.sim.mobile();
    assert!(phone.open(&mobile_link(&sent)).await.is_err());
    assert!(phone.open(&destination(&sent, "uri")).await.is_err());
    let own = mobile_link(&sent).replacen("personal", "my-bank", 1);
    assert_eq!(phone.open(&own).await.unwrap().states, ["SUCCESS"]);
    receiver.next_of(&command_id(&sent)).await;
}

#[tokio::test]
async fn phones_make_the_keys_that_they_can() {
    let toml = "operating_system = \"\"\nformats = [\"pkcs7\"]\nreconnects = 0\n[mobile.keys]\ntypes = [\"EC-384\", \"RSA-3072\"]\nstorages = [\"SE\", \"APP\"]";
    let (bench, mut receiver) = phone(toml).await;
    let mut request = key_request("signer", "SIG", "RSA", "2048", None);
    request["keytypeprios"] = json!([
        {"keytype": "RSA", "keylength": "2048", "responsemechanism": "RS256"},
        {"keytype": "EC", "keylength": "384", "responsemechanism": "ES384"},
        {"keytype": "RSA", "keylength": "3072", "responsemechanism": "RS256"},
    ]);
    request["storageprios"] = json!(["TPM", "APP"]);
    let mut other = key_request("other", "SIG", "EC", "384", None);
    other.as_object_mut().unwrap().remove("storageprios");
    bench
        .sim
        .reconfigure(|config| config.hermod.body.lenient_types = true);
    let callback = provisioned(&bench, &mut receiver, provision(ALICE, &[request.clone()])).await;
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    let held = bench.sim.mobile().profiles()[0].clone();
    let key = held.key("signer").unwrap();
    assert_eq!((key.kind.as_str(), key.storage.as_str()), ("EC", "APP"));
    assert_eq!(
        PublicKey::from_spki(&key.public_key).unwrap().kind(),
        Some(KeyKind::P384)
    );
    let params = sign_params("jws", "ES384", &["x"]);
    let callback = asked(&bench, &mut receiver, "sign", "signCommand", params).await;
    assert_eq!(callback["error"]["code"], "FORMAT_NOT_SUPPORTED");
    let callback = asked(
        &bench,
        &mut receiver,
        "ping",
        "pingCommand",
        json!({"deviceinfo": "true"}),
    )
    .await;
    assert!(callback.get("response").is_none());
    bench
        .sim
        .reconfigure(|config| config.mobile.operating_system = "Android 16".into());
    let callback = asked(
        &bench,
        &mut receiver,
        "ping",
        "pingCommand",
        json!({"deviceinfo": "true"}),
    )
    .await;
    assert_eq!(
        callback["response"]["deviceinfo"]["operatingsystem"],
        "Android 16"
    );
}

#[tokio::test]
async fn what_is_signed_is_a_switch() {
    let (bench, mut receiver) =
        phone("[device.signature]\nseveral_tbs = \"first\"\nwithout_tbs = \"descriptions\"").await;
    provisioned(&bench, &mut receiver, provision(ALICE, &[signer(None)])).await;
    let params = || sign_params("jws", "ES256", &["one", "two"]);
    let payload = |callback: &Value| {
        let text = callback["response"]["data"]
            .as_str()
            .unwrap_or_else(|| panic!("{callback}"));
        String::from_utf8(jws::parse(text).unwrap().payload).unwrap()
    };
    let callback = asked(&bench, &mut receiver, "sign", "signCommand", params()).await;
    assert_eq!(payload(&callback), "one");
    bench
        .sim
        .reconfigure(|config| config.device.signature.several_tbs = SeveralTbs::EntriesJson);
    let callback = asked(&bench, &mut receiver, "sign", "signCommand", params()).await;
    assert_eq!(payload(&callback), params()["params"]["tbs"].to_string());
    bench.sim.set_persona(Persona::ReordersTbs);
    let callback = asked(&bench, &mut receiver, "sign", "signCommand", params()).await;
    let mut reversed: Vec<Value> = serde_json::from_str(&payload(&callback)).unwrap();
    reversed.reverse();
    assert_eq!(json!(reversed), params()["params"]["tbs"]);
    bench.sim.set_persona(Persona::Approves);
    bench
        .sim
        .reconfigure(|config| config.device.signature.several_tbs = SeveralTbs::Concatenated);

    bench
        .sim
        .reconfigure(|config| config.hermod.verbs.authenticate.extra_members = vec!["nonce".into()]);
    let authenticate = json!({"params": {
        "description": [entry("a", "Log in to "), entry("b", "Example")],
        "format": "jws",
        "nonce": "17",
    }});
    for (rule, expected) in [
        (WithoutTbs::Descriptions, "Log in to Example".to_owned()),
        (
            WithoutTbs::DescriptionJson,
            json!({"description": authenticate["params"]["description"]}).to_string(),
        ),
        (WithoutTbs::Params, authenticate["params"].to_string()),
        (WithoutTbs::Nonce, "17".to_owned()),
        (WithoutTbs::Empty, String::new()),
        (
            WithoutTbs::Identity,
            json!({"nonce": "17", "userid": ALICE, "profileid": bench.sim.mobile().profiles()[0].id})
                .to_string(),
        ),
    ] {
        bench
            .sim
            .reconfigure(|config| config.device.signature.without_tbs = rule);
        let callback = asked(
            &bench,
            &mut receiver,
            "authenticate",
            "authCommand",
            authenticate.clone(),
        )
        .await;
        assert_eq!(payload(&callback), expected, "{rule:?}");
    }
}

#[tokio::test]
async fn the_names_of_a_certificate_command_are_switches() {
    let toml = "[device.certificate]\ncertificates = \"certs\"\nkey_id = \"id\"\ncertificate = \"cert\"\nchain = \"issuers\"\n\
                pkcs12 = \"p12\"\npkcs12_password = \"pin\"\nauxiliary = \"more\"\ncheck_public_key = false";
    let (bench, mut receiver) = phone(toml).await;
    // The message server plays the same body under the names that it knows.
    bench
        .sim
        .reconfigure(|config| config.hermod.refuse_unknown_members = false);
    provisioned(&bench, &mut receiver, provision(ALICE, &[signer(None)])).await;
    let ca = TestCa::new(2, NOW).unwrap();
    let key = Key::generate(KeyKind::P256).unwrap();
    let certificate = ca
        .issue_for_key("CN=Alice", &key, Profile::Signing, Validity::days(NOW, 30))
        .unwrap();
    let file = p12::make(&key, &[certificate.der().to_vec()], "1234").unwrap();
    let root = std64(ca.root_der());
    let body = json!({
        "userid": ALICE,
        "certificates": [{"keyid": "signer", "certificate": root}],
        "certs": [
            {"id": "signer", "cert": std64(certificate.der()), "issuers": [std64(ca.issuer_der())]},
            {"id": "old", "p12": std64(&file), "pin": "1234"},
        ],
        "more": [root],
    });
    let callback = asked(&bench, &mut receiver, "certificate", "certCommand", body).await;
    assert_eq!(callback["state"], "SUCCESS", "{callback}");
    let held = bench.sim.mobile().profiles()[0].clone();
    // The key is another one: nobody checks.
    assert_ne!(held.key("signer").unwrap().public_key, key.public_spki_der());
    assert_eq!(
        held.key("signer").unwrap().chain,
        [certificate.der(), ca.issuer_der()]
    );
    assert!(held.key("old").unwrap().recovered);
    assert_eq!(held.auxiliary, [ca.root_der()]);
}
