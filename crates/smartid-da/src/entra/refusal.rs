//! What Microsoft Graph answers when it does not agree.
//!
//! Its errors are one documented object with a code, a sentence and an id for support. The codes are many and their list is open, so a
//! refusal is told by its status; the code is kept for those who know it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use smartid_core::{Advice, Incoming, Phase, Repeat, Retry, ServiceError, Turn, redact};

use super::read::Told;

/// Why Graph refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntraRefusalKind {
    /// The token is missing, expired or for something else; or what answered is not Graph but a login page.
    #[non_exhaustive]
    NotAuthenticated {
        /// Where the caller was sent, without query; only `http`, `https` and relative addresses. It was not followed.
        redirect: Option<String>,
    },
    /// The caller has no right to do this: a permission, the own account, the tenant's policy.
    Forbidden,
    /// There is no such user.
    UserNotFound,
    /// The credential is there already.
    Duplicate,
    /// The request was not accepted. An expired challenge is refused so as well; only the time tells.
    Rejected,
    /// Too many calls.
    Throttled,
    /// The service failed.
    ServerError,
    /// Anything else.
    Unexpected,
}

impl EntraRefusalKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAuthenticated { .. } => "not-authenticated",
            Self::Forbidden => "forbidden",
            Self::UserNotFound => "user-not-found",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Throttled => "throttled",
            Self::ServerError => "server-error",
            Self::Unexpected => "unexpected",
        }
    }
}

/// A refusal of Microsoft Graph; [`Error::refusal`](smartid_core::Error::refusal) gives it back.
#[derive(Clone)]
pub struct EntraRefusal {
    kind: EntraRefusalKind,
    answer: Box<Answer>,
}

#[derive(Clone)]
struct Answer {
    status: StatusCode,
    told: Shown,
    location: Option<String>,
    excerpt: String,
    after: Option<Duration>,
    perhaps_done: bool,
}

/// What the error object said.
#[derive(Clone)]
struct Shown {
    code: Option<String>,
    inner_code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
}

impl EntraRefusal {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> &EntraRefusalKind {
        &self.kind
    }

    /// Whether the token was not accepted.
    #[must_use]
    pub fn is_not_authenticated(&self) -> bool {
        matches!(self.kind, EntraRefusalKind::NotAuthenticated { .. })
    }

    /// What Graph said about it, redacted and shortened.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.answer.told.message.as_deref()
    }

    /// The code of the innermost error, which says most; as it came.
    #[must_use]
    pub fn inner_code(&self) -> Option<&str> {
        self.answer.told.inner_code.as_deref()
    }

    /// The id that Microsoft's support asks for: that of the header, else that of the body.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.answer.told.request_id.as_deref()
    }

    /// How long Graph asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer.after
    }

    /// Where the answer redirects to, whole. It was not followed, and it may hold anything.
    #[must_use]
    pub fn danger_location(&self) -> Option<&str> {
        self.answer.location.as_deref()
    }

    pub(super) fn new(
        kind: EntraRefusalKind,
        incoming: &Incoming,
        told: Told,
        after: Option<Duration>,
        repeat: Repeat,
    ) -> Self {
        let location = incoming.headers().get(LOCATION);
        let Told {
            is_error: _,
            code,
            inner_code,
            message,
            request_id,
        } = told;
        Self {
            answer: Box::new(Answer {
                status: incoming.status(),
                told: Shown {
                    code,
                    inner_code,
                    message,
                    request_id,
                },
                location: location
                    .and_then(|value| value.to_str().ok())
                    .filter(|text| text.len() <= 2048 && incoming.status().is_redirection())
                    .map(str::to_owned),
                excerpt: redact::excerpt(incoming),
                after,
                // A server that failed does not say whether it had done it before.
                perhaps_done: repeat == Repeat::Once && kind == EntraRefusalKind::ServerError,
            }),
            kind,
        }
    }
}

