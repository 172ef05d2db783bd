//! The two base64 alphabets of the products, strict by default.
//!
//! Messaging and Certificate Manager use the standard alphabet with padding (RFC 4648 section 4); WebAuthn uses the URL alphabet
//! without padding (section 5). A reader that takes anything hides mistakes, so reading is strict; where the field is known to be
//! untidy, [`decode_lenient`] takes either alphabet, padding and line breaks, and says what it forgave.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Which alphabet and padding a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flavour {
    /// `+` and `/`, padded with `=`: Messaging, Certificate Manager.
    Standard,
    /// `-` and `_`, no padding: WebAuthn.
    Url,
}

const STANDARD: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);
const URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// The text is not base64 of the flavour that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid base64{}", match .0 { Flavour::Standard => " (standard alphabet with padding)", Flavour::Url => "url without padding" })]
#[non_exhaustive]
pub struct Base64Error(pub Flavour);

/// What a lenient reader forgave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tolerated {
    /// Padding that should not be there, or is missing.
    Padding,
    /// Letters of the other alphabet.
    Alphabet,
    /// Spaces or line breaks.
    WhiteSpace,
}

/// Encodes; see [`Flavour`].
#[must_use]
pub fn encode(flavour: Flavour, bytes: &[u8]) -> String {
    match flavour {
        Flavour::Standard => STANDARD.encode(bytes),
        Flavour::Url => URL.encode(bytes),
    }
}

/// Decodes strictly: the one alphabet, the one padding, no white space, no stray bits in the last letter.
///
/// # Errors
/// [`Base64Error`] when the text is anything else.
pub fn decode(flavour: Flavour, text: &str) -> Result<Vec<u8>, Base64Error> {
    match flavour {
        Flavour::Standard => STANDARD.decode(text),
        Flavour::Url => URL.decode(text),
    }
    .map_err(|_| Base64Error(flavour))
}

/// Decodes text of either alphabet, padded or not, with white space anywhere, and lists what was forgiven.
///
/// ```
/// use smartid_core::base64::{Flavour, Tolerated, decode, decode_lenient};
///
/// assert!(decode(Flavour::Url, "_-8=").is_err());
/// let (bytes, forgiven) = decode_lenient(Flavour::Url, "/+8=")?;
/// assert_eq!(bytes, [0xff, 0xef]);
/// assert_eq!(forgiven, [Tolerated::Alphabet, Tolerated::Padding]);
/// # Ok::<(), smartid_core::base64::Base64Error>(())
/// ```
///
/// # Errors
/// [`Base64Error`] when even so the text is not base64.
pub fn decode_lenient(flavour: Flavour, text: &str) -> Result<(Vec<u8>, Vec<Tolerated>), Base64Error> {
    if let Ok(bytes) = decode(flavour, text) {
        return Ok((bytes, Vec::new()));
    }
    let mut forgiven = Vec::new();
    let mut note = |what| {
        if !forgiven.contains(&what) {
            forgiven.push(what);
        }
    };
    let mut plain = String::with_capacity(text.len());
    for letter in text.trim_end_matches(['=', ' ', '\r', '\n', '\t']).chars() {
        match (letter, flavour) {
            (' ' | '\r' | '\n' | '\t', _) => note(Tolerated::WhiteSpace),
            ('+' | '/', Flavour::Url) | ('-' | '_', Flavour::Standard) => {
                note(Tolerated::Alphabet);
                plain.push(match letter {
                    '+' | '-' => '-',
                    _ => '_',
                });
            }
            ('+', Flavour::Standard) => plain.push('-'),
            ('/', Flavour::Standard) => plain.push('_'),
            (other, _) => plain.push(other),
        }
    }
    let padding = text.chars().filter(|letter| *letter == '=').count();
    let wanted = match flavour {
        Flavour::Standard => (4 - plain.len() % 4) % 4,
        Flavour::Url => 0,
    };
    if padding != wanted {
        note(Tolerated::Padding);
    }
    if text.trim_end_matches('=').len() != text.trim_end_matches(['=', ' ', '\r', '\n', '\t']).len() {
        note(Tolerated::WhiteSpace);
    }
    let bytes = URL.decode(&plain).map_err(|_| Base64Error(flavour))?;
    Ok((bytes, forgiven))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn strict_refuses_what_is_only_nearly_right() {
        for bad in [
            "YQ", "YQ=", "YQ==\n", "YQ== ", "YR==", "_w==", "Y Q==", "=", "YQ===", "é",
        ] {
            assert!(decode(Flavour::Standard, bad).is_err(), "{bad:?}");
        }
        for bad in ["YQ==", "YR", "/w", "Y", "YQ\n", " YQ", "Y=Q"] {
            assert!(decode(Flavour::Url, bad).is_err(), "{bad:?}");
        }
        assert_eq!(decode(Flavour::Standard, ""), Ok(vec![]));
    }

    #[test]
    fn lenient_still_refuses_what_is_not_base64() {
        for bad in ["Y", "Y=Q", "%%%", "YR==", "a b=c", "é"] {
            assert!(decode_lenient(Flavour::Url, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lenient_names_each_thing_it_forgave() {
        let forgiven = |flavour, text| decode_lenient(flavour, text).unwrap().1;
        assert_eq!(forgiven(Flavour::Url, "YQ=="), [Tolerated::Padding]);
        assert_eq!(forgiven(Flavour::Url, "/w"), [Tolerated::Alphabet]);
        assert_eq!(forgiven(Flavour::Url, "YWFh\nYQ"), [Tolerated::WhiteSpace]);
        assert_eq!(forgiven(Flavour::Url, "YQ\n"), [Tolerated::WhiteSpace]);
        assert_eq!(forgiven(Flavour::Standard, "YQ"), [Tolerated::Padding]);
        assert_eq!(forgiven(Flavour::Standard, "_w=="), [Tolerated::Alphabet]);
    }

    proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>) {
            for flavour in [Flavour::Standard, Flavour::Url] {
                let text = encode(flavour, &bytes);
                prop_assert_eq!(decode(flavour, &text), Ok(bytes.clone()));
                prop_assert_eq!(decode_lenient(flavour, &text), Ok((bytes.clone(), vec![])));
            }
            let other = encode(Flavour::Standard, &bytes);
            prop_assert_eq!(decode_lenient(Flavour::Url, &other).unwrap().0, bytes);
        }
    }
}
