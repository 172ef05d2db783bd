//! Whose profiles, or their mailboxes, a deletion is about.

use serde::Serialize;
use smartid_core::{BuildError, Outgoing};

use super::{Members, request};
use crate::dialect::{CommandDialect, Placeholders};
use crate::header::CommandHeader;
use crate::ids::{Bid, ProfileId, UserId};

/// One profile of a user, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profiles {
    /// Whose.
    pub user_id: UserId,
    /// Which; none for all.
    pub profile_id: Option<ProfileId>,
    /// The mailbox, for dialects that address it: `{bid}`.
    pub bid: Option<Bid>,
}

#[derive(Serialize)]
struct Body<'a> {
    userid: &'a UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    profileid: Option<&'a ProfileId>,
}

impl Profiles {
    /// One profile of a user.
    #[must_use]
    pub fn one(user: impl Into<UserId>, profile: impl Into<ProfileId>) -> Self {
        Self {
            profile_id: Some(profile.into()),
            ..Self::all(user)
        }
    }

    /// All profiles of a user.
    #[must_use]
    pub fn all(user: impl Into<UserId>) -> Self {
        Self {
            user_id: user.into(),
            profile_id: None,
            bid: None,
        }
    }

    /// Sets the mailbox, where the dialect's path or destination has `{bid}`.
    #[must_use]
    pub fn mailbox(mut self, bid: impl Into<Bid>) -> Self {
        self.bid = Some(bid.into());
        self
    }

    /// Refuses what would name nobody: an empty id may be read as everybody's.
    pub(super) fn request(
        &self,
        setting: &CommandDialect,
        header: &CommandHeader,
        members: &Members,
    ) -> Result<Outgoing, BuildError> {
        let empty = |what: &str| Err(BuildError::Invalid(format!("the {what} of a deletion is empty")));
        if self.user_id.as_str().is_empty() {
            return empty("user id");
        }
        if self.profile_id.as_ref().is_some_and(|id| id.as_str().is_empty()) {
            return empty("profile id");
        }
        let values = Placeholders {
            bid: self.bid.as_ref().map(Bid::as_str),
            user_id: Some(self.user_id.as_str()),
            profile_id: self.profile_id.as_ref().map(ProfileId::as_str),
            ..Placeholders::default()
        };
        let body = Body {
            userid: &self.user_id,
            profileid: self.profile_id.as_ref(),
        };
        request(setting, header, &values, &body, members)
    }
}
