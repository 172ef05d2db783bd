//! The client: one tenant, reached through Microsoft Graph, as a relying party.

use std::fmt;
use std::sync::Arc;

use smartid_core::base64::{Flavour, encode};
use smartid_core::{
    BoxFuture, BuildError, CallPolicy, Caller, ConfigError, Endpoint, Error, Runtime, ServiceUrl, Transport,
};

use super::create_method::{CreateFido2Method, FORMATS};
use super::creation_options::GetCreationOptions;
use super::refusal::{EntraRefusal, EntraRefusalKind};
use super::{GraphToken, GraphVersion, minutes_in_range};
use crate::auth::{Prepared, TokenProvider};
use crate::authorised::{self, Verdict};
use crate::fido::ExcludedIds;
use crate::fido::preflight::Preflight;
use crate::relying_party::{
    DisplayName, NewCredential, Offer, Provider, Refusal, RelyingParty, StoredMethod,
};
use crate::user::UserId;

/// A client for the users of one tenant of Microsoft Entra. Cloning it is cheap; clones share everything.
///
/// ```
/// # use std::sync::Arc;
/// # use smartid_core::{Runtime, Transport};
/// use smartid_da::relying_party::{NewCredential, RelyingParty};
/// use smartid_da::{EntraFido, TokenProvider, UserId, fido::Registration};
///
/// # async fn ask_the_app(options: &str) -> Result<String, Box<dyn std::error::Error>> { Ok(options.to_owned()) }
/// async fn enrol(
///     transport: Arc<dyn Transport>,
///     runtime: Arc<dyn Runtime>,
///     tokens: Arc<dyn TokenProvider>,
/// ) -> Result<(), Box<dyn std::error::Error>> {
///     let entra = EntraFido::builder(tokens).build(transport, runtime)?;
///     let user = UserId::new("alice@example.test")?;
///     let offer = entra.creation_options(&user).await?;
///     let answer = Registration::parse(&ask_the_app(offer.options.raw()).await?)?;
///     smartid_da::fido::preflight::check(&offer.options, &answer, &entra.preflight())?;
///     let stored = entra.store(&NewCredential::new(user, answer)).await?;
///     println!("{:?}", stored.model);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct EntraFido(Arc<Inner>);

struct Inner {
    caller: Caller,
    auth: Prepared,
    version: GraphVersion,
    challenge_minutes: Option<u32>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            caller,
            auth,
            version,
            challenge_minutes,
        } = self;
        f.debug_struct("EntraFido")
            .field("url", caller.base())
            .field("auth", auth)
            .field("version", version)
            .field("challenge_minutes", challenge_minutes)
            .finish()
    }
}

/// Where Graph is for most tenants.
const GRAPH: &str = "https://graph.microsoft.com";

impl EntraFido {
    /// Begins a client. The tokens are those of an OAuth 2.0 client with an application permission of Microsoft Graph, by client
    /// credentials at the tenant's token endpoint with the scope `https://graph.microsoft.com/.default`.
    pub fn builder(tokens: Arc<dyn TokenProvider>) -> Builder {
        Builder {
            url: GRAPH.to_owned(),
            tokens,
            version: GraphVersion::V1,
            challenge_minutes: None,
            policy: CallPolicy::default(),
            plain_http: false,
        }
    }

    /// The address of Graph.
    #[must_use]
    pub fn url(&self) -> &ServiceUrl {
        self.0.caller.base()
    }

    /// Calls one of the operations of [`entra`](super), as it is.
    ///
    /// # Errors
    /// [`Error`]; a refusal is an [`EntraRefusal`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = GraphToken, Dialect = (), Error = EntraRefusal>,
    {
        let inner = &*self.0;
        let outcome = authorised::call(
            &inner.caller,
            &inner.auth,
            "entra.tokens",
            endpoint,
            &(),
            not_authenticated,
        )
        .await;
        outcome.map_err(|error| {
            let id = error
                .refusal::<EntraRefusal>()
                .and_then(EntraRefusal::request_id)
                .map(str::to_owned);
            match id {
                Some(id) => error.with_request_id(Some(&id)),
                None => error,
            }
        })
    }
}

/// Graph redirects nobody to a login page: a redirect or a page is something else's answer.
fn not_authenticated(error: &Error) -> Verdict {
    let refused = error
        .refusal::<EntraRefusal>()
        .is_some_and(EntraRefusal::is_not_authenticated);
    if refused {
        Verdict::of_not_authenticated(error, None)
    } else {
        Verdict::Accepted
    }
}

