//! What Digital Access answers when it does not agree.
//!
//! The access point stands in front of the API and answers in its own way: a caller without a valid session is sent to a login page,
//! with a redirect or with status 200. So a refusal is told by status and content type together, and the text of a body is only ever
//! detail. Which status and which code mean what is not documented; it stands in the dialect under `errors`.

mod read;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use smartid_core::{Advice, Content, Incoming, Retry, ServiceError, Turn, redact};

pub(crate) use read::{accept, rejection};

/// Why Digital Access refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DaRefusalKind {
    /// The caller is not authenticated: a missing or expired token, or an access rule that sends the caller to a login page.
    #[non_exhaustive]
    NotAuthenticated {
        /// Where the caller was sent, without query; only `http`, `https` and relative addresses. It was not followed.
        redirect: Option<String>,
    },
    /// The caller is authenticated but has no right to do this.
    Forbidden,
    /// There is no such user, or no such path: a wrong base URL looks the same.
    UserNotFound,
    /// The credential is registered already.
    Duplicate,
    /// The challenge is unknown, used or expired: begin again with new options.
    Expired,
    /// The credential was not accepted, or the request was.
    #[non_exhaustive]
    Rejected {
        /// What the service said, redacted and shortened.
        reason: Option<String>,
    },
    /// No FIDO method is configured, or FIDO is off for this user. Only told apart when the dialect says how.
    NotConfigured,
    /// Too many calls.
    RateLimited,
    /// The service is not available for now.
    Unavailable,
    /// Anything else.
    Unexpected,
}

impl DaRefusalKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAuthenticated { .. } => "not-authenticated",
            Self::Forbidden => "forbidden",
            Self::UserNotFound => "user-not-found",
            Self::Duplicate => "duplicate",
            Self::Expired => "expired",
            Self::Rejected { .. } => "rejected",
            Self::NotConfigured => "not-configured",
            Self::RateLimited => "rate-limited",
            Self::Unavailable => "unavailable",
            Self::Unexpected => "unexpected",
        }
    }
}

/// A refusal of Digital Access; [`Error::refusal`](smartid_core::Error::refusal) gives it back.
#[derive(Clone)]
pub struct DaRefusal {
    kind: DaRefusalKind,
    answer: Box<Answer>,
}

/// What is kept of the answer, apart from the kind so that a `Result` with a refusal stays small.
#[derive(Clone)]
struct Answer {
    status: StatusCode,
    content_type: String,
    code: Option<String>,
    detail: Option<String>,
    excerpt: String,
    html: bool,
    after: Option<Duration>,
    body: Bytes,
}

/// How much of a body is kept for [`DaRefusal::danger_body`].
const KEPT: usize = 64 * 1024;

impl DaRefusal {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> &DaRefusalKind {
        &self.kind
    }

    /// Whether the caller has to authenticate anew.
    #[must_use]
    pub fn is_not_authenticated(&self) -> bool {
        matches!(self.kind, DaRefusalKind::NotAuthenticated { .. })
    }

    /// Whether the credential is registered already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.kind == DaRefusalKind::Duplicate
    }

    /// Whether the challenge was unknown, used or expired.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        self.kind == DaRefusalKind::Expired
    }

    /// The content type of the answer, without parameters.
    #[must_use]
    pub fn content_type(&self) -> &str {
        &self.answer.content_type
    }

    /// What the service said about it, redacted and shortened.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.answer.detail.as_deref()
    }

    /// What can be shown of the body: its structure and its verdict.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.answer.excerpt
    }

    /// Up to 64 KiB of the body as it came. It may hold tokens and personal data: for a person who investigates, not for a log.
    #[must_use]
    pub fn danger_body(&self) -> &[u8] {
        &self.answer.body
    }

    fn new(kind: DaRefusalKind, incoming: &Incoming, told: read::Told) -> Self {
        let kept = incoming.body().len().min(KEPT);
        let kind = match kind {
            DaRefusalKind::NotAuthenticated { .. } => DaRefusalKind::NotAuthenticated {
                redirect: incoming.redirect_to_show(),
            },
            DaRefusalKind::Rejected { .. } => DaRefusalKind::Rejected {
                reason: told
                    .message
                    .clone()
                    .or_else(|| told.code.as_deref().map(redact::message)),
            },
            other => other,
        };
        Self {
            kind,
            answer: Box::new(Answer {
                status: incoming.status(),
                content_type: redact::message(incoming.content_type()),
                code: told.code,
                detail: told.message,
                excerpt: redact::excerpt(incoming),
                html: incoming.content() == Content::Html,
                after: incoming.retry_after_by_own_date(),
                // A copy, so that a small error does not keep a large answer.
                body: Bytes::copy_from_slice(incoming.body().get(..kept).unwrap_or_default()),
            }),
        }
    }
}

