//! What may be shown of a URL. Readers are lenient and disagree about what user information is; here, whatever any of them takes for it
//! is dropped.

use super::{MASK, printable};

/// Scheme, host, port and path of a URL; its user information, query and fragment are dropped. A relative reference stays relative.
///
/// What a lenient reader would take for user information is dropped too: `https:u:p@h`, `//u:p@h`, `https:\\u:p@h`.
#[must_use]
pub fn url(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    let text = text.split(['?', '#']).next().unwrap_or_default().trim_start();
    let slash = ['/', '\\'];
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) && (rest.starts_with(slash) || is_web(scheme)) => {
            (scheme, rest)
        }
        _ => ("", text),
    };
    let authority_and_path = rest.trim_start_matches(slash);
    let slashes = rest.len() - authority_and_path.len();
    if scheme.is_empty() && slashes == 1 && rest.starts_with('/') {
        return printable(text, 200);
    }
    let (authority, path) =
        authority_and_path.split_at(authority_and_path.find(slash).unwrap_or(authority_and_path.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    // A password with a slash or a question mark in it looks like a port.
    let port = host.rsplit(']').next().and_then(|rest| rest.split_once(':'));
    let cut_in_two = port.is_some_and(|(_, port)| port.bytes().any(|b| !b.is_ascii_digit()));
    // Without slashes and without an @, it is another kind of address, such as `urn:`.
    let has_host = slashes > 0 || is_web(scheme) || rest.contains('@');
    let (host, path) = if cut_in_two && has_host {
        (MASK, "")
    } else {
        (host, path)
    };
    let colon = if scheme.is_empty() { "" } else { ":" };
    let slashes = rest.get(..slashes).unwrap_or_default();
    printable(&format!("{scheme}{colon}{slashes}{host}{path}"), 200)
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Schemes behind which readers look for a host, with slashes or without.
fn is_web(scheme: &str) -> bool {
    ["http", "https", "ws", "wss", "ftp"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lose_what_may_be_secret() {
        for (text, says) in [
            ("https:u:p@h/x", "https:h/x"),
            ("//u:p@h/x", "//h/x"),
            ("https:\\\\u:p@h", "https:\\\\h"),
            ("/\\u:p@h/x", "/\\h/x"),
            ("ht\ttps://u:p@h/x", "https://h/x"),
            ("https:///u:p@h/x", "https:///h/x"),
            ("u:p@h/x", "h/x"),
            ("https://u:p/w@h/x", "https://[…]"),
            ("https://[::1]:8443/x", "https://[::1]:8443/x"),
            ("fido/options", "fido/options"),
            ("urn:x:y", "urn:x:y"),
        ] {
            assert_eq!(url(text), says, "{text:?}");
        }
        proptest::proptest!(|(text in "(https?:|//|\\\\|/)?[/\\\\]{0,3}user:canary@h[/x]{0,3}")| {
            let shown = url(&text);
            // One slash begins a path, and a path has no user information.
            let path = text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/\\");
            proptest::prop_assert!(path || !shown.contains("canary"), "{}", shown);
        });
        assert_eq!(
            url("https://u:p@h.example:1/a/b?c=d#e"),
            "https://h.example:1/a/b"
        );
        assert_eq!(url("/wa/auth?x"), "/wa/auth");
        assert_eq!(
            url("com.nexusgroup.plugout:///?url=x&token=y"),
            "com.nexusgroup.plugout:///"
        );
    }
}
