//! HTTP/2 is spoken only where the feature is on, and then only where the server offers it.
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

use support::{Ca, TLS13, tls, trusting};

#[tokio::test]
async fn what_is_offered_in_the_handshake_follows_the_feature() {
    let ca = Ca::new();
    let mut config = tls(&ca.server(|_| {}), TLS13, None);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let base = smartid_core::ServiceUrl::parse("test.url", &base).unwrap();
    let client = trusting(&ca).build().unwrap();
    let call = tokio::spawn(async move { support::get(&client, &base).await });
    let (stream, _) = listener.accept().await.unwrap();
    let stream = acceptor.accept(stream).await.unwrap();
    let expected: &[u8] = if cfg!(feature = "http2") {
        b"h2"
    } else {
        b"http/1.1"
    };
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(expected));
    drop(stream);
    assert!(call.await.unwrap().is_err());
}

#[cfg(feature = "http2")]
#[tokio::test]
async fn calls_go_over_http_2_and_share_a_connection() {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use bytes::Bytes;
    use http_body_util::Full;
    use hyper::service::service_fn;
    use hyper_util::rt::{TokioExecutor, TokioIo};

    let ca = Ca::new();
    let mut config = tls(&ca.server(|_| {}), TLS13, None);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let base = smartid_core::ServiceUrl::parse("test.url", &base).unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let stream = acceptor.accept(stream).await.unwrap();
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(
                    TokioIo::new(stream),
                    service_fn(|request| async move {
                        assert_eq!(request.version(), http::Version::HTTP_2);
                        let _: http::Request<hyper::body::Incoming> = request;
                        Ok::<_, Infallible>(http::Response::new(Full::new(Bytes::from_static(b"{}"))))
                    }),
                ),
            );
        }
    });
    let client = trusting(&ca).build().unwrap();
    for _ in 0..3 {
        assert_eq!(support::get(&client, &base).await.unwrap().body(), "{}");
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}
