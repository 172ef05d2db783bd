//! A connection to an app that a first command opens and further commands use: a mailbox and the ids of the command that made it.
//!
//! Vendor page: Fido passkey provisioning with Microsoft Entra (documented: *Start Connection* makes the link, *Create Credential* follows;
//! that both use one mailbox is inferred). A session can be stored: the link is not in it.

use serde::{Deserialize, Serialize};
use smartid_core::Timestamp;

use crate::dialect::Placeholders;
use crate::header::CommandHeader;
use crate::ids::{Bid, CommandId, ExternalId, Mid};
use crate::response::ImmediateResponse;

/// The answer to a command opened no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No destination has a link.
    #[error(
        "messaging took the command but gave no link in its answer; check that the command goes to a temporary mailbox (\"@tmp\")"
    )]
    NoLink,
}

/// An open connection, or one that is about to be opened by the link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// The mailbox.
    pub bid: Bid,
    /// The message that opened it.
    pub mid: Option<Mid>,
    /// The command that opened it.
    pub command_id: CommandId,
    /// The id that was chosen for that command.
    pub external_id: Option<ExternalId>,
    /// When it was made.
    pub created: Timestamp,
    /// Until when the link can be opened: the `timeout` of the command.
    pub expires: Timestamp,
}

impl Session {
    /// The session that the command with this header opened. `created` is when the command was sent.
    ///
    /// # Errors
    /// [`SessionError`] when the answer has no link.
    pub fn from_response(
        response: &ImmediateResponse,
        header: &CommandHeader,
        created: Timestamp,
    ) -> Result<Self, SessionError> {
        let destination = response.linked().ok_or(SessionError::NoLink)?;
        Ok(Self {
            // The link names the mailbox as well, for an answer that leaves the member out.
            bid: destination
                .bid
                .clone()
                .or_else(|| response.link().map(|link| link.bid().clone()))
                .ok_or(SessionError::NoLink)?,
            mid: destination.mid.clone(),
            command_id: response.command_id.clone(),
            external_id: header.get_external_id().cloned(),
            created,
            expires: created + header.get_timeout(),
        })
    }

    pub(crate) fn placeholders(&self) -> Placeholders<'_> {
        Placeholders {
            bid: Some(self.bid.as_str()),
            mid: self.mid.as_ref().map(Mid::as_str),
            command_id: Some(self.command_id.as_str()),
            external_id: self.external_id.as_ref().map(ExternalId::as_str),
            ..Placeholders::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use smartid_core::Incoming;

    use super::*;
    use crate::dialect::StateSpellings;

    #[test]
    fn the_mailbox_is_known_by_the_link_when_the_member_is_missing() {
        let answer = r#"{"commandId":"1","destinations":[{"to":"@tmp","uri":"com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%2fms%2fbox-7&token=t-1"}]}"#;
        let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
        let response = ImmediateResponse::read(&incoming, &StateSpellings::default()).unwrap();
        let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
        let session = Session::from_response(&response, &header, Timestamp::from_millis(0)).unwrap();
        assert_eq!(session.bid.as_str(), "box-7");
    }
}
