//! The client over real HTTP on loopback: what is sent byte for byte, and what becomes of each kind of answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{CLIENT_ID, CLIENT_KEY, golden};
use http::{HeaderMap, Method};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{CallPolicy, Head, Inbound, Inbox, MemoryInbox, Phase, Retry, Turn};
use smartid_hermod::commands::{Cancel, Ping, Raw};
use smartid_hermod::{
    ApiKey, By, Hermod, HermodDialect, ImmediateResponse, Outcome, Pending, PollPolicy, State, StateChange,
};
use smartid_reqwest::{ReqwestTransport, TokioRuntime};
use wiremock::matchers::{body_json_string, header, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const BASE_PATH: &str = "/hermod/rest/command";

fn client(server: &MockServer, policy: CallPolicy) -> Hermod {
    let transport = ReqwestTransport::builder()
        .danger_allow_plain_http()
        .build()
        .unwrap();
    Hermod::builder(
        &format!("{}{BASE_PATH}", server.uri()),
        ApiKey::new(CLIENT_ID, CLIENT_KEY).unwrap(),
    )
    .danger_plain_http()
    .policy(policy)
    .build(Arc::new(transport), Arc::new(TokioRuntime::new()))
    .unwrap()
}

fn ping(hermod: &Hermod) -> Ping {
    Ping::new(hermod.header().external_id("golden-ping-0001")).device_info(true)
}

fn json(status: u16, name: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(golden(name), "application/json")
}

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html><title>Sign in</title></html>", "text/html")
}

/// A server that gives this answer to a ping, and the client of it.
async fn answering(response: ResponseTemplate) -> (MockServer, Hermod) {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("{BASE_PATH}/ping")))
        .respond_with(response)
        .mount(&server)
        .await;
    let hermod = client(&server, CallPolicy::default());
    (server, hermod)
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn a_command_goes_out_as_documented_and_its_answer_is_read() {
    let server = MockServer::start().await;
    let pair = format!("{CLIENT_ID}:{CLIENT_KEY}");
    Mock::given(method("POST"))
        .and(path(format!("{BASE_PATH}/ping")))
        .and(header("x-api-key", encode(Flavour::Standard, pair.as_bytes())))
        .and(header("content-type", "application/json"))
        .and(body_json_string(
            String::from_utf8(golden("ping/request_deviceinfo_true.json")).unwrap(),
        ))
        .respond_with(json(200, "ping/response_immediate.json"))
        .expect(1)
        .mount(&server)
        .await;
    let hermod = client(&server, CallPolicy::default());
    let answer: ImmediateResponse = hermod.call(&ping(&hermod)).await.unwrap();
    assert_eq!(
        (answer.command_id.as_str(), &answer.state),
        ("5105", &State::InProgress)
    );
    assert!(answer.link().is_some());

    let sent = requests(&server).await;
    assert_eq!(sent.len(), 1);
    let names: Vec<&str> = sent[0].headers.keys().map(|name| name.as_str()).collect();
    for absent in ["authorization", "cookie", "origin"] {
        assert!(!names.contains(&absent), "{names:?}");
    }
    assert_eq!(sent[0].headers.get_all("x-api-key").iter().count(), 1);
    assert_eq!(sent[0].url.query(), None);
}

