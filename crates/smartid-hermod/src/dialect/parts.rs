//! The kinds of setting that only messaging has: a command's constant members, and destinations with placeholders.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use smartid_core::json::{self, Pointer};
use smartid_core::{BuildError, PathTemplate};

/// A path made of one plain segment or placeholder; anything else would be the empty path, which a test would see.
pub(super) fn path(segment: &str) -> PathTemplate {
    segment.parse().unwrap_or_default()
}

/// A pointer made of plain names.
pub(super) fn pointer(names: &[&str]) -> Pointer {
    Pointer::of(names.iter().copied())
}

/// The constant members of a command, as the text of a JSON object whose order and spelling are kept.
///
/// In TOML a table, or a string with JSON text. A table replaces the default as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct CommandBody(Box<str>);

impl CommandBody {
    /// For the defaults, which are tested.
    pub(super) fn text(text: &'static str) -> Self {
        Self(text.into())
    }

    /// The JSON text, an object.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// What stands between the braces.
    pub(crate) fn inner(&self) -> &str {
        let inner = self.0.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        inner.unwrap_or_default().trim_ascii()
    }

    /// Whether a member of that name is there. Without allocation where no member is spelled with an escape.
    pub(crate) fn mentions(&self, name: &str) -> bool {
        !self.inner().is_empty()
            && (self.0.contains(name) || self.0.contains('\\'))
            && json::members(&self.0).is_none_or(|members| members.iter().any(|(known, _)| known == name))
    }
}

impl std::str::FromStr for CommandBody {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let object: &RawValue =
            serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
        let text = object.get();
        if text.starts_with('{') {
            Ok(Self(text.into()))
        } else {
            Err("must be a table, or JSON text of an object".to_owned())
        }
    }
}

impl fmt::Debug for CommandBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandBody({})", self.0)
    }
}

impl Serialize for CommandBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for CommandBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a table, or JSON text of an object")]
        enum Form {
            Text(String),
            Table(serde_json::Map<String, serde_json::Value>),
        }
        let text = match Form::deserialize(deserializer)? {
            Form::Text(text) => text,
            Form::Table(table) => serde_json::Value::Object(table).to_string(),
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Whether something stands in the body as JSON, or as one text that holds JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OptionsForm {
    /// As JSON, byte for byte.
    #[default]
    Json,
    /// As a JSON string; decoding it gives the JSON byte for byte.
    String,
}

/// The values that a path or a destination can have in it.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Placeholders<'a> {
    /// `{bid}`: the mailbox of the session.
    pub bid: Option<&'a str>,
    /// `{mid}`: the message of the session command.
    pub mid: Option<&'a str>,
    /// `{command_id}`: the session command.
    pub command_id: Option<&'a str>,
    /// `{external_id}`: the id that was chosen for the session command.
    pub external_id: Option<&'a str>,
    /// `{user_id}`: the user whom the command is about.
    pub user_id: Option<&'a str>,
    /// `{profile_id}`: the profile that the command is about.
    pub profile_id: Option<&'a str>,
    /// `{smart_card_id}`: the token that the command is about.
    pub smart_card_id: Option<&'a str>,
}

const NAMES: [&str; 7] = [
    "bid",
    "mid",
    "command_id",
    "external_id",
    "user_id",
    "profile_id",
    "smart_card_id",
];

impl Placeholders<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        match name {
            "bid" => self.bid,
            "mid" => self.mid,
            "command_id" => self.command_id,
            "external_id" => self.external_id,
            "user_id" => self.user_id,
            "profile_id" => self.profile_id,
            "smart_card_id" => self.smart_card_id,
            _ => None,
        }
    }

    /// Fills a path.
    pub(crate) fn expand(&self, path: &PathTemplate) -> Result<String, BuildError> {
        let values = NAMES.map(|name| (name, self.value(name).unwrap_or_default()));
        Ok(path.expand(&values)?)
    }
}

/// A destination: text in which the placeholders of the command may stand: `{bid}`, `{mid}`, `{command_id}`, `{external_id}` of its
/// session, `{user_id}`, `{profile_id}`, `{smart_card_id}` that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DestinationTemplate(String);

impl DestinationTemplate {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(crate) fn has_placeholder(&self) -> bool {
        self.0.contains('{')
    }

    /// Calls `write` with each piece of the destination in order.
    pub(crate) fn pieces(
        &self,
        values: &Placeholders<'_>,
        mut write: impl FnMut(&str),
    ) -> Result<(), BuildError> {
        let mut rest = self.0.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let value = values
                .value(name)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| {
                    BuildError::Invalid(format!(
                        "the destination {:?} needs a {name}, which this command does not have",
                        self.0
                    ))
                })?;
            write(before);
            write(value);
            rest = after;
        }
        write(rest);
        Ok(())
    }
}

impl<'de> Deserialize<'de> for DestinationTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = text.split('{').skip(1).all(|rest| {
            rest.split_once('}')
                .is_some_and(|(name, _)| NAMES.contains(&name))
        });
        if text.is_empty() || !known {
            return Err(serde::de::Error::custom(
                "must be text that is not empty; its only placeholders are {bid}, {mid}, {command_id}, {external_id}, {user_id}, {profile_id}, \
                 {smart_card_id}",
            ));
        }
        Ok(Self(text))
    }
}
