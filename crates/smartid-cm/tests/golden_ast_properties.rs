//! The golden files of `ast.properties`, as the client reads them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;

use std::collections::BTreeMap;

use common::golden::{Entry, Index, files_of};
use smartid_cm::Attribute;
use smartid_cm::ast::{AstProperties, AttributeHeaders};

type Map = BTreeMap<String, String>;

fn octets(fixture: &Entry) -> Vec<u8> {
    let table = |name: &str| fixture.get(name).and_then(toml::Value::as_table);
    let count = |table: &toml::Table| usize::try_from(table["count"].as_integer().unwrap()).unwrap();
    if let Some(fill) = table("body_fill") {
        let octet = u8::try_from(fill["octet"].as_integer().unwrap()).unwrap();
        return vec![octet; count(fill)];
    }
    if let Some(repeat) = table("repeat_line") {
        let text = repeat["text"].as_str().unwrap();
        let lines = (0..count(repeat)).map(|n| text.replace("{n}", &n.to_string()) + "\n");
        return lines.collect::<String>().into_bytes();
    }
    fixture.octets(fixture.text("file"))
}

/// Names of headers and attributes are compared without letter case.
fn folded(map: &toml::Value) -> Map {
    let map = map.as_table().unwrap().iter();
    map.map(|(attribute, header)| (attribute.to_lowercase(), header.as_str().unwrap().to_lowercase()))
        .collect()
}

fn of(headers: &AttributeHeaders) -> Map {
    let pairs = headers.as_map().iter();
    pairs
        .map(|(attribute, header)| (attribute.as_str().to_lowercase(), header.to_string()))
        .collect()
}

fn all_of(maps: &toml::Value) -> BTreeMap<String, Map> {
    let maps = maps.as_table().unwrap().iter();
    maps.map(|(handler, map)| (handler.clone(), folded(map)))
        .collect()
}

#[test]
fn every_file_is_read_as_its_entry_says() {
    let index = Index::of("ast-properties");
    let fixtures = index.fixtures();
    assert_eq!((fixtures.len(), index.of_kind("properties").len()), (81, 81));
    assert!(index.exchanges().is_empty());
    let mut files = files_of("ast-properties");
    for fixture in &fixtures {
        if let Some(file) = fixture.optional_text("file") {
            assert!(files.remove(file), "{fixture} stands there twice, or is no file");
        }
        let octets = octets(fixture);
        let shown = match AstProperties::parse(&octets) {
            Ok(properties) => {
                accepted(fixture, &properties);
                format!("{properties:?}")
            }
            Err(error) => {
                assert!(fixture.allows("rejected"), "{fixture}: {error}");
                if let Some(line) = fixture.number("line") {
                    assert_eq!(error.line().map(|line| line as i64), Some(line), "{fixture}");
                }
                assert!(
                    !error.to_string().chars().any(char::is_control),
                    "{fixture}: {error:?}"
                );
                assert!(error.to_string().len() < 400, "{fixture}: {error}");
                format!("{error} {error:?}")
            }
        };
        for secret in fixture.texts("secrets") {
            assert!(!shown.contains(&secret), "{fixture}: {shown}");
        }
        for name in fixture.table.keys() {
            let known = [
                "about",
                "also",
                "body_fill",
                "default",
                "file",
                "kind",
                "line",
                "maps",
                "maps_any",
                "outcome",
                "repeat_line",
                "secrets",
                "source",
                "tag",
            ];
            assert!(
                known.contains(&name.as_str()),
                "{fixture}: {name} is not understood"
            );
        }
    }
    assert!(files.is_empty(), "in no index: {files:?}");
}

fn accepted(fixture: &Entry, properties: &AstProperties) {
    let passed_over = !properties.passed_over().is_empty();
    assert!(
        fixture.allows("ok") || fixture.allows("ignored") && passed_over,
        "{fixture}: is read, {properties:?}"
    );
    let maps: BTreeMap<String, Map> = properties
        .handlers()
        .map(|(handler, headers)| (handler.to_owned(), of(headers)))
        .collect();
    let mut right: Vec<BTreeMap<String, Map>> = fixture.get("maps").map(all_of).into_iter().collect();
    if let Some(others) = fixture.get("maps_any").and_then(toml::Value::as_array) {
        right.extend(others.iter().map(all_of));
    }
    assert!(right.contains(&maps), "{fixture}: {maps:?}");
    for (handler, map) in &maps {
        assert_eq!(of(properties.headers(handler)), *map, "{fixture}");
        // What has no header and had one by default is off, and not merely missing.
        let country = properties.headers(handler);
        if !map.contains_key("countryname") {
            assert!(country.is_off(&Attribute::COUNTRY_NAME), "{fixture}");
        }
    }
    if let Some(default) = fixture.get("default") {
        assert_eq!(of(properties.headers("4711")), folded(default), "{fixture}");
    }
}
