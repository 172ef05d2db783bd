//! The four requests that this machine makes itself, and what is taken of their answers.

use std::marker::PhantomData;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response, StatusCode};
use serde_json::{Map, Value};
use smartid_core::{BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, SecretString, json};

use super::address::EndpointAddress;
use super::reason::{OidcPlace, OidcReason};
use super::refusal::{OidcRefusal, accept};
use super::strict;

/// One of the four.
pub(super) trait Step: Send + Sync {
    const NAME: &'static str;
    const REPEAT: Repeat;
    const PLACE: OidcPlace;
}

/// The discovery document.
pub(super) struct Document;
/// The key set.
pub(super) struct Keys;
/// The exchange of the code, which can be used once.
pub(super) struct Token;
/// The user's claims.
pub(super) struct User;

impl Step for Document {
    const NAME: &'static str = "da.oidc-discovery";
    const REPEAT: Repeat = Repeat::Safe;
    const PLACE: OidcPlace = OidcPlace::Document;
}
impl Step for Keys {
    const NAME: &'static str = "da.oidc-keys";
    const REPEAT: Repeat = Repeat::Safe;
    const PLACE: OidcPlace = OidcPlace::Keys;
}
impl Step for Token {
    const NAME: &'static str = "da.oidc-token";
    const REPEAT: Repeat = Repeat::Once;
    const PLACE: OidcPlace = OidcPlace::Token;
}
impl Step for User {
    const NAME: &'static str = "da.oidc-user-info";
    const REPEAT: Repeat = Repeat::Safe;
    const PLACE: OidcPlace = OidcPlace::UserInfo;
}

/// A request, and the secrets that must not come back in an error.
pub(super) struct Exchange<S> {
    outgoing: Outgoing,
    secrets: Vec<SecretString>,
    step: PhantomData<S>,
}

impl<S: Step> Exchange<S> {
    pub(super) fn get(endpoint: &EndpointAddress) -> Self {
        Self {
            outgoing: Outgoing::new(Method::GET, endpoint.target()),
            secrets: Vec::new(),
            step: PhantomData,
        }
    }

    /// What the OpenID Connect crate has made for this endpoint.
    pub(super) fn of(
        endpoint: &EndpointAddress,
        request: Request<Vec<u8>>,
        secrets: Vec<SecretString>,
    ) -> Self {
        let (parts, body) = request.into_parts();
        let mut outgoing = Outgoing::new(parts.method, endpoint.target());
        for (name, value) in &parts.headers {
            let mut value = value.clone();
            value.set_sensitive(name == AUTHORIZATION);
            outgoing.headers_mut().insert(name, value);
        }
        if !body.is_empty() {
            outgoing = outgoing.body("application/x-www-form-urlencoded", body);
        }
        Self {
            outgoing,
            secrets,
            step: PhantomData,
        }
    }
}

impl<S: Step> Endpoint for Exchange<S> {
    type Auth = ();
    type Dialect = ();
    type Output = Incoming;
    type Error = OidcRefusal;

    const NAME: &'static str = S::NAME;
    const REPEAT: Repeat = S::REPEAT;

    fn request(&self, (): &()) -> Result<Outgoing, BuildError> {
        Ok(self.outgoing.clone())
    }

    fn response(&self, (): &(), incoming: Incoming) -> Result<Incoming, ResponseError<OidcRefusal>> {
        match accept(S::PLACE, &incoming) {
            Ok(()) => Ok(incoming),
            Err(refusal) => Err(ResponseError::Refused(refusal.without(&self.secrets))),
        }
    }
}

/// A token endpoint's answer with an ID token in it, as far as it is used.
#[derive(Debug)]
pub(super) struct TokenAnswer {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) id_token: SecretString,
    pub(super) expires_in: Option<u64>,
    pub(super) scope: Option<String>,
}

impl TokenAnswer {
    pub(super) fn read(incoming: &Incoming) -> Result<Self, OidcRefusal> {
        let refuse = |reason| OidcRefusal::new(OidcPlace::Token, reason);
        let members = strict::object(incoming.body()).map_err(refuse)?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        if !text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")) {
            return Err(refuse(OidcReason::TokenType));
        }
        let access_token = text("access_token")
            .filter(|token| is_token(token))
            .ok_or(refuse(OidcReason::Token))?;
        let id_token = text("id_token").ok_or(refuse(OidcReason::IdToken))?;
        Ok(Self {
            access_token: SecretString::new(access_token),
            refresh_token: text("refresh_token")
                .filter(|token| is_token(token))
                .map(SecretString::from),
            id_token: SecretString::new(id_token),
            expires_in: members.get("expires_in").and_then(seconds),
            scope: text("scope").map(str::to_owned),
        })
    }

    /// What the OpenID Connect crate is shown of it. The ID token is verified later, by keys that it does not have here.
    pub(super) fn shown(&self) -> Response<Vec<u8>> {
        let mut members = Map::new();
        members.insert("access_token".to_owned(), self.access_token.expose().into());
        members.insert("token_type".to_owned(), "bearer".into());
        shown(members)
    }
}

/// Visible ASCII without spaces: what can stand behind `Bearer`.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 * 1024 && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Whole seconds, as a number or in digits.
fn seconds(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The claims of a user info answer whose subject is the one that logged in.
pub(super) fn user_claims(incoming: &Incoming, subject: &str) -> Result<Map<String, Value>, OidcRefusal> {
    let refuse = |reason| OidcRefusal::new(OidcPlace::UserInfo, reason);
    let claims = strict::object(incoming.body()).map_err(|reason| {
        let twice = std::str::from_utf8(incoming.body())
            .ok()
            .and_then(json::members)
            .is_some_and(|members| members.iter().filter(|(name, _)| name == "sub").count() > 1);
        refuse(if twice { OidcReason::Sub } else { reason })
    })?;
    match claims.get("sub") {
        Some(Value::String(found)) if found == subject => Ok(claims),
        _ => Err(refuse(OidcReason::Sub)),
    }
}

/// What the OpenID Connect crate is shown of user info: the subject, which it compares once more.
pub(super) fn shown_user(claims: &Map<String, Value>) -> Response<Vec<u8>> {
    let subject = claims.get("sub").cloned().unwrap_or_default();
    shown(Map::from_iter([("sub".to_owned(), subject)]))
}

fn shown(members: Map<String, Value>) -> Response<Vec<u8>> {
    let mut response = Response::new(Value::Object(members).to_string().into_bytes());
    *response.status_mut() = StatusCode::OK;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