impl RelyingParty for EntraFido {
    fn provider(&self) -> Provider {
        Provider::ENTRA
    }

    fn creation_options<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<Offer, Error>> {
        Box::pin(async move {
            let call = GetCreationOptions::new(user.clone())
                .version(self.0.version)
                .challenge_minutes(self.0.challenge_minutes)
                .asked(self.0.caller.runtime().now());
            self.call(&call).await
        })
    }

    /// Without a display name the credential is called `Security key` and the first letters of its id.
    fn store<'a>(&'a self, credential: &'a NewCredential) -> BoxFuture<'a, Result<StoredMethod, Error>> {
        Box::pin(async move {
            let NewCredential {
                user,
                registration,
                display_name,
            } = credential;
            let name = match display_name {
                Some(name) => name.clone(),
                None => name_of(registration.id())
                    .map_err(|error| Error::build(CreateFido2Method::NAME, error))?,
            };
            let call = CreateFido2Method::new(user.clone(), registration, name)
                .version(self.0.version)
                .asked(self.0.caller.runtime().now());
            self.call(&call).await
        })
    }

    fn refusal(&self, error: &Error) -> Option<Refusal> {
        Some(match error.refusal::<EntraRefusal>()?.kind() {
            EntraRefusalKind::NotAuthenticated { .. } => Refusal::NotAuthenticated,
            EntraRefusalKind::Forbidden => Refusal::Forbidden,
            EntraRefusalKind::UserNotFound => Refusal::UserUnknown,
            EntraRefusalKind::Duplicate => Refusal::Duplicate,
            EntraRefusalKind::Rejected => Refusal::Rejected,
            EntraRefusalKind::Throttled | EntraRefusalKind::ServerError => Refusal::Busy,
            EntraRefusalKind::Unexpected => Refusal::Other,
        })
    }

    /// Only `packed` and `none` are taken, and ids may have their padding counted.
    fn preflight(&self) -> Preflight {
        Preflight::new()
            .formats(FORMATS)
            .excluded_ids(ExcludedIds::PaddingCounted)
    }
}

/// A name that a person can tell from those of other keys.
fn name_of(credential_id: &[u8]) -> Result<DisplayName, BuildError> {
    let id: String = encode(Flavour::Url, credential_id).chars().take(6).collect();
    DisplayName::new(format!("Security key {id}")).map_err(|error| BuildError::Invalid(error.to_string()))
}

/// The settings of an [`EntraFido`] client.
#[must_use]
pub struct Builder {
    url: String,
    tokens: Arc<dyn TokenProvider>,
    version: GraphVersion,
    challenge_minutes: Option<u32>,
    policy: CallPolicy,
    plain_http: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            tokens: _blind,
            version,
            challenge_minutes,
            policy,
            plain_http,
        } = self;
        f.debug_struct("Builder")
            .field("url", url)
            .field("version", version)
            .field("challenge_minutes", challenge_minutes)
            .field("policy", policy)
            .field("plain_http", plain_http)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Sets the address of Graph without the version, such as that of a national cloud; `https://graph.microsoft.com` unless set.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// Sets the version of Graph; v1.0 unless set.
    pub fn version(mut self, version: GraphVersion) -> Self {
        self.version = version;
        self
    }

    /// Sets how long a challenge lives, in minutes: 5 to 43 200, in beta only.
    pub fn challenge_minutes(mut self, minutes: u32) -> Self {
        self.challenge_minutes = Some(minutes);
        self
    }

    /// Sets limits and retries.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Allows an `http` URL. Everyone on the way then reads the token, which can give any user of the tenant a key of theirs. Only for a
    /// loopback address in a test.
    pub fn danger_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Checks the settings and makes the client.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: `entra.url` or `entra.challenge_minutes`.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<EntraFido, ConfigError> {
        let base = if self.plain_http {
            ServiceUrl::danger_parse_plain_http("entra.url", &self.url)?
        } else {
            ServiceUrl::parse("entra.url", &self.url)?
        };
        minutes_in_range(self.version, self.challenge_minutes)
            .map_err(|problem| ConfigError::new("entra.challenge_minutes", problem))?;
        Ok(EntraFido(Arc::new(Inner {
            caller: Caller::new(base, transport, runtime).with_policy(self.policy),
            auth: Prepared::Token(self.tokens),
            version: self.version,
            challenge_minutes: self.challenge_minutes,
        })))
    }
}
