//! What holds for any input.
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

use common::answer;
use proptest::prelude::*;
use smartid_core::{Endpoint, Timestamp};
use smartid_hermod::commands::{CommandStatus, FidoCreate, FidoSession};
use smartid_hermod::{ApiKey, CommandHeader, CommandReport, FidoOutcome, HermodDialect, Pending, Session};

fn header(id: &str, to: &[String]) -> CommandHeader {
    CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))
        .unwrap()
        .external_id(id)
        .to(to.to_vec())
}

/// A JSON value in some spelling: white space between the tokens.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1.50e+2".to_owned()),
        ".*".prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[ {}]", items.join(" ,\t"))),
            prop::collection::vec((".*", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(name, value)| format!("{} : {value}", serde_json::to_string(&name).unwrap()))
                    .collect();
                format!("{{\n{}}}", members.join(" , "))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn options_arrive_byte_for_byte(value in json(), id in ".*", to in prop::collection::vec(".+", 0..3)) {
        let options = format!("{{ \"x\" :{value} }}");
        for dialect in ["", "[fido.create]\noptions='/other/place'", "[fido.create]\noptions_form='string'"] {
            let dialect = common::dialect(dialect);
            let command = FidoCreate::alone(header(&id, &to), &options);
            let request = command.request(&dialect).unwrap();
            let body = std::str::from_utf8(request.body_bytes()).unwrap();
            let sent: serde_json::Value = serde_json::from_str(body).unwrap();
            prop_assert_eq!(sent["commandHeader"]["externalId"].as_str().unwrap(), id.as_str());
            let escaped = serde_json::to_string(&options).unwrap();
            prop_assert!(body.contains(&options) || body.contains(&escaped));
            if to.is_empty() {
                prop_assert!(sent["commandHeader"].get("to").is_none());
            } else {
                prop_assert_eq!(&sent["commandHeader"]["to"], &serde_json::json!(to));
            }
        }
    }

    #[test]
    fn a_registration_is_taken_byte_for_byte(value in json(), form in 0..3) {
        let registration =
            format!("{{ \"extra\":{value},\"response\": {{\"attestationObject\":\"a\",\"clientDataJSON\" :\"b\"}} }}");
        let data = match form {
            0 => registration.clone(),
            1 => serde_json::to_string(&registration).unwrap(),
            _ => format!("\"{}\"", smartid_core::base64::encode(smartid_core::base64::Flavour::Url, registration.as_bytes())),
        };
        let body = format!("{{\"commandId\":7,\"state\":\"SUCCESS\",\"response\":{{\"data\":{data}}}}}");
        let dialect = HermodDialect::default();
        let report = CommandReport::read(body.clone().into(), &dialect).unwrap();
        prop_assert_eq!(&report.raw, &body);
        prop_assert_eq!(report.fido(&dialect), FidoOutcome::Created { registration, lints: Vec::new() });
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, cut in 0_usize..1200) {
        let dialect = HermodDialect::default();
        let mut body = common::golden("callbacks/create_success.json");
        body.truncate(cut);
        for body in [bytes.clone(), [body, bytes].concat()] {
            let _ = CommandReport::read(body.clone().into(), &dialect).map(|report| report.fido(&dialect));
            let _ = FidoSession::new(header("e", &[])).response(&dialect, answer(200, body.clone()));
            let _ = FidoSession::new(header("e", &[])).response(&dialect, answer(500, body.clone()));
            let _ = CommandStatus::new("4108").response(&dialect, answer(200, body));
        }
    }

    #[test]
    fn keys_are_read_back(id in "[^:\\p{Cc}]+", key in "[^\\p{Cc}]+") {
        let made = ApiKey::new(id.clone(), key.clone()).unwrap();
        let read = ApiKey::from_token(made.header_value()).unwrap();
        prop_assert_eq!(read.client_id(), id.as_str());
        let (one, other) = (made.header_value(), read.header_value());
        prop_assert_eq!(one.expose(), other.expose());
    }

    #[test]
    fn what_is_stored_is_read_back(id in ".*", command in ".+", at in 0_u64..1 << 40) {
        let header = header(&id, &[]);
        let pending = Pending::new(&header, Timestamp::from_millis(at)).with_command_id(command.as_str());
        let stored = serde_json::to_string(&pending).unwrap();
        prop_assert_eq!(serde_json::from_str::<Pending>(&stored).unwrap(), pending);
        let session = serde_json::json!({"bid": id, "mid": null, "command_id": command, "external_id": null, "created": at, "expires": at});
        let session: Session = serde_json::from_value(session).unwrap();
        let stored = serde_json::to_string(&session).unwrap();
        prop_assert_eq!(serde_json::from_str::<Session>(&stored).unwrap(), session);
    }
}
