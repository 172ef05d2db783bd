//! The traps of the libraries below, each with a test that fails when we step into it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use smartid_core::{
    CallPolicy, Caller, Credential, Endpoint, Incoming, Outgoing, Phase, Repeat, ResponseError, Retry,
    SecretString, ServiceError, ServiceUrl, Transport, TransportError, TransportProblem as P,
};
use smartid_reqwest::{ReqwestTransport, ReqwestTransportBuilder, TokioRuntime};
use support::{Ca, Reply, Server, TLS13, answer, get, ok, secretive_get, tls, trusting};

async fn secure(ca: &Ca, handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(Some(tls(&ca.server(|_| {}), TLS13, None)), handler).await
}

/// A server that answers each request so, and what comes of it.
async fn meet(
    reply: fn() -> Reply,
    change: impl FnOnce(ReqwestTransportBuilder) -> ReqwestTransportBuilder,
) -> (Result<Incoming, TransportError>, Server) {
    let ca = Ca::new();
    let server = secure(&ca, move |_| reply()).await;
    let outcome = get(&change(trusting(&ca)).build().unwrap(), &server.base()).await;
    (outcome, server)
}

#[track_caller]
fn is(outcome: &Result<Incoming, TransportError>, problem: P, phase: Phase) {
    let error = outcome.as_ref().expect_err("must fail");
    assert_eq!((error.problem(), error.phase()), (problem, phase), "{error}");
}

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
    let answer = get(&trusting(&ca).build().unwrap(), &server.base()).await.unwrap();
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
    let server = secure(&ca, move |_| answer("307 Temporary Redirect", &[("location", &location)], "")).await;
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
    let client = ReqwestTransport::builder().danger_allow_plain_http().build().unwrap();
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
    assert!(request.starts_with("CONNECT service.example.test:8443 HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("proxy-authorization: Basic bWU6b3BlbiBzZXNhbWU=\r\n"), "{request}");
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
        let error = trusting(&Ca::new()).proxy(url, None).build().unwrap_err().to_string();
        assert!(error.starts_with("setting http.proxy: ") && error.contains(says), "{error}");
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
    assert_eq!((error.problem(), error.retry()), (P::Connect, Retry::Yes { after: None }));
    let foreign = reqwest::Client::new()
        .get("http://127.0.0.1:1/?ticket=canary")
        .send()
        .await
        .unwrap_err();
    assert!(foreign.to_string().contains("canary"), "the trap is gone: {foreign}");
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

// --- Servers that are broken or hostile ---

#[tokio::test]
async fn a_cut_off_answer_is_broken() {
    type Make = fn() -> Reply;
    let cut: [(&str, Make); 5] = [
        ("closed before the head", || Reply::AnswerAndClose(Vec::new())),
        ("closed in the head", || Reply::AnswerAndClose(b"HTTP/1.1 200 O".to_vec())),
        ("closed in the body", || {
            Reply::AnswerAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"".to_vec())
        }),
        ("reset in the body", || {
            Reply::AnswerAndReset(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\"".to_vec())
        }),
        ("closed between chunks", || {
            Reply::AnswerAndClose(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n".to_vec())
        }),
    ];
    for (name, make) in cut {
        let (outcome, server) = meet(make, |builder| builder).await;
        let error = outcome.expect_err(name);
        assert_eq!((error.problem(), error.phase()), (P::Broken, Phase::PerhapsDone), "{name}: {error}");
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
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    let base = ServiceUrl::parse("test.url", &format!("https://{address}")).unwrap();
    let outcome = get(&trusting(&Ca::new()).build().unwrap(), &base).await;
    is(&outcome, P::Handshake, Phase::NotSent);
    assert!(outcome.unwrap_err().to_string().contains("perhaps the port does not speak TLS"));
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

// --- Plain HTTP ---

#[tokio::test]
async fn plain_http_is_refused_before_anything_is_sent() {
    let server = Server::start(None, |_| ok("{}")).await;
    let client = trusting(&Ca::new()).build().unwrap();
    let outcome = get(&client, &server.base()).await;
    is(&outcome, P::Invalid, Phase::NotSent);
    assert_eq!(server.connections(), 0);
    let client = trusting(&Ca::new()).danger_allow_plain_http().build().unwrap();
    assert_eq!(get(&client, &server.base()).await.unwrap().body(), "{}");
}

#[tokio::test]
async fn a_transport_for_plain_http_without_roots_trusts_nobody_over_https() {
    let ca = Ca::new();
    let server = secure(&ca, |_| ok("{}")).await;
    let client = ReqwestTransport::builder().danger_allow_plain_http().build().unwrap();
    is(&get(&client, &server.base()).await, P::UntrustedServer, Phase::NotSent);
}

// --- Connections and what is sent ---

#[tokio::test]
async fn calls_one_after_the_other_share_a_connection() {
    let ca = Ca::new();
    let server = secure(&ca, |request| match request {
        chunked if chunked.contains("chunked") => Reply::Answer(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n".to_vec(),
        ),
        _ => ok("{\"a\":1}"),
    })
    .await;
    let client = trusting(&ca).build().unwrap();
    for path in ["one", "two", "chunked", "four"] {
        let other_handle = client.clone();
        other_handle.send(&server.base(), secretive_get(path)).await.unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 4));
}

#[tokio::test]
async fn without_a_pool_each_call_makes_its_own_connection() {
    let ca = Ca::new();
    let server = secure(&ca, |_| ok("{}")).await;
    let client = trusting(&ca).pool_idle(Duration::ZERO).build().unwrap();
    for _ in 0..2 {
        get(&client, &server.base()).await.unwrap();
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_goes_out_is_what_was_given_and_a_user_agent() {
    let ca = Ca::new();
    let server = secure(&ca, |_| ok("{}")).await;
    let request = Outgoing::new(Method::POST, "a%2Fb".to_owned())
        .query("user", "anna å")
        .header(
            HeaderName::from_static("x-api-key"),
            HeaderValue::from_static("key"),
        )
        .body("application/json", "{\"n\":1}");
    let client = trusting(&ca).user_agent("tester/1").build().unwrap();
    client.send(&server.base(), request).await.unwrap();
    assert_eq!(
        server.requests(),
        [format!(
            "POST /base/a%2Fb?user=anna%20%C3%A5 HTTP/1.1\r\naccept: application/json\r\nx-api-key: key\r\n\
             content-type: application/json\r\nuser-agent: tester/1\r\nhost: {}\r\ncontent-length: 7\r\n\r\n{{\"n\":1}}",
            server.address
        )]
    );
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let ca = Ca::new();
    let server = secure(&ca, |_| answer("200 OK", &[("set-cookie", "session=1")], "{}")).await;
    let client = trusting(&ca).build().unwrap();
    for _ in 0..2 {
        get(&client, &server.base()).await.unwrap();
    }
    assert!(server.requests().iter().all(|request| !request.contains("cookie")));
}

// --- Settings ---

#[test]
fn each_setting_that_cannot_be_used_is_named() {
    let ca = Ca::new();
    let new = || trusting(&ca);
    let cut = &ca.pem()[..200];
    for (setting, builder) in [
        ("tls.roots", ReqwestTransport::builder()),
        ("tls.roots", ReqwestTransport::builder().root_pem("")),
        ("tls.roots", ReqwestTransport::builder().root_pem("garbage")),
        ("tls.roots", ReqwestTransport::builder().root_pem(cut)),
        ("tls.roots", new().root_der(b"garbage".to_vec())),
        ("tls.roots", new().system_roots().root_der(b"garbage".to_vec())),
        (
            "tls.roots",
            new().root_pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        ),
        ("tls.crls", new().crl_pem("garbage")),
        ("tls.crls", new().crl_pem(ca.pem())),
        ("tls.crls", new().crl_der(b"garbage".to_vec())),
        ("http.user_agent", new().user_agent("a\nb")),
        ("http.connect_timeout", new().connect_timeout(Duration::ZERO)),
        ("http.read_timeout", new().read_timeout(Duration::ZERO)),
        ("http.total_timeout", new().total_timeout(Duration::ZERO)),
        ("http.response_limit", new().response_limit(0)),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
    }
    // The first mistake is the one that is told.
    let error = new().user_agent("\n").crl_pem("garbage").build().unwrap_err();
    assert_eq!(error.setting, "http.user_agent");
}

#[test]
fn debug_shows_limits_and_no_secrets() {
    let client = trusting(&Ca::new())
        .proxy(
            "http://proxy.example.test:3128",
            Some(("me", &SecretString::new("canary"))),
        )
        .build()
        .unwrap();
    assert_eq!(
        format!("{client:?}"),
        "ReqwestTransport { response_limit: 8388608, plain_http: false, .. }"
    );
}

// --- Together with the caller of the contract ---

#[derive(Debug, thiserror::Error)]
#[error("refused")]
struct Refused;

impl ServiceError for Refused {
    fn code(&self) -> Option<&str> {
        None
    }
    fn status(&self) -> Option<StatusCode> {
        None
    }
    fn retry(&self) -> Retry {
        Retry::No
    }
    fn advice(&self) -> smartid_core::Advice {
        smartid_core::Advice::new(smartid_core::Turn::Vendor, "x")
    }
}

struct Ping;

impl Endpoint for Ping {
    type Auth = ();
    type Dialect = ();
    type Output = String;
    type Error = Refused;
    const NAME: &'static str = "test.ping";
    const REPEAT: Repeat = Repeat::Safe;
    fn request(&self, (): &()) -> Result<Outgoing, smartid_core::BuildError> {
        Ok(Outgoing::new(Method::GET, "ping".to_owned()))
    }
    fn response(&self, (): &(), incoming: Incoming) -> Result<String, ResponseError<Refused>> {
        Ok(incoming.json()?)
    }
}

#[tokio::test]
async fn a_safe_call_survives_a_lost_answer() {
    let ca = Ca::new();
    let seen = std::sync::atomic::AtomicUsize::new(0);
    let server = secure(&ca, move |_| match seen.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::AnswerAndClose(Vec::new()),
        _ => ok("\"pong\""),
    })
    .await;
    let caller = Caller::new(
        server.base(),
        Arc::new(trusting(&ca).build().unwrap()),
        Arc::new(TokioRuntime::new()),
    )
    .with_policy(CallPolicy::default().with_pauses(Duration::from_millis(1), Duration::from_millis(1)));
    let credential = Credential::bearer("test.token", &SecretString::new("t")).unwrap();
    assert_eq!(caller.call(&Ping, &(), &credential).await.unwrap(), "pong");
    assert_eq!(server.requests().len(), 2);
}
