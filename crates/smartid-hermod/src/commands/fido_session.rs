//! `POST {command-base}/fido`: opens a connection to the Desktop App and gives the link for it.
//!
//! Messaging 4.2 or later, Desktop App 2.4 or later. Vendor page: Fido passkey provisioning with Microsoft Entra: that there is such a
//! command ("Start Connection") is documented; verb and destination are inferred, path, wrapper and members are unknown and placeholders:
//! settings `fido.session.*`. Sent by an API user with
//! its key. Never repeated by itself: each command makes another mailbox. When it fails, see [`HermodError`](crate::HermodError); when
//! the answer is lost, nothing is owed to anyone, and another session can be opened. 401 or 403 is an administrator's turn (the API key), 400
//! the calling program's or the dialect's (the form of the command), 404 an administrator's (the command base), 429 and 503 nobody's.

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::{begin, immediate};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::response::ImmediateResponse;

/// Opens a session. The link in the answer goes to the person; [`Session::from_response`](crate::Session::from_response) keeps the rest.
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming, Timestamp};
/// use smartid_hermod::{CommandHeader, HermodDialect, Session, commands::FidoSession};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("s-1");
/// let (command, dialect) = (FidoSession::new(header.clone()), HermodDialect::default());
///
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "fido"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["@tmp"],"externalId":"s-1"},"fidoCommand":{"operation":"start"}}"#,
/// );
///
/// let answer = r#"{"commandId":"4107","commandType":"FIDO","state":"IN_PROGRESS","destinations":[{"to":"@tmp","bid":"b-1","mid":"m-1",
///     "uri":"com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%2fms%2Fb-1&token=t-1"}]}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), Bytes::from(answer));
/// let answer = command.response(&dialect, answer).map_err(|_| "refused or unreadable")?;
/// assert!(answer.link().is_some());
/// let session = Session::from_response(&answer, &header, Timestamp::from_millis(0))?;
/// assert_eq!(session.bid.as_str(), "b-1");
/// assert_eq!(session.expires, Timestamp::from_millis(250_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FidoSession {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
}

impl FidoSession {
    /// To the destinations of the dialect (a temporary mailbox by default), unless the header has its own.
    #[must_use]
    pub fn new(header: CommandHeader) -> Self {
        Self { header }
    }
}

impl Endpoint for FidoSession {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.fido-session";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let setting = &dialect.fido.session;
        let none = Placeholders::default();
        let path = none.expand(&setting.path)?;
        let mut body = Vec::with_capacity(192);
        begin(
            &mut body,
            &self.header,
            &setting.to,
            &none,
            &setting.wrapper,
            &setting.body,
        )?;
        body.extend_from_slice(b"}}");
        let body = setting.request.apply_to_request(body.into())?;
        Ok(Outgoing::new(setting.verb.method(), path).body("application/json", body))
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        let setting = &dialect.fido.session;
        immediate(incoming, &setting.success, &setting.response, &dialect.states)
    }
}
