//! The traps of the libraries below, each with a test that fails when we step into it.
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

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{Method, StatusCode};
use smartid_core::{
    Incoming, Outgoing, Phase, Retry, SecretString, ServiceUrl, Transport, TransportError,
    TransportProblem as P,
};
use smartid_reqwest::{ReqwestTransport, ReqwestTransportBuilder};
use support::{Ca, Reply, Server, answer, get, is, meet, ok, secure, trusting};

// --- Trap: no provider, no panic ---

#[tokio::test]
async fn no_provider_is_installed_in_the_process_and_nothing_panics() {
    assert!(
        rustls::crypto::CryptoProvider::get_default().is_none(),
        "no test of this file may install one"
    );
    let (outcome, _) = meet(|| ok("{}"), |builder| builder).await;
    assert_eq!(outcome.unwrap().status(), StatusCode::OK);
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[tokio::test]
async fn it_does_not_matter_which_provider_others_have_installed() {
    if std::env::var_os("SMARTID_TEST_CHILD").is_none() {
        return in_child("it_does_not_matter_which_provider_others_have_installed", &[]);
    }
    let mut useless = rustls::crypto::aws_lc_rs::default_provider();
    useless.cipher_suites.clear();
    useless.install_default().unwrap();
    let (outcome, _) = meet(|| ok("{}"), |builder| builder).await;
    assert_eq!(outcome.unwrap().status(), StatusCode::OK);
    let (outcome, _) = meet(|| ok("{}"), ReqwestTransportBuilder::system_roots).await;
    assert_eq!(outcome.unwrap().status(), StatusCode::OK);
}

// --- Trap: redirects leak ---

#[tokio::test]
async fn a_302_to_another_host_takes_no_api_key_along_and_is_an_answer() {
    let ca = Ca::new();
    let thief = secure(&ca, |_| ok("{}")).await;
    let location = format!("https://{}/wa/auth?authmech=x", thief.address);
    let server = secure(&ca, move |_| answer("302 Found", &[("location", &location)], "")).await;
    let answer = get(&trusting(&ca).build().unwrap(), &server.base())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(
        answer.redirect(),
        Some(format!("https://{}/wa/auth", thief.address))
    );
    assert!(server.requests()[0].contains("x-api-key: canary-in-header"));
    assert_eq!(thief.connections(), 0);
}

#[tokio::test]
async fn a_307_does_not_post_the_password_again() {
    let ca = Ca::new();
    let thief = secure(&ca, |_| ok("{}")).await;
    let location = format!("https://{}/elsewhere", thief.address);
    let server = secure(&ca, move |_| {
        answer("307 Temporary Redirect", &[("location", &location)], "")
    })
    .await;
    let request = Outgoing::new(Method::POST, "op".to_owned())
        .body("application/x-www-form-urlencoded", "password=canary");
    let answer = trusting(&ca)
        .build()
        .unwrap()
        .send(&server.base(), request)
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!((server.requests().len(), thief.connections()), (1, 0));
}

// --- Trap: proxies from the environment ---

/// Runs the test of this name in a process of its own, with these variables in its environment.
fn in_child(name: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env("SMARTID_TEST_CHILD", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    if std::env::var_os("SMARTID_TEST_CHILD").is_none() {
        // Nobody listens on port 1: a request through this proxy cannot succeed.
        let nowhere = "http://127.0.0.1:1";
        return in_child(
            "proxies_of_the_environment_are_ignored",
            &[
                ("HTTPS_PROXY", nowhere),
                ("https_proxy", nowhere),
                ("HTTP_PROXY", nowhere),
                ("http_proxy", nowhere),
                ("ALL_PROXY", nowhere),
                ("all_proxy", nowhere),
            ],
        );
    }
    assert_eq!(std::env::var("HTTPS_PROXY").unwrap(), "http://127.0.0.1:1");
    let (outcome, _) = meet(|| ok("{}"), |builder| builder).await;
    outcome.unwrap();
    let plain = Server::start(None, |_| ok("{}")).await;
    let client = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    get(&client, &plain.base()).await.unwrap();
    let foreign = reqwest::Client::new().get(plain.base().as_str()).send().await;
    assert!(foreign.is_err(), "the trap is gone: {foreign:?}");
}

#[tokio::test]
async fn a_configured_proxy_is_used_and_told_its_password_and_not_our_key() {
    let ca = Ca::new();
    let proxy = Server::start(None, |_| answer("407 Proxy Authentication Required", &[], "")).await;
    let client = trusting(&ca)
        .proxy(
            &format!("http://{}", proxy.address),
            Some(("me", &SecretString::new("open sesame"))),
        )
        .build()
        .unwrap();
    let base = ServiceUrl::parse("test.url", "https://service.example.test:8443").unwrap();
    let error = get(&client, &base).await.unwrap_err();
    assert_eq!(error.problem(), P::Connect, "{error}");
    let request = proxy.requests().remove(0);
    assert!(
        request.starts_with("CONNECT service.example.test:8443 HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.contains("proxy-authorization: Basic bWU6b3BlbiBzZXNhbWU=\r\n"),
        "{request}"
    );
    assert!(!request.contains("canary"), "{request}");
}

#[test]
fn a_bad_proxy_is_refused_without_its_password() {
    for (url, says) in [
        ("", "is not a URL"),
        ("proxy:3128", "must be an http or https URL"),
        ("socks5://proxy:1080", "must be an http or https URL"),
        ("http://me:canary@proxy:3128", "given apart"),
    ] {
        let error = trusting(&Ca::new())
            .proxy(url, None)
            .build()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("setting http.proxy: ") && error.contains(says),
            "{error}"
        );
        assert!(!error.contains("canary"), "{error}");
    }
    let colon = trusting(&Ca::new()).proxy("http://p:1", Some(("a:b", &SecretString::new("canary"))));
    assert!(!format!("{colon:?}").contains("canary"));
    assert!(colon.build().unwrap_err().to_string().contains("colon"));
}

// --- Trap: the URL in the text of errors ---

// `support::get` checks each error of these tests; this one makes sure that it would be seen.

#[tokio::test]
async fn errors_name_host_and_port_and_neither_query_nor_header() {
    let client = trusting(&Ca::new()).build().unwrap();
    let base = ServiceUrl::parse("test.url", "https://127.0.0.1:1/base").unwrap();
    let error = get(&client, &base).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no connection can be made: 127.0.0.1:1: Connection refused (os error 111)"
    );
    assert_eq!(
        (error.problem(), error.retry()),
        (P::Connect, Retry::Yes { after: None })
    );
    let foreign = reqwest::Client::new()
        .get("http://127.0.0.1:1/?ticket=canary")
        .send()
        .await
        .unwrap_err();
    assert!(
        foreign.to_string().contains("canary"),
        "the trap is gone: {foreign}"
    );
}

#[tokio::test]
async fn an_unknown_host_is_told_apart() {
    let client = trusting(&Ca::new()).build().unwrap();
    let base = ServiceUrl::parse("test.url", "https://no-such-host.invalid").unwrap();
    is(&get(&client, &base).await, P::Resolve, Phase::NotSent);
}

// --- Trap: unbounded bodies ---

#[tokio::test]
async fn an_answer_without_end_is_read_up_to_the_cap_only() {
    fn endless() -> Reply {
        Reply::Endless(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec())
    }
    let (outcome, server) = meet(endless, |builder| builder.response_limit(2 << 20)).await;
    is(&outcome, P::TooLarge, Phase::Unreadable);
    // What the kernel's buffers take comes on top; they hold a few mebibytes.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let poured = server.poured.load(Ordering::SeqCst);
    assert!(poured < 24 << 20, "{poured} bytes were poured");
}

#[tokio::test]
async fn an_announced_30_mb_answer_is_not_read_at_all() {
    fn large() -> Reply {
        Reply::Endless(b"HTTP/1.1 200 OK\r\ncontent-length: 30000000\r\n\r\n".to_vec())
    }
    let (outcome, _) = meet(large, |builder| builder).await;
    is(&outcome, P::TooLarge, Phase::Unreadable);
    assert!(outcome.unwrap_err().to_string().contains("8388608 bytes"));
}

#[tokio::test]
async fn bodies_of_any_shape_arrive_whole_up_to_exactly_the_cap() {
    async fn read(reply: Vec<u8>) -> Result<Incoming, TransportError> {
        let ca = Ca::new();
        let server = secure(&ca, move |_| Reply::AnswerAndClose(reply.clone())).await;
        get(
            &trusting(&ca).response_limit(100_000).build().unwrap(),
            &server.base(),
        )
        .await
    }
    for length in [0, 1, 5_000, 99_999, 100_000, 100_001] {
        let body: String = ('a'..='z').cycle().take(length).collect();
        let announced = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{body}");
        let until_close = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}");
        let mut chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
        for piece in body.as_bytes().chunks(7_001) {
            chunked.push_str(&format!(
                "{:x}\r\n{}\r\n",
                piece.len(),
                str::from_utf8(piece).unwrap()
            ));
        }
        chunked.push_str("0\r\n\r\n");
        for reply in [announced, until_close, chunked] {
            let outcome = read(reply.clone().into_bytes()).await;
            if length > 100_000 {
                is(&outcome, P::TooLarge, Phase::Unreadable);
            } else {
                assert_eq!(outcome.unwrap().body(), body.as_bytes(), "{:.60}", reply);
            }
        }
    }
}

#[tokio::test]
async fn a_head_without_end_is_too_large() {
    fn head() -> Reply {
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        for number in 0..200 {
            head.extend_from_slice(format!("x-{number}: y\r\n").as_bytes());
        }
        head.extend_from_slice(b"content-length: 0\r\n\r\n");
        Reply::Answer(head)
    }
    let (outcome, _) = meet(head, |builder| builder).await;
    is(&outcome, P::TooLarge, Phase::Unreadable);
}
