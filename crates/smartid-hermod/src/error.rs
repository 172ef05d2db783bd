//! What messaging answers when it does not agree.
//!
//! The error body is not documented. A setting named `hideExceptions` (vendor page: Set up virtual smart card management in Identity
//! Manager, documented example) suggests a Spring Boot body, `{timestamp, status, error, message?, path}` (inferred), which is read when
//! it is there. Nothing depends on it: the status decides, and HTML, empty and unreadable bodies are refusals all the same.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::RETRY_AFTER;
use smartid_core::{Advice, Content, Incoming, Retry, ServiceError, Turn, json, redact};

/// A refusal of messaging.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Incoming, Retry, ServiceError, Turn};
/// use smartid_hermod::HermodError;
///
/// let body = r#"{"status":401,"error":"Unauthorized","path":"/hermod/rest/command/fido"}"#;
/// let refusal = HermodError::read(&Incoming::new(StatusCode::UNAUTHORIZED, HeaderMap::new(), Bytes::from(body)));
/// assert_eq!(refusal.code(), Some("Unauthorized"));
/// assert_eq!(refusal.retry(), Retry::No);
/// assert!(refusal.advice().check.contains("X-Api-Key"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HermodError {
    status: StatusCode,
    code: Option<String>,
    message: Option<String>,
    redirect: Option<String>,
    html: bool,
    excerpt: String,
    retry_after: Option<Duration>,
}

impl HermodError {
    /// Reads a refusal; any status, any body.
    #[must_use]
    pub fn read(incoming: &Incoming) -> Self {
        let members = match incoming.content() {
            Content::Json => std::str::from_utf8(incoming.body())
                .ok()
                .and_then(json::members)
                .unwrap_or_default(),
            _ => Vec::new(),
        };
        let text = |names: &[&str]| {
            names.iter().find_map(|name| {
                let (_, raw) = members.iter().rev().find(|(known, _)| known == name)?;
                let text = redact::message(&serde_json::from_str::<String>(raw).ok()?);
                (!text.is_empty()).then_some(text)
            })
        };
        let seconds = |value: &http::HeaderValue| value.to_str().ok()?.trim().parse::<u32>().ok();
        Self {
            status: incoming.status(),
            code: text(&["code", "errorCode", "error"]),
            message: text(&["message"]),
            redirect: incoming.redirect(),
            html: incoming.content() == Content::Html,
            excerpt: redact::excerpt(incoming),
            retry_after: incoming
                .headers()
                .get(RETRY_AFTER)
                .and_then(seconds)
                .map(|seconds| Duration::from_secs(u64::from(seconds))),
        }
    }

    /// The service's own words, redacted.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Where the answer redirects to, without query.
    #[must_use]
    pub fn redirect(&self) -> Option<&str> {
        self.redirect.as_deref()
    }

    /// Whether the answer is an HTML page: then it is a proxy's or a login page, and not messaging's.
    #[must_use]
    pub fn is_html(&self) -> bool {
        self.html
    }
}

impl fmt::Display for HermodError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "messaging answered {}", self.status.as_u16())?;
        match (&self.redirect, &self.code, &self.message) {
            (Some(target), _, _) => write!(f, ", a redirect to {target}"),
            (None, Some(code), Some(message)) => write!(f, " {code}: {message}"),
            (None, Some(text), None) | (None, None, Some(text)) => write!(f, " {text}"),
            (None, None, None) => write!(f, " with {}", self.excerpt),
        }
    }
}

impl std::error::Error for HermodError {}

