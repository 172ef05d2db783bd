//! A soft token from its octets to keys with their certificates, through what is public.
#![cfg(feature = "pkcs12")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test stops where it fails"
)]

use smartid_core::{BlockingWork, BoxFuture, ManualRuntime, Runtime, SecretString, Timestamp, WorkLost};
use smartid_trust::pkcs12::{OpenError, OpenedToken, Pkcs12, Pkcs12Policy};
use smartid_trust::{OfficerSigner, Reason, Refusal, SoftToken};

const PASSWORD: &str = "test-Passw0rd";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn token(name: &str) -> SoftToken {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/");
    SoftToken::new(std::fs::read(format!("{folder}{name}.p12")).unwrap())
}

fn corpus(name: &str) -> Result<OpenedToken, Refusal> {
    token(&format!("pkcs12-corpus/{name}")).open(&SecretString::new(PASSWORD), &Pkcs12Policy::default())
}

fn common_names(certificates: &[smartid_trust::Certificate]) -> Vec<String> {
    let names = certificates.iter().map(|certificate| certificate.subject());
    names.map(|name| name.common_name().unwrap_or_default()).collect()
}

fn reason<T>(outcome: Result<T, Refusal>) -> Option<Reason> {
    outcome.err().map(|refusal| refusal.reason())
}

#[test]
fn the_key_comes_with_its_chain_and_signs() {
    let opened = corpus("good/openssl-p256").unwrap();
    let key = opened.the_one_key().unwrap();
    assert_eq!(key.chain().len(), 3);
    assert_eq!(key.certificate(), key.chain().first());
    assert!(key.other_certificates().is_empty() && opened.certificates().is_empty());
    let signer = opened.signer().unwrap();
    let algorithm = signer.algorithms()[0];
    let signature = signer.sign(algorithm, b"content").unwrap();
    let certified = key.certificate().unwrap().public_key().unwrap();
    assert_eq!(certified.verify(algorithm, b"content", &signature), Ok(()));
    assert_eq!(key.key().unwrap().public_key(), &certified);
}

#[test]
fn a_renewed_certificate_is_chosen_by_identifier() {
    // The newer one has the identifier.
    let opened = corpus("good/fields-renewed").unwrap();
    let key = opened.the_one_key().unwrap();
    let others = key.other_certificates();
    assert_eq!(others.len(), 1);
    assert_ne!(key.certificate(), Some(&others[0]));
    assert!(key.signer().is_ok());
    // Two entries of one key, each with its certificate: both are given, and neither is the one.
    let opened = corpus("good/java-renewed").unwrap();
    let names: Vec<_> = opened
        .keys()
        .iter()
        .map(|key| key.friendly_name().unwrap())
        .collect();
    assert_eq!(names, ["old", "new"]);
    assert_ne!(opened.keys()[0].certificate(), opened.keys()[1].certificate());
    assert_eq!(
        opened.keys()[0].other_certificates(),
        [opened.keys()[1].certificate().unwrap().clone()]
    );
    assert_eq!(reason(opened.the_one_key()), Some(Reason::SeveralKeys));
    assert_eq!(reason(opened.signer()), Some(Reason::SeveralKeys));
}

#[test]
fn a_key_that_stands_twice_is_one() {
    let opened = corpus("good/fields-key-twice").unwrap();
    assert_eq!(opened.keys().len(), 2);
    assert!(opened.the_one_key().is_ok() && opened.signer().is_ok());
}

#[test]
fn strangers_are_apart_and_each_once() {
    let opened = corpus("good/fields-many-certificates").unwrap();
    assert_eq!(opened.certificates().len(), 1);
    let opened = corpus("good/fields-stranger-leaf").unwrap();
    assert_eq!(opened.certificates().len(), 1);
    assert_ne!(
        Some(&opened.certificates()[0]),
        opened.the_one_key().unwrap().certificate()
    );
    // A gap in the chain: the root stands apart.
    let opened = corpus("good/fields-chain-gap").unwrap();
    assert_eq!(opened.the_one_key().unwrap().chain().len(), 1);
    assert_eq!(common_names(opened.certificates()), ["Root"]);
}

#[test]
fn what_does_not_belong_together_is_refused_here_and_opened_by_the_general_reader() {
    let password = SecretString::new(PASSWORD);
    for name in [
        "mismatch-one",
        "mismatch-no-id",
        "mismatch-type",
        "mismatch-same-type",
    ] {
        let refusal = corpus(&format!("bad/{name}")).unwrap_err();
        assert_eq!(refusal.reason(), Reason::KeyCertificateMismatch, "{name}");
        let octets = token(&format!("pkcs12-corpus/bad/{name}"));
        let container = Pkcs12::open(octets.expose_octets(), &password, &Pkcs12Policy::default()).unwrap();
        assert_eq!(container.keys().len(), 1);
    }
    // The issuers alone are no other holder's certificate.
    let opened = corpus("bad/python-key-and-issuers").unwrap();
    assert_eq!(opened.keys()[0].certificate(), None);
    assert_eq!(reason(opened.signer()), Some(Reason::NoCertificate));
    assert_eq!(common_names(opened.certificates()), ["Issuing", "Root"]);

    for name in ["no-key-certificates", "java-secret-only", "no-key-crl"] {
        assert_eq!(
            reason(corpus(&format!("bad/{name}"))),
            Some(Reason::NoKey),
            "{name}"
        );
    }
    let trust_store = token("pkcs12-corpus/bad/keytool-trusted-only");
    let policy = Pkcs12Policy::default();
    let container = Pkcs12::open(trust_store.expose_octets(), &password, &policy).unwrap();
    assert!(container.keys().is_empty() && !container.certificates().is_empty());
}

