//! One error for all clients: how far the request came, whether to try again, and whose turn it is.
//!
//! A caller that issues credentials must know more than "it failed": a request that was never sent may be repeated, one whose answer
//! was lost may have been carried out. [`Error::phase`] tells that, [`Error::retry`] gives the verdict of the code that knows the
//! protocol, and [`Error::advice`] says who can do something about it and what to check. Messages never contain a secret: no header
//! value, no query, of bodies only an allow-listed excerpt.

mod advice;
mod unreadable;

use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use http::StatusCode;

use crate::path::PathError;
use crate::transport::TransportError;
use crate::url::ConfigError;

pub use advice::{Advice, Phase, Retry, Turn};
pub use unreadable::Unreadable;

/// A request that could not be made from the values given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A value cannot stand in the path.
    #[error(transparent)]
    Path(#[from] PathError),
    /// The base URL and the path together are no URL.
    #[error("base URL and path together are not a URL: {0}")]
    Url(String),
    /// The body cannot be written as JSON.
    #[error("the body cannot be written as JSON: {0}")]
    Json(String),
    /// A value cannot stand in a header.
    #[error("the value of {0} cannot stand in an HTTP header")]
    Header(String),
    /// A dialect's edit cannot be made.
    #[error("the dialect's edit cannot be made: {0}")]
    Dialect(#[from] crate::json::EditError),
    /// A value breaks a rule of the service; the text names the value and the rule.
    #[error("{0}")]
    Invalid(String),
}

/// What a service answers when it does not agree. Each client has its own type; [`Error::refusal`] gives it back.
pub trait ServiceError: std::error::Error + Any + Send + Sync {
    /// The service's own code, kept even when it is unknown to us.
    fn code(&self) -> Option<&str>;
    /// The HTTP status.
    fn status(&self) -> Option<StatusCode>;
    /// Whether the same request may be sent again.
    fn retry(&self) -> Retry;
    /// Whose turn it is and what to check.
    fn advice(&self) -> Advice;
}

/// What [`Endpoint::response`](crate::Endpoint::response) found instead of an answer.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an answer that is no agreement is a refusal or is unreadable"
)]
pub enum ResponseError<E> {
    /// The service said no.
    Refused(E),
    /// The answer cannot be read.
    Unreadable(Unreadable),
}

