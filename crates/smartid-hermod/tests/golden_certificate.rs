//! Every golden file of the certificate command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::time::Duration;

use common::provision::trust;
use common::{Fixture, commands};
use serde_json::{Value, json};
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::json::Pointer;
use smartid_core::{Endpoint, SecretBytes, Timestamp};
use smartid_hermod::answers::AttestationKeys;
use smartid_hermod::commands::{CertificateEntry, InstallCertificates, KeyProtection};
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Outcome};
use smartid_trust::jws::{Jwk, JwkSet, JwsOptions, sign};
use smartid_trust::{Certificate, MemorySigner};

const USER: &str = "user-1@example.com";
const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";
const CARD: &str = "c5d41f7a-0000-4000-8000-0000000000e1";
const PASSWORD: &str = "test-Passw0rd";

fn certificate(name: &str) -> Certificate {
    Certificate::from_der(trust(&format!("certs/{name}.der"))).unwrap()
}

fn base64(name: &str) -> String {
    encode(Flavour::Standard, &trust(&format!("certs/{name}.der")))
}

fn entry(key: &str, name: &str) -> CertificateEntry {
    CertificateEntry::new(key, certificate(name))
}

fn issued(key: &str, name: &str) -> CertificateEntry {
    entry(key, name).chain([certificate("issuer")])
}

fn signer() -> CertificateEntry {
    issued("signer", "signer-rsa")
}

fn pkcs12(key: &str, name: &str) -> CertificateEntry {
    CertificateEntry::pkcs12(key, SecretBytes::new(trust(&format!("pkcs12/{name}.p12"))))
}

fn header(timeout: u64, to: &str) -> CommandHeader {
    CommandHeader::new(Duration::from_secs(300), Duration::from_secs(timeout))
        .unwrap()
        .to([to])
        .external_id("golden-certificate-0001")
}

/// User, profile and nonce, and nothing to install.
fn to(destination: &str) -> InstallCertificates {
    InstallCertificates::new(header(250, destination))
        .user(USER)
        .profile(PROFILE)
        .nonce("60415537")
}

fn one() -> InstallCertificates {
    to(USER).certificate(signer())
}

fn with_member(mut command: InstallCertificates, name: &str, value: &Value) -> InstallCertificates {
    command.members.set(Pointer::of([name]), value.to_string());
    command
}

/// Members of the golden request, for what nobody can compute: a ciphertext.
fn member(name: &str, pointer: &str) -> String {
    let request: Value = serde_json::from_slice(&common::golden(&format!("certificate/{name}"))).unwrap();
    request.pointer(pointer).unwrap().as_str().unwrap().to_owned()
}

