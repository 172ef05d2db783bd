//! Certificates of other producers are read whole: every fixture certificate comes apart without a refusal, whatever its key or its
//! signature, because certificates must be listed and shown even when they can no longer be used.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "test code"
)]

use std::path::{Path, PathBuf};

use smartid_trust::{Certificate, DistinguishedName, Radix};

fn certificates(folder: &str) -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder);
    let entries = std::fs::read_dir(&dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "der"));
    files.sort();
    files
}

#[test]
fn every_fixture_certificate_is_read() {
    let mut count = 0;
    for file in [certificates("certs"), certificates("path")].concat() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let outcome = Certificate::from_der(std::fs::read(&file).unwrap());
        if name.contains("trailing") || name.contains("algorithms-differ") {
            assert!(outcome.is_err(), "{name}");
            continue;
        }
        let certificate = outcome.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        for text in [certificate.subject(), certificate.issuer()] {
            let again: DistinguishedName = text.to_string().parse().unwrap();
            assert_eq!(again.to_string(), text.to_string(), "{name}");
        }
        certificate
            .subject_alt_names()
            .unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        certificate.key_usage().unwrap();
        certificate.extended_key_usage().unwrap();
        certificate.policies().unwrap();
        assert!(!certificate.serial_number().to_text(Radix::Hex).is_empty());
        count += 1;
    }
    assert!(count > 60, "{count} certificates");
}

#[test]
fn the_key_identifier_is_the_one_that_openssl_writes() {
    let (mut same, mut other) = (0, Vec::new());
    for file in [certificates("certs"), certificates("path")].concat() {
        let Ok(certificate) = Certificate::from_der(std::fs::read(&file).unwrap()) else {
            continue;
        };
        let (Ok(key), Ok(Some(written))) = (certificate.public_key(), certificate.subject_key_id()) else {
            continue;
        };
        if key.key_id() == written {
            same += 1;
        } else {
            other.push(file);
        }
    }
    assert!(
        same > 30 && other.is_empty(),
        "{same} agree, these do not: {other:?}"
    );
}
