//! The mirror of [`Endpoint`](crate::Endpoint): what calls us.
//!
//! A receiver looks at the head of a request first, so that a wrong password is refused before a body is read, and then at the whole
//! request; what it returns is the reply. It knows no web framework: one adapter (feature `tower`) serves every receiver.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::runtime::BoxFuture;

/// Method, path and headers of a request that somebody sends to us.
#[derive(Clone)]
#[non_exhaustive]
pub struct Head {
    /// The verb.
    pub method: Method,
    /// The path, percent-encoded, without query.
    pub path: String,
    /// The query without `?`; empty when there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
}

impl Head {
    /// For adapters and tests.
    pub fn new(method: Method, path: impl Into<String>, headers: HeaderMap) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            headers,
        }
    }

    /// Sets the query, without `?`.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// The last segment of the path that is not empty.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        let path = self.path.trim_end_matches('/');
        let start = path.bytes().rposition(|byte| byte == b'/');
        start.map_or(path, |slash| path.get(slash + 1..).unwrap_or_default())
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            query,
            headers,
        } = self;
        f.debug_struct("Head")
            .field("method", method)
            .field("path", path)
            .field("query_bytes", &query.len())
            .field(
                "headers",
                &headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .finish()
    }
}

/// What we answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A reply without a body.
    #[must_use]
    pub fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// A request whose head is welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admission {
    /// How many bytes of body are read at most; a longer one is answered 413 unread.
    pub body_limit: usize,
}

impl Admission {
    /// With a body of at most so many bytes.
    #[must_use]
    pub const fn new(body_limit: usize) -> Self {
        Self { body_limit }
    }
}

/// Something that a service calls.
pub trait Inbound: Send + Sync + fmt::Debug {
    /// `service.receiver`: the name in spans.
    fn name(&self) -> &'static str;

    /// Looks at the head alone: who calls, and is there such a path. It is called before any of the body is read.
    ///
    /// # Errors
    /// The reply that refuses the request.
    fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>>;

    /// The whole request, already admitted. What it means is stored before the reply is returned.
    fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply>;
}
