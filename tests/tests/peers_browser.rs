//! A real browser's own output through our types: headless Chromium with a virtual authenticator.
//!
//! Run by name: `cargo test -p smartid-tests --test peers_browser -- --ignored`. It needs `chromium`, `node` and `openssl`, and what
//! `peers_webauthn` needs; a missing program fails the tests, nothing is skipped. `SMARTID_CHROMIUM` names another browser of that family.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::collections::BTreeSet;

use http::Method;
use serde_json::{Value, json};
use smartid::core::{Outgoing, ServiceUrl};
use smartid::{ReqwestTransport, Transport, UserId};
use smartid_core::Lint;
use smartid_core::base64::{Flavour, decode, encode};
use smartid_da::fido::preflight::{self, Checked, OriginRule, Preflight};
use smartid_da::fido::{
    Attestation, AttestationFormat, AttestationKind, AttestationObject, AttestationVerdict, BodyForm,
    CoseAlgorithm, CreationOptions, GetOptions, Registration, SignatureCheck, StoreCredential, webauthn_rs,
};
use smartid_tests::peers::{Browser, Texts, judged, node_verifier, python_verifiers};
use smartid_tests::{Setup, World};

const RP_ID: &str = "login.example.test";
const ORIGIN: &str = "https://login.example.test";
/// What the virtual authenticator says it is.
const AAGUID: &str = "01020304-0506-0708-0102-030405060708";

/// Creation options with some members changed; null takes one away.
fn options(changes: &Value) -> String {
    let mut options = json!({
        "rp": {"id": RP_ID, "name": "Login"},
        "user": {"id": "AQ", "name": "alice", "displayName": "Alice Example"},
        "challenge": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        "timeout": 100,
        "attestation": "direct",
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            options.as_object_mut().unwrap().remove(name);
        } else {
            options[name] = value.clone();
        }
    }
    options.to_string()
}

/// What one registration is expected to be.
struct Expected {
    format: AttestationFormat,
    algorithm: i64,
    transport: &'static str,
    rules: Preflight,
    /// Places of what webauthn-rs-proto cannot hold, beyond what it never holds.
    lost: &'static [&'static str],
}

fn packed() -> Expected {
    Expected {
        format: AttestationFormat::Packed,
        algorithm: -7,
        transport: "usb",
        rules: Preflight::new(),
        lost: &[],
    }
}

fn places(lints: &[Lint]) -> BTreeSet<&str> {
    lints.iter().map(|lint| lint.at.as_str()).collect()
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Both forms of the browser's answer, through everything that reads, checks, writes and converts registrations.
fn through_our_types(text: &str, made: &Texts, expected: &Expected) -> Registration {
    let options = CreationOptions::parse(text).unwrap();
    options.validate().unwrap();
    assert_eq!(options.raw(), text);
    converted_options(&options);
    let by_hand = one_form(&options, &made.by_hand, expected);
    let registration = one_form(&options, &made.to_json, expected);
    // The browser's two forms differ in extension results: toJSON() keeps to the page what prf made, for one.
    let taken = |registration: &Registration| {
        let mut body = value(&registration.strict_body());
        let results = body["clientExtensionResults"].take();
        let names: BTreeSet<String> = results.as_object().unwrap().keys().cloned().collect();
        (body, names)
    };
    assert_eq!(taken(&by_hand), taken(&registration));
    level_3(&registration, expected);
    registration
}

fn one_form(options: &CreationOptions, text: &str, expected: &Expected) -> Registration {
    let registration = Registration::parse(text).unwrap();
    let original = value(text);

    // Byte for byte what the browser gave, also after it was stored.
    assert_eq!(registration.as_received(), text);
    let stored = serde_json::to_string(&registration).unwrap();
    let again: Registration = serde_json::from_str(&stored).unwrap();
    assert_eq!((again.as_received(), &again), (text, &registration));
    assert_eq!(
        (registration.lints(), registration.irregular_encoding()),
        (&[][..], None)
    );

    // The strict form holds the same values, and nothing but the members of a strict server.
    let mut strict = original.clone();
    for name in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
        strict["response"].as_object_mut().unwrap().remove(name);
    }
    assert_eq!(value(&registration.strict_body()), strict);
    assert_eq!(
        registration.client_extension_results().parse::<Value>().unwrap(),
        original["clientExtensionResults"]
    );

    let checked: Checked = preflight::check(options, &registration, &expected.rules).unwrap();
    assert_eq!(checked.lints, []);
    assert_eq!(checked.algorithm, CoseAlgorithm(expected.algorithm));
    assert_eq!(checked.credential_id, registration.id());
    assert_eq!(registration.transports().unwrap()[0].as_str(), expected.transport);

    let attestation = Attestation::of(&registration).unwrap();
    assert_eq!(attestation.verdict(), AttestationVerdict::Verified);
    assert_eq!(attestation.format(), &expected.format);
    assert_eq!(attestation.aaguid(), checked.aaguid);
    let (kind, signature, aaguid) = match expected.format {
        AttestationFormat::None => (AttestationKind::None, SignatureCheck::NotChecked, AAGUID),
        AttestationFormat::FidoU2f => (
            AttestationKind::Basic,
            SignatureCheck::Verified,
            "00000000-0000-0000-0000-000000000000",
        ),
        _ => (AttestationKind::Basic, SignatureCheck::Verified, AAGUID),
    };
    assert_eq!((attestation.kind(), attestation.signature()), (kind, signature));
    if expected.format != AttestationFormat::None {
        assert_eq!(attestation.aaguid().to_string(), aaguid);
        assert_eq!(attestation.certificates().unwrap().len(), 1);
    }
    converted(&registration, &original, expected);
    registration
}

