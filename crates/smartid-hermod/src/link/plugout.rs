//! The link that starts the Desktop App: `com.nexusgroup.plugout:///?url=<box>&token=<token>`.
//!
//! Vendor pages: Example: Personal Desktop Client signing (documented example: the form, the escapes of both letter cases inside one
//! link, `url` is the mailbox without message), Plugout web browser integration (documented: where it is put). Whoever holds the link
//! can answer the command in the place of the person, so it is a secret: it is handed on as text, unchanged, and never printed.
//! Reading it is for checks and for the mailbox id; a link that a browser, the app and we could read in different ways is refused.

use std::fmt;

use smartid_core::{SecretString, ServiceUrl};

use super::escapes::{decode, encode, harmful, is_uri, is_uuid};
use super::{LinkError, MAX_LINK};
use crate::ids::Bid;
use crate::qr::{QrCode, QrError};

const SCHEME: &str = "com.nexusgroup.plugout";

/// A plugout link. It is a bearer secret: `Debug` is blind, there is no `Display` and no `PartialEq`.
///
/// ```
/// use smartid_hermod::PlugoutLink;
///
/// let text = "com.nexusgroup.plugout:///?url=https%3a%2f%2fh.example.test%3A20400%2fms%2Fbox-1&token=t-1";
/// let link = PlugoutLink::parse(text)?;
/// assert_eq!(link.box_url(), "https://h.example.test:20400/ms/box-1");
/// assert_eq!(link.bid().as_str(), "box-1");
/// assert_eq!(link.expose(), text); // handed on unchanged
/// assert_eq!(format!("{link:?}"), "PlugoutLink(..)");
///
/// let built = PlugoutLink::build("https://h.example.test:20400/ms/box-1", "t-1")?;
/// assert!(built.constant_time_eq(&link)); // other escapes, same link
/// # Ok::<(), smartid_hermod::LinkError>(())
/// ```
#[derive(Clone)]
pub struct PlugoutLink {
    text: SecretString,
    box_url: ServiceUrl,
    bid: Bid,
    token: SecretString,
}

impl PlugoutLink {
    /// Reads a link: escapes in any letter case, parameters in any order, unknown ones ignored, up to three slashes.
    ///
    /// # Errors
    /// [`LinkError`] when scheme, address or token are missing, doubled or not of that form, or the address is not `https`.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_LINK {
            return Err(LinkError::plugout(format!("it is longer than {MAX_LINK} bytes")));
        }
        let text = text.trim_ascii();
        if !text.bytes().all(is_uri) {
            return Err(LinkError::plugout(
                "it has a character that must be escaped in a link",
            ));
        }
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case(SCHEME) {
            return Err(LinkError::plugout(format!("its scheme is not {SCHEME}")));
        }
        let path = rest.trim_start_matches('/');
        let query = path
            .strip_prefix('?')
            .filter(|_| rest.len() - path.len() <= 3)
            .ok_or_else(|| {
                LinkError::plugout("it has a host or a path, where the documented link has none")
            })?;
        let query = query.split('#').next().unwrap_or_default();
        let (mut url, mut token) = (None, None);
        for (name, value) in query
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        {
            let slot = match name {
                "url" => &mut url,
                "token" => &mut token,
                _ => continue,
            };
            if slot.replace(value).is_some() {
                return Err(LinkError::plugout(format!("it has more than one {name}")));
            }
        }
        let value = |name: &str, value: Option<&str>| match value {
            Some(value) if !value.is_empty() => decode(value)
                .filter(|text| !text.contains(harmful))
                .ok_or_else(|| LinkError::plugout(format!("the escapes in its {name} cannot be read"))),
            _ => Err(LinkError::plugout(format!("it has no {name}"))),
        };
        let token = SecretString::new(value("token", token)?);
        let url = value("url", url)?;
        let box_url = ServiceUrl::parse("url", &url)
            .map_err(|error| LinkError::plugout(format!("its url {}", error.problem)))?;
        let mut segments = box_url.path().rsplit('/');
        let bid = segments.next().unwrap_or_default();
        if bid.is_empty() {
            return Err(LinkError::plugout("its url names no mailbox"));
        }
        if is_uuid(bid) && segments.next().is_some_and(is_uuid) {
            return Err(LinkError::plugout(
                "its url is that of a message and not of a mailbox",
            ));
        }
        Ok(Self {
            bid: Bid::new(bid),
            text: SecretString::new(text),
            box_url,
            token,
        })
    }

    /// Makes the link to the mailbox at `box_url`, all but letters, digits and `-._~` escaped.
    ///
    /// # Errors
    /// [`LinkError`] as for [`parse`](Self::parse).
    pub fn build(box_url: &str, token: &str) -> Result<Self, LinkError> {
        let mut text = format!("{SCHEME}:///?url=");
        encode(&mut text, box_url);
        text.push_str("&token=");
        encode(&mut text, token);
        Self::parse(&text)
    }

    /// The link as it came, for an `href` or a page's script (escape it for HTML there). Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// The address of the mailbox: `{public-url}/{bid}`, without the token.
    #[must_use]
    pub fn box_url(&self) -> &str {
        self.box_url.as_str()
    }

    /// The mailbox id: the last segment of the address.
    #[must_use]
    pub fn bid(&self) -> &Bid {
        &self.bid
    }

    /// The one-off token that opens the mailbox.
    #[must_use]
    pub fn token(&self) -> &SecretString {
        &self.token
    }

    /// Whether both lead to the same mailbox with the same token, however they are escaped. The time this takes does not depend on where
    /// the tokens differ.
    #[must_use]
    pub fn constant_time_eq(&self, other: &Self) -> bool {
        let same_token = self.token.constant_time_eq(other.token.expose().as_bytes());
        same_token & (self.box_url == other.box_url)
    }

    /// The link as a QR code, for an app on another device.
    ///
    /// # Errors
    /// [`QrError`] when the link is too long for one.
    pub fn qr(&self) -> Result<QrCode, QrError> {
        QrCode::of(self.expose())
    }
}

