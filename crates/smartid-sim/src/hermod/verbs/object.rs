//! One JSON object of a body, and the questions that the commands ask it. Each refusal has a word of its own for the records and
//! names the member, never its value, because values may be secret.

use serde_json::{Map, Value};

use super::super::errors::Refusal;
use crate::config::BodyConfig;
use crate::webauthn::b64;

/// Entries of any list of a body. The published examples hold one or two.
const MAX_LIST: usize = 256;

pub(super) struct Rules<'a> {
    pub(super) body: &'a BodyConfig,
    pub(super) extra: &'a [String],
    pub(super) refuse_unknown: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) rules: &'a Rules<'a>,
    map: &'a Map<String, Value>,
    name: &'a str,
}

fn wrong_type(member: &str, wanted: &str) -> Refusal {
    Refusal::bad("member_type", format!("{member} must be {wanted}"))
}

impl<'a> Object<'a> {
    pub(super) fn of(rules: &'a Rules<'a>, value: &'a Value, name: &'a str) -> Result<Self, Refusal> {
        let map = value.as_object().ok_or_else(|| wrong_type(name, "an object"))?;
        Ok(Self { rules, map, name })
    }

    pub(super) fn lenient(&self) -> bool {
        self.rules.body.lenient_types
    }

    /// Refuses members that are not known.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        if !self.rules.refuse_unknown {
            return Ok(());
        }
        match self
            .map
            .keys()
            .find(|key| !known.contains(&key.as_str()) && !self.rules.extra.contains(key))
        {
            Some(key) => Err(Refusal::bad(
                "unknown_member",
                format!("unknown member {key} in {}", self.name),
            )),
            None => Ok(()),
        }
    }

    pub(super) fn has(&self, member: &str) -> bool {
        self.value(member).is_some()
    }

    /// Whether there is a member beside these.
    pub(super) fn has_other(&self, known: &[&str]) -> bool {
        self.map.keys().any(|key| !known.contains(&key.as_str()))
    }

    /// The member as it stands. `null` is no value of any documented member; it is left out when types are read leniently.
    pub(super) fn value(&self, member: &str) -> Option<&'a Value> {
        self.map
            .get(member)
            .filter(|value| !(self.lenient() && value.is_null()))
    }

    pub(super) fn missing(&self, member: &str) -> Refusal {
        Refusal::bad("member_missing", format!("{member} is missing in {}", self.name))
    }

    pub(super) fn text(&self, member: &str) -> Result<Option<&'a str>, Refusal> {
        self.text_of(member, member)
    }

    /// As [`Object::text`]; `list` names the list of allowed values.
    pub(super) fn text_of(&self, member: &str, list: &str) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.value(member) else {
            return Ok(None);
        };
        let text = value.as_str().ok_or_else(|| wrong_type(member, "a text"))?;
        if let Some(allowed) = self.rules.body.values.get(list)
            && !allowed.iter().any(|one| one == text)
        {
            return Err(Refusal::bad(
                "value_unknown",
                format!("{member} has an unknown value"),
            ));
        }
        Ok(Some(text))
    }

    pub(super) fn need_text(&self, member: &str) -> Result<&'a str, Refusal> {
        let text = self.text(member)?.ok_or_else(|| self.missing(member))?;
        if text.is_empty() {
            return Err(Refusal::bad("member_empty", format!("{member} is empty")));
        }
        Ok(text)
    }

    /// Owned, for what is remembered.
    pub(super) fn kept(&self, member: &str) -> Result<Option<String>, Refusal> {
        Ok(self.text(member)?.map(str::to_owned))
    }

    /// A text; a number when types are read leniently.
    pub(super) fn text_or_number(&self, member: &str) -> Result<Option<String>, Refusal> {
        match self.value(member) {
            Some(Value::Number(number)) if self.lenient() => Ok(Some(number.to_string())),
            _ => self.kept(member),
        }
    }

    pub(super) fn flag(&self, member: &str) -> Result<Option<bool>, Refusal> {
        self.value(member)
            .map(|value| value.as_bool().ok_or_else(|| wrong_type(member, "true or false")))
            .transpose()
    }

    pub(super) fn object(&self, member: &'a str) -> Result<Option<Self>, Refusal> {
        self.value(member)
            .map(|value| Self::of(self.rules, value, member))
            .transpose()
    }

    pub(super) fn need_object(&self, member: &'a str) -> Result<Self, Refusal> {
        self.object(member)?.ok_or_else(|| self.missing(member))
    }

    pub(super) fn list(&self, member: &str) -> Result<Option<&'a [Value]>, Refusal> {
        let Some(value) = self.value(member) else {
            return Ok(None);
        };
        let list = value.as_array().ok_or_else(|| wrong_type(member, "a list"))?;
        if list.len() > MAX_LIST {
            return Err(Refusal::bad(
                "list_long",
                format!("{member} holds too many entries"),
            ));
        }
        Ok(Some(list))
    }

    /// A list of objects; none when the member is left out.
    pub(super) fn objects(&self, member: &'a str) -> Result<Vec<Self>, Refusal> {
        self.list(member)?
            .unwrap_or_default()
            .iter()
            .map(|value| Self::of(self.rules, value, member))
            .collect()
    }

    /// A list of texts; none when the member is left out.
    pub(super) fn texts(&self, member: &str) -> Result<Vec<&'a str>, Refusal> {
        self.list(member)?
            .unwrap_or_default()
            .iter()
            .map(|value| {
                value
                    .as_str()
                    .ok_or_else(|| wrong_type(member, "a list of texts"))
            })
            .collect()
    }

    /// Base64 (standard, padded, no PEM) of one DER element, when the member is there.
    pub(super) fn der(&self, member: &str) -> Result<(), Refusal> {
        match self.text(member)? {
            Some(text) => self.is_der(member, text),
            None => Ok(()),
        }
    }

    /// No more than the outermost tag is looked at: one published template has a version number that no strict parser accepts
    /// (hermod 3.1, D-ex).
    pub(super) fn is_der(&self, member: &str, text: &str) -> Result<(), Refusal> {
        if self.lenient() && text.starts_with("-----BEGIN ") {
            return Ok(());
        }
        match b64::decode_standard(text).as_deref() {
            Some([0x30, _, ..]) => Ok(()),
            _ => Err(Refusal::bad(
                "member_der",
                format!("{member} must be base64 of DER, without PEM lines"),
            )),
        }
    }
}
