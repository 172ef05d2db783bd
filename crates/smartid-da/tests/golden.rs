//! Every golden file, byte for byte: options, registrations, answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::path::PathBuf;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{Endpoint, Incoming, ResponseError, Retry, ServiceError};
use smartid_da::dialect::Encoding;
use smartid_da::fido::preflight::{OriginRule, Preflight, PreflightError, StatementRule, check};
use smartid_da::fido::{CreationOptions, GetOptions, Registration, StoreCredential};
use smartid_da::{DaDialect, UserId};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn index(name: &str) -> Vec<toml::Table> {
    let text = std::fs::read_to_string(folder(name).join("INDEX.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let list: Vec<toml::Table> = table["fixture"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_table().unwrap().clone())
        .collect();
    assert!(list.len() > 50, "{name}: {}", list.len());
    list
}

fn get<'a>(row: &'a toml::Table, key: &str) -> &'a str {
    row.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

fn user() -> UserId {
    UserId::new("anna.golden").unwrap()
}

/// Reads options as the client does.
fn options(body: &[u8], dialect: &DaDialect) -> Result<CreationOptions, String> {
    let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::copy_from_slice(body));
    let options = GetOptions::new(user())
        .response(dialect, incoming)
        .map_err(|error| match error {
            ResponseError::Refused(refusal) => refusal.to_string(),
            ResponseError::Unreadable(unreadable) => unreadable.to_string(),
        })?;
    options.validate().map_err(|error| error.to_string())?;
    Ok(options)
}

#[test]
fn options_are_accepted_or_refused_as_the_index_says() {
    let strict = DaDialect::default();
    let lenient = DaDialect::from_toml("[options]\nbase64 = 'lenient'").unwrap();
    let mut wrong = Vec::new();
    for row in index("options") {
        let file = get(&row, "file");
        let body = std::fs::read(folder("options").join(file)).unwrap();
        let read = options(&body, &strict);
        if let Ok(options) = &read {
            relayed_as_it_came(file, &body, options);
        }
        let right = match get(&row, "outcome") {
            "accept" => read.is_ok(),
            "refuse" => read.is_err() && options(&body, &lenient).is_err(),
            "refuse-by-default" => read.is_err(),
            "either" => true,
            other => panic!("{file}: outcome {other}"),
        };
        if !right {
            wrong.push(format!("{file}: {read:?}"));
        }
        if file.contains("padded") || file.contains("standard_alphabet") {
            let read = options(&body, &lenient).unwrap();
            assert!(!read.lints().is_empty(), "{file}");
            relayed_as_it_came(file, &body, &read);
        }
    }
    assert_eq!(wrong, [""; 0]);
}

fn relayed_as_it_came(file: &str, body: &[u8], options: &CreationOptions) {
    let text = std::str::from_utf8(body).unwrap();
    assert!(text.contains(options.raw()), "{file}");
    let value: serde_json::Value = match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(value) => value,
        Err(_) => return,
    };
    let inner = value
        .get("publicKey")
        .filter(|inner| !inner.is_null())
        .unwrap_or(&value);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(options.raw()).unwrap(),
        *inner,
        "{file}"
    );
    let stored = serde_json::to_string(options).unwrap();
    let back: CreationOptions = serde_json::from_str(&stored).unwrap();
    assert_eq!(back.raw(), options.raw(), "{file}");
}

/// Reads, checks and posts as the client does.
fn registration(
    text: &str,
    options: &CreationOptions,
    rules: &Preflight,
) -> Result<Registration, PreflightError> {
    let registration = Registration::parse(text)?;
    assert_eq!(registration.raw(), text.trim_start_matches('\u{feff}'));
    let checked = check(options, &registration, rules)?;
    assert_eq!(checked.credential_id, registration.id());
    Ok(registration)
}

