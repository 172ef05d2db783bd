//! The containers that are written here, as OpenSSL, Java, NSS, GnuTLS and Python cryptography read them.
//!
//! Run by name: `cargo test -p smartid-trust --features pkcs12 --test peers_pkcs12 -- --ignored`. Each test fails, and is not skipped, when
//! its program is missing. `SMARTID_PYTHON` names a Python with `cryptography`; without it `python3` is asked.
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
use std::path::PathBuf;
use std::process::Command;

use aws_lc_rs::digest;
use smartid_core::base64::{self, Flavour};
use smartid_core::{SecretBytes, SecretString};
use smartid_trust::pkcs12::{Finding, NewKey, Pkcs12, Pkcs12Builder, Pkcs12Policy, Profile, WriteOptions};
use smartid_trust::{Certificate, SigningKey};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("smartid-trust-{}-p12-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn pki(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pkcs12-corpus/pki");
    std::fs::read(format!("{folder}/{name}")).unwrap()
}

fn leaf(name: &str) -> Vec<u8> {
    pki(&format!("{name}.der"))
}

fn key(name: &str) -> Vec<u8> {
    pki(&format!("{name}.test.key"))
}

fn chain(name: &str) -> [Vec<u8>; 3] {
    [leaf(name), leaf("issuing"), leaf("root")]
}

/// A container: the names of its keys in the PKI, and their friendly names.
struct Case {
    file: String,
    password: &'static str,
    keys: Vec<(&'static str, Option<&'static str>)>,
}

const ASCII: &str = "test-Passw0rd \"'\\$%";
const UNICODE: &str = "pässwörd-€-😀";

