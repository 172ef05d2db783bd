//! The settings of a client, and their check: a mistake is found when the program starts, and named.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use smartid_core::{CallPolicy, ConfigError, Credential, Runtime, SecretString, Transport, redact};
use url::form_urlencoded;

use super::address::Address;
use super::answer::is_scope;
use super::authentication::{ClientAuthentication, credential};
use super::client::{Keeping, OAuthClient};
use super::dialect::OAuthDialect;
use super::known::Known;
use super::token::TokenRequest;

/// The settings of an [`OAuthClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OAuthBuilder {
    endpoint: AddressText,
    client_id: String,
    authentication: ClientAuthentication,
    scope: Vec<String>,
    parameters: Vec<Parameter>,
    revoke_endpoint: Option<AddressText>,
    keeping: Keeping,
    dialect: OAuthDialect,
    policy: CallPolicy,
    plain_http: bool,
}

/// An address that nobody has looked at yet: it may have a password or a key in it.
#[derive(Clone)]
struct AddressText(String);

impl fmt::Debug for AddressText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact::url(&self.0))
    }
}

#[derive(Clone)]
struct Parameter {
    name: String,
    value: SecretString,
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value: _blind } = self;
        write!(f, "{name}=..")
    }
}

impl OAuthBuilder {
    pub(super) fn new(endpoint: String, client_id: String, authentication: ClientAuthentication) -> Self {
        Self {
            endpoint: AddressText(endpoint),
            client_id,
            authentication,
            scope: Vec::new(),
            parameters: Vec::new(),
            revoke_endpoint: None,
            keeping: Keeping::default(),
            dialect: OAuthDialect::default(),
            policy: CallPolicy::default().with_attempts(1),
            plain_http: false,
        }
    }

    /// Asks for one more scope. Without any, the server decides.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope.push(scope.into());
        self
    }

    /// Adds a parameter that only one server wants, such as `resource`. Its value is treated as a secret.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.parameters.push(Parameter {
            name: name.into(),
            value: value.into(),
        });
        self
    }

    /// The address at which tokens are given back.
    pub fn revoke_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.revoke_endpoint = Some(AddressText(endpoint.into()));
        self
    }

    /// How long before its end a token is renewed: by default 60 seconds; never more than half of its life.
    pub fn renew_before(mut self, margin: Duration) -> Self {
        self.keeping.margin = margin;
        self
    }

    /// How long a token is kept at most, whatever the server says: by default a day.
    pub fn keep_at_most(mut self, longest: Duration) -> Self {
        self.keeping.longest = longest;
        self
    }

    /// How long a token is kept of which the server does not say how long it lives: by default 60 seconds.
    pub fn keep_unknown(mut self, unknown: Duration) -> Self {
        self.keeping.unknown = unknown;
        self
    }

    /// Sets what this server does differently.
    pub fn dialect(mut self, dialect: OAuthDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sets limits and retries; by default a token is asked for once.
    pub fn policy(mut self, policy: CallPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Allows `http` addresses. Everyone on the way then reads the client secret and each token. Only for a loopback address in a test.
    pub fn danger_plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Checks the settings and makes the client. `transport` carries the TLS client certificate, if there is one.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting: `oauth.endpoint`, `oauth.revoke_endpoint`, `oauth.client_id`, `oauth.client_secret`,
    /// `oauth.scope` or `oauth.parameter`.
    pub fn build(
        self,
        transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<OAuthClient, ConfigError> {
        let (keeping, policy) = (self.keeping, self.policy);
        let checked = Arc::new(self.check()?);
        Ok(OAuthClient::new(checked, keeping, policy, transport, runtime))
    }

    /// Checks the settings and makes the request alone, for those who send it by other means.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn token_request(self) -> Result<TokenRequest, ConfigError> {
        Ok(TokenRequest(Arc::new(self.check()?)))
    }

    fn check(self) -> Result<Checked, ConfigError> {
        let token = Address::parse("oauth.endpoint", &self.endpoint.0, self.plain_http)?;
        let revoke = match &self.revoke_endpoint {
            Some(text) => Some(Address::parse("oauth.revoke_endpoint", &text.0, self.plain_http)?),
            None => None,
        };
        if self.client_id.is_empty() {
            return Err(ConfigError::new("oauth.client_id", "is empty"));
        }
        no_control("oauth.client_id", &self.client_id)?;
        if let Some(secret) = self.authentication.secret() {
            no_control("oauth.client_secret", secret.expose())?;
        }
        if !self.scope.iter().all(|scope| is_scope(scope)) {
            return Err(ConfigError::new(
                "oauth.scope",
                "one scope is empty or has a space, a quotation mark, a backslash or a letter beyond ASCII; several scopes are set one \
                 by one",
            ));
        }
        self.check_parameters()?;
        // A short value is a word of many sentences.
        let values = self.parameters.iter().map(|parameter| &parameter.value);
        let long: Vec<_> = values
            .filter(|value| value.expose().len() >= 8)
            .cloned()
            .collect();
        let (credential, known) = credential(&self.client_id, &self.authentication, self.dialect.basic)?;
        Ok(Checked {
            token,
            revoke,
            client_id: self.client_id,
            authentication: self.authentication,
            scope: self.scope,
            known: known.and(long),
            parameters: self.parameters,
            credential,
        })
    }

    fn check_parameters(&self) -> Result<(), ConfigError> {
        let ours = [
            "grant_type",
            "scope",
            "client_id",
            "client_secret",
            "token",
            "token_type_hint",
        ];
        for (index, Parameter { name, value: _ }) in self.parameters.iter().enumerate() {
            let refuse = |problem: String| Err(ConfigError::new("oauth.parameter", problem));
            if name.is_empty() || name.contains(|c: char| c.is_control() || c.is_whitespace()) {
                return refuse(format!("{name:?} is not the name of a parameter"));
            }
            if ours.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return refuse(format!(
                    "{name} is written by the client itself and cannot be set"
                ));
            }
            if self
                .parameters
                .iter()
                .take(index)
                .any(|other| other.name == *name)
            {
                return refuse(format!("{name} is set twice"));
            }
        }
        Ok(())
    }
}

