//! What a login asks for.

use std::fmt;
use std::time::Duration;

use crate::portal::LoginAddress;

/// What a login asks for beyond who the user is. The default asks for nothing more.
///
/// How Digital Access is told which method the user shall log in with is unknown. Two ways are offered: `acr_values` \[inferred: another
/// vendor's service chooses Personal so\], and entry through the method's login page, which leads on to the authorization endpoint
/// \[inferred; the page and its parameters are known\].
///
/// ```
/// use smartid_da::oidc::{LoginOptions, Prompt};
/// use smartid_da::portal::{AccessPoint, LoginAddress};
///
/// let personal = LoginAddress::new(AccessPoint::parse("https://login.example.test")?, "Personal Mobile")?;
/// let options = LoginOptions::new().scope("profile").prompt(Prompt::Login).through(personal);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `Debug` leaves out who will probably log in, and the values of further parameters.
#[derive(Clone, Default)]
#[must_use]
pub struct LoginOptions {
    pub(super) scopes: Vec<String>,
    pub(super) acr_values: Vec<String>,
    pub(super) acr_required: bool,
    pub(super) prompts: Vec<Prompt>,
    pub(super) login_hint: Option<String>,
    pub(super) ui_locales: Vec<String>,
    pub(super) max_age: Option<Duration>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) front_door: Option<LoginAddress>,
}

/// What the provider shall ask the user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Prompt {
    /// Nothing: without a session the login fails with `login_required`.
    None,
    /// To log in, also with a session.
    Login,
    /// To consent.
    Consent,
    /// To choose an account.
    SelectAccount,
    /// Anything else.
    Other(String),
}

impl LoginOptions {
    /// Nothing beyond who the user is.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a scope; `openid` is always there.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Adds an authentication context, the preferred first. It is a wish: [`IdToken::acr`](super::IdToken::acr) tells what became of it.
    pub fn acr(mut self, value: impl Into<String>) -> Self {
        self.acr_values.push(value.into());
        self
    }

    /// The user must have logged in with one of the authentication contexts, or the login is refused.
    pub fn require_acr(mut self) -> Self {
        self.acr_required = true;
        self
    }

    /// Adds a prompt.
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompts.push(prompt);
        self
    }

    /// Who will probably log in.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// Adds a language, the preferred first.
    pub fn ui_locale(mut self, locale: impl Into<String>) -> Self {
        self.ui_locales.push(locale.into());
        self
    }

    /// The user must have logged in no longer ago than this (in whole seconds); the ID token must say when that was.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Adds a parameter of the provider's own.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// The browser enters through this login page, which leads on to the authorization endpoint; its own location, if it has one, is
    /// replaced.
    pub fn through(mut self, page: LoginAddress) -> Self {
        self.front_door = Some(page);
        self
    }
}

impl fmt::Debug for LoginOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scopes,
            acr_values,
            acr_required,
            prompts,
            login_hint,
            ui_locales,
            max_age,
            parameters,
            front_door,
        } = self;
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("LoginOptions")
            .field("scopes", scopes)
            .field("acr_values", acr_values)
            .field("acr_required", acr_required)
            .field("prompts", prompts)
            .field("login_hint", &login_hint.is_some())
            .field("ui_locales", ui_locales)
            .field("max_age", max_age)
            .field("parameters", &names)
            .field("front_door", front_door)
            .finish()
    }
}
