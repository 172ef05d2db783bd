//! `DELETE {command-base}/{commandId}`: withdraws a command that nobody has answered yet.
//!
//! No page tells of a cancel by the API user; verb and path are a guess after the poll, settings `cancel.*`, and `cancel.enabled = false`
//! says that an installation has none. Asked by the API user that sent the command, with its key. It may be repeated: a second one finds
//! nothing more to withdraw. A refusal is a [`HermodError`] and leaves the command as it is; 404 may mean that the command is over, that
//! it is not known, or that there is no such path. What became of the command is told by its callback or a poll, not by this: an app may
//! answer while it is withdrawn.

use smartid_core::{BuildError, Content, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::api_key::auth;
use crate::dialect::HermodDialect;
use crate::error::HermodError;
use crate::ids::CommandId;
use crate::report::{CommandReport, ReportError};

/// Withdraws a command.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{HermodDialect, State, commands::Cancel};
///
/// let (cancel, dialect) = (Cancel::new("5106"), HermodDialect::default());
/// let request = cancel.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("DELETE", "5106"));
/// assert!(request.body_bytes().is_empty());
///
/// let answer = r#"{"commandId":"5106","state":"CANCELLED"}"#;
/// let incoming = Incoming::new(StatusCode::OK, HeaderMap::new(), answer.into());
/// let report = cancel.response(&dialect, incoming).unwrap().expect("the answer has a body");
/// assert_eq!(report.state, State::Cancelled);
///
/// let silent = Incoming::new(StatusCode::NO_CONTENT, HeaderMap::new(), "".into());
/// assert!(cancel.response(&dialect, silent).unwrap().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Cancel {
    /// Which command.
    pub command_id: CommandId,
}

impl Cancel {
    /// Of the command with this id.
    pub fn new(command_id: impl Into<CommandId>) -> Self {
        Self {
            command_id: command_id.into(),
        }
    }
}

impl Endpoint for Cancel {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    /// The state of the command afterwards, where the answer tells it.
    type Output = Option<CommandReport>;
    type Error = HermodError;

    const NAME: &'static str = "hermod.cancel";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let setting = &dialect.cancel;
        if !setting.enabled {
            return Err(BuildError::Invalid(
                "this installation has no cancel: setting cancel.enabled".to_owned(),
            ));
        }
        let path = setting.path.expand(&[("command_id", self.command_id.as_str())])?;
        Ok(Outgoing::new(setting.verb.method(), path))
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<Option<CommandReport>, ResponseError<HermodError>> {
        if !dialect.cancel.success.accepts(incoming.status()) {
            return Err(ResponseError::Refused(HermodError::read(&incoming)));
        }
        let incoming = dialect.cancel.response.apply_to_response(incoming);
        match incoming.content() {
            Content::Json => {}
            Content::Html => {
                return Err(incoming
                    .unreadable("an HTML page where the answer to a cancel was expected")
                    .into());
            }
            // Nothing, or a word: the status says yes.
            _ => return Ok(None),
        }
        match CommandReport::read(incoming.body().clone(), dialect) {
            Ok(report)
                if report
                    .command_id
                    .as_ref()
                    .is_some_and(|id| *id != self.command_id) =>
            {
                Err(incoming.unreadable("the answer is about another command").into())
            }
            Ok(report) => Ok(Some(report)),
            // It says yes, and tells nothing more.
            Err(ReportError::NoId) => Ok(None),
            Err(error) => Err(incoming.unreadable(&error.to_string()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;

    fn read(status: u16, body: &'static str) -> Result<Option<CommandReport>, ResponseError<HermodError>> {
        let status = StatusCode::from_u16(status).unwrap();
        let incoming = Incoming::new(status, HeaderMap::new(), body.into());
        Cancel::new("5106").response(&HermodDialect::default(), incoming)
    }

    #[test]
    fn a_yes_with_or_without_a_body_is_a_yes() {
        for (status, body) in [
            (200, ""),
            (204, ""),
            (202, "{}"),
            (200, "cancelled"),
            (200, r#"{"state":"CANCELLED"}"#),
        ] {
            assert!(read(status, body).unwrap().is_none(), "{status} {body}");
        }
        assert!(
            read(200, r#"{"commandId":5106,"state":"IN_PROGRESS"}"#)
                .unwrap()
                .is_some()
        );
    }

    #[test]
    fn a_no_and_a_page_are_errors() {
        for status in [400, 401, 404, 405, 409, 500] {
            assert!(
                matches!(read(status, ""), Err(ResponseError::Refused(_))),
                "{status}"
            );
        }
        for body in [
            "<html><title>Sign in</title></html>",
            r#"{"commandId":"5107","state":"CANCELLED"}"#,
            r#"{"commandId":"5106","commandId":"5107"}"#,
            "[1]",
            "{",
        ] {
            assert!(
                matches!(read(200, body), Err(ResponseError::Unreadable(_))),
                "{body}"
            );
        }
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("text/html"));
        let page = Incoming::new(StatusCode::OK, headers, "x".into());
        assert!(
            Cancel::new("5106")
                .response(&HermodDialect::default(), page)
                .is_err()
        );
    }

    #[test]
    fn an_installation_without_a_cancel_is_not_asked() {
        let dialect = smartid_core::dialect::overlay("cancel.enabled = false").unwrap();
        assert!(matches!(
            Cancel::new("5106").request(&dialect),
            Err(BuildError::Invalid(_))
        ));
        let default = HermodDialect::default();
        assert!(Cancel::new("").request(&default).is_err());
        assert_eq!(Cancel::new("../x").request(&default).unwrap().target(), "..%2Fx");
    }

    #[test]
    fn another_form_is_a_setting() {
        let toml = "[cancel]\nverb = 'POST'\npath = '{command_id}/cancel'\nsuccess = [202]\nresponse = [{ move = '/id', to = '/commandId' }]";
        let dialect: HermodDialect = smartid_core::dialect::overlay(toml).unwrap();
        let cancel = Cancel::new("5106");
        let request = cancel.request(&dialect).unwrap();
        assert_eq!(
            (request.method().as_str(), request.target().as_str()),
            ("POST", "5106/cancel")
        );
        let answer = |status, body: &'static str| Incoming::new(status, HeaderMap::new(), body.into());
        assert!(cancel.response(&dialect, answer(StatusCode::OK, "")).is_err());
        let moved = answer(StatusCode::ACCEPTED, r#"{"id":"5106","state":"CANCELLED"}"#);
        assert!(cancel.response(&dialect, moved).unwrap().is_some());
    }
}
