//! What the corpus's index says of each container is what is described, and nothing makes it panic.

use proptest::prelude::*;
use toml::{Table, Value};

use super::*;
use crate::Reason;
use crate::pkcs12::tests::{ED25519_KEY, bag, data, pfx};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus");

fn files() -> Vec<Table> {
    let index = std::fs::read_to_string(format!("{CORPUS}/INDEX.toml")).unwrap();
    let mut index: Table = index.parse().unwrap();
    let Some(Value::Array(files)) = index.remove("file") else {
        panic!("no files");
    };
    files
        .into_iter()
        .map(|file| file.try_into::<Table>().unwrap())
        .collect()
}

fn octets(file: &str) -> Vec<u8> {
    std::fs::read(format!("{CORPUS}/{file}")).unwrap()
}

fn text<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.get(name).and_then(Value::as_str)
}

fn oid(algorithm: Option<&Algorithm>) -> Option<String> {
    algorithm.map(|algorithm| algorithm.oid().to_string())
}

/// A number that the index has, as far as it is one that can be counted with.
fn same_number(table: &Table, name: &str, found: Option<u64>, whose: &str) {
    if let Some(number) = table.get(name).and_then(Value::as_integer) {
        assert_eq!(found, u64::try_from(number).ok(), "{name} of {whose}: {table:?}");
    }
}

fn same_encryption(expected: &Table, found: Option<&Encryption>, whose: &str) {
    let found = found.unwrap_or_else(|| panic!("{whose}: not encrypted"));
    assert_eq!(
        Some(found.scheme().oid().to_string().as_str()),
        text(expected, "scheme"),
        "{whose}"
    );
    assert_eq!(
        oid(found.cipher()).as_deref(),
        text(expected, "cipher"),
        "{whose}"
    );
    if found
        .derivation()
        .is_some_and(|function| function.name() == Some("PBKDF2"))
    {
        assert_eq!(text(expected, "kdf"), None, "{whose}");
        if let Some(prf) = text(expected, "prf") {
            assert_eq!(oid(found.prf()).as_deref(), Some(prf), "{whose}");
        }
        if expected.contains_key("prf_default") {
            assert_eq!(
                found.prf().and_then(Algorithm::name),
                Some("HMAC-SHA1"),
                "{whose}"
            );
        }
    } else if found.scheme().name() == Some("PBES2") {
        assert_eq!(
            oid(found.derivation()).as_deref(),
            text(expected, "kdf"),
            "{whose}"
        );
    }
    same_number(expected, "iterations", found.iterations(), whose);
    same_number(
        expected,
        "salt",
        found.salt_len().map(|length| length as u64),
        whose,
    );
}

fn same_mac(expected: &Table, found: Option<&MacDescription>, whose: &str) {
    let found = found.unwrap_or_else(|| panic!("{whose}: no checksum"));
    assert_eq!(
        Some(found.algorithm().oid().to_string().as_str()),
        text(expected, "algorithm"),
        "{whose}"
    );
    assert_eq!(oid(found.hmac()).as_deref(), text(expected, "hmac"), "{whose}");
    if let Some(prf) = text(expected, "prf") {
        assert_eq!(oid(found.prf()).as_deref(), Some(prf), "{whose}");
        assert_eq!(
            found.derivation().and_then(Algorithm::name),
            Some("PBKDF2"),
            "{whose}"
        );
    }
    same_number(expected, "iterations", found.iterations(), whose);
    same_number(
        expected,
        "salt",
        found.salt_len().map(|length| length as u64),
        whose,
    );
    if expected.contains_key("iterations_default") {
        assert_eq!(found.iterations(), Some(1), "{whose}");
    }
}

