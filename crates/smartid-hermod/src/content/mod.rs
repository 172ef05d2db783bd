//! Where messaging fetches pictures from: `POST {content-provider-url}/getcontent`, as a receiver over a source of one's own.
//!
//! A command can name a picture instead of carrying it: the card of a profile, or the image that a person compares at an
//! authentication. Messaging then asks the API user's content provider for it. Vendor pages: Requirements on content provider API
//! (documented: path, request, the members of the answer, optional Basic), Use authentication images from a content provider service
//! (documented: that data, type and encoding come from there). Statuses, sizes and caching are not published; what is inferred is in
//! [`ContentDialect`](crate::dialect::ContentDialect). Pictures of persons are served here, so `Debug` shows none, and a reason why a
//! source failed goes into the log and never to the caller.

mod item;
mod memory;
mod receiver;

use smartid_core::BoxFuture;

pub use item::{Content, ContentItem, MAX_CONTENT};
pub use memory::{DEFAULT_CAPACITY, MemoryContent};
pub use receiver::{
    ContentCounters, ContentReceiver, ContentReceiverBuilder, ContentRefusal, DEFAULT_BODY_LIMIT,
};

use crate::ids::ContentId;

/// What a [`ContentId`] is for, by its recommended prefix (vendor page: Requirements on content provider API, documented).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentKind {
    /// `PROV:`, the card of a profile.
    Card,
    /// `AUTH:`, an authentication image.
    Image,
    /// No such prefix, or another.
    Other,
}

impl ContentKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Card => "PROV:",
            Self::Image => "AUTH:",
            Self::Other => "",
        }
    }
}

impl ContentId {
    /// With the prefix that the vendor recommends for what it is for; `id` should be a UUID.
    ///
    /// ```
    /// use smartid_hermod::{ContentId, content::ContentKind};
    ///
    /// let id = ContentId::of(ContentKind::Card, "0b1d9c52-0000-4000-8000-0000000000f1");
    /// assert_eq!(id.as_str(), "PROV:0b1d9c52-0000-4000-8000-0000000000f1");
    /// assert_eq!(id.kind(), ContentKind::Card);
    /// ```
    #[must_use]
    pub fn of(kind: ContentKind, id: &str) -> Self {
        Self::new(format!("{}{id}", kind.prefix()))
    }

    /// What it is for, by its prefix; the letter case counts.
    #[must_use]
    pub fn kind(&self) -> ContentKind {
        let has = |kind: &ContentKind| self.as_str().starts_with(kind.prefix());
        [ContentKind::Card, ContentKind::Image]
            .into_iter()
            .find(has)
            .unwrap_or(ContentKind::Other)
    }
}

/// Something cannot be served. The text is for our log: no part of it is sent to messaging.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("content cannot be served: {0}")]
#[non_exhaustive]
pub struct ContentError(String);

impl ContentError {
    /// For sources. The reason is logged, so it should not hold a secret.
    #[must_use]
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Where pictures come from: a database, a file store, [`MemoryContent`].
pub trait ContentSource: Send + Sync {
    /// What is to be served under `id`, `None` when there is nothing. The id is text from outside: it may hold anything that JSON text
    /// can, such as `../`, so never make a path or a query of it unescaped. Answer soon: messaging waits.
    fn content<'a>(&'a self, id: &'a ContentId) -> BoxFuture<'a, Result<Option<Content>, ContentError>>;
}
