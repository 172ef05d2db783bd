//! JSON that keeps the bytes it does not touch.
//!
//! Creation options must reach the authenticator exactly as the relying party wrote them, and a dialect may still have to put them in
//! another place of the body. So a document is opened only along the path that is read or changed; every other member stays the very
//! slice it was, with its white space, its member order and its way of writing numbers.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON pointer (RFC 6901), such as `/fidoCommand/publicKey`. The empty pointer is the whole document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointer(Vec<String>);

/// The text is no JSON pointer: it must be empty or begin with `/`, and `~` stands only in `~0` and `~1`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON pointer (empty, or beginning with \"/\"): {0:?}")]
#[non_exhaustive]
pub struct PointerError(String);

/// How deep a pointer may reach; a document is never opened deeper than that.
const MAX_DEPTH: usize = 32;

impl Pointer {
    /// The unescaped names on the way.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// Whether this pointer names the whole document.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        let refused = || PointerError(text.chars().take(80).collect());
        if text.is_empty() {
            return Ok(Self::default());
        }
        let tokens = text.strip_prefix('/').ok_or_else(refused)?.split('/');
        let tokens = tokens
            .map(|token| {
                let stray = token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
                if stray {
                    Err(refused())
                } else {
                    Ok(token.replace("~1", "/").replace("~0", "~"))
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        if tokens.len() > MAX_DEPTH {
            Err(refused())
        } else {
            Ok(Self(tokens))
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

impl Serialize for Pointer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pointer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// An object opened one level: its members in order, their values untouched.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Open;
        impl<'de> Visitor<'de> for Open {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Open)
    }
}

/// An array opened one level.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Open;
        impl<'de> Visitor<'de> for Open {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Open)
    }
}

/// The members of an object in order, with their exact text; `None` when the text is no JSON object.
#[must_use]
pub fn members(json: &str) -> Option<Vec<(String, &str)>> {
    let Members(members) = serde_json::from_str(json).ok()?;
    Some(
        members
            .into_iter()
            .map(|(name, value)| (name, value.get()))
            .collect(),
    )
}

/// The items of an array, with their exact text; `None` when the text is no JSON array.
#[must_use]
pub fn items(json: &str) -> Option<Vec<&str>> {
    let Items(items) = serde_json::from_str(json).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// The exact text that stands at `pointer`; of members with the same name the last one, as `serde_json` reads them.
///
/// ```
/// use smartid_core::json;
///
/// let body = r#"{"response": {"data": {"n": 1.50}}}"#;
/// assert_eq!(json::find(body, &"/response/data".parse()?), Some(r#"{"n": 1.50}"#));
/// # Ok::<(), smartid_core::json::PointerError>(())
/// ```
#[must_use]
pub fn find<'a>(json: &'a str, pointer: &Pointer) -> Option<&'a str> {
    let mut here = json.trim();
    for token in pointer.tokens() {
        here = if here.starts_with('[') {
            let index: usize = token.parse().ok()?;
            items(here)?.get(index).copied()?
        } else {
            members(here)?
                .into_iter()
                .rev()
                .find(|(name, _)| name == token)?
                .1
        };
    }
    Some(here)
}

/// Why an edit could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Something on the way to the pointer is neither an object nor missing, or the root was to be removed.
    #[error("cannot reach {0} in the JSON document")]
    Unreachable(Pointer),
    /// The document is not JSON.
    #[error("the document to edit is not JSON")]
    NotJson,
}

/// Puts `value` (JSON text) at `pointer`; objects on the way are made when missing. The rest of the document keeps its exact text.
///
/// # Errors
/// [`EditError`] when the document is no JSON, or something on the way is not an object.
pub fn put(json: &str, pointer: &Pointer, value: &str) -> Result<String, EditError> {
    edit(json, pointer.tokens(), Some(value)).ok_or_else(|| EditError::Unreachable(pointer.clone()))
}

/// Removes what stands at `pointer`; a document without it is returned as it was.
///
/// # Errors
/// [`EditError`] when the pointer is the root.
pub fn remove(json: &str, pointer: &Pointer) -> Result<String, EditError> {
    if pointer.is_root() {
        return Err(EditError::Unreachable(pointer.clone()));
    }
    if find(json, pointer).is_none() {
        return Ok(json.to_owned());
    }
    edit(json, pointer.tokens(), None).ok_or_else(|| EditError::Unreachable(pointer.clone()))
}