impl fmt::Debug for PlugoutLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _blind,
            box_url: _also,
            bid: _too,
            token: _secret,
        } = self;
        f.write_str("PlugoutLink(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn debug_and_errors_show_nothing_of_the_link() {
        let link = PlugoutLink::build("https://h/ms/canary-box", "canary-token").unwrap();
        assert!(!format!("{link:?}").contains("canary"));
        for text in [
            "com.nexusgroup.plugout:///?url=canary&token=canary",
            "com.nexusgroup.plugout:///?url=http%3a%2f%2fcanary&token=canary",
            "canary",
        ] {
            let error = PlugoutLink::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn another_token_or_mailbox_is_another_link() {
        let link = |url, token| PlugoutLink::build(url, token).unwrap();
        let one = link("https://h/ms/b", "t");
        assert!(one.constant_time_eq(&link("https://h:443/ms/b/", "t")));
        assert!(!one.constant_time_eq(&link("https://h/ms/b", "u")));
        assert!(!one.constant_time_eq(&link("https://h/ms/c", "t")));
    }

    #[test]
    fn four_slashes_and_a_message_address_are_refused() {
        assert!(PlugoutLink::parse("com.nexusgroup.plugout:////?url=https%3a%2f%2fh%2fb&token=t").is_err());
        let uuid = "3c0e7a52-0000-4000-8000-0000000000a1";
        assert!(PlugoutLink::build(&format!("https://h/ms/{uuid}/{uuid}"), "t").is_err());
        assert!(PlugoutLink::build(&format!("https://h/ms/{uuid}"), "t").is_ok());
    }

    proptest! {
        #[test]
        fn built_links_are_read_back(host in "[a-z]{1,20}", bid in "[A-Za-z0-9_.~-]{0,40}[a-z]", token in "[!#-;=?-\\[\\]_a-z~]{1,60}") {
            let url = format!("https://{host}.test:20400/hermod/rest/ms/{bid}");
            let link = PlugoutLink::build(&url, &token).unwrap();
            prop_assert_eq!(link.box_url(), url.as_str());
            prop_assert_eq!(link.bid().as_str(), bid.as_str());
            prop_assert_eq!(link.token().expose(), token.as_str());
            let lower = link.expose().to_owned().replace("%3A", "%3a").replace("%2F", "%2f");
            prop_assert!(PlugoutLink::parse(&lower).unwrap().constant_time_eq(&link));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            let _ = PlugoutLink::parse(&text);
            let _ = PlugoutLink::parse(&format!("{SCHEME}:///?url={text}&token=t"));
        }
    }
}
