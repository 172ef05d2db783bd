//! What a command came to. That somebody declined, cancelled or let the time pass is an outcome like another, not an error.

use crate::dialect::HermodDialect;
use crate::report::CommandReport;
use crate::state::State;

/// The outcome of a command; `T` is what a success brings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<T> {
    /// The device answered, and messaging found the answer valid.
    Succeeded(T),
    /// The person declined.
    Declined,
    /// The person began and then cancelled, or the command was withdrawn.
    Cancelled,
    /// Nobody answered in time.
    TimedOut,
    /// Another failure.
    Failed {
        /// The error's name.
        code: Option<String>,
        /// The error's words.
        message: Option<String>,
    },
    /// Not final yet.
    Pending,
    /// Success, but what a success has to bring is not there or cannot be read.
    Unreadable {
        /// What is the matter. Nothing of the answer is quoted.
        reason: String,
    },
}

impl<T> Outcome<T> {
    /// What a success brings.
    #[must_use]
    pub fn succeeded(self) -> Option<T> {
        match self {
            Self::Succeeded(answer) => Some(answer),
            _ => None,
        }
    }

    /// With another value of a success.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Succeeded(answer) => Outcome::Succeeded(change(answer)),
            Self::Declined => Outcome::Declined,
            Self::Cancelled => Outcome::Cancelled,
            Self::TimedOut => Outcome::TimedOut,
            Self::Failed { code, message } => Outcome::Failed { code, message },
            Self::Pending => Outcome::Pending,
            Self::Unreadable { reason } => Outcome::Unreadable { reason },
        }
    }

    /// One word for logs and for programs: `succeeded`, `declined`, `cancelled`, `timed-out`, `failed`, `pending`, `unreadable`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Declined => "declined",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Failed { .. } => "failed",
            Self::Pending => "pending",
            Self::Unreadable { .. } => "unreadable",
        }
    }
}

impl CommandReport {
    /// The outcome; `read` reads what a success brings, or says why it cannot.
    pub(crate) fn outcome<T>(
        &self,
        dialect: &HermodDialect,
        read: impl FnOnce(&Self) -> Result<T, String>,
    ) -> Outcome<T> {
        match &self.state {
            State::InProgress | State::Other(_) => Outcome::Pending,
            State::TimedOut => Outcome::TimedOut,
            State::Rejected => Outcome::Declined,
            State::Cancelled => Outcome::Cancelled,
            State::Success => match read(self) {
                Ok(answer) => Outcome::Succeeded(answer),
                Err(reason) => Outcome::Unreadable { reason },
            },
            State::Failed => {
                let code = self.error.as_ref().and_then(|error| error.code.clone());
                let message = self.error.as_ref().and_then(|error| error.message.clone());
                let among = |list: &[String]| code.as_ref().is_some_and(|code| list.contains(code));
                if among(&dialect.callback.declined_codes) {
                    Outcome::Declined
                } else if among(&dialect.callback.cancelled_codes) {
                    Outcome::Cancelled
                } else {
                    Outcome::Failed { code, message }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::FidoOutcome;

    #[test]
    fn codes_of_any_command_are_those_of_fido_commands_too() {
        let body = r#"{"commandId":"1","state":"FAILED","error":{"code":"E1"}}"#;
        let read = |toml: &str| {
            let dialect: HermodDialect = smartid_core::dialect::overlay(toml).unwrap();
            let report = CommandReport::read(body.into(), &dialect).unwrap();
            (report.ping(&dialect).name(), report.fido(&dialect))
        };
        assert_eq!(
            read("callback.declined_codes = ['E1']"),
            ("declined", FidoOutcome::Declined)
        );
        assert_eq!(
            read("callback.cancelled_codes = ['E1']"),
            ("cancelled", FidoOutcome::Cancelled)
        );
        let (name, fido) = read("");
        assert_eq!(name, "failed");
        assert!(matches!(fido, FidoOutcome::Failed { code: Some(code), .. } if code == "E1"));
    }
}