fn command(name: &str) -> (InstallCertificates, HermodDialect) {
    let mut dialect = "";
    let command = match name {
        "request_minimal.json" => {
            let mut command = to(USER).certificate(entry("signer", "signer-rsa"));
            command.nonce = None;
            command
        }
        "request_one_certificate.json" => one(),
        "request_every_member.json" => to(USER)
            .confirmed_by("ATTESTATION")
            .certificate(issued("sig1", "signer-rsa"))
            .certificate(entry("auth1", "signer-p256").chain([certificate("issuer"), certificate("root")]))
            .smart_card(CARD)
            .protection(KeyProtection::Consent),
        "request_chain_full.json" => {
            let chain = [certificate("issuer"), certificate("root")];
            to(USER).certificate(signer().chain(chain))
        }
        "request_chain_empty.json" => to(USER).certificate(signer().chain([])),
        "request_three_certificates.json" => to(USER)
            .certificate(issued("sig1", "signer-rsa"))
            .certificate(issued("auth1", "signer-p256"))
            .certificate(issued("devenc1", "signer-encipher")),
        "request_smartcardid.json" => one().smart_card(CARD),
        "request_smartcardid_no_profile.json" => {
            let mut command = one().smart_card(CARD);
            command.profile_id = None;
            command
        }
        "request_protection_none.json" => one().protection(KeyProtection::None),
        "request_protection_consent.json" => one().protection(KeyProtection::Consent),
        "request_protection_password.json" => one().protection("PASSWORD"),
        "request_protection_fingerprint.json" => one().protection("FINGERPRINT"),
        "request_auxiliary.json" => {
            let auxiliary = CertificateEntry::auxiliary(certificate("signer-rsa3072"));
            one().certificate(auxiliary.chain([certificate("issuer")]))
        }
        "request_auxiliary_own_member.json" => {
            let auxiliary = CertificateEntry::auxiliary(certificate("signer-rsa3072"));
            let list = json!([auxiliary.chain([certificate("issuer")])]);
            with_member(one(), "auxiliarycertificates", &list)
        }
        "request_auxiliary_texts.json" => {
            with_member(one(), "auxcertificates", &json!([base64("signer-rsa3072")]))
        }
        "request_pkcs12.json" => to(USER).certificate(pkcs12("enc-2024", "openssl-rsa").password(PASSWORD)),
        "request_pkcs12_and_certificate.json" => one()
            .certificate(pkcs12("enc-2024", "openssl-rsa").password(PASSWORD))
            .certificate(pkcs12("enc-2025", "openssl-p256").password(PASSWORD)),
        "request_pkcs12_own_member.json" => {
            let data = encode(Flavour::Standard, &trust("pkcs12/openssl-rsa.p12"));
            let list = json!([{"keyid": "enc-2024", "data": data, "password": PASSWORD}]);
            with_member(one(), "pkcs12s", &list)
        }
        "request_pkcs12_no_password.json" => to(USER).certificate(pkcs12("enc-2024", "openssl-rsa")),
        "request_pkcs12_password_encrypted.json" => {
            let mut form = serde_json::to_value(pkcs12("enc-2024", "openssl-rsa")).unwrap();
            form["encryptedpassword"] = member(name, "/certCommand/certificates/0/encryptedpassword").into();
            to(USER).certificate(CertificateEntry::json(form.to_string()))
        }
        "request_certificate_pem.json" => {
            let pem = format!(
                "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
                base64("signer-rsa")
            );
            let form = json!({"keyid": "signer", "certificate": pem, "chain": [base64("issuer")]});
            to(USER).certificate(CertificateEntry::json(form.to_string()))
        }
        "request_chain_in_one.json" => {
            let list = [base64("signer-rsa"), base64("issuer"), base64("root")];
            let form = json!({"keyid": "signer", "certificates": list});
            to(USER).certificate(CertificateEntry::json(form.to_string()))
        }
        "request_pkcs7.json" => {
            let cms = encode(Flavour::Standard, &trust("cms/openssl-certs-only.der"));
            let form = json!({"keyid": "signer", "pkcs7": cms});
            to(USER).certificate(CertificateEntry::json(form.to_string()))
        }
        "request_nested_in_profile.json" => {
            dialect = "certificate.request = [
                { move = '/certCommand/profileid', to = '/certCommand/profile/profileid' },
                { move = '/certCommand/certificates', to = '/certCommand/profile/certificates' },
            ]";
            one()
        }
        "request_params.json" => {
            dialect = "certificate.request = [
                { remove = '/certCommand/nonce' },
                { remove = '/certCommand/userid' },
                { move = '/certCommand/profileid', to = '/certCommand/params/profileid' },
                { move = '/certCommand/certificates', to = '/certCommand/params/certificates' },
            ]";
            one()
        }
        "request_to_box.json" => to("3c0e7a52-0000-4000-8000-0000000000a2").certificate(signer()),
        "request_to_profile.json" => {
            dialect = "certificate.to = ['{profile_id}']";
            let mut command = one();
            let times = command.header.clone();
            command.header = CommandHeader::new(times.get_lifespan(), times.get_timeout())
                .unwrap()
                .external_id("golden-certificate-0001");
            command.user_id = None;
            command
        }
        "request_to_tmp.json" => to("@tmp").certificate(signer()),
        "request_times_equal.json" => {
            let mut command = one();
            command.header = header(300, USER);
            command
        }
        name => panic!("{name} has no command"),
    };
    (command, common::dialect(dialect))
}

#[test]
fn every_golden_request_is_what_is_sent() {
    let made = commands::requests("certificate", |fixture| {
        let (command, dialect) = command(&fixture.file);
        command.request(&dialect).map_err(|error| error.to_string())
    });
    assert_eq!(made, 29);
    commands::head("certificate", &command("request_one_certificate.json").0);
}

fn verdict(_: &Fixture, report: &CommandReport, dialect: &HermodDialect) -> &'static str {
    commands::word(&report.certificate(dialect))
}

#[test]
fn every_golden_answer_is_read_as_it_says() {
    let read = commands::responses(
        "certificate",
        |_| HermodDialect::default(),
        |_, dialect, incoming| {
            let response = one().response(dialect, incoming);
            response.map_err(|error| format!("{error:?}"))
        },
        verdict,
    );
    assert_eq!(read, 8);
}

