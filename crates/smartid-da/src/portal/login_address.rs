//! `GET /wa/auth?authmech=<method>[&location=<where to come back to>]`: the page at which a browser logs in with one method.
//!
//! An integrator sends the browser there. The name of the method is an administrator's free text and the address to come back to often
//! has a query of its own, so both are encoded to the last reserved character, and an address that would run a script is refused.
//!
//! Evidence: `authmech` with the method's display name is \[documented\] (vendor page: Digital Access help, Nexus GO, General Settings,
//! "Validation URL"); the method's generated id in its place, and `location`, are \[observed\]. Which addresses the access point takes
//! as `location` is unknown; those that are no web address, or not plainly one, are refused here.

use std::fmt;

use http::{Method, Uri};
use smartid_core::Outgoing;

use super::AccessPoint;

/// The longest name of a method in bytes.
const LONGEST_METHOD: usize = 1024;
/// The longest address to come back to in bytes.
const LONGEST_LOCATION: usize = 8192;

/// What cannot stand in the address of the login page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoginAddressError {
    /// The method is empty, begins or ends with white space, holds a control character, or is longer than 1024 bytes.
    #[error("the authentication method is not a display name or an id")]
    Method,
    /// The address to come back to is neither an `https` address in ASCII nor a path from the root, or is longer than 8192 bytes.
    #[error("the address to come back to is neither an https address nor a path from the root")]
    Location,
}

/// The address of the login page for one authentication method. [`Display`](fmt::Display) writes it for a `Location` header or a link.
///
/// `Debug` leaves out where the browser comes back to: such an address may hold the `state` of a login.
///
/// ```
/// use smartid_da::portal::{AccessPoint, LoginAddress};
///
/// let access_point = AccessPoint::parse("https://da.example.test")?;
/// let login = LoginAddress::new(access_point, "Personal Mobile")?;
/// assert_eq!(login.to_string(), "https://da.example.test/wa/auth?authmech=Personal%20Mobile");
///
/// let login = login.with_location("/https/api/rest/v1.0/me")?;
/// assert_eq!(
///     login.to_string(),
///     "https://da.example.test/wa/auth?authmech=Personal%20Mobile&location=%2Fhttps%2Fapi%2Frest%2Fv1.0%2Fme"
/// );
/// assert!(login.with_location("javascript:alert(1)").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct LoginAddress {
    access_point: AccessPoint,
    authmech: String,
    location: Option<String>,
}

impl LoginAddress {
    /// The login page for the method with this display name or generated id. The name is compared by the access point: it is sent as
    /// it is, in its letter case and its Unicode form.
    ///
    /// # Errors
    /// [`LoginAddressError::Method`] for a text that names no method.
    pub fn new(access_point: AccessPoint, authmech: impl Into<String>) -> Result<Self, LoginAddressError> {
        let authmech = authmech.into();
        let plain =
            !authmech.is_empty() && authmech.trim() == authmech && !authmech.contains(char::is_control);
        if !plain || authmech.len() > LONGEST_METHOD {
            return Err(LoginAddressError::Method);
        }
        Ok(Self {
            access_point,
            authmech,
            location: None,
        })
    }

    /// Where the browser goes after the login: an `https` address, or a path from the access point's root such as a
    /// [`MappedPath`](super::MappedPath). It is encoded here, escapes of its own once more.
    ///
    /// # Errors
    /// [`LoginAddressError::Location`] for any other text.
    pub fn with_location(self, location: impl Into<String>) -> Result<Self, LoginAddressError> {
        self.back_to(location.into(), false)
    }

    /// As [`with_location`](Self::with_location), also to an `http` address: who listens on the way sees what the browser comes back
    /// with. Only for an application on a loopback address.
    ///
    /// # Errors
    /// As [`with_location`](Self::with_location), but for the scheme.
    pub fn danger_with_plain_http_location(
        self,
        location: impl Into<String>,
    ) -> Result<Self, LoginAddressError> {
        self.back_to(location.into(), true)
    }

    fn back_to(mut self, location: String, plain_http: bool) -> Result<Self, LoginAddressError> {
        if location.len() > LONGEST_LOCATION || !leads_back(&location, plain_http) {
            return Err(LoginAddressError::Location);
        }
        self.location = Some(location);
        Ok(self)
    }

