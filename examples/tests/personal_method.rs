//! The program `personal-method` as a person or a script runs it, over every document that was written before it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn golden(name: &str) -> String {
    format!(
        "{}/../crates/smartid-da/tests/golden/personal/{name}",
        env!("CARGO_MANIFEST_DIR")
    )
}

fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_personal-method"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that has refused already reads no more.
    program.stdin.take().unwrap().write_all(input).ok();
    program.wait_with_output().unwrap()
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn complained(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What an index says about a document, but for its notes.
fn wanted(fixture: &toml::Table, member: &str) -> Option<Vec<String>> {
    let findings = fixture.get(member)?.as_array()?;
    let text = |finding: &toml::Value| {
        let of = |name: &str| {
            let value = finding.get(name)?;
            Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        };
        let part = |name| of(name).unwrap_or_else(|| "null".to_owned());
        format!(
            "{} {} {} {}",
            part("level"),
            part("code"),
            part("member"),
            part("method")
        )
    };
    let mut all: Vec<String> = findings.iter().map(text).collect();
    all.sort();
    Some(all)
}

#[test]
fn every_golden_document_has_its_exit_status_and_its_findings() {
    let index = std::fs::read_to_string(golden("INDEX.toml")).unwrap();
    let index: toml::Table = toml::from_str(&index).unwrap();
    let mut seen = [0; 3];
    for fixture in index["fixture"].as_array().unwrap() {
        let fixture = fixture.as_table().unwrap();
        let kind = fixture["kind"].as_str().unwrap();
        if !matches!(kind, "method" | "list" | "methods") {
            continue;
        }
        let file = fixture["file"].as_str().unwrap();
        let output = run(&[&golden(file), "--json"], b"");
        let status = output.status.code().unwrap();
        let events: Vec<serde_json::Value> = printed(&output)
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        seen[usize::try_from(status).unwrap()] += 1;
        if fixture.get("read").and_then(toml::Value::as_str) != Some("ok") {
            assert_eq!(status, 2, "{file}: {}", complained(&output));
            assert_eq!(events[0]["event"], "error", "{file}");
            continue;
        }
        let Some(wanted) = wanted(fixture, "findings") else {
            continue;
        };
        // Notes are for people, and are not listed in the index.
        let findings = events
            .iter()
            .filter(|event| event["event"] == "finding" && event["level"] != "note");
        let text = |event: &serde_json::Value| {
            let part = |name: &str| {
                event[name]
                    .as_str()
                    .map_or_else(|| event[name].to_string(), str::to_owned)
            };
            let method = if kind == "method" {
                "null".to_owned()
            } else {
                part("method")
            };
            format!("{} {} {} {method}", part("level"), part("code"), part("member"))
        };
        let mut found: Vec<String> = findings.map(text).collect();
        found.sort();
        let errors = wanted.iter().any(|finding| finding.starts_with("error"));
        let also_none = fixture.get("findings_also").is_some() && found.is_empty();
        assert!(
            found == wanted || also_none,
            "{file}: {found:?}, should be {wanted:?}"
        );
        if !also_none {
            assert_eq!(status, i32::from(errors), "{file}: {found:?}");
        }
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

#[test]
fn errors_warnings_and_notes_are_explained() {
    let file = golden("methods/bad_desktop_pair_missing.toml");
    let output = run(&[&file], b"");
    let text = printed(&output);
    assert_eq!(output.status.code(), Some(1));
    for part in [
        "error     mandatory-pair",
        "certificate_attribute",
        "Add both User Attribute and Certificate Attribute",
        "warning   certificate-authority-does-not-filter",
        "not usable: methods: 1, errors: 2, warnings: 1",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains('\u{1b}'), "no colours where nobody looks: {text}");
    let quiet = printed(&run(&[&file, "--quiet"], b""));
    assert_eq!(quiet.lines().count(), 2, "{quiet}");
    assert!(!quiet.contains("warning"), "{quiet}");
    let good = run(&[&golden("methods/mobile.toml"), "--quiet"], b"");
    assert_eq!((good.status.code(), printed(&good).as_str()), (Some(0), ""));
}

#[test]
fn standard_input_serves_and_one_method_can_be_chosen() {
    let both = std::fs::read(golden("lists/both_devices.toml")).unwrap();
    for arguments in [&["-"][..], &[]] {
        assert_eq!(run(arguments, &both).status.code(), Some(0));
    }
    let json = br#" {"methods":[{"method_type":"personal-desktop","display_name":"A","authentication_method_servers":["S"]},
        {"method_type":"personal-mobile","display_name":"B\u001b[2J","authentication_method_servers":[]}]}"#;
    let all = run(&["-"], json);
    assert_eq!(all.status.code(), Some(1));
    assert!(!printed(&all).contains('\u{1b}'), "{}", printed(&all));
    assert_eq!(run(&["--method", "A"], json).status.code(), Some(0));
    assert_eq!(run(&["--method", "B\u{1b}[2J"], json).status.code(), Some(1));
    let none = run(&["--method", "C"], json);
    assert_eq!(none.status.code(), Some(2));
    assert!(complained(&none).contains("has no method that is called"));
}

#[test]
fn what_cannot_be_used_is_refused_and_not_quoted() {
    let deep = "[".repeat(100_000);
    let long = " ".repeat(2 << 20);
    for input in [
        b"" as &[u8],
        b"\xff\xfe",
        b"canary",
        b"{\"canary\"",
        b"{}",
        b"method_type = \"canary\"",
        b"methods = \"canary\"",
        b"methods = [\"canary\"]",
        b"{\"method_type\":\"personal-mobile\",\"method_type\":\"canary\"}",
        b"display_name = \"canary",
        deep.as_bytes(),
        long.as_bytes(),
    ] {
        let output = run(&["-"], input);
        let text = format!("{}{}", printed(&output), complained(&output));
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(!text.contains("canary"), "{text}");
        assert!(text.starts_with("personal-method: standard input"), "{text}");
    }
    assert_eq!(run(&["/does/not/exist.toml"], b"").status.code(), Some(2));
    assert_eq!(run(&["--json", "--quiet"], b"").status.code(), Some(2));
}
