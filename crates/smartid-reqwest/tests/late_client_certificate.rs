//! Servers that ask for the client certificate when they have read the request. Under TLS 1.2 they negotiate anew; that is in
//! `peers_openssl.rs` and `peers_tomcat.rs`, because no server of rustls can. Under TLS 1.3 they answer with a page.
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

use rcgen::KeyPair;
use smartid_core::{Incoming, Phase, Retry, TransportError, TransportProblem as P};
use smartid_reqwest::{PemIdentity, ReqwestTransport};
use support::{Ca, Reply, Server, TLS12, TLS13, answer, get, tls, tls_asking, trusting};

const TOMCAT: &str = "<!doctype html><html lang=\"en\"><body><h1>HTTP Status 401 – Unauthorized</h1><p><b>Message</b> No client \
                      certificate chain in this request</p></body></html>";
const APACHE: &str = "<html><head><title>403 Forbidden</title></head><body><p>You don't have permission to access this \
                      resource.Reason: Cannot perform Post-Handshake Authentication.<br /></p></body></html>";

fn page(status: &str, text: &str) -> Reply {
    answer(status, &[("content-type", "text/html;charset=utf-8")], text)
}

fn transport(ca: &Ca, with_identity: bool) -> ReqwestTransport {
    let mut builder = trusting(ca);
    if with_identity {
        let leaf = ca.client(KeyPair::generate().unwrap());
        builder = builder.identity(Arc::new(
            PemIdentity::from_pem(leaf.identity_pem().as_bytes()).unwrap(),
        ));
    }
    builder.build().unwrap()
}

#[track_caller]
fn nothing_done(outcome: Result<Incoming, TransportError>, problem: P, says: &str) {
    let error = outcome.expect_err("must fail");
    assert_eq!(error.problem(), problem, "{error}");
    assert_eq!((error.phase(), error.retry()), (Phase::NotSent, Retry::No));
    assert!(error.to_string().contains(says), "{error}");
}

#[tokio::test]
async fn the_page_of_a_server_that_did_not_ask_in_the_handshake_is_an_error_of_its_own() {
    let ca = Ca::new();
    for (status, text) in [("401 Unauthorized", TOMCAT), ("403 Forbidden", APACHE)] {
        for versions in [TLS13, TLS12] {
            let config = tls(&ca.server(|_| {}), versions, None);
            let server = Server::start(Some(config), move |_| page(status, text)).await;
            for with_identity in [true, false] {
                let client = transport(&ca, with_identity);
                for _ in 0..2 {
                    let says = format!(
                        "the answer {status} says that there is no client certificate (the server did not ask for one in the handshake)"
                    );
                    nothing_done(
                        get(&client, &server.base()).await,
                        P::LateClientCertificate,
                        &says,
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn after_a_request_in_the_handshake_the_same_page_means_that_a_certificate_is_missing() {
    let ca = Ca::new();
    let config = tls_asking(&ca.server(|_| {}), TLS13, Some(&ca), false);
    let server = Server::start(Some(config), |_| page("401 Unauthorized", TOMCAT)).await;
    let client = transport(&ca, false);
    // The second is on the same connection, where no handshake tells it again.
    for _ in 0..2 {
        nothing_done(
            get(&client, &server.base()).await,
            P::ClientCertificate,
            "the server asked for a client certificate and none is configured",
        );
    }
    assert_eq!(server.connections(), 1);
    // Another server has not asked.
    let late = Server::start(Some(tls(&ca.server(|_| {}), TLS13, None)), |_| {
        page("401 Unauthorized", TOMCAT)
    })
    .await;
    nothing_done(get(&client, &late.base()).await, P::LateClientCertificate, "");
}

#[tokio::test]
async fn other_refusals_are_answers() {
    let ca = Ca::new();
    for reply in [
        || page("401 Unauthorized", "<html>HTTP Status 401 – Unauthorized</html>"),
        || page("403 Forbidden", "<html>You are no officer</html>"),
        || {
            answer(
                "401 Unauthorized",
                &[("content-type", "application/json")],
                TOMCAT,
            )
        },
        || page("200 OK", TOMCAT),
    ] {
        let config = tls(&ca.server(|_| {}), TLS13, None);
        let server = Server::start(Some(config), move |_| reply()).await;
        assert!(get(&transport(&ca, true), &server.base()).await.is_ok());
    }
}
