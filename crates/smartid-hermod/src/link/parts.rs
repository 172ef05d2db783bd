//! What a mobile link is made of: the address of a message, title and redirect. Each is read and written in one place.

use smartid_core::{SecretString, ServiceUrl};

use super::escapes::{decode, encode, is_uri, is_uuid};
use super::scheme;
use super::{LinkError, MAX_LINK};
use crate::ids::{Bid, Mid};
use crate::response::MessageUrl;

/// The longest title, in characters: more than a screen shows while the person waits.
pub const MAX_TITLE: usize = 256;

/// The longest redirect, in bytes.
pub const MAX_REDIRECT: usize = 2048;

/// The message that a provisioning link opens.
#[derive(Clone)]
pub(super) struct Message {
    /// As it stands in the link, `https://` put back.
    pub(super) location: MessageUrl,
    pub(super) base: ServiceUrl,
    pub(super) bid: Bid,
    pub(super) mid: Mid,
}

impl Message {
    /// `rest`: the location without `https://`.
    pub(super) fn read(rest: &str) -> Result<Self, LinkError> {
        let refuse = |reason: &str| LinkError::mobile(reason);
        if !rest.bytes().all(is_uri) {
            return Err(refuse("its address has a character that must be escaped"));
        }
        if rest.contains('%') {
            return Err(refuse(
                "its address has an escape, which an app and a server could read in two ways",
            ));
        }
        let mut segments = rest.split('/');
        if segments.next().is_some_and(|host| host.ends_with(':')) {
            return Err(refuse("it has a host with a colon and no port"));
        }
        if segments.any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(refuse("its path has an empty or a dot segment"));
        }
        let mut ends = rest.rsplitn(3, '/');
        let (Some(mid), Some(bid), Some(base)) = (ends.next(), ends.next(), ends.next()) else {
            return Err(refuse("it is neither start nor the address of a message"));
        };
        if is_uuid(mid) != is_uuid(bid) || bid == "ms" {
            return Err(refuse("its address is that of a mailbox and not of a message"));
        }
        let location = format!("https://{rest}");
        // The whole is checked as well: it must be an address with its last segments too.
        let problem =
            |error: smartid_core::ConfigError| LinkError::mobile(format!("its address {}", error.problem));
        ServiceUrl::parse("location", &location).map_err(problem)?;
        Ok(Self {
            base: ServiceUrl::parse("location", &format!("https://{base}")).map_err(problem)?,
            location: MessageUrl::new(location),
            bid: Bid::new(bid),
            mid: Mid::new(mid),
        })
    }
}

pub(super) fn too_long() -> LinkError {
    LinkError::mobile(format!("it is longer than {MAX_LINK} bytes"))
}

/// `target` may have its `https://`.
pub(super) fn written(
    scheme: &str,
    target: &str,
    title: Option<&str>,
    redirect: Option<&SecretString>,
) -> SecretString {
    let target = target.strip_prefix("https://").unwrap_or(target);
    let mut text = format!("{scheme}://{target}");
    let redirect = redirect.map(SecretString::expose);
    let mut mark = '?';
    for (name, value) in [("title", title), ("redirect", redirect)] {
        if let Some(value) = value {
            text.push(mark);
            text.push_str(name);
            text.push('=');
            encode(&mut text, value);
            mark = '&';
        }
    }
    SecretString::new(text)
}

/// Title and redirect, decoded.
pub(super) fn parameters(query: &str) -> Result<(Option<String>, Option<SecretString>), LinkError> {
    let (mut title, mut redirect) = (None, None);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let slot = match name {
            "title" => &mut title,
            "redirect" => &mut redirect,
            _ => continue,
        };
        let value = decode(&value.replace('+', " "))
            .ok_or_else(|| LinkError::mobile(format!("the escapes in its {name} cannot be read")))?;
        if slot.replace(value).is_some() {
            return Err(LinkError::mobile(format!("it has more than one {name}")));
        }
    }
    // A sample of the page has a space in front of the address.
    let redirect = redirect.map(|redirect: String| SecretString::new(redirect.trim_matches(' ')));
    let title = title.filter(|title| !title.is_empty());
    Ok((title, redirect.filter(|redirect| !redirect.expose().is_empty())))
}

pub(super) fn check_title(title: &str) -> Result<(), LinkError> {
    if title.chars().count() > MAX_TITLE {
        return Err(LinkError::mobile(format!(
            "its title is longer than {MAX_TITLE} characters"
        )));
    }
    if title.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(LinkError::mobile(
            "its title has a line break or another control character",
        ));
    }
    Ok(())
}

pub(super) fn check_redirect(redirect: &str) -> Result<(), LinkError> {
    if redirect.len() > MAX_REDIRECT {
        return Err(LinkError::mobile(format!(
            "its redirect is longer than {MAX_REDIRECT} bytes"
        )));
    }
    scheme::redirect(redirect).map_err(LinkError::mobile)
}
