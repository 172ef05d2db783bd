//! Every golden file of the provision command but the payloads, which golden_provision_verification.rs has.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::provision::{MADE, command};
use common::{Fixture, commands};
use smartid_core::Endpoint;
use smartid_hermod::{CommandReport, HermodDialect, Outcome};

#[test]
fn every_golden_request_is_what_is_sent() {
    let made = commands::requests("provision", |fixture| {
        let made = command(&fixture.file)?;
        let request = made.command.request(&made.dialect);
        request.map_err(|error| error.to_string())
    });
    assert_eq!(made, MADE);
    commands::head("provision", &command("request_new_one_key.json").unwrap().command);
}

#[test]
fn published_requests_have_the_published_order_of_members() {
    for name in ["request_published.json", "request_published_external_id.json"] {
        let made = command(name).unwrap();
        let sent = made.command.request(&made.dialect).unwrap();
        let published: String = common::text(&format!("provision/{name}"))
            .lines()
            .map(str::trim)
            .collect();
        assert_eq!(
            std::str::from_utf8(sent.body_bytes()).unwrap(),
            published,
            "{name}"
        );
    }
}

/// The dialect that a fixture with another form needs; the others are read as they are.
fn dialect(fixture: &Fixture) -> HermodDialect {
    common::dialect(match fixture.file.as_str() {
        "callback_jws_at_response.json" => "answers.provision = { data = '/response', search = false }",
        "callback_jws_at_jws.json" => "answers.provision = { data = '/response/jws', search = false }",
        "callback_jws_deep.json" => {
            "answers.provision = { data = '/response/data/content/value', search = false }"
        }
        "callback_jws_at_destination.json" => {
            "answers.provision = { data = '/destinations/0/response/data', search = false }"
        }
        "callback_jws_at_prov_response.json" => {
            "answers.provision = { data = '/provResponse/data', search = false }"
        }
        _ => "",
    })
}

fn verdict(_: &Fixture, report: &CommandReport, dialect: &HermodDialect) -> &'static str {
    commands::word(&report.provision(dialect))
}

#[test]
fn every_golden_answer_is_read_as_it_says() {
    let read = commands::responses(
        "provision",
        dialect,
        |_, dialect, incoming| {
            let command = command("request_new_one_key.json").unwrap().command;
            command
                .response(dialect, incoming)
                .map_err(|error| format!("{error:?}"))
        },
        verdict,
    );
    assert_eq!(read, 7);
}

#[test]
fn every_golden_callback_ends_as_it_says() {
    assert_eq!(commands::callbacks("provision", dialect, verdict), 60);
    // Without a dialect too: a JWS that is alone is found wherever it is.
    assert_eq!(
        commands::callbacks("provision", |_| HermodDialect::default(), verdict),
        60
    );
}

#[test]
fn what_is_found_elsewhere_leaves_a_lint_that_names_the_place() {
    for (name, lint) in [
        ("callback_approved.json", None),
        ("callback_jws_two.json", None),
        ("callback_jws_at_response.json", Some("/response")),
        ("callback_jws_at_jws.json", Some("/response/jws")),
        ("callback_jws_deep.json", Some("/response/data/content/value")),
        (
            "callback_jws_at_destination.json",
            Some("/destinations/0/response/data"),
        ),
        ("callback_jws_at_prov_response.json", Some("/provResponse/data")),
        ("callback_jws_json_form.json", Some("jws")),
    ] {
        let dialect = HermodDialect::default();
        let body = common::golden(&format!("provision/{name}"));
        let report = CommandReport::read(body.into(), &dialect).unwrap();
        let Outcome::Succeeded(answer) = report.provision(&dialect) else {
            panic!("{name}");
        };
        let at: Vec<&str> = answer.lints().iter().map(|lint| lint.at.as_str()).collect();
        assert_eq!(at, lint.into_iter().collect::<Vec<_>>(), "{name}");
        let payload = answer.danger_claims().unwrap();
        assert_eq!(payload.user_id.as_deref(), Some("user-1@example.com"), "{name}");
    }
}

#[test]
fn the_other_spelling_of_success_is_approved_once_the_dialect_lists_it() {
    let dialect = common::dialect("states.success = ['SUCCESS', 'DONE']");
    let body = common::golden("provision/callback_other_success_state.json");
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    assert_eq!(report.provision(&dialect).name(), "succeeded");
}

#[test]
fn the_code_of_identity_manager_is_kept() {
    let dialect = HermodDialect::default();
    let body = common::golden("provision/callback_failed.json");
    let report = CommandReport::read(body.into(), &dialect).unwrap();
    match report.provision(&dialect) {
        Outcome::Failed { code, message } => {
            assert_eq!(
                code.as_deref(),
                Some(smartid_hermod::answers::ProvisionRefusal::IDENTITY_MANAGER_CODE)
            );
            assert_eq!(message.as_deref(), Some("the answer was not accepted"));
        }
        other => panic!("{other:?}"),
    }
}
