//! Writes DER. Small functions that nest: `sequence(&[&integer(..), &oid(..)])`.

use super::{Oid, tag};

/// Appends one element.
pub(super) fn put(out: &mut Vec<u8>, tag: u8, contents: &[u8]) {
    out.extend(header(tag, contents.len()));
    out.extend_from_slice(contents);
}

/// Tag and length of an element.
pub(super) fn header(tag: u8, length: usize) -> impl Iterator<Item = u8> {
    let octets = length.to_be_bytes();
    let significant = octets
        .iter()
        .position(|octet| *octet != 0)
        .unwrap_or(octets.len() - 1);
    let count = octets.len() - significant;
    let long = (length >= 0x80).then(|| 0x80 | u8::try_from(count).unwrap_or(8));
    [tag]
        .into_iter()
        .chain(long)
        .chain(octets.into_iter().skip(significant))
}

pub(crate) fn tlv(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(contents.len() + 6);
    put(&mut out, tag, contents);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &parts.concat())
}

/// A SET whose parts are in the order that the caller chose.
pub(crate) fn set(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SET, &parts.concat())
}

/// A SET OF, sorted as DER demands.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(tag::SET, &parts.concat())
}

/// `[number] EXPLICIT`, or an implicit constructed one when `contents` are the bare contents.
pub(crate) fn explicit(number: u8, contents: &[u8]) -> Vec<u8> {
    tlv(tag::context(number), contents)
}

/// An INTEGER from the octets of a non-negative number; leading zeros are dropped or added as DER demands.
pub(crate) fn integer(octets: &[u8]) -> Vec<u8> {
    let mut significant = octets;
    while let [0, rest @ ..] = significant {
        significant = rest;
    }
    let mut contents = Vec::with_capacity(significant.len() + 1);
    if significant.first().is_none_or(|first| first & 0x80 != 0) {
        contents.push(0);
    }
    contents.extend_from_slice(significant);
    tlv(tag::INTEGER, &contents)
}

pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(tag::BOOLEAN, &[if value { 0xff } else { 0 }])
}

pub(crate) fn null() -> Vec<u8> {
    vec![tag::NULL, 0]
}

pub(crate) fn oid(oid: &Oid) -> Vec<u8> {
    tlv(tag::OID, oid.der_contents())
}

pub(crate) fn octet_string(octets: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, octets)
}

/// A BIT STRING without unused bits.
pub(crate) fn bit_string(octets: &[u8]) -> Vec<u8> {
    let mut contents = Vec::with_capacity(octets.len() + 1);
    contents.push(0);
    contents.extend_from_slice(octets);
    tlv(tag::BIT_STRING, &contents)
}

pub(crate) fn utf8(text: &str) -> Vec<u8> {
    tlv(tag::UTF8_STRING, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::der::Reader;

    #[test]
    fn integers_are_minimal() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag in 1_u8..0x1f, len in prop_oneof![0_usize..300, 65_530_usize..65_540]) {
            let contents = vec![7; len];
            let written = tlv(tag, &contents);
            let element = Reader::only(&written, tag, "?").unwrap();
            prop_assert_eq!(element.contents, contents.as_slice());
            prop_assert_eq!(element.whole, written.as_slice());
        }
    }
}
