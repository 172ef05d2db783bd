//! The first half: options, session, create command, link.

use std::time::Duration;

use smartid_core::{Error, Phase, Turn};
use smartid_da::UserId;
use smartid_da::relying_party::{Provider, Refusal};
use smartid_hermod::commands::{FidoCreate, FidoSession};
use smartid_hermod::{CommandHeader, ImmediateResponse, Pending, PlugoutLink, Session};

use super::state::{Stage, State, step};
use super::{Begun, End, FidoEnrolment, HEARTBEAT, LEASE, NotBegun, finish};
use crate::flows::failure::{Failure, FlowError, Service};
use crate::flows::journal::{Interrupted, Run};
use crate::store::Mark;

/// What the next step of the first half has led to.
enum Prepared {
    /// Another step follows.
    On,
    /// The link can be shown.
    Link(PlugoutLink),
}

impl FidoEnrolment {
    /// Takes the steps up to the link. `None` when another process has taken the flow over.
    pub(super) async fn prepare(&self, mut run: Run<State>) -> Result<Option<Begun>, NotBegun> {
        match self.prepare_steps(&mut run).await {
            Ok(begun) => Ok(Some(begun)),
            Err(Interrupted::Conflict | Interrupted::Waited) => Ok(None),
            Err(Interrupted::Flow(error)) => match run.state.end.take() {
                Some(end) => Err(NotBegun::Ended {
                    id: run.id().clone(),
                    end: Box::new(end),
                }),
                None => Err(NotBegun::flow(run.id(), error)),
            },
        }
    }

    async fn prepare_steps(&self, run: &mut Run<State>) -> Result<Begun, Interrupted> {
        // Held to the end, so that nobody resumes what is still being begun.
        let held = run.hold(LEASE).await?;
        if run.state.stage != Stage::Options {
            run.write(
                step::OPTIONS,
                Mark::Note,
                "starting over: no link was shown yet",
                None,
                State::start_over,
            )
            .await?;
        }
        let mut link = None;
        loop {
            held.renew(run.now(), LEASE).await?;
            match run.state.stage {
                Stage::Options => self.get_options(run).await?,
                Stage::Session => match self.open_session(run).await? {
                    Prepared::Link(new) => link = Some(new),
                    Prepared::On => {}
                },
                Stage::Create => {
                    if let Some(new) = self.create_first(run).await? {
                        link = Some(new);
                    }
                }
                Stage::WaitOpen | Stage::WaitCredential => break,
                Stage::Store | Stage::Look | Stage::Ended => {
                    return Err(FlowError::NoLinkShown(run.id().clone()).into());
                }
            }
        }
        let Some(link) = link else {
            return Err(FlowError::NoLinkShown(run.id().clone()).into());
        };
        let pending = run
            .state
            .create_pending
            .as_ref()
            .or(run.state.session_pending.as_ref());
        let now = run.now();
        let expires = pending.map_or(now, |pending| pending.expires);
        if expires <= now {
            // The services were so slow that nobody could answer it any more.
            finish(run, End::OptionsExpired, None).await?;
            return Err(FlowError::NoLinkShown(run.id().clone()).into());
        }
        run.write(
            step::SHOW,
            Mark::Intent,
            "the link is handed out",
            None,
            |state| {
                state.shown = true;
                state.expires = expires;
                state.resume_at = expires.earlier(now + HEARTBEAT);
            },
        )
        .await?;
        Ok(Begun {
            id: run.id().clone(),
            link,
            expires,
        })
    }

