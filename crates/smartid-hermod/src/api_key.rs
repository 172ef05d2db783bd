//! Who we are to messaging: the header `X-Api-Key: base64(client-id ":" key)`.
//!
//! Vendor page: Smart ID Messaging API overview, *API authentication* (documented). The alphabet is the standard one with padding
//! (vendor page: Add API user and callback URL in Hermod, documented example); that a decoder splits at the first colon is inferred.

use std::fmt;

use http::HeaderName;
use smartid_core::base64::{Flavour, decode, encode};
use smartid_core::{ConfigError, Credential, SecretString};

/// The credential that an endpoint of messaging needs, as a type: [`Hermod::call`](crate::Hermod::call) takes no other endpoints.
pub mod auth {
    /// `X-Api-Key`.
    #[derive(Clone, Copy, Debug)]
    pub struct ApiKey(());
}

/// The setting that errors name.
pub(crate) const SETTING: &str = "hermod.api_key";

const HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// The client id and key of an API user of messaging. The key is secret: `Debug` shows the client id only.
///
/// ```
/// use smartid_hermod::ApiKey;
///
/// let key = ApiKey::new("golden-client", "pass:word")?;
/// assert_eq!(key.header_value().expose(), "Z29sZGVuLWNsaWVudDpwYXNzOndvcmQ=");
/// assert_eq!(format!("{key:?}"), "ApiKey(golden-client, ..)");
///
/// // The authentication token as Identity Manager stores it.
/// let same = ApiKey::from_token("Z29sZGVuLWNsaWVudDpwYXNzOndvcmQ=")?;
/// assert_eq!(same.client_id(), "golden-client");
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ApiKey {
    client_id: String,
    key: SecretString,
}

impl ApiKey {
    /// From the two halves, `client-id` and `key` of the entry under `allowed-clients`.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.api_key` when a half is empty, the client id has a colon, or either has a control character.
    pub fn new(client_id: impl Into<String>, key: impl Into<SecretString>) -> Result<Self, ConfigError> {
        let (client_id, key) = (client_id.into(), key.into());
        let refuse = |problem: &str| Err(ConfigError::new(SETTING, problem));
        if client_id.is_empty() {
            return refuse(
                "has an empty client id; it is the `client-id` of the entry under `allowed-clients`",
            );
        }
        if client_id.contains(':') {
            return refuse("has a colon in the client id; what stands behind the first colon is the key");
        }
        if key.expose().is_empty() {
            return refuse("has an empty key; it is the `key` of the entry under `allowed-clients`");
        }
        if client_id
            .chars()
            .chain(key.expose().chars())
            .any(char::is_control)
        {
            return refuse("has a control character, perhaps a line break from the file it was read from");
        }
        Ok(Self { client_id, key })
    }

    /// From the authentication token, `base64(client-id ":" key)`: what the template generator prints behind `X-Api-Key:`.
    ///
    /// # Errors
    /// [`ConfigError`] for `hermod.api_key` when the token is not standard base64 with padding, or not of that form. The token is not in
    /// the error.
    pub fn from_token(token: impl Into<SecretString>) -> Result<Self, ConfigError> {
        let token = token.into();
        let refuse = |problem: &str| ConfigError::new(SETTING, problem);
        let bytes = decode(Flavour::Standard, token.expose().trim()).map_err(|_| {
            refuse("is no standard base64 with padding; it should be base64(client-id \":\" key)")
        })?;
        let text = SecretString::new(
            String::from_utf8(bytes).map_err(|_| refuse("is base64 of something that is no UTF-8 text"))?,
        );
        let (client_id, key) = text.expose().split_once(':').ok_or_else(|| {
            refuse("decodes to a text without a colon; it should be base64(client-id \":\" key)")
        })?;
        Self::new(client_id, SecretString::new(key))
    }

    /// The friendly name of the API user; not secret.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The value of the header `X-Api-Key`.
    #[must_use]
    pub fn header_value(&self) -> SecretString {
        let pair = SecretString::new(format!("{}:{}", self.client_id, self.key.expose()));
        SecretString::new(encode(Flavour::Standard, pair.expose().as_bytes()))
    }

    /// The secret half.
    #[cfg(feature = "yaml")]
    pub(crate) fn key(&self) -> &SecretString {
        &self.key
    }

    pub(crate) fn credential(&self) -> Result<Credential, ConfigError> {
        Credential::header(SETTING, HEADER, &self.header_value())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            client_id,
            key: _blind,
        } = self;
        write!(f, "ApiKey({client_id}, ..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for (id, key) in [("", "k"), ("a:b", "k"), ("a", ""), ("a", "k\n"), ("a\r", "k")] {
            let error = ApiKey::new(id, key.to_owned()).unwrap_err();
            assert_eq!(error.setting, SETTING, "{id:?}");
        }
        for token in [
            "",
            "YTpi\nYTpi",
            "YTpi=",
            "YQ==",
            "Ong=",
            "YTo=",
            "_w==",
            "canary-token",
        ] {
            let error = ApiKey::from_token(token.to_owned()).unwrap_err();
            assert_eq!(error.setting, SETTING, "{token:?}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_key_may_have_colons_and_is_split_at_the_first() {
        let key = ApiKey::from_token(ApiKey::new("a", "b:c:d".to_owned()).unwrap().header_value()).unwrap();
        assert_eq!((key.client_id(), key.key.expose()), ("a", "b:c:d"));
        assert!(!format!("{key:?}").contains("b:c"));
    }
}