fn edit(json: &str, path: &[String], value: Option<&str>) -> Option<String> {
    let Some((name, rest)) = path.split_first() else {
        return value.map(str::to_owned);
    };
    let mut list: Vec<(String, String)> = members(json)?
        .into_iter()
        .map(|(name, text)| (name, text.to_owned()))
        .collect();
    let place = list.iter().rposition(|(known, _)| known == name);
    match (place, rest.is_empty(), value) {
        (Some(index), true, None) => {
            list.remove(index);
        }
        (Some(index), true, Some(value)) => list.get_mut(index)?.1 = value.to_owned(),
        (Some(index), false, _) => {
            let slot = &mut list.get_mut(index)?.1;
            *slot = edit(slot, rest, value)?;
        }
        (None, _, None) => return Some(json.to_owned()),
        (None, _, Some(_)) => list.push((name.clone(), edit("{}", rest, value)?)),
    }
    let mut text = String::with_capacity(json.len() + 64);
    text.push('{');
    for (index, (name, value)) in list.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(name).ok()?);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Some(text)
}

/// The path at which reading `T` fails, for an error message; looked for only after a failure.
pub(crate) fn failing_path<T: DeserializeOwned>(body: &[u8]) -> Option<String> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Ok(_) => None,
        Err(error) => Some(error.path().to_string()).filter(|path| path != "."),
    }
}

/// Reads a string that some senders write as a number, and the other way round.
///
/// The products document `commandId` and `keylength` as strings of digits; a number there is accepted.
///
/// # Errors
/// Those of the deserializer, when the value is neither.
pub fn string_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Either;
    impl Visitor<'_> for Either {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a whole number")
        }
        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
        fn visit_i64<E>(self, number: i64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    deserializer.deserialize_any(Either)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    #[test]
    fn pointers_round_trip_and_strays_are_refused() {
        assert_eq!(pointer("/a~1b/~0/").tokens(), ["a/b", "~", ""]);
        assert_eq!(pointer("/a~1b/~0/").to_string(), "/a~1b/~0/");
        for bad in ["a", "a/b", "/~", "/~2", "/a~"] {
            assert!(bad.parse::<Pointer>().is_err(), "{bad}");
        }
        assert!("/x".repeat(33).parse::<Pointer>().is_err());
    }

    #[test]
    fn what_is_not_touched_keeps_its_bytes() {
        let odd = r#"{ "z" : 1.50e+2,"a":"\u0061", "deep": { "x" : [ 1 , 2 ] , "y":0 } }"#;
        let moved = put(odd, &pointer("/deep/new/k"), "[ true ]").unwrap();
        assert_eq!(
            moved,
            r#"{"z":1.50e+2,"a":"\u0061","deep":{"x":[ 1 , 2 ],"y":0,"new":{"k":[ true ]}}}"#
        );
        assert_eq!(
            remove(&moved, &pointer("/deep")).unwrap(),
            r#"{"z":1.50e+2,"a":"\u0061"}"#
        );
        assert_eq!(remove(odd, &pointer("/none/there")).unwrap(), odd);
    }

    #[test]
    fn the_way_must_be_objects() {
        assert_eq!(
            put("[1]", &pointer("/a"), "1"),
            Err(EditError::Unreachable(pointer("/a")))
        );
        assert_eq!(
            put(r#"{"a":1}"#, &pointer("/a/b"), "1"),
            Err(EditError::Unreachable(pointer("/a/b")))
        );
        assert_eq!(
            put("{", &pointer("/a"), "1"),
            Err(EditError::Unreachable(pointer("/a")))
        );
        assert!(remove("{}", &pointer("")).is_err());
        assert_eq!(put("{}", &pointer(""), "7").unwrap(), "7");
    }

    #[test]
    fn find_reads_arrays_and_the_last_of_equal_names() {
        assert_eq!(find(r#"{"a":[{"b":1},{"b":2}]}"#, &pointer("/a/1/b")), Some("2"));
        assert_eq!(find(r#"{"a":1,"a":2}"#, &pointer("/a")), Some("2"));
        assert_eq!(find(r#"{"a":[1]}"#, &pointer("/a/1")), None);
        assert_eq!(find("not json", &pointer("/a")), None);
    }

    #[test]
    fn deep_nesting_neither_overflows_nor_is_opened() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(find(&deep, &pointer("/a/0/0")).is_none_or(|text| text.len() < deep.len()));
        assert!(find(&deep, &pointer("/b")).is_none());
    }
}
