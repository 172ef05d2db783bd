//! The address of a service, with whatever path prefix the installation has.
//!
//! Every product of the family can stand under another prefix (a WAR's context path, a reverse proxy, an access point's mapping), so a
//! base URL is taken with its path and operations are appended to it. HTTPS is required unless a method with `danger` in its name
//! was called: an API key travels in a header of every request.

use std::borrow::Cow;
use std::fmt;

use url::{Host, Url};

/// A setting that cannot be used, found when a client is built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {setting}: {problem}")]
#[non_exhaustive]
pub struct ConfigError {
    /// The name of the setting, such as `hermod.url`.
    pub setting: Cow<'static, str>,
    /// What is wrong with it and what it should be. Never the value of a secret.
    pub problem: String,
}

impl ConfigError {
    /// For the crates that read settings.
    pub fn new(setting: impl Into<Cow<'static, str>>, problem: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
        }
    }
}

/// A base URL: scheme, host, port and path prefix; no query, fragment or user information.
///
/// ```
/// use smartid_core::ServiceUrl;
///
/// let base = ServiceUrl::parse("hermod.url", "https://hermod.example.test:20400/hermod/rest/command/")?;
/// assert_eq!(base.to_string(), "https://hermod.example.test:20400/hermod/rest/command");
///
/// let refused = ServiceUrl::parse("hermod.url", "http://hermod.example.test/").unwrap_err();
/// assert!(refused.to_string().starts_with("setting hermod.url: "));
/// # Ok::<(), smartid_core::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl {
    /// Without a trailing slash.
    text: String,
    host: String,
    port: u16,
    secure: bool,
    path_at: usize,
}

impl ServiceUrl {
    /// Reads an `https` URL; `setting` is the name that an error will carry. White space around it is left out.
    ///
    /// # Errors
    /// [`ConfigError`] when the text does not begin with `https://` (in small letters) and a host, or has a query, fragment, user
    /// information, white space, a control character or a backslash.
    pub fn parse(setting: &'static str, text: &str) -> Result<Self, ConfigError> {
        Self::read(setting, text, false)
    }

    /// Reads an `https` or `http` URL.
    ///
    /// Over plain HTTP everyone on the way reads the API key or token of each request and can answer in the place of the service.
    /// Only for a loopback address in a test.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), but for the scheme.
    pub fn danger_parse_plain_http(setting: &'static str, text: &str) -> Result<Self, ConfigError> {
        Self::read(setting, text, true)
    }

    fn read(setting: &'static str, text: &str, plain_http: bool) -> Result<Self, ConfigError> {
        let refuse = |problem: &str| ConfigError::new(setting, problem);
        if text.trim().is_empty() {
            return Err(refuse(
                "is empty; it should be an https URL such as https://host.example/path",
            ));
        }
        let text = text.trim();
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(refuse("contains white space or a control character"));
        }
        if text.contains('\\') {
            return Err(refuse("contains a backslash"));
        }
        // The text must be what it looks like: URL parsers also take `https:host` and `https:///host`.
        let rest = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => rest,
            (None, Some(rest)) if plain_http => rest,
            (None, Some(_)) => {
                return Err(refuse(
                    "is an http URL, which would send credentials in the clear; it must be https",
                ));
            }
            (None, None) => {
                return Err(refuse(
                    "must be an https URL: https://, a host, perhaps a port and a path",
                ));
            }
        };
        if rest
            .split('/')
            .next()
            .is_some_and(|authority| authority.contains('@'))
        {
            return Err(refuse(
                "must not contain a user name or password; credentials have settings of their own",
            ));
        }
        if !rest.starts_with(|c: char| c.is_alphanumeric() || c == '[' || c == '_') {
            return Err(refuse("has no host behind https://"));
        }
        let url = Url::parse(text).map_err(|error| refuse(&format!("is not a URL: {error}")))?;
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => format!("[{address}]"),
            _ => return Err(refuse("has no host")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse(
                "must not contain a user name or password; credentials have settings of their own",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("must not have a query or a fragment"));
        }
        let port = url.port_or_known_default().ok_or_else(|| refuse("has no port"))?;
        if port == 0 {
            return Err(refuse("has port 0"));
        }
        let secure = url.scheme() == "https";
        let path = url.path().trim_end_matches('/');
        let mut text = url.origin().ascii_serialization();
        let path_at = text.len();
        text.push_str(path);
        Ok(Self {
            text,
            host,
            port,
            secure,
            path_at,
        })
    }

    /// The host name or address, as errors and spans show it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also when it is the default one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the scheme is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.secure
    }

    /// The path prefix, without a trailing slash; empty for the root.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// The URL without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceUrl({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_prefix_is_kept_and_a_trailing_slash_is_not() {
        let text = |url| ServiceUrl::parse("x", url).unwrap().to_string();
        assert_eq!(text("https://h"), "https://h");
        assert_eq!(text("https://h:443/"), "https://h");
        assert_eq!(
            text(" https://H.example:8443/a/b// "),
            "https://h.example:8443/a/b"
        );
        assert_eq!(text("https://[::1]:20400/command"), "https://[::1]:20400/command");
        assert_eq!(text("https://h/@tenant/b"), "https://h/@tenant/b");
        assert_eq!(ServiceUrl::parse("x", "https://h/a/b").unwrap().path(), "/a/b");
    }

    #[test]
    fn each_mistake_names_the_setting_and_says_what_is_wrong() {
        for (url, says) in [
            ("", "is empty"),
            ("   ", "is empty"),
            ("hermod", "must be an https URL"),
            ("https://", "has no host"),
            ("https:///h", "has no host"),
            ("https:h", "must be an https URL"),
            ("https:/h", "must be an https URL"),
            ("https:u:p@h", "must be an https URL"),
            ("//u:p@h", "must be an https URL"),
            ("HTTPS://h", "must be an https URL"),
            ("https://%68", "has no host"),
            ("https://.h", "has no host"),
            ("https://?h", "has no host"),
            ("https://h:x", "is not a URL"),
            ("https:\\\\u:p@h", "backslash"),
            ("https://h\\@x", "backslash"),
            ("https://h/a b", "white space"),
            ("https://h\t/a", "control character"),
            ("https://h\n.example", "control character"),
            ("https://h/\u{0}", "control character"),
            ("https://h/\u{a0}x", "white space"),
            ("https://@h", "user name or password"),
            ("https://u:p?@h", "user name or password"),
            ("http://h", "must be https"),
            ("ftp://h", "must be an https URL"),
            ("file:///etc", "must be an https URL"),
            ("https://u:p@h", "user name or password"),
            ("https://h/?a=b", "query"),
            ("https://h/#x", "fragment"),
            ("https://h:0/", "port 0"),
        ] {
            let error = match ServiceUrl::parse("da.url", url) {
                Err(error) => error.to_string(),
                Ok(read) => panic!("{url:?} was read as {read}"),
            };
            assert!(
                error.starts_with("setting da.url: ") && error.contains(says),
                "{url:?}: {error}"
            );
            assert!(!error.contains("u:p"), "{error}");
        }
    }

    #[test]
    fn plain_http_needs_the_dangerous_name() {
        assert!(
            !ServiceUrl::danger_parse_plain_http("x", "http://127.0.0.1:1/")
                .unwrap()
                .is_https()
        );
    }
}
