//! Mapped paths, addresses of the login page and forwarded headers of the golden files, each by what its entry says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use smartid_core::{
    Endpoint, ForwardedHeaders, ForwardingError, ForwardingProblem, HeaderEncoding, Incoming, ResponseError,
    Retry, ServiceError,
};
use smartid_da::fido::GetOptions;
use smartid_da::portal::{
    AccessPoint, LoginAddress, LoginAddressError, MappedPathError, MappedScheme, Redirect,
};
use smartid_da::{DaDialect, MappedPath, UserId};
use toml::Table;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/portal")
}

/// All entries of a kind, as many as there must be.
fn entries(kind: &str, count: usize) -> Vec<Table> {
    let text = std::fs::read_to_string(folder().join("INDEX.toml")).unwrap();
    let mut index: Table = toml::from_str(&text).unwrap();
    let list = index.remove("fixture").unwrap();
    let mut rows: Vec<Table> = list.try_into().unwrap();
    rows.retain(|row| get(row, "kind") == kind);
    assert_eq!(rows.len(), count, "{kind}");
    rows
}

fn get<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(toml::Value::as_str).unwrap_or_default()
}

/// Whether the value is the one of the field or stands in its `…_also`.
fn agrees(row: &Table, field: &str, value: &str) -> bool {
    let also = row.get(&format!("{field}_also")).and_then(toml::Value::as_array);
    get(row, field) == value
        || also.is_some_and(|list| list.iter().any(|other| other.as_str() == Some(value)))
}

fn mapped_path_reason(error: MappedPathError) -> &'static str {
    match error {
        MappedPathError::Characters => "characters",
        MappedPathError::Shape => "shape",
        MappedPathError::Scheme => "scheme",
        MappedPathError::Resource => "resource",
        MappedPathError::Path => "path",
        MappedPathError::Dots => "dots",
        other => panic!("{other}"),
    }
}

#[test]
fn mapped_paths_are_read_and_written_again() {
    for row in entries("mapped-path", 56) {
        let text = get(&row, "text");
        match text.parse::<MappedPath>() {
            Ok(mapped) => {
                assert!(agrees(&row, "outcome", "accept"), "{text:?}");
                assert_eq!(mapped.scheme().as_str(), get(&row, "scheme"), "{text:?}");
                assert_eq!(mapped.resource(), get(&row, "resource"), "{text:?}");
                assert!(agrees(&row, "path", mapped.path()), "{text:?}");
                assert_eq!(
                    mapped.query(),
                    row.get("query").and_then(toml::Value::as_str),
                    "{text:?}"
                );
                assert_eq!(mapped.to_string(), text);
            }
            Err(error) => {
                assert!(agrees(&row, "outcome", "refuse"), "{text:?}");
                assert_eq!(mapped_path_reason(error), get(&row, "reason"), "{text:?}");
            }
        }
    }
}

#[test]
fn mapped_paths_are_made_of_their_parts() {
    for row in entries("mapped-path-format", 13) {
        let call = row["call"].as_table().unwrap();
        let made = get(call, "scheme")
            .parse::<MappedScheme>()
            .and_then(|scheme| MappedPath::new(scheme, get(call, "resource")))
            .and_then(|mapped| mapped.with_path(get(call, "path")))
            .and_then(|mapped| match call.get("query").and_then(toml::Value::as_str) {
                Some(query) => mapped.with_query(query),
                None => Ok(mapped),
            });
        match (made, row.contains_key("refuse")) {
            (Ok(mapped), false) => assert_eq!(mapped.to_string(), get(&row, "text")),
            (Err(error), true) => assert_eq!(mapped_path_reason(error), get(&row, "reason"), "{call:?}"),
            (made, _) => panic!("{call:?}: {made:?}"),
        }
    }
}

#[test]
fn addresses_of_the_login_page() {
    for row in entries("wa-auth", 22) {
        let file = get(&row, "file");
        let call = row["call"].as_table().unwrap();
        let made = AccessPoint::parse(get(call, "access_point"))
            .map_err(|_| "access-point")
            .and_then(|point| {
                let login = LoginAddress::new(point, get(call, "authmech"));
                match call.get("location").and_then(toml::Value::as_str) {
                    Some(location) => login.and_then(|login| login.with_location(location)),
                    None => login,
                }
                .map_err(|error| match error {
                    LoginAddressError::Method => "authmech",
                    LoginAddressError::Location => "location",
                    other => panic!("{other}"),
                })
            });
        match (made, row.contains_key("refuse")) {
            (Ok(login), false) => {
                let text = std::fs::read_to_string(folder().join(file)).unwrap();
                assert_eq!(login.to_string(), text, "{file}");
            }
            (Err(reason), true) => assert_eq!(reason, get(&row, "reason"), "{file}"),
            (made, _) => panic!("{file}: {made:?}"),
        }
    }
}

/// A value of a header in the files: text, or octets after `hex:`.
fn octets(value: &str) -> Vec<u8> {
    match value.strip_prefix("hex:") {
        Some(digits) => {
            let digit = |b: &u8| char::from(*b).to_digit(16).unwrap();
            let octet = |pair: &[u8]| u8::try_from(digit(&pair[0]) * 16 + digit(&pair[1])).unwrap();
            digits.as_bytes().chunks(2).map(octet).collect()
        }
        None => value.as_bytes().to_vec(),
    }
}

type Pairs = Vec<(String, String)>;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Forwarding {
    configured: serde_json::Value,
    #[serde(default)]
    encoding: Option<HeaderEncoding>,
    user: BTreeMap<String, Vec<String>>,
    client_request: Pairs,
    #[serde(default)]
    forwarded: Pairs,
}

fn header_map(pairs: &Pairs) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(&octets(value)).unwrap());
    }
    map
}

