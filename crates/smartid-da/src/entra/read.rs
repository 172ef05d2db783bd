//! Tells a refusal of Microsoft Graph from an answer, and reads what it says.

use std::time::Duration;

use http::StatusCode;
use smartid_core::{Content, Incoming, Repeat, ResponseError, Timestamp, redact};

use super::refusal::{EntraRefusal, EntraRefusalKind as Kind};
use crate::fido::reader::{Object, string, too_deep, whole_number, without_bom};

/// `Ok` when the answer claims success, is no web page in place of an answer, and holds no error.
pub(super) fn answered(
    incoming: &Incoming,
    repeat: Repeat,
    asked: Option<Timestamp>,
) -> Result<(), ResponseError<EntraRefusal>> {
    let status = incoming.status();
    let told = Told::read(incoming);
    let kind = match (status.is_success(), incoming.content()) {
        // An address that answers a caller with its login page. 201 is no status of such a page.
        (true, Content::Html) if status == StatusCode::OK => not_authenticated(incoming),
        (true, _) if !told.is_error => return Ok(()),
        (true, _) => by_code(told.code.as_deref(), incoming),
        (false, _) => by_status(status, &told, incoming),
    };
    let after = retry_after(incoming, asked);
    Err(ResponseError::Refused(EntraRefusal::new(
        kind, incoming, told, after, repeat,
    )))
}

fn not_authenticated(incoming: &Incoming) -> Kind {
    Kind::NotAuthenticated {
        redirect: incoming.redirect_to_show(),
    }
}

/// An error in an answer that claims success: only its code can say what it is.
fn by_code(code: Option<&str>, incoming: &Incoming) -> Kind {
    match code.unwrap_or_default().to_ascii_lowercase().as_str() {
        "accessdenied" | "authorization_requestdenied" => Kind::Forbidden,
        "invalidauthenticationtoken" | "unauthenticated" => not_authenticated(incoming),
        "request_resourcenotfound" | "resourcenotfound" | "itemnotfound" => Kind::UserNotFound,
        "toomanyrequests" | "activitylimitreached" => Kind::Throttled,
        "badrequest" | "request_badrequest" | "invalidrequest" => Kind::Rejected,
        _ => Kind::Unexpected,
    }
}

fn by_status(status: StatusCode, told: &Told, incoming: &Incoming) -> Kind {
    match status.as_u16() {
        300..=399 | 401 => not_authenticated(incoming),
        403 => Kind::Forbidden,
        // Without an error object it is the address that is wrong.
        404 if told.is_error => Kind::UserNotFound,
        409 => Kind::Duplicate,
        400 | 422 => Kind::Rejected,
        429 | 509 => Kind::Throttled,
        500..=599 => Kind::ServerError,
        _ => Kind::Unexpected,
    }
}

/// When the answer was made, by the service's clock.
pub(super) fn date_of(incoming: &Incoming) -> Option<Timestamp> {
    let value = incoming.headers().get(http::header::DATE)?.to_str().ok()?;
    let since = httpdate::parse_http_date(value)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    Some(Timestamp::from_millis(u64::try_from(since.as_millis()).ok()?))
}

/// How long we are asked to wait; a date counts from the answer's own, else from when the request was sent.
fn retry_after(incoming: &Incoming, asked: Option<Timestamp>) -> Option<Duration> {
    match date_of(incoming).or(asked) {
        Some(now) => incoming.retry_after(now),
        None => incoming.retry_after_by_own_date(),
    }
}

/// What an error object says, as far as there is one.
#[derive(Default)]
pub(super) struct Told {
    /// Whether there is one.
    pub(super) is_error: bool,
    pub(super) code: Option<String>,
    /// The code of the innermost error, which is the most exact one.
    pub(super) inner_code: Option<String>,
    /// Shortened and redacted.
    pub(super) message: Option<String>,
    pub(super) request_id: Option<String>,
}

/// How many errors within one another are looked into.
const MAX_INNER: usize = 8;

impl Told {
    fn read(incoming: &Incoming) -> Self {
        let mut told = match incoming.content() {
            Content::Json => std::str::from_utf8(incoming.body())
                .ok()
                .and_then(|text| Self::json(without_bom(text).0.trim()))
                .unwrap_or_default(),
            Content::Html => Self {
                message: redact::html_title(incoming.body()).filter(|title| !title.is_empty()),
                ..Self::default()
            },
            Content::Other if !incoming.status().is_success() => Self {
                message: Some(redact::message(&incoming.plain_text())),
                ..Self::default()
            },
            _ => Self::default(),
        };
        // The id in the header is the one that support asks for.
        let header = incoming.headers().get("request-id");
        told.request_id = header
            .and_then(|value| value.to_str().ok())
            .and_then(usable_id)
            .or(told.request_id);
        told
    }

    fn json(text: &str) -> Option<Self> {
        if too_deep(text) {
            // Not looked into, but an error all the same if it begins like one: the status decides.
            return None;
        }
        let top = Object::read(text)?;
        let value = top.get("error").or_else(|| top.get("odata.error"))?;
        let Some(error) = Object::read(value) else {
            // As an OAuth service writes it.
            return Some(Self {
                is_error: true,
                code: string(value).and_then(short),
                message: member(&top, "error_description").map(|text| redact::message(&text)),
                ..Self::default()
            });
        };
        let mut told = Self {
            is_error: true,
            code: code(&error),
            message: message(&error).map(|text| redact::message(&text)),
            ..Self::default()
        };
        let mut inner = inner_error(&error);
        for _ in 0..MAX_INNER {
            let Some(error) = inner else { break };
            told.inner_code = code(&error).or(told.inner_code);
            told.request_id = told
                .request_id
                .or_else(|| member(&error, "request-id").and_then(|id| usable_id(&id)));
            inner = inner_error(&error);
        }
        Some(told)
    }
}

fn member(object: &Object<'_>, name: &str) -> Option<String> {
    object.get(name).and_then(string)
}

/// `innerError`, which some services behind Graph write in small letters.
fn inner_error<'a>(error: &Object<'a>) -> Option<Object<'a>> {
    let value = error.get("innerError").or_else(|| error.get("innererror"))?;
    Object::read(value)
}

fn code(error: &Object<'_>) -> Option<String> {
    let value = error.get("code")?;
    let number = || whole_number(value).map(|(number, _)| number.to_string());
    string(value).or_else(number).and_then(short)
}

/// A text, or an object with the text in `value`, as older services wrote it.
fn message(error: &Object<'_>) -> Option<String> {
    let value = error.get("message")?;
    string(value).or_else(|| member(&Object::read(value)?, "value"))
}

/// Kept as it is, so that it can be compared; shown redacted.
fn short(text: String) -> Option<String> {
    Some(text.chars().take(128).collect()).filter(|text: &String| !text.trim().is_empty())
}

fn usable_id(id: &str) -> Option<String> {
    let usable = (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    usable.then(|| id.to_owned())
}
