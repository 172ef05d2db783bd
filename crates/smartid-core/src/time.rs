//! A point in time that can be stored, compared and sent, without a date library.
//!
//! Nothing in these crates reads the clock of the machine: time comes from [`Runtime::now`](crate::Runtime::now), so that a test can
//! own it. A [`Timestamp`] is therefore a plain number of milliseconds since 1970-01-01T00:00:00Z.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// ```
/// use std::time::Duration;
/// use smartid_core::Timestamp;
///
/// let start = Timestamp::from_millis(1_700_000_000_000);
/// let later = start + Duration::from_secs(90);
/// assert_eq!(later.since(start), Duration::from_secs(90));
/// assert_eq!(start.since(later), Duration::ZERO); // a clock that jumped back does not underflow
/// assert_eq!(start.to_string(), "2023-11-14T22:13:20.000Z");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// From milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Reads a date and time of ISO 8601 in the extended form: `2021-12-20T08:01:30`, with any number of fractional seconds (cut to
    /// milliseconds), with `Z`, an offset, or nothing, which means UTC; the date alone means its first moment. A second 60 is read as
    /// the next second. Times before 1970 are read as 1970.
    ///
    /// ```
    /// use smartid_core::Timestamp;
    ///
    /// let time = Timestamp::from_iso8601("2021-12-20T09:01:30.1234567+01:00").unwrap();
    /// assert_eq!(time.to_string(), "2021-12-20T08:01:30.123Z");
    /// assert_eq!(time.to_iso8601(), "2021-12-20T08:01:30Z");
    /// assert_eq!(Timestamp::from_iso8601("20.12.2021"), None);
    /// ```
    #[must_use]
    pub fn from_iso8601(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let year = digits(parts.next()?, 4)?;
        let month = digits(parts.next()?, 2).filter(|month| (1..=12).contains(month))?;
        let day = digits(parts.next()?, 2).filter(|day| (1..=days_of(year, month)).contains(day))?;
        if parts.next().is_some() {
            return None;
        }
        let (millis, offset) = time.map_or(Some((0, 0)), time_of_day)?;
        let total = days_since_epoch(year, month, day)
            .checked_mul(86_400_000)?
            .checked_add(millis)?
            .checked_sub(offset)?;
        Some(Self(u64::try_from(total).unwrap_or(0)))
    }

    /// ISO 8601 in UTC with whole seconds: `2021-12-20T08:01:30Z`.
    #[must_use]
    pub fn to_iso8601(self) -> String {
        let mut text = Self(self.0 - self.0 % 1000).to_string();
        if let Some(at) = text.rfind(".000Z") {
            text.replace_range(at.., "Z");
        }
        text
    }

    /// The earlier of two points in time.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        self.min(other)
    }
}

/// Exactly so many decimal digits.
fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar; the inverse of what [`Timestamp`]'s `Display` does.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Milliseconds since midnight, and the offset from UTC in milliseconds.
fn time_of_day(text: &str) -> Option<(i64, i64)> {
    let (clock, offset) = match text.find(['Z', 'z', '+', '-']) {
        Some(at) => (text.get(..at)?, offset(text.get(at..)?)?),
        None => (text, 0),
    };
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2).filter(|hour| *hour < 24)?;
    let minute = digits(parts.next()?, 2).filter(|minute| *minute < 60)?;
    let (second, millis) = match parts.next() {
        None => (0, 0),
        Some(seconds) => match seconds.split_once(['.', ',']) {
            None => (digits(seconds, 2)?, 0),
            Some((seconds, fraction)) => {
                if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                let first: String = fraction.chars().chain("00".chars()).take(3).collect();
                (digits(seconds, 2)?, digits(&first, 3)?)
            }
        },
    };
    if parts.next().is_some() || second > 60 {
        return None;
    }
    Some((((hour * 60 + minute) * 60 + second) * 1000 + millis, offset))
}

fn offset(text: &str) -> Option<i64> {
    let sign = match text.get(..1)? {
        "Z" | "z" => return (text.len() == 1).then_some(0),
        "+" => 1,
        _ => -1,
    };
    let rest = text.get(1..)?;
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (digits(hours, 2)?, digits(minutes, 2)?),
        None if rest.len() == 4 => (digits(rest.get(..2)?, 2)?, digits(rest.get(2..)?, 2)?),
        None => (digits(rest, 2)?, 0),
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60_000)
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)),
        )
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, millis) = (self.0 / 86_400_000, self.0 % 86_400_000);
        // Days to year, month and day in the proleptic Gregorian calendar, with eras of 400 years that begin on 1 March.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        let (seconds, fraction) = (millis / 1000, millis % 1000);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_right_around_leap_days_and_centuries() {
        let text = |seconds: u64| Timestamp::from_millis(seconds * 1000).to_string();
        assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000Z");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59.000Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00.000Z");
        assert_eq!(text(1_735_689_599), "2024-12-31T23:59:59.000Z");
    }

    #[test]
    fn iso_8601_is_read_in_the_forms_that_services_write() {
        let millis = |text| Timestamp::from_iso8601(text).map(Timestamp::as_millis);
        assert_eq!(millis("2021-12-20T08:01:30Z"), Some(1_639_987_290_000));
        assert_eq!(millis("2021-12-20T08:01:30"), Some(1_639_987_290_000));
        assert_eq!(millis("2021-12-20 08:01:30.5z"), Some(1_639_987_290_500));
        assert_eq!(millis("2021-12-20T08:01Z"), Some(1_639_987_260_000));
        assert_eq!(millis("2021-12-20"), Some(1_639_958_400_000));
        assert_eq!(millis("2021-12-20T10:01:30+02:00"), Some(1_639_987_290_000));
        assert_eq!(
            millis("2021-12-20T03:31:30,9999999-0430"),
            Some(1_639_987_290_999)
        );
        assert_eq!(millis("1969-12-31T23:59:59Z"), Some(0));
        assert_eq!(millis("2016-12-31T23:59:60Z"), Some(1_483_228_800_000));
        for bad in [
            "",
            "2021",
            "2021-13-01",
            "2021-02-29",
            "2021-1-01",
            "2021-12-20T24:00:00Z",
            "2021-12-20T08:60:00Z",
            "2021-12-20T08:01:61Z",
            "2021-12-20T08:01:30.Z",
            "2021-12-20T08:01:30+25:00",
            "2021-12-20T08:01:30ZZ",
            "2021-12-20T",
            "+021-12-20",
            "2021-12-20T08:01:30å",
        ] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read(millis in 0_u64..253_402_300_800_000) {
            let time = Timestamp::from_millis(millis);
            proptest::prop_assert_eq!(Timestamp::from_iso8601(&time.to_string()), Some(time));
            let seconds = Timestamp::from_millis(millis - millis % 1000);
            proptest::prop_assert_eq!(Timestamp::from_iso8601(&time.to_iso8601()), Some(seconds));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = Timestamp::from_iso8601(&text);
        }
    }

    #[test]
    fn addition_stops_at_the_end_of_time() {
        assert_eq!(
            Timestamp::from_millis(u64::MAX) + Duration::MAX,
            Timestamp::from_millis(u64::MAX)
        );
    }
}
