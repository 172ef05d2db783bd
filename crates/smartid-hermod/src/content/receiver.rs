//! `POST {content-provider-url}/getcontent`, as messaging sends it, answered from a source.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use smartid_core::json::Pointer;
use smartid_core::{Admission, BasicCaller, BoxFuture, ConfigError, Head, Inbound, Reply, SecretString};

use super::{Content, ContentError, ContentSource};
use crate::basic::{self, Auth};
use crate::dialect::{ContentDialect, HermodDialect};
use crate::ids::ContentId;
use crate::read::{Document, id};

/// How large a request may be by default, in bytes. The published ones have about 60.
pub const DEFAULT_BODY_LIMIT: usize = 8 * 1024;

const CONTENT_ID: &str = "contentId";
const BASIC: &str = "hermod.content.basic_auth";

/// Why a content request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContentRefusal {
    /// No user and password, others, or two of them.
    #[error("the caller did not present the user and password of the content provider")]
    Unauthenticated,
    /// The last segment of the path is another.
    #[error("no content is served at this path")]
    UnknownPath,
    /// Not `POST`.
    #[error("content is asked for with POST")]
    WrongMethod,
    /// More than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body names no content.
    #[error("the body names no content: {0}")]
    Unreadable(&'static str),
}

impl ContentRefusal {
    /// What is answered.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::Unauthenticated => Reply::challenge("Basic realm=\"content\", charset=\"UTF-8\""),
            Self::UnknownPath => Reply::empty(StatusCode::NOT_FOUND),
            Self::WrongMethod => Reply::post_only(),
            Self::TooLarge(_) => Reply::empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Unreadable(_) => Reply::empty(StatusCode::BAD_REQUEST),
        }
    }
}

/// How many requests came, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentCounters {
    /// All requests, refused ones included.
    pub received: u64,
    /// Answered with content.
    pub served: u64,
    /// There was nothing under the id.
    pub not_found: u64,
    /// The source failed.
    pub failed: u64,
    /// Without the right user and password.
    pub unauthenticated: u64,
    /// Body too large or not usable.
    pub unreadable: u64,
    /// Another path, or another method than `POST`.
    pub unknown_path: u64,
}

#[derive(Default)]
struct Counts {
    received: AtomicU64,
    served: AtomicU64,
    not_found: AtomicU64,
    failed: AtomicU64,
    unauthenticated: AtomicU64,
    unreadable: AtomicU64,
    unknown_path: AtomicU64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Answers what messaging asks a content provider for.
///
/// It is an [`Inbound`] as the callback receiver is: with feature `tower`,
/// `InboundService::new(Arc::new(receiver), runtime)` mounts it in axum.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use http::{HeaderMap, HeaderValue, Method, StatusCode};
/// use smartid_core::{Head, Inbound, ManualRuntime, SecretString, Timestamp};
/// use smartid_hermod::content::{Content, ContentReceiver, MemoryContent};
///
/// let runtime = ManualRuntime::new(Timestamp::from_millis(0));
/// let source = Arc::new(MemoryContent::new(Arc::new(runtime.clone())));
/// let id = "PROV:0b1d9c52-0000-4000-8000-0000000000f1";
/// source.put(id.into(), Content::card(&[0xFF, 0xD8, 0xFF, 0xD9])?, Duration::from_secs(600))?;
///
/// let receiver = ContentReceiver::builder(source)
///     .basic_auth("hermod", SecretString::new("secret"))
///     .build()?;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("authorization", HeaderValue::from_static("Basic aGVybW9kOnNlY3JldA=="));
/// let head = Head::new(Method::POST, "/images/getcontent", headers);
/// receiver.admit(&head).map_err(|_| "refused")?;
/// let body = r#"{"contentId":"PROV:0b1d9c52-0000-4000-8000-0000000000f1"}"#;
/// let reply = runtime.block_on(receiver.receive(&head, body.into()))?;
/// assert_eq!(reply.status, StatusCode::OK);
/// assert_eq!(
///     reply.body,
///     r#"{"data":[{"content_encoding":"base64","content_type":"image/jpeg","key":"front","data":"/9j/2Q=="}]}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ContentReceiver {
    source: Arc<dyn ContentSource>,
    known: Option<BasicCaller>,
    body_limit: usize,
    dialect: ContentDialect,
    /// Where the id stands.
    place: Pointer,
    counts: Counts,
}