impl ServiceError for HermodError {
    fn code(&self) -> Option<&str> {
        self.code.as_deref()
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.status)
    }

    fn retry(&self) -> Retry {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Retry::Yes {
                after: self.retry_after,
            },
            // A command may have been accepted before the failure.
            status if status.is_server_error() => Retry::Forbidden,
            _ => Retry::No,
        }
    }

    fn advice(&self) -> Advice {
        let (turn, check) = match self.status.as_u16() {
            300..=399 => (
                Turn::Administrator,
                "the answer is a redirect, which is never followed: hermod.url must be the command URL of messaging itself, behind no \
                 login page, and with the right scheme and port",
            ),
            401 | 403 => (
                Turn::Administrator,
                "the API key sent as X-Api-Key: client id and key must be those of an entry under `allowed-clients` of this messaging \
                 server, and the server must have read its configuration since",
            ),
            404 => (
                Turn::Administrator,
                "that hermod.url ends in the right command path, and that this version of messaging has the command (FIDO from 4.2 on); if \
                 its verb is another, a dialect can say so; for a poll or a cancel, that the lifespan of the command is not over",
            ),
            400 | 422 => (
                Turn::Caller,
                "lifespan and timeout, the values of the command, and whether the installation wants other members: a dialect describes \
                 them",
            ),
            405 | 415 => (
                Turn::Administrator,
                "that hermod.url is the command URL of messaging; if it is, a dialect can set another verb",
            ),
            413 => (
                Turn::Caller,
                "the size of what the command carries, images and documents above all: a content id names what the content provider \
                 has; the limits of messaging and of the proxy in front of it",
            ),
            429 | 503 => (
                Turn::Time,
                "messaging is busy or restarting; its log, when it lasts",
            ),
            500..=599 => (
                Turn::Administrator,
                "the log of messaging and of the proxy in front of it; look whether the command was accepted before sending it again",
            ),
            200..=299 => (
                Turn::Administrator,
                "the dialect: it does not list this status as a success",
            ),
            _ => (Turn::Administrator, "the log of messaging"),
        };
        Advice::new(turn, check)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn read(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> HermodError {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let status = StatusCode::from_u16(status).unwrap();
        HermodError::read(&Incoming::new(status, map, Bytes::from_static(body.as_bytes())))
    }

    #[test]
    fn verdicts_follow_the_status() {
        assert_eq!(
            read(503, &[("retry-after", "7")], "").retry(),
            Retry::Yes {
                after: Some(Duration::from_secs(7))
            }
        );
        assert_eq!(read(429, &[], "").retry(), Retry::Yes { after: None });
        for status in [500, 502, 504] {
            assert_eq!(read(status, &[], "").retry(), Retry::Forbidden, "{status}");
        }
        for status in [302, 400, 401, 403, 404, 415] {
            assert_eq!(read(status, &[], "").retry(), Retry::No, "{status}");
        }
        assert_eq!(read(400, &[], "").advice().turn, Turn::Caller);
        for status in [400, 404, 413, 422] {
            let advice = read(status, &[], "").advice();
            assert!(
                !advice.check.contains("creation options"),
                "every command can be refused so"
            );
        }
    }

    #[test]
    fn no_body_can_hide_or_leak() {
        let deep: &'static str = Box::leak("[".repeat(10_000).into_boxed_str());
        for body in [
            "",
            " ",
            "<html><title>Sign in</title>",
            "{",
            "[1]",
            "{\"error\":{\"a\":1}}",
            deep,
        ] {
            let refusal = read(502, &[], body);
            assert_eq!(refusal.status(), Some(StatusCode::BAD_GATEWAY), "{body:.20}");
            assert_eq!(refusal.code(), None, "{body:.20}");
        }
        let secret = read(
            400,
            &[],
            r#"{"error":"Bad Request","message":"key a1b2c3d4e5f6a7b8c9 refused","token":"canary"}"#,
        );
        let text = format!("{secret} {secret:?}");
        assert!(
            !text.contains("a1b2c3d4e5f6a7b8c9") && !text.contains("canary"),
            "{text}"
        );
        let redirect = read(302, &[("location", "https://h/login?ticket=canary")], "");
        assert!(
            redirect.to_string().ends_with("a redirect to https://h/login"),
            "{redirect}"
        );
        assert_eq!(redirect.redirect(), Some("https://h/login"));
    }
}
