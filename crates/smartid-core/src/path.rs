//! Paths whose variable parts are encoded by type, so that a user id can never become another path.
//!
//! A dialect may set a path, for example `fido/options/{user}`. The template is parsed when the configuration is read; a value is
//! percent-encoded as one segment when the request is built. `.` and `..` are refused rather than encoded, because URL parsers on the
//! way fold even their encoded forms.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A value cannot stand where the request wants to put it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// An empty value, `.` or `..` as a path segment.
    #[error("an empty value, \".\" or \"..\" cannot be a path segment ({{{0}}})")]
    Segment(String),
    /// The template names a placeholder that this operation does not have.
    #[error("the path has no placeholder {{{0}}} to fill")]
    Unknown(String),
    /// The template is not a relative path of plain segments and `{placeholders}`: a `%` stands only before two hexadecimal digits, and no
    /// segment is `.` or `..`, not even in its encoded form.
    #[error("not a relative path of plain segments and {{placeholders}}: {0:?}")]
    Template(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Placeholder(String),
}

/// A relative path with `{placeholders}`, each of which is exactly one segment.
///
/// ```
/// use smartid_core::PathTemplate;
///
/// let path: PathTemplate = "fido/options/{user}".parse()?;
/// assert_eq!(path.expand(&[("user", "anna/../admin?x")])?, "fido/options/anna%2F..%2Fadmin%3Fx");
/// assert!(path.expand(&[("user", "..")]).is_err());
/// # Ok::<(), smartid_core::PathError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathTemplate(Vec<Segment>);

impl PathTemplate {
    /// Fills the placeholders and returns the encoded relative path, without a leading slash.
    ///
    /// # Errors
    /// [`PathError`] when a placeholder has no value, or the value cannot be a segment.
    pub fn expand(&self, values: &[(&str, &str)]) -> Result<String, PathError> {
        let mut path = String::with_capacity(64);
        for segment in &self.0 {
            if !path.is_empty() {
                path.push('/');
            }
            match segment {
                Segment::Literal(text) => path.push_str(text),
                Segment::Placeholder(name) => {
                    let (_, value) = values
                        .iter()
                        .find(|(known, _)| known == name)
                        .ok_or_else(|| PathError::Unknown(name.clone()))?;
                    if matches!(*value, "" | "." | "..") {
                        return Err(PathError::Segment(name.clone()));
                    }
                    path.extend(utf8_percent_encode(value, ENCODED));
                }
            }
        }
        Ok(path)
    }

    /// Whether the template has this placeholder.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|segment| matches!(segment, Segment::Placeholder(known) if known == name))
    }
}

impl std::str::FromStr for PathTemplate {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let refused = || PathError::Template(text.to_owned());
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let segments = text
            .split('/')
            .map(|segment| {
                if let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    let plain =
                        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                    return plain
                        .then(|| Segment::Placeholder(name.to_owned()))
                        .ok_or_else(refused);
                }
                let plain = segment
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%".contains(&b));
                if segment.is_empty() || !plain || !percent_encoded(segment) || is_dots(segment) {
                    return Err(refused());
                }
                Ok(Segment::Literal(segment.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self(segments))
    }
}

/// Whether two hexadecimal digits follow each `%`.
fn percent_encoded(segment: &str) -> bool {
    segment.split('%').skip(1).all(|rest| {
        rest.as_bytes()
            .get(..2)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Whether URL parsers would take the segment for `.` or `..`: they fold the encoded forms too.
fn is_dots(segment: &str) -> bool {
    let decoded: Cow<'_, [u8]> = percent_decode_str(segment).into();
    matches!(&*decoded, b"." | b"..")
}

impl fmt::Display for PathTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            let slash = if index == 0 { "" } else { "/" };
            match segment {
                Segment::Literal(text) => write!(f, "{slash}{text}")?,
                Segment::Placeholder(name) => write!(f, "{slash}{{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl Serialize for PathTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PathTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Appends `name=value` to a query, both percent-encoded.
pub(crate) fn push_query(query: &mut String, name: &str, value: &str) {
    if query.is_empty() {
        // Most queries fit.
        query.reserve(96);
    } else {
        query.push('&');
    }
    query.extend(utf8_percent_encode(name, ENCODED));
    query.push('=');
    query.extend(utf8_percent_encode(value, ENCODED));
}

/// Appends `name=first,second`: name and values percent-encoded, the commas between them bare.
pub(crate) fn push_query_list<'a>(query: &mut String, name: &str, values: impl IntoIterator<Item = &'a str>) {
    let mut values = values.into_iter();
    push_query(query, name, values.next().unwrap_or_default());
    for value in values {
        query.push(',');
        query.extend(utf8_percent_encode(value, ENCODED));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_that_would_leave_the_prefix_are_refused() {
        for bad in [
            "/fido",
            "fido//options",
            "fido/../x",
            "./x",
            "a/{us er}",
            "a/{}",
            "a?b",
            "a#b",
            "a b",
            "a/{x",
            "å",
            "fido/",
            "a%",
            "a%2",
            "a%zz/b",
            "a%2/5",
            "%2e/b",
            "a/%2E%2e",
            "a/.%2e/b",
            "%2E.",
        ] {
            assert!(bad.parse::<PathTemplate>().is_err(), "{bad:?}");
        }
        assert!("a%2Fb/%2e%2e%2e".parse::<PathTemplate>().is_ok());
        assert_eq!(
            "a/{user}/b".parse::<PathTemplate>().unwrap().to_string(),
            "a/{user}/b"
        );
    }

    #[test]
    fn the_commas_of_a_list_are_bare_and_those_of_its_values_are_not() {
        let mut query = String::new();
        push_query_list(&mut query, "a", ["1", "2,3"]);
        push_query_list(&mut query, "b&", []);
        assert_eq!(query, "a=1,2%2C3&b%26=");
    }

    #[test]
    fn a_missing_value_is_an_error_and_not_an_empty_segment() {
        let path: PathTemplate = "a/{user}".parse().unwrap();
        assert_eq!(
            path.expand(&[("other", "x")]),
            Err(PathError::Unknown("user".into()))
        );
        assert_eq!(
            path.expand(&[("user", "")]),
            Err(PathError::Segment("user".into()))
        );
    }

    proptest! {
        #[test]
        fn one_value_stays_one_segment(value in ".+") {
            prop_assume!(value != "." && value != "..");
            let path = "a/{v}/b".parse::<PathTemplate>().unwrap().expand(&[("v", &value)]).unwrap();
            prop_assert_eq!(path.split('/').count(), 3);
            prop_assert!(path.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#'));
            let middle = path.split('/').nth(1).unwrap();
            prop_assert_eq!(percent_decode_str(middle).decode_utf8().unwrap(), value.as_str());
        }
    }
}
