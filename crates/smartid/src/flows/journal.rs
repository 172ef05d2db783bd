//! A flow while it is being worked on: its state, its journal, and the writes that keep the two together.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use smartid_core::{Letter, Runtime, StoreError, Timestamp, random_id};

use super::failure::FlowError;
use crate::store::{Commit, Committed, FlowId, FlowRecord, FlowStore, JournalEntry, Lease, Mark};

/// Hears each journal line as it is written: for progress on a terminal or a page, and for logs.
pub trait Observer: Send + Sync {
    /// A line was written.
    fn written(&self, flow: &FlowId, entry: &JournalEntry);
}

impl<F: Fn(&FlowId, &JournalEntry) + Send + Sync> Observer for F {
    fn written(&self, flow: &FlowId, entry: &JournalEntry) {
        self(flow, entry);
    }
}

/// The state of one kind of flow.
pub(crate) trait FlowState: Serialize + DeserializeOwned + Clone {
    /// The flow's name.
    const FLOW: &'static str;
    /// The version of the state's form.
    const VERSION: u32;
    /// Whether the flow has ended.
    fn ended(&self) -> bool;
    /// When somebody should look at it again.
    fn resume_at(&self) -> Timestamp;
}

/// What a flow runs on.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn FlowStore>,
    pub(crate) runtime: Arc<dyn Runtime>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            store,
            runtime,
            observer,
        } = self;
        f.debug_struct("Desk")
            .field("store", store)
            .field("runtime", runtime)
            .field("observed", &observer.is_some())
            .finish()
    }
}

/// Why a step was not taken.
#[derive(Debug)]
pub(crate) enum Interrupted {
    /// Somebody else wrote first: read again.
    Conflict,
    /// Somebody else held the flow, and was waited for: read again.
    Waited,
    /// The flow cannot be run.
    Flow(FlowError),
}

impl From<FlowError> for Interrupted {
    fn from(error: FlowError) -> Self {
        Self::Flow(error)
    }
}

impl From<StoreError> for Interrupted {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// One flow, read from the store.
pub(crate) struct Run<S> {
    desk: Desk,
    record: FlowRecord,
    pub(crate) state: S,
}

impl<S: FlowState> Run<S> {
    /// Stores a new flow.
    pub(crate) async fn start(desk: &Desk, state: S) -> Result<Self, FlowError> {
        let id = FlowId::random(&*desk.runtime);
        let record = FlowRecord::new(id, S::FLOW, S::VERSION, write(&state)?, state.resume_at());
        desk.store.insert(record.clone()).await?;
        Ok(Self {
            desk: desk.clone(),
            record,
            state,
        })
    }

    /// Reads a flow.
    pub(crate) async fn load(desk: &Desk, id: &FlowId) -> Result<Self, FlowError> {
        let record = desk
            .store
            .load(id)
            .await?
            .ok_or_else(|| FlowError::NotFound(id.clone()))?;
        if record.flow != S::FLOW || record.version != S::VERSION {
            return Err(FlowError::UnknownVersion {
                id: record.id,
                flow: record.flow,
                version: record.version,
            });
        }
        let state = serde_json::from_str(&record.state)
            .map_err(|error| StoreError::Corrupt(format!("flow {id}: {error}")))?;
        Ok(Self {
            desk: desk.clone(),
            record,
            state,
        })
    }

    pub(crate) fn id(&self) -> &FlowId {
        &self.record.id
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.desk.runtime.now()
    }

    /// Writes a journal line together with a change of the state, and the letter that caused it.
    pub(crate) async fn write(
        &mut self,
        step: &str,
        mark: Mark,
        text: &str,
        taken: Option<Letter>,
        change: impl FnOnce(&mut S),
    ) -> Result<(), Interrupted> {
        let mut state = self.state.clone();
        change(&mut state);
        let entry = JournalEntry::new(self.now(), step, mark, text);
        let mut commit = Commit::of(&self.record, write(&state)?, vec![entry.clone()]);
        commit.ended = state.ended();
        commit.resume_at = state.resume_at();
        commit.taken = taken;
        match self.desk.store.commit(commit).await? {
            Committed::Written(revision) => {
                self.record.revision = revision;
                self.state = state;
                tracing::debug!(flow = %self.record.id, step, "journal");
                if let Some(observer) = &self.desk.observer {
                    observer.written(&self.record.id, &entry);
                }
                Ok(())
            }
            Committed::Conflict => Err(Interrupted::Conflict),
        }
    }

    /// Holds the flow, so that nobody else acts on it. While somebody else does, waits for a change or for the end of their time, and
    /// gives `Waited`.
    pub(crate) async fn hold(&self, duration: Duration) -> Result<Held, Interrupted> {
        let Desk { store, runtime, .. } = &self.desk;
        let owner = random_id(&**runtime);
        let changed = store.changed(self.id());
        match store.lease(self.id(), &owner, self.now(), duration).await? {
            Lease::Granted => Ok(Held {
                store: Arc::clone(store),
                id: self.id().clone(),
                owner,
            }),
            Lease::HeldUntil(until) => {
                // Never longer than a lease is: the clock may have jumped back since it was given.
                let left = until.since(self.now()).clamp(Duration::from_millis(50), duration);
                smartid_core::race(changed, runtime.sleep(left)).await;
                Err(Interrupted::Waited)
            }
        }
    }
}

fn write<S: Serialize>(state: &S) -> Result<String, StoreError> {
    serde_json::to_string(state).map_err(|error| StoreError::Corrupt(error.to_string()))
}

/// A lease that is given back when it is dropped.
pub(crate) struct Held {
    store: Arc<dyn FlowStore>,
    id: FlowId,
    owner: String,
}

impl Held {
    /// Prolongs the lease. `Conflict` when it has run out and somebody else has taken it.
    pub(crate) async fn renew(&self, now: Timestamp, duration: Duration) -> Result<(), Interrupted> {
        match self.store.lease(&self.id, &self.owner, now, duration).await? {
            Lease::Granted => Ok(()),
            Lease::HeldUntil(_) => Err(Interrupted::Conflict),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Stores that can release at once do so at the call; with the others the lease runs out.
        drop(self.store.release(&self.id, &self.owner));
    }
}
