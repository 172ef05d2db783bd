//! What a service recognises its caller by. Each call carries it, so it is one value that can neither be printed nor read back.

use std::fmt;

use http::{HeaderName, HeaderValue, header::AUTHORIZATION};

use crate::base64::{Flavour, encode};
use crate::message::Outgoing;
use crate::secret::SecretString;
use crate::url::ConfigError;

/// The header that a service recognises its caller by. It is marked sensitive, and its `Debug` is blind.
#[derive(Clone)]
pub struct Credential(Option<(HeaderName, HeaderValue)>);

impl Credential {
    /// No header: the TLS client certificate is enough, or the service is open.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// `name: value`.
    ///
    /// # Errors
    /// [`ConfigError`] naming `setting` when the value cannot stand in a header. The value is not in the error.
    pub fn header(
        setting: &'static str,
        name: HeaderName,
        value: &SecretString,
    ) -> Result<Self, ConfigError> {
        if value.expose().trim().is_empty() {
            return Err(ConfigError::new(setting, "is empty"));
        }
        let mut value = HeaderValue::from_str(value.expose().trim()).map_err(|_| {
            ConfigError::new(
                setting,
                "contains a character that cannot stand in an HTTP header",
            )
        })?;
        value.set_sensitive(true);
        Ok(Self(Some((name, value))))
    }

    /// `Authorization: Bearer <token>`.
    ///
    /// # Errors
    /// As [`header`](Self::header).
    pub fn bearer(setting: &'static str, token: &SecretString) -> Result<Self, ConfigError> {
        if token.expose().trim().is_empty() {
            return Err(ConfigError::new(setting, "is empty"));
        }
        Self::header(
            setting,
            AUTHORIZATION,
            &SecretString::new(format!("Bearer {}", token.expose().trim())),
        )
    }

    /// `Authorization: Basic <base64(user:password)>`, both in UTF-8.
    ///
    /// # Errors
    /// [`ConfigError`] naming `setting` when the user name has a colon, or is empty.
    pub fn basic(setting: &'static str, user: &str, password: &SecretString) -> Result<Self, ConfigError> {
        if user.is_empty() || user.contains(':') {
            return Err(ConfigError::new(
                setting,
                "the user name must not be empty and must not contain a colon",
            ));
        }
        let pair = SecretString::new(format!("{user}:{}", password.expose()));
        let value = SecretString::new(format!(
            "Basic {}",
            encode(Flavour::Standard, pair.expose().as_bytes())
        ));
        Self::header(setting, AUTHORIZATION, &value)
    }

    /// Adds the header to a request.
    pub fn apply(&self, request: &mut Outgoing) {
        if let Some((name, value)) = &self.0 {
            request.headers_mut().insert(name.clone(), value.clone());
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some((name, _blind)) => write!(f, "Credential({name}: ..)"),
            None => f.write_str("Credential(none)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_cannot_be_sent_are_refused_with_the_settings_name() {
        let bad = Credential::bearer("da.token", &SecretString::new("canary\r\nX: y")).unwrap_err();
        assert!(bad.to_string().starts_with("setting da.token: ") && !bad.to_string().contains("canary"));
        assert!(Credential::bearer("da.token", &SecretString::new("  ")).is_err());
        assert!(Credential::basic("da.user", "a:b", &SecretString::new("p")).is_err());
        assert_eq!(
            format!(
                "{:?}",
                Credential::bearer("t", &SecretString::new("canary")).unwrap()
            ),
            "Credential(authorization: ..)"
        );
    }
}
