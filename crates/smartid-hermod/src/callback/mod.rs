//! Where messaging calls us back: `POST {callback-url}/callback/<verb>`, with HTTP Basic.
//!
//! Vendor page: Smart ID Messaging API overview (documented: path, Basic, that there are callbacks for answers and for timeouts); what is
//! in the body and that 2xx is the answer it wants is inferred. A callback may be tried only once (vendor page: Set up virtual smart card
//! management in Identity Manager: `attempts: 1`), so nothing that can be matched with a command is refused: the body is stored as it
//! came, whether or not somebody waits for it, and only then the answer is 200. Nothing here says that what the body tells is true; who
//! uses it checks it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use smartid_core::{Admission, BoxFuture, Head, Inbound, Inbox, Letter, Put, Reply, Runtime};

mod reader;
mod settings;

pub use reader::{CallbackReader, Refusal};
pub use settings::{CallbackReaderBuilder, CallbackReceiverBuilder};

/// How large a callback may be by default, in bytes.
pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

/// How long an outcome is kept by default: the default lifespan of a command and ten minutes more.
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(300 + 600);

/// How many callbacks came, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// All requests, refused ones included.
    pub received: u64,
    /// Stored.
    pub stored: u64,
    /// Told nothing new.
    pub duplicates: u64,
    /// The same command, message and state as one that is stored, with another body: that one stays. Seen only where the inbox compares
    /// them.
    pub conflicts: u64,
    /// Without the right user and password.
    pub unauthenticated: u64,
    /// Body too large or not usable.
    pub unreadable: u64,
    /// Another path, or another method than `POST`.
    pub unknown_path: u64,
    /// Answered 503, because the store did not take them.
    pub not_stored: u64,
    /// Kept until they expired without anybody having asked for them: outcomes of commands that this program does not know, or has given
    /// up. Nothing tells them when they come, because the answer to a command may be slower than its callback, and another process may
    /// be the one that waits. All that share the inbox are counted together; `None` when it does not count.
    pub unclaimed: Option<u64>,
}

#[derive(Default)]
struct Counts {
    received: AtomicU64,
    stored: AtomicU64,
    duplicates: AtomicU64,
    conflicts: AtomicU64,
    unauthenticated: AtomicU64,
    unreadable: AtomicU64,
    unknown_path: AtomicU64,
    not_stored: AtomicU64,
}

/// Takes callbacks and stores what they tell.
///
/// ```
/// use std::sync::Arc;
/// use http::{HeaderMap, HeaderValue, Method, StatusCode};
/// use smartid_core::{CorrelationId, Head, Inbound, Inbox, ManualRuntime, MemoryInbox, SecretString, Timestamp};
/// use smartid_hermod::callback::CallbackReceiver;
///
/// let (inbox, runtime) = (Arc::new(MemoryInbox::new()), ManualRuntime::new(Timestamp::from_millis(0)));
/// let receiver = CallbackReceiver::builder(inbox.clone(), Arc::new(runtime.clone()))
///     .basic_auth("hermod", SecretString::new("secret"))
///     .build()?;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("authorization", HeaderValue::from_static("Basic aGVybW9kOnNlY3JldA=="));
/// let head = Head::new(Method::POST, "/smartid/callback/fido", headers);
/// receiver.admit(&head).map_err(|_| "refused")?;
/// let reply = runtime.block_on(receiver.receive(&head, r#"{"commandId":"4108","state":"SUCCESS"}"#.into()))?;
/// assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
/// assert_eq!(receiver.counters().stored, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CallbackReceiver {
    inbox: Arc<dyn Inbox>,
    runtime: Arc<dyn Runtime>,
    reader: CallbackReader,
    counts: Counts,
}

impl CallbackReceiver {
    /// Outcomes go into `inbox`.
    #[must_use]
    pub fn builder(inbox: Arc<dyn Inbox>, runtime: Arc<dyn Runtime>) -> CallbackReceiverBuilder {
        CallbackReceiverBuilder {
            inbox,
            runtime,
            settings: CallbackReader::builder(),
        }
    }

    /// Reads a callback without storing it.
    ///
    /// # Errors
    /// [`Refusal`], with the reply that it deserves.
    pub fn read(&self, head: &Head, body: &[u8]) -> Result<Letter, Refusal> {
        self.reader.read(head, body, self.runtime.now())
    }

    /// The half without store and clock.
    #[must_use]
    pub fn reader(&self) -> &CallbackReader {
        &self.reader
    }

    /// How many callbacks came, and what became of them.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let Counts {
            received,
            stored,
            duplicates,
            conflicts,
            unauthenticated,
            unreadable,
            unknown_path,
            not_stored,
        } = &self.counts;
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counters {
            received: get(received),
            stored: get(stored),
            duplicates: get(duplicates),
            conflicts: get(conflicts),
            unauthenticated: get(unauthenticated),
            unreadable: get(unreadable),
            unknown_path: get(unknown_path),
            not_stored: get(not_stored),
            unclaimed: self.inbox.unclaimed(self.runtime.now()),
        }
    }

    fn refuse(&self, refusal: &Refusal) -> Reply {
        count(match refusal {
            Refusal::Unauthenticated => &self.counts.unauthenticated,
            Refusal::UnknownPath | Refusal::WrongMethod => &self.counts.unknown_path,
            Refusal::TooLarge(_) | Refusal::Unreadable(_) => &self.counts.unreadable,
        });
        tracing::warn!(reason = %refusal, "callback refused");
        refusal.reply()
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl fmt::Debug for CallbackReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallbackReceiver")
            .field("reader", &self.reader)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl Inbound for CallbackReceiver {
    fn name(&self) -> &'static str {
        "hermod.callback"
    }

    fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>> {
        match self.reader.admit(head) {
            Ok(admission) => Ok(admission),
            Err(refusal) => {
                count(&self.counts.received);
                Err(Box::new(self.refuse(&refusal)))
            }
        }
    }

    fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply> {
        count(&self.counts.received);
        // Admitted once more: whoever calls this without an adapter may have forgotten to.
        let letter = self
            .reader
            .admit(head)
            .and_then(|_| self.reader.letter(head, body, self.runtime.now()));
        let letter = match letter {
            Ok(letter) => letter,
            Err(refusal) => return Box::pin(std::future::ready(self.refuse(&refusal))),
        };
        Box::pin(async move {
            match self.inbox.put(letter).await {
                Ok(put) => {
                    count(match put {
                        Put::Duplicate => &self.counts.duplicates,
                        Put::Conflict => {
                            tracing::warn!("a callback contradicts one that came before it; that one stays");
                            &self.counts.conflicts
                        }
                        _ => &self.counts.stored,
                    });
                    Reply::empty(StatusCode::OK)
                }
                Err(error) => {
                    count(&self.counts.not_stored);
                    tracing::error!(%error, "callback not stored");
                    Reply::empty(StatusCode::SERVICE_UNAVAILABLE)
                }
            }
        })
    }
}
