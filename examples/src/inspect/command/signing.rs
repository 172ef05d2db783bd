//! Sign and authenticate commands: what the person is shown, what is to be signed, with which key and how.

use smartid::hermod::answers::SignatureExpectation;
use smartid::hermod::filter::CertificateFilter;
use smartid::hermod::{Entry, SignatureFormat, SignatureMechanism};

use super::{Parts, about, unknown};
use crate::inspect::Finding;
use crate::inspect::kind::Command;
use crate::inspect::places::{shown, shown_text};

const MEMBERS: &[&str] = &[
    "description",
    "filter",
    "format",
    "mechanism",
    "tbs",
    "nonce",
    "userid",
];

/// The most entries that are shown.
const SHOWN: usize = 40;

/// What its answer is checked against.
pub(super) fn expectation(parts: &Parts<'_>) -> SignatureExpectation {
    let mut asked = SignatureExpectation::of(entries(parts, "/tbs").into_iter().flatten());
    asked.description = entries(parts, "/description").into_iter().flatten().collect();
    asked.format = parts
        .text("/format")
        .map(|format| SignatureFormat::from(format.as_str()));
    asked.mechanism = parts
        .text("/mechanism")
        .map(|mechanism| SignatureMechanism::from(mechanism.as_str()));
    asked.filter = parts
        .at("/filter")
        .and_then(|raw| CertificateFilter::from_json(raw).ok());
    asked.nonce = parts.text("/nonce").map(Into::into);
    asked.user = parts.text("/userid").map(Into::into);
    asked
}

/// The entries of a list, each read or not.
fn entries(parts: &Parts<'_>, pointer: &str) -> Vec<Result<Entry, String>> {
    let read = |raw: &&str| {
        serde_json::from_str::<Entry>(raw)
            .map_err(|error| smartid::core::redact::json_reason(&error.to_string()))
    };
    parts.items(pointer).iter().map(read).collect()
}

pub(super) fn signing(finding: &mut Finding, parts: &Parts<'_>) {
    about(finding, parts);
    if let Some(nonce) = parts.at("/nonce") {
        finding.fact("nonce", shown(nonce));
    }
    list(finding, parts, "/description", "shown to the person");
    list(finding, parts, "/tbs", "to be signed");
    let signs = parts.kind == Some(Command::Sign);
    match parts.items("/tbs").len() {
        0 if signs => finding.problem("there is no tbs, so there is nothing to be signed"),
        0 | 1 => {}
        _ => finding.remark(
            "there are several entries to be signed; whether a device makes one signature of them or several is not published",
        ),
    }
    match parts.text("/format") {
        Some(format) => {
            let known = SignatureFormat::from(format.as_str());
            finding.fact("format", known.as_str());
            if matches!(known, SignatureFormat::XmlDsig | SignatureFormat::Other(_)) {
                finding.remark("a signature of this format stays unverified: it is handed on as it comes");
            }
        }
        None if signs => finding.remark("no format is asked for; pkcs7 is the one that is published"),
        None => {}
    }
    match parts.text("/mechanism") {
        Some(name) => {
            let mechanism = SignatureMechanism::from(name.as_str());
            finding.fact("mechanism", mechanism.as_str());
            if let Err(refusal) = mechanism.meaning() {
                finding.remark(format!(
                    "its mechanism cannot be held against an answer: {refusal}"
                ));
            }
        }
        None if signs => {
            finding.remark("no mechanism is asked for; CKM_SHA256_RSA_PKCS is the one that is published");
        }
        None => {}
    }
    if let Some(raw) = parts.at("/filter") {
        match CertificateFilter::from_json(raw) {
            Ok(filter) => finding.fact("filter", shown(&filter.to_json().unwrap_or_default())),
            Err(error) => finding.problem(format!("its filter cannot be read: {error}")),
        }
    }
    unknown(finding, parts, MEMBERS);
}

fn list(finding: &mut Finding, parts: &Parts<'_>, pointer: &str, name: &str) {
    let name_of = pointer.trim_start_matches('/');
    for (index, entry) in entries(parts, pointer).into_iter().enumerate().take(SHOWN) {
        match entry {
            Ok(entry) => self::entry(finding, &entry, name, &format!("{name_of}/{index}")),
            Err(reason) => finding.problem(format!("{name_of}/{index} cannot be read: {reason}")),
        }
    }
}

fn entry(finding: &mut Finding, entry: &Entry, name: &str, at: &str) {
    let label = entry
        .get_label()
        .map_or_else(String::new, |label| format!("{}: ", shown_text(label)));
    let hidden = if entry.is_visible() == Some(false) {
        ", not shown to the person"
    } else {
        ""
    };
    let kind = entry.content_type();
    let what = match entry.signed_bytes() {
        _ if kind == "application/hermod+content-id" => {
            if entry.content_encoding().is_some() {
                finding.remark(format!(
                    "{at}: a content id has a content_encoding, which is documented to be left out"
                ));
            }
            format!("what the content provider has under {}", shown_text(entry.data()))
        }
        None => {
            finding.problem(format!(
                "{at}: its data cannot be decoded as its content_encoding says"
            ));
            "data that cannot be decoded".to_owned()
        }
        Some(bytes) => match std::str::from_utf8(&bytes) {
            Ok(text) if kind.starts_with("text/") => shown_text(text),
            _ => format!("{} bytes", bytes.len()),
        },
    };
    finding.fact(
        name,
        format!("{label}{what} ({kind}, key {}{hidden})", shown_text(entry.key())),
    );
}
