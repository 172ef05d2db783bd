//! What must be remembered of a command to find its outcome later, by any process.

use serde::{Deserialize, Serialize};
use smartid_core::{CorrelationId, Timestamp};

use crate::header::CommandHeader;
use crate::ids::{CommandId, ExternalId, Mid};
use crate::letter;
use crate::response::ImmediateResponse;

/// A command whose outcome is awaited. There is no secret in it.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::Timestamp;
/// use smartid_hermod::{CommandHeader, Pending};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("c-1");
/// // Made before the command is sent: a callback may come before the answer does.
/// let pending = Pending::new(&header, Timestamp::from_millis(0)).with_command_id("4108").expecting_response();
/// assert_eq!(pending.expires, Timestamp::from_millis(250_000));
/// let stored = serde_json::to_string(&pending)?;
/// assert_eq!(serde_json::from_str::<Pending>(&stored)?, pending);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Pending {
    /// The id that messaging gave; `None` while the answer is not there, or when it was lost.
    pub command_id: Option<CommandId>,
    /// The id that we chose.
    pub external_id: Option<ExternalId>,
    /// When the device can no longer answer: sending time and `timeout`.
    pub expires: Timestamp,
    /// When messaging forgets the command: sending time and `lifespan`.
    pub forget_after: Timestamp,
    /// Whether a success has to bring a response. A poll answer that lacks it does not end the wait.
    #[serde(default)]
    pub expects_response: bool,
    /// The messages that it was put into, one per mailbox; empty while the answer is not there, or when it names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mids: Vec<Mid>,
    /// The verb that it was sent to. A callback that came to the verb of another command is then not taken for its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// The name under which outcomes are kept, see [`HermodBuilder::inbox_name`](crate::HermodBuilder::inbox_name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbox_name: Option<String>,
}

impl Pending {
    /// For a command with this header, sent at `sent`.
    #[must_use]
    pub fn new(header: &CommandHeader, sent: Timestamp) -> Self {
        Self {
            command_id: None,
            external_id: header.get_external_id().cloned(),
            expires: sent + header.get_timeout(),
            forget_after: sent + header.get_lifespan(),
            expects_response: false,
            mids: Vec::new(),
            verb: None,
            inbox_name: header.inbox_name().map(str::to_owned),
        }
    }

    /// Adds the command id and the messages from the answer.
    #[must_use]
    pub fn answered(mut self, response: &ImmediateResponse) -> Self {
        self.mids = response
            .destinations
            .iter()
            .filter_map(|destination| destination.mid.clone())
            .collect();
        self.with_command_id(response.command_id.clone())
    }

    /// Adds the command id.
    #[must_use]
    pub fn with_command_id(mut self, id: impl Into<CommandId>) -> Self {
        self.command_id = Some(id.into());
        self
    }

    /// For a command whose success has to bring a response, such as the create command.
    #[must_use]
    pub fn expecting_response(mut self) -> Self {
        self.expects_response = true;
        self
    }

    /// Adds the verb that the command is sent to: the last segment of its path, such as `sign`.
    ///
    /// Callbacks come to the verb of their command (documented for five verbs, inferred for the others). With this, one that came to the
    /// verb of another command does not end the wait: it matters where the caller's external ids are not unique. Verbs that no command
    /// of the dialect is sent to count as any.
    #[must_use]
    pub fn sent_to(mut self, verb: impl Into<String>) -> Self {
        self.verb = Some(verb.into());
        self
    }

    /// What the outcome's letter can be found by.
    #[must_use]
    pub fn correlation_ids(&self) -> Vec<CorrelationId> {
        self.ids(letter::FINAL)
    }

    pub(crate) fn ids(&self, kind: &str) -> Vec<CorrelationId> {
        letter::ids(
            kind,
            self.inbox_name.as_deref(),
            self.command_id.as_ref(),
            self.external_id.as_ref(),
        )
    }
}
