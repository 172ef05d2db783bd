//! The first half: who is expected and where, the command, what to show.

use smartid_core::{Advice, Error, Phase, Turn};
use smartid_da::UserId;
use smartid_da::personal::PersonalMethodType;
use smartid_hermod::commands::{Authenticate, Nonce};
use smartid_hermod::{Entry, MobileLink, Pending, TEMPORARY};

use super::end::End;
use super::settings::{ChallengePlace, DEFAULT_REDIRECT_TEXT, DEFAULT_WAIT, MailboxName};
use super::showing::{LoginLink, Showing};
use super::state::{Place, Plan, Proof, Stage, State, step};
use super::{Begun, HEARTBEAT, LEASE, NotBegun, PersonalLogin, finish};
use crate::flows::failure::{Failure, FlowError, Service};
use crate::flows::journal::{Interrupted, Run};
use crate::store::Mark;

/// The description that the person reads; the key's name is ours, since none is documented but that of the picture.
const DESCRIPTION_KEY: &str = "requester";

impl PersonalLogin {
    /// Takes the steps up to what is shown. `None` when another process has taken the flow over.
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
        self.take_up(run).await?;
        let mut link = None;
        loop {
            held.renew(run.now(), LEASE).await?;
            match run.state.stage {
                Stage::Plan => self.plan(run).await?,
                Stage::Send => link = self.send(run).await?,
                Stage::Show => break,
                Stage::Wait | Stage::Ended => {
                    return Err(FlowError::NoLinkShown(run.id().clone()).into());
                }
            }
        }
        let Some(showing) = self.showing(run, link).await? else {
            return Err(FlowError::NoLinkShown(run.id().clone()).into());
        };
        let now = run.now();
        let expires = run.state.pending.as_ref().map_or(now, |pending| pending.expires);
        if expires <= now {
            // Messaging was so slow that nobody could answer it any more.
            finish(run, End::TimedOut, None).await?;
            return Err(FlowError::NoLinkShown(run.id().clone()).into());
        }
        let text = format!("handed out: {}", showing.name());
        run.write(step::SHOW, Mark::Intent, &text, None, |state| {
            state.stage = Stage::Wait;
            state.expires = expires;
            state.resume_at = expires.earlier(now + HEARTBEAT);
        })
        .await?;
        Ok(Begun {
            id: run.id().clone(),
            image: run.state.request.image.clone(),
            showing,
            expires,
        })
    }

    /// What an earlier process has left. A command to a temporary mailbox is made anew, because nobody has its link. One to the mailbox of
    /// a user may be on the phone already: a second one would ask the person twice.
    async fn take_up(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let mailbox = matches!(&run.state.plan, Some(plan) if plan.place != Place::Temporary);
        let next = match (run.state.stage, &run.state.pending) {
            (Stage::Send, Some(_)) if mailbox => Stage::Show,
            (Stage::Show, _) if !mailbox => Stage::Send,
            _ => return Ok(()),
        };
        let text = match next {
            Stage::Show => "it is not known whether the command was sent; waiting by our own id all the same",
            _ => "starting over: no link was shown yet",
        };
        run.write(step::SEND, Mark::Note, text, None, |state| state.stage = next)
            .await
    }

    /// Finds out who is expected, where the command goes, and what has to prove the user.
    async fn plan(&self, run: &mut Run<State>) -> Result<(), Interrupted> {
        let plan = match self.planned(run.state.request.typed.as_ref()).await? {
            Ok(plan) => plan,
            Err(end) => return finish(run, end, None).await,
        };
        let place = match &plan.place {
            Place::Temporary => "a temporary mailbox",
            Place::Mailbox(_) => "the mailbox of the user",
        };
        let text = match plan.user {
            Some(_) => format!("the user exists; the command goes to {place}"),
            None => format!("nobody was typed; the command goes to {place}"),
        };
        run.write(step::PLAN, Mark::Result, &text, None, |state| {
            state.plan = Some(plan);
            state.stage = Stage::Send;
        })
        .await
    }

    async fn planned(&self, typed: Option<&UserId>) -> Result<Result<Plan, End>, FlowError> {
        let settings = &self.settings;
        let (method, directory) = (&settings.method, &settings.directory);
        let (mut user, mut place) = (None, Place::Temporary);
        if let Some(typed) = typed {
            let Some(found) = directory.user(typed).await? else {
                return Ok(Err(End::UnknownUser));
            };
            let id = found.id().as_str().to_owned();
            if !found.account().is_enabled() {
                return Ok(Err(End::PersonalNotEnabled { user: id }));
            }
            // The Desktop App is reached by a link alone.
            if method.method_type() == PersonalMethodType::Mobile {
                let mailbox = match &settings.mailbox {
                    MailboxName::UserId => Some(id.clone()),
                    MailboxName::Attribute(name) => {
                        let mut values = found.user().values(name);
                        let only = values.next().filter(|value| !value.trim().is_empty());
                        only.map(str::to_owned).filter(|_| values.next().is_none())
                    }
                };
                // The name of a temporary mailbox is nobody's.
                let Some(mailbox) = mailbox.filter(|name| !name.starts_with('@')) else {
                    return Ok(Err(End::NoMailbox { user: id }));
                };
                place = Place::Mailbox(mailbox);
            }
            user = Some(id);
        }
        let has_keys = directory.keeps_profile_keys();
        let proof = if method.uses_certificate() {
            Proof::Certificate
        } else if has_keys {
            Proof::ProfileKey
        } else {
            Proof::Mailbox
        };
        let in_mailbox = place != Place::Temporary;
        let names_somebody = match proof {
            Proof::Certificate => settings.mapping.is_some() || in_mailbox,
            Proof::ProfileKey => true,
            Proof::Mailbox => in_mailbox,
        };
        if !names_somebody {
            return Ok(Err(End::NobodyNamed));
        }
        Ok(Ok(Plan { user, place, proof }))
    }

    /// The command with a new challenge.
    fn command(&self, state: &State, place: &Place) -> Authenticate {
        let settings = &self.settings;
        let header = match place {
            Place::Temporary => self.hermod.header().to([TEMPORARY]),
            Place::Mailbox(name) => self.hermod.header().to([name.as_str()]),
        };
        let mut command = Authenticate::new(header);
        if let Some(image) = &state.request.image {
            command = command.description(image.entry().label(&settings.labels.image));
        }
        if let Some(text) = &state.request.description {
            command =
                command.description(Entry::text(DESCRIPTION_KEY, text).label(&settings.labels.description));
        }
        if let Some(filter) = &settings.filter {
            command = command.filter(filter.clone());
        }
        if let Some(format) = &settings.format {
            command = command.format(format.clone());
        }
        let challenge = Nonce::random(&**self.hermod.runtime());
        match settings.challenge {
            ChallengePlace::Tbs => command.challenge(&challenge),
            ChallengePlace::Nonce => command.nonce(challenge),
        }
    }

    /// Sends the command; gives its link.
    async fn send(&self, run: &mut Run<State>) -> Result<Option<LoginLink>, Interrupted> {
        let Some(plan) = run.state.plan.clone() else {
            run.write(step::SEND, Mark::Note, "no plan yet", None, |state| {
                state.stage = Stage::Plan;
            })
            .await?;
            return Ok(None);
        };
        let command = self.command(&run.state, &plan.place);
        let mut pending = Pending::new(&command.header, run.now());
        if plan.proof != Proof::Mailbox {
            pending = pending.expecting_response();
        }
        let asked = command.expectation();
        // The description is needed only where a signature covers it, and the picture in it is large.
        let asked = match self.settings.challenge {
            ChallengePlace::Tbs => asked.without_description(),
            ChallengePlace::Nonce => asked,
        };
        run.write(
            step::SEND,
            Mark::Intent,
            "sending the authenticate command",
            None,
            |state| {
                state.pending = Some(pending);
                state.asked = Some(asked);
            },
        )
        .await?;
        let response = match self.hermod.call(&command).await {
            Ok(response) => response,
            Err(error) => {
                self.not_sent(run, &plan.place, &error).await?;
                return Ok(None);
            }
        };
        let link = response.link().cloned();
        if plan.place == Place::Temporary && link.is_none() {
            finish(run, no_link(), None).await?;
            return Ok(None);
        }
        let text = format!("command {} is waiting for the app", response.command_id);
        run.write(step::SEND, Mark::Result, &text, None, |state| {
            state.pending = state.pending.take().map(|pending| pending.answered(&response));
            state.stage = Stage::Show;
        })
        .await?;
        Ok(link.map(LoginLink::Plugout))
    }

    async fn not_sent(&self, run: &mut Run<State>, place: &Place, error: &Error) -> Result<(), Interrupted> {
        let lost = error.phase() == Phase::PerhapsDone;
        match place {
            Place::Mailbox(_) if lost => {
                let text = format!("the answer was lost, waiting by our own id all the same: {error}");
                run.write(step::SEND, Mark::Note, &text, None, |state| {
                    state.stage = Stage::Show;
                })
                .await
            }
            Place::Temporary if lost && run.state.resent == 0 => {
                let text = format!("the answer was lost; sending anew, since nobody has that link: {error}");
                run.write(step::SEND, Mark::Note, &text, None, |state| state.resent += 1)
                    .await
            }
            _ => finish(run, command_end(error), None).await,
        }
    }

    /// How the person gets to the app. `None` when the flow has ended over it.
    async fn showing(
        &self,
        run: &mut Run<State>,
        link: Option<LoginLink>,
    ) -> Result<Option<Showing>, Interrupted> {
        let method = &self.settings.method;
        let mailbox = matches!(&run.state.plan, Some(plan) if plan.place != Place::Temporary);
        let link = match link {
            Some(link) if !mailbox => Some(link),
            // The link to a message is documented as not implemented for this command; the app is opened and looks by itself.
            _ if mailbox && method.same_device() => match MobileLink::start(&self.settings.start_link) {
                Ok(link) => Some(LoginLink::Start(link)),
                Err(error) => {
                    let check = "the options of the start link: scheme, title, return address";
                    let failure = Failure::local(
                        "hermod.start-link",
                        Phase::NotSent,
                        error.to_string(),
                        Advice::new(Turn::Caller, check),
                    );
                    finish(run, End::Misconfigured { failure }, None).await?;
                    return Ok(None);
                }
            },
            _ => None,
        };
        Ok(Some(match (link, method.method_type()) {
            (None, _) => Showing::Mailbox,
            (Some(link), PersonalMethodType::Desktop) => Showing::Desktop(link),
            (Some(link), _) if method.same_device() => Showing::SameDevice {
                link,
                after: method.wait().unwrap_or(DEFAULT_WAIT),
                text: method
                    .redirect_text()
                    .filter(|text| !text.trim().is_empty())
                    .unwrap_or(DEFAULT_REDIRECT_TEXT)
                    .to_owned(),
            },
            (Some(link), _) => Showing::Qr(link),
        }))
    }
}

fn command_end(error: &Error) -> End {
    let failure = Failure::from(error);
    match error.phase() {
        _ if error.is_misconfigured() => End::Misconfigured { failure },
        Phase::Refused => End::CommandRefused { failure },
        _ => unanswered(step::SEND, failure),
    }
}

/// The end after a failure that is no refusal.
pub(super) fn unanswered(name: &'static str, failure: Failure) -> End {
    let (service, step) = (Service::Messaging, name.to_owned());
    if failure.phase == Phase::Unreadable {
        End::UnreadableAnswer {
            service,
            step,
            failure,
        }
    } else {
        End::Unreachable {
            service,
            step,
            failure,
        }
    }
}

/// The messaging server agreed, but gave nothing to show to the user.
fn no_link() -> End {
    let message = "the answer has no plugout link, so there is nothing to show";
    let check = "that public-url is set in the messaging server's configuration, and that this version of Hermod takes an authenticate \
                 command to a temporary mailbox";
    let advice = Advice::new(Turn::Administrator, check);
    let failure = Failure::local("hermod.authenticate", Phase::Unreadable, message, advice);
    unanswered(step::SEND, failure)
}
