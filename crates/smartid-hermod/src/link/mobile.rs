//! The links that start the Mobile App: `personal://start?…`, and `personal://<host/path/ms/{bid}/{mid}>?…` for provisioning.
//!
//! Vendor page: Set up Smart ID Mobile App to start on same device (documented: both forms, `title` and `redirect`, that `https://` is
//! cut off the location and put back by the app, a custom app's scheme; that there is no token). Opening a message by its address works
//! **for provisioning only**: for an authenticate or a sign command the same link is documented as not implemented, so use
//! [`MobileLink::start`] for those, and the app fetches its own mailbox. Whoever has the address of a message can answer it, so every
//! link is a secret. What is put in front of a person is read strictly: a link that a browser, the app and we could read in different
//! ways is refused.

use std::fmt;

use smartid_core::SecretString;

use super::escapes::is_uri;
use super::options::MobileLinkOptions;
use super::parts::{Message, check_redirect, check_title, parameters, too_long, written};
use super::scheme::{self, PERSONAL};
use super::{LinkError, MAX_LINK};
use crate::ids::{Bid, Mid};
use crate::qr::{QrCode, QrError};
use crate::response::MessageUrl;

const START: &str = "start";

/// What a mobile link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MobileLinkKind {
    /// Opens the app, which fetches what waits in its own mailboxes.
    Start,
    /// Opens one message, that of a provision command.
    Provision,
}

/// A link that starts the Mobile App. It is a bearer secret: `Debug` is blind, there is no `Display` and no `PartialEq`.
///
/// ```
/// use smartid_hermod::link::{MobileLink, MobileLinkKind, MobileLinkOptions};
///
/// let title = MobileLinkOptions::new().title("Golden card");
/// let link = MobileLink::provision("https://h.example.test:20400/hermod/rest/ms/box-1/message-1", &title)?;
/// assert_eq!(link.expose(), "personal://h.example.test:20400/hermod/rest/ms/box-1/message-1?title=Golden%20card");
///
/// let read = MobileLink::parse("PERSONAL://h.example.test:20400/hermod/rest/ms/box-1/message-1?title=Golden+card")?;
/// assert_eq!(read.kind(), MobileLinkKind::Provision);
/// assert_eq!(read.mid().map(|mid| mid.as_str()), Some("message-1"));
/// assert_eq!(read.title(), Some("Golden card"));
/// assert!(read.constant_time_eq(&link)); // other spelling, same link
/// assert_eq!(format!("{read:?}"), "MobileLink(..)");
/// # Ok::<(), smartid_hermod::LinkError>(())
/// ```
#[derive(Clone)]
pub struct MobileLink {
    text: SecretString,
    scheme: String,
    message: Option<Message>,
    title: Option<String>,
    redirect: Option<SecretString>,
}

impl MobileLink {
    /// `<scheme>://start?…`: opens the app, which fetches what waits for it. For authenticate and sign commands.
    ///
    /// # Errors
    /// [`LinkError`] when the scheme is none that an app can have, the title has a line break, another control character or too many
    /// letters, or the redirect is no address that the app could open.
    pub fn start(options: &MobileLinkOptions) -> Result<Self, LinkError> {
        Self::build(START, None, options)
    }

    /// `<scheme>://<location without https://>?…`: opens the message of a provision command. `location` is that of a
    /// [`Destination`](crate::Destination), which has this as [`mobile_link`](crate::Destination::mobile_link).
    ///
    /// # Errors
    /// [`LinkError`] as for [`start`](Self::start), and when the location is not `https://host/path/{bid}/{mid}`.
    pub fn provision(location: &str, options: &MobileLinkOptions) -> Result<Self, LinkError> {
        let rest = location
            .trim_ascii()
            .strip_prefix("https://")
            .ok_or_else(|| LinkError::mobile("the location is not https, and the app takes nothing else"))?;
        Self::build(rest, Some(Message::read(rest)?), options)
    }

    fn build(target: &str, message: Option<Message>, options: &MobileLinkOptions) -> Result<Self, LinkError> {
        let MobileLinkOptions {
            scheme,
            title,
            redirect,
        } = options;
        let scheme = scheme::of_app(scheme.as_deref().unwrap_or(PERSONAL)).map_err(LinkError::mobile)?;
        let title = title.clone().filter(|title| !title.is_empty());
        let redirect = redirect.clone().filter(|redirect| !redirect.expose().is_empty());
        if let Some(title) = &title {
            check_title(title)?;
        }
        if let Some(redirect) = &redirect {
            check_redirect(redirect.expose())?;
        }
        let text = written(&scheme, target, title.as_deref(), redirect.as_ref());
        if text.expose().len() > MAX_LINK {
            return Err(too_long());
        }
        Ok(Self {
            text,
            scheme,
            message,
            title,
            redirect,
        })
    }

