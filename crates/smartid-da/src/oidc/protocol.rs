//! What the OpenID Connect crate does: the authorization request, the request for tokens, the request for user info.
//!
//! Its types stay in here. It does no HTTP of its own: it makes a request, which goes out through the
//! [`Transport`](smartid_core::Transport) like all others, and is shown of the answer what this crate has checked before.

use http::{Request, Response};
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenResponse, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AuthType, AuthUrl, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, EmptyAdditionalClaims, EndpointNotSet, IssuerUrl, JsonWebKeySet, LanguageTag, LoginHint,
    Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse, SubjectIdentifier,
    TokenUrl, UserInfoUrl,
};
use smartid_core::SecretString;
use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use super::address::EndpointAddress;
use super::options::Prompt;
use super::request::{AuthorizationError, AuthorizationRequest};
use super::trust_key::TrustKey;

/// The crate's client, with our key type in the place of its own.
type Client = openidconnect::Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    TrustKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    CoreTokenResponse,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
>;

/// A client without keys: signatures are no matter of these requests.
fn client(client_id: &str, any: &EndpointAddress) -> Option<Client> {
    // The issuer is not sent anywhere.
    let issuer = IssuerUrl::new(any.as_str().to_owned()).ok()?;
    let client_id = ClientId::new(client_id.to_owned());
    Some(Client::new(client_id, issuer, JsonWebKeySet::new(Vec::new())))
}

/// The authorization request, whose values were checked.
pub(super) fn authorization_address(request: &AuthorizationRequest) -> Result<String, AuthorizationError> {
    let AuthorizationRequest {
        endpoint,
        client_id,
        redirect_uri,
        state,
        nonce,
        verifier,
        options,
    } = request;
    let redirect_uri = RedirectUrl::new(redirect_uri.clone()).map_err(|_| AuthorizationError::RedirectUri)?;
    let address = AuthUrl::new(endpoint.as_str().to_owned()).map_err(|_| AuthorizationError::FrontDoor)?;
    let client = client(client_id, endpoint)
        .ok_or(AuthorizationError::FrontDoor)?
        .set_auth_uri(address)
        .set_redirect_uri(redirect_uri);
    let (state, nonce) = (state.expose().to_owned(), nonce.expose().to_owned());
    let mut request = client.authorize_url(
        CoreAuthenticationFlow::AuthorizationCode,
        || CsrfToken::new(state),
        || Nonce::new(nonce),
    );
    for scope in options.scopes.iter().filter(|scope| *scope != "openid") {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    for acr in &options.acr_values {
        request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
    }
    for prompt in &options.prompts {
        request = request.add_prompt(match prompt {
            Prompt::None => CoreAuthPrompt::None,
            Prompt::Login => CoreAuthPrompt::Login,
            Prompt::Consent => CoreAuthPrompt::Consent,
            Prompt::SelectAccount => CoreAuthPrompt::SelectAccount,
            Prompt::Other(text) => CoreAuthPrompt::Extension(text.clone()),
        });
    }
    for locale in &options.ui_locales {
        request = request.add_ui_locale(LanguageTag::new(locale.clone()));
    }
    if let Some(hint) = &options.login_hint {
        request = request.set_login_hint(LoginHint::new(hint.clone()));
    }
    if let Some(max_age) = options.max_age {
        request = request.set_max_age(max_age);
    }
    for (name, value) in &options.parameters {
        request = request.add_extra_param(name.clone(), value.clone());
    }
    if let Some(verifier) = verifier {
        let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
        request = request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    let (address, _, _) = request.url();
    Ok(address.into())
}

/// The crate sends by itself; here it does not. It is run once for its request, and once more for its verdict on the answer.
#[derive(Debug, thiserror::Error)]
#[error("nothing is sent from here")]
struct NotSent;

/// A request that the crate makes and whose answer it reads.
pub(super) trait Asked {
    /// Runs the crate with this in the place of HTTP; `None` when it could not make the request or did not take the answer.
    fn run(&self, http: &dyn Fn(Request<Vec<u8>>) -> Option<Response<Vec<u8>>>) -> Option<()>;

    /// The request.
    fn request(&self) -> Option<Request<Vec<u8>>> {
        let made = Mutex::new(None);
        self.run(&|request| {
            *made.lock().unwrap_or_else(PoisonError::into_inner) = Some(request);
            None
        });
        made.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the crate takes the answer.
    fn takes(&self, answer: &Response<Vec<u8>>) -> bool {
        self.run(&|_| Some(answer.clone())).is_some()
    }
}

/// What the request for tokens is made of.
pub(super) struct CodeExchange<'a> {
    pub(super) endpoint: &'a EndpointAddress,
    pub(super) client_id: &'a str,
    /// The secret, and whether it goes into the header.
    pub(super) secret: Option<(&'a SecretString, bool)>,
    pub(super) redirect_uri: &'a str,
    pub(super) code: &'a SecretString,
    pub(super) verifier: Option<&'a SecretString>,
}

impl Asked for CodeExchange<'_> {
    fn run(&self, http: &dyn Fn(Request<Vec<u8>>) -> Option<Response<Vec<u8>>>) -> Option<()> {
        let address = TokenUrl::new(self.endpoint.as_str().to_owned()).ok()?;
        let client = client(self.client_id, self.endpoint)?.set_token_uri(address);
        let client = match self.secret {
            Some((secret, in_header)) => client
                .set_client_secret(ClientSecret::new(secret.expose().to_owned()))
                .set_auth_type(if in_header {
                    AuthType::BasicAuth
                } else {
                    AuthType::RequestBody
                }),
            None => client.set_auth_type(AuthType::RequestBody),
        };
        let redirect_uri = RedirectUrl::new(self.redirect_uri.to_owned()).ok()?;
        let mut request = client
            .exchange_code(AuthorizationCode::new(self.code.expose().to_owned()))
            .set_redirect_uri(Cow::Owned(redirect_uri));
        if let Some(verifier) = self.verifier {
            request = request.set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()));
        }
        request
            .request(&|request| http(request).ok_or(NotSent))
            .map(|_| ())
            .ok()
    }
}

/// What the request for the user's claims is made of. The access token is visible ASCII: the crate takes it for granted that it can
/// stand in a header.
pub(super) struct UserRequest<'a> {
    pub(super) endpoint: &'a EndpointAddress,
    pub(super) client_id: &'a str,
    pub(super) access_token: &'a SecretString,
    pub(super) subject: &'a str,
}

impl Asked for UserRequest<'_> {
    fn run(&self, http: &dyn Fn(Request<Vec<u8>>) -> Option<Response<Vec<u8>>>) -> Option<()> {
        let address = UserInfoUrl::new(self.endpoint.as_str().to_owned()).ok()?;
        let client = client(self.client_id, self.endpoint)?.set_user_info_url(address);
        let request = client.user_info(
            AccessToken::new(self.access_token.expose().to_owned()),
            Some(SubjectIdentifier::new(self.subject.to_owned())),
        );
        let answer: Result<CoreUserInfoClaims, _> = request.request(&|request| http(request).ok_or(NotSent));
        answer.map(|_| ()).ok()
    }
}
