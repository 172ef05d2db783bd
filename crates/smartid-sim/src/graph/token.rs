//! The tenant's token endpoint (documented: OAuth 2.0 client credentials flow on the Microsoft identity platform), and the tokens that
//! it has given.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Graph;
use super::error::{GraphError, Ids, token_error};
use crate::config::GraphConfig;
use crate::net::message::{Reply, Request};
use crate::sync::lock;

/// A token that was given.
#[derive(Clone)]
pub(super) struct Given {
    token: String,
    expires_at: Duration,
}

/// So many tokens are remembered.
const MAX_TOKENS: usize = 1000;

/// More fields than this are not read.
const MAX_FIELDS: usize = 100;

/// Why no token is given: status, RFC 6749 word, Microsoft's number; the simulator's word; a sentence.
type Denied = ((u16, &'static str, u32), &'static str, String);

impl Graph {
    /// A token that is good from now on.
    pub(crate) fn give_token(&self, config: &GraphConfig) -> String {
        let token = self.random.hex64("graph-token");
        let given = Given {
            token: token.clone(),
            expires_at: self
                .clock
                .now()
                .saturating_add(Duration::from_secs(config.token_seconds)),
        };
        let mut tokens = lock(&self.tokens);
        if tokens.len() >= MAX_TOKENS {
            tokens.remove(0);
        }
        tokens.push(given);
        token
    }

    /// Refuses a call without a token of this endpoint, or with one that has expired.
    pub(super) fn check_token(&self, request: &Request) -> Result<(), GraphError> {
        let shown = request
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty())
            .ok_or_else(|| GraphError::token("token_missing", "Access token is empty."))?;
        let tokens = lock(&self.tokens);
        let given = tokens
            .iter()
            .find(|given| given.token == shown)
            .ok_or_else(|| GraphError::token("token_unknown", "Access token validation failure."))?;
        if given.expires_at <= self.clock.now() {
            return Err(GraphError::token(
                "token_expired",
                "Lifetime validation failed, the token is expired.",
            ));
        }
        Ok(())
    }

    pub(super) fn token_endpoint(
        &self,
        config: &GraphConfig,
        tenant: &str,
        request: &Request,
        ids: &Ids,
    ) -> Reply {
        match self.grant(config, tenant, request) {
            Ok(token) => {
                let body = serde_json::json!({
                    "token_type": "Bearer",
                    "expires_in": config.token_seconds,
                    "ext_expires_in": config.token_seconds,
                    "access_token": token,
                });
                Reply::text(200, "application/json; charset=utf-8", body.to_string())
                    .with_header("cache-control", "no-store, no-cache")
                    .with_code("token")
            }
            Err((kind, word, text)) => token_error(&self.clock, ids, kind, word, &text),
        }
    }

    fn grant(&self, config: &GraphConfig, tenant: &str, request: &Request) -> Result<String, Denied> {
        let bad = |number, word, text: &str| ((400, "invalid_request", number), word, text.to_owned());
        if !tenant.eq_ignore_ascii_case(&config.tenant) {
            return Err(bad(90_002, "tenant", "Tenant not found."));
        }
        if request.method != "POST" {
            return Err(bad(900_561, "method", "The endpoint only accepts POST requests."));
        }
        let form = request
            .header("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !form {
            return Err(bad(900_144, "content_type", "The request body must be a form."));
        }
        let fields: Vec<(String, String)> = url::form_urlencoded::parse(&request.body)
            .take(MAX_FIELDS + 1)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if fields.len() > MAX_FIELDS {
            return Err(bad(
                900_144,
                "fields_too_many",
                "The request body has too many fields.",
            ));
        }
        let one = |name: &str| {
            let mut values = fields.iter().filter(|(own, _)| own == name);
            let value = values.next().map(|(_, value)| value.as_str());
            match values.next() {
                // RFC 6749 3.2: parameters must not be included more than once.
                Some(_) => Err(bad(
                    90_013,
                    "field_twice",
                    &format!("Parameter '{name}' came twice."),
                )),
                None => Ok(value.filter(|value| !value.is_empty())),
            }
        };
        let missing = |name: &str| {
            bad(
                900_144,
                "field_missing",
                &format!("The request body must contain the parameter '{name}'."),
            )
        };
        let grant = one("grant_type")?.ok_or_else(|| missing("grant_type"))?;
        if grant != "client_credentials" {
            let text = format!("The grant type '{grant}' is not supported.");
            return Err(((400, "unsupported_grant_type", 70_003), "grant_type", text));
        }
        let (id, secret) = match basic(request) {
            Some(pair) => pair,
            None => (
                one("client_id")?.ok_or_else(|| missing("client_id"))?.to_owned(),
                one("client_secret")?
                    .ok_or_else(|| missing("client_secret"))?
                    .to_owned(),
            ),
        };
        if !id.eq_ignore_ascii_case(&config.client_id) {
            let text = "The application was not found in the tenant.".to_owned();
            return Err(((400, "unauthorized_client", 700_016), "client_unknown", text));
        }
        if secret != config.client_secret {
            let text = "Invalid client secret provided.".to_owned();
            return Err(((401, "invalid_client", 7_000_215), "client_secret", text));
        }
        let scope = one("scope")?.ok_or_else(|| missing("scope"))?;
        if scope != self.scope(config) {
            let text = "The scope must be the resource followed by /.default.".to_owned();
            return Err(((400, "invalid_scope", 1_002_012), "scope", text));
        }
        Ok(self.give_token(config))
    }
}

/// `client_id` and `client_secret` by HTTP Basic, each form-encoded (RFC 6749 2.3.1).
fn basic(request: &Request) -> Option<(String, String)> {
    let (scheme, value) = request.header("authorization")?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let decoded = |text: &str| {
        let spaced = text.replace('+', " ");
        percent_encoding::percent_decode_str(&spaced)
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    };
    Some((decoded(id)?, decoded(secret)?))
}
