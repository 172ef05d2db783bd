//! A name for the file of a soft token, as the service proposes it, and only if it is harmless wherever it is written.
//!
//! A name comes from outside and becomes a path on somebody's disk, words in somebody's terminal, and the sentence by which a person
//! decides whether to open a file. A name that would be more than a name anywhere is not repaired but refused: the program that stores
//! the token has a name of its own for that case.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// The longest name in bytes: what common file systems allow.
const LONGEST: usize = 255;

/// Why a text is no name for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileNameError {
    /// It is empty.
    #[error("the file name is empty")]
    Empty,
    /// It is longer than 255 bytes.
    #[error("the file name is longer than 255 bytes")]
    TooLong,
    /// It begins with a dot, a hyphen or a space, or ends with a dot or a space: a hidden file, an option, or a name that Windows
    /// changes.
    #[error("the file name begins or ends with a character that means something there")]
    Edge,
    /// It has a character that means something to a file system or a command line, or that nobody sees: a separator, a wildcard, a
    /// control or formatting character.
    #[error("the file name has a character that is no part of a name everywhere")]
    Character,
    /// It is the name of a device of Windows.
    #[error("the file name is that of a device")]
    Device,
    /// Its extension is that of another kind of file.
    #[error("the file name does not end as that of a PKCS #12 file")]
    Extension,
}

/// A name for a PKCS #12 file that is safe in any folder of any common system: no separators, no drive, stream or wildcard, nothing that
/// is hidden or reorders text, no device of Windows, at most 255 bytes, and with the extension `p12` or `pfx` or none.
///
/// That a file of this name exists already is for the one who writes it to see: create it new.
///
/// ```
/// use smartid_cm::soft_token::FileName;
///
/// assert_eq!(FileName::new("Jürgen Größe.p12")?.as_str(), "Jürgen Größe.p12");
/// for hostile in ["../.ssh/authorized_keys", "C:token.p12", "NUL.p12", "-rf.p12", "token.exe", "token\u{202e}21p.pfx"] {
///     assert!(FileName::new(hostile).is_err());
/// }
/// # Ok::<(), smartid_cm::soft_token::FileNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName(String);

