//! The client: a login from its beginning to the user's claims.

use std::sync::Arc;
use std::time::Duration;

use smartid_core::base64::{self, Flavour};
use smartid_core::{BuildError, Caller, Credential, Error, Incoming, SecretString, Transport};
use smartid_trust::jws::JwsAlgorithm;

use super::address::EndpointAddress;
use super::builder::{OidcBuilder, PkceUse};
use super::callback::CallbackCheck;
use super::exchange::{Document, Exchange, Keys, Step, Token, TokenAnswer, User, shown_user, user_claims};
use super::id_token::IdTokenCheck;
use super::inner::{BETWEEN_KEYS, Fetched, Inner, KEPT};
use super::issuer::Issuer;
use super::keys::KeySet;
use super::login::{Begun, Login};
use super::options::LoginOptions;
use super::outcome::{LoggedIn, UserInfo};
use super::protocol::{Asked as _, CodeExchange, UserRequest};
use super::provider::{PkceSupport, Provider};
use super::reason::{OidcPlace, OidcReason};
use super::refusal::OidcRefusal;
use super::request::AuthorizationRequest;
use crate::oauth::ClientAuthentication;

const CALLBACK: &str = "da.oidc-callback";
const ID_TOKEN: &str = "da.oidc-id-token";

/// A client of one OpenID provider. Cloning it is cheap; clones share everything.
///
/// ```
/// use std::sync::Arc;
/// use smartid_core::{Error, Runtime, SecretString, Transport};
/// use smartid_da::oauth::ClientAuthentication;
/// use smartid_da::oidc::{Issuer, Login, LoginOptions, OidcClient};
///
/// fn connect(
///     transport: Arc<dyn Transport>,
///     runtime: Arc<dyn Runtime>,
///     secret: SecretString,
/// ) -> Result<OidcClient, Box<dyn std::error::Error>> {
///     let issuer = Issuer::parse("https://login.example.test")?;
///     let secret = ClientAuthentication::basic(secret);
///     let client = OidcClient::builder(issuer, "portal", secret, "https://app.example.test/callback");
///     Ok(client.build(transport, runtime)?)
/// }
///
/// /// The user wants to log in: what is kept in the session, and where the browser goes.
/// async fn log_in(client: &OidcClient) -> Result<(Login, String), Error> {
///     let begun = client.begin(&LoginOptions::new()).await?;
///     Ok((begun.login, begun.address))
/// }
///
/// /// The browser is back: `login` was taken out of its session.
/// async fn callback(client: &OidcClient, login: Login, query: &str) -> Result<String, Error> {
///     let logged_in = client.complete(login, query).await?;
///     Ok(logged_in.user().subject().to_owned())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct OidcClient(Arc<Inner>);

