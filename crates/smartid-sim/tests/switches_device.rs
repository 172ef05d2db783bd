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
    ALICE, attested, command_id, destination, entry, key_request, mobile_link, provision, sign_params,
    signer, std64, template, to_link, to_user, un64,
};
use serde_json::{Value, json};
use smartid_sim::config::{
    AdminKeyTransport, DesktopVersion, NonceEncoding, SeveralTbs, SurplusParameters, TransportedKeyEncoding,
    WithoutTbs,
};
use smartid_sim::pki::{Key, KeyKind, Profile, PublicKey, TestCa, Validity, admin_key, cms, jws, p12};
use smartid_sim::{Card, Persona};

const NOW: u64 = 1_767_225_600;

async fn phone(toml: &str) -> (Bench, Receiver) {
    Bench::with_receiver(&format!("[mobile]\nauto = false\n{toml}")).await
}

/// Provisions the phone by its link; the callback.
async fn provisioned(bench: &Bench, receiver: &mut Receiver, body: Value) -> Value {
    let sent = bench.command("provision", body).await;
    let link = mobile_link(&sent);
    bench.sim.mobile().open(&link).await.unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
}

/// Sends a command to the phone's user, lets the phone look, gives the callback.
async fn asked(bench: &Bench, receiver: &mut Receiver, verb: &str, wrapper: &str, body: Value) -> Value {
    let sent = bench.command(verb, to_user(ALICE, wrapper, body)).await;
    bench.sim.mobile().check().await.unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
}

/// The same by a plugout link on the Desktop App.
async fn by_link(bench: &Bench, receiver: &mut Receiver, verb: &str, wrapper: &str, body: Value) -> Value {
    let sent = bench.command(verb, to_link(wrapper, body)).await;
    bench
        .sim
        .desktop()
        .open(&destination(&sent, "uri"))
        .await
        .unwrap();
    receiver.next_of(&command_id(&sent)).await.json()
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

/// Starts a PIN reset and ends it with what `end` makes of the first answer.
async fn reset(
    bench: &Bench,
    receiver: &mut Receiver,
    start: Value,
    end: impl Fn(&Value) -> Value,
) -> (Value, Value) {
    let sent = bench
        .command("startpinreset", to_link("spinCommand", start))
        .await;
    let (link, bid) = (destination(&sent, "uri"), destination(&sent, "bid"));
    let desktop = bench.sim.desktop();
    let app = tokio::spawn(async move { desktop.open(&link).await });
    let first = receiver.next_of(&command_id(&sent)).await.json();
    if first["state"] != "SUCCESS" {
        app.await.unwrap().unwrap();
        return (first, Value::Null);
    }
    let mut second = to_link("epinCommand", end(&first["response"]));
    second["commandHeader"]["to"] = json!([bid]);
    let sent = bench.command("endpinreset", second).await;
    let last = receiver.next_of(&command_id(&sent)).await.json();
    app.await.unwrap().unwrap();
    (first, last)
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
    let (first, last) = reset(&bench, &mut receiver, start.clone(), |response| {
        let key = PublicKey::from_jwk(&response["transportedkey"]).unwrap();
        let mut body = proof(response, [7; 24]);
        body["newadminkey"] = json!(std64(&key.encrypt_pkcs1("0b".repeat(24).as_bytes()).unwrap()));
        body
    })
    .await;
    assert_eq!(last["state"], "SUCCESS", "{first} {last}");
    assert_eq!(bench.sim.desktop().admin_key_of("1"), Some([11; 24]));
    let (_, last) = reset(&bench, &mut receiver, start.clone(), |response| {
        let mut body = proof(response, [11; 24]);
        body["newadminkey"] = json!("0c".repeat(24));
        body
    })
    .await;
    assert_eq!(last["error"]["code"], "ADMIN_KEY_FORMAT");
    bench.sim.reconfigure(|config| {
        config.desktop.offer_transported_key = false;
        config.desktop.admin_key_transport = AdminKeyTransport::Clear;
        config.desktop.nonce_encoding = NonceEncoding::Hex;
        config.desktop.transported_key_encoding = TransportedKeyEncoding::Spki;
    });
    let (first, last) = reset(
        &bench,
        &mut receiver,
        start.clone(),
        |_| json!({"encryptednonce": "0000000000000000", "smartcardid": "1"}),
    )
    .await;
    assert!(first["response"].get("transportedkey").is_none());
    assert_eq!(first["response"]["nonce"].as_str().unwrap().len(), 16);
    assert_eq!(last["error"]["code"], "ADMIN_KEY_WRONG");
    // One try was all that there is.
    assert_eq!(bench.sim.desktop().admin_tries_left("1"), 0);
    let (first, _) = reset(&bench, &mut receiver, start, |_| Value::Null).await;
    assert_eq!(first["error"]["code"], "ADMIN_KEY_BLOCKED");
    let sign = to_link("signCommand", sign_params("jws", "RS256", &["x"]));
    for code in ["WRONG_PIN", "PIN_BLOCKED"] {
        let sent = bench.command("sign", sign.clone()).await;
        bench
            .sim
            .desktop()
            .open_as(&destination(&sent, "uri"), Persona::WrongPin)
            .await
            .unwrap();
        let callback = receiver.next_of(&command_id(&sent)).await.json();
        assert_eq!(callback["error"]["code"], code);
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
    let (first, last) = reset(&bench, &mut receiver, start, |response| {
        let nonce = admin_key::from_hex(response["nonce"].as_str().unwrap()).unwrap();
        json!({"encryptednonce": admin_key::hex(&admin_key::proof(&[7; 24], &nonce).unwrap())})
    })
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
    let error = smartid_sim::Sim::builder()
        .config(config)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("default_admin_key"));
}
