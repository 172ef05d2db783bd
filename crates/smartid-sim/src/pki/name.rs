//! Distinguished names as people write them and as certificates hold them (RFC 5280 4.1.2.4).

use super::der::{self, Element, Reader};
use crate::SimError;

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;
const TELETEX: u8 = 0x14;
const BMP: u8 = 0x1e;
/// 2.5.4
const ATTRIBUTE: [u8; 2] = [0x55, 0x04];
/// 1.2.840.113549.1.9.1
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
/// 0.9.2342.19200300.100.1
const PILOT: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01];

/// Short names of the attributes of 2.5.4, with their last number.
const SHORT: [(&str, u8); 10] = [
    ("CN", 3),
    ("SN", 4),
    ("serialNumber", 5),
    ("C", 6),
    ("L", 7),
    ("ST", 8),
    ("O", 10),
    ("OU", 11),
    ("title", 12),
    ("GN", 42),
];

fn kind(name: &str) -> Option<(Vec<u8>, u8)> {
    let of_pilot = |last: u8| [PILOT, &[last]].concat();
    match name {
        "emailAddress" | "E" => Some((EMAIL.to_vec(), IA5)),
        "DC" => Some((of_pilot(25), IA5)),
        "UID" => Some((of_pilot(1), UTF8)),
        _ => {
            let (_, last) = SHORT.iter().find(|(short, _)| *short == name)?;
            let string = if matches!(name, "C" | "serialNumber") {
                PRINTABLE
            } else {
                UTF8
            };
            Some(([ATTRIBUTE.as_slice(), &[*last]].concat(), string))
        }
    }
}

/// Encodes a name such as `CN=Anna Example,O=Example,C=SE`. The parts come to stand in the order in which they are written; a comma or
/// a backslash in a value is written with a backslash before it. Known are CN, SN, serialNumber, C, L, ST, O, OU, title, GN, UID, DC, and
/// emailAddress or E. The empty text is the empty name.
///
/// # Errors
/// [`SimError::Pki`] for an unknown attribute or an empty value.
pub fn encode(text: &str) -> Result<Vec<u8>, SimError> {
    let mut parts = Vec::new();
    for part in split(text) {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| SimError::pki("a name is a list of attribute=value"))?;
        let (oid, string) = kind(name.trim())
            .ok_or_else(|| SimError::Pki(format!("attribute {:?} of a name is not known", name.trim())))?;
        let value = value.trim();
        let ascii = string == UTF8 || value.is_ascii();
        if value.is_empty() || !ascii || value.len() > 1024 {
            return Err(SimError::Pki(format!(
                "attribute {:?} of a name cannot hold that",
                name.trim()
            )));
        }
        let attribute = der::seq(&[&der::oid(&oid), &der::tlv(string, &[value.as_bytes()])]);
        parts.push(der::tlv(der::SET, &[&attribute]));
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Ok(der::seq(&parts))
}

fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.extend(characters.next()),
            ',' => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    if !part.trim().is_empty() || !parts.is_empty() {
        parts.push(part);
    }
    parts
}

/// Attributes of an encoded name with their values, in the order of the encoding; an attribute without a short name goes by its numbers.
/// `None` when it is no name.
#[must_use]
pub fn attributes(name_der: &[u8]) -> Option<Vec<(String, String)>> {
    let mut out = Vec::new();
    let mut parts = der::only(name_der, der::SEQUENCE)?.reader();
    while !parts.is_empty() {
        let mut set: Reader<'_> = parts.expect(der::SET)?.reader();
        while !set.is_empty() {
            let mut attribute = set.expect(der::SEQUENCE)?.reader();
            let oid = attribute.expect(der::OID)?.content;
            out.push((short_name(oid), string(&attribute.next()?)));
        }
    }
    Some(out)
}

fn short_name(oid: &[u8]) -> String {
    let known = ["emailAddress", "DC", "UID"].into_iter();
    known
        .chain(SHORT.iter().map(|(short, _)| *short))
        .find(|short| kind(short).is_some_and(|(known, _)| known == oid))
        .map_or_else(|| dotted(oid), str::to_owned)
}

/// `OID.2.5.4.13`, as RFC 1779 2.3 writes what has no keyword.
fn dotted(oid: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut value = 0_u64;
    for byte in oid {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            numbers.push(value);
            value = 0;
        }
    }
    let mut text = "OID".to_owned();
    for (place, number) in numbers.iter().enumerate() {
        if place == 0 {
            let first = (number / 40).min(2);
            text.push_str(&format!(".{first}.{}", number - first * 40));
        } else {
            text.push_str(&format!(".{number}"));
        }
    }
    text
}

