//! Private keys and PKCS #12 containers made by other programs: each opens, signs and fits its certificate, or is refused for the
//! reason that the index names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops where it fails"
)]

use std::path::Path;

use serde::Deserialize;
use smartid_core::SecretString;
use smartid_core::base64::{self, Flavour};
use smartid_trust::{Certificate, Curve, KeyType, MemorySigner, OfficerSigner, Reason, Refusal, SigningKey};

#[derive(Deserialize)]
struct Index {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    name: String,
    file: String,
    kind: String,
    expect: String,
    key_type: Option<String>,
    certificate: Option<String>,
    password: Option<String>,
    #[cfg_attr(not(feature = "pkcs12"), expect(dead_code, reason = "containers have it"))]
    chain: Option<toml::Value>,
}

/// What is refused although its key is good, and why: documented at [`Reason::KeyEncryptionUnsupported`] and
/// [`Reason::KeyEncryptionLegacy`].
const DOCUMENTED: &[(&str, Reason)] = &[
    ("keys/officer-rsa-scrypt.pem", Reason::KeyEncryptionUnsupported),
    #[cfg(not(feature = "pkcs12"))]
    ("keys/officer-rsa-3des.pem", Reason::KeyEncryptionUnsupported),
    (
        "keys/officer-rsa-pkcs1-encrypted.pem",
        Reason::KeyEncryptionLegacy,
    ),
];

fn fixture(file: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(file: &str) -> String {
    String::from_utf8(fixture(file)).unwrap()
}

fn cases(kind: &str) -> Vec<Case> {
    let index = toml::from_str::<Index>(&text("INDEX.toml"));
    // The error prints the whole index.
    let index = index.unwrap_or_else(|error| panic!("{}", error.message()));
    let mut cases: Vec<_> = index.case.into_iter().filter(|case| case.kind == kind).collect();
    for case in &mut cases {
        if case.name.is_empty() {
            case.name.clone_from(&case.file);
        }
    }
    assert!(cases.len() >= 10, "{} of {kind}", cases.len());
    cases
}

fn key_type(case: &Case) -> KeyType {
    match case.key_type.as_deref().unwrap() {
        "P-256" => KeyType::Ec(Curve::P256),
        "P-384" => KeyType::Ec(Curve::P384),
        "P-521" => KeyType::Ec(Curve::P521),
        "Ed25519" => KeyType::Ed25519,
        rsa => KeyType::Rsa {
            bits: rsa.strip_prefix("RSA-").unwrap().parse().unwrap(),
        },
    }
}

fn expected(case: &Case) -> Option<Reason> {
    let documented = DOCUMENTED.iter().find(|(name, _)| *name == case.name);
    if let Some((_, reason)) = documented {
        return Some(*reason);
    }
    match case.expect.as_str() {
        "verifies" => None,
        "wrong-password" => Some(Reason::WrongPassword),
        "password-missing" => Some(Reason::PasswordMissing),
        "no-key" => Some(Reason::NoKey),
        "no-mac" => Some(Reason::NoMac),
        "truncated" if case.file.ends_with(".p12") => Some(Reason::ContainerTruncated),
        "truncated" => Some(Reason::Malformed),
        other => panic!("{}: nobody knows what {other} is", case.name),
    }
}

fn certificate(case: &Case) -> Certificate {
    Certificate::from_der(fixture(case.certificate.as_ref().unwrap())).unwrap()
}

/// The case's outcome against the index.
fn judge(case: &Case, outcome: Result<MemorySigner, Refusal>) {
    match (outcome, expected(case)) {
        (Ok(signer), None) => {
            let certificate = certificate(case);
            assert_eq!(signer.chain()[0], certificate, "{}", case.name);
            let public = certificate.public_key().unwrap();
            assert_eq!(public.key_type(), key_type(case), "{}", case.name);
            for algorithm in signer.algorithms() {
                let signature = signer.sign(*algorithm, b"message").unwrap();
                public.verify(*algorithm, b"message", &signature).unwrap();
            }
        }
        (Err(refusal), Some(reason)) => assert_eq!(refusal.reason(), reason, "{}: {refusal}", case.name),
        (Ok(_), Some(reason)) => panic!("{}: opened, and should be refused for {reason:?}", case.name),
        (Err(refusal), None) => panic!("{}: {refusal}", case.name),
    }
}

#[test]
fn keys() {
    for case in cases("key") {
        let password = case.password.as_deref().map(SecretString::new);
        let certificate = certificate(&case);
        let outcome = if case.file.ends_with(".der") {
            let der = fixture(&case.file);
            SigningKey::from_pkcs8_der(&der).and_then(|key| MemorySigner::new(key, [certificate]))
        } else {
            let key = text(&case.file);
            let alone = SigningKey::from_pem(&key, password.as_ref());
            let letters = base64::encode(Flavour::Standard, certificate.der());
            let certificate = format!("-----BEGIN CERTIFICATE-----\n{letters}\n-----END CERTIFICATE-----\n");
            let both = MemorySigner::from_pem(&[&key, &certificate], password.as_ref());
            assert_eq!(
                alone.err().map(|refusal| refusal.reason()),
                both.as_ref().err().map(Refusal::reason),
                "{}",
                case.name
            );
            both
        };
        judge(&case, outcome);
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn containers() {
    use smartid_trust::pkcs12::{Pkcs12, Pkcs12Policy};

    for case in cases("pkcs12") {
        let password = SecretString::new(case.password.as_deref().unwrap());
        let open = |policy: &Pkcs12Policy| Pkcs12::open(&fixture(&case.file), &password, policy);
        let opened = open(&Pkcs12Policy::default());
        if let Ok(container) = &opened {
            let count = case.chain.as_ref().unwrap().as_integer().unwrap();
            assert_eq!(container.certificates().len() as i64, count, "{}", case.name);
            if let Ok(signer) = container.signer() {
                assert_eq!(signer.chain().len() as i64, count, "{}", case.name);
            }
        }
        judge(&case, opened.and_then(|container| container.signer()));
        judge(&case, MemorySigner::from_pkcs12(&fixture(&case.file), &password));
        if case.expect == "no-mac" {
            let lax = Pkcs12Policy::default().danger_accept_without_mac();
            assert!(open(&lax).unwrap().signer().is_ok(), "{}", case.name);
        }
    }
}

#[cfg(feature = "pkcs12")]
#[test]
fn a_container_cut_short_or_changed_never_opens() {
    use smartid_trust::pkcs12::{Pkcs12, Pkcs12Policy};

    let password = SecretString::new("test-Passw0rd");
    for file in ["pkcs12/bc-default.p12", "pkcs12/openssl-rsa-legacy.p12"] {
        let whole = fixture(file);
        for end in (7..whole.len()).step_by(7) {
            let opened = Pkcs12::open(&whole[..end], &password, &Pkcs12Policy::default());
            assert_eq!(
                opened.unwrap_err().reason(),
                Reason::ContainerTruncated,
                "{file} {end}"
            );
        }
    }
}