/// Counts the bags that were compared.
fn same_bags(expected: &[Value], found: &[Bag], whose: &str) -> usize {
    let mut compared = 0;
    for (expected, found) in expected.iter().zip(found) {
        let expected = expected.as_table().unwrap();
        if expected.contains_key("more") {
            return compared;
        }
        let kind = match found.kind().name().unwrap_or("?") {
            "encrypted key" => "shrouded-key".to_owned(),
            "CRL" => "crl".to_owned(),
            "bags in a bag" => "safe-contents".to_owned(),
            "?" => found.kind().oid().to_string(),
            other => other.to_owned(),
        };
        assert_eq!(text(expected, "kind"), Some(kind.as_str()), "{whose}");
        assert_eq!(found.friendly_name(), text(expected, "friendly_name"), "{whose}");
        let id = found
            .local_key_id()
            .map(|id| id.iter().map(|octet| format!("{octet:02x}")).collect::<String>());
        // Long ones are not written out in the index.
        let long = found.local_key_id().map(|id| format!("{} octets", id.len()));
        let expected_id = text(expected, "local_key_id");
        assert!(
            id.as_deref() == expected_id || long.as_deref() == expected_id,
            "{whose}: {id:?}"
        );
        if let (Some(certificate), Some(name)) = (found.certificate(), text(expected, "is")) {
            assert_eq!(certificate.der(), &octets(&format!("pki/{name}.der")), "{whose}");
        }
        if let Some(Value::Table(encryption)) = expected.get("encryption") {
            same_encryption(encryption, found.encryption(), whose);
        }
        compared += 1;
    }
    compared
}

