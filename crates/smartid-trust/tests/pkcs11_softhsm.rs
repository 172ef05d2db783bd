//! Keys on a token, with SoftHSM 2 as the token. Not run by default, because SoftHSM must be installed
//! (`apt-get install softhsm2`); run with
//! `cargo test -p smartid-trust --features pkcs11 --test pkcs11_softhsm -- --ignored`.
//!
//! The login of a token belongs to the process, and so does SoftHSM's configuration. Each test therefore makes a token directory and
//! runs itself again in a process of its own.
#![cfg(feature = "pkcs11")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test stops where it fails"
)]

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, CertificateType, KeyType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use rcgen::KeyPair;
use rustls::version::{TLS12, TLS13};
use smartid_core::SecretString;
use smartid_trust::pkcs11::{
    KeySelector, Pin, PinSource, Pkcs11Module, Pkcs11Signer, TokenInfo, TokenSelector,
};
use smartid_trust::{Certificate, OfficerIdentity, OfficerSigner, Reason, Refusal, SignatureAlgorithm};

const PIN: &str = "canary-4711";
const CHILD: &str = "SMARTID_SOFTHSM_CHILD";

fn library() -> PathBuf {
    let places = [
        "/usr/lib/softhsm/libsofthsm2.so",
        "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
        "/usr/local/lib/softhsm/libsofthsm2.so",
    ];
    let found = places.iter().map(PathBuf::from).find(|path| path.exists());
    found.expect("SoftHSM 2 is not installed: apt-get install softhsm2")
}

