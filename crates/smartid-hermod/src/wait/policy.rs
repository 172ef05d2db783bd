//! How often to poll, and what has become of polling so far.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use smartid_core::{Error, Timestamp};

use crate::pending::Pending;

/// How often a command's state is asked for, and when that is given up.
///
/// ```
/// use std::time::Duration;
/// use smartid_hermod::wait::PollPolicy;
///
/// let policy = PollPolicy::default();
/// assert_eq!(policy.interval(), Some(Duration::from_secs(2)));
/// assert_eq!(PollPolicy::off().interval(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollPolicy {
    pub(super) interval: Option<Duration>,
    pub(super) first: Duration,
    give_up_after: u32,
    pub(super) attempt_limit: Duration,
    grace: Duration,
    pub(super) settle: Duration,
    until: Until,
}

/// When the wait for a command to several mailboxes ends. A user may have several apps, and each gets the command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Until {
    /// With the first success, or when no mailbox is left that could bring one: a person who declines on one device may approve on
    /// another.
    #[default]
    FirstSuccess,
    /// When all mailboxes have answered.
    AllMailboxes,
}

impl Default for PollPolicy {
    /// First after one second, then every two; five failures in a row are enough; a poll may take ten seconds.
    fn default() -> Self {
        Self {
            interval: Some(Duration::from_secs(2)),
            first: Duration::from_secs(1),
            give_up_after: 5,
            attempt_limit: Duration::from_secs(10),
            grace: Duration::from_secs(30),
            settle: Duration::from_secs(5),
            until: Until::FirstSuccess,
        }
    }
}

impl PollPolicy {
    /// Callbacks only.
    #[must_use]
    pub fn off() -> Self {
        Self {
            interval: None,
            ..Self::default()
        }
    }

    /// How long after one poll the next begins; `None` when there is no polling. Waits of many clients begin at different times, so this
    /// is not spread at random.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.interval
    }

    /// Sets the time before the first poll and between polls; at least a tenth of a second each.
    #[must_use]
    pub fn with_interval(mut self, first: Duration, interval: Duration) -> Self {
        let least = Duration::from_millis(100);
        self.first = first.max(least);
        self.interval = Some(interval.max(least));
        self
    }

    /// Sets how many failures in a row are enough to stop polling; at least one.
    #[must_use]
    pub fn with_give_up_after(mut self, failures: u32) -> Self {
        self.give_up_after = failures.max(1);
        self
    }

    /// Sets how long one poll may take.
    #[must_use]
    pub fn with_attempt_limit(mut self, limit: Duration) -> Self {
        self.attempt_limit = limit;
        self
    }

    /// Sets how long after the command's `timeout` its own callback is still waited for; 30 seconds unless set, and never past the
    /// `lifespan`.
    #[must_use]
    pub fn with_grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Sets how long, after a poll told of a failure without saying which, the callback is waited for; 5 seconds unless set.
    #[must_use]
    pub fn with_settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Sets when the wait for a command to several mailboxes ends; with the first success unless set. It takes a [`Pending`] that knows
    /// the answer to the command.
    #[must_use]
    pub fn with_until(mut self, until: Until) -> Self {
        self.until = until;
        self
    }

    /// When the wait for a command to several mailboxes ends.
    #[must_use]
    pub fn until(&self) -> Until {
        self.until
    }

    /// When the wait for a command ends, whatever has come.
    #[must_use]
    pub fn deadline(&self, pending: &Pending) -> Timestamp {
        (pending.expires + self.grace).earlier(pending.forget_after)
    }
}

/// How polling goes. It can be stored with a flow, so that another process goes on where this one stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PollHealth {
    /// How many polls were answered or failed.
    pub polls: u32,
    /// How many failed since the last one that did not.
    pub failures: u32,
    /// The last failure, redacted.
    pub last_failure: Option<String>,
    /// Why there is no more polling; callbacks alone are waited for.
    pub degraded: Option<String>,
    /// When the next poll is due.
    pub next: Option<Timestamp>,
    /// A poll told that the command is over but not what came of it: until when the callback may still tell.
    pub settles: Option<Timestamp>,
}

impl PollHealth {
    /// Whether polling was given up.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.degraded.is_some()
    }

    /// When to poll next, if at all.
    pub(super) fn due(
        &mut self,
        pending: &Pending,
        policy: &PollPolicy,
        now: Timestamp,
    ) -> Option<Timestamp> {
        if self.is_degraded() || pending.command_id.is_none() {
            return None;
        }
        // Never further away than a poll can be: the clock may have been set back since.
        let furthest = now + policy.first.max(policy.interval?);
        let next = self.next.unwrap_or(now + policy.first).earlier(furthest);
        self.next = Some(next);
        Some(next)
    }

    pub(super) fn failed(&mut self, error: &Error, policy: &PollPolicy) {
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(error.to_string());
        if self.failures >= policy.give_up_after && !self.is_degraded() {
            tracing::warn!(
                failures = self.failures,
                reason = %error,
                "polling a command's state fails; waiting for the callback alone"
            );
            self.degraded = Some(format!(
                "{} polls in a row failed, the last with: {error}",
                self.failures
            ));
        }
    }
}
