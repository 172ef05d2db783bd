//! The golden files of the search: requests, pages, records, and ways through several pages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use common::golden::{Entry, Index};
use common::verdict::{Verdict, judge, read};
use common::{compare, dialect};
use smartid_cm::operations::Search;
use smartid_cm::{CertificateRecord, CmDialect, Csr, ExtendedField, FindIssued, RevocationReason};
use smartid_core::{Endpoint, Incoming, Outgoing, Timestamp, TransportError};
use smartid_trust::Radix;
use toml::{Table, Value};

fn settings(fixture: &Entry) -> CmDialect {
    match fixture.optional_text("dialect") {
        None => CmDialect::default(),
        Some("path of search: /certificates/overview") => dialect("[search]\npath = 'certificates/overview'"),
        Some("serial numbers in search results are decimal") => {
            dialect("[answers]\nserial_radix = 'decimal'")
        }
        Some("format of dates in requests: with seven digits of fraction") => {
            dialect("[requests]\ndates = 'fraction'")
        }
        Some(other) => panic!("{fixture}: {other}"),
    }
}

fn time(value: &Value) -> Timestamp {
    Timestamp::from_iso8601(value.as_str().unwrap()).unwrap()
}

/// The search that a call by wire names means.
fn search(call: &Table, fixture: &Entry) -> Search {
    let mut search = Search::new();
    for (name, value) in call {
        let text = || value.as_str().unwrap();
        let flag = || value.as_bool().unwrap();
        let texts = || {
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|text| text.as_str().unwrap())
        };
        search = match name.as_str() {
            "searchLimit" => search.limit(u32::try_from(value.as_integer().unwrap()).unwrap()),
            "searchOffset" => search.offset(u64::try_from(value.as_integer().unwrap()).unwrap()),
            "orderBy" => search.order_by(text()),
            "orderDescending" => search.descending(flag()),
            "cardSerialNumber" => search.card_serial_number(text()),
            "certificateSerialNumber" => search.serial_number(text()),
            "isNotRevoked" => search.not_revoked(flag()),
            "subjectCommonName" => search.subject_common_name(text()),
            "subjectGivenName" => search.subject_given_name(text()),
            "subjectSurName" => search.subject_surname(text()),
            "subjectOrganisationName" => search.subject_organisation(text()),
            "subjectOrganisationUnit" => search.subject_organisational_unit(text()),
            "subjectSerialNumber" => search.subject_serial_number(text()),
            "subjectCountry" => search.subject_country(text()),
            "publicationAllowed" => search.publication_allowed(flag()),
            "isNotYetValid" => search.not_yet_valid(flag()),
            "isExpired" => search.expired(flag()),
            "authorityKeyIdentifier" => search.authority_key_id(hex(text())),
            "subjectKeyIdentifier" => search.subject_key_id(hex(text())),
            "issuer" => search.issuer(text()),
            "subjectType" => search.subject_types(texts().map(Into::into)),
            "revocationReason" => {
                let numbers = value.as_array().unwrap().iter();
                search.revocation_reasons(
                    numbers.map(|number| RevocationReason::from_number(number.as_integer().unwrap())),
                )
            }
            name if name.starts_with("field") => search.field(ExtendedField::from(name), text()),
            name => {
                let (stem, end) = name
                    .strip_suffix("From")
                    .map(|stem| (stem, false))
                    .or_else(|| name.strip_suffix("To").map(|stem| (stem, true)))
                    .unwrap_or_else(|| panic!("{fixture}: {name}"));
                let period = match stem {
                    "revocationTime" => &mut search.revoked,
                    "publicationTime" => &mut search.published,
                    "ocspActivationTime" => &mut search.ocsp_activated,
                    "validFromTime" => &mut search.valid_from,
                    "validToTime" => &mut search.valid_to,
                    _ => panic!("{fixture}: {name}"),
                };
                *(if end { &mut period.to } else { &mut period.from }) = Some(time(value));
                search
            }
        };
    }
    search
}

fn hex(text: &str) -> Vec<u8> {
    smartid_cm::KeyIdentifier::from_text(text).to_bytes().unwrap()
}

#[test]
fn every_request_is_the_golden_one() {
    for fixture in Index::of("search").of_kind("request") {
        let call = fixture.call();
        let search = match call.get("find_issued") {
            Some(csr) => {
                let csr = Csr::from_der(fixture.octets(csr.as_str().unwrap())).unwrap();
                Search::new().subject_key_id(csr.public_key().key_id())
            }
            None => search(&call, &fixture),
        };
        compare::request(&search.request(&settings(&fixture)).unwrap(), &fixture);
    }
}

