//! What is kept of an enrolment between its steps. It holds no secret: the link is not in it, only the ids of box and commands.

use serde::{Deserialize, Serialize};
use smartid_core::Timestamp;
use smartid_da::fido::CreationOptions;
use smartid_da::relying_party::{DisplayName, Provider};
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
    /// The relying party's id. Left out for Digital Access: records from before there was another one have none.
    #[serde(default = "first_provider", skip_serializing_if = "is_first_provider")]
    pub(crate) relying_party: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) display_name: Option<DisplayName>,
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

fn first_provider() -> String {
    Provider::DIGITAL_ACCESS.id().to_owned()
}

fn is_first_provider(id: &str) -> bool {
    id == Provider::DIGITAL_ACCESS.id()
}

impl State {
    pub(crate) fn new(user: &str, relying_party: &str, now: Timestamp) -> Self {
        Self {
            user: user.to_owned(),
            relying_party: relying_party.to_owned(),
            display_name: None,
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
            display_name: self.display_name.take(),
            ..Self::new(&self.user, &self.relying_party, self.resume_at)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_relying_party_is_one_of_digital_access_and_stays_so() {
        let state = State::new("alice", "digital-access", Timestamp::from_millis(0));
        let written = serde_json::to_string(&state).unwrap();
        assert!(!written.contains("relying_party") && !written.contains("display_name"));
        let read: State = serde_json::from_str(&written).unwrap();
        assert_eq!(read.relying_party, "digital-access");

        let mut other = State::new("alice", "entra", Timestamp::from_millis(0));
        other.display_name = Some(DisplayName::new("key").unwrap());
        other.start_over();
        let read: State = serde_json::from_str(&serde_json::to_string(&other).unwrap()).unwrap();
        assert_eq!(read.relying_party, "entra");
        assert_eq!(read.display_name, other.display_name);
    }
}
