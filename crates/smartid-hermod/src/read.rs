//! Reading what messaging sends, with everything kept that is not understood.
//!
//! A body is opened one level deep and once; what stands deeper is opened only where it is asked for. So an unknown member may nest as
//! deep as it likes, a member of an unexpected kind spoils nothing but itself, and the raw text of a device's answer is at hand.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use smartid_core::json::{self, Pointer};

/// The longest id that is taken. The published ones have at most 36 characters.
pub(crate) const MAX_ID: usize = 256;

/// A JSON object, opened one level. Names are borrowed where they have no escapes, which is what makes a callback cheap to receive.
pub(crate) struct Document<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'a> Document<'a> {
    /// `None` when the text is no JSON object in UTF-8.
    pub(crate) fn open(body: &'a [u8]) -> Option<Self> {
        Self::of(std::str::from_utf8(body).ok()?)
    }

    fn of(text: &'a str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The text of a member; `null` counts as absent.
    pub(crate) fn member(&self, name: &str) -> Option<&'a str> {
        let (_, text) = self.0.iter().rev().find(|(known, _)| known == name)?;
        Some(*text).filter(|text| *text != "null")
    }

    /// The text at a pointer; `null` counts as absent.
    pub(crate) fn at(&self, pointer: &Pointer) -> Option<&'a str> {
        let (first, rest) = pointer.tokens().split_first()?;
        let mut here = self.member(first)?;
        for token in rest {
            here = if here.starts_with('[') {
                json::items(here)?.get(token.parse::<usize>().ok()?).copied()?
            } else {
                Self::of(here)?.0.iter().rev().find(|(name, _)| name == token)?.1
            };
        }
        Some(here).filter(|text| *text != "null")
    }

    /// The text at a pointer, where it is that of the whole: `None` when a list on the way has another item with another value there. A
    /// single object counts as a list of one.
    pub(crate) fn only(&self, pointer: &Pointer) -> Option<&'a str> {
        fn below<'a>(here: &'a str, tokens: &[String]) -> Option<&'a str> {
            let Some((token, rest)) = tokens.split_first() else {
                return Some(here).filter(|text| *text != "null");
            };
            if here.starts_with('[') {
                let items = json::items(here)?;
                let found = below(items.get(token.parse::<usize>().ok()?)?, rest)?;
                let alone = items
                    .iter()
                    .all(|item| below(item, rest).is_none_or(|other| other == found));
                return alone.then_some(found);
            }
            match Document::of(here)?.0.iter().rev().find(|(name, _)| name == token) {
                Some((_, inner)) => below(inner, rest),
                None if token == "0" => below(here, rest),
                None => None,
            }
        }
        let (first, rest) = pointer.tokens().split_first()?;
        below(self.member(first)?, rest)
    }

    /// The name of a member that is there twice, of those that the pointers begin with.
    pub(crate) fn repeated<'b>(&self, pointers: &[&'b Pointer]) -> Option<&'b str> {
        let names = pointers.iter().filter_map(|pointer| pointer.tokens().first());
        names
            .map(String::as_str)
            .find(|name| self.0.iter().filter(|(known, _)| known == *name).count() > 1)
    }

    /// The members that are not in `known`.
    pub(crate) fn into_extra(self, known: &[&str]) -> Extra {
        let rest = self.0.into_iter();
        Extra(
            rest.filter(|(name, _)| !known.contains(&&**name))
                .map(|(name, text)| (name.into_owned(), text.to_owned()))
                .collect(),
        )
    }
}

impl<'de> Deserialize<'de> for Document<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Open;
        impl<'de> Visitor<'de> for Open {
            type Value = Document<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document<'de>, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Document(members))
            }
        }
        deserializer.deserialize_map(Open)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A JSON string as text.
pub(crate) fn text(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// An id: text that is not empty, or the digits of a whole number, exactly as they stand there.
pub(crate) fn id(raw: &str) -> Option<String> {
    let id = if raw.starts_with('"') {
        text(raw)?
    } else if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        raw.to_owned()
    } else {
        return None;
    };
    (!id.is_empty() && id.len() <= MAX_ID && !id.contains(char::is_control)).then_some(id)
}

/// A text or a number from outside, fit to be shown: one line, no control and no direction characters, at most `limit` of them.
pub(crate) fn shown(raw: &str, limit: usize) -> Option<String> {
    let whole = match text(raw) {
        Some(text) => text,
        None if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => raw.to_owned(),
        None => return None,
    };
    let clean = clean(&whole, limit);
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

/// At most `limit` characters of a text, with spaces for what could move a cursor, break a line or turn the text.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars()
        .take(limit)
        .map(|c| if hidden(c) { ' ' } else { c })
        .collect()
}

/// Members that this library does not know, in their order, with their exact JSON text. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(Vec<(String, String)>);

impl Extra {
    /// The JSON text of a member.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, text) = self.0.iter().rev().find(|(known, _)| known == name)?;
        Some(text)
    }

    /// Names and JSON texts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_as_written_or_not_taken() {
        assert_eq!(id("\"0042\"").as_deref(), Some("0042"));
        assert_eq!(id("42").as_deref(), Some("42"));
        let huge = "9".repeat(60);
        assert_eq!(id(&huge), Some(huge));
        for raw in ["\"\"", "42.0", "-1", "1e3", "{}", "[1]", "true", "\"a\\u0000\""] {
            assert_eq!(id(raw), None, "{raw}");
        }
        assert_eq!(id(&format!("\"{}\"", "a".repeat(MAX_ID + 1))), None);
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor_or_turn_the_text() {
        assert_eq!(
            shown("\"\\u001b[2J\\u202egold\\r\\nX\"", 40).unwrap(),
            "[2J gold  X"
        );
        assert_eq!(shown("11", 40).unwrap(), "11");
        assert_eq!(shown("{}", 40), None);
        assert_eq!(shown("\"abc\"", 2).unwrap(), "ab");
    }

    #[test]
    fn what_differs_in_a_list_is_nobodys() {
        let only = |body: &str| {
            let document = Document::open(body.as_bytes()).unwrap();
            document.only(&"/a/0/c".parse().unwrap()).map(str::to_owned)
        };
        for body in [
            r#"{"a":[{"c":1}]}"#,
            r#"{"a":[{"c":1},{"c":1},{"c":null},{},7]}"#,
            r#"{"a":{"c":1}}"#,
        ] {
            assert_eq!(only(body).as_deref(), Some("1"), "{body}");
        }
        for body in [
            r#"{"a":[{"c":1},{"c":2}]}"#,
            r#"{"a":[{},{"c":1}]}"#,
            r#"{"a":[]}"#,
            r#"{"a":null}"#,
            r#"{"a":{"1":{"c":1}}}"#,
            "{}",
        ] {
            assert_eq!(only(body), None, "{body}");
        }
    }

    #[test]
    fn pointers_reach_through_objects_and_lists() {
        let body = br#"{"a":{"b":[{"c":1},{"c":null}]},"d":1,"d":2}"#;
        let document = Document::open(body).unwrap();
        assert_eq!(document.at(&"/a/b/0/c".parse().unwrap()), Some("1"));
        assert_eq!(document.at(&"/a/b/1/c".parse().unwrap()), None);
        assert_eq!(document.at(&"".parse().unwrap()), None);
        assert_eq!(document.only(&"/a/b/0/c".parse().unwrap()), Some("1"));
        assert_eq!(document.repeated(&[&"/d".parse().unwrap()]), Some("d"));
        assert!(Document::open(b"[1]").is_none() && Document::open(b"{}{}").is_none());
    }
}
