//! What may differ between installations of Digital Access, as data.
//!
//! The vendor publishes two verbs, two paths and the order of the two calls. Where the user is named, what the bodies look like and
//! what the status codes mean is inferred, so each of these is a setting here. A TOML file names only those that differ:
//!
//! ```
//! use smartid_da::DaDialect;
//!
//! let dialect = DaDialect::from_toml(r#"
//!     [user]
//!     position = "header"
//!     name = "X-User"
//!     [credentials]
//!     credential = "/publicKeyCredential"
//!     success = [200]
//!     [errors.expired]
//!     status = [410]
//!     codes = ["challenge_unknown"]
//! "#)?;
//! assert_ne!(dialect, DaDialect::default());
//! assert!(DaDialect::from_toml("[options]\npaht = 'x'").is_err());
//! # Ok::<(), smartid_core::dialect::DialectError>(())
//! ```
//!
//! The base URL and the authentication are not here: they are settings of the client itself.

mod evidence;

use http::{HeaderName, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{DialectError, Edits, SuccessStatus, Verb, overlay};
use smartid_core::json::Pointer;

pub use evidence::EVIDENCE;

use crate::fido::BodyForm;
use crate::fido::preflight::{OriginRule, Preflight, StatementRule};
use crate::refusal::DaRefusalKind;

/// The settings; [`EVIDENCE`] tells of each what it means and how we know its default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct DaDialect {
    /// Where both calls name the user.
    pub user: UserSelector,
    /// `GET /fido/options`.
    pub options: OptionsCall,
    /// `POST /fido/credentials`.
    pub credentials: CredentialsCall,
    /// What refusals look like.
    pub errors: Errors,
    /// What the local check of a registration expects.
    pub preflight: PreflightRules,
}

impl DaDialect {
    /// Reads a sparse TOML text over the defaults.
    ///
    /// # Errors
    /// [`DialectError`] that names the key.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        overlay(text)
    }

    /// The headers that name the user.
    pub(crate) fn user_headers(&self) -> Vec<HeaderName> {
        [
            (self.options.user_position, &self.options.user_name),
            (self.credentials.user_position, &self.credentials.user_name),
        ]
        .into_iter()
        .filter(|(position, _)| position.unwrap_or(self.user.position) == UserPosition::Header)
        .filter_map(|(_, name)| name.as_deref().unwrap_or(&self.user.name).parse().ok())
        .collect()
    }

    /// The local check of a registration, as these settings want it.
    #[must_use]
    pub fn preflight(&self) -> Preflight {
        let origin = match self.preflight.origin {
            OriginCheck::RpId => OriginRule::RpId,
            OriginCheck::Listed => OriginRule::Listed(self.preflight.origins.clone()),
            OriginCheck::Report => OriginRule::Report,
        };
        Preflight::new()
            .origin(origin)
            .encoding(self.preflight.base64)
            .attestation(self.preflight.attestation)
    }
}

/// Where a request names the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct UserSelector {
    /// In which part of the request.
    pub position: UserPosition,
    /// The name of the query parameter, of the header, or of the body's member (or its JSON pointer). Not used in a path.
    pub name: String,
}

impl Default for UserSelector {
    fn default() -> Self {
        Self {
            position: UserPosition::Query,
            name: String::from("userId"),
        }
    }
}

/// The part of a request that names the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum UserPosition {
    /// A query parameter.
    Query,
    /// A segment of the path: in place of `{user}`, or behind a path that has no such placeholder.
    Path,
    /// A header.
    Header,
    /// A member of the JSON body. A request by GET has none.
    Body,
    /// Nowhere: the token says who it is.
    None,
}

/// `GET /fido/options`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OptionsCall {
    /// The verb.
    pub verb: Verb,
    /// The path below the base URL; `{user}` stands for the user id.
    pub path: PathTemplate,
    /// The content type that is asked for.
    pub accept: String,
    /// The statuses that mean success.
    pub success: SuccessStatus,
    /// Changes of the answer before it is read.
    pub response: Edits,
    /// How strictly `challenge` and `user.id` are read.
    pub base64: Encoding,
    /// In place of `user.position`, for this call only.
    pub user_position: Option<UserPosition>,
    /// In place of `user.name`, for this call only.
    pub user_name: Option<String>,
}

impl Default for OptionsCall {
    fn default() -> Self {
        Self {
            verb: Verb::GET,
            path: template("fido/options"),
            accept: String::from("application/json"),
            success: SuccessStatus::any_2xx(),
            response: Edits::default(),
            base64: Encoding::Strict,
            user_position: None,
            user_name: None,
        }
    }
}

/// `POST /fido/credentials`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CredentialsCall {
    /// The verb.
    pub verb: Verb,
    /// The path below the base URL; `{user}` stands for the user id.
    pub path: PathTemplate,
    /// The content type of the body.
    pub content_type: String,
    /// The statuses that mean success.
    pub success: SuccessStatus,
    /// Where in the body the registration stands; empty for the whole body.
    pub credential: Pointer,
    /// Which members of the registration are sent, unless the call says otherwise.
    pub body: BodyForm,
    /// Changes of the body before it is sent.
    pub request: Edits,
    /// In place of `user.position`, for this call only.
    pub user_position: Option<UserPosition>,
    /// In place of `user.name`, for this call only.
    pub user_name: Option<String>,
}

impl Default for CredentialsCall {
    fn default() -> Self {
        Self {
            verb: Verb::POST,
            path: template("fido/credentials"),
            content_type: String::from("application/json"),
            success: SuccessStatus::any_2xx(),
            credential: Pointer::default(),
            body: BodyForm::Strict,
            request: Edits::default(),
            user_position: None,
            user_name: None,
        }
    }
}

