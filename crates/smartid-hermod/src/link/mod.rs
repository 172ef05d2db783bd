//! The links that start the apps.
//!
//! The Desktop App is started by a [`PlugoutLink`], which messaging makes; the Mobile App by a [`MobileLink`], which is made here. Both
//! are secrets: whoever opens one answers in the place of the person. They are handed on as text by `expose`, shown as a QR code, and
//! printed by nothing. They share their percent coding and one error, which never shows the text.

mod escapes;
mod mobile;
mod options;
mod parts;
mod plugout;
mod scheme;

pub use mobile::{MobileLink, MobileLinkKind};
pub use options::MobileLinkOptions;
pub use parts::{MAX_REDIRECT, MAX_TITLE};
pub use plugout::PlugoutLink;
pub use scheme::PERSONAL;

/// The longest link that is read, in bytes. The published ones have about 200.
pub const MAX_LINK: usize = 4096;

/// The text is no link of that kind, or cannot be made one. The message does not show the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} link: {reason}")]
#[non_exhaustive]
pub struct LinkError {
    kind: &'static str,
    reason: String,
}

impl LinkError {
    fn plugout(reason: impl Into<String>) -> Self {
        Self {
            kind: "plugout",
            reason: reason.into(),
        }
    }

    pub(crate) fn mobile(reason: impl Into<String>) -> Self {
        Self {
            kind: "mobile",
            reason: reason.into(),
        }
    }
}
