//! Calls that this library does not know: any path below the base URL.
//!
//! The vendor documents more than is public (secure key injection, for example), and administrators add handlers of their own. A
//! [`RawRead`] and a [`RawCall`] hand on whatever comes back, without a verdict; a [`RawWrite`] goes through the two steps of a signed
//! write with fields that the caller names. The path is taken as it is: the dialect's `requests.path_suffix` is not appended.
//!
//! The officer's certificate, the cap of an answer's size, and the rule that redirects are not followed hold here too.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use smartid_core::dialect::{Edits, Verb};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, PathTemplate, Repeat, ResponseError};

use super::field::{self, FieldValue};
use crate::answer;
use crate::auth::Officer;
use crate::body::{self, CERTID, Fields};
use crate::dialect::{CmDialect, Encoding, WriteCall};
use crate::refusal::{CmCode, CmRefusal};
use crate::two_step::{DataToSign, RequestSignature, Write};

/// An answer as it came.
#[derive(Clone)]
pub struct RawAnswer(Incoming);

impl RawAnswer {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// The octets of the body.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        self.0.body()
    }

    /// The body, when it is UTF-8.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.body()).ok()
    }

    /// The code of the envelope, when the body is one.
    #[must_use]
    pub fn code(&self, dialect: &CmDialect) -> Option<CmCode> {
        answer::refusal(dialect, &self.0).cm_code()
    }

    /// What the envelope says, redacted and shortened.
    #[must_use]
    pub fn message(&self, dialect: &CmDialect) -> Option<String> {
        answer::refusal(dialect, &self.0).message().map(str::to_owned)
    }

    /// What the service wants signed, when it does. Nothing is signed by itself.
    #[must_use]
    pub fn data_to_sign(&self, dialect: &CmDialect) -> Option<DataToSign> {
        answer::demand(dialect, &self.0).ok().flatten()
    }
}

impl fmt::Debug for RawAnswer {
    /// Without headers' values and body: they may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a raw call goes, and what it accepts.
#[derive(Clone, PartialEq, Eq)]
struct Target {
    path: String,
    query: Vec<(String, String)>,
    accept: Option<String>,
}

impl Target {
    fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            query: Vec::new(),
            accept: None,
        }
    }

    /// A request with this verb. The path must be plain segments, so that it stays below the base URL.
    fn outgoing(&self, method: Method) -> Result<Outgoing, BuildError> {
        let (path, slash) = match self.path.strip_suffix('/') {
            Some(path) => (path, "/"),
            None => (self.path.as_str(), ""),
        };
        let mut path = path.parse::<PathTemplate>()?.expand(&[])?;
        path.push_str(slash);
        let mut outgoing = Outgoing::new(method, path);
        for (name, value) in &self.query {
            outgoing = outgoing.query(name, value);
        }
        body::accept(outgoing, self.accept.as_deref())
    }
}

impl fmt::Debug for Target {
    /// Without the values of the query: they may name a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, query, accept } = self;
        f.debug_struct("Target")
            .field("path", path)
            .field("query", &query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("accept", accept)
            .finish()
    }
}

/// The options that all raw calls have.
macro_rules! target_options {
    () => {
        /// Appends a query parameter, which is percent-encoded. The same name may be given again.
        #[must_use]
        pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
            self.target.query.push((name.into(), value.into()));
            self
        }

        /// Sets `Accept`; none is sent otherwise.
        #[must_use]
        pub fn accept(mut self, media_type: impl Into<String>) -> Self {
            self.target.accept = Some(media_type.into());
            self
        }
    };
}

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

/// A write with fields of the caller's, made in two steps where the service wants a signature.
///
/// An envelope with a code other than 0, a web page and a status of refusal are a [`CmRefusal`]; everything else is handed on.
///
/// ```
/// use smartid_core::Endpoint;
/// use smartid_cm::dialect::Encoding;
/// use smartid_cm::operations::RawWrite;
/// use smartid_cm::{Call, CmDialect, RequestSignature, SignedCall};
///
/// let write = RawWrite::new("certificates/publish", Encoding::Form).field("certid", "4711").field("rule", "LDAP, Nord");
/// let dialect = CmDialect::default();
/// assert_eq!(Call::new(&write).request(&dialect)?.body_bytes(), "certid=4711&rule=LDAP%2C+Nord");
/// let signature = RequestSignature::from_cms(b"0...".to_vec());
/// let second = SignedCall::new(&write, &signature).request(&dialect)?;
/// assert_eq!(second.body_bytes(), "certid=4711&rule=LDAP%2C+Nord&signature=MC4uLg%3D%3D");
/// # Ok::<(), smartid_core::BuildError>(())
/// ```
#[derive(Clone)]
pub struct RawWrite {
    target: Target,
    method: Method,
    fields: Vec<(String, FieldValue)>,
    settings: WriteCall,
}

