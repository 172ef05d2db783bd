//! Every command body that the golden files of the client hold, typed from the vendor's pages, is accepted as it stands; what a client
//! must not build is refused; and what is unknown becomes possible by a switch.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking, its helpers too"
)]

mod common;
mod raw_device;

use std::path::{Path, PathBuf};

use common::Bench;

/// The users and mailboxes that the files name.
const EXISTING: &str = r#"
[[hermod.mailbox.existing]]
user = "user-1@example.com"
profile = "70a1c6de-0000-4000-8000-0000000000d1"
bid = "3c0e7a52-0000-4000-8000-0000000000a2"
[[hermod.mailbox.existing]]
user = "user-2@example.com"
profile = "second"
[[hermod.mailbox.existing]]
user = "somebody-with-a-session"
profile = "third"
bid = "3c0e7a52-0000-4000-8000-0000000000a1"
"#;

const COMMANDS: [&str; 8] = [
    "provision",
    "certificate",
    "authenticate",
    "sign",
    "ping",
    "startpinreset",
    "endpinreset",
    "delete",
];

struct Fixture {
    path: PathBuf,
    file: String,
    tag: String,
    verb: String,
    refuse: bool,
}

fn fixtures(command: &str) -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../smartid-hermod/tests/golden")
        .join(command);
    let index: toml::Table = std::fs::read_to_string(folder.join("INDEX.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let text = |entry: &toml::Value, name: &str| {
        entry
            .get(name)
            .and_then(toml::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    index["fixture"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| text(entry, "what") == "request" && text(entry, "file").ends_with(".json"))
        .map(|entry| Fixture {
            path: folder.join(text(entry, "file")),
            file: format!("{command}/{}", text(entry, "file")),
            tag: text(entry, "tag"),
            verb: text(entry, "post_to"),
            refuse: entry.get("refuse").is_some(),
        })
        .collect()
}

async fn send(bench: &Bench, fixture: &Fixture) -> (u16, Option<String>) {
    let text = std::fs::read_to_string(&fixture.path).unwrap();
    let answer = bench.command_text(&fixture.verb, text).await;
    let code = bench.code(&format!("/{}", fixture.verb));
    (answer.status, code)
}

#[tokio::test]
async fn documented_and_inferred_bodies_are_accepted() {
    let bench = Bench::from_toml(EXISTING).await;
    let mut sent = 0;
    for command in COMMANDS {
        for fixture in fixtures(command) {
            if fixture.tag == "unknown" {
                continue;
            }
            let (status, code) = send(&bench, &fixture).await;
            let wanted = if fixture.refuse { 400 } else { 200 };
            assert_eq!(status, wanted, "{} {code:?}", fixture.file);
            sent += 1;
        }
    }
    assert!(sent > 120, "{sent}");
}

#[tokio::test]
async fn a_destination_that_does_not_exist_is_not_found() {
    let bench = Bench::from_toml("").await;
    let mut missing = 0;
    for command in COMMANDS {
        for fixture in fixtures(command) {
            if fixture.tag == "unknown" || fixture.refuse {
                continue;
            }
            match send(&bench, &fixture).await {
                (200, _) => (),
                (404, Some(code)) if code == "box_unknown" => missing += 1,
                other => panic!("{} {other:?}", fixture.file),
            }
        }
    }
    assert!(missing > 20, "{missing}");
}

/// Forms that no page shows. By default they are answered as the product may answer them, always with a refusal of its own word.
#[tokio::test]
async fn unknown_forms_are_answered_and_a_switch_allows_them() {
    let strict = Bench::from_toml(EXISTING).await;
    let switches = r#"
        [hermod]
        refuse_unknown_members = false
        [hermod.body]
        lenient_types = true
        any_admin_key = true
        entry_encodings = ["base64", ""]
        [hermod.body.values]
        [hermod.delete]
        missing_confirmation = "device"
        [hermod.mailbox]
        to_profile_id = true
    "#;
    let open = Bench::from_toml(&format!("{switches}{EXISTING}")).await;
    let (mut refused, mut allowed, mut left) = (0, 0, Vec::new());
    for command in COMMANDS {
        for fixture in fixtures(command) {
            // What deletes a mailbox would take it from the others.
            let deletes = ["mailbox", "confirmation_text_false"]
                .iter()
                .any(|part| fixture.file.contains(part));
            if fixture.tag != "unknown" || deletes {
                continue;
            }
            let (status, code) = send(&strict, &fixture).await;
            assert!(matches!(status, 200 | 400 | 404), "{} {status}", fixture.file);
            refused += usize::from(status != 200);
            assert!(status == 200 || code.is_some(), "{}", fixture.file);
            let (status, code) = send(&open, &fixture).await;
            if status == 200 {
                allowed += 1;
                continue;
            }
            // Other names and other nesting are the work of verbs and moves; an empty filter says nothing at all.
            let other = [
                "other_wrapper",
                "wrapper_",
                "verb_",
                "params",
                "nested",
                "profile_outside",
                "operation_in_prov",
                "no_user",
                "pkcs7.json",
                "empty_object",
                "transported_member",
                "chain_in_one",
                "own_member",
            ];
            if !other.iter().any(|part| fixture.file.contains(part)) {
                left.push(format!("{} {status} {code:?}", fixture.file));
            }
        }
    }
    assert!(left.is_empty(), "{left:#?}");
    assert!(refused > 25 && allowed > 40, "{refused} {allowed}");
}
