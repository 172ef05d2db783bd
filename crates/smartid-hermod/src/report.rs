//! What became of a command, as a callback or a poll answer tells it.
//!
//! Vendor page: Smart ID Messaging API overview: that messaging calls back with command responses and with timeouts is documented; the
//! body is inferred (the immediate response again, with `response` or `error`). One reader serves both ways. It needs an id and nothing
//! else, keeps the whole body, and takes what it does not understand for "not final", never for an end.

use std::fmt;

use bytes::Bytes;
use smartid_core::json::Pointer;
use smartid_core::{Letter, Lint, redact};

use crate::dialect::HermodDialect;
use crate::ids::{CommandId, ExternalId, Mid};
use crate::key::{self, Key};
use crate::outcome::Outcome;
use crate::pending::Pending;
use crate::read::{Document, shown, text};
use crate::registration;
use crate::response::Destination;
use crate::state::State;

/// A body that tells nothing about any command. The message does not quote the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// No JSON object in UTF-8.
    #[error("not a JSON object")]
    NotAnObject,
    /// Neither id, so there is nothing to match it with.
    #[error("neither a command id nor an external id that can be used")]
    NoId,
    /// A member that counts stands there twice, so two readers could read two things.
    #[error("the member {0} is there twice")]
    Repeated(String),
    /// The dialect's edits cannot be made.
    #[error("the dialect's edits cannot be made: {0}")]
    Edit(#[from] smartid_core::json::EditError),
}

/// What the app or messaging says went wrong. Cleaned of control characters and capped; text from outside all the same, so escape it for
/// HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandFault {
    /// The name of the error: for FIDO that of a `DOMException` (inferred). A number is taken as its digits; in a text of several words,
    /// what looks like a token is masked.
    pub code: Option<String>,
    /// For a person; what looks like a token is masked.
    pub message: Option<String>,
}

/// The state of a command and what came with it. `Debug` shows neither body nor response.
#[derive(Clone)]
#[non_exhaustive]
pub struct CommandReport {
    /// The command.
    pub command_id: Option<CommandId>,
    /// The id that we chose, when it is echoed.
    pub external_id: Option<ExternalId>,
    /// The message, which tells apart the reports of one command to several mailboxes. None where a report names several messages: it
    /// tells of the command as a whole then.
    pub mid: Option<Mid>,
    /// What kind of command it is; information only.
    pub command_type: Option<String>,
    /// How far it is. When there is no state but a response or an error, that counts as success or failure.
    pub state: State,
    /// The mailboxes; none when the list cannot be read, which leaves a lint.
    pub destinations: Vec<Destination>,
    /// The device's answer as JSON text.
    pub response: Option<String>,
    /// What went wrong.
    pub error: Option<CommandFault>,
    /// The whole body as it came.
    pub raw: Bytes,
    /// What was let pass.
    pub lints: Vec<Lint>,
    /// The verb of the path that the callback came to; `None` for the answer to a poll.
    pub verb: Option<String>,
    /// The body with the dialect's edits.
    edited: Bytes,
    /// Whether the external id came as a text.
    echoes_text: bool,
}

/// What a FIDO command came to.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FidoOutcome {
    /// Success without a response: the session is open. As the outcome of a create command it means that the registration is missing.
    Opened,
    /// A credential was made.
    Created {
        /// The registration as exact JSON text.
        registration: String,
        /// What was let pass.
        lints: Vec<Lint>,
    },
    /// The person declined, or let the time pass in front of the authenticator.
    Declined,
    /// The person cancelled.
    Cancelled,
    /// Nobody answered in time.
    TimedOut,
    /// The authenticator holds one of `excludeCredentials`.
    AlreadyRegistered {
        /// The app's words.
        message: Option<String>,
    },
    /// Another failure.
    Failed {
        /// The error's name.
        code: Option<String>,
        /// The error's words.
        message: Option<String>,
    },
    /// Not final yet.
    Pending,
    /// Success, but there is no registration that can be read in the response.
    Unreadable {
        /// What is the matter.
        reason: String,
    },
}

