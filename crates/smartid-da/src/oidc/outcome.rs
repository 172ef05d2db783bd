//! What a completed login gives.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use smartid_core::{SecretString, Timestamp};

use super::user::IdToken;

/// A completed login: who the user is, and the tokens that came along.
#[derive(Clone)]
pub struct LoggedIn {
    pub(super) user: IdToken,
    pub(super) id_token: SecretString,
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) access_expires: Option<Timestamp>,
    pub(super) scope: Option<String>,
}

impl LoggedIn {
    /// Who logged in, as the verified ID token says it.
    #[must_use]
    pub fn user(&self) -> &IdToken {
        &self.user
    }

    /// The ID token itself, such as for a logout that asks for it.
    #[must_use]
    pub fn id_token(&self) -> &SecretString {
        &self.id_token
    }

    /// The access token: it fetches the user's claims, and opens whatever else the scope allows.
    #[must_use]
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The refresh token, if one came. This crate does nothing with it.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// Until when the access token is good, if the provider says so.
    #[must_use]
    pub fn access_expires(&self) -> Option<Timestamp> {
        self.access_expires
    }

    /// The scope that was granted, if the provider says so: with spaces between.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }
}

impl fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            user,
            id_token: _blind,
            access_token: _blind_access,
            refresh_token,
            access_expires,
            scope: _,
        } = self;
        f.debug_struct("LoggedIn")
            .field("user", user)
            .field("refresh_token", &refresh_token.is_some())
            .field("access_expires", access_expires)
            .finish_non_exhaustive()
    }
}

/// The user's claims from the user info endpoint, of the same subject as the ID token. Its texts are a stranger's: never markup.
///
/// `Debug` leaves the claims out: they are personal data.
#[derive(Clone, PartialEq)]
pub struct UserInfo {
    pub(super) subject: String,
    pub(super) claims: Map<String, Value>,
}

impl UserInfo {
    /// `sub`, the same as the ID token's.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Any claim, such as `name` or `email`; `None` when it is absent or not a `T`. Which claims Digital Access has is a matter of its
    /// configuration.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.claims.get(name)?).ok()
    }

    /// The names of all claims.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.claims.keys().map(String::as_str)
    }
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject: _, claims } = self;
        f.debug_struct("UserInfo")
            .field("claims", &claims.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
