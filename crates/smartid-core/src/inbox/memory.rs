//! An inbox in memory.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{CorrelationId, Inbox, Letter, Put, StoreError};
use crate::Timestamp;
use crate::runtime::BoxFuture;

/// An inbox in memory, for one process. What has expired is forgotten as new letters come.
#[derive(Clone)]
pub struct MemoryInbox(Arc<Mutex<Memory>>);

struct Memory {
    limit: usize,
    next: u64,
    slots: HashMap<u64, Slot>,
    by_id: HashMap<CorrelationId, Vec<u64>>,
    expiry: BTreeSet<(Timestamp, u64)>,
    watchers: HashMap<CorrelationId, Vec<(u64, Waker)>>,
}

struct Slot {
    letter: Letter,
    taken: bool,
}

impl MemoryInbox {
    /// Holds at most a million letters.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(1_000_000)
    }

    /// Holds at most `limit` letters, taken ones that have not expired included.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Memory {
            limit,
            next: 0,
            slots: HashMap::new(),
            by_id: HashMap::new(),
            expiry: BTreeSet::new(),
            watchers: HashMap::new(),
        })))
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many letters it holds, taken ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory().slots.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Marks the letter as taken; for stores that take a letter together with another change.
    pub fn mark_taken(&self, letter: &Letter) {
        let mut memory = self.memory();
        let places: Vec<u64> = letter
            .ids
            .iter()
            .filter_map(|id| memory.by_id.get(id))
            .flatten()
            .copied()
            .collect();
        for place in places {
            if let Some(slot) = memory
                .slots
                .get_mut(&place)
                .filter(|slot| slot.letter.message == letter.message)
            {
                slot.taken = true;
                slot.letter.body = Bytes::new();
            }
        }
    }
}

impl Default for MemoryInbox {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox")
            .field("letters", &self.len())
            .finish_non_exhaustive()
    }
}

impl Memory {
    fn sweep(&mut self, now: Timestamp) {
        while let Some(&(expires, place)) = self.expiry.first().filter(|(expires, _)| *expires < now) {
            self.expiry.remove(&(expires, place));
            if let Some(slot) = self.slots.remove(&place) {
                for id in slot.letter.ids {
                    if let Some(places) = self.by_id.get_mut(&id) {
                        places.retain(|known| *known != place);
                        if places.is_empty() {
                            self.by_id.remove(&id);
                        }
                    }
                }
            }
        }
    }

    fn oldest(&self, ids: &[CorrelationId]) -> Option<u64> {
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten();
        places
            .filter(|place| self.slots.get(place).is_some_and(|slot| !slot.taken))
            .min()
            .copied()
    }

    fn arrived_since(&self, ids: &[CorrelationId], since: u64) -> bool {
        ids.iter()
            .filter_map(|id| self.by_id.get(id))
            .flatten()
            .any(|place| *place >= since)
    }
}

impl Inbox for MemoryInbox {
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        let mut memory = self.memory();
        memory.sweep(letter.received);
        let known = letter.ids.iter().filter_map(|id| memory.by_id.get(id)).flatten();
        let repeated = known
            .filter_map(|place| memory.slots.get(place))
            .any(|slot| slot.letter.message == letter.message);
        let outcome = if repeated {
            Ok(Put::Duplicate)
        } else if memory.slots.len() >= memory.limit {
            Err(StoreError::Full(memory.limit))
        } else {
            let place = memory.next;
            memory.next += 1;
            memory.expiry.insert((letter.expires, place));
            let mut wake = Vec::new();
            for id in &letter.ids {
                memory.by_id.entry(id.clone()).or_default().push(place);
                wake.extend(memory.watchers.remove(id).unwrap_or_default());
            }
            memory.slots.insert(place, Slot { letter, taken: false });
            drop(memory);
            wake.into_iter().for_each(|(_, waker)| waker.wake());
            Ok(Put::Stored)
        };
        Box::pin(std::future::ready(outcome))
    }

    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        Box::pin(async move {
            let memory = self.memory();
            Ok(memory
                .oldest(ids)
                .and_then(|place| memory.slots.get(&place))
                .map(|slot| slot.letter.clone()))
        })
    }

    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        Box::pin(async move {
            let mut memory = self.memory();
            let Some(place) = memory.oldest(ids) else {
                return Ok(None);
            };
            Ok(memory.slots.get_mut(&place).map(|slot| {
                slot.taken = true;
                let letter = slot.letter.clone();
                // What is left of it only tells repeats apart.
                slot.letter.body = Bytes::new();
                letter
            }))
        })
    }

    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()> {
        let since = self.memory().next;
        Box::pin(Arrival {
            inbox: self.clone(),
            ids: ids.to_vec(),
            since,
            key: None,
        })
    }
}

struct Arrival {
    inbox: MemoryInbox,
    ids: Vec<CorrelationId>,
    since: u64,
    /// Under which number its wakers are registered.
    key: Option<u64>,
}

