//! What Certificate Manager answers when it does not agree.
//!
//! The envelope's code decides, not the HTTP status: refusals come with 200 as well as with 4xx and 5xx. What is no envelope (Tomcat's
//! pages, an empty body, a redirect of something in front) is a refusal too, told by its status.

mod code;
mod item;
mod shown;

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use smartid_core::{Advice, Content, Incoming, Phase, Retry, SecretString, ServiceError, Turn, redact};

use crate::hide;

pub use code::CmCode;
pub use item::ItemError;

/// Why Certificate Manager, or what stands in front of it, refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CmRefusalKind {
    /// Certificate Manager says so, with this code.
    Code(CmCode),
    /// It wants a signature, but has been given one in this very call: signing again would go on for ever.
    SignatureDemandedAgain,
    /// It wants a signature, and the client has no signer.
    NoSigner,
    /// It wants a signature, and what it wants signed is missing or cannot be read. Nothing was signed.
    NothingToSign,
    /// Status 401: not authenticated. Protocol Gateway authenticates by the TLS certificate, so something in front of it refused.
    NotAuthenticated,
    /// Status 403 without a code: the certificate of the connection is not that of an officer, or not one who may do this.
    NotAnOfficer,
    /// Status 404 without a code: there is nothing at this address. A servlet that is not started looks the same.
    NoSuchPath,
    /// Status 503 without a code: the application or the servlet is not started.
    NotStarted,
    /// Status 429 without a code.
    TooManyRequests,
    /// A redirect, which was not followed.
    #[non_exhaustive]
    Redirect {
        /// Where to, without query.
        to: Option<String>,
    },
    /// A web page with a status of success.
    Page,
    /// Another status of refusal, without a code.
    Status,
}

impl CmRefusalKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Code(code) => match code {
                CmCode::MissingField => "missing-field",
                CmCode::Encoding => "encoding",
                CmCode::NotInitialised => "not-initialised",
                CmCode::BadFieldValue => "bad-field-value",
                CmCode::Privilege => "privilege",
                CmCode::BadSignature => "bad-signature",
                CmCode::Connection => "connection",
                CmCode::SignatureRequired => "signature-required",
                CmCode::TooManyRequests => "too-many-requests",
                CmCode::General | CmCode::Success | CmCode::Other(_) => "error",
            },
            Self::SignatureDemandedAgain => "signature-demanded-again",
            Self::NoSigner => "no-signer",
            Self::NothingToSign => "nothing-to-sign",
            Self::NotAuthenticated => "not-authenticated",
            Self::NotAnOfficer => "not-an-officer",
            Self::NoSuchPath => "no-such-path",
            Self::NotStarted => "not-started",
            Self::TooManyRequests => "too-many-requests",
            Self::Redirect { .. } => "redirect",
            Self::Page => "web-page",
            Self::Status => "status",
        }
    }
}

/// A refusal of Certificate Manager; [`Error::refusal`](smartid_core::Error::refusal) gives it back.
#[derive(Clone)]
pub struct CmRefusal {
    kind: CmRefusalKind,
    answer: Box<Answer>,
}

/// What is kept of the answer, apart from the kind so that a `Result` with a refusal stays small.
#[derive(Clone)]
struct Answer {
    status: Option<StatusCode>,
    code: Option<String>,
    message: Option<String>,
    items: Vec<ItemError>,
    excerpt: String,
    after: Option<Duration>,
    body: Bytes,
    /// What is to be said in place of the kind's advice.
    advice: Option<Advice>,
}

/// How much of a body is kept for [`CmRefusal::danger_body`].
const KEPT: usize = 64 * 1024;

impl CmRefusal {
    /// Why.
    #[must_use]
    pub fn kind(&self) -> &CmRefusalKind {
        &self.kind
    }

    /// Certificate Manager's own code, when it said one.
    #[must_use]
    pub fn cm_code(&self) -> Option<CmCode> {
        let text = self.answer.code.as_deref()?;
        text.parse().ok().map(CmCode::from_number)
    }

    /// What it says about single certificates or elements of the call.
    #[must_use]
    pub fn items(&self) -> &[ItemError] {
        &self.answer.items
    }

