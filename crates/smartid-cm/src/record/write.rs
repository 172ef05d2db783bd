//! Writes a record as it came: dates as milliseconds, numbers of JSON as such, and no member that was not there.

use serde::ser::{Error, SerializeMap};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::CertificateRecord;

impl Serialize for CertificateRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            certid,
            status,
            reason,
            revoked_at,
            valid_from,
            valid_to,
            serial,
            subject,
            issuer,
            key_usage,
            subject_type,
            extended,
            authority_key_id,
            subject_key_id,
            validity,
            other,
        } = self;
        let texts = [
            ("certid", certid.as_ref().map(AsRef::as_ref)),
            ("status", status.as_ref().map(|word| word.as_str())),
            ("reason", reason.as_ref().map(|reason| reason.as_str())),
            ("subject", subject.as_deref()),
            ("issuer", issuer.as_deref()),
            ("subjectType", subject_type.as_ref().map(|word| word.as_str())),
            (
                "authorityKeyIdentifier",
                authority_key_id.as_ref().map(|id| id.as_str()),
            ),
            (
                "subjectKeyIdentifier",
                subject_key_id.as_ref().map(|id| id.as_str()),
            ),
            ("validity", validity.as_ref().map(|word| word.as_str())),
        ];
        let dates = [
            ("revocationtime", revoked_at),
            ("validfrom", valid_from),
            ("validto", valid_to),
        ];
        let mut written: Vec<&str> = Vec::with_capacity(16);
        let mut map = serializer.serialize_map(None)?;
        for (name, text) in texts {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
                written.push(name);
            }
        }
        for (name, date) in dates {
            match date.map(|date| date.as_millis()) {
                None => continue,
                // Few milliseconds would be read as seconds.
                Some(millis) if millis <= 100_000_000_000 => {
                    let text = date.map(|date| date.to_string());
                    map.serialize_entry(name, &text)?;
                }
                Some(millis) => map.serialize_entry(name, &millis)?,
            }
            written.push(name);
        }
        if let Some(serial) = serial {
            map.serialize_entry(
                "certificateserialnumber",
                &serial.to_json().map_err(S::Error::custom)?,
            )?;
            written.push("certificateserialnumber");
        }
        if !key_usage.is_empty() {
            map.serialize_entry("keyusage", key_usage)?;
            written.push("keyusage");
        }
        if !extended.is_empty() {
            let mut columns: serde_json::Map<String, Value> = extended
                .iter()
                .map(|(field, text)| (field.as_str().to_owned(), Value::from(text.as_str())))
                .collect();
            if let Some(Value::Object(odd)) = other.get("extendedcertsearch") {
                columns.extend(odd.clone());
            }
            map.serialize_entry("extendedcertsearch", &columns)?;
            written.push("extendedcertsearch");
        }
        for (name, value) in other {
            if !written.contains(&name.as_str()) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}
