//! How far a command is.
//!
//! That there are a state for success, one for timeout and one for waiting is documented; of the spellings only `IN_PROGRESS` is, in an
//! example (vendor page: Example: Personal Desktop Client signing). The others are settings, and each can have several.

use std::fmt;

use crate::dialect::StateSpellings;
use crate::read::clean;

/// The state of a command.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// Waiting for the device (documented example).
    InProgress,
    /// The device answered, and messaging found the answer valid.
    Success,
    /// The answer was invalid, or the app refused.
    Failed,
    /// Nobody answered within the command's `timeout`.
    TimedOut,
    /// The person declined.
    Rejected,
    /// The person, or the API user, cancelled.
    Cancelled,
    /// A spelling that stands in no list of the dialect; it is not final. Empty when there was no state. Its first 64 characters, those
    /// that control a terminal or turn text as spaces; text from outside all the same, so escape it for HTML.
    Other(String),
}

impl State {
    /// Reads a spelling; the letter case counts, because a wrong guess about the end of a command is worse than waiting on.
    #[must_use]
    pub fn read(text: &str, spellings: &StateSpellings) -> Self {
        let lists = [
            (&spellings.in_progress, Self::InProgress),
            (&spellings.success, Self::Success),
            (&spellings.failed, Self::Failed),
            (&spellings.timeout, Self::TimedOut),
            (&spellings.rejected, Self::Rejected),
            (&spellings.cancelled, Self::Cancelled),
        ];
        lists
            .into_iter()
            .find(|(list, _)| list.iter().any(|known| known == text))
            .map_or_else(|| Self::Other(clean(text, 64)), |(_, state)| state)
    }

    /// The default spelling.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Success => "SUCCESS",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMEOUT",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Other(text) => text,
        }
    }

    /// Whether nothing more will happen to the command.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::InProgress | Self::Other(_))
    }
}

impl fmt::Display for State {
    /// The default spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_exact_and_unknown_ones_are_kept() {
        let spellings = StateSpellings::default();
        assert_eq!(State::read("SUCCESS", &spellings), State::Success);
        assert_eq!(State::read("TIMEOUT", &spellings), State::TimedOut);
        let lower = State::read("success", &spellings);
        assert_eq!(lower, State::Other("success".into()));
        assert!(!lower.is_final() && !State::InProgress.is_final() && State::Rejected.is_final());
    }
}
