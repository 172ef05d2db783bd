//! Microsoft Graph as far as it provisions FIDO2 methods for other users: the second relying party of the FIDO flow, on a listener of
//! its own (protocol notes: entra-fido; documented by Microsoft except where a switch says otherwise). Its users are those of the
//! simulator, with object id and UPN; what it stores is its own.

mod error;
mod handle;
mod methods;
mod odata;
mod options;
mod token;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use self::error::{GraphError, Ids};
use self::token::Given;
use crate::clock::SimClock;
use crate::config::{DaUser, GraphConfig, LiveConfig};
use crate::da::Da;
use crate::da::store::Challenges;
use crate::faults::Route;
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::random::Random;
use crate::record::Party;
use crate::sync::lock;

pub use handle::GraphUser;
pub use methods::GraphMethod;

pub(crate) struct Graph {
    config: Arc<LiveConfig>,
    clock: SimClock,
    random: Arc<Random>,
    /// Whose users these are.
    da: Arc<Da>,
    store: Mutex<Store>,
    tokens: Mutex<Vec<Given>>,
    /// When the current span of throttling began, and how many calls it has had.
    calls: Mutex<(Duration, u32)>,
    origin: OnceLock<String>,
}

/// The version in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    Beta,
}

/// What is stored for a user.
struct Account {
    /// As the simulator names the user.
    name: String,
    /// Object id.
    id: String,
    upn: String,
    display_name: String,
    handle: Vec<u8>,
    methods: Vec<GraphMethod>,
}

#[derive(Default)]
struct Store {
    accounts: Vec<Account>,
    challenges: Challenges,
}

impl Store {
    fn account(&mut self, name: &str) -> Result<&mut Account, GraphError> {
        self.accounts
            .iter_mut()
            .find(|account| account.name == name)
            .ok_or_else(|| GraphError::not_found("user_unknown", "The user was not found."))
    }
}

enum Endpoint<'a> {
    Token(&'a str),
    /// Below a user: who (`None` for `me`), and what.
    User(Version, Option<&'a str>, Action<'a>),
}

