//! The second half: a person is waited for, and what comes is judged.

use smartid_core::{Advice, Phase, StoreError, Turn};
use smartid_hermod::{By, State as CommandState};

use super::end::End;
use super::preparing::unanswered;
use super::state::{State, step};
use super::{PersonalLogin, finish};
use crate::flows::failure::{Failure, FlowError};
use crate::flows::journal::{Interrupted, Run};

impl PersonalLogin {
    /// Waits for callback or poll, whichever comes first, and ends the flow with what it means.
    pub(super) async fn wait(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let Some(pending) = run.state.pending.clone() else {
            return Err(corrupt("the flow has no command").into());
        };
        let store = &*self.desk.store;
        let waited = self.hermod.wait(store, &pending, &self.settings.polling).await?;
        let letter = match waited.by {
            By::Callback => store.peek(&pending.correlation_ids()).await?,
            _ => None,
        };
        let end = match (waited.report, waited.unfinished) {
            (Some(report), _) => self.judge(&run.state, &report, run.now()).await?,
            (None, Some(report)) if matches!(report.state, CommandState::Other(_)) => unknown(&report.state),
            (None, _) => End::TimedOut,
        };
        finish(run, end, letter).await
    }
}

/// The end after a state that the dialect does not know: somebody may have answered, but nobody here can tell.
fn unknown(state: &CommandState) -> End {
    let state = smartid_core::redact::message(&state.to_string());
    unreadable(
        &format!("the command is in state {state}, so it is not known what the person did"),
        "what that state means, and add it to the list of the messaging dialect that it belongs to (states.success, states.failed, …)",
    )
}

/// The end after news that cannot be read.
pub(super) fn unreadable(what: &str, check: &'static str) -> End {
    let advice = Advice::new(Turn::Administrator, check);
    unanswered(
        step::END,
        Failure::local("hermod.outcome", Phase::Unreadable, what, advice),
    )
}

pub(super) fn corrupt(what: &str) -> FlowError {
    StoreError::Corrupt(what.to_owned()).into()
}
