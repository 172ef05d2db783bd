//! Where an answer of the access point sends a browser: to its login page, or elsewhere.
//!
//! A caller without a session is answered with a redirect in place of 401. It is never followed here: it is for a browser, and an address
//! on another host is not the access point's word.
//!
//! Evidence: a redirect for a caller without a session is \[inferred\] from the rules of the resource `api`; the pages `/wa/auth`,
//! `/wa/auth/saml/` and `/wa/auth/wil/` are \[observed\] (the first is \[documented\], vendor page: Digital Access help, Nexus GO, General
//! Settings).

use std::fmt;

use http::HeaderMap;
use http::header::LOCATION;
use url::Url;

use super::{AccessPoint, MappedPath};

/// The longest address in bytes.
const LONGEST: usize = 8192;

/// A redirect that a browser could follow. `Debug` shows no query, which may hold the state of a login.
///
/// ```
/// use http::HeaderMap;
/// use smartid_da::portal::{AccessPoint, Redirect};
///
/// let access_point = AccessPoint::parse("https://da.example.test")?;
/// let called = "/https/api/rest/v1.0/me".parse()?;
/// let mut answer = HeaderMap::new();
/// answer.insert("location", "/wa/auth?authmech=Personal%20Mobile".parse()?);
///
/// let redirect = Redirect::read(&access_point, &called, &answer).ok_or("no redirect")?;
/// assert!(redirect.is_login());
/// assert_eq!(redirect.authmech(), Some("Personal Mobile"));
/// assert_eq!(redirect.address(), "https://da.example.test/wa/auth?authmech=Personal%20Mobile");
///
/// answer.insert("location", "//evil.example.org/wa/auth".parse()?);
/// assert!(!Redirect::read(&access_point, &called, &answer).ok_or("no redirect")?.is_login());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Redirect {
    address: Url,
    login: bool,
    authmech: Option<String>,
    return_to: Option<String>,
}

impl Redirect {
    /// Reads the `Location` of an answer to a call of `called`, relative to it as a browser would. `None`: there is no `Location`, or more
    /// than one, or it is empty, longer than 8192 bytes, not of ASCII, not a web address, or has a user name.
    #[must_use]
    pub fn read(access_point: &AccessPoint, called: &MappedPath, headers: &HeaderMap) -> Option<Self> {
        let mut locations = headers.get_all(LOCATION).iter();
        // Two of them could be read in two ways.
        let (Some(location), None) = (locations.next(), locations.next()) else {
            return None;
        };
        let location = location
            .to_str()
            .ok()
            .filter(|text| !text.is_empty() && text.len() <= LONGEST)?;
        let address = Url::parse(&access_point.address_of(called))
            .and_then(|called| called.join(location))
            .ok()?;
        let web = matches!(address.scheme(), "https" | "http") && address.has_host();
        if !web || !address.username().is_empty() || address.password().is_some() {
            return None;
        }
        let page = address.path() == "/wa/auth" || address.path().starts_with("/wa/auth/");
        let login = page && address.origin().ascii_serialization() == access_point.as_str();
        let parameter = |name: &str| {
            let mut values = address.query_pairs().filter(|(key, _)| page && key == name);
            match (values.next(), values.next()) {
                (Some((_, value)), None) => Some(value.into_owned()),
                _ => None,
            }
        };
        Some(Self {
            authmech: parameter("authmech"),
            return_to: parameter("location"),
            login,
            address,
        })
    }

    /// The whole address. It is for a browser, and only if [`is_login`](Self::is_login) the access point's own.
    #[must_use]
    pub fn address(&self) -> &str {
        self.address.as_str()
    }

    /// Whether it is a login page of the access point that was called: same scheme, host and port.
    #[must_use]
    pub fn is_login(&self) -> bool {
        self.login
    }

    /// The method's display name or id, where the path is a login page's, on whatever host. It is the sender's text: not to be shown as it
    /// is.
    #[must_use]
    pub fn authmech(&self) -> Option<&str> {
        self.authmech.as_deref()
    }

    /// Where the browser is to come back to, decoded, with the same caution.
    #[must_use]
    pub fn return_to(&self) -> Option<&str> {
        self.return_to.as_deref()
    }
}

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address,
            login,
            authmech,
            return_to,
        } = self;
        f.debug_struct("Redirect")
            .field("host", &address.host_str())
            .field("path", &address.path())
            .field("login", login)
            .field("authmech", authmech)
            .field("return_to", &return_to.as_ref().map(|_| "…"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(location: &str) -> Option<Redirect> {
        let access_point = AccessPoint::parse("https://da.example.test").unwrap();
        let called = "/https/api/rest/v1.0/me".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_bytes(location.as_bytes()).unwrap());
        Redirect::read(&access_point, &called, &headers)
    }

    #[test]
    fn what_only_looks_like_our_login_page_is_none() {
        for (location, address) in [
            ("/\\evil.example.org/wa/auth", "https://evil.example.org/wa/auth"),
            (
                "https://da.example.test:8443/wa/auth",
                "https://da.example.test:8443/wa/auth",
            ),
            ("http://da.example.test/wa/auth", "http://da.example.test/wa/auth"),
            ("/wa/auth/../x", "https://da.example.test/wa/x"),
            ("/x/wa/auth", "https://da.example.test/x/wa/auth"),
        ] {
            let redirect = read(location).unwrap();
            assert_eq!((redirect.address(), redirect.is_login()), (address, false));
        }
        for bad in [
            "https://da.example.test@evil.example.org/",
            "https://:x@h/",
            "data:,x",
            "/å",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(read("https://DA.example.test:443/wa/auth").unwrap().is_login());
    }

    #[test]
    fn a_parameter_that_stands_twice_is_none_and_debug_keeps_the_query_back() {
        let redirect = read("/wa/auth?authmech=a&authmech=b&location=https%3A%2F%2Fapp%2F%3Fcanary").unwrap();
        assert_eq!(redirect.authmech(), None);
        assert_eq!(redirect.return_to(), Some("https://app/?canary"));
        assert!(!format!("{redirect:?}").contains("canary"));
        assert_eq!(read("/x?authmech=a").unwrap().authmech(), None);
    }

    #[test]
    fn the_cap_holds_to_the_byte() {
        assert!(read(&format!("/{}", "x".repeat(LONGEST - 1))).is_some());
        assert_eq!(read(&format!("/{}", "x".repeat(LONGEST))), None);
    }
}
