//! A service's own sentence, word by word: some words are secret by their shape, others because of the word in front of them.

use super::shape::looks_secret;
use super::{EXCERPT, MASK, printable};

/// A text from a service's own verdict (an error message): printable, on one line, capped, with anything that looks like a token masked.
///
/// Masked are words of a secret's shape, and whatever stands behind a name such as `token=`, `pin:` or `Bearer`:
///
/// ```
/// use smartid_core::redact::message;
///
/// assert_eq!(message("ticket kJ8sQ1nVb3Rz0aTy is unknown"), "ticket […] is unknown");
/// assert_eq!(message("login with pin: 4711 failed"), "login with pin: […] failed");
/// assert_eq!(message("java.lang.IllegalArgumentException: no such user"), "java.lang.IllegalArgumentException: no such user");
/// ```
#[must_use]
pub fn message(text: &str) -> String {
    let text = beginning(text);
    let mut shown = String::with_capacity(text.len().min(EXCERPT * 4));
    let mut next = Next::Judged;
    for word in text.split_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        next = next.word(word, &mut shown);
        if shown.len() > EXCERPT * 4 {
            break;
        }
    }
    printable(&shown, EXCERPT)
}

/// How many bytes of a sentence are looked at; judging a word takes longer than in proportion to its length.
const JUDGED: usize = 16 * 1024;

/// The whole words at the beginning of a long text; a word that is cut may not be known for the secret that it is.
fn beginning(text: &str) -> &str {
    if text.len() <= JUDGED {
        return text;
    }
    let head = (0..=JUDGED)
        .rev()
        .find_map(|end| text.get(..end))
        .unwrap_or_default();
    match head.rfind(char::is_whitespace) {
        Some(end) => head.get(..end).unwrap_or_default(),
        None => MASK,
    }
}

/// How the next word of a message is shown.
#[derive(Clone, Copy)]
enum Next {
    /// By its shape.
    Judged,
    /// Behind a secret's name: a separator is expected, or nothing came of it.
    AfterName,
    /// Not: it is the value of a secret's name.
    Value,
    /// Not, nor anything up to this closing quote.
    Quoted(char),
    /// Not, unless it is a word that people put behind `bearer` and `basic`.
    AfterScheme,
}

impl Next {
    /// Writes a word and says what to do with the one behind it.
    fn word(self, word: &str, shown: &mut String) -> Self {
        match self {
            Self::Judged => Self::judge(word, shown),
            Self::AfterName => match word.strip_prefix(['=', ':']) {
                Some(value) => {
                    shown.push_str(word.get(..1).unwrap_or_default());
                    Self::value(value, shown)
                }
                None => Self::judge(word, shown),
            },
            Self::Value => Self::value(word, shown),
            Self::Quoted(quote) => {
                shown.push_str(MASK);
                if word.contains(quote) { Self::Judged } else { self }
            }
            Self::AfterScheme => {
                let plain = word.trim_matches(|c: char| c.is_ascii_punctuation());
                let of_scheme = [
                    "auth",
                    "authentication",
                    "authorization",
                    "scheme",
                    "credentials",
                    "token",
                    "tokens",
                ];
                if of_scheme.iter().any(|known| plain.eq_ignore_ascii_case(known)) {
                    return Self::judge(word, shown);
                }
                shown.push_str(MASK);
                Self::Judged
            }
        }
    }

    /// A word that stands by itself, perhaps with a secret's name and its value in it.
    fn judge(word: &str, shown: &mut String) -> Self {
        for (at, separator) in word.match_indices(['=', ':']) {
            let (before, behind) = (word.get(..at), word.get(at + separator.len()..));
            let (Some(before), Some(behind)) = (before, behind) else {
                continue;
            };
            if names_a_secret(before) {
                shown.push_str(if looks_secret(before) { MASK } else { before });
                shown.push_str(separator);
                return Self::value(behind, shown);
            }
        }
        shown.push_str(if looks_secret(word) { MASK } else { word });
        let plain = word.trim_matches(|c: char| c.is_ascii_punctuation());
        if is_auth_scheme(plain) {
            Self::AfterScheme
        } else if names_a_secret(word) {
            Self::AfterName
        } else {
            Self::Judged
        }
    }