#[derive(Clone, Copy)]
enum Action<'a> {
    Options(Option<&'a str>),
    Create,
    List,
    Get(&'a str),
    Delete(&'a str),
}

/// Permissions that let a caller register and delete.
const WRITE: [&str; 2] = [
    "UserAuthMethod-Passkey.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
];
/// Permissions that let a caller read, beside those.
const READ: [&str; 2] = [
    "UserAuthMethod-Passkey.Read.All",
    "UserAuthenticationMethod.Read.All",
];

impl Graph {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        clock: SimClock,
        random: Arc<Random>,
        da: Arc<Da>,
    ) -> Arc<Self> {
        Arc::new(Self {
            config,
            clock,
            random,
            da,
            store: Mutex::new(Store::default()),
            tokens: Mutex::new(Vec::new()),
            calls: Mutex::new((Duration::ZERO, 0)),
            origin: OnceLock::new(),
        })
    }

    pub(crate) fn set_origin(&self, origin: String) {
        let _ = self.origin.set(origin);
    }

    pub(crate) fn origin(&self) -> &str {
        self.origin.get().map_or("https://localhost", String::as_str)
    }

    /// The scope that a token is asked for with.
    pub(crate) fn scope(&self, config: &GraphConfig) -> String {
        let resource = if config.resource.is_empty() {
            self.origin()
        } else {
            config.resource.trim_end_matches('/')
        };
        format!("{resource}/.default")
    }

    fn version_url(&self, version: Version) -> String {
        let version = match version {
            Version::V1 => "v1.0",
            Version::Beta => "beta",
        };
        format!("{}/{version}", self.origin())
    }

    /// The simulator's users as they are now; who is new gets an object id.
    fn accounts(&self, config: &GraphConfig) -> Vec<(String, String, String)> {
        let users: Vec<DaUser> = self.da.users();
        let mut store = lock(&self.store);
        for user in &users {
            let display_name = if user.display_name.is_empty() {
                user.name.clone()
            } else {
                user.display_name.clone()
            };
            if let Some(known) = store.accounts.iter_mut().find(|known| known.name == user.name) {
                known.display_name = display_name;
                continue;
            }
            let upn = if user.name.contains('@') {
                user.name.clone()
            } else {
                format!("{}@{}", user.name, config.domain)
            };
            store.accounts.push(Account {
                name: user.name.clone(),
                id: self.random.uuid("graph-user"),
                upn,
                display_name,
                handle: self.random.bytes32("graph-handle").to_vec(),
                methods: Vec::new(),
            });
        }
        store
            .accounts
            .iter()
            .map(|account| (account.name.clone(), account.id.clone(), account.upn.clone()))
            .collect()
    }

    /// The simulator's name of a user that is named by object id or UPN.
    fn named(&self, config: &GraphConfig, who: &str) -> Option<String> {
        self.accounts(config)
            .into_iter()
            .find(|(_, id, upn)| id.eq_ignore_ascii_case(who) || upn.eq_ignore_ascii_case(who))
            .map(|(name, _, _)| name)
    }

    /// The user as whom tokens act.
    fn signed_in(&self, config: &GraphConfig) -> Option<String> {
        let who = config.signed_in_user.as_str();
        if who.is_empty() {
            return None;
        }
        let known = self.accounts(config).into_iter().any(|(name, _, _)| name == who);
        if known {
            Some(who.to_owned())
        } else {
            self.named(config, who)
        }
    }

    fn count(&self, config: &GraphConfig) -> Result<(), GraphError> {
        let throttle = &config.throttle;
        if throttle.calls == 0 {
            return Ok(());
        }
        let now = self.clock.now();
        let mut calls = lock(&self.calls);
        let (begun, count) = &mut *calls;
        if now.saturating_sub(*begun) >= Duration::from_secs(throttle.seconds) {
            (*begun, *count) = (now, 0);
        }
        if *count >= throttle.calls {
            return Err(GraphError::throttled(throttle.retry_after_seconds));
        }
        *count += 1;
        Ok(())
    }

    fn below_user(
        &self,
        config: &GraphConfig,
        (version, who, action): (Version, Option<&str>, Action<'_>),
        request: &Request,
    ) -> Result<Reply, GraphError> {
        self.check_token(request)?;
        self.count(config)?;
        let writes = !matches!(action, Action::List | Action::Get(_));
        let has = |list: &[&str]| {
            let mut own = config.permissions.iter();
            own.any(|permission| list.contains(&permission.as_str()))
        };
        if !has(&WRITE) && (writes || !has(&READ)) {
            return Err(GraphError::new(
                403,
                "Authorization_RequestDenied",
                "permission",
                "Insufficient privileges to complete the operation.",
            ));
        }
        let own = self.signed_in(config);
        let name = match who {
            Some(who) => self
                .named(config, who)
                .ok_or_else(|| GraphError::not_found("user_unknown", "The user was not found."))?,
            None => own.clone().ok_or_else(|| {
                GraphError::bad_request(
                    "me",
                    "/me request is only valid with delegated authentication flow.",
                )
            })?,
        };
        if writes {
            if own.as_deref() == Some(name.as_str()) {
                return Err(GraphError::forbidden(
                    config,
                    "own_account",
                    "Self-service operations are not supported.",
                ));
            }
            let policy = &config.policy;
            let words = match action {
                Action::Delete(_) => None,
                _ if !policy.enabled || policy.excluded_users.contains(&name) => {
                    Some(("policy_off", "The method is not enabled for the user."))
                }
                _ if !policy.self_service => Some((
                    "policy_self_service",
                    "The policy does not allow self-service set up.",
                )),
                _ => None,
            };
            if let Some((word, message)) = words {
                return Err(GraphError::forbidden(config, word, message));
            }
        }
        match action {
            Action::Options(argument) => self.creation_options(config, version, &name, argument),
            Action::Create => self.create_method(config, version, &name, request),
            Action::List => self.list_methods(config, version, &name),
            Action::Get(id) => self.one_method(config, version, &name, id, false),
            Action::Delete(id) => self.one_method(config, version, &name, id, true),
        }
    }

    fn answer(&self, config: &GraphConfig, request: &Request) -> Reply {
        let request_id = self.random.uuid("graph-request");
        let ids = Ids {
            client: request
                .header("client-request-id")
                .filter(|id| id.len() <= 64)
                .map_or_else(|| request_id.clone(), str::to_owned),
            request: request_id,
        };
        let path = segments(request);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let reply = match endpoint(request.method.as_str(), &path) {
            Ok(Endpoint::Token(tenant)) => self.token_endpoint(config, tenant, request, &ids),
            Ok(Endpoint::User(version, who, action)) => self
                .below_user(config, (version, who, action), request)
                .unwrap_or_else(|error| error.reply(&self.clock, &ids)),
            Err(error) => error.reply(&self.clock, &ids),
        };
        ids.on(reply)
    }
}

fn segments(request: &Request) -> Vec<String> {
    request.below("").unwrap_or_default()
}

fn endpoint<'a>(method: &str, path: &[&'a str]) -> Result<Endpoint<'a>, GraphError> {
    let is = |own: &str, name: &str| own.eq_ignore_ascii_case(name);
    if let [tenant, oauth, version, token] = path
        && is(oauth, "oauth2")
        && is(version, "v2.0")
        && is(token, "token")
    {
        return Ok(Endpoint::Token(tenant));
    }
    let no_path = || GraphError::bad_request("path", "Resource not found for the segment.");
    let (version, rest) = match path.split_first() {
        Some((version, rest)) if is(version, "v1.0") => (Version::V1, rest),
        Some((version, rest)) if is(version, "beta") => (Version::Beta, rest),
        _ => return Err(GraphError::bad_request("version", "Invalid version.")),
    };
    let (who, rest) = match rest {
        [users, who, rest @ ..] if is(users, "users") && !who.is_empty() => (Some(*who), rest),
        [me, rest @ ..] if is(me, "me") => (None, rest),
        _ => return Err(no_path()),
    };
    let rest = match rest {
        [authentication, methods, rest @ ..]
            if is(authentication, "authentication") && is(methods, "fido2Methods") =>
        {
            rest
        }
        _ => return Err(no_path()),
    };
    let action = match (method, rest) {
        ("GET", []) => Action::List,
        ("POST", []) => Action::Create,
        (_, [segment]) if options::function(segment).is_some() => {
            if method != "GET" {
                return Err(wrong_method());
            }
            Action::Options(options::function(segment).flatten())
        }
        ("GET", [id]) => Action::Get(id),
        ("DELETE", [id]) => Action::Delete(id),
        (_, [] | [_]) => return Err(wrong_method()),
        _ => return Err(no_path()),
    };
    Ok(Endpoint::User(version, who, action))
}

fn wrong_method() -> GraphError {
    GraphError::new(405, "methodNotAllowed", "method", "The method is not allowed.")
}

impl Service for Graph {
    fn party(&self) -> Party {
        Party::Graph
    }

    fn route(&self, request: &Request) -> Route {
        let path = segments(request);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match endpoint(request.method.as_str(), &path) {
            Ok(Endpoint::Token(_)) => Route::GraphToken,
            Ok(Endpoint::User(_, _, Action::Options(_))) => Route::GraphOptions,
            Ok(Endpoint::User(_, _, Action::Create)) => Route::GraphCreate,
            Ok(Endpoint::User(..)) => Route::GraphMethods,
            Err(_) => Route::Other,
        }
    }

    fn max_body(&self) -> usize {
        self.config.get().graph.max_body_bytes
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move { self.answer(&self.config.get().graph, &request) })
    }
}
