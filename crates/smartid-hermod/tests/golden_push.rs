//! Every golden push message and device registration.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::golden;
use common::side::{Sample, samples};
use proptest::prelude::*;
use serde_json::{Value, json};
use smartid_hermod::ProfileId;
use smartid_hermod::push::{DeviceOs, DeviceRegistration, MAX_PUSH, PushId, PushNotification, PushType};

fn body(sample: &Sample) -> Vec<u8> {
    golden(&format!("push/{}", sample.file))
}

fn value(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn every_golden_message_is_read_or_refused_as_it_says() {
    let mut checked = 0;
    for sample in samples("push") {
        let name = &sample.file;
        if !name.starts_with("message_") {
            continue;
        }
        checked += 1;
        let body = body(&sample);
        let push = match PushNotification::read(&body) {
            Err(error) => {
                assert!(sample.allows("refuse"), "{name}: {error}");
                continue;
            }
            Ok(push) => push,
        };
        assert!(sample.allows("accept"), "{name}");
        assert_eq!(
            push.push_type.as_str(),
            sample.kind_of_push.as_deref().unwrap(),
            "{name}"
        );
        assert_eq!(push.time_to_live, sample.ttl, "{name}");
        let known = match push.push_type.as_str() {
            "AUTH" => push.push_type == PushType::Auth,
            "SIGN" => push.push_type == PushType::Sign,
            other => push.push_type == PushType::Other(other.to_owned()),
        };
        assert!(known, "{name}");
        let sent = value(&body);
        let text = |member: &str| match &sent[member] {
            Value::Number(number) => number.to_string(),
            value => value.as_str().unwrap().to_owned(),
        };
        assert_eq!(push.message_id, text("messageId"), "{name}");
        assert_eq!(push.push_id.as_str(), text("pushId"), "{name}");
        assert_eq!(push.requestor, text("requestor"), "{name}");
        if name == "message_published_layout.json" {
            assert!(push.push_id.as_str().starts_with(' '));
            assert!(push.push_id.is(&"70a1c6de-0000-4000-8000-0000000000d1".into()));
            assert_eq!(push.push_id, PushId::new("70a1c6de-0000-4000-8000-0000000000d1"));
        }
        let again = push.to_json();
        assert_eq!(PushNotification::read(again.as_bytes()).unwrap(), push, "{name}");
        if ![
            "message_ttl_text.json",
            "message_ttl_null.json",
            "message_ids_numbers.json",
        ]
        .contains(&name.as_str())
        {
            assert_eq!(value(again.as_bytes()), sent, "{name}");
        }
        if sample.tag.starts_with("documented") && name != "message_published_layout.json" {
            assert_eq!(again.as_bytes(), body, "{name}: members in the published order");
        }
    }
    assert_eq!(checked, 24);
}

#[test]
fn every_golden_registration_is_read_or_refused_as_it_says() {
    let mut checked = 0;
    for sample in samples("push") {
        let name = &sample.file;
        if !name.starts_with("device_") {
            continue;
        }
        checked += 1;
        let body = body(&sample);
        let device = match DeviceRegistration::read(&body) {
            Err(error) => {
                assert!(sample.allows("refuse"), "{name}: {error}");
                assert!(!error.to_string().contains("0123456789"), "{name}: {error}");
                continue;
            }
            Ok(device) => device,
        };
        assert!(sample.allows("accept"), "{name}");
        assert_eq!(device.os.as_str(), sample.os.as_deref().unwrap(), "{name}");
        let known = match device.os.as_str() {
            "iOS" => device.os == DeviceOs::Ios,
            "Android" => device.os == DeviceOs::Android,
            other => device.os == DeviceOs::Other(other.to_owned()),
        };
        assert!(known, "{name}");
        let sent = value(&body);
        let profiles = match (&sent["profileID"], &sent["profileIDs"]) {
            (Value::Null, list) => list.clone(),
            (Value::String(one), _) => json!([one]),
            (list, _) => list.clone(),
        };
        assert_eq!(
            serde_json::to_value(&device.profile_ids).unwrap(),
            profiles,
            "{name}"
        );
        assert_eq!(
            device.device_id.expose(),
            sent["deviceID"].as_str().unwrap(),
            "{name}"
        );
        assert!(
            !format!("{device:?}").contains(device.device_id.expose()),
            "{name}"
        );
        let again = device.expose_json();
        if sent["profileID"].is_array() {
            assert_eq!(again.expose().as_bytes(), body, "{name}");
        } else {
            assert_eq!(value(again.expose().as_bytes())["profileID"], profiles, "{name}");
        }
    }
    assert_eq!(checked, 13);
}

#[test]
fn what_could_be_read_in_two_ways_or_is_too_much_is_refused() {
    let good = json!({"messageId": "m", "pushId": "p", "requestor": "r", "type": "AUTH", "timeToLive": 1});
    let with = |name: &str, raw: &str| {
        let mut good = good.clone();
        good[name] = Value::Null;
        good.to_string()
            .replacen(&format!("\"{name}\":null"), &format!("\"{name}\":{raw}"), 1)
    };
    let refused = |body: String| PushNotification::read(body.as_bytes()).unwrap_err();
    assert!(PushNotification::read(good.to_string().as_bytes()).is_ok());
    for name in ["messageId", "pushId", "requestor", "type", "timeToLive"] {
        assert_eq!(
            refused(with(name, &format!("\"1\",\"{name}\":\"1\""))).member,
            name
        );
        for raw in ["{}", "[\"a\"]", "true", "1.5", "-1"] {
            assert_eq!(refused(with(name, raw)).member, name, "{raw}");
        }
    }
    assert_eq!(
        refused(with("timeToLive", "99999999999999999999")).member,
        "timeToLive"
    );
    assert_eq!(refused(with("messageId", "\"a\\u0000\"")).member, "messageId");
    assert_eq!(
        refused(with("requestor", &format!("\"{}\"", "x".repeat(5000)))).member,
        "requestor"
    );
    assert_eq!(
        refused(with("extra", &format!("\"{}\"", "x".repeat(MAX_PUSH)))).member,
        "the body"
    );

    let device = |profiles: &str| {
        let body = format!(r#"{{{profiles},"OS":"iOS","deviceID":"t"}}"#);
        DeviceRegistration::read(body.as_bytes()).map(|device| device.profile_ids.len())
    };
    assert_eq!(device(r#""profileID":["a","b"]"#), Ok(2));
    let many = |count: usize| format!("\"profileID\":[{}]", vec!["\"a\""; count].join(","));
    assert_eq!(device(&many(1000)), Ok(1000));
    for profiles in [
        many(1001).as_str(),
        r#""profileID":["a"],"profileIDs":["a"]"#,
        r#""profileID":["a"],"profileID":["b"]"#,
        r#""profileID":[" "]"#,
        r#""profileID":[{}]"#,
        r#""profileID":{}"#,
        r#""profileID":[["a"]]"#,
        r#""profileID":"""#,
        r#""profileID":null"#,
    ] {
        assert_eq!(device(profiles).unwrap_err().member, "profileID", "{profiles}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        message in "[^\\p{Cc}\\s]{1,20}", push in "[^\\p{Cc}\\s]{1,20}", requestor in ".{0,40}", kind in "[A-Z]{1,8}", ttl: Option<u64>,
        profiles in prop::collection::vec("[!-~]{1,40}", 0..4), token in "[!-~]{1,200}",
    ) {
        let mut made = PushNotification::new(message, PushId::new(push), requestor, kind.as_str().into());
        made.time_to_live = ttl;
        prop_assert_eq!(PushNotification::read(made.to_json().as_bytes()), Ok(made));

        let profiles: Vec<ProfileId> = profiles.into_iter().map(ProfileId::new).collect();
        let device = DeviceRegistration::new(profiles, kind.as_str().into(), token.clone().into());
        let read = DeviceRegistration::read(device.expose_json().expose().as_bytes()).unwrap();
        prop_assert_eq!((&read.profile_ids, &read.os), (&device.profile_ids, &device.os));
        prop_assert_eq!(read.device_id.expose(), token);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, cut in 0_usize..200) {
        let mut body = golden("push/message_auth.json");
        body.truncate(cut);
        for body in [bytes.clone(), [body, bytes].concat()] {
            let _ = PushNotification::read(&body);
            let _ = DeviceRegistration::read(&body);
        }
    }
}
