//! What a token endpoint answers when it gives no token.
//!
//! The standard has a form for a refusal (RFC 6749, 5.2), and an access point has its own: a login page, a redirect, a page of a
//! gateway. Bodies are not kept, because an answer of this endpoint may hold a token even where it cannot be used.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use http::header::LOCATION;
use smartid_core::{Advice, Content, Incoming, Phase, Retry, ServiceError, Turn};

use super::code::OAuthErrorCode;
use super::known::Known;
use crate::fido::reader::{Object, string, too_deep, without_bom};

/// How much of an answer is read: tokens have a few thousand characters.
pub(super) const MOST: usize = 256 * 1024;

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthErrorKind {
    /// The server says no: with an error of the standard's form, or with status 401 or 403.
    Refused,
    /// A login page, or a redirect to one: this address is not open to a caller without a session.
    NotAuthenticated,
    /// The server, or one in front of it, cannot answer now.
    Unavailable,
    /// A status that is neither success nor a refusal, such as 404.
    Unexpected,
    /// Success, with something that is no token to be used.
    Unreadable(TokenProblem),
}

impl OAuthErrorKind {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::NotAuthenticated => "not-authenticated",
            Self::Unavailable => "unavailable",
            Self::Unexpected => "unexpected",
            Self::Unreadable(_) => "unreadable",
        }
    }
}

/// What is wrong with an answer that should have a token in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenProblem {
    /// It is not one JSON object, is larger than 256 KiB, nests deeper than 64 levels, or has a token and an error at once.
    #[error("the answer is not one JSON object with a token in it")]
    Body,
    /// A member stands there twice, and two readers could take different ones.
    #[error("the answer has a member twice")]
    Duplicate,
    /// `access_token` is missing, empty, no text, or longer than 32 KiB.
    #[error("access_token is missing, empty, not a text or too long")]
    Token,
    /// `access_token` has a character that cannot stand in a header.
    #[error("access_token has a character that no bearer token can have")]
    TokenCharacters,
    /// `token_type` is not `Bearer`: the token would have to be shown in another way.
    #[error("token_type is not Bearer")]
    TokenType,
}

impl TokenProblem {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Duplicate => "duplicate",
            Self::Token => "token",
            Self::TokenCharacters => "token-characters",
            Self::TokenType => "token-type",
        }
    }
}

/// No token, or nothing given back; [`Error::refusal`](smartid_core::Error::refusal) of [`CredentialError::call`](smartid_core::CredentialError::call) has it.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthError(Box<Answer>);

#[derive(Clone, PartialEq, Eq)]
struct Answer {
    kind: OAuthErrorKind,
    status: StatusCode,
    code: Option<OAuthErrorCode>,
    description: Option<String>,
    error_uri: Option<String>,
    redirect: Option<String>,
    location: Option<String>,
    after: Option<Duration>,
    body: &'static str,
}

impl OAuthError {
    /// Why there is no token.
    #[must_use]
    pub fn kind(&self) -> OAuthErrorKind {
        self.0.kind
    }

    /// The server's `error`.
    #[must_use]
    pub fn error(&self) -> Option<&OAuthErrorCode> {
        self.0.code.as_ref()
    }

    /// The server's `error_description`: on one line, at most some hundred characters, without what looks like a secret.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The server's `error_uri`, a page about the error: `http` or `https`, without its query. To be shown, never to be opened by a
    /// program.
    #[must_use]
    pub fn error_uri(&self) -> Option<&str> {
        self.0.error_uri.as_deref()
    }

    /// Where a redirect leads, without query; only `http`, `https` and relative addresses. It was not followed.
    #[must_use]
    pub fn redirect(&self) -> Option<&str> {
        self.0.redirect.as_deref()
    }

