//! One request, and whatever comes back.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::{RawAnswer, Target, target_options};
use crate::auth::Officer;
use crate::dialect::CmDialect;
use crate::refusal::CmRefusal;

/// A `GET` of any path. It may be repeated, so it must not be one that changes something.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::RawRead;
///
/// let dialect = CmDialect::default();
/// let call = RawRead::new("cacerts").query("x", "a b").accept("application/pkcs7-mime");
/// assert_eq!(call.request(&dialect)?.target(), "cacerts?x=a%20b");
///
/// let answer = Incoming::new(StatusCode::IM_A_TEAPOT, HeaderMap::new(), Bytes::from("short and stout"));
/// let answer = call.response(&dialect, answer).unwrap();
/// assert_eq!((answer.status().as_u16(), answer.text()), (418, Some("short and stout")));
/// assert!(RawRead::new("../auth").request(&dialect).is_err());
/// # Ok::<(), smartid_core::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRead {
    target: Target,
}

impl RawRead {
    /// Of this path below the base URL, without a leading slash and already percent-encoded. `.` and `..` are refused when the request is
    /// built, as is everything else that would lead elsewhere.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            target: Target::new(path),
        }
    }

    target_options!();
}

impl Endpoint for RawRead {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = RawAnswer;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.raw_read";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, _: &CmDialect) -> Result<Outgoing, BuildError> {
        self.target.outgoing(Method::GET)
    }

    fn response(&self, _: &CmDialect, incoming: Incoming) -> Result<RawAnswer, ResponseError<CmRefusal>> {
        Ok(RawAnswer(incoming))
    }
}

/// One request with any verb and any body, and whatever comes back: no verdict, and nothing is signed. It is never repeated by itself.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::CmDialect;
/// use smartid_cm::operations::RawCall;
///
/// let call = RawCall::new(http::Method::POST, "skip/keys").body("application/json", r#"{"a":[1,null]}"#);
/// let request = call.request(&CmDialect::default())?;
/// assert_eq!((request.target().as_str(), &request.body_bytes()[..]), ("skip/keys", &b"{\"a\":[1,null]}"[..]));
/// # Ok::<(), smartid_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct RawCall {
    target: Target,
    method: Method,
    body: Option<(String, Bytes)>,
}

impl RawCall {
    /// With this verb, to this path, as [`RawRead::new`] takes it.
    #[must_use]
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            target: Target::new(path),
            method,
            body: None,
        }
    }

    target_options!();

    /// With this body.
    #[must_use]
    pub fn body(mut self, content_type: impl Into<String>, octets: impl Into<Bytes>) -> Self {
        self.body = Some((content_type.into(), octets.into()));
        self
    }
}

impl fmt::Debug for RawCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, method, body } = self;
        f.debug_struct("RawCall")
            .field("target", target)
            .field("method", method)
            .field("body_bytes", &body.as_ref().map(|(_, octets)| octets.len()))
            .finish()
    }
}

impl Endpoint for RawCall {
    type Auth = Officer;
    type Dialect = CmDialect;
    type Output = RawAnswer;
    type Error = CmRefusal;

    const NAME: &'static str = "cm.raw_call";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, _: &CmDialect) -> Result<Outgoing, BuildError> {
        let outgoing = self.target.outgoing(self.method.clone())?;
        let Some((content_type, octets)) = &self.body else {
            return Ok(outgoing);
        };
        let value = HeaderValue::from_str(content_type)
            .map_err(|_| BuildError::Header(CONTENT_TYPE.as_str().to_owned()))?;
        Ok(outgoing
            .body("application/octet-stream", octets.clone())
            .header(CONTENT_TYPE, value))
    }

    fn response(&self, _: &CmDialect, incoming: Incoming) -> Result<RawAnswer, ResponseError<CmRefusal>> {
        Ok(RawAnswer(incoming))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Result<String, BuildError> {
        Ok(RawRead::new(path).request(&CmDialect::default())?.target())
    }

    #[test]
    fn a_path_stays_below_the_base_url() {
        for path in ["", "a", "a/b%2Fc", "auth/", "a.b/~c"] {
            assert_eq!(target(path).unwrap(), path);
        }
        for bad in [
            "/a",
            "//elsewhere.example.test/x",
            "https://elsewhere.example.test/x",
            "../auth/",
            "%2e%2e/auth",
            "a/..",
            "a?b=c",
            "a#b",
            "a b\r\nX-Injected: 1",
            "{certid}/x",
            "a//b",
            "//",
            "å",
        ] {
            assert!(target(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn no_accept_is_sent_unless_it_is_asked_for() {
        let request = RawRead::new("a").request(&CmDialect::default()).unwrap();
        assert!(request.headers().is_empty());
        assert!(
            RawRead::new("a")
                .accept("a\nb")
                .request(&CmDialect::default())
                .is_err()
        );
        let bad = RawCall::new(Method::PUT, "a").body("a\r\nb", "");
        assert!(bad.request(&CmDialect::default()).is_err());
    }
}
