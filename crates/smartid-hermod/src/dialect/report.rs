//! What becomes of a command: the poll, the cancel, the spelling of states, and where things stand in a callback's body.

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{Edits, SuccessStatus, Verb};
use smartid_core::json::Pointer;

use super::parts;

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

/// `DELETE {command-base}/{command_id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CancelDialect {
    /// Whether the installation has a cancel at all. Without it [`Cancel`](crate::commands::Cancel) is not sent.
    pub enabled: bool,
    /// The HTTP verb.
    pub verb: Verb,
    /// The path below the command base, with `{command_id}`.
    pub path: PathTemplate,
    /// The status codes that mean success.
    pub success: SuccessStatus,
    /// Changes of the answer's body.
    pub response: Edits,
}

impl Default for CancelDialect {
    fn default() -> Self {
        Self {
            enabled: true,
            verb: Verb::DELETE,
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
    /// Last path segments at which callbacks are taken, besides those that the commands are sent to: `provision`, `certificate`,
    /// `authenticate`, `sign` and `ping` are documented (vendor page: Smart ID Messaging API overview).
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
    /// Error codes that say, of any command: the person declined. The FIDO commands have more of their own.
    pub declined_codes: Vec<String>,
    /// Error codes that say, of any command: the person began and then cancelled.
    pub cancelled_codes: Vec<String>,
}

impl Default for CallbackDialect {
    fn default() -> Self {
        Self {
            verbs: ["provision", "certificate", "authenticate", "sign", "ping"]
                .map(str::to_owned)
                .to_vec(),
            edits: Edits::default(),
            command_id: parts::pointer(&["commandId"]),
            external_id: parts::pointer(&["externalId"]),
            mid: parts::pointer(&["destinations", "0", "mid"]),
            state: parts::pointer(&["state"]),
            response: parts::pointer(&["response"]),
            error: parts::pointer(&["error"]),
            error_code: parts::pointer(&["code"]),
            error_message: parts::pointer(&["message"]),
            declined_codes: Vec::new(),
            cancelled_codes: Vec::new(),
        }
    }
}