impl CommandReport {
    /// Reads the body of a callback or, after the edits of `status.response`, of a poll answer.
    ///
    /// ```
    /// use smartid_hermod::{CommandReport, FidoOutcome, HermodDialect, State};
    ///
    /// let dialect = HermodDialect::default();
    /// let body = r#"{"commandId":4108,"state":"FAILED","error":{"code":"InvalidStateError"}}"#;
    /// let report = CommandReport::read(body.into(), &dialect)?;
    /// assert_eq!((report.is_final(), &report.state), (true, &State::Failed));
    /// assert_eq!(report.fido(&dialect), FidoOutcome::AlreadyRegistered { message: None });
    /// # Ok::<(), smartid_hermod::ReportError>(())
    /// ```
    ///
    /// # Errors
    /// [`ReportError`] when there is no id in it, or it says two things.
    pub fn read(raw: Bytes, dialect: &HermodDialect) -> Result<Self, ReportError> {
        let edited = key::edited(&raw, dialect)?;
        let document = Document::open(&edited).ok_or(ReportError::NotAnObject)?;
        let Key {
            command_id,
            external_id,
            mid,
            state,
            mut lints,
            echoes_text,
        } = Key::read(&document, dialect)?;
        let places = &dialect.callback;
        let response = document.at(&places.response).map(str::to_owned);
        let error = document.at(&places.error).map(|raw| {
            let inside = Document::open(raw.as_bytes());
            let part = |place| inside.as_ref().and_then(|document| document.at(place));
            // A text, or a number, is the code.
            let code = if inside.is_some() {
                part(&places.error_code)
            } else {
                Some(raw)
            };
            let message = part(&places.error_message).and_then(text);
            let code = code.and_then(|raw| shown(raw, 100));
            CommandFault {
                // A name is kept as it is; what has several words is a sentence.
                code: code.map(|code| {
                    if code.contains(' ') {
                        redact::message(&code)
                    } else {
                        code
                    }
                }),
                message: message
                    .map(|message| redact::message(&message))
                    .and_then(|message| shown_text(&message)),
            }
        });
        let destinations = match document.member("destinations").map(Destination::list) {
            None => Vec::new(),
            Some(Ok(list)) => list,
            Some(Err((at, reason))) => {
                lints.push(Lint::new(format!("/destinations{at}"), reason));
                Vec::new()
            }
        };
        let command_type = document.member("commandType").and_then(|raw| shown(raw, 100));
        Ok(Self {
            command_id,
            external_id,
            mid,
            command_type,
            state,
            destinations,
            response,
            error,
            raw,
            lints,
            verb: None,
            edited,
            echoes_text,
        })
    }

