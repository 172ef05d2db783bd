//! Provision a FIDO2 credential on behalf of a user (Identity Manager's "Fido credential provisioning with Digital Access").
//!
//! The relying party is Digital Access, or any other [`RelyingParty`], such as Microsoft Entra: the messages to the app are the same.
//!
//! | step of the journal | call | who acts |
//! |---|---|---|
//! | `get-options` | relying party, for Digital Access `GET /fido/options` | we |
//! | `open-session` | Messaging, FIDO session to `@tmp`: gives the plugout link | we |
//! | `create-credential` | Messaging, create command with the options into that box | we |
//! | `show-link` | the caller shows link or QR code | the end user opens it |
//! | `wait-for-credential` | callback or poll, whichever comes first | the end user, in Smart ID Desktop App |
//! | `check-credential` | local checks before anything is sent on | we |
//! | `store-credential` | relying party, for Digital Access `POST /fido/credentials` | we |
//! | `look-for-credential` | only after a lost answer: options anew, does `excludeCredentials` list it? | we |
//!
//! Order of the steps and versions needed (Identity Manager 5.3, Digital Access 6.11, Hermod 4.2, Desktop App 2.4) are documented (vendor
//! page: Fido credential provisioning with Digital Access); the wire of the Messaging steps is inferred and set by the dialect.
//!
//! [`FidoEnrolment::begin`] takes the first three steps and gives the link; [`FidoEnrolment::complete`] does the rest, in any process
//! that shares the store. Dropping either future loses nothing: the flow stands in the store where it was.

mod end;
mod preparing;
mod state;
mod storing;
mod waiting;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smartid_core::Timestamp;
use smartid_da::UserId;
use smartid_da::fido::preflight::Preflight;
use smartid_da::relying_party::{DisplayName, RelyingParty};
use smartid_hermod::wait::PollPolicy;
use smartid_hermod::{Hermod, PlugoutLink};

pub use end::{Confirmation, End, StoredCredential};
use state::{Stage, State, step};

use super::failure::{FlowError, Service};
use super::journal::{Desk, Interrupted, Observer, Run};
use crate::store::{FlowId, FlowRecord, JournalEntry, Mark};

/// How long nobody else acts on a flow while a call is under way that must not be made twice: one call, its retries included, and a
/// margin. It is given back as soon as the call is done; only a process that dies leaves it to run out.
const LEASE: Duration = Duration::from_secs(120);

/// How long after the last step somebody should look at a flow that waits for a person.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How often a flow is read again because others wrote first.
const CONTENTION: u32 = 100;

/// The flow; see the [module](self). Cheap to clone.
#[derive(Clone, Debug)]
pub struct FidoEnrolment {
    hermod: Hermod,
    relying_party: Arc<dyn RelyingParty>,
    desk: Desk,
    settings: Settings,
}

#[derive(Clone, Debug)]
struct Settings {
    polling: PollPolicy,
    preflight: Preflight,
    patience: Duration,
    pause: Duration,
    display_name: Option<DisplayName>,
}

/// A flow that waits for a person.
#[non_exhaustive]
pub struct Begun {
    /// The flow's name, for [`FidoEnrolment::complete`].
    pub id: FlowId,
    /// What has to be shown. It is a secret: whoever has it can answer in the user's place. It is not stored, so it can be had only here.
    pub link: PlugoutLink,
    /// Until when it can be answered.
    pub expires: Timestamp,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            link: _blind,
            expires,
        } = self;
        f.debug_struct("Begun")
            .field("id", id)
            .field("expires", expires)
            .finish_non_exhaustive()
    }
}

/// `begin()` did not come as far as a link.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotBegun {
    /// The flow has ended already.
    #[error("{end}")]
    Ended {
        /// Its name; its journal stays in the store.
        id: FlowId,
        /// How it ended.
        end: Box<End>,
    },
    /// The flow could not be run.
    #[error("{error}")]
    Flow {
        /// Its name, if it is stored: [`FidoEnrolment::resume`] carries on.
        id: Option<FlowId>,
        /// Why.
        #[source]
        error: FlowError,
    },
}

impl NotBegun {
    fn flow(id: &FlowId, error: FlowError) -> Self {
        Self::Flow {
            id: Some(id.clone()),
            error,
        }
    }
}

