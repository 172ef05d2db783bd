//! `GET {command-base}/{commandId}`: how far a command is.
//!
//! That a command can be polled until its `lifespan` is over is documented by one sentence (vendor page: Integrate Identity Manager with
//! Smart ID Messaging); verb, path and answer are inferred, settings `status.*`. Asked by the API user that sent the command, with its
//! key; asking changes nothing and may be repeated. Because the path is a guess, a poll that fails says nothing about the command:
//! [`Hermod::wait`](crate::Hermod::wait) goes on waiting for the callback.

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use crate::api_key::auth;
use crate::dialect::HermodDialect;
use crate::error::HermodError;
use crate::ids::CommandId;
use crate::report::CommandReport;
use crate::response::open;

/// Asks for the state of a command.
///
/// ```
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{HermodDialect, State, commands::CommandStatus};
///
/// let (poll, dialect) = (CommandStatus::new("4108"), HermodDialect::default());
/// let request = poll.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("GET", "4108"));
///
/// let answer = Bytes::from_static(br#"{"commandId":"4108","state":"IN_PROGRESS"}"#);
/// let report = poll.response(&dialect, Incoming::new(StatusCode::OK, HeaderMap::new(), answer)).map_err(|_| "unreadable")?;
/// assert_eq!(report.state, State::InProgress);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CommandStatus {
    /// Which command.
    pub command_id: CommandId,
}

impl CommandStatus {
    /// Of the command with this id.
    pub fn new(command_id: impl Into<CommandId>) -> Self {
        Self {
            command_id: command_id.into(),
        }
    }
}

impl Endpoint for CommandStatus {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = CommandReport;
    type Error = HermodError;

    const NAME: &'static str = "hermod.command-status";
    const REPEAT: Repeat = Repeat::Safe;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let path = dialect
            .status
            .path
            .expand(&[("command_id", self.command_id.as_str())])?;
        Ok(Outgoing::new(dialect.status.verb.method(), path))
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<CommandReport, ResponseError<HermodError>> {
        if !dialect.status.success.accepts(incoming.status()) {
            return Err(ResponseError::Refused(HermodError::read(&incoming)));
        }
        let incoming = dialect.status.response.apply_to_response(incoming);
        open(&incoming)?;
        let report = CommandReport::read(incoming.body().clone(), dialect)
            .map_err(|error| incoming.unreadable(&error.to_string()))?;
        match &report.command_id {
            Some(id) if *id != self.command_id => {
                Err(incoming.unreadable("the answer is about another command").into())
            }
            _ => Ok(report),
        }
    }
}