#[test]
fn keys_that_are_not_implemented_keep_their_certificate() {
    for (name, why) in [
        ("odd-dsa", Reason::KeyUnsupported),
        ("odd-ed448", Reason::KeyUnsupported),
        ("odd-secp256k1", Reason::KeyUnsupported),
        ("odd-brainpool", Reason::KeyUnsupported),
        ("odd-rsa1024", Reason::KeyTooSmall),
    ] {
        let opened = token(&format!("fixtures/pkcs12/{name}"))
            .open(&SecretString::new(PASSWORD), &Pkcs12Policy::default());
        let opened = opened.unwrap();
        let key = opened.the_one_key().unwrap();
        assert_eq!(reason(key.key()), Some(why), "{name}");
        assert_eq!(reason(key.signer()), Some(why), "{name}");
        assert!(key.pkcs8_der().expose().len() > 60, "{name}");
        assert_eq!(key.friendly_name().unwrap(), name.replace('-', " "));
        let certificate = key
            .certificate()
            .unwrap_or_else(|| panic!("{name} has a certificate"));
        assert_eq!(
            common_names(std::slice::from_ref(certificate)),
            [name.replace('-', " ")]
        );
        assert!(opened.certificates().is_empty(), "{name}");
    }
}

#[test]
fn the_refusal_names_the_algorithm_to_programs_and_to_people() {
    let refusal = corpus("bad/scrypt-small").unwrap_err();
    assert_eq!(refusal.reason(), Reason::ContainerUnsupported);
    assert_eq!(refusal.algorithm().unwrap().to_string(), "1.3.6.1.4.1.11591.4.11");
    assert!(refusal.to_string().contains("1.3.6.1.4.1.11591.4.11"));
    let policy = Pkcs12Policy::default().danger_accept_scrypt(2 * 1024 * 1024);
    let opened = token("pkcs12-corpus/bad/scrypt-small").open(&SecretString::new(PASSWORD), &policy);
    assert!(opened.unwrap().signer().is_ok());
    let dear = token("pkcs12-corpus/bad/scrypt-1gib").open(&SecretString::new(PASSWORD), &policy);
    assert_eq!(reason(dear), Some(Reason::KdfIterations));
    assert_eq!(corpus("bad/truncated-half").unwrap_err().algorithm(), None);
}

#[test]
fn a_container_that_hides_its_keys_is_not_called_one_without_keys() {
    let refusal = corpus("bad/many-bags").unwrap_err();
    assert_ne!(refusal.reason(), Reason::NoKey);
    let opened = corpus("bad/algorithm-safe-unknown").unwrap();
    assert_eq!(opened.passed_over()[0].kind().to_string(), "2.999.4");
    assert_eq!(
        corpus("good/fields-crl").unwrap().passed_over()[0].refusal(),
        None
    );
    // The second key has another password: the first is given, and the second is not forgotten.
    let opened = corpus("bad/two-keys-one-password-differs").unwrap();
    assert_eq!(opened.keys().len(), 1);
    let why = opened.passed_over()[0].refusal().unwrap();
    assert_eq!(why.reason(), Reason::WrongPassword);
}

/// A runtime that loses what it is given.
#[derive(Debug)]
struct Forgetful(ManualRuntime);

impl Runtime for Forgetful {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, duration: std::time::Duration) -> BoxFuture<'static, ()> {
        self.0.sleep(duration)
    }

    fn run_blocking(&self, _: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(async { Err(WorkLost::new()) })
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        self.0.fill_random(bytes);
    }
}

#[test]
fn opening_off_the_async_threads() {
    let (password, policy) = (SecretString::new(PASSWORD), Pkcs12Policy::default());
    let runtime = ManualRuntime::new(NOW);
    let token = token("pkcs12-corpus/good/openssl-p256");
    let opened = runtime
        .block_on(token.open_on(&runtime, &password, &policy))
        .unwrap();
    assert_eq!(opened.unwrap().keys().len(), 1);
    let wrong = SecretString::new("wrong-canary");
    let refused = runtime
        .block_on(token.open_on(&runtime, &wrong, &policy))
        .unwrap();
    let refused = refused.unwrap_err();
    assert!(matches!(&refused, OpenError::Refused(refusal) if refusal.reason() == Reason::WrongPassword));
    assert!(!format!("{refused} {refused:?}").contains("canary"));
    let forgetful = Forgetful(ManualRuntime::new(NOW));
    let lost = runtime
        .block_on(token.open_on(&forgetful, &password, &policy))
        .unwrap();
    assert!(matches!(lost, Err(OpenError::Lost(_))));
}

#[test]
fn debug_is_blind() {
    let opened = corpus("good/keytool-two-keys").unwrap();
    let seen = format!("{opened:?} {:?}", opened.keys()[0]);
    assert!(seen.contains("signing"), "{seen}");
    for key in opened.keys() {
        let octets = format!("{:?}", &key.pkcs8_der().expose()[30..40]);
        assert!(!seen.contains(octets.trim_matches(['[', ']'])), "{seen}");
    }
}
