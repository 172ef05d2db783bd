//! What comes in, as a value.
//!
//! An [`Incoming`] is a whole answer, already capped in size by the transport. Its `Debug` shows no body and no header values, and what
//! an error says of it is redacted.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, Response, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::Unreadable;
use crate::redact;

/// What kind of body an answer has, decided by its content type and, where that is silent or wrong, by its first bytes.
///
/// The products answer some refusals with a login page and status 200, so the kind is looked at before the status is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// No body.
    Empty,
    /// JSON by its content type, or because it begins as an object or an array.
    Json,
    /// An HTML page.
    Html,
    /// Anything else.
    Other,
}

/// A whole answer of a service.
#[derive(Clone)]
pub struct Incoming {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Incoming {
    /// For transports and tests.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
        }
    }

    /// From `http` types; the way in for those who bring their own HTTP client.
    #[must_use]
    pub fn from_http(response: Response<Bytes>) -> Self {
        let (parts, body) = response.into_parts();
        Self::new(parts.status, parts.headers, body)
    }

    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The content type without its parameters, in the letter case of the service; empty when there is none.
    #[must_use]
    pub fn content_type(&self) -> &str {
        let value = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }

    /// What kind of body this is.
    #[must_use]
    pub fn content(&self) -> Content {
        let start = self.body.trim_ascii_start();
        if start.is_empty() {
            return Content::Empty;
        }
        if matches!(start.first(), Some(b'{' | b'[')) {
            return Content::Json;
        }
        let content_type = self.content_type();
        let begins = |tag: &[u8]| {
            start
                .get(..tag.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(tag))
        };
        if content_type.eq_ignore_ascii_case("text/html")
            || content_type.eq_ignore_ascii_case("application/xhtml+xml")
            || begins(b"<!doctype html")
            || begins(b"<html")
        {
            return Content::Html;
        }
        let json = content_type.eq_ignore_ascii_case("application/json")
            || content_type.len() > 5 && content_type.to_ascii_lowercase().ends_with("+json");
        if json { Content::Json } else { Content::Other }
    }

    /// The `Location` header without query, fragment and user information, when the answer is a redirect.
    #[must_use]
    pub fn redirect(&self) -> Option<String> {
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        self.status.is_redirection().then(|| redact::url(location))
    }

    /// How long the service asks us to wait, from a `Retry-After` header in seconds or as a date; of several, the longest time.
    #[must_use]
    pub fn retry_after(&self, now: crate::Timestamp) -> Option<Duration> {
        let values = self.headers.get_all(http::header::RETRY_AFTER);
        values
            .iter()
            .filter_map(|value| retry_time(value.to_str().ok()?.trim(), now))
            .max()
    }

    /// As [`redirect`](Self::redirect), when that is an address that a person can be shown: `http`, `https` or relative.
    #[must_use]
    pub fn redirect_to_show(&self) -> Option<String> {
        let target = self.redirect()?;
        let scheme = target.split(['/', ':']).next().unwrap_or_default();
        let has_scheme = target
            .get(scheme.len()..)
            .is_some_and(|rest| rest.starts_with(':'));
        let harmless = ["http", "https"]
            .iter()
            .any(|known| scheme.eq_ignore_ascii_case(known));
        (!has_scheme || harmless)
            .then_some(target)
            .filter(|target| !target.is_empty())
    }

    /// As [`retry_after`](Self::retry_after), with a date counted from the answer's own `Date`, since an endpoint knows no clock.
    /// Without a `Date` only seconds can be understood.
    #[must_use]
    pub fn retry_after_by_own_date(&self) -> Option<Duration> {
        let date = self
            .headers
            .get(http::header::DATE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| httpdate::parse_http_date(value).ok())
            .and_then(|date| date.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| u64::try_from(since.as_millis()).ok());
        match date {
            Some(millis) => self.retry_after(crate::Timestamp::from_millis(millis)),
            None => {
                let values = self.headers.get_all(http::header::RETRY_AFTER);
                let seconds = values
                    .iter()
                    .all(|value| value.as_bytes().trim_ascii().iter().all(u8::is_ascii_digit));
                self.retry_after(crate::Timestamp::from_millis(0))
                    .filter(|_| seconds)
            }
        }
    }

    /// The beginning of a plain text body, which may be UTF-8 or Latin-1.
    #[must_use]
    pub fn plain_text(&self) -> String {
        let head = self.body.get(..self.body.len().min(2048)).unwrap_or_default();
        match std::str::from_utf8(head) {
            Ok(text) => text.to_owned(),
            // Cut in the middle of a letter.
            Err(error) if error.error_len().is_none() && head.len() < self.body.len() => {
                String::from_utf8_lossy(head).into_owned()
            }
            Err(_) => head.iter().map(|byte| char::from(*byte)).collect(),
        }
    }

    /// A request id, under one of the names that services and proxies use.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        ["x-request-id", "request-id", "x-correlation-id", "x-trace-id"]
            .into_iter()
            .find_map(|name| self.headers.get(name)?.to_str().ok())
            .filter(|id| id.len() <= 128 && id.bytes().all(|b| b.is_ascii_graphic()))
    }

    /// Reads a JSON body.
    ///
    /// The path of the offending member is looked for only after a failure, so success pays nothing for it.
    ///
    /// # Errors
    /// [`Unreadable`] with the JSON path, the reason and a redacted excerpt.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unreadable> {
        self.json_of(&self.body)
    }

    /// Reads `body`, which was made from this answer's body, as JSON; errors show this answer.
    ///
    /// # Errors
    /// As [`json`](Self::json).
    pub fn json_of<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Unreadable> {
        match serde_json::from_slice(body) {
            Ok(value) => Ok(value),
            Err(first) => Err(self
                .unreadable(&redact::json_reason(&first.to_string()))
                .at(crate::json::failing_path::<T>(body))),
        }
    }

    /// This answer as the reason of an error: what it should have been is in `reason`.
    #[must_use]
    pub fn unreadable(&self, reason: &str) -> Unreadable {
        Unreadable::new(reason, self)
    }
}

