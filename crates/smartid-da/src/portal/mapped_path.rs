//! `/<scheme>/<web resource>/<path on it>`: which resource behind the access point an address means.
//!
//! The `https/api` of every public REST address is no prefix with a meaning of its own: it is this mapping, of the web resource with the
//! display name `api`. Text that two readers could take for two resources is refused here, because the access point decides by the
//! resource who may come in.
//!
//! Evidence: the mapping is \[inferred\] from three documented addresses (vendor pages: Set up Smart ID Messaging in Digital Access; Set
//! up FIDO2 authentication; Nexus GO Authentication). Letters, digits and the dot as all that a display name may hold are \[documented\]
//! (vendor page: Digital Access help, Web Resource Host General Settings).

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest text in bytes.
const LONGEST: usize = 8192;
/// The longest name of a resource, as of a host.
const LONGEST_RESOURCE: usize = 253;

/// A text or a part that makes no mapped path. It holds nothing of the text, which may name a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MappedPathError {
    /// More than 8192 bytes.
    #[error("the mapped path is longer than 8192 bytes")]
    TooLong,
    /// A character that RFC 3986 does not allow there, a fragment, a `%` without two hexadecimal digits, or in the path an encoded
    /// control character.
    #[error("the mapped path has a character that cannot stand there, or an escape that is none")]
    Characters,
    /// It is not `/<scheme>/<resource>` and what follows.
    #[error("not of the form /<scheme>/<resource>/<path>")]
    Shape,
    /// The scheme is neither `https` nor `http`, in small letters.
    #[error("the scheme of a mapped path is https or http")]
    Scheme,
    /// The resource is not a display name of letters, digits and dots, at most 253 of them.
    #[error("the web resource is not a name of ASCII letters, digits and dots")]
    Resource,
    /// A path that does not begin with a slash: it would become part of the resource's name.
    #[error("the path on the resource does not begin with a slash")]
    Path,
    /// A segment `.` or `..`, also in escapes, between escaped slashes or with a parameter: it can lead to another resource.
    #[error("the path on the resource has a segment \".\" or \"..\"")]
    Dots,
}

/// How the access point speaks to the resource behind it. How the caller speaks to the access point is another matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MappedScheme {
    /// `https`.
    Https,
    /// `http`, without TLS between access point and resource.
    Http,
}

impl MappedScheme {
    /// As it stands in the path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

impl FromStr for MappedScheme {
    type Err = MappedPathError;

    fn from_str(text: &str) -> Result<Self, MappedPathError> {
        match text {
            "https" => Ok(Self::Https),
            "http" => Ok(Self::Http),
            _ => Err(MappedPathError::Scheme),
        }
    }
}

/// An address within an access point: scheme and display name of the web resource, path on it, perhaps a query.
///
/// What parses is written again byte for byte. `Debug` leaves the query out, which may name a person.
///
/// ```
/// use smartid_da::MappedPath;
/// use smartid_da::portal::MappedScheme;
///
/// let callback: MappedPath = "/https/api/rest/v3.0/personalmessaging".parse()?;
/// assert_eq!(callback.scheme(), MappedScheme::Https);
/// assert_eq!(callback.resource(), "api");
/// assert_eq!(callback.path(), "/rest/v3.0/personalmessaging");
///
/// let options = MappedPath::new(MappedScheme::Https, "api")?
///     .with_path("/rest/v3.0/fido/options")?
///     .with_query("userId=alice")?;
/// assert_eq!(options.to_string(), "/https/api/rest/v3.0/fido/options?userId=alice");
///
/// assert!("/https/api/../intranet/x".parse::<MappedPath>().is_err());
/// assert!("/wa/auth".parse::<MappedPath>().is_err());
/// # Ok::<(), smartid_da::portal::MappedPathError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MappedPath {
    scheme: MappedScheme,
    resource: String,
    path: String,
    query: Option<String>,
}

impl MappedPath {
    /// The resource itself, without a path. `resource` is its display name, which keeps its letter case.
    ///
    /// # Errors
    /// [`MappedPathError::Resource`] when the name cannot stand in an address as one segment and nothing else.
    pub fn new(scheme: MappedScheme, resource: impl Into<String>) -> Result<Self, MappedPathError> {
        let resource = resource.into();
        let plain = resource.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
        let dots_alone = resource.bytes().all(|b| b == b'.');
        if !plain || dots_alone || resource.len() > LONGEST_RESOURCE {
            return Err(MappedPathError::Resource);
        }
        Ok(Self {
            scheme,
            resource,
            path: String::new(),
            query: None,
        })
    }

