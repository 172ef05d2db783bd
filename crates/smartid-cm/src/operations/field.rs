//! Fields of a write that this library does not know: the caller names them and says what they are.

use std::fmt;

use bytes::Bytes;
use smartid_core::{BuildError, SecretString};

use crate::body::{SIGNATURE, Value};

/// The value of a field that this library does not know. How it goes out depends on the encoding of the request.
#[derive(Clone)]
#[non_exhaustive]
pub enum FieldValue {
    /// A text.
    Text(String),
    /// Several texts: an array in JSON; in multipart and forms as the dialect's `requests.lists` says.
    List(Vec<String>),
    /// Octets: base64, in multipart as the dialect's `requests.file_parts` says.
    Bytes(Bytes),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Flag(bool),
    /// A text that must not be seen.
    Secret(SecretString),
    /// JSON text: as it is in JSON, as a text in multipart and forms.
    Json(String),
}

impl FieldValue {
    pub(crate) fn to_value(&self) -> Result<Value, BuildError> {
        Ok(match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::List(texts) => Value::Texts(texts.clone()),
            Self::Bytes(octets) => Value::Binary(octets.to_vec()),
            Self::Number(number) => Value::Number(*number),
            Self::Flag(flag) => Value::Bool(*flag),
            Self::Secret(secret) => Value::Secret(secret.clone()),
            Self::Json(text) => {
                serde_json::from_str::<serde::de::IgnoredAny>(text)
                    .map_err(|_| BuildError::Invalid("a field's JSON is not JSON".to_owned()))?;
                Value::Json(text.clone())
            }
        })
    }
}

/// The name of such a field. The signature's is not the caller's to give.
pub(super) fn name(name: &str) -> Result<String, BuildError> {
    if name.is_empty() || name.eq_ignore_ascii_case(SIGNATURE) {
        let problem = "a field must have a name, and `signature` is sent by the second step alone".to_owned();
        return Err(BuildError::Invalid(problem));
    }
    Ok(name.to_owned())
}

impl fmt::Debug for FieldValue {
    /// The kind only: what is not known may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::List(_) => "List(..)",
            Self::Bytes(_) => "Bytes(..)",
            Self::Number(_) => "Number(..)",
            Self::Flag(_) => "Flag(..)",
            Self::Secret(_) => "Secret(..)",
            Self::Json(_) => "Json(..)",
        })
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<String>> for FieldValue {
    fn from(texts: Vec<String>) -> Self {
        Self::List(texts)
    }
}

impl From<Bytes> for FieldValue {
    fn from(octets: Bytes) -> Self {
        Self::Bytes(octets)
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for FieldValue {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<SecretString> for FieldValue {
    fn from(secret: SecretString) -> Self {
        Self::Secret(secret)
    }
}
