//! One answer of the browser through everything that reads, checks, writes and converts registrations.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use smartid_core::Lint;
use smartid_da::fido::preflight::{self, Checked, Preflight};
use smartid_da::fido::{
    Attestation, AttestationFormat, AttestationKind, AttestationObject, AttestationVerdict, CoseAlgorithm,
    CreationOptions, Registration, SignatureCheck, webauthn_rs,
};
use smartid_tests::peers::Texts;

use crate::{AAGUID, value};

/// What one registration is expected to be.
pub(crate) struct Expected {
    pub(crate) format: AttestationFormat,
    pub(crate) algorithm: i64,
    pub(crate) transport: &'static str,
    pub(crate) rules: Preflight,
    /// Places of what webauthn-rs-proto cannot hold, beyond what it never holds.
    pub(crate) lost: &'static [&'static str],
}

pub(crate) fn packed() -> Expected {
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

/// Both forms of the browser's answer, through everything that reads, checks, writes and converts registrations.
pub(crate) fn through_our_types(text: &str, made: &Texts, expected: &Expected) -> Registration {
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
    // Keys of the application, which the strict form leaves out, are all that is odd.
    let keys = original.pointer("/clientExtensionResults/prf/results").is_some();
    let odd = |lints: &[Lint]| {
        let codes: Vec<&str> = lints.iter().map(|lint| lint.code).collect();
        codes == if keys { vec!["key-material"] } else { vec![] }
    };
    assert!(odd(registration.lints()), "{:?}", registration.lints());
    assert_eq!(registration.irregular_encoding(), None);

    // The strict form holds the same values, and nothing but the members of a strict server.
    let mut strict = original.clone();
    for name in ["authenticatorData", "publicKey", "publicKeyAlgorithm"] {
        strict["response"].as_object_mut().unwrap().remove(name);
    }
    if keys {
        let prf = strict["clientExtensionResults"]["prf"].as_object_mut();
        prf.unwrap().remove("results");
    }
    assert_eq!(value(&registration.strict_body()), strict);
    assert_eq!(
        registration.client_extension_results().parse::<Value>().unwrap(),
        original["clientExtensionResults"]
    );

    let checked: Checked = preflight::check(options, &registration, &expected.rules).unwrap();
    assert!(odd(&checked.lints), "{:?}", checked.lints);
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
