//! The content provider: what a command only names is asked for when a device fetches it, with the client's own address and password,
//! and a provider that fails is a failure of the command.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use common::Bench;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use raw_device::{Device, THREE_USERS, body, entry, id, mid, provision};
use serde_json::{Value, json};
use smartid_sim::{Fault, FaultKind, Party, Route};

const CONTENT: &str = "application/hermod+content-id";

/// One request as it arrived: path, authorization, body.
type Asked = (String, Option<String>, Value);

/// A content provider that answers every request with the same text.
struct Provider {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<(u16, String)>>,
}

impl Provider {
    async fn start(answer: &Value) -> Self {
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
            .await
            .unwrap();
        let url = format!(
            "http://127.0.0.1:{}/image/",
            listener.local_addr().unwrap().port()
        );
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new((200, answer.to_string())));
        let provider = Self {
            url,
            asked: Arc::clone(&asked),
            answer: Arc::clone(&answer),
        };
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let (asked, answer) = (Arc::clone(&asked), Arc::clone(&answer));
                    async move {
                        let (parts, body) = request.into_parts();
                        let body = body.collect().await?.to_bytes();
                        let authorization = parts
                            .headers
                            .get("authorization")
                            .map(|value| value.to_str().unwrap().to_owned());
                        let path = format!("{} {}", parts.method, parts.uri.path());
                        asked.lock().unwrap().push((
                            path,
                            authorization,
                            serde_json::from_slice(&body).unwrap(),
                        ));
                        let (status, text) = answer.lock().unwrap().clone();
                        Ok::<_, hyper::Error>(
                            hyper::Response::builder()
                                .status(status)
                                .body(Full::new(Bytes::from(text)))
                                .unwrap(),
                        )
                    }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(tcp), service),
                );
            }
        });
        provider
    }

    fn answer_with(&self, status: u16, text: &str) {
        *self.answer.lock().unwrap() = (status, text.to_owned());
    }

    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn picture(key: &str) -> Value {
    json!({"content_encoding": "base64", "content_type": "image/jpeg", "key": key, "data": "/9j/"})
}

fn card() -> Value {
    json!({"data": [picture("front"), {"content_encoding": "text/plain", "key": "back", "data": "a.b.c"}]})
}

fn authentication() -> Value {
    let image = json!({"content_type": CONTENT, "data": "AUTH:1", "key": "auth_image", "description": "Compare", "visible": true});
    json!({"params": {"description": [entry("requester"), image]}})
}

fn with_card(extra: Value) -> Value {
    let mut command = provision("u");
    command["profile"]["visualData"] = extra;
    command
}

/// Sends a command to a temporary box and opens it.
async fn sent<'b>(bench: &'b Bench, verb: &str, wrapper: &str, command: Value) -> (Value, Device<'b>) {
    let answer = bench.command(verb, body(&["@tmp"], wrapper, command)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let command = answer.json();
    let device = Device::open(bench, &command).await;
    (command, device)
}

async fn bench(toml: &str, answer: &Value) -> (Bench, Provider) {
    let (bench, provider) = (Bench::from_toml(toml).await, Provider::start(answer).await);
    bench
        .sim
        .set_content_provider("idm", &provider.url, Some(("hermod", "other")));
    (bench, provider)
}

#[tokio::test]
async fn an_image_is_asked_for_when_it_is_fetched() {
    let (bench, provider) = bench("", &json!({"data": [picture("front"), picture("auth_image")]})).await;
    let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
    assert!(provider.asked().is_empty(), "nobody has fetched it");
    let message = device.fetch(&mid(&command, 0)).await.json();
    let list = &message["command"]["authCommand"]["params"]["description"];
    assert_eq!(list[0], entry("requester"));
    assert_eq!(
        list[1],
        json!({"content_type": "image/jpeg", "content_encoding": "base64", "data": "/9j/", "key": "auth_image", "description": "Compare", "visible": true})
    );
    let asked = provider.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].0, "POST /image/getcontent");
    assert_eq!(asked[0].1.as_deref(), Some("Basic aGVybW9kOm90aGVy"));
    assert_eq!(asked[0].2, json!({"contentId": "AUTH:1"}));
    let records = bench.sim.records();
    let record = records
        .iter()
        .find(|record| record.party == Party::ContentProvider)
        .unwrap();
    assert_eq!((record.status, record.code.as_deref()), (Some(200), None));
    assert_eq!(record.json().unwrap(), json!({"contentId": "AUTH:1"}));
    assert!(!format!("{records:?}").contains("aGVybW9k"));
    // Each fetch asks again, unless answers are kept.
    device.fetch(&mid(&command, 0)).await;
    assert_eq!(provider.asked().len(), 1);
    bench.sim.reconfigure(|config| config.hermod.content.cache = true);
    for wanted in [1, 0] {
        assert_eq!(
            device.fetch(&mid(&command, 0)).await.json()["command"]["authCommand"]["params"]["description"],
            *list
        );
        assert_eq!(provider.asked().len(), wanted);
    }
}

