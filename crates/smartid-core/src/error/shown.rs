//! An error as text: one sentence that says what happened and how far the request came, and one that says whose turn it is.

use std::fmt;

use super::{Error, Inner, Kind};

/// What [`Error::summary`] says, written without a copy.
pub(super) struct Sentence<'a>(pub(super) &'a Error);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            kind,
            request_id,
            attempts,
        } = &*self.0.0;
        write!(f, "{operation}: {}: ", self.0.phase().as_str())?;
        match kind {
            Kind::Build(error) => write!(f, "{error}")?,
            Kind::Config(error) => write!(f, "{error}")?,
            Kind::Credential(error) => write!(f, "{error}")?,
            Kind::NotSigned(error) => write!(f, "{error}")?,
            Kind::Transport(error) => write!(f, "{error}")?,
            Kind::Refused(error) => write!(f, "{error}")?,
            Kind::Unreadable(error) => write!(f, "{error}")?,
            Kind::Deadline { .. } => f.write_str("the time for this call was over")?,
        }
        if *attempts > 1 {
            write!(f, " after {attempts} attempts")?;
        }
        if let Some(id) = request_id {
            write!(f, " [request {id}]")?;
        }
        Ok(())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", Sentence(self), self.advice())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            Kind::Build(error) => Some(error),
            Kind::Config(error) => Some(error),
            Kind::Credential(error) => Some(error),
            Kind::NotSigned(error) => Some(error),
            Kind::Transport(error) => Some(error),
            Kind::Refused(error) => Some(error.as_ref()),
            Kind::Unreadable(error) => Some(error),
            Kind::Deadline { .. } => None,
        }
    }
}
