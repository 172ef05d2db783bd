//! The client: one installation of Digital Access, how to reach it and how to authenticate there.
//!
//! It adds to [`Caller`] what belongs to Digital Access: the credential is obtained for each call, constant headers are added, and a
//! call that was refused as not authenticated is repeated once with a new token, because tokens run out between two calls.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use smartid_core::{
    BuildError, CallPolicy, Caller, ConfigError, Endpoint, Error, Incoming, Outgoing, Repeat, ResponseError,
    Runtime, ServiceUrl, Transport,
};

use crate::auth::{DaAuth, FidoProvisioning, Prepared, refuse_reserved};
use crate::authorised::{self, Verdict};
use crate::dialect::DaDialect;
use crate::fido::{GetOptions, Registration, StoreCredential};
use crate::refusal::{DaRefusal, DaRefusalKind};
use crate::user::UserId;

/// A client for one installation of Digital Access. Cloning it is cheap; clones share everything.
///
/// ```
/// # use std::sync::Arc;
/// # use smartid_core::{ConfigError, Runtime, SecretString, Transport};
/// use smartid_da::{DaAuth, DigitalAccess, UserId, fido};
///
/// # async fn example(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>, token: SecretString)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// let da = DigitalAccess::builder("https://access.example.test/https/api/rest/v3.0", DaAuth::bearer(token))
///     .build(transport, runtime)?;
/// let options = da.call(&fido::GetOptions::new(UserId::new("anna")?)).await?;
/// options.validate()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DigitalAccess(Arc<Inner>);

struct Inner {
    caller: Caller,
    auth: Prepared,
    dialect: DaDialect,
    headers: HeaderMap,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            caller,
            auth,
            dialect: _,
            headers,
        } = self;
        f.debug_struct("DigitalAccess")
            .field("url", caller.base())
            .field("auth", auth)
            .field(
                "headers",
                &headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}

impl DigitalAccess {
    /// Begins a client. `url` is taken with its path, to which the operations' paths are appended: for the default set-up
    /// `https://<access point>/https/api/rest/v3.0` \[inferred; vendor page: Set up FIDO2 authentication, which names resource `api`\].
    pub fn builder(url: impl Into<String>, auth: DaAuth) -> Builder {
        Builder {
            url: url.into(),
            auth,
            dialect: DaDialect::default(),
            policy: CallPolicy::default(),
            headers: Vec::new(),
            plain_http: false,
        }
    }

    /// What this installation does differently.
    #[must_use]
    pub fn dialect(&self) -> &DaDialect {
        &self.0.dialect
    }

    /// The runtime that calls are timed with.
    #[must_use]
    pub fn runtime(&self) -> &Arc<dyn Runtime> {
        self.0.caller.runtime()
    }

    /// The address of the installation.
    #[must_use]
    pub fn url(&self) -> &ServiceUrl {
        self.0.caller.base()
    }

    /// Calls an operation.
    ///
    /// When Digital Access answers that the caller is not authenticated and tokens come from a provider that renews them, the
    /// provider is told and the call is made once more: such an answer means that nothing was done. All in all this takes no longer
    /// than the policy's total limit.
    ///
    /// # Errors
    /// [`Error`]; a refusal is a [`DaRefusal`].
    pub async fn call<E>(&self, endpoint: &E) -> Result<E::Output, Error>
    where
        E: Endpoint<Auth = FidoProvisioning, Dialect = DaDialect>,
    {
        let inner = &*self.0;
        let endpoint = WithHeaders {
            endpoint,
            headers: &inner.headers,
        };
        authorised::call(
            &inner.caller,
            &inner.auth,
            "da.auth",
            &endpoint,
            &inner.dialect,
            not_authenticated,
        )
        .await
    }
}

fn not_authenticated(error: &Error) -> Verdict {
    match error.refusal::<DaRefusal>().map(DaRefusal::kind) {
        Some(DaRefusalKind::NotAuthenticated { redirect }) => {
            Verdict::of_not_authenticated(error, redirect.as_deref())
        }
        _ => Verdict::Accepted,
    }
}

/// The same operation with the client's constant headers.
struct WithHeaders<'a, E> {
    endpoint: &'a E,
    headers: &'a HeaderMap,
}

