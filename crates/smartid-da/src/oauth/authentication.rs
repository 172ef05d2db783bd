//! How a client proves who it is, and the header that this becomes.

use std::borrow::Cow;
use std::fmt;

use smartid_core::base64::{Flavour, encode};
use smartid_core::{ConfigError, Credential, SecretString};
use url::form_urlencoded;

use super::dialect::BasicForm;
use super::known::Known;

/// How a client shows a token endpoint who it is \[documented; vendor page: Configure OAuth 2.0 in Digital Access\]. With each of them
/// the transport may have a TLS client certificate as well.
#[derive(Clone)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Client id and secret in the header `Authorization: Basic`.
    #[non_exhaustive]
    Basic {
        /// The client secret; it may be empty.
        secret: SecretString,
    },
    /// Client id and secret as parameters of the body.
    #[non_exhaustive]
    Body {
        /// The client secret; it may be empty.
        secret: SecretString,
    },
    /// The TLS client certificate of the transport is the only proof; the client id stands in the body (RFC 8705, 2).
    Certificate,
}

impl ClientAuthentication {
    /// In the header.
    #[must_use]
    pub fn basic(secret: SecretString) -> Self {
        Self::Basic { secret }
    }

    /// In the body.
    #[must_use]
    pub fn body(secret: SecretString) -> Self {
        Self::Body { secret }
    }

    /// By certificate alone.
    #[must_use]
    pub const fn certificate() -> Self {
        Self::Certificate
    }

    pub(super) fn secret(&self) -> Option<&SecretString> {
        match self {
            Self::Basic { secret } | Self::Body { secret } => Some(secret),
            Self::Certificate => None,
        }
    }
}

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { secret: _blind } => f.write_str("Basic(..)"),
            Self::Body { secret: _blind } => f.write_str("Body(..)"),
            Self::Certificate => f.write_str("Certificate"),
        }
    }
}

/// The header, and every form in which the secret goes out.
pub(super) fn credential(
    client_id: &str,
    authentication: &ClientAuthentication,
    form: BasicForm,
) -> Result<(Credential, Known), ConfigError> {
    let encoded = |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let Some(secret) = authentication.secret() else {
        return Ok((Credential::none(), Known::default()));
    };
    let mut known = vec![secret.clone(), SecretString::new(encoded(secret.expose()))];
    let credential = match authentication {
        ClientAuthentication::Basic { .. } => {
            let (user, password): (Cow<'_, str>, _) = match form {
                BasicForm::Encoded => (
                    encoded(client_id).into(),
                    SecretString::new(encoded(secret.expose())),
                ),
                BasicForm::Raw => (client_id.into(), secret.clone()),
            };
            let pair = SecretString::new(format!("{user}:{}", password.expose()));
            known.push(SecretString::new(encode(
                Flavour::Standard,
                pair.expose().as_bytes(),
            )));
            Credential::basic("oauth.client_id", &user, &password)?
        }
        _ => Credential::none(),
    };
    Ok((credential, Known::new(known)))
}