    /// What the service said, redacted and shortened.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.answer.message.as_deref()
    }

    /// What can be shown of the body: its structure and its verdict.
    #[must_use]
    pub fn excerpt(&self) -> &str {
        &self.answer.excerpt
    }

    /// Up to 64 KiB of the body as it came. It may hold personal data: for a person who investigates, not for a log.
    #[must_use]
    pub fn danger_body(&self) -> &[u8] {
        &self.answer.body
    }

    /// Whether the officer may not do this, or is not known as an officer.
    #[must_use]
    pub fn is_privilege(&self) -> bool {
        matches!(
            self.kind,
            CmRefusalKind::Code(CmCode::Privilege) | CmRefusalKind::NotAnOfficer
        )
    }

    /// Whether there were too many requests.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        matches!(
            self.kind,
            CmRefusalKind::Code(CmCode::TooManyRequests) | CmRefusalKind::TooManyRequests
        )
    }

    /// The same without a secret that the request held, should the service repeat it.
    pub(crate) fn hiding(mut self, secret: &SecretString) -> Self {
        let answer = &mut *self.answer;
        let texts = answer.items.iter_mut().flat_map(ItemError::texts);
        for text in texts.chain([&mut answer.excerpt]).chain(&mut answer.message) {
            *text = hide::in_text(text, secret);
        }
        answer.body = hide::in_text(&String::from_utf8_lossy(&answer.body), secret).into();
        self
    }

    /// From an envelope.
    pub(crate) fn of_envelope(
        kind: CmRefusalKind,
        incoming: &Incoming,
        code: Option<CmCode>,
        message: Option<&str>,
        items: Vec<ItemError>,
    ) -> Self {
        let kept = incoming.body().len().min(KEPT);
        Self {
            kind,
            answer: Box::new(Answer {
                status: Some(incoming.status()),
                code: code.map(|code| code.to_string()),
                message: message
                    .map(redact::message)
                    .filter(|message| !message.trim().is_empty()),
                items,
                excerpt: redact::excerpt(incoming),
                after: incoming.retry_after_by_own_date(),
                // A copy, so that a small error does not keep a large answer.
                body: Bytes::copy_from_slice(incoming.body().get(..kept).unwrap_or_default()),
                advice: None,
            }),
        }
    }

    /// From an answer that is no envelope, by its status.
    pub(crate) fn of_status(incoming: &Incoming) -> Self {
        let kind = match incoming.status().as_u16() {
            200..=299 => CmRefusalKind::Page,
            300..=399 => CmRefusalKind::Redirect {
                to: incoming.redirect_to_show(),
            },
            401 => CmRefusalKind::NotAuthenticated,
            403 => CmRefusalKind::NotAnOfficer,
            404 => CmRefusalKind::NoSuchPath,
            429 => CmRefusalKind::TooManyRequests,
            503 => CmRefusalKind::NotStarted,
            _ => CmRefusalKind::Status,
        };
        let message = match incoming.content() {
            Content::Html => redact::html_title(incoming.body()),
            Content::Other if is_text(incoming.body()) => Some(incoming.plain_text()),
            _ => None,
        };
        Self::of_envelope(kind, incoming, None, message.as_deref(), Vec::new())
    }

    /// The demand of a signature that nobody here can give.
    pub(crate) fn no_signer() -> Self {
        Self {
            kind: CmRefusalKind::NoSigner,
            answer: Box::new(Answer {
                status: None,
                code: None,
                message: None,
                items: Vec::new(),
                excerpt: String::new(),
                after: None,
                body: Bytes::new(),
                advice: None,
            }),
        }
    }

    /// With other advice: that of the API speaks of the API's settings.
    pub(crate) fn advising(mut self, advice: Advice) -> Self {
        self.answer.advice = Some(advice);
        self
    }

    pub(crate) fn with_kind(mut self, kind: CmRefusalKind) -> Self {
        self.kind = kind;
        self
    }
}

/// Whether it begins as a text: a container or a certificate is not quoted, in whatever pieces.
fn is_text(body: &[u8]) -> bool {
    let mut head = body.iter().take(2048);
    head.all(|octet| !octet.is_ascii_control() || octet.is_ascii_whitespace())
}

impl ServiceError for CmRefusal {
    fn code(&self) -> Option<&str> {
        self.answer.code.as_deref()
    }

    fn status(&self) -> Option<StatusCode> {
        self.answer.status
    }

    /// A web page with a status of success, a 5xx without a code, and a connection that Protocol Gateway has lost tell nothing of what
    /// was done before.
    fn phase(&self) -> Phase {
        let server_error = self.answer.status.is_some_and(|status| status.is_server_error());
        match &self.kind {
            CmRefusalKind::Page => Phase::Unreadable,
            CmRefusalKind::Code(CmCode::Connection) | CmRefusalKind::NotStarted => Phase::PerhapsDone,
            CmRefusalKind::Status if server_error => Phase::PerhapsDone,
            _ => Phase::Refused,
        }
    }

