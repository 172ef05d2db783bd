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

mod answers;
mod command;
mod content;
mod evidence;
mod fido;
mod parts;
mod pin_reset;
mod report;

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;

pub use answers::{
    AnswersDialect, CoversWithoutTbs, PayloadDialect, PinResetAnswerDialect, PingAnswerDialect,
    ProvisionAnswerDialect, SignatureAnswerDialect, SignatureCovers, SignatureFormatNames,
    SignaturePayloadDialect, TransportedKeyForm,
};
pub use command::CommandDialect;
pub use content::{ContentDialect, ImageForm};
pub use evidence::EVIDENCE;
pub use fido::{CreateDialect, FidoDialect, FidoPlan};
pub use parts::{CommandBody, DestinationTemplate, OptionsForm, Placeholders};
pub use pin_reset::{KeyTransport, PinResetDialect};
pub use report::{CallbackDialect, CancelDialect, StateSpellings, StatusDialect};

/// All settings. Each is listed with its evidence in [`EVIDENCE`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct HermodDialect {
    /// `POST {command-base}/provision`, wrapper `provCommand`, no destination (documented example): a profile with keys.
    pub provision: CommandDialect,
    /// `POST {command-base}/certificate` (documented), wrapper `certCommand` (inferred): certificates for a profile's keys.
    pub certificate: CommandDialect,
    /// `POST {command-base}/authenticate`, wrapper `authCommand` (documented example): who holds the profile.
    pub authenticate: CommandDialect,
    /// `POST {command-base}/sign`, wrapper `signCommand`, `to` `@tmp` (documented example): a signature.
    pub sign: CommandDialect,
    /// `POST {command-base}/ping` (documented), wrapper `pingCommand` (inferred): is the endpoint alive.
    pub ping: CommandDialect,
    /// `POST {command-base}/startpinreset` (documented), wrapper `spinCommand` (inferred): the first half of a PIN reset.
    pub start_pin_reset: CommandDialect,
    /// `POST {command-base}/endpinreset` (documented), wrapper `epinCommand` (inferred), to the mailbox of the first half (inferred).
    pub end_pin_reset: CommandDialect,
    /// How the two PIN reset commands write what no page says how to write.
    pub pin_reset: PinResetDialect,
    /// Deletes a profile on the device: existence documented, everything on the wire unknown.
    pub delete_profile: CommandDialect,
    /// Deletes mailboxes only: existence documented, everything on the wire unknown.
    pub delete_mailbox: CommandDialect,
    /// The FIDO commands and how their answers are read.
    pub fido: FidoDialect,
    /// The poll for a command's state.
    pub status: StatusDialect,
    /// Withdrawing a command.
    pub cancel: CancelDialect,
    /// How states are spelled.
    pub states: StateSpellings,
    /// Where callbacks come in and where things stand in their bodies; poll answers are read in the same way.
    pub callback: CallbackDialect,
    /// Where things stand in a device's answer to each command.
    pub answers: AnswersDialect,
    /// How messaging asks a content provider, and what it is answered.
    pub content: ContentDialect,
}

impl Default for HermodDialect {
    fn default() -> Self {
        let post = CommandDialect::post;
        Self {
            provision: post("provision", "provCommand").to(&[]),
            certificate: post("certificate", "certCommand"),
            authenticate: post("authenticate", "authCommand"),
            sign: post("sign", "signCommand"),
            ping: post("ping", "pingCommand"),
            start_pin_reset: post("startpinreset", "spinCommand"),
            end_pin_reset: post("endpinreset", "epinCommand").to(&["{bid}"]),
            pin_reset: PinResetDialect::default(),
            delete_profile: post("delete", "deleteCommand")
                .to(&["{user_id}"])
                .with(r#"{"confirmation":true}"#),
            delete_mailbox: post("delete", "deleteCommand")
                .to(&["{user_id}"])
                .with(r#"{"confirmation":false}"#),
            fido: FidoDialect::default(),
            status: StatusDialect::default(),
            cancel: CancelDialect::default(),
            states: StateSpellings::default(),
            callback: CallbackDialect::default(),
            answers: AnswersDialect::default(),
            content: ContentDialect::default(),
        }
    }
}

impl HermodDialect {
    /// Every command that can be sent, by the name of its table.
    #[must_use]
    pub fn commands(&self) -> [(&'static str, &CommandDialect); 10] {
        [
            ("provision", &self.provision),
            ("certificate", &self.certificate),
            ("authenticate", &self.authenticate),
            ("sign", &self.sign),
            ("ping", &self.ping),
            ("start_pin_reset", &self.start_pin_reset),
            ("end_pin_reset", &self.end_pin_reset),
            ("delete_profile", &self.delete_profile),
            ("delete_mailbox", &self.delete_mailbox),
            ("fido.session", &self.fido.session),
        ]
    }

    /// The last path segments at which callbacks are taken: the configured ones, and the verbs that the commands are sent to.
    #[must_use]
    pub fn callback_verbs(&self) -> Vec<String> {
        let mut verbs = self.callback.verbs.clone();
        for verb in self.sent_verbs() {
            if !verbs.contains(&verb) {
                verbs.push(verb);
            }
        }
        verbs
    }

    /// The last segments of the paths that commands are sent to; one may be named twice.
    pub(crate) fn sent_verbs(&self) -> impl Iterator<Item = String> {
        let sent = self.commands().map(|(_, command)| &command.path);
        let last = |path: &PathTemplate| path.to_string().rsplit('/').next().map(str::to_owned);
        sent.into_iter()
            .chain([&self.fido.create.path])
            .filter_map(last)
            .filter(|verb| !verb.is_empty() && !verb.starts_with('{'))
    }
}