impl Future for Arrival {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut memory = this.inbox.memory();
        if memory.arrived_since(&this.ids, this.since) {
            return Poll::Ready(());
        }
        // A letter that came removed the wakers of its ids, even if it has expired since.
        let woken = this.key.is_some_and(|key| {
            let registered = |id| {
                memory
                    .watchers
                    .get(id)
                    .is_some_and(|list| list.iter().any(|(known, _)| *known == key))
            };
            !this.ids.iter().all(registered)
        });
        if woken {
            return Poll::Ready(());
        }
        let key = *this.key.get_or_insert_with(|| {
            memory.next += 1;
            memory.next - 1
        });
        for id in &this.ids {
            let watchers = memory.watchers.entry(id.clone()).or_default();
            match watchers.iter_mut().find(|(known, _)| *known == key) {
                Some((_, waker)) => waker.clone_from(context.waker()),
                None => watchers.push((key, context.waker().clone())),
            }
        }
        Poll::Pending
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let mut memory = self.inbox.memory();
        for id in &self.ids {
            if let Some(watchers) = memory.watchers.get_mut(id) {
                watchers.retain(|(known, _)| *known != key);
                if watchers.is_empty() {
                    memory.watchers.remove(id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::runtime::{Either, ManualRuntime, Runtime, Stalled, race};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn letter(external: &str, command: &str, message: &str, body: &'static str, now: u64) -> Letter {
        let ids = vec![
            CorrelationId::external("h", external),
            CorrelationId::command("h", command),
        ];
        Letter::new(
            ids,
            message,
            Bytes::from_static(body.as_bytes()),
            at(now),
            at(now + 60),
        )
    }

    fn block<T>(future: impl Future<Output = T>) -> T {
        ManualRuntime::new(at(0)).block_on(future).unwrap()
    }

    #[test]
    fn a_letter_is_stored_once_and_taken_once_under_either_id() {
        let inbox = MemoryInbox::new();
        block(async {
            assert_eq!(
                inbox.put(letter("e", "1", "m", "first", 0)).await,
                Ok(Put::Stored)
            );
            assert_eq!(
                inbox.put(letter("e", "1", "m", "again", 1)).await,
                Ok(Put::Duplicate)
            );
            let by_command = [CorrelationId::command("h", "1")];
            assert_eq!(inbox.peek(&by_command).await.unwrap().unwrap().body(), "first");
            assert_eq!(inbox.take(&by_command).await.unwrap().unwrap().body(), "first");
            assert!(
                inbox
                    .take(&[CorrelationId::external("h", "e")])
                    .await
                    .unwrap()
                    .is_none()
            );
            assert_eq!(
                inbox.put(letter("e", "1", "m", "late repeat", 2)).await,
                Ok(Put::Duplicate)
            );
            assert_eq!(
                inbox.put(letter("e", "1", "m2", "another", 3)).await,
                Ok(Put::Stored)
            );
        });
    }

    #[test]
    fn ids_of_two_kinds_or_two_services_never_meet() {
        assert_ne!(
            CorrelationId::external("h", "1"),
            CorrelationId::command("h", "1")
        );
        assert_ne!(
            CorrelationId::external("a", "1"),
            CorrelationId::external("b", "1")
        );
    }

    #[test]
    fn arrival_counts_from_the_call_and_not_from_the_first_poll() {
        let inbox = MemoryInbox::new();
        let ids = [CorrelationId::external("h", "e")];
        block(async {
            inbox.put(letter("e", "1", "old", "", 0)).await.unwrap();
            let arrival = inbox.arrival(&ids);
            inbox.put(letter("e", "1", "new", "", 0)).await.unwrap();
            arrival.await;
        });
        let only_old = inbox.arrival(&ids);
        assert_eq!(ManualRuntime::new(at(0)).block_on(only_old), Err(Stalled));
        assert!(
            inbox.memory().watchers.is_empty(),
            "a dropped waiter leaves nothing behind"
        );
    }

    #[test]
    fn a_waiter_is_woken_by_a_letter_that_comes_later() {
        let runtime = ManualRuntime::new(at(0));
        let inbox = MemoryInbox::new();
        let ids = [CorrelationId::command("h", "9")];
        let (waiting, later) = (inbox.arrival(&ids), runtime.sleep(Duration::from_secs(5)));
        let sender = async {
            later.await;
            inbox.put(letter("other", "8", "m", "", 5)).await.unwrap();
            inbox.put(letter("e", "9", "m", "", 5)).await.unwrap();
            std::future::pending::<()>().await;
        };
        assert_eq!(runtime.block_on(race(waiting, sender)), Ok(Either::First(())));
    }

    #[test]
    fn a_letter_that_expired_before_the_waiter_looked_still_wakes_it() {
        let inbox = MemoryInbox::new();
        let mut arrival = inbox.arrival(&[CorrelationId::command("h", "1")]);
        let waker = Waker::noop();
        let mut context = Context::from_waker(waker);
        assert!(arrival.as_mut().poll(&mut context).is_pending());
        block(inbox.put(letter("e", "1", "m", "", 0))).unwrap();
        block(inbox.put(letter("x", "2", "m", "", 1000))).unwrap();
        assert_eq!(inbox.len(), 1);
        assert!(arrival.as_mut().poll(&mut context).is_ready());
    }

    #[test]
    fn what_has_expired_is_forgotten_and_a_full_store_says_so() {
        let inbox = MemoryInbox::with_limit(2);
        block(async {
            inbox.put(letter("a", "1", "m", "", 0)).await.unwrap();
            inbox.put(letter("b", "2", "m", "", 10)).await.unwrap();
            assert_eq!(
                inbox.put(letter("c", "3", "m", "", 20)).await,
                Err(StoreError::Full(2))
            );
            assert_eq!(inbox.put(letter("c", "3", "m", "", 61)).await, Ok(Put::Stored));
            assert_eq!(inbox.len(), 2);
        });
        assert_eq!(inbox.memory().by_id.len(), 4);
    }
}
