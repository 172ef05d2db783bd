//! Web resources behind the access point (protocol notes: digital-access 5). That requests are passed on with specific headers for
//! specific addresses is documented (vendor page: AST support in Certificate Manager); how it is configured is not, so this form is the
//! simulator's own.

use serde::{Deserialize, Serialize};

use super::Unauthenticated;
use crate::config::HeaderEncoding;

/// A web resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaResource {
    /// Display name, `[A-Za-z0-9.]`: the second segment of its mapped address, `/<scheme>/<name>/...` (D).
    pub name: String,
    /// First segment of its mapped address: `https` or `http`.
    pub scheme: String,
    /// Host names that are mapped to it as well (reserved or pooled DNS mapping, D), without port. Paths below `/wa/` stay the access
    /// point's.
    pub hosts: Vec<String>,
    /// Where it is: `http` or `https`, host and port, perhaps a path. Empty is the simulated Protocol Gateway.
    pub backend: String,
    /// Certificate authorities (PEM) of a back end whose certificate is not of this simulator.
    pub ca_pem: String,
    /// Officer of `cm.officers` whose certificate is shown to the back end; empty for none.
    pub officer: String,
    /// Headers that are set. What a client sends under these names goes no further.
    pub headers: Vec<DaHeader>,
    /// How text beyond ASCII is written in them (U).
    pub encoding: HeaderEncoding,
    /// What a caller without a session gets.
    pub unauthenticated: Unauthenticated,
}

impl Default for DaResource {
    fn default() -> Self {
        Self {
            name: String::new(),
            scheme: "https".into(),
            hosts: Vec::new(),
            backend: String::new(),
            ca_pem: String::new(),
            officer: String::new(),
            headers: Vec::new(),
            encoding: HeaderEncoding::Utf8,
            unauthenticated: Unauthenticated::Redirect,
        }
    }
}

impl DaResource {
    /// A resource at an address; no headers, no certificate.
    pub fn new(name: impl Into<String>, backend: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            backend: backend.into(),
            ..Self::default()
        }
    }

    /// Sets one more header.
    #[must_use]
    pub fn header(mut self, header: DaHeader) -> Self {
        self.headers.push(header);
        self
    }

    /// Shows this officer's certificate to the back end.
    #[must_use]
    pub fn officer(mut self, name: &str) -> Self {
        name.clone_into(&mut self.officer);
        self
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        let name = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
        };
        let backend = || {
            let url = url::Url::parse(&self.backend).ok()?;
            let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
            (matches!(url.scheme(), "http" | "https") && url.has_host() && plain).then_some(())
        };
        if !name(&self.name) || self.name.bytes().all(|byte| byte == b'.') {
            Some("name must be of A-Z, a-z, 0-9 and the dot")
        } else if !matches!(self.scheme.as_str(), "http" | "https") {
            Some("scheme must be http or https")
        } else if !self.backend.is_empty() && backend().is_none() {
            Some("backend must be an http or https address without query")
        } else if self.headers.iter().any(|header| header.wrong()) {
            Some("headers need names that may stand in HTTP, and a value where they are from one")
        } else {
            None
        }
    }
}

/// A header that is set for a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DaHeader {
    /// Its name.
    pub name: String,
    /// Where its value comes from.
    pub from: DaHeaderSource,
    /// Name of the attribute, or the fixed text.
    #[serde(default)]
    pub value: String,
}

/// Headers that make a request what it is, or are of one connection.
const OF_HTTP: [&str; 10] = [
    "host",
    "connection",
    "content-length",
    "content-type",
    "transfer-encoding",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "cookie",
];

impl DaHeader {
    fn new(name: impl Into<String>, from: DaHeaderSource, value: &str) -> Self {
        Self {
            name: name.into(),
            from,
            value: value.to_owned(),
        }
    }

    /// From the user's id.
    pub fn user_name(name: impl Into<String>) -> Self {
        Self::new(name, DaHeaderSource::UserName, "")
    }

    /// From the user's display name.
    pub fn display_name(name: impl Into<String>) -> Self {
        Self::new(name, DaHeaderSource::DisplayName, "")
    }

    /// From an attribute of the user storage. What users can set themselves does not count.
    pub fn attribute(name: impl Into<String>, attribute: &str) -> Self {
        Self::new(name, DaHeaderSource::Attribute, attribute)
    }

    /// Always this text.
    pub fn fixed(name: impl Into<String>, text: &str) -> Self {
        Self::new(name, DaHeaderSource::Fixed, text)
    }

    fn wrong(&self) -> bool {
        let named = matches!(self.from, DaHeaderSource::Attribute | DaHeaderSource::Fixed);
        let lower = self.name.to_ascii_lowercase();
        http::HeaderName::from_bytes(self.name.as_bytes()).is_err()
            || OF_HTTP.contains(&lower.as_str())
            || named == self.value.is_empty()
    }
}

/// Where a header's value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DaHeaderSource {
    /// The user's id.
    UserName,
    /// The user's display name.
    DisplayName,
    /// The attribute of the user storage that `value` names.
    Attribute,
    /// The text `value`.
    Fixed,
}

/// The resource that is there by default: the simulated Protocol Gateway.
pub(super) fn defaults() -> Vec<DaResource> {
    vec![
        DaResource::new("pgwy", "")
            .officer("digital-access")
            .header(DaHeader::user_name("X-User"))
            .header(DaHeader::attribute("country", "c")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_found() {
        assert!(defaults().iter().all(|resource| resource.wrong().is_none()));
        let good = || DaResource::new("app.1", "https://localhost:1/base");
        assert!(good().wrong().is_none());
        for (resource, part) in [
            (DaResource::new("", ""), "name"),
            (DaResource::new("..", ""), "name"),
            (DaResource::new("a/b", ""), "name"),
            (DaResource::new("a", "localhost:1"), "backend"),
            (DaResource::new("a", "ftp://localhost"), "backend"),
            (DaResource::new("a", "http://localhost?x"), "backend"),
            (DaResource::new("a", "http://u@localhost"), "backend"),
            (good().header(DaHeader::user_name("X User")), "headers"),
            (good().header(DaHeader::user_name("Cookie")), "headers"),
            (good().header(DaHeader::attribute("X", "")), "headers"),
            (
                good().header(DaHeader::new("X", DaHeaderSource::UserName, "x")),
                "headers",
            ),
            (
                DaResource {
                    scheme: "ftp".into(),
                    ..good()
                },
                "scheme",
            ),
        ] {
            assert!(resource.wrong().is_some_and(|text| text.contains(part)), "{part}");
        }
    }
}
