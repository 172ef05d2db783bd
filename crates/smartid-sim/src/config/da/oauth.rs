//! Settings of the OAuth 2.0 endpoints. That they exist, and how clients authenticate, is documented; paths, grants, lifetimes and the
//! form of answers are not (protocol notes: digital-access 6.1), so each is a switch.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ErrorBody;

/// The authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaOauthConfig {
    /// Whether the endpoints exist ("Enable OAuth2", D); 404 otherwise.
    pub enabled: bool,
    /// Path of the token endpoint (I).
    pub token_path: String,
    /// Path of the revocation endpoint (I).
    pub revoke_path: String,
    /// The clients.
    pub clients: Vec<OauthClient>,
    /// Scope that a token needs for `/fido/...` when `da.auth` is `oauth` (the documented sample calls its scope `WS`, D-ex).
    pub fido_scope: String,
    /// Life of an access token in seconds of the simulator's clock (U).
    pub token_lifetime_seconds: u64,
    /// Form of `expires_in`.
    pub expires_in: ExpiresIn,
    /// `token_type` as it is written; RFC 6749 5.1 says that letter case does not count.
    pub token_type: String,
    /// Form of error bodies; RFC 6749 5.2 is JSON.
    pub token_error_body: ErrorBody,
    /// How the two halves of `Authorization: Basic` are read.
    pub basic_decoding: BasicDecoding,
    /// Whether the endpoints can be reached at all, or an access rule of the resource `api` stands in front of them.
    pub token_endpoint: TokenEndpoint,
}

impl Default for DaOauthConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            token_path: "/https/api/rest/v3.0/oauth2/token".into(),
            revoke_path: "/https/api/rest/v3.0/oauth2/revoke".into(),
            clients: vec![OauthClient::new("integrator", "")],
            fido_scope: "WS".into(),
            token_lifetime_seconds: 3600,
            expires_in: ExpiresIn::Number,
            token_type: "Bearer".into(),
            token_error_body: ErrorBody::Json,
            basic_decoding: BasicDecoding::Form,
            token_endpoint: TokenEndpoint::Open,
        }
    }
}

/// A client of the authorization server (digital-access 6.1: id and secret, scopes, certificate authority: D).
///
/// `Debug` does not show the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OauthClient {
    /// `client_id`.
    pub id: String,
    /// `client_secret`; generated when empty.
    pub secret: String,
    /// Scopes that it may ask for; without asking it gets them all, except `openid`.
    pub scopes: Vec<String>,
    /// Grants that it may use.
    pub grants: Vec<String>,
    /// Where browsers may be sent with a code; compared character by character.
    pub redirect_uris: Vec<String>,
    /// Display name or id of the method with which its users log in; empty for any (U; a setting at the client is one way, I).
    pub method: String,
    /// How it may authenticate.
    pub authentication: Vec<ClientAuthentication>,
    /// The certificate authority of client certificates as PEM; the simulator's own when empty. Authorities other than the simulator's
    /// are asked for in TLS handshakes only when a client names them at the start.
    pub ca_pem: String,
    /// Common name that a client certificate must have. Empty takes every certificate of the authority, which is all that is documented.
    pub certificate_common_name: String,
}

impl Default for OauthClient {
    fn default() -> Self {
        Self {
            id: String::new(),
            secret: String::new(),
            scopes: ["WS", "openid", "profile", "email"].map(str::to_owned).to_vec(),
            grants: ["client_credentials", "authorization_code"]
                .map(str::to_owned)
                .to_vec(),
            redirect_uris: Vec::new(),
            method: String::new(),
            authentication: vec![ClientAuthentication::Basic, ClientAuthentication::Body],
            ca_pem: String::new(),
            certificate_common_name: String::new(),
        }
    }
}

impl fmt::Debug for OauthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            secret: _,
            scopes,
            grants,
            redirect_uris,
            method,
            authentication,
            ca_pem,
            certificate_common_name,
        } = self;
        f.debug_struct("OauthClient")
            .field("id", id)
            .field("scopes", scopes)
            .field("grants", grants)
            .field("redirect_uris", redirect_uris)
            .field("method", method)
            .field("authentication", authentication)
            .field("ca_pem", &!ca_pem.is_empty())
            .field("certificate_common_name", certificate_common_name)
            .finish_non_exhaustive()
    }
}

impl OauthClient {
    /// A client with all scopes and both grants that authenticates by its secret, which is generated when empty.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            ..Self::default()
        }
    }

    /// One more address to which browsers may be sent.
    #[must_use]
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uris.push(uri.into());
        self
    }

    /// Its users log in with this method.
    #[must_use]
    pub fn method(mut self, name: impl Into<String>) -> Self {
        self.method = name.into();
        self
    }

    /// With these scopes only.
    #[must_use]
    pub fn scopes(mut self, scopes: &[&str]) -> Self {
        self.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self
    }

    /// With these ways to authenticate only.
    #[must_use]
    pub fn authentication(mut self, ways: &[ClientAuthentication]) -> Self {
        self.authentication = ways.to_vec();
        self
    }
}

/// How a client authenticates at the token and revocation endpoints (digital-access 6.1, D).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// `Authorization: Basic`.
    Basic,
    /// `client_id` and `client_secret` in the form; never in the query.
    Body,
    /// `client_id` in the form and a TLS client certificate of the authority that is named at the client.
    Certificate,
}

/// Form of `expires_in`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ExpiresIn {
    /// A number.
    #[default]
    Number,
    /// The number as a text.
    Text,
    /// Left out.
    Absent,
}

/// How id and secret in `Authorization: Basic` are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum BasicDecoding {
    /// Each half is form-encoded, as RFC 6749 2.3.1 says.
    #[default]
    Form,
    /// As they stand, as the vendor's text says (`base64(client_id:client_secret)`, D).
    Raw,
}

/// What stands in front of the token endpoint (digital-access 0.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenEndpoint {
    /// Nothing.
    #[default]
    Open,
    /// 302 to the login page.
    LoginRedirect,
    /// 200 with the login page.
    LoginPage,
}
