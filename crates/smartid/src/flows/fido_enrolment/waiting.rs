//! The middle: a person has the link, and an answer comes by callback or poll.

use smartid_core::{Either, Letter, Phase, Turn, race};
use smartid_da::fido::{Registration, preflight};
use smartid_hermod::{By, CommandReport, FidoOutcome, Pending, Waited};

use super::end::{Confirmation, End, StoredCredential};
use super::preparing::unanswered;
use super::state::{Stage, State, step};
use super::{FidoEnrolment, finish};
use crate::flows::failure::{Failure, Service};
use crate::flows::journal::{Interrupted, Run};
use crate::store::Mark;

/// Something that was heard of one of the two commands.
struct Heard {
    of_session: bool,
    report: Option<CommandReport>,
    /// A state that the dialect does not know, when there is no report.
    unknown_state: Option<String>,
    /// The callback that brought it, to be taken out of the inbox with the step that it causes.
    letter: Option<Letter>,
}

impl FidoEnrolment {
    /// Waits for the first news of either command; a session that is known to be open is not asked about.
    async fn hear(&self, run: &Run<State>) -> Result<Heard, Interrupted> {
        let store = &*self.desk.store;
        let wait = async |pending: &Pending| -> Result<(Waited, Option<Letter>), Interrupted> {
            let waited = self.hermod.wait(store, pending, &self.settings.polling).await?;
            let letter = match waited.by {
                By::Callback => store.peek(&pending.correlation_ids()).await?,
                _ => None,
            };
            Ok((waited, letter))
        };
        let session = run.state.session_pending.as_ref();
        let (of_session, (waited, letter)) = match (&run.state.create_pending, session) {
            (Some(create), None) => (false, wait(create).await?),
            (None, Some(session)) => (true, wait(session).await?),
            (Some(create), Some(session)) => match race(wait(create), wait(session)).await {
                Either::First(heard) => (false, heard?),
                Either::Second(heard) => (true, heard?),
            },
            (None, None) => {
                return Ok(Heard {
                    of_session: false,
                    report: None,
                    unknown_state: None,
                    letter: None,
                });
            }
        };
        let unknown_state = waited.unfinished.and_then(|report| match report.state {
            smartid_hermod::State::Other(spelling) => Some(smartid_core::redact::message(&spelling)),
            _ => None,
        });
        Ok(Heard {
            of_session,
            report: waited.report,
            unknown_state,
            letter,
        })
    }

    /// The app has to open the link before the create command may be sent.
    pub(super) async fn wait_for_app(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let heard = self.hear(run).await?;
        let opened = heard.report.as_ref().is_some_and(CommandReport::opened);
        match heard.report.map(|report| report.fido(self.hermod.dialect())) {
            Some(_) if opened => app_opened(run, heard.letter, Stage::Create).await,
            Some(FidoOutcome::TimedOut) | None => {
                let end = heard
                    .unknown_state
                    .map_or(End::LinkNeverOpened, |state| unknown(&state));
                finish(run, end, heard.letter).await
            }
            Some(outcome) => self.ended_by(run, outcome, heard.letter).await,
        }
    }

    /// Waits for the outcome of the create command.
    pub(super) async fn wait_for_credential(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let heard = self.hear(run).await?;
        let opened = heard.of_session && heard.report.as_ref().is_some_and(CommandReport::opened);
        let outcome = heard
            .report
            .as_ref()
            .map(|report| report.fido(self.hermod.dialect()));
        match outcome {
            // A session that is opened by another verb may bring a response of its own, so this is asked first.
            Some(_) if opened => app_opened(run, heard.letter, Stage::WaitCredential).await,
            // The create command has the last word.
            Some(FidoOutcome::TimedOut) | None if heard.of_session => {
                let unknown_state = heard.unknown_state;
                let text = match &unknown_state {
                    Some(state) => {
                        format!("the session is in state {state}, which is in no list of the dialect")
                    }
                    None => "nothing more is heard of the session".to_owned(),
                };
                run.write(step::WAIT, Mark::Note, &text, heard.letter, |state| {
                    state.session_pending = None;
                    state.unknown_state = unknown_state;
                })
                .await
            }
            Some(FidoOutcome::Created { registration, lints }) => {
                for lint in lints {
                    tracing::warn!(%lint, "tolerated in the app's answer");
                }
                self.check(run, &registration, heard.letter).await
            }
            Some(FidoOutcome::TimedOut) | None => {
                let unknown_state = heard.unknown_state.or_else(|| run.state.unknown_state.clone());
                let end = if let Some(state) = unknown_state {
                    unknown(&state)
                } else if run.state.opened || self.session_was_opened(run).await? {
                    End::NoAnswer
                } else {
                    End::LinkNeverOpened
                };
                finish(run, end, heard.letter).await
            }
            Some(outcome) => self.ended_by(run, outcome, heard.letter).await,
        }
    }

    /// Looks, without waiting, whether the session's command was answered.
    async fn session_was_opened(&self, run: &Run<State>) -> Result<bool, Interrupted> {
        let Some(session) = &run.state.session_pending else {
            return Ok(false);
        };
        let ids = session.correlation_ids();
        let Some(letter) = self.desk.store.peek(&ids).await? else {
            return Ok(false);
        };
        let report = CommandReport::read(letter.body().clone(), self.hermod.dialect());
        Ok(report.is_ok_and(|report| report.opened()))
    }

