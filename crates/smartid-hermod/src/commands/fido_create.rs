//! `POST {command-base}/fido`: hands creation options to the connected app, which makes a credential and answers later.
//!
//! Messaging 4.2 or later, Desktop App 2.4 or later. Vendor page: Fido passkey provisioning with Microsoft Entra: that there is such a
//! command ("Create Credential", asynchronous) is documented; verb and destination are inferred, path, wrapper and members are unknown and
//! placeholders: settings `fido.create.*`.
//! Sent by an API user with its key. Never repeated by itself: a second command would ask the person twice. When the answer is lost, the
//! outcome still comes by callback under the external id, if callbacks are set up and the id is echoed. The outcome is a [`CommandReport`](crate::CommandReport); it is the person's
//! turn until then.
//!
//! What can go wrong is a [`HermodError`]: 401 or 403 (an administrator's turn: the API key), 400 (the calling program's or the dialect's:
//! the form of the command), 404 (the command base, or the mailbox has expired: open another session), 429 and 503 (nobody's: later).

use std::fmt;

use serde_json::value::RawValue;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, json};

use super::{begin, immediate};
use crate::api_key::auth;
use crate::dialect::{DestinationTemplate, HermodDialect, OptionsForm, Placeholders};
use crate::error::HermodError;
use crate::header::{CommandHeader, TEMPORARY, write_text};
use crate::response::ImmediateResponse;
use crate::session::Session;

/// Asks the app to create a credential. The options are relayed byte for byte.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{CommandHeader, HermodDialect, Session, commands::FidoCreate};
///
/// let session: Session = serde_json::from_str(
///     r#"{"bid":"b-1","mid":"m-1","command_id":"4107","external_id":"s-1","created":0,"expires":250000}"#,
/// )?;
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("c-1");
/// let options = r#"{"timeout": 6e4,"challenge":"UoczM8T3-yfS"}"#;
///
/// let dialect = HermodDialect::default();
/// let command = FidoCreate::new(header, &session, options);
/// let request = command.request(&dialect)?;
/// assert_eq!(request.target(), "fido");
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["b-1"],"externalId":"c-1"},"fidoCommand":{"operation":"create","publicKey":{"timeout": 6e4,"challenge":"UoczM8T3-yfS"}}}"#,
/// );
///
/// // A destination that is a mailbox has no link: the app is connected already.
/// let answer = r#"{"commandId":"4108","destinations":[{"to":"b-1","bid":"b-1","mid":"m-2"}],"commandType":"FIDO","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// let response = command.response(&dialect, incoming).unwrap();
/// assert_eq!((response.command_id.as_str(), response.link().is_none()), ("4108", true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct FidoCreate<'a> {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// Where to; `None` for a command that opens its own temporary mailbox.
    pub session: Option<&'a Session>,
    /// The creation options, JSON text of an object.
    pub options: &'a str,
}

impl<'a> FidoCreate<'a> {
    /// Into the mailbox of a session. `options` is the exact text of the creation options, a JSON object.
    #[must_use]
    pub fn new(header: CommandHeader, session: &'a Session, options: &'a str) -> Self {
        Self {
            header,
            session: Some(session),
            options,
        }
    }

    /// To a temporary mailbox of its own, for installations where one command does it all: the answer has the link. A header or a
    /// dialect with destinations that need no session wins over that.
    #[must_use]
    pub fn alone(header: CommandHeader, options: &'a str) -> Self {
        Self {
            header,
            session: None,
            options,
        }
    }
}

impl fmt::Debug for FidoCreate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            header,
            session,
            options,
        } = self;
        f.debug_struct("FidoCreate")
            .field("header", header)
            .field("session", session)
            .field("options_bytes", &options.len())
            .finish()
    }
}

impl Endpoint for FidoCreate<'_> {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.fido-create";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let setting = &dialect.fido.create;
        let options = serde_json::from_str::<&RawValue>(self.options)
            .map(RawValue::get)
            .ok()
            .filter(|text| text.starts_with('{'))
            .ok_or_else(|| BuildError::Invalid("the creation options are not a JSON object".to_owned()))?;
        let values = self
            .session
            .map_or_else(Placeholders::default, Session::placeholders);
        let path = values.expand(&setting.path)?;

        let temporary;
        let to = if self.session.is_none() && setting.to.iter().any(DestinationTemplate::has_placeholder) {
            temporary = [DestinationTemplate::new(TEMPORARY)];
            temporary.as_slice()
        } else {
            setting.to.as_slice()
        };
        let mut body = Vec::with_capacity(256 + options.len());
        begin(
            &mut body,
            &self.header,
            to,
            &values,
            &setting.wrapper,
            &setting.body,
        )?;
        let form = |out: &mut Vec<u8>| match setting.options_form {
            OptionsForm::Json => {
                out.extend_from_slice(options.as_bytes());
                Ok(())
            }
            OptionsForm::String => write_text(out, options),
        };
        // Straight into the open wrapper, which is the ordinary case; or, where the dialect has another place for them, afterwards.
        match setting.options.tokens() {
            [wrapper, name] if *wrapper == setting.wrapper && !setting.body.mentions(name) => {
                if !setting.body.inner().is_empty() {
                    body.push(b',');
                }
                write_text(&mut body, name)?;
                body.push(b':');
                form(&mut body)?;
                body.extend_from_slice(b"}}");
            }
            _ => {
                body.extend_from_slice(b"}}");
                let mut value = Vec::with_capacity(options.len());
                form(&mut value)?;
                let text =
                    |bytes| String::from_utf8(bytes).map_err(|error| BuildError::Json(error.to_string()));
                body = json::put(&text(body)?, &setting.options, &text(value)?)?.into_bytes();
            }
        }
        let body = setting.request.apply_to_request(body.into())?;
        Ok(Outgoing::new(setting.verb.method(), path).body("application/json", body))
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        let setting = &dialect.fido.create;
        immediate(incoming, &setting.success, &setting.response, &dialect.states)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn create(options: &str) -> Result<Outgoing, BuildError> {
        let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
        FidoCreate::alone(header.external_id("c-1"), options).request(&HermodDialect::default())
    }

    #[test]
    fn options_that_are_no_object_are_refused_before_anything_is_sent() {
        for bad in ["", "[]", "7", "\"{}\"", "{", "{} {}", "null"] {
            assert!(matches!(create(bad), Err(BuildError::Invalid(_))), "{bad:?}");
        }
    }

    #[test]
    fn without_a_session_it_goes_to_a_temporary_mailbox() {
        let body = create(r#"{ "challenge" : 1.50 }"#).unwrap().body_bytes().clone();
        let text = std::str::from_utf8(&body).unwrap();
        assert!(
            text.contains(r#""to":["@tmp"]"#) && text.ends_with(r#""publicKey":{ "challenge" : 1.50 }}}"#),
            "{text}"
        );
    }

    #[test]
    fn debug_does_not_show_the_options() {
        let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)).unwrap();
        assert!(!format!("{:?}", FidoCreate::alone(header, r#"{"challenge":"canary"}"#)).contains("canary"));
    }
}