/// Each profile with one key, with two, with a name in many scripts and with none, written into `folder`.
fn containers(folder: &Folder, passwords: &[&'static str]) -> Vec<Case> {
    let contents: [&[(&str, Option<&str>)]; 5] = [
        &[("rsa1", Some("key one"))],
        &[("p256", Some("åsa ek 🔑 Ключ"))],
        &[("p256", Some("åsa ek Ключ"))],
        &[("p384", None)],
        &[("rsa1", Some("one")), ("p256", Some("two"))],
    ];
    let mut cases = Vec::new();
    for profile in [Profile::Modern, Profile::Compatible] {
        for keys in contents {
            for password in passwords {
                let mut builder = Pkcs12Builder::new();
                for (name, friendly_name) in keys {
                    let certificates = chain(name).map(|der| Certificate::from_der(der).unwrap());
                    let mut new = NewKey::new(SecretBytes::new(key(name)), certificates).unwrap();
                    if let Some(friendly_name) = friendly_name {
                        new = new.with_friendly_name(*friendly_name);
                    }
                    builder = builder.with_key(new);
                }
                let written = builder
                    .write(&SecretString::new(*password), &WriteOptions::new(profile))
                    .unwrap();
                let expected: &[Finding] = if password.is_ascii() {
                    &[]
                } else {
                    &[Finding::PasswordNotForJava]
                };
                assert_eq!(written.findings(), expected);
                let file = folder.file(&format!("{}.p12", cases.len()));
                std::fs::write(&file, written.token().expose_octets()).unwrap();
                cases.push(Case {
                    file,
                    password,
                    keys: keys.to_vec(),
                });
            }
        }
    }
    assert_eq!(cases.len(), 10 * passwords.len());
    cases
}

/// What the program wrote to standard output; it must have succeeded.
fn said(command: &mut Command) -> String {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// The sections of a PEM text with this end of their label.
fn sections(text: &str, label: &str) -> Vec<Vec<u8>> {
    let (begin, end) = (format!("{label}-----\n"), "-----END");
    let bodies = text.split("-----BEGIN ").skip(1).filter_map(|rest| {
        let (head, body) = rest.split_once('\n')?;
        format!("{head}\n")
            .ends_with(&begin)
            .then(|| body.split(end).next().unwrap())
    });
    bodies
        .map(|body| {
            let letters: String = body.split_whitespace().collect();
            base64::decode(Flavour::Standard, &letters).unwrap()
        })
        .collect()
}

/// Keys and certificates are the ones that were written, in any order, each certificate once.
fn check(case: &Case, mut keys: Vec<Vec<u8>>, certificates: &[Vec<u8>]) {
    let mut expected: Vec<_> = case.keys.iter().map(|(name, _)| key(name)).collect();
    keys.sort();
    expected.sort();
    assert!(keys == expected, "keys of {}", case.file);
    let expected: BTreeSet<_> = case.keys.iter().flat_map(|(name, _)| chain(name)).collect();
    assert_eq!(certificates.len(), expected.len(), "{}", case.file);
    assert!(
        certificates.iter().cloned().collect::<BTreeSet<_>>() == expected,
        "{}",
        case.file
    );
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_opens_what_is_written_with_and_without_its_legacy_provider() {
    let folder = Folder::new("openssl");
    for case in containers(&folder, &[ASCII, UNICODE]) {
        for legacy in [false, true] {
            let mut command = Command::new("openssl");
            command.args(["pkcs12", "-noenc", "-passin", "env:P12", "-in", &case.file]);
            let text = said(
                command
                    .args(legacy.then_some("-legacy"))
                    .env("P12", case.password),
            );
            check(
                &case,
                sections(&text, "PRIVATE KEY"),
                &sections(&text, "CERTIFICATE"),
            );
            for (name, friendly_name) in &case.keys {
                // The leaf's identifier, at the key and at the certificate.
                let id = Command::new("openssl")
                    .args(["x509", "-inform", "DER", "-noout", "-fingerprint", "-sha1", "-in"])
                    .arg(format!(
                        "{}/tests/pkcs12-corpus/pki/{name}.der",
                        env!("CARGO_MANIFEST_DIR")
                    ))
                    .output()
                    .unwrap();
                let id = String::from_utf8(id.stdout).unwrap();
                let id = id.trim().split_once('=').unwrap().1.replace(':', " ");
                assert_eq!(
                    text.matches(&format!("localKeyID: {id}")).count(),
                    2,
                    "{id}: {text}"
                );
                if let Some(plain) = friendly_name.filter(|name| name.is_ascii()) {
                    assert_eq!(
                        text.matches(&format!("friendlyName: {plain}\n")).count(),
                        2,
                        "{text}"
                    );
                }
            }
        }
    }
}

#[test]
#[ignore = "needs java"]
fn java_lists_each_key_with_its_whole_chain() {
    let folder = Folder::new("java");
    let cases = containers(&folder, &[ASCII, UNICODE]);
    let mut command = Command::new("java");
    command.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/peers_pkcs12/ReadP12.java"
    ));
    for case in &cases {
        command.args([case.file.clone(), hex(case.password.as_bytes())]);
    }
    let text = said(&mut command);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), cases.len());
    for (case, line) in cases.iter().zip(lines) {
        if case.password == UNICODE {
            // Why there is a finding for it.
            assert!(line.starts_with("no ") && line.contains("not ASCII"), "{line}");
            continue;
        }
        let mut found: Vec<Vec<&str>> = line
            .split(' ')
            .skip(1)
            .map(|entry| entry.split(',').collect())
            .collect();
        let mut expected: Vec<Vec<String>> = Vec::new();
        for (number, (name, friendly_name)) in case.keys.iter().enumerate() {
            // Java numbers what has no name, and writes names in lower case.
            let alias = friendly_name.map_or_else(|| (number + 1).to_string(), str::to_lowercase);
            let mut entry = vec![hex(alias.as_bytes()), hex(&key(name))];
            entry.extend(chain(name).iter().map(|der| hex(der)));
            expected.push(entry);
        }
        found.sort();
        expected.sort();
        assert!(found == expected, "{}: {line}", case.file);
    }
}

#[test]
#[ignore = "needs keytool"]
fn keytool_lists_private_key_entries_and_copies_them() {
    let folder = Folder::new("keytool");
    for case in containers(&folder, &["test-Passw0rd"])
        .iter()
        .filter(|case| case.keys.len() == 2)
    {
        let keytool = |arguments: &[&str]| {
            let mut command = Command::new("keytool");
            said(
                command
                    .args(["-J-Duser.language=en"])
                    .args(arguments)
                    .env("P12", case.password),
            )
        };
        let text = keytool(&["-list", "-v", "-keystore", &case.file, "-storepass:env", "P12"]);
        assert_eq!(text.matches("Entry type: PrivateKeyEntry").count(), 2, "{text}");
        assert_eq!(text.matches("Certificate chain length: 3").count(), 2, "{text}");
        let copy = format!("{}.copy", case.file);
        let words =
            "-importkeystore -srckeystore FROM -srcstorepass:env P12 -destkeystore TO -deststorepass:env P12";
        let words = words.replace("FROM", &case.file).replace("TO", &copy);
        keytool(&words.split(' ').collect::<Vec<_>>());
        let octets = std::fs::read(copy).unwrap();
        let opened = Pkcs12::open(
            &octets,
            &SecretString::new(case.password),
            &Pkcs12Policy::default(),
        )
        .unwrap();
        for (name, friendly_name) in &case.keys {
            let officer = opened.signer_named(friendly_name.unwrap()).unwrap();
            let entry = opened
                .keys()
                .iter()
                .find(|entry| entry.friendly_name() == *friendly_name)
                .unwrap();
            assert!(entry.pkcs8_der().expose() == key(name));
            let found: Vec<_> = smartid_trust::OfficerSigner::chain(&officer)
                .iter()
                .map(|one| one.der().to_vec())
                .collect();
            assert_eq!(found, chain(name));
        }
    }
}

