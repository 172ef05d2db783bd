//! The authorization server of Digital Access (protocol notes: digital-access 6.1): tokens for clients, and their end. Requests and
//! errors are those of RFC 6749 and RFC 7009; the word for the reason of a refusal is in the simulator's records.

mod client;
mod tokens;

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::form::Form;
use super::{Da, reply};
use crate::config::{DaConfig, DaOauthConfig, ErrorBody, ExpiresIn, OauthClient, TokenEndpoint};
use crate::net::message::{Reply, Request};
use crate::sync::lock;

pub(super) use self::tokens::{Token, Tokens};

/// A refusal by RFC 6749 5.2.
#[derive(Debug)]
pub(super) struct Fault {
    error: &'static str,
    code: &'static str,
    status: u16,
    challenged: bool,
}

impl Fault {
    fn new(error: &'static str, code: &'static str) -> Self {
        Self {
            error,
            code,
            status: 400,
            challenged: false,
        }
    }

    pub(super) fn request(code: &'static str) -> Self {
        Self::new("invalid_request", code)
    }

    pub(super) fn grant(code: &'static str) -> Self {
        Self::new("invalid_grant", code)
    }

    pub(super) fn server(code: &'static str) -> Self {
        Self {
            status: 500,
            ..Self::new("server_error", code)
        }
    }

    fn client(code: &'static str) -> Self {
        Self {
            status: 401,
            ..Self::new("invalid_client", code)
        }
    }

    /// The caller has tried a scheme of HTTP, therefore the answer names it (RFC 6749 5.2).
    fn challenged(mut self, challenged: bool) -> Self {
        self.challenged = challenged;
        self
    }

    fn reply(&self, form: ErrorBody) -> Reply {
        let (error, status) = (self.error, self.status);
        let reply = match form {
            ErrorBody::Json => Reply::json(status, &json!({"error": error, "error_description": self.code})),
            ErrorBody::Plain => Reply::text(
                status,
                "text/plain;charset=UTF-8",
                format!("{error}: {}", self.code),
            ),
            ErrorBody::Html => Reply::text(
                status,
                "text/html;charset=UTF-8",
                format!("<!DOCTYPE html><html><body><h1>Error {status}</h1><p>{error}</p></body></html>"),
            ),
        };
        let reply = match (self.challenged, self.error) {
            (true, _) => reply.with_header("www-authenticate", "Basic realm=\"oauth2\""),
            _ => reply,
        };
        reply.with_code(self.code)
    }
}

/// What a request at these endpoints is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Token,
    Revoke,
}

impl Endpoint {
    pub(super) fn of(config: &DaOauthConfig, request: &Request) -> Option<Self> {
        if !config.enabled {
            return None;
        }
        match &request.path {
            path if *path == config.token_path => Some(Self::Token),
            path if *path == config.revoke_path => Some(Self::Revoke),
            _ => None,
        }
    }
}

/// The scopes that are given: those that are asked for, all of which the client must have.
pub(super) fn scopes(client: &OauthClient, asked: Option<&str>) -> Result<Vec<String>, Fault> {
    let Some(asked) = asked else {
        let own = client.scopes.iter().filter(|scope| *scope != "openid");
        return Ok(own.cloned().collect());
    };
    let mut given: Vec<String> = Vec::new();
    for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
        if !client.scopes.iter().any(|own| own == scope) {
            return Err(Fault::new("invalid_scope", "scope"));
        }
        if !given.iter().any(|known| known == scope) {
            given.push(scope.to_owned());
        }
    }
    Ok(given)
}

