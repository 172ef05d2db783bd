//! Serial numbers, with the radix said aloud.
//!
//! The products write serial numbers in hexadecimal in some places and in decimal in others, and `10` is a number in both. So there is
//! one type, and every way in and out of text names its radix.

use std::fmt;

/// How a serial number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Radix {
    /// Base 10.
    Decimal,
    /// Base 16, in lower case without separators; upper case, colons and spaces are read too.
    Hex,
}

/// The serial number of a certificate: an integer of up to 20 octets (RFC 5280 4.1.2.2); longer ones are read up to 64 octets.
///
/// ```
/// use smartid_trust::{Radix, SerialNumber};
///
/// let serial = SerialNumber::parse("10", Radix::Hex)?;
/// assert_eq!(serial.to_text(Radix::Decimal), "16");
/// assert_eq!(serial, SerialNumber::parse("00:10", Radix::Hex)?);
/// assert_ne!(serial, SerialNumber::parse("10", Radix::Decimal)?);
/// # Ok::<(), smartid_trust::SerialNumberError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SerialNumber {
    /// Big-endian magnitude without leading zeros; empty for zero.
    magnitude: Vec<u8>,
    negative: bool,
}

/// The text is not a serial number in this radix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a serial number in {}", match .0 { Radix::Decimal => "decimal digits", Radix::Hex => "hexadecimal digits" })]
#[non_exhaustive]
pub struct SerialNumberError(pub Radix);

const MAX_OCTETS: usize = 64;

impl SerialNumber {
    /// From the octets of an integer's value, big-endian, not negative.
    #[must_use]
    pub fn from_be_bytes(octets: &[u8]) -> Self {
        let zeros = octets.iter().take_while(|octet| **octet == 0).count();
        Self {
            magnitude: octets.iter().skip(zeros).copied().collect(),
            negative: false,
        }
    }

    /// From a DER integer's octets in two's complement. Negative serial numbers are wrong (RFC 5280) but exist.
    pub(crate) fn from_signed(octets: &[u8]) -> Self {
        if octets.first().is_none_or(|first| first & 0x80 == 0) {
            return Self::from_be_bytes(octets);
        }
        let mut magnitude: Vec<u8> = octets.iter().map(|octet| !octet).collect();
        for octet in magnitude.iter_mut().rev() {
            let (sum, carry) = octet.overflowing_add(1);
            *octet = sum;
            if !carry {
                break;
            }
        }
        Self {
            negative: true,
            ..Self::from_be_bytes(&magnitude)
        }
    }

    /// The octets of a DER integer's value, in two's complement.
    pub(crate) fn to_der_contents(&self) -> Vec<u8> {
        let mut octets = self.magnitude.clone();
        if self.negative {
            for octet in &mut octets {
                *octet = !*octet;
            }
            for octet in octets.iter_mut().rev() {
                let (sum, carry) = octet.overflowing_add(1);
                *octet = sum;
                if !carry {
                    break;
                }
            }
        }
        let sign_bit = octets.first().is_some_and(|first| first & 0x80 != 0);
        if octets.is_empty() || sign_bit != self.negative {
            octets.insert(0, if self.negative { 0xff } else { 0 });
        }
        octets
    }

    /// Reads text. Nothing is guessed: the radix is the caller's to know.
    ///
    /// # Errors
    /// [`SerialNumberError`] when the text is empty, has other letters, or is a number of more than 64 octets.
    pub fn parse(text: &str, radix: Radix) -> Result<Self, SerialNumberError> {
        let error = SerialNumberError(radix);
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (base, separators): (u32, &[char]) = match radix {
            Radix::Decimal => (10, &[]),
            Radix::Hex => (16, &[':', ' ']),
        };
        let mut little_endian: Vec<u8> = Vec::new();
        let mut any = false;
        for letter in digits.chars() {
            if separators.contains(&letter) && any {
                continue;
            }
            let digit = letter.to_digit(base).ok_or(error)?;
            any = true;
            let mut carry = digit;
            for octet in &mut little_endian {
                let value = u32::from(*octet) * base + carry;
                *octet = u8::try_from(value & 0xff).unwrap_or_default();
                carry = value >> 8;
            }
            if carry > 0 {
                little_endian.push(u8::try_from(carry).unwrap_or_default());
            }
            if little_endian.len() > MAX_OCTETS {
                return Err(error);
            }
        }
        if !any {
            return Err(error);
        }
        little_endian.reverse();
        let number = Self::from_be_bytes(&little_endian);
        Ok(Self {
            negative: negative && !number.magnitude.is_empty(),
            ..number
        })
    }

