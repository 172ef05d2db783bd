//! Settings of mailboxes: how they are addressed, how an app gets its own, and who decides when a command went to several. That
//! mailboxes belong to a user id and a profile id is documented; the rest is inferred or unknown (protocol notes: hermod 2.2, 3.8, 12).

use serde::{Deserialize, Serialize};

use super::CommandVerb;

/// Mailboxes and destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MailboxConfig {
    /// A destination may also be a profile id (hermod 12.5, U).
    pub to_profile_id: bool,
    /// Commands that go to the user id of their body when `to` is left out, instead of to `@tmp`: a deletion, and (`provision`) an
    /// update, which names a profile id (hermod 2.2: `@tmp` seen for a new profile only, D-ex; the rest U).
    pub to_default_user: Vec<CommandVerb>,
    /// Commands with a profile id in their body that reach only this profile's mailbox when they are sent to a user id. For a
    /// deletion the documentation of the task says so (hermod 3.8, D); for others nothing does.
    pub narrow_to_profile: Vec<CommandVerb>,
    /// Status for a user, mailbox or session that does not exist (hermod 7, I).
    pub unknown_status: u16,
    /// Whose answer counts when a command went to several mailboxes (U).
    pub fan_out: FanOut,
    /// JSON pointer, in the device's response to a provision command, to the signed answer (hermod 6.2, I).
    pub answer_pointer: String,
    /// Member of the signed answer that holds the user id (hermod 5.4, I). Without it, the user id of the command counts.
    pub userid_member: String,
    /// Member of the signed answer that holds the profile id (hermod 5.4, I). Without it, the profile id of the command counts.
    pub profileid_member: String,
    /// Mailboxes that exist from the start, as after an earlier provisioning. Read at the start only.
    pub existing: Vec<ExistingMailbox>,
}

impl Default for MailboxConfig {
    fn default() -> Self {
        Self {
            to_profile_id: false,
            to_default_user: vec![CommandVerb::Delete],
            narrow_to_profile: vec![CommandVerb::Delete],
            unknown_status: 404,
            fan_out: FanOut::Each,
            answer_pointer: "/data".into(),
            userid_member: "userid".into(),
            profileid_member: "profileid".into(),
            existing: Vec::new(),
        }
    }
}

/// A mailbox that exists from the start.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ExistingMailbox {
    /// An API user whose group owns it; the first API user when empty.
    pub client_id: String,
    /// User id.
    pub user: String,
    /// Profile id.
    pub profile: String,
    /// Mailbox id; generated when empty.
    pub bid: String,
    /// What its app shows in `x-session`; generated when empty.
    pub session: String,
}

impl ExistingMailbox {
    /// A mailbox of the first API user's group with a generated id.
    pub fn new(user: impl Into<String>, profile: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            profile: profile.into(),
            ..Self::default()
        }
    }
}

impl std::fmt::Debug for ExistingMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            client_id,
            user,
            profile,
            bid,
            session: _,
        } = self;
        f.debug_struct("ExistingMailbox")
            .field("client_id", client_id)
            .field("user", user)
            .field("profile", profile)
            .field("bid", bid)
            .finish_non_exhaustive()
    }
}

/// Whose answer counts when a command went to several mailboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FanOut {
    /// Each mailbox answers and is called back once; the first answer gives the command its state.
    #[default]
    Each,
    /// The first answer decides; the message is then gone from the other mailboxes.
    First,
}

/// What Smart ID Messaging checks of a device's answer before it calls back ("Hermod validates the response", hermod 1.1, D; what it
/// checks is unknown, 12.10). An answer that fails the check makes the command `FAILED`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckAnswers {
    /// Nothing: every answer is relayed.
    #[default]
    Off,
    /// The form that the command asked for, its nonce and its user.
    Shape,
    /// The form, and the signature of a provisioning answer against the attestation keys.
    Signature,
}
