//! The OpenID provider (protocol notes: digital-access 6.2): discovery, key set and user information; codes and ID tokens beside them.

mod authorize;
mod codes;
mod id_token;
mod keys;

use serde_json::{Value, json};

use super::Da;
use crate::config::DaConfig;
use crate::net::message::{Reply, Request};

pub(super) use self::codes::Code;
pub(super) use self::keys::ProviderKeys;
pub(crate) use self::keys::alg;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Discovery,
    Authorize,
    UserInfo,
    Keys,
}

const DISCOVERY: &str = "/.well-known/openid-configuration";

impl Endpoint {
    pub(super) fn of(config: &DaConfig, request: &Request) -> Option<Self> {
        let oidc = &config.oidc;
        if !oidc.provider || !config.oauth.enabled {
            return None;
        }
        let path = request.path.as_str();
        let issuer = url::Url::parse(&oidc.issuer).ok();
        let below = issuer.as_ref().map_or("", |url| url.path().trim_end_matches('/'));
        if path.strip_prefix(below) == Some(DISCOVERY) {
            return Some(Self::Discovery);
        }
        [
            (&oidc.authorize_path, Self::Authorize),
            (&oidc.userinfo_path, Self::UserInfo),
            (&oidc.jwks_path, Self::Keys),
        ]
        .into_iter()
        .find(|(known, _)| *known == path)
        .map(|(_, endpoint)| endpoint)
    }
}

impl Da {
    /// The issuer.
    pub(super) fn issuer(&self, config: &DaConfig) -> String {
        if config.oidc.issuer.is_empty() {
            self.origin().to_owned()
        } else {
            config.oidc.issuer.clone()
        }
    }

    fn discovery(&self, config: &DaConfig) -> Value {
        let (oidc, oauth, origin) = (&config.oidc, &config.oauth, self.origin());
        let issuer = if oidc.discovery_issuer.is_empty() {
            self.issuer(config)
        } else {
            oidc.discovery_issuer.clone()
        };
        let mut scopes: Vec<&str> = Vec::new();
        for scope in oauth.clients.iter().flat_map(|client| &client.scopes) {
            if !scopes.contains(&scope.as_str()) {
                scopes.push(scope);
            }
        }
        let mut claims = vec![
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "acr",
            "amr",
            "name",
            "preferred_username",
        ];
        claims.extend(oidc.claims.keys().map(String::as_str));
        let acr: Vec<&str> = config
            .methods
            .iter()
            .filter(|method| method.enabled)
            .map(|method| method.acr().as_str())
            .collect();
        let mut body = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{origin}{}", oidc.authorize_path),
            "token_endpoint": format!("{origin}{}", oauth.token_path),
            "revocation_endpoint": format!("{origin}{}", oauth.revoke_path),
            "userinfo_endpoint": format!("{origin}{}", oidc.userinfo_path),
            "jwks_uri": format!("{origin}{}", oidc.jwks_path),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [oidc.id_token_alg],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "tls_client_auth"],
            "scopes_supported": scopes,
            "claims_supported": claims,
            "acr_values_supported": acr,
        });
        if oidc.pkce {
            let methods: &[&str] = if oidc.plain_pkce {
                &["S256", "plain"]
            } else {
                &["S256"]
            };
            crate::json::put(&mut body, "/code_challenge_methods_supported", json!(methods));
        }
        if oidc.issuer_in_callback {
            crate::json::put(
                &mut body,
                "/authorization_response_iss_parameter_supported",
                json!(true),
            );
        }
        body
    }

    fn user_info(&self, config: &DaConfig, request: &Request) -> Reply {
        let no = |status: u16, error: &str, code: &str| {
            Reply::empty(status)
                .with_header("www-authenticate", &format!("Bearer error=\"{error}\""))
                .with_code(code)
        };
        let Some(token) = self.active_token(request) else {
            return no(401, "invalid_token", "token_unknown");
        };
        let Some(user) = token.user.as_deref().filter(|_| token.has("openid")) else {
            return no(403, "insufficient_scope", "token_without_user");
        };
        let Some(mut claims) = self.claims(config, user, &token.scopes) else {
            return no(401, "invalid_token", "user_unknown");
        };
        if config.oidc.userinfo_other_subject {
            claims.insert("sub".into(), json!("somebody-else"));
        }
        Reply::json(200, &Value::Object(claims))
            .with_header("cache-control", "no-store")
            .with_code("user_info")
    }

    pub(super) fn oidc(&self, config: &DaConfig, endpoint: Endpoint, request: &Request) -> Reply {
        match (endpoint, request.method.as_str()) {
            (Endpoint::Authorize, "GET") => self.authorize(config, request),
            (Endpoint::Discovery, "GET") => Reply::json(200, &self.discovery(config)).with_code("discovery"),
            (Endpoint::Keys, "GET") => match self.key_set(&config.oidc) {
                Ok(set) => Reply::json(200, &set).with_code("keys"),
                Err(_) => Reply::empty(500).with_code("keys_failed"),
            },
            (Endpoint::UserInfo, "GET" | "POST") => self.user_info(config, request),
            _ => Reply::empty(405).with_header("allow", "GET").with_code("method"),
        }
    }
}
