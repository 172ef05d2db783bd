//! What may differ between authorization servers, as data.

use serde::{Deserialize, Serialize};
use smartid_core::dialect::{DialectError, overlay};
use smartid_core::{Evidence, Tag};

/// The settings; [`EVIDENCE`] tells of each what it means and how we know its default.
///
/// ```
/// use smartid_da::oauth::{BasicForm, OAuthDialect};
///
/// let dialect = OAuthDialect::from_toml("basic = 'raw'")?;
/// assert_eq!(dialect.basic, BasicForm::Raw);
/// assert!(OAuthDialect::from_toml("basic = 'plain'").is_err());
/// # Ok::<(), smartid_core::dialect::DialectError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OAuthDialect {
    /// How id and secret are written in the header `Authorization`.
    pub basic: BasicForm,
}

impl OAuthDialect {
    /// Reads a sparse TOML text over the defaults.
    ///
    /// # Errors
    /// [`DialectError`] that names the key.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        overlay(text)
    }
}

/// How id and secret are written in the header `Authorization`. There is no difference for letters, digits and `-._`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BasicForm {
    /// Each form-encoded, as RFC 6749, 2.3.1 wants it.
    #[default]
    Encoded,
    /// As they are. The client id cannot have a colon then.
    Raw,
}

/// One row for each setting of [`OAuthDialect`].
pub const EVIDENCE: &[Evidence] = &[Evidence::new(
    "basic",
    Tag::Inferred,
    "RFC 6749, 2.3.1 form-encodes id and secret, and errors of that standard are expected too; vendor page: Configure OAuth 2.0 in \
     Digital Access prints base64(client_id:client_secret) and does not say",
    "encoded: id and secret are form-encoded before base64; raw: they are not",
)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_its_evidence() {
        let serde_json::Value::Object(settings) = serde_json::to_value(OAuthDialect::default()).unwrap()
        else {
            panic!("a table");
        };
        let keys: Vec<&str> = settings.keys().map(String::as_str).collect();
        assert_eq!(EVIDENCE.iter().map(|row| row.key).collect::<Vec<_>>(), keys);
        assert!(EVIDENCE.iter().all(|row| row.source.contains("vendor page: ")));
        assert_eq!(OAuthDialect::from_toml("").unwrap(), OAuthDialect::default());
    }
}