    /// Reads a link: escapes in any letter case, `+` for a space, parameters in any order, unknown ones passed over. An empty title or
    /// redirect counts as none.
    ///
    /// # Errors
    /// [`LinkError`] when scheme, address, title or redirect are not as for [`start`](Self::start) and [`provision`](Self::provision),
    /// a parameter is doubled, or there is a fragment.
    pub fn parse(text: &str) -> Result<Self, LinkError> {
        if text.len() > MAX_LINK {
            return Err(too_long());
        }
        let text = text.trim_ascii();
        let odd = |c: char| {
            if c.is_ascii() {
                !is_uri(c as u8)
            } else {
                c.is_control() || c.is_whitespace()
            }
        };
        if text.contains(odd) {
            return Err(LinkError::mobile(
                "it has a character that must be escaped in a link",
            ));
        }
        if text.contains('#') {
            return Err(LinkError::mobile("it has a fragment"));
        }
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| LinkError::mobile("it has no scheme with :// behind it"))?;
        let scheme = scheme::of_app(scheme).map_err(LinkError::mobile)?;
        let (target, query) = rest.split_once('?').unwrap_or((rest, ""));
        let start = target.strip_suffix('/').unwrap_or(target);
        let message = if start.eq_ignore_ascii_case(START) {
            None
        } else {
            Some(Message::read(target)?)
        };
        let (title, redirect) = parameters(query)?;
        if let Some(title) = &title {
            check_title(title)?;
        }
        if let Some(redirect) = &redirect {
            check_redirect(redirect.expose())?;
        }
        Ok(Self {
            text: SecretString::new(text),
            scheme,
            message,
            title,
            redirect,
        })
    }

    /// The link as it was made or came, for an `href` or a page's script (escape it for HTML there). Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// Whether it starts the app or opens a message.
    #[must_use]
    pub fn kind(&self) -> MobileLinkKind {
        match self.message {
            None => MobileLinkKind::Start,
            Some(_) => MobileLinkKind::Provision,
        }
    }

    /// The scheme, in small letters: `personal` or that of a custom app.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// What the app shows while the person waits. Text from outside when the link was read: escape it before it is shown.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What the app opens after the first confirmation.
    #[must_use]
    pub fn redirect(&self) -> Option<&SecretString> {
        self.redirect.as_ref()
    }

    /// The address of the message that a provisioning link opens, with `https://`.
    #[must_use]
    pub fn location(&self) -> Option<&MessageUrl> {
        Some(&self.message.as_ref()?.location)
    }

    /// The public address of the message service, which is the location without mailbox and message.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        Some(self.message.as_ref()?.base.as_str())
    }

    /// The mailbox of a provisioning link.
    #[must_use]
    pub fn bid(&self) -> Option<&Bid> {
        Some(&self.message.as_ref()?.bid)
    }

    /// The message of a provisioning link.
    #[must_use]
    pub fn mid(&self) -> Option<&Mid> {
        Some(&self.message.as_ref()?.mid)
    }

    /// Whether both start the same app, open the same message and have the same title and redirect, however they are spelled. The time
    /// this takes does not depend on where they differ.
    #[must_use]
    pub fn constant_time_eq(&self, other: &Self) -> bool {
        let (one, other) = (self.plain_form(), other.plain_form());
        one.constant_time_eq(other.expose().as_bytes())
    }

    /// The link as it is written here.
    fn plain_form(&self) -> SecretString {
        let target = self.message.as_ref().map(|message| {
            let Message {
                location: _,
                base,
                bid,
                mid,
            } = message;
            SecretString::new(format!("{base}/{bid}/{mid}"))
        });
        let target = target.as_ref().map_or(START, SecretString::expose);
        written(&self.scheme, target, self.title(), self.redirect())
    }

    /// The link as a QR code, for an app on another device. That there is one is documented; that it holds this link is inferred (vendor
    /// page: Mobile ID - Manage option to set properties related to the user).
    ///
    /// # Errors
    /// [`QrError`] when the link is too long for one.
    pub fn qr(&self) -> Result<QrCode, QrError> {
        QrCode::of(self.expose())
    }
}

