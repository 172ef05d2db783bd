//! `<method> {command-base}/{verb}`: any command, as bytes.
//!
//! The way out where this library has no command, or an installation's differs more than a dialect can say. The answer comes back as it
//! is, whatever its status: nothing is a refusal here. Never repeated by itself.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, PathTemplate, Repeat, ResponseError};

use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::error::HermodError;

/// Any command.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_hermod::{HermodDialect, commands::Raw};
///
/// let command = Raw::new("startpinreset", r#"{"commandHeader":{"lifespan":300,"timeout":250},"spinCommand":{}}"#);
/// let request = command.request(&HermodDialect::default())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "startpinreset"));
/// assert!(request.body_bytes().ends_with(b"\"spinCommand\":{}}"));
/// assert!(Raw::new("../ms", "").request(&HermodDialect::default()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Raw {
    /// The HTTP verb; `POST` unless set.
    pub method: Method,
    /// The path below the command base, already encoded.
    pub verb: String,
    /// The body; with none, no content type is sent.
    pub body: Bytes,
}

impl Raw {
    /// `POST {command-base}/{verb}` with a JSON body.
    #[must_use]
    pub fn new(verb: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            method: Method::POST,
            verb: verb.into(),
            body: body.into(),
        }
    }

    /// Sets another HTTP verb.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, verb, body } = self;
        f.debug_struct("Raw")
            .field("method", method)
            .field("verb", verb)
            .field("body_bytes", &body.len())
            .finish()
    }
}

/// An answer as it came.
#[derive(Clone)]
#[non_exhaustive]
pub struct RawResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for RawResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            headers,
            body,
        } = self;
        f.debug_struct("RawResponse")
            .field("status", status)
            .field("headers", &headers.len())
            .field("body_bytes", &body.len())
            .finish()
    }
}

impl Endpoint for Raw {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = RawResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.raw";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, _: &HermodDialect) -> Result<Outgoing, BuildError> {
        let path: PathTemplate = self.verb.parse()?;
        let outgoing = Outgoing::new(self.method.clone(), Placeholders::default().expand(&path)?);
        Ok(if self.body.is_empty() {
            outgoing
        } else {
            outgoing.body("application/json", self.body.clone())
        })
    }

    fn response(
        &self,
        _: &HermodDialect,
        incoming: Incoming,
    ) -> Result<RawResponse, ResponseError<HermodError>> {
        Ok(RawResponse {
            status: incoming.status(),
            headers: incoming.headers().clone(),
            body: incoming.body().clone(),
        })
    }
}
