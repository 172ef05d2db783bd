//! What is kept of an enrolment between its steps. It holds no secret: the link is not in it, only the ids of box and commands.

use serde::{Deserialize, Serialize};
use smartid_core::Timestamp;
use smartid_da::fido::CreationOptions;
use smartid_hermod::{Pending, Session};

use super::end::{End, StoredCredential};
use crate::flows::journal::FlowState;

/// Names of the steps, as they stand in the journal.
pub(crate) mod step {
    pub(crate) const OPTIONS: &str = "get-options";
    pub(crate) const SESSION: &str = "open-session";
    pub(crate) const CREATE: &str = "create-credential";
    pub(crate) const SHOW: &str = "show-link";
    pub(crate) const WAIT: &str = "wait-for-credential";
    pub(crate) const CHECK: &str = "check-credential";
    pub(crate) const STORE: &str = "store-credential";
    pub(crate) const LOOK: &str = "look-for-credential";
    pub(crate) const END: &str = "end";
}

/// Where the flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// Options are to be fetched.
    Options,
    /// The session is to be opened.
    Session,
    /// The create command is to be sent.
    Create,
    /// The link is shown; the app has to open it before the create command may be sent (a dialect).
    WaitOpen,
    /// The link is shown and the create command is out.
    WaitCredential,
    /// The credential is here and has passed the checks; it is to be stored.
    Store,
    /// The answer to the last `Store` was lost; look whether it was done.
    Look,
    /// The flow has ended.
    Ended,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    pub(crate) user: String,
    pub(crate) stage: Stage,
    /// Whether a link was handed out, so that somebody may answer.
    pub(crate) shown: bool,
    /// How often the session was opened anew because an answer was lost.
    pub(crate) reopened: u32,
    pub(crate) options: Option<CreationOptions>,
    pub(crate) options_expire: Option<Timestamp>,
    pub(crate) session: Option<Session>,
    pub(crate) session_pending: Option<Pending>,
    pub(crate) create_pending: Option<Pending>,
    pub(crate) opened: bool,
    /// A state of the session's command that the dialect does not know.
    pub(crate) unknown_state: Option<String>,
    /// The app's answer, exactly as it came.
    pub(crate) registration: Option<String>,
    /// What will be reported once it is stored.
    pub(crate) credential: Option<StoredCredential>,
    /// How often the credential was posted and the answer lost.
    pub(crate) lost: u32,
    /// The last failure to reach a service while storing or looking.
    pub(crate) failure: Option<crate::flows::Failure>,
    /// How the flow ends if the credential turns out not to be stored.
    pub(crate) unless_stored: Option<End>,
    /// Until when the link can be answered.
    pub(crate) expires: Timestamp,
    /// When somebody should look again.
    pub(crate) resume_at: Timestamp,
    pub(crate) end: Option<End>,
}

impl State {
    pub(crate) fn new(user: &str, now: Timestamp) -> Self {
        Self {
            user: user.to_owned(),
            stage: Stage::Options,
            shown: false,
            reopened: 0,
            options: None,
            options_expire: None,
            session: None,
            session_pending: None,
            create_pending: None,
            opened: false,
            unknown_state: None,
            registration: None,
            credential: None,
            lost: 0,
            failure: None,
            unless_stored: None,
            expires: now,
            resume_at: now,
            end: None,
        }
    }

    /// Forgets everything that a new link makes void.
    pub(crate) fn start_over(&mut self) {
        *self = Self {
            reopened: self.reopened,
            ..Self::new(&self.user, self.resume_at)
        };
    }
}

impl FlowState for State {
    const FLOW: &'static str = "fido-enrolment";
    const VERSION: u32 = 1;

    fn ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    fn resume_at(&self) -> Timestamp {
        self.resume_at
    }
}
