//! The golden files of revoking, putting on hold and taking off hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use common::golden::{Entry, Index};
use common::verdict::{Verdict, items, judge, step};
use common::{compare, dialect};
use smartid_cm::operations::{ItemResults, Reinstate, Revoke};
use smartid_cm::{Call, CertId, CmDialect, NameError, RequestSignature, RevocationReason, SignedCall, Write};
use smartid_core::{BuildError, Endpoint, Outgoing};
use toml::{Table, Value};

/// What the words of the index are in a dialect; the encoding is the fixture's own.
fn settings(fixture: &Entry, operation: &str) -> CmDialect {
    let mut requests = String::new();
    for word in fixture.optional_text("dialect").unwrap_or_default().split("; ") {
        requests += match word {
            "" | "encoding of writes: form" | "encoding of writes: JSON" => "",
            "name of certid in forms: certid" => "certid_in_forms = 'certid'\n",
            "name of certid in JSON: certId" => "certid_in_json = 'certId'\n",
            "lists in forms: joined by commas" => "lists = 'joined'\n",
            "parts of writes: no file name, the part's media type application/octet-stream" => {
                "file_parts = false\nbinary_type = 'application/octet-stream; charset=utf-8'\n"
            }
            "charset=utf-8, base64 in lines of 64" => "binary_lines = true\n",
            other => panic!("{fixture}: {other}"),
        };
    }
    let encoding = fixture.optional_text("encoding").unwrap_or("form");
    dialect(&format!(
        "[requests]\n{requests}\n[{operation}]\nencoding = '{encoding}'"
    ))
}

fn certids(call: &Table) -> Result<Vec<CertId>, NameError> {
    let ids = call["certid"].as_array().unwrap().iter();
    ids.map(|id| CertId::new(id.as_str().unwrap())).collect()
}

fn request<W: Write>(write: &W, dialect: &CmDialect, fixture: &Entry) -> Result<Outgoing, BuildError> {
    match fixture.call().get("signer_returns") {
        Some(file) => {
            assert_eq!(fixture.number("step"), Some(2), "{fixture}");
            let signature = RequestSignature::from_cms(fixture.octets(file.as_str().unwrap()));
            SignedCall::new(write, &signature).request(dialect)
        }
        None => Call::new(write).request(dialect),
    }
}

fn check_request<W: Write>(fixture: &Entry, operation: &str, make: impl FnOnce(Vec<CertId>, &Table) -> W) {
    let call = fixture.call();
    let built =
        certids(&call).map(|certids| request(&make(certids, &call), &settings(fixture, operation), fixture));
    if fixture.flag("refuse") == Some(true) {
        assert!(!matches!(built, Ok(Ok(_))), "{fixture}");
    } else {
        compare::request(&built.unwrap().unwrap(), fixture);
    }
}

fn check_response<W: Write<Output = ItemResults>>(fixture: &Entry, make: impl FnOnce(Vec<CertId>) -> W) {
    let asked = match fixture.optional_text("answers") {
        Some(file) => certids(&fixture.other(file).call()).unwrap(),
        None => vec![CertId::new("4711").unwrap()],
    };
    let write = make(asked.clone());
    let signature = RequestSignature::from_cms(vec![0x30, 0]);
    let signed = (fixture.number("step") == Some(2)).then_some(&signature);
    let mut verdict = step(&write, &CmDialect::default(), signed, fixture.incoming());
    if let Verdict::Ok(results) = &verdict
        && !results.all_done()
    {
        assert!(fixture.allows("partial"), "{fixture}: {results:?}");
        // All that is said is kept, and nothing is ascribed to a certificate of which nothing was said.
        let expected = fixture.tables("errors").unwrap_or_default();
        let mut told: Vec<_> = results.failed().cloned().collect();
        told.extend(results.others.iter().cloned());
        let mut sorted = expected.clone();
        let order = |certid: Option<String>, code: i64| (certid, code);
        told.sort_by_key(|item| order(item.certid.as_ref().map(ToString::to_string), item.code.number()));
        sorted.sort_by_key(|item| {
            let certid = item.get("certid").and_then(Value::as_str).map(str::to_owned);
            order(certid, item["code"].as_integer().unwrap())
        });
        items(&told, &sorted, fixture);
        let done: Vec<_> = results.done().collect();
        let is_success = fixture.number("code").is_none();
        assert_eq!(done.is_empty(), !is_success, "{fixture}: {results:?}");
        return;
    }
    if let Verdict::Ok(results) = &verdict {
        let done: Vec<_> = results.done().cloned().collect();
        assert_eq!(done, asked, "{fixture}");
    }
    if let Verdict::Sign(data) = &verdict {
        assert_eq!(*data, fixture.octets(fixture.text("data_to_sign")), "{fixture}");
    }
    // An answer that partly refuses may be refused as a whole.
    if verdict.outcome() == "refused" && fixture.allows("partial") {
        assert!(fixture.allows("refused"), "{fixture}");
    }
    judge(&verdict, fixture, false);
    if let Verdict::Error(error) = &mut verdict {
        assert_eq!(error.operation(), "x.y");
    }
}

fn revoke(certids: Vec<CertId>, reason: RevocationReason) -> Revoke {
    let first = CertId::new("1").unwrap();
    let mut revoke = Revoke::new(first, reason);
    revoke.certids = certids;
    revoke
}

fn reinstate(certids: Vec<CertId>) -> Reinstate {
    let mut reinstate = Reinstate::new(CertId::new("1").unwrap());
    reinstate.certids = certids;
    reinstate
}

#[test]
fn revoking() {
    for fixture in Index::of("revoke").fixtures() {
        if fixture.text("kind") == "request" {
            check_request(&fixture, "revoke", |certids, call| {
                revoke(
                    certids,
                    RevocationReason::from_number(call["reason"].as_integer().unwrap()),
                )
            });
        } else {
            check_response(&fixture, |certids| revoke(certids, RevocationReason::Superseded));
        }
    }
}

#[test]
fn putting_on_hold() {
    for fixture in Index::of("hold").fixtures() {
        if fixture.text("kind") == "request" {
            check_request(&fixture, "revoke", |certids, _| {
                let hold = Revoke::hold(CertId::new("1").unwrap());
                revoke(certids, hold.reason)
            });
        } else {
            check_response(&fixture, |certids| {
                revoke(certids, RevocationReason::CertificateHold)
            });
        }
    }
}

#[test]
fn taking_off_hold() {
    for fixture in Index::of("reinstate").fixtures() {
        if fixture.text("kind") == "request" {
            check_request(&fixture, "reinstate", |certids, _| reinstate(certids));
        } else {
            check_response(&fixture, reinstate);
        }
    }
}
