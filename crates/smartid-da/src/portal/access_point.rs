//! The public host of Digital Access.
//!
//! Login page and mapped resources stand at its root, so its address has no path; with one, every address made of it would be wrong.

use std::fmt;

use smartid_core::{ConfigError, ServiceUrl};

use super::MappedPath;

const SETTING: &str = "da.access_point";

/// Scheme, host and port of the access point, nothing behind them.
///
/// ```
/// use smartid_da::portal::AccessPoint;
///
/// let access_point = AccessPoint::parse("https://da.example.test")?;
/// let callback = "/https/api/rest/v3.0/personalmessaging".parse()?;
/// assert_eq!(
///     access_point.address_of(&callback),
///     "https://da.example.test/https/api/rest/v3.0/personalmessaging"
/// );
/// assert!(AccessPoint::parse("https://da.example.test/wa").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint(ServiceUrl);

impl AccessPoint {
    /// Reads an `https` address without path, query and fragment.
    ///
    /// # Errors
    /// [`ConfigError`] for any other text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::at_root(ServiceUrl::parse(SETTING, text)?)
    }

    /// As [`parse`](Self::parse), also over plain HTTP, where everyone on the way reads the session's cookies. Only for a loopback
    /// address in a test.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but for the scheme.
    pub fn danger_parse_plain_http(text: &str) -> Result<Self, ConfigError> {
        Self::at_root(ServiceUrl::danger_parse_plain_http(SETTING, text)?)
    }

    fn at_root(url: ServiceUrl) -> Result<Self, ConfigError> {
        if url.path().is_empty() {
            Ok(Self(url))
        } else {
            Err(ConfigError::new(
                SETTING,
                "must have no path: an access point stands at the root of its host",
            ))
        }
    }

    /// The whole address of something behind the access point, as the setting "Personal Messaging Callback URL" has it \[documented;
    /// vendor page: Set up Smart ID Messaging in Digital Access\].
    #[must_use]
    pub fn address_of(&self, mapped: &MappedPath) -> String {
        format!("{}{mapped}", self.0)
    }

    /// The address, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The address as a base for calls.
    #[must_use]
    pub fn url(&self) -> &ServiceUrl {
        &self.0
    }
}

impl fmt::Display for AccessPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_root_is_an_access_point() {
        for (text, address) in [
            ("https://da.example.test/", "https://da.example.test"),
            ("https://da.example.test:443", "https://da.example.test"),
            ("https://da.example.test:8443", "https://da.example.test:8443"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            assert_eq!(AccessPoint::parse(text).unwrap().to_string(), address);
        }
        for bad in [
            "",
            "da.example.test",
            "https://da.example.test/x",
            "https://da.example.test//x/",
            "https://da.example.test/?x",
            "https://da.example.test#x",
            "https://alice@da.example.test",
            "http://da.example.test",
        ] {
            assert_eq!(AccessPoint::parse(bad).unwrap_err().setting, SETTING, "{bad}");
        }
        assert!(AccessPoint::danger_parse_plain_http("http://127.0.0.1:8080").is_ok());
        assert!(AccessPoint::danger_parse_plain_http("http://127.0.0.1:8080/x").is_err());
    }
}
