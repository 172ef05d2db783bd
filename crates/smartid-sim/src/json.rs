//! JSON pointers with writing. The switches that move a member elsewhere ("other nesting") are expressed with them, on incoming and
//! outgoing bodies alike.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Moves one member of a body. Both are JSON pointers (RFC 6901); an empty `to` removes the member. A body that has nothing at
/// `from` is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Move {
    /// Where the member stands by default.
    pub from: String,
    /// Where it shall stand; empty to drop it.
    #[serde(default)]
    pub to: String,
}

impl Move {
    /// A move from one pointer to another.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
        }
    }
}

/// Applies moves in order.
pub(crate) fn apply(moves: &[Move], body: &mut Value) {
    for step in moves {
        if let Some(value) = take(body, &step.from)
            && !step.to.is_empty()
        {
            put(body, &step.to, value);
        }
    }
}

fn segments(pointer: &str) -> Vec<String> {
    pointer
        .split('/')
        .skip(1)
        .map(|part| part.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Reads a document in which no object names a member twice. Two readers of such a document may see different values, so what is
/// verified here would not be what somebody else goes by.
pub(crate) fn read_strict(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Strict>(bytes).map(|Strict(value)| value)
}

struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut out = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            out.push(item);
        }
        Ok(Value::Array(out))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut out = Map::new();
        while let Some((name, Strict(value))) = members.next_entry::<String, Strict>()? {
            if out.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Value::Object(out))
    }
}

/// Removes and returns the value at `pointer`.
pub(crate) fn take(body: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match body.pointer_mut(parent)? {
        Value::Object(map) => map.remove(&last),
        Value::Array(list) => {
            let index = last.parse::<usize>().ok().filter(|index| *index < list.len())?;
            Some(list.remove(index))
        }
        _ => None,
    }
}

/// Writes `value` at `pointer`, making objects on the way. A scalar that stands in the way is replaced by an object. The empty
/// pointer replaces the whole body.
pub(crate) fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut at = body;
    for segment in segments(pointer) {
        if let (Value::Array(list), Ok(index)) = (&*at, segment.parse::<usize>())
            && index < list.len()
        {
            // Borrowed again, mutably, because the check above must not hold on to it.
            let Value::Array(list) = at else { return };
            let Some(next) = list.get_mut(index) else { return };
            at = next;
            continue;
        }
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(map) = at else { return };
        at = map.entry(segment).or_insert(Value::Null);
    }
    *at = value;
}

/// The first member name of a pointer: `/params/publicKey` gives `params`.
pub(crate) fn first_segment(pointer: &str) -> Option<String> {
    segments(pointer).into_iter().next()
}

/// The text that stands at `pointer`, byte for byte. Arrays are not entered: no switch points into one.
pub(crate) fn raw_at<'t>(text: &'t str, pointer: &str) -> Option<&'t str> {
    let mut at = text;
    for segment in segments(pointer) {
        let object: HashMap<String, &'t RawValue> = serde_json::from_str(at).ok()?;
        at = object.get(&segment)?.get();
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn moves_rename_nest_and_remove() {
        let mut body = json!({"commandId": "1", "response": {"data": {"id": "x"}, "format": "webauthn"}, "list": [1, 2]});
        apply(
            &[
                Move::new("/response/data", "/result/fido/credential"),
                Move::new("/response", ""),
                Move::new("/commandId", "/command~1id"),
                Move::new("/absent", "/nowhere"),
                Move::new("/list/0", "/first"),
            ],
            &mut body,
        );
        assert_eq!(
            body,
            json!({"command/id": "1", "result": {"fido": {"credential": {"id": "x"}}}, "list": [2], "first": 1})
        );
    }

    #[test]
    fn raw_text_is_untouched() {
        let text = r#"{"a": {"b/c": { "x" : 1.50e0,  "y":"\u00e9" } }}"#;
        assert_eq!(
            raw_at(text, "/a/b~1c"),
            Some(r#"{ "x" : 1.50e0,  "y":"\u00e9" }"#)
        );
        assert_eq!(raw_at(text, "/a/x"), None);
        assert_eq!(raw_at("[]", "/0"), None);
    }

    #[test]
    fn a_member_that_is_there_twice_is_refused() {
        let text = br#"{"a":[1,-2,2.5,"x",null,true,{"b":{}}],"b":{}}"#;
        let usual: Value = serde_json::from_slice(text).unwrap();
        assert_eq!(read_strict(text).unwrap(), usual);
        for twice in [
            &br#"{"a":1,"a":1}"#[..],
            br#"{"a":1,"\u0061":2}"#,
            br#"[{"x":[{"b":1,"b":2}]}]"#,
            br#"{} {}"#,
            b"\xef\xbb\xbf{}",
            b"",
        ] {
            assert!(read_strict(twice).is_err());
        }
        assert!(read_strict(&[b'['; 5000]).is_err(), "nested too deeply");
    }

    #[test]
    fn put_makes_its_way() {
        let mut body = json!("scalar");
        put(&mut body, "/a/b", json!(1));
        assert_eq!(body, json!({"a": {"b": 1}}));
        let mut body = json!({"to": ["x"]});
        put(&mut body, "/to/0", json!("y"));
        assert_eq!(body, json!({"to": ["y"]}));
        put(&mut body, "", json!(3));
        assert_eq!(body, json!(3));
        assert_eq!(first_segment("/params/x").as_deref(), Some("params"));
        assert_eq!(first_segment(""), None);
    }
}
