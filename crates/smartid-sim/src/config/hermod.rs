//! Settings of Smart ID Messaging: its addresses and API users, what the immediate response looks like, how states are spelt, asked
//! for and cancelled. What belongs to FIDO and to callbacks stands in files of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    BodyConfig, CallbackConfig, CheckAnswers, ContentConfig, DeleteConfig, FidoConfig, GenerateConfig,
    MailboxConfig, VerbsConfig,
};
use crate::json::Move;

/// Smart ID Messaging. Sources: protocol notes hermod 1 to 6.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HermodConfig {
    /// Path in front of `/command` and `/ms`; may be empty (hermod 1.2, D: three prefixes are attested).
    pub prefix: String,
    /// Base of the links instead of the simulator's own address (`public-url`, hermod 1.4, D).
    pub public_url: Option<String>,
    /// `fqdn` of the immediate response: bare host name (hermod 2.3, D-ex).
    pub fqdn: String,
    /// The API users. Empty means one, called `idm`, with a generated key.
    pub api_users: Vec<ApiUser>,
    /// Status for a missing or wrong key (hermod 1.3, U; 401 is Spring Security's default, I).
    pub unauthorized_status: u16,
    /// Error bodies without details (`hideExceptions`, hermod 1.4, D-ex).
    pub hide_exceptions: bool,
    /// Refuse unknown members in `commandHeader` and in commands with 400 (hermod 7, I).
    pub refuse_unknown_members: bool,
    /// Top-level members allowed beside `commandHeader` and the command (hermod 2 says exactly two, D-ex).
    pub extra_members: Vec<String>,
    /// Status of an immediate response (hermod 2.3: 200, D-ex).
    pub accepted_status: u16,
    /// First command id; ids count up from here. Drawn from the seed when left out.
    pub first_command_id: Option<u64>,
    /// Send `commandId` as a number instead of the documented decimal string.
    pub command_id_as_number: bool,
    /// Echo `externalId` in states and callbacks (hermod 2.2, I).
    pub echo_external_id: bool,
    /// `commandType` of FIDO commands (I). Other verbs use the names of hermod 2.1.
    pub fido_command_type: String,
    /// Spelling of the states (hermod 4, only `IN_PROGRESS` is documented).
    pub states: StateNames,
    /// Letter case of the percent escapes in the plugout link (hermod 5.1: mixed in one string, D-ex).
    pub link_escapes: LinkEscapes,
    /// Send `uri` also for a destination that is a mailbox, not `@tmp`.
    pub uri_for_mailboxes: bool,
    /// What happens to a second answer for the same message (hermod 5.2: refused, I).
    pub second_answer: SecondAnswer,
    /// What is checked of a device's answer before it is called back. What the product checks is unknown, so the default relays.
    pub check_answers: CheckAnswers,
    /// Public attestation keys as one-line JWK each, as they are published (hermod 5.4, D-ex), for `check_answers = "signature"`.
    pub attestation_keys: Vec<String>,
    /// How long the message server holds an app's request for news, in seconds (hermod 5.2, U).
    pub long_poll_seconds: u64,
    /// Largest request body that is read, in bytes; more is answered 413 (hermod 12, U).
    pub max_body_bytes: usize,
    /// Moves applied to each command body before it is understood: plays any nesting of the request.
    pub request_moves: Vec<Move>,
    /// Moves applied to the immediate response.
    pub response_moves: Vec<Move>,
    /// The commands besides FIDO.
    pub verbs: VerbsConfig,
    /// How strictly their bodies are read.
    pub body: BodyConfig,
    /// Deletion.
    pub delete: DeleteConfig,
    /// Mailboxes and destinations.
    pub mailbox: MailboxConfig,
    /// Asking content providers.
    pub content: ContentConfig,
    /// The template of a new API user.
    pub generate: GenerateConfig,
    /// The FIDO commands.
    pub fido: FidoConfig,
    /// Asking for a command's state.
    pub poll: PollConfig,
    /// Cancelling a command.
    pub cancel: CancelConfig,
    /// Callbacks.
    pub callback: CallbackConfig,
}

impl Default for HermodConfig {
    fn default() -> Self {
        Self {
            prefix: "/hermod/rest".into(),
            public_url: None,
            fqdn: "localhost".into(),
            api_users: Vec::new(),
            unauthorized_status: 401,
            hide_exceptions: false,
            refuse_unknown_members: true,
            extra_members: Vec::new(),
            accepted_status: 200,
            first_command_id: None,
            command_id_as_number: false,
            echo_external_id: true,
            fido_command_type: "FIDO".into(),
            states: StateNames::default(),
            link_escapes: LinkEscapes::Mixed,
            uri_for_mailboxes: false,
            second_answer: SecondAnswer::Refuse,
            check_answers: CheckAnswers::Off,
            attestation_keys: Vec::new(),
            long_poll_seconds: 25,
            max_body_bytes: 1 << 20,
            request_moves: Vec::new(),
            response_moves: Vec::new(),
            verbs: VerbsConfig::default(),
            body: BodyConfig::default(),
            delete: DeleteConfig::default(),
            mailbox: MailboxConfig::default(),
            content: ContentConfig::default(),
            generate: GenerateConfig::default(),
            fido: FidoConfig::default(),
            poll: PollConfig::default(),
            cancel: CancelConfig::default(),
            callback: CallbackConfig::default(),
        }
    }
}

