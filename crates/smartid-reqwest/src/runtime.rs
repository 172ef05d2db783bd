//! Time, waiting, blocking work and randomness, on tokio and the operating system.
//!
//! This is the only place of the client libraries that reads the clock of the machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smartid_core::{BlockingWork, BoxFuture, Runtime, Timestamp, WorkLost};

/// The [`Runtime`] for programs that run on tokio.
///
/// It holds nothing: its futures must be polled inside a tokio runtime whose time driver is enabled, as `#[tokio::main]` makes one.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::Runtime;
/// use smartid_reqwest::TokioRuntime;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let runtime = TokioRuntime::new();
/// let before = runtime.now();
/// runtime.sleep(Duration::from_millis(5)).await;
/// assert!(runtime.now() >= before);
///
/// let sum = smartid_core::run_blocking(&runtime, || (1..=10_u32).sum::<u32>()).await.unwrap();
/// assert_eq!(sum, 55);
/// # });
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TokioRuntime;

impl TokioRuntime {
    /// The runtime of whoever polls.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl Runtime for TokioRuntime {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the clock of the machine comes in"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        // Made when it is first polled: a sleep that loses its race at once costs neither a look at the clock nor a timer.
        Box::pin(async move { tokio::time::sleep(duration).await })
    }

    fn run_blocking(&self, work: BlockingWork) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(async move {
            tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| WorkLost::new())
        })
    }

    /// From the operating system; should that fail, from AWS-LC's generator; should that fail too, the process ends, because an id or
    /// a key made of weak bytes is worse than none.
    fn fill_random(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_ok() {
            return;
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        if provider.secure_random.fill(bytes).is_err() {
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn work_that_ends_abnormally_is_lost_and_not_a_crash() {
        let lost = run(TokioRuntime::new().run_blocking(Box::new(|| panic!("on purpose"))));
        assert_eq!(lost, Err(WorkLost::new()));
    }

    #[test]
    fn sleep_follows_tokios_clock() {
        run(async {
            let before = tokio::time::Instant::now();
            TokioRuntime::new().sleep(Duration::from_secs(3600)).await;
            assert!(before.elapsed() >= Duration::from_secs(3600));
        });
    }

    #[test]
    fn random_bytes_differ_and_the_clock_is_of_this_century() {
        let runtime = TokioRuntime::new();
        let (mut a, mut b) = ([0_u8; 32], [0_u8; 32]);
        runtime.fill_random(&mut a);
        runtime.fill_random(&mut b);
        assert!(a != b && a != [0; 32]);
        assert!(runtime.now() > Timestamp::from_millis(1_700_000_000_000));
    }
}
