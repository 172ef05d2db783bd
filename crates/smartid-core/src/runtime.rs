//! The only way to tell the time, to wait, to run what blocks, and to draw random bytes.
//!
//! The libraries name no async runtime. `smartid-reqwest` implements this trait on tokio; [`ManualRuntime`] implements it for tests,
//! with a clock that moves only when told to, or by itself when nothing else can happen.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::Timestamp;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Work that would stall other tasks: key derivation, a smart card.
pub type BlockingWork = Box<dyn FnOnce() + Send + 'static>;

/// The work was lost: the runtime is shutting down, or the work ended abnormally.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runtime did not finish the blocking work")]
#[non_exhaustive]
pub struct WorkLost;

impl WorkLost {
    /// For implementations of [`Runtime`].
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Default for WorkLost {
    fn default() -> Self {
        Self::new()
    }
}

/// Time, waiting, blocking work and randomness.
pub trait Runtime: Send + Sync + fmt::Debug {
    /// The time of day. It may jump; no code in these crates relies on it being monotonic.
    fn now(&self) -> Timestamp;

    /// Completes after `duration`.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs `work` where it stalls no other task; see [`run_blocking`] for work that returns a value.
    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>>;

    /// Fills `bytes` with unpredictable bytes: ids that we choose, and jitter.
    fn fill_random(&self, bytes: &mut [u8]);
}

/// Runs `work` through [`Runtime::run_blocking`] and hands its value back.
///
/// # Errors
/// [`WorkLost`] when the runtime did not finish the work.
pub async fn run_blocking<T: Send + 'static>(
    runtime: &dyn Runtime,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WorkLost> {
    let slot = Arc::new(Mutex::new(None));
    let filled = Arc::clone(&slot);
    runtime
        .run_blocking(Box::new(move || {
            let value = work();
            *filled.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        }))
        .await?;
    slot.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .ok_or(WorkLost)
}

/// An id that nobody can guess: 32 lower-case hexadecimal digits.
#[must_use]
pub fn random_id(runtime: &dyn Runtime) -> String {
    let mut bytes = [0_u8; 16];
    runtime.fill_random(&mut bytes);
    let mut text = String::with_capacity(32);
    for byte in bytes {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// The one of two futures that completed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "two futures have two outcomes")]
pub enum Either<A, B> {
    /// The first future completed (it is polled first, so it wins a tie).
    First(A),
    /// The second future completed.
    Second(B),
}

/// Waits for whichever of two futures completes first and drops the other.
pub async fn race<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let mut first = pin!(first);
    let mut second = pin!(second);
    std::future::poll_fn(move |context| {
        if let Poll::Ready(value) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(value));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// A runtime for tests: its clock stands still until [`advance`](Self::advance) moves it.
///
/// [`block_on`](Self::block_on) runs a future on it and moves the clock by itself to the next sleeper whenever nothing else can
/// happen, so that a test of a five minute wait takes microseconds.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{ManualRuntime, Runtime, Timestamp};
///
/// let runtime = ManualRuntime::new(Timestamp::from_millis(0));
/// runtime.block_on(runtime.sleep(Duration::from_secs(300)))?;
/// assert_eq!(runtime.now(), Timestamp::from_millis(300_000));
/// # Ok::<(), smartid_core::Stalled>(())
/// ```
#[derive(Clone)]
pub struct ManualRuntime(Arc<Mutex<Manual>>);

struct Manual {
    now: Timestamp,
    next_sleeper: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
    seed: u64,
}

/// The future can never complete: it waits, but for no point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the future waits for something that will not happen")]
#[non_exhaustive]
pub struct Stalled;

impl ManualRuntime {
    /// A runtime whose clock shows `now`. Its random bytes are a fixed sequence.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Manual {
            now,
            next_sleeper: 0,
            sleepers: BTreeMap::new(),
            seed: 0,
        })))
    }

    /// Starts the sequence of random bytes at another place.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        self.state().seed = seed;
        self
    }

    fn state(&self) -> MutexGuard<'_, Manual> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the clock forward and wakes every sleeper whose time has come.
    pub fn advance(&self, duration: Duration) {
        let target = self.now() + duration;
        self.set(target);
    }

    /// Sets the clock, also backwards, and wakes every sleeper whose time has come.
    pub fn set(&self, now: Timestamp) {
        let due = {
            let mut state = self.state();
            state.now = now;
            let later = state.sleepers.split_off(&(now + Duration::from_millis(1), 0));
            std::mem::replace(&mut state.sleepers, later)
        };
        due.into_values().for_each(Waker::wake);
    }

    /// Runs `future` to its end on this thread; when it waits, the clock jumps to the next sleeper.
    ///
    /// # Errors
    /// [`Stalled`] when the future waits although nothing sleeps and nobody woke it.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Stalled> {
        struct Flag(AtomicBool);
        impl Wake for Flag {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::Release);
            }
        }
        let flag = Arc::new(Flag(AtomicBool::new(false)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                return Ok(value);
            }
            if flag.0.swap(false, Ordering::AcqRel) {
                continue;
            }
            let next = self
                .state()
                .sleepers
                .keys()
                .next()
                .map(|(deadline, _)| *deadline)
                .ok_or(Stalled)?;
            let now = self.now();
            self.set(next.max(now));
        }
    }
}

