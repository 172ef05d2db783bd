//! Servers that are broken, hostile or slow: each ends in a problem of its own, in time, and nothing is sent twice.
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

use std::time::Duration;

use smartid_core::{Phase, Retry, ServiceUrl, TransportProblem as P};
use support::{Ca, Reply, get, is, meet, secure, trusting};

// --- Servers that are broken or hostile ---

#[tokio::test]
async fn a_cut_off_answer_is_broken() {
    type Make = fn() -> Reply;
    let cut: [(&str, Make); 5] = [
        ("closed before the head", || Reply::AnswerAndClose(Vec::new())),
        ("closed in the head", || {
            Reply::AnswerAndClose(b"HTTP/1.1 200 O".to_vec())
        }),
        ("closed in the body", || {
            Reply::AnswerAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"".to_vec())
        }),
        ("reset in the body", || {
            Reply::AnswerAndReset(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"".to_vec())
        }),
        ("closed between chunks", || {
            Reply::AnswerAndClose(
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec(),
            )
        }),
    ];
    for (name, make) in cut {
        let (outcome, server) = meet(make, |builder| builder).await;
        let error = outcome.expect_err(name);
        assert_eq!(
            (error.problem(), error.phase()),
            (P::Broken, Phase::PerhapsDone),
            "{name}: {error}"
        );
        assert_eq!(error.retry(), Retry::Forbidden);
        assert_eq!(server.requests().len(), 1, "{name}: nothing may be sent twice");
    }
}

#[tokio::test]
async fn what_is_not_http_is_named_so() {
    for garbage in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"220 mail.example.test ESMTP\r\n",
        b"HTTP/7.9 200 OK\r\n\r\n",
        b"\x00\x01\x02\x03\x04\r\n\r\n",
        b"<html><body>hello</body></html>\r\n\r\n",
    ] {
        let ca = Ca::new();
        let server = secure(&ca, move |_| Reply::AnswerAndClose(garbage.to_vec())).await;
        let outcome = get(&trusting(&ca).build().unwrap(), &server.base()).await;
        is(&outcome, P::NotHttp, Phase::Unreadable);
    }
}

#[tokio::test]
async fn a_port_that_does_not_speak_tls_is_named_so() {
    // Plain HTTP servers answer a TLS greeting with 400.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut greeting = [0_u8; 1024];
            let _ = stream.read(&mut greeting).await;
            let _ = stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                .await;
        }
    });
    let base = ServiceUrl::parse("test.url", &format!("https://{address}")).unwrap();
    let outcome = get(&trusting(&Ca::new()).build().unwrap(), &base).await;
    is(&outcome, P::Handshake, Phase::NotSent);
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("perhaps the port does not speak TLS")
    );
}

#[tokio::test]
async fn a_port_that_hangs_up_in_the_handshake_may_be_tried_again() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let base = ServiceUrl::parse("test.url", &format!("https://{address}")).unwrap();
    let outcome = get(&trusting(&Ca::new()).build().unwrap(), &base).await;
    is(&outcome, P::Connect, Phase::NotSent);
}

// --- Time limits ---

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_connect_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = ServiceUrl::parse("test.url", &format!("https://{}", listener.local_addr().unwrap())).unwrap();
    let client = trusting(&Ca::new()).connect_timeout(SHORT).build().unwrap();
    is(&get(&client, &base).await, P::ConnectTimeout, Phase::NotSent);
    drop(listener);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_a_timeout() {
    let (outcome, _) = meet(|| Reply::Silence, |builder| builder.read_timeout(SHORT)).await;
    is(&outcome, P::Timeout, Phase::PerhapsDone);
    let (outcome, _) = meet(|| Reply::Silence, |builder| builder.total_timeout(SHORT)).await;
    is(&outcome, P::Timeout, Phase::PerhapsDone);
}

#[tokio::test]
async fn a_server_that_stops_in_the_body_is_a_timeout() {
    fn half() -> Reply {
        Reply::Answer(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())
    }
    let (outcome, _) = meet(half, |builder| builder.read_timeout(SHORT)).await;
    is(&outcome, P::Timeout, Phase::PerhapsDone);
    let (outcome, _) = meet(half, |builder| builder.total_timeout(SHORT)).await;
    is(&outcome, P::Timeout, Phase::PerhapsDone);
}
