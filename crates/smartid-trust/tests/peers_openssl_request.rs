//! Our templates as OpenSSL reads them.
//!
//! Needs the program `openssl` (3.0 or later), so it runs only when asked for:
//! `cargo test -p smartid-trust --test peers_openssl_request -- --ignored`. It fails, and is not skipped, when the program is missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use smartid_trust::GeneralName;
use smartid_trust::request::{TemplateBuilder, ThrowAwayKey};

/// What `openssl req` says of a request, on both channels.
fn openssl(der: &[u8], arguments: &str) -> String {
    let mut child = Command::new("openssl")
        .args("req -inform DER -verify -noout -utf8 -nameopt RFC2253,-esc_msb,utf8".split(' '))
        .args(arguments.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program openssl");
    child.stdin.take().unwrap().write_all(der).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("self-signature verify OK"), "{text}");
    text
}

#[test]
#[ignore = "needs the program openssl"]
fn openssl_verifies_our_templates_and_reads_the_same_names() {
    for kind in [ThrowAwayKey::Rsa2048, ThrowAwayKey::P256] {
        let subject = "serialNumber=0042,CN=Åsa Ek,OU=Night,OU=Nurses,O=Example\\, Ltd,C=SE";
        let template = TemplateBuilder::new(subject.parse().unwrap())
            .with_email("asa.ek@example.com")
            .with_user_principal_name("åsa@corp.example")
            .with_dns("host.example.com")
            .with_uri("urn:example:asa")
            .with_alt_name(GeneralName::Ip(vec![192, 0, 2, 1].into()))
            .with_alt_name(GeneralName::Directory("CN=Other".parse().unwrap()))
            .with_extension("2.5.29.15".parse().unwrap(), true, vec![3, 2, 7, 0x80])
            .build(kind)
            .unwrap();
        let shown = openssl(template.der(), "-subject");
        assert!(shown.contains(subject), "{shown}");
        let shown = openssl(template.der(), "-text");
        for part in [
            "Version: 1 (0x0)",
            "email:asa.ek@example.com",
            "UPN::åsa@corp.example",
            "DNS:host.example.com",
            "URI:urn:example:asa",
            "IP Address:192.0.2.1",
            "DirName:/CN=Other",
            "X509v3 Key Usage: critical",
            "Digital Signature",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
}

#[test]
#[ignore = "needs the program openssl"]
fn openssl_verifies_a_template_without_any_attribute() {
    let template = TemplateBuilder::new("CN=Plain".parse().unwrap())
        .build(ThrowAwayKey::P256)
        .unwrap();
    assert!(openssl(template.der(), "-subject").contains("CN=Plain"));
}
