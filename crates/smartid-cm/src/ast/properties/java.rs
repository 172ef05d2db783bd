//! The syntax of Java's properties files: comments, continued lines, separators, escapes.
//!
//! What a line means is another matter. The rules are those of `java.util.Properties.load`, so that the client reads the lines that the
//! service reads: a mapping seen differently on the two sides would put a value into the wrong place of a certificate.

use std::borrow::Cow;

use super::error::PropertiesProblem;

/// The most lines.
pub(super) const MAX_LINES: usize = 50_000;

/// The longest line in bytes, with all that continues it.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// What Java takes for a space here.
const SPACES: [char; 3] = [' ', '\t', '\u{c}'];

/// A key and its value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    /// Where it begins, counted from 1.
    pub(super) line: usize,
    pub(super) key: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

/// A line that cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadLine {
    pub(super) line: usize,
    pub(super) problem: PropertiesProblem,
}

/// Goes through a text pair by pair.
pub(super) struct Pairs<'a> {
    rest: &'a str,
    /// How many lines were taken.
    taken: usize,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text, taken: 0 }
    }

    /// One line without its end, which is LF, CR or both, and without the spaces in front.
    fn natural_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        self.taken += 1;
        let (line, rest) = match self.rest.split_once(['\n', '\r']) {
            Some((line, rest)) => {
                let ended_by_cr = self.rest.as_bytes().get(line.len()) == Some(&b'\r');
                let rest = rest.strip_prefix('\n').filter(|_| ended_by_cr).unwrap_or(rest);
                (line, rest)
            }
            None => (self.rest, ""),
        };
        self.rest = rest;
        Some(line.trim_start_matches(SPACES))
    }

    /// A line with all that continues it, and where it begins; comments and empty lines are passed over.
    fn logical_line(&mut self) -> Result<Option<(usize, Cow<'a, str>)>, BadLine> {
        let mut begins = 0;
        let mut text: Cow<'a, str> = Cow::Borrowed("");
        while let Some(line) = self.natural_line() {
            let bad = |problem| BadLine {
                line: self.taken,
                problem,
            };
            if self.taken > MAX_LINES {
                return Err(bad(PropertiesProblem::TooManyLines));
            }
            if text.is_empty() {
                if line.is_empty() || line.starts_with(['#', '!']) {
                    continue;
                }
                begins = self.taken;
            }
            let continued = without_continuation(line);
            let part = continued.unwrap_or(line);
            if text.len() + part.len() > MAX_LINE {
                return Err(bad(PropertiesProblem::LineTooLong));
            }
            if text.is_empty() {
                text = Cow::Borrowed(part);
            } else {
                text.to_mut().push_str(part);
            }
            if continued.is_none() {
                break;
            }
        }
        Ok(Some((begins, text)).filter(|(_, text)| !text.is_empty()))
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<Pair<'a>, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let (line, text) = match self.logical_line() {
            Ok(found) => found?,
            Err(bad) => return Some(Err(bad)),
        };
        let unescaped = |part: Cow<'a, str>| {
            unescape(part).ok_or(BadLine {
                line,
                problem: PropertiesProblem::Escape,
            })
        };
        let (key, value) = split(text);
        let pair = || {
            Ok(Pair {
                line,
                key: unescaped(key)?,
                value: unescaped(value)?,
            })
        };
        Some(pair())
    }
}

/// The line without the backslash at its end, when that continues it: two are one backslash and no continuation.
fn without_continuation(line: &str) -> Option<&str> {
    let backslashes = line.bytes().rev().take_while(|byte| *byte == b'\\').count();
    line.strip_suffix('\\').filter(|_| backslashes % 2 == 1)
}

/// Key and value, still with their escapes. The key ends at the first `=`, `:` or space that is not escaped; spaces around the separator
/// belong to neither.
fn split(line: Cow<'_, str>) -> (Cow<'_, str>, Cow<'_, str>) {
    let mut escaped = false;
    let end = line.find(|letter: char| {
        let ends = !escaped && (SPACES.contains(&letter) || letter == '=' || letter == ':');
        escaped = letter == '\\' && !escaped;
        ends
    });
    let end = end.unwrap_or(line.len());
    match line {
        Cow::Borrowed(line) => {
            let (key, rest) = line.split_at_checked(end).unwrap_or((line, ""));
            (Cow::Borrowed(key), Cow::Borrowed(behind_separator(rest)))
        }
        Cow::Owned(line) => {
            let (key, rest) = line.split_at_checked(end).unwrap_or((&line, ""));
            (
                Cow::Owned(key.to_owned()),
                Cow::Owned(behind_separator(rest).to_owned()),
            )
        }
    }
}

fn behind_separator(rest: &str) -> &str {
    let rest = rest.trim_start_matches(SPACES);
    rest.strip_prefix(['=', ':'])
        .unwrap_or(rest)
        .trim_start_matches(SPACES)
}