    /// Reads the body of a letter that a [`CallbackReceiver`](crate::CallbackReceiver) stored, with the verb that it came to.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_letter(letter: &Letter, dialect: &HermodDialect) -> Result<Self, ReportError> {
        let report = Self::read(letter.body().clone(), dialect)?;
        Ok(Self {
            verb: letter.origin().map(str::to_owned),
            ..report
        })
    }

    /// Whether it is about another command than the awaited one, although it was found under one of its ids.
    ///
    /// Each id that both have must be the same: command ids count up on every messaging server, so the same one may be another
    /// command's, and external ids are chosen by every API user. An external id that came as a number is no echo of ours, which are
    /// texts, unless its digits are ours; it says nothing then. A callback that came to the verb of another command is that command's.
    pub(crate) fn is_foreign_to(&self, pending: &Pending, dialect: &HermodDialect) -> bool {
        let differs = match (&self.command_id, &pending.command_id) {
            (Some(told), Some(ours)) => told != ours,
            _ => false,
        };
        let echoes_other = match (&self.external_id, &pending.external_id) {
            (Some(told), Some(ours)) => self.echoes_text && told != ours,
            _ => false,
        };
        let other_verb = match (&self.verb, &pending.verb) {
            (Some(came), Some(sent)) => came != sent && dialect.sent_verbs().any(|verb| verb == *came),
            _ => false,
        };
        differs || echoes_other || other_verb
    }

    /// The JSON text at a pointer of the report, after the dialect's edits; `null` counts as absent.
    pub(crate) fn at(&self, place: &Pointer) -> Option<String> {
        Document::open(&self.edited)?.at(place).map(str::to_owned)
    }

    /// The whole body, after the dialect's edits.
    pub(crate) fn edited(&self) -> &[u8] {
        &self.edited
    }

    /// Whether nothing more will happen to the command.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.state.is_final()
    }

    /// Whether the command is over but the report lacks what a caller wants to know: the response of a success, the error of a failure.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        match self.state {
            State::Success => self.response.is_none(),
            State::Failed => self.error.is_none(),
            _ => false,
        }
    }

    /// Whether the session command has been answered: the app has opened the link.
    #[must_use]
    pub fn opened(&self) -> bool {
        self.state == State::Success
    }

    /// What the create command came to. A success without a response is [`FidoOutcome::Opened`].
    ///
    /// The registration is text from a device that messaging is said to have checked; the relying party checks it again.
    #[must_use]
    pub fn fido(&self, dialect: &HermodDialect) -> FidoOutcome {
        let settings = &dialect.fido;
        let found = |report: &Self| match registration::find(&report.edited, settings) {
            Ok(found) => Ok(Some(found)),
            Err(_) if report.response.is_none() => Ok(None),
            Err(reason) => Err(reason),
        };
        match self.outcome(dialect, found) {
            Outcome::Succeeded(Some(found)) => FidoOutcome::Created {
                registration: found.text,
                lints: self.lints.iter().cloned().chain(found.lints).collect(),
            },
            Outcome::Succeeded(None) => FidoOutcome::Opened,
            Outcome::Declined => FidoOutcome::Declined,
            Outcome::Cancelled => FidoOutcome::Cancelled,
            Outcome::TimedOut => FidoOutcome::TimedOut,
            Outcome::Pending => FidoOutcome::Pending,
            Outcome::Unreadable { reason } => FidoOutcome::Unreadable { reason },
            Outcome::Failed { code, message } => {
                let among = |list: &[String]| code.as_ref().is_some_and(|code| list.contains(code));
                if among(&settings.already_registered) {
                    FidoOutcome::AlreadyRegistered { message }
                } else if among(&settings.user_declined_codes) {
                    FidoOutcome::Declined
                } else if among(&settings.user_cancelled_codes) {
                    FidoOutcome::Cancelled
                } else {
                    FidoOutcome::Failed { code, message }
                }
            }
        }
    }
}

/// A text that is already decoded, cleaned as [`shown`] does.
fn shown_text(text: &str) -> Option<String> {
    shown(&serde_json::to_string(text).ok()?, 400)
}

impl fmt::Debug for CommandReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            command_id,
            external_id,
            mid,
            command_type,
            state,
            destinations,
            response,
            error,
            raw,
            lints,
            verb,
            edited: _same,
            echoes_text: _of_no_interest,
        } = self;
        f.debug_struct("CommandReport")
            .field("command_id", command_id)
            .field("external_id", external_id)
            .field("mid", mid)
            .field("command_type", command_type)
            .field("state", state)
            .field("destinations", &destinations.len())
            .field("response_bytes", &response.as_ref().map(String::len))
            .field("error", error)
            .field("raw_bytes", &raw.len())
            .field("lints", lints)
            .field("verb", verb)
            .finish()
    }
}

impl fmt::Debug for FidoOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Created { registration, lints } => f
                .debug_struct("Created")
                .field("registration_bytes", &registration.len())
                .field("lints", lints)
                .finish(),
            Self::Declined => f.write_str("Declined"),
            Self::Cancelled => f.write_str("Cancelled"),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::AlreadyRegistered { message } => f
                .debug_struct("AlreadyRegistered")
                .field("message", message)
                .finish(),
            Self::Failed { code, message } => f
                .debug_struct("Failed")
                .field("code", code)
                .field("message", message)
                .finish(),
            Self::Pending => f.write_str("Pending"),
            Self::Unreadable { reason } => f.debug_struct("Unreadable").field("reason", reason).finish(),
        }
    }
}
