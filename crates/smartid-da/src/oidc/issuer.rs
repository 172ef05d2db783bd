//! The name of an OpenID provider.
//!
//! An issuer is a name that looks like an address: whoever compares two of them compares texts, and a slash more or a capital letter
//! makes another name. So the text is kept as it was given, and what two readers could take for two addresses is no issuer.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smartid_core::ConfigError;

/// The longest issuer in bytes.
const LONGEST: usize = 2048;

/// Why a text is no issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// It does not begin with `https://`.
    #[error("an issuer begins with https://")]
    Scheme,
    /// There is no DNS name behind the scheme.
    #[error("an issuer has a DNS name")]
    Host,
    /// What stands behind the colon is no port from 1 to 65535.
    #[error("the port of the issuer is none")]
    Port,
    /// There is a user name, or a second host.
    #[error("an issuer has no user information")]
    UserInformation,
    /// There is a query, be it an empty one.
    #[error("an issuer has no query")]
    Query,
    /// There is a fragment, be it an empty one.
    #[error("an issuer has no fragment")]
    Fragment,
    /// The path has an empty segment, or one of dots.
    #[error("the path of the issuer has an empty segment or one of dots")]
    Path,
    /// White space, a control character, or a character that cannot stand in an address.
    #[error("the issuer holds a character that cannot stand in it")]
    Characters,
    /// There is a slash at its end, which the vendor forbids.
    #[error("an issuer has no slash at its end")]
    TrailingSlash,
    /// It is longer than 2048 bytes.
    #[error("the issuer is longer than 2048 bytes")]
    Length,
}

/// The issuer of an OpenID provider: `https://`, a DNS name, perhaps a port, perhaps a path, and no slash at its end \[documented;
/// vendor page: Set up Digital Access component as OpenID provider\].
///
/// Two issuers are the same when their texts are; letter case and the port that goes without saying count.
///
/// ```
/// use smartid_da::oidc::{Issuer, IssuerError};
///
/// let issuer = Issuer::parse("https://login.example.test")?;
/// assert_eq!(issuer.discovery_url(), "https://login.example.test/.well-known/openid-configuration");
/// assert_ne!(issuer, Issuer::parse("https://LOGIN.example.test")?);
/// assert_eq!(Issuer::parse("https://login.example.test/"), Err(IssuerError::TrailingSlash));
/// # Ok::<(), IssuerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

impl Issuer {
    /// Reads an issuer.
    ///
    /// # Errors
    /// [`IssuerError`]; nothing is mended, since the provider's own text is what it is compared with.
    pub fn parse(text: &str) -> Result<Self, IssuerError> {
        Self::read(text, false)
    }

    /// As [`parse`](Self::parse), also an `http` address of this machine itself: `localhost`, `127.…` or `[::1]`. Tokens and the client's
    /// secret then travel unencrypted. Only for a test.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); [`IssuerError::Scheme`] for `http` to any other host.
    pub fn danger_parse_plain_http(text: &str) -> Result<Self, IssuerError> {
        Self::read(text, true)
    }

    fn read(text: &str, loopback: bool) -> Result<Self, IssuerError> {
        if text.len() > LONGEST {
            return Err(IssuerError::Length);
        }
        if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(IssuerError::Characters);
        }
        let (rest, plain) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, false),
            (None, Some(rest)) if loopback => (rest, true),
            _ => return Err(IssuerError::Scheme),
        };
        if rest.contains('#') {
            return Err(IssuerError::Fragment);
        }
        if rest.contains('?') {
            return Err(IssuerError::Query);
        }
        let (authority, path) = rest
            .split_once('/')
            .map_or((rest, None), |(authority, path)| (authority, Some(path)));
        if authority.is_empty() {
            return Err(IssuerError::Host);
        }
        if authority.contains('@') {
            return Err(IssuerError::UserInformation);
        }
        if rest.ends_with('/') {
            return Err(IssuerError::TrailingSlash);
        }
        let host = check_authority(authority, loopback)?;
        if plain && !is_loopback(host) {
            return Err(IssuerError::Scheme);
        }
        path.map_or(Ok(()), check_path)?;
        Ok(Self(text.to_owned()))
    }

    /// The issuer, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where its discovery document stands: the well-known part goes behind the issuer, also behind a path (OpenID Connect
    /// Discovery 1.0, 4.1).
    #[must_use]
    pub fn discovery_url(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.0)
    }

    /// Whether it was read by [`danger_parse_plain_http`](Self::danger_parse_plain_http) and is an `http` address.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http://")
    }
}

