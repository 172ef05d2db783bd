//! A value as the octets of a header, and nothing that could be more than one value.
//!
//! The headers are all the proof that the service has: whoever can put a line end into one writes a header of his own, and with it another
//! certificate. So a value is refused rather than cleaned; what is sent is exactly what was given.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// The longest value in octets, as it goes out.
pub(super) const LONGEST: usize = 4096;

/// All but the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How values beyond ASCII are sent. What the service makes of them is not public; a Java servlet reads headers as ISO-8859-1 \[inferred\].
/// Control characters and line ends are refused with each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NonAscii {
    /// Not at all: a value beyond ASCII is refused.
    #[default]
    Refuse,
    /// As UTF-8 octets.
    #[serde(rename = "utf-8")]
    Utf8,
    /// As ISO-8859-1 octets. What this set does not have is refused.
    #[serde(rename = "iso-8859-1")]
    Latin1,
    /// As percent-encoded UTF-8. All but the unreserved characters of RFC 3986 are encoded, in values of ASCII too, so that one decoding
    /// gives the value back. Only for a front that decodes.
    Percent,
}

/// What is wrong with a value. The value itself is not said: it is personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueProblem {
    /// It is empty, and the dialect does not allow that (`ast.empty_values`).
    #[error("is empty (the dialect's ast.empty_values allows it)")]
    Empty,
    /// It is longer than 4096 octets, as it would go out.
    #[error("is longer than 4096 octets")]
    TooLong,
    /// It holds a line end, NUL or another control character.
    #[error("holds a line end or another control character")]
    Control,
    /// It begins or ends with a space, which would be lost on the way: the certificate would say something else.
    #[error("begins or ends with a space")]
    OuterSpace,
    /// It holds a character beyond ASCII, and no encoding was chosen (`ast.non_ascii`).
    #[error("holds a character beyond ASCII, and the dialect's ast.non_ascii chooses no encoding")]
    NonAscii,
    /// It holds a character that ISO-8859-1 does not have.
    #[error("holds a character that ISO-8859-1 does not have")]
    NotLatin1,
}

/// Whether some receiver could take it for the end of a line, or obey it.
fn is_control(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}')
}

/// The value as it goes out, marked sensitive.
pub(super) fn header_value(
    value: &str,
    non_ascii: NonAscii,
    empty_values: bool,
) -> Result<HeaderValue, ValueProblem> {
    if value.is_empty() && !empty_values {
        return Err(ValueProblem::Empty);
    }
    if value.len() > LONGEST * 4 {
        return Err(ValueProblem::TooLong);
    }
    if value.chars().any(is_control) {
        return Err(ValueProblem::Control);
    }
    if value.trim() != value {
        return Err(ValueProblem::OuterSpace);
    }
    let octets = match non_ascii {
        NonAscii::Refuse if !value.is_ascii() => return Err(ValueProblem::NonAscii),
        NonAscii::Refuse | NonAscii::Utf8 => HeaderValue::from_bytes(value.as_bytes()),
        NonAscii::Latin1 => {
            let octets: Result<Vec<u8>, _> = value.chars().map(u8::try_from).collect();
            HeaderValue::from_bytes(&octets.map_err(|_| ValueProblem::NotLatin1)?)
        }
        NonAscii::Percent => HeaderValue::try_from(utf8_percent_encode(value, ENCODED).to_string()),
    };
    let mut octets = octets.map_err(|_| ValueProblem::Control)?;
    if octets.len() > LONGEST {
        return Err(ValueProblem::TooLong);
    }
    octets.set_sensitive(true);
    Ok(octets)
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode;
    use proptest::prelude::*;

    use super::*;

    const ALL: [NonAscii; 4] = [
        NonAscii::Refuse,
        NonAscii::Utf8,
        NonAscii::Latin1,
        NonAscii::Percent,
    ];

    /// As a receiver with the same choice reads it.
    fn received(octets: &[u8], non_ascii: NonAscii) -> String {
        match non_ascii {
            NonAscii::Latin1 => octets.iter().map(|octet| char::from(*octet)).collect(),
            NonAscii::Percent => percent_decode(octets).decode_utf8().unwrap().into_owned(),
            _ => String::from_utf8(octets.to_vec()).unwrap(),
        }
    }

    #[test]
    fn every_control_character_is_refused_with_each_choice() {
        let controls = (0..0xa0_u32).chain([0x2028, 0x2029]).filter_map(char::from_u32);
        for control in controls.filter(|letter| is_control(*letter)) {
            for non_ascii in ALL {
                for value in [format!("a{control}b"), format!("a{control}"), control.to_string()] {
                    let refused = header_value(&value, non_ascii, true);
                    assert_eq!(
                        refused.unwrap_err(),
                        ValueProblem::Control,
                        "{value:?} {non_ascii:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_value_is_as_long_as_it_goes_out() {
        let long = |letter: &str, count: usize, non_ascii| {
            header_value(&letter.repeat(count), non_ascii, false).map(|value| value.len())
        };
        assert_eq!(long("a", 4096, NonAscii::Refuse), Ok(4096));
        assert_eq!(long("a", 4097, NonAscii::Refuse), Err(ValueProblem::TooLong));
        assert_eq!(long("ü", 4096, NonAscii::Latin1), Ok(4096));
        assert_eq!(long("ü", 4096, NonAscii::Utf8), Err(ValueProblem::TooLong));
        assert_eq!(long("ü", 682, NonAscii::Percent), Ok(4092));
        assert_eq!(long("ü", 683, NonAscii::Percent), Err(ValueProblem::TooLong));
    }

    #[test]
    fn spaces_outside_are_refused_in_every_form() {
        for value in [" a", "a ", "\u{a0}a", "a\u{3000}", " "] {
            for non_ascii in ALL {
                let refused = header_value(value, non_ascii, true);
                assert_eq!(refused.unwrap_err(), ValueProblem::OuterSpace, "{value:?}");
            }
        }
    }

    #[test]
    fn an_empty_value_goes_out_only_when_it_is_allowed() {
        assert_eq!(
            header_value("", NonAscii::Refuse, false),
            Err(ValueProblem::Empty)
        );
        assert_eq!(header_value("", NonAscii::Refuse, true).unwrap(), "");
    }

    #[test]
    fn values_are_marked_sensitive() {
        let value = header_value("Alice", NonAscii::Refuse, false).unwrap();
        assert!(value.is_sensitive());
        assert!(!format!("{value:?}").contains("Alice"));
    }

    proptest! {
        #[test]
        fn no_header_ever_holds_a_line_end_and_what_is_accepted_survives(
            value in "(.|[\r\n\0\u{85}\u{2028}äĊ嘍嘊%+ ]|\\PC){0,40}",
            which in 0..4_usize,
            empty_values: bool,
        ) {
            let non_ascii = ALL[which];
            if let Ok(octets) = header_value(&value, non_ascii, empty_values) {
                let octets = octets.as_bytes();
                prop_assert!(octets.iter().all(|octet| *octet >= 0x20 && *octet != 0x7f));
                prop_assert_eq!(octets.trim_ascii(), octets);
                prop_assert_eq!(received(octets, non_ascii), value);
            } else {
                let plain = !value.is_empty()
                    && value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
                    && value.trim() == value;
                prop_assert!(!plain, "{:?} is refused", value);
            }
        }
    }
}