impl ContentReceiver {
    /// Content comes from `source`.
    #[must_use]
    pub fn builder(source: Arc<dyn ContentSource>) -> ContentReceiverBuilder {
        ContentReceiverBuilder {
            source,
            auth: None,
            body_limit: DEFAULT_BODY_LIMIT,
            dialect: ContentDialect::default(),
        }
    }

    /// Looks at the head and reads the body, without asking the source.
    ///
    /// # Errors
    /// [`ContentRefusal`], with the reply that it deserves.
    pub fn read(&self, head: &Head, body: &[u8]) -> Result<ContentId, ContentRefusal> {
        self.admitted(head)?;
        self.content_id(Bytes::copy_from_slice(body))
    }

    fn admitted(&self, head: &Head) -> Result<Admission, ContentRefusal> {
        if !basic::is_known(self.known.as_ref(), &head.headers) {
            return Err(ContentRefusal::Unauthenticated);
        }
        if head.last_segment() != self.dialect.path {
            return Err(ContentRefusal::UnknownPath);
        }
        if head.method != Method::POST {
            return Err(ContentRefusal::WrongMethod);
        }
        Ok(Admission::new(self.body_limit))
    }

    fn content_id(&self, body: Bytes) -> Result<ContentId, ContentRefusal> {
        if body.len() > self.body_limit {
            return Err(ContentRefusal::TooLarge(self.body_limit));
        }
        let refuse = ContentRefusal::Unreadable;
        let not_json = refuse("it is no JSON object");
        let edited = self.dialect.request.apply(body).map_err(|_| not_json.clone())?;
        let document = Document::open(&edited).ok_or(not_json)?;
        if document.repeated(&[&self.place]).is_some() {
            return Err(refuse("contentId stands there more than once"));
        }
        document
            .member(CONTENT_ID)
            .and_then(id)
            .map(ContentId::new)
            .ok_or(refuse("contentId must be text that is not empty"))
    }

    /// How many requests came, and what became of them.
    #[must_use]
    pub fn counters(&self) -> ContentCounters {
        let Counts {
            received,
            served,
            not_found,
            failed,
            unauthenticated,
            unreadable,
            unknown_path,
        } = &self.counts;
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ContentCounters {
            received: get(received),
            served: get(served),
            not_found: get(not_found),
            failed: get(failed),
            unauthenticated: get(unauthenticated),
            unreadable: get(unreadable),
            unknown_path: get(unknown_path),
        }
    }

    fn refuse(&self, refusal: &ContentRefusal) -> Reply {
        count(match refusal {
            ContentRefusal::Unauthenticated => &self.counts.unauthenticated,
            ContentRefusal::UnknownPath | ContentRefusal::WrongMethod => &self.counts.unknown_path,
            ContentRefusal::TooLarge(_) | ContentRefusal::Unreadable(_) => &self.counts.unreadable,
        });
        tracing::warn!(reason = %refusal, "content request refused");
        refusal.reply()
    }

    fn answer(&self, found: Result<Option<Content>, ContentError>) -> Reply {
        let written = found.and_then(|content| {
            let write = |content: Content| content.to_json(&self.dialect);
            let unwritable = |error| ContentError::new(format!("{error}"));
            content.map(write).transpose().map_err(unwritable)
        });
        match written {
            Ok(Some(body)) => {
                count(&self.counts.served);
                json(StatusCode::OK, body)
            }
            Ok(None) => {
                count(&self.counts.not_found);
                let body = Bytes::copy_from_slice(self.dialect.not_found_body.as_bytes());
                json(self.dialect.not_found.code(), body)
            }
            Err(error) => {
                count(&self.counts.failed);
                tracing::error!(%error, "content not served");
                Reply::empty(self.dialect.failed.code())
            }
        }
    }
}

