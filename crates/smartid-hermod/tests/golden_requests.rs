//! Every golden request, byte for byte.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::time::Duration;

use common::{commands, golden, index, text};
use http::Method;
use smartid_core::Endpoint;
use smartid_hermod::commands::{CommandStatus, FidoCreate, FidoSession, Raw};
use smartid_hermod::{CommandHeader, HermodDialect, Session};

const PING: &str = "[fido.session]\npath='ping'\nwrapper='pingCommand'\n";
const NESTED: &str = "[fido.create]\noptions='/fidoCommand/params/options'\n";

fn header(id: &str) -> CommandHeader {
    CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))
        .unwrap()
        .external_id(id)
}

fn session() -> Session {
    let text = r#"{"bid":"3c0e7a52-0000-4000-8000-0000000000a1","mid":null,"command_id":"4107","external_id":null,"created":0,"expires":0}"#;
    serde_json::from_str(text).unwrap()
}

fn send<E: Endpoint<Dialect = HermodDialect>>(endpoint: &E, dialect: &str) -> (String, Vec<u8>) {
    let request = endpoint.request(&common::dialect(dialect)).unwrap();
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.headers()["content-type"], "application/json");
    (request.target(), request.body_bytes().to_vec())
}

#[test]
fn every_golden_body_is_what_is_sent() {
    let opening = || header("golden-session-0001");
    let creating = || header("golden-create-0001");
    let session = session();
    let mut checked = 0;
    for fixture in index("requests") {
        let options = fixture
            .options
            .as_ref()
            .map(|name| text(&format!("requests/{name}")))
            .unwrap_or_default();
        let create = |header, dialect| send(&FidoCreate::new(header, &session, &options), dialect);
        let open = |header, dialect| send(&FidoSession::new(header), dialect);
        let (path, body) = match fixture.file.as_str() {
            "fido_session.json" => open(opening(), ""),
            "fido_session_no_external_id.json" => open(opening().without_external_id(), ""),
            "fido_session_equal_times.json" => {
                let time = Duration::from_secs(1500);
                open(
                    CommandHeader::new(time, time)
                        .unwrap()
                        .external_id("golden-session-0001"),
                    "",
                )
            }
            "fido_session_timeout_above_lifespan.json" => {
                let header = CommandHeader::new(Duration::from_secs(250), Duration::from_secs(300));
                assert!(header.is_err());
                checked += 1;
                continue;
            }
            "fido_session_unicode.json" => {
                let wanted: serde_json::Value =
                    serde_json::from_slice(&golden("requests/fido_session_unicode.json")).unwrap();
                let id = wanted["commandHeader"]["externalId"].as_str().unwrap();
                let (path, body) = open(header(id), "");
                let sent: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert_eq!((path.as_str(), sent), ("fido", wanted));
                checked += 1;
                continue;
            }
            "ping_session.json" => open(opening(), &format!("{PING}body={{deviceinfo='false'}}")),
            "ping_session_deviceinfo.json" => open(opening(), &format!("{PING}body={{deviceinfo='true'}}")),
            "fido_create.json" | "fido_create_plain.json" => create(creating(), ""),
            "fido_create_no_external_id.json" => create(creating().without_external_id(), ""),
            "fido_create_nested.json" => create(creating(), &format!("{NESTED}body='{{}}'")),
            "fido_create_nested_operation.json" => create(creating(), NESTED),
            "fido_create_string.json" => create(creating(), "[fido.create]\noptions_form='string'"),
            "fido_create_user_and_profile.json" => create(
                creating().to(["anna.golden@example.test", "3c0e7a52-0000-4000-8000-0000000000f7"]),
                "",
            ),
            "fido_single_tmp.json" => send(&FidoCreate::alone(creating(), &options), ""),
            "fido_single_no_to.json" => {
                send(&FidoCreate::alone(creating(), &options), "[fido.create]\nto=[]")
            }
            // Options are what other fixtures are made of; heads are the other test's.
            name if name.starts_with("options_") || name.ends_with(".http") => continue,
            name => panic!("{name} has no check"),
        };
        let wanted = golden(&format!("requests/{}", fixture.file));
        assert_eq!(
            String::from_utf8(body).unwrap(),
            String::from_utf8(wanted).unwrap(),
            "{}",
            fixture.file
        );
        assert_eq!(Some(path), fixture.post_to, "{}", fixture.file);
        checked += 1;
    }
    assert_eq!(checked, 16);
}

#[test]
fn every_golden_head_is_what_is_sent() {
    let heads = index("requests").into_iter();
    for fixture in heads.filter(|fixture| fixture.command_base.is_some()) {
        commands::check_head("requests", &fixture, |runtime, hermod| match &fixture.body {
            Some(body) => {
                let verb = if body.starts_with("ping") { "ping" } else { "fido" };
                let command = Raw::new(verb, golden(&format!("requests/{body}")));
                runtime.block_on(hermod.call(&command)).unwrap().is_err()
            }
            None => runtime
                .block_on(hermod.call(&CommandStatus::new("4108")))
                .unwrap()
                .is_err(),
        });
    }
}

#[test]
fn options_that_are_no_object_are_not_sent() {
    let session = session();
    for options in ["", " ", "null", "[]", "\"{}\"", "{", "{}{}", "{\"a\":1},\"b\":{}"] {
        let command = FidoCreate::new(header("c"), &session, options);
        assert!(command.request(&HermodDialect::default()).is_err(), "{options:?}");
    }
}

#[test]
fn an_id_stays_one_segment_of_the_poll_path() {
    let target = |id: &str| {
        CommandStatus::new(id)
            .request(&HermodDialect::default())
            .map(|request| request.target())
    };
    assert_eq!(target("../../ms?x#y").unwrap(), "..%2F..%2Fms%3Fx%23y");
    assert!(target("..").is_err() && target("").is_err());
}