/// What `Authorization: Bearer` holds.
pub(super) fn bearer(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl Da {
    /// Seconds since 1970.
    pub(super) fn unix(&self) -> u64 {
        self.clock.unix_millis() / 1000
    }

    /// A new access token, remembered.
    pub(super) fn give_token(
        &self,
        config: &DaOauthConfig,
        client: &OauthClient,
        scopes: Vec<String>,
        user: Option<String>,
        code: Option<String>,
    ) -> String {
        let text = self.random.hex64("access-token");
        let life = Duration::from_secs(config.token_lifetime_seconds);
        lock(&self.tokens).keep(Token {
            text: text.clone(),
            client: client.id.clone(),
            scopes,
            user,
            code,
            expires_at: self.clock.now().saturating_add(life),
        });
        text
    }

    /// The body of RFC 6749 5.1.
    pub(super) fn token_body(config: &DaOauthConfig, token: &str, scopes: &[String]) -> Map<String, Value> {
        let mut body = Map::new();
        body.insert("access_token".into(), json!(token));
        body.insert("token_type".into(), json!(config.token_type));
        let seconds = config.token_lifetime_seconds;
        match config.expires_in {
            ExpiresIn::Number => body.insert("expires_in".into(), json!(seconds)),
            ExpiresIn::Text => body.insert("expires_in".into(), json!(seconds.to_string())),
            ExpiresIn::Absent => None,
        };
        if !scopes.is_empty() {
            body.insert("scope".into(), json!(scopes.join(" ")));
        }
        body
    }

    /// An active token with its scopes and user.
    pub(super) fn active_token(&self, request: &Request) -> Option<Token> {
        let tokens = lock(&self.tokens);
        tokens.active(bearer(request)?, self.clock.now()).cloned()
    }

    fn token(&self, config: &DaConfig, client: &OauthClient, form: &Form) -> Result<Reply, Fault> {
        let grant = form
            .get("grant_type")
            .ok_or_else(|| Fault::request("grant_type_missing"))?;
        if !matches!(grant, "client_credentials" | "authorization_code") {
            return Err(Fault::new("unsupported_grant_type", "grant_type"));
        }
        if !client.grants.iter().any(|own| own == grant) {
            return Err(Fault::new("unauthorized_client", "grant_of_client"));
        }
        if grant == "authorization_code" {
            return self.redeem(config, client, form);
        }
        let oauth = &config.oauth;
        let scopes = scopes(client, form.get("scope"))?;
        if scopes.iter().any(|scope| scope == "openid") {
            // There is nobody whose identity could be told.
            return Err(Fault::new("invalid_scope", "openid_without_user"));
        }
        let token = self.give_token(oauth, client, scopes.clone(), None, None);
        let body = Self::token_body(oauth, &token, &scopes);
        Ok(Reply::json(200, &Value::Object(body)).with_code("token"))
    }

    /// A token that is not known is as good as revoked (RFC 7009 2.2).
    fn revoke(&self, client: &OauthClient, form: &Form) -> Result<Reply, Fault> {
        let text = form.get("token").ok_or_else(|| Fault::request("token_missing"))?;
        let mut tokens = lock(&self.tokens);
        if tokens.client_of(text).is_some_and(|owner| owner != client.id) {
            return Err(Fault::grant("token_of_other_client"));
        }
        tokens.revoke(text);
        Ok(Reply::empty(200).with_code("revoked"))
    }

    fn oauth_answer(&self, config: &DaConfig, endpoint: Endpoint, request: &Request) -> Result<Reply, Fault> {
        let form = Form::body(request).map_err(|wrong| Fault::request(wrong.code()))?;
        let client = client::authenticate(
            &config.oauth,
            self.authority.certificate_der(),
            self.unix(),
            request,
            &form,
        )?;
        match endpoint {
            Endpoint::Token => self.token(config, client, &form),
            Endpoint::Revoke => self.revoke(client, &form),
        }
    }

    pub(super) fn oauth(&self, config: &DaConfig, endpoint: Endpoint, request: &Request) -> Reply {
        let oauth = &config.oauth;
        match oauth.token_endpoint {
            TokenEndpoint::Open => (),
            TokenEndpoint::LoginRedirect => return reply::to_login().with_code("unauthenticated"),
            TokenEndpoint::LoginPage => return reply::login_page().with_code("unauthenticated"),
        }
        if request.method != "POST" {
            return Reply::empty(405).with_header("allow", "POST").with_code("method");
        }
        self.oauth_answer(config, endpoint, request)
            .unwrap_or_else(|fault| fault.reply(oauth.token_error_body))
            .with_header("cache-control", "no-store")
            .with_header("pragma", "no-cache")
    }
}