impl<E: Endpoint> Endpoint for WithHeaders<'_, E> {
    type Auth = E::Auth;
    type Dialect = E::Dialect;
    type Output = E::Output;
    type Error = E::Error;

    const NAME: &'static str = E::NAME;
    const REPEAT: Repeat = E::REPEAT;

    fn request(&self, dialect: &E::Dialect) -> Result<Outgoing, BuildError> {
        let mut outgoing = self.endpoint.request(dialect)?;
        for (name, value) in self.headers {
            if outgoing.headers().contains_key(name) {
                return Err(BuildError::Invalid(format!(
                    "the header {name} is set by the request itself and cannot be a constant header too"
                )));
            }
            outgoing.headers_mut().insert(name.clone(), value.clone());
        }
        Ok(outgoing)
    }

    fn response(
        &self,
        dialect: &E::Dialect,
        incoming: Incoming,
    ) -> Result<E::Output, ResponseError<E::Error>> {
        self.endpoint.response(dialect, incoming)
    }
}

/// The settings of a [`DigitalAccess`] client.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    url: String,
    auth: DaAuth,
    dialect: DaDialect,
    policy: CallPolicy,
    headers: Vec<Extra>,
    plain_http: bool,
}

struct Extra {
    name: String,
    value: String,
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value: _blind } = self;
        write!(f, "{name}: ..")
    }
}

impl Builder {
    /// Sets what this installation does differently.
    pub fn dialect(mut self, dialect: DaDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets limits and retries.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Adds a header to every request, such as one that a gateway wants. Its value is treated as a secret.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(Extra {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// Allows an `http` URL. Everyone on the way then reads the token of each request and can store a credential of their own for any
    /// user. Only for a loopback address in a test.
    pub fn danger_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Checks the settings and makes the client.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: `da.url`, `da.auth`, `da.header`, `user.name`, or `da.dialect` with the operation whose
    /// request cannot be made with it.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<DigitalAccess, ConfigError> {
        let Self {
            url,
            auth,
            dialect,
            policy,
            headers: extra,
            plain_http,
        } = self;
        let base = if plain_http {
            ServiceUrl::danger_parse_plain_http("da.url", &url)?
        } else {
            ServiceUrl::parse("da.url", &url)?
        };
        let auth = auth.prepare()?;
        for name in dialect.user_headers() {
            if auth.uses(&name) {
                // The credential would replace the user, and a key would be stored for somebody else.
                return Err(ConfigError::new(
                    "user.name",
                    format!("the header {name} carries the credential and cannot name the user"),
                ));
            }
        }
        let mut headers = HeaderMap::with_capacity(extra.len());
        for Extra { name, value } in extra {
            let name: HeaderName = name.parse().map_err(|_| {
                ConfigError::new("da.header", format!("{name:?} is not the name of an HTTP header"))
            })?;
            refuse_reserved("da.header", &name)?;
            if auth.uses(&name) {
                return Err(ConfigError::new(
                    "da.header",
                    format!("{name} is already set by da.auth"),
                ));
            }
            let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
                ConfigError::new(
                    "da.header",
                    format!("the value of {name} contains a character that cannot stand in an HTTP header"),
                )
            })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        try_dialect(&dialect, &headers)?;
        Ok(DigitalAccess(Arc::new(Inner {
            caller: Caller::new(base, transport, runtime).with_policy(policy),
            auth,
            dialect,
            headers,
        })))
    }
}

/// A registration with every member that a request can have; its values mean nothing.
const SAMPLE: &str = r#"{"id":"AQ","rawId":"AQ","type":"public-key","authenticatorAttachment":"platform","response":{"clientDataJSON":"e30","attestationObject":"oA","transports":["internal"]},"clientExtensionResults":{}}"#;

/// Makes each request once, with values that mean nothing: a mistake in the dialect is found when the program starts, and not after a
/// person has touched the authenticator.
fn try_dialect(dialect: &DaDialect, headers: &HeaderMap) -> Result<(), ConfigError> {
    let invalid = |problem: String| ConfigError::new("da.dialect", problem);
    let user = UserId::new("user").map_err(|error| invalid(error.to_string()))?;
    let registration = Registration::parse(SAMPLE).map_err(|error| invalid(error.to_string()))?;
    try_request(&GetOptions::new(user.clone()), dialect, headers)?;
    try_request(&StoreCredential::new(user, &registration), dialect, headers)
}

fn try_request<E: Endpoint<Dialect = DaDialect>>(
    endpoint: &E,
    dialect: &DaDialect,
    headers: &HeaderMap,
) -> Result<(), ConfigError> {
    let invalid = |setting: &'static str, error: BuildError| {
        ConfigError::new(
            setting,
            format!("the request of {} cannot be made: {error}", E::NAME),
        )
    };
    endpoint
        .request(dialect)
        .map_err(|error| invalid("da.dialect", error))?;
    WithHeaders { endpoint, headers }
        .request(dialect)
        .map(|_| ())
        .map_err(|error| invalid("da.header", error))
}
