//! A reader and a writer for the DER that keys, certificates, requests and CMS need (X.690). The reader never reads past its slice and
//! never recurses by itself; it keeps each element's bytes as they stand, because signatures are over those.

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// One element: tag, content, and both as they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next element, of any tag of one byte.
    pub(crate) fn next(&mut self) -> Option<Element<'a>> {
        let whole = self.0;
        let (tag, rest) = whole.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (first, rest) = rest.split_first()?;
        let (length, rest) = if *first < 0x80 {
            (usize::from(*first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            if !(1..=4).contains(&count) {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(count)?;
            (
                digits
                    .iter()
                    .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte)),
                rest,
            )
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let raw = whole.get(..whole.len().checked_sub(rest.len())?)?;
        Some(Element {
            tag: *tag,
            content,
            raw,
        })
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Option<Element<'a>> {
        let element = self.next()?;
        (element.tag == tag).then_some(element)
    }

    /// The next element if it has this tag; otherwise nothing is consumed.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() == Some(&tag) {
            self.next()
        } else {
            None
        }
    }

    /// The content of a `BIT STRING` of whole bytes.
    pub(crate) fn bits(&mut self) -> Option<&'a [u8]> {
        let (unused, bytes) = self.expect(BIT_STRING)?.content.split_first()?;
        (*unused == 0).then_some(bytes)
    }
}

/// The one element that these bytes are, with nothing behind it.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<Element<'_>> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(tag)?;
    reader.is_empty().then_some(element)
}

impl<'a> Element<'a> {
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader::new(self.content)
    }

    /// A small number that is not negative.
    pub(crate) fn small(&self) -> Option<u64> {
        let digits = self.content;
        let fits = self.tag == INTEGER && (1..=8).contains(&digits.len());
        (fits && digits.first().is_some_and(|byte| *byte < 0x80))
            .then(|| digits.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    }

    /// A number that is not negative, without leading zeros.
    pub(crate) fn unsigned(&self) -> Option<&'a [u8]> {
        let first = self.content.first()?;
        if self.tag != INTEGER || *first >= 0x80 {
            return None;
        }
        let zeros = self.content.iter().take_while(|byte| **byte == 0).count();
        self.content.get(zeros..)
    }
}

/// An element around its parts.
pub(crate) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = Vec::with_capacity(length.saturating_add(6));
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let zeros = digits.iter().take_while(|byte| **byte == 0).count();
            let digits = digits.get(zeros..).unwrap_or_default();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend_from_slice(digits);
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

pub(crate) fn seq(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, parts)
}

/// A `SET OF`, whose elements DER sorts.
pub(crate) fn set_of(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    tlv(tag, &sorted)
}

/// A constructed element of context-specific tag.
pub(crate) fn context(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    tlv(0xa0 | tag, parts)
}

/// From the content bytes of an object identifier.
pub(crate) fn oid(content: &[u8]) -> Vec<u8> {
    tlv(OID, &[content])
}

pub(crate) fn null() -> Vec<u8> {
    vec![0x05, 0x00]
}

pub(crate) fn octets(content: &[u8]) -> Vec<u8> {
    tlv(OCTET_STRING, &[content])
}

pub(crate) fn bits(content: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], content])
}

/// An `INTEGER` from a number without sign.
pub(crate) fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
    let digits = big_endian.get(zeros..).unwrap_or_default();
    match digits.first() {
        Some(first) if *first < 0x80 => tlv(INTEGER, &[digits]),
        _ => tlv(INTEGER, &[&[0], digits]),
    }
}

pub(crate) fn number(value: u64) -> Vec<u8> {
    unsigned(&value.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be_and_read_back() {
        for (length, head) in [
            (0, &[0x04, 0x00][..]),
            (127, &[0x04, 0x7f]),
            (128, &[0x04, 0x81, 0x80]),
            (255, &[0x04, 0x81, 0xff]),
            (256, &[0x04, 0x82, 0x01, 0x00]),
            (65_536, &[0x04, 0x83, 0x01, 0x00, 0x00]),
        ] {
            let der = octets(&vec![7; length]);
            assert!(der.starts_with(head), "{length}");
            let element = only(&der, OCTET_STRING).unwrap();
            assert_eq!((element.content.len(), element.raw), (length, der.as_slice()));
            assert!(only(&der, SEQUENCE).is_none());
        }
    }

    #[test]
    fn numbers_keep_their_sign_bit_free() {
        for (value, der) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 127]),
            (128, &[2, 2, 0, 128]),
            (256, &[2, 2, 1, 0]),
            (u64::MAX, &[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        ] {
            assert_eq!(number(value), der);
            let element = only(der, INTEGER).unwrap();
            let digits = value.to_be_bytes();
            let zeros = digits.iter().take_while(|byte| **byte == 0).count();
            assert_eq!(element.unsigned(), Some(&digits[zeros..]));
            assert_eq!(element.small(), (der.len() <= 10).then_some(value));
        }
        let negative = only(&[2, 1, 0x80], INTEGER).unwrap();
        assert_eq!((negative.unsigned(), negative.small()), (None, None));
        let empty = only(&[2, 0], INTEGER).unwrap();
        assert_eq!((empty.unsigned(), empty.small()), (None, None));
    }

    #[test]
    fn a_set_is_sorted() {
        let parts = [number(300), number(2), null()];
        assert_eq!(set_of(SET, &parts), [0x31, 9, 2, 1, 2, 2, 2, 1, 44, 5, 0]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_nothing_is_read_twice() {
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            // Length without end, of more than four bytes, and beyond what is there.
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 0, 0, 0, 0, 0],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            // A tag of several bytes.
            &[0x1f, 0x81, 0x01, 0x00],
        ] {
            assert!(Reader::new(wrong).next().is_none(), "{wrong:02x?}");
        }
        let mut reader = Reader::new(&[5, 0, 2, 1, 7, 0x03, 0x02, 0x01, 0xfe]);
        assert!(reader.optional(INTEGER).is_none());
        assert!(reader.expect(0x05).is_some());
        assert_eq!(reader.rest().len(), 7);
        assert_eq!(reader.next().unwrap().small(), Some(7));
        assert!(reader.bits().is_none(), "unused bits");
        assert!(only(&[5, 0, 0], 5).is_none(), "something behind it");
    }
}
