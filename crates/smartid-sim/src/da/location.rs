//! Where a login may lead (protocol notes: digital-access 3.3, `location`). A login page that follows any address sends people who
//! trust it to whoever made the link, so only the own host and registered addresses are followed.

use super::Da;
use crate::config::DaConfig;

/// Longer addresses are refused.
const MAX_LENGTH: usize = 8192;

/// An address without query and fragment.
fn bare(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or_default()
}

/// Whether a browser reads it as the simulator does: it drops tabs and line ends, and takes a backslash for a slash.
fn is_plain(text: &str) -> bool {
    text.len() <= MAX_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

impl Da {
    /// The address, when it may be followed.
    pub(super) fn allowed(&self, config: &DaConfig, location: &str) -> Option<String> {
        if !is_plain(location) {
            return None;
        }
        if location.starts_with('/') {
            return (!location.starts_with("//")).then(|| location.to_owned());
        }
        let url = url::Url::parse(location).ok()?;
        if !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() || url.password().is_some()
        {
            return None;
        }
        let own = url::Url::parse(self.origin()).ok()?;
        if url.origin() == own.origin() {
            return Some(url.into());
        }
        let registered = config
            .oauth
            .clients
            .iter()
            .flat_map(|client| &client.redirect_uris)
            .chain(&config.session.locations)
            .any(|known| bare(known) == bare(location));
        registered.then(|| location.to_owned())
    }
}
