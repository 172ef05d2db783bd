//! Flows in memory, for one process.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use smartid_core::{BoxFuture, CorrelationId, Inbox, Letter, MemoryInbox, Put, StoreError, Timestamp};

use super::{Commit, Committed, FlowId, FlowRecord, FlowStore, Lease};

/// A [`FlowStore`] that forgets when the process ends, and flows that have ended an hour after their last write.
#[derive(Clone, Default)]
pub struct MemoryFlowStore(Arc<Shared>);

#[derive(Default)]
struct Shared {
    inbox: MemoryInbox,
    /// Wakes those who wait for a flow to change: a change is a letter under the flow's name.
    changes: MemoryInbox,
    flows: Mutex<HashMap<FlowId, Entry>>,
    /// At how many flows those that have ended are looked for.
    sweep_at: AtomicUsize,
}

/// How long a flow that has ended can still be asked for.
const RETENTION: Duration = Duration::from_secs(3600);

fn last_write(record: &FlowRecord) -> Timestamp {
    record.journal.last().map_or(record.resume_at, |entry| entry.at)
}

struct Entry {
    record: FlowRecord,
    lease: Option<(String, Timestamp)>,
}

impl MemoryFlowStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn flows(&self) -> MutexGuard<'_, HashMap<FlowId, Entry>> {
        self.0.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryFlowStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFlowStore")
            .field("flows", &self.flows().len())
            .finish_non_exhaustive()
    }
}

fn change_of(id: &FlowId) -> CorrelationId {
    CorrelationId::external("flow", id.as_str())
}

impl Inbox for MemoryFlowStore {
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        self.0.inbox.put(letter)
    }

    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.0.inbox.peek(ids)
    }

    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.0.inbox.take(ids)
    }

    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()> {
        self.0.inbox.arrival(ids)
    }

    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        self.0.inbox.list(ids, limit)
    }

    fn unclaimed(&self, now: Timestamp) -> Option<u64> {
        self.0.inbox.unclaimed(now)
    }
}

