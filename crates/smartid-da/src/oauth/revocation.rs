//! Gives a token back: `POST` of a form to the revocation endpoint (RFC 7009) \[documented; vendor page: XPI:REST, OAuth2\].
//!
//! The client authenticates as at the token endpoint. A token that the server does not know is no error. When the answer is another than
//! success, the token must be taken to be alive.

use std::sync::Arc;

use smartid_core::{
    BuildError, ConfigError, Content, Endpoint, Incoming, Outgoing, Repeat, ResponseError, SecretString,
};

use super::builder::Checked;
use super::error::{OAuthError, json_object};

/// A token to give back.
#[derive(Clone, Debug)]
#[must_use]
pub struct Revocation {
    token: SecretString,
    hint: Option<String>,
}

impl Revocation {
    /// A token of whatever type; the server finds out.
    pub fn new(token: SecretString) -> Self {
        Self { token, hint: None }
    }

    /// An access token, with the hint that it is one.
    pub fn access_token(token: SecretString) -> Self {
        Self::new(token).hint("access_token")
    }

    /// Says what type of token it is: `access_token`, `refresh_token`, or a word of the server's own.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn token(&self) -> &SecretString {
        &self.token
    }
}

/// The request of a client that gives a token back.
pub(super) struct RevocationRequest {
    pub(super) client: Arc<Checked>,
    pub(super) revocation: Revocation,
}

impl RevocationRequest {
    /// The setting that is missing, when there is no such endpoint.
    pub(super) fn not_configured() -> ConfigError {
        ConfigError::new(
            "oauth.revoke_endpoint",
            "is not set, so no token can be given back",
        )
    }
}

impl Endpoint for RevocationRequest {
    type Auth = ();
    type Dialect = ();
    type Output = ();
    type Error = OAuthError;

    const NAME: &'static str = "oauth.revoke";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, (): &()) -> Result<Outgoing, BuildError> {
        let Revocation { token, hint } = &self.revocation;
        if token.expose().is_empty() {
            return Err(BuildError::Invalid(String::from(
                "the token to give back is empty",
            )));
        }
        let address = self
            .client
            .revoke_address()
            .ok_or_else(|| BuildError::Invalid(Self::not_configured().to_string()))?;
        let mut form = vec![("token", token.expose())];
        form.extend(hint.as_deref().map(|hint| ("token_type_hint", hint)));
        Ok(address.post(self.client.form(form)))
    }

    fn response(&self, (): &(), incoming: Incoming) -> Result<(), ResponseError<OAuthError>> {
        let says_error = json_object(&incoming).is_ok_and(|object| object.get("error").is_some());
        let done = incoming.status().is_success() && incoming.content() != Content::Html && !says_error;
        if done {
            return Ok(());
        }
        let known = self.client.known().and([self.revocation.token.clone()]);
        Err(ResponseError::Refused(OAuthError::read(&incoming, &known, None)))
    }
}
