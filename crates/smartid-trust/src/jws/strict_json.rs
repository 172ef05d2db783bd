//! JSON in which nothing is said twice.
//!
//! serde_json keeps the last of two members with one name, other parsers the first. Two programs that read one header differently are
//! how a signature is made to cover what nobody checked (RFC 7515 4 and 10.12 let a reader refuse; this one does, at every depth).

use std::cell::Cell;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::{Reason, Refusal};

/// Deepest nesting that is read. A header with an embedded key has 2.
const MAX_DEPTH: usize = 32;

/// Reads one JSON value and nothing after it.
///
/// `malformed` is the reason when it is not JSON, not UTF-8, or too deep; a name that stands twice has its own.
pub(super) fn value(text: &[u8], malformed: Reason) -> Result<Value, Refusal> {
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let seed = Strict {
        depth: 0,
        found: &found,
    };
    match seed
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value))
    {
        Ok(value) => Ok(value),
        Err(_) => Err(match found.get() {
            Some(Found::Twice) => Refusal::from(Reason::DuplicateMember),
            Some(Found::TooDeep) => Refusal::new(malformed, "JSON nested too deep"),
            None => Refusal::new(malformed, "not JSON, or more than one value"),
        }),
    }
}

/// As [`value`], for an object.
pub(super) fn object(text: &[u8], malformed: Reason) -> Result<Map<String, Value>, Refusal> {
    match value(text, malformed)? {
        Value::Object(members) => Ok(members),
        _ => Err(Refusal::new(malformed, "JSON, but no object")),
    }
}

#[derive(Clone, Copy)]
enum Found {
    Twice,
    TooDeep,
}

#[derive(Clone, Copy)]
struct Strict<'a> {
    depth: usize,
    /// What serde's error cannot carry.
    found: &'a Cell<Option<Found>>,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            self.found.set(Some(Found::TooDeep));
            return Err(E::custom("too deep"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
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
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(inner)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut members = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(inner)?;
            if members.insert(name, value).is_some() {
                self.found.set(Some(Found::Twice));
                return Err(A::Error::custom("a name that stands twice"));
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reason(text: &[u8]) -> Reason {
        value(text, Reason::Malformed).unwrap_err().reason()
    }

    #[test]
    fn a_name_that_stands_twice_is_refused_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"x":{"a":1,"b":2,"a":3}}"#,
            r#"[[{"a":[{"b":1,"b":null}]}]]"#,
        ] {
            assert_eq!(reason(text.as_bytes()), Reason::DuplicateMember, "{text}");
        }
        assert!(value(br#"[{"a":1},{"a":1,"b":{"a":1}}]"#, Reason::Malformed).is_ok());
    }

    #[test]
    fn depth_has_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(value(nested(MAX_DEPTH).as_bytes(), Reason::Malformed).is_ok());
        let refusal = value(nested(MAX_DEPTH + 1).as_bytes(), Reason::Malformed).unwrap_err();
        assert_eq!(refusal.detail(), "JSON nested too deep");
        assert_eq!(reason(nested(1_000_000).as_bytes()), Reason::Malformed);
        assert_eq!(reason(r#"{"a":"#.repeat(100_000).as_bytes()), Reason::Malformed);
    }

    #[test]
    fn what_is_no_single_value_is_refused() {
        for text in [
            &b""[..],
            b" ",
            b"{",
            b"{} {}",
            b"{}x",
            b"\"\xff\"",
            b"{'a':1}",
            b"{\"a\":1,}",
            b"\xef\xbb\xbf{}",
            b"nul",
            b"\"\\ud800\"",
        ] {
            assert_eq!(reason(text), Reason::Malformed, "{text:?}");
        }
        assert_eq!(
            object(b"[]", Reason::Malformed).unwrap_err().detail(),
            "JSON, but no object"
        );
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = value(&bytes, Reason::Malformed);
        }

        #[test]
        fn reads_what_serde_json_writes(text in "\\PC*", number in any::<i64>(), float in -1e300f64..1e300) {
            let json = serde_json::json!({ "a": [text, number, float, null, true], "b": { "c": {} } });
            let text = json.to_string();
            let loose: Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(value(text.as_bytes(), Reason::Malformed).unwrap(), loose);
        }
    }
}