    /// As [`redirect`](Self::redirect), with its query, which may hold a ticket: for a person who investigates, not for a log. At most
    /// 2048 characters.
    #[must_use]
    pub fn danger_location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// How long the server asks us to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.after
    }

    /// Reads an answer that is no agreement. `kind` is for one that claims success.
    pub(super) fn read(incoming: &Incoming, known: &Known, kind: Option<OAuthErrorKind>) -> Self {
        let status = incoming.status();
        let told = Told::read(incoming, known);
        let kind = match (kind, status.as_u16()) {
            (Some(kind), _) => kind,
            (None, 300..=399) => OAuthErrorKind::NotAuthenticated,
            (None, status) if told.is_refusal(status) => OAuthErrorKind::Refused,
            (None, 401 | 403) => OAuthErrorKind::Refused,
            (None, 429 | 500 | 502 | 503 | 504) => OAuthErrorKind::Unavailable,
            _ if status.is_success() && incoming.content() == Content::Html => {
                OAuthErrorKind::NotAuthenticated
            }
            _ if status.is_success() => OAuthErrorKind::Unreadable(TokenProblem::Body),
            _ => OAuthErrorKind::Unexpected,
        };
        let redirect = incoming.redirect_to_show().map(|to| known.masked(&to));
        let location = incoming
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok())
            .filter(|_| redirect.is_some())
            .map(|text| text.chars().take(2048).collect());
        Self(Box::new(Answer {
            kind,
            status,
            code: told.code,
            description: told.description,
            error_uri: told.error_uri,
            redirect,
            location,
            after: incoming.retry_after_by_own_date(),
            body: match incoming.content() {
                Content::Empty => "no body",
                Content::Json => "JSON",
                Content::Html => "a web page",
                _ => "another body",
            },
        }))
    }
}

/// The members of an error, as far as they can be shown.
#[derive(Default)]
struct Told {
    is_error: bool,
    code: Option<OAuthErrorCode>,
    description: Option<String>,
    error_uri: Option<String>,
}

impl Told {
    /// Whether it is the token endpoint that speaks. A page that is not there and a server that fails have an `error` in their JSON too,
    /// with words of their own.
    fn is_refusal(&self, status: u16) -> bool {
        let of_standard = !matches!(self.code, None | Some(OAuthErrorCode::Other(_)));
        self.is_error && (of_standard || !matches!(status, 404 | 405 | 406 | 410 | 415 | 500..=599))
    }

    fn read(incoming: &Incoming, known: &Known) -> Self {
        let Some(object) = json_object(incoming).ok().filter(|object| !object.repeats_any()) else {
            return Self::default();
        };
        let member = |name| object.get(name).and_then(string);
        let Some(code) = member("error").filter(|code| !code.is_empty()) else {
            return Self::default();
        };
        Self {
            is_error: true,
            code: OAuthErrorCode::read(&code, known),
            description: member("error_description")
                .map(|text| known.sentence(&text))
                .filter(|text| !text.is_empty()),
            error_uri: member("error_uri").and_then(|text| known.address(&text)),
        }
    }
}

/// The answer's body, if it is one JSON object that is neither too large nor too deep.
pub(super) fn json_object(incoming: &Incoming) -> Result<Object<'_>, TokenProblem> {
    let text = std::str::from_utf8(incoming.body()).map_err(|_| TokenProblem::Body)?;
    let (text, _) = without_bom(text);
    if text.len() > MOST || too_deep(text) {
        return Err(TokenProblem::Body);
    }
    Object::read(text).ok_or(TokenProblem::Body)
}