impl fmt::Debug for MobileLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            text: _blind,
            scheme: _also,
            message: _secret,
            title: _too,
            redirect: _hidden,
        } = self;
        f.write_str("MobileLink(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::link::{MAX_REDIRECT, MAX_TITLE};

    const LOCATION: &str = "https://h.example.test:20400/hermod/rest/ms/canary-box/canary-message";

    fn options() -> MobileLinkOptions {
        MobileLinkOptions::new()
            .title("canary")
            .redirect("https://h.example.test/canary")
    }

    #[test]
    fn debug_and_errors_show_nothing_of_the_link() {
        let link = MobileLink::provision(LOCATION, &options()).unwrap();
        assert!(!format!("{link:?} {:?}", link.location()).contains("canary"));
        assert!(!format!("{:?}", MobileLinkOptions::new().redirect("canary")).contains("canary"));
        for text in [
            "canary",
            "canary app://start",
            "https://canary/a/b",
            "personal://canary",
            "personal://h/ms/canary//b",
            "personal://h:x/ms/canary/b",
            "personal://start?title=canary%zz",
            "personal://start?redirect=canary",
            "personal://start?redirect=javascript://canary",
            "personal://start?redirect=https://canary@h",
        ] {
            let error = MobileLink::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn any_difference_makes_another_link() {
        let link = MobileLink::provision(LOCATION, &options()).unwrap();
        assert!(link.constant_time_eq(&MobileLink::provision(LOCATION, &options()).unwrap()));
        for other in [
            MobileLink::start(&options()),
            MobileLink::provision(&LOCATION.replace("-box", "-fox"), &options()),
            MobileLink::provision(&LOCATION.replace("-message", "-m"), &options()),
            MobileLink::provision(&LOCATION.replace("rest", "r"), &options()),
            MobileLink::provision(LOCATION, &options().scheme("bank-app")),
            MobileLink::provision(LOCATION, &options().title("x")),
            MobileLink::provision(LOCATION, &options().redirect("app://x")),
        ] {
            assert!(!link.constant_time_eq(&other.unwrap()));
        }
    }

    #[test]
    fn what_cannot_be_read_back_is_not_written() {
        let long = "x".repeat(MAX_TITLE);
        assert!(MobileLink::start(&options().title(long.as_str())).is_ok());
        let address = format!("https://h/{}", "x".repeat(MAX_REDIRECT - 10));
        assert!(MobileLink::start(&options().redirect(address.clone())).is_ok());
        for options in [
            options().scheme("https"),
            options().title(format!("{long}x")),
            options().title("a\nb"),
            options().title("a\u{2028}b"),
            options().redirect(format!("{address}x")),
            options().redirect("https://h/a b"),
            options().redirect("http://h/"),
        ] {
            assert!(MobileLink::start(&options).is_err(), "{options:?}");
        }
        for location in [
            "",
            "http://h/ms/b/m",
            "HTTPS://h/ms/b/m",
            "https://h",
            "https://h/ms/b",
            "https://h/ms/b/m/",
            "https://h/ms/b/m?x=1",
            "https://h/ms/b/m#x",
            "https://u@h/ms/b/m",
            "https://h:/ms/b/m",
            "https://h/ms/b/m%2f",
            "https://h/ms/../m",
            "https://h/m/b/3c0e7a52-0000-4000-8000-0000000000a1",
            "https://h/ms/b/\u{e5}",
            "https:///ms/b/m",
        ] {
            assert!(MobileLink::provision(location, &options()).is_err(), "{location}");
        }
        let huge = format!("https://h/{}/b/m", "x".repeat(MAX_LINK));
        assert!(MobileLink::provision(&huge, &options()).is_err());
        let text = format!("personal://start?x={}", "x".repeat(MAX_LINK));
        assert!(MobileLink::parse(&text).is_err());
    }

    proptest! {
        #[test]
        fn built_links_are_read_back(
            scheme in "x[a-z0-9+.-]{0,30}",
            host in "[a-z]{1,20}",
            ids in prop::option::of(("[A-Za-z0-9_~-]{1,40}", "[A-Za-z0-9_~-]{1,40}")),
            title in prop::option::of("[^\\p{Cc}\\u{2028}\\u{2029}]{1,40}"),
            redirect in prop::option::of("(https://[a-z]{1,9}\\.test|app\\+x://)/[A-Za-z0-9%&=?#+;:@!$*,._~-]{0,60}"),
        ) {
            let mut options = MobileLinkOptions::new().scheme(scheme.clone());
            if let Some(title) = &title {
                options = options.title(title.clone());
            }
            if let Some(redirect) = &redirect {
                options = options.redirect(redirect.clone());
            }
            let link = match &ids {
                None => MobileLink::start(&options),
                Some((bid, mid)) => MobileLink::provision(&format!("https://{host}.test/ms/{bid}x/{mid}x"), &options),
            };
            let link = link.unwrap();
            let read = MobileLink::parse(link.expose()).unwrap();
            prop_assert!(read.constant_time_eq(&link));
            prop_assert_eq!(read.expose(), link.expose());
            prop_assert_eq!(read.scheme(), scheme.as_str());
            prop_assert_eq!(read.title(), title.as_deref());
            prop_assert_eq!(read.redirect().map(SecretString::expose), redirect.as_deref());
            prop_assert_eq!(read.bid().map(|bid| bid.as_str().to_owned()), ids.map(|(bid, _)| format!("{bid}x")));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            for text in [text.clone(), format!("personal://{text}"), format!("personal://start?title={text}&redirect={text}")] {
                if let Ok(link) = MobileLink::parse(&text) {
                    prop_assert_eq!(link.expose(), text.trim_ascii());
                }
            }
        }
    }
}