    /// Sets the path on the resource: encoded already, with its slash at the beginning, or empty.
    ///
    /// # Errors
    /// [`MappedPathError`] when the path could lead elsewhere or holds what no path can.
    pub fn with_path(mut self, path: impl Into<String>) -> Result<Self, MappedPathError> {
        let path = path.into();
        if !path.is_empty() && !path.starts_with('/') {
            return Err(MappedPathError::Path);
        }
        if !is_encoded(&path, b"/:@") {
            return Err(MappedPathError::Characters);
        }
        // Servers decode before they split, and some cut a parameter off a segment first.
        let decoded: Vec<u8> = percent_decode_str(&path).collect();
        if decoded.iter().any(u8::is_ascii_control) {
            return Err(MappedPathError::Characters);
        }
        let dots = |segment: &[u8]| matches!(segment.split(|b| *b == b';').next(), Some(b"." | b".."));
        if decoded.split(|b| matches!(b, b'/' | b'\\')).any(dots) {
            return Err(MappedPathError::Dots);
        }
        self.path = path;
        self.within_cap()
    }

    /// Sets the query: encoded already, without its question mark. An empty one leaves the mark.
    ///
    /// # Errors
    /// [`MappedPathError::Characters`] for what no query can hold.
    pub fn with_query(mut self, query: impl Into<String>) -> Result<Self, MappedPathError> {
        let query = query.into();
        if !is_encoded(&query, b"/:@?") {
            return Err(MappedPathError::Characters);
        }
        self.query = Some(query);
        self.within_cap()
    }

    fn within_cap(self) -> Result<Self, MappedPathError> {
        let query = self.query.as_ref().map_or(0, |query| 1 + query.len());
        let length = 2 + self.scheme.as_str().len() + self.resource.len() + self.path.len() + query;
        if length > LONGEST {
            return Err(MappedPathError::TooLong);
        }
        Ok(self)
    }

    /// How the access point speaks to the resource.
    #[must_use]
    pub fn scheme(&self) -> MappedScheme {
        self.scheme
    }

    /// The resource's display name.
    #[must_use]
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path on the resource, encoded: empty, or with a slash at the beginning.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, encoded, without its question mark. It may name a person.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

/// Whether the text has only unreserved characters, sub-delimiters, escapes of two hexadecimal digits, and `more`.
fn is_encoded(text: &str, more: &[u8]) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&b) || more.contains(&b);
    let escape = |rest: &str| {
        rest.as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    text.bytes().all(plain) && text.split('%').skip(1).all(escape)
}

impl FromStr for MappedPath {
    type Err = MappedPathError;

    fn from_str(text: &str) -> Result<Self, MappedPathError> {
        if text.len() > LONGEST {
            return Err(MappedPathError::TooLong);
        }
        if !is_encoded(text, b"/:@?") {
            return Err(MappedPathError::Characters);
        }
        let (address, query) = match text.split_once('?') {
            Some((address, query)) => (address, Some(query)),
            None => (text, None),
        };
        let (scheme, rest) = address
            .strip_prefix('/')
            .and_then(|rest| rest.split_once('/'))
            .filter(|(scheme, _)| !scheme.is_empty())
            .ok_or(MappedPathError::Shape)?;
        let scheme = scheme.parse()?;
        let (resource, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let mapped = Self::new(scheme, resource)?.with_path(path)?;
        match query {
            Some(query) => mapped.with_query(query),
            None => Ok(mapped),
        }
    }
}

impl fmt::Display for MappedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}{}", self.scheme.as_str(), self.resource, self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for MappedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            resource,
            path,
            query,
        } = self;
        let query = if query.is_some() { "?…" } else { "" };
        write!(f, "MappedPath(/{}/{resource}{path}{query})", scheme.as_str())
    }
}

