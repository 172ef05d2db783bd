//! Tells the kinds of answer apart, by content and not by status: data to sign, an error code, an envelope, bytes, a web page.
//!
//! The order is that of the protocol: JSON is read first; data to sign decide, then the code; what is no JSON is bytes when the status
//! says success, and a refusal otherwise (vendor page: Certificate Manager (CM) REST API; the order is that of two public clients that
//! depend on status 200 for the demand of a signature).

use smartid_core::base64::{Flavour, decode_lenient};
use smartid_core::json::{self, Pointer};
use smartid_core::{Content, Incoming, ResponseError};

use crate::certificates::looks_like_certificates;
use crate::dialect::CmDialect;
use crate::refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
use crate::two_step::DataToSign;

/// The most data that are signed, in bytes.
const MAX_DATA_TO_SIGN: usize = 1024 * 1024;

type Answered<T> = Result<T, ResponseError<CmRefusal>>;

/// What some programs write before UTF-8 text. It is no part of JSON.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The answer without a byte order mark at its beginning.
fn without_mark(incoming: Incoming) -> Incoming {
    if !incoming.body().starts_with(BYTE_ORDER_MARK) {
        return incoming;
    }
    let body = incoming.body().slice(BYTE_ORDER_MARK.len()..);
    Incoming::new(incoming.status(), incoming.headers().clone(), body)
}

