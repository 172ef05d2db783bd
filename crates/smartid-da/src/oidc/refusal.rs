//! Why a login ended without a user.
//!
//! A login passes through six places, and each can be wrong in its own way. A refusal names the place and the one thing that is wrong
//! there; what a stranger wrote comes with it only where it is the provider's own verdict, shortened and made printable.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use serde_json::Value;
use smartid_core::{Advice, Content, Incoming, Phase, Retry, SecretString, ServiceError, Turn, redact};

use super::reason::{OidcPlace, OidcReason};
use super::strict;

/// A refusal; [`Error::refusal`](smartid_core::Error::refusal) gives it back.
///
/// It holds no token, code, verifier or secret, and of an answer no more than its status and the provider's own verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcRefusal {
    place: OidcPlace,
    reason: OidcReason,
    answer: Box<Answer>,
}

/// What is kept of an answer.
#[derive(Clone, Default, PartialEq, Eq)]
struct Answer {
    status: Option<StatusCode>,
    code: Option<String>,
    description: Option<String>,
    redirect: Option<String>,
    after: Option<Duration>,
    detail: Option<String>,
}

impl OidcRefusal {
    pub(super) fn new(place: OidcPlace, reason: OidcReason) -> Self {
        Self {
            place,
            reason,
            answer: Box::default(),
        }
    }

    /// `detail` is ours, or the name of a member.
    pub(super) fn because(place: OidcPlace, reason: OidcReason, detail: impl Into<String>) -> Self {
        let mut refusal = Self::new(place, reason);
        refusal.answer.detail = Some(detail.into());
        refusal
    }

    /// The provider's verdict, if the text is one: `error` is visible ASCII (RFC 6749 4.1.2.1).
    pub(super) fn told(
        place: OidcPlace,
        reason: OidcReason,
        error: &str,
        description: Option<&str>,
    ) -> Option<Self> {
        let visible = |b: u8| (0x20..=0x7e).contains(&b) && b != b'"' && b != b'\\';
        if error.is_empty() || error.len() > 128 || !error.bytes().all(visible) {
            return None;
        }
        let mut refusal = Self::new(place, reason);
        refusal.answer.code = Some(error.to_owned());
        refusal.answer.description = description.map(redact::message).filter(|text| !text.is_empty());
        Some(refusal)
    }

    fn of(place: OidcPlace, reason: OidcReason, incoming: &Incoming) -> Self {
        let mut refusal = verdict(place, reason, incoming).unwrap_or_else(|| Self::new(place, reason));
        refusal.answer.status = Some(incoming.status());
        refusal.answer.redirect = incoming.redirect_to_show();
        refusal.answer.after = incoming.retry_after_by_own_date();
        refusal
    }

    /// Without what the provider said, when it repeats a secret of ours.
    pub(super) fn without(mut self, secrets: &[SecretString]) -> Self {
        let tells = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default();
            secrets
                .iter()
                .any(|secret| !secret.expose().is_empty() && text.contains(secret.expose()))
        };
        if tells(&self.answer.code) {
            self.answer.code = None;
        }
        if tells(&self.answer.description) {
            self.answer.description = None;
        }
        self
    }

    /// Where the login was refused.
    #[must_use]
    pub fn place(&self) -> OidcPlace {
        self.place
    }

    /// The one thing that was wrong.
    #[must_use]
    pub fn reason(&self) -> OidcReason {
        self.reason
    }

    /// What the provider said about its `error`, printable, shortened, and with secrets masked. It is a stranger's text: never markup.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.answer.description.as_deref()
    }

    /// Where the answer pointed, without its query. It was not followed.
    #[must_use]
    pub fn redirect(&self) -> Option<&str> {
        self.answer.redirect.as_deref()
    }

    /// Whether another key set may help: no key fits, or a key that need not have a name was changed for another.
    pub(super) fn wants_other_keys(&self) -> bool {
        self.place == OidcPlace::IdToken && matches!(self.reason, OidcReason::Key | OidcReason::Signature)
    }
}

/// `error` and `error_description` of a JSON body, or those of the header of RFC 6750 3.
fn verdict(place: OidcPlace, reason: OidcReason, incoming: &Incoming) -> Option<OidcRefusal> {
    if incoming.content() == Content::Json
        && let Ok(members) = strict::object(incoming.body())
        && let Some(Value::String(error)) = members.get("error")
    {
        let description = members.get("error_description").and_then(Value::as_str);
        return OidcRefusal::told(place, reason, error, description);
    }
    let challenge = incoming.headers().get(WWW_AUTHENTICATE)?.to_str().ok()?;
    let quoted = |name: &str| {
        let (before, rest) = challenge.split_once(&format!("{name}=\""))?;
        (before.ends_with([' ', ','])).then(|| rest.split('"').next())?
    };
    OidcRefusal::told(place, reason, quoted("error")?, quoted("error_description"))
}

/// Sorts an answer: `Ok` when it is JSON with status 200.
pub(super) fn accept(place: OidcPlace, incoming: &Incoming) -> Result<(), OidcRefusal> {
    let status = incoming.status();
    let page = matches!(incoming.content(), Content::Html);
    let json = {
        let kind = incoming.content_type().to_ascii_lowercase();
        incoming.content() == Content::Json
            && (kind.is_empty() || kind == "application/json" || kind.ends_with("+json"))
    };
    let reason = match (place, status.as_u16()) {
        (OidcPlace::UserInfo, 200) if page => OidcReason::NotAuthenticated,
        (_, 200) if json => return Ok(()),
        (_, 200) => OidcReason::Body,
        (OidcPlace::UserInfo, 401 | 300..=399) => OidcReason::NotAuthenticated,
        (OidcPlace::UserInfo, 403) => OidcReason::Forbidden,
        (OidcPlace::UserInfo, 500..=599) => OidcReason::ServerError,
        (OidcPlace::Token, 400..=499) => OidcReason::Refused,
        _ => OidcReason::Status,
    };
    let refusal = OidcRefusal::of(place, reason, incoming);
    if reason == OidcReason::Refused && refusal.answer.code.is_none() {
        return Err(OidcRefusal::of(place, OidcReason::Status, incoming));
    }
    Err(refusal)
}

