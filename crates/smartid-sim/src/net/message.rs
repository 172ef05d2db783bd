//! Requests and replies as the parts of the simulator see them: already read, still raw.

use std::net::IpAddr;

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;
use tokio::sync::watch;

use crate::json::Move;

/// A request that has been read completely.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body was larger than allowed; `body` is empty then.
    pub(crate) too_large: bool,
    /// The certificate (DER) that the caller has shown in the TLS handshake.
    pub(crate) peer: Option<Bytes>,
    /// Where the caller's connection comes from.
    pub(crate) from: Option<IpAddr>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn header_list(&self) -> Vec<(String, String)> {
        self.headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect()
    }

    /// The first query parameter of this name, decoded as a form does it.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_deref()?.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Whether a query parameter is there more than once.
    pub(crate) fn parameter_twice(&self, name: &str) -> bool {
        let query = self.query.as_deref().unwrap_or_default();
        let parsed = url::form_urlencoded::parse(query.as_bytes());
        parsed.filter(|(key, _)| key == name).count() > 1
    }

    pub(crate) fn is_json(&self) -> bool {
        self.header("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"))
    }

    /// Decoded path segments below `base`, or `None` when the path is elsewhere.
    pub(crate) fn below(&self, base: &str) -> Option<Vec<String>> {
        let rest = self.path.strip_prefix(base)?;
        if rest.is_empty() {
            return Some(Vec::new());
        }
        Some(rest.strip_prefix('/')?.split('/').map(decode).collect())
    }
}

pub(crate) fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

/// What is answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// For the records.
    pub(crate) code: Option<String>,
    /// Counts the callbacks of the command that this is the immediate response of.
    pub(crate) called_back: Option<watch::Receiver<u32>>,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    pub(crate) fn text(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        Self::empty(status)
            .with_header("content-type", content_type)
            .with_body(body)
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", body.to_string())
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn with_body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// With members of a JSON body in other places.
    pub(crate) fn with_moves(mut self, moves: &[Move]) -> Self {
        if !moves.is_empty()
            && let Ok(mut body) = serde_json::from_slice::<Value>(&self.body)
        {
            crate::json::apply(moves, &mut body);
            self.body = body.to_string().into();
        }
        self
    }

    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}
