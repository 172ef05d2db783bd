//! Reads BER where it stands.
//!
//! Bouncy Castle and NSS write indefinite lengths and octet strings in pieces, on every level, what is encrypted included. A container
//! is hostile besides: it may be nested thousands deep in places that nobody needs to look at, such as an attribute that is not used. So
//! elements are read one by one, what is not used is passed over without looking into it, and nothing is copied but octet strings in
//! pieces. Small parts with a definition of their own (algorithms, keys) are brought to DER before they are read.

use std::ops::Deref;

use zeroize::Zeroizing;

use crate::der::{DerError, Oid, tag};

/// Deepest nesting of octet strings in pieces.
const MAX_PIECES_DEPTH: usize = 16;
/// What makes an element one of several, in the first octet.
const CONSTRUCTED: u8 = 0x20;

const MISSING: DerError = DerError("an element is missing");
const LENGTH_END: DerError = DerError("the data end in a length");
const DATA_END: DerError = DerError("the data end inside an element");

/// Whether it is what octets are refused for that go on in the original.
pub(super) fn ends_early(error: DerError) -> bool {
    [MISSING, LENGTH_END, DATA_END].contains(&error)
}

/// An element.
#[derive(Clone, Copy)]
pub(super) struct Ber<'a> {
    pub(super) tag: u8,
    /// Without the end of indefinite contents.
    pub(super) contents: &'a [u8],
    /// With everything.
    pub(super) whole: &'a [u8],
}

/// Elements one after the other.
#[derive(Clone, Copy)]
pub(super) struct BerReader<'a> {
    rest: &'a [u8],
}

/// Where the contents of an element begin, and how long they are unless that is indefinite.
struct Header {
    tag: u8,
    start: usize,
    length: Option<usize>,
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, DerError> {
        let tag = *bytes.first().ok_or(MISSING)?;
        let mut start = 1;
        if tag & 0x1f == 0x1f {
            // Tags above 30 go on as long as the high bit is set.
            while bytes.get(start).ok_or(LENGTH_END)? & 0x80 != 0 {
                start += 1;
            }
            start += 1;
        }
        let first = *bytes.get(start).ok_or(LENGTH_END)?;
        start += 1;
        let length = match first {
            0..=0x7f => Some(usize::from(first)),
            0x80 if tag & CONSTRUCTED == 0 => {
                return Err(DerError("a primitive element of indefinite length"));
            }
            0x80 => None,
            0xff => return Err(DerError("a length of reserved form")),
            _ => {
                let count = usize::from(first & 0x7f);
                let octets = bytes.get(start..start + count).ok_or(LENGTH_END)?;
                start += count;
                let mut length = 0_usize;
                for octet in octets {
                    // More than memory holds is more than there is.
                    length = length.checked_mul(256).ok_or(DATA_END)? | usize::from(*octet);
                }
                Some(length)
            }
        };
        Ok(Self { tag, start, length })
    }
}

/// Where the end of indefinite contents stands. Elements within are passed over; nesting is counted, not followed.
fn find_end(bytes: &[u8]) -> Result<usize, DerError> {
    let (mut at, mut open) = (0, 1_usize);
    loop {
        let rest = bytes.get(at..).ok_or(DATA_END)?;
        if let [0, 0, ..] = rest {
            open -= 1;
            if open == 0 {
                return Ok(at);
            }
            at += 2;
            continue;
        }
        let header = Header::read(rest)?;
        at = at.checked_add(header.start).ok_or(DATA_END)?;
        match header.length {
            Some(length) => at = at.checked_add(length).ok_or(DATA_END)?,
            None => open += 1,
        }
    }
}

/// An element at the beginning of octets that may go on behind it.
pub(super) fn first(bytes: &[u8]) -> Result<Ber<'_>, DerError> {
    let Header { tag, start, length } = Header::read(bytes)?;
    let body = bytes.get(start..).ok_or(DATA_END)?;
    let (length, end) = match length {
        Some(length) => (length, length),
        None => {
            let length = find_end(body)?;
            (length, length + 2)
        }
    };
    let contents = body.get(..length).ok_or(DATA_END)?;
    let whole = bytes.get(..start + end).ok_or(DATA_END)?;
    Ok(Ber { tag, contents, whole })
}

/// The one element that `bytes` must be.
pub(super) fn only<'a>(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<Ber<'a>, DerError> {
    let mut reader = BerReader::new(bytes);
    let element = reader.expect(tag, what)?;
    reader.end()?;
    Ok(element)
}

impl<'a> Ber<'a> {
    pub(super) const fn reader(&self) -> BerReader<'a> {
        BerReader::new(self.contents)
    }

    /// The octets of an octet string, or of what is tagged in its place, whether in one piece or in several.
    pub(super) fn octets(&self) -> Result<Octets<'a>, DerError> {
        if self.tag & CONSTRUCTED == 0 {
            return Ok(Octets::Borrowed(self.contents));
        }
        let mut whole = Zeroizing::new(Vec::with_capacity(self.contents.len()));
        collect(self.contents, MAX_PIECES_DEPTH, &mut whole)?;
        Ok(Octets::Joined(whole))
    }
}