impl ServiceError for OidcRefusal {
    fn code(&self) -> Option<&str> {
        self.answer.code.as_deref()
    }

    fn status(&self) -> Option<StatusCode> {
        self.answer.status
    }

    fn phase(&self) -> Phase {
        match self.reason {
            OidcReason::Body | OidcReason::Duplicate | OidcReason::Member => Phase::Unreadable,
            _ => Phase::Refused,
        }
    }

    /// [`Retry::Yes`] where trying later may help: of a callback that means to begin a new login. Never for the token endpoint, since a
    /// code can be used once.
    fn retry(&self) -> Retry {
        let status = self.answer.status.map_or(0, |status| status.as_u16());
        let code = self.answer.code.as_deref();
        match self.place {
            OidcPlace::Token => Retry::No,
            OidcPlace::Callback if matches!(code, Some("server_error" | "temporarily_unavailable")) => {
                Retry::Yes { after: None }
            }
            _ if matches!(status, 429 | 503) => Retry::Yes {
                after: self.answer.after,
            },
            _ if matches!(status, 500 | 502 | 504) => Retry::Forbidden,
            _ => Retry::No,
        }
    }

    fn advice(&self) -> Advice {
        let (turn, check) = match (self.place, self.reason) {
            (OidcPlace::Document, OidcReason::Status) => (
                Turn::Administrator,
                "that OAuth2 and the OpenID Connect provider are enabled in Digital Access, and the issuer letter by letter",
            ),
            (OidcPlace::Document, OidcReason::Issuer) => (
                Turn::Administrator,
                "the setting OpenID Issuer in Digital Access against the issuer that is configured here: a slash or a capital letter counts",
            ),
            (OidcPlace::Document | OidcPlace::Keys, _) => (
                Turn::Administrator,
                "what answers at the issuer's address; an access rule or a proxy may stand before it",
            ),
            (OidcPlace::Callback, OidcReason::Denied) => (
                Turn::EndUser,
                "begin a new login; if it is refused again, the error of the provider says whose turn it is",
            ),
            (OidcPlace::Callback, OidcReason::Iss) => (
                Turn::Administrator,
                "which provider the browser was sent to: the answer is another one's, perhaps on purpose",
            ),
            (OidcPlace::Callback, _) => (
                Turn::EndUser,
                "begin a new login in the same browser; a callback is answered once, and only for the login that this browser began",
            ),
            (OidcPlace::Token, OidcReason::Refused) => match self.answer.code.as_deref() {
                Some("invalid_client" | "unauthorized_client") => (
                    Turn::Administrator,
                    "client id, secret or certificate of this client in Digital Access, and its way of client authentication",
                ),
                _ => (
                    Turn::EndUser,
                    "begin a new login: the code was used before, is too old, or belongs to another client or redirect address",
                ),
            },
            (OidcPlace::IdToken, OidcReason::Exp | OidcReason::Iat | OidcReason::Nbf) => (
                Turn::Administrator,
                "the clocks of this machine and of Digital Access",
            ),
            (OidcPlace::IdToken, OidcReason::Acr | OidcReason::AuthTime) => {
                (Turn::EndUser, "log in again with the method that is asked for")
            }
            (OidcPlace::IdToken, _) => (
                Turn::Administrator,
                "the provider's keys and the client's settings; a token that fails here may be forged",
            ),
            (OidcPlace::UserInfo, OidcReason::NotAuthenticated | OidcReason::Forbidden) => (
                Turn::Administrator,
                "the access rules before the user info endpoint and the scope of the client; access tokens also run out",
            ),
            _ if self.answer.status.is_some_and(|status| status.is_server_error()) => {
                (Turn::Time, "the state of Digital Access, if this goes on")
            }
            _ => (
                Turn::Administrator,
                "the answer of the provider and what stands in front of it",
            ),
        };
        Advice::new(turn, check)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            status,
            code,
            description,
            redirect,
            after,
            detail,
        } = self;
        f.debug_struct("Answer")
            .field("status", status)
            .field("code", &code.as_deref().map(redact::message))
            .field("description", description)
            .field("redirect", redirect)
            .field("after", after)
            .field("detail", detail)
            .finish()
    }
}

impl std::error::Error for OidcRefusal {}

impl fmt::Display for OidcRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            status,
            code,
            description,
            redirect,
            after: _,
            detail,
        } = &*self.answer;
        write!(
            f,
            "{} is refused: {}",
            self.place.as_str(),
            self.reason.sentence()
        )?;
        if let Some(detail) = detail {
            write!(f, " ({detail})")?;
        }
        if let Some(status) = status {
            write!(f, ", status {}", status.as_u16())?;
        }
        if let Some(redirect) = redirect {
            write!(f, ", sent to {redirect}")?;
        }
        if let Some(code) = code {
            write!(f, ", error {:?}", redact::message(code))?;
        }
        match description {
            Some(description) => write!(f, ", description {description:?}"),
            None => Ok(()),
        }
    }
}
