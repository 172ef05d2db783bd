//! `POST {command-base}/delete`, forwarded to the device: removes a profile from an app, with its keys.
//!
//! Vendor page: Smart ID Messaging - Standard service tasks in Identity Manager (documented: the task "Delete profile" with confirmation,
//! whose callback is awaited). Nothing of the wire is: path, wrapper, members and destination are placeholders, settings
//! `delete_profile.*`; the constant member `confirmation` tells it from [`DeleteMailbox`](super::DeleteMailbox). What the task does
//! without a profile id is not said either; messaging is then asked for all of the user's. Sent by an API user with its key. Never
//! repeated by itself. The outcome is [`CommandReport::delete_profile`](crate::CommandReport::delete_profile); an app that does not have
//! the profile answers with a failure, which may be taken as done. When it is refused, see [`HermodError`](crate::HermodError): 404 may
//! mean the path, or that the profile is not known.

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::profiles::Profiles;
use super::{Members, response};
use crate::api_key::auth;
use crate::dialect::HermodDialect;
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::response::ImmediateResponse;

/// Removes a profile, or all profiles of a user, from the apps.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::commands::{DeleteProfile, Profiles};
/// use smartid_hermod::{CommandHeader, HermodDialect};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("d-1");
/// let command = DeleteProfile::new(header, Profiles::one("anna.golden@example.test", "profile-1"));
/// let dialect = HermodDialect::default();
/// let request = command.request(&dialect)?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "delete"));
/// assert_eq!(
///     request.body_bytes(),
///     r#"{"commandHeader":{"lifespan":300,"timeout":250,"to":["anna.golden@example.test"],"externalId":"d-1"},"deleteCommand":{"userid":"anna.golden@example.test","profileid":"profile-1","confirmation":true}}"#,
/// );
///
/// let answer = r#"{"commandId":"5108","commandType":"DELETE","state":"IN_PROGRESS"}"#;
/// let incoming = Incoming::new(http::StatusCode::OK, http::HeaderMap::new(), answer.into());
/// assert_eq!(command.response(&dialect, incoming).unwrap().command_id.as_str(), "5108");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeleteProfile {
    /// Lifespan, timeout, destinations and our id.
    pub header: CommandHeader,
    /// Which profiles.
    pub profiles: Profiles,
    /// Further members of the command.
    pub members: Members,
}

impl DeleteProfile {
    /// Of one profile, or of all that a user has.
    #[must_use]
    pub fn new(header: CommandHeader, profiles: Profiles) -> Self {
        Self {
            header,
            profiles,
            members: Members::default(),
        }
    }
}

impl Endpoint for DeleteProfile {
    type Auth = auth::ApiKey;
    type Dialect = HermodDialect;
    type Output = ImmediateResponse;
    type Error = HermodError;

    const NAME: &'static str = "hermod.delete-profile";
    const REPEAT: Repeat = Repeat::Once;

    fn request(&self, dialect: &HermodDialect) -> Result<Outgoing, BuildError> {
        self.profiles
            .request(&dialect.delete_profile, &self.header, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.delete_profile, &dialect.states, incoming)
    }
}