impl Serialize for MappedPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for MappedPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<MappedPath, MappedPathError> {
        text.parse()
    }

    #[test]
    fn dots_are_found_wherever_a_server_may_look_for_them() {
        for path in [
            "/a/%2E%2E%2Fother",
            "/a%2f..%2fother",
            "/a%5c..%5cother",
            "/..;x=1/other",
            "/%2e%2e%3bx/other",
            "/.;/x",
            "/a/.",
        ] {
            let text = format!("/https/api{path}");
            assert_eq!(parse(&text), Err(MappedPathError::Dots), "{path}");
        }
        for path in [
            "/...",
            "/a..",
            "/..a",
            "/.well-known/x",
            "/;..",
            "/a;..",
            "/a?b/../c",
        ] {
            let text = format!("/https/api{path}");
            assert_eq!(parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn an_encoded_control_character_is_refused_in_a_path_only() {
        for bad in ["%00", "%0a", "%1F", "%7f"] {
            let error = parse(&format!("/https/api/{bad}"));
            assert_eq!(error, Err(MappedPathError::Characters), "{bad}");
        }
        for short in ["/https/api/%", "/https/api/%4", "/https/api/x?%4g"] {
            assert_eq!(parse(short), Err(MappedPathError::Characters), "{short}");
        }
        assert_eq!(parse("/https/api/x?a=%0a").unwrap().query(), Some("a=%0a"));
    }

    #[test]
    fn the_caps_hold_to_the_byte() {
        let name = "a".repeat(LONGEST_RESOURCE);
        assert!(MappedPath::new(MappedScheme::Http, name.clone()).is_ok());
        assert_eq!(
            MappedPath::new(MappedScheme::Http, name + "a"),
            Err(MappedPathError::Resource)
        );
        let head = "/https/api/";
        let longest = format!("{head}{}", "x".repeat(LONGEST - head.len()));
        assert_eq!(parse(&longest).unwrap().to_string(), longest);
        assert_eq!(parse(&format!("{longest}x")), Err(MappedPathError::TooLong));
        let mapped = parse(&longest).unwrap();
        assert_eq!(mapped.clone().with_query(""), Err(MappedPathError::TooLong));
        let path = format!("{}x", mapped.path());
        assert_eq!(mapped.with_path(path), Err(MappedPathError::TooLong));
    }

    #[test]
    fn a_query_before_the_path_belongs_to_the_resource_itself() {
        let mapped = parse("/https/api?x=/y").unwrap();
        assert_eq!((mapped.path(), mapped.query()), ("", Some("x=/y")));
        assert_eq!(mapped.to_string(), "/https/api?x=/y");
        assert_eq!(parse("/https?x=/api/y"), Err(MappedPathError::Shape));
    }

    #[test]
    fn json_takes_the_text_and_debug_keeps_the_query_back() {
        let text = "\"/https/api/x?userId=canary\"";
        let mapped: MappedPath = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&mapped).unwrap(), text);
        assert_eq!(format!("{mapped:?}"), "MappedPath(/https/api/x?…)");
        let error = serde_json::from_str::<MappedPath>("\"/ftp/canary/x\"").unwrap_err();
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    proptest! {
        #[test]
        fn parts_come_back_from_the_text(
            https: bool,
            resource in "[A-Za-z0-9]{1,8}(\\.[A-Za-z0-9]{1,8}){0,3}",
            path in "(/[a-z0-9~!$&'()*+,:@_-]{0,6}(%[2-7][0-9A-D])?x){0,4}/?",
            query in proptest::option::of("([a-zA-Z0-9=&/?:@._~-]|%[0-9a-fA-F]{2}){0,20}"),
        ) {
            let scheme = if https { MappedScheme::Https } else { MappedScheme::Http };
            let mut mapped = MappedPath::new(scheme, resource).unwrap().with_path(path).unwrap();
            if let Some(query) = query {
                mapped = mapped.with_query(query).unwrap();
            }
            prop_assert_eq!(parse(&mapped.to_string()).unwrap(), mapped);
        }

        #[test]
        fn any_text_is_written_as_it_came_or_refused(text in "(/https?/[a-z./]{0,6})?\\PC{0,12}|[/htps.%2e;?\\\\]{0,24}") {
            if let Ok(mapped) = parse(&text) {
                prop_assert_eq!(mapped.to_string(), text);
                let parsers = url::Url::parse("https://h").unwrap().join(&mapped.to_string()).unwrap();
                let prefix = ["/", mapped.scheme().as_str(), "/", mapped.resource()].concat();
                prop_assert!(parsers.path().starts_with(&prefix));
            }
        }
    }
}