    /// Writes text in the radix that is asked for: without leading zeros, hexadecimal in lower case.
    #[must_use]
    pub fn to_text(&self, radix: Radix) -> String {
        let mut digits = Vec::new();
        match radix {
            Radix::Hex => {
                for octet in self.magnitude.iter().rev() {
                    digits.push(octet & 15);
                    digits.push(octet >> 4);
                }
            }
            Radix::Decimal => {
                let mut rest = self.magnitude.clone();
                while !rest.is_empty() {
                    let mut remainder = 0_u16;
                    for octet in &mut rest {
                        let value = remainder << 8 | u16::from(*octet);
                        *octet = u8::try_from(value / 10).unwrap_or_default();
                        remainder = value % 10;
                    }
                    digits.push(u8::try_from(remainder).unwrap_or_default());
                    let zeros = rest.iter().take_while(|octet| **octet == 0).count();
                    rest.drain(..zeros);
                }
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let mut text = String::with_capacity(digits.len() + 1);
        if self.negative {
            text.push('-');
        }
        if digits.is_empty() {
            text.push('0');
        }
        text.extend(
            digits
                .iter()
                .rev()
                .map(|digit| char::from_digit(u32::from(*digit), 16).unwrap_or('?')),
        );
        text
    }

    /// The magnitude, big-endian, without leading zeros.
    #[must_use]
    pub fn as_be_bytes(&self) -> &[u8] {
        &self.magnitude
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SerialNumber(hex {})", self.to_text(Radix::Hex))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_radix_is_never_guessed() {
        for bad in ["", "-", ":", " 1", "0x10", "g", "1.0", "+1"] {
            assert!(SerialNumber::parse(bad, Radix::Hex).is_err(), "{bad}");
        }
        for bad in ["", "ff", "1 0", "1:0", "1.0", "+1", "--1"] {
            assert!(SerialNumber::parse(bad, Radix::Decimal).is_err(), "{bad}");
        }
        let long = "9".repeat(155);
        assert!(SerialNumber::parse(&long, Radix::Decimal).is_err());
        assert_eq!(
            SerialNumber::parse("4D:3C:F3", Radix::Hex)
                .unwrap()
                .to_text(Radix::Hex),
            "4d3cf3"
        );
    }

    #[test]
    fn signed_octets() {
        let text = |octets: &[u8]| SerialNumber::from_signed(octets).to_text(Radix::Decimal);
        assert_eq!(text(&[0]), "0");
        assert_eq!(text(&[0, 0x80]), "128");
        assert_eq!(text(&[0xff]), "-1");
        assert_eq!(text(&[0x80]), "-128");
        assert_eq!(text(&[0xff, 0]), "-256");
    }

    proptest! {
        #[test]
        fn round_trip(value: i128) {
            let expected = SerialNumber::from_signed(&value.to_be_bytes());
            prop_assert_eq!(expected.to_text(Radix::Decimal), value.to_string());
            prop_assert_eq!(SerialNumber::parse(&value.to_string(), Radix::Decimal), Ok(expected.clone()));
            let sign = if value < 0 { "-" } else { "" };
            prop_assert_eq!(expected.to_text(Radix::Hex), format!("{sign}{:x}", value.unsigned_abs()));
            prop_assert_eq!(SerialNumber::parse(&expected.to_text(Radix::Hex), Radix::Hex), Ok(expected));
        }
    }
}