#[tokio::test]
async fn one_id_is_asked_for_once_in_a_message() {
    let (bench, provider) = bench("", &json!({"data": [picture("auth_image")]})).await;
    let named = |id: &str| json!({"content_type": CONTENT, "data": id});
    let command = json!({"params": {"format": "pkcs7", "description": [named("a"), named("a")], "tbs": [named("b"), named("a")]}});
    let (command, device) = sent(&bench, "sign", "signCommand", command).await;
    let message = device.fetch(&mid(&command, 0)).await.json();
    assert_eq!(
        message["command"]["signCommand"]["params"]["tbs"][1]["data"],
        "/9j/"
    );
    assert_eq!(provider.asked().len(), 2);
    let many: Vec<Value> = (0..17).map(|at| named(&at.to_string())).collect();
    let (command, device) = sent(
        &bench,
        "authenticate",
        "authCommand",
        json!({"params": {"description": many}}),
    )
    .await;
    assert_eq!(device.fetch(&mid(&command, 0)).await.status, 404);
    assert_eq!(provider.asked().len(), 16);
}

#[tokio::test]
async fn a_card_is_made_of_sides_and_inline_data_wins() {
    let (bench, provider) = bench("", &card()).await;
    let (command, device) = sent(
        &bench,
        "provision",
        "provCommand",
        with_card(json!({"contentId": "PROV:1"})),
    )
    .await;
    let message = device.fetch(&mid(&command, 0)).await.json();
    assert_eq!(
        message["command"]["provCommand"]["profile"]["visualData"],
        json!({"contentId": "PROV:1", "profileCard": {
            "front": {"data": "/9j/", "dataType": "IMAGE", "key": "front"},
            "back": {"data": "a.b.c", "dataType": "JOSE", "key": "back"},
        }})
    );
    assert_eq!(provider.asked().len(), 1);
    // The picture of Mobile App 4.6 on the back.
    provider.answer_with(200, &json!({"data": [picture("back")]}).to_string());
    let message = device.fetch(&mid(&command, 0)).await.json();
    assert_eq!(
        message["command"]["provCommand"]["profile"]["visualData"]["profileCard"],
        json!({"back": {"data": "/9j/", "key": "back"}})
    );
    provider.asked();
    let inline = json!({"contentId": "PROV:1", "profileCard": {"front": {"data": "/9j/", "key": "front"}}});
    let (command, device) = sent(&bench, "provision", "provCommand", with_card(inline.clone())).await;
    let message = device.fetch(&mid(&command, 0)).await.json();
    assert_eq!(message["command"]["provCommand"]["profile"]["visualData"], inline);
    assert!(provider.asked().is_empty());
    // Sides that are neither front nor back make no card.
    provider.answer_with(200, &json!({"data": [picture("auth_image")]}).to_string());
    let (command, device) = sent(
        &bench,
        "provision",
        "provCommand",
        with_card(json!({"contentId": "PROV:1"})),
    )
    .await;
    assert_eq!(device.fetch(&mid(&command, 0)).await.status, 404);
}