    /// The value of a secret's name; an empty one is the next word.
    fn value(word: &str, shown: &mut String) -> Self {
        if word.is_empty() || word.bytes().all(|b| b == b'=' || b == b':') {
            shown.push_str(word);
            return Self::Value;
        }
        shown.push_str(MASK);
        let plain = word.trim_matches(|c: char| c.is_ascii_punctuation());
        let quote = word.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
        match quote {
            _ if plain.is_empty() || is_auth_scheme(plain) => Self::Value,
            Some(quote) if word.matches(quote).count() == 1 => Self::Quoted(quote),
            _ => Self::Judged,
        }
    }
}

fn is_auth_scheme(word: &str) -> bool {
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// Whether the text ends in the name of a secret, in any spelling: `token`, `X-API-Key`, `accessToken`, `"pin"`.
fn names_a_secret(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '\'', '`', ' ', ')', ']']);
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name = text.rsplit(|c| !of_name(c)).next().unwrap_or_default();
    let name = name.trim_end_matches(['s', 'S']);
    // `pass` is no name here, so what is cut from it does no harm.
    let ends = |end: &str| {
        let start = name.len().checked_sub(end.len())?;
        let tail = name.get(start..)?;
        tail.eq_ignore_ascii_case(end).then(|| (name.get(..start), tail))
    };
    let anywhere = [
        "token",
        "password",
        "passwd",
        "secret",
        "ticket",
        "code_verifier",
        "codeverifier",
        "authorization",
        "apikey",
    ];
    if anywhere.iter().any(|end| ends(end).is_some()) {
        return true;
    }
    // Short names end many words (monkey, mapping): they count only where a part of the name begins.
    ["key", "pw", "pin"].iter().any(|end| {
        ends(end).is_some_and(|(before, tail)| {
            let before = before.unwrap_or_default();
            let parts = before.is_empty()
                || before.ends_with(['_', '-'])
                || before.ends_with(|c: char| c.is_ascii_digit());
            parts
                || before.ends_with(|c: char| c.is_ascii_lowercase())
                    && tail.starts_with(|c: char| c.is_ascii_uppercase())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_text_whole_words_are_looked_at_and_no_more() {
        assert_eq!(message(&"å:".repeat(1_000_000)), MASK);
        let words = format!("{} {}", "wrong ".repeat(10), "x".repeat(1_000_000));
        assert_eq!(message(&words), "wrong ".repeat(10).trim_end());
        assert!(message(&"pin=4711 ".repeat(100_000)).starts_with("pin=[…] pin=[…]"));
    }

    #[test]
    fn what_stands_behind_a_secrets_name_is_masked() {
        for (text, says) in [
            ("pin=4711", "pin=[…]"),
            ("PIN: 4711 was wrong", "PIN: […] was wrong"),
            ("pin : 4711 was wrong", "pin : […] was wrong"),
            ("the password = hunter2 is old", "the password = […] is old"),
            ("passwd:hunter2", "passwd:[…]"),
            ("Pw=hunter2, user=anna", "Pw=[…] user=anna"),
            (
                "secret='correct horse battery' refused",
                "secret=[…] […] […] refused",
            ),
            (r#"{"token":"abc","state":1}"#, r#"{"token":[…]"#),
            ("GET /x?access_token=abc&b=2", "GET /x?access_token=[…]"),
            ("X-API-Key: abc end", "X-API-Key: […] end"),
            ("apiKey:abc end", "apiKey:[…] end"),
            ("code_verifier=abc", "code_verifier=[…]"),
            ("ticket abc", "ticket abc"),
            ("Authorization: Bearer abc end", "Authorization: […] […] end"),
            ("authorization: abc end", "authorization: […] end"),
            ("sent BEARER abc end", "sent BEARER […] end"),
            ("Basic dTpw end", "Basic […] end"),
            ("basic authentication failed", "basic authentication failed"),
            ("mapping: wrong, monkey: wrong", "mapping: wrong, monkey: wrong"),
            ("otp 123456 or 12345", "otp […] or 12345"),
            ("id-x.eyJhbGc.x", "[…]"),
        ] {
            assert_eq!(message(text), says, "{text:?}");
        }
    }
}