/// Where a flow stands, as [`FidoEnrolment::resume`] finds it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Resumed {
    /// `begin()` had been interrupted; here is a new link to show.
    Show(Begun),
    /// A link was shown; [`FidoEnrolment::complete`] carries on.
    Waiting {
        /// Until when it can be answered.
        expires: Timestamp,
    },
    /// It has ended.
    Ended(Box<End>),
}

impl FidoEnrolment {
    pub(crate) fn new(hermod: Hermod, relying_party: Arc<dyn RelyingParty>, desk: Desk) -> Self {
        let settings = Settings {
            polling: PollPolicy::default(),
            preflight: relying_party.preflight(),
            patience: Duration::from_secs(60),
            pause: Duration::from_secs(2),
            display_name: None,
        };
        Self {
            hermod,
            relying_party,
            desk,
            settings,
        }
    }

    /// Hears every line of the journal as it is written.
    #[must_use]
    pub fn observe(mut self, observer: Arc<dyn Observer>) -> Self {
        self.desk.observer = Some(observer);
        self
    }

    /// Sets how Messaging is polled beside the callbacks.
    #[must_use]
    pub fn polling(mut self, policy: PollPolicy) -> Self {
        self.settings.polling = policy;
        self
    }

    /// Sets the local checks of what the app sends, such as the origins that are allowed. They replace those that the relying party
    /// wants, so begin with its [`preflight`](RelyingParty::preflight).
    #[must_use]
    pub fn preflight(mut self, preflight: Preflight) -> Self {
        self.settings.preflight = preflight;
        self
    }

    /// Sets what the credentials of flows begun from now on will be called, where the relying party keeps names (Digital Access: no such
    /// member is known).
    #[must_use]
    pub fn display_name(mut self, name: DisplayName) -> Self {
        self.settings.display_name = Some(name);
        self
    }

    /// Sets how long storing is tried when the relying party cannot be reached or asks for patience: the person has done their part, so it
    /// is worth some. 60 seconds unless set, and never longer than the creation options are valid.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// Fetches the options, sends the commands, and gives the link to show. It waits for nobody.
    ///
    /// # Errors
    /// [`NotBegun::Ended`] when a service refused or could not be reached; [`NotBegun::Flow`] when the store failed.
    pub async fn begin(&self, user: &UserId) -> Result<Begun, NotBegun> {
        let provider = self.relying_party.provider().id();
        let mut state = State::new(user.as_str(), provider, self.desk.runtime.now());
        state.display_name.clone_from(&self.settings.display_name);
        let run = Run::start(&self.desk, state)
            .await
            .map_err(|error| NotBegun::Flow { id: None, error })?;
        let id = run.id().clone();
        match self.prepare(run).await? {
            Some(begun) => Ok(begun),
            // Somebody has resumed it already, and has its link.
            None => Err(NotBegun::flow(&id, FlowError::Contended(id.clone()))),
        }
    }

    /// Finds out where a flow stands after a restart. A flow whose `begin()` never returned gets a new link: the old one was never
    /// shown, so nobody can answer it.
    ///
    /// # Errors
    /// [`NotBegun`], as [`begin`](Self::begin).
    pub async fn resume(&self, id: &FlowId) -> Result<Resumed, NotBegun> {
        for _ in 0..CONTENTION {
            let run = self.load(id).await.map_err(|error| NotBegun::flow(id, error))?;
            if let Some(end) = run.state.end.clone() {
                return Ok(Resumed::Ended(Box::new(end)));
            }
            if run.state.shown {
                return Ok(Resumed::Waiting {
                    expires: run.state.expires,
                });
            }
            if let Some(begun) = self.prepare(run).await? {
                return Ok(Resumed::Show(begun));
            }
        }
        Err(NotBegun::flow(id, FlowError::Contended(id.clone())))
    }

