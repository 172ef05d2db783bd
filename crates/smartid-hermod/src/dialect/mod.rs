//! What may differ between installations of messaging.
//!
//! The FIDO commands, the poll path, the states and all callback bodies are inferred, because the vendor's own OpenAPI document is not
//! public. They are therefore settings: a TOML file names those that differ, and the rest stays. Even the structure can change: a
//! session that is opened by a `ping`, one command instead of two, options in another place of the body, another destination.
//!
//! ```
//! use smartid_hermod::HermodDialect;
//!
//! let dialect: HermodDialect = smartid_core::dialect::overlay(
//!     r#"
//!     [fido.session]
//!     path = "ping"
//!     wrapper = "pingCommand"
//!     body = { deviceinfo = "true" }
//!
//!     [fido.create]
//!     body = "{}"
//!     options = "/fidoCommand/params/options"
//!
//!     [states]
//!     success = ["SUCCESS", "DONE"]
//!     "#,
//! )?;
//! assert_eq!(dialect.fido.session.path.to_string(), "ping");
//! assert!(dialect.callback_verbs().contains(&"ping".to_owned()));
//! # Ok::<(), smartid_core::dialect::DialectError>(())
//! ```

mod evidence;
mod parts;

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{Edits, SuccessStatus, Verb};
use smartid_core::json::Pointer;

pub use evidence::EVIDENCE;
pub use parts::{CommandBody, DestinationTemplate, OptionsForm, Placeholders};

/// All settings. Each is listed with its evidence in [`EVIDENCE`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HermodDialect {
    /// The FIDO commands and how their answers are read.
    pub fido: FidoDialect,
    /// The poll for a command's state.
    pub status: StatusDialect,
    /// How states are spelled.
    pub states: StateSpellings,
    /// Where callbacks come in and where things stand in their bodies; poll answers are read in the same way.
    pub callback: CallbackDialect,
}

impl HermodDialect {
    /// The last path segments at which callbacks are taken: the configured ones, and the verbs that the FIDO commands are sent to.
    #[must_use]
    pub fn callback_verbs(&self) -> Vec<String> {
        let sent = [&self.fido.session.path, &self.fido.create.path];
        let last = |path: &&PathTemplate| path.to_string().rsplit('/').next().map(str::to_owned);
        let mut verbs = self.callback.verbs.clone();
        for verb in sent.iter().filter_map(last) {
            if !verb.is_empty() && !verb.starts_with('{') && !verbs.contains(&verb) {
                verbs.push(verb);
            }
        }
        verbs
    }
}

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
    /// The command that opens a session.
    pub session: SessionDialect,
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
            session: SessionDialect::default(),
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

/// `POST {command-base}/fido`, wrapper `fidoCommand`, `operation` `start`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionDialect {
    /// The HTTP verb.
    pub verb: Verb,
    /// The path below the command base.
    pub path: PathTemplate,
    /// The name of the member beside `commandHeader`.
    pub wrapper: String,
    /// What stands in that member: a table, or JSON text where the order of members matters.
    pub body: CommandBody,
    /// `commandHeader.to`; an empty list leaves the member out.
    pub to: Vec<DestinationTemplate>,
    /// The status codes that mean success.
    pub success: SuccessStatus,
    /// Changes of the request body.
    pub request: Edits,
    /// Changes of the answer's body.
    pub response: Edits,
}

impl Default for SessionDialect {
    fn default() -> Self {
        Self {
            verb: Verb::POST,
            path: parts::path("fido"),
            wrapper: "fidoCommand".into(),
            body: CommandBody::text(r#"{"operation":"start"}"#),
            to: vec![DestinationTemplate::new(crate::header::TEMPORARY)],
            success: SuccessStatus::any_2xx(),
            request: Edits::default(),
            response: Edits::default(),
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

/// `GET {command-base}/{command_id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StatusDialect {
    /// The HTTP verb.
    pub verb: Verb,
    /// The path below the command base, with `{command_id}`.
    pub path: PathTemplate,
    /// The status codes that mean success.
    pub success: SuccessStatus,
    /// Changes of the answer's body.
    pub response: Edits,
}

impl Default for StatusDialect {
    fn default() -> Self {
        Self {
            verb: Verb::GET,
            path: parts::path("{command_id}"),
            success: SuccessStatus::any_2xx(),
            response: Edits::default(),
        }
    }
}

/// How each state is spelled; the letter case counts. A spelling that stands in no list is not final.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StateSpellings {
    /// Waiting for the device.
    pub in_progress: Vec<String>,
    /// The device answered and messaging found the answer valid.
    pub success: Vec<String>,
    /// The answer was invalid, or the app refused.
    pub failed: Vec<String>,
    /// Nobody answered within `timeout`.
    pub timeout: Vec<String>,
    /// The person declined.
    pub rejected: Vec<String>,
    /// The person, or the API user, cancelled.
    pub cancelled: Vec<String>,
}

impl Default for StateSpellings {
    fn default() -> Self {
        Self {
            in_progress: vec!["IN_PROGRESS".into()],
            success: vec!["SUCCESS".into()],
            failed: vec!["FAILED".into()],
            timeout: vec!["TIMEOUT".into()],
            rejected: vec!["REJECTED".into()],
            cancelled: vec!["CANCELLED".into()],
        }
    }
}

/// Where callbacks come in, and where things stand in a callback's or a poll answer's body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CallbackDialect {
    /// Last path segments at which callbacks are taken, besides those that the FIDO commands are sent to.
    pub verbs: Vec<String>,
    /// Changes of a callback's body before it is read. What is stored is the body as it came.
    pub edits: Edits,
    /// Where the command id stands.
    pub command_id: Pointer,
    /// Where the id that we chose stands.
    pub external_id: Pointer,
    /// Where the message id stands, which tells callbacks of one command apart.
    pub mid: Pointer,
    /// Where the state stands.
    pub state: Pointer,
    /// Where the device's answer stands.
    pub response: Pointer,
    /// Where the error stands: an object, or a text that is the code.
    pub error: Pointer,
    /// Where the code stands in the error.
    pub error_code: Pointer,
    /// Where the message stands in the error.
    pub error_message: Pointer,
}

impl Default for CallbackDialect {
    fn default() -> Self {
        Self {
            verbs: vec!["fido".into()],
            edits: Edits::default(),
            command_id: parts::pointer(&["commandId"]),
            external_id: parts::pointer(&["externalId"]),
            mid: parts::pointer(&["destinations", "0", "mid"]),
            state: parts::pointer(&["state"]),
            response: parts::pointer(&["response"]),
            error: parts::pointer(&["error"]),
            error_code: parts::pointer(&["code"]),
            error_message: parts::pointer(&["message"]),
        }
    }
}