#[tokio::test]
async fn a_provider_that_fails_fails_the_command_or_not() {
    for (status, text, code) in [
        (500, card().to_string(), "content_status"),
        (404, String::new(), "content_status"),
        (302, String::new(), "content_status"),
        (200, String::new(), "content_json"),
        (200, "<html>".into(), "content_json"),
        (200, "[".repeat(3000), "content_json"),
        (200, "[]".into(), "content_form"),
        (200, "{\"data\":[]}".into(), "content_form"),
        (200, "{\"data\":[7]}".into(), "content_form"),
        (200, "{\"data\":[{\"data\":\"/9j/\"}]}".into(), "content_form"),
        (200, picture("front").to_string(), "content_form"),
        (
            200,
            "{\"data\":[{\"content_encoding\":\"base64\",\"content_type\":\"image/jpeg\",\"data\":\"%\"}]}"
                .into(),
            "content_form",
        ),
        (200, "x".repeat((1 << 20) + 1), "content_unreachable"),
    ] {
        let (bench, provider) = bench("", &json!({})).await;
        let mut receiver = common::Receiver::start().await;
        bench.sim.set_callback(&receiver.url, None);
        provider.answer_with(status, &text);
        let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
        assert_eq!(device.fetch(&mid(&command, 0)).await.status, 404, "{code}");
        let callback = receiver.next().await.json();
        assert_eq!(
            (&callback["state"], &callback["error"]["code"]),
            (&json!("FAILED"), &json!("CONTENT_PROVIDER"))
        );
        assert_eq!(bench.state(&id(&command)).await.json()["state"], "FAILED");
        let note = bench.code("/getcontent").unwrap();
        assert!(note.starts_with(code), "{note} {code}");
        assert_eq!(
            device
                .answer(&mid(&command, 0), &json!({"state": "SUCCESS"}))
                .await
                .status,
            409
        );
        assert!(receiver.none_waits());
    }
    let (bench, provider) = bench("[hermod.content]\nfailure = \"deliver\"", &json!({})).await;
    provider.answer_with(500, "");
    let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
    let message = device.fetch(&mid(&command, 0)).await.json();
    assert_eq!(message["command"]["authCommand"], authentication());
    assert_eq!(
        device
            .answer(&mid(&command, 0), &json!({"state": "SUCCESS"}))
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn the_initiators_provider_is_asked() {
    let bench = Bench::from_toml(&format!(
        "{THREE_USERS}\ncontent-provider-url = \"http://127.0.0.1:1/closed\"\ncontent-provider-basic-auth = \"a:b\"\n"
    ))
    .await;
    let provider = Provider::start(&json!({"data": [picture("auth_image")]})).await;
    bench.sim.set_content_provider("da", &provider.url, None);
    for (client, status) in [("da", 200), ("idm", 404), ("alone", 404)] {
        let command = bench
            .command_of(
                client,
                "authenticate",
                &body(&["@tmp"], "authCommand", authentication()),
            )
            .await
            .json();
        let device = Device::open(&bench, &command).await;
        assert_eq!(device.fetch(&mid(&command, 0)).await.status, status, "{client}");
    }
    let asked = provider.asked();
    assert_eq!((asked.len(), &asked[0].1), (1, &None));
}

#[tokio::test]
async fn faults_and_switches_of_the_provider() {
    let toml = "[hermod.content]\npath = \"v2/content\"\naccept_bare = true\ntimeout_seconds = 5";
    let (bench, provider) = bench(toml, &picture("auth_image")).await;
    let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
    bench
        .sim
        .reconfigure(|config| config.hermod.content.failure = smartid_sim::config::ContentFailure::Deliver);
    let data = async || {
        let message = device.fetch(&mid(&command, 0)).await.json();
        message["command"]["authCommand"]["params"]["description"][1]["data"].clone()
    };
    assert_eq!(data().await, "/9j/");
    assert_eq!(provider.asked()[0].0, "POST /image/v2/content");
    let other =
        json!({"data": [{"content_encoding": "text/plain", "content_type": "text/plain", "data": "other"}]});
    for (fault, seen, asks, code) in [
        (
            FaultKind::body("application/json", other.to_string()),
            "other",
            0,
            "fault:respond",
        ),
        (FaultKind::status(503), "AUTH:1", 0, "fault:respond"),
        (FaultKind::Reset, "AUTH:1", 0, "fault:reset"),
        (FaultKind::Hang, "AUTH:1", 0, "fault:hang"),
        (
            FaultKind::DeepJson { depth: 9000 },
            "AUTH:1",
            0,
            "fault:deep_json",
        ),
        (FaultKind::TruncatedBody, "AUTH:1", 1, "fault:truncated_body"),
    ] {
        bench
            .sim
            .faults()
            .inject(Fault::new(Route::ContentProvider, fault));
        assert_eq!(data().await, seen, "{code}");
        assert_eq!(provider.asked().len(), asks);
        assert_eq!(bench.code("/content").as_deref(), Some(code));
    }
    bench.sim.faults().inject(Fault::new(
        Route::ContentProvider,
        FaultKind::Latency { millis: 5000 },
    ));
    let (seen, ()) = tokio::join!(data(), async {
        while bench.sim.faults().pending().len() == 1 {
            tokio::task::yield_now().await;
        }
        bench.sim.advance(std::time::Duration::from_secs(5));
    });
    assert_eq!(seen, "/9j/");
    // A provider that accepts and stays silent is given up.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    bench.sim.set_content_provider("idm", &url, None);
    bench
        .sim
        .reconfigure(|config| config.hermod.content.timeout_seconds = 0);
    assert_eq!(data().await, "AUTH:1");
    assert!(bench.code("/content").unwrap().contains("no answer in time"));
}

#[tokio::test]
async fn a_command_that_ends_while_its_content_is_asked_for_is_gone() {
    let (bench, _provider) = bench("", &json!({"data": [picture("auth_image")]})).await;
    let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
    bench.sim.faults().inject(Fault::new(
        Route::ContentProvider,
        FaultKind::Latency { millis: 1000 },
    ));
    let mid = mid(&command, 0);
    let (fetched, ()) = tokio::join!(device.fetch(&mid), async {
        while bench.sim.faults().pending().len() == 1 {
            tokio::task::yield_now().await;
        }
        bench.delete(&id(&command)).await;
        bench.sim.advance(std::time::Duration::from_secs(1));
    });
    assert_eq!(fetched.status, 404);
    assert_eq!(bench.state(&id(&command)).await.json()["state"], "CANCELLED");
}

#[tokio::test]
async fn https_providers_are_trusted_by_their_authority_only() {
    // A second simulator serves as an https provider with a foreign authority: it answers 404, which shows that TLS was accepted.
    let other = Bench::from_toml("").await;
    let bench = Bench::from_toml("[hermod.content]\nfailure = \"deliver\"").await;
    bench
        .sim
        .set_content_provider("idm", &other.sim.da_base_url(), None);
    let (command, device) = sent(&bench, "authenticate", "authCommand", authentication()).await;
    for trusted in [false, true] {
        if trusted {
            bench.sim.trust_for_callbacks(other.sim.ca_pem()).unwrap();
        }
        assert_eq!(device.fetch(&mid(&command, 0)).await.status, 200);
        let records = bench.sim.records();
        let last = records
            .iter()
            .rev()
            .find(|record| record.party == Party::ContentProvider)
            .unwrap();
        assert_eq!(last.status, trusted.then_some(404));
    }
}
