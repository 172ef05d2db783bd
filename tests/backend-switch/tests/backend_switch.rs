//! In this build reqwest has two TLS backends, and its default is the system's. What is configured for rustls must hold all the same:
//! with the other backend a revocation list is ignored without a word, and a client identity is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

#[path = "../../../crates/smartid-reqwest/tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use smartid_core::TransportProblem as P;
use smartid_reqwest::PemIdentity;
use support::{Ca, Server, TLS12, TLS13, get, ok, tls, trusting};

#[tokio::test]
async fn the_trap_is_still_there() {
    let ca = Ca::new();
    let leaf = ca.server(|params| params.serial_number = Some(77_u64.into()));
    let server = Server::start(Some(tls(&leaf, TLS13, None)), |_| ok("{}")).await;
    let by_default = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(ca.pem().as_bytes()).unwrap()])
        .tls_crls_only([
            reqwest::tls::CertificateRevocationList::from_pem(ca.crl(&[77], false).as_bytes()).unwrap(),
        ])
        .build()
        .unwrap();
    let answer = by_default.get(server.base().as_str()).send().await;
    assert!(
        answer.is_ok(),
        "reqwest's default backend honours revocation lists now ({answer:?}): this crate may have become needless"
    );
}

#[tokio::test]
async fn a_revocation_list_is_honoured() {
    let ca = Ca::new();
    let leaf = ca.server(|params| params.serial_number = Some(77_u64.into()));
    for versions in [TLS13, TLS12] {
        let server = Server::start(Some(tls(&leaf, versions, None)), |_| ok("{}")).await;
        let client = trusting(&ca).crl_pem(ca.crl(&[77], false)).build().unwrap();
        let error = get(&client, &server.base()).await.unwrap_err();
        assert_eq!(error.problem(), P::ServerCertificateRevoked, "{error}");
        // The client that is made for another identity is configured the same.
        client.remove_identity().unwrap();
        let error = get(&client, &server.base()).await.unwrap_err();
        assert_eq!(error.problem(), P::ServerCertificateRevoked, "{error}");
        assert!(server.requests().is_empty());
        let client = trusting(&ca).crl_pem(ca.crl(&[76], false)).build().unwrap();
        get(&client, &server.base()).await.unwrap();
    }
}

#[tokio::test]
async fn only_the_private_roots_are_trusted() {
    let (ca, other) = (Ca::new(), Ca::new());
    let server = Server::start(Some(tls(&ca.server(|_| {}), TLS13, None)), |_| ok("{}")).await;
    get(&trusting(&ca).build().unwrap(), &server.base())
        .await
        .unwrap();
    let error = get(&trusting(&other).build().unwrap(), &server.base())
        .await
        .unwrap_err();
    assert_eq!(error.problem(), P::UntrustedServer, "{error}");
    // The words of rustls, not of OpenSSL.
    assert!(
        error
            .to_string()
            .contains("invalid peer certificate: UnknownIssuer"),
        "{error}"
    );
}

#[tokio::test]
async fn a_client_identity_is_shown_and_a_missing_one_is_named_so() {
    let ca = Ca::new();
    for versions in [TLS13, TLS12] {
        let server = Server::start(Some(tls(&ca.server(|_| {}), versions, Some(&ca))), |_| ok("{}")).await;
        let leaf = ca.client(rcgen::KeyPair::generate().unwrap());
        let identity = PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap();
        let client = trusting(&ca).identity(Arc::new(identity)).build().unwrap();
        get(&client, &server.base()).await.unwrap();
        let error = get(&trusting(&ca).build().unwrap(), &server.base())
            .await
            .unwrap_err();
        assert_eq!(error.problem(), P::ClientCertificate, "{error}");
    }
}
