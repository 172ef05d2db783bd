//! Mapped paths, addresses of the login page and forwarded headers of the golden files, each by what its entry says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::path::PathBuf;

use smartid_da::MappedPath;
use smartid_da::portal::{AccessPoint, LoginAddress, LoginAddressError, MappedPathError, MappedScheme};
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
