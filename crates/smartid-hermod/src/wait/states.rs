//! The states of a command as they become known, for a page that shows a person how far it is.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use smartid_core::{BoxFuture, StoreError};

use super::engine::Waiter;
use super::{PollHealth, Waited};
use crate::report::CommandReport;

/// What a wait has heard.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StateChange {
    /// The command is not over: [`State::InProgress`](crate::State::InProgress), or a state that the dialect does not know. Each such
    /// callback is told once; answers to polls only when their state differs from the last one that was told.
    Unfinished(Box<CommandReport>),
    /// One mailbox of several has answered, and the wait goes on.
    Answered(Box<CommandReport>),
    /// Polling was given up; callbacks alone are waited for.
    Polling(PollHealth),
    /// The end, exactly as [`Hermod::wait`](crate::Hermod::wait) returns it. Nothing comes after it.
    Ended(Box<Waited>),
}

/// The states of one command, until its end. Made by [`Hermod::states`](crate::Hermod::states).
///
/// With the feature `stream` it is a `futures_core::Stream`. It does nothing while it is not polled; dropping it loses nothing, because
/// letters stay in the inbox.
///
/// ```
/// use std::sync::Arc;
/// use smartid_core::{Inbox, StoreError};
/// use smartid_hermod::{Hermod, Pending, PollPolicy, wait::StateChange};
///
/// async fn show(hermod: &Hermod, inbox: Arc<dyn Inbox>, pending: Pending) -> Result<(), StoreError> {
///     let mut states = hermod.owned_states(inbox, pending, &PollPolicy::default());
///     while let Some(change) = states.next().await {
///         match change? {
///             StateChange::Unfinished(report) => println!("{}", report.state),
///             StateChange::Ended(waited) => println!("over: {:?}", waited.report.map(|report| report.state)),
///             _ => {}
///         }
///     }
///     Ok(())
/// }
/// ```
pub struct States<'a>(Progress<'a>);

type Advanced<'a> = (Box<Waiter<'a>>, Result<StateChange, StoreError>);

enum Progress<'a> {
    Idle(Box<Waiter<'a>>),
    Waiting(BoxFuture<'a, Advanced<'a>>),
    Over,
}

impl<'a> States<'a> {
    pub(super) fn new(waiter: Waiter<'a>) -> Self {
        Self(Progress::Idle(Box::new(waiter.watching())))
    }

    /// Goes on with the health of an earlier wait for the same command. Without effect once the first change has been asked for.
    #[must_use]
    pub fn with_health(self, health: PollHealth) -> Self {
        Self(match self.0 {
            Progress::Idle(waiter) => Progress::Idle(Box::new(waiter.with_health(health))),
            other => other,
        })
    }

    /// The next change; `None` after the end, or after an error. A call that is dropped loses nothing: the next one goes on with it.
    ///
    /// # Errors
    /// [`StoreError`] when the inbox cannot be read, as [`Hermod::wait`](crate::Hermod::wait). It is the last item; ask for the states
    /// again then.
    pub async fn next(&mut self) -> Option<Result<StateChange, StoreError>> {
        poll_fn(|context| self.poll_change(context)).await
    }

    fn poll_change(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<StateChange, StoreError>>> {
        let mut waiting = match std::mem::replace(&mut self.0, Progress::Over) {
            Progress::Over => return Poll::Ready(None),
            Progress::Waiting(waiting) => waiting,
            Progress::Idle(mut waiter) => Box::pin(async move {
                let change = waiter.advance().await;
                (waiter, change)
            }),
        };
        match waiting.as_mut().poll(context) {
            Poll::Pending => {
                self.0 = Progress::Waiting(waiting);
                Poll::Pending
            }
            Poll::Ready((waiter, change)) => {
                if !matches!(change, Ok(StateChange::Ended(_)) | Err(_)) {
                    self.0 = Progress::Idle(waiter);
                }
                Poll::Ready(Some(change))
            }
        }
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for States<'_> {
    type Item = Result<StateChange, StoreError>;

    fn poll_next(self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(context)
    }
}

impl fmt::Debug for States<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Progress::Idle(_) => "States(idle)",
            Progress::Waiting(_) => "States(waiting)",
            Progress::Over => "States(over)",
        })
    }
}
