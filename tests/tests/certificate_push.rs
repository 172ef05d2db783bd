//! Certificate Manager pushes certificates over HTTP to a receiver that axum serves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::sync::Arc;

use axum::Router;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Method, StatusCode};
use smartid::cm::push::{MemoryPushSink, PushReceiver, Sender};
use smartid::core::base64::{Flavour, encode};
use smartid::core::tower::InboundService;
use smartid::core::{ClientCertificate, Incoming, Outgoing, ServiceUrl};
use smartid::{ReqwestTransport, SecretString, TokioRuntime, Transport};
use smartid_trust::Certificate;

fn pki(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/smartid-cm/tests/golden/pki/"
    );
    std::fs::read(format!("{folder}{name}")).unwrap()
}

/// Serves the receiver below `/idm` on loopback; `shown` is the certificate that a TLS layer would hand on.
async fn serve(sink: &Arc<MemoryPushSink>, shown: Option<ClientCertificate>) -> ServiceUrl {
    let runtime = Arc::new(TokioRuntime::new());
    let receiver = PushReceiver::builder(Arc::clone(sink) as _, Arc::clone(&runtime) as _)
        .basic_auth("cmpush", SecretString::new("golden:päss"))
        .client_certificate(Certificate::from_der(pki("officer-p256.der")).unwrap())
        .build()
        .unwrap();
    let mut router = Router::new().fallback_service(InboundService::new(Arc::new(receiver), runtime));
    if let Some(shown) = shown {
        router = router.layer(axum::Extension(shown));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    ServiceUrl::danger_parse_plain_http("url", &format!("http://{address}/idm/ws/certificate/register"))
        .unwrap()
}

async fn push(url: &ServiceUrl, basic: bool, body: Vec<u8>) -> Incoming {
    let transport = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    let mut request = Outgoing::new(Method::POST, "ServerCert/Renew%20it".to_owned())
        .query("tenantId", "golden")
        .body("application/pkix-cert", body);
    if basic {
        let value = HeaderValue::from_static("Basic Y21wdXNoOmdvbGRlbjpww6Rzcw==");
        request = request.header(AUTHORIZATION, value);
    }
    transport.send(url, request).await.unwrap()
}

fn base64(name: &str) -> Vec<u8> {
    encode(Flavour::Standard, &pki(name)).into_bytes()
}

#[tokio::test]
async fn a_pushed_certificate_arrives_once_however_often_it_is_sent() {
    let sink = Arc::new(MemoryPushSink::new());
    let url = serve(&sink, None).await;
    let (one, other) = tokio::join!(
        push(&url, true, base64("device-rsa.der")),
        push(&url, true, base64("device-rsa.der"))
    );
    assert_eq!((one.status(), other.status()), (StatusCode::OK, StatusCode::OK));
    assert!(one.body().is_empty());
    let pushed = sink.take();
    assert_eq!(pushed.len(), 1);
    assert_eq!(
        pushed[0].certificate.danger_unverified().der()[..],
        pki("device-rsa.der")[..]
    );
    assert_eq!(pushed[0].process.as_ref().unwrap().as_str(), "Renew it");
    assert_eq!(pushed[0].sender, Sender::User("cmpush".to_owned()));
}

#[tokio::test]
async fn the_certificate_of_the_connection_is_enough_and_nothing_is_not() {
    let sink = Arc::new(MemoryPushSink::new());
    let url = serve(&sink, None).await;
    let refused = push(&url, false, base64("device-rsa.der")).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(
        refused.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Basic ")
    );
    let shown = ClientCertificate::new(pki("officer-p256.der"));
    let url = serve(&sink, Some(shown)).await;
    let taken = push(&url, false, base64("device-rsa.der")).await;
    assert_eq!(taken.status(), StatusCode::OK);
    assert!(matches!(sink.take()[0].sender, Sender::Certificate(_)));
}

#[tokio::test]
async fn what_is_no_certificate_is_told_so_and_not_stored() {
    let sink = Arc::new(MemoryPushSink::new());
    let url = serve(&sink, None).await;
    let garbage = push(&url, true, b"not base64!".to_vec()).await;
    assert_eq!(garbage.status(), StatusCode::BAD_REQUEST);
    assert_eq!(garbage.body(), "the body cannot be used: it is not base64");
    assert!(sink.take().is_empty());
}
