//! What tests and examples ask of Digital Access besides what it says over HTTP: its addresses, clients and tokens.

use std::sync::Arc;

use tokio_rustls::rustls::ServerConfig;

use super::Da;
use crate::config::{ClientAuthentication, DaConfig, DaMethod, DaUser, OauthClient};
use crate::net::tls::Authority;
use crate::sync::lock;
use crate::{Sim, SimError};

/// TLS of the access point. It asks for a client certificate only when somebody may show one, because a browser would ask its user.
pub(crate) fn server_config(config: &DaConfig, authority: &Authority) -> Result<Arc<ServerConfig>, SimError> {
    let mut by_certificate = config
        .oauth
        .clients
        .iter()
        .filter(|client| client.authentication.contains(&ClientAuthentication::Certificate))
        .peekable();
    if config.require_client_certificate || by_certificate.peek().is_none() {
        return authority.server_config(config.require_client_certificate);
    }
    let named: Vec<&str> = by_certificate.map(|client| client.ca_pem.as_str()).collect();
    authority.server_config_optional(&named.join("\n"))
}

impl Da {
    pub(crate) fn origin(&self) -> &str {
        self.origin.get().map_or("https://localhost", String::as_str)
    }
}

impl Sim {
    /// The origin of the access point, for example `https://localhost:40124`.
    #[must_use]
    pub fn da_origin(&self) -> &str {
        self.da_service().origin()
    }

    /// The token endpoint.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
    /// use smartid_sim::Sim;
    /// use smartid_sim::config::OauthClient;
    ///
    /// let sim = Sim::builder().seed(7).start().await?;
    /// sim.put_oauth_client(OauthClient::new("idm", "secret").scopes(&["WS"]));
    /// let http = reqwest::Client::builder()
    ///     .tls_backend_rustls()
    ///     .tls_certs_only([reqwest::Certificate::from_pem(sim.ca_pem().as_bytes()).unwrap()])
    ///     .build()
    ///     .unwrap();
    /// let answer = http
    ///     .post(sim.da_token_url())
    ///     .header("authorization", "Basic aWRtOnNlY3JldA==")
    ///     .header("content-type", "application/x-www-form-urlencoded")
    ///     .body("grant_type=client_credentials&scope=WS")
    ///     .send()
    ///     .await
    ///     .unwrap();
    /// assert_eq!(answer.status(), 200);
    /// let body = answer.text().await.unwrap();
    /// assert!(body.ends_with(r#""expires_in":3600,"scope":"WS","token_type":"Bearer"}"#), "{body}");
    /// assert_eq!(sim.oauth_tokens(), 1);
    /// # Ok::<(), smartid_sim::SimError>(())
    /// # }).unwrap();
    /// ```
    #[must_use]
    pub fn da_token_url(&self) -> String {
        let config = self.da_service().config.get();
        format!("{}{}", self.da_origin(), config.da.oauth.token_path)
    }

    /// The revocation endpoint.
    #[must_use]
    pub fn da_revoke_url(&self) -> String {
        let config = self.da_service().config.get();
        format!("{}{}", self.da_origin(), config.da.oauth.revoke_path)
    }

    /// The clients of the authorization server, with their secrets.
    #[must_use]
    pub fn oauth_clients(&self) -> Vec<OauthClient> {
        self.da_service().config.get().da.oauth.clients.clone()
    }

    /// Adds a client, or replaces the one with this id; gives it back with its secret, which is generated when it has none.
    pub fn put_oauth_client(&self, mut client: OauthClient) -> OauthClient {
        if client.secret.is_empty() {
            client.secret = self.da_service().random.hex64("oauth-secret");
        }
        self.reconfigure(|config| {
            let clients = &mut config.da.oauth.clients;
            clients.retain(|known| known.id != client.id);
            clients.push(client.clone());
        });
        client
    }

    /// How many access tokens are valid now.
    #[must_use]
    pub fn oauth_tokens(&self) -> usize {
        let da = self.da_service();
        lock(&da.tokens).count(da.clock.now())
    }

    /// All access tokens end at once, as when the server's database is lost.
    pub fn forget_oauth_tokens(&self) {
        lock(&self.da_service().tokens).clear();
    }

    /// The login page: the menu, or that of a method by display name or id.
    #[must_use]
    pub fn da_login_url(&self, method: Option<&str>, location: Option<&str>) -> String {
        let parts: Vec<String> = [("authmech", method), ("location", location)]
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}", super::auth::escaped(value?))))
            .collect();
        let question = if parts.is_empty() { "" } else { "?" };
        format!("{}/wa/auth{question}{}", self.da_origin(), parts.join("&"))
    }

    /// The portal user's own record.
    #[must_use]
    pub fn da_me_url(&self) -> String {
        let config = self.da_service().config.get();
        format!("{}{}", self.da_origin(), config.da.session.me_path)
    }

    /// The users of Digital Access with their attributes and passwords.
    #[must_use]
    pub fn da_users(&self) -> Vec<DaUser> {
        let store = lock(&self.da_service().store);
        store.users.iter().map(|user| user.config.clone()).collect()
    }

    /// Adds an authentication method, or replaces the one with this display name.
    ///
    /// # Errors
    /// [`SimError::Config`] when it contradicts itself, or its id is another method's.
    pub fn put_method(&self, method: DaMethod) -> Result<(), SimError> {
        let wrong = |why: &str| Err(SimError::Config(format!("da.methods, {:?}: {why}", method.name)));
        if let Some(why) = method.wrong() {
            return wrong(why);
        }
        let methods = &self.da_service().config.get().da.methods;
        if methods
            .iter()
            .any(|known| known.id == method.id && known.name != method.name)
        {
            return wrong("names and ids are unique");
        }
        self.reconfigure(|config| {
            let methods = &mut config.da.methods;
            match methods.iter_mut().find(|known| known.name == method.name) {
                Some(known) => *known = method,
                None => methods.push(method),
            }
        });
        Ok(())
    }

    /// How many browser sessions are open.
    #[must_use]
    pub fn da_sessions(&self) -> usize {
        let da = self.da_service();
        da.sessions_count(&da.config.get().da)
    }

    /// A browser session as after a login of this user with the method of this display name: the value of a `Cookie` header. `None`
    /// when there is no such user.
    #[must_use]
    pub fn da_session_of(&self, user: &str, method: &str) -> Option<String> {
        let da = self.da_service();
        da.user(user)?;
        let id = da.open_session(user, method);
        Some(format!("{}={id}", da.config.get().da.session.cookie))
    }

    /// The issuer of the OpenID provider.
    #[must_use]
    pub fn da_issuer(&self) -> String {
        let da = self.da_service();
        da.issuer(&da.config.get().da)
    }

    /// A new key signs ID tokens from now on; gives its id.
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be made.
    pub fn rotate_oidc_key(&self) -> Result<String, SimError> {
        let da = self.da_service();
        da.rotate_key(&da.config.get().da.oidc)
    }
}