fn util(configuration: &Path, arguments: &[&str]) {
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

/// Runs `inside` in a process of its own that has a token named "officer".
fn with_token(test: &str, inside: impl FnOnce(&Path)) {
    let directory = std::env::temp_dir().join(format!("smartid-softhsm-{}-{test}", std::process::id()));
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
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
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

fn init_token(configuration: &Path, label: &str) {
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
fn administration() -> Session {
    // The same library as the module under test has, initialised by that.
    Pkcs11Module::load(library()).unwrap();
    let context = Pkcs11::new(library()).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    let session = context.open_rw_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(PIN))).unwrap();
    session
}

/// Writes a key pair through softhsm2-util, as a key that was made elsewhere.
fn import(directory: &Path, key: &KeyPair, label: &str, id: &str) {
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

fn write_certificate(session: &Session, certificate: &Certificate, label: &str, id: &[u8]) {
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

fn rsa() -> KeyPair {
    KeyPair::from_pem(include_str!("fixtures/keys/officer-rsa.pem")).unwrap()
}

/// A token with one key, its certificate and the root.
fn provision(directory: &Path, key: &KeyPair) -> (Certificate, Certificate) {
    import(directory, key, "signing", "45");
    let (leaf, root) = common::certify("officer", key);
    let session = administration();
    write_certificate(&session, &root, "root", &[1]);
    write_certificate(&session, &leaf, "signing", &[0x45]);
    session.logout().unwrap();
    (leaf, root)
}

fn open(key: KeySelector, pin: &str) -> Result<Pkcs11Signer, Refusal> {
    let module = Pkcs11Module::load(library())?;
    module.signer(TokenSelector::any(), key, Pin::known(pin.into()))
}

fn reason<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Reason {
    let refusal = result.unwrap_err();
    let seen = format!("{refusal} {refusal:?}");
    assert!(!seen.contains(PIN), "{seen}");
    refusal.reason()
}

fn signs_with_everything(signer: &Pkcs11Signer) {
    let public = signer.chain()[0].public_key().unwrap();
    for algorithm in signer.algorithms() {
        for message in [&b"message"[..], b"", &[7; 100_000]] {
            let signature = signer.sign(*algorithm, message).unwrap();
            public.verify(*algorithm, message, &signature).unwrap();
        }
    }
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn every_type_of_key_signs_and_authenticates() {
    let keys = [
        ("rsa", rsa(), 6),
        (
            "p256",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap(),
            1,
        ),
        (
            "p384",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
            1,
        ),
        (
            "p521",
            KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap(),
            1,
        ),
    ];
    with_token("every_type_of_key_signs_and_authenticates", |directory| {
        for (number, (label, key, _)) in (1_u8..).zip(&keys) {
            import(directory, key, label, &format!("{number:02}"));
        }
        for (number, (label, key, count)) in (1_u8..).zip(&keys) {
            let (leaf, root) = common::certify(label, key);
            let session = administration();
            write_certificate(&session, &leaf, label, &[number]);
            write_certificate(&session, &root, "root", &[]);
            session.logout().unwrap();
            drop(session);
            for selector in [
                KeySelector::any().with_label(*label),
                KeySelector::any().with_id([number]),
                KeySelector::any().with_certificate(leaf.clone()),
            ] {
                let signer = open(selector, PIN).unwrap();
                assert_eq!(signer.chain(), [leaf.clone(), root.clone()]);
                assert_eq!(signer.algorithms().len(), *count, "{label}");
                assert!(!format!("{signer:?}").contains(PIN));
            }
            let signer = open(KeySelector::any().with_label(*label), PIN).unwrap();
            signs_with_everything(&signer);
            let identity = Arc::new(OfficerIdentity::new(Arc::new(signer)).unwrap());
            for version in [&TLS12, &TLS13] {
                assert_eq!(
                    common::handshake(identity.clone(), &root, version).unwrap(),
                    *leaf.der()
                );
            }
        }
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_wrong_pin_is_tried_once() {
    with_token("a_wrong_pin_is_tried_once", |directory| {
        provision(directory, &rsa());
        let detail = |pin: &str| {
            let refusal = open(KeySelector::any(), pin).unwrap_err();
            assert_eq!(refusal.reason(), Reason::PinRefused);
            refusal.detail().to_owned()
        };
        assert!(detail("0000").contains("PinIncorrect"));
        assert_eq!(detail("0000"), "it was refused before");
        assert!(detail("1111").contains("PinIncorrect"));
        let signer = open(KeySelector::any(), PIN).unwrap();
        signs_with_everything(&signer);

        // The PIN is changed under a signer that is open: its next login fails once and is not repeated.
        let session = administration_beside(&signer);
        session
            .set_pin(&AuthPin::from(PIN), &AuthPin::from("another"))
            .unwrap();
        session.logout().unwrap();
        drop(session);
        let algorithm = signer.algorithms()[0];
        let first = signer.sign(algorithm, b"m").unwrap_err().to_string();
        assert!(first.contains("PinIncorrect") && !first.contains(PIN), "{first}");
        let second = signer.sign(algorithm, b"m").unwrap_err().to_string();
        assert!(second.contains("refused before"), "{second}");
        signer.set_pin(Pin::known("another".into())).unwrap();
        signs_with_everything(&signer);
    });
}

/// As [`administration`], while a signer has logged the token in.
fn administration_beside(_: &Pkcs11Signer) -> Session {
    let context = Pkcs11::new(library()).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    context.open_rw_session(slot).unwrap()
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn threads_that_come_together_try_a_wrong_pin_once() {
    with_token("threads_that_come_together_try_a_wrong_pin_once", |directory| {
        provision(directory, &rsa());
        let together = Barrier::new(8);
        let tried = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    together.wait();
                    let refusal = open(KeySelector::any(), "0000").unwrap_err();
                    if refusal.detail().contains("PinIncorrect") {
                        tried.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(tried.into_inner(), 1);
    });
}

#[derive(Debug, Default)]
struct Person(AtomicUsize);

impl PinSource for Person {
    fn pin(&self, token: &TokenInfo) -> Result<SecretString, Refusal> {
        assert_eq!(token.label, "officer");
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Err(Refusal::new(Reason::PasswordMissing, "cancelled")),
            _ => Ok(PIN.into()),
        }
    }
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_person_is_asked_for_the_pin() {
    with_token("a_person_is_asked_for_the_pin", |directory| {
        provision(directory, &rsa());
        let module = Pkcs11Module::load(library()).unwrap();
        let person = Arc::new(Person::default());
        let open = || {
            module.signer(
                TokenSelector::any(),
                KeySelector::any(),
                Pin::asked(person.clone()),
            )
        };
        assert_eq!(reason(open()), Reason::PasswordMissing);
        signs_with_everything(&open().unwrap());
        assert_eq!(person.0.load(Ordering::Relaxed), 2);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn what_is_not_there_or_not_clear_is_refused() {
    with_token("what_is_not_there_or_not_clear_is_refused", |directory| {
        let (key, twin) = (rsa(), KeyPair::generate().unwrap());
        let (leaf, _) = provision(directory, &key);
        let any = KeySelector::any;
        assert_eq!(reason(open(any().with_label("other"), PIN)), Reason::NoKey);
        assert_eq!(reason(open(any().with_id([9]), PIN)), Reason::NoKey);
        let (stranger, _) = common::certify("stranger", &twin);
        assert_eq!(
            reason(open(any().with_certificate(stranger.clone()), PIN)),
            Reason::NoKey
        );
        assert!(open(any(), PIN).is_ok());

        // A second key of the same name.
        import(directory, &twin, "signing", "46");
        assert_eq!(reason(open(any(), PIN)), Reason::SeveralKeys);
        assert_eq!(
            reason(open(any().with_label("signing"), PIN)),
            Reason::SeveralKeys
        );
        assert!(open(any().with_id([0x45]), PIN).is_ok());
        assert!(open(any().with_certificate(leaf), PIN).is_ok());
        // It has no certificate on the token; one can be given.
        let second = || any().with_id([0x46]);
        assert_eq!(reason(open(second(), PIN)), Reason::NoCertificate);
        let given = open(second().with_certificate(stranger.clone()), PIN).unwrap();
        assert_eq!(given.chain(), std::slice::from_ref(&stranger));
        signs_with_everything(&given);
        drop(given);
        // Its identifier is on the certificate of another key.
        let session = administration();
        let (wrong, _) = common::certify("wrong", &KeyPair::generate().unwrap());
        write_certificate(&session, &wrong, "wrong", &[0x46]);
        session.logout().unwrap();
        drop(session);
        assert_eq!(reason(open(second(), PIN)), Reason::KeyCertificateMismatch);
        // It is certified twice.
        let session = administration();
        write_certificate(&session, &stranger, "first", &[0x46]);
        let (renewed, _) = common::certify("renewed", &twin);
        write_certificate(&session, &renewed, "second", &[0x46]);
        session.logout().unwrap();
        drop(session);
        assert_eq!(reason(open(second(), PIN)), Reason::SeveralCertificates);
        let chosen = open(second().with_certificate(renewed.clone()), PIN).unwrap();
        assert_eq!(chosen.chain(), [renewed]);

        let module = Pkcs11Module::load(library()).unwrap();
        let on = |token: TokenSelector| reason(module.signer(token, any(), Pin::known(PIN.into())));
        assert_eq!(
            on(TokenSelector::any().with_label("another")),
            Reason::TokenMissing
        );
        assert_eq!(
            on(TokenSelector::any().with_serial_number("0")),
            Reason::TokenMissing
        );
        let seen = module.tokens().unwrap();
        assert_eq!((seen.len(), seen[0].label.as_str()), (1, "officer"));
        let right = TokenSelector::any().with_serial_number(&seen[0].serial_number);
        assert!(
            module
                .signer(right, any().with_id([0x45]), Pin::known(PIN.into()))
                .is_ok()
        );
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn two_tokens_need_a_choice() {
    with_token("two_tokens_need_a_choice", |directory| {
        init_token(&directory.join("softhsm2.conf"), "second");
        assert_eq!(reason(open(KeySelector::any(), PIN)), Reason::SeveralTokens);
        let module = Pkcs11Module::load(library()).unwrap();
        let second = TokenSelector::any().with_label("second");
        let empty = module.signer(second, KeySelector::any(), Pin::known(PIN.into()));
        assert_eq!(reason(empty), Reason::NoKey);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_module_is_initialised_once_whoever_loads_it() {
    with_token("a_module_is_initialised_once_whoever_loads_it", |directory| {
        // Somebody else in the process was first.
        let other = Pkcs11::new(library()).unwrap();
        let flags = cryptoki::context::CInitializeFlags::OS_LOCKING_OK;
        other
            .initialize(cryptoki::context::CInitializeArgs::new(flags))
            .unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| Pkcs11Module::load(library()).unwrap().tokens().unwrap());
            }
        });
        let link = directory.join("module.so");
        std::os::unix::fs::symlink(library(), &link).unwrap();
        drop(Pkcs11Module::load(&link).unwrap());
        provision(directory, &rsa());
        signs_with_everything(&open(KeySelector::any(), PIN).unwrap());
        assert_eq!(other.get_slots_with_initialized_token().unwrap().len(), 1);

        assert_eq!(
            reason(Pkcs11Module::load("/nowhere/module.so")),
            Reason::TokenModule
        );
        assert_eq!(
            reason(Pkcs11Module::load(directory.join("softhsm2.conf"))),
            Reason::TokenModule
        );
        assert_eq!(reason(Pkcs11Module::load("libc.so.6")), Reason::TokenModule);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn threads_share_a_signer_and_signers_share_a_token() {
    with_token("threads_share_a_signer_and_signers_share_a_token", |directory| {
        provision(directory, &rsa());
        let shared = open(KeySelector::any(), PIN).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| signs_with_everything(&shared));
                scope.spawn(|| signs_with_everything(&open(KeySelector::any(), PIN).unwrap()));
            }
        });
        signs_with_everything(&shared);
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_lost_session_is_opened_again() {
    with_token("a_lost_session_is_opened_again", |directory| {
        provision(directory, &rsa());
        let signer = open(KeySelector::any(), PIN).unwrap();
        for _ in 0..3 {
            // Logging out is the token's too, and it makes the handles of private keys invalid.
            administration_beside(&signer).logout().unwrap();
            signs_with_everything(&signer);
        }
        // The key is taken away: the error says so, and does not repeat itself for ever.
        let session = administration_beside(&signer);
        let private = [Attribute::Class(ObjectClass::PRIVATE_KEY)];
        let handle = session.find_objects(&private).unwrap()[0];
        session.destroy_object(handle).unwrap();
        let algorithm = signer.algorithms()[0];
        for _ in 0..2 {
            let error = signer.sign(algorithm, b"m").unwrap_err().to_string();
            assert!(
                error.contains("no private key") && !error.contains(PIN),
                "{error}"
            );
        }
    });
}

#[test]
#[ignore = "needs SoftHSM 2"]
fn a_key_that_wants_the_pin_each_time_gets_it() {
    with_token("a_key_that_wants_the_pin_each_time_gets_it", |_| {
        let key = rsa();
        let (leaf, _) = common::certify("officer", &key);
        let session = administration();
        write_certificate(&session, &leaf, "signing", &[0x45]);
        let mut numbers = integers(&key.serialize_der()).into_iter();
        let mut next = || numbers.next().unwrap();
        let template = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Sign(true),
            Attribute::AlwaysAuthenticate(true),
            Attribute::Id(vec![0x45]),
            Attribute::Modulus(next()),
            Attribute::PublicExponent(next()),
            Attribute::PrivateExponent(next()),
            Attribute::Prime1(next()),
            Attribute::Prime2(next()),
            Attribute::Exponent1(next()),
            Attribute::Exponent2(next()),
            Attribute::Coefficient(next()),
        ];
        let handle = session.create_object(&template).unwrap();
        // That it does want it.
        session.sign_init(&Mechanism::Sha256RsaPkcs, handle).unwrap();
        assert!(
            session
                .sign_update(b"m")
                .and_then(|()| session.sign_final())
                .is_err()
        );
        drop(session);
        let signer = open(KeySelector::any(), PIN).unwrap();
        signs_with_everything(&signer);
        assert!(signer.algorithms().contains(&SignatureAlgorithm::RsaPkcs1(
            smartid_trust::DigestAlgorithm::Sha256
        )));
    });
}

/// The numbers of an RSA key in PKCS #8, from the modulus on.
fn integers(pkcs8: &[u8]) -> Vec<Vec<u8>> {
    // Behind the octet string's header stands RSAPrivateKey, whose second number is the modulus of 257 octets.
    let start = pkcs8.windows(4).position(|part| part == [2, 0x82, 1, 1]).unwrap();
    let mut rest = &pkcs8[start..];
    let mut numbers = Vec::new();
    while let [2, first, after @ ..] = rest {
        let (length, body) = match first {
            0x81 => (usize::from(after[0]), &after[1..]),
            0x82 => (usize::from(after[0]) << 8 | usize::from(after[1]), &after[2..]),
            short => (usize::from(*short), after),
        };
        let number = body[..length].iter().copied().skip_while(|octet| *octet == 0);
        numbers.push(number.collect());
        rest = &body[length..];
    }
    assert_eq!(numbers.len(), 8);
    numbers
}
