//! Log a user in with Personal Mobile or Personal Desktop, as Digital Access does with the settings of a method.
//!
//! Digital Access has no public interface by which a program could ask it for a Personal login; a program that wants Digital Access itself
//! sends the browser there. This flow is for the program that stands where Digital Access stands: it talks to Smart ID Messaging, and does
//! with an answer what the method's settings say.
//!
//! | step of the journal | call | who acts | how it is known |
//! |---|---|---|---|
//! | `look-up-user` | the [`UserDirectory`], when a name was typed | we | that Personal is enabled per user: documented |
//! | `send-command` | Messaging, authenticate, to the user's mailbox or to `@tmp` | we | documented; that the filter goes along: inferred |
//! | `show` | the caller shows the picture, with a QR code, a redirect or a link | the person opens the app | documented |
//! | waiting | callback or poll, whichever comes first | the person compares, accepts, enters the PIN | documented |
//! | judging | signature over the challenge, certificate authority, mapping, typed user | we | the authority and the properties: documented; one user, the typed one: inferred |
//! | `end` | | | |
//!
//! Vendor pages: Set up Smart ID (Personal) authentication; Certificate filtering for Smart ID authentication; Use authentication images
//! from a content provider service; Architecture overview - Smart ID Messaging and Digital Access.
//!
//! [`PersonalLogin::begin`] gives what to show; [`PersonalLogin::complete`] does the rest, in any process that shares the store. Dropping
//! either future loses nothing: the flow stands in the store where it was.
//!
//! # What proves the user
//!
//! With certificate authentication the certificate does: it leads to the method's authority, and its Certificate Attribute is the User
//! Attribute of exactly one user. Without it, the profile does: by its key, when the directory knows the keys of profiles, or because the
//! command lay in the mailbox of the user who was typed and messaging says that it was answered. A login in which nothing could name the
//! user is not begun ([`End::NobodyNamed`]).
//!
//! # Threat model
//!
//! An answer counts only if it is signed over the challenge of this login: an old one, one to another command, and one of another mailbox
//! are refused. A link is a bearer secret. What this flow cannot see is whether the person in front of the browser is the one who holds
//! the app: that is what the picture is for, and why the caller must show the same one. Tie [`Begun::id`] to the browser that began, and
//! open one session for one login. Each login with a typed name rings that user's phone: how often somebody may begin one is the
//! caller's to limit, and so is what a stranger is told of who exists.

mod directory;
mod end;
mod judging;
mod preparing;
mod receiver;
mod refusing;
mod request;
mod settings;
mod showing;
mod state;
#[cfg(test)]
#[cfg(feature = "reqwest")]
mod tests;
mod waiting;

use std::sync::Arc;
use std::time::Duration;

use smartid_core::Timestamp;
use smartid_da::personal::PersonalMethod;
use smartid_hermod::Hermod;

pub use directory::{DirectoryUser, MemoryUserDirectory, ProfileKey, ProfileKeyQuery, UserDirectory};
pub use end::{End, How, LoggedIn, NotAcceptable, SignerCertificate};
pub use receiver::{PERSONAL_MESSAGING, PersonalMessagingReceiver, SubPath};
pub use request::{LoginImage, LoginRequest, MAX_DESCRIPTION, MAX_IMAGE, RequestError};
pub use settings::{
    CertificateAuthority, ChallengePlace, DEFAULT_REDIRECT_TEXT, DEFAULT_WAIT, MailboxName, MethodRefused,
    PersonalLoginBuilder,
};
pub use showing::{Begun, LoginLink, Showing};

use settings::Settings;
use state::{Stage, State, step};

use super::failure::FlowError;
use super::journal::{Desk, Interrupted, Run};
use crate::store::{FlowId, FlowRecord, JournalEntry, Mark};

/// How long nobody else acts on a flow while a call is under way that must not be made twice.
const LEASE: Duration = Duration::from_secs(120);

/// How long after the last step somebody should look at a flow that waits for a person.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How often a flow is read again because others wrote first.
const CONTENTION: u32 = 100;

/// The flow; see the [module](self). Made by [`SmartId::personal_login`](crate::SmartId::personal_login). Cheap to clone.
#[derive(Clone, Debug)]
pub struct PersonalLogin {
    hermod: Hermod,
    desk: Desk,
    settings: Arc<Settings>,
}

/// `begin()` did not come as far as something to show.
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
        /// Its name, if it is stored: [`PersonalLogin::resume`] carries on.
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

/// Where a flow stands, as [`PersonalLogin::resume`] finds it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Resumed {
    /// `begin()` had been interrupted; here is what to show.
    Show(Box<Begun>),
    /// It was shown; [`PersonalLogin::complete`] carries on.
    Waiting {
        /// Until when it can be answered.
        expires: Timestamp,
    },
    /// It has ended.
    Ended(Box<End>),
}

/// Where a flow stands, as [`PersonalLogin::status`] reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// `begin()` has not returned yet.
    Beginning,
    /// A person is waited for.
    Waiting {
        /// Until when it can be answered.
        expires: Timestamp,
    },
    /// It has ended.
    Ended(Box<End>),
}

