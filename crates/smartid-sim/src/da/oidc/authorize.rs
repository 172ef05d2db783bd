//! The authorization endpoint (RFC 6749 4.1, OpenID Connect Core 3.1.2): a browser comes with a request, is sent to log in if it has not,
//! and goes back with a code. Errors go back as well, but only to an address that is registered.

use std::time::Duration;

use super::super::Da;
use super::super::auth::escaped;
use super::super::form::Form;
use super::super::oauth;
use super::super::page::refusal;
use super::super::session::Session;
use super::codes::{Challenge, Code};
use crate::config::{DaConfig, DaMethod, OauthClient, OidcFlaw};
use crate::net::message::{Reply, Request};

/// A request whose client and return address are right.
struct Asked<'c> {
    client: &'c OauthClient,
    redirect_uri: &'c str,
    form: Form,
}

/// Why a request is refused: the error of the RFC, and the word for the records.
type Wrong = (&'static str, &'static str);

/// The address with more parameters in its query.
fn with_parameters(uri: &str, parameters: &[(&str, &str)]) -> Option<String> {
    let mut url = url::Url::parse(uri).ok()?;
    url.query_pairs_mut().extend_pairs(parameters);
    Some(url.into())
}

fn challenge(config: &DaConfig, form: &Form) -> Result<Option<Challenge>, Wrong> {
    if !config.oidc.pkce {
        return Ok(None);
    }
    let method = form.get("code_challenge_method");
    let Some(text) = form.get("code_challenge") else {
        return match method {
            None => Ok(None),
            Some(_) => Err(("invalid_request", "code_challenge_missing")),
        };
    };
    // RFC 7636 4.2
    let is_text = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !(43..=128).contains(&text.len()) || !is_text {
        return Err(("invalid_request", "code_challenge"));
    }
    match method {
        Some("S256") => Ok(Some(Challenge::S256(text.to_owned()))),
        Some("plain") | None if config.oidc.plain_pkce => Ok(Some(Challenge::Plain(text.to_owned()))),
        _ => Err(("invalid_request", "code_challenge_method")),
    }
}

/// The method that the request or the client names.
fn wanted_method<'c>(config: &'c DaConfig, asked: &Asked<'_>) -> Option<&'c DaMethod> {
    let usable = || config.methods.iter().filter(|method| method.enabled);
    // Names have spaces, which separate values here: the whole text first.
    let values = asked.form.get("acr_values").unwrap_or_default();
    std::iter::once(values)
        .chain(values.split(' '))
        .chain([asked.client.method.as_str()])
        .filter(|value| !value.is_empty())
        .find_map(|value| {
            usable().find(|method| method.name == value || method.id == value || method.acr() == value)
        })
}

impl Da {
    fn back(&self, config: &DaConfig, asked: &Asked<'_>, parameters: &[(&str, &str)]) -> Reply {
        let mut all = parameters.to_vec();
        let issuer = self.issuer(config);
        if let Some(state) = asked.form.get("state") {
            let other = config.oidc.flaw == OidcFlaw::State;
            all.push(("state", if other { "another state" } else { state }));
        }
        if config.oidc.issuer_in_callback {
            all.push(("iss", &issuer));
        }
        match with_parameters(asked.redirect_uri, &all) {
            Some(url) => Reply::empty(302)
                .with_header("location", &url)
                .with_header("cache-control", "no-store"),
            None => refusal(400, "redirect_uri", "The address to return to cannot be read."),
        }
    }

