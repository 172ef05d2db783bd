//! Who we are to a server: keys of every kind, keys elsewhere, and what is said when the server is not content.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::Method;
use rcgen::{KeyPair, RsaKeySize};
use rustls::SupportedProtocolVersion;
use smartid_core::{
    KeyKind, Outgoing, Phase, Retry, SignError, SignatureScheme, TlsIdentity, Transport, TransportError,
    TransportProblem as P,
};
use smartid_reqwest::PemIdentity;
use support::{Ca, Leaf, Server, TLS12, TLS13, get, ok, tls, trusting};

fn keys() -> Vec<(&'static str, KeyKind, KeyPair)> {
    let of = |algorithm| KeyPair::generate_for(algorithm).unwrap();
    let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    vec![
        ("RSA", KeyKind::Rsa, rsa),
        ("P-256", KeyKind::Ecdsa, of(&rcgen::PKCS_ECDSA_P256_SHA256)),
        ("P-384", KeyKind::Ecdsa, of(&rcgen::PKCS_ECDSA_P384_SHA384)),
        ("Ed25519", KeyKind::Ed25519, of(&rcgen::PKCS_ED25519)),
    ]
}

fn pem_identity(leaf: &Leaf) -> Arc<PemIdentity> {
    Arc::new(PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap())
}

/// One call to a server of `ca` that demands a certificate of `clients`.
async fn call(
    ca: &Ca,
    clients: &Ca,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<Arc<dyn TlsIdentity>>,
    body: usize,
) -> Result<(), TransportError> {
    let server = Server::start(Some(tls(&ca.server(|_| {}), versions, Some(clients))), |_| {
        ok("{}")
    })
    .await;
    let mut builder = trusting(ca);
    if let Some(identity) = identity {
        builder = builder.identity(identity);
    }
    let request = Outgoing::new(Method::POST, "op".to_owned()).body("text/plain", vec![b'x'; body]);
    let outcome = builder.build().unwrap().send(&server.base(), request).await;
    if outcome.is_err() {
        assert!(server.requests().is_empty());
    }
    outcome.map(|_| ())
}