impl FlowStore for MemoryFlowStore {
    fn insert(&self, record: FlowRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut flows = self.flows();
            if flows.contains_key(&record.id) {
                return Err(StoreError::Exists(record.id.to_string()));
            }
            // A new flow is due at once, so this is the time. Everything is looked at only now and then.
            let now = record.resume_at;
            if flows.len() >= self.0.sweep_at.load(Ordering::Relaxed) {
                flows.retain(|_, entry| {
                    !entry.record.ended || now.since(last_write(&entry.record)) < RETENTION
                });
                self.0
                    .sweep_at
                    .store((flows.len() * 2).max(256), Ordering::Relaxed);
            }
            flows.insert(record.id.clone(), Entry { record, lease: None });
            Ok(())
        })
    }

    fn load<'a>(&'a self, id: &'a FlowId) -> BoxFuture<'a, Result<Option<FlowRecord>, StoreError>> {
        Box::pin(async move { Ok(self.flows().get(id).map(|entry| entry.record.clone())) })
    }

    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            let (id, revision, at) = {
                let mut flows = self.flows();
                let entry = flows
                    .get_mut(&commit.id)
                    .ok_or_else(|| StoreError::Corrupt(format!("flow {} is not stored", commit.id)))?;
                let record = &mut entry.record;
                if record.revision != commit.expected {
                    return Ok(Committed::Conflict);
                }
                record.revision += 1;
                record.state = commit.state;
                record.ended = commit.ended;
                record.resume_at = commit.resume_at;
                record.journal.extend(commit.entries);
                if let Some(letter) = &commit.taken {
                    self.0.inbox.mark_taken(letter);
                }
                (commit.id, record.revision, last_write(record))
            };
            // The write is made; that somebody who waits may not be woken must not make it look as if it were not.
            let change = Letter::new(vec![change_of(&id)], revision.to_string(), Bytes::new(), at, at);
            let _woken = self.0.changes.put(change).await;
            Ok(Committed::Written(revision))
        })
    }

    fn lease<'a>(
        &'a self,
        id: &'a FlowId,
        owner: &'a str,
        now: Timestamp,
        duration: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        Box::pin(async move {
            let mut flows = self.flows();
            let entry = flows
                .get_mut(id)
                .ok_or_else(|| StoreError::Corrupt(format!("flow {id} is not stored")))?;
            match &entry.lease {
                Some((holder, until)) if holder != owner && *until > now => Ok(Lease::HeldUntil(*until)),
                _ => {
                    entry.lease = Some((owner.to_owned(), now + duration));
                    Ok(Lease::Granted)
                }
            }
        })
    }

    fn release<'a>(&'a self, id: &'a FlowId, owner: &'a str) -> BoxFuture<'a, ()> {
        // Done at the call and not at the first poll, so that a guard can give a lease back while it is dropped.
        if let Some(entry) = self.flows().get_mut(id) {
            entry.lease.take_if(|(holder, _)| holder == owner);
        }
        Box::pin(std::future::ready(()))
    }

    fn abandoned(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<FlowId>, StoreError>> {
        Box::pin(async move {
            let flows = self.flows();
            let free = |entry: &&Entry| entry.lease.as_ref().is_none_or(|(_, until)| *until <= now);
            let mut due: Vec<(Timestamp, FlowId)> = flows
                .values()
                .filter(|entry| !entry.record.ended && entry.record.resume_at <= now)
                .filter(free)
                .map(|entry| (entry.record.resume_at, entry.record.id.clone()))
                .collect();
            due.sort();
            Ok(due.into_iter().take(limit).map(|(_, id)| id).collect())
        })
    }

    fn forget_ended(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(async move {
            let mut flows = self.flows();
            let all = flows.len();
            flows.retain(|_, entry| !entry.record.ended || last_write(&entry.record) >= before);
            Ok(all - flows.len())
        })
    }

    fn changed(&self, id: &FlowId) -> BoxFuture<'static, ()> {
        self.0.changes.arrival(&[change_of(id)])
    }
}

#[cfg(test)]
mod tests {
    use smartid_core::{Either, ManualRuntime, Runtime, race};

