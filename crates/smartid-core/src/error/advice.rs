//! What a caller can do about a failure: how far the request came, whether to repeat it, whose turn it is.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Phase {
    /// Nothing reached the service: it cannot have done anything.
    NotSent,
    /// The request went out, but no usable answer came back: the service may or may not have done it.
    PerhapsDone,
    /// The service answered no.
    Refused,
    /// The service answered, but with something that cannot be read. It may have done what was asked.
    Unreadable,
}

impl Phase {
    /// The phase as it stands in messages and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::PerhapsDone => "perhaps done",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable answer",
        }
    }
}

/// Whether the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// Yes; after the time that the service asked for, else as the caller's policy says.
    Yes {
        /// What the service asked for.
        after: Option<Duration>,
    },
    /// It would fail again until somebody changes something.
    No,
    /// It must not be repeated without looking first: it may already have been done.
    Forbidden,
}

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Turn {
    /// The program that uses this library, or its configuration.
    Caller,
    /// The person in front of the app or the browser.
    EndUser,
    /// An officer of Certificate Manager, or an administrator of one of the products or of the network.
    Administrator,
    /// The vendor of the product: it answered in a way that nobody here can mend.
    Vendor,
    /// Nobody's: it passes by itself.
    Time,
}

impl Turn {
    /// The turn as it stands in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "the calling program",
            Self::EndUser => "the end user",
            Self::Administrator => "an administrator",
            Self::Vendor => "the vendor",
            Self::Time => "nobody: try again later",
        }
    }
}

/// What to do about a failure: whose turn it is and what to check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// Whose turn it is.
    pub turn: Turn,
    /// What to check, as an English sentence.
    pub check: Cow<'static, str>,
}

impl Advice {
    /// For the crates that know the protocol.
    pub fn new(turn: Turn, check: impl Into<Cow<'static, str>>) -> Self {
        Self {
            turn,
            check: check.into(),
        }
    }
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn of {}: {}", self.turn.as_str(), self.check)
    }
}
