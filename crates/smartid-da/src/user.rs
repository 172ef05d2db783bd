//! The name by which Digital Access knows a person.
//!
//! Both calls of the FIDO provisioning name the user they act for. Where that name stands in a request is a setting
//! ([`UserSelector`](crate::dialect::UserSelector)); what it may be made of is decided here, once.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The user id of an account in Digital Access. It is personal data: it belongs in an audit record, not in a metric.
///
/// ```
/// use smartid_da::UserId;
///
/// assert_eq!(UserId::new("anna.golden")?.as_str(), "anna.golden");
/// assert!(UserId::new("").is_err());
/// assert!(UserId::new("anna\r\nX-Admin: 1").is_err());
/// # Ok::<(), smartid_da::UserIdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct UserId(String);

/// A text that is no user id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UserIdError {
    /// Nothing, or only white space.
    #[error("the user id is empty")]
    Empty,
    /// White space at an end, which a header or a query would lose on its way.
    #[error("the user id begins or ends with white space")]
    WhiteSpace,
    /// A control character, such as a line break.
    #[error("the user id contains a control character")]
    Control,
    /// More than 1024 bytes.
    #[error("the user id is longer than 1024 bytes")]
    TooLong,
}

impl UserId {
    /// The account's user id as the administrator sees it.
    ///
    /// # Errors
    /// [`UserIdError`] when the text cannot be a user id.
    pub fn new(text: impl Into<String>) -> Result<Self, UserIdError> {
        let text = text.into();
        if text.trim().is_empty() {
            Err(UserIdError::Empty)
        } else if text.chars().any(char::is_control) {
            Err(UserIdError::Control)
        } else if text.trim() != text {
            Err(UserIdError::WhiteSpace)
        } else if text.len() > 1024 {
            Err(UserIdError::TooLong)
        } else {
            Ok(Self(text))
        }
    }

    /// The user id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_that_survive_a_header_are_user_ids() {
        for good in ["a", "anna å", "DOMAIN\\anna", "anna@example.test", "..", "a b"] {
            assert_eq!(UserId::new(good).unwrap().to_string(), good);
        }
        for (bad, why) in [
            ("", UserIdError::Empty),
            (" \t", UserIdError::Empty),
            (" a", UserIdError::WhiteSpace),
            ("a\u{a0}", UserIdError::WhiteSpace),
            ("a\nb", UserIdError::Control),
            ("a\u{7f}", UserIdError::Control),
        ] {
            assert_eq!(UserId::new(bad), Err(why), "{bad:?}");
        }
        assert_eq!(UserId::new("x".repeat(1025)), Err(UserIdError::TooLong));
        assert!(serde_json::from_str::<UserId>("\"\"").is_err());
    }
}