    async fn get_options(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let asked = run.now();
        let service = self.service();
        let unusable = |reason: String| End::OptionsUnusable { service, reason };
        let user = match UserId::new(run.state.user.as_str()) {
            Ok(user) => user,
            Err(error) => return finish(run, unusable(error.to_string()), None).await,
        };
        let offer = match self.relying_party.creation_options(&user).await {
            Ok(offer) => offer,
            Err(error) => {
                let mut failure = Failure::from(&error);
                let rejected = self.relying_party.refusal(&error) == Some(Refusal::Rejected);
                if rejected && self.relying_party.provider() == Provider::DIGITAL_ACCESS {
                    // There is no credential yet that could be wrong.
                    failure.check = "what the service says in the message; then how the request names the user (settings user.position and \
                                     user.name of the Digital Access dialect)"
                        .to_owned();
                }
                let end = match error.phase() {
                    _ if error.is_misconfigured() => End::Misconfigured { failure },
                    Phase::Refused => End::OptionsRefused { service, failure },
                    _ => unanswered(service, step::OPTIONS, failure),
                };
                return finish(run, end, None).await;
            }
        };
        if let Err(error) = offer.options.validate() {
            return finish(run, unusable(error.to_string()), None).await;
        }
        let text = match offer.expires {
            Some(expires) => format!(
                "creation options received, valid for {} s",
                expires.since(asked).as_secs()
            ),
            None => "creation options received, without a time limit".to_owned(),
        };
        for lint in &offer.lints {
            tracing::warn!(%lint, "tolerated in the relying party's answer");
        }
        let single = self.hermod.dialect().fido.single_command;
        run.write(step::OPTIONS, Mark::Result, &text, None, |state| {
            state.options = Some(offer.options);
            state.options_expire = offer.expires;
            state.stage = if single { Stage::Create } else { Stage::Session };
        })
        .await
    }

    /// A header for a new command that does not outlive the options; `None` when they have expired.
    fn header(&self, run: &Run<State>) -> Option<CommandHeader> {
        let header = self.hermod.header();
        let Some(expire) = run.state.options_expire else {
            return Some(header);
        };
        let left = Duration::from_secs(expire.since(run.now()).as_secs());
        if left >= header.get_timeout() {
            return Some(header);
        }
        header.timeout(left).ok()
    }

    async fn open_session(&self, run: &mut Run<State>) -> Result<Prepared, Interrupted> {
        let Some(header) = self.header(run) else {
            finish(run, End::OptionsExpired, None).await?;
            return Ok(Prepared::On);
        };
        let pending = Pending::new(&header, run.now());
        run.write(
            step::SESSION,
            Mark::Intent,
            "opening a FIDO session at the messaging server",
            None,
            |state| {
                state.session_pending = Some(pending);
            },
        )
        .await?;
        let sent = run.now();
        let response = match self.hermod.call(&FidoSession::new(header.clone())).await {
            Ok(response) => response,
            Err(error) => {
                self.command_failed(run, step::SESSION, &error).await?;
                return Ok(Prepared::On);
            }
        };
        let (Some(link), Ok(session)) = (
            response.link().cloned(),
            Session::from_response(&response, &header, sent),
        ) else {
            let end = no_link(step::SESSION);
            finish(run, end, None).await?;
            return Ok(Prepared::On);
        };
        let text = format!("session open, command {}", response.command_id);
        let later = self.hermod.dialect().fido.create_after_open;
        run.write(step::SESSION, Mark::Result, &text, None, |state| {
            if let Some(pending) = &mut state.session_pending {
                pending.command_id = Some(response.command_id.clone());
            }
            state.session = Some(session);
            state.stage = if later { Stage::WaitOpen } else { Stage::Create };
        })
        .await?;
        Ok(Prepared::Link(link))
    }

    /// The create command before a link was shown: a lost answer is mended by a new session.
    async fn create_first(&self, run: &mut Run<State>) -> Result<Option<PlugoutLink>, Interrupted> {
        let Some(answer) = self.send_create(run).await? else {
            return Ok(None);
        };
        match answer {
            Ok(response) => {
                let alone = run.state.session.is_none();
                let link = response.link().cloned();
                if alone && link.is_none() {
                    finish(run, no_link(step::CREATE), None).await?;
                    return Ok(None);
                }
                self.created(run, &response).await?;
                Ok(link.filter(|_| alone))
            }
            Err(error) => {
                self.command_failed(run, step::CREATE, &error).await?;
                Ok(None)
            }
        }
    }

