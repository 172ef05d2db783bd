//! Every golden file of the ping.
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
use smartid_core::Endpoint;
use smartid_hermod::commands::Ping;
use smartid_hermod::{CommandHeader, HermodDialect, Outcome};

const OS: &str = "Golden OS 1";

fn header() -> CommandHeader {
    let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250));
    header.unwrap().external_id("golden-ping-0001")
}

fn ping(fixture: &Fixture) -> Result<(Ping, &'static str), String> {
    let with = |header: CommandHeader| Ping::new(header).device_info(true);
    let member = |name: &str, value: &str| {
        let mut ping = with(header());
        let at = format!("/{name}").parse().unwrap();
        ping.members.set(at, format!("\"{value}\""));
        ping
    };
    let times = |lifespan, timeout| {
        let header = CommandHeader::new(Duration::from_secs(lifespan), Duration::from_secs(timeout));
        let header = header.map_err(|error| error.to_string())?;
        Ok::<_, String>(Ping::new(header.external_id("golden-ping-0001")))
    };
    Ok(match fixture.file.as_str() {
        "request_minimal.json" => (Ping::new(header()), ""),
        "request_deviceinfo_true.json" => (with(header()), ""),
        "request_deviceinfo_false.json" => (Ping::new(header()).device_info(false), ""),
        "request_user.json" => (with(header().to(["user-1@example.com"])), ""),
        "request_box.json" => (with(header().to(["3c0e7a52-0000-4000-8000-0000000000a2"])), ""),
        "request_no_to.json" => (with(header()), "ping.to = []"),
        "request_deviceinfo_bool.json" => (Ping::new(header()), "ping.body = { deviceinfo = true }"),
        "request_profileid.json" => (member("profileid", "70a1c6de-0000-4000-8000-0000000000d1"), ""),
        "request_smartcardid.json" => (member("smartcardid", "c5d41f7a-0000-4000-8000-0000000000e1"), ""),
        "request_params.json" => (
            with(header()),
            "[ping]\nrequest = [{ move = '/pingCommand/deviceinfo', to = '/pingCommand/params/deviceinfo' }]",
        ),
        "request_times_equal.json" => (times(30, 30)?, ""),
        "request_timeout_above_lifespan.json" => (times(30, 31)?, ""),
        name => panic!("{name} has no check"),
    })
}

#[test]
fn every_golden_request_is_what_is_sent() {
    let make = |fixture: &Fixture| {
        let (command, toml) = ping(fixture)?;
        command.request(&dialect(toml)).map_err(|error| error.to_string())
    };
    assert_eq!(commands::requests("ping", make), 12);
    commands::head("ping", &Ping::new(header()).device_info(true));
}

#[test]
fn every_golden_answer_is_read() {
    let checked = commands::responses(
        "ping",
        |_| HermodDialect::default(),
        |_, dialect, incoming| {
            let answer = Ping::new(header()).response(dialect, incoming);
            answer.map_err(|error| format!("{error:?}"))
        },
        |_, report, dialect| commands::word(&report.ping(dialect)),
    );
    assert_eq!(checked, 6);
}

/// The dialect that finds the device information in an unusual place.
fn reading(fixture: &Fixture) -> HermodDialect {
    dialect(match fixture.file.as_str() {
        "callback_deviceinfo_camel.json" => "answers.ping.device_info = '/response/deviceInfo'",
        "callback_deviceinfo_at_data.json" => "answers.ping.device_info = '/response/data/deviceinfo'",
        "callback_deviceinfo_bare.json" => "answers.ping.device_info = '/deviceinfo'",
        _ => "",
    })
}

#[test]
fn every_golden_callback_ends_as_it_says() {
    let checked = commands::callbacks("ping", reading, |fixture, report, dialect| {
        let outcome = report.ping(dialect);
        if let Outcome::Succeeded(info) = &outcome {
            let name = fixture.file.strip_prefix("callback_").unwrap();
            let system = info.as_ref().and_then(|info| info.get("operatingsystem"));
            let kept = info.as_ref().map(|info| info.json.as_str());
            match name {
                // Nothing is told, or not where it belongs.
                "deviceinfo_null.json"
                | "deviceinfo_jws.json"
                | "no_response.json"
                | "response_null.json"
                | "response_empty.json"
                | "response_array.json"
                | "other_format.json" => assert_eq!(kept, None, "{name}"),
                "deviceinfo_empty.json" => assert_eq!(kept, Some("{}")),
                "deviceinfo_array.json" => assert!(kept.unwrap().starts_with('['), "{kept:?}"),
                "deviceinfo_text.json" | "deviceinfo_json_text.json" => {
                    assert!(kept.unwrap().starts_with('"') && system.is_none(), "{kept:?}");
                }
                "deviceinfo_camel.json" => {
                    let system = info.as_ref().and_then(|info| info.get("operatingSystem"));
                    assert_eq!(system.as_deref(), Some(OS));
                }
                _ => assert_eq!(system.as_deref(), Some(OS), "{name}"),
            }
        }
        commands::word(&outcome)
    });
    assert_eq!(checked, 47);
}
