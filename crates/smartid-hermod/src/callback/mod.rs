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
use smartid_core::{
    Admission, BoxFuture, ConfigError, Head, Inbound, Inbox, Letter, Put, Reply, Runtime, SecretString,
};

mod reader;

use crate::basic::Auth;
use crate::dialect::HermodDialect;

pub use reader::{CallbackReader, Refusal};

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
    /// Without the right user and password.
    pub unauthenticated: u64,
    /// Body too large or not usable.
    pub unreadable: u64,
    /// Another path, or another method than `POST`.
    pub unknown_path: u64,
    /// Answered 503, because the store did not take them.
    pub not_stored: u64,
}

#[derive(Default)]
struct Counts {
    received: AtomicU64,
    stored: AtomicU64,
    duplicates: AtomicU64,
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
            unauthenticated: get(unauthenticated),
            unreadable: get(unreadable),
            unknown_path: get(unknown_path),
            not_stored: get(not_stored),
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
            .and_then(|_| self.reader.letter(body, self.runtime.now()));
        let letter = match letter {
            Ok(letter) => letter,
            Err(refusal) => return Box::pin(std::future::ready(self.refuse(&refusal))),
        };
        Box::pin(async move {
            match self.inbox.put(letter).await {
                Ok(put) => {
                    count(match put {
                        Put::Duplicate => &self.counts.duplicates,
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

/// Settings of a [`CallbackReceiver`].
#[derive(Debug)]
pub struct CallbackReceiverBuilder {
    inbox: Arc<dyn Inbox>,
    runtime: Arc<dyn Runtime>,
    settings: CallbackReaderBuilder,
}

/// Settings of a [`CallbackReader`].
#[derive(Clone, Debug, Default)]
pub struct CallbackReaderBuilder {
    auth: Option<Auth>,
    body_limit: Option<usize>,
    retention: Option<Duration>,
    dialect: HermodDialect,
}

macro_rules! settings {
    ($($field:ident)?) => {
        /// The user and password of `callback-basic-auth` (documented).
        #[must_use]
        pub fn basic_auth(mut self, user: impl Into<String>, password: SecretString) -> Self {
            self$(.$field)?.auth = Some(Auth::Basic { user: user.into(), password });
            self
        }

        /// Takes callbacks from anybody.
        ///
        /// Whoever reaches the address can then answer any command whose id they can guess: command ids count up. Only where
        /// something in front lets nobody through but messaging.
        #[must_use]
        pub fn danger_without_auth(mut self) -> Self {
            self$(.$field)?.auth = Some(Auth::Nobody);
            self
        }

        /// How large a callback may be, in bytes; 1 MiB unless set.
        #[must_use]
        pub fn body_limit(mut self, bytes: usize) -> Self {
            self$(.$field)?.body_limit = Some(bytes);
            self
        }

        /// How long an outcome is kept after it came: at least the longest `lifespan` in use. 15 minutes unless set.
        #[must_use]
        pub fn retention(mut self, retention: Duration) -> Self {
            self$(.$field)?.retention = Some(retention);
            self
        }

        /// The dialect; that of the [`Hermod`](crate::Hermod) which sends the commands.
        #[must_use]
        pub fn dialect(mut self, dialect: HermodDialect) -> Self {
            self$(.$field)?.dialect = dialect;
            self
        }
    };
}

impl CallbackReceiverBuilder {
    settings!(settings);

    /// The receiver.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.callback.*` when there is neither user nor the decision to do without, or a value cannot be used.
    pub fn build(self) -> Result<CallbackReceiver, ConfigError> {
        Ok(CallbackReceiver {
            inbox: self.inbox,
            runtime: self.runtime,
            reader: self.settings.build()?,
            counts: Counts::default(),
        })
    }
}

impl CallbackReaderBuilder {
    settings!();

    /// The reader.
    ///
    /// # Errors
    /// As [`CallbackReceiverBuilder::build`].
    pub fn build(self) -> Result<CallbackReader, ConfigError> {
        let refuse = |setting: &'static str, problem: &str| Err(ConfigError::new(setting, problem));
        let missing = "is missing; it is the user:password of `callback-basic-auth` in messaging's entry for this API user";
        let pair = Auth::pair(self.auth, "hermod.callback.basic_auth", missing)?;
        let body_limit = self.body_limit.unwrap_or(DEFAULT_BODY_LIMIT);
        if body_limit == 0 {
            return refuse("hermod.callback.body_limit", "is zero");
        }
        let retention = self.retention.unwrap_or(DEFAULT_RETENTION);
        if retention.is_zero() {
            return refuse("hermod.callback.retention", "is zero");
        }
        Ok(CallbackReader {
            pair,
            body_limit,
            retention,
            verbs: self.dialect.callback_verbs(),
            dialect: self.dialect,
        })
    }
}
