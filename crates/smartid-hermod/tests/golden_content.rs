//! Every golden content request and answer, and each setting of the content provider.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::{Arc, Mutex};

use common::side::{Sample, samples};
use common::{dialect, golden, runtime, text};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use smartid_core::dialect::{DialectError, overlay, settings};
use smartid_core::{BoxFuture, Head, Inbound, Reply, SecretString};
use smartid_hermod::content::{
    Content, ContentError, ContentItem, ContentReceiver, ContentRefusal, ContentSource,
};
use smartid_hermod::dialect::EVIDENCE;
use smartid_hermod::{ContentId, HermodDialect};

/// Writes down what it is asked for, and gives one answer.
struct Source {
    asked: Mutex<Vec<String>>,
    answer: Result<Option<Content>, ContentError>,
}

impl Source {
    fn new(answer: Result<Option<Content>, ContentError>) -> Arc<Self> {
        Arc::new(Self {
            asked: Mutex::default(),
            answer,
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl ContentSource for Source {
    fn content<'a>(&'a self, id: &'a ContentId) -> BoxFuture<'a, Result<Option<Content>, ContentError>> {
        self.asked.lock().unwrap().push(id.as_str().to_owned());
        Box::pin(std::future::ready(self.answer.clone()))
    }
}

/// As an adapter does it: the body is not looked at before the head is admitted.
fn deliver(receiver: &ContentReceiver, head: &Head, body: Vec<u8>) -> Reply {
    match receiver.admit(head) {
        Err(reply) => *reply,
        Ok(admission) if body.len() > admission.body_limit => Reply::empty(StatusCode::PAYLOAD_TOO_LARGE),
        Ok(_) => runtime().block_on(receiver.receive(head, body.into())).unwrap(),
    }
}

fn open(source: Arc<Source>, dialect: &HermodDialect) -> ContentReceiver {
    let builder = ContentReceiver::builder(source).danger_without_auth();
    builder.dialect(dialect).build().unwrap()
}

fn post() -> Head {
    Head::new(Method::POST, "/images/getcontent", HeaderMap::new())
}

#[test]
fn every_golden_request_is_taken_or_refused_as_it_says() {
    let (mut taken, mut refused) = (0, 0);
    for sample in samples("content-provider") {
        let name = &sample.file;
        if sample.what != "request" || name.ends_with(".http") {
            continue;
        }
        let source = Source::new(Ok(Some(Content::items(Vec::new()))));
        let receiver = open(Arc::clone(&source), &HermodDialect::default());
        let body = golden(&format!("content-provider/{name}"));
        let read = receiver.read(&post(), &body);
        let reply = deliver(&receiver, &post(), body);
        if reply.status.is_success() {
            assert!(sample.allows("accept"), "{name}");
            assert_eq!(source.asked(), [read.unwrap().as_str()], "{name}");
            if let Some(id) = &sample.content_id {
                assert_eq!(source.asked(), std::slice::from_ref(id), "{name}");
            }
            assert_eq!(receiver.counters().served, 1, "{name}");
            taken += 1;
        } else {
            assert!(sample.allows("refuse"), "{name}");
            assert!(reply.status.is_client_error() && reply.body.is_empty(), "{name}");
            assert!(read.is_err() && source.asked().is_empty(), "{name}");
            assert_eq!(
                receiver.counters().unreadable,
                u64::from(name != "request_long.json"),
                "{name}"
            );
            refused += 1;
        }
    }
    // A number counts as its digits, a path as a name; two ids and an endless one are refused.
    assert_eq!((taken, refused), (11, 12));
}

#[test]
fn another_spelling_of_the_id_is_a_line_of_the_dialect() {
    let source = Source::new(Ok(None));
    let other = dialect("[[content.request]]\nmove = '/content_id'\nto = '/contentId'");
    let reply = deliver(
        &open(Arc::clone(&source), &other),
        &post(),
        golden("content-provider/request_snake.json"),
    );
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(source.asked(), ["PROV:0b1d9c52-0000-4000-8000-0000000000f1"]);
}

/// A golden head.
fn head(name: &str) -> Head {
    let text = text(&format!("content-provider/{name}"));
    let mut lines = text.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let method = Method::from_bytes(first.next().unwrap().as_bytes()).unwrap();
    let path = first.next().unwrap().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            (name, HeaderValue::from_str(value).unwrap())
        });
    Head::new(method, path, headers.collect())
}

#[test]
fn every_golden_head_is_admitted_or_refused_before_the_body_is_read() {
    let mut checked = 0;
    for sample in samples("content-provider") {
        let name = &sample.file;
        if !name.ends_with(".http") {
            continue;
        }
        let source = Source::new(Ok(None));
        let builder = ContentReceiver::builder(Arc::clone(&source) as Arc<dyn ContentSource>);
        let receiver = match &sample.basic_auth {
            None => builder.danger_without_auth(),
            Some(pair) => {
                let (user, password) = pair.split_once(':').unwrap();
                builder.basic_auth(user, SecretString::new(password))
            }
        };
        let receiver = receiver.build().unwrap();
        let head = head(name);
        let body = golden(&format!("content-provider/{}", sample.body.as_ref().unwrap()));
        assert_eq!(head.headers["content-length"], body.len().to_string(), "{name}");
        let reply = deliver(&receiver, &head, body.clone());
        let wanted = match name.as_str() {
            "head_none.http" | "head_wrong.http" => StatusCode::UNAUTHORIZED,
            "head_get.http" => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::NOT_FOUND,
        };
        assert_eq!(reply.status, wanted, "{name}");
        assert_eq!(receiver.admit(&head).is_ok(), sample.expect == "accept", "{name}");
        let asked = usize::from(sample.expect == "accept");
        assert_eq!(source.asked().len(), asked, "{name}");
        match wanted {
            StatusCode::UNAUTHORIZED => {
                assert!(
                    reply.headers["www-authenticate"]
                        .to_str()
                        .unwrap()
                        .starts_with("Basic ")
                );
                assert_eq!(receiver.read(&head, &body), Err(ContentRefusal::Unauthenticated));
                // Without an adapter in front it is the same.
                let again = runtime().block_on(receiver.receive(&head, body.into())).unwrap();
                assert_eq!((again.status, source.asked().len()), (wanted, 0), "{name}");
            }
            StatusCode::METHOD_NOT_ALLOWED => assert_eq!(reply.headers["allow"], "POST"),
            _ => {}
        }
        checked += 1;
    }
    assert_eq!(checked, 9);
}

/// The picture and the JWS of the golden answers.
fn material() -> (Vec<u8>, String) {
    let card: Value = serde_json::from_slice(&golden("content-provider/response_front_back.json")).unwrap();
    let front = card["data"][0]["data"].as_str().unwrap();
    let flavour = smartid_core::base64::Flavour::Standard;
    let front = smartid_core::base64::decode(flavour, front).unwrap();
    (front, card["data"][1]["data"].as_str().unwrap().to_owned())
}

/// What the source gives, and the dialect in which the answer has the golden form.
fn given(name: &str) -> (Result<Option<Content>, ContentError>, &'static str) {
    let (picture, jws) = material();
    let card = || Content::card(&picture);
    let both = || Ok(Some(card()?.with_back(&jws)?));
    match name {
        "response_front.json" => (card().map(Some), ""),
        "response_front_back.json" => (both(), ""),
        "response_back_no_type.json" => (both(), "back_type = ''"),
        "response_back_text_type.json" => (both(), "back_type = 'text/plain'"),
        "response_back_first.json" => {
            let back = ContentItem::new(jws).key("back").content_type("application/jose");
            let encoded = smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, &picture);
            let front = ContentItem::new(encoded).key("front").content_type("image/jpeg");
            let items = vec![
                back.content_encoding("text/plain"),
                front.content_encoding("base64"),
            ];
            (Ok(Some(Content::items(items))), "")
        }
        "response_auth_image.json" => (Content::auth_image(&picture).map(Some), ""),
        "response_auth_image_front_key.json" => {
            (Content::auth_image(&picture).map(Some), "image_key = 'front'")
        }
        "response_auth_image_bare.json" => (
            Content::auth_image_of("image/jpeg", &picture).map(Some),
            "image_form = 'bare'",
        ),
        "response_legacy_back.json" => (
            card().and_then(|card| card.with_legacy_back(&picture)).map(Some),
            "",
        ),
        "response_404_empty.txt" => (Ok(None), ""),
        "response_200_no_data.json" => (Ok(None), "not_found = 200\nnot_found_body = '{\"data\":[]}'"),
        "response_500.txt" => (Err(ContentError::new("canary: the disk is gone")), ""),
        other => panic!("{other} is not known"),
    }
}

fn ask(found: Result<Option<Content>, ContentError>, dialect: &HermodDialect) -> (ContentReceiver, Reply) {
    let receiver = open(Source::new(found), dialect);
    let reply = deliver(&receiver, &post(), golden("content-provider/request_prov.json"));
    (receiver, reply)
}

#[test]
fn every_golden_answer_is_what_a_source_gives() {
    let answers: Vec<Sample> = samples("content-provider")
        .into_iter()
        .filter(|sample| sample.what == "response")
        .collect();
    assert_eq!(answers.len(), 12);
    for sample in answers {
        let name = &sample.file;
        let (found, settings) = given(name);
        assert_eq!(settings.is_empty(), sample.tag != "unknown", "{name}");
        let failed = found.is_err();
        let (receiver, reply) = ask(found, &dialect(&format!("[content]\n{settings}")));
        assert_eq!(Some(reply.status.as_u16()), sample.status, "{name}");
        let wanted = golden(&format!("content-provider/{name}"));
        if wanted.is_empty() {
            assert!(reply.body.is_empty() && reply.headers.is_empty(), "{name}");
        } else {
            assert_eq!(reply.headers["content-type"], "application/json", "{name}");
            let json = |text: &[u8]| serde_json::from_slice::<Value>(text).unwrap();
            assert_eq!(json(&reply.body), json(&wanted), "{name}");
            if sample.tag == "documented" {
                assert_eq!(reply.body, wanted, "{name}: members in the published order");
            }
        }
        let counters = receiver.counters();
        let nothing = sample.expect == "nothing under that id";
        assert_eq!(counters.received, 1, "{name}");
        assert_eq!(counters.failed, u64::from(failed), "{name}");
        assert_eq!(counters.not_found, u64::from(nothing), "{name}");
        assert_eq!(counters.served, u64::from(!failed && !nothing), "{name}");
    }
}

/// Every setting, another value for it, and the answers that must change: of a path, of two requests, and of four sources.
const CHANGES: &[(&str, &str)] = &[
    ("content.back_type", "''"),
    ("content.failed", "503"),
    ("content.image_form", "'bare'"),
    ("content.image_key", "'picture'"),
    ("content.not_found", "410"),
    ("content.not_found_body", "'{}'"),
    ("content.path", "'content'"),
    ("content.request", "[{ move = '/id', to = '/contentId' }]"),
    ("content.response", "[{ move = '/data', to = '/items' }]"),
];

#[test]
fn every_setting_changes_what_is_answered_and_has_its_evidence() {
    let known: Vec<String> = settings::<HermodDialect>()
        .into_iter()
        .map(|(key, _)| key)
        .collect();
    let known: Vec<&String> = known.iter().filter(|key| key.starts_with("content.")).collect();
    let changed: Vec<&str> = CHANGES.iter().map(|(key, _)| *key).collect();
    assert_eq!(known, changed, "one change for each setting, in their order");
    let told = EVIDENCE.iter().filter(|row| row.key.starts_with("content."));
    assert_eq!(told.map(|row| row.key).collect::<Vec<_>>(), changed);

    let observe = |dialect: &HermodDialect| {
        let mut seen: Vec<Reply> = ["front_back.json", "auth_image.json", "404_empty.txt", "500.txt"]
            .iter()
            .map(|name| ask(given(&format!("response_{name}")).0, dialect).1)
            .collect();
        seen.push(deliver(
            &open(Source::new(Ok(None)), dialect),
            &post(),
            br#"{"id":"a"}"#.to_vec(),
        ));
        seen
    };
    let before = observe(&HermodDialect::default());
    for (key, value) in CHANGES {
        assert_ne!(observe(&dialect(&format!("{key} = {value}"))), before, "{key}");
    }
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    for (text, key) in [
        ("not_found = 99", "content.not_found"),
        ("failed = 'x'", "content.failed"),
        ("image_form = 'list'", "content.image_form"),
        ("paths = 'x'", "content"),
    ] {
        match overlay::<HermodDialect>(&format!("[content]\n{text}")) {
            Err(DialectError::Setting { key: found, .. }) => assert!(found.starts_with(key), "{found}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let builder = || ContentReceiver::builder(Source::new(Ok(None)));
    for text in ["path = ''", "path = 'a/b'", "not_found_body = '{'"] {
        let built = builder()
            .danger_without_auth()
            .dialect(&dialect(&format!("[content]\n{text}")));
        let setting = built.build().unwrap_err().setting;
        assert!(
            setting.starts_with("hermod.dialect.content."),
            "{text}: {setting}"
        );
    }
    assert_eq!(
        builder().build().unwrap_err().setting,
        "hermod.content.basic_auth"
    );
    let zero = builder().danger_without_auth().body_limit(0).build();
    assert_eq!(zero.unwrap_err().setting, "hermod.content.body_limit");
}

#[test]
fn nothing_of_a_failure_goes_out_and_a_source_that_makes_an_edit_impossible_fails() {
    let (receiver, reply) = ask(given("response_500.txt").0, &HermodDialect::default());
    assert!(!format!("{reply:?} {receiver:?}").contains("canary"));
    let impossible = dialect("[[content.response]]\nset = '/data/0/x/y'\nvalue = 1");
    let (receiver, reply) = ask(given("response_front.json").0, &impossible);
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(receiver.counters().failed, 1);
}

#[test]
fn a_body_over_the_limit_is_refused_although_no_adapter_stood_before() {
    let source = Source::new(Ok(None));
    let builder = ContentReceiver::builder(Arc::clone(&source) as Arc<dyn ContentSource>);
    let receiver = builder.danger_without_auth().body_limit(30).build().unwrap();
    let body = r#"{"contentId":"0123456789abc"}"#;
    let receive = |body: String| {
        runtime()
            .block_on(receiver.receive(&post(), body.into()))
            .unwrap()
    };
    assert_eq!(receive(body.to_owned()).status, StatusCode::NOT_FOUND);
    assert_eq!(receive(format!("{body}  ")).status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(source.asked().len(), 1);
    let ask = |length: usize| {
        let body = format!(r#"{{"contentId":"{}"}}"#, "x".repeat(length));
        open(Arc::clone(&source), &HermodDialect::default()).read(&post(), body.as_bytes())
    };
    assert!(ask(256).is_ok() && ask(257).is_err());
}

#[cfg(feature = "tower")]
#[test]
fn it_is_served_by_the_same_adapter_as_the_callback_receiver() {
    use tower_service::Service as _;

    let runtime = runtime();
    let source = Source::new(given("response_front.json").0);
    let builder = ContentReceiver::builder(Arc::clone(&source) as Arc<dyn ContentSource>);
    let receiver = builder
        .basic_auth("hermod", SecretString::new("gol:den/pässword"))
        .build()
        .unwrap();
    let mut service = smartid_hermod::InboundService::new(Arc::new(receiver), Arc::new(runtime.clone()));
    let mut ask = |name: &str, body: String| {
        let head = head(name);
        let mut request = http::Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = head.path.parse().unwrap();
        *request.headers_mut() = head.headers;
        runtime.block_on(service.call(request)).unwrap().unwrap()
    };
    let body = text("content-provider/request_prov.json");
    let response = ask("head_basic.http", body.clone());
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(format!("{:?}", response.body()).contains("front"));
    assert_eq!(ask("head_wrong.http", body).status(), StatusCode::UNAUTHORIZED);
    let large = " ".repeat(smartid_hermod::content::DEFAULT_BODY_LIMIT + 1);
    assert_eq!(
        ask("head_basic.http", large).status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(source.asked().len(), 1);
}
