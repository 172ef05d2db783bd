//! An answer that cannot be read: what is said of it, and what is kept of it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::Advice;
use crate::incoming::Incoming;
use crate::redact;

/// An answer that cannot be read.
#[derive(Clone)]
#[non_exhaustive]
pub struct Unreadable {
    // Texts that do not grow: a result with this error is moved about a lot.
    reason: Box<str>,
    path: Option<Box<str>>,
    status: StatusCode,
    excerpt: Box<str>,
    body: Bytes,
    why: Option<Arc<Why>>,
}

/// What a reader knows of it beyond its sentence.
struct Why {
    cause: Box<dyn Cause>,
    advice: Advice,
}

/// An error that can be given back as what it was.
trait Cause: std::error::Error + Any + Send + Sync {
    fn as_error(&self) -> &(dyn std::error::Error + 'static);
}

impl<E: std::error::Error + Any + Send + Sync> Cause for E {
    fn as_error(&self) -> &(dyn std::error::Error + 'static) {
        self
    }
}

/// How much of an unreadable body is kept for [`Unreadable::danger_body`].
const KEPT: usize = 64 * 1024;

impl Unreadable {
    /// What was expected is in `reason`.
    #[must_use]
    pub fn new(reason: &str, incoming: &Incoming) -> Self {
        let kept = incoming.body().len().min(KEPT);
        Self {
            reason: redact::message(reason).into(),
            path: None,
            status: incoming.status(),
            excerpt: redact::excerpt(incoming).into(),
            body: incoming.body().slice(..kept),
            why: None,
        }
    }

    /// An answer that was read as far as to know what it is, and is not what was asked for: `cause` says what, [`cause`](Self::cause)
    /// gives it back, and `advice` replaces the general one. What `cause` shows of itself is shown.
    #[must_use]
    pub fn because(
        incoming: &Incoming,
        cause: impl std::error::Error + Send + Sync + 'static,
        advice: Advice,
    ) -> Self {
        let mut unreadable = Self::new("", incoming);
        unreadable.reason = cause.to_string().into();
        unreadable.why = Some(Arc::new(Why {
            cause: Box::new(cause),
            advice,
        }));
        unreadable
    }

    /// What a reader found in the answer's place, if it is a `T`.
    #[must_use]
    pub fn cause<T: std::error::Error + 'static>(&self) -> Option<&T> {
        let why = self.why.as_deref()?;
        why.cause.as_error().downcast_ref()
    }

    /// The advice of the reader, if it has one of its own.
    #[must_use]
    pub fn advice(&self) -> Option<&Advice> {
        self.why.as_deref().map(|why| &why.advice)
    }

    /// Adds the JSON path of the member that cannot be read.
    #[must_use]
    pub fn at(mut self, path: Option<String>) -> Self {
        self.path = path.map(|path| redact::message(&path).into());
        self
    }

    /// The JSON path of the member that cannot be read.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What can be shown of the body: its structure and its verdict, no values that could be secret.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.excerpt
    }

    /// Up to 64 KiB of the body as it came. It may hold tokens and personal data: for a person who investigates, not for a log.
    #[must_use]
    pub fn danger_body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reason,
            path,
            status,
            excerpt,
            body,
            why,
        } = self;
        f.debug_struct("Unreadable")
            .field("reason", reason)
            .field("path", path)
            .field("status", status)
            .field("excerpt", excerpt)
            .field("body_bytes", &body.len())
            .field(
                "cause",
                &why.as_deref().map(|why| why.cause.as_error().to_string()),
            )
            .finish()
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}: {}", self.status.as_u16(), self.reason)?;
        if let Some(path) = &self.path {
            write!(f, " at {path}")?;
        }
        write!(f, " ({})", self.excerpt)
    }
}

impl std::error::Error for Unreadable {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.why.as_deref().map(|why| why.cause.as_error())
    }
}