/// The members that Level 3 adds only repeat what the attestation object says.
fn level_3(registration: &Registration, expected: &Expected) {
    let object = AttestationObject::parse(registration.attestation_object()).unwrap();
    assert_eq!(
        registration.authenticator_data(),
        Some(object.auth_data.as_slice())
    );
    assert_eq!(
        registration.public_key_algorithm(),
        Some(CoseAlgorithm(expected.algorithm))
    );
    assert!(registration.public_key().unwrap().len() > 40);
}

/// webauthn-rs-proto holds what is not reported as lost, and gives it back.
fn converted(registration: &Registration, original: &Value, expected: &Expected) {
    let converted = webauthn_rs::to_credential(registration).unwrap();
    let mut must: BTreeSet<&str> = expected.lost.iter().copied().collect();
    must.insert("/authenticatorAttachment");
    for name in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
        if original["response"].get(name).is_some() {
            must.insert(match name {
                "authenticatorData" => "/response/authenticatorData",
                "publicKey" => "/response/publicKey",
                _ => "/response/publicKeyAlgorithm",
            });
        }
    }
    assert_eq!(places(&converted.losses), must);
    let mut kept = original.clone();
    for place in must {
        let (parent, name) = place.rsplit_once('/').unwrap();
        let parent = kept.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(name).unwrap();
    }
    let back = webauthn_rs::from_credential(&converted.value).unwrap();
    assert_eq!(back.losses, []);
    assert_eq!(value(back.value.as_received()), kept);
}

/// webauthn-rs-proto holds of the options what is not reported as lost.
fn converted_options(options: &CreationOptions) {
    let converted = webauthn_rs::creation_options(options).unwrap();
    let mut theirs = serde_json::to_value(&converted.value).unwrap();
    let mut original = value(options.raw());
    for place in places(&converted.losses) {
        let (parent, name) = place.rsplit_once('/').unwrap();
        for document in [&mut theirs, &mut original] {
            let parent = document.pointer_mut(parent).unwrap();
            parent.as_object_mut().unwrap().remove(name);
        }
    }
    // What it writes though it was absent is what absence means.
    for (place, absent) in [
        ("requireResidentKey", json!(false)),
        ("userVerification", json!("preferred")),
    ] {
        if let Some(selection) = original.get_mut("authenticatorSelection") {
            let required = selection["residentKey"] == "required" && place == "requireResidentKey";
            let entry = selection.as_object_mut().unwrap().entry(place);
            entry.or_insert(if required { json!(true) } else { absent });
        }
    }
    assert_eq!(theirs, original);
}

