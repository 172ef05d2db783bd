//! Values of a filter: any JSON, kept.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserializer, Serialize, Serializer};

/// A value: what a filter compares with, and what a certificate has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FilterValue {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// `null`.
    Null,
    /// A list of values, unless it is one of filters.
    List(Vec<Self>),
    /// An object that is no filter: its members in order.
    Object(Vec<(String, Self)>),
}

macro_rules! from {
    ($($type:ty => $value:ident: $make:expr;)*) => {
        $(impl From<$type> for FilterValue {
            fn from($value: $type) -> Self {
                $make
            }
        })*
    };
}

from! {
    &str => text: Self::Text(text.to_owned());
    String => text: Self::Text(text);
    bool => value: Self::Bool(value);
    i32 => number: Self::Integer(number.into());
    u32 => number: Self::Integer(number.into());
    i64 => number: Self::Integer(number.into());
    u64 => number: Self::Integer(number.into());
}

impl FilterValue {
    /// The value as one text; `None` for null, lists and objects. A number where a text is documented is taken, and the other way
    /// round.
    pub(super) fn scalar_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Null | Self::List(_) | Self::Object(_) => None,
        }
    }
}

impl Serialize for FilterValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => serializer.serialize_i64(number),
                (_, Ok(number)) => serializer.serialize_u64(number),
                _ => Err(S::Error::custom("a number that cannot be read back exactly")),
            },
            Self::Float(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Float(_) => Err(S::Error::custom("a number that is not finite")),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Null => serializer.serialize_unit(),
            Self::List(values) => serializer.collect_seq(values),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// Deepest nesting of values: two for each filter, and some for values that are not known.
const MAX_DEPTH: usize = 2 * super::MAX_FILTER_DEPTH + 8;
/// Most values.
const MAX_VALUES: usize = 8 * super::MAX_FILTERS;

/// Reads any value, within the caps and without a member twice.
pub(super) struct Read<'a> {
    depth_left: usize,
    values_left: &'a mut usize,
}

pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FilterValue, D::Error> {
    let mut values_left = MAX_VALUES;
    let read = Read {
        depth_left: MAX_DEPTH,
        values_left: &mut values_left,
    };
    read.deserialize(deserializer)
}

impl Read<'_> {
    fn deeper<E: Error>(&mut self) -> Result<Read<'_>, E> {
        let depth_left = self.depth_left.checked_sub(1).ok_or(E::custom("too deep"))?;
        Ok(Read {
            depth_left,
            values_left: self.values_left,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Read<'_> {
    type Value = FilterValue;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<FilterValue, D::Error> {
        let left = self.values_left.checked_sub(1);
        *self.values_left = left.ok_or(D::Error::custom("too many values"))?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Read<'_> {
    type Value = FilterValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a certificate filter")
    }

    fn visit_bool<E>(self, value: bool) -> Result<FilterValue, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<FilterValue, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<FilterValue, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<FilterValue, E> {
        // Whole numbers from 2^53 on come here when they do not fit 64 bits, rounded: a serial number would become another one.
        if !number.is_finite() || number.abs() >= 9_007_199_254_740_992.0 {
            return Err(E::custom(
                "a number that cannot be kept exactly; write it as a text",
            ));
        }
        Ok(FilterValue::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<FilterValue, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<FilterValue, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<FilterValue, E> {
        Ok(FilterValue::Null)
    }

    fn visit_none<E>(self) -> Result<FilterValue, E> {
        Ok(FilterValue::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<FilterValue, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<FilterValue, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element_seed(self.deeper()?)? {
            values.push(value);
        }
        Ok(FilterValue::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<FilterValue, A::Error> {
        let mut members: Vec<(String, FilterValue)> = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a member twice"));
            }
            members.push((name, map.next_value_seed(self.deeper()?)?));
        }
        Ok(FilterValue::Object(members))
    }
}
