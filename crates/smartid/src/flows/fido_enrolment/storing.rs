//! The last part: the credential is here, and the relying party is to store it exactly once.
//!
//! Storing is not repeated blindly. Whenever it is not certain what became of an attempt, it is looked for, which for Digital Access means
//! that creation options are asked for anew: a credential that they exclude is stored. Otherwise it is posted a second time, and never a
//! third: a challenge is good for one registration, so a relying party that has stored the first refuses the second, and a refusal as
//! duplicate then means stored, too. Where the options list no exclusions at all, any other refusal of the second says nothing; then the
//! flow ends without claiming either.

use std::time::Duration;

use smartid_core::{Error, Phase, Retry, StoreError};
use smartid_da::UserId;
use smartid_da::fido::Registration;
use smartid_da::relying_party::{Looked, NewCredential, Refusal, StoredMethod};

use super::end::{Confirmation, End};
use super::preparing::unanswered;
use super::state::{Stage, State, step};
use super::{FidoEnrolment, LEASE, finish};
use crate::flows::failure::{Failure, FlowError};
use crate::flows::journal::{Held, Interrupted, Run};
use crate::store::Mark;

/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

impl FidoEnrolment {
    /// Posts the credential.
    pub(super) async fn store(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let held = run.hold(LEASE).await?;
        let credential = self.credential(run)?;
        let again = run.state.lost > 0;
        let text = format!("sending the credential to {}", self.relying_party.provider());
        // With the intent the stage is already "look": a process that finds it after a crash does not post before it has looked.
        run.write(step::STORE, Mark::Intent, &text, None, |state| {
            state.stage = Stage::Look;
            state.lost += 1;
        })
        .await?;
        let (error, attempts) = match self.post(run, &held, &credential).await? {
            Ok(method) => return self.stored(run, Confirmation::Answered, Some(method)).await,
            Err(failed) => failed,
        };
        let earlier = again || attempts > 1;
        if earlier && self.relying_party.refusal(&error) == Some(Refusal::Duplicate) {
            return self.stored(run, Confirmation::RefusedAsDuplicate, None).await;
        }
        let unclear = match error.phase() {
            Phase::PerhapsDone | Phase::Unreadable => true,
            // A server error does not say whether the work was done before it; unless the service itself asks to come again.
            Phase::Refused => {
                error.status().is_some_and(|status| status.is_server_error())
                    && !matches!(error.retry(), Retry::Yes { .. })
            }
            _ => false,
        };
        if unclear {
            return self.look_next(run, &error, None).await;
        }
        let end = self.refused(run, &error, earlier);
        if earlier {
            // An earlier attempt may have been the one that did it, and used the challenge up: look before believing the failure.
            return self.look_next(run, &error, Some(end)).await;
        }
        finish(run, end, None).await
    }

