//! The golden files of EUI: certificates out of a page, and soft tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

mod common;
mod golden_write;

use common::golden::{Entry, Index};
use common::verdict::{self, Verdict};
use common::{compare, token};
use golden_write::{Made, csr, given_text};
use smartid_cm::eui::{EuiCertificate, EuiSoftToken, NoCertificate, Redirected};
use smartid_cm::operations::{IssuedCertificate, UnusableCertificate};
use smartid_cm::soft_token::UnusableSoftToken;
use smartid_cm::{CertificatesError, CmDialect, Csr, HandlerName};
use smartid_core::{Endpoint, Outgoing};
use smartid_trust::Certificate;

const BASE: &str = "https://pgwy.example.test:8444/pgwy";

/// The dialect that an entry describes in words; a word that is not known here is a failure.
fn dialect(fixture: &Entry) -> CmDialect {
    let toml = match fixture.optional_text("dialect") {
        // The names of further fields are the caller's.
        None | Some("extra fields: commonname, email") => "",
        Some("certencoding: pkcs7") => "[eui]\ncertificate_encoding = 'pkcs7'",
        Some("field of the password: pin") => "[eui.soft_token]\nrename = { password = 'pin' }",
        Some(words) => panic!("{fixture}: {words:?} is not understood"),
    };
    CmDialect::from_toml(toml).unwrap()
}

fn is_token(fixture: &Entry) -> bool {
    fixture.optional_text("operation") == Some("soft-token")
}

fn handler(fixture: &Entry) -> Made<Option<HandlerName>> {
    let handler = given_text(fixture, "handler").map(HandlerName::new);
    handler.transpose().map_err(|error| error.to_string())
}

fn own_fields(fixture: &Entry) -> Vec<(String, String)> {
    let call = fixture.call();
    let fields = call.get("fields").and_then(toml::Value::as_table);
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    fields
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

fn certificate(fixture: &Entry) -> Made<EuiCertificate> {
    let mut ask = EuiCertificate::new(csr(fixture)?);
    ask.handler = handler(fixture)?;
    Ok(own_fields(fixture)
        .into_iter()
        .fold(ask, |ask, (name, value)| ask.field(name, value)))
}

fn soft_token(fixture: &Entry) -> Made<EuiSoftToken> {
    let mut ask = EuiSoftToken::new(given_text(fixture, "password").unwrap());
    ask.handler = handler(fixture)?;
    Ok(own_fields(fixture)
        .into_iter()
        .fold(ask, |ask, (name, value)| ask.field(name, value)))
}

fn made(fixture: &Entry) -> Made<Outgoing> {
    let dialect = dialect(fixture);
    let made = if is_token(fixture) {
        soft_token(fixture)?.request(&dialect)
    } else {
        certificate(fixture)?.request(&dialect)
    };
    made.map_err(|error| error.to_string())
}

fn request(fixture: &Entry) {
    let made = made(fixture);
    if fixture.flag("refuse") == Some(true) {
        assert!(made.is_err(), "{fixture}");
        return;
    }
    // The address is that of Protocol Gateway, and not that of its API.
    let mut fixture = fixture.clone();
    let base = fixture.optional_text("base").unwrap_or(BASE).to_owned();
    fixture.table.insert("base".to_owned(), base.into());
    let outgoing = made.unwrap_or_else(|error| panic!("{fixture}: {error}"));
    compare::request(&outgoing, &fixture);
    assert!(!outgoing.headers().contains_key("accept"), "{fixture}");
    let handler = given_text(&fixture, "handler").unwrap_or_default();
    assert_eq!(outgoing.target() == "eui", handler.is_empty(), "{fixture}");
}

fn asked_for(fixture: &Entry) -> EuiCertificate {
    let file = fixture
        .optional_text("csr")
        .unwrap_or("../pki/device-rsa.csr.der");
    EuiCertificate::new(Csr::parse(&fixture.octets(file)).unwrap())
}

fn listed(fixture: &Entry, name: &str) -> Vec<Certificate> {
    let files = fixture.texts(name);
    files
        .iter()
        .map(|file| Certificate::from_der(fixture.octets(file)).unwrap())
        .collect()
}

fn same_certificates(fixture: &Entry, issued: &IssuedCertificate) {
    assert!(fixture.allows("certificates"), "{fixture}: {issued:?}");
    if fixture.optional_text("outcome") == Some("certificates") {
        let chain = listed(fixture, "chain");
        let also = listed(fixture, "chain_also");
        assert!(
            issued.chain == chain || !also.is_empty() && issued.chain == also,
            "{fixture}"
        );
    }
    assert_eq!(issued.certificate, issued.chain[0], "{fixture}");
    assert_eq!(
        &issued.certificate.public_key().unwrap(),
        asked_for(fixture).csr.public_key()
    );
}

fn response(fixture: &Entry) -> &'static str {
    if is_token(fixture) {
        let ask = EuiSoftToken::new("test-Passw0rd");
        let verdict = verdict::read(&ask, &dialect(fixture), fixture.incoming());
        if let Verdict::Ok(issued) = &verdict {
            token::same_token(fixture, issued);
            return "token";
        }
        if let Verdict::Error(error) = &verdict {
            token::unusable_token(fixture, error);
            let answer = error.unreadable_answer().unwrap();
            assert!(
                answer.cause::<UnusableSoftToken>().is_some(),
                "{fixture}: {error}"
            );
        }
        verdict::judge(&verdict, fixture, false);
        return verdict.outcome();
    }
    let verdict = verdict::read(&asked_for(fixture), &dialect(fixture), fixture.incoming());
    let error = match &verdict {
        Verdict::Ok(issued) => {
            same_certificates(fixture, issued);
            return "certificates";
        }
        Verdict::Error(error) => error,
        Verdict::Sign(_) => panic!("{fixture}: nothing is signed"),
    };
    let unreadable = error.unreadable_answer();
    if let Some(unusable) = unreadable.and_then(|answer| answer.cause::<UnusableCertificate>()) {
        assert!(verdict::perhaps_done(error), "{fixture}: {error}");
        assert!(!error.advice().check.is_empty());
        let mismatch = unusable.problem() == &CertificatesError::OtherKey;
        assert_eq!(
            mismatch,
            !unusable.certificates().is_empty(),
            "{fixture}: an error that keeps them"
        );
        let outcome = if mismatch { "mismatch" } else { "unreadable" };
        assert!(fixture.allows(outcome), "{fixture}: {error}");
        return outcome;
    }
    assert!(
        error.refusal::<smartid_cm::CmRefusal>().is_some()
            || unreadable.is_some_and(|answer| {
                answer.cause::<NoCertificate>().is_some() || answer.cause::<Redirected>().is_some()
            }),
        "{fixture}: {error:?}"
    );
    verdict::judge(&verdict, fixture, false);
    verdict.outcome()
}

