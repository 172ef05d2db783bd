//! The name of a place in a JSON document.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A JSON pointer (RFC 6901), such as `/fidoCommand/publicKey`. The empty pointer is the whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

/// The text is no JSON pointer: it must be empty or begin with `/`, and `~` stands only in `~0` and `~1`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON pointer (empty, or beginning with \"/\"): {0:?}")]
#[non_exhaustive]
pub struct PointerError(String);

/// How deep a pointer may reach; a document is never opened deeper than that.
const MAX_DEPTH: usize = 32;

impl Pointer {
    /// To the member with these names, one inside the other.
    #[must_use]
    pub fn of<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The unescaped names on the way.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether this pointer names the whole document.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let refused = || PointerError(text.chars().take(80).collect());
        if text.is_empty() {
            return Ok(Self::default());
        }
        let tokens = text.strip_prefix('/').ok_or_else(refused)?.split('/');
        let tokens = tokens
            .map(|token| {
                let stray = token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
                if stray {
                    Err(refused())
                } else {
                    Ok(token.replace("~1", "/").replace("~0", "~"))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if tokens.len() > MAX_DEPTH {
            Err(refused())
        } else {
            Ok(Self(tokens))
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    #[test]
    fn pointers_round_trip_and_strays_are_refused() {
        assert_eq!(pointer("/a~1b/~0/").tokens(), ["a/b", "~", ""]);
        assert_eq!(pointer("/a~1b/~0/").to_string(), "/a~1b/~0/");
        for bad in ["a", "a/b", "/~", "/~2", "/a~"] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad}");
        }
        assert!("/x".repeat(33).parse::<Pointer>().is_err());
    }
}
