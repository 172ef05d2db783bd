//! BER to definite lengths.
//!
//! Java producers (Bouncy Castle's default) and streaming ones write SignedData with indefinite lengths and octet strings cut in
//! pieces. This turns them into the form that DER has: definite, shortest lengths, octet strings in one piece. Nothing else is changed:
//! what was DER comes out byte for byte, so that certificates and signed attributes keep the bytes they were signed with.
//!
//! Private keys pass through here too, so everything is written into one buffer that never grows: nothing is left behind in freed memory
//! but what the caller gets.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::DerError;

/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 32;
/// Most elements in one message.
const MAX_ELEMENTS: usize = 65_536;

/// `bytes`, one element, in definite form. Borrowed when it was that already. A caller that takes secrets over must wipe what it owns.
pub(crate) fn definite(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DerError> {
    let mut walk = Walk {
        elements: 0,
        changed: false,
    };
    // A definite length may take an octet more than an indefinite one with its end, if there are 65 536 octets and more.
    let longer = MAX_DEPTH * (bytes.len() / 65_536 + 1);
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len() + longer));
    let rest = walk.element(bytes, MAX_DEPTH, &mut out)?;
    if !rest.is_empty() {
        return Err(DerError("something follows where nothing should"));
    }
    Ok(if walk.changed {
        Cow::Owned(std::mem::take(&mut *out))
    } else {
        Cow::Borrowed(bytes)
    })
}

struct Walk {
    elements: usize,
    changed: bool,
}

/// Where the contents of an element end.
enum Extent<'a> {
    Definite(&'a [u8]),
    Indefinite,
}

