//! The challenge of a command that a device answers with a signature: it ties the answer to the command.

use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::Runtime;

/// Fifteen digits: a number of so many digits is exact wherever JSON numbers are, should somebody on the way take the text for a number.
const SMALLEST: u64 = 100_000_000_000_000;

/// `nonce`: a text that comes back in the signed answer (vendor page: Example: Smart ID Mobile App provisioning; the member and a value
/// of nine digits are a documented example, that it comes back is inferred). Not secret, but used once.
///
/// ```
/// use smartid_core::{ManualRuntime, Timestamp};
/// use smartid_hermod::commands::Nonce;
///
/// let runtime = ManualRuntime::new(Timestamp::from_millis(0)); // as a rule `hermod.runtime()`
/// let nonce = Nonce::random(&runtime);
/// assert!(nonce.as_str().len() == 15 && !nonce.as_str().starts_with('0'));
/// assert!(nonce.as_str().bytes().all(|byte| byte.is_ascii_digit()));
/// assert_ne!(Nonce::random(&runtime), nonce);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nonce(#[serde(deserialize_with = "smartid_core::json::string_or_number")] String);

impl Nonce {
    /// This text. Whoever chooses it sees to it that it is used once and cannot be guessed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Fifteen random decimal digits, the first of them not 0.
    #[must_use]
    pub fn random(runtime: &dyn Runtime) -> Self {
        let mut bytes = [0; 8];
        runtime.fill_random(&mut bytes);
        // Of 2^64 numbers, some are more likely than others by one in twenty thousand.
        Self((SMALLEST + u64::from_le_bytes(bytes) % (9 * SMALLEST)).to_string())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("Nonce(..)")
    }
}

impl From<&str> for Nonce {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Nonce {
    fn from(text: String) -> Self {
        Self(text)
    }
}
