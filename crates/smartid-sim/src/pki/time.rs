//! Calendar time out of seconds since 1970 and back, as certificates and key names write it. All of it is UTC.

use std::fmt::Write as _;

use super::der::{self, Element};

/// Date and time of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    year: u64,
    month: u64,
    day: u64,
    second_of_day: u64,
}

const DAY: u64 = 86_400;
/// 9999-12-31T23:59:59Z, the last that a certificate can say (RFC 5280 4.1.2.5).
const LAST: u64 = 253_402_300_799;

/// Days before a year, counted from the year 0.
fn days_before_year(year: u64) -> u64 {
    // Leap years up to the one before; the year 0 is one itself.
    let before = year.saturating_sub(1);
    let leaps = if year == 0 {
        0
    } else {
        (before / 4 + 1).saturating_sub(before / 100 + 1) + before / 400 + 1
    };
    year * 365 + leaps
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn month_lengths(year: u64) -> [u64; 12] {
    let february = if is_leap(year) { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

impl Civil {
    /// Beyond the year 9999 it stays at its end.
    pub(crate) fn from_unix(unix: u64) -> Self {
        let unix = unix.min(LAST);
        let days = unix / DAY + days_before_year(1970);
        let mut year = days / 366;
        while days_before_year(year + 1) <= days {
            year += 1;
        }
        let mut day = days - days_before_year(year);
        let mut month = 1;
        for length in month_lengths(year) {
            if day < length {
                break;
            }
            day -= length;
            month += 1;
        }
        Self {
            year,
            month,
            day: day + 1,
            second_of_day: unix % DAY,
        }
    }

    fn to_unix(self) -> Option<u64> {
        let lengths = month_lengths(self.year);
        let before = usize::try_from(self.month.checked_sub(1)?).ok()?;
        let length = *lengths.get(before)?;
        if self.year < 1970 || !(1..=length).contains(&self.day) || self.second_of_day >= DAY {
            return None;
        }
        let days = days_before_year(self.year) + lengths.get(..before)?.iter().sum::<u64>() + self.day - 1;
        Some((days - days_before_year(1970)) * DAY + self.second_of_day)
    }

    fn clock(self) -> [u64; 3] {
        [
            self.second_of_day / 3600,
            self.second_of_day / 60 % 60,
            self.second_of_day % 60,
        ]
    }

    /// `2026-01-01T00:00:00`
    pub(crate) fn iso(self) -> String {
        let [hour, minute, second] = self.clock();
        format!(
            "{:04}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}",
            self.year, self.month, self.day
        )
    }

    /// `UTCTime` until 2049 and `GeneralizedTime` from 2050 on (RFC 5280 4.1.2.5).
    pub(crate) fn der(self) -> Vec<u8> {
        let mut text = String::new();
        let tag = if self.year < 2050 {
            let _ = write!(text, "{:02}", self.year % 100);
            der::UTC_TIME
        } else {
            let _ = write!(text, "{:04}", self.year);
            der::GENERALIZED_TIME
        };
        let [hour, minute, second] = self.clock();
        let _ = write!(
            text,
            "{:02}{:02}{hour:02}{minute:02}{second:02}Z",
            self.month, self.day
        );
        der::tlv(tag, &[text.as_bytes()])
    }
}

/// Seconds since 1970 as a certificate writes them.
pub(crate) fn time(unix: u64) -> Vec<u8> {
    Civil::from_unix(unix).der()
}

/// As an attribute certificate writes it, whatever the year is (RFC 5755 4.2.6).
pub(crate) fn generalized(unix: u64) -> Vec<u8> {
    let digits: String = Civil::from_unix(unix)
        .iso()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    der::tlv(der::GENERALIZED_TIME, &[format!("{digits}Z").as_bytes()])
}

/// Reads what [`time`] writes, in seconds since 1970; earlier times are none.
pub(crate) fn read(element: &Element<'_>) -> Option<u64> {
    let digits = element.content.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0_u64, |sum, digit| sum * 10 + u64::from(digit - b'0'))
    };
    let (year, rest) = match element.tag {
        der::UTC_TIME => {
            let (year, rest) = digits.split_at_checked(2)?;
            let year = number(year);
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        der::GENERALIZED_TIME => {
            let (year, rest) = digits.split_at_checked(4)?;
            (number(year), rest)
        }
        _ => return None,
    };
    let (pairs, []) = rest.as_chunks::<2>() else {
        return None;
    };
    let pairs: Vec<u64> = pairs.iter().map(|pair| number(pair)).collect();
    let &[month, day, hour, minute, second] = pairs.as_slice() else {
        return None;
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let second_of_day = hour * 3600 + minute * 60 + second;
    Civil {
        year,
        month,
        day,
        second_of_day,
    }
    .to_unix()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::der::Reader;

    fn iso(unix: u64) -> String {
        Civil::from_unix(unix).iso()
    }

    #[test]
    fn known_moments() {
        assert_eq!(iso(0), "1970-01-01T00:00:00");
        assert_eq!(iso(951_782_399), "2000-02-28T23:59:59");
        assert_eq!(iso(951_782_400), "2000-02-29T00:00:00");
        assert_eq!(iso(1_767_225_600), "2026-01-01T00:00:00");
        assert_eq!(iso(4_107_542_400), "2100-03-01T00:00:00", "2100 is no leap year");
        assert_eq!(iso(u64::MAX), "9999-12-31T23:59:59");
    }

    #[test]
    fn two_forms_meet_at_2050() {
        assert_eq!(time(2_524_607_999), b"\x17\x0d491231235959Z");
        assert_eq!(time(2_524_608_000), b"\x18\x0f20500101000000Z");
    }

    #[test]
    fn every_moment_is_read_back() {
        for step in 0..20_000 {
            let unix = step * 12_670_115 % (LAST + 1);
            let der = time(unix);
            let element = Reader::new(&der).next().unwrap();
            assert_eq!(read(&element), Some(unix), "{}", iso(unix));
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for (tag, text) in [
            (0x17, "000000000000Z"),
            (0x17, "260230000000Z"),
            (0x17, "260101240000Z"),
            (0x17, "260101006000Z"),
            (0x17, "2601010000Z"),
            (0x17, "260101000000"),
            (0x17, "260101000000+0100"),
            (0x17, "691231235959Z"),
            (0x18, "20260101000000.5Z"),
            (0x18, "260101000000Z"),
            (0x16, "260101000000Z"),
            (0x17, "2601010000é"),
        ] {
            let der = der::tlv(tag, &[text.as_bytes()]);
            assert_eq!(read(&Reader::new(&der).next().unwrap()), None, "{text}");
        }
    }
}
