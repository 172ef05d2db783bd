//! A process that ends anywhere: before a write, after it, while messaging is asked. The points are found by going on a little further
//! each time, so that a new step is covered without being listed.

use std::task::Poll;

use super::*;
use smartid::FlowId;
use smartid::core::{BoxFuture, CorrelationId, Inbox, Letter, Put, StoreError, Timestamp};
use smartid::flows::personal_login::Resumed;
use smartid::store::{Commit, Committed, FlowRecord, Lease};
use tokio::task::yield_now;

/// A store whose user can be cut short before and after each write.
#[derive(Debug)]
struct Pausing(MemoryFlowStore);

impl FlowStore for Pausing {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            yield_now().await;
            let committed = self.0.commit(commit).await;
            yield_now().await;
            committed
        })
    }
    fn insert(&self, record: FlowRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let inserted = self.0.insert(record).await;
            yield_now().await;
            inserted
        })
    }
    fn changed(&self, id: &FlowId) -> BoxFuture<'static, ()> {
        self.0.changed(id)
    }
    fn release<'a>(&'a self, id: &'a FlowId, owner: &'a str) -> BoxFuture<'a, ()> {
        self.0.release(id, owner)
    }
    fn forget_ended(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.0.forget_ended(before)
    }
    fn load<'a>(&'a self, id: &'a FlowId) -> BoxFuture<'a, Result<Option<FlowRecord>, StoreError>> {
        self.0.load(id)
    }
    fn lease<'a>(
        &'a self,
        id: &'a FlowId,
        owner: &'a str,
        now: Timestamp,
        duration: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        self.0.lease(id, owner, now, duration)
    }
    fn abandoned(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<FlowId>, StoreError>> {
        self.0.abandoned(now, limit)
    }
}

impl Inbox for Pausing {
    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()> {
        self.0.arrival(ids)
    }
    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        self.0.list(ids, limit)
    }
    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.0.take(ids)
    }
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        self.0.put(letter)
    }
    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.0.peek(ids)
    }
}

/// Goes on with a future so many times, and drops it then.
async fn cut<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let (mut future, mut left) = (Box::pin(future), polls);
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn cut_short_anywhere_it_is_carried_on_and_ends_once() {
    let store = Arc::new(Pausing(MemoryFlowStore::new()));
    let hall = Hall::of(Setup::default(), store).await;
    hall.card();
    let login = hall.login(desktop());
    let computer = hall.bench.sim.desktop();
    let soon = || hall.smartid.runtime().now() + Duration::from_secs(10);
    let (mut cuts, mut resumed, mut in_complete) = (0, 0, 0);
    loop {
        let begun = cut(login.begin(nobody()), cuts + 1).await;
        let whole = begun.is_some();
        let begun = match begun {
            Some(begun) => begun.unwrap(),
            None => {
                cuts += 1;
                let due = hall.smartid.store().abandoned(soon(), 10).await.unwrap();
                let [id] = due.as_slice() else {
                    // Cut before it was stored, or after it was shown to nobody: it waits, and is cancelled.
                    let waiting = hall.smartid.store().abandoned(soon() + GUARD, 10).await.unwrap();
                    for id in waiting {
                        login.cancel(&id).await.unwrap();
                    }
                    continue;
                };
                match login.resume(id).await.unwrap() {
                    Resumed::Show(begun) => {
                        resumed += 1;
                        *begun
                    }
                    other => panic!("{cuts}: {other:?}"),
                }
            }
        };
        computer
            .open(begun.showing.link().unwrap().expose())
            .await
            .unwrap();
        let mut polls = 1;
        let end = loop {
            match cut(login.complete(&begun.id), polls).await {
                Some(end) => break end.unwrap(),
                None => polls += 1,
            }
        };
        in_complete = in_complete.max(polls);
        assert_eq!(end.logged_in().unwrap().user, "alice");
        let journal = login.journal(&begun.id).await.unwrap();
        assert_eq!(journal.iter().filter(|line| line.step == "end").count(), 1);
        if whole {
            break;
        }
    }
    assert!(
        cuts > 8 && resumed > 5 && in_complete > 2,
        "{cuts} {resumed} {in_complete}"
    );
}