/// A line for verifiers that are not ours: what would be sent.
fn line(options: &str, registration: &Registration, name: &str) -> Value {
    let options = value(options);
    let checked = AttestationObject::parse(registration.attestation_object()).unwrap();
    json!({
        "name": name,
        "algorithm": options["pubKeyCredParams"][0]["alg"],
        "attestation": checked.format,
        "rpId": RP_ID,
        "origin": ORIGIN,
        "options": options,
        "registration": value(&registration.strict_body()),
    })
}

#[test]
#[ignore = "needs Chromium, node, python-fido2, webauthn and @simplewebauthn/server"]
fn what_a_browser_makes_goes_through_our_types_unchanged_and_others_verify_what_we_would_send() {
    let mut browser = Browser::start();
    let about = browser.about();
    assert_eq!(
        (&about["toJSON"], &about["parseCreationOptionsFromJSON"]),
        (&json!(true), &json!(true)),
        "{about}"
    );
    let full = json!({"hasLargeBlob": true, "hasCredBlob": true, "hasMinPinLength": true, "hasPrf": true});
    let none = || Expected {
        format: AttestationFormat::None,
        ..packed()
    };
    let by_transport = |transport| Expected {
        transport,
        ..packed()
    };
    let u2f = |transport| Expected {
        format: AttestationFormat::FidoU2f,
        transport,
        ..packed()
    };
    let u2f_on = |transport: &str| json!({"protocol": "u2f", "transport": transport, "hasResidentKey": false, "hasUserVerification": false});
    let required = json!({"residentKey": "required", "userVerification": "required"});
    let sixty_four = encode(Flavour::Url, &[0xff; 64]);
    let cases: Vec<(&str, Value, Value, Expected)> = vec![
        ("direct", json!({}), json!({}), packed()),
        ("none", json!({}), json!({"attestation": "none"}), none()),
        (
            "attestation absent",
            json!({}),
            json!({"attestation": null}),
            none(),
        ),
        (
            "indirect",
            json!({}),
            json!({"attestation": "indirect"}),
            packed(),
        ),
        (
            "enterprise",
            json!({}),
            json!({"attestation": "enterprise"}),
            packed(),
        ),
        (
            "EdDSA",
            json!({}),
            json!({"pubKeyCredParams": [{"type": "public-key", "alg": -8}]}),
            Expected {
                algorithm: -8,
                ..packed()
            },
        ),
        (
            "RS256",
            json!({}),
            json!({"pubKeyCredParams": [{"type": "public-key", "alg": -257}]}),
            Expected {
                algorithm: -257,
                ..packed()
            },
        ),
        (
            "CTAP 2.0 over NFC",
            json!({"ctap2Version": "ctap2_0", "transport": "nfc"}),
            json!({}),
            by_transport("nfc"),
        ),
        ("BLE", json!({"transport": "ble"}), json!({}), by_transport("ble")),
        (
            "platform",
            json!({"transport": "internal"}),
            json!({
                "authenticatorSelection": {"authenticatorAttachment": "platform", "userVerification": "required"},
                "hints": ["client-device"],
            }),
            by_transport("internal"),
        ),
        (
            "platform, none",
            json!({"transport": "internal"}),
            json!({"attestation": "none"}),
            Expected {
                transport: "internal",
                ..none()
            },
        ),
        ("U2F over USB", u2f_on("usb"), json!({}), u2f("usb")),
        ("U2F over NFC", u2f_on("nfc"), json!({}), u2f("nfc")),
        ("U2F over BLE", u2f_on("ble"), json!({}), u2f("ble")),
        (
            "user not verified",
            json!({"hasUserVerification": false}),
            json!({"authenticatorSelection": {"userVerification": "discouraged"}}),
            packed(),
        ),
        (
            "backed up",
            json!({"defaultBackupEligibility": true, "defaultBackupState": true}),
            json!({"authenticatorSelection": required, "hints": ["security-key", "of-tomorrow"]}),
            packed(),
        ),
        (
            "user handle of 64 bytes, names in many scripts",
            json!({}),
            json!({
                "user": {"id": sixty_four, "name": "åsa@exämple.test", "displayName": "Åsa Ek 🔑 Ключ"},
            }),
            packed(),
        ),
        (
            "attestation formats, unknown members",
            json!({}),
            json!({
                "attestationFormats": ["packed", "golden"], "ofTomorrow": {"a": [1, null]}, "attestation": "direct",
            }),
            packed(),
        ),
        (
            "extensions",
            full.clone(),
            json!({
                "authenticatorSelection": required,
                "extensions": {"credProps": true, "largeBlob": {"support": "required"}, "prf": {"eval": {"first": "AQID"}}, "minPinLength": true},
            }),
            Expected {
                lost: &["/clientExtensionResults/largeBlob", "/clientExtensionResults/prf"],
                ..packed()
            },
        ),
        (
            "other extensions",
            full,
            json!({
                "authenticatorSelection": required,
                "extensions": {
                    "credProps": true, "credBlob": "AQI", "hmacCreateSecret": true,
                    "credentialProtectionPolicy": "userVerificationRequired", "enforceCredentialProtectionPolicy": true,
                },
            }),
            Expected {
                lost: &[
                    "/clientExtensionResults/credBlob",
                    "/clientExtensionResults/hmacCreateSecret",
                ],
                ..packed()
            },
        ),
    ];
    let mut lines = Vec::new();
    for (name, authenticator, changes, expected) in &cases {
        let text = options(changes);
        browser.authenticator(authenticator);
        let made = browser
            .create(&text)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let registration = through_our_types(&text, &made, expected);
        lines.push(line(&text, &registration, name));
    }
    // Options that a page has decoded by hand, as before there was parseCreationOptionsFromJSON().
    let text = options(&json!({}));
    browser.authenticator(&json!({}));
    let made = browser.create_by_hand(&text).unwrap();
    lines.push(line(
        &text,
        &through_our_types(&text, &made, &packed()),
        "by hand",
    ));

    assert_eq!(lines.len(), cases.len() + 1);
    judged(python_verifiers(), &lines);
    judged(node_verifier(), &lines);
}