/// Compares a record with what the index says of it.
fn record(ours: &CertificateRecord, expected: &Table, fixture: &Entry, dialect: &CmDialect) {
    let at = |name: &str| format!("{fixture} {:?} {name}", ours.certid);
    for (name, value) in expected {
        let date = match name.as_str() {
            "revocation_time" => Some((ours.revoked_at, "revocationtime")),
            "valid_from" => Some((ours.valid_from, "validfrom")),
            "valid_to" => Some((ours.valid_to, "validto")),
            _ => None,
        };
        if let Some((ours_date, wire)) = date {
            let expected = value.as_str().unwrap();
            let before_1970 = expected.starts_with("1969");
            match expected {
                "none" => assert!(
                    ours_date.is_none() && !ours.other.contains_key(wire),
                    "{}",
                    at(name)
                ),
                "?" => assert!(
                    ours_date.is_none() && ours.other.contains_key(wire),
                    "{}",
                    at(name)
                ),
                // Beyond what a `Timestamp` can hold: kept as it came.
                _ if before_1970 => {
                    assert!(
                        ours_date.is_none() && ours.other.contains_key(wire),
                        "{}",
                        at(name)
                    );
                }
                text => assert_eq!(ours_date, Timestamp::from_iso8601(text), "{}", at(name)),
            }
            continue;
        }
        let text = match name.as_str() {
            "key_usage" => {
                let usages: Vec<_> = value
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|usage| usage.as_str().unwrap())
                    .collect();
                assert_eq!(ours.key_usage, usages, "{}", at(name));
                continue;
            }
            "reason_code" => {
                let code = ours.revocation_reason().map(RevocationReason::number);
                assert_eq!(code, value.as_integer(), "{}", at(name));
                continue;
            }
            "serial_hex" => {
                let number = ours.serial_number(dialect);
                number.map(|number| number.to_text(Radix::Hex).to_uppercase())
            }
            "certid" => ours.certid.as_ref().map(ToString::to_string),
            "status" => ours.status.as_ref().map(ToString::to_string),
            "reason" => ours.reason.as_ref().map(ToString::to_string),
            "serial_text" => ours.serial.as_ref().map(ToString::to_string),
            "subject" => ours.subject.clone(),
            "issuer" => ours.issuer.clone(),
            "subject_type" => ours.subject_type.as_ref().map(ToString::to_string),
            "authority_key_id" => ours.authority_key_id.as_ref().map(ToString::to_string),
            "subject_key_id" => ours.subject_key_id.as_ref().map(ToString::to_string),
            "validity" => ours.validity.as_ref().map(ToString::to_string),
            field if field.starts_with("field") => ours.extended(&field.into()).map(str::to_owned),
            other => panic!("{fixture}: {other}"),
        };
        match value.as_str().unwrap() {
            "none" | "?" => assert_eq!(text, None, "{}", at(name)),
            expected => assert_eq!(text.as_deref(), Some(expected), "{}", at(name)),
        }
    }
    // What was read is written again with the same meaning.
    let written = serde_json::to_string(ours).unwrap();
    assert_eq!(
        &serde_json::from_str::<CertificateRecord>(&written).unwrap(),
        ours,
        "{fixture}"
    );
}

#[test]
fn every_answer_is_read_as_the_index_says() {
    for fixture in Index::of("search").of_kind("response") {
        let dialect = settings(&fixture);
        let verdict = read(&Search::new(), &dialect, fixture.incoming());
        judge(&verdict, &fixture, true);
        if verdict.outcome() != "ok" {
            continue;
        }
        let page = verdict.ok(&fixture);
        if let Some(hits) = fixture.number("hits") {
            assert_eq!(page.hits, Some(u64::try_from(hits).unwrap()), "{fixture}");
        }
        let Some(records) = fixture.tables("records") else {
            continue;
        };
        assert_eq!(page.certificates.len(), records.len(), "{fixture}");
        for (ours, expected) in page.certificates.iter().zip(&records) {
            record(ours, expected, &fixture, &dialect);
        }
    }
}

