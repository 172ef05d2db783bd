//! Distinguished names made from text (RFC 4514), for requests and for configuration.
//!
//! What people write down is text, and what goes into a request is DER; every part must come through, repeated ones and those with
//! several attributes too. The string types are the ones that RFC 5280 4.1.2.4 and appendix A ask for.

use std::str::FromStr;

use super::name::{self, AttributeType, DistinguishedName};
use crate::der::{self, Oid, Reader, tag};

/// Longest text of a name that is read, in bytes.
const MAX_TEXT_LEN: usize = 64 * 1024;

/// The text is not a distinguished name as RFC 4514 writes it, or its parts cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a distinguished name as RFC 4514 writes it: {0}")]
#[non_exhaustive]
pub struct DistinguishedNameError(&'static str);

const fn bad<T>(what: &'static str) -> Result<T, DistinguishedNameError> {
    Err(DistinguishedNameError(what))
}

impl DistinguishedName {
    /// A name of single attributes, in the order of the encoding: the most general (country, organisation) first. Repeated kinds are
    /// kept, in their order.
    ///
    /// Country and serial number are written as PrintableString, domain component and e-mail address as IA5String, everything else as
    /// UTF8String (RFC 5280 4.1.2.4, appendix A).
    ///
    /// ```
    /// use smartid_trust::{AttributeType, DistinguishedName};
    ///
    /// let name = DistinguishedName::from_attributes([
    ///     (AttributeType::Organization, "Example"),
    ///     (AttributeType::OrganizationalUnit, "Nurses"),
    ///     (AttributeType::OrganizationalUnit, "Night"),
    ///     (AttributeType::CommonName, "Åsa Ek"),
    /// ])?;
    /// assert_eq!(name.to_string(), "CN=Åsa Ek,OU=Night,OU=Nurses,O=Example");
    /// # Ok::<(), smartid_trust::DistinguishedNameError>(())
    /// ```
    ///
    /// # Errors
    /// A value that is empty or has letters outside the alphabet of its type, and more than 64 attributes.
    pub fn from_attributes<'a>(
        attributes: impl IntoIterator<Item = (AttributeType, &'a str)>,
    ) -> Result<Self, DistinguishedNameError> {
        let rdns = attributes
            .into_iter()
            .map(|(kind, text)| Ok(der::set(&[&attribute(&kind.oid(), &value(&kind, text)?)])))
            .collect::<Result<Vec<_>, _>>()?;
        from_encoded(&rdns)
    }
}

impl FromStr for DistinguishedName {
    type Err = DistinguishedNameError;

    /// Reads RFC 4514: the most specific part first, `+` between the attributes of one part, letters escaped by `\`, a value as DER
    /// behind `#`. Attribute types are short names in any case or dotted identifiers. Spaces around types and values are passed over;
    /// `;` is not a separator. String types as with [`from_attributes`](Self::from_attributes).
    ///
    /// ```
    /// use smartid_trust::DistinguishedName;
    ///
    /// let name: DistinguishedName = r"CN=Officer One,OU=A,OU=B,O=Example\, Ltd".parse()?;
    /// assert_eq!(name.to_string(), r"CN=Officer One,OU=A,OU=B,O=Example\, Ltd");
    /// # Ok::<(), smartid_trust::DistinguishedNameError>(())
    /// ```
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT_LEN {
            return bad("it is longer than 64 KiB");
        }
        let mut rdns = Vec::new();
        let mut letters = Letters { rest: text };
        letters.skip_spaces();
        if !letters.rest.is_empty() {
            loop {
                let mut attributes = Vec::new();
                let more = loop {
                    attributes.push(letters.attribute()?);
                    match letters.next() {
                        Some('+') => {}
                        Some(',') => break true,
                        None => break false,
                        Some(_) => return bad("something follows a value"),
                    }
                };
                rdns.push(der::set_of(attributes));
                if !more {
                    break;
                }
            }
        }
        rdns.reverse();
        from_encoded(&rdns)
    }
}

fn from_encoded(rdns: &[Vec<u8>]) -> Result<DistinguishedName, DistinguishedNameError> {
    let contents = rdns.concat();
    if name::check(&contents).is_err() {
        return bad("more than 64 attributes");
    }
    Ok(DistinguishedName::from_checked_der(
        der::tlv(tag::SEQUENCE, &contents).into(),
    ))
}