impl<E> From<Unreadable> for ResponseError<E> {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

/// The credential for a call could not be obtained, so nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the credential could not be obtained: {0}")]
#[non_exhaustive]
pub struct CredentialError(String);

impl CredentialError {
    /// `reason` must not contain the credential.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

#[derive(Debug)]
enum Kind {
    Build(BuildError),
    Config(ConfigError),
    Credential(CredentialError),
    Transport(TransportError),
    Refused(Box<dyn ServiceError>),
    Unreadable(Unreadable),
    Deadline { sent: bool },
}

/// A call that did not end with the service's agreement.
///
/// ```
/// use smartid_core::{Error, Phase, Retry, TransportError, TransportProblem, Turn};
///
/// let error = Error::transport("da.fido-options", TransportError::new(TransportProblem::Connect, "connection refused"));
/// assert_eq!(error.phase(), Phase::NotSent);
/// assert_eq!(error.retry(), Retry::Yes { after: None });
/// assert_eq!(error.advice().turn, Turn::Administrator);
/// assert!(error.to_string().starts_with("da.fido-options: not sent: "));
/// ```
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    operation: &'static str,
    kind: Kind,
    request_id: Option<String>,
    attempts: u32,
}

impl Error {
    fn of(operation: &'static str, kind: Kind) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            request_id: None,
            attempts: 1,
        }))
    }

    /// The request could not be made.
    #[must_use]
    pub fn build(operation: &'static str, error: BuildError) -> Self {
        Self::of(operation, Kind::Build(error))
    }

    /// A setting cannot be used.
    #[must_use]
    pub fn config(operation: &'static str, error: ConfigError) -> Self {
        Self::of(operation, Kind::Config(error))
    }

    /// The credential could not be obtained.
    #[must_use]
    pub fn credential(operation: &'static str, error: CredentialError) -> Self {
        Self::of(operation, Kind::Credential(error))
    }

    /// The transport failed.
    #[must_use]
    pub fn transport(operation: &'static str, error: TransportError) -> Self {
        Self::of(operation, Kind::Transport(error))
    }

    /// The service said no.
    #[must_use]
    pub fn refused(operation: &'static str, error: impl ServiceError) -> Self {
        Self::of(operation, Kind::Refused(Box::new(error)))
    }

    /// The answer cannot be read.
    #[must_use]
    pub fn unreadable(operation: &'static str, error: Unreadable) -> Self {
        Self::of(operation, Kind::Unreadable(error))
    }

    /// The time for the whole call was over; `sent` says whether the request had gone out.
    #[must_use]
    pub fn deadline(operation: &'static str, sent: bool) -> Self {
        Self::of(operation, Kind::Deadline { sent })
    }

    /// Adds the service's request id.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.map(str::to_owned);
        self
    }

    /// Sets how often the request was tried.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// The operation, such as `hermod.fido-create`.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// How far the request came.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match &self.0.kind {
            Kind::Build(_) | Kind::Config(_) | Kind::Credential(_) | Kind::Deadline { sent: false } => {
                Phase::NotSent
            }
            Kind::Deadline { sent: true } => Phase::PerhapsDone,
            Kind::Transport(error) => error.phase(),
            Kind::Refused(_) => Phase::Refused,
            Kind::Unreadable(_) => Phase::Unreadable,
        }
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match &self.0.kind {
            Kind::Refused(error) => error.status(),
            Kind::Unreadable(error) => Some(error.status()),
            _ => None,
        }
    }

    /// The service's own code, kept even when it is unknown to us.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match &self.0.kind {
            Kind::Refused(error) => error.code(),
            _ => None,
        }
    }

    /// The request id that the service gave, for its log.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How often the request was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The refusal as the client's own type.
    #[must_use]
    pub fn refusal<E: ServiceError>(&self) -> Option<&E> {
        match &self.0.kind {
            Kind::Refused(error) => (error.as_ref() as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// What the transport reported.
    #[must_use]
    pub fn transport_error(&self) -> Option<&TransportError> {
        match &self.0.kind {
            Kind::Transport(error) => Some(error),
            _ => None,
        }
    }

    /// What could not be read.
    #[must_use]
    pub fn unreadable_answer(&self) -> Option<&Unreadable> {
        match &self.0.kind {
            Kind::Unreadable(error) => Some(error),
            _ => None,
        }
    }

    /// A name of low cardinality for metrics, after OpenTelemetry's `error.type`: the status code of a refusal, else the kind.
    #[must_use]
    pub fn error_type(&self) -> Cow<'static, str> {
        match &self.0.kind {
            Kind::Build(_) => "build".into(),
            Kind::Config(_) => "config".into(),
            Kind::Credential(_) => "credential".into(),
            Kind::Transport(error) => error.problem().as_str().into(),
            Kind::Refused(error) => match error.status() {
                Some(status) => status.as_str().to_owned().into(),
                None => "refused".into(),
            },
            Kind::Unreadable(_) => "unreadable".into(),
            Kind::Deadline { .. } => "deadline".into(),
        }
    }

    /// Whether the same request may be sent again.
    ///
    /// This is the verdict on the failure alone; whether the operation can bear a repetition is [`Repeat`](crate::Repeat).
    #[must_use]
    pub fn retry(&self) -> Retry {
        match &self.0.kind {
            Kind::Build(_) | Kind::Config(_) => Retry::No,
            Kind::Credential(_) | Kind::Deadline { sent: false } => Retry::Yes { after: None },
            Kind::Deadline { sent: true } | Kind::Unreadable(_) => Retry::Forbidden,
            Kind::Transport(error) => error.retry(),
            Kind::Refused(error) => error.retry(),
        }
    }

    /// Whose turn it is and what to check.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match &self.0.kind {
            Kind::Build(_) => Advice::new(Turn::Caller, "correct the value that the message names"),
            Kind::Config(_) => Advice::new(Turn::Caller, "correct the setting that the message names"),
            Kind::Credential(_) => Advice::new(
                Turn::Caller,
                "check the source of the credential: its address, its client id and its secret",
            ),
            Kind::Transport(error) => error.advice(),
            Kind::Refused(error) => error.advice(),
            Kind::Unreadable(_) => Advice::new(
                Turn::Administrator,
                "check that the URL is that of the service and not of a proxy or login page in front of it, and that the product's \
                 version is one that has this operation; if both hold, a dialect can describe the difference",
            ),
            Kind::Deadline { .. } => Advice::new(
                Turn::Time,
                "the service or the network is slow; look whether the work was done before trying again",
            ),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            kind,
            request_id,
            attempts,
        } = &*self.0;
        write!(f, "{operation}: {}: ", self.phase().as_str())?;
        match kind {
            Kind::Build(error) => write!(f, "{error}")?,
            Kind::Config(error) => write!(f, "{error}")?,
            Kind::Credential(error) => write!(f, "{error}")?,
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
        write!(f, ". {}", self.advice())
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
            Kind::Transport(error) => Some(error),
            Kind::Refused(error) => Some(error.as_ref()),
            Kind::Unreadable(error) => Some(error),
            Kind::Deadline { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::Incoming;

    #[test]
    fn an_error_is_one_pointer_and_can_cross_threads() {
        fn crosses<T: Send + Sync + 'static>() {}
        crosses::<Error>();
        assert_eq!(size_of::<Error>(), size_of::<usize>());
    }

    #[test]
    fn an_unreadable_answer_shows_its_path_and_no_values() {
        #[derive(Debug, serde::Deserialize)]
        struct Answer {
            #[expect(dead_code, reason = "only read")]
            list: Vec<u8>,
        }
        let body = Bytes::from_static(br#"{"list":[1,2,"canary"]}"#);
        let incoming = Incoming::new(StatusCode::OK, http::HeaderMap::new(), body);
        let unreadable = incoming.json::<Answer>().unwrap_err();
        assert_eq!(unreadable.path(), Some("list[2]"));
        let error = Error::unreadable("x.y", unreadable).with_request_id(Some("r-1"));
        assert_eq!(
            (error.phase(), error.retry()),
            (Phase::Unreadable, Retry::Forbidden)
        );
        assert!(
            error.to_string().contains("list[2]") && error.to_string().contains("[request r-1]"),
            "{error}"
        );
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert_eq!(
            error.unreadable_answer().unwrap().danger_body(),
            br#"{"list":[1,2,"canary"]}"#
        );
    }
}
