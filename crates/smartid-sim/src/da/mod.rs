//! Digital Access as far as FIDO provisioning and the login that follows need it (protocol notes: digital-access 1 and 2).

mod auth;
mod credentials;
mod fido_page;
mod form;
mod front;
mod handle;
mod location;
mod login;
mod oauth;
mod oidc;
mod options;
mod page;
mod personal;
mod portal;
mod reply;
mod session;
pub(crate) mod store;
mod surface;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use self::store::{Life, Pending, Store, User};
use crate::clock::SimClock;
use crate::config::{DaAuth, DaConfig, DaUser, LiveConfig, UserPosition};
use crate::faults::Route;
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::net::tls::Authority;
use crate::random::Random;
use crate::record::Party;
use crate::sync::lock;
use crate::webauthn::Refused;

pub(crate) use self::front::Front;
pub(crate) use self::handle::server_config;
pub(crate) use self::oidc::alg as oidc_alg;
pub(crate) use self::personal::{Peers, messaging_user};
pub use self::store::StoredCredential;

pub(crate) struct Da {
    config: Arc<LiveConfig>,
    clock: SimClock,
    random: Arc<Random>,
    authority: Arc<Authority>,
    store: Mutex<Store>,
    tokens: Mutex<oauth::Tokens>,
    sessions: Mutex<session::Sessions>,
    logins: Mutex<Vec<personal::Login>>,
    peers: OnceLock<Peers>,
    codes: Mutex<Vec<oidc::Code>>,
    provider_keys: Mutex<oidc::ProviderKeys>,
    origin: OnceLock<String>,
    front: OnceLock<Front>,
}

enum Endpoint {
    Options(Option<String>),
    Credentials(Option<String>),
    Login,
}

