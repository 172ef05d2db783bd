//! What comes from outside may be broken or meant to break: each ends in a typed error or a reading, nothing panics.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    reason = "a test may panic"
)]

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use proptest::prelude::*;
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::{Endpoint, Incoming, ResponseError};
use smartid_da::fido::preflight::{Preflight, check};
use smartid_da::fido::{
    AttestationObject, AuthenticatorData, ClientData, CoseKey, CreationOptions, ExcludedIds, GetOptions,
    Registration, StoreCredential,
};
use smartid_da::{DaDialect, DaRefusal, UserId};

fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/registrations/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn pair() -> (CreationOptions, String) {
    let options = CreationOptions::parse(&golden("level3-to-json.options.json")).unwrap();
    (options, golden("level3-to-json.registration.json"))
}

fn with_type(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Incoming {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Incoming::new(StatusCode::from_u16(status).unwrap(), headers, body.into())
}

fn get(incoming: Incoming) -> Result<CreationOptions, ResponseError<DaRefusal>> {
    GetOptions::new(UserId::new("a").unwrap()).response(&DaDialect::default(), incoming)
}

/// Every value of a JSON document in turn replaced by things that do not belong there.
fn mutants(value: &serde_json::Value) -> Vec<serde_json::Value> {
    fn walk(value: &serde_json::Value, pointer: String, all: &mut Vec<String>) {
        all.push(pointer.clone());
        match value {
            serde_json::Value::Object(members) => {
                for (name, value) in members {
                    walk(value, format!("{pointer}/{name}"), all);
                }
            }
            serde_json::Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    walk(value, format!("{pointer}/{index}"), all);
                }
            }
            _ => {}
        }
    }
    let mut pointers = Vec::new();
    walk(value, String::new(), &mut pointers);
    let wrong = serde_json::json!([null, true, -1, 1e300, "", "x", "AQI", "\u{0}\u{202e}", [], [[]], [1, "x"], {}, {"a": {}}]);
    let mut all = Vec::new();
    for pointer in pointers {
        for wrong in wrong.as_array().unwrap() {
            let mut mutant = value.clone();
            *mutant.pointer_mut(&pointer).unwrap() = wrong.clone();
            all.push(mutant);
        }
    }
    all
}

#[test]
fn a_wrong_type_in_any_place_is_read_or_refused() {
    let (options, registration) = pair();
    for mutant in mutants(&serde_json::from_str(options.raw()).unwrap()) {
        if let Ok(read) = CreationOptions::parse(&mutant.to_string()) {
            let _ = read.validate();
            let _ = read.excludes(b"x");
        }
    }
    for mutant in mutants(&serde_json::from_str(&registration).unwrap()) {
        let text = mutant.to_string();
        if let Ok(read) = Registration::parse(&text) {
            assert_eq!(read.as_received(), text);
            let _ = check(&options, &read, &Preflight::new());
            serde_json::from_str::<serde_json::Value>(&read.strict_body()).unwrap();
        }
    }
}

#[test]
fn every_truncation_and_every_flipped_bit_is_read_or_refused() {
    let (options, text) = pair();
    for end in 0..text.len() {
        assert!(Registration::parse(&text[..end]).is_err(), "{end}");
    }
    let good = Registration::parse(&text).unwrap();
    assert!(check(&options, &good, &Preflight::new()).is_ok());
    let object = good.attestation_object();
    for end in 0..object.len() {
        assert!(AttestationObject::parse(&object[..end]).is_err(), "{end}");
    }
    let data = AttestationObject::parse(object).unwrap().auth_data;
    for end in 0..data.len() {
        assert!(AuthenticatorData::parse(&data[..end]).is_err(), "{end}");
    }
    let original = encode(Flavour::Url, object);
    for bit in 0..object.len() * 8 {
        let mut flipped = object.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mutant = text.replace(&original, &encode(Flavour::Url, &flipped));
        let _ = check(
            &options,
            &Registration::parse(&mutant).unwrap(),
            &Preflight::new(),
        );
    }
}

