//! The words by which a token endpoint says why it refuses.

use smartid_core::redact;

use super::known::Known;

/// The server's `error` (RFC 6749, 5.2 and 4.1.2.1; RFC 7009, 2.2.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// A parameter is missing, unknown or twice there.
    InvalidRequest,
    /// Client id, secret or certificate is wrong.
    InvalidClient,
    /// What the token is asked for with is not valid.
    InvalidGrant,
    /// This client may not use the grant.
    UnauthorizedClient,
    /// The server does not know the grant.
    UnsupportedGrantType,
    /// A scope is unknown, or not for this client.
    InvalidScope,
    /// The server does not take tokens of this type back.
    UnsupportedTokenType,
    /// The server failed.
    ServerError,
    /// The server cannot answer now.
    TemporarilyUnavailable,
    /// Too many requests.
    SlowDown,
    /// Another code, as it came; of at most 64 visible characters.
    Other(String),
}

impl OAuthErrorCode {
    /// The code as the server writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnsupportedTokenType => "unsupported_token_type",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::SlowDown => "slow_down",
            Self::Other(text) => text,
        }
    }

    /// `None` for what is no code, or repeats a secret.
    pub(super) fn read(text: &str, known: &Known) -> Option<Self> {
        let all = [
            Self::InvalidRequest,
            Self::InvalidClient,
            Self::InvalidGrant,
            Self::UnauthorizedClient,
            Self::UnsupportedGrantType,
            Self::InvalidScope,
            Self::UnsupportedTokenType,
            Self::ServerError,
            Self::TemporarilyUnavailable,
            Self::SlowDown,
        ];
        if let Some(code) = all.into_iter().find(|code| code.as_str() == text) {
            return Some(code);
        }
        let usable = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\"\\".contains(&byte))
            && !known.is_in(text);
        usable.then(|| Self::Other(text.to_owned()))
    }

    /// Whether it passes by itself.
    pub(super) fn passes(&self) -> bool {
        matches!(
            self,
            Self::ServerError | Self::TemporarilyUnavailable | Self::SlowDown
        )
    }

    /// As an error shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Other(text) => redact::message(text),
            known => known.as_str().to_owned(),
        }
    }
}
