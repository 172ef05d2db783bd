//! How a caller shows Digital Access who it is.
//!
//! The vendor does not say publicly which authentication the FIDO provisioning calls want; an OAuth 2.0 bearer token of Digital
//! Access itself is the best inference, an administrator's Basic credentials and a header set by a gateway are the alternatives. All
//! of them can be combined with a TLS client certificate, which belongs to the transport.
//!
//! Tokens run out while a program runs, so a token comes from a [`TokenProvider`], which is asked for each call and told when the
//! service did not accept what it gave.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use http::header::AUTHORIZATION;
use smartid_core::base64::{Flavour, encode};
use smartid_core::{BoxFuture, ConfigError, Credential, CredentialError, SecretString};

/// Names the credential of the FIDO provisioning calls; a [`DigitalAccess`](crate::DigitalAccess) calls only endpoints that name it.
///
/// The vendor does not say whether it is the same as that of other functions \[unknown; vendor page: Fido credential provisioning
/// with Digital Access\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FidoProvisioning;

/// Where bearer tokens come from: an OAuth 2.0 client, a vault, a file that another process renews.
///
/// An implementation keeps the token until it is about to run out and is safe to be asked by many tasks at once.
pub trait TokenProvider: Send + Sync {
    /// A token that should be valid now.
    fn token(&self) -> BoxFuture<'_, Result<SecretString, CredentialError>>;

    /// The service did not accept the last token: the next call of [`token`](Self::token) must not return it again.
    fn invalidate(&self) -> BoxFuture<'_, ()>;

    /// As [`invalidate`](Self::invalidate), by somebody who says which token it was. A provider that compares it keeps a newer one that
    /// another task has fetched meanwhile; one that does not drops what it has.
    fn refused<'a>(&'a self, token: &'a SecretString) -> BoxFuture<'a, ()> {
        let _ = token;
        self.invalidate()
    }

    /// Whether asking again after [`invalidate`](Self::invalidate) can give another token. When not, a refused call is not repeated.
    fn renews(&self) -> bool {
        true
    }
}

/// The authentication of a [`DigitalAccess`](crate::DigitalAccess) client.
#[derive(Clone)]
#[non_exhaustive]
pub enum DaAuth {
    /// `Authorization: Bearer <token>` \[inferred; vendor page: Enable OAuth 2.0 authorization for Digital Access administration web
    /// service\].
    Bearer(Arc<dyn TokenProvider>),
    /// `Authorization: Basic <base64(user:password)>` \[inferred; vendor page: Digital Access Extension Programming Interfaces (XPI)\].
    #[non_exhaustive]
    Basic {
        /// The user name; without a colon.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A header of another name, such as one that a gateway in front of Digital Access wants.
    #[non_exhaustive]
    Header {
        /// The header's name.
        name: String,
        /// Its value.
        value: SecretString,
    },
    /// No header: a TLS client certificate is enough.
    None,
}

impl DaAuth {
    /// A token that never changes.
    #[must_use]
    pub fn bearer(token: SecretString) -> Self {
        Self::Bearer(Arc::new(FixedToken(token)))
    }

    /// Tokens from a provider, such as an [`OAuthClient`](crate::oauth::OAuthClient).
    #[must_use]
    pub fn provider(provider: Arc<dyn TokenProvider>) -> Self {
        Self::Bearer(provider)
    }

    /// User name and password of an account with the right to provision.
    pub fn basic(user: impl Into<String>, password: SecretString) -> Self {
        Self::Basic {
            user: user.into(),
            password,
        }
    }

    /// A header of any name.
    pub fn header(name: impl Into<String>, value: SecretString) -> Self {
        Self::Header {
            name: name.into(),
            value,
        }
    }

    /// No header.
    #[must_use]
    pub const fn none() -> Self {
        Self::None
    }

