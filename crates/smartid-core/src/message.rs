//! What goes out, as a value.
//!
//! An [`Outgoing`] knows its path below the service's base URL, not the host. Its `Debug` shows no body and no header values: a body may
//! hold a PIN and a header an API key.

use std::fmt;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use serde::Serialize;

use crate::error::BuildError;
use crate::path::{push_query, push_query_list};
use crate::url::ServiceUrl;

/// A request that is ready but for the address of the service and the credential.
///
/// ```
/// use smartid_core::{Outgoing, ServiceUrl};
///
/// let outgoing = Outgoing::new(http::Method::GET, "fido/options".to_owned()).query("userId", "anna å");
/// let base = ServiceUrl::parse("da.url", "https://access.example.test/https/api/rest/v3.0")?;
/// let request = outgoing.into_http(&base)?;
/// assert_eq!(request.uri(), "https://access.example.test/https/api/rest/v3.0/fido/options?userId=anna%20%C3%A5");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Outgoing {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Outgoing {
    /// A request without a body; `path` is relative to the service's base URL and already encoded (see
    /// [`PathTemplate::expand`](crate::PathTemplate::expand)).
    #[must_use]
    pub fn new(method: Method, path: String) -> Self {
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        Self {
            method,
            path,
            query: String::new(),
            headers,
            body: Bytes::new(),
        }
    }

    /// Appends a query parameter; name and value are percent-encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        push_query(&mut self.query, name, value);
        self
    }

    /// Appends a query parameter with several values: each percent-encoded, with bare commas between them, as some services read lists.
    #[must_use]
    pub fn query_list<'a>(mut self, name: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        push_query_list(&mut self.query, name, values);
        self
    }

    /// Appends a query that is already encoded, such as that of an address that was configured with one.
    #[must_use]
    pub fn encoded_query(mut self, query: &str) -> Self {
        if !self.query.is_empty() && !query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(query);
        self
    }

    /// Sets a header. A credential is marked with [`HeaderValue::set_sensitive`] by whoever makes it.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body and its content type.
    #[must_use]
    pub fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    /// [`BuildError::Json`] when the value cannot be written as JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self, BuildError> {
        let mut body = Vec::with_capacity(512);
        serde_json::to_writer(&mut body, value).map_err(|error| BuildError::Json(error.to_string()))?;
        Ok(self.body("application/json", body))
    }

    /// The verb.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query as they are appended to the base URL, without a leading slash. The query may name a person: do not log it.
    #[must_use]
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            self.path.clone()
        } else {
            format!("{}?{}", self.path, self.query)
        }
    }

    /// The headers, credentials included.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The headers, for adding to them.
    pub fn headers_mut(&mut self) -> &mut HeaderMap {
        &mut self.headers
    }

    /// The bytes of the body.
    #[must_use]
    pub fn body_bytes(&self) -> &Bytes {
        &self.body
    }

    /// The absolute URL below `base`.
    #[must_use]
    pub fn absolute(&self, base: &ServiceUrl) -> String {
        let mut text = String::with_capacity(base.as_str().len() + self.path.len() + self.query.len() + 2);
        text.push_str(base.as_str());
        if !self.path.is_empty() {
            text.push('/');
            text.push_str(&self.path);
        }
        if !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        text
    }

    /// The request as `http` types, with its absolute URL; the way out for those who bring their own HTTP client.
    ///
    /// # Errors
    /// [`BuildError::Url`] when base and path together are no URL.
    pub fn into_http(self, base: &ServiceUrl) -> Result<Request<Bytes>, BuildError> {
        let uri =
            http::Uri::try_from(self.absolute(base)).map_err(|error| BuildError::Url(error.to_string()))?;
        let mut request = Request::new(self.body);
        *request.method_mut() = self.method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers;
        Ok(request)
    }

    /// Takes the request apart, for a [`Transport`](crate::Transport) that writes it in its own way.
    #[must_use]
    pub fn into_parts(self) -> (Method, HeaderMap, Bytes) {
        (self.method, self.headers, self.body)
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            query,
            headers,
            body,
        } = self;
        f.debug_struct("Outgoing")
            .field("method", method)
            .field("path", path)
            .field("query_bytes", &query.len())
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
    use super::*;

    #[test]
    fn an_encoded_query_keeps_its_letters() {
        let get = || Outgoing::new(Method::GET, "a".into());
        assert_eq!(get().encoded_query("x=+%2b&y").target(), "a?x=+%2b&y");
        assert_eq!(get().query("q", " ").encoded_query("x").target(), "a?q=%20&x");
        assert_eq!(get().query("q", "1").encoded_query("").target(), "a?q=1");
    }

    #[test]
    fn debug_shows_no_values() {
        let outgoing = Outgoing::new(Method::POST, "a".into())
            .query("pin", "1234-canary")
            .header(
                HeaderName::from_static("x-api-key"),
                HeaderValue::from_static("canary"),
            )
            .body("text/plain", "canary");
        let text = format!("{outgoing:?}");
        assert!(!text.contains("canary"), "{text}");
    }
}