impl ServiceError for OAuthError {
    fn code(&self) -> Option<&str> {
        self.error().map(OAuthErrorCode::as_str)
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.0.status)
    }

    fn phase(&self) -> Phase {
        match self.0.kind {
            OAuthErrorKind::Unreadable(_) => Phase::Unreadable,
            _ => Phase::Refused,
        }
    }

    fn retry(&self) -> Retry {
        let passes = matches!(self.0.status.as_u16(), 429 | 500 | 502 | 503 | 504)
            || self.error().is_some_and(OAuthErrorCode::passes);
        if passes {
            Retry::Yes { after: self.0.after }
        } else {
            Retry::No
        }
    }

    fn advice(&self) -> Advice {
        use OAuthErrorCode as Code;
        let (turn, check) = match (self.0.kind, self.error()) {
            _ if self.retry() != Retry::No => (
                Turn::Time,
                "the token endpoint cannot answer now; if it stays so, its own log",
            ),
            (OAuthErrorKind::NotAuthenticated, _) => (
                Turn::Administrator,
                "the address of the token endpoint, and that the access rules of its web resource let a caller in who has no session",
            ),
            (OAuthErrorKind::Unexpected, _) => (
                Turn::Administrator,
                "the address of the token endpoint: what answers there does not speak OAuth 2.0",
            ),
            (OAuthErrorKind::Unreadable(TokenProblem::TokenType), _) => (
                Turn::Administrator,
                "that the server issues bearer tokens to this client",
            ),
            (OAuthErrorKind::Unreadable(_), _) => (
                Turn::Administrator,
                "that the address is that of a token endpoint; then it is the vendor's turn, because the answer breaks the standard",
            ),
            (_, Some(Code::InvalidScope)) => (
                Turn::Administrator,
                "that the scopes exist at the server under these names and are granted to this client",
            ),
            (_, Some(Code::UnauthorizedClient | Code::UnsupportedGrantType | Code::InvalidGrant)) => (
                Turn::Administrator,
                "that the server has the grant client_credentials and this client may use it",
            ),
            (_, Some(Code::UnsupportedTokenType)) => (
                Turn::Caller,
                "tokens of this type cannot be given back; they end by themselves",
            ),
            (_, Some(Code::InvalidRequest)) => (
                Turn::Caller,
                "the further parameters of this client, and how it authenticates: in the header, in the body, or by certificate",
            ),
            _ => (
                Turn::Administrator,
                "client id, client secret or client certificate at the token endpoint, that the client is enabled there, and whether it \
                 wants them in the header or in the body",
            ),
        };
        Advice::new(turn, check)
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { kind, body, .. } = &*self.0;
        let status = self.0.status.as_u16();
        match (kind, self.redirect()) {
            (OAuthErrorKind::Refused, _) => write!(f, "the server says no (status {status}, {body})")?,
            (OAuthErrorKind::NotAuthenticated, Some(to)) => {
                write!(f, "the server wants a login (status {status}, sent to {to})")?;
            }
            (OAuthErrorKind::NotAuthenticated, None) => {
                write!(f, "the server wants a login (status {status}, {body})")?;
            }
            (OAuthErrorKind::Unavailable, _) => write!(f, "not available for now (status {status}, {body})")?,
            (OAuthErrorKind::Unexpected, _) => {
                write!(
                    f,
                    "an answer that no token endpoint gives (status {status}, {body})"
                )?;
            }
            (OAuthErrorKind::Unreadable(problem), _) => write!(f, "{problem} (status {status}, {body})")?,
        }
        if let Some(code) = self.error() {
            write!(f, ", error {:?}", code.shown())?;
        }
        if let Some(text) = self.description() {
            write!(f, ", description {text:?}")?;
        }
        if let Some(uri) = self.error_uri() {
            write!(f, ", see {uri}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer {
            kind,
            status,
            code,
            description,
            error_uri,
            redirect,
            location: _blind,
            after,
            body,
        } = &*self.0;
        f.debug_struct("OAuthError")
            .field("kind", kind)
            .field("status", status)
            .field("code", &code.as_ref().map(OAuthErrorCode::shown))
            .field("description", description)
            .field("error_uri", error_uri)
            .field("redirect", redirect)
            .field("after", after)
            .field("body", body)
            .finish()
    }
}

impl std::error::Error for OAuthError {}