fn collect(pieces: &[u8], depth: usize, whole: &mut Vec<u8>) -> Result<(), DerError> {
    let depth = depth.checked_sub(1).ok_or(DerError("nesting that is too deep"))?;
    let mut pieces = BerReader::new(pieces);
    while !pieces.is_empty() {
        let piece = pieces.octet_string("an octet string in pieces of another type")?;
        if piece.tag & CONSTRUCTED == 0 {
            whole.extend_from_slice(piece.contents);
        } else {
            collect(piece.contents, depth, whole)?;
        }
    }
    Ok(())
}

/// Octets that may be secret: wiped where they are a copy.
pub(super) enum Octets<'a> {
    Borrowed(&'a [u8]),
    Joined(Zeroizing<Vec<u8>>),
}

impl Deref for Octets<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(octets) => octets,
            Self::Joined(octets) => octets,
        }
    }
}

impl<'a> BerReader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(super) fn next(&mut self) -> Result<Ber<'a>, DerError> {
        let element = first(self.rest)?;
        self.rest = self.rest.get(element.whole.len()..).unwrap_or_default();
        Ok(element)
    }

    pub(super) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Ber<'a>, DerError> {
        if self.peek() != Some(tag) {
            return Err(DerError(what));
        }
        self.next()
    }

    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<Ber<'a>>, DerError> {
        if self.peek() == Some(tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }

    /// An octet string in one piece or in several.
    pub(super) fn octet_string(&mut self, what: &'static str) -> Result<Ber<'a>, DerError> {
        match self.peek() {
            Some(tag) if tag & !CONSTRUCTED == tag::OCTET_STRING => self.next(),
            _ => Err(DerError(what)),
        }
    }

    pub(super) fn oid(&mut self, what: &'static str) -> Result<Oid, DerError> {
        Oid::from_der_contents(self.expect(tag::OID, what)?.contents)
    }

    pub(super) const fn end(&self) -> Result<(), DerError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DerError("something follows where nothing should"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::der;

    #[test]
    fn elements_end_where_they_say_or_where_their_end_stands() {
        for (bytes, contents, rest) in [
            (&[0x30, 2, 5, 0, 9][..], &[5, 0][..], &[9][..]),
            (
                &[0x30, 0x80, 0x24, 0x80, 0, 0, 0, 0, 9],
                &[0x24, 0x80, 0, 0],
                &[9],
            ),
            (&[0x30, 0x84, 0, 0, 0, 1, 7], &[7], &[]),
            (&[0x3f, 0x81, 0x02, 1, 7], &[7], &[]),
        ] {
            let mut reader = BerReader::new(bytes);
            assert_eq!(reader.next().unwrap().contents, contents);
            assert_eq!(reader.rest, rest);
        }
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80],
            &[0x30, 0x80, 0],
            &[0x30, 0x80, 0x30, 0x80, 0, 0],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0xff],
            &[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x1f, 0x80],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(BerReader::new(bytes).next().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn pieces_become_one_and_not_too_deep() {
        let octets = |bytes: &[u8]| first(bytes).unwrap().octets().map(|octets| octets.to_vec());
        assert_eq!(octets(&[4, 1, 7]).unwrap(), [7]);
        assert_eq!(
            octets(&[0x24, 0x80, 4, 1, 7, 0x24, 5, 4, 1, 8, 4, 0, 0, 0]).unwrap(),
            [7, 8]
        );
        assert_eq!(octets(&[0xa0, 3, 4, 1, 7]).unwrap(), [7]);
        assert!(octets(&[0x24, 3, 2, 1, 7]).is_err());
        let nested = |depth| (0..depth).fold(vec![4, 1, 7], |inner, _| der::tlv(0x24, &inner));
        assert_eq!(octets(&nested(16)).unwrap(), [7]);
        assert_eq!(octets(&nested(17)).unwrap_err().0, "nesting that is too deep");
    }

    #[test]
    fn what_is_passed_over_may_be_as_deep_as_it_likes() {
        let depth = 200_000;
        let deep = [[0x30, 0x80].repeat(depth), vec![0; 2 * depth]].concat();
        assert_eq!(first(&deep).unwrap().whole.len(), deep.len());
    }

    proptest! {
        #[test]
        fn an_element_is_within_the_bytes(bytes: Vec<u8>) {
            if let Ok(element) = first(&bytes) {
                prop_assert!(bytes.starts_with(element.whole));
                prop_assert!(element.whole.len() > element.contents.len());
            }
        }

        #[test]
        fn der_is_read_as_der(tag in 1_u8..0x1f, contents: Vec<u8>) {
            let bytes = der::tlv(tag, &contents);
            prop_assert_eq!(first(&bytes).unwrap().contents, contents.as_slice());
        }
    }
}
