//! Dates as Certificate Manager writes and takes them.
//!
//! Sent: ISO 8601 in UTC with whole seconds (vendor page: Certificate Manager (CM) REST API, documented). Received: whole numbers in the
//! model of public third-party code (Keyfactor/nexus-certificate-manager-caplugin), whose unit nobody tells; a Java server means
//! milliseconds (inferred). ISO texts are read as well, and seconds are told from milliseconds by their size.

use smartid_core::Timestamp;

use crate::dialect::{CmDialect, DateForm};

/// Larger numbers are milliseconds: as seconds they would lie beyond the year 5138.
const SECONDS_END: u64 = 100_000_000_000;
/// Milliseconds from here on lie beyond the year 9999.
const MILLIS_END: u64 = 253_402_300_800_000;

/// A date in a request.
pub(crate) fn to_wire(dialect: &CmDialect, date: Timestamp) -> String {
    match dialect.requests.dates {
        DateForm::Seconds => date.to_iso8601(),
        DateForm::Fraction => date.to_string().replace('Z', "0000Z"),
    }
}

fn of_number(number: u64) -> Option<Timestamp> {
    let millis = if number > SECONDS_END {
        number
    } else {
        number.saturating_mul(1000)
    };
    (millis < MILLIS_END).then_some(Timestamp::from_millis(millis))
}

/// A date out of an answer; `None` for what is no date, or one before 1970.
pub(crate) fn of_json(value: &serde_json::Value) -> Option<Timestamp> {
    match value {
        serde_json::Value::String(text) => of_text(text),
        serde_json::Value::Number(number) => match number.as_u64() {
            Some(number) => of_number(number),
            None => of_fraction(number.as_f64()?),
        },
        _ => None,
    }
}

/// A number that is written with a fraction.
fn of_fraction(number: f64) -> Option<Timestamp> {
    if !(0.0..1e16).contains(&number) {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range has been checked; the fraction of a millisecond may go"
    )]
    let whole = number as u64;
    of_number(whole)
}

/// A date as text. What the calendar says of days before 1970 is not kept by [`Timestamp`], so they are no dates here.
fn of_text(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() != 4 {
        return of_number(text.parse().ok()?);
    }
    Timestamp::from_iso8601(text).filter(|date| date.as_millis() > 0 || text.starts_with("1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_form() {
        let at = |json: &str| {
            let value = serde_json::from_str(json).unwrap();
            of_json(&value).map(Timestamp::as_millis)
        };
        for (json, millis) in [
            ("1639987290000", 1_639_987_290_000),
            ("1639987290", 1_639_987_290_000),
            ("\"1639987290000\"", 1_639_987_290_000),
            ("1639987290000.0", 1_639_987_290_000),
            ("\"2021-12-20T08:01:30Z\"", 1_639_987_290_000),
            ("\"2021-12-20T08:01:30.1234567Z\"", 1_639_987_290_123),
            ("\"2021-12-20T08:01:30+0000\"", 1_639_987_290_000),
            ("100000000000", 100_000_000_000_000),
            ("100000000001", 100_000_000_001),
            ("253402300799999", 253_402_300_799_999),
            ("\"9999-12-31T23:59:59.999Z\"", 253_402_300_799_999),
            ("0", 0),
            ("\"1970-01-01T00:00:00Z\"", 0),
        ] {
            assert_eq!(at(json), Some(millis), "{json}");
        }
        for none in [
            "null",
            "\"\"",
            "-1",
            "true",
            "[]",
            "{}",
            "\"soon\"",
            "1e300",
            "-1e300",
            "253402300800000",
            "9223372036854775807",
            "18446744073709551615",
            "\"18446744073709551616\"",
            "\"20.12.2021\"",
            "\"1969-12-31T23:59:59Z\"",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn dates_are_written_as_the_dialect_says() {
        let date = Timestamp::from_millis(1_639_987_290_987);
        let mut dialect = CmDialect::default();
        assert_eq!(to_wire(&dialect, date), "2021-12-20T08:01:30Z");
        dialect.requests.dates = DateForm::Fraction;
        assert_eq!(to_wire(&dialect, date), "2021-12-20T08:01:30.9870000Z");
    }
}