#[test]
fn large_deep_and_foreign_answers_end_in_a_typed_error() {
    let unreadable = |incoming| matches!(get(incoming), Err(ResponseError::Unreadable(_)));
    let json = "application/json";
    let mebibytes = 10 * 1024 * 1024;
    assert!(unreadable(with_type(200, json, vec![b'['; mebibytes])));
    assert!(unreadable(with_type(
        200,
        json,
        "{\"publicKey\":".repeat(mebibytes / 13)
    )));
    assert!(unreadable(with_type(
        200,
        json,
        format!("\"{}\"", "a".repeat(mebibytes))
    )));
    assert!(unreadable(with_type(200, json, vec![0xff; 100])));
    assert!(unreadable(with_type(200, json, "")));
    assert!(unreadable(with_type(200, "image/png", vec![0x89, 0x50])));
    let many = format!(
        "{{\"excludeCredentials\":[{}{{}}],\"rp\":{{}},\"user\":{{\"id\":\"AQ\"}},\"challenge\":\"AQ\"}}",
        "{},".repeat(1_000_000)
    );
    assert!(unreadable(with_type(200, json, many)));

    // A refusal keeps little of a large body and shows less.
    let page = format!("<html><title>{}</title>", "Log in ".repeat(1_000_000));
    let Err(ResponseError::Refused(refusal)) = get(with_type(200, "text/html", page)) else {
        panic!("a page is a login page");
    };
    assert!(refusal.is_not_authenticated() && refusal.to_string().len() < 600);
    assert!(refusal.danger_body().len() <= 64 * 1024);
    let text = "Token aW50ZXJuYWw6MDEyMzQ1Njc4OWFiY2RlZg== refused. ".repeat(100_000);
    let Err(ResponseError::Refused(refusal)) = get(with_type(400, "text/plain", text)) else {
        panic!("400 is a refusal");
    };
    let shown = format!("{refusal} {refusal:?}");
    assert!(
        shown.contains("refused") && !shown.contains("aW50ZXJuYWw6"),
        "{shown}"
    );
    assert!(shown.len() < 3000);
}

#[test]
fn an_empty_page_in_place_of_an_answer_is_not_taken_for_success() {
    let registration = Registration::parse(&pair().1).unwrap();
    let call = StoreCredential::new(UserId::new("a").unwrap(), &registration);
    let answer =
        |status, content_type| call.response(&DaDialect::default(), with_type(status, content_type, ""));
    assert!(matches!(
        answer(200, "text/html"),
        Err(ResponseError::Unreadable(_))
    ));
    assert!(answer(200, "application/json").is_ok());
}

#[test]
fn a_browsers_document_goes_through_unchanged() {
    let (options, text) = pair();
    let spaced = format!(" {}\n", text.replace(",\"", " ,\n\t\""));
    let registration = Registration::parse(&spaced).unwrap();
    assert_eq!(registration.raw(), spaced);
    assert_eq!(registration.lints(), []);
    let checked = check(&options, &registration, &Preflight::new()).unwrap();
    assert_eq!((checked.format.as_str(), checked.lints.len()), ("none", 0));
}

#[test]
fn without_a_relying_party_id_the_check_says_what_it_could_not_see() {
    let (_, text) = pair();
    let options = golden("level3-to-json.options.json").replace(",\"id\":\"login.example.test\"", "");
    let options = CreationOptions::parse(&options).unwrap();
    options.validate().unwrap();
    let registration = Registration::parse(&text).unwrap();
    let checked = check(&options, &registration, &Preflight::new()).unwrap();
    let at: Vec<&str> = checked.lints.iter().map(|lint| lint.at.as_str()).collect();
    assert_eq!(at, ["clientDataJSON/origin", "authData/rpIdHash"]);
    let given = check(
        &options,
        &registration,
        &Preflight::new().rp_id("login.example.test"),
    )
    .unwrap();
    assert_eq!(given.lints, []);
    let other = check(
        &options,
        &registration,
        &Preflight::new().rp_id("other.example.test"),
    )
    .unwrap_err();
    assert_eq!(other.name(), "origin-mismatch");
}

