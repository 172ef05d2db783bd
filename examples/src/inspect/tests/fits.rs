//! What must hold of every golden file: the lines make it fit, and no secret is shown.

use smartid::core::dialect::overlay_section;
use smartid::{DaDialect, HermodDialect};

use super::{context, read};
use crate::inspect::inspect;

const FOLDERS: &[&str] = &[
    "authenticate",
    "callbacks",
    "certificate",
    "clients",
    "content-provider",
    "delete",
    "endpinreset",
    "links",
    "mobile-links",
    "ping",
    "provision",
    "push",
    "requests",
    "responses",
    "sign",
    "startpinreset",
];

/// Keys, passwords, nonces, proofs and tokens of the golden files.
const SECRETS: &[&str] = &[
    "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "Z29sZGVuLWNsaWVudDow",
    "8f3a61c20d94be57",
    "1dd438976365d734",
    "fedcba98765432100f1e2d3c4b5a6978123456789abcdef0",
    "Passw0rd",
];

fn files() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        let path = format!(
            "{}/../crates/smartid-hermod/tests/golden/{folder}",
            env!("CARGO_MANIFEST_DIR")
        );
        for entry in std::fs::read_dir(path).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if name != "INDEX.toml" {
                all.push((format!("{folder}/{name}"), std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn the_lines_make_it_fit() {
    let mut fitted = 0;
    for (name, bytes) in files() {
        let Some(finding) = inspect(&bytes, &context()) else {
            continue;
        };
        let lines = finding.dialect.join("\n\n");
        // Some lines leave the choice to the person.
        if lines.is_empty() || lines.contains("\n#") || name.starts_with("content-provider/response") {
            continue;
        }
        let mut context = context();
        context.messaging = overlay_section::<HermodDialect>(&lines, "messaging")
            .unwrap_or_else(|error| panic!("{name}: {error}\n{lines}"));
        context.digital_access = overlay_section::<DaDialect>(&lines, "digital_access")
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = String::from_utf8(bytes).unwrap();
        let again = read(&text, &context);
        assert!(again.dialect.is_empty(), "{name}\n{lines}\n{again:?}");
        fitted += 1;
    }
    assert!(fitted > 30, "{fitted}");
}

#[test]
fn no_secret_is_shown() {
    for (name, bytes) in files() {
        let shown = format!("{:?}", inspect(&bytes, &context()));
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{name}: {secret}\n{shown}");
        }
    }
}

#[test]
fn every_command_and_every_answer_is_recognised() {
    for (name, bytes) in files() {
        let (folder, file) = name.split_once('/').unwrap();
        let is_json = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).is_ok();
        let nothing_known = [
            "requests",
            "responses",
            "callbacks",
            "push",
            "content-provider",
            "clients",
        ]
        .contains(&folder)
            || file.contains("no_ids");
        if !is_json || nothing_known || file.starts_with("payload") {
            continue;
        }
        let kind = inspect(&bytes, &context())
            .map(|finding| finding.kind)
            .unwrap_or_default();
        let expected = match file.split('_').next() {
            Some("request") => "command to messaging: ",
            Some("callback" | "poll") => "callback or state of a command",
            Some("response") => continue,
            _ => panic!("{name}"),
        };
        assert!(kind.starts_with(expected), "{name}: {kind:?}");
    }
}

#[test]
fn what_is_cut_off_or_nested_deeply_is_no_trouble() {
    for (_, bytes) in files() {
        for part in 1..4 {
            let cut = bytes.len() * part / 4;
            let _ = inspect(&bytes[..cut], &context());
        }
    }
    for (open, close) in [
        ("{\"data\":", "}"),
        ("[", "]"),
        ("{\"commandHeader\":{},\"signCommand\":", "}"),
    ] {
        let deep = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
        let _ = inspect(deep.as_bytes(), &context());
        let _ = inspect(open.repeat(20_000).as_bytes(), &context());
        let inside = format!(r#"{{"commandId":"1","state":"SUCCESS","response":{deep}}}"#);
        let _ = inspect(inside.as_bytes(), &context());
    }
}
