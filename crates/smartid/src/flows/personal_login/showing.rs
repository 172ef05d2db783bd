//! What a begun login has to show.

use std::fmt;
use std::time::Duration;

use smartid_core::Timestamp;
use smartid_hermod::{MobileLink, PlugoutLink, QrCode, QrError};

use super::request::LoginImage;
use crate::store::FlowId;

/// A link that starts an app. It is a bearer secret: whoever has it can answer in the person's place. `Debug` is blind.
#[derive(Clone)]
#[non_exhaustive]
pub enum LoginLink {
    /// To the command itself, for one use.
    Plugout(PlugoutLink),
    /// Opens the Mobile App, which looks into its own mailbox.
    Start(MobileLink),
}

impl LoginLink {
    /// The link, for an `href` or a redirect. Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Plugout(link) => link.expose(),
            Self::Start(link) => link.expose(),
        }
    }

    /// The link as a QR code, for an app on another device.
    ///
    /// # Errors
    /// [`QrError`] when it is too long for one.
    pub fn qr(&self) -> Result<QrCode, QrError> {
        match self {
            Self::Plugout(link) => link.qr(),
            Self::Start(link) => link.qr(),
        }
    }
}

impl fmt::Debug for LoginLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plugout(_blind) => "Plugout(..)",
            Self::Start(_blind) => "Start(..)",
        })
    }
}

/// How the person gets to the app.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Showing {
    /// The app of the user whose name was typed is told by messaging: there is nothing to open.
    Mailbox,
    /// A QR code, for the Mobile App on another device. That it holds this link is inferred.
    Qr(LoginLink),
    /// The picture for a while, then a redirect to the Mobile App on this device.
    SameDevice {
        /// Where the redirect goes.
        link: LoginLink,
        /// How long the picture is shown before: *Wait for (seconds)*.
        after: Duration,
        /// What the page says: *Redirect Text*, text and never markup.
        text: String,
    },
    /// A link that opens Personal Desktop on this computer.
    Desktop(LoginLink),
}

impl Showing {
    /// The link, when there is one.
    #[must_use]
    pub fn link(&self) -> Option<&LoginLink> {
        match self {
            Self::Mailbox => None,
            Self::Qr(link) | Self::SameDevice { link, .. } | Self::Desktop(link) => Some(link),
        }
    }

    /// `mailbox`, `qr`, `same-device` or `desktop`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mailbox => "mailbox",
            Self::Qr(_) => "qr",
            Self::SameDevice { .. } => "same-device",
            Self::Desktop(_) => "desktop",
        }
    }
}

/// A login that waits for a person.
#[derive(Debug)]
#[non_exhaustive]
pub struct Begun {
    /// The flow's name, for [`PersonalLogin::complete`](super::PersonalLogin::complete). Tie it to the browser that began: who has it
    /// is told how it ends.
    pub id: FlowId,
    /// The picture that the person compares.
    pub image: Option<LoginImage>,
    /// How the person gets to the app. Its link is not stored, so it can be had only here.
    pub showing: Showing,
    /// Until when it can be answered.
    pub expires: Timestamp,
}