impl ServiceError for EntraRefusal {
    fn code(&self) -> Option<&str> {
        self.answer.told.code.as_deref()
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.answer.status)
    }

    fn phase(&self) -> Phase {
        if self.answer.perhaps_done {
            Phase::PerhapsDone
        } else {
            Phase::Refused
        }
    }

    fn retry(&self) -> Retry {
        match self.kind {
            EntraRefusalKind::ServerError if self.answer.perhaps_done => Retry::Forbidden,
            EntraRefusalKind::Throttled | EntraRefusalKind::ServerError => Retry::Yes {
                after: self.answer.after,
            },
            _ => Retry::No,
        }
    }

    fn advice(&self) -> Advice {
        let (turn, check) = match &self.kind {
            EntraRefusalKind::NotAuthenticated { redirect: Some(_) } => (
                Turn::Administrator,
                "the address: Microsoft Graph redirects nobody to a login page, so something else answered",
            ),
            EntraRefusalKind::NotAuthenticated { redirect: None } => (
                Turn::Administrator,
                "the token: that it is one for Microsoft Graph, of the right tenant, and that the client's secret or certificate has not run out",
            ),
            EntraRefusalKind::Forbidden => (
                Turn::Administrator,
                "the application permission UserAuthMethod-Passkey.ReadWrite.All with the administrator's consent; that the tenant's passkey \
                 policy allows self-service set-up; and that the user is not the account that calls, nor one with higher rights than it",
            ),
            EntraRefusalKind::UserNotFound => (
                Turn::Caller,
                "that the user is an object id or a user principal name of this tenant",
            ),
            EntraRefusalKind::Duplicate => (
                Turn::EndUser,
                "nothing is missing if the user knows this security key to be registered; otherwise use another key",
            ),
            EntraRefusalKind::Rejected => (
                Turn::Administrator,
                "what Graph says in the message; then the tenant's passkey policy: attestation, and which models of keys it allows",
            ),
            EntraRefusalKind::Throttled => (Turn::Time, "how often this tenant is called, if this goes on"),
            EntraRefusalKind::ServerError if self.answer.perhaps_done => (
                Turn::Time,
                "whether the user has the new sign-in method, before trying again: the service failed and may have stored it",
            ),
            EntraRefusalKind::ServerError => (
                Turn::Time,
                "the service health of Microsoft Entra, if this goes on",
            ),
            EntraRefusalKind::Unexpected => (
                Turn::Administrator,
                "the address and the version of Microsoft Graph: national clouds have addresses of their own and may lack this function",
            ),
        };
        Advice::new(turn, check)
    }
}

impl std::error::Error for EntraRefusal {}

impl fmt::Display for EntraRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { status, told, .. } = &*self.answer;
        let status = status.as_u16();
        match &self.kind {
            EntraRefusalKind::NotAuthenticated { redirect: Some(to) } => {
                write!(f, "not authenticated (status {status}, sent to {to})")?;
            }
            EntraRefusalKind::NotAuthenticated { redirect: None } => {
                write!(f, "not authenticated (status {status})")?;
            }
            EntraRefusalKind::Forbidden => write!(f, "the caller has no right to do this (status {status})")?,
            EntraRefusalKind::UserNotFound => write!(f, "no such user (status {status})")?,
            EntraRefusalKind::Duplicate => {
                write!(f, "the credential is registered already (status {status})")?
            }
            EntraRefusalKind::Rejected => write!(f, "rejected (status {status})")?,
            EntraRefusalKind::Throttled => write!(f, "too many calls (status {status})")?,
            EntraRefusalKind::ServerError => write!(f, "the service failed (status {status})")?,
            EntraRefusalKind::Unexpected => write!(
                f,
                "an answer that this operation does not have (status {status}, {})",
                self.answer.excerpt
            )?,
        }
        for (name, text) in [("code", &told.code), ("inner code", &told.inner_code)] {
            if let Some(text) = text {
                write!(f, ", {name} {:?}", shown(text))?;
            }
        }
        match &told.message {
            Some(message) => write!(f, ", message {message:?}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for EntraRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, answer } = self;
        let Answer {
            status,
            told:
                Shown {
                    code,
                    inner_code,
                    message,
                    request_id,
                },
            location: _blind,
            excerpt,
            after,
            perhaps_done,
        } = &**answer;
        f.debug_struct("EntraRefusal")
            .field("kind", kind)
            .field("status", status)
            .field("code", &code.as_deref().map(shown))
            .field("inner_code", &inner_code.as_deref().map(shown))
            .field("message", message)
            .field("request_id", request_id)
            .field("excerpt", excerpt)
            .field("after", after)
            .field("perhaps_done", perhaps_done)
            .finish()
    }
}

/// A code as it is shown. Those of Graph are words such as `Authorization_RequestDenied`, which no token is.
fn shown(code: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'.';
    if code.len() <= 64 && code.bytes().all(word) {
        code.to_owned()
    } else {
        redact::message(code)
    }
}
