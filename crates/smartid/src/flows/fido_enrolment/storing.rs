//! The last part: the credential is here, and Digital Access is to store it exactly once.
//!
//! Storing is not repeated blindly. When its answer is lost, creation options are asked for anew: a credential that they exclude is
//! stored. One that they do not exclude is posted a second time, and a refusal as duplicate then means stored, too.

use std::time::Duration;

use smartid_core::{Error, Phase};
use smartid_da::fido::{GetOptions, Registration, StoreCredential};
use smartid_da::{DaRefusal, DaRefusalKind, UserId};

use super::end::{Confirmation, End};
use super::preparing::unanswered;
use super::state::{Stage, State, step};
use super::{FidoEnrolment, finish};
use crate::flows::failure::{Failure, FlowError, Service};
use crate::flows::journal::{Interrupted, Run};
use crate::store::Mark;

/// How long nobody else acts on the flow while a call to Digital Access is under way: one call, its retries included, and a margin.
const LEASE: Duration = Duration::from_secs(120);

impl FidoEnrolment {
    /// Posts the credential.
    pub(super) async fn store(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let held = run.hold(LEASE).await?;
        let (user, registration) = self.credential(run)?;
        let again = run.state.lost > 0;
        // With the intent the stage is already "look": a process that finds it after a crash does not post before it has looked.
        run.write(
            step::STORE,
            Mark::Intent,
            "sending the credential to Digital Access",
            None,
            |state| {
                state.stage = Stage::Look;
                state.lost += 1;
            },
        )
        .await?;
        let command = StoreCredential::new(user, &registration);
        let mut attempt = 1;
        let error = loop {
            match self.da.call(&command).await {
                Ok(_) => return self.stored(run, Confirmation::Answered).await,
                Err(error) if error.phase() == Phase::NotSent && attempt < self.settings.store_attempts => {
                    // The person has done their part: it is worth some patience.
                    let text = format!("attempt {attempt} did not reach Digital Access: {error}");
                    run.write(step::STORE, Mark::Note, &text, None, |_| {}).await?;
                    self.desk.runtime.sleep(self.settings.pause).await;
                    held.renew(run.now(), LEASE).await?;
                    attempt += 1;
                }
                Err(error) => break error,
            }
        };
        // An answer of the server, or of a proxy in front of it, that does not say whether the work was done.
        let unclear = match error.phase() {
            Phase::PerhapsDone | Phase::Unreadable => true,
            Phase::Refused => error.status().is_some_and(|status| status.is_server_error()),
            _ => false,
        };
        if unclear {
            return self.lost(run, &error, None).await;
        }
        let failure = Failure::from(&error);
        let kind = error.refusal::<DaRefusal>().map(DaRefusal::kind);
        let earlier = again || error.attempts() > 1;
        let end = match (error.phase(), kind) {
            (Phase::Refused, Some(DaRefusalKind::Duplicate)) if earlier => {
                return self.stored(run, Confirmation::RefusedAsDuplicate).await;
            }
            (Phase::Refused, Some(DaRefusalKind::Duplicate)) => End::AlreadyRegistered {
                by: Service::DigitalAccess,
            },
            (Phase::Refused, Some(DaRefusalKind::Expired)) => End::OptionsExpired,
            (Phase::Refused, Some(DaRefusalKind::Rejected { .. })) if self.options_are_old(run) => {
                End::OptionsExpired
            }
            (Phase::Refused, _) => End::RefusedAfterCreation { failure },
            _ => unanswered(Service::DigitalAccess, step::STORE, failure),
        };
        if earlier && error.phase() == Phase::Refused {
            // An earlier attempt may have been the one that used the challenge up: look before believing the refusal.
            return self.lost(run, &error, Some(end)).await;
        }
        finish(run, end, None).await
    }

    /// Asks for options anew and looks whether they exclude the credential.
    pub(super) async fn look(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let held = run.hold(LEASE).await?;
        let (user, registration) = self.credential(run)?;
        run.write(
            step::LOOK,
            Mark::Intent,
            "looking whether the credential was stored",
            None,
            |_| {},
        )
        .await?;
        let mut attempt = 1;
        let options = loop {
            match self.da.call(&GetOptions::new(user.clone())).await {
                Ok(options) => break options,
                Err(_) if attempt < self.settings.store_attempts => {
                    self.desk.runtime.sleep(self.settings.pause).await;
                    held.renew(run.now(), LEASE).await?;
                    attempt += 1;
                }
                Err(error) => return self.uncertain(run, Failure::from(&error)).await,
            }
        };
        if options.excludes(registration.id()) {
            return self.stored(run, Confirmation::ListedAsExcluded).await;
        }
        if let Some(end) = run.state.unless_stored.clone() {
            return finish(run, end, None).await;
        }
        if run.state.lost >= 2 {
            // Twice sent, twice without an answer, and not listed: a third time would not be wiser.
            let failure = run.state.failure.clone();
            let failure =
                failure.unwrap_or_else(|| Failure::from(&Error::deadline("da.fido-credentials", true)));
            return self.uncertain(run, failure).await;
        }
        run.write(
            step::LOOK,
            Mark::Result,
            "it was not stored; sending it once more",
            None,
            |state| state.stage = Stage::Store,
        )
        .await
    }

    /// Nothing is certain of this attempt: `look` comes next. When it finds nothing, the flow ends with `unless_stored`, if that is given.
    async fn lost(
        &self,
        run: &mut Run<State>,
        error: &Error,
        unless_stored: Option<End>,
    ) -> Result<(), Interrupted> {
        let failure = Failure::from(error);
        let text = format!("it is not clear whether it was stored: {error}");
        run.write(step::STORE, Mark::Note, &text, None, |state| {
            state.failure = Some(failure);
            state.unless_stored = unless_stored;
        })
        .await
    }

    async fn stored(&self, run: &mut Run<State>, confirmation: Confirmation) -> Result<(), Interrupted> {
        let Some(mut credential) = run.state.credential.clone() else {
            return Err(FlowError::Store(smartid_core::StoreError::Corrupt(
                "the flow has no credential".to_owned(),
            ))
            .into());
        };
        credential.confirmation = confirmation;
        finish(run, End::Stored(credential), None).await
    }

    async fn uncertain(&self, run: &mut Run<State>, failure: Failure) -> Result<(), Interrupted> {
        let credential_id = run
            .state
            .credential
            .as_ref()
            .map(|known| known.credential_id.clone())
            .unwrap_or_default();
        finish(
            run,
            End::Uncertain {
                credential_id,
                failure,
            },
            None,
        )
        .await
    }

    fn options_are_old(&self, run: &Run<State>) -> bool {
        run.state.options_expire.is_some_and(|expire| expire <= run.now())
    }

    /// The user and the credential of a flow that has come this far.
    fn credential(&self, run: &Run<State>) -> Result<(UserId, Registration), Interrupted> {
        let corrupt =
            |what: String| Interrupted::Flow(FlowError::Store(smartid_core::StoreError::Corrupt(what)));
        let user = UserId::new(run.state.user.as_str()).map_err(|error| corrupt(error.to_string()))?;
        let raw = run
            .state
            .registration
            .as_deref()
            .ok_or_else(|| corrupt("the flow has no credential".to_owned()))?;
        let registration = Registration::parse(raw).map_err(|error| corrupt(error.to_string()))?;
        Ok((user, registration))
    }
}
