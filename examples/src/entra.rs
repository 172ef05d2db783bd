//! The client of Microsoft Entra, for the programs that enrol there in the place of Digital Access.
//!
//! Its table in the configuration file of an installation:
//!
//! ```toml
//! [entra]
//! tenant = "7a1f0c52-3b0e-4d51-9a6e-0a4f5d2c9b10"
//! client_id = "11111111-2222-4333-8444-555555555555"   # an application with UserAuthMethod-Passkey.ReadWrite.All
//! client_secret_file = "/etc/smartid/entra.secret"     # or client_secret_env
//! # url = "https://graph.microsoft.com"                # national clouds have others; token_url and scope then, too
//! # token_url = "https://login.microsoftonline.com/<tenant>/oauth2/v2.0/token"
//! # scope = "https://graph.microsoft.com/.default"
//! # challenge_minutes = 30                             # 5 to 43200: by Graph's version beta
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use smartid::da::entra::GraphVersion;
use smartid::da::oauth::{ClientAuthentication, OAuthClient};
use smartid::da::{EntraFido, TokenProvider};
use smartid::{ConfigError, Runtime, SecretString, Transport};
use smartid_sim::Sim;

use crate::config::secret;

/// The table `[entra]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entra {
    /// The tenant: its id or one of its domains.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    client_secret_file: Option<PathBuf>,
    client_secret_env: Option<String>,
    /// Graph, where it is not `https://graph.microsoft.com`.
    pub url: Option<String>,
    /// The token endpoint, where it is not the tenant's at `login.microsoftonline.com`.
    pub token_url: Option<String>,
    /// The scope, where it is not that of `https://graph.microsoft.com`.
    pub scope: Option<String>,
    /// How long a challenge lives, in minutes; that needs Graph's version beta.
    pub challenge_minutes: Option<u32>,
}

/// Where tokens come from.
struct Endpoint {
    url: String,
    client_id: String,
    secret: SecretString,
    scope: String,
}

impl Endpoint {
    fn tokens(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Arc<dyn TokenProvider>, ConfigError> {
        let client = OAuthClient::builder(self.url, self.client_id, ClientAuthentication::body(self.secret))
            .scope(self.scope)
            .build(transport, runtime)?;
        Ok(Arc::new(client))
    }
}

impl Entra {
    /// The client that the table describes.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting.
    pub fn client(
        &self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<EntraFido, ConfigError> {
        if self.tenant.is_empty() || self.tenant.contains(['/', '?', '#', '%']) {
            return Err(ConfigError::new("entra.tenant", "is no tenant id and no domain"));
        }
        let endpoint = Endpoint {
            url: self.token_url.clone().unwrap_or_else(|| {
                format!(
                    "https://login.microsoftonline.com/{}/oauth2/v2.0/token",
                    self.tenant
                )
            }),
            client_id: self.client_id.clone(),
            secret: secret(
                "entra.client_secret",
                self.client_secret_file.as_deref(),
                self.client_secret_env.as_deref(),
            )?,
            scope: self
                .scope
                .clone()
                .unwrap_or_else(|| String::from("https://graph.microsoft.com/.default")),
        };
        let tokens = endpoint.tokens(Arc::clone(&transport), Arc::clone(&runtime))?;
        let mut builder = EntraFido::builder(tokens);
        if let Some(url) = &self.url {
            builder = builder.url(url);
        }
        if let Some(minutes) = self.challenge_minutes {
            builder = builder.version(GraphVersion::Beta).challenge_minutes(minutes);
        }
        builder.build(transport, runtime)
    }
}

/// The client of the simulated tenant, with tokens from its token endpoint.
///
/// # Errors
/// [`ConfigError`] that names the setting.
pub fn simulated(
    sim: &Sim,
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
) -> Result<EntraFido, ConfigError> {
    let (client_id, secret) = sim.graph_client();
    let endpoint = Endpoint {
        url: sim.graph_token_url(),
        client_id,
        secret: SecretString::new(secret),
        scope: sim.graph_scope(),
    };
    let tokens = endpoint.tokens(Arc::clone(&transport), Arc::clone(&runtime))?;
    EntraFido::builder(tokens)
        .url(sim.graph_url())
        .build(transport, runtime)
}

#[cfg(test)]
mod tests {
    use smartid::{ReqwestTransport, TokioRuntime};

    use super::*;

    fn built(toml: &str) -> Result<EntraFido, ConfigError> {
        let table: Entra = toml::from_str(toml).unwrap();
        let transport = ReqwestTransport::builder().system_roots().build()?;
        table.client(Arc::new(transport), Arc::new(TokioRuntime::new()))
    }

    #[test]
    fn the_table_makes_a_client_and_its_mistakes_are_named() {
        let table = "tenant = 't.example.test'\nclient_id = 'c'\nclient_secret_env = 'PATH'\n";
        assert_eq!(
            built(table).unwrap().url().as_str(),
            "https://graph.microsoft.com"
        );
        let beta = built(&format!(
            "{table}challenge_minutes = 30\nurl = 'https://graph.example.test'"
        ));
        assert!(format!("{:?}", beta.unwrap()).contains("Beta"));
        for (more, setting) in [
            ("challenge_minutes = 4", "entra.challenge_minutes"),
            ("url = 'http://graph.example.test'", "entra.url"),
            ("token_url = 'login'", "oauth.endpoint"),
        ] {
            let error = built(&format!("{table}{more}")).unwrap_err();
            assert!(error.to_string().contains(setting), "{error}");
        }
        let error = built("tenant = 'a/b'\nclient_id = 'c'\nclient_secret_env = 'PATH'").unwrap_err();
        assert!(error.to_string().contains("entra.tenant"), "{error}");
        let error = built("tenant = 't'\nclient_id = 'c'").unwrap_err();
        assert!(error.to_string().contains("entra.client_secret"), "{error}");
    }
}