#[test]
fn registrations_pass_the_preflight_or_are_refused_with_the_reason_of_the_index() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for row in index("registrations") {
        let file = get(&row, "file");
        if !file.ends_with(".json") {
            continue;
        }
        seen += 1;
        let path = folder("registrations").join(file);
        let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
        let asked = std::fs::read(folder("registrations").join(get(&row, "options"))).unwrap();
        let asked = options(&asked, &DaDialect::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
        let reason = get(&row, "reason");
        // The check without the origin and the statement, then with each of them.
        let reports = Preflight::new().attestation(StatementRule::Report);
        let plain = registration(&text, &asked, &reports.clone().origin(OriginRule::Report));
        let right = match (get(&row, "preflight"), &plain) {
            ("accept", result) => result.is_ok(),
            ("refuse", Err(error)) => error.name() == reason,
            ("either", Err(error)) => error.name() == reason,
            ("either", Ok(_)) => true,
            _ => false,
        };
        if !right {
            wrong.push(format!("{file}: {reason}: {:?}", plain.as_ref().err()));
        }
        if get(&row, "preflight") == "accept" {
            let strict = registration(&text, &asked, &reports);
            let refused = matches!(&strict, Err(error) if error.name() == "origin-mismatch");
            if refused != (get(&row, "origin") == "refuse") {
                wrong.push(format!("{file}: origin: {:?}", strict.err()));
            }
        }
        // Statements are what the server refuses them for, and no other is refused.
        if get(&row, "preflight") == "accept" {
            let checked = registration(&text, &asked, &Preflight::new().origin(OriginRule::Report));
            let expected = Some(reason)
                .filter(|reason| reason.starts_with("attestation-") && *reason != "attestation-format");
            let refused = checked.as_ref().err().map(PreflightError::name);
            if refused != expected || (get(&row, "server") == "accept" && refused.is_some()) {
                wrong.push(format!("{file}: statement: {:?}", checked.err()));
            }
        }
        let lenient = reports.origin(OriginRule::Report).encoding(Encoding::Lenient);
        if let Ok(registration) = registration(&text, &asked, &lenient) {
            posts(file, &text, &registration);
        }
    }
    assert_eq!(wrong, [""; 0]);
    assert!(seen > 150);
}

/// What goes out: as received byte for byte; strict with the same bytes inside and nothing else.
fn posts(file: &str, text: &str, registration: &Registration) {
    let dialect = DaDialect::default();
    let call = StoreCredential::new(user(), registration);
    let received = call.clone().body(smartid_da::fido::BodyForm::AsReceived);
    let received = received.request(&dialect).unwrap();
    assert_eq!(
        received.body_bytes(),
        text.trim_start_matches('\u{feff}'),
        "{file}"
    );

    let sent = call.request(&dialect).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(sent.body_bytes()).unwrap();
    let came: serde_json::Value = serde_json::from_str(registration.raw()).unwrap();
    for (name, value) in sent.as_object().unwrap() {
        match name.as_str() {
            "id" | "rawId" | "type" | "authenticatorAttachment" => {}
            "clientExtensionResults" => {
                assert_eq!(
                    Some(value),
                    came.get(name).or(Some(&serde_json::json!({}))),
                    "{file}"
                );
            }
            "response" => {
                for (name, value) in value.as_object().unwrap() {
                    assert!(["clientDataJSON", "attestationObject", "transports"].contains(&name.as_str()));
                    let original = &came["response"][name];
                    if registration.irregular_encoding().is_none() {
                        assert_eq!(value, original, "{file}: {name}");
                    }
                }
            }
            other => panic!("{file}: {other}"),
        }
    }
    for needed in ["id", "rawId", "type", "response", "clientExtensionResults"] {
        assert!(sent.get(needed).is_some(), "{file}: {needed}");
    }
    let again = Registration::parse(&registration.strict_body()).unwrap();
    assert!(again.irregular_encoding().is_none(), "{file}");
    assert_eq!(again.client_data_json(), registration.client_data_json());
    assert_eq!(again.attestation_object(), registration.attestation_object());
    let stored: Registration = serde_json::from_str(&serde_json::to_string(registration).unwrap()).unwrap();
    assert_eq!(
        (stored.raw(), stored.id()),
        (registration.raw(), registration.id()),
        "{file}"
    );
}