/// The text of a directory string, by its tag.
fn string(element: &Element<'_>) -> String {
    let bytes = element.content;
    match element.tag {
        BMP => {
            let (pairs, _) = bytes.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        TELETEX => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// A name as text, as RFC 1779 writes it: the last part of the encoding first, `, ` between the parts, values with special characters in
/// quotation marks. `None` when it is no name.
///
/// ```
/// use smartid_sim::pki::name;
///
/// let encoded = name::encode(r"C=SE,O=Example\, Ltd,CN=Åsa")?;
/// assert_eq!(name::text(&encoded).as_deref(), Some(r#"CN=Åsa, O="Example, Ltd", C=SE"#));
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
#[must_use]
pub fn text(name_der: &[u8]) -> Option<String> {
    let parts = attributes(name_der)?;
    Some(join(
        parts.iter().map(|(name, value)| (name.as_str(), value.as_str())),
    ))
}

/// The text of a name whose parts stand in the order of the encoding.
pub(crate) fn join<'a>(parts: impl DoubleEndedIterator<Item = (&'a str, &'a str)>) -> String {
    let parts: Vec<String> = parts
        .rev()
        .map(|(name, value)| format!("{name}={}", quoted(value)))
        .collect();
    parts.join(", ")
}

fn quoted(value: &str) -> String {
    let special = |character: char| {
        matches!(
            character,
            ',' | '=' | '+' | '<' | '>' | '#' | ';' | '"' | '\\' | '\n'
        )
    };
    if value.contains(special) || value.starts_with(' ') || value.ends_with(' ') {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

/// The value of the first common name in an encoded name, for logs and pages.
#[must_use]
pub fn common_name(name_der: &[u8]) -> Option<String> {
    let mut all = attributes(name_der)?.into_iter();
    all.find(|(name, _)| name == "CN").map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_encoded_in_the_order_written() {
        assert_eq!(
            encode("C=SE, CN=A").unwrap(),
            b"\x30\x19\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02SE\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01A"
        );
        assert_eq!(encode("").unwrap(), [0x30, 0]);
    }

    #[test]
    fn a_comma_in_a_value_is_written_with_a_backslash() {
        let name = encode(r"O=Example\, Ltd,CN=Åsa \\ Öberg").unwrap();
        assert_eq!(common_name(&name).unwrap(), r"Åsa \ Öberg");
        assert!(name.windows(12).any(|part| part == b"Example, Ltd"));
    }

    #[test]
    fn every_attribute_known_is_encoded() {
        let all =
            "CN=a,SN=a,serialNumber=a,C=SE,L=a,ST=a,O=a,OU=a,title=a,GN=a,UID=a,DC=a,E=a@b,emailAddress=a@b";
        assert!(encode(all).is_ok());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in [
            "CN",
            "X=1",
            "CN=",
            "CN=a,",
            ",",
            "E=å",
            &format!("CN={}", "a".repeat(1025)),
        ] {
            assert!(encode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn garbage_has_no_common_name() {
        let name = encode("O=x,CN=Anna").unwrap();
        for length in 0..name.len() {
            assert_eq!(common_name(&name[..length]), None);
        }
    }

    #[test]
    fn text_begins_with_the_last_part_and_quotes() {
        let name = encode(r#"C=SE,O=Example\, Ltd,serialNumber=1,E=a@b,CN=Åsa "x" \\ y"#).unwrap();
        assert_eq!(
            text(&name).unwrap(),
            r#"CN="Åsa \"x\" \\ y", emailAddress=a@b, serialNumber=1, O="Example, Ltd", C=SE"#
        );
        assert_eq!(text(&[0x30, 0]).unwrap(), "");
    }

    #[test]
    fn other_strings_and_attributes_are_read() {
        // 2.5.4.13 (description) as BMPString, 2.5.4.3 as TeletexString.
        let part = |oid: &[u8], tag: u8, value: &[u8]| {
            let attribute = der::seq(&[&der::oid(oid), &der::tlv(tag, &[value])]);
            der::tlv(der::SET, &[&attribute])
        };
        let name = der::seq(&[
            &part(&[0x55, 4, 13], BMP, &[0, b'D', 0, b'r']),
            &part(&[0x55, 4, 3], TELETEX, &[0xc5, b's', b'a']),
        ]);
        assert_eq!(text(&name).unwrap(), "CN=Åsa, OID.2.5.4.13=Dr");
    }
}
