//! An inbox that tells of every letter as it comes, and keeps it as another one does.

use std::fmt;
use std::sync::Arc;

use smartid::Timestamp;
use smartid::core::{BoxFuture, CorrelationId, Inbox, Letter, Put, StoreError};

/// Tells of every letter.
pub struct PrintingInbox<F> {
    inner: Arc<dyn Inbox>,
    told: F,
}

impl<F: Fn(&Letter, Put) + Send + Sync> PrintingInbox<F> {
    /// Over `inner`; `told` is called when a letter is stored there.
    pub fn new(inner: Arc<dyn Inbox>, told: F) -> Self {
        Self { inner, told }
    }
}

impl<F> fmt::Debug for PrintingInbox<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrintingInbox").finish_non_exhaustive()
    }
}

impl<F: Fn(&Letter, Put) + Send + Sync> Inbox for PrintingInbox<F> {
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        Box::pin(async move {
            let put = self.inner.put(letter.clone()).await?;
            (self.told)(&letter, put);
            Ok(put)
        })
    }

    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.inner.peek(ids)
    }

    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        self.inner.list(ids, limit)
    }

    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.inner.take(ids)
    }

    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()> {
        self.inner.arrival(ids)
    }

    fn unclaimed(&self, now: Timestamp) -> Option<u64> {
        self.inner.unclaimed(now)
    }
}