/// Takes the escapes out. `None`: a `\u` without four hexadecimal digits, for which Java refuses the whole file.
fn unescape(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    if !text.contains('\\') {
        return Some(text);
    }
    // Characters beyond the Basic Multilingual Plane are two escapes.
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let letter = match letter {
            '\\' => match letters.next() {
                Some('u') => {
                    let digits = letters.as_str().get(..4)?;
                    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                        return None;
                    }
                    units.push(u16::from_str_radix(digits, 16).ok()?);
                    letters.nth(3);
                    continue;
                }
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => break,
            },
            other => other,
        };
        units.extend_from_slice(letter.encode_utf16(&mut [0; 2]));
    }
    Some(Cow::Owned(String::from_utf16_lossy(&units)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(usize, String, String)> {
        let pairs: Result<Vec<_>, _> = Pairs::of(text).collect();
        let owned = |pair: Pair<'_>| (pair.line, pair.key.into_owned(), pair.value.into_owned());
        pairs.unwrap().into_iter().map(owned).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut pairs = read(text);
        assert_eq!(pairs.len(), 1, "{text:?}: {pairs:?}");
        let (_, key, value) = pairs.remove(0);
        (key, value)
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn the_examples_of_the_format() {
        for text in [
            "Truth = Beauty",
            " Truth:Beauty",
            "Truth\t\t\t:Beauty",
            "Truth Beauty",
        ] {
            assert_eq!(one(text), pair("Truth", "Beauty"));
        }
        assert_eq!(
            one("fruits    apple, banana, \\\n    pear, \\\r\n  kiwi\\\r  , mango"),
            pair("fruits", "apple, banana, pear, kiwi, mango")
        );
        assert_eq!(one("cheeses"), pair("cheeses", ""));
        assert_eq!(one("\\:\\= = = x"), pair(":=", "= x"));
        assert_eq!(one("a\\ b c "), pair("a b", "c "));
        assert_eq!(one("a=b:c=d"), pair("a", "b:c=d"));
        assert_eq!(one("= x"), pair("", "x"));
        assert_eq!(one("a\\\\=b"), pair("a\\", "b"));
    }

    #[test]
    fn escapes_are_taken_out() {
        assert_eq!(
            one("a=\\t\\n\\r\\f\\z\\\\\\u00e5\\u00E5"),
            pair("a", "\t\n\r\u{c}z\\åå")
        );
        assert_eq!(one("a=\\ud83d\\udd11"), pair("a", "🔑"));
        assert_eq!(one("a=\\ud83d"), pair("a", "\u{fffd}"));
        for bad in [
            "a=\\u",
            "a=\\u12",
            "a=\\u00gz",
            "a=\\u00å",
            "\\u+123=a",
            "a=\\uu0041",
        ] {
            let bad: Vec<_> = Pairs::of(bad).collect();
            assert!(matches!(&*bad, [Err(BadLine { line: 1, .. })]), "{bad:?}");
        }
    }

    #[test]
    fn lines_are_counted_where_they_begin() {
        let lines = read("# one\\\n\n\r\n  ! two\r  a = 1 \\\n  2\n\nb\\\n\n#c\n");
        assert_eq!(
            lines,
            [
                (5, "a".to_owned(), "1 2".to_owned()),
                (8, "b".to_owned(), String::new()),
            ]
        );
        // A line that holds nothing but its continuation has not begun.
        assert_eq!(read("\\\n# x\\\n\\\n a"), [(4, "a".to_owned(), String::new())]);
        assert_eq!(read("\\\n"), []);
        assert_eq!(read("a\\"), [(1, "a".to_owned(), String::new())]);
    }

    #[test]
    fn lines_have_an_end() {
        let long = format!("a={}", "x".repeat(MAX_LINE));
        let continued = format!("a={}", "xx\\\n".repeat(MAX_LINE / 2));
        let many = "a\n".repeat(MAX_LINES + 1);
        for (text, problem) in [
            (long, PropertiesProblem::LineTooLong),
            (continued, PropertiesProblem::LineTooLong),
            (many, PropertiesProblem::TooManyLines),
        ] {
            let last = Pairs::of(&text).find_map(Result::err).unwrap();
            assert_eq!(last.problem, problem);
        }
        let comment = format!("#{}\na", "x".repeat(2 * MAX_LINE));
        assert_eq!(read(&comment).len(), 1);
    }

    /// As Java writes them.
    fn written(text: &str, key: bool) -> String {
        let mut out = String::new();
        for (at, letter) in text.chars().enumerate() {
            match letter {
                ' ' if key || at == 0 => out.push_str("\\ "),
                '\t' => out.push_str("\\t"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\u{c}' => out.push_str("\\f"),
                '\\' | '=' | ':' | '#' | '!' => out.extend(['\\', letter]),
                ' '..='~' => out.push(letter),
                other => {
                    for unit in other.encode_utf16(&mut [0; 2]) {
                        out.push_str(&format!("\\u{unit:04X}"));
                    }
                }
            }
        }
        out
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            pairs in prop::collection::vec(("(\\PC|[ =:#!\\\\\t\n\r\u{c}]){1,12}", "(\\PC|[ =:#!\\\\\t\n\r\u{c}]){0,20}"), 0..6),
            separator in "( |\t|\u{c}){0,2}[=:]( |\t|\u{c}){0,2}",
            end in "(\n|\r|\r\n)( *#[a-z\\\\]*\n| *\n)?",
        ) {
            let mut text = String::new();
            for (key, value) in &pairs {
                text.push_str(&format!("{}{separator}{}{end}", written(key, true), written(value, false)));
            }
            let read: Vec<_> = read(&text).into_iter().map(|(_, key, value)| (key, value)).collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn any_text_ends(text in "(\\PC|[ =:#!\\\\u0\t\n\r\u{c}]){0,80}") {
            let lines = text.split(['\n', '\r']).count();
            prop_assert!(Pairs::of(&text).take(lines + 1).count() <= lines);
        }
    }
}
