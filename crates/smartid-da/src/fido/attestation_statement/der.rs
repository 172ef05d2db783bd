//! The little DER that statements need: public keys written, a few extensions read. Certificates are read by the verifying crate.

/// An element as it is written: one octet of tag, the shortest length, the contents.
fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = contents.len();
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        out.push(short);
    } else {
        let octets = length.to_be_bytes();
        let start = octets.iter().position(|octet| *octet != 0).unwrap_or_default();
        let octets = octets.get(start..).unwrap_or_default();
        // A usize has eight octets at most.
        out.push(0x80 | u8::try_from(octets.len()).unwrap_or_default());
        out.extend_from_slice(octets);
    }
    out.extend_from_slice(contents);
    out
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

pub(super) fn oid(contents: &[u8]) -> Vec<u8> {
    element(0x06, contents)
}

pub(super) fn null() -> Vec<u8> {
    element(0x05, &[])
}

pub(super) fn bit_string(octets: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], octets].concat())
}

/// An unsigned number.
pub(super) fn integer(octets: &[u8]) -> Vec<u8> {
    let octets = without_zeros(octets);
    match octets.first() {
        Some(first) if *first < 0x80 => element(0x02, octets),
        _ => element(0x02, &[&[0], octets].concat()),
    }
}

/// A number's octets without leading zeros.
pub(super) fn without_zeros(octets: &[u8]) -> &[u8] {
    let start = octets
        .iter()
        .position(|octet| *octet != 0)
        .unwrap_or(octets.len());
    octets.get(start..).unwrap_or_default()
}

/// One element as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The two bits of class and the one that says whether there are elements inside.
    pub(super) class: u8,
    pub(super) number: u32,
    pub(super) contents: &'a [u8],
}

/// A context-specific class with elements inside.
pub(super) const CONTEXT: u8 = 0xa0;

/// Reads elements one after the other; tags may have large numbers, which Android's have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// The next element; `None` when there is none, or something else.
    pub(super) fn next(&mut self) -> Option<Element<'a>> {
        let first = self.octet()?;
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let octet = self.octet()?;
                // Three octets of seven bits are more than any number that is given out.
                if number > 0x3fff || (number == 0 && octet == 0x80) {
                    return None;
                }
                number = number << 7 | u32::from(octet & 0x7f);
                if octet < 0x80 {
                    break;
                }
            }
            if number < 0x1f {
                return None;
            }
        }
        let length = match self.octet()? {
            short @ 0..=0x7f => usize::from(short),
            0x81 => usize::from(self.octet().filter(|length| *length >= 0x80)?),
            0x82 => {
                let length = u16::from_be_bytes([self.octet()?, self.octet()?]);
                usize::from(Some(length).filter(|length| *length >= 0x100)?)
            }
            // Certificates that are read at all hold nothing longer.
            _ => return None,
        };
        let (contents, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Element {
            class: first & 0xe0,
            number,
            contents,
        })
    }

    /// The contents of the next element, which must have this one-octet tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let element = self.next()?;
        (element.class == tag & 0xe0 && element.number == u32::from(tag & 0x1f)).then_some(element.contents)
    }

    /// The contents of the one element that `bytes` must be.
    pub(super) fn only(bytes: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let mut reader = Self(bytes);
        let contents = reader.expect(tag)?;
        reader.is_empty().then_some(contents)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_written_without_a_sign() {
        assert_eq!(integer(&[0, 0, 1, 0, 1]), [2, 3, 1, 0, 1]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[0, 0]), [2, 1, 0]);
    }

    #[test]
    fn large_tags_are_read_in_their_one_form() {
        // [702] and [600], as Android writes them.
        let mut reader = Reader::new(&[0xbf, 0x85, 0x3e, 3, 2, 1, 0, 0xbf, 0x84, 0x58, 2, 5, 0]);
        let first = reader.next().unwrap();
        assert_eq!(
            (first.class, first.number, first.contents),
            (CONTEXT, 702, &[2, 1, 0][..])
        );
        assert_eq!(reader.next().unwrap().number, 600);
        assert!(reader.is_empty() && reader.next().is_none());
        for bad in [
            &[0xbf][..],
            &[0xbf, 0x80, 0x85, 0x3e, 0],
            &[0xbf, 0x1e, 0],
            &[0xbf, 0xff, 0xff, 0xff, 0xff, 0x7f, 0],
            &[0x30, 0x80],
            &[0x30, 0x81, 0x7f],
            &[0x30, 0x82, 0, 0xff],
            &[0x30, 2, 0],
        ] {
            assert!(Reader::new(bad).next().is_none(), "{bad:02x?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(octets in proptest::collection::vec(any::<u8>(), 0..700)) {
            let written = element(0x04, &octets);
            prop_assert_eq!(Reader::only(&written, 0x04), Some(octets.as_slice()));
            prop_assert_eq!(Reader::only(&written, 0x30), None);
            let followed = [written, vec![0]].concat();
            prop_assert_eq!(Reader::only(&followed, 0x04), None);
        }

        #[test]
        fn nothing_panics(bytes: Vec<u8>) {
            let mut reader = Reader::new(&bytes);
            while reader.next().is_some() {}
        }
    }
}
