//! How Protocol Gateway says no: an error code with a text in the envelope (protocol notes: cm 4.4), in the form that the switches ask
//! for, or a page of the web server around it. The record of each call holds the reason as one word.

use serde_json::{Map, Value, json};

use crate::SimError;
use crate::config::{CmConfig, CmErrorStyle};
use crate::net::message::Reply;

pub(super) const GENERAL: i64 = -1;
pub(super) const MISSING_FIELD: i64 = -7;
pub(super) const ENCODING: i64 = -8;
pub(super) const NOT_INITIALISED: i64 = -12;
pub(super) const BAD_VALUE: i64 = -14;
pub(super) const PRIVILEGE: i64 = -15;
pub(super) const BAD_SIGNATURE: i64 = -17;
pub(super) const CONNECTION: i64 = -18;
pub(super) const TOO_MANY_REQUESTS: i64 = -40;

/// Why a call is not carried out.
#[derive(Debug)]
pub(super) enum Refusal {
    /// An error of the REST API.
    Failure(Failure),
    /// A page of the web server, with the word for the record.
    Page(u16, &'static str),
    /// Not a refusal in the end: the caller has to sign this first.
    Sign(Vec<u8>),
}

/// An error of the REST API.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: i64,
    pub(super) word: &'static str,
    pub(super) message: String,
    /// Failures of single certificates or elements.
    pub(super) errors: Vec<Value>,
}

impl Refusal {
    pub(super) fn new(code: i64, word: &'static str, message: impl Into<String>) -> Self {
        Self::Failure(Failure {
            code,
            word,
            message: message.into(),
            errors: Vec::new(),
        })
    }

    pub(super) fn missing(field: &str) -> Self {
        Self::new(MISSING_FIELD, "field_missing", format!("Missing field: {field}"))
    }

    pub(super) fn value(word: &'static str, message: impl Into<String>) -> Self {
        Self::new(BAD_VALUE, word, message)
    }

    pub(super) fn encoding(word: &'static str, message: impl Into<String>) -> Self {
        Self::new(ENCODING, word, message)
    }

    pub(super) fn partial(code: i64, errors: Vec<Value>) -> Self {
        Self::Failure(Failure {
            code,
            word: "partial",
            message: "Some elements failed".into(),
            errors,
        })
    }

    pub(super) fn reply(self, config: &CmConfig) -> Reply {
        match self {
            Self::Failure(failure) => failure.reply(config),
            Self::Page(status, word) => page(status, word),
            Self::Sign(data) => {
                let signing = &config.signing;
                let body = json!({
                    "error": signing.code,
                    "msg": signing.message,
                    "dataToSign": super::values::base64(&data, signing.data_line_breaks),
                });
                Reply::json(config.status.signature_required, &body).with_code("sign")
            }
        }
    }
}

impl From<SimError> for Refusal {
    /// What the simulator itself cannot do.
    fn from(error: SimError) -> Self {
        Self::new(GENERAL, "internal", error.to_string())
    }
}

impl Failure {
    fn reply(self, config: &CmConfig) -> Reply {
        let Self {
            code,
            word,
            message,
            errors,
        } = self;
        let status = config.status.of(code);
        let mut reply = match config.error_style {
            CmErrorStyle::Html => return page(status, word),
            CmErrorStyle::Empty => return Reply::empty(status).with_code(word),
            CmErrorStyle::HttpStatus => Reply::empty(status),
            CmErrorStyle::Ok => Reply::empty(200),
        };
        let mut body = Map::new();
        body.insert("error".into(), json!(code));
        body.insert("msg".into(), json!(message));
        if !errors.is_empty() {
            body.insert("errors".into(), Value::Array(errors));
        }
        reply.headers = vec![("content-type".into(), "application/json".into())];
        if let (TOO_MANY_REQUESTS, Some(seconds)) = (code, config.rate.retry_after_seconds) {
            reply = reply.with_header("retry-after", &seconds.to_string());
        }
        reply.with_body(Value::Object(body).to_string()).with_code(word)
    }
}

/// A page as Tomcat writes it.
pub(super) fn page(status: u16, word: &str) -> Reply {
    let reason = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Error");
    let text = format!(
        "<!doctype html><html lang=\"en\"><head><title>HTTP Status {status} \u{2013} {reason}</title></head><body>\
         <h1>HTTP Status {status} \u{2013} {reason}</h1></body></html>"
    );
    Reply::text(status, "text/html;charset=utf-8", text).with_code(word)
}

/// Success as JSON: the envelope with these members.
pub(super) fn success(config: &CmConfig, members: Value) -> Reply {
    let mut body = Map::new();
    body.insert("error".into(), json!(0));
    body.insert("msg".into(), json!(config.answers.ok_message));
    if let Value::Object(members) = members {
        body.extend(members);
    }
    Reply::json(200, &Value::Object(body))
}

/// An element of `errors` (cm 4.4, T).
pub(super) fn element(place: (&str, Value), code: i64, message: &str) -> Value {
    let mut element = Map::new();
    element.insert(place.0.to_owned(), place.1);
    element.insert("errorcode".into(), json!(code));
    element.insert("errormessage".into(), json!(message));
    element.insert("servererrormessage".into(), json!(message));
    Value::Object(element)
}