    use super::*;
    use crate::store::{JournalEntry, Mark};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        ManualRuntime::new(at(0)).block_on(future).unwrap()
    }

    fn stored(resume_at: u64) -> (MemoryFlowStore, FlowRecord) {
        let store = MemoryFlowStore::new();
        let record = FlowRecord::new(FlowId::from_text("f"), "test", 1, "{}".into(), at(resume_at));
        block(store.insert(record.clone())).unwrap();
        (store, record)
    }

    #[test]
    fn only_one_of_two_writers_wins() {
        let (store, record) = stored(0);
        block(async {
            let entry = JournalEntry::new(at(1), "step", Mark::Intent, "");
            assert_eq!(
                store
                    .commit(Commit::of(&record, "1".into(), vec![entry.clone()]))
                    .await,
                Ok(Committed::Written(1))
            );
            assert_eq!(
                store.commit(Commit::of(&record, "2".into(), vec![entry])).await,
                Ok(Committed::Conflict)
            );
            let now = store.load(&record.id).await.unwrap().unwrap();
            assert_eq!((now.state.as_str(), now.revision, now.journal.len()), ("1", 1, 1));
        });
        assert!(block(store.insert(record)).is_err(), "a name is used once");
    }

    #[test]
    fn a_letter_is_taken_with_the_step_or_not_at_all() {
        let (store, record) = stored(0);
        let id = CorrelationId::external("h", "e");
        let letter = Letter::new(vec![id.clone()], "m", Bytes::from_static(b"x"), at(0), at(9));
        block(async {
            store.put(letter.clone()).await.unwrap();
            let mut late = Commit::of(&record, "late".into(), vec![]);
            late.expected = 7;
            late.taken = Some(letter.clone());
            assert_eq!(store.commit(late).await, Ok(Committed::Conflict));
            assert!(store.peek(std::slice::from_ref(&id)).await.unwrap().is_some());
            let mut good = Commit::of(&record, "good".into(), vec![]);
            good.taken = Some(letter);
            store.commit(good).await.unwrap();
            assert!(store.peek(&[id]).await.unwrap().is_none());
        });
    }

    #[test]
    fn a_lease_keeps_others_away_until_it_ends_or_is_given_back() {
        let (store, record) = stored(0);
        let minute = Duration::from_secs(60);
        block(async {
            assert_eq!(
                store.lease(&record.id, "a", at(0), minute).await,
                Ok(Lease::Granted)
            );
            assert_eq!(
                store.lease(&record.id, "b", at(1), minute).await,
                Ok(Lease::HeldUntil(at(60)))
            );
            assert_eq!(
                store.lease(&record.id, "a", at(2), minute).await,
                Ok(Lease::Granted)
            );
            assert_eq!(store.abandoned(at(3), 9).await, Ok(vec![]));
            assert_eq!(
                store.lease(&record.id, "b", at(62), minute).await,
                Ok(Lease::Granted)
            );
            drop(store.release(&record.id, "a"));
            assert_eq!(
                store.lease(&record.id, "c", at(63), minute).await,
                Ok(Lease::HeldUntil(at(122)))
            );
            drop(store.release(&record.id, "b"));
            assert_eq!(store.abandoned(at(63), 9).await, Ok(vec![record.id.clone()]));
        });
    }

    #[test]
    fn only_flows_whose_time_has_come_are_abandoned() {
        let (store, record) = stored(10);
        assert_eq!(block(store.abandoned(at(9), 9)), Ok(vec![]));
        assert_eq!(block(store.abandoned(at(10), 0)), Ok(vec![]));
        let mut end = Commit::of(&record, "x".into(), vec![]);
        end.ended = true;
        block(store.commit(end)).unwrap();
        assert_eq!(block(store.abandoned(at(11), 9)), Ok(vec![]));
    }

    #[test]
    fn what_has_ended_is_forgotten_on_request_and_in_time() {
        let (store, record) = stored(0);
        let entry = JournalEntry::new(at(5), "end", Mark::Result, "");
        block(store.commit(Commit {
            ended: true,
            ..Commit::of(&record, "x".into(), vec![entry.clone()])
        }))
        .unwrap();
        assert_eq!(block(store.forget_ended(at(5))), Ok(0));
        assert_eq!(block(store.forget_ended(at(6))), Ok(1));
        assert!(block(store.load(&record.id)).unwrap().is_none());

        for number in 0..2_000_u64 {
            let record = FlowRecord::new(
                FlowId::from_text(number.to_string()),
                "test",
                1,
                "{}".into(),
                at(number * 10),
            );
            block(store.insert(record.clone())).unwrap();
            let entry = JournalEntry::new(at(number * 10), "end", Mark::Result, "");
            block(store.commit(Commit {
                ended: true,
                ..Commit::of(&record, "x".into(), vec![entry])
            }))
            .unwrap();
        }
        assert!(
            store.flows().len() < 1_000,
            "an hour has 360 of them: {}",
            store.flows().len()
        );
    }

    #[test]
    fn a_record_does_not_show_its_state() {
        let (_, mut record) = stored(0);
        record.state = "canary".to_owned();
        let commit = Commit::of(&record, "canary".into(), vec![]);
        assert!(!format!("{record:?} {commit:?}").contains("canary"));
    }

    #[test]
    fn a_change_wakes_whoever_began_to_wait_before_it() {
        let (store, record) = stored(0);
        let runtime = ManualRuntime::new(at(0));
        let waiting = store.changed(&record.id);
        let writer = async {
            runtime.sleep(Duration::from_secs(3)).await;
            store
                .commit(Commit::of(&record, "x".into(), vec![]))
                .await
                .unwrap();
            std::future::pending::<()>().await;
        };
        assert_eq!(runtime.block_on(race(waiting, writer)), Ok(Either::First(())));
        assert!(runtime.block_on(store.changed(&record.id)).is_err());
    }
}