/// The members of WebAuthn's options that matter here, with one changed, as the browser and as we take them.
#[test]
#[ignore = "needs Chromium and node"]
fn what_a_browser_makes_of_odd_options_is_known_for_each_that_we_take_or_refuse() {
    let mut browser = Browser::start();
    browser.authenticator(&json!({}));
    let first = browser.create(&options(&json!({}))).unwrap();
    let known = value(&first.to_json)["id"].clone();
    let user = |id: &str| json!({"user": {"id": id, "name": "alice", "displayName": "Alice"}});
    let rp = |id: Value| json!({"rp": {"id": id, "name": "Login"}});
    let offered = |list: Value| json!({"pubKeyCredParams": list});
    let excluded = |entry: Value| json!({"excludeCredentials": [entry]});
    let too_long = encode(Flavour::Url, &[7; 65]);
    let ok: Result<(), &str> = Ok(());
    // What is changed; what the browser says; what we say, by the short name of the refusal.
    let rows: Vec<(Value, Result<(), &str>, Result<(), &str>)> = vec![
        (
            excluded(json!({"type": "public-key", "id": known})),
            Err("InvalidStateError"),
            ok,
        ),
        (excluded(json!({"type": "public-key", "id": "AQI"})), ok, ok),
        (
            excluded(json!({"type": "public-key", "id": "AQI", "transports": ["usb", "of-tomorrow"]})),
            ok,
            ok,
        ),
        (
            excluded(json!({"type": "public-key", "id": "AQI="})),
            Err("EncodingError"),
            ok,
        ),
        (excluded(json!({"type": "of-tomorrow", "id": known})), ok, ok),
        (
            json!({"excludeCredentials": {}}),
            Err("TypeError"),
            Err("malformed-member"),
        ),
        (
            json!({"challenge": "AAECAwQFBgcICQoLDA0ODw=="}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "++++AwQFBgcICQoLDA0ODw"}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "AAEC AwQFBgcICQoLDA0ODw"}),
            Err("EncodingError"),
            ok,
        ),
        (
            json!({"challenge": "%"}),
            Err("EncodingError"),
            Err("malformed-member"),
        ),
        (
            json!({"challenge": null}),
            Err("TypeError"),
            Err("missing-member"),
        ),
        (
            json!({"challenge": "AAECAwQFBgcICQoLDA0O"}),
            ok,
            Err("short-challenge"),
        ),
        (user(""), ok, Err("user-id-length")),
        (user(&too_long), Err("TypeError"), Err("user-id-length")),
        (user("AQ=="), Err("EncodingError"), ok),
        (
            rp(json!("https://login.example.test")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (
            rp(json!("login.example.test:443")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (
            rp(json!("login.example.test.")),
            Err("SecurityError"),
            Err("rp-id"),
        ),
        (rp(json!("127.0.0.1")), Err("SecurityError"), Err("rp-id")),
        (rp(json!("")), Err("SecurityError"), Err("rp-id")),
        // A domain, but not one of this page.
        (rp(json!("login.example.org")), Err("SecurityError"), ok),
        (offered(json!([])), ok, Err("no-known-algorithm")),
        (
            offered(json!([{"type": "of-tomorrow", "alg": -7}])),
            Err("NotSupportedError"),
            Err("no-known-algorithm"),
        ),
        (offered(json!([{"type": "public-key", "alg": -7.0}])), ok, ok),
        (
            offered(json!([{"type": "public-key", "alg": "-7"}])),
            ok,
            Err("malformed-member"),
        ),
        (offered(json!({})), Err("TypeError"), Err("malformed-member")),
        (json!({"attestation": "of-tomorrow"}), ok, ok),
        (
            json!({"authenticatorSelection": {"userVerification": "of-tomorrow", "residentKey": 7}}),
            ok,
            ok,
        ),
        (json!({"timeout": "100"}), ok, ok),
        (
            json!({"extensions": {"of.tomorrow": 1, "credProps": "yes"}}),
            ok,
            ok,
        ),
        (json!({"hints": ["of-tomorrow"]}), ok, ok),
        (json!({"hints": "security-key"}), Err("TypeError"), ok),
    ];
    for (changes, browsers, ours) in rows {
        let text = options(&changes);
        let said = browser.create(&text).map(drop).map_err(|error| {
            // parseCreationOptionsFromJSON() throws a DOMException whose name stands in its text.
            if error == "DOMException" {
                "EncodingError".to_owned()
            } else {
                error
            }
        });
        assert_eq!(said, browsers.map_err(str::to_owned), "{changes}");
        let read = CreationOptions::parse(&text);
        let said = read
            .as_ref()
            .map_err(|error| error.name())
            .and_then(|read| read.validate().map_err(|error| error.name()));
        assert_eq!(said, ours, "{changes}");
        // What a browser cannot decode and we can leaves a word about it.
        if browsers == Err("EncodingError") && said.is_ok() {
            assert!(!read.unwrap().lints().is_empty(), "{changes}");
        }
    }
    let text = options(&excluded(json!({"type": "public-key", "id": known})));
    let id = decode(Flavour::Url, known.as_str().unwrap()).unwrap();
    assert!(CreationOptions::parse(&text).unwrap().excludes(&id));
    // The last one of two challenges counts in a browser; we do not guess.
    let twice = text.replacen('{', "{\"challenge\":\"AQECAwQFBgcICQoLDA0ODw\",", 1);
    assert_eq!(
        CreationOptions::parse(&twice).unwrap_err().name(),
        "malformed-json"
    );
    // An algorithm that this browser's authenticator does not have.
    for algorithm in [-35, -36, -258, -259] {
        let text = options(&offered(json!([{"type": "public-key", "alg": algorithm}])));
        match browser.create(&text) {
            Ok(made) => drop(through_our_types(
                &text,
                &made,
                &Expected {
                    algorithm,
                    ..packed()
                },
            )),
            Err(error) => assert_eq!(error, "NotAllowedError", "{algorithm}"),
        }
    }
}

#[test]
#[ignore = "needs Chromium and node"]
fn origin_and_relying_party_are_checked_as_the_page_had_them() {
    let mut browser = Browser::start();
    browser.authenticator(&json!({}));
    let said = |text: &str, made: &Texts, rules: &Preflight| {
        let options = CreationOptions::parse(text).unwrap();
        let registration = Registration::parse(&made.to_json).unwrap();
        preflight::check(&options, &registration, rules)
            .map(drop)
            .map_err(|error| error.name())
    };
    let listed = |origin: &str| Preflight::new().origin(OriginRule::Listed(vec![origin.to_owned()]));

    // A relying party above the page's host.
    let text = options(&json!({"rp": {"id": "example.test", "name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new()), Err("origin-mismatch"));
    through_our_types(
        &text,
        &made,
        &Expected {
            rules: listed(ORIGIN),
            ..packed()
        },
    );
    let other = options(&json!({}));
    assert_eq!(said(&other, &made, &Preflight::new()), Err("rp-id-mismatch"));

    // Options without rp.id: the page's host counts, which the caller has to say.
    let text = options(&json!({"rp": {"name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new().rp_id(RP_ID)), Ok(()));
    assert_eq!(
        said(
            &text,
            &made,
            &Preflight::new().rp_id("example.test").origin(OriginRule::Report)
        ),
        Err("rp-id-mismatch")
    );

    // The answer to other options.
    let text = options(&json!({"challenge": "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}));
    assert_eq!(said(&text, &made, &Preflight::new()), Err("challenge-mismatch"));
    // An algorithm that was not offered, user verification that is demanded.
    let text = options(&json!({"pubKeyCredParams": [{"type": "public-key", "alg": -257}]}));
    assert_eq!(
        said(&text, &made, &Preflight::new()),
        Err("algorithm-not-offered")
    );
    browser.authenticator(&json!({"hasUserVerification": false}));
    let made = browser.create(&options(&json!({}))).unwrap();
    let text = options(&json!({"authenticatorSelection": {"userVerification": "required"}}));
    assert_eq!(
        said(&text, &made, &Preflight::new()),
        Err("user-verification-missing")
    );
    // That authenticator cannot meet the demand, and the browser says so.
    assert_eq!(browser.create(&text).unwrap_err(), "NotAllowedError");

    // Plain HTTP on localhost, with its port in the origin.
    let page = browser.open("http://localhost/");
    let origin = page["origin"].as_str().unwrap();
    assert!(
        origin.starts_with("http://localhost:") && page["secure"] == true,
        "{page}"
    );
    browser.authenticator(&json!({}));
    let text = options(&json!({"rp": {"id": "localhost", "name": "Login"}}));
    let made = browser.create(&text).unwrap();
    assert_eq!(said(&text, &made, &Preflight::new()), Err("origin-mismatch"));
    through_our_types(
        &text,
        &made,
        &Expected {
            rules: listed(origin),
            ..packed()
        },
    );
}

/// Digital Access as the simulator plays it, and the browser on its page.
struct Scene {
    world: World,
    browser: Browser,
    alice: UserId,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start(Setup::default()).await;
        // The clock of the ceremony is the page's: long enough for a slow machine.
        world
            .sim
            .reconfigure(|config| config.da.timeout_ms = Some(30_000));
        let mut browser = Browser::start();
        browser.authenticator(&json!({}));
        Self {
            world,
            browser,
            alice: UserId::new("alice").unwrap(),
        }
    }

    async fn options(&self) -> CreationOptions {
        let da = self.world.smartid.digital_access().unwrap();
        da.call(&GetOptions::new(self.alice.clone())).await.unwrap()
    }

    /// The last word of the simulator about what was sent to `path`, if it was refused.
    async fn store(&self, registration: &Registration, form: BodyForm) -> Result<(), String> {
        let da = self.world.smartid.digital_access().unwrap();
        let call = StoreCredential::new(self.alice.clone(), registration).body(form);
        da.call(&call).await.map(drop).map_err(|_| self.last_word())
    }

    fn last_word(&self) -> String {
        self.world.sim.records().last().unwrap().code.clone().unwrap()
    }

    async fn login_page(&self, request: Outgoing) -> Value {
        let transport = ReqwestTransport::builder()
            .root_pem(self.world.sim.ca_pem().as_bytes())
            .build()
            .unwrap();
        let base = ServiceUrl::parse("da.url", &self.world.sim.da_base_url()).unwrap();
        let answer = transport.send(&base, request).await.unwrap();
        serde_json::from_slice(answer.body()).unwrap()
    }

    async fn login_options(&self, user: Option<&str>) -> String {
        let request = Outgoing::new(Method::GET, "webauthn/authentication".to_owned());
        let request = match user {
            Some(user) => request.query("userId", user),
            None => request,
        };
        self.login_page(request).await.to_string()
    }

    async fn login(&self, assertion: &str) -> Value {
        let request = Outgoing::new(Method::POST, "webauthn/authentication".to_owned());
        self.login_page(request.body("application/json", assertion.to_owned()))
            .await
    }
}

#[tokio::test]
#[ignore = "needs Chromium and node"]
async fn a_browsers_credential_is_stored_and_logs_in() {
    let mut scene = Scene::new().await;
    let options = scene.options().await;
    assert!(options.lists_exclusions() && options.view().exclude.is_empty());
    let made = scene.browser.create(options.raw()).unwrap();
    let none = Expected {
        format: AttestationFormat::None,
        ..packed()
    };
    let registration = through_our_types(options.raw(), &made, &none);
    assert_eq!(scene.store(&registration, BodyForm::Strict).await, Ok(()));
    let stored = scene.world.sim.credentials_of("alice");
    assert_eq!(stored.len(), 1);
    assert_eq!(
        (stored[0].credential_id.as_slice(), stored[0].algorithm),
        (registration.id(), -7)
    );

    // With the name, and without it: the authenticator knows whose it is.
    for user in [Some("alice"), None] {
        let page = scene.login_options(user).await;
        assert_eq!(
            value(&page)["allowCredentials"].as_array().unwrap().len(),
            usize::from(user.is_some())
        );
        let used = scene.browser.get(&page).unwrap();
        for (form, end) in [(&used.to_json, "alice"), (&used.by_hand, "challenge_used")] {
            let said = scene.login(form).await;
            let word = said.get("user").or_else(|| said.get("error")).unwrap();
            assert_eq!(word, end, "{said}");
        }
        assert_eq!(
            scene.world.sim.credentials_of("alice")[0].sign_count,
            if user.is_some() { 2 } else { 3 }
        );
    }

    // A second time: the options exclude it, the browser says so, and the same registration is not taken.
    let options = scene.options().await;
    assert!(options.excludes(registration.id()));
    assert_eq!(
        scene.browser.create(options.raw()).unwrap_err(),
        "InvalidStateError"
    );
    assert_eq!(
        scene.store(&registration, BodyForm::Strict).await,
        Err("challenge_used".to_owned())
    );
}

#[tokio::test]
#[ignore = "needs Chromium and node"]
async fn each_form_of_the_body_is_taken_by_the_server_that_knows_its_members() {
    let mut scene = Scene::new().await;
    scene
        .world
        .sim
        .reconfigure(|config| config.da.attestation = "direct".to_owned());
    let refused = || Err("json_unknown_member".to_owned());
    for (authenticator, format) in [
        (json!({}), "packed"),
        (
            json!({"protocol": "u2f", "hasResidentKey": false, "hasUserVerification": false}),
            "fido-u2f",
        ),
    ] {
        scene.browser.authenticator(&authenticator);
        for (tolerant, form, hand, end) in [
            (false, BodyForm::AsReceived, false, refused()),
            (true, BodyForm::AsReceived, false, Ok(())),
            (false, BodyForm::AsReceived, true, Ok(())),
            (false, BodyForm::Strict, true, Ok(())),
            (false, BodyForm::Strict, false, Ok(())),
        ] {
            scene.world.sim.reconfigure(|config| {
                config.da.tolerated_response_members =
                    vec!["publicKey".to_owned(), "publicKeyAlgorithm".to_owned()];
                if tolerant {
                    config
                        .da
                        .tolerated_response_members
                        .push("authenticatorData".to_owned());
                }
            });
            scene.world.sim.remove_credentials_of("alice");
            let options = scene.options().await;
            let made = scene.browser.create(options.raw()).unwrap();
            let text = if hand { &made.by_hand } else { &made.to_json };
            let registration = Registration::parse(text).unwrap();
            let checked = preflight::check(&options, &registration, &Preflight::new()).unwrap();
            assert_eq!(checked.format, format);
            assert_eq!(
                scene.store(&registration, form).await,
                end,
                "{format} {form:?} {hand}"
            );
            let stored = scene.world.sim.credentials_of("alice").len();
            assert_eq!(stored, usize::from(end.is_ok()));
        }
    }
}
