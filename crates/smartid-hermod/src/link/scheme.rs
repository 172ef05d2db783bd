//! Which app a mobile link starts, and what may be opened afterwards.
//!
//! A link's scheme decides what a browser does with it. One that a browser or the system handles by itself starts no app: it runs a
//! script, opens a file or a page. Such schemes are refused in links and in redirects, whatever letter case they have.

use smartid_core::ServiceUrl;

use super::escapes::is_uri;

/// The scheme of the vendor's Mobile App (vendor page: Set up Smart ID Mobile App to start on same device, documented).
pub const PERSONAL: &str = "personal";

const MAX_SCHEME: usize = 64;

/// Schemes that belong to browsers, to the system, to its shops and settings, or to the Desktop App. No list of them is complete; what
/// it keeps out is what runs, installs or changes something before anybody is asked.
const TAKEN: &[&str] = &[
    "about",
    "android-app",
    "app-prefs",
    "blob",
    "callto",
    "chrome",
    "chrome-extension",
    "cid",
    "com.nexusgroup.plugout",
    "content",
    "data",
    "facetime",
    "facetime-audio",
    "file",
    "filesystem",
    "ftp",
    "ftps",
    "http",
    "https",
    "intent",
    "itms",
    "itms-apps",
    "itms-services",
    "jar",
    "javascript",
    "livescript",
    "mailto",
    "market",
    "moz-extension",
    "ms-appdata",
    "ms-appinstaller",
    "ms-msdt",
    "ms-settings",
    "prefs",
    "resource",
    "search-ms",
    "sftp",
    "shell",
    "sms",
    "smsto",
    "ssh",
    "tel",
    "telnet",
    "vbscript",
    "view-source",
    "ws",
    "wss",
    "x-apple.systempreferences",
];

/// The scheme in small letters, when it is one by RFC 3986 that an app can have.
pub(super) fn of_app(scheme: &str) -> Result<String, &'static str> {
    let legal = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !legal || scheme.len() > MAX_SCHEME {
        return Err("it has no legal scheme");
    }
    let scheme = scheme.to_ascii_lowercase();
    if TAKEN.contains(&scheme.as_str()) {
        return Err("its scheme belongs to the browser or the system and starts no mobile app");
    }
    Ok(scheme)
}

/// Whether the app may open this afterwards: an `https` address, or `<scheme>://…` of an app.
pub(super) fn redirect(text: &str) -> Result<(), String> {
    let refuse = |reason: &str| Err(format!("its redirect {reason}"));
    if !text.bytes().all(is_uri) {
        return refuse("has a character that must be escaped in an address");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return refuse("is no absolute address, so the app could not open it");
    };
    if scheme.eq_ignore_ascii_case("https") {
        let base = rest.split(['?', '#']).next().unwrap_or_default();
        let base = ServiceUrl::parse("redirect", &format!("https://{base}"));
        return base
            .map(drop)
            .map_err(|error| format!("its redirect {}", error.problem));
    }
    of_app(scheme)
        .map(drop)
        .or_else(|_| refuse("has a scheme that is neither https nor that of an app"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_that_a_browser_or_the_system_handles_start_no_app() {
        for scheme in TAKEN {
            assert!(of_app(scheme).is_err(), "{scheme}");
            assert!(of_app(&scheme.to_uppercase()).is_err(), "{scheme}");
        }
        for scheme in ["", "1app", "-app", "my app", "my_app", "äpp", &"a".repeat(65)] {
            assert!(of_app(scheme).is_err(), "{scheme}");
        }
        assert_eq!(of_app("Bank-App.se+1").as_deref(), Ok("bank-app.se+1"));
    }

    #[test]
    fn a_redirect_leads_to_https_or_to_an_app() {
        for text in [
            "https://h/a?b=c#d",
            "HTTPS://h",
            "https://h:8443",
            "bank-app://",
            "personal://start",
        ] {
            assert_eq!(redirect(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "/done",
            "//h/x",
            "h.example",
            "http://h/",
            "https://",
            "https://?h",
            "https://u:p@h/",
            "https://h@evil/",
            "https:///h",
            "javascript:alert(1)",
            "JavaScript://h/%0aalert(1)",
            "data:text/html,x",
            "data://x",
            "file:///etc",
            "mailto:a@b",
            "intent://x",
            "1a://x",
            "https://h/\"x",
            "https://h\\@evil",
            "https://h/a b",
            "bank-app://\u{e5}",
        ] {
            assert!(redirect(text).is_err(), "{text}");
        }
    }
}
