//! Every container of `tests/pkcs12-corpus`, opened or refused as its index says, within the budget. The index was written before the
//! reader.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use smartid_core::SecretString;
use toml::Table;
use toml::value::Array;

use crate::pkcs12::{DEFAULT_MAX_WORK, OpenedToken, Pkcs12, Pkcs12Policy, archive, container, link};
use crate::{Certificate, Reason, Refusal};

/// The files are shared out among so many tests, which run beside each other.
const SHARES: usize = 8;

pub(super) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pkcs12-corpus")
}

pub(super) fn read(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(super) fn index() -> &'static Table {
    static INDEX: OnceLock<Table> = OnceLock::new();
    INDEX.get_or_init(|| String::from_utf8(read("INDEX.toml")).unwrap().parse().unwrap())
}

pub(super) fn tables(name: &str) -> impl Iterator<Item = &'static Table> {
    list(index(), name).iter().map(|entry| entry.as_table().unwrap())
}

pub(super) fn text<'a>(table: &'a Table, name: &str) -> Option<&'a str> {
    table.get(name).map(|value| value.as_str().unwrap())
}

fn list<'a>(table: &'a Table, name: &str) -> &'a [toml::Value] {
    table
        .get(name)
        .and_then(toml::Value::as_array)
        .map_or(&[], Array::as_slice)
}

fn texts<'a>(table: &'a Table, name: &str) -> Vec<&'a str> {
    list(table, name)
        .iter()
        .map(|value| value.as_str().unwrap())
        .collect()
}

/// The name of a certificate in `pki`.
fn name(certificate: &Certificate) -> &'static str {
    static NAMES: OnceLock<Vec<(&str, Certificate)>> = OnceLock::new();
    let known = NAMES.get_or_init(|| {
        let pki = tables("pki").map(|entry| text(entry, "name").unwrap());
        pki.map(|name| {
            (
                name,
                Certificate::from_der(read(&format!("pki/{name}.der"))).unwrap(),
            )
        })
        .collect()
    });
    let (name, _) = known.iter().find(|(_, known)| known == certificate).unwrap();
    name
}

/// The name of the certificate that was issued first for a key.
fn key_name(key: &crate::SigningKey) -> &'static str {
    let names = tables("pki").map(|entry| text(entry, "name").unwrap());
    let certificates = names.map(|name| {
        (
            name,
            Certificate::from_der(read(&format!("pki/{name}.der"))).unwrap(),
        )
    });
    let mut certificates =
        certificates.filter(|(_, certificate)| certificate.public_key().unwrap() == *key.public_key());
    certificates.next().unwrap().0
}

/// What became of a container.
pub(super) enum Outcome {
    Open(Vec<String>, OpenedToken),
    Refused(&'static str, Refusal),
}

/// The word of the index.
fn word(refusal: &Refusal) -> &'static str {
    match refusal.reason() {
        Reason::NotPkcs12 => "not-pkcs12",
        Reason::ContainerTruncated => "truncated",
        Reason::WrongPassword => "wrong-password-or-corrupt",
        Reason::KeyCertificateMismatch => "key-certificate-mismatch",
        Reason::NoKey => "no-key",
        Reason::KdfIterations => "too-many-iterations",
        Reason::ContainerUnsupported => "unsupported-algorithm",
        Reason::NoMac => "no-mac",
        Reason::TooLarge => "too-large",
        other => panic!("{other:?} is no refusal of a container"),
    }
}

/// Opens as [`SoftToken::open`](crate::SoftToken::open) does, and looks at what it cost.
pub(super) fn open(file: &str, password: &str, policy: &Pkcs12Policy) -> (Outcome, u64) {
    let (plain, budget) = container::open(&read(file), &SecretString::new(password), policy);
    let spent = policy.max_work - budget.left();
    let opened = plain.and_then(archive::read).and_then(|opened| {
        let certificates = opened.certificates().iter();
        let names = certificates
            .map(|entry| name(entry.certificate()).to_owned())
            .collect();
        link::link(opened).map(|token| (names, token))
    });
    let outcome = match opened {
        Ok((names, token)) => Outcome::Open(names, token),
        Err(refusal) => Outcome::Refused(word(&refusal), refusal),
    };
    (outcome, spent)
}

