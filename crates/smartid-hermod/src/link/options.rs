//! What a caller decides about a mobile link: which app, what it shows, where it leads afterwards.

use smartid_core::SecretString;

#[cfg(doc)]
use super::{MAX_REDIRECT, MAX_TITLE};

/// Which app is started, what it shows while the person waits, and what it opens afterwards.
///
/// ```
/// use smartid_hermod::link::{MobileLink, MobileLinkOptions};
///
/// let options = MobileLinkOptions::new()
///     .scheme("bank-app")
///     .title("Log in & sign")
///     .redirect("https://portal.example.test/done?session=17");
/// let link = MobileLink::start(&options)?;
/// assert_eq!(
///     link.expose(),
///     "bank-app://start?title=Log%20in%20%26%20sign&redirect=https%3A%2F%2Fportal.example.test%2Fdone%3Fsession%3D17"
/// );
/// # Ok::<(), smartid_hermod::LinkError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MobileLinkOptions {
    pub(super) scheme: Option<String>,
    pub(super) title: Option<String>,
    pub(super) redirect: Option<SecretString>,
}

impl MobileLinkOptions {
    /// The vendor's app, without title and redirect.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The scheme of a custom app; `personal` unless set (documented). It must be a scheme by RFC 3986 that neither browsers nor the
    /// system handle by themselves.
    #[must_use]
    pub fn scheme(mut self, scheme: impl Into<String>) -> Self {
        self.scheme = Some(scheme.into());
        self
    }

    /// What the app shows while the person waits (documented): one line, at most [`MAX_TITLE`] characters. It is escaped here.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What the app opens after the first confirmation (documented; when it cannot be opened, the person stays in the app): an `https`
    /// address or `<scheme>://…` of an app, at most [`MAX_REDIRECT`] bytes. It is escaped here.
    #[must_use]
    pub fn redirect(mut self, redirect: impl Into<SecretString>) -> Self {
        self.redirect = Some(redirect.into());
        self
    }
}
