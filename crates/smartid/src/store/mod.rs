//! Where a flow is kept while it waits for people.
//!
//! A flow is a journal of named steps. A person takes minutes, a process may be restarted, a callback may reach another replica: so
//! each step is written before and after it is taken, under a revision that only one writer can advance, and any process that shares
//! the store can carry on. A store is also the [`Inbox`] of the callbacks, so that an outcome and the step it causes are taken together.
//!
//! [`MemoryFlowStore`] serves one process and forgets when it ends.

mod memory;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smartid_core::{BoxFuture, Inbox, Letter, Runtime, StoreError, Timestamp, random_id};

pub use memory::MemoryFlowStore;

/// The name of one run of a flow: 32 hexadecimal digits that nobody can guess.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FlowId(String);

impl FlowId {
    /// A new name.
    #[must_use]
    pub fn random(runtime: &dyn Runtime) -> Self {
        Self(random_id(runtime))
    }

    /// A name that was kept elsewhere, such as in a web session.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FlowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FlowId({})", self.0)
    }
}

/// What a journal entry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mark {
    /// The step is about to be taken; after a crash nobody knows whether it was.
    Intent,
    /// The step was taken.
    Result,
    /// Something worth knowing that is no step.
    Note,
}

/// One line of a flow's journal. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// When it was written.
    pub at: Timestamp,
    /// The step's name.
    pub step: String,
    /// What it says of the step.
    pub mark: Mark,
    /// For people: what happened, in an English phrase.
    pub text: String,
}

impl JournalEntry {
    /// One line.
    pub fn new(at: Timestamp, step: &str, mark: Mark, text: impl Into<String>) -> Self {
        Self {
            at,
            step: step.to_owned(),
            mark,
            text: text.into(),
        }
    }
}

/// A flow as it is stored. Its `Debug` does not show the state, which holds personal data.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FlowRecord {
    /// Its name.
    pub id: FlowId,
    /// Which flow it is, such as `fido-enrolment`.
    pub flow: String,
    /// The version of the state's form; a version that is not known is refused, never guessed.
    pub version: u32,
    /// Counts the writes.
    pub revision: u64,
    /// The state as JSON.
    pub state: String,
    /// The journal so far.
    pub journal: Vec<JournalEntry>,
    /// Whether it has ended.
    pub ended: bool,
    /// When somebody should look at it again if nothing happens before.
    pub resume_at: Timestamp,
}

impl FlowRecord {
    /// A new flow at revision 0.
    #[must_use]
    pub fn new(id: FlowId, flow: &str, version: u32, state: String, resume_at: Timestamp) -> Self {
        let flow = flow.to_owned();
        Self {
            id,
            flow,
            version,
            revision: 0,
            state,
            journal: Vec::new(),
            ended: false,
            resume_at,
        }
    }
}

/// One write: a new state, new journal lines, and the letter that caused them, all or nothing. Its `Debug` does not show the state.
#[derive(Clone)]
#[non_exhaustive]
pub struct Commit {
    /// Which flow.
    pub id: FlowId,
    /// The revision that the writer has read.
    pub expected: u64,
    /// The new state.
    pub state: String,
    /// Lines to append.
    pub entries: Vec<JournalEntry>,
    /// Whether the flow has now ended.
    pub ended: bool,
    /// When somebody should look at it again.
    pub resume_at: Timestamp,
    /// The letter that this write has dealt with: the stored one that shares an id and the message with it is then taken.
    pub taken: Option<Letter>,
}

impl Commit {
    /// A write on top of `record`.
    #[must_use]
    pub fn of(record: &FlowRecord, state: String, entries: Vec<JournalEntry>) -> Self {
        Self {
            id: record.id.clone(),
            expected: record.revision,
            state,
            entries,
            ended: false,
            resume_at: record.resume_at,
            taken: None,
        }
    }
}

impl fmt::Debug for FlowRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            flow,
            version,
            revision,
            state,
            journal,
            ended,
            resume_at,
        } = self;
        f.debug_struct("FlowRecord")
            .field("id", id)
            .field("flow", flow)
            .field("version", version)
            .field("revision", revision)
            .field("state_bytes", &state.len())
            .field("journal", journal)
            .field("ended", ended)
            .field("resume_at", resume_at)
            .finish()
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            expected,
            state,
            entries,
            ended,
            resume_at,
            taken,
        } = self;
        f.debug_struct("Commit")
            .field("id", id)
            .field("expected", expected)
            .field("state_bytes", &state.len())
            .field("entries", entries)
            .field("ended", ended)
            .field("resume_at", resume_at)
            .field("taken", taken)
            .finish()
    }
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Committed {
    /// It is written; this is the new revision.
    Written(u64),
    /// Somebody else wrote first: read again.
    Conflict,
}

/// Whether a flow may be acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lease {
    /// It is ours until then.
    Granted,
    /// Somebody else has it until then.
    HeldUntil(Timestamp),
}

/// Keeps flows: an [`Inbox`] with versioned compare-and-swap, leases and the journal.
pub trait FlowStore: Inbox {
    /// Stores a new flow; [`StoreError::Exists`] when there is one of this name.
    fn insert(&self, record: FlowRecord) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Reads a flow.
    fn load<'a>(&'a self, id: &'a FlowId) -> BoxFuture<'a, Result<Option<FlowRecord>, StoreError>>;

    /// Writes if nobody else has written since.
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>>;

    /// Asks for the flow until `now + duration`. The holder may ask again to prolong. It is held while a call that must not be made
    /// twice is under way, not while people are waited for.
    fn lease<'a>(
        &'a self,
        id: &'a FlowId,
        owner: &'a str,
        now: Timestamp,
        duration: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>>;

    /// Gives a lease back before its time. Best effort: a lease that is not given back runs out.
    fn release<'a>(&'a self, id: &'a FlowId, owner: &'a str) -> BoxFuture<'a, ()>;

    /// Flows to carry on with, for a task that looks every minute or so and calls the flow's `resume()` or `complete()`: those that have
    /// not ended, that nobody holds, and whose [`FlowRecord::resume_at`] has come: at most `limit`, the oldest first.
    fn abandoned(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<FlowId>, StoreError>>;

    /// Removes flows that have ended and were last written before `before`; gives how many. Whether and when is the integrator's choice:
    /// the journal is the record of what was done.
    fn forget_ended(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>>;

    /// Completes when the flow is written after this call. It may complete early.
    fn changed(&self, id: &FlowId) -> BoxFuture<'static, ()>;
}
