//! The relying party's side of an enrolment, whoever that is.
//!
//! The messages between Smart ID Messaging and the user's app name no relying party: options go in, a registration comes out. So a flow
//! that enrols needs of its relying party only the calls of [`RelyingParty`], and a sort for each refusal. [`DigitalAccess`] is one,
//! [`entra::EntraFido`](crate::entra::EntraFido) another, and a caller can write a third.

use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::{BoxFuture, Error, Lint, Timestamp};

use crate::client::DigitalAccess;
use crate::fido::preflight::Preflight;
use crate::fido::{CreationOptions, GetOptions, Registration, StoreCredential};
use crate::refusal::{DaRefusal, DaRefusalKind};
use crate::user::UserId;

/// Which relying party it is: a name for records and one for people.
///
/// ```
/// use smartid_da::relying_party::Provider;
///
/// assert_eq!(Provider::ENTRA.id(), "entra");
/// assert_eq!(Provider::ENTRA.to_string(), "Microsoft Entra");
/// assert_ne!(Provider::new("intranet", "the intranet"), Provider::DIGITAL_ACCESS);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Provider {
    id: &'static str,
    name: &'static str,
}

impl Provider {
    /// Nexus Smart ID Digital Access.
    pub const DIGITAL_ACCESS: Self = Self::new("digital-access", "Digital Access");
    /// Microsoft Entra, by way of Microsoft Graph.
    pub const ENTRA: Self = Self::new("entra", "Microsoft Entra");

    /// Another one: `id` stands in stored flows and must not change, `name` in sentences.
    #[must_use]
    pub const fn new(id: &'static str, name: &'static str) -> Self {
        Self { id, name }
    }

    /// The name for records, such as `digital-access`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.id
    }

    /// The name for people, such as `Digital Access`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What was asked of a relying party and is answered by the user's authenticator.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Offer {
    /// The options; their [`raw`](CreationOptions::raw) text goes to the device unchanged.
    pub options: CreationOptions,
    /// When the challenge ends, by the clock of the runtime; `None` when nobody says.
    pub expires: Option<Timestamp>,
    /// What was odd about the answer around the options; what is odd within them is theirs.
    pub lints: Vec<Lint>,
}

impl Offer {
    /// Options without a time limit.
    #[must_use]
    pub fn new(options: CreationOptions) -> Self {
        Self {
            options,
            expires: None,
            lints: Vec::new(),
        }
    }

    /// Sets when the challenge ends.
    #[must_use]
    pub fn expires(mut self, at: Option<Timestamp>) -> Self {
        self.expires = at;
        self
    }
}

/// What a person will call a credential in a list of theirs.
///
/// ```
/// use smartid_da::relying_party::DisplayName;
///
/// assert_eq!(DisplayName::new("Blue key of Alice")?.as_str(), "Blue key of Alice");
/// for bad in ["", " ", "two\nlines", &"x".repeat(257)] {
///     assert!(DisplayName::new(bad).is_err());
/// }
/// # Ok::<(), smartid_da::relying_party::DisplayNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DisplayName(String);

/// A text that is no display name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisplayNameError {
    /// Nothing, or only white space.
    #[error("the display name is empty")]
    Empty,
    /// A control character, such as a line break.
    #[error("the display name contains a control character")]
    Control,
    /// More than 256 letters.
    #[error("the display name is longer than 256 letters")]
    TooLong,
}

impl DisplayName {
    /// A name of 1 to 256 letters on one line; the limit is ours.
    ///
    /// # Errors
    /// [`DisplayNameError`].
    pub fn new(text: impl Into<String>) -> Result<Self, DisplayNameError> {
        let text = text.into();
        if text.trim().is_empty() {
            Err(DisplayNameError::Empty)
        } else if text.chars().any(char::is_control) {
            Err(DisplayNameError::Control)
        } else if text.chars().count() > 256 {
            Err(DisplayNameError::TooLong)
        } else {
            Ok(Self(text))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for DisplayName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A credential that is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewCredential {
    /// Whose it will be.
    pub user: UserId,
    /// What the authenticator's side answered.
    pub registration: Registration,
    /// What it will be called; without one, the relying party or its client thinks of a name.
    pub display_name: Option<DisplayName>,
}

impl NewCredential {
    /// This credential for this user.
    #[must_use]
    pub fn new(user: UserId, registration: Registration) -> Self {
        Self {
            user,
            registration,
            display_name: None,
        }
    }

    /// Sets what it will be called.
    #[must_use]
    pub fn display_name(mut self, name: Option<DisplayName>) -> Self {
        self.display_name = name;
        self
    }
}

/// What a relying party says of a credential that it has stored. Each member is there only if it said so; all are its texts, which may
/// hold anything: show them escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct StoredMethod {
    /// Its name for the credential among the user's sign-in methods.
    pub id: Option<String>,
    /// What it is called, which may differ from what was asked for.
    pub display_name: Option<String>,
    /// When it was stored.
    pub created: Option<Timestamp>,
    /// The model as a UUID in small letters.
    pub aaguid: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// What it thinks of the attestation, such as `attested`.
    pub attestation_level: Option<String>,
}

/// Why a relying party refused, sorted by what a flow does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// The caller is not authenticated.
    NotAuthenticated,
    /// The caller has no right to do this.
    Forbidden,
    /// There is no such user.
    UserUnknown,
    /// The credential is stored already.
    Duplicate,
    /// The challenge is unknown, used or expired.
    Expired,
    /// The request or the credential was not accepted.
    Rejected,
    /// FIDO is not configured.
    NotConfigured,
    /// Too many calls, or not available for now: later.
    Busy,
    /// Anything else.
    Other,
}

/// Whether a credential is stored, as far as its relying party tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Looked {
    /// It is.
    Stored,
    /// It is not.
    NotStored,
    /// The answer says nothing about it.
    Untold,
}

