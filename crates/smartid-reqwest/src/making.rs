//! What is known about the connection that a request makes, for those who are called from inside the handshake.
//!
//! rustls calls resolver and key without telling for which connection. They are called while the future of the request is polled, so
//! what belongs to the request stands in a variable of its task.

use std::cell::Cell;
use std::sync::Arc;

use tokio::sync::watch;

/// What the server has asked for while a connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// No client certificate.
    No,
    /// A client certificate; it was given.
    Given,
    /// A client certificate; none is configured.
    NoneConfigured,
    /// A client certificate; the configured key can do none of the signature schemes that the server accepts.
    NoScheme,
    /// A client certificate; the configured RSA key can do PKCS #1 v1.5 alone, and the server wants PSS.
    NoPss,
}

/// How far a request is that is carried out where blocking is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// No thread has begun with it.
    Waiting,
    /// It goes on whenever it can.
    Running,
    /// The key signs, and everything else about the request has to wait.
    Signing,
    /// Nobody waits for the answer any more: nothing may be sent that has not been.
    GivenUp,
}

/// The step, as the thread that carries the request out and whoever waits for the answer agree on it.
#[derive(Clone)]
pub(crate) struct Progress(Arc<watch::Sender<Step>>);

impl Progress {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Step::Waiting)))
    }

    pub(crate) fn step(&self) -> Step {
        *self.0.borrow()
    }

    /// From one step to another; whether it was still at the first. Of two sides that want to go on from a step only one can.
    pub(crate) fn advance(&self, from: Step, to: Step) -> bool {
        self.0.send_if_modified(|step| {
            let here = *step == from;
            if here {
                *step = to;
            }
            here
        })
    }

    pub(crate) fn give_up(&self) {
        self.0.send_replace(Step::GivenUp);
    }

    /// Gives up, unless it goes on; at which step that was.
    pub(crate) fn give_up_unless_running(&self) -> Option<Step> {
        let mut stuck = None;
        self.0.send_if_modified(|step| {
            if *step != Step::Running {
                stuck = Some(std::mem::replace(step, Step::GivenUp));
            }
            stuck.is_some()
        });
        stuck
    }

    /// Completes at such a step.
    pub(crate) async fn reaches(&self, such: impl Fn(Step) -> bool) {
        // An error would mean that nobody can change it any more, but we can.
        let _ = self.0.subscribe().wait_for(|step| such(*step)).await;
    }
}

/// The connection that a request makes.
pub(crate) struct Making {
    asked: Cell<Asked>,
    /// On a thread that may block.
    progress: Option<Progress>,
}

tokio::task_local! {
    pub(crate) static MAKING: Making;
}

impl Making {
    /// With `progress` on a thread that may block, without on the task of the request.
    pub(crate) const fn new(progress: Option<Progress>) -> Self {
        Self {
            asked: Cell::new(Asked::No),
            progress,
        }
    }

    pub(crate) fn asked(&self) -> Asked {
        self.asked.get()
    }
}

/// Remembers what the server has asked for.
pub(crate) fn note(asked: Asked) {
    // Not set when the connection is finished in the background for a later request: then only the hint is missing.
    let _ = MAKING.try_with(|making| making.asked.set(asked));
}

/// Signs where blocking is allowed and somebody still waits for the answer; elsewhere `None`.
pub(crate) fn while_signing<T>(sign: impl FnOnce() -> T) -> Option<T> {
    MAKING
        .try_with(|making| {
            let progress = making.progress.as_ref()?;
            if !progress.advance(Step::Running, Step::Signing) {
                return None;
            }
            // When the key panics, the step stays, which tells that it was the key.
            let signed = sign();
            // Whoever gave up while the key signed was told that nothing was sent, so the handshake must not go on.
            progress.advance(Step::Signing, Step::Running).then_some(signed)
        })
        .ok()
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_side_alone_goes_on_from_a_step() {
        let progress = Progress::new();
        assert_eq!(progress.step(), Step::Waiting);
        assert!(progress.advance(Step::Waiting, Step::Running));
        assert_eq!(progress.give_up_unless_running(), None);
        assert_eq!(progress.step(), Step::Running);
        assert!(progress.advance(Step::Running, Step::Signing));
        assert_eq!(progress.give_up_unless_running(), Some(Step::Signing));
        assert!(!progress.advance(Step::Signing, Step::Running));
        assert_eq!(progress.step(), Step::GivenUp);
        assert_eq!(Progress::new().give_up_unless_running(), Some(Step::Waiting));
    }

    #[test]
    fn nothing_is_signed_outside_of_a_request_that_may_block() {
        assert_eq!(while_signing(|| 1), None);
        assert_eq!(MAKING.sync_scope(Making::new(None), || while_signing(|| 1)), None);
        let progress = Progress::new();
        let signs = || {
            MAKING.sync_scope(Making::new(Some(progress.clone())), || {
                while_signing(|| progress.step())
            })
        };
        assert_eq!(signs(), None, "no thread has begun");
        progress.advance(Step::Waiting, Step::Running);
        assert_eq!(signs(), Some(Step::Signing));
        assert_eq!(progress.step(), Step::Running);
        progress.give_up();
        assert_eq!(signs(), None);
    }
}
