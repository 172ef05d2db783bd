//! Values of a record whose way of writing is not known for sure: each keeps the text as it came beside what it means.

use std::fmt;
use std::fmt::Write as _;

use serde_json::Value;
use serde_json::value::RawValue;
use smartid_trust::{Radix, SerialNumber};

use crate::dialect::CmDialect;
use crate::operations::RevocationReason;

/// The serial number of a certificate as an answer writes it.
///
/// Whether it is hexadecimal or decimal is not published; the dialect's `answers.serial_radix` says it. Only a number of JSON is decimal
/// in any case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SerialText {
    text: String,
    is_number: bool,
}

impl SerialText {
    /// A text that is read in the dialect's radix.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            is_number: false,
        }
    }

    /// As it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it means. `None` when the text is no number in that radix, or a negative one.
    ///
    /// ```
    /// use smartid_cm::{CmDialect, SerialText};
    /// use smartid_trust::Radix;
    ///
    /// let serial = SerialText::new("00:10");
    /// assert_eq!(serial.number(&CmDialect::default()).unwrap().to_text(Radix::Decimal), "16");
    /// let decimal = CmDialect::from_toml("[answers]\nserial_radix = 'decimal'")?;
    /// assert_eq!(serial.number(&decimal), None);
    /// assert_eq!(SerialText::new("10").number(&decimal).unwrap().to_text(Radix::Hex), "a");
    /// # Ok::<(), smartid_core::dialect::DialectError>(())
    /// ```
    #[must_use]
    pub fn number(&self, dialect: &CmDialect) -> Option<SerialNumber> {
        let radix = if self.is_number {
            Radix::Decimal
        } else {
            dialect.answers.serial_radix.into()
        };
        let text = self.text.trim();
        let positive = !text.starts_with('-');
        SerialNumber::parse(text, radix).ok().filter(|_| positive)
    }

    /// From any JSON value; `None` for what is neither a text nor a number.
    pub(super) fn of_json(json: &str) -> Option<Self> {
        if json.starts_with('"') {
            return serde_json::from_str(json)
                .ok()
                .map(|text: String| Self::new(text));
        }
        let is_number = json.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit());
        is_number.then(|| Self {
            text: json.to_owned(),
            is_number,
        })
    }

    /// As JSON: a number of any length with all its digits.
    pub(super) fn to_json(&self) -> Result<Box<RawValue>, serde_json::Error> {
        if self.is_number {
            RawValue::from_string(self.text.clone())
        } else {
            serde_json::value::to_raw_value(&self.text)
        }
    }
}

impl fmt::Display for SerialText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a certificate was revoked, as an answer writes it: a phrase (seen in public third-party code:
/// Keyfactor/nexus-certificate-manager-caplugin), or perhaps a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReasonText(String);

impl ReasonText {
    /// From a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it means; `None` for a phrase that is not known.
    ///
    /// ```
    /// use smartid_cm::{ReasonText, RevocationReason};
    ///
    /// assert_eq!(ReasonText::new("Certificate Hold").reason(), Some(RevocationReason::CertificateHold));
    /// assert_eq!(ReasonText::new("6").reason(), Some(RevocationReason::CertificateHold));
    /// assert_eq!(ReasonText::new("lost in the post").reason(), None);
    /// ```
    #[must_use]
    pub fn reason(&self) -> Option<RevocationReason> {
        let number = self.0.trim().parse().ok().map(RevocationReason::from_number);
        number.or_else(|| RevocationReason::from_phrase(&self.0))
    }
}

impl fmt::Display for ReasonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key identifier as text. How it is written is not published; hexadecimal is inferred.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyIdentifier(String);

impl KeyIdentifier {
    /// Of these octets: lower-case hexadecimal without separators.
    #[must_use]
    pub fn from_bytes(octets: &[u8]) -> Self {
        let mut text = String::with_capacity(octets.len() * 2);
        for octet in octets {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{octet:02x}");
        }
        Self(text)
    }

    /// A text as it is.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it came, or as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The octets; `None` when the text is not hexadecimal. Colons, spaces, and letters of either case are read.
    ///
    /// ```
    /// use smartid_cm::KeyIdentifier;
    ///
    /// let id = KeyIdentifier::from_bytes(&[0x00, 0xff]);
    /// assert_eq!(id.as_str(), "00ff");
    /// assert_eq!(KeyIdentifier::from_text("00:FF").to_bytes(), id.to_bytes());
    /// assert_eq!(KeyIdentifier::from_text("0").to_bytes(), None);
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let mut octets = Vec::with_capacity(self.0.len() / 2);
        let mut high = None;
        for letter in self.0.chars().filter(|letter| !matches!(letter, ':' | ' ')) {
            let digit = u8::try_from(letter.to_digit(16)?).ok()?;
            match high.take() {
                None => high = Some(digit << 4),
                Some(high) => octets.push(high | digit),
            }
        }
        (high.is_none() && !octets.is_empty()).then_some(octets)
    }
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&[u8]> for KeyIdentifier {
    fn from(octets: &[u8]) -> Self {
        Self::from_bytes(octets)
    }
}

impl From<Vec<u8>> for KeyIdentifier {
    fn from(octets: Vec<u8>) -> Self {
        Self::from_bytes(&octets)
    }
}

impl From<bytes::Bytes> for KeyIdentifier {
    fn from(octets: bytes::Bytes) -> Self {
        Self::from_bytes(&octets)
    }
}

/// A text, or a number as text; anything else comes back.
pub(crate) fn text(value: Value) -> Result<String, Value> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_json_is_decimal_and_never_rounded() {
        let serial = SerialText::of_json("513831645370106047806407073336039183861643547155").unwrap();
        let number = serial.number(&CmDialect::default()).unwrap();
        assert_eq!(
            number.to_text(Radix::Hex),
            "5a0102030405060708090a0b0c0d0e0f10111213"
        );
        assert_eq!(
            serial.to_json().unwrap().get(),
            "513831645370106047806407073336039183861643547155"
        );
        for odd in ["1.28e2", "-5", "1e300"] {
            let serial = SerialText::of_json(odd).unwrap();
            assert_eq!(serial.number(&CmDialect::default()), None, "{odd}");
            assert_eq!(serial.to_json().unwrap().get(), odd);
        }
        for none in ["null", "true", "[1]", "{}"] {
            assert_eq!(SerialText::of_json(none), None, "{none}");
        }
    }

    #[test]
    fn reasons_are_phrases_or_numbers() {
        let reason = |text: &str| ReasonText::new(text).reason();
        assert_eq!(reason(" KEY compromise "), Some(RevocationReason::KeyCompromise));
        assert_eq!(reason("10"), Some(RevocationReason::Other(10)));
        assert_eq!(reason(""), None);
        assert_eq!(reason("AA compromise"), None);
    }

    #[test]
    fn key_identifiers_are_hexadecimal() {
        for bad in ["", "0", "0g", "00 f", "ÿÿ", "==", ":"] {
            assert_eq!(KeyIdentifier::from_text(bad).to_bytes(), None, "{bad:?}");
        }
        assert_eq!(
            KeyIdentifier::from_text("3d:A8 4c").to_bytes(),
            Some(vec![0x3d, 0xa8, 0x4c])
        );
    }
}
