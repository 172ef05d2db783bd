//! Dates as Certificate Manager writes and takes them.
//!
//! Sent: ISO 8601 in UTC with whole seconds (vendor page: Certificate Manager (CM) REST API, documented). Received: whole numbers in the
//! model of public third-party code (Keyfactor/nexus-certificate-manager-caplugin), whose unit nobody tells; a Java server means
//! milliseconds (inferred). ISO texts are read as well, and seconds are told from milliseconds by their size.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use smartid_core::Timestamp;

/// Larger numbers are milliseconds: as seconds they would lie beyond the year 5138.
const SECONDS_END: u64 = 100_000_000_000;

fn of_number(number: u64) -> Timestamp {
    Timestamp::from_millis(if number > SECONDS_END {
        number
    } else {
        number.saturating_mul(1000)
    })
}

/// A date out of an answer, in any of the forms.
fn of_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() != 4 {
        return text.parse().ok().map(of_number);
    }
    Timestamp::from_iso8601(text)
}

/// Reads a date that may be missing, `null`, or empty.
pub(crate) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct Date;
    impl<'de> Visitor<'de> for Date {
        type Value = Option<Timestamp>;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a date: seconds or milliseconds since 1970, or ISO 8601")
        }
        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(of_number(number)))
        }
        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            // Before 1970: no certificate is that old, but -1 is a habit.
            Ok(u64::try_from(number).ok().map(of_number))
        }
        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            if number.is_finite() && (0.0..1e16).contains(&number) {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the range has been checked; the fraction of a millisecond may go"
                )]
                let whole = number as u64;
                return Ok(Some(of_number(whole)));
            }
            Err(E::custom(
                "a date must be a number of seconds or milliseconds since 1970",
            ))
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            if text.trim().is_empty() {
                return Ok(None);
            }
            of_text(text)
                .map(Some)
                .ok_or_else(|| E::custom("a date must be ISO 8601 or a number since 1970"))
        }
        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            optional(deserializer)
        }
    }
    deserializer.deserialize_any(Date)
}

/// For `#[serde(with)]`-less use in tests and in wrappers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct OptionalDate(#[serde(deserialize_with = "optional")] pub(crate) Option<Timestamp>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        let at = |json: &str| {
            serde_json::from_str::<OptionalDate>(json).map(|date| date.0.map(Timestamp::as_millis))
        };
        for (json, millis) in [
            ("1639987290000", Some(1_639_987_290_000)),
            ("1639987290", Some(1_639_987_290_000)),
            ("\"1639987290000\"", Some(1_639_987_290_000)),
            ("1639987290000.0", Some(1_639_987_290_000)),
            ("\"2021-12-20T08:01:30Z\"", Some(1_639_987_290_000)),
            ("\"2021-12-20T08:01:30.1234567Z\"", Some(1_639_987_290_123)),
            ("\"2021-12-20T08:01:30+0000\"", Some(1_639_987_290_000)),
            ("null", None),
            ("\"\"", None),
            ("-1", None),
            ("0", Some(0)),
        ] {
            assert_eq!(at(json).unwrap(), millis, "{json}");
        }
        for bad in [
            "true",
            "[]",
            "{}",
            "\"soon\"",
            "1e300",
            "\"20.12.2021\"",
            "-1e300",
        ] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }
}
