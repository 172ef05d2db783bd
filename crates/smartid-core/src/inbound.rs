//! The mirror of [`Endpoint`](crate::Endpoint): what calls us.
//!
//! A receiver looks at the head of a request first, so that a wrong password is refused before a body is read, and then at the whole
//! request; what it returns is the reply. It knows no web framework: one adapter (feature `tower`) serves every receiver.

use std::fmt;

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::runtime::BoxFuture;

/// The certificate that the other end of a TLS connection has shown, and whose key it has proven to have.
///
/// Only the TLS library of the web server can say so, after the handshake (rustls: `peer_certificates`). What serves requests puts this
/// value among the extensions of each `http::Request` of the connection, where the adapter finds it. It is never made from a header: anybody
/// can write one. That the TLS library has validated a chain is not said by this value; a receiver checks it against what it was
/// configured with.
///
/// ```
/// use http::Request;
/// use smartid_core::ClientCertificate;
///
/// # let chain: Vec<Vec<u8>> = vec![vec![0x30, 0]];
/// let mut request = Request::new(());
/// if let Some(certificate) = ClientCertificate::from_chain(chain) {
///     request.extensions_mut().insert(certificate);
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    der: Bytes,
    intermediates: Vec<Bytes>,
}

impl ClientCertificate {
    /// The certificate as DER, without its issuers.
    pub fn new(der: impl Into<Bytes>) -> Self {
        Self {
            der: der.into(),
            intermediates: Vec::new(),
        }
    }

    /// From the certificates of the handshake as DER: the client's own first, as TLS sends them. `None` when there is none.
    pub fn from_chain<B: Into<Bytes>>(chain: impl IntoIterator<Item = B>) -> Option<Self> {
        let mut chain = chain.into_iter().map(Into::into);
        let der = chain.next()?;
        Some(Self {
            der,
            intermediates: chain.collect(),
        })
    }

    /// The certificate as DER.
    #[must_use]
    pub fn der(&self) -> &Bytes {
        &self.der
    }

    /// The certificates that came with it, as DER: issuers as a rule, in no order that can be relied on.
    #[must_use]
    pub fn intermediates(&self) -> &[Bytes] {
        &self.intermediates
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { der, intermediates } = self;
        write!(
            f,
            "ClientCertificate({} bytes, {} more)",
            der.len(),
            intermediates.len()
        )
    }
}

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
    /// The certificate of the TLS connection, when the web server tells it.
    pub client_certificate: Option<ClientCertificate>,
}

impl Head {
    /// For adapters and tests.
    pub fn new(method: Method, path: impl Into<String>, headers: HeaderMap) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            headers,
            client_certificate: None,
        }
    }

    /// Sets the certificate of the TLS connection.
    #[must_use]
    pub fn with_client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.client_certificate = Some(certificate);
        self
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
            client_certificate,
        } = self;
        f.debug_struct("Head")
            .field("method", method)
            .field("path", path)
            .field("query_bytes", &query.len())
            .field(
                "headers",
                &headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .field("client_certificate", &client_certificate.is_some())
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

    /// 401 with a challenge, such as `Basic realm="callback", charset="UTF-8"`.
    #[must_use]
    pub fn challenge(challenge: &'static str) -> Self {
        Self::empty(StatusCode::UNAUTHORIZED).header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
    }

    /// 405: everything that calls us posts.
    #[must_use]
    pub fn post_only() -> Self {
        Self::empty(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, HeaderValue::from_static("POST"))
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