#[test]
#[ignore = "needs pk12util and certutil (Debian: libnss3-tools)"]
fn nss_imports_what_is_written() {
    let folder = Folder::new("nss");
    for (number, case) in containers(&folder, &["test-Passw0rd", "pässwörd-€"])
        .iter()
        .enumerate()
    {
        let database = folder.file(&format!("db{number}"));
        std::fs::create_dir(&database).unwrap();
        let database = format!("sql:{database}");
        said(Command::new("certutil").args(["-N", "--empty-password", "-d", &database]));
        said(Command::new("pk12util").args(["-i", &case.file, "-d", &database, "-W", case.password]));
        let keys = said(Command::new("certutil").args(["-K", "-d", &database]));
        assert_eq!(
            keys.lines().filter(|line| line.starts_with('<')).count(),
            case.keys.len(),
            "{keys}"
        );
        assert!(!keys.contains("orphan"), "a key without its certificate: {keys}");
        let certificates = said(Command::new("certutil").args(["-L", "-d", &database]));
        assert_eq!(
            certificates.matches("u,u,u").count(),
            case.keys.len(),
            "{certificates}"
        );
        assert_eq!(
            certificates.matches(",,").count(),
            2,
            "two issuers: {certificates}"
        );
    }
}

#[test]
#[ignore = "needs certtool (Debian: gnutls-bin)"]
fn gnutls_opens_what_is_written() {
    let folder = Folder::new("gnutls");
    for case in containers(&folder, &[ASCII, UNICODE]) {
        let certtool = |arguments: &[&str], file: &str| {
            let mut command = Command::new("certtool");
            command
                .args(arguments)
                .args(["--infile", file, "--password", case.password]);
            said(&mut command)
        };
        let text = certtool(&["--p12-info", "--inder"], &case.file);
        // It shows the keys as they are encrypted in the container; another call decrypts them.
        let keys = sections(&text, "ENCRYPTED PRIVATE KEY");
        assert_eq!(keys.len(), case.keys.len(), "{text}");
        for (der, (name, _)) in keys.into_iter().zip(&case.keys) {
            let file = format!("{}.key", case.file);
            std::fs::write(&file, der).unwrap();
            let text = certtool(&["--key-info", "--inder", "--pkcs8"], &file);
            let key = SigningKey::from_pkcs8_der(&key(name)).unwrap();
            let digest = digest::digest(&digest::SHA256, key.public_key().spki_der());
            assert!(
                text.contains(&format!("sha256:{}", hex(digest.as_ref()))),
                "{name}: {text}"
            );
        }
        let found: BTreeSet<_> = sections(&text, "CERTIFICATE").into_iter().collect();
        assert!(
            found == case.keys.iter().flat_map(|(name, _)| chain(name)).collect(),
            "{text}"
        );
    }
}

#[test]
#[ignore = "needs Python with cryptography"]
fn python_cryptography_opens_what_is_written() {
    let folder = Folder::new("python");
    let mut cases = containers(&folder, &[ASCII, UNICODE]);
    // It knows one key.
    cases.retain(|case| case.keys.len() == 1);
    let python = std::env::var("SMARTID_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/peers_pkcs12/read_p12.py"
    ));
    for case in &cases {
        command.args([case.file.clone(), hex(case.password.as_bytes())]);
    }
    let text = said(&mut command);
    assert_eq!(text.lines().count(), cases.len());
    for (case, line) in cases.iter().zip(text.lines()) {
        let (name, friendly_name) = case.keys[0];
        // It drops a name with a letter that is not UCS-2.
        let friendly_name = friendly_name.filter(|name| name.chars().all(|letter| letter.len_utf16() == 1));
        let mut expected = vec![hex(friendly_name.unwrap_or_default().as_bytes()), hex(&key(name))];
        expected.extend(chain(name).iter().map(|der| hex(der)));
        assert_eq!(line, expected.join(","), "{}", case.file);
    }
}
