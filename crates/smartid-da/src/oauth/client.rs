//! Keeps a token, renews it before it runs out, and asks for one at a time.
//!
//! The clock may jump. A token counts from the earlier of the times before and after its request; when the clock has gone back behind a
//! time at which the token was used already, nobody knows how old it is, and it is renewed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use smartid_core::{
    BoxFuture, CallPolicy, Caller, CredentialError, Error, Runtime, SecretString, Timestamp, Transport,
};

use super::address::Address;
use super::answer::AccessToken;
use super::authentication::ClientAuthentication;
use super::builder::{Checked, OAuthBuilder};
use super::revocation::{Revocation, RevocationRequest};
use super::round::Round;
use super::token::TokenRequest;
use crate::auth::TokenProvider;

/// How far a clock may go back without that a token is renewed: corrections of a second are usual.
const SET_BACK: Duration = Duration::from_secs(5);

type Outcome = Result<Arc<AccessToken>, CredentialError>;

/// A client of an OAuth 2.0 token endpoint; see the [module's text](super). Cloning it is cheap; clones share the token.
///
/// A request for a token is shared by all who wait for it, and so is its failure; nobody who comes later is given that failure. It goes
/// on as long as one of them waits, whoever began it.
#[derive(Clone)]
pub struct OAuthClient(Arc<Inner>);

struct Inner {
    settings: Arc<Checked>,
    token: Caller,
    revoke: Option<Caller>,
    keeping: Keeping,
    state: Mutex<State>,
}

/// How long tokens are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeping {
    pub(super) margin: Duration,
    pub(super) longest: Duration,
    pub(super) unknown: Duration,
}

impl Default for Keeping {
    fn default() -> Self {
        Self {
            margin: Duration::from_secs(60),
            longest: Duration::from_secs(24 * 60 * 60),
            unknown: Duration::from_secs(60),
        }
    }
}

impl Keeping {
    fn of(&self, lifetime: Option<Duration>) -> Duration {
        let life = lifetime.map_or(self.unknown, |lifetime| lifetime - self.margin.min(lifetime / 2));
        life.min(self.longest)
    }
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The request on its way. Those who wait for it keep it alive.
    round: Weak<Round<Outcome>>,
}

struct Held {
    answer: Arc<AccessToken>,
    until: Timestamp,
    /// The latest time at which it was looked at.
    seen: Timestamp,
}

impl Held {
    fn is_fresh(&mut self, now: Timestamp) -> bool {
        let set_back = now + SET_BACK < self.seen;
        self.seen = self.seen.max(now);
        !set_back && now < self.until
    }
}

impl OAuthClient {
    /// Begins a client. `endpoint` is the complete address of the token endpoint; nothing is appended to it.
    pub fn builder(
        endpoint: impl Into<String>,
        client_id: impl Into<String>,
        authentication: ClientAuthentication,
    ) -> OAuthBuilder {
        OAuthBuilder::new(endpoint.into(), client_id.into(), authentication)
    }

    pub(super) fn new(
        settings: Arc<Checked>,
        keeping: Keeping,
        policy: CallPolicy,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Self {
        let caller = |address: &Address| {
            let base = address.base().clone();
            Caller::new(base, Arc::clone(&transport), Arc::clone(&runtime)).with_policy(policy)
        };
        Self(Arc::new(Inner {
            token: caller(settings.token_address()),
            revoke: settings.revoke_address().map(caller),
            settings,
            keeping,
            state: Mutex::default(),
        }))
    }

    /// The token that is kept, or a new one, with what the server says of it.
    ///
    /// # Errors
    /// [`CredentialError`]; its [`call`](CredentialError::call) is the failed call, whose refusal is an
    /// [`OAuthError`](super::OAuthError).
    pub async fn access_token(&self) -> Result<AccessToken, CredentialError> {
        self.current().await.map(|answer| AccessToken::clone(&answer))
    }

    /// Gives a token back. One that is kept here is forgotten first, so that nobody is given it meanwhile.
    ///
    /// # Errors
    /// [`Error`]; a refusal is an [`OAuthError`](super::OAuthError). The token must be taken to be alive then.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), Error> {
        let Some(caller) = &self.0.revoke else {
            return Err(Error::config("oauth.revoke", RevocationRequest::not_configured()));
        };
        self.0.forget(revocation.token());
        let settings = &self.0.settings;
        let request = RevocationRequest {
            client: Arc::clone(settings),
            revocation,
        };
        caller.call(&request, &(), settings.credential()).await
    }

    async fn current(&self) -> Outcome {
        let wait = {
            let mut state = self.0.state();
            // Read while nobody else can look: otherwise two tasks would see each other's clock go back.
            let now = self.0.token.runtime().now();
            if let Some(held) = &mut state.held
                && held.is_fresh(now)
            {
                return Ok(Arc::clone(&held.answer));
            }
            match state.round.upgrade() {
                Some(round) => round.join(),
                None => {
                    let round = Round::new(Box::pin(Arc::clone(&self.0).fetch(now)));
                    state.round = Arc::downgrade(&round);
                    round.join()
                }
            }
        };
        let lost = || Err(CredentialError::new("the request for a token ended abnormally"));
        wait.await.unwrap_or_else(lost)
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn fetch(self: Arc<Self>, asked: Timestamp) -> Outcome {
        let request = TokenRequest(Arc::clone(&self.settings));
        let called = self.token.call(&request, &(), self.settings.credential()).await;
        let outcome = called.map(Arc::new).map_err(|error| {
            let source = format!("the token endpoint {}", self.settings.token_address().shown());
            CredentialError::of_call(&source, error)
        });
        let mut state = self.state();
        state.round = Weak::new();
        if let Ok(answer) = &outcome {
            let lints = answer.lints();
            tracing::debug!(lifetime = ?answer.lifetime(), ?lints, "new token");
            let now = self.token.runtime().now();
            let from = asked.earlier(now);
            state.held = Some(Held {
                answer: Arc::clone(answer),
                until: from + self.keeping.of(answer.lifetime()),
                seen: now,
            });
        }
        outcome
    }

    /// Drops the token if it is the one that is kept.
    fn forget(&self, token: &SecretString) {
        let mut state = self.state();
        let kept = state.held.as_ref().map(|held| held.answer.token());
        if kept.is_some_and(|kept| kept.constant_time_eq(token.expose().as_bytes())) {
            state.held = None;
        }
    }
}

impl TokenProvider for OAuthClient {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, CredentialError>> {
        Box::pin(async { self.current().await.map(|answer| answer.token().clone()) })
    }

    /// Drops the token that is kept. A request that is on its way brings another one and goes on.
    fn invalidate(&self) -> BoxFuture<'_, ()> {
        self.0.state().held = None;
        Box::pin(std::future::ready(()))
    }

    /// Drops the token that is kept if it is this one: another task may have had it renewed already.
    fn refused<'a>(&'a self, token: &'a SecretString) -> BoxFuture<'a, ()> {
        self.0.forget(token);
        Box::pin(std::future::ready(()))
    }
}

impl fmt::Debug for OAuthClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.settings.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_kept_for_less_than_its_life() {
        let seconds = Duration::from_secs;
        let keeping = Keeping::default();
        for (lifetime, kept) in [
            (None, seconds(60)),
            (Some(seconds(3600)), seconds(3540)),
            (Some(seconds(100)), seconds(50)),
            (Some(seconds(1)), Duration::from_millis(500)),
            (Some(Duration::ZERO), Duration::ZERO),
            (Some(Duration::MAX), seconds(86_400)),
        ] {
            assert_eq!(keeping.of(lifetime), kept, "{lifetime:?}");
        }
    }
}