/// The body as JSON text, when it is JSON.
fn json_text(incoming: &Incoming) -> Option<&str> {
    let (body, begins) = match incoming.body().strip_prefix(BYTE_ORDER_MARK) {
        Some(body) => (body, matches!(body.trim_ascii_start().first(), Some(b'{' | b'['))),
        None => (&**incoming.body(), false),
    };
    if !begins && incoming.content() != Content::Json {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str::<&serde_json::value::RawValue>(text).ok()?;
    Some(text)
}

/// A member's text, or its number as text.
fn text_at(json: &str, at: &Pointer) -> Option<String> {
    match serde_json::from_str(json::find(json, at)?).ok()? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What the service wants signed, when it does.
pub(crate) fn demand(dialect: &CmDialect, incoming: &Incoming) -> Answered<Option<DataToSign>> {
    let answers = &dialect.answers;
    let Some(text) = json_text(incoming) else {
        return Ok(None);
    };
    let Some(data) = json::find(text, &answers.data_to_sign).filter(|data| *data != "null") else {
        return Ok(None);
    };
    let unreadable = |reason: &str| {
        incoming
            .unreadable(reason)
            .at(Some(answers.data_to_sign.to_string()))
    };
    // Digits are base64 too: what is no text is not signed.
    let Ok(data) = serde_json::from_str::<String>(data) else {
        return Err(unreadable("what is to be signed is no text").into());
    };
    if data.trim().is_empty() {
        return Ok(None);
    }
    if data.len() > MAX_DATA_TO_SIGN / 3 * 4 {
        return Err(unreadable("more than 1 MiB is to be signed").into());
    }
    match decode_lenient(Flavour::Standard, &data) {
        Ok((data, _)) => Ok(Some(DataToSign::new(data))),
        Err(_) => Err(unreadable("what is to be signed is not base64").into()),
    }
}

/// The code of an envelope. `None`: there is none.
fn code(dialect: &CmDialect, incoming: &Incoming, text: &str) -> Answered<Option<CmCode>> {
    let Some(value) = json::find(text, &dialect.answers.code) else {
        return Ok(None);
    };
    if value == "null" {
        return Ok(None);
    }
    serde_json::from_str(value).map(Some).map_err(|_| {
        incoming
            .unreadable("the error code is not a whole number")
            .at(Some(dialect.answers.code.to_string()))
            .into()
    })
}

/// The refusal that this answer is.
pub(crate) fn refusal(dialect: &CmDialect, incoming: &Incoming) -> CmRefusal {
    let Some(text) = json_text(incoming) else {
        return CmRefusal::of_status(incoming);
    };
    match code(dialect, incoming, text) {
        Ok(Some(code)) => CmRefusal::of_envelope(
            CmRefusalKind::Code(code),
            incoming,
            Some(code),
            text_at(text, &dialect.answers.message).as_deref(),
            items(dialect, incoming),
        ),
        _ => {
            let by_status = CmRefusal::of_status(incoming);
            let kind = by_status.kind().clone();
            let message = text_at(text, &dialect.answers.message);
            CmRefusal::of_envelope(kind, incoming, None, message.as_deref(), items(dialect, incoming))
        }
    }
}

/// What the answer says about single certificates or elements. What cannot be read of it is passed over: it only adds to a verdict.
pub(crate) fn items(dialect: &CmDialect, incoming: &Incoming) -> Vec<ItemError> {
    items_and_lost(dialect, incoming).0
}

/// The same, and how many entries cannot be read.
pub(crate) fn items_and_lost(dialect: &CmDialect, incoming: &Incoming) -> (Vec<ItemError>, usize) {
    let found = json_text(incoming).and_then(|text| json::find(text, &dialect.answers.items));
    let Some(found) = found.filter(|found| *found != "null") else {
        return (Vec::new(), 0);
    };
    let Some(items) = json::items(found) else {
        return (Vec::new(), 1);
    };
    let count = items.len();
    let mut items: Vec<ItemError> = items
        .into_iter()
        .filter_map(|item| serde_json::from_str(item).ok())
        .collect();
    let lost = count - items.len();
    // A server may list those that went well too.
    items.retain(|item| item.code != CmCode::Success);
    (items, lost)
}

/// An answer that must be JSON: an envelope without an error, or a bare list. What is no success is a refusal.
pub(crate) fn document(dialect: &CmDialect, incoming: Incoming) -> Answered<Incoming> {
    let incoming = without_mark(incoming);
    let success = incoming.status().is_success();
    let Some(text) = json_text(&incoming) else {
        return match incoming.content() {
            Content::Html => Err(ResponseError::Refused(CmRefusal::of_status(&incoming))),
            _ if !success => Err(ResponseError::Refused(CmRefusal::of_status(&incoming))),
            Content::Empty => Err(incoming.unreadable("the body is empty").into()),
            // The reader of JSON says best what is wrong with it.
            Content::Json => match incoming.json::<serde::de::IgnoredAny>() {
                Err(unreadable) => Err(unreadable.into()),
                Ok(_) => Err(incoming.unreadable("the body is not UTF-8").into()),
            },
            _ => Err(incoming.unreadable("the body is not JSON").into()),
        };
    };
    match code(dialect, &incoming, text)? {
        Some(CmCode::Success) if !success => Err(incoming
            .unreadable("the status says that it failed, the code says that it did not")
            .into()),
        Some(CmCode::Success) => Ok(incoming),
        None if success => Ok(incoming),
        _ => Err(ResponseError::Refused(refusal(dialect, &incoming))),
    }
}

/// Whether the envelope has its code twice: one reader would see that it was done, another that it was not.
fn has_several_codes(dialect: &CmDialect, text: &str) -> bool {
    let name = dialect.answers.code.tokens().first();
    let members = json::members(text).unwrap_or_default();
    members.iter().filter(|(member, _)| Some(member) == name).count() > 1
}

/// The answer to a write that gives nothing back: it is done when a code says so, and not because nothing says otherwise.
pub(crate) fn agreed(dialect: &CmDialect, incoming: Incoming) -> Answered<Incoming> {
    let incoming = document(dialect, incoming)?;
    let text = json_text(&incoming);
    if text.is_some_and(|text| has_several_codes(dialect, text)) {
        return Err(incoming
            .unreadable("the error code stands there more than once")
            .at(Some(dialect.answers.code.to_string()))
            .into());
    }
    match text.map(|text| code(dialect, &incoming, text)) {
        Some(Ok(Some(CmCode::Success))) => Ok(incoming),
        _ => Err(incoming
            .unreadable("no code says that it was done")
            .at(Some(dialect.answers.code.to_string()))
            .into()),
    }
}

/// An answer of any kind that is no refusal.
pub(crate) fn not_refused(dialect: &CmDialect, incoming: Incoming) -> Answered<Incoming> {
    let by_code = json_text(&incoming).and_then(|text| code(dialect, &incoming, text).ok().flatten());
    let refused = match by_code {
        Some(code) => code != CmCode::Success,
        None => !incoming.status().is_success() || incoming.content() == Content::Html,
    };
    if refused {
        return Err(ResponseError::Refused(refusal(dialect, &incoming)));
    }
    Ok(incoming)
}

/// An answer that must be bytes. What are certificates by their bytes is taken whatever label and status it has; of the rest, JSON is a
/// refusal, or something unexpected.
pub(crate) fn bytes(dialect: &CmDialect, incoming: Incoming) -> Answered<Incoming> {
    if looks_like_certificates(incoming.body()) {
        return Ok(incoming);
    }
    let success = incoming.status().is_success();
    match incoming.content() {
        Content::Json => {
            let incoming = document(dialect, incoming)?;
            Err(incoming
                .unreadable("a document where a certificate was expected")
                .into())
        }
        _ if !success => Err(ResponseError::Refused(CmRefusal::of_status(&incoming))),
        Content::Empty => Err(incoming.unreadable("the body is empty").into()),
        Content::Html => Err(incoming
            .unreadable("a web page where a certificate was expected")
            .into()),
        _ => Err(incoming.unreadable("the body is no certificate").into()),
    }
}
