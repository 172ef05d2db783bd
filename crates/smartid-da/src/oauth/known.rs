//! Texts of a server, made fit to be shown: a server that repeats our own secret in its error must not put it into our log.

use smartid_core::{SecretString, redact};

const MASK: &str = "[…]";

/// The secrets of one call, in every form they went out in.
#[derive(Clone, Default)]
pub(crate) struct Known(Vec<SecretString>);

impl Known {
    pub(crate) fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        let mut list: Vec<SecretString> = secrets
            .into_iter()
            .filter(|secret| !secret.expose().is_empty())
            .collect();
        // The longest first: one may be a part of another.
        list.sort_by_key(|secret| std::cmp::Reverse(secret.expose().len()));
        Self(list)
    }

    pub(super) fn and(&self, secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self::new(self.0.iter().cloned().chain(secrets))
    }

    /// Whether a secret stands in the text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.expose()))
    }

    /// The text with a sign in the place of each secret.
    pub(crate) fn masked(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.expose()) {
                text.replace(secret.expose(), MASK)
            } else {
                text
            }
        })
    }

    /// An error's sentence: one line, capped, without our secrets and without what looks like one. A code such as `AADSTS7000215:` at
    /// its beginning stays, although it looks like a number that nobody should see.
    pub(super) fn sentence(&self, text: &str) -> String {
        let text = self.masked(&visible(text));
        let text = text.trim();
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        if is_code(first) {
            format!("{first} {}", redact::message(rest)).trim_end().to_owned()
        } else {
            redact::message(text)
        }
    }

    /// An address: `http` or `https`, without user information, query and fragment.
    pub(super) fn address(&self, text: &str) -> Option<String> {
        let shown = redact::url(&self.masked(&visible(text)));
        ["https://", "http://"]
            .iter()
            .any(|scheme| shown.starts_with(scheme))
            .then_some(shown)
    }
}

/// The text without characters that cannot be seen or that turn the writing direction; control characters become spaces.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| {
            !matches!(c,
                '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        })
        .map(|c| {
            if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// Capital letters, digits, a colon.
fn is_code(word: &str) -> bool {
    let Some(code) = word.strip_suffix(':') else {
        return false;
    };
    let digits = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
    code.len() <= 20
        && (1..=10).contains(&digits.len())
        && digits.len() < code.len()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(secrets: &[&str]) -> Known {
        Known::new(secrets.iter().map(|secret| SecretString::new(*secret)))
    }

    #[test]
    fn a_servers_sentence_is_cleaned() {
        let known = known(&["hunter2", "hunter2-longer", ""]);
        for (text, says) in [
            ("bad secret hunter2", "bad secret […]"),
            ("bad hunter2-longer!", "bad […]!"),
            ("bad hun\u{200b}ter2", "bad […]"),
            (
                "line\r\nSet-Cookie: a=b \u{1b}[2J \u{202e}txet",
                "line Set-Cookie: a=b [2J txet",
            ),
            (
                "AADSTS7000215: Invalid client secret provided.",
                "AADSTS7000215: Invalid client secret provided.",
            ),
            ("E1: hunter2", "E1: […]"),
            ("0123456789: no", "[…] no"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ1: no", "[…] no"),
            ("", ""),
        ] {
            assert_eq!(known.sentence(text), says, "{text:?}");
        }
        assert!(known.sentence(&"word ".repeat(10_000)).chars().count() <= 401);
    }

    #[test]
    fn an_address_is_shown_without_secrets_and_only_if_it_is_one() {
        let known = known(&["hunter2"]);
        let shown = |text| known.address(text);
        assert_eq!(shown("https://h/e/1?x=y").as_deref(), Some("https://h/e/1"));
        assert_eq!(shown("https://h/hunter2").as_deref(), Some("https://h/[…]"));
        assert_eq!(shown("javascript:alert(1)"), None);
        assert_eq!(shown("/e/1"), None);
        assert!(known.is_in("x hunter2") && !known.and([]).is_in("x"));
    }
}