    fn retry(&self) -> Retry {
        match &self.kind {
            CmRefusalKind::Code(CmCode::TooManyRequests | CmCode::NotInitialised)
            | CmRefusalKind::TooManyRequests => Retry::Yes {
                after: self.answer.after,
            },
            // The connection may have broken after the work was done, and a general error tells nothing: a read may be repeated, a
            // write only after looking.
            CmRefusalKind::Code(CmCode::Connection | CmCode::General) => Retry::Forbidden,
            // A page is not Certificate Manager's word: something in front of it may have lost the answer to what was done.
            CmRefusalKind::Page | CmRefusalKind::NotStarted => Retry::Forbidden,
            CmRefusalKind::Status if self.answer.status.is_some_and(|status| status.is_server_error()) => {
                Retry::Forbidden
            }
            _ => Retry::No,
        }
    }

    fn advice(&self) -> Advice {
        if let Some(advice) = &self.answer.advice {
            return advice.clone();
        }
        let (turn, check) = match &self.kind {
            CmRefusalKind::Code(code) => advice_of_code(*code),
            CmRefusalKind::SignatureDemandedAgain => (
                Turn::Administrator,
                "that nothing between here and Protocol Gateway drops the field `signature`, and the log of Protocol Gateway; this client \
                 signs once and not again",
            ),
            CmRefusalKind::NoSigner => advice_of_code(CmCode::SignatureRequired),
            CmRefusalKind::NothingToSign => (
                Turn::Administrator,
                "what stands between here and Protocol Gateway, and its version: the answer wants a signature over data that are not in it; a \
                 dialect can name another member (answers.data_to_sign)",
            ),
            CmRefusalKind::NotAuthenticated => (
                Turn::Administrator,
                "what stands in front of Protocol Gateway: it authenticates by the TLS certificate alone and does not ask for a login",
            ),
            CmRefusalKind::NotAnOfficer => (
                Turn::Administrator,
                "that the client certificate belongs to an officer of Certificate Manager who is enabled, and that the officer has every \
                 role in requiredRoRoles of api.properties",
            ),
            CmRefusalKind::NoSuchPath => (
                Turn::Administrator,
                "the base URL (usually https://<host>:8444/pgwy/api), that api.properties says start = true, and the handlers' filters there; \
                 a dialect can name another path",
            ),
            CmRefusalKind::NotStarted => (
                Turn::Administrator,
                "that Protocol Gateway runs, and that api.properties says start = true; its log tells why it does not start",
            ),
            CmRefusalKind::TooManyRequests => advice_of_code(CmCode::TooManyRequests),
            CmRefusalKind::Redirect { .. } => (
                Turn::Administrator,
                "the base URL: the API does not redirect, so something in front of it answered; redirects are not followed",
            ),
            CmRefusalKind::Page => (
                Turn::Administrator,
                "the base URL: the answer is a web page, which the API does not send",
            ),
            CmRefusalKind::Status => (
                Turn::Administrator,
                "the log of Protocol Gateway and of a proxy in front of it; look whether the work was done before trying again",
            ),
        };
        Advice::new(turn, check)
    }
}

fn advice_of_code(code: CmCode) -> (Turn, &'static str) {
    match code {
        CmCode::MissingField => (
            Turn::Caller,
            "which field the message names; a procedure's input view may demand more, and a dialect can name a field otherwise",
        ),
        CmCode::Encoding => (
            Turn::Caller,
            "that the certification request or the certificate is whole; a dialect can send it in another form",
        ),
        CmCode::BadFieldValue => (
            Turn::Caller,
            "the value that the message names: a procedure, an id or a date that Certificate Manager does not know or allow",
        ),
        CmCode::NotInitialised => (
            Turn::Administrator,
            "that Protocol Gateway has finished starting, and its log",
        ),
        CmCode::Privilege => (
            Turn::Administrator,
            "the roles of the officer in Certificate Manager, and requiredRoRoles in api.properties",
        ),
        CmCode::BadSignature => (
            Turn::Administrator,
            "that the signing certificate belongs to an officer who is enabled and may do this, that it is valid, and that the request was \
             not changed between the two steps",
        ),
        CmCode::Connection => (
            Turn::Administrator,
            "that Certificate Manager (the certificate factory) runs and that Protocol Gateway reaches it; a write may have been done: look \
             before trying again",
        ),
        CmCode::SignatureRequired => (
            Turn::Caller,
            "give the client a signer (an officer's key), or let Protocol Gateway sign itself (VRO)",
        ),
        CmCode::TooManyRequests => (Turn::Time, "the rate limit of Protocol Gateway, if this goes on"),
        CmCode::General | CmCode::Success | CmCode::Other(_) => (
            Turn::Administrator,
            "the message, and the log of Protocol Gateway; a write may have been done: look before trying again",
        ),
    }
}
