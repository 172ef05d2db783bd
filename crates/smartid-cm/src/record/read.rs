//! Reads a record: of a name that stands twice the last one counts, and no value of a wrong type costs more than its member.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{CertificateRecord, KeyIdentifier, ReasonText, SerialText, text};
use crate::date;
use crate::ids::CertId;

/// A value that was understood, or comes back.
type Read<T> = Result<T, Value>;

/// A word; an empty one is none.
fn word<T: for<'a> From<&'a str>>(value: Value) -> Read<Option<T>> {
    match &value {
        Value::String(word) if !word.trim().is_empty() => Ok(Some(word.trim().into())),
        _ => Err(value),
    }
}

fn date(value: Value) -> Read<smartid_core::Timestamp> {
    date::of_json(&value).ok_or(value)
}

/// A list of texts; one text is a list of one.
fn texts(value: Value) -> Read<Vec<String>> {
    match value {
        Value::String(text) => Ok(vec![text]),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Ok(items.into_iter().filter_map(|item| text(item).ok()).collect())
        }
        other => Err(other),
    }
}

impl CertificateRecord {
    /// Puts what was understood into its place, and what was not among the others.
    fn put<T>(&mut self, name: &str, slot: impl FnOnce(&mut Self) -> &mut T, read: Read<T>)
    where
        T: Default,
    {
        self.other.remove(name);
        let value = match read {
            Ok(value) => value,
            Err(odd) => {
                if !odd.is_null() {
                    self.other.insert(name.to_owned(), odd);
                }
                T::default()
            }
        };
        *slot(self) = value;
    }

    fn take(&mut self, name: &str, value: Value) {
        match name {
            "certid" => {
                let read = match &value {
                    Value::String(_) | Value::Number(_) => CertId::deserialize(&value).map_err(|_| value),
                    _ => Err(value),
                };
                self.put(name, |record| &mut record.certid, read.map(Some));
            }
            "status" => self.put(name, |record| &mut record.status, word(value)),
            "reason" => {
                let read = text(value).map(|text| Some(ReasonText::new(text)));
                self.put(name, |record| &mut record.reason, read);
            }
            "revocationtime" => self.put(name, |record| &mut record.revoked_at, date(value).map(Some)),
            "validfrom" => self.put(name, |record| &mut record.valid_from, date(value).map(Some)),
            "validto" => self.put(name, |record| &mut record.valid_to, date(value).map(Some)),
            "subject" => self.put(name, |record| &mut record.subject, text(value).map(Some)),
            "issuer" => self.put(name, |record| &mut record.issuer, text(value).map(Some)),
            "keyusage" => self.put(name, |record| &mut record.key_usage, texts(value)),
            "subjectType" => self.put(name, |record| &mut record.subject_type, word(value)),
            "validity" => self.put(name, |record| &mut record.validity, word(value)),
            "authorityKeyIdentifier" => {
                let read = text(value).map(|text| Some(KeyIdentifier::from_text(text)));
                self.put(name, |record| &mut record.authority_key_id, read);
            }
            "subjectKeyIdentifier" => {
                let read = text(value).map(|text| Some(KeyIdentifier::from_text(text)));
                self.put(name, |record| &mut record.subject_key_id, read);
            }
            "extendedcertsearch" => self.take_extended(name, value),
            _ => {
                self.other.insert(name.to_owned(), value);
            }
        }
    }

    /// The columns; what is no text among them stays under the name of the whole.
    fn take_extended(&mut self, name: &str, value: Value) {
        self.extended.clear();
        self.other.remove(name);
        let odd = match value {
            Value::Null => return,
            Value::Object(members) => {
                let mut odd = serde_json::Map::new();
                for (field, value) in members {
                    match text(value) {
                        Ok(text) => {
                            self.extended.insert(field.as_str().into(), text);
                        }
                        Err(Value::Null) => {}
                        Err(value) => {
                            odd.insert(field, value);
                        }
                    }
                }
                if odd.is_empty() {
                    return;
                }
                Value::Object(odd)
            }
            other => other,
        };
        self.other.insert(name.to_owned(), odd);
    }
}

impl<'de> Deserialize<'de> for CertificateRecord {
    /// From an object of JSON.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = CertificateRecord;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a certificate's record, which is an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<CertificateRecord, A::Error> {
                let mut record = CertificateRecord::default();
                while let Some(name) = members.next_key::<String>()? {
                    if name == "certificateserialnumber" {
                        // A number of 20 octets would be rounded.
                        let json: Box<RawValue> = members.next_value()?;
                        let read = match SerialText::of_json(json.get()) {
                            Some(serial) => Ok(Some(serial)),
                            None => Err(serde_json::from_str(json.get()).map_err(A::Error::custom)?),
                        };
                        record.put(&name, |record| &mut record.serial, read);
                    } else {
                        record.take(&name, members.next_value()?);
                    }
                }
                Ok(record)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::record::{CertificateStatus, ExtendedField};