impl fmt::Debug for ManualRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("ManualRuntime")
            .field("now", &state.now)
            .field("sleepers", &state.sleepers.len())
            .finish_non_exhaustive()
    }
}

struct Sleep {
    runtime: ManualRuntime,
    deadline: Timestamp,
    key: Option<(Timestamp, u64)>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let runtime = self.runtime.clone();
        let mut state = runtime.state();
        if state.now >= self.deadline {
            return Poll::Ready(());
        }
        let key = match self.key {
            Some(key) => key,
            None => {
                let key = (self.deadline, state.next_sleeper);
                state.next_sleeper += 1;
                self.key = Some(key);
                key
            }
        };
        state.sleepers.insert(key, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.runtime.state().sleepers.remove(&key);
        }
    }
}

impl Runtime for ManualRuntime {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        let deadline = self.now() + duration;
        Box::pin(Sleep {
            runtime: self.clone(),
            deadline,
            key: None,
        })
    }

    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        work();
        Box::pin(std::future::ready(Ok(())))
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let mut state = self.state();
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: a fixed, well spread sequence is all that a test wants.
            state.seed = state.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = state.seed;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = (word ^ (word >> 31)).to_le_bytes();
            for (target, source) in chunk.iter_mut().zip(word) {
                *target = source;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runtime() -> ManualRuntime {
        ManualRuntime::new(Timestamp::from_millis(1_000))
    }

    #[test]
    fn sleepers_wake_in_the_order_of_their_deadlines() {
        let runtime = runtime();
        let order = runtime
            .block_on(async {
                match race(
                    runtime.sleep(Duration::from_secs(2)),
                    runtime.sleep(Duration::from_secs(1)),
                )
                .await
                {
                    Either::First(()) => "first",
                    Either::Second(()) => "second",
                }
            })
            .unwrap();
        assert_eq!(order, "second");
        assert_eq!(runtime.now(), Timestamp::from_millis(2_000));
        assert!(
            runtime.state().sleepers.is_empty(),
            "a dropped sleep leaves nothing behind"
        );
    }

    #[test]
    fn a_future_that_waits_for_nothing_is_reported() {
        assert_eq!(runtime().block_on(std::future::pending::<()>()), Err(Stalled));
    }

    #[test]
    fn blocking_work_returns_its_value() {
        let runtime = runtime();
        assert_eq!(runtime.block_on(run_blocking(&runtime, || 6 * 7)), Ok(Ok(42)));
    }

    #[test]
    fn lost_work_is_an_error_and_not_a_hang() {
        #[derive(Debug)]
        struct Lazy;
        impl Runtime for Lazy {
            fn now(&self) -> Timestamp {
                Timestamp::from_millis(0)
            }
            fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
                Box::pin(std::future::ready(()))
            }
            fn run_blocking(&self, _: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
                Box::pin(std::future::ready(Ok(())))
            }
            fn fill_random(&self, _: &mut [u8]) {}
        }
        assert_eq!(runtime().block_on(run_blocking(&Lazy, || 1)), Ok(Err(WorkLost)));
    }

    #[test]
    fn ids_differ_and_have_the_stated_form() {
        let runtime = runtime();
        let (one, two) = (random_id(&runtime), random_id(&runtime));
        assert_ne!(one, two);
        assert!(
            one.len() == 32
                && one
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "{one}"
        );
    }
}
