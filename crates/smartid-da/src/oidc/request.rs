//! The authorization request: the address that the browser is sent to.

use std::fmt;

use smartid_core::{ConfigError, SecretString};

use super::address::{EndpointAddress, is_redirect_address};
use super::options::{LoginOptions, Prompt};
use super::protocol;

/// Why a login cannot be asked for like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorizationError {
    /// The client id is empty or holds something else than visible ASCII.
    #[error("the client id is empty or not visible ASCII")]
    ClientId,
    /// The redirect address is no `https` address, and no `http` address of this machine, or it has a fragment.
    #[error("the redirect address is neither an https address nor an http address of this machine")]
    RedirectUri,
    /// A scope is empty or holds a space, a quotation mark, a backslash or something else than ASCII.
    #[error("a scope is empty or would be two")]
    Scope,
    /// The state is empty or not visible ASCII.
    #[error("the state is empty or not visible ASCII")]
    State,
    /// The nonce is empty or not visible ASCII.
    #[error("the nonce is empty or not visible ASCII")]
    Nonce,
    /// An authentication context is empty or would be two.
    #[error("an authentication context is empty or would be two")]
    Acr,
    /// A language is empty or would be two.
    #[error("a language is empty or would be two")]
    UiLocale,
    /// A prompt is empty or would be two.
    #[error("a prompt is empty or would be two")]
    Prompt,
    /// The code verifier is not 43 to 128 characters of those that RFC 7636 allows.
    #[error("the code verifier is not 43 to 128 unreserved characters")]
    CodeVerifier,
    /// A further parameter has the name of one that is set here, or is set twice.
    #[error("the parameter {0} is set by the login itself, or twice")]
    Parameter(String),
    /// The endpoint's address is too long for the login page, or is not one that it can lead back to.
    #[error("the login page cannot lead to the authorization endpoint")]
    FrontDoor,
}

impl AuthorizationError {
    /// A short name, for metrics and machines.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ClientId => "client-id",
            Self::RedirectUri => "redirect-uri",
            Self::Scope => "scope",
            Self::State => "state",
            Self::Nonce => "nonce",
            Self::Acr => "acr",
            Self::UiLocale => "ui-locale",
            Self::Prompt => "prompt",
            Self::CodeVerifier => "code-verifier",
            Self::Parameter(_) => "parameter",
            Self::FrontDoor => "front-door",
        }
    }
}

impl From<AuthorizationError> for ConfigError {
    fn from(error: AuthorizationError) -> Self {
        let setting = match error {
            AuthorizationError::ClientId => "oidc.client_id",
            AuthorizationError::RedirectUri => "oidc.redirect_uri",
            _ => "oidc.login",
        };
        Self::new(setting, error.to_string())
    }
}

/// Names that a further parameter cannot have.
const RESERVED: [&str; 17] = [
    "acr_values",
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// An authorization request with all its values. A whole login makes one by itself, with values that nobody can guess.
///
/// ```
/// use smartid_core::SecretString;
/// use smartid_da::oidc::{AuthorizationRequest, EndpointAddress, LoginOptions};
///
/// let endpoint = EndpointAddress::parse("https://login.example.test/authorize").unwrap();
/// let request = AuthorizationRequest::new(endpoint, "portal", "https://app.example.test/callback")
///     .with_state(SecretString::new("af0ifjsldkj"))
///     .with_nonce(SecretString::new("n-0S6_WzA2Mj"))
///     .with_options(LoginOptions::new().acr("urn:example:personal"));
/// assert_eq!(
///     request.address()?,
///     "https://login.example.test/authorize?response_type=code&client_id=portal&state=af0ifjsldkj\
///      &redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback&scope=openid&nonce=n-0S6_WzA2Mj\
///      &acr_values=urn%3Aexample%3Apersonal"
/// );
/// # Ok::<(), smartid_da::oidc::AuthorizationError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct AuthorizationRequest {
    pub(super) endpoint: EndpointAddress,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: SecretString,
    pub(super) nonce: SecretString,
    pub(super) verifier: Option<SecretString>,
    pub(super) options: LoginOptions,
}

