//! Settings documents, member by member.
//!
//! A settings file is read by people and by programs, and outlives both: what this version does not know must come back unchanged. So
//! a document stays the members that were read, checked once for the types of those that are known. A member that stands there twice
//! is refused, because two readers could take different ones.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// Longest JSON document that is read, in bytes.
pub const MAX_SETTINGS_LEN: usize = 1024 * 1024;
/// Deepest nesting that is read.
const MAX_DEPTH: usize = 32;
/// Most values of one document.
const MAX_VALUES: usize = 20_000;

/// Why a settings document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// It is no document at all: broken syntax, a member twice, nested too deep, or too many values.
    #[error("the settings cannot be read: {0}")]
    Syntax(String),
    /// It is longer than [`MAX_SETTINGS_LEN`].
    #[error("the settings are longer than {MAX_SETTINGS_LEN} bytes")]
    TooLong,
    /// A member is missing or has another type.
    #[error("`{member}` {problem}")]
    #[non_exhaustive]
    Member {
        /// The member's name.
        member: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl SettingsError {
    /// The member that cannot be read; `None` when it is the document itself.
    #[must_use]
    pub const fn member(&self) -> Option<&'static str> {
        match self {
            Self::Member { member, .. } => Some(member),
            Self::Syntax(_) | Self::TooLong => None,
        }
    }

    pub(super) const fn at(member: &'static str, problem: &'static str) -> Self {
        Self::Member { member, problem }
    }
}

/// Whether nobody would see anything of this text: white space, control characters, and characters without a shape of their own, which come
/// along when a name is copied from a web page.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(|letter| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
            || reorders(letter)
    })
}

/// Whether a character changes the order in which those around it are shown.
pub(super) fn reorders(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The type of a known member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Flag,
    Text,
    Texts,
    Table,
    Whole,
    /// Kept, whatever it is.
    Any,
}

impl Shape {
    fn problem(self, value: &Value) -> Option<&'static str> {
        let (right, problem) = match self {
            Self::Flag => (value.is_boolean(), "is not true or false"),
            Self::Text => (value.is_string(), "is not a text"),
            Self::Texts => (
                value
                    .as_array()
                    .is_some_and(|list| list.iter().all(Value::is_string)),
                "is not a list of texts",
            ),
            Self::Table => (value.is_object(), "is not a table"),
            Self::Whole => (value.is_i64(), "is not a whole number"),
            Self::Any => (true, ""),
        };
        (!right).then_some(problem)
    }
}

/// Members of a document.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Members(Map<String, Value>);

impl Members {
    /// Reads JSON.
    pub(super) fn from_json(json: &str) -> Result<Self, SettingsError> {
        if json.len() > MAX_SETTINGS_LEN {
            return Err(SettingsError::TooLong);
        }
        serde_json::from_str(json).map_err(|error| SettingsError::Syntax(error.to_string()))
    }

    pub(super) fn from_map(map: Map<String, Value>) -> Self {
        Self(map)
    }

    pub(super) fn map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Checks the types of `known`; null equals absent there.
    pub(super) fn check(&mut self, known: &[(&'static str, Shape)]) -> Result<(), SettingsError> {
        for (name, shape) in known {
            match self.0.get(*name) {
                Some(Value::Null) => drop(self.0.remove(*name)),
                Some(value) => {
                    if let Some(problem) = shape.problem(value) {
                        return Err(SettingsError::at(name, problem));
                    }
                }
                None => {}
            }
        }
        Ok(())
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn flag(&self, name: &str, missing: bool) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(missing)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn whole(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<&str> {
        let list = self.0.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A member as JSON.
    pub(super) fn json(&self, name: &str) -> Option<String> {
        self.0.get(name).map(Value::to_string)
    }
}

impl fmt::Debug for Members {
    /// Names alone: a member that nobody knows may hold anything, a secret among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(map) = self;
        f.debug_set().entries(map.keys()).finish()
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut left = MAX_VALUES;
        let strict = Strict {
            depth: MAX_DEPTH,
            left: &mut left,
        };
        match strict.deserialize(deserializer)? {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(D::Error::custom("the settings are not a table")),
        }
    }
}

/// Reads any value within the caps, refusing a member that stands there twice.
struct Strict<'a> {
    depth: usize,
    left: &'a mut usize,
}

impl Strict<'_> {
    fn deeper<E: Error>(&mut self) -> Result<Strict<'_>, E> {
        Ok(Strict {
            depth: self.depth.checked_sub(1).ok_or(E::custom("nested too deep"))?,
            left: self.left,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        *self.left = self
            .left
            .checked_sub(1)
            .ok_or(D::Error::custom("too many values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a setting")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        let number = Number::from_f64(number).ok_or(E::custom("a number that is not finite"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(self.deeper()?)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            if name.starts_with("$__toml_private") {
                return Err(A::Error::custom("a date or time; write it as a text"));
            }
            let value = map.next_value_seed(self.deeper()?)?;
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a member stands there twice"));
            }
        }
        Ok(Value::Object(members))
    }
}
