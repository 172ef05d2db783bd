//! The simulator's own clock. Lifespans, timeouts, challenge expiry, retry delays and slow people are all measured on it, so that
//! a test moves an hour in one call instead of sleeping, and a demonstration runs on real time with the same code.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Time as the simulator sees it: either the system's, or one that only moves when it is told to.
///
/// Clones share the same time.
#[derive(Clone, Debug)]
pub struct SimClock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System { started: Instant, epoch: Duration },
    Manual { now: watch::Sender<Duration> },
}

/// Where a manual clock stands in calendar time when it is made: 2026-01-01T00:00:00Z, so that time stamps repeat.
const MANUAL_EPOCH: Duration = Duration::from_secs(1_767_225_600);

impl SimClock {
    /// The system's time. Waiting really waits.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the simulator reads real time; everything else asks SimClock"
    )]
    pub fn system() -> Self {
        Self(Kind::System {
            started: Instant::now(),
            epoch: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or(MANUAL_EPOCH),
        })
    }

    /// A clock that stands still until [`SimClock::advance`] is called.
    #[must_use]
    pub fn manual() -> Self {
        Self(Kind::Manual {
            now: watch::Sender::new(Duration::ZERO),
        })
    }

    /// Whether this clock moves only by [`SimClock::advance`].
    #[must_use]
    pub fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual { .. })
    }

    /// Moves a manual clock forward and wakes everything that was due. On the system clock it does nothing.
    ///
    /// What is due runs in tasks of its own: when this returns, a timeout has been *released*, not necessarily *handled*. State that
    /// is asked for over HTTP is always computed for the new time.
    pub fn advance(&self, by: Duration) {
        if let Kind::Manual { now } = &self.0 {
            now.send_modify(|time| *time = time.saturating_add(by));
        }
    }

    /// Time since the clock was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.0 {
            Kind::System { started, .. } => started.elapsed(),
            Kind::Manual { now } => *now.borrow(),
        }
    }

    /// Calendar time as milliseconds since 1970, for time stamps in bodies.
    #[must_use]
    pub fn unix_millis(&self) -> u64 {
        let epoch = match &self.0 {
            Kind::System { epoch, .. } => *epoch,
            Kind::Manual { .. } => MANUAL_EPOCH,
        };
        u64::try_from(epoch.saturating_add(self.now()).as_millis()).unwrap_or(u64::MAX)
    }

    /// Waits until [`SimClock::now`] has reached `due`.
    pub async fn sleep_until(&self, due: Duration) {
        match &self.0 {
            Kind::System { .. } => {
                let left = due.saturating_sub(self.now());
                if !left.is_zero() {
                    tokio::time::sleep(left).await;
                }
            }
            Kind::Manual { now } => {
                let mut now = now.subscribe();
                // The sender lives in `self`, so this ends only because the time has come.
                let _ = now.wait_for(|time| *time >= due).await;
            }
        }
    }

    /// Waits for a span of the simulator's time.
    pub async fn sleep(&self, span: Duration) {
        self.sleep_until(self.now().saturating_add(span)).await;
    }
}

impl Default for SimClock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_moves_only_when_told() {
        let clock = SimClock::manual();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(59));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
        assert_eq!(clock.now(), Duration::from_secs(60));
        assert_eq!(clock.unix_millis(), 1_767_225_660_000);
    }

    #[tokio::test]
    async fn the_system_clock_ignores_advance() {
        let clock = SimClock::system();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() < Duration::from_secs(3000));
        assert!(!clock.is_manual());
        clock.sleep_until(Duration::ZERO).await;
    }
}
