//! Who logged in, as a verified ID token says it.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use smartid_core::Timestamp;

use super::issuer::Issuer;

/// What a verified ID token says of the user.
///
/// `Debug` leaves the claims out: they are personal data.
#[derive(Clone, PartialEq)]
pub struct IdToken {
    pub(super) issuer: Issuer,
    pub(super) subject: String,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
    pub(super) auth_time: Option<Timestamp>,
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) claims: Map<String, Value>,
}

impl IdToken {
    /// Who says it.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// `sub`: the provider's name for the user, from 1 to 255 characters, unique together with the issuer. It is a stranger's text:
    /// never markup.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `acr`: the authentication context. What Digital Access writes there is unknown; treat it as optional.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.acr.as_deref()
    }

    /// `amr`: the authentication methods.
    #[must_use]
    pub fn amr(&self) -> &[String] {
        &self.amr
    }

    /// `auth_time`: when the user logged in.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time
    }

    /// `iat`: when the token was issued.
    #[must_use]
    pub fn issued(&self) -> Timestamp {
        self.issued
    }

    /// `exp`: until when it was valid. It is about the token, not about the session that was made with it.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Any claim; `None` when it is absent or not a `T`.
    #[must_use]
    pub fn claim<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.claims.get(name)?).ok()
    }
}

impl fmt::Debug for IdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            issuer,
            subject: _,
            acr,
            amr,
            auth_time: _,
            issued: _,
            expires,
            claims,
        } = self;
        f.debug_struct("IdToken")
            .field("issuer", issuer)
            .field("acr", acr)
            .field("amr", amr)
            .field("expires", expires)
            .field("claims", &claims.len())
            .finish_non_exhaustive()
    }
}