/// One entry of `allowed-clients` (hermod 1.4, D), in its kebab-case spelling.
///
/// `Debug` shows neither the key nor a password.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct ApiUser {
    /// Friendly unique name.
    pub client_id: String,
    /// Secret half of `X-Api-Key`; generated when empty.
    pub key: String,
    /// Users with the same group share mailboxes; empty means a group of its own.
    pub group: String,
    /// Base of the callback addresses; no callbacks when left out.
    pub callback_url: Option<String>,
    /// `user:password` of HTTP Basic in callbacks.
    pub callback_basic_auth: Option<String>,
    /// Base of the content provider; content cannot be had when left out.
    pub content_provider_url: Option<String>,
    /// `user:password` of HTTP Basic at the content provider (existence D, name I).
    pub content_provider_basic_auth: Option<String>,
}

impl fmt::Debug for ApiUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client_id,
            key: _,
            group,
            callback_url,
            callback_basic_auth,
            content_provider_url,
            content_provider_basic_auth,
        } = self;
        f.debug_struct("ApiUser")
            .field("client_id", client_id)
            .field("group", group)
            .field("callback_url", &callback_url.is_some())
            .field("callback_basic_auth", &callback_basic_auth.is_some())
            .field("content_provider_url", &content_provider_url.is_some())
            .field(
                "content_provider_basic_auth",
                &content_provider_basic_auth.is_some(),
            )
            .finish_non_exhaustive()
    }
}

impl ApiUser {
    /// An API user without callbacks.
    pub fn new(client_id: impl Into<String>, key: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            key: key.into(),
            ..Self::default()
        }
    }
}

/// Spelling of each state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StateNames {
    /// Waiting for the device (D-ex).
    pub in_progress: String,
    /// Answered (I).
    pub success: String,
    /// Device error or invalid answer (I).
    pub failed: String,
    /// Nobody answered in time (I).
    pub timeout: String,
    /// The person declined (I).
    pub rejected: String,
    /// The person, or the API user, cancelled (I).
    pub cancelled: String,
}

impl Default for StateNames {
    fn default() -> Self {
        Self {
            in_progress: "IN_PROGRESS".into(),
            success: "SUCCESS".into(),
            failed: "FAILED".into(),
            timeout: "TIMEOUT".into(),
            rejected: "REJECTED".into(),
            cancelled: "CANCELLED".into(),
        }
    }
}

/// Letter case of percent escapes in the plugout link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinkEscapes {
    /// `https%3a%2f%2f…%3A20400%2fhermod%2Frest…`, as in the published sample.
    #[default]
    Mixed,
    /// All upper case.
    Upper,
    /// All lower case.
    Lower,
}

/// What the message server does with a second answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SecondAnswer {
    /// 409; no second callback.
    #[default]
    Refuse,
    /// Accepted, and called back again.
    Relay,
}

/// State polling (hermod 4: existence D, path I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PollConfig {
    /// Path below the command base.
    pub path: String,
    /// How the endpoint behaves.
    pub mode: PollMode,
    /// Moves applied to the state body.
    pub moves: Vec<Move>,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            path: "{commandId}".into(),
            mode: PollMode::Normal,
            moves: Vec::new(),
        }
    }
}

/// Behaviour of the state endpoint. The path is a guess, so each way of guessing wrong can be played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PollMode {
    /// Answers the state.
    #[default]
    Normal,
    /// The endpoint does not exist: 405, as Spring answers a path that only knows other verbs.
    Off,
    /// Always 404.
    NotFound,
    /// Always 401.
    Unauthorized,
    /// Always 200 with an HTML page.
    Html,
    /// Always 500.
    ServerError,
}

/// Cancelling (hermod 3.8: `DELETE {command-base}/{commandId}`, I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CancelConfig {
    /// Whether the endpoint exists; 405 otherwise.
    pub enabled: bool,
    /// Path below the command base.
    pub path: String,
    /// Status of success. With 204 there is no body, else the state.
    pub status: u16,
    /// Whether a cancelled command is called back.
    pub callback: bool,
}

impl Default for CancelConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "{commandId}".into(),
            status: 200,
            callback: false,
        }
    }
}
