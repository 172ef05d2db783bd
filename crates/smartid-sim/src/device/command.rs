//! Reads a message as it lies in the box. The type decides what it is; when the type is not known, the name of the command member does,
//! so that a message server with other spellings is still understood.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Refusal;
use super::report::{Shown, ShownAs};

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Provision,
    Certificate,
    Authenticate,
    Sign,
    Ping,
    StartPinReset,
    EndPinReset,
    Delete,
    Other,
}

/// Beginnings of types (`PROV`) and of command members (`provCommand`), in lower case.
const KINDS: &[(&str, Kind)] = &[
    ("prov", Kind::Provision),
    ("cert", Kind::Certificate),
    ("auth", Kind::Authenticate),
    ("sign", Kind::Sign),
    ("ping", Kind::Ping),
    ("spin", Kind::StartPinReset),
    ("startpin", Kind::StartPinReset),
    ("epin", Kind::EndPinReset),
    ("endpin", Kind::EndPinReset),
    ("del", Kind::Delete),
];

fn kind_of(word: &str) -> Option<Kind> {
    let word = word.to_ascii_lowercase();
    KINDS
        .iter()
        .find(|(start, _)| word.starts_with(start))
        .map(|(_, kind)| *kind)
}

/// A message, read.
pub(crate) struct Command {
    pub(crate) kind: Kind,
    /// `type`, as it came.
    pub(crate) name: String,
    /// The message server keeps the box open for another command.
    pub(crate) keep_open: bool,
    /// The command member's value.
    pub(crate) body: Value,
    /// The same as text, byte for byte.
    raw: String,
}

impl Command {
    /// `None` when the message is no JSON object.
    pub(crate) fn read(message: &str) -> Option<Self> {
        let outer: BTreeMap<String, &RawValue> = serde_json::from_str(message).ok()?;
        let text = |name: &str| {
            outer
                .get(name)
                .and_then(|raw| serde_json::from_str::<String>(raw.get()).ok())
        };
        let name = text("type").unwrap_or_else(|| "?".to_owned());
        let command: BTreeMap<String, &RawValue> = outer
            .get("command")
            .and_then(|raw| serde_json::from_str(raw.get()).ok())
            .unwrap_or_default();
        let (wrapper, raw) = command
            .first_key_value()
            .map(|(name, raw)| (name.clone(), raw.get().to_owned()))
            .unwrap_or_default();
        Some(Self {
            kind: kind_of(&name)
                .or_else(|| kind_of(&wrapper))
                .unwrap_or(Kind::Other),
            name,
            keep_open: outer.get("keepOpen").is_some_and(|raw| raw.get() == "true"),
            body: serde_json::from_str(&raw).unwrap_or_default(),
            raw,
        })
    }

    /// Where `tbs`, `description`, `filter`, `format` and `mechanism` stand: in `params` (hermod 3.4, D-ex).
    pub(crate) fn params(&self) -> &Value {
        self.body.get("params").unwrap_or(&self.body)
    }

    /// The exact text of `params`, or of a member of it.
    pub(crate) fn raw_params(&self, member: Option<&str>) -> Option<String> {
        let base = if self.body.get("params").is_some() {
            "/params"
        } else {
            ""
        };
        let pointer = member.map_or_else(|| base.to_owned(), |member| format!("{base}/{member}"));
        crate::json::raw_at(&self.raw, &pointer).map(str::to_owned)
    }

    /// A text member of the command.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }
}

/// At most so many entries of one list are looked at.
const MAX_ENTRIES: usize = 100;

/// Base64 as it is met: standard with padding, without, and base64url; line breaks are skipped.
pub(crate) fn base64_any(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    BASE64_STANDARD
        .decode(&text)
        .or_else(|_| BASE64_STANDARD_NO_PAD.decode(&text))
        .or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(&text))
        .ok()
}

