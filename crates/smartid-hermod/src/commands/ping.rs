//! `POST {command-base}/ping`: is the endpoint alive, and what does it run on.
//!
//! Vendor pages: Smart ID Messaging API overview (documented: the verb), API parameters specific to Personal Desktop App 1.1 (documented:
//! `deviceinfo` and its values `"true"` and `"false"`, texts); the wrapper is inferred, setting `ping.wrapper`. Sent by an API user with
//! its key. Never repeated by itself: a ping to a temporary mailbox makes another mailbox. The outcome is
//! [`CommandReport::ping`](crate::CommandReport::ping). When it is refused, see [`HermodError`](crate::HermodError).

use serde::Serialize;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::{Members, request, response};
use crate::api_key::auth;
use crate::dialect::{HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::response::ImmediateResponse;

/// Asks whether an app is there.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{CommandHeader, HermodDialect, commands::Ping};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("p-1");
/// let (command, dialect) = (Ping::new(header).device_info(true), HermodDialect::default());
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "ping"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["@tmp"],"externalId":"p-1"},"pingCommand":{"deviceinfo":"true"}}"#,
/// );
///
/// let answer = r#"{"commandId":"4109","commandType":"PING","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "4109");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ping {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// Whether the app tells about device and profile; left out when not set.
    pub device_info: Option<bool>,
    /// Further members of `pingCommand`.
    pub members: Members,
}

#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    deviceinfo: Option<&'static str>,
}

impl Ping {
    /// To the destinations of the dialect (a temporary mailbox by default), unless the header has its own.
    #[must_use]
    pub fn new(header: CommandHeader) -> Self {
        Self {
            header,
            device_info: None,
            members: Members::default(),
        }
    }

    /// Whether the app tells about device and profile (Desktop App only).
    #[must_use]
    pub fn device_info(mut self, wanted: bool) -> Self {
        self.device_info = Some(wanted);
        self
    }
}

impl Endpoint for Ping {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.ping";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        let body = Body {
            deviceinfo: self
                .device_info
                .map(|wanted| if wanted { "true" } else { "false" }),
        };
        request(
            &dialect.ping,
            &self.header,
            &Placeholders::default(),
            &body,
            &self.members,
        )
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.ping, &dialect.states, incoming)
    }
}
