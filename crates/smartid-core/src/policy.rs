//! How long a call may take and how often it is tried.
//!
//! A policy knows nothing of the protocol: whether a failure may be followed by another attempt is the verdict of
//! [`Error::retry`](crate::Error::retry) and of the operation's [`Repeat`](crate::Repeat). Retries are spread at random, so that many
//! clients do not come back at the same moment; polling is not.

use std::time::Duration;

use crate::endpoint::Repeat;
use crate::error::{Error, Phase, Retry};
use crate::runtime::Runtime;

/// Limits of one call, all its attempts included.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::CallPolicy;
///
/// let policy = CallPolicy::default();
/// assert_eq!(policy.attempt_limit(), Duration::from_secs(30));
/// assert_eq!(policy.total_limit(), Duration::from_secs(60));
/// assert_eq!(policy.attempts(), 3);
/// let patient = policy.with_total_limit(Duration::from_secs(300)).with_attempts(10);
/// assert_eq!(patient.attempts(), 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    attempt_limit: Duration,
    total_limit: Duration,
    attempts: u32,
    first_pause: Duration,
    longest_pause: Duration,
}

impl Default for CallPolicy {
    /// 30 seconds for an attempt, 60 for the call, 3 attempts, pauses of up to 0.25, 0.5, 1, 2, 4 and then 5 seconds.
    fn default() -> Self {
        Self {
            attempt_limit: Duration::from_secs(30),
            total_limit: Duration::from_secs(60),
            attempts: 3,
            first_pause: Duration::from_millis(250),
            longest_pause: Duration::from_secs(5),
        }
    }
}

impl CallPolicy {
    /// How long one attempt may take.
    #[must_use]
    pub fn attempt_limit(&self) -> Duration {
        self.attempt_limit
    }

    /// How long the call may take, pauses included.
    #[must_use]
    pub fn total_limit(&self) -> Duration {
        self.total_limit
    }

    /// How often the request is sent at most; at least once.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts.max(1)
    }

    /// Sets how long one attempt may take.
    #[must_use]
    pub fn with_attempt_limit(mut self, limit: Duration) -> Self {
        self.attempt_limit = limit;
        self
    }

    /// Sets how long the call may take, pauses included.
    #[must_use]
    pub fn with_total_limit(mut self, limit: Duration) -> Self {
        self.total_limit = limit;
        self
    }

    /// Sets how often the request is sent at most; 1 turns retries off.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets the first and the longest pause between attempts; in between they double.
    #[must_use]
    pub fn with_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.first_pause = first;
        self.longest_pause = longest;
        self
    }

    /// The pause before the next attempt, or `None` when there must be none.
    pub(crate) fn pause(
        &self,
        error: &Error,
        repeat: Repeat,
        attempt: u32,
        runtime: &dyn Runtime,
    ) -> Option<Duration> {
        if attempt >= self.attempts() {
            return None;
        }
        match error.retry() {
            // The service's own hint wins.
            Retry::Yes { after: Some(after) } => Some(after),
            Retry::Yes { after: None } => Some(self.backoff(attempt, runtime)),
            Retry::No => None,
            // Perhaps done: once more does no harm to an operation that can bear it. What was unreadable stays unreadable.
            Retry::Forbidden if error.phase() == Phase::Unreadable => None,
            Retry::Forbidden => match repeat {
                Repeat::Safe | Repeat::Idempotent => Some(self.backoff(attempt, runtime)),
                Repeat::Once => None,
            },
        }
    }

    /// Half of the doubled pause, and up to the other half at random.
    fn backoff(&self, attempt: u32, runtime: &dyn Runtime) -> Duration {
        let factor = 1_u32 << attempt.saturating_sub(1).min(16);
        let full = self.first_pause.saturating_mul(factor).min(self.longest_pause);
        let mut random = [0_u8; 2];
        runtime.fill_random(&mut random);
        let share = f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX);
        full.mul_f64(0.5 + share / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::ManualRuntime;
    use crate::{Timestamp, TransportError, TransportProblem};

    fn pause(problem: TransportProblem, repeat: Repeat, attempt: u32) -> Option<Duration> {
        let runtime = ManualRuntime::new(Timestamp::from_millis(0));
        let error = Error::transport("x.y", TransportError::new(problem, ""));
        CallPolicy::default().pause(&error, repeat, attempt, &runtime)
    }

    #[test]
    fn what_was_not_sent_may_be_repeated_and_what_was_perhaps_done_only_if_it_bears_it() {
        assert!(pause(TransportProblem::Connect, Repeat::Once, 1).is_some());
        assert!(pause(TransportProblem::Broken, Repeat::Once, 1).is_none());
        assert!(pause(TransportProblem::Broken, Repeat::Idempotent, 1).is_some());
        assert!(pause(TransportProblem::Timeout, Repeat::Safe, 1).is_some());
        assert!(pause(TransportProblem::TooLarge, Repeat::Safe, 1).is_none());
        assert!(pause(TransportProblem::UntrustedServer, Repeat::Safe, 1).is_none());
        assert!(
            pause(TransportProblem::Connect, Repeat::Safe, 3).is_none(),
            "three attempts are all"
        );
    }

    #[test]
    fn pauses_double_and_stay_within_their_limits() {
        for attempt in 1..3 {
            let full = Duration::from_millis(250) * (1 << (attempt - 1));
            let pause = pause(TransportProblem::Connect, Repeat::Safe, attempt).unwrap();
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
    }
}
