//! Bouncy Castle reads what is made here, Ed25519 among it, which OpenSSL 3.0 does not read. Run by name: it needs `java` and Debian's
//! `libbcpkix-java`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::process::Command;

use smartid_trust::cms::{self, SignOptions};

#[path = "cms/support/mod.rs"]
mod support;

use support::*;

const CLASS_PATH: &str = "/usr/share/java/bcpkix.jar:/usr/share/java/bcutil.jar:/usr/share/java/bcprov.jar";

#[test]
#[ignore = "needs java and Bouncy Castle"]
fn bouncy_castle_verifies_what_is_made_here() {
    let folder = std::env::temp_dir().join(format!("smartid-trust-{}-bouncy-castle", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let content = write("content", CONTENT);
    let changed = write("changed", b"other content");
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        for algorithm in kind.algorithms() {
            let officer = officer(kind).preferring(algorithm);
            for attributes in [true, false] {
                let mut options = SignOptions::new()
                    .with_signing_time(NOW)
                    .with_signing_certificate();
                if !attributes {
                    options = options.without_signed_attributes();
                }
                let name = format!("{}-{attributes}", lines.len());
                let attached = write(&name, &cms::sign(&officer, CONTENT, &options).unwrap());
                let detached = cms::sign(&officer, CONTENT, &options.detached()).unwrap();
                let detached = write(&format!("{name}-detached"), &detached);
                lines.push(format!("{attached}\t-\t"));
                lines.push(format!("{detached}\t{content}\t"));
                lines.push(format!("{detached}\t{changed}\t"));
                let name = format!("{algorithm:?} {attributes}");
                expected.extend([(name.clone(), true), (name.clone(), true), (name, false)]);
            }
        }
    }
    let list = write("list", lines.join("\n").as_bytes());
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/make/BcVerify.java");
    let said = Command::new("java")
        .args(["-cp", CLASS_PATH, program, &list])
        .output()
        .expect("java");
    std::fs::remove_dir_all(&folder).ok();
    let words = String::from_utf8(said.stdout).unwrap();
    assert_eq!(
        words.lines().count(),
        expected.len(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    for ((name, good), word) in expected.iter().zip(words.lines()) {
        assert_eq!(word == "verifies", *good, "{name}: {word}");
    }
}
