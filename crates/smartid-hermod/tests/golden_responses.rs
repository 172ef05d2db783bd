//! Every golden answer to a command or a poll.
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

use common::{answer, golden, index, text};
use smartid_core::{Endpoint, ResponseError, ServiceError, Timestamp, json};
use smartid_hermod::commands::{CommandStatus, FidoSession};
use smartid_hermod::{CommandHeader, FidoOutcome, HermodDialect, ImmediateResponse, Session, State};

fn header() -> CommandHeader {
    CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap()
}

fn immediate(name: &str, status: u16) -> Result<ImmediateResponse, String> {
    let incoming = answer(status, golden(&format!("responses/{name}")));
    FidoSession::new(header())
        .response(&HermodDialect::default(), incoming)
        .map_err(|error| match error {
            ResponseError::Refused(refusal) => {
                assert_eq!(refusal.status().unwrap().as_u16(), status, "{name}");
                refusal.to_string()
            }
            ResponseError::Unreadable(unreadable) => unreadable.to_string(),
        })
}

#[test]
fn every_golden_answer_is_read_or_refused_as_it_says() {
    let dialect = HermodDialect::default();
    for fixture in index("responses") {
        let name = fixture.file.as_str();
        let status = fixture.status.unwrap();
        let outcome = fixture.outcome.as_deref().unwrap();
        let read = if name.starts_with("poll_") || name == "error_404_poll.json" {
            let id = if name.contains("session") { "4107" } else { "4108" };
            let body = golden(&format!("responses/{name}"));
            let poll = CommandStatus::new(id).response(&dialect, answer(status, body.clone()));
            if let Ok(report) = &poll {
                assert_eq!(report.raw, body, "{name}");
                if let Some(terminal) = fixture.terminal {
                    assert_eq!(report.is_final(), terminal, "{name}");
                }
                if let (Some(pointer), true) = (&fixture.pointer, report.is_final()) {
                    let wanted = json::find(std::str::from_utf8(&body).unwrap(), &pointer.parse().unwrap());
                    match report.fido(&dialect) {
                        FidoOutcome::Created { registration, lints } => {
                            assert_eq!(Some(registration.as_str()), wanted, "{name}");
                            assert!(lints.is_empty(), "{name}");
                        }
                        other => panic!("{name}: {other:?}"),
                    }
                }
            }
            poll.map(drop).map_err(|error| format!("{error:?}"))
        } else {
            let answer = immediate(name, status);
            if let Ok(answer) = &answer {
                assert!(!format!("{answer:?}").contains("51b7c9d0"), "{name}");
            }
            let needs_session = [
                "destinations_empty",
                "destinations_missing",
                "session_without_link",
            ]
            .iter()
            .any(|session| name.starts_with(session));
            answer.and_then(|answer| {
                let session = Session::from_response(&answer, &header(), Timestamp::from_millis(0));
                match session {
                    Err(error) if needs_session => Err(error.to_string()),
                    _ => Ok(()),
                }
            })
        };
        match (outcome, &read) {
            ("accept", Err(error)) => panic!("{name}: {error}"),
            ("refuse", Ok(())) => panic!("{name} must be refused"),
            _ => {}
        }
        if let Err(error) = &read {
            assert!(
                !error.contains("51b7c9d0") && !error.contains("0f1e2d3c"),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn the_documented_answer_is_read_whole() {
    for name in ["sign_complete.json", "sign_pretty.json"] {
        let read = immediate(name, 200).unwrap();
        let whole: serde_json::Value = serde_json::from_str(&text(&format!("responses/{name}"))).unwrap();
        assert_eq!(read.command_id.as_str(), whole["commandId"].as_str().unwrap());
        assert_eq!(read.command_type.as_deref(), Some("SIGN"));
        assert_eq!(read.state, State::InProgress);
        assert_eq!(
            read.fqdn.as_ref().unwrap().as_str(),
            whole["fqdn"].as_str().unwrap()
        );
        let destination = read.linked().unwrap();
        let wanted = &whole["destinations"][0];
        assert_eq!(destination.to, "@tmp");
        assert_eq!(
            destination.bid.as_ref().unwrap().as_str(),
            wanted["bid"].as_str().unwrap()
        );
        assert_eq!(
            destination.mid.as_ref().unwrap().as_str(),
            wanted["mid"].as_str().unwrap()
        );
        assert_eq!(read.link().unwrap().expose(), wanted["uri"].as_str().unwrap());
        assert_eq!(
            destination.location.as_ref().unwrap().expose(),
            wanted["location"].as_str().unwrap()
        );
        assert!(read.extra.is_empty() && destination.extra.is_empty());
    }
}

#[test]
fn what_each_special_answer_says_holds() {
    let read = |name| immediate(name, 200).unwrap();
    assert_eq!(read("prov_first_half.json").state, State::InProgress);
    assert_eq!(read("command_id_number.json").command_id.as_str(), "4107");
    assert!(
        read("command_id_leading_zero.json")
            .command_id
            .as_str()
            .starts_with('0')
    );
    let huge = read("command_id_huge_number.json").command_id;
    assert!(huge.as_str().len() > 38 && huge.as_str().bytes().all(|byte| byte.is_ascii_digit()));
    assert!(read("fido_create.json").link().is_none());
    assert!(read("fido_create_uri_null.json").link().is_none());
    let several = read("several_destinations.json");
    assert_eq!(several.destinations.len(), 3);
    assert_eq!(several.linked().unwrap().to, "@tmp");
    let unknown = read("unknown_values.json");
    assert!(matches!(unknown.state, State::Other(_)) && !unknown.extra.is_empty());
    assert!(!unknown.destinations[0].extra.is_empty());
    assert!(!read("state_lower_case.json").state.is_final());
    assert_eq!(
        read("missing_bid.json").destinations[0]
            .bid
            .as_ref()
            .unwrap()
            .as_str(),
        "3c0e7a52-0000-4000-8000-0000000000a1"
    );
    let differs = read("bid_differs_from_link.json");
    assert_eq!(differs.lints().len(), 1);
    let one = read("fido_session.json");
    for other in [
        "link_escapes_lower.json",
        "link_escapes_upper.json",
        "link_json_escaped.json",
    ] {
        assert!(
            read(other).link().unwrap().constant_time_eq(one.link().unwrap()),
            "{other}"
        );
    }
    assert!(
        immediate("link_javascript.json", 200)
            .unwrap_err()
            .contains("destinations[0].uri")
    );
    assert!(immediate("error_404_verb.json", 404).unwrap_err().contains("404"));
    assert!(immediate("login_200.html", 200).unwrap_err().contains("HTML"));
}

#[test]
fn ten_mebibytes_and_a_hundred_thousand_levels_are_read_or_refused() {
    for body in [
        vec![b'['; 10 * 1024 * 1024],
        [b"{\"commandId\":".as_slice(), &vec![b'{'; 100_000]].concat(),
        vec![b' '; 10 * 1024 * 1024],
        [
            b"{\"commandId\":\"".as_slice(),
            &vec![b'9'; 10 * 1024 * 1024],
            b"\"}",
        ]
        .concat(),
    ] {
        let dialect = HermodDialect::default();
        let outcome = FidoSession::new(header()).response(&dialect, answer(200, body.clone()));
        assert!(matches!(outcome, Err(ResponseError::Unreadable(_))));
        let outcome = CommandStatus::new("1").response(&dialect, answer(200, body));
        assert!(matches!(outcome, Err(ResponseError::Unreadable(_))));
    }
}
