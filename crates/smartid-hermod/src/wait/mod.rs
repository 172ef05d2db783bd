//! Waiting for a person: callback or poll, whichever comes first.
//!
//! A callback may be lost (it may be tried only once), and the poll path is a guess. So both are used, and neither ends the wait by
//! failing: polls that fail several times in a row are given up, with a warning that says why, and the callback is waited for alone. The
//! wait itself ends soon after the command's `timeout`, and never after its `lifespan`. A wait that is dropped loses nothing: outcomes
//! stay in the inbox until [`Hermod::acknowledge`] takes them.
//!
//! # Which report counts
//!
//! * For each mailbox the first final report counts, whatever comes later: a success after a timeout stays in the inbox as it came, and
//!   changes nothing; neither does a timeout after a success.
//! * A command to a user is put into each of the user's mailboxes, and each answers for itself. [`Until`] says whether the first success
//!   ends the wait, which is the default, or only the last answer. A report that names no mailbox or several, and the answer to a poll,
//!   tell of the command as a whole.
//! * A report is another command's, and is passed over, when an id that both have differs, or when it came to the verb of another command
//!   than the one that [`Pending::sent_to`] names. A mailbox that the command was not put into leaves a lint, because where a report
//!   names it is inferred.
//!
//! One engine serves the three ways to wait: [`Hermod::wait`] is one `await`, [`Hermod::states`] tells what happens meanwhile, and
//! [`Hermod::wait_step`] leaves the sleeping to the caller.

use std::sync::Arc;

use smartid_core::{Inbox, StoreError, Timestamp};

use crate::client::Hermod;
use crate::letter;
use crate::pending::Pending;
use crate::report::CommandReport;

mod engine;
mod lent;
mod policy;
mod polling;
mod reports;
mod states;
mod watch;

pub use engine::Waiter;
pub use policy::{PollHealth, PollPolicy, Until};
pub use states::{StateChange, States};

/// Who brought the end of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum By {
    /// A callback.
    Callback,
    /// A poll.
    Poll,
    /// The clock.
    Deadline,
}

/// The end of a wait.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waited {
    /// The report that decides: of several mailboxes the first success, or else the first answer. `None` when the deadline passed
    /// without any.
    pub report: Option<CommandReport>,
    /// All final reports that had come, one per mailbox, in the order in which they came; `report` is one of them.
    pub reports: Vec<CommandReport>,
    /// Who brought the end.
    pub by: By,
    /// How polling went.
    pub polling: PollHealth,
    /// When there is no final report: the last one that was not final, for diagnosis. Its state may be a spelling that the dialect lacks.
    pub unfinished: Option<CommandReport>,
}

/// What one step of a wait came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// The wait is over.
    Done(Box<Waited>),
    /// Nothing to do before this time, unless a letter arrives.
    Sleep {
        /// When to take the next step.
        until: Timestamp,
    },
}

impl Hermod {
    /// Waits for the end of a command, by callback or poll, whichever comes first.
    ///
    /// It ends with a final report, or some time after the command's `timeout` without one. The outcome stays in the inbox, so nothing
    /// is lost when this future is dropped; [`acknowledge`](Self::acknowledge) takes it once it has been dealt with.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read. Nothing is lost then: wait again.
    pub async fn wait(
        &self,
        inbox: &dyn Inbox,
        pending: &Pending,
        policy: &PollPolicy,
    ) -> Result<Waited, StoreError> {
        Waiter::new(self, inbox, pending, policy).run().await
    }

    /// Waits as [`wait`](Self::wait) does, and tells what happens meanwhile.
    #[must_use]
    pub fn states<'a>(
        &'a self,
        inbox: &'a dyn Inbox,
        pending: &'a Pending,
        policy: &PollPolicy,
    ) -> States<'a> {
        States::new(Waiter::new(self, inbox, pending, policy))
    }

    /// As [`states`](Self::states), for a stream that outlives the function that makes it: the body of an HTTP response.
    #[must_use]
    pub fn owned_states(
        &self,
        inbox: Arc<dyn Inbox>,
        pending: Pending,
        policy: &PollPolicy,
    ) -> States<'static> {
        States::new(Waiter::owned(self, inbox, pending, policy))
    }

    /// One step of a wait, without sleeping. `health` is what the step before returned, or the default.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub async fn wait_step(
        &self,
        inbox: &dyn Inbox,
        pending: &Pending,
        policy: &PollPolicy,
        health: PollHealth,
    ) -> Result<(Step, PollHealth), StoreError> {
        Waiter::new(self, inbox, pending, policy)
            .with_health(health)
            .step()
            .await
    }

    /// Takes the command's letters out of the inbox, when its outcome has been dealt with.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read.
    pub async fn acknowledge(&self, inbox: &dyn Inbox, pending: &Pending) -> Result<(), StoreError> {
        for kind in [letter::FINAL, letter::PROGRESS] {
            // One id after the other: under an external id another command's letter may stand first.
            for id in pending.ids(kind) {
                let id = std::slice::from_ref(&id);
                while let Some(letter) = inbox.peek(id).await? {
                    let foreign = CommandReport::from_letter(&letter, self.dialect())
                        .is_ok_and(|report| report.is_foreign_to(pending, self.dialect()));
                    if foreign || inbox.take(id).await?.is_none() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}