fn attribute(oid: &Oid, value: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(oid), value])
}

/// A value in the string type of its kind.
fn value(kind: &AttributeType, text: &str) -> Result<Vec<u8>, DistinguishedNameError> {
    if text.is_empty() {
        return bad("an attribute without a value");
    }
    match kind {
        AttributeType::Country | AttributeType::SerialNumber => {
            let printable = |octet: u8| octet.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&octet);
            if !text.bytes().all(printable) {
                return bad("a country or serial number with letters outside PrintableString");
            }
            Ok(der::tlv(tag::PRINTABLE_STRING, text.as_bytes()))
        }
        AttributeType::DomainComponent | AttributeType::Email => {
            if !text.is_ascii() {
                return bad("a domain component or e-mail address with letters outside ASCII");
            }
            Ok(der::tlv(tag::IA5_STRING, text.as_bytes()))
        }
        _ => Ok(der::utf8(text)),
    }
}

/// The text that is left.
struct Letters<'a> {
    rest: &'a str,
}

impl<'a> Letters<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let letter = letters.next();
        self.rest = letters.as_str();
        letter
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    /// One `type=value`, encoded.
    fn attribute(&mut self) -> Result<Vec<u8>, DistinguishedNameError> {
        let Some((kind, rest)) = self.rest.split_once('=') else {
            return bad("an attribute without =");
        };
        self.rest = rest;
        let Some(kind) = AttributeType::from_short_name(kind.trim_matches(' ')) else {
            return bad("an attribute type that is neither a known short name nor a dotted identifier");
        };
        self.skip_spaces();
        let value = if self.peek() == Some('#') {
            self.hex()?
        } else {
            value(&kind, &self.string()?)?
        };
        Ok(attribute(&kind.oid(), &value))
    }

    /// `#` and one DER element in hexadecimal.
    fn hex(&mut self) -> Result<Vec<u8>, DistinguishedNameError> {
        self.next();
        let mut octets = Vec::new();
        while let Some(high) = self.peek().and_then(|letter| letter.to_digit(16)) {
            self.next();
            let Some(octet) = self.low_digit(high) else {
                return bad("an odd number of hexadecimal digits");
            };
            octets.push(octet);
        }
        self.skip_spaces();
        let mut reader = Reader::new(&octets);
        match reader.next() {
            Ok(_) if reader.is_empty() => Ok(octets),
            _ => bad("a value behind # that is not one DER element"),
        }
    }

    fn low_digit(&mut self, high: u32) -> Option<u8> {
        let low = self.next()?.to_digit(16)?;
        u8::try_from(high << 4 | low).ok()
    }

    /// A string with escapes, up to the separator; spaces at its end are passed over unless they are escaped.
    fn string(&mut self) -> Result<String, DistinguishedNameError> {
        let mut octets = Vec::new();
        let mut kept = 0;
        while let Some(letter) = self.peek() {
            match letter {
                ',' | '+' => break,
                '"' | ';' | '<' | '>' | '\0' => return bad("a letter that must be escaped"),
                '\\' => {
                    self.next();
                    match self.next() {
                        Some(special @ (' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\')) => {
                            octets.extend(special.encode_utf8(&mut [0; 4]).bytes());
                        }
                        Some(high) => match high.to_digit(16).and_then(|high| self.low_digit(high)) {
                            Some(octet) => octets.push(octet),
                            None => return bad("an escape that is none"),
                        },
                        None => return bad("an escape that is none"),
                    }
                    kept = octets.len();
                }
                _ => {
                    self.next();
                    octets.extend(letter.encode_utf8(&mut [0; 4]).bytes());
                    if letter != ' ' {
                        kept = octets.len();
                    }
                }
            }
        }
        octets.truncate(kept);
        match String::from_utf8(octets) {
            Ok(text) => Ok(text),
            Err(_) => bad("escaped octets that are not UTF-8"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<DistinguishedName, DistinguishedNameError> {
        text.parse()
    }

    #[test]
    fn the_examples_of_rfc_4514() {
        for text in [
            "UID=jsmith,DC=example,DC=net",
            "OU=Sales+CN=J.  Smith,DC=example,DC=net",
            "CN=James \\\"Jim\\\" Smith\\, III,DC=example,DC=net",
            "CN=Before\\0dAfter,DC=example,DC=net",
            "1.3.6.1.4.1.1466.0=#04024869",
            "CN=Lučić",
        ] {
            let name = parse(text).unwrap();
            let shown = name.to_string();
            assert_eq!(parse(&shown).unwrap(), name, "{text}");
            if !text.contains('+') {
                assert_eq!(shown, text);
            }
        }
        assert_eq!(
            parse("CN=Lu\\C4\\8Di\\C4\\87").unwrap(),
            parse("CN=Lučić").unwrap()
        );
    }

    #[test]
    fn the_encoding_is_that_of_rfc_5280() {
        let name = parse("CN=A,SERIALNUMBER=1,E=a@b.c,DC=d,O=O,C=SE").unwrap();
        let tags: Vec<u8> = name
            .attributes()
            .iter()
            .map(|attribute| attribute.value_der[0])
            .collect();
        assert_eq!(
            tags,
            [
                tag::PRINTABLE_STRING,
                tag::UTF8_STRING,
                tag::IA5_STRING,
                tag::IA5_STRING,
                tag::PRINTABLE_STRING,
                tag::UTF8_STRING
            ]
        );
        let octets: &[u8] = &[
            0x30, 0x1b, 0x31, 0x0b, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2, b'S', b'E', 0x31, 0x0c, 0x30, 0x0a,
            6, 3, 0x55, 4, 3, 0x0c, 3, b'B', 0xc3, 0xb6,
        ];
        assert_eq!(parse("CN=Bö,C=SE").unwrap().der().as_ref(), octets);
    }

    #[test]
    fn the_attributes_of_one_part_are_sorted_as_der_demands() {
        let name = parse("OU=Sales+CN=J").unwrap();
        assert_eq!(name, parse("CN=J+OU=Sales").unwrap());
        assert_eq!(name.rdns().len(), 1);
        assert_eq!(name.to_string(), "CN=J+OU=Sales");
    }

    #[test]
    fn repeated_parts_stay_in_their_order() {
        let name = parse("CN=Officer One,OU=A,OU=B,O=Example").unwrap();
        assert_eq!(name.texts(&AttributeType::OrganizationalUnit), ["B", "A"]);
        assert_eq!(name.to_string(), "CN=Officer One,OU=A,OU=B,O=Example");
    }

    #[test]
    fn spaces_are_passed_over_unless_escaped() {
        let name = parse("CN = Officer One , O= Example ").unwrap();
        assert_eq!(name.to_string(), "CN=Officer One,O=Example");
        assert_eq!(parse("CN=\\ a \\ ").unwrap().common_name().unwrap(), " a  ");
        assert!(parse("").unwrap().is_empty() && parse("  ").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            ",",
            "CN",
            "CN=",
            "CN=a,",
            ",CN=a",
            "CN=a+",
            "CN=a;O=b",
            "XY=a",
            "=a",
            "CN=\"a\"",
            "CN=a\\",
            "CN=a\\x",
            "CN=a\\4",
            "CN=\\ff",
            "CN=#",
            "CN=#0",
            "CN=#0402",
            "CN=#040248690",
            "CN=#04024869 x",
            "CN=<",
            "CN=a\0",
            "C=Ö",
            "SERIALNUMBER=1_2",
            "E=ö@b.c",
            "3.1=a",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&"CN=a,".repeat(20_000)).is_err());
        assert!(parse(&vec!["CN=a"; 65].join(",")).is_err());
        assert!(parse(&vec!["CN=a"; 64].join(",")).is_ok());
        assert!(DistinguishedName::from_attributes([(AttributeType::CommonName, "")]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_comes_back(texts in prop::collection::vec("\\PC{1,12}|[ #,+\"\\\\<>;=\\x01]{1,5}", 1..6)) {
            let name = DistinguishedName::from_attributes(
                texts.iter().map(|text| (AttributeType::CommonName, text.as_str())),
            ).unwrap();
            prop_assert_eq!(name.texts(&AttributeType::CommonName), texts);
            prop_assert_eq!(parse(&name.to_string()).unwrap(), name);
        }

        #[test]
        fn any_letters_are_read_or_refused(text in "[CNO=+,; #\\\\0-9a-f]{0,40}") {
            if let Ok(name) = parse(&text) {
                prop_assert_eq!(parse(&name.to_string()).unwrap(), name);
            }
        }
    }
}