    /// The access point.
    #[must_use]
    pub fn access_point(&self) -> &AccessPoint {
        &self.access_point
    }

    /// The method, as it was given.
    #[must_use]
    pub fn authmech(&self) -> &str {
        &self.authmech
    }

    /// Where the browser goes after the login, not encoded.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }
}

/// Whether browsers and servers agree that this is a web address, or a path of the same host.
fn leads_back(location: &str, plain_http: bool) -> bool {
    // Browsers drop line ends and take a backslash for a slash.
    if !location.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
        return false;
    }
    let absolute = location.starts_with("https://") || (plain_http && location.starts_with("http://"));
    let from_root = location.starts_with('/') && !location.starts_with("//");
    if !absolute && !from_root {
        return false;
    }
    location.parse::<Uri>().is_ok_and(|uri| match uri.authority() {
        Some(authority) => absolute && !authority.host().is_empty() && !authority.as_str().contains('@'),
        None => from_root,
    })
}

impl fmt::Display for LoginAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Outgoing::new(Method::GET, "wa/auth".to_owned()).query("authmech", &self.authmech);
        if let Some(location) = &self.location {
            page = page.query("location", location);
        }
        write!(f, "{}/{}", self.access_point, page.target())
    }
}

impl fmt::Debug for LoginAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            access_point,
            authmech,
            location,
        } = self;
        f.debug_struct("LoginAddress")
            .field("access_point", access_point)
            .field("authmech", authmech)
            .field("location", &location.as_ref().map(|_| "…"))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> LoginAddress {
        LoginAddress::new(AccessPoint::parse("https://da.example.test").unwrap(), "Login").unwrap()
    }

    #[test]
    fn a_location_that_two_readers_take_for_two_places_is_refused() {
        for bad in [
            "",
            "app.example.test/x",
            "x",
            "//evil.example.org/x",
            "/\\evil.example.org/x",
            "https:\\\\evil.example.org",
            "https:evil.example.org",
            "https://",
            "https:///x",
            "https://[::1",
            "https://:8443/x",
            "https://da.example.test@evil.example.org/",
            "HTTPS://app.example.test/",
            "data:text/html,x",
            "https://app.example.test/a b",
            "https://app.example.test/å",
            " https://app.example.test/",
            "https://app.example.test/\u{7f}",
            "/\tx",
            "http://app.example.test/",
        ] {
            assert_eq!(
                login().with_location(bad),
                Err(LoginAddressError::Location),
                "{bad:?}"
            );
        }
        for good in [
            "/",
            "/wa/desktop.html",
            "https://app.example.test",
            "https://a.example.test:8443/x?y#z",
        ] {
            assert_eq!(login().with_location(good).unwrap().location(), Some(good));
        }
        let long = |length: usize| format!("/{}", "x".repeat(length - 1));
        assert!(login().with_location(long(LONGEST_LOCATION)).is_ok());
        assert!(login().with_location(long(LONGEST_LOCATION + 1)).is_err());
    }

    #[test]
    fn plain_http_must_be_asked_for_and_opens_nothing_else() {
        let local = "http://127.0.0.1:3000/back";
        assert!(login().with_location(local).is_err());
        assert!(login().danger_with_plain_http_location(local).is_ok());
        for bad in ["javascript:alert(1)", "http://a@b/", "ftp://a/"] {
            assert!(login().danger_with_plain_http_location(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_method_is_a_name() {
        let point = AccessPoint::parse("https://da.example.test").unwrap();
        for bad in [
            "",
            " ",
            " a",
            "a\t",
            "a\u{85}b",
            "a\0",
            &"a".repeat(LONGEST_METHOD + 1),
        ] {
            let error = LoginAddress::new(point.clone(), bad);
            assert_eq!(error, Err(LoginAddressError::Method), "{bad:?}");
        }
        assert!(LoginAddress::new(point, "a".repeat(LONGEST_METHOD)).is_ok());
    }

    #[test]
    fn debug_keeps_the_state_of_a_login_back() {
        let login = login()
            .with_location("https://app.example.test/?state=canary")
            .unwrap();
        assert!(!format!("{login:?}").contains("canary"));
        assert_eq!(
            (login.authmech(), login.access_point().as_str()),
            ("Login", "https://da.example.test")
        );
    }
}