impl AuthorizationRequest {
    /// A request of the client that comes back to the redirect address. State and nonce must follow: without them there is no address.
    pub fn new(
        endpoint: EndpointAddress,
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            endpoint,
            client_id: client_id.into(),
            redirect_uri: redirect_uri.into(),
            state: SecretString::new(""),
            nonce: SecretString::new(""),
            verifier: None,
            options: LoginOptions::default(),
        }
    }

    /// Ties the callback to the browser that began.
    pub fn with_state(mut self, state: SecretString) -> Self {
        self.state = state;
        self
    }

    /// Ties the ID token to this login.
    pub fn with_nonce(mut self, nonce: SecretString) -> Self {
        self.nonce = nonce;
        self
    }

    /// Ties the code to this client (PKCE): the address has its S256 digest.
    pub fn with_verifier(mut self, verifier: SecretString) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// What is asked for beyond who the user is.
    pub fn with_options(mut self, options: LoginOptions) -> Self {
        self.options = options;
        self
    }

    /// The address to send the browser to.
    ///
    /// # Errors
    /// [`AuthorizationError`].
    pub fn address(&self) -> Result<String, AuthorizationError> {
        self.check()?;
        let address = protocol::authorization_address(self)?;
        let Some(page) = &self.options.front_door else {
            return Ok(address);
        };
        let page = page.clone();
        let page = if self.endpoint.origin().is_https() {
            page.with_location(address)
        } else {
            page.danger_with_plain_http_location(address)
        };
        page.map(|page| page.to_string())
            .map_err(|_| AuthorizationError::FrontDoor)
    }

    fn check(&self) -> Result<(), AuthorizationError> {
        let Self {
            endpoint: _,
            client_id,
            redirect_uri,
            state,
            nonce,
            verifier,
            options,
        } = self;
        check_client(client_id, redirect_uri)?;
        let rules = [
            (is_visible(state.expose()), AuthorizationError::State),
            (is_visible(nonce.expose()), AuthorizationError::Nonce),
            (
                verifier
                    .as_ref()
                    .is_none_or(|verifier| is_verifier(verifier.expose())),
                AuthorizationError::CodeVerifier,
            ),
            (all_are_one(&options.scopes), AuthorizationError::Scope),
            (all_are_one(&options.acr_values), AuthorizationError::Acr),
            (
                !(options.acr_required && options.acr_values.is_empty()),
                AuthorizationError::Acr,
            ),
            (all_are_one(&options.ui_locales), AuthorizationError::UiLocale),
        ];
        for (holds, error) in rules {
            if !holds {
                return Err(error);
            }
        }
        for prompt in &options.prompts {
            if matches!(prompt, Prompt::Other(text) if !is_one(text)) {
                return Err(AuthorizationError::Prompt);
            }
        }
        for (index, (name, _)) in options.parameters.iter().enumerate() {
            let before = options.parameters.iter().take(index);
            if name.is_empty()
                || RESERVED.contains(&&**name)
                || before.into_iter().any(|(other, _)| other == name)
            {
                return Err(AuthorizationError::Parameter(name.chars().take(64).collect()));
            }
        }
        Ok(())
    }
}

/// Client id and redirect address, which are settings.
pub(super) fn check_client(client_id: &str, redirect_uri: &str) -> Result<(), AuthorizationError> {
    if !is_visible(client_id) {
        return Err(AuthorizationError::ClientId);
    }
    if !is_redirect_address(redirect_uri) {
        return Err(AuthorizationError::RedirectUri);
    }
    Ok(())
}

/// Visible ASCII and spaces (RFC 6749 A.1 and A.5).
fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| (0x20..=0x7e).contains(&b))
}

/// A value of a list that is written with spaces between.
fn is_one(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

fn all_are_one(list: &[String]) -> bool {
    list.iter().all(|text| is_one(text))
}

/// RFC 7636 4.1.
fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            client_id,
            redirect_uri,
            state: _blind,
            nonce: _blind_nonce,
            verifier,
            options,
        } = self;
        f.debug_struct("AuthorizationRequest")
            .field("endpoint", endpoint)
            .field("client_id", client_id)
            .field("redirect_uri", redirect_uri)
            .field("pkce", &verifier.is_some())
            .field("options", options)
            .finish_non_exhaustive()
    }
}
