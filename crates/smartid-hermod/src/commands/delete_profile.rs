//! `POST {command-base}/delete`, forwarded to the device: removes a profile from an app, with its keys.
//!
//! Vendor page: Smart ID Messaging - Standard service tasks in Identity Manager (documented: the task "Delete profile" with confirmation,
//! whose callback is awaited). Nothing of the wire is: path, wrapper, members and destination are placeholders, settings
//! `delete_profile.*`; the constant member `confirmation` tells it from [`DeleteMailbox`](super::DeleteMailbox). What the task does
//! without a profile id is not said either; messaging is then asked for all of the user's. Sent by an API user with its key. Never
//! repeated by itself. The outcome is [`CommandReport::delete_profile`](crate::CommandReport::delete_profile); an app that does not have
//! the profile answers with a failure, which may be taken as done. When it is refused, see [`HermodError`](crate::HermodError): 404 may
//! mean the path, or that the profile is not known.

use serde::Serialize;
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::{Members, request, response};
use crate::api_key::auth;
use crate::dialect::{CommandDialect, HermodDialect, Placeholders};
use crate::error::HermodError;
use crate::header::CommandHeader;
use crate::ids::{Bid, ProfileId, UserId};
use crate::response::ImmediateResponse;

/// Which profiles or mailboxes are to go.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) user_id: &'a UserId,
    pub(super) profile_id: Option<&'a ProfileId>,
    pub(super) bid: Option<&'a Bid>,
}

#[derive(Serialize)]
struct Body<'a> {
    userid: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    profileid: Option<&'a ProfileId>,
}

impl Target<'_> {
    /// Refuses what would name nobody: an empty id may be read as everybody's.
    pub(super) fn request(
        &self,
        setting: &CommandDialect,
        header: &CommandHeader,
        members: &Members,
    ) -> Result<Outgoing, BuildError> {
        let empty = |what: &str| {
            Err(BuildError::Invalid(format!(
                "a deletion needs a {what} that is not empty"
            )))
        };
        if self.user_id.as_str().is_empty() {
            return empty("user id");
        }
        if self.profile_id.is_some_and(|id| id.as_str().is_empty()) {
            return empty("profile id, or none,");
        }
        let values = Placeholders {
            bid: self.bid.map(Bid::as_str),
            user_id: Some(self.user_id.as_str()),
            profile_id: self.profile_id.map(ProfileId::as_str),
            ..Placeholders::default()
        };
        let body = Body {
            userid: self.user_id,
            profileid: self.profile_id,
        };
        request(setting, header, &values, &body, members)
    }
}

/// Removes a profile, or all profiles of a user, from the apps.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::{Endpoint, Incoming};
/// use smartid_hermod::{CommandHeader, HermodDialect, commands::DeleteProfile};
///
/// let header = CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250))?.external_id("d-1");
/// let command = DeleteProfile::new(header, "anna.golden@example.test", "profile-1");
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
    /// Whose profile.
    pub user_id: UserId,
    /// Which profile; none for all of the user's.
    pub profile_id: Option<ProfileId>,
    /// The mailbox of the profile, for dialects that address it: `{bid}`.
    pub bid: Option<Bid>,
    /// Further members of the command.
    pub members: Members,
}

impl DeleteProfile {
    /// One profile of a user.
    #[must_use]
    pub fn new(header: CommandHeader, user: impl Into<UserId>, profile: impl Into<ProfileId>) -> Self {
        Self {
            profile_id: Some(profile.into()),
            ..Self::all(header, user)
        }
    }

    /// All profiles of a user.
    #[must_use]
    pub fn all(header: CommandHeader, user: impl Into<UserId>) -> Self {
        Self {
            header,
            user_id: user.into(),
            profile_id: None,
            bid: None,
            members: Members::default(),
        }
    }

    /// Sets the mailbox of the profile, where the dialect's path or destination has `{bid}`.
    #[must_use]
    pub fn bid(mut self, bid: impl Into<Bid>) -> Self {
        self.bid = Some(bid.into());
        self
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
        let target = Target {
            user_id: &self.user_id,
            profile_id: self.profile_id.as_ref(),
            bid: self.bid.as_ref(),
        };
        target.request(&dialect.delete_profile, &self.header, &self.members)
    }

    fn response(
        &self,
        dialect: &HermodDialect,
        incoming: Incoming,
    ) -> Result<ImmediateResponse, ResponseError<HermodError>> {
        response(&dialect.delete_profile, &dialect.states, incoming)
    }
}