/// A relying party that stores FIDO credentials on behalf of its users.
///
/// Its calls name the user as that relying party does. A failure is an [`Error`], whose phase says what may have been done; only what a
/// refusal means is asked here.
pub trait RelyingParty: fmt::Debug + Send + Sync {
    /// Which one it is.
    fn provider(&self) -> Provider;

    /// Asks for creation options. They are not [validated](CreationOptions::validate) yet.
    fn creation_options<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<Offer, Error>>;

    /// Has a credential stored. It is sent once: the challenge dies with the first attempt.
    fn store<'a>(&'a self, credential: &'a NewCredential) -> BoxFuture<'a, Result<StoredMethod, Error>>;

    /// What an error of one of these calls means; `None` when it is no refusal.
    fn refusal(&self, error: &Error) -> Option<Refusal>;

    /// The local check that a registration has to pass before it is sent here.
    fn preflight(&self) -> Preflight;

    /// Looks whether a credential is stored, after an answer that was lost. Unless an implementation knows better, options are asked for
    /// anew: those that list exclusions tell.
    fn look<'a>(&'a self, user: &'a UserId, credential_id: &'a [u8]) -> BoxFuture<'a, Result<Looked, Error>> {
        Box::pin(async move {
            let fresh = self.creation_options(user).await?.options;
            Ok(if fresh.excludes(credential_id) {
                Looked::Stored
            } else if fresh.lists_exclusions() {
                Looked::NotStored
            } else {
                Looked::Untold
            })
        })
    }
}

impl RelyingParty for DigitalAccess {
    fn provider(&self) -> Provider {
        Provider::DIGITAL_ACCESS
    }

    fn creation_options<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<Offer, Error>> {
        Box::pin(async move {
            // Counted from before the request: the service's clock started somewhere in between.
            let asked = self.runtime().now();
            let options = self.call(&GetOptions::new(user.clone())).await?;
            let expires = options.view().timeout.map(|timeout| asked + timeout);
            Ok(Offer::new(options).expires(expires))
        })
    }

    /// The display name is not sent: no member for it is known \[unknown; vendor page: Fido credential provisioning with Digital Access\].
    fn store<'a>(&'a self, credential: &'a NewCredential) -> BoxFuture<'a, Result<StoredMethod, Error>> {
        Box::pin(async move {
            let call = StoreCredential::new(credential.user.clone(), &credential.registration);
            self.call(&call).await.map(|_| StoredMethod::default())
        })
    }

    fn refusal(&self, error: &Error) -> Option<Refusal> {
        Some(match error.refusal::<DaRefusal>()?.kind() {
            DaRefusalKind::NotAuthenticated { .. } => Refusal::NotAuthenticated,
            DaRefusalKind::Forbidden => Refusal::Forbidden,
            DaRefusalKind::UserNotFound => Refusal::UserUnknown,
            DaRefusalKind::Duplicate => Refusal::Duplicate,
            DaRefusalKind::Expired => Refusal::Expired,
            DaRefusalKind::Rejected { .. } => Refusal::Rejected,
            DaRefusalKind::NotConfigured => Refusal::NotConfigured,
            DaRefusalKind::RateLimited | DaRefusalKind::Unavailable => Refusal::Busy,
            DaRefusalKind::Unexpected => Refusal::Other,
        })
    }

    fn preflight(&self) -> Preflight {
        self.dialect().preflight()
    }
}