    /// The session with which the request can be answered; otherwise the reply that leads to the login.
    fn fit_session(
        &self,
        config: &DaConfig,
        request: &Request,
        asked: &Asked<'_>,
    ) -> Result<Session, Result<Reply, Wrong>> {
        let form = &asked.form;
        let prompt: Vec<&str> = form.get("prompt").unwrap_or_default().split(' ').collect();
        let method = wanted_method(config, asked);
        let oldest = match form.get("max_age").map(str::parse::<u64>) {
            None => None,
            Some(Ok(age)) => Some(self.unix().saturating_sub(age)),
            Some(Err(_)) => return Err(Err(("invalid_request", "max_age"))),
        };
        let found = self.session(config, request).filter(|session| {
            method.is_none_or(|method| session.method == method.name)
                && oldest.is_none_or(|oldest| session.auth_time >= oldest)
        });
        let again = prompt.contains(&"login");
        match found {
            Some(session) if !again => Ok(session),
            _ if prompt.contains(&"none") => Err(Err(("login_required", "login_required"))),
            _ => {
                // The wish to log in anew is fulfilled by the login and must not come back with it.
                let query = request.query.as_deref().unwrap_or_default();
                let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "prompt");
                let query = url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(kept)
                    .finish();
                let location = escaped(&format!("{}?{query}", request.path));
                let method = method.map_or_else(String::new, |method| {
                    format!("authmech={}&", escaped(&method.name))
                });
                let to = format!("/wa/auth?{method}location={location}");
                Err(Ok(Reply::empty(302)
                    .with_header("location", &to)
                    .with_code("login_needed")))
            }
        }
    }

    fn answer_request(
        &self,
        config: &DaConfig,
        request: &Request,
        asked: &Asked<'_>,
    ) -> Result<Reply, Wrong> {
        let form = &asked.form;
        for name in ["request", "request_uri"] {
            if form.get(name).is_some() {
                return Err((
                    if name == "request" {
                        "request_not_supported"
                    } else {
                        "request_uri_not_supported"
                    },
                    name,
                ));
            }
        }
        match form.get("response_type") {
            Some("code") => (),
            None => return Err(("invalid_request", "response_type_missing")),
            Some(_) => return Err(("unsupported_response_type", "response_type")),
        }
        if form.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(("invalid_request", "response_mode"));
        }
        if !asked
            .client
            .grants
            .iter()
            .any(|grant| grant == "authorization_code")
        {
            return Err(("unauthorized_client", "grant_of_client"));
        }
        let scopes =
            oauth::scopes(asked.client, form.get("scope")).map_err(|_| ("invalid_scope", "scope"))?;
        let challenge = challenge(config, form)?;
        let session = match self.fit_session(config, request, asked) {
            Ok(session) => session,
            Err(Ok(reply)) => return Ok(reply),
            Err(Err(wrong)) => return Err(wrong),
        };
        let life = Duration::from_secs(config.oidc.code_lifetime_seconds);
        let code = Code {
            text: self.random.hex64("code"),
            client: asked.client.id.clone(),
            redirect_uri: asked.redirect_uri.to_owned(),
            scopes,
            nonce: form.get("nonce").map(str::to_owned),
            challenge,
            user: session.user,
            method: session.method,
            auth_time: session.auth_time,
            expires_at: self.clock.now().saturating_add(life),
            used: false,
        };
        let reply = self
            .back(config, asked, &[("code", &code.text)])
            .with_code("code_given");
        self.keep_code(code);
        Ok(reply)
    }

    pub(in crate::da) fn authorize(&self, config: &DaConfig, request: &Request) -> Reply {
        let no = |code: &str| {
            refusal(
                400,
                code,
                "The application that has sent you here asks in a wrong way.",
            )
        };
        let form = match Form::query(request) {
            Ok(form) => form,
            Err(wrong) => return no(wrong.code()),
        };
        let Some(client) = config
            .oauth
            .clients
            .iter()
            .find(|client| Some(client.id.as_str()) == form.get("client_id"))
        else {
            return no("client_unknown");
        };
        let uris = client.redirect_uris.iter();
        let Some(redirect_uri) = uris
            .map(String::as_str)
            .find(|uri| Some(*uri) == form.get("redirect_uri"))
        else {
            return no("redirect_uri");
        };
        let asked = Asked {
            client,
            redirect_uri,
            form,
        };
        self.answer_request(config, request, &asked)
            .unwrap_or_else(|(error, code)| self.back(config, &asked, &[("error", error)]).with_code(code))
    }
}