#[test]
fn what_the_index_says_is_described() {
    let (mut opened, mut parts, mut bags, mut ber) = (0, 0, 0, 0);
    for file in files() {
        let name = text(&file, "file").unwrap().to_owned();
        let described = describe(&octets(&name));
        if !text(&file, "expect").unwrap().starts_with("open") {
            continue;
        }
        let found = described.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        opened += 1;
        assert_eq!(
            (found.version(), found.content().name()),
            (3, Some("data")),
            "{name}"
        );
        match file.get("mac") {
            Some(Value::Table(mac)) => same_mac(mac, found.mac(), &name),
            Some(Value::String(none)) if none == "none" => assert!(found.mac().is_none(), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        let in_der = text(&file, "encoding") == Some("DER");
        assert!(found.is_der() || !in_der, "{name}");
        ber += usize::from(!found.is_der());
        let Some(Value::Array(safes)) = file.get("safes") else {
            panic!("{name} without safes");
        };
        for (safe, part) in safes.iter().filter_map(Value::as_table).zip(found.parts()) {
            if safe.contains_key("more") {
                break;
            }
            parts += 1;
            let content = part.content().to_string().replace(' ', "-");
            assert_eq!(text(safe, "content"), Some(content.as_str()), "{name}");
            match safe.get("encryption") {
                Some(Value::Table(encryption)) => same_encryption(encryption, part.encryption(), &name),
                None => {
                    assert!(part.encryption().is_none(), "{name}");
                    let Some(Value::Array(expected)) = safe.get("bags") else {
                        panic!("{name} without bags");
                    };
                    bags += same_bags(expected, part.bags(), &name);
                }
                Some(other) => panic!("{name}: {other:?}"),
            }
        }
    }
    assert!(opened >= 445, "{opened}");
    assert!(parts > 800 && bags > 400 && ber > 70, "{parts} {bags} {ber}");
}

#[test]
fn what_is_refused_is_described_or_refused_for_its_form() {
    let mut counts = [0; 4];
    for file in files() {
        let name = text(&file, "file").unwrap();
        let Some(reason) = text(&file, "reason") else {
            continue;
        };
        let found = describe(&octets(name)).map_err(|refusal| refusal.reason());
        match (reason, &found) {
            ("truncated", Err(Reason::ContainerTruncated)) => counts[0] += 1,
            ("not-pkcs12" | "truncated", Err(Reason::NotPkcs12)) => counts[1] += 1,
            // Form and algorithms can be seen even if nothing opens it.
            (_, Ok(_)) => counts[2] += 1,
            (_, Err(Reason::NotPkcs12 | Reason::ContainerTruncated | Reason::TooLarge)) => counts[3] += 1,
            other => panic!("{name}: {other:?}"),
        }
    }
    assert!(
        counts[0] >= 22 && counts[1] >= 30 && counts[2] >= 100,
        "{counts:?}"
    );
}

#[test]
fn cut_anywhere_it_is_truncated() {
    for name in ["good/openssl-rsa1.p12", "good/bc-alias-case.p12"] {
        let Ok(whole) = std::fs::read(format!("{CORPUS}/{name}")) else {
            panic!("{name}");
        };
        assert!(describe(&whole).is_ok());
        for end in 1..whole.len() {
            let reason = describe(&whole[..end]).err().map(|refusal| refusal.reason());
            let cut_in_end_marks = whole[..end].ends_with(&[0, 0]) && reason == Some(Reason::NotPkcs12);
            assert!(
                reason == Some(Reason::ContainerTruncated) || cut_in_end_marks,
                "{name} {end} {reason:?}"
            );
        }
    }
}

#[test]
fn what_stands_in_the_open_is_shown() {
    let octets = pfx(&[&data(&[&bag("1", &ED25519_KEY), &bag("5", &[4, 0])])], Some(7));
    let found = describe(&octets).unwrap();
    assert_eq!(found.len(), octets.len());
    assert_eq!(
        found.mac().unwrap().to_string(),
        "HMAC with SHA-256, 7 iterations, salt of 4 bytes"
    );
    assert!(!found.is_old());
    let bags = found.parts()[0].bags();
    let kinds: Vec<_> = bags
        .iter()
        .map(|bag| (bag.kind().name(), bag.friendly_name()))
        .collect();
    assert_eq!(
        kinds,
        [
            (Some("key"), Some("Schlüssel")),
            (Some("secret"), Some("Schlüssel"))
        ]
    );
    // The key itself is in no text.
    assert!(!format!("{found:?}").contains("9, 9, 9"), "{found:?}");
}

#[test]
fn caps_hold() {
    let reason = |octets: &[u8]| describe(octets).err().map(|refusal| refusal.reason());
    assert_eq!(reason(&vec![0x30; 1024 * 1024 + 1]), Some(Reason::TooLarge));
    let one = bag("5", &[4, 0]);
    let with = |count: usize| pfx(&[&data(&vec![one.as_slice(); count])], None);
    assert_eq!(reason(&with(1023)), None);
    assert_eq!(reason(&with(1024)), Some(Reason::TooLarge), "the part counts too");
    let empty = data(&[]);
    assert_eq!(
        reason(&pfx(&vec![empty.as_slice(); 1025], None)),
        Some(Reason::TooLarge)
    );
    assert_eq!(reason(b""), Some(Reason::NotPkcs12));
    assert_eq!(reason(b"<html>"), Some(Reason::NotPkcs12));
    assert_eq!(reason(&octets("pki/root.der")), Some(Reason::NotPkcs12));
}

#[test]
fn names_are_known_once_and_old_ones_are_old() {
    let algorithm = |text: &str| Algorithm::new(text.parse().unwrap());
    assert_eq!(algorithm("2.16.840.1.101.3.4.1.42").to_string(), "AES-256-CBC");
    assert_eq!(algorithm("1.2.3.4").to_string(), "1.2.3.4");
    assert!(!algorithm("1.2.3.4").is_old() && !algorithm("1.2.840.113549.1.5.13").is_old());
    assert!(algorithm("1.2.840.113549.1.12.1.6").is_old() && algorithm("1.3.14.3.2.26").is_old());
    for (number, file) in [
        (true, "good/keytool-rsa-legacy.p12"),
        (false, "good/openssl-rsa1.p12"),
    ] {
        assert_eq!(describe(&octets(file)).unwrap().is_old(), number, "{file}");
    }
}

proptest! {
    #[test]
    fn changed_octets_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        for file in ["good/openssl-rsa1.p12", "good/fields-pbmac1-sha256-sha256.p12"] {
            let mut bytes = octets(file);
            for (place, octet) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *octet;
            }
            if let Ok(found) = describe(&bytes) {
                let _ = format!("{found:?} {:?} {:?}", found.mac().map(ToString::to_string), found.is_old());
            }
        }
    }

    #[test]
    fn no_octets_make_it_panic(bytes: Vec<u8>) {
        let _ = describe(&bytes);
    }
}