/// Path constants of this file; a test shows that they are templates.
fn template(path: &str) -> PathTemplate {
    path.parse().unwrap_or_default()
}

/// What refusals look like. Codes are looked at before the status; a code that is listed nowhere decides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Errors {
    /// Where a JSON error body has its code: the first of these that is there.
    pub code: Vec<Pointer>,
    /// Where a JSON error body has its text: the first of these that is there.
    pub message: Vec<Pointer>,
    /// Whether a web page in place of an answer means that the caller is not authenticated.
    pub html_is_login: bool,
    /// The caller is not authenticated.
    pub not_authenticated: Sign,
    /// The caller has no right.
    pub forbidden: Sign,
    /// No such user.
    pub user_not_found: Sign,
    /// The credential is registered already.
    pub duplicate: Sign,
    /// The challenge is unknown, used or expired.
    pub expired: Sign,
    /// No FIDO method, or FIDO is off for this user.
    pub not_configured: Sign,
    /// The request or the credential was not accepted.
    pub rejected: Sign,
    /// Too many calls.
    pub rate_limited: Sign,
    /// Not available for now.
    pub unavailable: Sign,
}

/// How one kind of refusal is recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Sign {
    /// These statuses.
    #[serde(deserialize_with = "statuses")]
    pub status: Vec<u16>,
    /// These codes in the body, in any letter case.
    pub codes: Vec<String>,
}

impl Sign {
    fn status(status: &[u16]) -> Self {
        Self {
            status: status.to_vec(),
            codes: Vec::new(),
        }
    }
}

fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let list = Vec::<u16>::deserialize(deserializer)?;
    if list.iter().all(|status| (100..600).contains(status)) {
        Ok(list)
    } else {
        Err(serde::de::Error::custom("status codes are between 100 and 599"))
    }
}

impl Default for Errors {
    fn default() -> Self {
        let pointers = |list: &[&str]| list.iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            code: pointers(&["/errorCode", "/code", "/error/code", "/error"]),
            message: pointers(&["/message", "/error_description", "/error/message", "/detail"]),
            html_is_login: true,
            not_authenticated: Sign::status(&[301, 302, 303, 307, 308, 401]),
            forbidden: Sign::status(&[403]),
            user_not_found: Sign::status(&[404]),
            duplicate: Sign::status(&[409]),
            expired: Sign::status(&[410]),
            not_configured: Sign::default(),
            rejected: Sign::status(&[400, 422]),
            rate_limited: Sign::status(&[429]),
            unavailable: Sign::status(&[503]),
        }
    }
}

/// The kinds of refusal that the dialect can recognise.
#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    NotAuthenticated,
    Forbidden,
    UserNotFound,
    Duplicate,
    Expired,
    NotConfigured,
    Rejected,
    RateLimited,
    Unavailable,
}

impl Meaning {
    pub(crate) fn kind(self) -> DaRefusalKind {
        match self {
            Self::NotAuthenticated => DaRefusalKind::NotAuthenticated { redirect: None },
            Self::Forbidden => DaRefusalKind::Forbidden,
            Self::UserNotFound => DaRefusalKind::UserNotFound,
            Self::Duplicate => DaRefusalKind::Duplicate,
            Self::Expired => DaRefusalKind::Expired,
            Self::NotConfigured => DaRefusalKind::NotConfigured,
            Self::Rejected => DaRefusalKind::Rejected { reason: None },
            Self::RateLimited => DaRefusalKind::RateLimited,
            Self::Unavailable => DaRefusalKind::Unavailable,
        }
    }
}

impl Errors {
    fn signs(&self) -> [(Meaning, &Sign); 9] {
        [
            (Meaning::NotAuthenticated, &self.not_authenticated),
            (Meaning::Forbidden, &self.forbidden),
            (Meaning::UserNotFound, &self.user_not_found),
            (Meaning::Duplicate, &self.duplicate),
            (Meaning::Expired, &self.expired),
            (Meaning::NotConfigured, &self.not_configured),
            (Meaning::Rejected, &self.rejected),
            (Meaning::RateLimited, &self.rate_limited),
            (Meaning::Unavailable, &self.unavailable),
        ]
    }

    /// Whether any code means anything.
    pub(crate) fn lists_codes(&self) -> bool {
        self.signs().iter().any(|(_, sign)| !sign.codes.is_empty())
    }

    pub(crate) fn by_code(&self, code: &str) -> Option<Meaning> {
        self.signs()
            .into_iter()
            .find(|(_, sign)| sign.codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
            .map(|(meaning, _)| meaning)
    }

    pub(crate) fn by_status(&self, status: StatusCode) -> Option<Meaning> {
        self.signs()
            .into_iter()
            .find(|(_, sign)| sign.status.contains(&status.as_u16()))
            .map(|(meaning, _)| meaning)
    }
}

/// What the local check of a registration expects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PreflightRules {
    /// Which origins are right.
    pub origin: OriginCheck,
    /// The origins, where `origin` is `listed`; compared exactly.
    pub origins: Vec<String>,
    /// How strictly the binary members of a registration are read.
    pub base64: Encoding,
    /// What to do about the attestation statement.
    pub attestation: StatementRule,
}

/// Which origins the client data may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OriginCheck {
    /// Exactly `https://<rp.id>`.
    #[default]
    RpId,
    /// One of `preflight.origins`.
    Listed,
    /// Any; it is only reported.
    Report,
}

/// How strictly base64url is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Encoding {
    /// The URL alphabet without padding, as WebAuthn writes it.
    #[default]
    Strict,
    /// Also with padding, in the standard alphabet, or with line breaks; each leaves a lint.
    Lenient,
}