impl OidcClient {
    /// Begins a client of the provider with this issuer. `redirect_uri` is where the provider sends the browser back to: `https`, or
    /// `http` to this machine itself for a native application; it must be registered at the provider letter by letter.
    pub fn builder(
        issuer: Issuer,
        client_id: impl Into<String>,
        authentication: ClientAuthentication,
        redirect_uri: impl Into<String>,
    ) -> OidcBuilder {
        OidcBuilder::new(issuer, client_id.into(), authentication, redirect_uri.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The provider's discovery document, fetched when it is first asked for and once an hour after.
    ///
    /// # Errors
    /// [`Error`]; a refusal is an [`OidcRefusal`] of [`OidcPlace::Document`].
    pub async fn provider(&self) -> Result<Arc<Provider>, Error> {
        let inner = &*self.0;
        if let Some((provider, at)) = &inner.known().provider
            && !inner.has_passed(*at, KEPT)
        {
            return Ok(Arc::clone(provider));
        }
        let issuer = &inner.settings.issuer;
        let refuse = |refusal| Error::refused(Document::NAME, refusal);
        let address = EndpointAddress::read(&issuer.discovery_url(), issuer.is_plain_http())
            .ok_or_else(|| refuse(OidcRefusal::new(OidcPlace::Document, OidcReason::Endpoint)))?;
        let incoming = self
            .send(
                &inner.transport,
                &address,
                Exchange::<Document>::get(&address),
                &Credential::none(),
            )
            .await?;
        let provider = Provider::parse(issuer, incoming.body()).map_err(refuse)?;
        let elsewhere = provider.lints().iter().find(|lint| lint.what == "other-host");
        if let Some(lint) = elsewhere.filter(|_| inner.settings.own_host_only) {
            let detail = format!("{} is on another host", lint.at);
            let refusal = OidcRefusal::because(OidcPlace::Document, OidcReason::Endpoint, detail);
            return Err(refuse(refusal));
        }
        // Said before anybody has logged in for nothing.
        let taken =
            |offered: &[JwsAlgorithm]| offered.iter().any(|one| inner.settings.algorithms.contains(one));
        if !provider.algorithms().is_none_or(taken) {
            let detail = "no algorithm for ID tokens is among those that are taken".to_owned();
            let refusal = OidcRefusal::because(OidcPlace::Document, OidcReason::Algorithm, detail);
            return Err(refuse(refusal));
        }
        let provider = Arc::new(provider);
        inner.known().provider = Some((Arc::clone(&provider), inner.runtime.now()));
        Ok(provider)
    }

    /// Begins a login. State, nonce and code verifier are new and random.
    ///
    /// # Errors
    /// As [`provider`](Self::provider); a value of `options` that cannot be sent.
    pub async fn begin(&self, options: &LoginOptions) -> Result<Begun, Error> {
        let inner = &*self.0;
        let settings = &inner.settings;
        let provider = self.provider().await?;
        let pkce = match settings.pkce {
            PkceUse::Always => true,
            PkceUse::WhenOffered => provider.pkce() == PkceSupport::S256,
            PkceUse::Never => false,
        };
        let endpoint = provider.authorization_endpoint().clone();
        let mut request = AuthorizationRequest::new(
            endpoint,
            settings.client_id.as_str(),
            settings.redirect_uri.as_str(),
        )
        .with_state(self.random())
        .with_nonce(self.random())
        .with_options(options.clone());
        if pkce {
            request = request.with_verifier(self.random());
        }
        let address = request
            .address()
            .map_err(|error| Error::build("da.oidc-begin", BuildError::Invalid(error.to_string())))?;
        let acr_required = if options.acr_required {
            options.acr_values.clone()
        } else {
            Vec::new()
        };
        let login = Login {
            issuer: settings.issuer.as_str().to_owned(),
            client_id: request.client_id,
            redirect_uri: request.redirect_uri,
            state: request.state,
            nonce: request.nonce,
            verifier: request.verifier,
            max_age: options.max_age,
            acr_required,
            begun: inner.runtime.now(),
        };
        Ok(Begun { login, address })
    }

    /// Completes a login with the query that the browser came back with: checks it, exchanges the code, verifies the ID token.
    ///
    /// # Errors
    /// [`Error`]; a refusal is an [`OidcRefusal`]. A login is used up whatever comes of it: begin another.
    pub async fn complete(&self, login: Login, query: &str) -> Result<LoggedIn, Error> {
        let settings = &self.0.settings;
        let refuse = |reason| Error::refused(CALLBACK, OidcRefusal::new(OidcPlace::Callback, reason));
        if login.issuer != settings.issuer.as_str()
            || login.client_id != settings.client_id
            || login.redirect_uri != settings.redirect_uri
        {
            return Err(refuse(OidcReason::OtherLogin));
        }
        // A login of the future is one of a clock that was set back: nobody knows how old it is.
        let now = self.0.runtime.now();
        if now.since(login.begun) > settings.login_lifetime || login.begun > now + settings.leeway {
            return Err(refuse(OidcReason::LoginExpired));
        }
        let provider = self.provider().await?;
        let mut check = CallbackCheck::new(settings.issuer.clone(), login.state.clone());
        if provider.callback_carries_iss() {
            check = check.requiring_iss();
        }
        let code = check
            .code(query)
            .map_err(|refusal| Error::refused(CALLBACK, refusal))?;
        // Before the code is used up.
        let keys = self.keys(&provider, None).await?;
        let answer = self.exchange(&provider, &login, &code).await?;
        let check = self.id_token_check(&provider, &login, &answer, code);
        let user = self.verify(&provider, &check, &answer.id_token, keys).await?;
        let expires =
            |seconds: u64| self.0.runtime.now() + Duration::from_secs(seconds.min(u64::from(u32::MAX)));
        Ok(LoggedIn {
            user,
            id_token: answer.id_token,
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            access_expires: answer.expires_in.map(expires),
            scope: answer.scope,
        })
    }

    /// The user's claims from the user info endpoint; `None` when the provider has none.
    ///
    /// # Errors
    /// [`Error`]; a refusal is an [`OidcRefusal`] of [`OidcPlace::UserInfo`].
    pub async fn user_info(&self, logged_in: &LoggedIn) -> Result<Option<UserInfo>, Error> {
        let provider = self.provider().await?;
        let Some(endpoint) = provider.user_info_endpoint() else {
            return Ok(None);
        };
        let subject = logged_in.user.subject();
        let token = &logged_in.access_token;
        let asked = UserRequest {
            endpoint,
            client_id: &self.0.settings.client_id,
            access_token: token,
            subject,
        };
        let request = asked.request().ok_or_else(not_taken::<User>)?;
        let exchange = Exchange::<User>::of(endpoint, request, vec![token.clone()]);
        let incoming = self
            .send(&self.0.transport, endpoint, exchange, &Credential::none())
            .await?;
        let claims = user_claims(&incoming, subject)
            .map_err(|refusal| Error::refused(User::NAME, refusal).with_request_id(incoming.request_id()))?;
        if !asked.takes(&shown_user(&claims)) {
            return Err(not_taken::<User>());
        }
        Ok(Some(UserInfo {
            subject: subject.to_owned(),
            claims,
        }))
    }

    /// The key set: the one that is kept, or a new one when it is old or is the one with this count.
    async fn keys(&self, provider: &Provider, seen: Option<u64>) -> Result<Fetched, Error> {
        let inner = &*self.0;
        let kept = inner.known().keys.clone();
        let count = kept.as_ref().map_or(0, |kept| kept.count);
        if let Some(kept) = kept {
            let again = if seen == Some(kept.count) {
                BETWEEN_KEYS
            } else {
                KEPT
            };
            if !inner.has_passed(kept.at, again) {
                return Ok(kept);
            }
        }
        let address = provider.key_set_address();
        let incoming = self
            .send(
                &inner.transport,
                address,
                Exchange::<Keys>::get(address),
                &Credential::none(),
            )
            .await?;
        let keys = KeySet::parse(incoming.body()).map_err(|refusal| Error::refused(Keys::NAME, refusal))?;
        let fetched = Fetched {
            keys: Arc::new(keys),
            at: inner.runtime.now(),
            count: count + 1,
        };
        inner.known().keys = Some(fetched.clone());
        Ok(fetched)
    }

    async fn exchange(
        &self,
        provider: &Provider,
        login: &Login,
        code: &SecretString,
    ) -> Result<TokenAnswer, Error> {
        let settings = &self.0.settings;
        let (secret, endpoint) = match &settings.authentication {
            ClientAuthentication::Basic { secret, .. } => (Some((secret, true)), None),
            ClientAuthentication::Body { secret, .. } => (Some((secret, false)), None),
            ClientAuthentication::Certificate => (None, provider.token_endpoint_for_certificates()),
        };
        let endpoint = endpoint.unwrap_or(provider.token_endpoint());
        let mut secrets = vec![code.clone()];
        secrets.extend(login.verifier.clone());
        secrets.extend(secret.map(|(secret, _)| secret.clone()));
        let asked = CodeExchange {
            endpoint,
            client_id: &settings.client_id,
            secret,
            redirect_uri: &login.redirect_uri,
            code,
            verifier: login.verifier.as_ref(),
        };
        let request = asked.request().ok_or_else(not_taken::<Token>)?;
        let exchange = Exchange::<Token>::of(endpoint, request, secrets);
        let incoming = self
            .send(&self.0.token_transport, endpoint, exchange, &self.0.raw_basic)
            .await?;
        let answer = TokenAnswer::read(&incoming)
            .map_err(|refusal| Error::refused(Token::NAME, refusal).with_request_id(incoming.request_id()))?;
        if !asked.takes(&answer.shown()) {
            return Err(not_taken::<Token>());
        }
        Ok(answer)
    }

    fn id_token_check(
        &self,
        provider: &Provider,
        login: &Login,
        answer: &TokenAnswer,
        code: SecretString,
    ) -> IdTokenCheck {
        let settings = &self.0.settings;
        let promised =
            |algorithm: &JwsAlgorithm| provider.algorithms().is_none_or(|list| list.contains(algorithm));
        let algorithms = settings.algorithms.iter().copied().filter(promised);
        let check = IdTokenCheck::new(
            settings.issuer.clone(),
            settings.client_id.as_str(),
            login.nonce.clone(),
        )
        .with_leeway(settings.leeway)
        .allowing(algorithms)
        .requiring_acr(login.acr_required.iter().cloned())
        .with_access_token(answer.access_token.clone())
        .with_code(code);
        match login.max_age {
            Some(max_age) => check.with_max_age(max_age),
            None => check,
        }
    }

    /// Verifies with the keys at hand, and with newer ones when no key fits.
    async fn verify(
        &self,
        provider: &Provider,
        check: &IdTokenCheck,
        token: &SecretString,
        fetched: Fetched,
    ) -> Result<super::IdToken, Error> {
        let with = |keys: &KeySet| check.verify(token.expose(), keys, self.0.runtime.now());
        let mut verdict = with(&fetched.keys);
        if verdict.as_ref().is_err_and(OidcRefusal::wants_other_keys) {
            let newer = self.keys(provider, Some(fetched.count)).await?;
            if newer.count != fetched.count {
                tracing::debug!("verifying with a newer key set");
                verdict = with(&newer.keys);
            }
        }
        verdict.map_err(|refusal| Error::refused(ID_TOKEN, refusal))
    }

    async fn send<S: Step>(
        &self,
        transport: &Arc<dyn Transport>,
        endpoint: &EndpointAddress,
        exchange: Exchange<S>,
        credential: &Credential,
    ) -> Result<Incoming, Error> {
        let caller = Caller::new(
            endpoint.origin().clone(),
            Arc::clone(transport),
            Arc::clone(&self.0.runtime),
        );
        let caller = caller.with_policy(self.0.settings.policy);
        caller.call(&exchange, &(), credential).await
    }

    /// 256 random bits in 43 characters: a state, a nonce, a code verifier.
    fn random(&self) -> SecretString {
        let mut bytes = [0_u8; 32];
        self.0.runtime.fill_random(&mut bytes);
        SecretString::new(base64::encode(Flavour::Url, &bytes))
    }
}

/// The OpenID Connect crate does not make the request, or does not take the answer.
fn not_taken<S: Step>() -> Error {
    Error::refused(S::NAME, OidcRefusal::new(S::PLACE, OidcReason::Body))
}