/// A whole HTTP answer; `None` when it ends before its announced length.
fn answer(bytes: &[u8]) -> Option<Incoming> {
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
    let mut body = bytes[split + 4..].to_vec();
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        headers.append(
            name.parse::<HeaderName>().unwrap(),
            HeaderValue::from_str(value.trim()).unwrap(),
        );
    }
    if headers.contains_key("transfer-encoding") {
        body = dechunk(&body);
    }
    let announced = headers
        .get("content-length")
        .map(|value| value.to_str().unwrap().parse::<usize>().unwrap());
    if announced.is_some_and(|length| length > body.len()) {
        return None;
    }
    Some(Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        headers,
        body.into(),
    ))
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[line + 2..line + 2 + size]);
        rest = &rest[line + 2 + size + 2..];
    }
}

#[test]
fn answers_mean_what_the_index_says() {
    let dialect = DaDialect::default();
    let any = Registration::parse(
        r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{}}"#,
    )
    .unwrap();
    let mut wrong = Vec::new();
    for row in index("responses") {
        let file = get(&row, "file");
        let Some(incoming) = answer(&std::fs::read(folder("responses").join(file)).unwrap()) else {
            assert_eq!(file, "options_200_truncated.http", "the transport's business");
            continue;
        };
        let status = incoming.status();
        let result = match get(&row, "call") {
            "options" => GetOptions::new(user())
                .response(&dialect, incoming)
                .map(|options| {
                    options.validate().unwrap();
                    "options"
                }),
            "credentials" => StoreCredential::new(user(), &any)
                .response(&dialect, incoming)
                .map(|stored| {
                    assert_eq!(stored.status, status);
                    "stored"
                }),
            other => panic!("{file}: call {other}"),
        };
        let class = get(&row, "class");
        let said = match &result {
            Ok(said) => (*said).to_owned(),
            Err(ResponseError::Unreadable(_)) => "unexpected".to_owned(),
            Err(ResponseError::Refused(refusal)) => {
                shown_safely(file, refusal);
                assert_eq!(refusal.status(), Some(status));
                let server = ["rate-limited", "unavailable"].contains(&refusal.kind().name())
                    || (refusal.kind().name() == "unexpected" && status.is_server_error());
                if server {
                    "server-error".to_owned()
                } else {
                    refusal.kind().name().to_owned()
                }
            }
        };
        let html_as_json = file == "options_200_html_as_json.http" && said == "not-authenticated";
        if said != class && !html_as_json {
            wrong.push(format!("{file}: {class}: {result:?}"));
        }
        retries(file, &result);
    }
    assert_eq!(wrong, [""; 0]);
}

fn shown_safely(file: &str, refusal: &smartid_da::DaRefusal) {
    let text = format!("{refusal} {refusal:?} {} {}", refusal.advice(), refusal.excerpt());
    assert!(
        !text.contains('\u{1b}') && !text.contains('\0') && !text.contains("javascript"),
        "{file}: {text}"
    );
    assert!(refusal.to_string().len() < 1500, "{file}: {text}");
    assert!(!text.contains("returnUrl"), "{file}: {text}");
    assert!(refusal.advice().check.len() > 20, "{file}");
}

fn retries<T>(file: &str, result: &Result<T, ResponseError<smartid_da::DaRefusal>>) {
    let Err(ResponseError::Refused(refusal)) = result else {
        return;
    };
    let verdict = refusal.retry();
    if file.contains("_503_") || file.contains("_429") {
        assert!(
            matches!(verdict, Retry::Yes { after: Some(_) }),
            "{file}: {verdict:?}"
        );
    } else if file.contains("_500_") || file.contains("_502_") {
        assert_eq!(verdict, Retry::Forbidden, "{file}");
    } else {
        assert_eq!(verdict, Retry::No, "{file}");
    }
}
