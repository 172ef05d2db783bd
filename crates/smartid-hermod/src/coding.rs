//! How octets are written in a command or an answer. The pages about PIN resets name what is sent and not how it is written, so each
//! place has a setting of this kind.

use serde::{Deserialize, Serialize};
use smartid_core::base64::{Flavour, decode_lenient, encode};
use zeroize::Zeroizing;

/// How octets are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OctetCoding {
    /// Two lower-case hexadecimal digits for each octet; read in either case.
    #[default]
    Hex,
    /// Two upper-case hexadecimal digits for each octet; read in either case.
    HexUpper,
    /// Base64, the standard alphabet with padding; read in either alphabet, padded or not.
    Base64,
}

impl OctetCoding {
    /// The text. It is zeroed when it is dropped.
    pub(crate) fn write(self, octets: &[u8]) -> Zeroizing<String> {
        let digits = match self {
            Self::Hex => b"0123456789abcdef",
            Self::HexUpper => b"0123456789ABCDEF",
            Self::Base64 => return Zeroizing::new(encode(Flavour::Standard, octets)),
        };
        let mut text = Zeroizing::new(String::with_capacity(2 * octets.len()));
        for octet in octets {
            for nibble in [octet >> 4, octet & 15] {
                text.push(digits.get(usize::from(nibble)).copied().map_or('0', char::from));
            }
        }
        text
    }

    /// The octets; `None` when the text is of another kind.
    pub(crate) fn read(self, text: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self {
            Self::Hex | Self::HexUpper => hex(text),
            Self::Base64 => decode_lenient(Flavour::Standard, text)
                .ok()
                .map(|(octets, _)| Zeroizing::new(octets)),
        }
    }

    /// What the text should have been, for a message.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Hex | Self::HexUpper => "pairs of hexadecimal digits",
            Self::Base64 => "base64",
        }
    }
}

fn hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|value| u8::try_from(value).ok())
    };
    // One buffer of the right size: a vector that grows leaves copies behind.
    let mut octets = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    for [high, low] in pairs {
        octets.push(digit(*high)? << 4 | digit(*low)?);
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [OctetCoding; 3] = [OctetCoding::Hex, OctetCoding::HexUpper, OctetCoding::Base64];

    #[test]
    fn each_coding_is_written_in_one_way() {
        let octets = [0x0f, 0xa0, 0xff];
        let written = ALL.map(|coding| coding.write(&octets).to_string());
        assert_eq!(written, ["0fa0ff", "0FA0FF", "D6D/"]);
        assert_eq!(OctetCoding::Hex.read("0FA0ff").unwrap().as_slice(), octets);
        assert_eq!(OctetCoding::Base64.read("D6D_").unwrap().as_slice(), octets);
    }

    #[test]
    fn what_is_not_of_the_coding_is_not_read() {
        for text in ["0", "0g", "é", "0x", " 00", "00 ", "0\u{660}"] {
            assert!(OctetCoding::Hex.read(text).is_none(), "{text:?}");
        }
        for text in ["A", "****", "é"] {
            assert!(OctetCoding::Base64.read(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(octets: Vec<u8>) {
            for coding in ALL {
                let text = coding.write(&octets);
                let read = coding.read(&text).unwrap();
                prop_assert_eq!(&*read, &octets);
            }
        }

        #[test]
        fn any_text_is_read_or_not(text in ".*") {
            for coding in ALL {
                let _ = coding.read(&text);
            }
        }
    }
}
