//! A certificate as lists and details show it (protocol notes: cm 5.1).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use super::store::{Entry, Withdrawn};
use super::values::{decimal, hex, moment};
use crate::config::{CmConfig, KeyIdentifierStyle, SerialStyle};

/// Reasons that may be given (cm 5.3, T), with the words that lists have for them (cm 5.1, T).
pub(super) const REASONS: [(u8, &str); 7] = [
    (0, ""),
    (1, "key compromise"),
    (3, "affiliation changed"),
    (4, "superseded"),
    (5, "cessation of operation"),
    (HOLD, "certificate hold"),
    (9, "privilege withdrawn"),
];

pub(super) const HOLD: u8 = 6;

pub(super) fn reason(config: &CmConfig, number: u8) -> String {
    match REASONS.iter().find(|(known, _)| *known == number) {
        Some((0, _)) | None => config.revocation.unspecified.clone(),
        Some((_, word)) => (*word).to_owned(),
    }
}

pub(super) fn serial(style: SerialStyle, serial: &[u8]) -> String {
    match style {
        SerialStyle::Hex => hex(serial),
        SerialStyle::HexUpper => hex(serial).to_ascii_uppercase(),
        SerialStyle::Decimal => decimal(serial),
    }
}

pub(super) fn key_identifier(style: KeyIdentifierStyle, identifier: &[u8]) -> String {
    match style {
        KeyIdentifierStyle::Hex => hex(identifier),
        KeyIdentifierStyle::HexColons => {
            let bytes: Vec<String> = identifier.iter().map(|byte| format!("{byte:02X}")).collect();
            bytes.join(":")
        }
        KeyIdentifierStyle::Base64 => BASE64_STANDARD.encode(identifier),
    }
}

fn validity(entry: &Entry, now: u64) -> &'static str {
    if now < entry.facts.not_before {
        "notYetValid"
    } else if now > entry.facts.not_after {
        "expired"
    } else {
        "valid"
    }
}

/// One certificate.
pub(super) fn certificate(config: &CmConfig, entry: &Entry, now: u64) -> Value {
    let answers = &config.answers;
    let facts = &entry.facts;
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() || answers.null_members {
            out.insert(name.to_owned(), value);
        }
    };
    let (why, when) = match entry.withdrawn {
        Some(Withdrawn { reason: number, at }) => (
            json!(reason(config, number)),
            moment(answers.revocation_time_style, at),
        ),
        None => (Value::Null, Value::Null),
    };
    let identifier = |bytes: &Option<std::sync::Arc<[u8]>>| match bytes {
        Some(bytes) => json!(key_identifier(answers.key_identifier_style, bytes)),
        None => Value::Null,
    };
    put(&answers.certid_name, json!(entry.certid()));
    let status = if entry.withdrawn.is_some() {
        "revoked"
    } else {
        "active"
    };
    put("status", json!(status));
    put("reason", why);
    put("revocationtime", when);
    put("validfrom", moment(answers.date_style, facts.not_before));
    put("validto", moment(answers.date_style, facts.not_after));
    put(
        "certificateserialnumber",
        json!(serial(answers.serial_style, &facts.serial)),
    );
    put("subject", json!(entry.subject()));
    put("issuer", json!(&*facts.issuer));
    put("keyusage", json!(&*facts.usages));
    put("subjectType", json!(if facts.is_authority { "CA" } else { "EE" }));
    let extended: Map<String, Value> = entry
        .fields
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let extended = if extended.is_empty() {
        Value::Null
    } else {
        Value::Object(extended)
    };
    put("extendedcertsearch", extended);
    put("authorityKeyIdentifier", identifier(&facts.authority_key));
    put("subjectKeyIdentifier", identifier(&facts.subject_key));
    put("validity", json!(validity(entry, now)));
    Value::Object(out)
}