#[test]
fn excluded_credentials_are_found_by_their_bytes() {
    let with = |id: &str| {
        let text = golden("level3-to-json.options.json").replace(
            "\"excludeCredentials\":[]",
            &format!("\"excludeCredentials\":[{{\"type\":\"public-key\",\"id\":\"{id}\"}}]"),
        );
        CreationOptions::parse_with(&text, ExcludedIds::PaddingCounted).unwrap()
    };
    let id = [0xfb, 0xff, 0x01, 0x02];
    for written in ["-_8BAg", "-_8BAg==", "+/8BAg==", "-_8BAg2"] {
        assert!(with(written).excludes(&id), "{written}");
        assert!(
            !with(written).excludes(&id[..3]) && !with(written).excludes(b""),
            "{written}"
        );
    }
    assert!(with("-_8B0").excludes(&id[..3]), "three bytes need no padding");
    let unreadable = with("%%%");
    assert!(!unreadable.excludes(b"x") && unreadable.lints().len() == 1);
}

proptest! {
    #[test]
    fn any_text_and_any_bytes_are_read_or_refused(text: String, bytes: Vec<u8>) {
        let _ = CreationOptions::parse(&text);
        let _ = Registration::parse(&text);
        let _ = ClientData::parse(&bytes);
        let _ = AttestationObject::parse(&bytes);
        let _ = CoseKey::parse(&bytes);
        let _ = get(with_type(200, "application/json", bytes));
    }

    #[test]
    fn bytes_survive_the_strict_form(
        id in proptest::collection::vec(any::<u8>(), 1..200),
        client_data in proptest::collection::vec(any::<u8>(), 1..200),
        object in proptest::collection::vec(any::<u8>(), 1..200),
        transports in proptest::option::of(proptest::collection::vec(".*", 0..4)),
    ) {
        let text = serde_json::json!({
            "id": encode(Flavour::Url, &id), "rawId": encode(Flavour::Url, &id), "type": "public-key",
            "response": {
                "clientDataJSON": encode(Flavour::Standard, &client_data),
                "attestationObject": encode(Flavour::Url, &object),
                "transports": transports,
            },
        }).to_string();
        let read = Registration::parse(&text).unwrap();
        let again = Registration::parse(&read.strict_body()).unwrap();
        prop_assert_eq!(again.id(), &id[..]);
        prop_assert_eq!(again.client_data_json(), &client_data[..]);
        prop_assert_eq!(again.attestation_object(), &object[..]);
        prop_assert_eq!(again.transports(), read.transports());
        prop_assert_eq!(again.irregular_encoding(), None);
        prop_assert_eq!(again.strict_body(), read.strict_body());
    }

    #[test]
    fn options_keep_their_text(challenge in proptest::collection::vec(any::<u8>(), 16..80), extra: String, wrapped: bool) {
        let inner = format!(
            "{{ \"challenge\" : \"{}\",\"rp\":{{\"name\":\"x\"}}, \"user\":{{\"id\":\"AQ\"}},\n\"pubKeyCredParams\":[{{\"type\":\"public-key\",\"alg\":-8}}], \"extra\":{} }}",
            encode(Flavour::Url, &challenge),
            serde_json::Value::from(extra),
        );
        let text = if wrapped { format!("{{\"n\":1.50, \"publicKey\" : {inner} }}") } else { inner.clone() };
        let options = CreationOptions::parse(&text).unwrap();
        options.validate().unwrap();
        prop_assert_eq!(options.raw(), &inner);
        prop_assert_eq!(&options.view().challenge, &challenge);
        prop_assert_eq!(decode(Flavour::Url, &encode(Flavour::Url, &challenge)).unwrap(), challenge);
    }
}