/// A reply with a JSON body, or with none.
fn json(status: StatusCode, body: Bytes) -> Reply {
    let mut reply = Reply::empty(status);
    if !body.is_empty() {
        reply = reply.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        reply.body = body;
    }
    reply
}

impl fmt::Debug for ContentReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentReceiver")
            .field("authenticates", &self.known.is_some())
            .field("body_limit", &self.body_limit)
            .field("dialect", &self.dialect)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl Inbound for ContentReceiver {
    fn name(&self) -> &'static str {
        "hermod.content"
    }

    fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>> {
        self.admitted(head).map_err(|refusal| {
            count(&self.counts.received);
            Box::new(self.refuse(&refusal))
        })
    }

    fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply> {
        count(&self.counts.received);
        // Admitted once more: whoever calls this without an adapter may have forgotten to.
        let read = self.admitted(head).and_then(|_| self.content_id(body));
        Box::pin(async move {
            match read {
                Ok(id) => self.answer(self.source.content(&id).await),
                Err(refusal) => self.refuse(&refusal),
            }
        })
    }
}

/// Settings of a [`ContentReceiver`].
pub struct ContentReceiverBuilder {
    source: Arc<dyn ContentSource>,
    auth: Option<Auth>,
    body_limit: usize,
    dialect: ContentDialect,
}

impl ContentReceiverBuilder {
    /// The user and password that messaging's entry for this API user has for the content provider (documented).
    #[must_use]
    pub fn basic_auth(mut self, user: impl Into<String>, password: SecretString) -> Self {
        let user = user.into();
        self.auth = Some(Auth::Basic { user, password });
        self
    }

    /// Serves anybody.
    ///
    /// Whoever reaches the address and knows or guesses a content id then gets the picture of a person. Only where something in front
    /// lets nobody through but messaging.
    #[must_use]
    pub fn danger_without_auth(mut self) -> Self {
        self.auth = Some(Auth::Nobody);
        self
    }

    /// How large a request may be, in bytes; 8 KiB unless set.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// The dialect, of which this uses [`content`](HermodDialect::content).
    #[must_use]
    pub fn dialect(mut self, dialect: &HermodDialect) -> Self {
        self.dialect = dialect.content.clone();
        self
    }

    /// The receiver.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.content.*` when there is neither user nor the decision to do without, or a value cannot be used.
    pub fn build(self) -> Result<ContentReceiver, ConfigError> {
        let missing = "is missing; it is the user:password of the content provider in messaging's entry for this API user";
        let known = Auth::caller(self.auth, BASIC, missing)?;
        let refuse = |setting: &'static str, problem: &str| Err(ConfigError::new(setting, problem));
        if self.body_limit == 0 {
            return refuse("hermod.content.body_limit", "is zero");
        }
        let ContentDialect {
            path, not_found_body, ..
        } = &self.dialect;
        if path.is_empty() || path.contains('/') {
            return refuse("hermod.dialect.content.path", "must be one path segment");
        }
        if !not_found_body.is_empty()
            && serde_json::from_str::<serde::de::IgnoredAny>(not_found_body).is_err()
        {
            return refuse(
                "hermod.dialect.content.not_found_body",
                "must be JSON text, or empty",
            );
        }
        Ok(ContentReceiver {
            source: self.source,
            known,
            body_limit: self.body_limit,
            dialect: self.dialect,
            place: Pointer::of([CONTENT_ID]),
            counts: Counts::default(),
        })
    }
}

impl fmt::Debug for ContentReceiverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source: _foreign,
            auth,
            body_limit,
            dialect,
        } = self;
        f.debug_struct("ContentReceiverBuilder")
            .field("auth", auth)
            .field("body_limit", body_limit)
            .field("dialect", dialect)
            .finish_non_exhaustive()
    }
}
