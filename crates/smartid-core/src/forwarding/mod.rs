//! Headers by which a front tells the service behind it who its user is.
//!
//! The service believes such headers because they come from the front, so a copy that the user sent himself must never pass. The order
//! is therefore the type's: first every copy of the client is taken away, then the front's own are added, and a value that could be more
//! than one line stops the request.
//!
//! Evidence: that Digital Access passes configured headers for configured addresses, and that Protocol Gateway takes a certificate's
//! attributes from them, is \[documented\] (vendor page: AST support in Certificate Manager). How Digital Access strips, and how it writes
//! what is beyond ASCII, is unknown; the rules here are \[inferred\] from what keeps a user from being somebody else.

mod names;
mod value;

use std::collections::HashSet;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderName};
use serde::{Deserialize, Serialize};

use names::{canonical, is_between_hops, is_reserved};
pub use value::HeaderEncoding;

/// The longest name of a header or an attribute in bytes.
const LONGEST_NAME: usize = 256;
/// The most headers.
const MOST: usize = 64;

/// A configuration that is refused when it is made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardingError {
    /// What should be a header's name is none: HTTP allows letters, digits and `` !#$%&'*+-.^_`|~ ``, up to 256 of them.
    #[error("what should be a header's name is none")]
    NotAName,
    /// The header means something to HTTP itself, to a proxy, or is part of the client's own login.
    #[error("the header {0} cannot carry an attribute: it has a meaning of its own in HTTP")]
    Reserved(HeaderName),
    /// The header is there already, perhaps with `_` for `-`, which many servers take for the same.
    #[error("the header {0} is configured twice, or once with an underscore for the hyphen")]
    Twice(HeaderName),
    /// The attribute's name is empty, longer than 256 bytes, or holds a control character.
    #[error("the attribute of the header {0} has no usable name")]
    Attribute(HeaderName),
    /// More than 64 headers.
    #[error("more than 64 headers are configured")]
    TooMany,
}

/// A request that is not forwarded: a header's value cannot be sent as it is, and without it the service would see another user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header {header} cannot be forwarded: its value {problem}")]
#[non_exhaustive]
pub struct NotForwarded {
    /// The header.
    pub header: HeaderName,
    /// What is wrong.
    pub problem: ForwardingProblem,
}

/// What is wrong with a value. The value itself is not said: it is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForwardingProblem {
    /// The attribute has more than one value, and none is chosen in silence.
    #[error("is not one but several")]
    SeveralValues,
    /// A line end, NUL or another control character except a tabulator within the value.
    #[error("holds a line end or another control character")]
    Control,
    /// White space at an end, which would be lost on the way: the service would see another value.
    #[error("begins or ends with white space")]
    OuterSpace,
    /// A character that the configured [`HeaderEncoding`] does not have.
    #[error("holds a character that the configured encoding does not have")]
    Encoding,
    /// More than 4096 octets.
    #[error("is longer than 4096 octets")]
    TooLong,
    /// The request has more headers than a header map holds.
    #[error("finds no room in the request")]
    NoRoom,
}

/// Which headers a front adds to its users' requests, and the attributes of the user they come from.
///
/// Headers are compared without letter case and with `_` for `-`; attributes are compared as they are. A user without the attribute, or
/// with an empty value, gets no header, and the client's copy goes all the same.
///
/// ```
/// use std::collections::BTreeMap;
/// use http::HeaderMap;
/// use smartid_core::ForwardedHeaders;
///
/// let rules = ForwardedHeaders::new().with("X-User", "username")?.with("country", "country")?;
/// let user = BTreeMap::from([("username", vec!["alice".to_owned()])]);
///
/// let mut client = HeaderMap::new();
/// client.insert("accept", "*/*".parse()?);
/// client.insert("x_user", "admin".parse()?);
/// client.insert("country", "SE".parse()?);
///
/// let forwarded = rules.forward(&client, |name| user.get(name).map_or(&[][..], Vec::as_slice))?;
/// assert_eq!(forwarded.len(), 2);
/// assert_eq!(forwarded["accept"], "*/*");
/// assert_eq!(forwarded["x-user"], "alice");
///
/// let hostile = ["alice\r\nX-Role: admin".to_owned()];
/// assert!(rules.forward(&client, |_| &hostile).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// From a configuration file it is read so:
///
/// ```
/// # use smartid_core::ForwardedHeaders;
/// let rules: ForwardedHeaders = serde_json::from_str(
///     r#"{ "headers": [{ "header": "X-User", "attribute": "username" }], "encoding": "iso-8859-1" }"#,
/// )?;
/// assert_eq!(rules.iter().next().map(|(header, attribute)| (header.as_str(), attribute)), Some(("x-user", "username")));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct ForwardedHeaders {
    rules: Vec<Rule>,
    encoding: HeaderEncoding,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    header: HeaderName,
    attribute: String,
}

