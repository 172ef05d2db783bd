//! Looking for a certificate whose answer was lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use common::client;
use common::golden::root;
use http::{HeaderMap, StatusCode};
use smartid_cm::{CmDialect, Csr, Examination, FindIssued, FoundIssued};
use smartid_core::{Error, Incoming, Outgoing, Phase, Timestamp, TransportError, TransportProblem};

fn pki(name: &str) -> Vec<u8> {
    std::fs::read(root().join("pki").join(name)).unwrap()
}

fn answer(status: u16, body: impl Into<Bytes>) -> Result<Incoming, TransportError> {
    Ok(Incoming::new(
        StatusCode::from_u16(status).unwrap(),
        HeaderMap::new(),
        body.into(),
    ))
}

fn rows(ids: &[&str]) -> Result<Incoming, TransportError> {
    let rows: Vec<String> = ids.iter().map(|id| format!(r#"{{"certid":"{id}"}}"#)).collect();
    let (hits, rows) = (rows.len(), rows.join(","));
    answer(
        200,
        format!(r#"{{"error":0,"searchHits":{hits},"certificates":[{rows}]}}"#),
    )
}

/// What comes of looking, by a server that finds `by_key` by the key's identifier and `by_hints` otherwise, and what was asked. A
/// certificate whose id begins with `mine` is for the key.
fn look(
    by_key: &'static [&'static str],
    by_hints: &'static [&'static str],
    wanted: impl FnOnce(FindIssued) -> FindIssued,
) -> (Result<FoundIssued, Error>, Vec<String>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let (cm, runtime) = client(CmDialect::default(), move |outgoing: &Outgoing| {
        let target = outgoing.target();
        seen.lock().unwrap().push(target.clone());
        match target.split(['/', '?']).nth(1).unwrap() {
            query if query.contains("subjectKeyIdentifier=") => rows(by_key),
            query if query.contains('=') => rows(by_hints),
            id if id.starts_with("mine") => {
                assert_eq!(outgoing.headers()["accept"], "application/pkix-cert");
                answer(200, pki("device-rsa.der"))
            }
            id if id.starts_with("chain") => answer(200, pki("chain.p7")),
            id if id.starts_with("other") => answer(200, pki("device-p256.der")),
            id if id.starts_with("gone") => answer(200, r#"{"error":-14,"msg":"Bad field value"}"#),
            id if id.starts_with("odd") => answer(200, "no certificate"),
            id if id.starts_with("busy") => answer(429, r#"{"error":-40}"#),
            _ => Err(TransportError::new(TransportProblem::Connect, "x")),
        }
    });
    let csr = Csr::from_der(pki("device-rsa.csr.der")).unwrap();
    let wanted = wanted(FindIssued::of_key(csr.public_key()));
    let found = runtime.block_on(cm.find_issued(&wanted)).unwrap();
    let asked = asked.lock().unwrap().clone();
    (found, asked)
}

fn ids(found: &FoundIssued) -> Vec<&str> {
    found.found.iter().map(|found| found.certid.as_str()).collect()
}

const SINCE: u64 = 1_704_153_600_000;

fn hints(wanted: FindIssued) -> FindIssued {
    wanted
        .subject_common_name("Türschloss Nord 7")
        .issued_since(Timestamp::from_millis(SINCE))
}

#[test]
fn by_the_keys_identifier_and_no_hint_is_asked_for() {
    let (found, asked) = look(&["other1", "mine1", "chain1"], &[], hints);
    let found = found.unwrap();
    assert_eq!(ids(&found), ["mine1", "chain1"]);
    assert!(found.by_key_id.is_complete && found.by_hints.is_none());
    assert_eq!(found.examined.len(), 3);
    assert_eq!(found.examined[0].1, Examination::OtherKey);
    let newest = found.newest().unwrap();
    assert_eq!(
        newest.certificate.public_key().unwrap().key_id(),
        hex("87c1f2dd447b52c4dcdac6fef41cf368966a1173")
    );
    assert_eq!(asked.len(), 4);
    assert!(
        asked[0].contains("subjectKeyIdentifier=87c1f2dd447b52c4dcdac6fef41cf368966a1173"),
        "{asked:?}"
    );
}

fn hex(text: &str) -> Vec<u8> {
    smartid_cm::KeyIdentifier::from_text(text).to_bytes().unwrap()
}

#[test]
fn by_the_hints_when_the_ca_computes_the_identifier_otherwise() {
    let (found, asked) = look(&["other1"], &["other1", "mine1"], hints);
    let found = found.unwrap();
    assert_eq!(ids(&found), ["mine1"]);
    assert_eq!(found.examined.len(), 2, "none is looked at twice");
    assert!(found.is_exhaustive());
    let search = asked
        .iter()
        .find(|target| target.contains("subjectCommonName"))
        .unwrap();
    assert!(
        search.contains("subjectCommonName=T%C3%BCrschloss%20Nord%207"),
        "{search}"
    );
    assert!(
        search.contains("validFromTimeFrom=2024-01-01T00%3A00%3A00Z"),
        "a day earlier: {search}"
    );
}

#[test]
fn none_is_told_with_what_it_rests_on() {
    let (found, _) = look(&[], &["other1", "other2"], hints);
    let found = found.unwrap();
    assert!(found.found.is_empty() && found.newest().is_none() && found.is_exhaustive());
    let (found, asked) = look(&[], &[], |wanted| wanted);
    assert!(
        !found.unwrap().is_exhaustive(),
        "an identifier alone proves nothing"
    );
    assert_eq!(asked.len(), 1, "without hints there is no second search");
    for unreadable in [&["gone1"], &["odd1"]] {
        let (found, _) = look(&[], unreadable, hints);
        let found = found.unwrap();
        assert!(matches!(&found.examined[0].1, Examination::NotRead(why) if !why.is_empty()));
        assert!(!found.is_exhaustive(), "one could not be looked at");
    }
}

#[test]
fn no_more_are_looked_at_than_allowed() {
    let many = &["other1", "other2", "other3", "mine1"];
    let (found, asked) = look(many, many, |wanted| hints(wanted).examine_at_most(2));
    let found = found.unwrap();
    assert!(found.found.is_empty() && !found.is_exhaustive());
    assert!(!found.by_key_id.is_complete);
    assert_eq!(found.by_key_id.hits, Some(4));
    assert_eq!(
        asked
            .iter()
            .filter(|target| target.ends_with("/download"))
            .count(),
        2
    );
}

#[test]
fn what_says_nothing_of_one_certificate_is_an_error() {
    let (found, _) = look(&["busy1", "mine1"], &[], hints);
    assert_eq!(found.unwrap_err().code(), Some("-40"));
    let (found, _) = look(&["lost1", "mine1"], &[], hints);
    assert_eq!(found.unwrap_err().phase(), Phase::NotSent);
}

#[test]
fn an_id_that_is_none_is_looked_at_by_nobody() {
    let (cm, runtime) = client(CmDialect::default(), |outgoing: &Outgoing| {
        assert!(
            outgoing.target().starts_with("certificates?"),
            "{}",
            outgoing.target()
        );
        answer(
            200,
            r#"{"error":0,"searchHits":2,"certificates":[{"certid":"../revoke"},{"status":"active"}]}"#,
        )
    });
    let csr = Csr::from_der(pki("device-rsa.csr.der")).unwrap();
    let wanted = FindIssued::of_key(csr.public_key());
    let found = runtime.block_on(cm.find_issued(&wanted)).unwrap().unwrap();
    assert_eq!(found.examined.len(), 2);
    for (_, examination) in &found.examined {
        assert!(matches!(examination, Examination::NotRead(_)), "{examination:?}");
    }
}