/// Whether a host is this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let address: Option<std::net::IpAddr> = host.trim_start_matches('[').trim_end_matches(']').parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// The host, when there is one and the port, if there is one, is one.
fn check_authority(authority: &str, loopback: bool) -> Result<&str, IssuerError> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && !authority.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if !(is_dns_name(host) || loopback && is_loopback(host)) {
        return Err(IssuerError::Host);
    }
    let usable = |port: &str| {
        !port.is_empty()
            && port.bytes().all(|b| b.is_ascii_digit())
            && port.parse::<u16>().is_ok_and(|port| port != 0)
    };
    if port.is_some_and(|port| !usable(port)) {
        return Err(IssuerError::Port);
    }
    Ok(host)
}

/// A DNS name of letters, digits and hyphens that is not an IPv4 address, not even to a reader that takes `0x1` for a number.
fn is_dns_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_number = host
        .rsplit('.')
        .next()
        .map(str::to_ascii_lowercase)
        .is_some_and(|last| match last.strip_prefix("0x") {
            Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()),
            None => last.bytes().all(|b| b.is_ascii_digit()),
        });
    host.len() <= 253 && host.split('.').all(label) && !last_is_number
}

/// RFC 3986 3.3, without the segments that a reader would resolve.
fn check_path(path: &str) -> Result<(), IssuerError> {
    // Some readers resolve a dot that is percent-encoded, too.
    let dots = |segment: &str| segment.to_ascii_lowercase().replace("%2e", ".");
    if path
        .split('/')
        .any(|segment| matches!(dots(segment).as_str(), "" | "." | ".."))
    {
        return Err(IssuerError::Path);
    }
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        let fits = match byte {
            b'%' => [rest.next(), rest.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte),
        };
        if !fits {
            return Err(IssuerError::Characters);
        }
    }
    Ok(())
}

impl FromStr for Issuer {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Issuer {
    type Error = IssuerError;

    fn try_from(text: String) -> Result<Self, IssuerError> {
        Self::parse(&text)
    }
}

impl From<Issuer> for String {
    fn from(Issuer(text): Issuer) -> Self {
        text
    }
}

impl From<IssuerError> for ConfigError {
    fn from(error: IssuerError) -> Self {
        Self::new("oidc.issuer", error.to_string())
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for good in [
            "http://localhost:3000",
            "http://127.0.0.1:3000/oidc",
            "http://[::1]:3000",
            "https://localhost:3000",
        ] {
            let issuer = Issuer::danger_parse_plain_http(good).unwrap();
            assert_eq!(issuer.as_str(), good);
            assert_eq!(issuer.is_plain_http(), good.starts_with("http:"));
        }
        for bad in [
            "http://localhost.example.org",
            "http://192.0.2.1",
            "http://app.example.test",
        ] {
            assert!(Issuer::danger_parse_plain_http(bad).is_err(), "{bad}");
        }
        assert_eq!(Issuer::parse("http://localhost"), Err(IssuerError::Scheme));
    }

    #[test]
    fn what_two_readers_read_differently_is_no_issuer() {
        for bad in [
            "https://login.example.test/%2e%2e/x",
            "https://login.example.test/a/%2E",
            "https://login.example.test/.%2e",
        ] {
            assert_eq!(Issuer::parse(bad), Err(IssuerError::Path), "{bad}");
        }
        for bad in ["https://127.0.0.0x1", "https://login.0X7f", "https://login.0x"] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
        for good in [
            "https://login.example.test/%2e%2ea",
            "https://login.0xg",
            "https://0x1.example.test",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn is_read_from_a_settings_file_by_the_same_rules() {
        let issuer: Issuer = serde_json::from_str(r#""https://login.example.test""#).unwrap();
        assert_eq!(
            serde_json::to_string(&issuer).unwrap(),
            r#""https://login.example.test""#
        );
        assert!(serde_json::from_str::<Issuer>(r#""https://login.example.test/""#).is_err());
        let long = format!("https://login.example.test/{}", "a".repeat(LONGEST));
        assert_eq!(long.parse::<Issuer>(), Err(IssuerError::Length));
    }
}
