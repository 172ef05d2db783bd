//! The cookie that tells a browser's page that a soft token was downloaded.

use std::fmt;

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

/// The cookie's name (vendor page: AST support in Certificate Manager, documented).
const NAME: &[u8] = b"downloaded";

/// The cookie `downloaded` as the service set it, to be handed on to the end user's browser: the example page of AST waits for it (vendor
/// page: AST support in Certificate Manager, documented). Its value is not published; that it is there is all that counts.
#[derive(Clone, PartialEq, Eq)]
pub struct DownloadedCookie(HeaderValue);

impl DownloadedCookie {
    /// The value of a `Set-Cookie` header for the browser, with the attributes that came with it.
    #[must_use]
    pub const fn set_cookie(&self) -> &HeaderValue {
        &self.0
    }

    /// The last one that an answer sets, as a browser keeps it. What a header of ours could not carry on unchanged is left out.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let is_it = |value: &&HeaderValue| {
            let octets = value.as_bytes();
            let name = octets.splitn(2, |octet| *octet == b'=').next();
            name.map(<[u8]>::trim_ascii) == Some(NAME) && octets.contains(&b'=')
        };
        let value = headers.get_all(SET_COOKIE).iter().rfind(is_it)?;
        let text = value.to_str().ok()?.trim();
        if is_several(text) {
            return None;
        }
        HeaderValue::from_str(text).ok().map(Self)
    }
}

/// Whether a proxy has joined several headers to one: a cookie has no comma but in its date (RFC 6265), and what stands behind another
/// may be the session of the gateway.
fn is_several(text: &str) -> bool {
    text.split(';').any(|part| {
        let dates = part.trim_start().get(..8);
        let date = dates.is_some_and(|name| name.eq_ignore_ascii_case("expires="));
        part.matches(',').count() > usize::from(date)
    })
}

impl fmt::Debug for DownloadedCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = self;
        write!(f, "DownloadedCookie({} octets)", value.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&[u8]]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(SET_COOKIE, HeaderValue::from_bytes(value).unwrap());
        }
        let cookie = DownloadedCookie::of(&headers)?;
        Some(cookie.set_cookie().to_str().unwrap().to_owned())
    }

    #[test]
    fn only_the_cookie_of_that_name_is_handed_on() {
        assert_eq!(
            of(&[b"downloaded=1; Path=/"]).as_deref(),
            Some("downloaded=1; Path=/")
        );
        assert_eq!(of(&[b"downloaded="]).as_deref(), Some("downloaded="));
        let dated = b"downloaded=1; expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/";
        assert_eq!(of(&[dated]).unwrap().as_bytes(), dated);
        assert_eq!(
            of(&[b"downloaded=a", b"x=y", b"downloaded=b"]).as_deref(),
            Some("downloaded=b")
        );
        for other in [
            &b"downloaded"[..],
            b"Downloaded=1",
            b"downloadedX=1",
            b"x=downloaded=1",
            b"x; downloaded=1",
            b"",
            b"=",
            b"downloaded=\xe4",
            b"downloaded=true, JSESSIONID=6F1C",
            b"downloaded=true; Path=/, JSESSIONID=6F1C; Path=/",
            b"downloaded=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT, JSESSIONID=6F1C",
        ] {
            assert_eq!(of(&[other]), None, "{other:?}");
        }
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn its_value_is_not_shown() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("downloaded=canary"));
        let cookie = DownloadedCookie::of(&headers).unwrap();
        assert_eq!(format!("{cookie:?}"), "DownloadedCookie(17 octets)");
    }
}
