//! A login that was begun, between two requests of a browser.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use smartid_core::{SecretString, Timestamp};

/// A login that was begun. Keep it in the browser's session until the browser comes back, and take it out then: it is good for one
/// callback.
///
/// It can be serialised, and then holds state, nonce and code verifier in the clear: whoever has it can complete the login in another
/// browser. So it belongs into a session store on the server, or into a cookie that is encrypted.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Login {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: SecretString,
    pub(super) nonce: SecretString,
    pub(super) verifier: Option<SecretString>,
    pub(super) max_age: Option<Duration>,
    pub(super) acr_required: Vec<String>,
    pub(super) begun: Timestamp,
}

impl Login {
    /// The state, by which an application with several logins in one session finds the one that a callback is for.
    #[must_use]
    pub fn state(&self) -> &SecretString {
        &self.state
    }

    /// When it was begun.
    #[must_use]
    pub fn begun(&self) -> Timestamp {
        self.begun
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            issuer,
            client_id,
            redirect_uri,
            state: _blind,
            nonce: _blind_nonce,
            verifier: _blind_verifier,
            max_age,
            acr_required,
            begun,
        } = self;
        f.debug_struct("Login")
            .field("issuer", issuer)
            .field("client_id", client_id)
            .field("redirect_uri", redirect_uri)
            .field("max_age", max_age)
            .field("acr_required", acr_required)
            .field("begun", begun)
            .finish_non_exhaustive()
    }
}

/// A [`Login`] as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    issuer: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    nonce: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_age_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    acr_required: Vec<String>,
    begun_millis: u64,
}

impl From<Login> for Stored {
    fn from(login: Login) -> Self {
        let Login {
            issuer,
            client_id,
            redirect_uri,
            state,
            nonce,
            verifier,
            max_age,
            acr_required,
            begun,
        } = login;
        Self {
            issuer,
            client_id,
            redirect_uri,
            state: state.expose().to_owned(),
            nonce: nonce.expose().to_owned(),
            verifier: verifier.map(|verifier| verifier.expose().to_owned()),
            max_age_seconds: max_age.map(|age| age.as_secs()),
            acr_required,
            begun_millis: begun.as_millis(),
        }
    }
}

/// A stored login without state or nonce: nothing would tie the answer to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored login has no state or no nonce")]
struct NotALogin;

impl TryFrom<Stored> for Login {
    type Error = NotALogin;

    fn try_from(stored: Stored) -> Result<Self, NotALogin> {
        let Stored {
            issuer,
            client_id,
            redirect_uri,
            state,
            nonce,
            verifier,
            max_age_seconds,
            acr_required,
            begun_millis,
        } = stored;
        if state.is_empty() || nonce.is_empty() {
            return Err(NotALogin);
        }
        Ok(Self {
            issuer,
            client_id,
            redirect_uri,
            state: SecretString::new(state),
            nonce: SecretString::new(nonce),
            verifier: verifier.map(SecretString::new),
            max_age: max_age_seconds.map(Duration::from_secs),
            acr_required,
            begun: Timestamp::from_millis(begun_millis),
        })
    }
}

/// What [`OidcClient::begin`](super::OidcClient::begin) gives.
#[derive(Clone)]
#[non_exhaustive]
pub struct Begun {
    /// To be kept in the browser's session.
    pub login: Login,
    /// Where to send the browser. It holds the state: send it to nobody else.
    pub address: String,
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { login, address: _ } = self;
        f.debug_struct("Begun")
            .field("login", login)
            .finish_non_exhaustive()
    }
}