impl ServiceError for DaRefusal {
    fn code(&self) -> Option<&str> {
        self.answer.code.as_deref()
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.answer.status)
    }

    fn retry(&self) -> Retry {
        match self.kind {
            DaRefusalKind::RateLimited | DaRefusalKind::Unavailable => Retry::Yes {
                after: self.answer.after,
            },
            // The service or a proxy broke off: whether the work was done is open.
            DaRefusalKind::Unexpected if matches!(self.answer.status.as_u16(), 500 | 502 | 504) => {
                Retry::Forbidden
            }
            _ => Retry::No,
        }
    }

    fn advice(&self) -> Advice {
        let (turn, check) = match &self.kind {
            DaRefusalKind::NotAuthenticated { redirect: Some(_) } => (
                Turn::Administrator,
                "the access rules of the web resource in Digital Access: the caller was sent to a login page, so its token was missing, \
                 not accepted, or is not enough for this resource",
            ),
            DaRefusalKind::NotAuthenticated { redirect: None } => (
                Turn::Administrator,
                "the token or password of this client, the clock of this machine, and that the OAuth 2.0 client is enabled in Digital Access",
            ),
            DaRefusalKind::Forbidden => (
                Turn::Administrator,
                "that the OAuth 2.0 client has the scope, or the account the delegated right, to manage credentials of users",
            ),
            DaRefusalKind::UserNotFound if self.answer.html => (
                Turn::Administrator,
                "the base URL first: the answer is a web page, which the API does not send; then the user id",
            ),
            DaRefusalKind::UserNotFound => (
                Turn::Caller,
                "that the user id is that of an account in Digital Access, and that the base URL is right",
            ),
            DaRefusalKind::Duplicate => (
                Turn::EndUser,
                "nothing is missing if the user knows this security key to be registered; otherwise use another key, or have the old \
                 registration removed first",
            ),
            DaRefusalKind::Expired => (
                Turn::Caller,
                "begin again with new options; a challenge can be used once and only for a short time",
            ),
            DaRefusalKind::Rejected { .. } => (
                Turn::Administrator,
                "what the service says in the message; then the relying party id, the allowed origins and the attestation settings of \
                 the FIDO method in Digital Access",
            ),
            DaRefusalKind::NotConfigured => (
                Turn::Administrator,
                "that a FIDO authentication method exists in Digital Access and that FIDO is allowed for this user",
            ),
            DaRefusalKind::RateLimited | DaRefusalKind::Unavailable => (
                Turn::Time,
                "the load and the state of Digital Access, if this goes on",
            ),
            DaRefusalKind::Unexpected if self.answer.status.is_server_error() => (
                Turn::Administrator,
                "the log of Digital Access and of a proxy in front of it; look whether the credential was stored before trying again",
            ),
            DaRefusalKind::Unexpected => (
                Turn::Administrator,
                "the base URL and the product's version (Digital Access 6.11 or later); a dialect can describe another path or verb",
            ),
        };
        Advice::new(turn, check)
    }
}

impl std::error::Error for DaRefusal {}

impl fmt::Display for DaRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.answer.status.as_u16();
        match &self.kind {
            DaRefusalKind::NotAuthenticated { redirect: Some(to) } => {
                write!(f, "not authenticated (status {status}, sent to {to})")?;
            }
            DaRefusalKind::NotAuthenticated { redirect: None } if self.answer.html => {
                write!(f, "not authenticated (status {status} with a web page)")?;
            }
            DaRefusalKind::NotAuthenticated { redirect: None } => {
                write!(f, "not authenticated (status {status})")?
            }
            DaRefusalKind::Forbidden => write!(f, "the caller has no right to do this (status {status})")?,
            DaRefusalKind::UserNotFound => write!(f, "no such user or path (status {status})")?,
            DaRefusalKind::Duplicate => write!(f, "the credential is registered already (status {status})")?,
            DaRefusalKind::Expired => {
                write!(f, "the challenge is unknown, used or expired (status {status})")?
            }
            DaRefusalKind::Rejected { .. } => write!(f, "rejected (status {status})")?,
            DaRefusalKind::NotConfigured => {
                write!(f, "FIDO is not configured for this user (status {status})")?
            }
            DaRefusalKind::RateLimited => write!(f, "too many calls (status {status})")?,
            DaRefusalKind::Unavailable => write!(f, "not available for now (status {status})")?,
            DaRefusalKind::Unexpected => {
                write!(
                    f,
                    "an answer that this operation does not have (status {status}, {})",
                    self.answer.excerpt
                )?;
            }
        }
        let code = self.answer.code.as_deref().map(redact::message);
        if let Some(code) = &code {
            write!(f, ", code {code:?}")?;
        }
        match &self.answer.detail {
            Some(detail) if code.as_ref() != Some(detail) => write!(f, ", message {detail:?}"),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for DaRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, answer } = self;
        let Answer {
            status,
            content_type,
            code,
            detail,
            excerpt,
            html: _,
            after,
            body,
        } = &**answer;
        f.debug_struct("DaRefusal")
            .field("kind", kind)
            .field("status", status)
            .field("content_type", content_type)
            .field("code", &code.as_deref().map(redact::message))
            .field("detail", detail)
            .field("excerpt", excerpt)
            .field("after", after)
            .field("body_bytes", &body.len())
            .finish()
    }
}
