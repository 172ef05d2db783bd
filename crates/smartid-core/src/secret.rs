//! Values that must not be seen: API keys, tokens, passwords, links that start an app.
//!
//! A secret is zeroed when it is dropped, its `Debug` is blind, it has no `Display` and no `PartialEq`. Reading it takes a call
//! named `expose`, so that every place which does can be found by searching for the word. This covers our own values. It does not
//! cover the copies that an HTTP library or a TLS buffer makes of a header or a body while it is being sent.

use std::fmt;

use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text, such as an API key or a bearer token.
///
/// ```
/// use smartid_core::SecretString;
///
/// let key = SecretString::new("correct horse");
/// assert_eq!(format!("{key:?}"), "SecretString(..)");
/// assert_eq!(key.expose(), "correct horse");
/// assert!(key.constant_time_eq(b"correct horse"));
/// ```
#[derive(Clone)]
pub struct SecretString(Zeroizing<String>);

impl SecretString {
    /// Takes the text over; it is zeroed when this value is dropped.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration where the first difference is. The length is not hidden.
    #[must_use]
    pub fn constant_time_eq(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("SecretString(..)")
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for SecretString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// Secret bytes, such as a private key or a PKCS #12 container.
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    /// Takes the bytes over; they are zeroed when this value is dropped.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves. Do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Compares without telling by its duration where the first difference is. The length is not hidden.
    #[must_use]
    pub fn constant_time_eq(&self, other: &[u8]) -> bool {
        self.0.ct_eq(other).into()
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("SecretBytes(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_even_when_nested() {
        let text = format!(
            "{:?}",
            (
                SecretString::new("hunter2"),
                SecretBytes::new(b"hunter2".to_vec())
            )
        );
        assert!(!text.contains("hunter2") && !text.contains("104"), "{text}");
    }

    #[test]
    fn comparison_tells_equal_from_unequal_and_from_another_length() {
        let secret = SecretString::new("abc");
        assert!(secret.constant_time_eq(b"abc"));
        assert!(!secret.constant_time_eq(b"abd"));
        assert!(!secret.constant_time_eq(b"abcd"));
        assert!(!SecretBytes::new(vec![1, 2]).constant_time_eq(&[]));
    }
}