/// One `Retry-After`: whole seconds, or a date.
fn retry_time(value: &str, now: crate::Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let date = httpdate::parse_http_date(value)
        .ok()?
        .duration_since(std::time::UNIX_EPOCH)
        .ok()?;
    let date = crate::Timestamp::from_millis(u64::try_from(date.as_millis()).ok()?);
    Some(date.since(now))
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            headers,
            body,
        } = self;
        f.debug_struct("Incoming")
            .field("status", status)
            .field(
                "headers",
                &headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("body_bytes", &body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn incoming(content_type: &str, body: &'static [u8]) -> Incoming {
        let mut headers = HeaderMap::new();
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap());
        }
        Incoming::new(StatusCode::OK, headers, Bytes::from_static(body))
    }

    #[test]
    fn of_several_times_to_wait_the_longest_counts() {
        let with = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(http::header::RETRY_AFTER, HeaderValue::from_static(value));
            }
            Incoming::new(StatusCode::TOO_MANY_REQUESTS, headers, Bytes::new()).retry_after_by_own_date()
        };
        assert_eq!(with(&["1", "60", "5"]), Some(Duration::from_secs(60)));
        assert_eq!(with(&["soon"]), None);
        assert_eq!(with(&["99999999999999999999"]), None);
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn content_is_seen_through_a_wrong_label() {
        assert_eq!(incoming("application/json", b"").content(), Content::Empty);
        assert_eq!(incoming("text/html", b"  ").content(), Content::Empty);
        assert_eq!(incoming("", b" {\"a\":1}").content(), Content::Json);
        assert_eq!(
            incoming("text/html;charset=utf-8", b"{}").content(),
            Content::Json
        );
        assert_eq!(
            incoming("application/json", b"<!DOCTYPE HTML>").content(),
            Content::Html
        );
        assert_eq!(
            incoming("Text/HTML; charset=x", b"hello").content(),
            Content::Html
        );
        assert_eq!(
            incoming("application/problem+json", b"oops").content(),
            Content::Json
        );
        assert_eq!(incoming("text/plain", b"no").content(), Content::Other);
    }

    #[test]
    fn debug_shows_no_values() {
        let text = format!("{:?}", incoming("text/plain", b"canary"));
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let at = |value: &'static str, now: u64| {
            let mut answer = incoming("", b"");
            answer
                .headers
                .insert(http::header::RETRY_AFTER, HeaderValue::from_static(value));
            answer.retry_after(crate::Timestamp::from_millis(now))
        };
        assert_eq!(at("7", 0), Some(Duration::from_secs(7)));
        assert_eq!(
            at("Thu, 01 Jan 1970 00:01:00 GMT", 20_000),
            Some(Duration::from_secs(40))
        );
        assert_eq!(at("Thu, 01 Jan 1970 00:01:00 GMT", 90_000), Some(Duration::ZERO));
        assert_eq!(at("soon", 0), None);
        assert_eq!(at("-1", 0), None);
    }

    #[test]
    fn a_redirect_is_shown_without_its_query() {
        let mut answer = incoming("", b"");
        answer.headers.insert(
            LOCATION,
            HeaderValue::from_static("https://u:p@h/wa/auth?ticket=canary#x"),
        );
        assert_eq!(answer.redirect(), None, "status 200 is no redirect");
        answer.status = StatusCode::FOUND;
        assert_eq!(answer.redirect().as_deref(), Some("https://h/wa/auth"));
    }
}
