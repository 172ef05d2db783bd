//! What every command has: verb, path, wrapper, constant members, destinations, statuses, and changes of its body and its answer.

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{Edits, SuccessStatus, Verb};

use super::parts::{self, CommandBody, DestinationTemplate};
use crate::header::TEMPORARY;

/// How one command is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CommandDialect {
    /// The HTTP verb.
    pub verb: Verb,
    /// The path below the command base. Placeholders are those of the command: `{bid}`, `{mid}`, `{command_id}`, `{external_id}` of the
    /// session that it belongs to, `{user_id}`, `{profile_id}`, `{smart_card_id}` that it names.
    pub path: PathTemplate,
    /// The name of the member beside `commandHeader`. Empty: the command is sent without a body, so everything it says must stand in
    /// its path.
    pub wrapper: String,
    /// Constant members inside that member: a table, or JSON text where the order of members matters. They win over members of the
    /// command that have the same name.
    pub body: CommandBody,
    /// `commandHeader.to`, with the same placeholders as the path, where the command's own header has no destination; an empty list
    /// leaves the member out.
    pub to: Vec<DestinationTemplate>,
    /// The status codes that mean success.
    pub success: SuccessStatus,
    /// Changes of the request body.
    pub request: Edits,
    /// Changes of the answer's body.
    pub response: Edits,
}

impl CommandDialect {
    /// `POST {command-base}/{path}` with that wrapper, to a temporary mailbox.
    pub(super) fn post(path: &str, wrapper: &str) -> Self {
        Self {
            verb: Verb::POST,
            path: parts::path(path),
            wrapper: wrapper.to_owned(),
            body: CommandBody::text("{}"),
            to: vec![DestinationTemplate::new(TEMPORARY)],
            success: SuccessStatus::any_2xx(),
            request: Edits::default(),
            response: Edits::default(),
        }
    }

    /// With other destinations.
    pub(super) fn to(self, to: &[&str]) -> Self {
        Self {
            to: to.iter().map(|to| DestinationTemplate::new(to)).collect(),
            ..self
        }
    }

    /// With constant members.
    pub(super) fn with(self, body: &'static str) -> Self {
        Self {
            body: CommandBody::text(body),
            ..self
        }
    }
}