impl ForwardedHeaders {
    /// No header.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a header and the attribute it comes from. Headers are forwarded in the order in which they were added.
    ///
    /// # Errors
    /// [`ForwardingError`] when the name is none, is HTTP's own, or is there already.
    pub fn with(mut self, header: &str, attribute: impl Into<String>) -> Result<Self, ForwardingError> {
        let name = Some(header.as_bytes()).filter(|name| name.len() <= LONGEST_NAME);
        let header = name
            .and_then(|name| HeaderName::from_bytes(name).ok())
            .ok_or(ForwardingError::NotAName)?;
        if is_reserved(&header) {
            return Err(ForwardingError::Reserved(header));
        }
        if self.configures(&header) {
            return Err(ForwardingError::Twice(header));
        }
        let attribute = attribute.into();
        if attribute.is_empty() || attribute.len() > LONGEST_NAME || attribute.contains(char::is_control) {
            return Err(ForwardingError::Attribute(header));
        }
        if self.rules.len() >= MOST {
            return Err(ForwardingError::TooMany);
        }
        self.rules.push(Rule { header, attribute });
        Ok(self)
    }

    /// Sets how values beyond ASCII are written.
    #[must_use]
    pub fn with_encoding(mut self, encoding: HeaderEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// How values beyond ASCII are written.
    #[must_use]
    pub fn encoding(&self) -> HeaderEncoding {
        self.encoding
    }

    /// Headers and their attributes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&HeaderName, &str)> {
        self.rules
            .iter()
            .map(|rule| (&rule.header, rule.attribute.as_str()))
    }

    /// Whether the header is one of those that only the front may set, in any letter case and with `_` for `-`.
    #[must_use]
    pub fn configures(&self, header: &HeaderName) -> bool {
        let header = canonical(header);
        self.rules.iter().any(|rule| canonical(&rule.header) == header)
    }

    /// Whether the header can never carry an attribute, because it means something to HTTP itself, to a proxy, or to the client's own
    /// login; also where it is written with `_` for `-`.
    #[must_use]
    pub fn is_reserved(header: &HeaderName) -> bool {
        is_reserved(header)
    }

    /// The headers of the forwarded request: those of the client that may pass, in their order, then the configured ones. `values` gives
    /// the values of an attribute of the logged-in user; none at all where nobody is logged in.
    ///
    /// # Errors
    /// [`NotForwarded`]: the request must not go on, also not without the header.
    pub fn forward<'a>(
        &self,
        client: &HeaderMap,
        values: impl Fn(&str) -> &'a [String],
    ) -> Result<HeaderMap, NotForwarded> {
        let mut forwarded = self.passing(client)?;
        for Rule { header, attribute } in &self.rules {
            let refused = |problem| NotForwarded {
                header: header.clone(),
                problem,
            };
            let value = match values(attribute) {
                [] => continue,
                [value] if value.is_empty() => continue,
                [value] => self.encoding.write(value).map_err(refused)?,
                _ => return Err(refused(ForwardingProblem::SeveralValues)),
            };
            forwarded
                .try_append(header, value)
                .map_err(|_| refused(ForwardingProblem::NoRoom))?;
        }
        Ok(forwarded)
    }

    /// What of a client's headers, or of its trailers, may pass: all but the configured ones, and but those that HTTP means for one hop
    /// only, among them what `Connection` names. `Host` and `Content-Length` stay even if it names them: without them it would be another
    /// request.
    ///
    /// # Errors
    /// [`NotForwarded`] with [`ForwardingProblem::NoRoom`] when there are more than a header map holds.
    pub fn passing(&self, client: &HeaderMap) -> Result<HeaderMap, NotForwarded> {
        let named: HashSet<HeaderName> = client
            .get_all(CONNECTION)
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b','))
            .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
            .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
            .collect();
        let own: HashSet<String> = self.rules.iter().map(|rule| canonical(&rule.header)).collect();
        let mut passing = HeaderMap::new();
        for (name, value) in client {
            if is_between_hops(name) || named.contains(name) || own.contains(&canonical(name)) {
                continue;
            }
            passing
                .try_append(name, value.clone())
                .map_err(|_| NotForwarded {
                    header: name.clone(),
                    problem: ForwardingProblem::NoRoom,
                })?;
        }
        Ok(passing)
    }
}

/// As it stands in a configuration file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    headers: Vec<WrittenRule>,
    #[serde(default)]
    encoding: HeaderEncoding,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    header: String,
    attribute: String,
}

impl TryFrom<Written> for ForwardedHeaders {
    type Error = ForwardingError;

    fn try_from(written: Written) -> Result<Self, ForwardingError> {
        let empty = Self::new().with_encoding(written.encoding);
        written
            .headers
            .into_iter()
            .try_fold(empty, |rules, WrittenRule { header, attribute }| {
                rules.with(&header, attribute)
            })
    }
}

impl From<ForwardedHeaders> for Written {
    fn from(rules: ForwardedHeaders) -> Self {
        let written = |Rule { header, attribute }| WrittenRule {
            header: header.as_str().to_owned(),
            attribute,
        };
        Self {
            headers: rules.rules.into_iter().map(written).collect(),
            encoding: rules.encoding,
        }
    }
}

#[cfg(test)]
mod tests;