impl Walk {
    /// Copies the first element of `bytes` to `out`, gives back what follows it.
    fn element<'a>(
        &mut self,
        bytes: &'a [u8],
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Result<&'a [u8], DerError> {
        let depth = depth.checked_sub(1).ok_or(DerError("nesting that is too deep"))?;
        let (tag, extent, rest) = self.header(bytes)?;
        if tag & 0x20 == 0 {
            let Extent::Definite(contents) = extent else {
                return Err(DerError("a primitive element of indefinite length"));
            };
            super::writer::put(out, tag, contents);
            return Ok(rest);
        }
        // An octet string in pieces becomes one; so does a bit string only if nobody needs it, and nobody here does.
        let in_pieces = tag == super::tag::OCTET_STRING | 0x20;
        let start = out.len();
        let rest = match extent {
            Extent::Definite(mut inner) => {
                while !inner.is_empty() {
                    inner = self.child(inner, depth, in_pieces, out)?;
                }
                rest
            }
            Extent::Indefinite => {
                let mut inner = rest;
                loop {
                    if let [0, 0, after @ ..] = inner {
                        break after;
                    }
                    inner = self.child(inner, depth, in_pieces, out)?;
                }
            }
        };
        if in_pieces {
            self.changed = true;
        }
        let tag = if in_pieces { super::tag::OCTET_STRING } else { tag };
        let header = super::writer::header(tag, out.len() - start);
        out.splice(start..start, header);
        Ok(rest)
    }

    fn child<'a>(
        &mut self,
        bytes: &'a [u8],
        depth: usize,
        in_pieces: bool,
        out: &mut Vec<u8>,
    ) -> Result<&'a [u8], DerError> {
        let start = out.len();
        let rest = self.element(bytes, depth, out)?;
        if in_pieces {
            let piece = super::Reader::only(
                out.get(start..).unwrap_or_default(),
                super::tag::OCTET_STRING,
                "an octet string in pieces of another type",
            )?;
            let header = piece.whole.len() - piece.contents.len();
            out.drain(start..start + header);
        }
        Ok(rest)
    }

    fn header<'a>(&mut self, bytes: &'a [u8]) -> Result<(u8, Extent<'a>, &'a [u8]), DerError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(DerError("too many elements"));
        }
        let (tag, after_tag) = bytes.split_first().ok_or(DerError("an element is missing"))?;
        if tag & 0x1f == 0x1f {
            return Err(DerError("a tag above 30"));
        }
        let (first, after_first) = after_tag
            .split_first()
            .ok_or(DerError("the data end in a length"))?;
        let (length, body) = match first {
            0..=0x7f => (usize::from(*first), after_first),
            0x80 => {
                self.changed = true;
                return Ok((*tag, Extent::Indefinite, after_first));
            }
            0xff => return Err(DerError("a length of reserved form")),
            _ => {
                let (octets, body) = after_first
                    .split_at_checked(usize::from(first & 0x7f))
                    .ok_or(DerError("the data end in a length"))?;
                let mut significant = octets;
                while let [0, shorter @ ..] = significant {
                    significant = shorter;
                }
                if significant.len() > 4 {
                    return Err(DerError("a length above 4 GiB"));
                }
                let length = significant
                    .iter()
                    .fold(0_usize, |value, octet| value << 8 | usize::from(*octet));
                if length < 0x80 || significant.len() < octets.len() {
                    self.changed = true;
                }
                (length, body)
            }
        };
        let (contents, rest) = body
            .split_at_checked(length)
            .ok_or(DerError("the data end inside an element"))?;
        Ok((*tag, Extent::Definite(contents), rest))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn der_comes_out_as_it_was() {
        let der = [0x30, 0x06, 0x02, 0x01, 0x05, 0x04, 0x01, 0xaa];
        assert!(matches!(definite(&der), Ok(Cow::Borrowed(_))));
    }

    #[test]
    fn indefinite_pieces_and_long_lengths_become_definite() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xaa, 0x04, 0x81, 0x01, 0xbb, 0, 0, 0x02, 0x82, 0, 1, 5, 0, 0,
        ];
        assert_eq!(
            definite(&ber).unwrap().as_ref(),
            [0x30, 7, 4, 2, 0xaa, 0xbb, 2, 1, 5]
        );
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let deep: Vec<u8> = [0x30, 0x80].repeat(100);
        let bad: [(&[u8], &str); 9] = [
            (&deep, "nesting that is too deep"),
            (&[0x04, 0x80, 0, 0], "a primitive element of indefinite length"),
            (&[0x30, 0x80], "an element is missing"),
            (&[0x30, 0x80, 0], "the data end in a length"),
            (&[0x30, 0x05, 1], "the data end inside an element"),
            (&[0x30, 0xff], "a length of reserved form"),
            (&[0x1f, 0x01, 0], "a tag above 30"),
            (&[0x30, 0, 0], "something follows where nothing should"),
            (&[0x24, 3, 2, 1, 1], "an octet string in pieces of another type"),
        ];
        for (bytes, what) in bad {
            assert_eq!(definite(bytes).unwrap_err().0, what);
        }
    }

    #[test]
    fn too_many_elements_are_refused() {
        let inner = [2, 1, 0].repeat(MAX_ELEMENTS);
        let mut bytes = vec![0x30, 0x83];
        bytes.extend(
            u32::try_from(inner.len())
                .unwrap()
                .to_be_bytes()
                .into_iter()
                .skip(1),
        );
        bytes.extend(inner);
        assert_eq!(definite(&bytes).unwrap_err().0, "too many elements");
    }

    #[test]
    fn the_buffer_is_large_enough() {
        let long = super::super::tlv(4, &[7; 65_536]);
        let nested = (0..20).fold(long, |inner, _| [&[0x30, 0x80][..], &inner, &[0, 0]].concat());
        let Ok(Cow::Owned(out)) = definite(&nested) else {
            panic!("it was changed");
        };
        assert!(out.len() > nested.len());
        // What it was made with: it has not grown.
        assert_eq!(out.capacity(), nested.len() + MAX_DEPTH * 2);
    }

    proptest! {
        #[test]
        fn whatever_comes_out_is_stable(bytes: Vec<u8>) {
            if let Ok(once) = definite(&bytes) {
                prop_assert!(matches!(definite(&once), Ok(Cow::Borrowed(_))));
            }
        }
    }
}
