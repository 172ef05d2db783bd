//! Carries a request out on a thread that may block, for a key that takes its time.
//!
//! TLS libraries call the key in the middle of a handshake and wait for the signature, on whatever thread drives the connection. Driven
//! by a task of the runtime, a card that needs a second stops every other task of that thread for a second, and all tasks of a
//! runtime that has one thread. So requests of such an identity are driven by one of the runtime's blocking threads until the head of
//! the answer is there, whether or not they make a connection, which cannot be known beforehand; sockets and timers stay those of the
//! runtime. Nothing of the request can be polled while the key signs, so whoever waits for the answer keeps the time.

use std::time::Duration;

use reqwest::{Request, Response};
use smartid_core::{Either, race};
use tokio::runtime::Handle;

use crate::making::{Asked, MAKING, Making, Progress, Step};

/// Why there is no outcome, and at which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Connecting has taken too long, because the key has not signed or no thread was free. Nothing was sent, and nothing will be.
    TooLong(Step),
    /// The thread ended abnormally, or the runtime is shutting down.
    Lost(Step),
}

/// Gives the request up when nobody waits for its answer any more.
struct Waiter(Progress);

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// Sends `request`; `limit` is how long connecting may take.
///
/// When the caller no longer waits, the thread gives the request up; at once, or when the key has signed.
pub(crate) async fn execute(
    client: reqwest::Client,
    request: Request,
    limit: Duration,
) -> Result<(reqwest::Result<Response>, Asked), Stuck> {
    let progress = Progress::new();
    let waiter = Waiter(progress.clone());
    let runtime = Handle::current();
    let thread = tokio::task::spawn_blocking(move || {
        progress.advance(Step::Waiting, Step::Running);
        let request = MAKING.scope(Making::new(Some(progress.clone())), async move {
            let answer = client.execute(request).await;
            (answer, MAKING.with(Making::asked))
        });
        let given_up = progress.reaches(|step| step == Step::GivenUp);
        // Looks at the former first, so that nothing is begun for somebody who has gone meanwhile.
        match runtime.block_on(race(given_up, request)) {
            Either::First(()) => None,
            Either::Second(done) => Some(done),
        }
    });
    match race(thread, too_long(limit, &waiter.0)).await {
        Either::First(Ok(Some(done))) => Ok(done),
        Either::First(_) => Err(Stuck::Lost(waiter.0.step())),
        Either::Second(step) => Err(Stuck::TooLong(step)),
    }
}

/// Gives up when the time is over and the request's own timers cannot tell it: reqwest has limits too, but they stand still while the
/// key signs, and have not begun while no thread is free.
async fn too_long(limit: Duration, progress: &Progress) -> Step {
    tokio::time::sleep(limit).await;
    loop {
        if let Some(step) = progress.give_up_unless_running() {
            return step;
        }
        progress.reaches(|step| step != Step::Running).await;
    }
}