#[test]
fn eui() {
    let index = Index::of("eui");
    for fixture in index.fixtures() {
        match fixture.text("kind") {
            "request" => request(&fixture),
            "response" => {
                response(&fixture);
            }
            other => panic!("{fixture}: {other}"),
        }
    }
    for exchange in index.exchanges() {
        let [asked, answered] = &exchange.texts("steps")[..] else {
            panic!("{exchange}");
        };
        let (asked, answered) = (exchange.other(asked), exchange.other(answered));
        request(&asked);
        assert_eq!(is_token(&asked), is_token(&answered), "{exchange}");
        assert_eq!(response(&answered), exchange.text("outcome"), "{exchange}");
    }
}

#[test]
fn what_is_refused_is_refused_for_its_own_reason() {
    for (file, reason) in [
        ("refuse-pkcs10-garbage.http", "certification request"),
        ("refuse-pkcs10-truncated.http", "certification request"),
        ("refuse-pkcs10-trailing.http", "certification request"),
        ("refuse-pkcs10-twice.http", "certification request"),
        ("refuse-pkcs10-bad-signature.http", "certification request"),
        ("refuse-pkcs10-private-key.http", "private key"),
        ("refuse-pkcs10-certificate.http", "certification request"),
        ("refuse-handler-empty.http", "the handler is empty"),
        ("refuse-handler-slash.http", "the handler contains a slash"),
        ("refuse-handler-dots.http", "the handler is made of dots"),
        ("refuse-handler-crlf.http", "the handler contains a control"),
        ("refuse-field-taken.http", "one of the request's own"),
        ("refuse-p12-password-empty.http", "must not be empty"),
    ] {
        let fixture = &Index::of("eui").fixture(file);
        let error = made(fixture).unwrap_err();
        assert!(error.contains(reason), "{file}: {error}");
    }
}

/// What is better than the entry demands: where it allows an answer to be read or not, it is read.
#[test]
fn forms_that_nobody_has_seen_are_read_too() {
    for file in [
        "response-name-upper-case.http",
        "response-base64-escaped-lines.http",
        "response-entities-named.http",
        "response-pem-one-line.http",
        "response-no-padding.http",
        "response-url-safe.http",
        "response-textarea.http",
        "response-third-string.http",
        "response-empty-first.http",
        "response-other-key-beside.http",
        "response-p7.http",
        "response-type-text.http",
        "response-decoy-comment.http",
        "response-decoy-script.http",
        "response-attribute-twice.http",
        "response-direct-der.http",
        "response-direct-pem.http",
    ] {
        let fixture = &Index::of("eui").fixture(file);
        assert_eq!(response(fixture), "certificates", "{file}");
    }
}
