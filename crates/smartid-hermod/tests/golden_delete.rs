//! Every golden file of the deletions, on the device and of mailboxes only.
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

use common::{Fixture, commands, dialect};
use smartid_core::{Endpoint, Outgoing};
use smartid_hermod::commands::{DeleteMailbox, DeleteProfile, Profiles};
use smartid_hermod::{CommandHeader, CommandReport, HermodDialect, Outcome};

const USER: &str = "user-1@example.com";
const PROFILE: &str = "70a1c6de-0000-4000-8000-0000000000d1";
const BID: &str = "3c0e7a52-0000-4000-8000-0000000000a2";

fn header() -> CommandHeader {
    let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250));
    header.unwrap().external_id("golden-delete-0001")
}

fn request(fixture: &Fixture) -> Result<Outgoing, String> {
    let profile =
        |toml: &str| DeleteProfile::new(header(), Profiles::one(USER, PROFILE)).request(&dialect(toml));
    let mailbox =
        |toml: &str| DeleteMailbox::new(header(), Profiles::one(USER, PROFILE)).request(&dialect(toml));
    let nested = "[delete_profile]\nrequest = [{ move = '/deleteCommand/profileid', to = '/deleteCommand/profile/profileid' }]";
    let in_provision = "[delete_profile]\npath = 'provision'\nwrapper = 'provCommand'\nbody = { operation = 'delete' }\n\
                        request = [{ move = '/provCommand/profileid', to = '/provCommand/profile/profileid' }]";
    let made = match fixture.file.as_str() {
        "request_device.json" => profile(""),
        "request_mailbox.json" => mailbox(""),
        "request_user_mailboxes.json" => {
            DeleteMailbox::new(header(), Profiles::all(USER)).request(&dialect(""))
        }
        "request_user_devices.json" => {
            DeleteProfile::new(header(), Profiles::all(USER)).request(&dialect(""))
        }
        "request_box.json" => {
            let command = DeleteProfile::new(header(), Profiles::one(USER, PROFILE).mailbox(BID));
            let by_dialect = command
                .request(&dialect("delete_profile.to = ['{bid}']"))
                .unwrap();
            let by_header = DeleteProfile::new(header().to([BID]), Profiles::one(USER, PROFILE))
                .request(&dialect(""))
                .unwrap();
            assert_eq!(by_dialect.body_bytes(), by_header.body_bytes());
            Ok(by_dialect)
        }
        "request_no_to.json" => profile("delete_profile.to = []"),
        "request_confirmation_text.json" => profile("delete_profile.body = { confirmation = 'true' }"),
        "request_confirmation_text_false.json" => mailbox("delete_mailbox.body = { confirmation = 'false' }"),
        "request_no_confirmation.json" => profile("delete_profile.body = {}"),
        "request_wrapper_four_letters.json" => profile("delete_profile.wrapper = 'deleCommand'"),
        "request_wrapper_del.json" => profile("delete_profile.wrapper = 'delCommand'"),
        "request_verb_deleteprofile.json" => {
            profile("[delete_profile]\npath = 'deleteprofile'\nwrapper = 'deleteProfileCommand'")
        }
        "request_verb_profile_delete.json" => profile("delete_profile.path = 'profile/delete'"),
        "request_nested.json" => profile(nested),
        "request_operation_in_prov.json" => profile(in_provision),
        "request_no_user.json" => {
            DeleteMailbox::new(header().to(["@tmp"]), Profiles::all("")).request(&dialect(""))
        }
        name => panic!("{name} has no check"),
    };
    made.map_err(|error| error.to_string())
}

#[test]
fn every_golden_request_is_what_is_sent() {
    assert_eq!(commands::requests("delete", request), 16);
    commands::head(
        "delete",
        &DeleteProfile::new(header(), Profiles::one(USER, PROFILE)),
    );
}

#[test]
fn a_mailbox_can_be_deleted_by_http_alone() {
    let fixtures = commands::fixtures("delete", "request");
    let fixture = fixtures
        .iter()
        .find(|fixture| fixture.file == "request_http_delete.http")
        .unwrap();
    let wanted = common::text("delete/request_http_delete.http");
    let dialect = dialect("[delete_mailbox]\nverb = 'DELETE'\npath = 'mailbox/{bid}'\nwrapper = ''");
    let runtime = common::runtime();
    let (hermod, script) = common::client(&runtime, dialect, Vec::new());
    let command = DeleteMailbox::new(header(), Profiles::one(USER, PROFILE).mailbox(BID));
    let outcome = runtime.block_on(async { hermod.call(&command).await.map(drop) });
    assert!(outcome.unwrap().is_err(), "the script never answers");
    let (line, request) = script.requests().remove(0);
    assert_eq!(Some(request.target()), fixture.post_to);
    assert!(request.body_bytes().is_empty());

    let (method, url) = line.split_once(' ').unwrap();
    let url: http::Uri = url.parse().unwrap();
    let first = format!("{method} {} HTTP/1.1", url.path());
    let mut sent: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    sent.push(format!("host: {}", url.authority().unwrap()));
    let mut lines = wanted.split("\r\n").filter(|line| !line.is_empty());
    assert_eq!(lines.next(), Some(first.as_str()));
    let mut headers: Vec<String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
        .collect();
    sent.sort();
    headers.sort();
    assert_eq!(sent, headers);
}

#[test]
fn every_golden_answer_is_read() {
    let checked = commands::responses(
        "delete",
        |_| HermodDialect::default(),
        |fixture, dialect, incoming| {
            let told = |error| format!("{error:?}");
            let mailboxes =
                DeleteMailbox::new(header(), Profiles::all(USER)).response(dialect, incoming.clone());
            if fixture.file == "response_204.txt" {
                let deletion = mailboxes.unwrap();
                assert!(deletion.answer.is_none());
                assert_eq!(deletion.outcome(), Outcome::Succeeded(()));
                // On a device there would be a command to wait for, and none is named.
                let device = DeleteProfile::new(header(), Profiles::all(USER)).response(dialect, incoming);
                assert!(matches!(device, Err(smartid_core::ResponseError::Unreadable(_))));
                let same = r#"{"commandId":"5108","state":"SUCCESS"}"#;
                let same = common::answer(200, same);
                return DeleteProfile::new(header(), Profiles::all(USER))
                    .response(dialect, same)
                    .map_err(told);
            }
            let device = DeleteProfile::new(header(), Profiles::all(USER)).response(dialect, incoming);
            assert_eq!(device.is_ok(), mailboxes.is_ok(), "{}", fixture.file);
            if let Ok(deletion) = mailboxes {
                let word = commands::word(&deletion.outcome());
                assert_eq!(Some(word), fixture.expect.as_deref(), "{}", fixture.file);
                let boxes = deletion.answer.unwrap().destinations.len();
                match fixture.file.as_str() {
                    "response_nothing_there.json" => assert_eq!(boxes, 0),
                    "response_user_mailboxes.json" | "response_user_boxes.json" => assert_eq!(boxes, 2),
                    _ => assert_eq!(boxes, 1, "{}", fixture.file),
                }
            }
            device.map_err(told)
        },
        |_, report, dialect| commands::word(&report.delete_profile(dialect)),
    );
    assert_eq!(checked, 12);
}

#[test]
fn every_golden_callback_ends_as_it_says() {
    let codes = [("callback_failed_unknown_profile.json", "PROFILE_NOT_FOUND")];
    let checked = commands::callbacks_of_done("delete", CommandReport::delete_profile, &codes);
    assert_eq!(checked, 40);
}