fn no_control(setting: &'static str, text: &str) -> Result<(), ConfigError> {
    if text.contains(|c: char| c.is_control()) {
        Err(ConfigError::new(
            setting,
            "has a control character, such as the line end of the file that it was read from",
        ))
    } else {
        Ok(())
    }
}

/// Settings that have been checked.
pub(super) struct Checked {
    token: Address,
    revoke: Option<Address>,
    client_id: String,
    authentication: ClientAuthentication,
    scope: Vec<String>,
    parameters: Vec<Parameter>,
    credential: Credential,
    known: Known,
}

impl Checked {
    pub(super) fn token_address(&self) -> &Address {
        &self.token
    }

    pub(super) fn revoke_address(&self) -> Option<&Address> {
        self.revoke.as_ref()
    }

    pub(super) fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(super) fn known(&self) -> &Known {
        &self.known
    }

    /// The scopes as the parameter has them.
    pub(super) fn scope(&self) -> String {
        self.scope.join(" ")
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters
            .iter()
            .map(|parameter| (parameter.name.as_str(), parameter.value.expose()))
    }

    /// A form of these parameters and of what the client shows in the body.
    pub(super) fn form(&self, parameters: Vec<(&str, &str)>) -> String {
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(512));
        form.extend_pairs(parameters);
        match &self.authentication {
            ClientAuthentication::Basic { .. } => {}
            ClientAuthentication::Body { secret } => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose());
            }
            ClientAuthentication::Certificate => {
                form.append_pair("client_id", &self.client_id);
            }
        }
        form.finish()
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token,
            revoke,
            client_id,
            authentication,
            scope,
            parameters,
            credential: _,
            known: _blind,
        } = self;
        f.debug_struct("OAuthClient")
            .field("endpoint", &token.shown())
            .field("revoke_endpoint", &revoke.as_ref().map(Address::shown))
            .field("client_id", client_id)
            .field("authentication", authentication)
            .field("scope", scope)
            .field("parameters", parameters)
            .finish()
    }
}
