//! The rest of a PIN reset in one `await`: nonce, proof, end.

use smartid_core::{Error, Inbox, Phase, Retry, StoreError};

use super::{PinReset, PinResetError};
use crate::admin_key::{AdminKey, AdminKeyError, NewAdminKey};
use crate::answers::{Done, PinResetChallenge, TransportError};
use crate::client::Hermod;
use crate::outcome::Outcome;
use crate::wait::PollPolicy;

/// Why a PIN reset was not finished. What the person or the device did is an [`Outcome`], not one of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// The inbox cannot be read. Nothing is lost: finish again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The second half was not taken.
    #[error(transparent)]
    Call(#[from] Error),
    /// There is no proof.
    #[error(transparent)]
    AdminKey(#[from] AdminKeyError),
    /// The new admin key cannot be protected.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// There is no mailbox for the second half, or a proof has gone out already.
    #[error(transparent)]
    PinReset(#[from] PinResetError),
}

impl Hermod {
    /// Waits for the nonce, sends the proof, waits for the end. With a new admin key the admin key is changed and the PIN is not reset.
    ///
    /// One proof is sent and no second one: once it may have gone out, `reset` says so, and finishing again waits for the end only. A
    /// value that was stored before does not know; so after a crash in between, begin another PIN reset. Dropping the future loses nothing
    /// but the place: outcomes stay in the inbox until they have been dealt with.
    ///
    /// # Errors
    /// [`FinishError`]. When messaging refused the second half, `reset` waits for the nonce again.
    pub async fn finish_pin_reset(
        &self,
        inbox: &dyn Inbox,
        reset: &mut PinReset,
        admin_key: &dyn AdminKey,
        new_admin_key: Option<&NewAdminKey>,
        policy: &PollPolicy,
    ) -> Result<Outcome<Done>, FinishError> {
        if reset.end.is_none() {
            let waited = self.wait(inbox, &reset.start, policy).await?;
            let Some(report) = waited.report else {
                return Ok(Outcome::TimedOut);
            };
            let challenge = match report.start_pin_reset(self.dialect()) {
                Outcome::Succeeded(challenge) => challenge,
                other => {
                    self.acknowledge(inbox, &reset.start).await?;
                    return Ok(other.map(|_| Done { response: None }));
                }
            };
            self.prove(reset, &challenge, admin_key, new_admin_key).await?;
            self.acknowledge(inbox, &reset.start).await?;
        }
        let Some(end) = &reset.end else {
            return Ok(Outcome::Pending);
        };
        let waited = self.wait(inbox, end, policy).await?;
        let Some(report) = waited.report else {
            return Ok(Outcome::TimedOut);
        };
        self.acknowledge(inbox, end).await?;
        Ok(report.end_pin_reset(self.dialect()))
    }

    async fn prove(
        &self,
        reset: &mut PinReset,
        challenge: &PinResetChallenge,
        admin_key: &dyn AdminKey,
        new_admin_key: Option<&NewAdminKey>,
    ) -> Result<(), FinishError> {
        // What can go wrong without the token's noticing goes first.
        let new_key = new_admin_key.map(|key| challenge.protect(key, self.dialect()));
        let new_key = new_key.transpose()?;
        let proof = admin_key.respond(challenge.nonce.expose()).await?;
        let mut command = reset.prove(self.header(), challenge, proof, self.runtime().now())?;
        command.new_admin_key = new_key;
        match self.call(&command).await {
            Ok(answer) => reset.proved(&answer),
            // The command may be on its way: the callback comes under the external id that was chosen for it.
            Err(error) if is_perhaps_taken(&error) => {
                tracing::warn!(error = %error.summary(), "no usable answer to the second half of a PIN reset; waiting for its callback");
            }
            Err(error) => {
                reset.not_proved();
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// Whether messaging may have taken the command although it did not say so.
fn is_perhaps_taken(error: &Error) -> bool {
    match error.phase() {
        Phase::NotSent => false,
        Phase::Refused => error.retry() == Retry::Forbidden,
        _ => true,
    }
}
