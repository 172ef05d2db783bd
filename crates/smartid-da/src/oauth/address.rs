//! The address of a token or revocation endpoint.
//!
//! Unlike a base URL it is complete: nothing is appended, a slash at its end counts, and it may have a query (RFC 6749, 3.2).

use http::Method;
use smartid_core::{ConfigError, Outgoing, ServiceUrl};
use url::Url;

pub(super) struct Address {
    base: ServiceUrl,
    path: String,
    query: String,
}

impl Address {
    pub(super) fn parse(setting: &'static str, text: &str, plain_http: bool) -> Result<Self, ConfigError> {
        let service = |text: &str| {
            if plain_http {
                ServiceUrl::danger_parse_plain_http(setting, text)
            } else {
                ServiceUrl::parse(setting, text)
            }
        };
        let (address, query) = match text.trim().split_once('?') {
            Some((address, query)) => (address, query),
            None => (text.trim(), ""),
        };
        service(address)?;
        let encoded = |byte: u8| byte.is_ascii_graphic() && !b"#\"<>\\".contains(&byte);
        if !query.bytes().all(encoded) {
            return Err(ConfigError::new(
                setting,
                "has a fragment, or a query with characters that must be percent-encoded",
            ));
        }
        let url = Url::parse(address)
            .map_err(|error| ConfigError::new(setting, format!("is not a URL: {error}")))?;
        Ok(Self {
            base: service(&url.origin().ascii_serialization())?,
            path: url.path().strip_prefix('/').unwrap_or_default().to_owned(),
            query: query.to_owned(),
        })
    }

    /// The host that the transport connects to.
    pub(super) fn base(&self) -> &ServiceUrl {
        &self.base
    }

    /// `POST` of a form.
    pub(super) fn post(&self, form: String) -> Outgoing {
        Outgoing::new(Method::POST, self.path.clone())
            .encoded_query(&self.query)
            .body("application/x-www-form-urlencoded", form)
    }

    /// The address without its query.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.base, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_out_as_it_was_configured() {
        for text in [
            "https://h.example/",
            "https://h.example/oauth2/token",
            "https://h.example/oauth2/token/",
            "https://h.example:8443/a//b%2Fc?tenant=a+b%2B&x",
        ] {
            let address = Address::parse("s", text, false).unwrap();
            let request = address.post(String::new());
            let uri = request.absolute(address.base());
            assert_eq!(uri.trim_end_matches('/'), text.trim_end_matches('/'));
            let uri = request.into_http(address.base()).unwrap().uri().to_string();
            assert_eq!(uri, text);
            assert!(!address.shown().contains("tenant"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_by_the_settings_name() {
        for text in [
            "",
            "http://h.example/token",
            "https://u:p@h.example/token",
            "https://h.example/token#x",
            "https://h.example/token?a#x",
            "https://h.example/token?a b",
            "https://h.example/token?a=\u{e5}",
            "https://h.example/token?a\\",
            "https:///token",
            "ftp://h.example/token",
            "h.example/token",
            "https://h.example:0/token",
        ] {
            assert_eq!(
                Address::parse("s", text, false).err().unwrap().setting,
                "s",
                "{text}"
            );
        }
        assert!(Address::parse("s", "http://127.0.0.1:1/token", true).is_ok());
    }
}