    fn read(text: &str) -> CertificateRecord {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_member_of_a_wrong_type_costs_that_member_and_is_kept() {
        let text = r#"{"certid":"4711","status":true,"reason":["x"],"validfrom":"soon","validto":-1,"revocationtime":"",
            "certificateserialnumber":{"a":[1]},"subject":7,"issuer":null,"keyusage":["a",1],"subjectType":"","validity":0,
            "extendedcertsearch":{"field1":7,"field2":null,"field3":[1],"field7":"x"},"subjectKeyIdentifier":false}"#;
        let record = read(text);
        assert_eq!(record.certid.as_ref().unwrap().as_str(), "4711");
        assert_eq!(record.subject.as_deref(), Some("7"));
        assert_eq!(record.extended(&ExtendedField::Field1), Some("7"));
        assert_eq!(record.extended(&ExtendedField::from("field7")), Some("x"));
        assert_eq!(record.extended.len(), 2);
        for (name, value) in [
            ("status", json!(true)),
            ("reason", json!(["x"])),
            ("validfrom", json!("soon")),
            ("validto", json!(-1)),
            ("revocationtime", json!("")),
            ("certificateserialnumber", json!({"a":[1]})),
            ("keyusage", json!(["a", 1])),
            ("subjectType", json!("")),
            ("validity", json!(0)),
            ("extendedcertsearch", json!({"field3":[1]})),
            ("subjectKeyIdentifier", json!(false)),
        ] {
            assert_eq!(record.other.get(name), Some(&value), "{name}");
        }
        assert_eq!(record.other.len(), 11);
        assert!(record.status.is_none() && record.valid_from.is_none() && record.serial.is_none());
        assert!(record.key_usage.is_empty());
        assert_eq!(read(&serde_json::to_string(&record).unwrap()), record);
    }

    #[test]
    fn of_a_name_that_stands_twice_the_last_one_counts() {
        let record = read(r#"{"status":"active","status":"revoked","certid":"1","certid":[],"x":1,"x":2}"#);
        assert_eq!(record.status, Some(CertificateStatus::Revoked));
        assert_eq!(record.certid, None);
        assert_eq!(record.other["certid"], json!([]));
        assert_eq!(record.other["x"], 2);
        let record = read(r#"{"status":7,"status":null,"validfrom":[],"validfrom":0}"#);
        assert!(record.other.is_empty() && record.valid_from.is_some());
    }

    #[test]
    fn what_is_no_object_is_no_record() {
        for bad in [
            "[]",
            "null",
            "7",
            "\"4711\"",
            "{",
            "{\"a\":}",
            "{\"certificateserialnumber\":",
        ] {
            assert!(serde_json::from_str::<CertificateRecord>(bad).is_err(), "{bad}");
        }
        let deep = format!("{{\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(serde_json::from_str::<CertificateRecord>(&deep).is_err());
        let deep = deep.replacen('x', "certificateserialnumber", 1);
        assert!(serde_json::from_str::<CertificateRecord>(&deep).is_err());
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-1e20_f64..1e20).prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "(active|Revoked|EE|ca|expired|2024-0[1-9]-1[0-9]|-?[0-9a-fA-F:]{0,20})".prop_map(Value::from),
        ];
        leaf.prop_recursive(2, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("field[0-9]|\\PC{0,4}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_again_with_the_same_meaning(
            members in prop::collection::btree_map(
                "certid|status|reason|revocationtime|validfrom|validto|certificateserialnumber|subject|issuer|keyusage|subjectType|\
                 extendedcertsearch|authorityKeyIdentifier|subjectKeyIdentifier|validity|\\PC{0,6}",
                value(),
                0..12,
            )
        ) {
            let text = serde_json::to_string(&members).unwrap();
            let record: CertificateRecord = serde_json::from_str(&text).unwrap();
            let written = serde_json::to_string(&record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<CertificateRecord>(&written).unwrap(), &record);
            let again: std::collections::BTreeMap<String, Value> = serde_json::from_str(&written).unwrap();
            for (name, value) in members {
                let empty = match &value {
                    Value::Null => true,
                    Value::Array(items) => items.is_empty() && name == "keyusage",
                    Value::Object(members) => name == "extendedcertsearch" && members.values().all(Value::is_null),
                    _ => false,
                };
                prop_assert!(empty || again.contains_key(&name), "{} is lost", name);
            }
        }
    }
}
