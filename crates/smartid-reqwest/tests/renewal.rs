//! Another certificate while the client runs: what has begun ends with the old one, what begins later has the new one, nothing is lost.
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
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use bytes::Bytes;
use rcgen::KeyPair;
use smartid_core::{KeyKind, SignError, SignatureScheme, TlsIdentity, TransportProblem as P};
use smartid_reqwest::{PemIdentity, ReqwestTransport};
use support::{Ca, Leaf, Reply, Server, TLS12, TLS13, get, tls, tls_asking, trusting};
use tokio::sync::Notify;
use tokio::sync::mpsc::unbounded_channel;

fn identity(leaf: &Leaf) -> Arc<dyn TlsIdentity> {
    Arc::new(PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap())
}

fn officer(ca: &Ca) -> Leaf {
    ca.client(KeyPair::generate().unwrap())
}

/// The certificate that the server saw.
async fn seen(client: &ReqwestTransport, server: &Server) -> Bytes {
    get(client, &server.base()).await.unwrap().body().clone()
}

#[tokio::test]
async fn each_later_request_has_the_new_certificate_and_no_session_of_the_old_one() {
    let ca = Ca::new();
    for versions in [TLS13, TLS12] {
        // It may go without a certificate, so that one client can have none.
        let config = tls_asking(&ca.server(|_| {}), versions, Some(&ca), false);
        let server = Server::start(Some(config), |_| Reply::Peer).await;
        let (old, new) = (officer(&ca), officer(&ca));
        let client = trusting(&ca).identity(identity(&old)).build().unwrap();
        let clone = client.clone();
        for (number, leaf) in [(1, Some(&old)), (2, Some(&new)), (3, None), (4, Some(&old))] {
            match leaf {
                Some(leaf) if number > 1 => client.set_identity(identity(leaf)).unwrap(),
                Some(_) => {}
                None => client.remove_identity().unwrap(),
            }
            let expected = leaf.map_or(&[][..], |leaf| leaf.der.as_ref());
            for transport in [&client, &clone, &client] {
                assert_eq!(seen(transport, &server).await, expected, "{number}");
            }
            assert_eq!(
                server.connections(),
                number,
                "one connection for each certificate"
            );
        }
    }
}

#[tokio::test]
async fn a_request_in_flight_ends_on_the_connection_that_it_has() {
    let ca = Ca::new();
    let (tells, mut received) = unbounded_channel();
    let allowed = Arc::new(Notify::new());
    let (lets, calls) = (Arc::clone(&allowed), AtomicUsize::new(0));
    let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
    let server = Server::start(Some(config), move |_| {
        if calls.fetch_add(1, Ordering::SeqCst) > 0 {
            return Reply::Peer;
        }
        tells.send(()).unwrap();
        Reply::PeerWhen(Arc::clone(&allowed))
    })
    .await;
    let base = server.base();
    let (old, new) = (officer(&ca), officer(&ca));
    let client = trusting(&ca).identity(identity(&old)).build().unwrap();
    let first = tokio::spawn({
        let (client, base) = (client.clone(), base.clone());
        async move { get(&client, &base).await.unwrap().body().clone() }
    });
    received.recv().await.unwrap();
    client.set_identity(identity(&new)).unwrap();
    assert_eq!(
        get(&client, &base).await.unwrap().body().clone(),
        new.der.as_ref()
    );
    lets.notify_one();
    assert_eq!(first.await.unwrap(), old.der.as_ref());
    assert_eq!(
        get(&client, &base).await.unwrap().body().clone(),
        new.der.as_ref()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_under_load() {
    let ca = Ca::new();
    let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
    let server = Arc::new(Server::start(Some(config), |_| Reply::Peer).await);
    let officers: Vec<Leaf> = (0..2).map(|_| officer(&ca)).collect();
    let client = trusting(&ca).identity(identity(&officers[0])).build().unwrap();
    let known: Vec<Vec<u8>> = officers.iter().map(|leaf| leaf.der.to_vec()).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (client, base, stop) = (client.clone(), server.base(), Arc::clone(&stop));
            let known = known.clone();
            tokio::spawn(async move {
                let mut answered = 0;
                while !stop.load(Ordering::SeqCst) {
                    let peer = get(&client, &base).await.unwrap().body().clone();
                    assert!(known.iter().any(|one| *one == peer));
                    answered += 1;
                }
                answered
            })
        })
        .collect();
    for round in 1..=20 {
        let leaf = &officers[round % 2];
        client.set_identity(identity(leaf)).unwrap();
        for _ in 0..3 {
            assert_eq!(seen(&client, &server).await, leaf.der.as_ref(), "{round}");
        }
    }
    stop.store(true, Ordering::SeqCst);
    let mut answered = 60;
    for task in tasks {
        answered += task.await.unwrap();
    }
    assert_eq!(server.requests().len(), answered);
}

/// What a transport refuses.
#[derive(Debug)]
struct Unusable {
    chain: Vec<Bytes>,
    schemes: Vec<SignatureScheme>,
}

impl TlsIdentity for Unusable {
    fn chain(&self) -> &[Bytes] {
        &self.chain
    }
    fn key_kind(&self) -> KeyKind {
        KeyKind::Ecdsa
    }
    fn schemes(&self) -> &[SignatureScheme] {
        &self.schemes
    }
    fn sign(&self, _: SignatureScheme, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Err(SignError::new("it is never asked"))
    }
}

#[tokio::test]
async fn an_identity_that_is_refused_leaves_the_old_one_and_its_connection() {
    let ca = Ca::new();
    let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
    let server = Server::start(Some(config), |_| Reply::Peer).await;
    let officer = officer(&ca);
    let client = trusting(&ca).identity(identity(&officer)).build().unwrap();
    assert_eq!(seen(&client, &server).await, officer.der.as_ref());
    let der = Bytes::copy_from_slice(&officer.der);
    let schemes = vec![SignatureScheme::ECDSA_P256_SHA256];
    for (chain, schemes, says) in [
        (Vec::new(), schemes.clone(), "has no certificate"),
        (vec![der.clone()], Vec::new(), "no signature scheme of TLS"),
        (
            vec![der.clone(), der.slice(..der.len() - 1)],
            schemes.clone(),
            "certificate number 2 of its chain is not an X.509 certificate",
        ),
        (
            vec![Bytes::from_static(b"canary")],
            schemes,
            "certificate number 1 of its chain is not an X.509 certificate",
        ),
    ] {
        let unusable = Arc::new(Unusable { chain, schemes });
        for error in [
            client.set_identity(unusable.clone()).unwrap_err(),
            trusting(&ca).identity(unusable).build().unwrap_err(),
        ] {
            let error = error.to_string();
            assert!(
                error.starts_with("setting tls.identity: ") && error.contains(says),
                "{error}"
            );
            assert!(!error.contains("canary"), "{error}");
        }
        assert_eq!(seen(&client, &server).await, officer.der.as_ref());
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn without_an_identity_the_hint_is_that_of_none() {
    let ca = Ca::new();
    let config = tls(&ca.server(|_| {}), TLS13, Some(&ca));
    let server = Server::start(Some(config), |_| Reply::Peer).await;
    let client = trusting(&ca).identity(identity(&officer(&ca))).build().unwrap();
    get(&client, &server.base()).await.unwrap();
    client.remove_identity().unwrap();
    let error = get(&client, &server.base()).await.unwrap_err();
    assert_eq!(error.problem(), P::ClientCertificate);
    assert!(error.to_string().contains("none is configured"), "{error}");
}
