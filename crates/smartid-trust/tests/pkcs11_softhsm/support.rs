//! A token for each test, and what is on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::Pkcs11;
use cryptoki::object::{Attribute, CertificateType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use rcgen::KeyPair;
use smartid_trust::pkcs11::{KeySelector, Pin, Pkcs11Module, Pkcs11Signer, TokenSelector};
use smartid_trust::{Certificate, OfficerSigner, Reason, Refusal};

use crate::common;

pub(crate) const PIN: &str = "canary-4711";
pub(crate) const CHILD: &str = "SMARTID_SOFTHSM_CHILD";

pub(crate) fn library() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM 2 is not installed: apt-get install softhsm2")
}

pub(crate) fn util(configuration: &Path, arguments: &[&str]) {
    let output = Command::new("softhsm2-util")
        .env("SOFTHSM2_CONF", configuration)
        .args(arguments)
        .output();
    let output = output.expect("softhsm2-util is not installed: apt-get install softhsm2");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Runs `inside` in a process of its own that has a token named "officer". `test` is the calling test with its module.
pub(crate) fn with_token(test: &str, inside: impl FnOnce(&Path)) {
    with_token_that(test, "", inside);
}

/// As [`with_token`], with a line more in the configuration of SoftHSM.
pub(crate) fn with_token_that(test: &str, line: &str, inside: impl FnOnce(&Path)) {
    let directory = std::env::temp_dir().join(format!(
        "smartid-softhsm-{}-{}",
        std::process::id(),
        test.replace("::", "-")
    ));
    if std::env::var(CHILD).is_ok_and(|name| name == test) {
        let directory = PathBuf::from(std::env::var("SOFTHSM2_CONF").unwrap());
        return inside(directory.parent().unwrap());
    }
    std::fs::create_dir_all(directory.join("tokens")).unwrap();
    let configuration = directory.join("softhsm2.conf");
    let tokens = directory.join("tokens");
    std::fs::write(
        &configuration,
        format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n{line}\n",
            tokens.display()
        ),
    )
    .unwrap();
    init_token(&configuration, "officer");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env("SOFTHSM2_CONF", &configuration)
        .env(CHILD, test)
        .output()
        .unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let seen = [output.stdout, output.stderr].concat();
    let seen = String::from_utf8_lossy(&seen);
    assert!(output.status.success(), "{seen}");
    assert!(seen.contains("1 passed"), "{seen}");
    assert!(!seen.contains(PIN), "the PIN is in what the test wrote");
}

pub(crate) fn init_token(configuration: &Path, label: &str) {
    let arguments = [
        "--init-token",
        "--free",
        "--label",
        label,
        "--pin",
        PIN,
        "--so-pin",
        "12345678",
    ];
    util(configuration, &arguments);
}

/// A session of the test itself, logged in.
pub(crate) fn administration() -> Session {
    // The same library as the module under test has, initialised by that.
    Pkcs11Module::load(library()).unwrap();
    let context = Pkcs11::new(library()).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap();
    session
}

/// Writes a key pair through softhsm2-util, as a key that was made elsewhere.
pub(crate) fn import(directory: &Path, key: &KeyPair, label: &str, id: &str) {
    let file = directory.join(format!("{label}-{id}.pem"));
    std::fs::write(&file, key.serialize_pem()).unwrap();
    let arguments = [
        "--import",
        file.to_str().unwrap(),
        "--token",
        "officer",
        "--label",
        label,
        "--id",
        id,
        "--pin",
        PIN,
    ];
    util(&directory.join("softhsm2.conf"), &arguments);
}

pub(crate) fn write_certificate(session: &Session, certificate: &Certificate, label: &str, id: &[u8]) {
    let template = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Label(label.into()),
        Attribute::Id(id.to_vec()),
        Attribute::Subject(certificate.subject().der().to_vec()),
        Attribute::Value(certificate.der().to_vec()),
    ];
    session.create_object(&template).unwrap();
}

pub(crate) fn rsa() -> KeyPair {
    KeyPair::from_pem(include_str!("../fixtures/keys/officer-rsa.pem")).unwrap()
}

/// As version 1 of PKCS #8, the only one that softhsm2-util reads.
pub(crate) fn ed25519() -> KeyPair {
    KeyPair::from_pem(include_str!("../fixtures/keys/officer-ed25519.pem")).unwrap()
}

/// A token with one key, its certificate and the root.
pub(crate) fn provision(directory: &Path, key: &KeyPair) -> (Certificate, Certificate) {
    import(directory, key, "signing", "45");
    let (leaf, root) = common::certify("officer", key);
    let session = administration();
    write_certificate(&session, &root, "root", &[1]);
    write_certificate(&session, &leaf, "signing", &[0x45]);
    session.logout().unwrap();
    (leaf, root)
}

pub(crate) fn open(key: KeySelector, pin: &str) -> Result<Pkcs11Signer, Refusal> {
    let module = Pkcs11Module::load(library())?;
    module.signer(TokenSelector::any(), key, Pin::known(pin.into()))
}

pub(crate) fn reason<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Reason {
    let refusal = result.unwrap_err();
    let seen = format!("{refusal} {refusal:?}");
    assert!(!seen.contains(PIN), "{seen}");
    refusal.reason()
}

pub(crate) fn signs_with_everything(signer: &Pkcs11Signer) {
    let public = signer.chain()[0].public_key().unwrap();
    for algorithm in signer.algorithms() {
        for message in [&b"message"[..], b"", &[7; 100_000]] {
            let signature = signer.sign(*algorithm, message).unwrap();
            public.verify(*algorithm, message, &signature).unwrap();
        }
    }
}

/// As [`administration`], while a signer has logged the token in.
pub(crate) fn administration_beside(_: &Pkcs11Signer) -> Session {
    let context = Pkcs11::new(library()).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    context.open_rw_session(slot).unwrap()
}