#[track_caller]
fn says_client_certificate(outcome: Result<(), TransportError>, says: &[&str]) {
    let error = outcome.expect_err("must fail");
    assert_eq!(error.problem(), P::ClientCertificate, "{error}");
    assert_eq!((error.phase(), error.retry()), (Phase::NotSent, Retry::No));
    for part in says {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn each_kind_of_key_from_pem_is_accepted() {
    let ca = Ca::new();
    for (name, kind, key) in keys() {
        let identity = pem_identity(&ca.client(key));
        assert_eq!(identity.key_kind(), kind, "{name}");
        for versions in [TLS13, TLS12] {
            let outcome = call(&ca, &ca, versions, Some(identity.clone()), 10).await;
            assert!(outcome.is_ok(), "{name} {versions:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_missing_client_certificate_is_named_so_under_tls_1_3_where_the_server_says_it_late() {
    let ca = Ca::new();
    for _ in 0..20 {
        let outcome = call(&ca, &ca, TLS13, None, 10).await;
        says_client_certificate(
            outcome,
            &[
                "received fatal alert: CertificateRequired",
                "the server asked for a client certificate and none is configured",
            ],
        );
    }
}

#[tokio::test]
async fn a_missing_client_certificate_is_named_so_under_tls_1_2() {
    let ca = Ca::new();
    says_client_certificate(
        call(&ca, &ca, TLS12, None, 10).await,
        &["the server asked for a client certificate and none is configured"],
    );
}

#[tokio::test]
async fn a_large_body_does_not_hide_the_missing_client_certificate() {
    let ca = Ca::new();
    for _ in 0..10 {
        // The server closes while the body is still being written, and the alert is never read.
        let error = call(&ca, &ca, TLS13, None, 2_000_000).await.unwrap_err();
        let hint = "the server asked for a client certificate and none is configured";
        assert!(error.to_string().contains(hint), "{error}");
        if cfg!(not(feature = "http2")) {
            assert_eq!(error.problem(), P::ClientCertificate, "{error}");
        }
    }
}

#[tokio::test]
async fn a_client_certificate_of_an_unknown_issuer_is_named_so() {
    let (ca, other) = (Ca::new(), Ca::new());
    let leaf = other.client(KeyPair::generate().unwrap());
    let (stranger, blocking) = (pem_identity(&leaf), Arc::new(Token::new(&leaf, false)));
    assert!(blocking.blocks() && !stranger.blocks());
    for versions in [TLS13, TLS12] {
        // The same from the thread on which a key that blocks signs.
        for identity in [stranger.clone() as Arc<dyn TlsIdentity>, blocking.clone()] {
            let blocks = identity.blocks();
            let outcome = call(&ca, &ca, versions, Some(identity), 10).await;
            let text = outcome
                .as_ref()
                .err()
                .map(ToString::to_string)
                .unwrap_or_default();
            says_client_certificate(outcome, &["was given the configured one"]);
            // Between two threads the alert can get lost, but not what it means.
            let lost = blocks && text.contains("connection was not ready");
            assert!(lost || text.contains("received fatal alert: UnknownCA"), "{text}");
        }
    }
}

/// A key that counts how often it signs, and can refuse.
#[derive(Debug)]
struct Token {
    inner: PemIdentity,
    schemes: Vec<SignatureScheme>,
    signed: AtomicUsize,
    refuses: bool,
}

impl Token {
    fn new(leaf: &Leaf, refuses: bool) -> Self {
        let inner = PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap();
        Self {
            schemes: inner.schemes().to_vec(),
            inner,
            signed: AtomicUsize::new(0),
            refuses,
        }
    }
}

impl TlsIdentity for Token {
    fn chain(&self) -> &[Bytes] {
        self.inner.chain()
    }
    fn key_kind(&self) -> KeyKind {
        self.inner.key_kind()
    }
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.signed.fetch_add(1, Ordering::SeqCst);
        assert!(self.schemes.contains(&scheme) && !message.is_empty());
        if self.refuses {
            return Err(SignError::new("the card was removed"));
        }
        self.inner.sign(scheme, message)
    }
}

#[tokio::test]
async fn a_key_elsewhere_signs_once_for_each_connection_and_not_for_each_call() {
    let ca = Ca::new();
    for versions in [TLS13, TLS12] {
        let token = Arc::new(Token::new(&ca.client(KeyPair::generate().unwrap()), false));
        let server = Server::start(Some(tls(&ca.server(|_| {}), versions, Some(&ca))), |_| ok("{}")).await;
        let client = trusting(&ca).identity(token.clone()).build().unwrap();
        for _ in 0..3 {
            get(&client, &server.base()).await.unwrap();
        }
        assert_eq!(
            (server.connections(), token.signed.load(Ordering::SeqCst)),
            (1, 1)
        );
    }
}

#[tokio::test]
async fn a_key_that_does_not_sign_is_named_so() {
    let ca = Ca::new();
    for versions in [TLS13, TLS12] {
        let token = Arc::new(Token::new(&ca.client(KeyPair::generate().unwrap()), true));
        let outcome = call(&ca, &ca, versions, Some(token), 10).await;
        says_client_certificate(outcome, &["the client key did not sign: the card was removed"]);
    }
}

#[tokio::test]
async fn a_key_without_a_scheme_that_the_server_accepts_is_named_so() {
    let ca = Ca::new();
    let mut token = Token::new(&ca.client(KeyPair::generate().unwrap()), false);
    // An RSA key that can do PKCS #1 v1.5 only, as some old cards, cannot be used with TLS 1.3.
    token.schemes = vec![SignatureScheme::from_code(0x0201)];
    let outcome = call(&ca, &ca, TLS13, Some(Arc::new(token)), 10).await;
    says_client_certificate(outcome, &["accepts none of the signature schemes"]);
}

#[tokio::test]
async fn an_old_card_that_can_do_pkcs1_only_works_under_tls_1_2() {
    let ca = Ca::new();
    let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let mut token = Token::new(&ca.client(rsa), false);
    token.schemes = vec![SignatureScheme::RSA_PKCS1_SHA256];
    let token = Arc::new(token);
    call(&ca, &ca, TLS12, Some(token.clone()), 10).await.unwrap();
    // Under TLS 1.3 the scheme is forbidden for handshakes, whatever a server offers.
    let outcome = call(&ca, &ca, TLS13, Some(token.clone()), 10).await;
    let says = "the server asked for a client certificate with RSA-PSS, as TLS 1.3 always does, and the configured key can do PKCS #1 v1.5";
    says_client_certificate(outcome, &[says]);
    // Which is what a server with both versions takes, unless it is not offered.
    let both: &[_] = &[&rustls::version::TLS13, &rustls::version::TLS12];
    let server = Server::start(Some(tls(&ca.server(|_| {}), both, Some(&ca))), |_| ok("{}")).await;
    let builder = || trusting(&ca).identity(token.clone());
    let outcome = get(&builder().build().unwrap(), &server.base()).await;
    says_client_certificate(outcome.map(|_| ()), &[says]);
    get(&builder().tls_1_2_only().build().unwrap(), &server.base())
        .await
        .unwrap();
}

#[test]
fn an_identity_without_certificate_or_scheme_is_refused_when_built() {
    let ca = Ca::new();
    let mut token = Token::new(&ca.client(KeyPair::generate().unwrap()), false);
    token.schemes.clear();
    let error = trusting(&ca).identity(Arc::new(token)).build().unwrap_err();
    assert!(error.to_string().starts_with("setting tls.identity: "), "{error}");
}

mod pem {
    use super::*;

    #[track_caller]
    fn refused(pem: &str, says: &str) {
        let error = PemIdentity::from_pem(pem.as_bytes()).unwrap_err().to_string();
        assert!(
            error.starts_with("setting tls.identity: ") && error.contains(says),
            "{error}"
        );
        assert!(!error.contains("MI") && !error.contains("BEGIN ENC"), "{error}");
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        let ca = Ca::new();
        let (one, two) = (
            ca.client(KeyPair::generate().unwrap()),
            ca.client(KeyPair::generate().unwrap()),
        );
        let (key, other) = (one.key.serialize_pem(), two.key.serialize_pem());
        refused("", "holds no certificate");
        refused("no pem at all", "holds no certificate");
        refused(&key, "holds no certificate");
        refused(&one.pem, "holds no private key");
        refused(&format!("{}{key}{other}", one.pem), "more than one private key");
        refused(
            &format!("{}{other}", one.pem),
            "does not belong to the first certificate",
        );
        refused(
            &format!("{}{}{key}", ca.pem(), one.pem),
            "does not belong to the first certificate",
        );
        let pkcs8 =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\r\nMIIB\r\n-----END ENCRYPTED PRIVATE KEY-----\r\n";
        refused(&format!("{}{pkcs8}", one.pem), "is encrypted");
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n";
        refused(&format!("{}{old}", one.pem), "is encrypted");
        let cut = &one.pem[..one.pem.len() - 40];
        refused(&format!("{key}{cut}"), "damaged PEM");
        let garbage = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        refused(&format!("{}{garbage}", one.pem), "damaged, or of a kind");
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        refused(&format!("{no_certificate}{key}"), "not an X.509 certificate");
    }

    #[test]
    fn the_order_of_key_and_chain_and_text_between_do_not_matter() {
        let ca = Ca::new();
        let leaf = ca.client(KeyPair::generate().unwrap());
        let pem = format!(
            "Bag Attributes\r\n    friendlyName: officer\r\n{}subject=CN\n{}\n{}",
            leaf.key.serialize_pem().replace('\n', "\r\n"),
            leaf.pem,
            ca.pem()
        );
        let identity = PemIdentity::from_pem(pem.as_bytes()).unwrap();
        assert_eq!(identity.chain().len(), 2);
        assert_eq!(identity.chain()[0], leaf.der.as_ref());
        assert_eq!(
            format!("{identity:?}"),
            "PemIdentity { certificates: 2, kind: Ecdsa, key: .. }"
        );
    }

    #[test]
    fn a_scheme_that_the_key_cannot_do_is_an_error() {
        let ca = Ca::new();
        let identity = pem_identity(&ca.client(KeyPair::generate().unwrap()));
        assert_eq!(identity.schemes(), [SignatureScheme::ECDSA_P256_SHA256]);
        let error = identity.sign(SignatureScheme::ED25519, b"x").unwrap_err();
        assert!(error.to_string().contains("cannot do"), "{error}");
    }
}