impl Da {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        clock: SimClock,
        random: Arc<Random>,
        authority: Arc<Authority>,
    ) -> Arc<Self> {
        let users = config.get().da.users.clone();
        let da = Self {
            config,
            clock,
            random,
            authority,
            store: Mutex::new(Store::default()),
            tokens: Mutex::default(),
            sessions: Mutex::default(),
            logins: Mutex::default(),
            peers: OnceLock::new(),
            codes: Mutex::default(),
            provider_keys: Mutex::default(),
            origin: OnceLock::new(),
            front: OnceLock::new(),
        };
        for user in users {
            da.add_user(user);
        }
        Arc::new(da)
    }

    /// Adds a user, or changes one that is there without touching its credentials.
    pub(crate) fn add_user(&self, user: DaUser) {
        let handle = self.random.bytes32("user").to_vec();
        let mut store = lock(&self.store);
        match store.user_mut(&user.name) {
            Some(known) => known.config = user,
            None => store.users.push(User {
                config: user,
                handle,
                credentials: Vec::new(),
                free: BTreeMap::new(),
            }),
        }
    }

    /// The users as they are now.
    pub(crate) fn users(&self) -> Vec<DaUser> {
        let store = lock(&self.store);
        store.users.iter().map(|user| user.config.clone()).collect()
    }

    pub(crate) fn credentials_of(&self, name: &str) -> Vec<StoredCredential> {
        lock(&self.store)
            .user(name)
            .map(|user| user.credentials.clone())
            .unwrap_or_default()
    }

    pub(crate) fn forget_credentials_of(&self, name: &str) {
        if let Some(user) = lock(&self.store).user_mut(name) {
            user.credentials.clear();
        }
    }

    pub(crate) fn set_origin(&self, origin: String) {
        let _ = self.origin.set(origin);
    }

    pub(crate) fn base_url(&self) -> String {
        let origin = self.origin.get().map_or("https://localhost", String::as_str);
        format!("{origin}{}", base(&self.config.get().da))
    }

    pub(crate) fn login_url(&self) -> String {
        format!(
            "{}/{}",
            self.base_url(),
            self.config.get().da.login_path.trim_matches('/')
        )
    }

    /// The answer to a caller who may not, if so.
    fn not_authenticated(&self, config: &DaConfig, request: &Request) -> Option<Reply> {
        if config.auth != DaAuth::Oauth {
            return (!Self::authenticated(config, request)).then(|| reply::unauthenticated(config));
        }
        match self.active_token(request) {
            None => Some(reply::unauthenticated(config)),
            Some(token) if token.has(&config.oauth.fido_scope) => None,
            // RFC 6750 3.1
            Some(_) => {
                let refused = Refused::new("insufficient_scope", "the token has not the scope");
                let reply = reply::refused_with(config, 403, &refused);
                Some(reply.with_header("www-authenticate", "Bearer error=\"insufficient_scope\""))
            }
        }
    }

    fn authenticated(config: &DaConfig, request: &Request) -> bool {
        let authorization = request.header("authorization");
        match config.auth {
            DaAuth::Bearer => authorization == Some(&format!("Bearer {}", config.token)),
            DaAuth::Basic => {
                let pair = format!("{}:{}", config.basic_user, config.basic_password);
                authorization == Some(&format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            DaAuth::Header => request.header(&config.header_name) == Some(config.header_value.as_str()),
            DaAuth::None => true,
            DaAuth::Oauth => false,
        }
    }

    fn dispatch(config: &DaConfig, request: &Request) -> Result<Endpoint, Refused> {
        let no_path = || Refused::new("path", "not found");
        let path = request.below(&base(config)).ok_or_else(no_path)?;
        let login: Vec<&str> = config.login_path.trim_matches('/').split('/').collect();
        let segments: Vec<&str> = path.iter().map(String::as_str).collect();
        let (endpoint, method) = match segments.as_slice() {
            ["fido", "options"] => (Endpoint::Options(None), "GET"),
            ["fido", "options", user] if config.options_user == UserPosition::Path => {
                (Endpoint::Options(Some((*user).to_owned())), "GET")
            }
            ["fido", "credentials"] => (Endpoint::Credentials(None), "POST"),
            ["fido", "credentials", user] if config.credentials_user == UserPosition::Path => {
                (Endpoint::Credentials(Some((*user).to_owned())), "POST")
            }
            other if other == login => {
                return match request.method.as_str() {
                    "GET" | "POST" => Ok(Endpoint::Login),
                    _ => Err(Refused::new("method", "method not allowed")),
                };
            }
            _ => return Err(no_path()),
        };
        if request.method == method {
            Ok(endpoint)
        } else {
            Err(Refused::new("method", "method not allowed"))
        }
    }

    fn get_options(
        &self,
        config: &DaConfig,
        path_user: Option<&str>,
        request: &Request,
    ) -> Result<Reply, Refused> {
        let name = self
            .selected_user(config, config.options_user, path_user, request, None)
            .ok_or_else(|| Refused::new("user_missing", "no user is named"))?;
        self.check_user(&name)?;
        self.issue_options(config, name)
    }

    /// Options with a new challenge, for a user who may register.
    fn issue_options(&self, config: &DaConfig, name: String) -> Result<Reply, Refused> {
        let challenge = self.random.bytes32("challenge").to_vec();
        let mut store = lock(&self.store);
        let user = store
            .user(&name)
            .ok_or_else(|| Refused::new("user_unknown", "no such user"))?;
        let text = options::text(config, user, &challenge);
        let (expected, life) = options::promised(config, &text);
        let expires_at = self.clock.now().saturating_add(life);
        let pending = Pending {
            challenge,
            user: Some(name),
            expected,
            expires_at,
            life: Life::Open,
        };
        store.registrations.issue(pending, config.pending_per_user);
        Ok(Reply::text(200, "application/json", text).with_code("options"))
    }

    fn answer(&self, config: &DaConfig, request: &Request) -> Result<Reply, Refused> {
        let endpoint = Self::dispatch(config, request)?;
        if !matches!(endpoint, Endpoint::Login)
            && let Some(reply) = self.not_authenticated(config, request)
        {
            return Ok(reply);
        }
        let name = config.user_parameter.as_str();
        // Two readers of such a request may see two different users.
        if request.parameter_twice(name) || request.headers.get_all(name).iter().count() > 1 {
            return Err(Refused::new("user_twice", "the user is named twice"));
        }
        match endpoint {
            Endpoint::Options(user) => self.get_options(config, user.as_deref(), request),
            Endpoint::Credentials(user) => self.post_credentials(config, user.as_deref(), request),
            Endpoint::Login if request.method == "GET" => self.get_login(config, request),
            Endpoint::Login => self.post_login(request),
        }
    }
}

fn base(config: &DaConfig) -> String {
    let trimmed = config.base_path.trim_matches('/');
    if trimmed.is_empty() {
        String::new()
    } else {
        format!("/{trimmed}")
    }
}

impl Service for Da {
    fn party(&self) -> Party {
        Party::DigitalAccess
    }

    fn route(&self, request: &Request) -> Route {
        let config = &self.config.get().da;
        if let Some(surface) = surface::Surface::of(config, request) {
            return surface.route();
        }
        if front::Hit::of(config, request).is_some() {
            return Route::DaFront;
        }
        match Self::dispatch(config, request) {
            Ok(Endpoint::Options(_)) => Route::DaOptions,
            Ok(Endpoint::Credentials(_)) => Route::DaCredentials,
            Ok(Endpoint::Login) => Route::DaLogin,
            Err(_) => Route::Other,
        }
    }

    fn max_body(&self) -> usize {
        self.config.get().da.max_body_bytes
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            let config = &self.config.get().da;
            if let Some(surface) = surface::Surface::of(config, &request) {
                return self.serve_surface(config, &surface, &request).await;
            }
            if let Some(hit) = front::Hit::of(config, &request) {
                return self.serve_resource(config, &hit, &request).await;
            }
            self.answer(config, &request)
                .unwrap_or_else(|refused| reply::refused(config, &refused))
        })
    }
}
