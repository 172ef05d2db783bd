//! Distinguished names as people write them and as certificates hold them (RFC 5280 4.1.2.4).

use super::der::{self, Reader};
use crate::SimError;

const UTF8: u8 = 0x0c;
const PRINTABLE: u8 = 0x13;
const IA5: u8 = 0x16;
/// 2.5.4
const ATTRIBUTE: [u8; 2] = [0x55, 0x04];
/// 1.2.840.113549.1.9.1
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];
/// 0.9.2342.19200300.100.1
const PILOT: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01];

/// Short names of the attributes of 2.5.4, with their last number.
const SHORT: [(&str, u8); 9] = [
    ("CN", 3),
    ("SN", 4),
    ("serialNumber", 5),
    ("C", 6),
    ("L", 7),
    ("ST", 8),
    ("O", 10),
    ("OU", 11),
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
/// a backslash in a value is written with a backslash before it. Known are CN, SN, serialNumber, C, L, ST, O, OU, GN, UID, DC, and
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

/// The value of the first common name in an encoded name, for logs and pages.
#[must_use]
pub fn common_name(name_der: &[u8]) -> Option<String> {
    let wanted = [ATTRIBUTE.as_slice(), &[3]].concat();
    let mut parts = der::only(name_der, der::SEQUENCE)?.reader();
    while !parts.is_empty() {
        let mut set: Reader<'_> = parts.expect(der::SET)?.reader();
        while !set.is_empty() {
            let mut attribute = set.expect(der::SEQUENCE)?.reader();
            if attribute.expect(der::OID)?.content == wanted {
                return Some(String::from_utf8_lossy(attribute.next()?.content).into_owned());
            }
        }
    }
    None
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
        let all = "CN=a,SN=a,serialNumber=a,C=SE,L=a,ST=a,O=a,OU=a,GN=a,UID=a,DC=a,E=a@b,emailAddress=a@b";
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
}