impl FileName {
    /// A name, if it is safe.
    ///
    /// # Errors
    /// [`FileNameError`].
    pub fn new(name: impl Into<String>) -> Result<Self, FileNameError> {
        let name = name.into();
        if name.is_empty() {
            return Err(FileNameError::Empty);
        }
        if name.len() > LONGEST {
            return Err(FileNameError::TooLong);
        }
        if name.starts_with(['.', '-', ' ']) || name.ends_with(['.', ' ']) {
            return Err(FileNameError::Edge);
        }
        if name.chars().any(|letter| !is_harmless(letter)) {
            return Err(FileNameError::Character);
        }
        if is_device(&name) {
            return Err(FileNameError::Device);
        }
        let of_a_token = |extension: &str| {
            let mut known = ["p12", "pfx"].into_iter();
            known.any(|known| extension.eq_ignore_ascii_case(known))
        };
        if let Some((_, extension)) = name.rsplit_once('.')
            && !of_a_token(extension)
        {
            return Err(FileNameError::Extension);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Characters that mean something to a file system, a shell or Windows.
const SIGNS: [char; 13] = [
    '/', '\\', ':', '*', '?', '"', '<', '>', '|', '~', '$', '`', '\u{7f}',
];

/// First and last of ranges that nobody sees, that reorder what stands around them, that look like a separator or a dot, that are set
/// aside for private use (some systems map reserved characters there), or that are no characters.
const RANGES: [(char, char); 33] = [
    ('\u{00ad}', '\u{00ad}'),
    ('\u{034f}', '\u{034f}'),
    ('\u{061c}', '\u{061c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2024}', '\u{2024}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2044}', '\u{2044}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2215}', '\u{2216}'),
    ('\u{2236}', '\u{2236}'),
    ('\u{2571}', '\u{2572}'),
    ('\u{27cb}', '\u{27cb}'),
    ('\u{27cd}', '\u{27cd}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{29f5}', '\u{29f9}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{a789}', '\u{a789}'),
    ('\u{e000}', '\u{f8ff}'),
    ('\u{fdd0}', '\u{fdef}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{fe52}', '\u{fe52}'),
    ('\u{fe68}', '\u{fe68}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ff0e}', '\u{ff0f}'),
    ('\u{ff1a}', '\u{ff1a}'),
    ('\u{ff3c}', '\u{ff3c}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{ffff}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{10ffff}'),
];

fn is_harmless(letter: char) -> bool {
    if letter.is_ascii() {
        return letter == ' ' || letter.is_ascii_graphic() && !SIGNS.contains(&letter);
    }
    !letter.is_control()
        && !letter.is_whitespace()
        && !RANGES
            .iter()
            .any(|(first, last)| (*first..=*last).contains(&letter))
}

/// Windows takes these for devices, whatever extension they have.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    if ["con", "prn", "aux", "nul", "conin", "conout", "clock"]
        .into_iter()
        .any(is)
    {
        return true;
    }
    let mut letters = stem.chars();
    let number = letters.next_back();
    let port = letters.as_str();
    ["com", "lpt"]
        .into_iter()
        .any(|known| port.eq_ignore_ascii_case(known))
        && number.is_some_and(|number| matches!(number, '0'..='9' | '¹' | '²' | '³'))
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for FileName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl AsRef<Path> for FileName {
    fn as_ref(&self) -> &Path {
        Path::new(&self.0)
    }
}

impl FromStr for FileName {
    type Err = FileNameError;

    fn from_str(text: &str) -> Result<Self, FileNameError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_people_give_are_taken() {
        for name in [
            "token.p12",
            "token",
            "Alice Example.P12",
            "a;b=c.p12",
            "O'Brien (2).pfx",
            "🔑.p12",
            "£ rates.p12",
            "J%C3%BCrgen.p12",
            "日本語.p12",
            "a.b.c.p12",
            "console.p12",
            "com.p12",
            "com10.p12",
            &format!("{}.p12", "n".repeat(251)),
        ] {
            assert_eq!(FileName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn each_reason_to_refuse_has_a_name() {
        use FileNameError::{Character, Device, Edge, Empty, Extension, TooLong};
        for (name, error) in [
            ("", Empty),
            (&*format!("{}.p12", "n".repeat(252)), TooLong),
            (".", Edge),
            ("..", Edge),
            (".p12", Edge),
            (".bashrc", Edge),
            ("-rf.p12", Edge),
            (" token.p12", Edge),
            ("token.p12. ", Edge),
            ("token.p12.", Edge),
            ("a/b.p12", Character),
            ("a\\b.p12", Character),
            ("C:token.p12", Character),
            ("token.p12:hidden", Character),
            ("a*.p12", Character),
            ("a|b.p12", Character),
            ("$(id).p12", Character),
            ("TOKEN~1.P12", Character),
            ("a\0.p12", Character),
            ("a\r\n.p12", Character),
            ("\u{1b}[2J.p12", Character),
            ("a\u{85}.p12", Character),
            ("a\u{a0}b.p12", Character),
            ("a\u{202e}b.p12", Character),
            ("a\u{200b}b.p12", Character),
            ("a\u{2066}b.p12", Character),
            ("a∕b.p12", Character),
            ("a／b.p12", Character),
            ("a\u{f05c}b.p12", Character),
            ("a\u{feff}.p12", Character),
            ("a\u{e0041}.p12", Character),
            ("CON", Device),
            ("con.p12", Device),
            ("Nul .p12", Device),
            ("aux.a.p12", Device),
            ("COM1.p12", Device),
            ("lpt².p12", Device),
            ("token.exe", Extension),
            ("token.p12.exe", Extension),
            ("desktop.ini", Extension),
            ("token.p1２", Extension),
        ] {
            assert_eq!(FileName::new(name), Err(error), "{name:?}");
        }
    }

    #[test]
    fn the_ranges_are_in_order() {
        assert!(RANGES.iter().all(|(first, last)| first <= last));
        assert!(RANGES.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    proptest! {
        #[test]
        fn a_name_is_one_component_of_a_path(text in "\\PC{0,12}|[./\\\\:a~ -]{0,12}|(\\.\\.|/|a|\\.p12){0,6}") {
            if let Ok(name) = FileName::new(text.clone()) {
                prop_assert_eq!(name.as_str(), &text);
                let path = Path::new(name.as_str());
                prop_assert_eq!(path.components().count(), 1);
                prop_assert_eq!(path.file_name().unwrap(), &*text);
                prop_assert!(!text.contains(['/', '\\', ':']));
                prop_assert!(!text.chars().any(char::is_control));
            }
        }
    }
}
