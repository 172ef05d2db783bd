//! Reads WebAuthn JSON member by member from its exact text.
//!
//! A derived reader stops at the first member it does not like and forgets the text. Here each member is a slice of the document, so
//! that null can equal absent, a repeated name is seen, unknown values are kept, and what is odd leaves a lint with its place.

use smartid_core::base64::{Flavour, Tolerated, decode_lenient};
use smartid_core::{Lint, json};

/// How deep a document may nest. Real ones nest four levels; what is deeper would hurt readers further on.
const MAX_DEPTH: usize = 64;

/// A JSON object opened one level.
pub(crate) struct Object<'a>(Vec<(String, &'a str)>);

impl<'a> Object<'a> {
    /// `None` when the text is no JSON object.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        json::members(text).map(Self)
    }

    /// The exact text of a member; null equals absent.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .rev()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
            .filter(|value| *value != "null")
    }

    /// The first of `names` that stands here more than once: readers differ on which one counts.
    pub(crate) fn repeated<'n>(&self, names: &[&'n str]) -> Option<&'n str> {
        names
            .iter()
            .find(|name| self.0.iter().filter(|(known, _)| known == *name).count() > 1)
            .copied()
    }

    /// Whether any name stands here more than once.
    pub(crate) fn repeats_any(&self) -> bool {
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }
}

/// The text without a byte order mark, and whether there was one.
pub(crate) fn without_bom(text: &str) -> (&str, bool) {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => (rest, true),
        None => (text, false),
    }
}

/// Whether the document nests deeper than it should; the text need not be valid JSON.
pub(crate) fn too_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// A JSON string.
pub(crate) fn string(value: &str) -> Option<String> {
    serde_json::from_str(value).ok()
}

/// What stands in the place of bytes.
pub(crate) enum Binary {
    /// Base64url as it should be.
    Canonical(Vec<u8>),
    /// Readable, but written in another way.
    Irregular(Vec<u8>),
    /// No base64, or no string at all.
    Unreadable,
}

/// Bytes in base64url; what was forgiven leaves a lint.
pub(crate) fn binary(value: &str, at: &str, lints: &mut Vec<Lint>) -> Binary {
    let Some(text) = string(value) else {
        return Binary::Unreadable;
    };
    match decode_lenient(Flavour::Url, &text) {
        Ok((bytes, forgiven)) if forgiven.is_empty() => Binary::Canonical(bytes),
        Ok((bytes, forgiven)) => {
            for what in forgiven {
                let (code, what) = match what {
                    Tolerated::Padding => ("padding", "base64url with padding"),
                    Tolerated::Alphabet => ("alphabet", "letters of the standard base64 alphabet"),
                    _ => ("white-space", "white space in base64url"),
                };
                lints.push(Lint::new(at, what).code(code));
            }
            Binary::Irregular(bytes)
        }
        Err(_) => Binary::Unreadable,
    }
}

/// A JSON number that should be whole: the number, and whether it was written as one.
pub(crate) fn whole_number(value: &str) -> Option<(i64, bool)> {
    if let Ok(number) = value.parse::<i64>() {
        return Some((number, true));
    }
    let number = serde_json::from_str::<f64>(value).ok()?;
    // Up to 2^53 a float is exactly the number that was written.
    let exact = number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within range")]
    exact.then_some((number as i64, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_outside_of_strings_only() {
        assert!(!too_deep(&format!("\"{}\"", "[".repeat(1000))));
        assert!(!too_deep(&format!("\"\\\"{}\"", "[".repeat(1000))));
        assert!(too_deep(&"[".repeat(65)));
        assert!(!too_deep(&"[]".repeat(1000)));
    }

    #[test]
    fn numbers_are_whole_or_nothing() {
        assert_eq!(whole_number("-7"), Some((-7, true)));
        assert_eq!(whole_number("-7.0"), Some((-7, false)));
        assert_eq!(whole_number("1e3"), Some((1000, false)));
        for bad in ["-7.5", "\"-7\"", "1e30", "null", "99999999999999999999"] {
            assert_eq!(whole_number(bad), None, "{bad}");
        }
    }
}