    /// The outcomes that end the flow without a credential.
    async fn ended_by(
        &self,
        run: &mut Run<State>,
        outcome: FidoOutcome,
        letter: Option<Letter>,
    ) -> Result<(), Interrupted> {
        let app_failed = |code: &str, message: String| End::AppFailed {
            code: code.to_owned(),
            message,
        };
        let end = match outcome {
            FidoOutcome::Declined => End::Declined,
            FidoOutcome::Cancelled => End::Cancelled,
            FidoOutcome::TimedOut => End::NoAnswer,
            FidoOutcome::AlreadyRegistered { .. } => End::AlreadyRegistered {
                by: Service::Messaging,
            },
            FidoOutcome::Failed { code, message } => {
                app_failed(code.as_deref().unwrap_or("unknown"), message.unwrap_or_default())
            }
            FidoOutcome::Unreadable { reason } => unreadable(
                &reason,
                "where the registration stands in the callback (setting fido.registration of the messaging dialect); the program inspect \
                 reads a captured callback and says it",
            ),
            FidoOutcome::Opened => unreadable(
                "the create command succeeded, but there is no credential in the answer",
                "that Smart ID Desktop App is 2.4 or later and Hermod 4.2 or later, and where the registration stands in the callback (setting \
                 fido.registration of the messaging dialect)",
            ),
            other => app_failed("unknown-outcome", format!("{other:?}")),
        };
        finish(run, end, letter).await
    }

    /// Checks what the app sent, before anything is sent on.
    async fn check(
        &self,
        run: &mut Run<State>,
        raw: &str,
        letter: Option<Letter>,
    ) -> Result<(), Interrupted> {
        let Some(options) = run.state.options.clone() else {
            return finish(run, End::OptionsExpired, letter).await;
        };
        // The record holds the text alone; how its ids are to be read is the relying party's.
        let options = options.read_ids(self.settings.preflight.excluded_ids);
        let rejected = |error: preflight::PreflightError| {
            let advice = error.advice();
            End::CredentialRejected {
                check: error.name().to_owned(),
                reason: error.to_string(),
                turn: advice.turn,
                advice: advice.check.into_owned(),
            }
        };
        let registration = match Registration::parse(raw) {
            Ok(registration) => registration,
            Err(error) => return finish(run, rejected(error.into()), letter).await,
        };
        let checked = match preflight::check(&options, &registration, &self.settings.preflight) {
            Ok(checked) => checked,
            Err(error) => return finish(run, rejected(error), letter).await,
        };
        let credential = StoredCredential {
            user: run.state.user.clone(),
            credential_id: smartid_core::base64::encode(
                smartid_core::base64::Flavour::Url,
                &checked.credential_id,
            ),
            algorithm: checked.algorithm.0,
            algorithm_name: checked
                .algorithm
                .name()
                .map_or_else(|| checked.algorithm.0.to_string(), str::to_owned),
            aaguid: checked.aaguid.to_string(),
            attestation: checked.attestation.format().to_string(),
            attestation_kind: checked.attestation.kind().name().to_owned(),
            attestation_check: checked.attestation.verdict().to_string(),
            attestation_signature: checked.attestation.signature().name().to_owned(),
            user_verified: checked.user_verified,
            confirmation: Confirmation::Answered,
            method: None,
            remarks: checked
                .lints
                .iter()
                .chain(options.lints())
                .map(ToString::to_string)
                .collect(),
        };
        let text = format!(
            "credential received: {} key of model {}, attestation {} ({}, signature {}), passed the local checks",
            credential.algorithm_name,
            credential.aaguid,
            credential.attestation,
            credential.attestation_kind,
            credential.attestation_signature
        );
        let raw = registration.raw_without_keys().into_owned();
        let now = run.now();
        run.write(step::CHECK, Mark::Result, &text, letter, |state| {
            state.registration = Some(raw);
            state.credential = Some(credential);
            state.resume_at = now;
            state.opened = true;
            state.stage = Stage::Store;
        })
        .await
    }
}

/// The session's command is answered; nothing more is to be heard of it.
async fn app_opened(run: &mut Run<State>, letter: Option<Letter>, next: Stage) -> Result<(), Interrupted> {
    run.write(
        step::WAIT,
        Mark::Note,
        "the app has opened the link",
        letter,
        |state| {
            state.opened = true;
            state.session_pending = None;
            state.stage = next;
        },
    )
    .await
}

/// The end after news that cannot be read.
fn unreadable(what: &str, check: &str) -> End {
    let failure = Failure {
        operation: "hermod.outcome".to_owned(),
        phase: Phase::Unreadable,
        status: None,
        code: None,
        request_id: None,
        message: what.to_owned(),
        turn: Turn::Administrator,
        check: check.to_owned(),
    };
    unanswered(Service::Messaging, step::WAIT, failure)
}

/// The end after a state that the dialect does not know: somebody may have answered, but nobody here can tell.
fn unknown(state: &str) -> End {
    unreadable(
        &format!(
            "the command is in state {state}, which is in no list of the dialect, so it is not known what the person did"
        ),
        "what that state means, and add it to the list of the messaging dialect that it belongs to (states.success, states.failed, …)",
    )
}
