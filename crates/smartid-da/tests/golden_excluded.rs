//! Every golden list of excluded credentials, and registrations against them: octets are compared, never texts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test may panic"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;

use smartid_da::fido::preflight::{Preflight, PreflightError, check};
use smartid_da::fido::{CreationOptions, ExcludedIds, OptionsError, Registration, Report};
use toml::{Table, Value};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/excluded")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(folder().join(file)).unwrap()
}

fn rows(kind: &str) -> Vec<Table> {
    let table: Table = toml::from_str(&read("INDEX.toml")).unwrap();
    let rows = table["fixture"].as_array().unwrap().iter();
    let rows: Vec<Table> = rows
        .map(|row| row.as_table().unwrap().clone())
        .filter(|row| text(row, "kind") == kind)
        .collect();
    assert!(rows.len() > 30, "{kind}: {}", rows.len());
    rows
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(row: &'a Table, key: &str) -> Vec<&'a str> {
    let list = row.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn ids(row: &Table) -> ExcludedIds {
    match text(row, "provider") {
        "da" => ExcludedIds::Base64,
        "entra" => ExcludedIds::PaddingCounted,
        other => panic!("{other}"),
    }
}

fn options(row: &Table, file: &str) -> Result<CreationOptions, OptionsError> {
    let options = CreationOptions::parse_with(&read(file), ids(row))?;
    options.validate()?;
    Ok(options)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn only(row: &Table, known: &[&str]) {
    let all = [
        "file",
        "kind",
        "tag",
        "source",
        "about",
        "call",
        "provider",
        "outcome",
        "outcome_also",
    ];
    for key in row.keys() {
        let known = all.contains(&key.as_str()) || known.contains(&key.as_str());
        assert!(known, "{}: {key}", text(row, "file"));
    }
}

#[test]
fn lists_are_read_as_the_index_says() {
    for row in rows("options") {
        only(&row, &["ids", "lint", "bytes_also"]);
        let file = text(&row, "file");
        assert_eq!(text(&row, "call"), "options");
        let options = match (options(&row, file), text(&row, "outcome")) {
            (Ok(options), "accept") => options,
            (Err(_), "refuse") => continue,
            (result, outcome) => panic!("{file}: {outcome}, {result:?}"),
        };
        // Whatever can be read of it, the device gets all of it as it came.
        assert_eq!(options.raw(), read(file).trim(), "{file}");
        let known = row["ids"].as_array().unwrap();
        let entries = &options.view().exclude;
        assert_eq!(entries.len(), known.len(), "{file}");
        for (entry, known) in entries.iter().zip(known) {
            let known = known.as_table().unwrap();
            assert_eq!(entry.id_text, text(known, "text"), "{file}");
            let readings = [Some(&entry.id), entry.counted_id.as_ref()];
            let bytes: Vec<String> = readings
                .into_iter()
                .flatten()
                .filter(|id| !id.is_empty())
                .map(|id| hex(id))
                .collect();
            assert_eq!(bytes, list(known, "bytes"), "{file}: {}", entry.id_text);
            for id in readings.into_iter().flatten() {
                assert_eq!(entry.is(id), !id.is_empty(), "{file}");
            }
            let unreadable = matches!(text(known, "form"), "unreadable" | "empty" | "loose-bits");
            assert!(
                !unreadable || !text(known, "text").is_empty() || bytes.is_empty(),
                "{file}"
            );
        }
        let report = Report::of_options(&options);
        let found = report
            .lints()
            .iter()
            .filter(|lint| lint.at.starts_with("/excludeCredentials"));
        let codes: BTreeSet<&str> = found.clone().map(|lint| lint.code).collect();
        let expected: BTreeSet<&str> = list(&row, "lint").into_iter().collect();
        assert_eq!(codes, expected, "{file}: {report}");
        assert_eq!(
            found.count(),
            report.lints().len(),
            "{file}: nothing else is odd: {report}"
        );
        // From a store comes the text alone.
        let stored: CreationOptions =
            serde_json::from_str(&serde_json::to_string(&options).unwrap()).unwrap();
        assert_eq!(stored.read_ids(ids(&row)), options, "{file}");
    }
}

#[test]
fn a_credential_that_is_stored_already_is_refused() {
    for row in rows("registration") {
        only(&row, &["options", "credential", "matches", "reason"]);
        let file = text(&row, "file");
        assert_eq!(text(&row, "call"), "credentials");
        let options = options(&row, text(&row, "options")).unwrap();
        let registration = Registration::parse(&read(file)).unwrap();
        assert_eq!(hex(registration.id()), text(&row, "credential"), "{file}");
        let matches: Vec<i64> = row["matches"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_integer)
            .collect();
        let found = options.excluded_at(registration.id());
        let found: Vec<i64> = found.into_iter().map(|at| i64::try_from(at).unwrap()).collect();
        assert_eq!(found, matches, "{file}");
        assert_eq!(options.excludes(registration.id()), !matches.is_empty(), "{file}");
        match check(&options, &registration, &Preflight::new()) {
            Ok(_) => assert_eq!(text(&row, "outcome"), "accept", "{file}"),
            Err(error @ PreflightError::Excluded(first)) => {
                assert_eq!(text(&row, "outcome"), "refuse", "{file}");
                assert_eq!(error.name(), text(&row, "reason"), "{file}");
                assert_eq!(i64::try_from(first).unwrap(), matches[0], "{file}");
            }
            Err(other) => panic!("{file}: {other}"),
        }
    }
}

#[test]
fn every_file_is_in_the_index_and_read() {
    let mut named: BTreeSet<String> = ["INDEX.toml", "make_excluded.py"].map(str::to_owned).into();
    for kind in ["options", "registration"] {
        named.extend(rows(kind).iter().map(|row| text(row, "file").to_owned()));
    }
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(named, there);
}
