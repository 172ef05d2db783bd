//! JSON that keeps the bytes it does not touch.
//!
//! Creation options must reach the authenticator exactly as the relying party wrote them, and a dialect may still have to put them in
//! another place of the body. So a document is opened only along the path that is read or changed; every other member stays the very
//! slice it was, with its white space, its member order and its way of writing numbers.

mod pointer;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

pub use pointer::{Pointer, PointerError};

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
            items(here)?.get(array_index(token)?).copied()?
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

/// An index as RFC 6901 writes it: digits without a sign and without leading zeros.
fn array_index(token: &str) -> Option<usize> {
    let canonical =
        token == "0" || !token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit());
    token.parse().ok().filter(|_| canonical)
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
/// Where a name on the way or at the end of it stands more than once, the last one counts and is the only one that is left: a reader that
/// takes the first must not see something else.
///
/// # Errors
/// [`EditError`] when the document is no JSON, or something on the way is not an object.
pub fn put(json: &str, pointer: &Pointer, value: &str) -> Result<String, EditError> {
    put_at(json, pointer.tokens(), value).ok_or_else(|| EditError::Unreachable(pointer.clone()))
}

/// Removes what stands at `pointer`: all of it, where names stand more than once. A document without it is returned as it was.
///
/// # Errors
/// [`EditError`] when the pointer is the root, or leads into an array.
pub fn remove(json: &str, pointer: &Pointer) -> Result<String, EditError> {
    let unreachable = || EditError::Unreachable(pointer.clone());
    if pointer.is_root() {
        return Err(unreachable());
    }
    let removed = remove_at(json, pointer.tokens());
    if removed.is_none() && find(json, pointer).is_some() {
        // It is there, but behind an index.
        return Err(unreachable());
    }
    Ok(removed.unwrap_or_else(|| json.to_owned()))
}

fn put_at(json: &str, path: &[String], value: &str) -> Option<String> {
    let Some((name, rest)) = path.split_first() else {
        return Some(value.to_owned());
    };
    let mut list: Vec<(String, Cow<'_, str>)> = members(json)?
        .into_iter()
        .map(|(name, text)| (name, Cow::Borrowed(text)))
        .collect();
    match list.iter().rposition(|(known, _)| known == name) {
        Some(last) => {
            let slot = &mut list.get_mut(last)?.1;
            *slot = put_at(slot, rest, value)?.into();
            let mut index = 0;
            list.retain(|(known, _)| {
                index += 1;
                known != name || index - 1 == last
            });
        }
        None => list.push((name.clone(), put_at("{}", rest, value)?.into())),
    }
    write_object(&list, json.len() + value.len() + 64)
}

/// `None` when there is nothing to remove.
fn remove_at(json: &str, path: &[String]) -> Option<String> {
    let (name, rest) = path.split_first()?;
    let mut changed = false;
    let mut list: Vec<(String, Cow<'_, str>)> = Vec::new();
    for (known, text) in members(json)? {
        let mut text = Cow::Borrowed(text);
        if known == *name {
            if rest.is_empty() {
                changed = true;
                continue;
            }
            if let Some(smaller) = remove_at(&text, rest) {
                changed = true;
                text = smaller.into();
            }
        }
        list.push((known, text));
    }
    if changed {
        write_object(&list, json.len())
    } else {
        None
    }
}

fn write_object(list: &[(String, Cow<'_, str>)], capacity: usize) -> Option<String> {
    let mut text = String::with_capacity(capacity);
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
    fn a_name_that_stands_twice_is_removed_and_put_as_one() {
        let twice = r#"{"a":1,"b":2,"a":{"c":3,"c":4}}"#;
        assert_eq!(remove(twice, &pointer("/a")).unwrap(), r#"{"b":2}"#);
        assert_eq!(
            remove(twice, &pointer("/a/c")).unwrap(),
            r#"{"a":1,"b":2,"a":{}}"#
        );
        assert_eq!(
            remove(r#"{"a":{"c":1},"a":2}"#, &pointer("/a/c")).unwrap(),
            r#"{"a":{},"a":2}"#
        );
        assert_eq!(put(twice, &pointer("/a"), "7").unwrap(), r#"{"b":2,"a":7}"#);
        assert_eq!(
            put(twice, &pointer("/a/c"), "7").unwrap(),
            r#"{"b":2,"a":{"c":7}}"#
        );
        assert!(remove(r#"{"a":[1]}"#, &pointer("/a/0")).is_err());
    }

    #[test]
    fn an_index_is_written_in_one_way() {
        let list = r#"{"a":[1,2]}"#;
        assert_eq!(find(list, &pointer("/a/0")), Some("1"));
        for odd in ["/a/00", "/a/01", "/a/+1", "/a/-1", "/a/", "/a/-", "/a/1 "] {
            assert_eq!(find(list, &pointer(odd)), None, "{odd}");
        }
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
