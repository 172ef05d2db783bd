//! An inbox in memory.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future;
use std::hash::{DefaultHasher, Hasher as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{CorrelationId, Inbox, Letter, Put, StoreError};
use crate::Timestamp;
use crate::runtime::BoxFuture;

/// How many bytes of bodies it holds at most, unless set.
const DEFAULT_BYTE_LIMIT: usize = 1024 * 1024 * 1024;

/// An inbox in memory, for one process. What has expired is forgotten as new letters come.
#[derive(Clone)]
pub struct MemoryInbox(Arc<Mutex<Memory>>);

struct Memory {
    limit: usize,
    byte_limit: usize,
    /// Of the bodies that nobody has taken.
    bytes: usize,
    next: u64,
    slots: HashMap<u64, Slot>,
    by_id: HashMap<CorrelationId, Vec<u64>>,
    expiry: BTreeSet<(Timestamp, u64)>,
    watchers: HashMap<CorrelationId, Vec<(u64, Waker)>>,
    unclaimed: u64,
}

struct Slot {
    letter: Letter,
    taken: bool,
    /// Tells the body of a letter that was taken from that of a later one.
    digest: u64,
}

impl Slot {
    /// What is left of it only tells repeats apart.
    /// Returns how many bytes that gave back.
    fn empty(&mut self) -> usize {
        if self.taken {
            return 0;
        }
        self.taken = true;
        self.digest = digest(&self.letter.body);
        std::mem::take(&mut self.letter.body).len()
    }

    fn has_body(&self, body: &Bytes) -> bool {
        if self.taken {
            self.digest == digest(body)
        } else {
            self.letter.body == *body
        }
    }
}

fn digest(body: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    hasher.finish()
}

impl MemoryInbox {
    /// Holds at most a million letters, and at most 1 GiB of them.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limit(1_000_000)
    }

    /// Holds at most `limit` letters, taken ones that have not expired included.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Memory {
            limit,
            byte_limit: DEFAULT_BYTE_LIMIT,
            bytes: 0,
            next: 0,
            slots: HashMap::new(),
            by_id: HashMap::new(),
            expiry: BTreeSet::new(),
            watchers: HashMap::new(),
            unclaimed: 0,
        })))
    }

    /// Sets how many bytes of bodies that nobody has taken it holds at most: a letter may be as large as its receiver lets it be.
    #[must_use]
    pub fn with_byte_limit(self, bytes: usize) -> Self {
        self.memory().byte_limit = bytes;
        self
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
                let freed = slot.empty();
                memory.bytes = memory.bytes.saturating_sub(freed);
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
                self.bytes = self.bytes.saturating_sub(slot.letter.body.len());
                self.unclaimed += u64::from(!slot.taken);
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

    /// The places of the letters that nobody has taken; one may be named twice.
    fn untaken(&self, ids: &[CorrelationId]) -> impl Iterator<Item = u64> {
        let places = ids.iter().filter_map(|id| self.by_id.get(id)).flatten();
        places
            .filter(|place| self.slots.get(place).is_some_and(|slot| !slot.taken))
            .copied()
    }

    fn oldest(&self, ids: &[CorrelationId]) -> Option<u64> {
        self.untaken(ids).min()
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
            .find(|slot| slot.letter.message == letter.message);
        let outcome = if let Some(first) = repeated {
            Ok(if first.has_body(&letter.body) {
                Put::Duplicate
            } else {
                Put::Conflict
            })
        } else if memory.slots.len() >= memory.limit
            || memory.bytes.saturating_add(letter.body.len()) > memory.byte_limit
        {
            Err(StoreError::Full(memory.slots.len()))
        } else {
            memory.bytes += letter.body.len();
            let place = memory.next;
            memory.next += 1;
            memory.expiry.insert((letter.expires, place));
            let mut wake = Vec::new();
            for id in &letter.ids {
                memory.by_id.entry(id.clone()).or_default().push(place);
                wake.extend(memory.watchers.remove(id).unwrap_or_default());
            }
            let slot = Slot {
                letter,
                taken: false,
                digest: 0,
            };
            memory.slots.insert(place, slot);
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

    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        Box::pin(async move {
            let memory = self.memory();
            let places: BTreeSet<u64> = memory.untaken(ids).collect();
            let letters = places.iter().filter_map(|place| memory.slots.get(place));
            Ok(letters.take(limit).map(|slot| slot.letter.clone()).collect())
        })
    }

    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        Box::pin(async move {
            let mut memory = self.memory();
            let Some(place) = memory.oldest(ids) else {
                return Ok(None);
            };
            let Some(slot) = memory.slots.get_mut(&place) else {
                return Ok(None);
            };
            let letter = slot.letter.clone();
            let freed = slot.empty();
            memory.bytes = memory.bytes.saturating_sub(freed);
            Ok(Some(letter))
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

    fn unclaimed(&self, now: Timestamp) -> Option<u64> {
        let mut memory = self.memory();
        memory.sweep(now);
        Some(memory.unclaimed)
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
mod tests;
