//! What a bag says of itself: its friendly name and its local key identifier.
//!
//! Names in the field are not all what RFC 2985 wants (BMPString): Java and OpenSSL write surrogate pairs, others UTF-8, a zero at the
//! end, half of a pair, or nothing. A name is for people to read, so it is read as far as it goes, and never the reason to refuse a key.

use super::ber::{Ber, BerReader};
use crate::der::{DerError, Oid, tag};

pub(super) const FRIENDLY_NAME: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 20]);
pub(super) const LOCAL_KEY_ID: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 21]);

/// The attributes that are used.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) name: Option<String>,
    pub(super) local_key_id: Option<Vec<u8>>,
    /// The types of those that are not used.
    pub(super) others: Vec<Oid>,
}

impl Attributes {
    /// The contents of the set. Of attributes and values that stand there several times the first counts.
    pub(super) fn read(set: &[u8]) -> Result<Self, DerError> {
        let mut read = Self::default();
        let mut attributes = BerReader::new(set);
        while !attributes.is_empty() {
            let mut attribute = attributes
                .expect(tag::SEQUENCE, "an attribute that is no sequence")?
                .reader();
            let oid = attribute.oid("an attribute without its type")?;
            if oid == FRIENDLY_NAME && read.name.is_none() {
                read.name = value(attribute)?.and_then(|value| text(&value));
            } else if oid == LOCAL_KEY_ID && read.local_key_id.is_none() {
                read.local_key_id = value(attribute)?
                    .filter(|value| value.tag & !0x20 == tag::OCTET_STRING)
                    .and_then(|value| Some(value.octets().ok()?.to_vec()));
            } else if oid != FRIENDLY_NAME && oid != LOCAL_KEY_ID {
                remember(&mut read.others, oid);
            }
        }
        Ok(read)
    }
}

/// So many types of attributes are remembered.
const MAX_OTHERS: usize = 32;

/// Adds a type, once.
pub(super) fn remember(others: &mut Vec<Oid>, oid: Oid) {
    if others.len() < MAX_OTHERS && !others.contains(&oid) {
        others.push(oid);
    }
}

/// The first value.
fn value(mut attribute: BerReader<'_>) -> Result<Option<Ber<'_>>, DerError> {
    let mut values = attribute
        .expect(tag::SET, "an attribute without its values")?
        .reader();
    if values.is_empty() {
        Ok(None)
    } else {
        values.next().map(Some)
    }
}

fn text(value: &Ber<'_>) -> Option<String> {
    match value.tag {
        tag::BMP_STRING => Some(utf16(value.contents)),
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING => {
            Some(String::from_utf8_lossy(value.contents).into_owned())
        }
        _ => None,
    }
}

fn units(octets: &[u8]) -> impl Iterator<Item = u16> {
    let (pairs, _) = octets.as_chunks::<2>();
    pairs.iter().map(|pair| u16::from_be_bytes(*pair))
}

/// What is no letter, an octet that is left over included, becomes the replacement character.
fn utf16(octets: &[u8]) -> String {
    let left_over = (!octets.len().is_multiple_of(2)).then_some(char::REPLACEMENT_CHARACTER);
    char::decode_utf16(units(octets))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .chain(left_over)
        .collect()
}