/// The entries of `tbs` or `description` (hermod 3.4). Content that is referred to by id has been filled in by the message server; what
/// still has no encoding is text.
pub(crate) fn entries(params: &Value, name: &str, role: ShownAs) -> Result<Vec<Shown>, Refusal> {
    let wrong = |why: String| Refusal::new("INVALID_PARAMETER", why);
    let Some(list) = params.get(name).filter(|value| !value.is_null()) else {
        return Ok(Vec::new());
    };
    let list = list
        .as_array()
        .ok_or_else(|| wrong(format!("{name} is not a list")))?;
    if list.len() > MAX_ENTRIES {
        return Err(wrong(format!("{name} has more than {MAX_ENTRIES} entries")));
    }
    list.iter()
        .map(|entry| {
            let text = |member: &str| entry.get(member).and_then(Value::as_str);
            let data = text("data").ok_or_else(|| wrong(format!("an entry of {name} has no data")))?;
            let content = match text("content_encoding") {
                Some("base64") => {
                    base64_any(data).ok_or_else(|| wrong(format!("an entry of {name} is not base64")))?
                }
                None | Some("" | "text/plain" | "utf-8" | "UTF-8") => data.as_bytes().to_vec(),
                Some(_) => return Err(wrong(format!("an entry of {name} has an unknown encoding"))),
            };
            Ok(Shown {
                role,
                label: text("description").unwrap_or_default().to_owned(),
                key: text("key").unwrap_or_default().to_owned(),
                content_type: text("content_type").unwrap_or_default().to_owned(),
                content,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_type_decides_and_then_the_member() {
        for (message, kind) in [
            (r#"{"type":"SIGN","command":{"signCommand":{}}}"#, Kind::Sign),
            (r#"{"type":"X","command":{"provCommand":{}}}"#, Kind::Provision),
            (r#"{"type":"EPIN","command":{}}"#, Kind::EndPinReset),
            (r#"{"type":"DELETE","command":{"x":{}}}"#, Kind::Delete),
            (r#"{"command":{"spinCommand":{}}}"#, Kind::StartPinReset),
            (r#"{"type":7}"#, Kind::Other),
            ("{}", Kind::Other),
        ] {
            assert_eq!(Command::read(message).unwrap().kind, kind, "{message}");
        }
        assert!(Command::read("[]").is_none());
        assert!(Command::read("").is_none());
    }

    #[test]
    fn raw_text_is_kept() {
        let message = r#"{"type":"SIGN","keepOpen":true,"command":{"signCommand":{"params":{ "tbs":[ {"data" : "\u0041"} ] }}}}"#;
        let command = Command::read(message).unwrap();
        assert!(command.keep_open);
        assert_eq!(
            command.raw_params(Some("tbs")).as_deref(),
            Some(r#"[ {"data" : "\u0041"} ]"#)
        );
        let flat = Command::read(r#"{"type":"SIGN","command":{"signCommand":{"tbs": [1]}}}"#).unwrap();
        assert_eq!(flat.raw_params(Some("tbs")).as_deref(), Some("[1]"));
        assert_eq!(flat.raw_params(None).as_deref(), Some(r#"{"tbs": [1]}"#));
        assert_eq!(flat.raw_params(Some("none")), None);
    }

    #[test]
    fn entries_are_decoded_or_refused() {
        let params = json!({"tbs": [
            {"content_type": "text/plain", "content_encoding": "base64", "data": "SGk=", "key": "tbs", "description": "Text"},
            {"content_type": "text/plain", "data": "plain"},
        ]});
        let read = entries(&params, "tbs", ShownAs::ToBeSigned).unwrap();
        assert_eq!(
            (read[0].content.as_slice(), read[0].label.as_str()),
            (&b"Hi"[..], "Text")
        );
        assert_eq!(read[1].content, b"plain");
        assert!(
            entries(&params, "description", ShownAs::Description)
                .unwrap()
                .is_empty()
        );
        for wrong in [
            json!({"tbs": {}}),
            json!({"tbs": [7]}),
            json!({"tbs": [{"data": "%", "content_encoding": "base64"}]}),
            json!({"tbs": [{"data": "x", "content_encoding": "rot13"}]}),
            json!({"tbs": vec![json!({"data": "x"}); MAX_ENTRIES + 1]}),
        ] {
            assert!(entries(&wrong, "tbs", ShownAs::ToBeSigned).is_err(), "{wrong}");
        }
    }
}