/// The file's rules through the calls, and the same through a configuration file.
fn forwarding_rules(file: &Forwarding) -> Result<ForwardedHeaders, &'static str> {
    let made = file.configured.as_array().unwrap().iter().try_fold(
        ForwardedHeaders::new().with_encoding(file.encoding.unwrap_or_default()),
        |rules, rule| {
            rules.with(
                rule["header"].as_str().unwrap(),
                rule["attribute"].as_str().unwrap(),
            )
        },
    );
    let mut written = serde_json::json!({ "headers": file.configured });
    if let Some(encoding) = file.encoding {
        written["encoding"] = serde_json::to_value(encoding).unwrap();
    }
    assert_eq!(serde_json::from_value(written).ok(), made.clone().ok());
    made.map_err(|error| match error {
        ForwardingError::NotAName | ForwardingError::Reserved(_) | ForwardingError::Twice(_) => "name",
        ForwardingError::Attribute(_) => "attribute",
        other => panic!("{other}"),
    })
}

#[test]
fn forwarded_headers() {
    for row in entries("forwarding", 62) {
        let name = get(&row, "file");
        let text = std::fs::read_to_string(folder().join(name)).unwrap();
        let file: Forwarding = serde_json::from_str(&text).unwrap();
        let client = header_map(&file.client_request);
        let trailers = row.get("client_trailers").cloned();
        let trailers: Pairs = trailers.map_or_else(Vec::new, |list| list.try_into().unwrap());
        let forwarded = forwarding_rules(&file).and_then(|rules| {
            let passing = rules.passing(&header_map(&trailers)).unwrap();
            assert!(passing.is_empty(), "{name}");
            let values = |attribute: &str| file.user.get(attribute).map_or(&[][..], Vec::as_slice);
            rules
                .forward(&client, values)
                .map_err(|refused| match refused.problem {
                    ForwardingProblem::SeveralValues => "several-values",
                    ForwardingProblem::Control | ForwardingProblem::OuterSpace => "value",
                    ForwardingProblem::Encoding => "encoding",
                    other => panic!("{name}: {other}"),
                })
        });
        match forwarded {
            Ok(forwarded) => {
                // The main answer is ours, also where another would do.
                assert_eq!(get(&row, "outcome"), "forwarded", "{name}");
                let sent: Vec<(String, Vec<u8>)> = forwarded
                    .iter()
                    .map(|(header, value)| (header.to_string(), value.as_bytes().to_vec()))
                    .collect();
                let given = row.get("octets").and_then(toml::Value::as_table);
                let expected: Vec<(String, Vec<u8>)> = file
                    .forwarded
                    .iter()
                    .map(|(header, value)| {
                        let beyond = given.and_then(|given| given.get(header)?.as_str());
                        let value = beyond.map_or_else(|| octets(value), |hex| octets(&format!("hex:{hex}")));
                        (header.to_ascii_lowercase(), value)
                    })
                    .collect();
                assert_eq!(sent, expected, "{name}");
            }
            Err(reason) => {
                assert_eq!(get(&row, "outcome"), "refuse", "{name}: {reason}");
                assert!(agrees(&row, "reason", reason), "{name}: {reason}");
            }
        }
    }
}

/// The answer of a file. A header that no header map can hold never reaches us.
fn answer(text: &str) -> (StatusCode, HeaderMap, String) {
    let (head, body) = text.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        if let Ok(value) = HeaderValue::from_str(value.trim()) {
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
    }
    (status, headers, body.to_owned())
}

/// Answers that lead elsewhere, whatever was called: what they mean, and where a browser would go.
#[test]
fn answers_that_lead_to_a_login() {
    let access_point = AccessPoint::parse("https://da.example.test").unwrap();
    let called = "/https/api/rest/v1.0/me".parse().unwrap();
    let mut rows = entries("response", 61);
    rows.retain(|row| get(row, "file").starts_with("login/"));
    assert_eq!(rows.len(), 37);
    for row in rows {
        let file = get(&row, "file");
        let (status, headers, body) = answer(&std::fs::read_to_string(folder().join(file)).unwrap());
        let redirect = Redirect::read(&access_point, &called, &headers);
        let field = |name: &str| row.get(name).and_then(toml::Value::as_str);
        assert_eq!(
            redirect.as_ref().map(Redirect::address),
            field("leads_to"),
            "{file}"
        );
        let login = redirect.as_ref().is_some_and(Redirect::is_login);
        let also = row.get("login_also").and_then(|also| also[0].as_bool());
        assert!(
            row["login"].as_bool() == Some(login) || also == Some(login),
            "{file}"
        );
        if let Some(redirect) = &redirect {
            assert_eq!(redirect.authmech(), field("authmech"), "{file}");
            assert_eq!(redirect.return_to(), field("return_to"), "{file}");
        }

        let incoming = Incoming::new(status, headers, body.into());
        let call = GetOptions::new(UserId::new("alice").unwrap());
        let failed = call.response(&DaDialect::default(), incoming).err().unwrap();
        let (class, retry) = match &failed {
            ResponseError::Refused(refusal) => (refusal.kind().name(), refusal.retry()),
            ResponseError::Unreadable(_) => ("unexpected", Retry::No),
        };
        let class = if class == "unavailable" {
            "server-error"
        } else {
            class
        };
        assert!(agrees(&row, "class", class), "{file}: {class}");
        assert_eq!(
            field("retry") == Some("later"),
            !matches!(retry, Retry::No),
            "{file}: {retry:?}"
        );
        for secret in row
            .get("secrets")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten()
        {
            let shown = format!("{failed:?} {redirect:?}");
            assert!(!shown.contains(secret.as_str().unwrap()), "{file}");
        }
    }
}
