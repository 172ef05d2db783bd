//! Where an answer waits for whoever asked.
//!
//! A command is answered by a person, minutes later, by a callback on any replica, perhaps before the request that caused it has
//! returned, perhaps twice. So the receiver of callbacks puts each outcome here once, whether or not anybody waits, and only then
//! answers; the waiter looks here under any of the ids that it knows. [`MemoryInbox`] serves one process.

mod memory;

use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::runtime::BoxFuture;

pub use memory::MemoryInbox;

/// A name that request and answer share: the id that we chose, or the one that the service gave.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// The id that we chose and sent along, at the named service.
    #[must_use]
    pub fn external(service: &str, id: &str) -> Self {
        Self([service, "/external/", id].concat())
    }

    /// The id that the service gave to the command.
    #[must_use]
    pub fn command(service: &str, id: &str) -> Self {
        Self([service, "/command/", id].concat())
    }

    /// The id as a store keeps it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CorrelationId({})", self.0)
    }
}

/// One outcome. Its `Debug` does not show the body, which may hold a signature or a nonce.
#[derive(Clone, Serialize, Deserialize)]
pub struct Letter {
    ids: Vec<CorrelationId>,
    message: String,
    body: Bytes,
    received: Timestamp,
    expires: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

impl Letter {
    /// An outcome known by any of `ids`; `message` tells apart several messages of one command, and repeats of one message.
    #[must_use]
    pub fn new(
        ids: Vec<CorrelationId>,
        message: impl Into<String>,
        body: Bytes,
        received: Timestamp,
        expires: Timestamp,
    ) -> Self {
        Self {
            ids,
            message: message.into(),
            body,
            received,
            expires,
            origin: None,
        }
    }

    /// Adds where it came in, for receivers that take several kinds of message. It does not tell repeats apart.
    #[must_use]
    pub fn with_origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// The ids it can be found by.
    #[must_use]
    pub fn ids(&self) -> &[CorrelationId] {
        &self.ids
    }

    /// What tells repeats apart.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The raw outcome.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Where it came in, if the receiver said so.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// When it came.
    #[must_use]
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// When it may be forgotten.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            ids,
            message,
            body,
            received,
            expires,
            origin,
        } = self;
        f.debug_struct("Letter")
            .field("ids", ids)
            .field("message", message)
            .field("body_bytes", &body.len())
            .field("received", received)
            .field("expires", expires)
            .field("origin", origin)
            .finish()
    }
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Put {
    /// It is stored.
    Stored,
    /// The same message of the same command was there already; nothing was changed.
    Duplicate,
    /// As [`Duplicate`](Self::Duplicate), but with another body: two senders, or one that changed its mind. The first stays.
    Conflict,
}

/// The store could not do what was asked; the sender should try again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It holds as much as it may.
    #[error("the store is full ({0} entries)")]
    Full(usize),
    /// It cannot be reached.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A record of this name is there already; nothing was changed.
    #[error("a record of this name exists: {0}")]
    Exists(String),
    /// What it holds cannot be read.
    #[error("a stored record cannot be read: {0}")]
    Corrupt(String),
}

/// Keeps outcomes until somebody takes them.
pub trait Inbox: Send + Sync + fmt::Debug {
    /// Stores a letter once: a second one that shares an id and the message is a duplicate, also after the first was taken. A store that
    /// can tell says [`Put::Conflict`] when the bodies differ.
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>>;

    /// The oldest letter under any of these ids that nobody has taken; it stays.
    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>>;

    /// The letters under any of these ids that nobody has taken, the oldest first, at most `limit` of them; they stay.
    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>>;

    /// As [`peek`](Self::peek), and marks it as taken.
    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>>;

    /// Completes when a letter under one of these ids arrives after this call (not after the first poll). It may complete early; the
    /// waiter looks again. So nothing is missed by calling it first, then [`take`](Self::take), then awaiting it.
    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()>;

    /// How many letters had expired by `now` without anybody having taken them: answers to what nobody here asked, or to what was given
    /// up. `None` when the store does not count them.
    fn unclaimed(&self, now: Timestamp) -> Option<u64> {
        let _ = now;
        None
    }
}
