//! Filters in and out of JSON.

use serde::de::Error as _;
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::value::{FilterValue, read};
use super::{
    CertificateFilter, FilterError, FilterOp, MAX_FILTER_DEPTH, MAX_FILTER_LEN, MAX_FILTERS, Operand,
};

/// The members that a filter is made of.
pub(super) const KNOWN: [&str; 3] = ["op", "param", "value"];

impl CertificateFilter {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`FilterError`] when the text is no JSON, no filter, or above the caps ([`MAX_FILTER_LEN`], [`MAX_FILTER_DEPTH`],
    /// [`MAX_FILTERS`]).
    pub fn from_json(json: &str) -> Result<Self, FilterError> {
        if json.len() > MAX_FILTER_LEN {
            return Err(FilterError(format!("it is longer than {MAX_FILTER_LEN} bytes")));
        }
        serde_json::from_str(json).map_err(|error| FilterError(error.to_string()))
    }

    /// Writes JSON.
    ///
    /// # Errors
    /// [`FilterError`] when it is nested deeper than can be read again, or has a number that JSON cannot express.
    pub fn to_json(&self) -> Result<String, FilterError> {
        serde_json::to_string(self).map_err(|error| FilterError(error.to_string()))
    }

    fn from_value(value: FilterValue, depth: usize, count: &mut usize) -> Result<Self, &'static str> {
        let FilterValue::Object(members) = value else {
            return Err("a filter is an object");
        };
        if depth > MAX_FILTER_DEPTH {
            return Err("filters nested too deep");
        }
        *count += 1;
        if *count > MAX_FILTERS {
            return Err("too many filters");
        }
        let mut filter = Self::logical(None, []);
        let mut operand = None;
        for (name, value) in members {
            match (name.as_str(), value) {
                ("op", FilterValue::Text(op)) => filter.op = Some(FilterOp::from(op.as_str())),
                ("param", FilterValue::Text(param)) => filter.param = Some(param),
                ("value", value) => operand = Some(value),
                // Some producers write null for what is missing.
                ("op" | "param", FilterValue::Null) => filter.others.push((name, FilterValue::Null)),
                ("op", _) => return Err("an operation that is no text"),
                ("param", _) => return Err("a parameter name that is no text"),
                (_, value) => filter.others.push((name, value)),
            }
        }
        filter.value = match operand {
            None => Operand::Absent,
            Some(FilterValue::List(values)) if filter.meant_op().is_logical() && all_objects(&values) => {
                let filters = values
                    .into_iter()
                    .map(|value| Self::from_value(value, depth + 1, count));
                Operand::Filters(filters.collect::<Result<_, _>>()?)
            }
            Some(value) => Operand::Value(value),
        };
        Ok(filter)
    }
}

fn all_objects(values: &[FilterValue]) -> bool {
    values.iter().all(|value| matches!(value, FilterValue::Object(_)))
}

impl<'de> Deserialize<'de> for CertificateFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(read(deserializer)?, 1, &mut 0).map_err(D::Error::custom)
    }
}

/// A filter so many levels below the outermost.
struct At<'a>(&'a CertificateFilter, usize);

impl Serialize for CertificateFilter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        At(self, 1).serialize(serializer)
    }
}

impl Serialize for At<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(filter, depth) = self;
        if *depth > MAX_FILTER_DEPTH {
            return Err(S::Error::custom("filters nested too deep"));
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(op) = &filter.op {
            map.serialize_entry("op", op.as_str())?;
        }
        if let Some(param) = &filter.param {
            map.serialize_entry("param", param)?;
        }
        match &filter.value {
            Operand::Absent => {}
            Operand::Value(value) => map.serialize_entry("value", value)?,
            Operand::Filters(filters) => {
                let below: Vec<At<'_>> = filters.iter().map(|filter| At(filter, depth + 1)).collect();
                map.serialize_entry("value", &below)?;
            }
        }
        for (name, value) in &filter.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
