//! Changes of a JSON body that a dialect can name.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::BuildError;
use crate::incoming::Incoming;
use crate::json::{self, EditError, Pointer};

/// One change of a JSON body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Edit {
    /// Puts a constant, given as JSON text.
    Set(Pointer, String),
    /// Moves a member, or renames it; nothing happens where it is not there.
    Move(Pointer, Pointer),
    /// Removes a member; nothing happens where it is not there.
    Remove(Pointer),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EditForm<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set: Option<Cow<'a, Pointer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<serde_json::Value>,
    #[serde(default, rename = "move", skip_serializing_if = "Option::is_none")]
    from: Option<Cow<'a, Pointer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    to: Option<Cow<'a, Pointer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remove: Option<Cow<'a, Pointer>>,
}

impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = EditForm {
            set: None,
            value: None,
            from: None,
            to: None,
            remove: None,
        };
        match self {
            Self::Set(at, value) => {
                let value = serde_json::from_str(value).map_err(serde::ser::Error::custom)?;
                (form.set, form.value) = (Some(Cow::Borrowed(at)), Some(value));
            }
            Self::Move(from, to) => {
                (form.from, form.to) = (Some(Cow::Borrowed(from)), Some(Cow::Borrowed(to)))
            }
            Self::Remove(at) => form.remove = Some(Cow::Borrowed(at)),
        }
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let own = Cow::<Pointer>::into_owned;
        match EditForm::deserialize(deserializer)? {
            EditForm {
                set: Some(at),
                value: Some(value),
                from: None,
                to: None,
                remove: None,
            } => Ok(Self::Set(own(at), value.to_string())),
            EditForm {
                set: None,
                value: None,
                from: Some(from),
                to: Some(to),
                remove: None,
            } => Ok(Self::Move(own(from), own(to))),
            EditForm {
                set: None,
                value: None,
                from: None,
                to: None,
                remove: Some(at),
            } => Ok(Self::Remove(own(at))),
            _ => Err(serde::de::Error::custom(
                "an edit is { set = pointer, value = … }, { move = pointer, to = pointer } or { remove = pointer }",
            )),
        }
    }
}

/// Changes of a JSON body, made in their order.
///
/// ```
/// use smartid_core::dialect::Edits;
///
/// let edits: Edits = serde_json::from_str(r#"[{"move": "/publicKey", "to": "/params/options"}, {"set": "/kind", "value": 7}]"#)?;
/// let body = edits.apply(bytes::Bytes::from_static(br#"{"publicKey":{"timeout":6e4}}"#))?;
/// assert_eq!(body, r#"{"params":{"options":{"timeout":6e4}},"kind":7}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Edits(Vec<Edit>);

impl Edits {
    /// From a list.
    #[must_use]
    pub fn new(edits: Vec<Edit>) -> Self {
        Self(edits)
    }

    /// Whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes the changes; without any, the bytes are returned as they came.
    ///
    /// # Errors
    /// [`EditError`] when the body is no JSON, or a pointer leads through something that is not an object.
    pub fn apply(&self, body: Bytes) -> Result<Bytes, EditError> {
        if self.0.is_empty() {
            return Ok(body);
        }
        let mut text = json_text(&body)?.to_owned();
        for edit in &self.0 {
            text = edit.make(&text)?;
        }
        Ok(text.into())
    }

    /// Makes the changes in a request body.
    ///
    /// # Errors
    /// [`BuildError::Dialect`].
    pub fn apply_to_request(&self, body: Bytes) -> Result<Bytes, BuildError> {
        Ok(self.apply(body)?)
    }

    /// Makes the changes in an answer. A change that cannot be made is left out and the others are made: whether something is missing
    /// then is for the answer's reader to say, who knows what it needs. An answer that is no JSON is returned as it came.
    #[must_use]
    pub fn apply_to_response(&self, incoming: Incoming) -> Incoming {
        if self.0.is_empty() {
            return incoming;
        }
        let Ok(text) = json_text(incoming.body()) else {
            return incoming;
        };
        let mut text = Cow::Borrowed(text);
        for (index, edit) in self.0.iter().enumerate() {
            match edit.make(&text) {
                Ok(changed) => text = changed.into(),
                Err(error) => {
                    tracing::debug!(index, %error, "an edit of the dialect does not fit this answer")
                }
            }
        }
        let body = text.into_owned().into();
        Incoming::new(incoming.status(), incoming.headers().clone(), body)
    }
}

impl Edit {
    /// Makes this change in a JSON text.
    fn make(&self, text: &str) -> Result<String, EditError> {
        match self {
            Self::Set(at, value) => json::put(text, at, value),
            Self::Remove(at) => json::remove(text, at),
            Self::Move(from, to) => match json::find(text, from) {
                None => Ok(text.to_owned()),
                Some(value) if from.is_root() => json::put("{}", to, value),
                // Through a root that is replaced, everything else would be lost anyway.
                Some(value) => json::put(&json::remove(text, from)?, to, value),
            },
        }
    }
}

/// The body as text, when it is JSON.
fn json_text(body: &[u8]) -> Result<&str, EditError> {
    let text = std::str::from_utf8(body).map_err(|_| EditError::NotJson)?;
    serde_json::from_str::<&serde_json::value::RawValue>(text).map_err(|_| EditError::NotJson)?;
    Ok(text)
}

impl fmt::Display for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} edits", self.0.len())
    }
}
