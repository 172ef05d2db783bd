//! No reason to refuse without a test that names it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::path::Path;

use smartid_trust::Reason;

/// The sources of all tests: files of `tests`, files and folders named after tests in `src`, and the test modules at the end of others.
fn test_sources(folder: &Path, all_of_it: bool, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            test_sources(&path, all_of_it || name == "tests", text);
        } else if name.ends_with(".rs") && name != "reasons.rs" {
            let source = std::fs::read_to_string(&path).unwrap();
            if all_of_it || name.contains("tests") {
                text.push_str(&source);
            } else if let Some((_, tests)) = source.split_once("#[cfg(test)]\nmod tests {") {
                text.push_str(tests);
            }
        }
    }
}

#[test]
fn every_reason_stands_in_a_test() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    test_sources(&package.join("src"), false, &mut text);
    test_sources(&package.join("tests"), true, &mut text);
    let words: std::collections::HashSet<&str> = text
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .collect();
    let untested: Vec<_> = Reason::ALL
        .iter()
        .filter(|reason| !words.contains(format!("{reason:?}").as_str()))
        .collect();
    assert!(untested.is_empty(), "{untested:?}");
}
