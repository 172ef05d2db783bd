//! An answer that cannot be read: what is said of it, and what is kept of it.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use crate::incoming::Incoming;
use crate::redact;

/// An answer that cannot be read.
#[derive(Clone)]
#[non_exhaustive]
pub struct Unreadable {
    reason: String,
    path: Option<String>,
    status: StatusCode,
    excerpt: String,
    body: Bytes,
}

/// How much of an unreadable body is kept for [`Unreadable::danger_body`].
const KEPT: usize = 64 * 1024;

impl Unreadable {
    /// What was expected is in `reason`.
    #[must_use]
    pub fn new(reason: &str, incoming: &Incoming) -> Self {
        let kept = incoming.body().len().min(KEPT);
        Self {
            reason: redact::message(reason),
            path: None,
            status: incoming.status(),
            excerpt: redact::excerpt(incoming),
            body: incoming.body().slice(..kept),
        }
    }

    /// Adds the JSON path of the member that cannot be read.
    #[must_use]
    pub fn at(mut self, path: Option<String>) -> Self {
        self.path = path.map(|path| redact::message(&path));
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
        } = self;
        f.debug_struct("Unreadable")
            .field("reason", reason)
            .field("path", path)
            .field("status", status)
            .field("excerpt", excerpt)
            .field("body_bytes", &body.len())
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

impl std::error::Error for Unreadable {}