/// Compares one outcome with one entry; gives what is wrong.
fn compare(entry: &Table, outcome: &Outcome, no_mac: bool) -> Result<(), String> {
    let expect = text(entry, "expect").unwrap();
    let also = texts(entry, "also");
    let mut wanted = also.clone();
    match expect {
        "refuse" => wanted.push(text(entry, "reason").unwrap()),
        _ if !no_mac => wanted.push("open"),
        _ => {}
    }
    if no_mac {
        wanted.retain(|word| *word != "open");
        wanted.push("no-mac");
    }
    match outcome {
        Outcome::Open(certificates, token) => {
            if !wanted.contains(&"open") {
                return Err(format!("opened, and not {wanted:?}"));
            }
            if entry.contains_key("keys") {
                compare_opened(entry, certificates, token)
            } else {
                Ok(())
            }
        }
        Outcome::Refused(word, refusal) => {
            if !wanted.contains(word) {
                return Err(format!("refused: {refusal}"));
            }
            let oid = refusal.algorithm().map(ToString::to_string);
            if *word != "unsupported-algorithm" {
                return if oid.is_none() {
                    Ok(())
                } else {
                    Err(format!("{oid:?} is named in {refusal}"))
                };
            }
            let oid = oid.ok_or("no algorithm is named")?;
            let others = also.iter().filter_map(|word| word.strip_prefix("oid "));
            let mut named = text(entry, "oid").into_iter().chain(others);
            if named.any(|known| known == oid) && refusal.to_string().contains(&oid) {
                Ok(())
            } else {
                Err(format!("{oid} is named in {refusal}"))
            }
        }
    }
}

/// A name as the index has it, which cuts long ones.
fn shown(name: &str) -> String {
    let (count, first) = (name.chars().count(), name.chars().take(8).collect::<String>());
    if count >= 400 {
        format!("{first}... ({count} letters)")
    } else {
        name.to_owned()
    }
}

fn compare_opened(entry: &Table, certificates: &[String], token: &OpenedToken) -> Result<(), String> {
    let same = |what: &str, is: &dyn std::fmt::Debug, should: &dyn std::fmt::Debug| {
        let (is, should) = (format!("{is:?}"), format!("{should:?}"));
        if is == should {
            Ok(())
        } else {
            Err(format!("{what} {is}, and not {should}"))
        }
    };
    let keys: Vec<&Table> = list(entry, "keys")
        .iter()
        .map(|key| key.as_table().unwrap())
        .collect();
    let count = entry
        .get("keys_in_all")
        .map_or(keys.len(), |count| count.as_integer().unwrap() as usize);
    same("keys", &token.keys().len(), &count)?;
    for (key, should) in token.keys().iter().zip(&keys) {
        same(
            "key",
            &key_name(key.key().unwrap()),
            &text(should, "key").unwrap(),
        )?;
        let pkcs8 = read(&format!("pki/{}.test.key", text(should, "key").unwrap()));
        let (own, made) = (
            crate::SigningKey::from_pkcs8_der(&pkcs8).unwrap(),
            key.key().unwrap(),
        );
        same(
            "public key",
            &own.public_key().spki_der(),
            &made.public_key().spki_der(),
        )?;
        same(
            "certificate",
            &key.certificate().map_or("none", name),
            &text(should, "certificate").unwrap(),
        )?;
        let chain: Vec<&str> = key.chain().iter().map(name).collect();
        same("chain", &chain, &texts(should, "chain"))?;
        let others: BTreeSet<&str> = key.other_certificates().iter().map(name).collect();
        same(
            "other certificates",
            &others,
            &texts(should, "certificate_also")
                .into_iter()
                .collect::<BTreeSet<_>>(),
        )?;
        let friendly_name = key.friendly_name().map(shown);
        same(
            "friendly name",
            &friendly_name.as_deref(),
            &text(should, "friendly_name"),
        )?;
        same(
            "local key id",
            &key.local_key_id().is_some(),
            &should.contains_key("local_key_id"),
        )?;
    }
    let mut should = texts(entry, "certificates");
    should.retain(|name| *name != "other");
    if let Some(count) = should.last().and_then(|last| last.strip_suffix(" in all")) {
        same(
            "certificates",
            &certificates.len(),
            &count.parse::<usize>().unwrap(),
        )?;
        let shown = should.len() - 1;
        same("certificates", &&certificates[..shown], &&should[..shown])
    } else if should.is_empty() {
        // One, the key's own, or none.
        let own: Vec<&str> = token
            .keys()
            .iter()
            .filter_map(|key| key.certificate().map(name))
            .collect();
        let own: BTreeSet<_> = own.into_iter().collect();
        same(
            "certificates",
            &certificates.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            &own,
        )
    } else {
        same("certificates", &certificates, &should)
    }
}

