//! The half of the receiver that has neither store nor clock: who calls, what does the body tell, under which ids is it kept.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use smartid_core::{Admission, BasicCaller, Head, Letter, Reply, Timestamp};

use super::CallbackReaderBuilder;
use crate::basic;
use crate::dialect::HermodDialect;
use crate::key::{self, Key};
use crate::letter;
use crate::read::Document;
use crate::report::ReportError;

/// Why a callback is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No user and password, others, or two of them.
    #[error("the caller did not present the user and password of callback-basic-auth")]
    Unauthenticated,
    /// The last segment of the path is no verb that callbacks are taken for.
    #[error("no callbacks are taken at this path")]
    UnknownPath,
    /// Not `POST`.
    #[error("callbacks are sent with POST")]
    WrongMethod,
    /// More than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body tells nothing about any command.
    #[error("the body cannot be used: {0}")]
    Unreadable(#[from] ReportError),
}

impl Refusal {
    /// What is answered.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::Unauthenticated => Reply::challenge("Basic realm=\"callback\", charset=\"UTF-8\""),
            Self::UnknownPath => Reply::empty(StatusCode::NOT_FOUND),
            Self::WrongMethod => Reply::post_only(),
            Self::TooLarge(_) => Reply::empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Unreadable(_) => Reply::empty(StatusCode::BAD_REQUEST),
        }
    }
}

/// Reads callbacks, without store and clock.
#[derive(Clone)]
pub struct CallbackReader {
    pub(super) known: Option<BasicCaller>,
    pub(super) body_limit: usize,
    pub(super) retention: Duration,
    pub(super) verbs: Vec<String>,
    pub(super) inbox_name: Option<String>,
    pub(super) dialect: HermodDialect,
}

impl CallbackReader {
    /// The settings are those of a [`CallbackReceiver`](super::CallbackReceiver).
    #[must_use]
    pub fn builder() -> CallbackReaderBuilder {
        CallbackReaderBuilder::default()
    }

    /// Looks at the head: who calls, where, and how.
    ///
    /// # Errors
    /// [`Refusal`], the first thing that is wrong; without the right password nothing else is told.
    pub fn admit(&self, head: &Head) -> Result<Admission, Refusal> {
        if !self.is_known(head) {
            return Err(Refusal::Unauthenticated);
        }
        if !self.verbs.iter().any(|verb| verb == head.last_segment()) {
            return Err(Refusal::UnknownPath);
        }
        if head.method != Method::POST {
            return Err(Refusal::WrongMethod);
        }
        Ok(Admission::new(self.body_limit))
    }

    /// Reads a whole callback, received at `now`.
    ///
    /// # Errors
    /// [`Refusal`], with the reply that it deserves.
    pub fn read(&self, head: &Head, body: &[u8], now: Timestamp) -> Result<Letter, Refusal> {
        self.admit(head)?;
        self.letter(head, Bytes::copy_from_slice(body), now)
    }

    fn is_known(&self, head: &Head) -> bool {
        basic::is_known(self.known.as_ref(), &head.headers)
    }

    /// A final report is found by the command's ids. One that is not is kept under ids of its own, for diagnosis: it must not stand
    /// before the one that is awaited.
    pub(super) fn letter(&self, head: &Head, body: Bytes, now: Timestamp) -> Result<Letter, Refusal> {
        if body.len() > self.body_limit {
            return Err(Refusal::TooLarge(self.body_limit));
        }
        let edited = key::edited(&body, &self.dialect)?;
        let document = Document::open(&edited).ok_or(ReportError::NotAnObject)?;
        let key = Key::read(&document, &self.dialect)?;
        drop(document);
        let kind = if key.state.is_final() {
            letter::FINAL
        } else {
            letter::PROGRESS
        };
        let ids = letter::ids(
            kind,
            self.inbox_name.as_deref(),
            key.command_id.as_ref(),
            key.external_id.as_ref(),
        );
        let message = letter::message(&key);
        let letter = Letter::new(ids, message, body, now, now + self.retention);
        Ok(letter.with_origin(head.last_segment()))
    }
}

impl fmt::Debug for CallbackReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            known,
            body_limit,
            retention,
            verbs,
            inbox_name,
            dialect: _large,
        } = self;
        f.debug_struct("CallbackReader")
            .field("authenticates", &known.is_some())
            .field("body_limit", body_limit)
            .field("retention", retention)
            .field("verbs", verbs)
            .field("inbox_name", inbox_name)
            .finish_non_exhaustive()
    }
}
