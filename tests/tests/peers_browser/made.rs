//! What browsers and authenticators make of the options that they understand.

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, encode};
use smartid_da::fido::{AttestationFormat, AttestationObject, Registration};
use smartid_tests::peers::{Browser, judged, node_verifier, python_verifiers};

use crate::through::{Expected, packed, through_our_types};
use crate::{ORIGIN, RP_ID, options, value};

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
