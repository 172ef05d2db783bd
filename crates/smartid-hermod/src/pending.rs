//! What must be remembered of a command to find its outcome later, by any process.

use serde::{Deserialize, Serialize};
use smartid_core::{CorrelationId, Timestamp};

use crate::header::CommandHeader;
use crate::ids::{CommandId, ExternalId};
use crate::response::ImmediateResponse;

/// The service name in correlation ids.
pub(crate) const SERVICE: &str = "hermod";
/// The service name under which reports that are not final are kept, so that they never stand before one that is.
pub(crate) const PROGRESS: &str = "hermod-progress";

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
        }
    }

    /// Adds the command id from the answer.
    #[must_use]
    pub fn answered(self, response: &ImmediateResponse) -> Self {
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

    /// What the outcome's letter can be found by.
    #[must_use]
    pub fn correlation_ids(&self) -> Vec<CorrelationId> {
        correlation_ids(SERVICE, self.command_id.as_ref(), self.external_id.as_ref())
    }
}

pub(crate) fn correlation_ids(
    service: &str,
    command_id: Option<&CommandId>,
    external_id: Option<&ExternalId>,
) -> Vec<CorrelationId> {
    let external = external_id.map(|id| CorrelationId::external(service, id.as_str()));
    let command = command_id.map(|id| CorrelationId::command(service, id.as_str()));
    external.into_iter().chain(command).collect()
}