    /// Waits for the person and finishes the flow: checks what the app sends, and has it stored. Any process that shares the store can
    /// call it, also several, also again: a flow that has ended gives its end.
    ///
    /// Waiting ends with the time of the command; storing what has come, and looking whether it was stored, may take
    /// [`patience`](Self::patience) and a few calls longer.
    ///
    /// # Errors
    /// [`FlowError`] when the flow could not be run; that says nothing about the credential.
    pub async fn complete(&self, id: &FlowId) -> Result<End, FlowError> {
        let mut conflicts = 0;
        loop {
            let mut run = self.load(id).await?;
            loop {
                match self.next(&mut run).await {
                    Ok(Some(end)) => return Ok(end),
                    Ok(None) => conflicts = 0,
                    Err(Interrupted::Conflict) if conflicts < CONTENTION => {
                        conflicts += 1;
                        break;
                    }
                    Err(Interrupted::Conflict) => return Err(FlowError::Contended(id.clone())),
                    Err(Interrupted::Waited) => break,
                    Err(Interrupted::Flow(error)) => return Err(error),
                }
            }
        }
    }

    /// Ends a flow that nobody is to answer any more. The link stays valid at the messaging server until its time is over, but what comes
    /// by it is not stored. A flow whose credential is on its way to the relying party, or that has ended, is left alone: its end is given
    /// by [`complete`](Self::complete).
    ///
    /// # Errors
    /// [`FlowError`] when the flow could not be read or written.
    pub async fn cancel(&self, id: &FlowId) -> Result<(), FlowError> {
        for _ in 0..CONTENTION {
            let mut run = self.load(id).await?;
            if matches!(run.state.stage, Stage::Store | Stage::Look | Stage::Ended) {
                return Ok(());
            }
            match finish(&mut run, End::Cancelled, None).await {
                Ok(()) => return Ok(()),
                Err(Interrupted::Flow(error)) => return Err(error),
                Err(Interrupted::Conflict | Interrupted::Waited) => {}
            }
        }
        Err(FlowError::Contended(id.clone()))
    }

    /// The flow's journal so far.
    ///
    /// # Errors
    /// [`FlowError`] when it cannot be read.
    pub async fn journal(&self, id: &FlowId) -> Result<Vec<JournalEntry>, FlowError> {
        let record: Option<FlowRecord> = self.desk.store.load(id).await?;
        record
            .map(|record| record.journal)
            .ok_or_else(|| FlowError::NotFound(id.clone()))
    }

    /// Reads a flow that was begun at this relying party; a user's name means somebody else at another one.
    async fn load(&self, id: &FlowId) -> Result<Run<State>, FlowError> {
        let run = Run::<State>::load(&self.desk, id).await?;
        let asked = self.relying_party.provider().id();
        if run.state.relying_party == asked {
            return Ok(run);
        }
        Err(FlowError::OtherRelyingParty {
            id: id.clone(),
            begun_at: run.state.relying_party,
            asked: asked.to_owned(),
        })
    }

    /// The relying party as a service of the ends.
    fn service(&self) -> Service {
        Service::of(self.relying_party.provider())
    }

    /// Takes the next step of a flow whose link was shown.
    async fn next(&self, run: &mut Run<State>) -> Result<Option<End>, Interrupted> {
        if let Some(end) = &run.state.end {
            return Ok(Some(end.clone()));
        }
        if !run.state.shown {
            return Err(FlowError::NoLinkShown(run.id().clone()).into());
        }
        match run.state.stage {
            Stage::WaitOpen => self.wait_for_app(run).await?,
            Stage::Create => self.create(run).await?,
            Stage::WaitCredential => self.wait_for_credential(run).await?,
            Stage::Store => self.store(run).await?,
            Stage::Look => self.look(run).await?,
            // Before the link was shown, or after the end: both are dealt with above.
            Stage::Options | Stage::Session | Stage::Ended => {
                return Err(FlowError::NoLinkShown(run.id().clone()).into());
            }
        }
        Ok(run.state.end.clone())
    }
}

/// Writes the end of a flow.
async fn finish(
    run: &mut Run<State>,
    end: End,
    taken: Option<smartid_core::Letter>,
) -> Result<(), Interrupted> {
    let text = end.to_string();
    tracing::info!(flow = %run.id(), end = end.name(), "enrolment ended");
    run.write(step::END, Mark::Result, &text, taken, |state| {
        state.stage = Stage::Ended;
        // What was needed to get here is not needed any more.
        state.options = None;
        state.registration = None;
        state.end = Some(end);
    })
    .await
}
