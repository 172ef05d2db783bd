//! Things that were not right but were let pass.
//!
//! Being lenient in silence hides mistakes from those who could mend them, so whatever is tolerated leaves a lint: where, and what.

use std::fmt;

/// One thing that was tolerated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Lint {
    /// Where it stands: a JSON pointer, a header, a part of a link.
    pub at: String,
    /// What is odd there, as an English phrase.
    pub what: String,
    /// A short name of the oddity, for machines; `odd` where it has none of its own.
    pub code: &'static str,
}

impl Lint {
    /// `at` and `what` must not contain a secret.
    pub fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            what: what.into(),
            code: "odd",
        }
    }

    /// Sets the short name.
    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}
