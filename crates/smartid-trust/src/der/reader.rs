//! Reads definite-length DER, element by element.

use super::{Oid, tag};

/// What is wrong with the bytes, as an English phrase that names no content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DerError(pub(crate) &'static str);

/// One tag, length and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// The identifier octet; tags above 30 are not read.
    pub(crate) tag: u8,
    /// The value.
    pub(crate) contents: &'a [u8],
    /// Identifier, length and value.
    pub(crate) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads what is inside.
    pub(crate) fn reader(&self) -> Reader<'a> {
        Reader::new(self.contents)
    }

    /// A non-negative or negative integer's octets, checked to be minimal.
    pub(crate) fn integer(&self) -> Result<&'a [u8], DerError> {
        match self.contents {
            [] => Err(DerError("an integer without octets")),
            [0, next, ..] if next & 0x80 == 0 => Err(DerError("an integer with a superfluous zero")),
            [0xff, next, ..] if next & 0x80 != 0 => Err(DerError("an integer with a superfluous sign octet")),
            octets => Ok(octets),
        }
    }

    /// A small non-negative integer.
    pub(crate) fn small_integer(&self) -> Result<u64, DerError> {
        let octets = self.integer()?;
        if octets.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(DerError("a negative number"));
        }
        if octets.len() > 8 {
            return Err(DerError("a number that is too large"));
        }
        Ok(octets
            .iter()
            .fold(0, |value, octet| value << 8 | u64::from(*octet)))
    }

    /// A boolean in DER: 00 or FF.
    pub(crate) fn boolean(&self) -> Result<bool, DerError> {
        match self.contents {
            [0x00] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(DerError("a boolean that is neither 00 nor FF")),
        }
    }

    /// An object identifier.
    pub(crate) fn oid(&self) -> Result<Oid, DerError> {
        Oid::from_der_contents(self.contents)
    }

    /// The octets of a bit string that has no unused bits.
    pub(crate) fn bit_string(&self) -> Result<&'a [u8], DerError> {
        match self.contents {
            [0, octets @ ..] => Ok(octets),
            _ => Err(DerError("a bit string with unused bits where there must be none")),
        }
    }

    /// The octets of a list of named bits, with the unused bits checked to be zero.
    pub(crate) fn named_bits(&self) -> Result<&'a [u8], DerError> {
        let (unused, octets) = match self.contents {
            [unused @ 0..=7, octets @ ..] => (*unused, octets),
            _ => return Err(DerError("a bit string without a count of unused bits")),
        };
        match octets.last() {
            None if unused != 0 => Err(DerError("an empty bit string with unused bits")),
            Some(last) if last & ((1_u8 << unused) - 1) != 0 => {
                Err(DerError("unused bits that are not zero"))
            }
            _ => Ok(octets),
        }
    }
}

/// Reads elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Reads the one element that `bytes` must be.
    pub(crate) fn only(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<Element<'a>, DerError> {
        let mut reader = Self::new(bytes);
        let element = reader.expect(tag, what)?;
        reader.end()?;
        Ok(element)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, DerError> {
        let whole = self.rest;
        let (tag, after_tag) = whole.split_first().ok_or(DerError("an element is missing"))?;
        if tag & 0x1f == 0x1f {
            return Err(DerError("a tag above 30"));
        }
        let (first, after_first) = after_tag
            .split_first()
            .ok_or(DerError("the data end in a length"))?;
        let (length, body) = match first {
            0..=0x7f => (usize::from(*first), after_first),
            0x81..=0x84 => {
                let (octets, body) = after_first
                    .split_at_checked(usize::from(first & 0x7f))
                    .ok_or(DerError("the data end in a length"))?;
                let length = octets
                    .iter()
                    .fold(0_usize, |value, octet| value << 8 | usize::from(*octet));
                if length < 0x80 || octets.first() == Some(&0) {
                    return Err(DerError("a length that is not written in the shortest way"));
                }
                (length, body)
            }
            0x80 => return Err(DerError("an indefinite length")),
            _ => return Err(DerError("a length above 4 GiB")),
        };
        let (contents, rest) = body
            .split_at_checked(length)
            .ok_or(DerError("the data end inside an element"))?;
        self.rest = rest;
        let whole = whole.get(..whole.len() - rest.len()).unwrap_or(whole);
        Ok(Element {
            tag: *tag,
            contents,
            whole,
        })
    }

    /// The next element, which must have `tag`; `what` names it in the error.
    pub(crate) fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, DerError> {
        if self.peek() != Some(tag) {
            return Err(DerError(what));
        }
        self.next()
    }

    /// The next element if it has `tag`.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) {
            self.next().map(Some)
        } else {
            Ok(None)
        }
    }

    /// The next element, an object identifier.
    pub(crate) fn oid(&mut self, what: &'static str) -> Result<Oid, DerError> {
        self.expect(tag::OID, what)?.oid()
    }

    /// Nothing may be left.
    pub(crate) const fn end(&self) -> Result<(), DerError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(DerError("something follows where nothing should"))
        }
    }
}
