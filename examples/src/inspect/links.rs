//! The links that start the apps.

use smartid::core::redact;
use smartid::hermod::PlugoutLink;
use smartid::hermod::link::{MobileLink, MobileLinkKind, PERSONAL};

use super::{Context, Finding};

pub(super) fn plugout(text: &str, context: &Context) -> Finding {
    let mut finding = Finding::of("plugout link");
    match PlugoutLink::parse(text) {
        Ok(link) => {
            finding.fact("message box", link.bid().as_str());
            finding.fact("address", link.box_url().to_string());
            finding.secret("token", link.expose(), context);
            finding.verdict = Some(true);
        }
        Err(error) => finding.problem(error.to_string()),
    }
    finding
}

/// A link to the Mobile App; `None` when the text is not meant to be one.
pub(super) fn mobile(text: &str, context: &Context) -> Option<Finding> {
    let (scheme, rest) = text.split_once(':')?;
    let letters = |letter: u8| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter);
    if scheme.is_empty() || !scheme.bytes().all(letters) {
        return None;
    }
    let meant = scheme.eq_ignore_ascii_case(PERSONAL) || rest.to_ascii_lowercase().starts_with("//start");
    let mut finding = Finding::of("mobile link");
    let link = match MobileLink::parse(text) {
        Ok(link) => link,
        Err(error) if meant => {
            finding.problem(error.to_string());
            return Some(finding);
        }
        Err(_) => return None,
    };
    match link.kind() {
        MobileLinkKind::Start => finding.fact("does", "opens the app, which fetches what waits for it"),
        MobileLinkKind::Provision => {
            finding.fact("does", "opens one message, that of a provision command");
            finding.remark(
                "a link of this form is for provisioning only: for authenticate and sign it is documented as not implemented, and a start link \
                 is used",
            );
        }
        _ => {}
    }
    finding.fact("app", link.scheme());
    if link.scheme() != PERSONAL {
        finding.remark(format!(
            "the vendor's app has the scheme {PERSONAL}; this starts a custom app"
        ));
    }
    if let Some(base) = link.base() {
        finding.fact("message service", base);
    }
    if let Some(location) = link.location() {
        finding.secret("message", location.expose(), context);
    }
    if let Some(title) = link.title() {
        finding.fact("title", title);
    }
    if let Some(redirect) = link.redirect() {
        let redirect = redirect.expose();
        // What follows the host may be a session.
        let shown = if context.show_secrets {
            redirect.to_owned()
        } else {
            redact::url(redirect)
        };
        finding.fact("leads to afterwards", shown);
    }
    finding.verdict = Some(true);
    Some(finding)
}
