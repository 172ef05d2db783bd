//! Where Certificate Manager pushes certificates to: `POST {prefix}/ws/certificate/register/<template>[/<process>]?tenantId=<tenant>`.
//!
//! Vendor page: Push certificates from Certificate Manager to Identity Manager (documented: verb, path, query, content type
//! `application/pkix-cert` with base64 of DER as body, HTTP Basic or TLS client certificate). A distribution rule in Certificate Manager
//! posts each certificate that it is for to this address; the vendor's own receiver is Identity Manager, and this is one for a program in
//! its place. Which answers count as success, and how often a failure is repeated, is unknown: the answer is 200 once the
//! certificate is stored, and 503 when it could not be.
//!
//! The same certificate may come twice, so what is stored is told apart by [`PushKey`]. Who sends is checked before a body is read.
//! Who issued the certificate is checked by whoever uses it: a push says that somebody who may push has sent these bytes.
//!
//! It is an [`Inbound`]: with feature `tower`, `InboundService::new(Arc::new(receiver), runtime)` mounts it in axum.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use smartid_core::{Admission, BoxFuture, Either, Head, Inbound, Reply, Runtime, race};

mod callers;
mod place;
mod pushed;
mod reader;
mod refusal;
mod settings;
mod sink;

pub use callers::Sender;
pub use pushed::{PushKey, PushedCertificate};
pub use reader::PushReader;
pub use refusal::PushRefusal;
pub use settings::{DEFAULT_BODY_LIMIT, DEFAULT_STORE_LIMIT, PushReceiverBuilder};
pub use sink::{MemoryPushSink, PushSink, Stored};

/// How many pushes came, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushCounters {
    /// All requests, refused ones included.
    pub received: u64,
    /// Stored.
    pub stored: u64,
    /// Known to the sink already.
    pub duplicates: u64,
    /// From a caller who is not known.
    pub unauthenticated: u64,
    /// Body too large, of another type, or not one certificate; a query that cannot be used.
    pub unreadable: u64,
    /// Another path, template or tenant, or another method than `POST`.
    pub unknown_path: u64,
    /// Answered 503, because the sink did not take them or not in time.
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

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Takes certificates that Certificate Manager pushes, and stores them.
///
/// ```
/// # let body = smartid_core::base64::encode(smartid_core::base64::Flavour::Standard, include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pki/device-rsa.der")));
/// use std::sync::Arc;
/// use http::{HeaderMap, HeaderValue, Method, StatusCode};
/// use smartid_core::{Head, Inbound, ManualRuntime, SecretString, Timestamp};
/// use smartid_cm::push::{MemoryPushSink, PushReceiver};
///
/// let (sink, runtime) = (Arc::new(MemoryPushSink::new()), ManualRuntime::new(Timestamp::from_millis(0)));
/// let receiver = PushReceiver::builder(sink.clone(), Arc::new(runtime.clone()))
///     .basic_auth("cm", SecretString::new("secret"))
///     .build()?;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("authorization", HeaderValue::from_static("Basic Y206c2VjcmV0"));
/// headers.insert("content-type", HeaderValue::from_static("application/pkix-cert"));
/// let head = Head::new(Method::POST, "/ws/certificate/register/ServerCert/Renew", headers).with_query("tenantId=t1");
/// receiver.admit(&head).map_err(|_| "refused")?;
/// assert!(body.starts_with("MII"));
/// let reply = runtime.block_on(receiver.receive(&head, body.into()))?;
/// assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
///
/// let pushed = sink.take();
/// assert_eq!(pushed[0].template.as_str(), "ServerCert");
/// assert_eq!(pushed[0].process.as_ref().unwrap().as_str(), "Renew");
/// assert_eq!(pushed[0].tenant.as_ref().unwrap().as_str(), "t1");
/// assert_eq!(pushed[0].certificate.danger_unverified().subject().common_name().unwrap(), "Türschloss Nord 7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PushReceiver {
    sink: Arc<dyn PushSink>,
    runtime: Arc<dyn Runtime>,
    store_limit: Duration,
    reader: PushReader,
    counts: Counts,
}

impl PushReceiver {
    /// Certificates go into `sink`.
    pub fn builder(sink: Arc<dyn PushSink>, runtime: Arc<dyn Runtime>) -> PushReceiverBuilder {
        PushReceiverBuilder::new(sink, runtime)
    }

    /// The half without store and clock.
    #[must_use]
    pub fn reader(&self) -> &PushReader {
        &self.reader
    }

    /// How many pushes came, and what became of them.
    #[must_use]
    pub fn counters(&self) -> PushCounters {
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
        PushCounters {
            received: get(received),
            stored: get(stored),
            duplicates: get(duplicates),
            unauthenticated: get(unauthenticated),
            unreadable: get(unreadable),
            unknown_path: get(unknown_path),
            not_stored: get(not_stored),
        }
    }

    fn refuse(&self, refusal: &PushRefusal) -> Reply {
        count(match refusal {
            PushRefusal::Unauthenticated { .. } => &self.counts.unauthenticated,
            PushRefusal::UnknownPath | PushRefusal::WrongMethod => &self.counts.unknown_path,
            PushRefusal::WrongType
            | PushRefusal::TooLarge(_)
            | PushRefusal::Query(_)
            | PushRefusal::Body(_) => &self.counts.unreadable,
        });
        tracing::warn!(reason = %refusal, "pushed certificate refused");
        refusal.reply()
    }

    async fn store(&self, pushed: PushedCertificate) -> Reply {
        let key = pushed.key();
        for lint in &pushed.lints {
            tracing::info!(%lint, "a pushed certificate is not as documented");
        }
        let stored = race(self.sink.store(pushed), self.runtime.sleep(self.store_limit)).await;
        let problem = match stored {
            Either::First(Ok(stored)) => {
                count(match stored {
                    Stored::New => &self.counts.stored,
                    Stored::Known => &self.counts.duplicates,
                });
                tracing::info!(%key, ?stored, "certificate pushed");
                return Reply::empty(self.reader.dialect.success.code());
            }
            Either::First(Err(error)) => error.to_string(),
            Either::Second(()) => format!("not stored within {:?}", self.store_limit),
        };
        count(&self.counts.not_stored);
        tracing::error!(%key, error = problem, "pushed certificate not stored");
        Reply::empty(StatusCode::SERVICE_UNAVAILABLE)
    }
}

impl fmt::Debug for PushReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushReceiver")
            .field("reader", &self.reader)
            .field("sink", &self.sink)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

impl Inbound for PushReceiver {
    fn name(&self) -> &'static str {
        "cm.push"
    }

    fn admit(&self, head: &Head) -> Result<Admission, Box<Reply>> {
        self.reader.admit(head, self.runtime.now()).map_err(|refusal| {
            count(&self.counts.received);
            Box::new(self.refuse(&refusal))
        })
    }

    fn receive<'a>(&'a self, head: &'a Head, body: Bytes) -> BoxFuture<'a, Reply> {
        count(&self.counts.received);
        // Admitted once more: whoever calls this without an adapter may have forgotten to.
        let read = self.reader.read(head, &body, self.runtime.now());
        Box::pin(async move {
            match read {
                Ok(pushed) => self.store(pushed).await,
                Err(refusal) => self.refuse(&refusal),
            }
        })
    }
}