    /// Checks the parts that do not change, and makes the credential where it does not change either.
    pub(crate) fn prepare(self) -> Result<Prepared, ConfigError> {
        match self {
            Self::Bearer(provider) => Ok(Prepared::Token(provider)),
            Self::Basic { user, password } => {
                let credential = Credential::basic("da.auth.user", &user, &password)?;
                let pair = format!("{user}:{}", password.expose());
                let pair = encode(Flavour::Standard, pair.as_bytes());
                Ok(Prepared::Fixed {
                    header: Some(AUTHORIZATION),
                    credential,
                    secrets: vec![SecretString::new(pair), password],
                })
            }
            Self::Header { name, value } => {
                let name: HeaderName = name.parse().map_err(|_| {
                    ConfigError::new(
                        "da.auth.name",
                        "is not the name of an HTTP header, such as X-Api-Key",
                    )
                })?;
                refuse_reserved("da.auth.name", &name)?;
                let credential = Credential::header("da.auth.value", name.clone(), &value)?;
                Ok(Prepared::Fixed {
                    header: Some(name),
                    credential,
                    secrets: vec![value],
                })
            }
            Self::None => Ok(Prepared::Fixed {
                header: None,
                credential: Credential::none(),
                secrets: Vec::new(),
            }),
        }
    }
}

/// Headers that this client or the HTTP library writes itself.
pub(crate) fn refuse_reserved(setting: &'static str, name: &HeaderName) -> Result<(), ConfigError> {
    let reserved = [
        "accept",
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    if reserved.contains(&name.as_str()) {
        Err(ConfigError::new(
            setting,
            format!("{name} is written by the client itself and cannot be set"),
        ))
    } else {
        Ok(())
    }
}

impl fmt::Debug for DaAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_blind) => f.write_str("Bearer(..)"),
            Self::Basic {
                user,
                password: _blind,
            } => write!(f, "Basic({user:?}, ..)"),
            Self::Header { name, value: _blind } => write!(f, "Header({name:?}, ..)"),
            Self::None => f.write_str("None"),
        }
    }
}

/// An authentication whose settings have been checked.
#[derive(Clone)]
pub(crate) enum Prepared {
    Fixed {
        header: Option<HeaderName>,
        credential: Credential,
        /// What no answer may quote on.
        secrets: Vec<SecretString>,
    },
    Token(Arc<dyn TokenProvider>),
}

impl Prepared {
    /// Whether the credential stands in this header.
    pub(crate) fn uses(&self, name: &HeaderName) -> bool {
        match self {
            Self::Token(_) => *name == AUTHORIZATION,
            Self::Fixed { header, .. } => header.as_ref() == Some(name),
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed {
                header: _,
                credential,
                secrets: _blind,
            } => credential.fmt(f),
            Self::Token(_blind) => f.write_str("Token(..)"),
        }
    }
}

/// A token that never changes, for a client that takes a provider.
#[must_use]
pub fn fixed_token(token: SecretString) -> Arc<dyn TokenProvider> {
    Arc::new(FixedToken(token))
}

struct FixedToken(SecretString);

impl TokenProvider for FixedToken {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, CredentialError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn invalidate(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    fn renews(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let secret = || SecretString::new("canary");
        let all = [
            DaAuth::bearer(secret()),
            DaAuth::basic("officer", secret()),
            DaAuth::header("x-api-key", secret()),
            DaAuth::none(),
        ];
        let text = format!("{all:?}");
        assert!(text.contains("officer") && !text.contains("canary"), "{text}");
        for auth in all {
            assert!(!format!("{:?}", auth.prepare().unwrap()).contains("canary"));
        }
    }

    #[test]
    fn settings_that_cannot_be_sent_are_refused_by_name() {
        let secret = |text: &str| SecretString::new(text);
        for (auth, setting) in [
            (DaAuth::basic("a:b", secret("p")), "da.auth.user"),
            (DaAuth::basic("", secret("p")), "da.auth.user"),
            (DaAuth::header("x y", secret("v")), "da.auth.name"),
            (DaAuth::header("Host", secret("v")), "da.auth.name"),
            (DaAuth::header("x-key", secret("a\nb")), "da.auth.value"),
            (DaAuth::header("x-key", secret(" ")), "da.auth.value"),
        ] {
            assert_eq!(auth.prepare().unwrap_err().setting, setting);
        }
    }
}