    /// Sends the credential, again and again while that is allowed and the person's work is still worth something. Gives the last error
    /// and how many requests may have reached the service.
    async fn post(
        &self,
        run: &mut Run<State>,
        held: &Held,
        credential: &NewCredential,
    ) -> Result<Result<StoredMethod, (Error, u32)>, Interrupted> {
        let until = run.now() + self.settings.patience;
        let until = run
            .state
            .options_expire
            .map_or(until, |expire| expire.earlier(until));
        let (mut pause, mut sent) = (self.settings.pause, 0);
        loop {
            held.renew(run.now(), LEASE).await?;
            let error = match self.relying_party.store(credential).await {
                Ok(method) => return Ok(Ok(method)),
                Err(error) => error,
            };
            if error.phase() != Phase::NotSent {
                sent += error.attempts();
            }
            let Retry::Yes { after } = error.retry() else {
                return Ok(Err((error, sent)));
            };
            let wait = after.unwrap_or(pause);
            if run.now() + wait >= until {
                return Ok(Err((error, sent)));
            }
            let text = format!("not stored yet, trying again in {} s: {error}", wait.as_secs());
            run.write(step::STORE, Mark::Note, &text, None, |_| {}).await?;
            self.desk.runtime.sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The end that a failure means, if the credential is not stored.
    fn refused(&self, run: &Run<State>, error: &Error, earlier: bool) -> End {
        let failure = Failure::from(error);
        let old = run.state.options_expire.is_some_and(|expire| expire <= run.now());
        let service = self.service();
        match (error.phase(), self.relying_party.refusal(error)) {
            (_, _) if error.is_misconfigured() => End::Misconfigured { failure },
            (Phase::Refused, Some(Refusal::Duplicate)) => End::AlreadyRegistered { by: service },
            (Phase::Refused, Some(Refusal::Expired)) => End::OptionsExpired,
            // Refused like any other mistake, but the challenge is old, or an earlier attempt or a look has used it up.
            (Phase::Refused, Some(Refusal::Rejected)) if old || earlier => End::OptionsExpired,
            (Phase::Refused, _) => End::RefusedAfterCreation { service, failure },
            _ => unanswered(service, step::STORE, failure),
        }
    }

    /// Looks whether the credential is stored.
    pub(super) async fn look(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let held = run.hold(LEASE).await?;
        let NewCredential {
            user, registration, ..
        } = self.credential(run)?;
        run.write(
            step::LOOK,
            Mark::Intent,
            "looking whether the credential was stored",
            None,
            |_| {},
        )
        .await?;
        let until = run.now() + self.settings.patience;
        let mut pause = self.settings.pause;
        let looked = loop {
            held.renew(run.now(), LEASE).await?;
            match self.relying_party.look(&user, registration.id()).await {
                Ok(looked) => break looked,
                // Looking changes nothing, so it is repeated after any failure.
                Err(error) if run.now() + pause >= until || error.is_misconfigured() => {
                    return self.uncertain(run, Failure::from(&error)).await;
                }
                Err(_) => {
                    self.desk.runtime.sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        };
        if looked == Looked::Stored {
            return self.stored(run, Confirmation::ListedAsExcluded, None).await;
        }
        let says = looked == Looked::NotStored;
        match run.state.unless_stored.clone() {
            Some(end) if says => return finish(run, end, None).await,
            None if run.state.lost < 2 => {}
            // Either the options tell nothing, or it was sent twice and twice without an answer: a third time would not be wiser.
            _ => {
                let failure = run.state.failure.clone();
                let failure = failure.unwrap_or_else(|| Failure::from(&Error::deadline(step::STORE, true)));
                return self.uncertain(run, failure).await;
            }
        }
        let text = if says {
            "it was not stored; sending it once more"
        } else {
            "the options do not say; sending it once more"
        };
        run.write(step::LOOK, Mark::Result, text, None, |state| {
            state.stage = Stage::Store
        })
        .await
    }

    /// Nothing is certain of this attempt: `look` comes next. When it finds nothing, the flow ends with `unless_stored`, if that is given.
    async fn look_next(
        &self,
        run: &mut Run<State>,
        error: &Error,
        unless_stored: Option<End>,
    ) -> Result<(), Interrupted> {
        let failure = Failure::from(error);
        let text = format!("it is not clear whether it was stored: {}", error.summary());
        run.write(step::STORE, Mark::Note, &text, None, |state| {
            state.failure = Some(failure);
            state.unless_stored = unless_stored;
        })
        .await
    }

    async fn stored(
        &self,
        run: &mut Run<State>,
        confirmation: Confirmation,
        method: Option<StoredMethod>,
    ) -> Result<(), Interrupted> {
        let Some(mut credential) = run.state.credential.clone() else {
            return Err(corrupt("the flow has no credential"));
        };
        credential.confirmation = confirmation;
        credential.method = method
            .filter(|method| *method != StoredMethod::default())
            .map(Box::new);
        finish(run, End::Stored(credential), None).await
    }

    async fn uncertain(&self, run: &mut Run<State>, failure: Failure) -> Result<(), Interrupted> {
        let credential_id = run
            .state
            .credential
            .as_ref()
            .map(|known| known.credential_id.clone())
            .unwrap_or_default();
        let end = End::Uncertain {
            service: self.service(),
            credential_id,
            failure,
        };
        finish(run, end, None).await
    }

    /// The user and the credential of a flow that has come this far.
    fn credential(&self, run: &Run<State>) -> Result<NewCredential, Interrupted> {
        let user = UserId::new(run.state.user.as_str()).map_err(|error| corrupt(&error.to_string()))?;
        let raw = run
            .state
            .registration
            .as_deref()
            .ok_or_else(|| corrupt("the flow has no registration"))?;
        let registration = Registration::parse(raw).map_err(|error| corrupt(&error.to_string()))?;
        Ok(NewCredential::new(user, registration).display_name(run.state.display_name.clone()))
    }
}

fn corrupt(what: &str) -> Interrupted {
    Interrupted::Flow(FlowError::Store(StoreError::Corrupt(what.to_owned())))
}
