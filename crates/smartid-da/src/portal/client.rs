//! Calls on behalf of the person whose session it is, and the session as the access point renews it.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::COOKIE;
use smartid_core::{
    BoxFuture, CallPolicy, Caller, ConfigError, Content, Credential, Endpoint, Error, Incoming, Outgoing,
    Runtime, ServiceUrl, Transport, TransportError,
};

use super::{Me, PortalApi, PortalSession, PortalUser, SetAttributes};
use crate::dialect::DaDialect;
use crate::oauth::known::Known;

/// A client for one session at one access point. Cloning it is cheap; clones share the session.
///
/// ```
/// # use std::sync::Arc;
/// # use smartid_core::{Runtime, SecretString, Transport};
/// use smartid_da::portal::{AccessPoint, Portal, PortalApi, PortalSession};
///
/// # async fn example(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>, cookies: SecretString)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let api = PortalApi::new(AccessPoint::parse("https://da.example.test")?);
/// let portal = Portal::builder(api, PortalSession::from_header(&cookies)?).build(transport, runtime)?;
/// let user = portal.me().await?;
/// if user.text("locale") != Some("sv") {
///     portal.set_attributes([("locale", "sv")]).await?;
/// }
/// let renewed = portal.session();
/// # let _ = renewed;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Portal(Arc<Inner>);

struct Inner {
    api: PortalApi,
    caller: Caller,
    dialect: DaDialect,
    session: Arc<Mutex<PortalSession>>,
}

impl Portal {
    /// Begins a client.
    pub fn builder(api: PortalApi, session: PortalSession) -> PortalBuilder {
        PortalBuilder {
            api,
            session,
            dialect: DaDialect::default(),
            policy: CallPolicy::default(),
        }
    }

    /// The session's user.
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`DaRefusal`](crate::DaRefusal), of kind `NotAuthenticated` when the session has ended.
    pub async fn me(&self) -> Result<PortalUser, Error> {
        self.call(&Me::new(self.0.api.clone())).await
    }

    /// Sets attributes of the session's user.
    ///
    /// # Errors
    /// As [`me`](Self::me). Nothing is sent for no attribute at all, and for one without a name or one that is there twice.
    pub async fn set_attributes(
        &self,
        attributes: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Result<(), Error> {
        let call = attributes
            .into_iter()
            .fold(SetAttributes::new(self.0.api.clone()), |call, (name, value)| {
                call.set(name, value)
            });
        self.call(&call).await
    }

    /// The session as it is now, for keeping it elsewhere.
    #[must_use]
    pub fn session(&self) -> PortalSession {
        lock(&self.0.session).clone()
    }

    async fn call<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = PortalSession, Dialect = DaDialect>,
    {
        let Inner { caller, dialect, .. } = &*self.0;
        caller.call(endpoint, dialect, &Credential::none()).await
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal")
            .field("api", &self.0.api)
            .field("session", &self.session())
            .finish_non_exhaustive()
    }
}

/// The settings of a [`Portal`].
#[derive(Clone, Debug)]
#[must_use]
pub struct PortalBuilder {
    api: PortalApi,
    session: PortalSession,
    dialect: DaDialect,
    policy: CallPolicy,
}

impl PortalBuilder {
    /// Sets what refusals look like; of the dialect only `errors` matters here.
    pub fn dialect(mut self, dialect: DaDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets limits and retries.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// [`ConfigError`] of setting `portal.cookie` when the session has no cookie.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Portal, ConfigError> {
        self.session.not_empty()?;
        let session = Arc::new(Mutex::new(self.session));
        let with_session = WithSession {
            transport,
            runtime: Arc::clone(&runtime),
            session: Arc::clone(&session),
        };
        let base = self.api.access_point().url().clone();
        Ok(Portal(Arc::new(Inner {
            api: self.api,
            caller: Caller::new(base, Arc::new(with_session), runtime).with_policy(self.policy),
            dialect: self.dialect,
            session,
        })))
    }
}

fn lock(session: &Mutex<PortalSession>) -> MutexGuard<'_, PortalSession> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends the cookies with each attempt and takes over what each answer sets, refusals included.
struct WithSession {
    transport: Arc<dyn Transport>,
    runtime: Arc<dyn Runtime>,
    session: Arc<Mutex<PortalSession>>,
}

impl Transport for WithSession {
    fn send<'a>(
        &'a self,
        base: &'a ServiceUrl,
        mut request: Outgoing,
    ) -> BoxFuture<'a, Result<Incoming, TransportError>> {
        let path = format!("/{}", request.target());
        let sent = lock(&self.session).clone();
        if let Some(cookies) = sent.header_value() {
            request.headers_mut().insert(COOKIE, cookies);
        }
        Box::pin(async move {
            let incoming = self.transport.send(base, request).await?;
            let now = self.runtime.now();
            lock(&self.session).renew(incoming.headers(), base.host(), &path, now);
            Ok(without_session(incoming, &sent))
        })
    }
}

/// An answer that repeats the session would put it into our errors. What may be the user's own data stays as it is.
fn without_session(incoming: Incoming, session: &PortalSession) -> Incoming {
    if incoming.status().is_success() && incoming.content() == Content::Json {
        return incoming;
    }
    // A short value is a word of many sentences, and no session.
    let values = session.values().filter(|value| value.expose().len() >= 8);
    let known = Known::new(values.cloned());
    let body = String::from_utf8_lossy(incoming.body());
    if !known.is_in(&body) {
        return incoming;
    }
    let body = Bytes::from(known.masked(&body));
    Incoming::new(incoming.status(), incoming.headers().clone(), body)
}

impl fmt::Debug for WithSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            transport,
            runtime: _,
            session: _blind,
        } = self;
        f.debug_struct("WithSession")
            .field("transport", transport)
            .finish_non_exhaustive()
    }
}
