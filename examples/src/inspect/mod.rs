//! Says of a captured text what it is, whether it verifies, and which dialect line would make it fit.
//!
//! It is built from the readers of the client crates alone, so what it finds is what the clients would find.

mod clients;
mod cm;
mod command;
mod content;
mod evidence;
mod fido;
mod finding;
mod http;
mod kind;
mod links;
mod places;
mod push;
mod report;
mod response;
mod show;
#[cfg(test)]
mod tests;

use smartid::core::base64::{Flavour, decode_lenient};
use smartid::core::json;

pub use finding::{Context, Finding};
pub use kind::Command;
pub use show::show;

/// Whether a text is a command that an answer can be compared with.
#[must_use]
pub fn is_comparable(text: &str, context: &Context) -> bool {
    command::expectation(text, context).is_some()
}

/// What an answer of Certificate Manager hands out to be signed, whether it is given as a whole HTTP message, as JSON, or as these bytes
/// themselves.
#[must_use]
pub fn data_to_sign(bytes: &[u8], context: &Context) -> Vec<u8> {
    cm::handed_out(bytes, context)
}

/// Says what is in a PKCS #12 container: DER, BER, or either as base64 or PEM; `None` when it is none.
#[must_use]
pub fn container(bytes: &[u8], context: &Context) -> Option<Finding> {
    inspect(bytes, context).filter(|finding| finding.kind == evidence::p12::KIND)
}

/// Says what `bytes` are; `None` when nothing fits.
#[must_use]
pub fn inspect(bytes: &[u8], context: &Context) -> Option<Finding> {
    if let Some(finding) = http::message(bytes, context) {
        return Some(finding);
    }
    if bytes.starts_with(b"PK\x03\x04") {
        return cm::certificates(bytes, "archive of certificates (ZIP)", context);
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        // A page in another encoding: its tags are ASCII.
        if bytes.trim_ascii_start().starts_with(b"<") {
            return inspect(String::from_utf8_lossy(bytes).as_bytes(), context);
        }
        return binary(bytes, context);
    };
    let text = text.trim_start_matches('\u{feff}').trim();
    if text
        .split(':')
        .next()
        .is_some_and(|scheme| scheme.ends_with("plugout"))
    {
        return Some(links::plugout(text, context));
    }
    if text.starts_with('<')
        && let Some(finding) = cm::eui_page(text, context)
    {
        return Some(finding);
    }
    if page(text) {
        let mut finding = Finding::of("HTML page");
        finding.fact(
            "title",
            smartid::core::redact::html_title(text.as_bytes()).unwrap_or_default(),
        );
        finding.problem(
            "where an answer of the service was expected, this is mostly a login page or the error page of a proxy: check the URL and the \
             credential",
        );
        return Some(finding);
    }
    if text.starts_with('[')
        && let Some(finding) = cm::document(text, context)
    {
        return Some(finding);
    }
    if text.starts_with('{') {
        return document(text, context).or_else(|| clients::list(text, context));
    }
    if let Some(label) = text
        .strip_prefix("-----BEGIN ")
        .and_then(|rest| rest.split("-----").next())
    {
        return Some(evidence::pem(text, label, context));
    }
    // Text around PEM says what is in it; openssl writes such text.
    if let Some(at) = text.find("\n-----BEGIN ")
        && let Some(inner) = text.get(at..)
    {
        return inspect(inner.as_bytes(), context);
    }
    if let Some(finding) = cm::properties(bytes) {
        return Some(finding);
    }
    if let Some(finding) = clients::list(text, context).or_else(|| links::mobile(text, context)) {
        return Some(finding);
    }
    let compact: String = text.split_whitespace().collect();
    if let Ok((decoded, _)) = decode_lenient(Flavour::Url, &compact) {
        return binary(&decoded, context).or_else(|| evidence::jws(text, context));
    }
    evidence::jws(text, context)
}

fn page(text: &str) -> bool {
    let head: String = text.chars().take(15).collect::<String>().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html")
}

/// A JSON object: tried as each thing that it could be, then searched for one inside.
fn document(text: &str, context: &Context) -> Option<Finding> {
    response::immediate(text, context)
        .or_else(|| command::command(text, context))
        .or_else(|| fido::registration(text, context))
        .or_else(|| fido::options(text))
        .or_else(|| report::report(text, context))
        .or_else(|| content::message(text, context))
        .or_else(|| push::message(text, context))
        .or_else(|| cm::token(text.as_bytes(), context))
        .or_else(|| cm::document(text, context))
        .or_else(|| nested(text, context, "", 0))
        .or_else(|| report::elsewhere(text, context))
        .or_else(|| response::error_body(text))
}

/// Options or a registration somewhere inside.
fn nested(text: &str, context: &Context, at: &str, depth: usize) -> Option<Finding> {
    if depth > 6 {
        return None;
    }
    json::members(text)?
        .into_iter()
        .filter(|(_, value)| value.starts_with('{'))
        .find_map(|(name, value)| {
            let place = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
            if let Some(mut finding) = fido::registration(value, context) {
                finding.kind.push_str(&format!(", at {place}"));
                if place != context.messaging.fido.registration.to_string() {
                    finding.fits_text("messaging.fido", "registration", &place);
                }
                return Some(finding);
            }
            if let Some(mut finding) = fido::options(value) {
                finding.kind.push_str(&format!(", at {place}"));
                finding.fits(
                    "digital_access.options",
                    format!("response = [{{ move = {}, to = \"\" }}]", finding::quoted(&place)),
                );
                return Some(finding);
            }
            nested(value, context, &place, depth + 1)
        })
}

/// Bytes: an attestation object, or signed evidence.
fn binary(bytes: &[u8], context: &Context) -> Option<Finding> {
    fido::attestation(bytes).or_else(|| evidence::der(bytes, context))
}
