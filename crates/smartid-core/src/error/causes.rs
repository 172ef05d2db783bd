//! What goes wrong on our side of a call, and what a client's own refusal must be able to say.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use http::StatusCode;

use super::{Advice, Error, Phase, Retry, Unreadable};
use crate::path::PathError;

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

/// What a service answers when it does not agree. Each client has its own type; [`Error::refusal`](crate::Error::refusal) gives it back.
pub trait ServiceError: std::error::Error + Any + Send + Sync {
    /// The service's own code, kept even when it is unknown to us.
    fn code(&self) -> Option<&str>;
    /// The HTTP status.
    fn status(&self) -> Option<StatusCode>;
    /// How far the request came: [`Phase::Refused`], unless what answered cannot know, such as a proxy that got no answer itself.
    fn phase(&self) -> Phase {
        Phase::Refused
    }
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
///
/// Where it comes from another service, such as an OAuth 2.0 token endpoint, it keeps the call that failed there: the verdict and the
/// advice are then those of that call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CredentialError {
    reason: String,
    call: Option<Arc<Error>>,
}

impl CredentialError {
    /// `reason` must not contain the credential.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            call: None,
        }
    }

    /// The call that should have brought the credential failed; `source` names the service, such as `the token endpoint <address>`.
    #[must_use]
    pub fn of_call(source: &str, call: Error) -> Self {
        Self {
            reason: format!("{source}: {}", call.summary()),
            call: Some(Arc::new(call)),
        }
    }

    /// The call that should have brought the credential, if there was one.
    #[must_use]
    pub fn call(&self) -> Option<&Error> {
        self.call.as_deref()
    }

    /// Whether asking for the credential again may help. That a credential was perhaps issued and got lost is no reason not to.
    #[must_use]
    pub fn retry(&self) -> Retry {
        let Some(call) = self.call() else {
            return Retry::Yes { after: None };
        };
        match call.retry() {
            Retry::Forbidden if call.phase() == Phase::PerhapsDone => Retry::Yes { after: None },
            Retry::Forbidden => Retry::No,
            verdict => verdict,
        }
    }

    /// The advice of the call that should have brought the credential.
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        self.call().map(Error::advice)
    }
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the credential could not be obtained: {}", self.reason)
    }
}

impl std::error::Error for CredentialError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.call().map(|call| call as _)
    }
}

impl PartialEq for CredentialError {
    /// The same reason; and where a call failed, the same call.
    fn eq(&self, other: &Self) -> bool {
        let same_call = match (&self.call, &other.call) {
            (None, None) => true,
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            _ => false,
        };
        same_call && self.reason == other.reason
    }
}

impl Eq for CredentialError {}

/// What had to be signed before the request could go out was not signed, so nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what the service wants signed was not signed: {0}")]
#[non_exhaustive]
pub struct NotSigned(String);

impl NotSigned {
    /// `reason` must contain neither PIN nor key material.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
