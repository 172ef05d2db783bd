//! UTCTime and GeneralizedTime as RFC 5280 restricts them: seconds are there, the zone is Z, no fractions.

use smartid_core::Timestamp;

use super::{DerError, Element, tag, tlv};

/// A point in time. What lies before 1970 becomes 1970, which no decision here can tell apart.
pub(crate) fn parse_time(element: &Element<'_>) -> Result<Timestamp, DerError> {
    let bad = DerError("a time that is not written as RFC 5280 demands");
    let (year_digits, text) = match element.tag {
        tag::UTC_TIME => (2, element.contents),
        tag::GENERALIZED_TIME => (4, element.contents),
        _ => return Err(DerError("a time of another type")),
    };
    let Some((b'Z', digits)) = text.split_last() else {
        return Err(bad);
    };
    if digits.len() != year_digits + 10 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad);
    }
    let number = |from: usize, count: usize| {
        digits
            .iter()
            .skip(from)
            .take(count)
            .fold(0_u64, |value, digit| value * 10 + u64::from(digit - b'0'))
    };
    let year = match (year_digits, number(0, year_digits)) {
        (2, short @ 0..50) => 2000 + short,
        (2, short) => 1900 + short,
        (_, full) => full,
    };
    let part = |index: usize| number(year_digits + 2 * index, 2);
    let (month, day, hour, minute, second) = (part(0), part(1), part(2), part(3), part(4));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last_day = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Err(bad),
    };
    if day == 0 || day > last_day || hour > 23 || minute > 59 || second > 59 {
        return Err(bad);
    }
    // Days since 1 March of the year 0, in eras of 400 years.
    let (march_year, march_month) = if month > 2 {
        (year, month - 3)
    } else {
        (year.saturating_sub(1), month + 9)
    };
    let days = march_year * 365 + march_year / 4 - march_year / 100
        + march_year / 400
        + (153 * march_month + 2) / 5
        + day
        - 1;
    let seconds = days.saturating_sub(719_468) * 86_400 + hour * 3600 + minute * 60 + second;
    Ok(Timestamp::from_millis(if days < 719_468 {
        0
    } else {
        seconds * 1000
    }))
}

/// UTCTime until 2049, GeneralizedTime after, as RFC 5280 4.1.2.5 and RFC 5652 11.3 ask.
pub(crate) fn time_element(time: Timestamp) -> Vec<u8> {
    let digits: String = time
        .to_string()
        .chars()
        .take(19)
        .filter(char::is_ascii_digit)
        .collect();
    match digits.get(..4) {
        Some(year) if ("1950".."2050").contains(&year) => tlv(
            tag::UTC_TIME,
            format!("{}Z", digits.get(2..).unwrap_or_default()).as_bytes(),
        ),
        _ => tlv(tag::GENERALIZED_TIME, format!("{digits}Z").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::der::Reader;

    fn parse(tag: u8, text: &str) -> Result<u64, DerError> {
        let der = tlv(tag, text.as_bytes());
        let element = Reader::new(&der).next().unwrap();
        parse_time(&element).map(|time| time.as_millis() / 1000)
    }

    #[test]
    fn known_times() {
        assert_eq!(parse(tag::UTC_TIME, "700101000000Z"), Ok(0));
        assert_eq!(parse(tag::UTC_TIME, "491231235959Z"), Ok(2_524_607_999));
        assert_eq!(
            parse(tag::UTC_TIME, "500101000000Z"),
            Ok(0),
            "1950 is before 1970"
        );
        assert_eq!(parse(tag::GENERALIZED_TIME, "20000229000000Z"), Ok(951_782_400));
        assert_eq!(parse(tag::GENERALIZED_TIME, "00000101000000Z"), Ok(0));
        assert_eq!(
            parse(tag::GENERALIZED_TIME, "99991231235959Z"),
            Ok(253_402_300_799)
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in [
            "",
            "Z",
            "7001010000Z",
            "700101000000",
            "700101000000+0000",
            "700132000000Z",
            "701301000000Z",
            "700100000000Z",
            "700001000000Z",
            "700101240000Z",
            "700101006000Z",
            "700101000060Z",
            "210229000000Z",
            "7001010000 0Z",
        ] {
            assert!(parse(tag::UTC_TIME, bad).is_err(), "{bad}");
        }
        assert!(parse(tag::GENERALIZED_TIME, "20000101000000.5Z").is_err());
        assert!(parse(tag::GENERALIZED_TIME, "21000229000000Z").is_err());
        assert!(parse(tag::UTF8_STRING, "700101000000Z").is_err());
    }

    proptest! {
        #[test]
        fn round_trip(seconds in 0_u64..253_402_300_800) {
            let time = Timestamp::from_millis(seconds * 1000);
            let der = time_element(time);
            let element = Reader::new(&der).next().unwrap();
            prop_assert_eq!(parse_time(&element), Ok(time));
        }
    }
}
