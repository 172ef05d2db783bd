//! Which version of the Desktop App a command is for.
//!
//! Vendor pages: 1.1 - API parameters specific to Personal Desktop App; API parameters specific to Smart ID Desktop App (for versions
//! below 2.0, updated for 1.12.1; and for version 2.0). Messaging does not tell the version, so whoever knows it says it.

use std::fmt;
use std::str::FromStr;

/// Not a version: two to four numbers with dots between them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a version is two to four whole numbers with dots between them, such as 1.12.1")]
#[non_exhaustive]
pub struct DesktopVersionError;

/// A version of the Desktop App: any, the three whose parameters are documented have a name.
///
/// ```
/// use smartid_hermod::pin_reset::DesktopVersion;
///
/// let version: DesktopVersion = "1.13.5".parse()?;
/// assert!(DesktopVersion::V1_12_1 < version && version < DesktopVersion::V2_0);
/// assert_eq!(version.to_string(), "1.13.5");
/// # Ok::<(), smartid_hermod::pin_reset::DesktopVersionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DesktopVersion([u32; 4]);

impl DesktopVersion {
    /// The first with PIN resets: `smartcardid` only.
    pub const V1_1: Self = Self([1, 1, 0, 0]);
    /// Adds `profileid`, `driver`, `operation`, and `transportedkey` in the answer.
    pub const V1_12_1: Self = Self([1, 12, 1, 0]);
    /// Drops `driver`, `operation` and `transportedkey`.
    pub const V2_0: Self = Self([2, 0, 0, 0]);

    /// The first version after those of the page for 1.1.
    pub(crate) const V1_2: Self = Self([1, 2, 0, 0]);
}

impl FromStr for DesktopVersion {
    type Err = DesktopVersionError;

    fn from_str(text: &str) -> Result<Self, DesktopVersionError> {
        let mut numbers = [0; 4];
        let mut slots = numbers.iter_mut();
        let mut count = 0;
        for part in text.split('.') {
            let digits = !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit());
            let number = part.parse().ok().filter(|_| digits);
            *slots.next().ok_or(DesktopVersionError)? = number.ok_or(DesktopVersionError)?;
            count += 1;
        }
        (count > 1).then_some(Self(numbers)).ok_or(DesktopVersionError)
    }
}

impl fmt::Display for DesktopVersion {
    /// Without the zeros at the end, but with two numbers at least.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, rest @ ..]) = self;
        write!(f, "{major}.{minor}")?;
        let used = rest
            .iter()
            .rposition(|number| *number > 0)
            .map_or(0, |last| last + 1);
        rest.iter()
            .take(used)
            .try_for_each(|number| write!(f, ".{number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| text.parse::<DesktopVersion>().unwrap();
        assert!(version("1.9") < version("1.12.1"));
        assert_eq!(version("1.12.1.0"), DesktopVersion::V1_12_1);
        assert_eq!(version("2.0.0.7").to_string(), "2.0.0.7");
        for bad in [
            "",
            "2",
            "1.",
            ".1",
            "1.x",
            "+1.1",
            "1.1 ",
            "1.1.1.1.1",
            "1.99999999999",
        ] {
            assert!(bad.parse::<DesktopVersion>().is_err(), "{bad:?}");
        }
    }
}