#[test]
fn every_golden_callback_ends_as_it_says() {
    assert_eq!(
        commands::callbacks("certificate", |_| HermodDialect::default(), verdict),
        41
    );
}

#[test]
fn what_the_device_says_is_kept() {
    let dialect = HermodDialect::default();
    for (name, response, confirmed) in [
        ("callback_approved.json", None, false),
        ("callback_approved_two_devices.json", None, false),
        ("callback_success_bare.json", None, false),
        ("callback_response_null.json", None, false),
        ("callback_response_empty.json", Some("{}"), false),
        ("callback_response_array.json", Some("[]"), false),
        ("callback_other_format.json", Some("{\"format\":\"pkcs7\""), false),
        ("callback_approved_jws.json", Some("{\"format\":\"jws\""), true),
    ] {
        let body = common::golden(&format!("certificate/{name}"));
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let Outcome::Succeeded(installed) = report.certificate(&dialect) else {
            panic!("{name}")
        };
        let start = installed.response.as_deref();
        match response {
            Some(response) => assert!(start.unwrap().starts_with(response), "{name}"),
            None => assert_eq!(start, None, "{name}"),
        }
        assert_eq!(installed.confirmation.is_some(), confirmed, "{name}");
        assert!(!format!("{installed:?}").contains("eyJ"), "{name}");
    }
    let rolled_back = common::golden("certificate/callback_partly.json");
    let report = CommandReport::read(rolled_back.into(), &dialect).unwrap();
    match report.certificate(&dialect) {
        Outcome::Failed { code, message } => {
            assert_eq!(code.as_deref(), Some("ROLLED_BACK"));
            assert!(message.unwrap().contains("nothing was installed"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_confirmation_is_bound_to_the_command() {
    let pem = String::from_utf8(trust("keys/officer-rsa-with-chain.pem")).unwrap();
    let device = MemorySigner::from_pem(&[&pem], None).unwrap();
    let public = Jwk::from_public_key(device.key().public_key().clone());
    let keys = AttestationKeys::new(JwkSet::new([public]));
    let dialect = HermodDialect::default();

    let golden: Value =
        serde_json::from_slice(&common::golden("certificate/callback_approved_jws.json")).unwrap();
    let payload = golden["response"]["data"]
        .as_str()
        .unwrap()
        .split('.')
        .nth(1)
        .unwrap();
    let payload = String::from_utf8(decode(Flavour::Url, payload).unwrap()).unwrap();
    let confirmed = |payload: &str| {
        let jws = sign(&device, payload.as_bytes(), &JwsOptions::new().with_key_id("k")).unwrap();
        let body =
            json!({"commandId": "5102", "state": "SUCCESS", "response": {"format": "jws", "data": jws}});
        let report = CommandReport::read(body.to_string().into(), &dialect).unwrap();
        report
            .certificate(&dialect)
            .succeeded()
            .unwrap()
            .confirmation
            .unwrap()
    };
    let policy = one().policy(&keys).unwrap();
    let now = Timestamp::from_millis(1_768_471_205_000);
    let verified = confirmed(&payload).verify(&policy, now).unwrap();
    assert_eq!(verified.fact().profile_id.as_str(), PROFILE);
    assert!(verified.fact().keys.is_empty());
    for (from, into, code) in [
        ("60415537", "60415538", "nonce-differs"),
        ("user-1@", "user-2@", "userid-differs"),
        (PROFILE, "another", "profileid-differs"),
    ] {
        assert!(payload.contains(from));
        let changed = confirmed(&payload.replace(from, into));
        assert_eq!(changed.verify(&policy, now).unwrap_err().code(), code);
    }
    let with_key = payload.replacen('{', "{\"keys\":[{\"keyid\":\"signer\"}],", 1);
    assert_eq!(
        confirmed(&with_key).verify(&policy, now).unwrap_err().code(),
        "key-unasked"
    );
    let mut nobody = one();
    nobody.user_id = None;
    assert!(nobody.policy(&keys).is_none());
}

#[test]
fn no_secret_is_shown() {
    let (command, _) = command("request_pkcs12_and_certificate.json");
    let own = CertificateEntry::json(r#"{"password":"test-Passw0rd"}"#);
    let shown = format!("{command:?} {own:?} {:?}", command.lints());
    assert!(shown.contains("enc-2024"));
    for secret in [PASSWORD, "MIIM", "60415537"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let bytes = format!("{:?}", &trust("pkcs12/openssl-rsa.p12")[..8]);
    assert!(!shown.contains(bytes.trim_matches(['[', ']'])), "{shown}");
}
