//! The whole corpus of PKCS #12 containers: each is known for what it is, and opened where that takes no long work.

use smartid::SecretString;
use toml::Table;

use super::{context, fixture, golden, kind};
use crate::inspect::{Context, Finding, container, inspect};

const KIND: &str = "PKCS #12 container";

/// More iterations are left out here: they take time, and change nothing.
const CHEAP: i64 = 40_000;

fn corpus(file: &str) -> Vec<u8> {
    golden(&format!("smartid-trust/tests/pkcs12-corpus/{file}"))
}

fn files() -> Vec<Table> {
    let index: Table = String::from_utf8(corpus("INDEX.toml")).unwrap().parse().unwrap();
    let files = index["file"].as_array().unwrap();
    assert!(files.len() > 600);
    files
        .iter()
        .map(|file| file.as_table().unwrap().clone())
        .collect()
}

fn with_password(password: &str) -> Context {
    let mut context = context();
    context.password = Some(SecretString::new(password));
    context
}

#[track_caller]
fn opened(bytes: &[u8], password: &str) -> Finding {
    container(bytes, &with_password(password)).unwrap()
}

#[test]
fn every_container_of_the_corpus_is_known_and_judged() {
    let (mut right, mut wrong, mut closed, mut unknown) = (0, 0, 0, 0);
    for file in files() {
        let name = file["file"].as_str().unwrap();
        let says = |key: &str| file.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let also: Vec<&str> = file
            .get("also")
            .and_then(toml::Value::as_array)
            .map(|also| also.iter().filter_map(toml::Value::as_str).collect())
            .unwrap_or_default();
        let bytes = corpus(name);
        // Without a password nothing opens, and nothing costs.
        let from_outside = inspect(&bytes, &context());
        let Some(from_outside) = from_outside.filter(|finding| finding.kind == KIND) else {
            assert_eq!(says("expect"), "refuse", "{name}");
            unknown += 1;
            continue;
        };
        if says("expect") == "open" {
            assert_eq!(from_outside.verdict, None, "{name}: {from_outside:?}");
            from_outside.remarked("it was not opened");
        }
        let work = file.get("work").and_then(toml::Value::as_integer).unwrap_or(0);
        if work > CHEAP {
            closed += 1;
            continue;
        }
        let finding = opened(&bytes, says("password"));
        let shown = format!("{finding:?}");
        match says("expect") {
            "open" if also.is_empty() => {
                assert_eq!(finding.verdict, Some(true), "{name}: {shown}");
                let keys = file["keys"].as_array().unwrap().len();
                let told = finding.facts.iter().filter(|(name, _)| name.starts_with("key "));
                assert_eq!(told.count(), keys, "{name}: {shown}");
                right += 1;
            }
            "open-on-request" => finding.complained("no-mac"),
            "refuse" if also.iter().all(|also| !also.starts_with("open")) => {
                assert_eq!(finding.verdict, Some(false), "{name}: {shown}");
                wrong += 1;
            }
            _ => {}
        }
        if !says("password").is_empty() && says("password").len() > 6 {
            assert!(!shown.contains(says("password")), "{name}: {shown}");
        }
    }
    assert!(right > 250 && wrong > 50, "{right} {wrong}");
    assert!(closed < 250 && unknown < 60, "{closed} {unknown}");
}

#[test]
fn a_container_is_known_in_every_form() {
    let bytes = fixture("pkcs12/openssl-rsa.p12");
    let base64 = smartid::core::base64::encode(smartid::core::base64::Flavour::Standard, &bytes);
    let pem = format!("-----BEGIN PKCS12-----\n{base64}\n-----END PKCS12-----\n");
    for form in [bytes.as_slice(), base64.as_bytes(), pem.as_bytes()] {
        assert_eq!(kind(form), KIND);
        assert_eq!(opened(form, "test-Passw0rd").verdict, Some(true));
        opened(form, "wrong").complained("wrong-password");
    }
    assert!(container(&fixture("certs/root.der"), &context()).is_none());
}

#[test]
fn what_is_odd_is_told() {
    let old = opened(&fixture("pkcs12/openssl-rsa-legacy.p12"), "test-Passw0rd");
    old.remarked("old algorithms");
    assert_eq!(old.verdict, Some(true));
    assert!(
        old.of_name("part 1").contains("pbeWithSHAAnd40BitRC2-CBC"),
        "{old:?}"
    );
    assert!(old.of_name("checksum").contains("SHA-1"), "{old:?}");

    let alone = opened(&corpus("good/openssl-nocerts.p12"), "test-Passw0rd");
    alone.remarked("no certificate");

    let open = opened(&fixture("pkcs12/openssl-p256-nomac.p12"), "test-Passw0rd");
    open.complained("no-mac");
    open.remarked("nobody can tell whether it was changed");
    assert!(open.of_name("key 1").contains("P256"), "{open:?}");

    let mut later = with_password("test-Passw0rd");
    later.at = smartid::Timestamp::from_millis(4_000_000_000_000);
    container(&fixture("pkcs12/openssl-rsa.p12"), &later)
        .unwrap()
        .complained("expired: the certificate of");
    later.at = smartid::Timestamp::from_millis(0);
    container(&fixture("pkcs12/openssl-rsa.p12"), &later)
        .unwrap()
        .complained("not-yet-valid");

    let none = opened(&fixture("pkcs12/bad-no-key.p12"), "test-Passw0rd");
    none.complained("no-key");
    assert!(!none.of_name("certificate").is_empty());
    opened(&fixture("pkcs12/bad-truncated.p12"), "test-Passw0rd").complained("container-truncated");
}