impl PersonalLogin {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &PersonalMethod {
        &self.settings.method
    }

    /// Looks the typed user up, sends the command, and gives what to show. It waits for nobody.
    ///
    /// # Errors
    /// [`NotBegun::Ended`] when nobody could be logged in so, or messaging refused or could not be reached; [`NotBegun::Flow`] when the
    /// store or the directory failed.
    pub async fn begin(&self, request: LoginRequest) -> Result<Begun, NotBegun> {
        let now = self.desk.runtime.now();
        let state = State::new(self.settings.fingerprint.clone(), request, now);
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

    /// Finds out where a flow stands after a restart. A flow whose `begin()` never returned is carried on: with a new link where there is
    /// one, since nobody has the old one; with the same command where it lies in a user's mailbox.
    ///
    /// It is for a browser that still waits. A task that looks after abandoned flows calls [`complete`](Self::complete), and
    /// [`cancel`](Self::cancel) where that says [`FlowError::NoLinkShown`]: nobody looks at a page any more.
    ///
    /// # Errors
    /// [`NotBegun`], as [`begin`](Self::begin).
    pub async fn resume(&self, id: &FlowId) -> Result<Resumed, NotBegun> {
        for _ in 0..CONTENTION {
            let run = self.load(id).await.map_err(|error| NotBegun::flow(id, error))?;
            if let Some(end) = run.state.end.clone() {
                return Ok(Resumed::Ended(Box::new(end)));
            }
            if run.state.stage == Stage::Wait {
                return Ok(Resumed::Waiting {
                    expires: run.state.expires,
                });
            }
            if let Some(begun) = self.prepare(run).await? {
                return Ok(Resumed::Show(Box::new(begun)));
            }
        }
        Err(NotBegun::flow(id, FlowError::Contended(id.clone())))
    }

    /// Where a flow stands, for a page that asks again and again. It changes nothing and waits for nobody: somebody has to be in
    /// [`complete`](Self::complete).
    ///
    /// # Errors
    /// [`FlowError`] when it cannot be read.
    pub async fn status(&self, id: &FlowId) -> Result<Status, FlowError> {
        let state = self.load(id).await?.state;
        Ok(match (state.end, state.stage) {
            (Some(end), _) => Status::Ended(Box::new(end)),
            (None, Stage::Wait) => Status::Waiting {
                expires: state.expires,
            },
            (None, _) => Status::Beginning,
        })
    }

    /// Waits for the person and finishes the flow. Any process that shares the store can call it, also several, also again: a flow that has
    /// ended gives its end.
    ///
    /// # Errors
    /// [`FlowError`] when the flow could not be run; that says nothing about the person. When the directory failed, the answer is kept:
    /// call again.
    pub async fn complete(&self, id: &FlowId) -> Result<End, FlowError> {
        let mut conflicts = 0;
        loop {
            let mut run = self.load(id).await?;
            if let Some(end) = run.state.end {
                return Ok(end);
            }
            if run.state.stage != Stage::Wait {
                return Err(FlowError::NoLinkShown(id.clone()));
            }
            match self.wait(&mut run).await {
                Ok(()) => conflicts = 0,
                Err(Interrupted::Conflict) if conflicts < CONTENTION => conflicts += 1,
                Err(Interrupted::Conflict) => return Err(FlowError::Contended(id.clone())),
                Err(Interrupted::Waited) => {}
                Err(Interrupted::Flow(error)) => return Err(error),
            }
        }
    }

    /// Ends a flow that nobody is to answer any more. The command stays at the messaging server until its time is over, but what comes
    /// of it logs nobody in. A flow that has ended is left alone: its end is given by [`complete`](Self::complete).
    ///
    /// # Errors
    /// [`FlowError`] when the flow could not be read or written.
    pub async fn cancel(&self, id: &FlowId) -> Result<(), FlowError> {
        for _ in 0..CONTENTION {
            let mut run = self.load(id).await?;
            if run.state.end.is_some() {
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

    /// Reads a flow, unless it was begun with other settings: they decide what an answer proves.
    async fn load(&self, id: &FlowId) -> Result<Run<State>, FlowError> {
        let run = Run::<State>::load(&self.desk, id).await?;
        if run.state.method != self.settings.fingerprint {
            return Err(FlowError::OtherSettings(id.clone()));
        }
        Ok(run)
    }
}

/// Writes the end of a flow.
async fn finish(
    run: &mut Run<State>,
    end: End,
    taken: Option<smartid_core::Letter>,
) -> Result<(), Interrupted> {
    let text = end.to_string();
    tracing::info!(flow = %run.id(), end = end.name(), "login ended");
    run.write(step::END, Mark::Result, &text, taken, |state| {
        state.stage = Stage::Ended;
        // What was needed to get here is not needed any more.
        state.asked = None;
        state.request.image = None;
        state.end = Some(end);
    })
    .await
}
