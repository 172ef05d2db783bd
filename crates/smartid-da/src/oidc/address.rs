//! Addresses that a provider's document names, and those that a browser comes back to.
//!
//! They are kept as they were written, because some are compared as texts. What two readers could take for two addresses is refused.

use std::fmt;

use smartid_core::{ConfigError, ServiceUrl};

use super::issuer::is_loopback;

/// The longest address in bytes.
const LONGEST: usize = 4096;

/// An endpoint of a provider: an `https` address without user information and fragment, as its document has it.
///
/// ```
/// use smartid_da::oidc::EndpointAddress;
///
/// let endpoint = EndpointAddress::parse("https://login.example.test/authorize?tenant=1").unwrap();
/// assert_eq!(endpoint.as_str(), "https://login.example.test/authorize?tenant=1");
/// assert!(EndpointAddress::parse("http://login.example.test/authorize").is_none());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct EndpointAddress {
    text: String,
    /// Scheme, host and port.
    base: ServiceUrl,
    /// Where path and query begin, without the slash.
    target_at: usize,
}

impl EndpointAddress {
    /// Reads an `https` address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(text, false)
    }

    /// As [`parse`](Self::parse), also an `http` address of this machine itself. Only for a test.
    #[must_use]
    pub fn danger_parse_plain_http(text: &str) -> Option<Self> {
        Self::read(text, true)
    }

    pub(super) fn read(text: &str, loopback: bool) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_graphic() && !b"\\#\"<>^`{|}".contains(&b);
        if text.len() > LONGEST || !text.bytes().all(plain) {
            return None;
        }
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|scheme| text.starts_with(scheme))?;
        let rest = text.strip_prefix(scheme)?;
        let authority = rest.split(['/', '?']).next()?;
        if authority.is_empty() || authority.contains('@') {
            return None;
        }
        let end = scheme.len() + authority.len();
        let origin = text.get(..end)?;
        let base: Result<ServiceUrl, ConfigError> = if scheme == "https://" {
            ServiceUrl::parse("oidc.endpoint", origin)
        } else {
            ServiceUrl::danger_parse_plain_http("oidc.endpoint", origin)
        };
        let base = base.ok()?;
        if !(base.is_https() || loopback && is_loopback(base.host())) {
            return None;
        }
        let slash = usize::from(text.get(end..)?.starts_with('/'));
        Some(Self {
            text: text.to_owned(),
            base,
            target_at: end + slash,
        })
    }

    /// The address, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &ServiceUrl {
        &self.base
    }

    /// Path and query without the slash between them and the host.
    pub(super) fn target(&self) -> String {
        self.text.get(self.target_at..).unwrap_or_default().to_owned()
    }
}

impl fmt::Debug for EndpointAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EndpointAddress({})", self.text)
    }
}

/// Whether a provider may send a browser to this address: `https`, or `http` on this machine for a native application (RFC 8252 7.3),
/// without user information and fragment.
pub(super) fn is_redirect_address(text: &str) -> bool {
    EndpointAddress::read(text, true).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_called_where_it_was_written() {
        for (text, origin, target) in [
            ("https://h.example.test", "https://h.example.test", ""),
            ("https://h.example.test/", "https://h.example.test", ""),
            ("https://h.example.test?x=1", "https://h.example.test", "?x=1"),
            (
                "https://H.example.test:8443/a//b/?x=%20",
                "https://h.example.test:8443",
                "a//b/?x=%20",
            ),
        ] {
            let endpoint = EndpointAddress::parse(text).unwrap();
            assert_eq!(
                (endpoint.origin().as_str(), &*endpoint.target()),
                (origin, target),
                "{text}"
            );
            assert_eq!(endpoint.as_str(), text);
        }
    }

    #[test]
    fn what_two_readers_take_for_two_addresses_is_refused() {
        for bad in [
            "",
            "https://",
            "https:///x",
            "https://a@h.example.test/",
            "https://h.example.test/#x",
            "https://h.example.test\\@evil.example.org/",
            "https://h.example.test/a b",
            "https://h.example.test/å",
            "http://h.example.test/",
            "http://localhost/",
            "javascript:alert(1)",
            "/authorize",
            "HTTPS://h.example.test/",
        ] {
            assert!(EndpointAddress::parse(bad).is_none(), "{bad}");
        }
        assert!(EndpointAddress::danger_parse_plain_http("http://127.0.0.1:1/x").is_some());
        assert!(EndpointAddress::danger_parse_plain_http("http://192.0.2.1/x").is_none());
        let long = format!("https://h.example.test/{}", "a".repeat(LONGEST));
        assert!(EndpointAddress::parse(&long).is_none());
    }
}
