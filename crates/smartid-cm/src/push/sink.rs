//! Where pushed certificates go.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smartid_core::{BoxFuture, StoreError};

use super::{PushKey, PushedCertificate};

/// What became of a pushed certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stored {
    /// It was stored.
    New,
    /// One with the same [`PushKey`] is there already; nothing was changed.
    Known,
}

/// Keeps pushed certificates: the application's database, or a queue.
///
/// The same certificate may be pushed several times (an answer may be lost, and a failure is repeated), and at the same moment to several
/// processes. So a sink stores each [`PushKey`] once, and tells the second that it is [`Known`](Stored::Known). Only when it has
/// returned `Ok` is Certificate Manager told that the certificate has arrived: what is not stored then is lost.
///
/// Who issued the certificate is not known yet; verify it before it is used.
pub trait PushSink: Send + Sync + fmt::Debug {
    /// Stores a certificate.
    ///
    /// # Errors
    /// [`StoreError`] when it is not stored; the receiver then answers 503, so that Certificate Manager repeats it.
    fn store(&self, pushed: PushedCertificate) -> BoxFuture<'_, Result<Stored, StoreError>>;
}

/// A sink in memory, for tests and for programs that only look.
///
/// It remembers the keys of all that came, also of those that were taken out; when it knows as many as it may, it takes no more.
pub struct MemoryPushSink {
    capacity: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    known: HashSet<PushKey>,
    waiting: Vec<PushedCertificate>,
}

impl MemoryPushSink {
    /// For at most 10 000 certificates.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(10_000)
    }

    /// For at most so many certificates.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            held: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out what has come, the oldest first.
    #[must_use]
    pub fn take(&self) -> Vec<PushedCertificate> {
        std::mem::take(&mut self.held().waiting)
    }
}

impl Default for MemoryPushSink {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryPushSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { capacity, held: _ } = self;
        f.debug_struct("MemoryPushSink")
            .field("capacity", capacity)
            .field("waiting", &self.held().waiting.len())
            .finish_non_exhaustive()
    }
}

impl PushSink for MemoryPushSink {
    fn store(&self, pushed: PushedCertificate) -> BoxFuture<'_, Result<Stored, StoreError>> {
        let mut held = self.held();
        let key = pushed.key();
        let stored = if held.known.contains(&key) {
            Ok(Stored::Known)
        } else if held.known.len() >= self.capacity {
            Err(StoreError::Full(self.capacity))
        } else {
            held.known.insert(key);
            held.waiting.push(pushed);
            Ok(Stored::New)
        };
        drop(held);
        Box::pin(std::future::ready(stored))
    }
}