fn share(number: usize) {
    let mut wrong = String::new();
    for entry in tables("file").skip(number).step_by(SHARES) {
        let (file, password) = (text(entry, "file").unwrap(), text(entry, "password").unwrap());
        let strict = Pkcs12Policy::default();
        let lax = strict.danger_accept_without_mac();
        let no_mac = entry.contains_key("no_mac") || text(entry, "expect") == Some("open-on-request");
        for (policy, no_mac) in [(&strict, no_mac), (&lax, false)] {
            // What has a checksum is the same for both.
            if !no_mac
                && !entry.contains_key("no_mac")
                && text(entry, "expect") != Some("open-on-request")
                && *policy == lax
            {
                continue;
            }
            let (outcome, spent) = open(file, password, policy);
            if let Err(what) = compare(entry, &outcome, no_mac) {
                wrong += &format!("{file}: {what}\n");
            }
            assert!(spent <= DEFAULT_MAX_WORK, "{file}: {spent}");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn share_0() {
    share(0);
}

#[test]
fn share_1() {
    share(1);
}

#[test]
fn share_2() {
    share(2);
}

#[test]
fn share_3() {
    share(3);
}

#[test]
fn share_4() {
    share(4);
}

#[test]
fn share_5() {
    share(5);
}

#[test]
fn share_6() {
    share(6);
}

#[test]
fn share_7() {
    share(7);
}

#[test]
fn other_passwords_do_not_open() {
    let mut count = 0;
    for entry in tables("attempt") {
        let (file, password) = (text(entry, "file").unwrap(), text(entry, "password").unwrap());
        let (outcome, _) = open(
            file,
            password,
            &Pkcs12Policy::default().danger_accept_without_mac(),
        );
        if let Err(what) = compare(entry, &outcome, false) {
            panic!("{file} with {password:?}: {what}");
        }
        count += 1;
    }
    assert_eq!(count, 30);
}

/// The names of the files in a folder of the corpus.
fn files(below: &str) -> impl Iterator<Item = String> {
    let files = std::fs::read_dir(folder().join(below)).unwrap();
    files.map(move |file| format!("{below}/{}", file.unwrap().file_name().to_string_lossy()))
}

#[test]
fn the_index_lists_every_file_once() {
    let listed: Vec<String> = tables("file")
        .map(|entry| text(entry, "file").unwrap().to_owned())
        .collect();
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), once.len());
    assert_eq!(once, files("good").chain(files("bad")).collect());
    for entry in tables("file") {
        let (file, expect) = (text(entry, "file").unwrap(), text(entry, "expect").unwrap());
        assert_eq!(file.starts_with("bad/"), expect == "refuse", "{file}");
    }

    let certificates = tables("pki").map(|entry| format!("pki/{}.der", text(entry, "name").unwrap()));
    let keys = tables("pki").filter(|entry| entry["key"].as_bool() == Some(true));
    let keys = keys.map(|entry| format!("pki/{}.test.key", text(entry, "name").unwrap()));
    let all = certificates.chain(keys).chain(["pki/issuing.crl".to_owned()]);
    assert_eq!(all.collect::<BTreeSet<_>>(), files("pki").collect());
}

/// The bar: what OpenSSL 3.0 with its legacy provider or Python cryptography opens, we open, save for what is named here.
#[test]
fn what_others_open_we_open() {
    // scrypt is for the caller to ask for.
    const EXCEPTIONS: [&str; 2] = ["bad/bc-builder-scrypt.p12", "bad/scrypt-small.p12"];
    let mut refused = String::new();
    for entry in tables("file") {
        let by = entry["opened_by"].as_table().unwrap();
        let opened = ["openssl", "cryptography"].iter().any(|program| {
            ["yes", "legacy"]
                .iter()
                .any(|word| by[*program].as_str().unwrap().starts_with(word))
        });
        let (file, expect) = (text(entry, "file").unwrap(), text(entry, "expect").unwrap());
        // What the index expects to be opened is opened elsewhere.
        if !opened || expect != "refuse" || EXCEPTIONS.contains(&file) {
            continue;
        }
        let policy = Pkcs12Policy::default().danger_accept_without_mac();
        let password = SecretString::new(text(entry, "password").unwrap());
        if let Err(refusal) = Pkcs12::open(&read(file), &password, &policy) {
            refused += &format!("{file}: {refusal}\n");
        }
    }
    assert!(refused.is_empty(), "\n{refused}");
}

/// How long the dearest files take, against the units that are counted. Run with
/// `cargo test --release -p smartid-trust --features pkcs12 --lib measure -- --ignored --nocapture`.
#[test]
#[ignore = "measures time"]
#[allow(clippy::disallowed_methods, reason = "it measures time")]
fn measure_the_dearest() {
    let policy = Pkcs12Policy::default().danger_accept_without_mac();
    let mut rows = Vec::new();
    for entry in tables("file") {
        let (file, password) = (text(entry, "file").unwrap(), text(entry, "password").unwrap());
        let mut best = std::time::Duration::MAX;
        let mut spent = 0;
        for _ in 0..3 {
            let start = std::time::Instant::now();
            spent = open(file, password, &policy).1;
            best = best.min(start.elapsed());
        }
        rows.push((best, spent, file));
    }
    rows.sort();
    for (time, spent, file) in rows.iter().rev().take(25) {
        println!("{time:>12.3?} {spent:>12} units {file}");
    }
}