impl RawWrite {
    /// A `POST` to this path, as [`RawRead::new`] takes it, whose fields are sent so.
    #[must_use]
    pub fn new(path: impl Into<String>, encoding: Encoding) -> Self {
        let settings = WriteCall {
            verb: Verb::POST,
            path: PathTemplate::default(),
            encoding,
            // Names are the caller's, this one too.
            rename: BTreeMap::from([(CERTID.to_owned(), CERTID.to_owned())]),
            constants: BTreeMap::new(),
            request: Edits::default(),
            response: Edits::default(),
        };
        Self {
            target: Target::new(path),
            method: Method::POST,
            fields: Vec::new(),
            settings,
        }
    }

    target_options!();

    /// With another verb.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Appends a field. `signature` is refused when the request is built: the second step sends it.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>, value: impl Into<FieldValue>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for RawWrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            target,
            method,
            fields,
            settings,
        } = self;
        f.debug_struct("RawWrite")
            .field("target", target)
            .field("method", method)
            .field("fields", fields)
            .field("encoding", &settings.encoding)
            .finish()
    }
}

impl Write for RawWrite {
    type Output = RawAnswer;

    const NAME: &'static str = "cm.raw_write";

    fn settings<'a>(&'a self, _: &'a CmDialect) -> &'a WriteCall {
        &self.settings
    }

    fn request(
        &self,
        dialect: &CmDialect,
        signature: Option<&RequestSignature>,
    ) -> Result<Outgoing, BuildError> {
        let mut fields = Fields::new();
        for (name, value) in &self.fields {
            fields = fields.named(field::name(name)?, value.to_value()?);
        }
        let outgoing = self.target.outgoing(self.method.clone())?;
        body::write_to(dialect, &self.settings, outgoing, fields, signature)
    }

    fn done(&self, dialect: &CmDialect, incoming: Incoming) -> Result<RawAnswer, ResponseError<CmRefusal>> {
        answer::not_refused(dialect, incoming).map(RawAnswer)
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::ServiceError as _;

    use super::*;
    use crate::two_step::{Call, Step};

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

    #[test]
    fn a_write_hands_on_what_is_no_refusal() {
        let dialect = CmDialect::default();
        let write = RawWrite::new("a", Encoding::Multipart).field("x", "y");
        let read = |status: u16, body: &'static str| {
            let status = StatusCode::from_u16(status).unwrap();
            let incoming = Incoming::new(status, HeaderMap::new(), Bytes::from(body));
            Call::new(&write).response(&dialect, incoming)
        };
        for body in ["", "0\u{1}", r#"{"error":0}"#, "[1]", "{}"] {
            let Ok(Step::Done(answer)) = read(200, body) else {
                panic!("{body}")
            };
            assert_eq!(answer.body(), body);
        }
        let sign = r#"{"error":-19,"dataToSign":"c2lnbg=="}"#;
        assert!(matches!(read(200, sign), Ok(Step::Sign(data)) if data.as_bytes() == b"sign"));
        for (status, body) in [(200, r#"{"error":-15}"#), (403, "no"), (302, "")] {
            let refused = read(status, body);
            assert!(
                matches!(refused, Err(ResponseError::Refused(_))),
                "{status} {body}: {refused:?}"
            );
        }
        for (status, body) in [(500, ""), (200, "<html></html>")] {
            let Err(ResponseError::Refused(refusal)) = read(status, body) else {
                panic!("{status} {body}");
            };
            assert_ne!(refusal.phase(), smartid_core::Phase::Refused, "{status} {body}");
        }
    }

    #[test]
    fn what_is_sent_is_not_shown() {
        let write = RawWrite::new("a", Encoding::Json)
            .field("pin", "canary")
            .query("name", "canary");
        let call = RawCall::new(Method::PUT, "a").body("text/plain", "canary");
        let shown = format!("{write:?} {call:?}");
        assert!(!shown.contains("canary"), "{shown}");
    }
}
