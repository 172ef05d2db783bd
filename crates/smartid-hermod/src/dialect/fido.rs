//! The FIDO commands: in which order they are sent, and how their answers are read.

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{Edits, SuccessStatus, Verb};
use smartid_core::json::Pointer;

use super::command::CommandDialect;
use super::parts::{self, CommandBody, DestinationTemplate, OptionsForm};

/// The FIDO commands (vendor pages: Fido passkey provisioning with Microsoft Entra, Fido credential provisioning with Digital Access:
/// their existence and order are documented, everything on the wire is inferred).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FidoDialect {
    /// Whether one command does it all: the create command goes to a temporary mailbox itself and its answer has the link. No session
    /// is opened then.
    pub single_command: bool,
    /// Whether the create command may only be sent after the callback of the session command has come. Not together with
    /// `single_command`, which has no session.
    pub create_after_open: bool,
    /// Where the registration stands in the report of the create command.
    pub registration: Pointer,
    /// Whether a registration that is not there is looked for in the whole report. What is found so has a lint.
    pub search_registration: bool,
    /// Error codes that say: the authenticator holds one of `excludeCredentials`.
    pub already_registered: Vec<String>,
    /// Error codes that say: the person declined, or let the time pass.
    pub user_declined_codes: Vec<String>,
    /// Error codes that say: the person began and then cancelled.
    pub user_cancelled_codes: Vec<String>,
    /// The command that opens a session: `POST {command-base}/fido`, wrapper `fidoCommand`, `operation` `start`.
    pub session: CommandDialect,
    /// The command that creates a credential.
    pub create: CreateDialect,
}

impl Default for FidoDialect {
    fn default() -> Self {
        Self {
            single_command: false,
            create_after_open: false,
            registration: parts::pointer(&["response", "data"]),
            search_registration: true,
            already_registered: vec!["InvalidStateError".into()],
            user_declined_codes: vec!["NotAllowedError".into()],
            user_cancelled_codes: vec!["AbortError".into()],
            session: CommandDialect {
                body: CommandBody::text(r#"{"operation":"start"}"#),
                ..CommandDialect::post("fido", "fidoCommand")
            },
            create: CreateDialect::default(),
        }
    }
}

/// In which order the FIDO commands are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FidoPlan {
    /// The session command, and the create command at once: the person has not opened the link yet.
    SessionThenCreate,
    /// The session command, and the create command when the callback of the first has come.
    SessionOpenedThenCreate,
    /// The create command alone; its answer has the link.
    CreateAlone,
}

impl FidoDialect {
    /// In which order the FIDO commands are sent. One command alone waits for no session.
    #[must_use]
    pub fn plan(&self) -> FidoPlan {
        match (self.single_command, self.create_after_open) {
            (true, _) => FidoPlan::CreateAlone,
            (false, true) => FidoPlan::SessionOpenedThenCreate,
            (false, false) => FidoPlan::SessionThenCreate,
        }
    }
}

/// `POST {command-base}/fido`, wrapper `fidoCommand`, `operation` `create`, the creation options in `publicKey`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CreateDialect {
    /// The HTTP verb.
    pub verb: Verb,
    /// The path below the command base; `{bid}`, `{mid}`, `{command_id}`, `{external_id}` of the session may stand in it.
    pub path: PathTemplate,
    /// The name of the member beside `commandHeader`.
    pub wrapper: String,
    /// What stands in that member beside the options: a table, or JSON text where the order of members matters.
    pub body: CommandBody,
    /// `commandHeader.to`, with the same placeholders as the path; an empty list leaves the member out.
    pub to: Vec<DestinationTemplate>,
    /// Where the creation options go in the request body; objects on the way are made.
    pub options: Pointer,
    /// Whether the options stand there as JSON or as a text that holds JSON.
    pub options_form: OptionsForm,
    /// The status codes that mean success.
    pub success: SuccessStatus,
    /// Changes of the request body.
    pub request: Edits,
    /// Changes of the answer's body.
    pub response: Edits,
}

impl Default for CreateDialect {
    fn default() -> Self {
        Self {
            verb: Verb::POST,
            path: parts::path("fido"),
            wrapper: "fidoCommand".into(),
            body: CommandBody::text(r#"{"operation":"create"}"#),
            to: vec![DestinationTemplate::new("{bid}")],
            options: parts::pointer(&["fidoCommand", "publicKey"]),
            options_form: OptionsForm::Json,
            success: SuccessStatus::any_2xx(),
            request: Edits::default(),
            response: Edits::default(),
        }
    }
}
