//! What goes over the wire, over which connections, and which settings are refused.
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
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, StatusCode};
use smartid_core::{
    CallPolicy, Caller, Credential, Endpoint, Incoming, Outgoing, Phase, Repeat, ResponseError, Retry,
    SecretString, ServiceError, Transport, TransportProblem as P,
};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use support::{Ca, Reply, Server, answer, get, is, ok, secretive_get, secure, trusting};

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
    let client = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    is(
        &get(&client, &server.base()).await,
        P::UntrustedServer,
        Phase::NotSent,
    );
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
        other_handle
            .send(&server.base(), secretive_get(path))
            .await
            .unwrap();
    }
    assert_eq!((server.connections(), server.requests().len()), (1, 4));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_while_it_was_idle_is_replaced() {
    let ca = Ca::new();
    let server = secure(&ca, |_| match ok("{}") {
        Reply::Answer(bytes) => Reply::AnswerAndClose(bytes),
        other => other,
    })
    .await;
    let client = trusting(&ca).build().unwrap();
    for _ in 0..3 {
        get(&client, &server.base()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!((server.connections(), server.requests().len()), (3, 3));
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
    assert!(
        server
            .requests()
            .iter()
            .all(|request| !request.contains("cookie"))
    );
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