#[tokio::test]
async fn refusals_say_whose_turn_it_is_and_are_not_repeated() {
    let spring = |status: u16, error: &str| {
        ResponseTemplate::new(status).set_body_raw(
            format!(
                r#"{{"timestamp":"2026-01-01T00:00:00.000+00:00","status":{status},"error":"{error}","message":"no","path":"/hermod/rest/command/ping"}}"#
            ),
            "application/json",
        )
    };
    for (response, status, code, turn, retry) in [
        (
            spring(400, "Bad Request"),
            400,
            Some("Bad Request"),
            Turn::Caller,
            Retry::No,
        ),
        (
            spring(401, "Unauthorized"),
            401,
            Some("Unauthorized"),
            Turn::Administrator,
            Retry::No,
        ),
        (
            ResponseTemplate::new(401),
            401,
            None,
            Turn::Administrator,
            Retry::No,
        ),
        (
            spring(404, "Not Found"),
            404,
            Some("Not Found"),
            Turn::Administrator,
            Retry::No,
        ),
        (
            spring(500, "Internal Server Error"),
            500,
            Some("Internal Server Error"),
            Turn::Administrator,
            Retry::Forbidden,
        ),
        (page(403), 403, None, Turn::Administrator, Retry::No),
    ] {
        let (server, hermod) = answering(response).await;
        let error = hermod.call(&ping(&hermod)).await.unwrap_err();
        assert_eq!(error.phase(), Phase::Refused, "{error}");
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            Some(status),
            "{error}"
        );
        assert_eq!(error.code(), code, "{error}");
        assert_eq!((error.advice().turn, error.retry()), (turn, retry), "{error}");
        assert_eq!(
            requests(&server).await.len(),
            1,
            "{status}: a command is sent once"
        );
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains(CLIENT_KEY) && !shown.contains("golden-client"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_page_with_200_and_a_redirect_are_no_answers() {
    let (_server, hermod) = answering(page(200)).await;
    let error = hermod.call(&ping(&hermod)).await.unwrap_err();
    assert_eq!(error.phase(), Phase::Unreadable, "{error}");

    let elsewhere = MockServer::start().await;
    let target = format!("{}/login?ticket=canary", elsewhere.uri());
    let redirect = ResponseTemplate::new(302).insert_header("location", target.as_str());
    let (_server, hermod) = answering(redirect).await;
    let error = hermod.call(&ping(&hermod)).await.unwrap_err();
    assert_eq!(error.phase(), Phase::Refused, "{error}");
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("redirect") && !shown.contains("canary"), "{shown}");
    assert!(
        requests(&elsewhere).await.is_empty(),
        "the key does not travel to another address"
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_the_command_perhaps_done() {
    let slow = json(200, "ping/response_immediate.json").set_delay(Duration::from_secs(30));
    let (server, hermod) = answering(slow).await;
    let limits = CallPolicy::default()
        .with_attempt_limit(Duration::from_millis(200))
        .with_total_limit(Duration::from_secs(5));
    let error = hermod.call_with(&ping(&hermod), limits).await.unwrap_err();
    assert_eq!(error.phase(), Phase::PerhapsDone, "{error}");
    assert_eq!(error.retry(), Retry::Forbidden, "{error}");
    assert_eq!(requests(&server).await.len(), 1);

    // The outcome is found all the same, by the id that was chosen before.
    let header = hermod.header().external_id("golden-ping-0001");
    let pending = Pending::new(&header, hermod.runtime().now());
    let inbox = Arc::new(MemoryInbox::new());
    call_back(&hermod, &inbox, "ping/callback_approved.json").await;
    let waited = hermod
        .wait(&*inbox, &pending, &PollPolicy::default())
        .await
        .unwrap();
    let Outcome::Succeeded(Some(info)) = waited.report.unwrap().ping(&HermodDialect::default()) else {
        panic!()
    };
    assert_eq!(info.get("operatingsystem").as_deref(), Some("Golden OS 1"));
}

async fn call_back(hermod: &Hermod, inbox: &Arc<MemoryInbox>, name: &str) {
    let receiver = hermod
        .callback_receiver(Arc::clone(inbox) as Arc<dyn Inbox>)
        .danger_without_auth()
        .build()
        .unwrap();
    let head = Head::new(Method::POST, "/callback/ping", HeaderMap::new());
    assert_eq!(receiver.receive(&head, golden(name).into()).await.status, 200);
}

/// The ping of the golden files, sent now.
fn sent(hermod: &Hermod) -> Pending {
    let header = hermod.header().external_id("golden-ping-0001");
    Pending::new(&header, hermod.runtime().now()).with_command_id("5105")
}

fn often() -> PollPolicy {
    PollPolicy::default().with_interval(Duration::from_millis(100), Duration::from_millis(100))
}

#[tokio::test]
async fn polls_that_fail_leave_the_end_to_the_callback() {
    let server = MockServer::start().await;
    let poll = || Mock::given(method("GET")).and(path(format!("{BASE_PATH}/5105")));
    for response in [
        json(200, "ping/poll_in_progress.json"),
        ResponseTemplate::new(404),
        ResponseTemplate::new(401),
        page(200),
    ] {
        poll()
            .respond_with(response)
            .up_to_n_times(1)
            .mount(&server)
            .await;
    }
    poll()
        .respond_with(ResponseTemplate::new(500))
        .mount(&server)
        .await;
    let hermod = client(&server, CallPolicy::default());
    let (inbox, pending, policy) = (
        Arc::new(MemoryInbox::new()),
        sent(&hermod),
        often().with_give_up_after(4),
    );
    let mut states = hermod.states(&*inbox, &pending, &policy);
    let mut told = Vec::new();
    let waited = loop {
        match states.next().await.unwrap().unwrap() {
            StateChange::Unfinished(report) => told.push(report.state.to_string()),
            StateChange::Polling(health) => {
                told.push("given up".to_owned());
                assert!(health.is_degraded());
                call_back(&hermod, &inbox, "ping/callback_approved.json").await;
            }
            StateChange::Ended(waited) => break waited,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told, ["IN_PROGRESS", "given up"]);
    assert_eq!((waited.by, waited.polling.polls), (By::Callback, 5));
    assert_eq!(waited.report.unwrap().state, State::Success);
    for request in requests(&server).await {
        assert_eq!(request.method.as_str(), "GET");
        assert!(request.body.is_empty() && request.headers.contains_key("x-api-key"));
    }
}

#[tokio::test]
async fn a_poll_alone_ends_a_wait() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(format!("{BASE_PATH}/5105")))
        .respond_with(json(200, "ping/poll_success.json"))
        .mount(&server)
        .await;
    let hermod = client(&server, CallPolicy::default());
    let waited = hermod
        .wait(&MemoryInbox::new(), &sent(&hermod), &often())
        .await
        .unwrap();
    assert_eq!(
        (waited.by, waited.report.unwrap().state),
        (By::Poll, State::Success)
    );
}

#[tokio::test]
async fn a_raw_command_comes_back_as_it_is() {
    let (server, hermod) = answering(page(418)).await;
    let answer = hermod.call(&Raw::new("ping", "{ \"a\": 1 }")).await.unwrap();
    assert_eq!((answer.status.as_u16(), &answer.body[..6]), (418, &b"<html>"[..]));
    assert_eq!(requests(&server).await[0].body, b"{ \"a\": 1 }", "byte for byte");
}

#[tokio::test]
async fn a_command_that_is_withdrawn_ends_the_wait_when_the_service_says_so() {
    let server = MockServer::start().await;
    let at = |verb: &str| Mock::given(method(verb)).and(path(format!("{BASE_PATH}/5105")));
    at("GET")
        .respond_with(json(200, "ping/poll_in_progress.json"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    at("DELETE")
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let hermod = client(&server, CallPolicy::default());
    let (inbox, pending, policy) = (MemoryInbox::new(), sent(&hermod), often());
    let mut states = hermod.states(&inbox, &pending, &policy);
    assert!(matches!(
        states.next().await.unwrap().unwrap(),
        StateChange::Unfinished(_)
    ));
    assert!(hermod.call(&Cancel::new("5105")).await.unwrap().is_none());
    at("GET")
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_raw(r#"{"commandId":"5105","state":"CANCELLED"}"#, "application/json"),
        )
        .mount(&server)
        .await;
    let waited = loop {
        match states.next().await.unwrap().unwrap() {
            StateChange::Ended(waited) => break waited,
            StateChange::Unfinished(_) | StateChange::Polling(_) => {}
            other => panic!("{other:?}"),
        }
    };
    let report = waited.report.unwrap();
    assert_eq!((waited.by, &report.state), (By::Poll, &State::Cancelled));
    assert_eq!(report.ping(hermod.dialect()), Outcome::Cancelled);
    let withdrawn = requests(&server)
        .await
        .into_iter()
        .find(|request| request.method.as_str() == "DELETE");
    assert!(withdrawn.unwrap().headers.contains_key("x-api-key"));
}
