//! The golden files of soft tokens over the REST API.
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
use common::token;
use golden_write::*;
use smartid_cm::Attribute;
use smartid_cm::operations::experimental::RequestSoftToken;
use smartid_cm::soft_token::IssuedSoftToken;

impl Golden for RequestSoftToken {
    const TABLE: &'static str = "soft_token";

    fn make(fixture: &Entry) -> Made<Self> {
        let mut request = Self::new(given_text(fixture, "password").unwrap());
        request.procedure = procedure(fixture);
        request.valid_from = given_time(fixture, "validfrom");
        request.valid_to = given_time(fixture, "validto");
        let call = fixture.call();
        let attributes = call.get("attributes").and_then(toml::Value::as_table);
        for (name, value) in attributes.into_iter().flatten() {
            let attribute = Attribute::new(name.as_str()).map_err(|error| error.to_string())?;
            request = request.attribute(attribute, value.as_str().unwrap());
        }
        let words = fixture.optional_text("dialect").unwrap_or_default();
        if words.contains("control characters in attributes are allowed") {
            request = request.allow_control_characters();
        }
        Ok(request)
    }

    fn any(_: &Entry) -> Self {
        Self::new("test-Passw0rd")
    }

    fn compare(fixture: &Entry, issued: &IssuedSoftToken) {
        token::same_token(fixture, issued);
    }

    fn compare_error(fixture: &Entry, error: &smartid_core::Error) {
        token::unusable_token(fixture, error);
    }
}

#[test]
fn soft_tokens_over_the_rest_api() {
    folder::<RequestSoftToken>("pkcs12-rest", &[]);
}

/// The fields of an entry that a test here looks at, and those that say where it comes from.
const KNOWN: [&str; 37] = [
    "about",
    "also",
    "answers",
    "base",
    "body_file",
    "body_fill",
    "call",
    "certid",
    "certid_also",
    "chain",
    "chain_also",
    "chain_length",
    "code",
    "cookie",
    "cookie_also",
    "csr",
    "data_to_sign",
    "dialect",
    "encoding",
    "file",
    "file_name",
    "file_name_also",
    "identity",
    "keys",
    "kind",
    "leaf_subject",
    "msg",
    "open",
    "open_also",
    "operation",
    "outcome",
    "password",
    "perhaps_done",
    "refuse",
    "secrets",
    "source",
    "status",
];

#[test]
fn every_file_and_every_field_is_read_by_a_test() {
    for (folder, count) in [("pkcs12-rest", 72), ("eui", 110)] {
        common::golden::assert_complete(folder);
        let fixtures = Index::of(folder).fixtures();
        assert_eq!(fixtures.len(), count, "{folder}");
        for fixture in &fixtures {
            for name in fixture
                .table
                .keys()
                .filter(|name| !["step", "tag"].contains(&name.as_str()))
            {
                assert!(
                    KNOWN.contains(&name.as_str()),
                    "{fixture}: {name} is not understood"
                );
            }
        }
    }
}

#[test]
fn what_is_refused_is_refused_for_its_own_reason() {
    for (file, reason) in [
        ("refuse-password-empty.http", "must not be empty"),
        ("refuse-attribute-taken.http", "name of another field"),
        ("refuse-attribute-taken-by-name.http", "name of another field"),
        ("refuse-attribute-signature.http", "name of another field"),
        ("refuse-field-name-quote.http", "letters and digits"),
        ("refuse-field-name-empty.http", "letters and digits"),
        ("refuse-dates-reversed.http", "later than"),
    ] {
        let fixture = &Index::of("pkcs12-rest").fixture(file);
        let error = made::<RequestSoftToken>(fixture).unwrap_err();
        assert!(error.contains(reason), "{file}: {error}");
    }
}
