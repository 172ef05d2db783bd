//! What is kept of a login between its steps. It holds no secret: the link is not in it.

use serde::{Deserialize, Serialize};
use smartid_core::Timestamp;
use smartid_hermod::Pending;
use smartid_hermod::answers::SignatureExpectation;

use super::end::End;
use super::request::LoginRequest;
use crate::flows::journal::FlowState;

/// Names of the steps, as they stand in the journal.
pub(crate) mod step {
    pub(crate) const PLAN: &str = "look-up-user";
    pub(crate) const SEND: &str = "send-command";
    pub(crate) const SHOW: &str = "show";
    pub(crate) const END: &str = "end";
}

/// Where the flow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Stage {
    /// The typed user is to be looked up.
    Plan,
    /// The command is to be sent.
    Send,
    /// The command is out; what has to be shown is to be handed out.
    Show,
    /// A person is waited for.
    Wait,
    /// The flow has ended.
    Ended,
}

/// Where the command goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    /// A mailbox that only the link leads to.
    Temporary,
    /// The mailboxes of the user who was typed.
    Mailbox(String),
}

/// What has to prove the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Proof {
    Certificate,
    ProfileKey,
    Mailbox,
}

/// Who is expected, where, and by which proof.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plan {
    /// The id of the user who was typed.
    pub(crate) user: Option<String>,
    pub(crate) place: Place,
    pub(crate) proof: Proof,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct State {
    /// The method's settings, as they were when the flow was begun: another one may not complete it.
    pub(crate) method: String,
    pub(crate) request: LoginRequest,
    pub(crate) begun: Timestamp,
    pub(crate) stage: Stage,
    pub(crate) plan: Option<Plan>,
    pub(crate) asked: Option<SignatureExpectation>,
    pub(crate) pending: Option<Pending>,
    /// How often the command was sent anew because an answer was lost.
    pub(crate) resent: u32,
    /// Until when it can be answered.
    pub(crate) expires: Timestamp,
    /// When somebody should look again.
    pub(crate) resume_at: Timestamp,
    pub(crate) end: Option<End>,
}

impl State {
    pub(crate) fn new(method: String, request: LoginRequest, now: Timestamp) -> Self {
        Self {
            method,
            request,
            begun: now,
            stage: Stage::Plan,
            plan: None,
            asked: None,
            pending: None,
            resent: 0,
            expires: now,
            resume_at: now,
            end: None,
        }
    }

    /// The first time that counts for this login: a clock that is set back makes no old certificate valid again.
    pub(crate) fn no_earlier(&self, now: Timestamp) -> Timestamp {
        now.max(self.begun)
    }
}

impl FlowState for State {
    const FLOW: &'static str = "personal-login";
    const VERSION: u32 = 1;

    fn ended(&self) -> bool {
        self.stage == Stage::Ended
    }

    fn resume_at(&self) -> Timestamp {
        self.resume_at
    }
}
