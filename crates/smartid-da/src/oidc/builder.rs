//! The settings of an OpenID Connect client.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::{CallPolicy, ConfigError, Runtime, Transport};
use smartid_trust::jws::JwsAlgorithm;

use super::client::OidcClient;
use super::id_token::{ALGORITHMS, LEEWAY};
use super::inner::Inner;
use super::issuer::Issuer;
use super::request::check_client;
use crate::oauth::{ClientAuthentication, OAuthDialect};

/// How long a login may take: the user may have to fetch the phone.
const LOGIN_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// Whether a login has a code challenge (RFC 7636). Whether Digital Access takes part is unknown; a server that does not passes it over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PkceUse {
    /// Always, with S256.
    #[default]
    Always,
    /// When the discovery document offers S256.
    WhenOffered,
    /// Never: for a server that refuses parameters that it does not know. A code that is stolen can then be used by the thief.
    Never,
}

/// The settings of an [`OidcClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OidcBuilder {
    pub(super) issuer: Issuer,
    pub(super) client_id: String,
    pub(super) authentication: ClientAuthentication,
    pub(super) redirect_uri: String,
    pub(super) policy: CallPolicy,
    pub(super) algorithms: Vec<JwsAlgorithm>,
    pub(super) leeway: Duration,
    pub(super) pkce: PkceUse,
    pub(super) login_lifetime: Duration,
    pub(super) own_host_only: bool,
    pub(super) dialect: OAuthDialect,
    token_transport: Option<Arc<dyn Transport>>,
}

impl OidcBuilder {
    pub(super) fn new(
        issuer: Issuer,
        client_id: String,
        authentication: ClientAuthentication,
        redirect_uri: String,
    ) -> Self {
        Self {
            issuer,
            client_id,
            authentication,
            redirect_uri,
            policy: CallPolicy::default(),
            algorithms: ALGORITHMS.to_vec(),
            leeway: LEEWAY,
            pkce: PkceUse::default(),
            login_lifetime: LOGIN_LIFETIME,
            own_host_only: false,
            dialect: OAuthDialect::default(),
            token_transport: None,
        }
    }

    /// Sets limits and retries of each call. The exchange of a code is never repeated.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// The algorithms of ID tokens that are taken, as far as the discovery document names them too: RS256, ES256 and PS256 by default.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = JwsAlgorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the clocks may differ; a minute by default.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Whether logins have a code challenge; always by default.
    pub fn pkce(mut self, pkce: PkceUse) -> Self {
        self.pkce = pkce;
        self
    }

    /// How long a login may take from its beginning to the callback; half an hour by default.
    pub fn login_lifetime(mut self, lifetime: Duration) -> Self {
        self.login_lifetime = lifetime;
        self
    }

    /// Refuses a discovery document with an endpoint on another host or port than the issuer's: Digital Access derives all of them from
    /// the issuer \[documented; vendor page: Set up Digital Access component as OpenID provider\]. By default that is a lint.
    /// The alias for client certificates (`mtls_endpoint_aliases`, RFC 8705 5) is exempt: it is there to be another host.
    pub fn own_host_only(mut self) -> Self {
        self.own_host_only = true;
        self
    }

    /// What the token endpoint does differently: how id and secret are written in the header `Authorization`.
    pub fn dialect(mut self, dialect: OAuthDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// The transport for the token endpoint alone: the one with the client certificate, when the other endpoints shall not see it.
    pub fn token_transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.token_transport = Some(transport);
        self
    }

    /// Checks the settings and makes the client. Nothing is called yet.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: `oidc.client_id`, `oidc.redirect_uri`, `oidc.algorithms`.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<OidcClient, ConfigError> {
        check_client(&self.client_id, &self.redirect_uri)?;
        if self.algorithms.is_empty() {
            return Err(ConfigError::new(
                "oidc.algorithms",
                "is empty: no ID token could be verified",
            ));
        }
        let token_transport = self
            .token_transport
            .clone()
            .unwrap_or_else(|| Arc::clone(&transport));
        Ok(OidcClient::new(Inner::new(
            self,
            transport,
            token_transport,
            runtime,
        )?))
    }
}