#[test]
fn every_record_of_the_details_is_read_as_the_index_says() {
    use smartid_cm::CertId;
    use smartid_cm::operations::Details;

    for fixture in Index::of("details").fixtures() {
        let dialect = match fixture.optional_text("dialect") {
            None => CmDialect::default(),
            Some("path of details: /certs/{certid}/info") => {
                dialect("[details]\npath = 'certs/{certid}/info'")
            }
            Some(other) => panic!("{fixture}: {other}"),
        };
        if fixture.text("kind") == "request" {
            let certid = CertId::new(fixture.call()["certid"].as_str().unwrap());
            if fixture.flag("refuse") == Some(true) {
                assert!(certid.is_err(), "{fixture}");
            } else {
                let request = Details::new(certid.unwrap()).request(&dialect).unwrap();
                compare::request(&request, &fixture);
            }
            continue;
        }
        let expected = fixture.get("record").and_then(Value::as_table);
        let certid = expected.map_or("4711", |record| record["certid"].as_str().unwrap());
        let details = Details::new(CertId::new(certid).unwrap());
        let verdict = read(&details, &dialect, fixture.incoming());
        judge(&verdict, &fixture, true);
        if let Some(expected) = expected {
            record(&verdict.ok(&fixture), expected, &fixture, &dialect);
        }
    }
}

/// A transport that gives the answers of an exchange, and checks that each request is the one that comes before it. The last request may
/// be made again, and is answered again.
fn exchange(
    steps: Arc<Mutex<VecDeque<Entry>>>,
) -> impl FnMut(&Outgoing) -> Result<Incoming, TransportError> + Send {
    let mut last = None;
    move |outgoing: &Outgoing| {
        let mut steps = steps.lock().unwrap();
        if let (Some(request), Some(answer)) = (steps.pop_front(), steps.pop_front()) {
            last = Some((request, answer));
        }
        let (request, answer) = last.as_ref().unwrap();
        compare::request(outgoing, request);
        Ok(answer.incoming())
    }
}

#[test]
fn every_way_through_the_pages_ends_as_the_index_says() {
    let exchanges = Index::of("search").exchanges();
    assert!(exchanges.len() >= 10);
    for entry in exchanges {
        let files = entry.texts("steps");
        let steps: VecDeque<_> = files.iter().map(|file| entry.other(file)).collect();
        let left = Arc::new(Mutex::new(steps));
        let (cm, runtime) = common::client(CmDialect::default(), exchange(Arc::clone(&left)));
        let mut pages = cm.pages(search(&entry.call(), &entry));
        let mut given = Vec::new();
        let ended = runtime
            .block_on(async {
                loop {
                    match pages.next().await {
                        Ok(Some(page)) => given.extend(page.certificates),
                        Ok(None) => return Ok(()),
                        Err(error) => return Err(error),
                    }
                }
            })
            .unwrap();
        let ids: Vec<_> = given
            .iter()
            .map(|record| record.certid.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(ids, entry.texts("yields"), "{entry}");
        assert!(left.lock().unwrap().is_empty(), "{entry}: not all was asked for");
        let verdict = match ended {
            Ok(()) => Verdict::Ok(()),
            Err(error) => Verdict::Error(error),
        };
        judge(&verdict, &entry, true);
    }
}

#[test]
fn find_issued_finds_what_the_index_says() {
    let fixtures: Vec<_> = Index::of("search")
        .fixtures()
        .into_iter()
        .filter(|fixture| fixture.get("found").is_some())
        .collect();
    assert!(fixtures.len() >= 5);
    for fixture in fixtures {
        let asked = fixture.other(fixture.text("answers"));
        let csr = Csr::from_der(asked.octets(asked.call()["find_issued"].as_str().unwrap())).unwrap();
        let found = fixture.texts("found");
        let (ours, other) = (
            asked.octets("../pki/device-rsa.der"),
            asked.octets("../pki/device-p256.der"),
        );
        let (of_key, page) = (found.clone(), fixture.clone());
        let (cm, runtime) = common::client(CmDialect::default(), move |outgoing| {
            let target = outgoing.target();
            if target.starts_with("certificates?") {
                let first = target
                    .replace("searchLimit=500&", "")
                    .replace("searchOffset=0&", "");
                assert!(asked.message().request_line().1.ends_with(&first), "{target}");
                return Ok(page.incoming());
            }
            let certid = target.split('/').nth(1).unwrap();
            let der = if of_key.iter().any(|id| id == certid) {
                &ours
            } else {
                &other
            };
            let headers = http::HeaderMap::new();
            Ok(Incoming::new(http::StatusCode::OK, headers, der.clone().into()))
        });
        let result = runtime
            .block_on(cm.find_issued(&FindIssued::of_key(csr.public_key())))
            .unwrap()
            .unwrap();
        let ids: Vec<_> = result.found.iter().map(|found| found.certid.as_str()).collect();
        assert_eq!(ids, found, "{fixture}");
        assert!(
            result.by_key_id.is_complete && result.by_hints.is_none(),
            "{fixture}"
        );
        assert!(
            !result.is_exhaustive(),
            "{fixture}: without hints nothing is sure"
        );
    }
}
