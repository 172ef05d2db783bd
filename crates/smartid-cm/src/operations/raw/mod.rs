//! Calls that this library does not know: any path below the base URL.
//!
//! The vendor documents more than is public (secure key injection, for example), and administrators add handlers of their own. A
//! [`RawRead`] and a [`RawCall`] hand on whatever comes back, without a verdict; a [`RawWrite`] goes through the two steps of a signed
//! write with fields that the caller names. The path is taken as it is: the dialect's `requests.path_suffix` is not appended.
//!
//! The officer's certificate, the cap of an answer's size, and the rule that redirects are not followed hold here too.

mod call;
mod write;

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use smartid_core::{BuildError, Incoming, Outgoing, PathTemplate};

use crate::answer;
use crate::body;
use crate::dialect::CmDialect;
use crate::refusal::CmCode;
use crate::two_step::DataToSign;

pub use call::{RawCall, RawRead};
pub use write::RawWrite;

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

use target_options;