    /// The create command after the app has opened the link (a dialect): with a lost answer, the command may be there all the same, so
    /// its outcome is waited for under our own id.
    pub(super) async fn create(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let _held = run.hold(LEASE).await?;
        if run.state.create_pending.is_some() {
            // An earlier process wrote the intent and nothing more. A second command would ask the person twice.
            let text = "it is not known whether the command was sent; waiting by our own id all the same";
            return run
                .write(step::CREATE, Mark::Note, text, None, |state| {
                    state.stage = Stage::WaitCredential;
                })
                .await;
        }
        let Some(answer) = self.send_create(run).await? else {
            return Ok(());
        };
        match answer {
            Ok(response) => self.created(run, &response).await,
            Err(error) if error.phase() == Phase::PerhapsDone => {
                let text = format!("the answer was lost, waiting by our own id all the same: {error}");
                run.write(step::CREATE, Mark::Note, &text, None, |state| {
                    state.stage = Stage::WaitCredential
                })
                .await
            }
            Err(error) => finish(run, command_end(step::CREATE, &error), None).await,
        }
    }

    /// Sends the create command, unless the options have expired, which ends the flow (`None`). The inner error is the service's.
    async fn send_create(
        &self,
        run: &mut Run<State>,
    ) -> Result<Option<Result<ImmediateResponse, Error>>, Interrupted> {
        let (Some(header), Some(options)) = (self.header(run), run.state.options.clone()) else {
            finish(run, End::OptionsExpired, None).await?;
            return Ok(None);
        };
        let pending = Pending::new(&header, run.now()).expecting_response();
        run.write(
            step::CREATE,
            Mark::Intent,
            "sending the creation options to the app's box",
            None,
            |state| {
                state.create_pending = Some(pending);
            },
        )
        .await?;
        let command = match &run.state.session {
            Some(session) => FidoCreate::new(header, session, options.raw()),
            None => FidoCreate::alone(header, options.raw()),
        };
        Ok(Some(self.hermod.call(&command).await))
    }

    async fn created(&self, run: &mut Run<State>, response: &ImmediateResponse) -> Result<(), Interrupted> {
        let text = format!("create command {} is waiting for the app", response.command_id);
        let command_id = response.command_id.clone();
        run.write(step::CREATE, Mark::Result, &text, None, |state| {
            if let Some(pending) = &mut state.create_pending {
                pending.command_id = Some(command_id);
            }
            state.stage = Stage::WaitCredential;
        })
        .await
    }

    /// A command before the link was shown has failed: once, a lost answer is followed by a whole new session, since nobody has the link
    /// of the old one.
    async fn command_failed(
        &self,
        run: &mut Run<State>,
        name: &'static str,
        error: &Error,
    ) -> Result<(), Interrupted> {
        if error.phase() == Phase::PerhapsDone && run.state.reopened == 0 {
            let text = format!("the answer was lost; starting over, since nobody has that link: {error}");
            return run
                .write(name, Mark::Note, &text, None, |state| {
                    state.reopened += 1;
                    state.start_over();
                })
                .await;
        }
        finish(run, command_end(name, error), None).await
    }
}

fn command_end(name: &'static str, error: &Error) -> End {
    let failure = Failure::from(error);
    match error.phase() {
        _ if error.is_misconfigured() => End::Misconfigured { failure },
        Phase::Refused => End::CommandRefused { failure },
        _ => unanswered(Service::Messaging, name, failure),
    }
}

/// The end after a failure that is no refusal.
pub(super) fn unanswered(service: Service, name: &'static str, failure: Failure) -> End {
    let step = name.to_owned();
    match failure.phase {
        Phase::Unreadable => End::UnreadableAnswer {
            service,
            step,
            failure,
        },
        _ => End::Unreachable {
            service,
            step,
            failure,
        },
    }
}

/// The messaging server agreed, but gave nothing to show to the user.
fn no_link(name: &'static str) -> End {
    let message = "the answer has no plugout link, so there is nothing to show to the user".to_owned();
    let failure = Failure {
        operation: format!("hermod.{name}"),
        phase: Phase::Unreadable,
        status: None,
        code: None,
        request_id: None,
        message,
        turn: Turn::Administrator,
        check: "that public-url is set in the messaging server's configuration, and that the dialect opens the session as this version \
                of Hermod expects it"
            .to_owned(),
    };
    unanswered(Service::Messaging, name, failure)
}
