//! The containers of the corpus under another password: nothing is lost on the way.
#![cfg(feature = "pkcs12")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use std::collections::BTreeSet;

use smartid_core::SecretString;
use smartid_trust::pkcs12::{Finding, Pkcs12, Pkcs12Policy, Profile, WriteOptions};
use smartid_trust::{Refusal, SoftToken};
use toml::{Table, Value};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus");

/// Containers that take more work are left out: they differ in nothing that is written.
const CHEAP: i64 = 20_000;

fn open(token: &SoftToken, password: &str) -> Result<Pkcs12, Refusal> {
    let policy = Pkcs12Policy::default().danger_accept_without_mac();
    Pkcs12::open(token.expose_octets(), &SecretString::new(password), &policy)
}

/// Octets with a friendly name.
type Row = (Vec<u8>, Option<String>);
type Certificates = BTreeSet<Row>;

/// Keys with their names in order; certificates with their names, each once.
fn contents(container: &Pkcs12) -> (Vec<Row>, Certificates) {
    let name = |name: Option<&str>| name.map(str::to_owned);
    let keys = container.keys().iter();
    let keys = keys.map(|key| (key.pkcs8_der().expose().to_vec(), name(key.friendly_name())));
    let certificates = container.certificates().iter();
    let certificates =
        certificates.map(|entry| (entry.certificate().der().to_vec(), name(entry.friendly_name())));
    (keys.collect(), certificates.collect())
}

/// The types of other attributes that the index names.
fn attributes(file: &Value) -> BTreeSet<String> {
    let list = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let bags = list(file, "safes")
        .into_iter()
        .flat_map(|safe| list(&safe, "bags"));
    bags.flat_map(|bag| list(&bag, "attributes"))
        .map(|oid| oid.as_str().unwrap().to_owned())
        .collect()
}

/// A nameless copy of a certificate that has a name elsewhere is not written twice.
fn merged(certificates: Certificates) -> Certificates {
    let named: BTreeSet<_> = certificates
        .iter()
        .filter(|(_, name)| name.is_some())
        .map(|(der, _)| der.clone())
        .collect();
    certificates
        .into_iter()
        .filter(|(der, name)| name.is_some() || !named.contains(der))
        .collect()
}

/// Identifiers that lead to a certificate of their key alone stay as they are; every key that has a certificate has one.
fn check_identifiers(name: &str, before: &Pkcs12, after: &Pkcs12, changed: bool) {
    for (old, new) in before.keys().iter().zip(after.keys()) {
        if let Some(id) = old.local_key_id()
            && !changed
        {
            assert_eq!(new.local_key_id(), Some(id), "{name}");
        }
        let Ok(key) = new.key() else { continue };
        let of_key = |entry: &&smartid_trust::pkcs12::CertificateEntry| {
            entry
                .certificate()
                .public_key()
                .is_ok_and(|certified| certified.is_same_key(key.public_key()))
        };
        if after.certificates().iter().any(|entry| of_key(&entry)) {
            let id = new.local_key_id().unwrap_or_else(|| panic!("{name}"));
            let mut linked = after
                .certificates()
                .iter()
                .filter(|entry| entry.local_key_id() == Some(id));
            assert!(linked.next().is_some_and(|entry| of_key(&entry)), "{name}");
            assert!(linked.all(|entry| of_key(&entry)), "{name}");
        }
    }
}

#[test]
fn every_container_keeps_what_it_has() {
    let index: Table = std::fs::read_to_string(format!("{CORPUS}/INDEX.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut written = 0;
    for (number, file) in index["file"].as_array().unwrap().iter().enumerate() {
        let says = |key: &str| file.get(key).and_then(Value::as_str).unwrap_or_default();
        let work = file.get("work").and_then(Value::as_integer).unwrap_or(i64::MAX);
        if !says("expect").starts_with("open") || file.get("also").is_some() || work > CHEAP {
            continue;
        }
        let name = says("file");
        let token = SoftToken::new(std::fs::read(format!("{CORPUS}/{name}")).unwrap());
        let before = open(&token, says("password")).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let profile = if number % 2 == 0 {
            Profile::Modern
        } else {
            Profile::Compatible
        };
        let options = WriteOptions::new(profile).with_iterations(1000);
        let policy = Pkcs12Policy::default().danger_accept_without_mac();
        let (old, new) = (
            SecretString::new(says("password")),
            SecretString::new("another one"),
        );
        let rewrapped = token
            .rewrap(&old, &policy, &new, &options)
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        let after = open(rewrapped.token(), "another one").unwrap();
        let ((keys, certificates), (new_keys, new_certificates)) = (contents(&before), contents(&after));
        assert!(keys == new_keys, "{name}");
        // What is left names a certificate once more than before at most where it was nameless.
        assert_eq!(merged(new_certificates), merged(certificates), "{name}");
        assert!(after.passed_over().is_empty(), "{name}");
        let not_kept = rewrapped
            .findings()
            .iter()
            .filter(|finding| matches!(finding, Finding::NotKept(_)));
        assert_eq!(not_kept.count(), before.passed_over().len(), "{name}");
        let lost = rewrapped.findings().iter().filter_map(|finding| match finding {
            Finding::AttributeNotKept(kind) => Some(kind.to_string()),
            _ => None,
        });
        let (lost, expected) = (lost.collect::<BTreeSet<_>>(), attributes(file));
        // Long lists are cut in the index, and at 32 here.
        match expected.iter().any(|kind| kind.ends_with(" in all")) {
            true => assert_eq!(lost.len(), 32, "{name}"),
            false => assert_eq!(lost, expected, "{name}"),
        }
        let changed = rewrapped
            .findings()
            .iter()
            .any(|finding| matches!(finding, Finding::LocalKeyIdChanged(_)));
        check_identifiers(name, &before, &after, changed);
        written += 1;
    }
    assert!(written > 200, "{written}");
}
