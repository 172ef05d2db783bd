//! Asks for a token: `POST` of a form to the token endpoint, grant `client_credentials` (RFC 6749, 4.4).
//!
//! The grant is inferred, the three ways of client authentication are documented \[vendor page: Configure OAuth 2.0 in Digital Access\].
//! Whoever has the client's secret or certificate may send it, as often as it likes: each answer is another token, and an older one stays
//! valid until its end. What can go wrong is an [`OAuthError`], with the turn of an administrator for nearly all of it.

use std::sync::Arc;

use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError};

use super::answer::AccessToken;
use super::builder::Checked;
use super::error::OAuthError;

/// The request of a client for a token; [`OAuthBuilder::token_request`](super::OAuthBuilder::token_request) makes it.
///
/// With [`ClientAuthentication::Basic`](super::ClientAuthentication::Basic) the header `Authorization` is no part of this value: the
/// [`OAuthClient`](super::OAuthClient) adds it when it sends.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use smartid_core::{Endpoint, Incoming, SecretString};
/// use smartid_da::oauth::{ClientAuthentication, OAuthClient};
///
/// let endpoint = "https://access.example.test/https/api/rest/v3.0/oauth2/token";
/// let call = OAuthClient::builder(endpoint, "provisioning", ClientAuthentication::body(SecretString::new("s&cret")))
///     .scope("WS")
///     .token_request()?;
/// let request = call.request(&())?;
/// assert_eq!((request.method().as_str(), request.target().as_str()), ("POST", "https/api/rest/v3.0/oauth2/token"));
/// assert_eq!(
///     &request.body_bytes()[..],
///     b"grant_type=client_credentials&scope=WS&client_id=provisioning&client_secret=s%26cret"
/// );
///
/// let body = br#"{"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"Bearer","expires_in":3600}"#;
/// let answer = Incoming::new(StatusCode::OK, HeaderMap::new(), bytes::Bytes::from_static(body));
/// let token = call.response(&(), answer).unwrap();
/// assert_eq!((token.token().expose(), token.lifetime().unwrap().as_secs()), ("2YotnFZFEjr1zCsicMWpAA", 3600));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenRequest(pub(super) Arc<Checked>);

impl Endpoint for TokenRequest {
    type Auth = ();
    type Dialect = ();
    type Output = AccessToken;
    type Error = OAuthError;

    const NAME: &'static str = "oauth.token";
    const REPEAT: Repeat = Repeat::Idempotent;

    fn request(&self, (): &()) -> Result<Outgoing, BuildError> {
        let mut form = vec![("grant_type", "client_credentials")];
        let scope = self.0.scope();
        if !scope.is_empty() {
            form.push(("scope", &scope));
        }
        form.extend(self.0.parameters());
        Ok(self.0.token_address().post(self.0.form(form)))
    }

    fn response(&self, (): &(), incoming: Incoming) -> Result<AccessToken, ResponseError<OAuthError>> {
        AccessToken::read(&incoming, self.0.known()).map_err(ResponseError::Refused)
    }
}
