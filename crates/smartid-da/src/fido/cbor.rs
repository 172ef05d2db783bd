//! Walks over CBOR that comes from outside: depth is capped, every length is checked, nothing is taken on trust.

use minicbor::Decoder;
use minicbor::data::Type;

/// How deep CBOR may nest; attestation statements nest three levels.
const MAX_DEPTH: u8 = 16;

/// Why CBOR cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Problem {
    /// It ends before its end.
    End,
    /// It is something else, or not CBOR.
    Malformed,
    /// It nests too deeply.
    Deep,
    /// A map has a key twice; two readers could take different ones.
    Repeated,
}

impl From<minicbor::decode::Error> for Problem {
    fn from(error: minicbor::decode::Error) -> Self {
        if error.is_end_of_input() {
            Self::End
        } else {
            Self::Malformed
        }
    }
}

/// Steps over one value, whatever it is.
pub(crate) fn skip(decoder: &mut Decoder<'_>) -> Result<(), Problem> {
    skip_within(decoder, MAX_DEPTH)
}

fn skip_within(decoder: &mut Decoder<'_>, depth: u8) -> Result<(), Problem> {
    let deeper = depth.checked_sub(1).ok_or(Problem::Deep)?;
    match decoder.datatype()? {
        Type::Array | Type::ArrayIndef => {
            let length = decoder.array()?;
            repeat(decoder, length, |decoder| skip_within(decoder, deeper))
        }
        Type::Map | Type::MapIndef => {
            let length = decoder.map()?;
            let input = decoder.input();
            let mut keys = Keys::default();
            repeat(decoder, length, |decoder| {
                let start = decoder.position();
                skip_within(decoder, deeper)?;
                keys.add(input.get(start..decoder.position()).unwrap_or_default());
                skip_within(decoder, deeper)
            })?;
            keys.check()
        }
        Type::Tag => {
            decoder.tag()?;
            skip_within(decoder, deeper)
        }
        Type::Bytes | Type::BytesIndef => bytes(decoder).map(drop),
        Type::String | Type::StringIndef => text(decoder).map(drop),
        Type::Break | Type::Unknown(_) => Err(Problem::Malformed),
        // A single item without anything inside.
        _ => Ok(decoder.skip()?),
    }
}

/// The keys of one map as they are encoded.
#[derive(Default)]
pub(crate) struct Keys<'b>(Vec<&'b [u8]>);

impl<'b> Keys<'b> {
    pub(crate) fn add(&mut self, key: &'b [u8]) {
        self.0.push(key);
    }

    pub(crate) fn check(mut self) -> Result<(), Problem> {
        self.0.sort_unstable();
        if self.0.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
            return Err(Problem::Repeated);
        }
        Ok(())
    }
}

/// Does `each` as often as the length says, or until the break code. Every item takes a byte at least, so input bounds the loop.
pub(crate) fn repeat<'b, E: From<Problem>>(
    decoder: &mut Decoder<'b>,
    length: Option<u64>,
    mut each: impl FnMut(&mut Decoder<'b>) -> Result<(), E>,
) -> Result<(), E> {
    match length {
        Some(length) => (0..length).try_for_each(|_| each(decoder)),
        None => loop {
            if decoder.datatype().map_err(Problem::from)? == Type::Break {
                decoder.set_position(decoder.position() + 1);
                return Ok(());
            }
            each(decoder)?;
        },
    }
}

/// A byte string, also one in chunks.
pub(crate) fn bytes(decoder: &mut Decoder<'_>) -> Result<Vec<u8>, Problem> {
    let mut whole = Vec::new();
    for chunk in decoder.bytes_iter()? {
        whole.extend_from_slice(chunk?);
    }
    Ok(whole)
}

/// A text string, also one in chunks.
pub(crate) fn text(decoder: &mut Decoder<'_>) -> Result<String, Problem> {
    let mut whole = String::new();
    for chunk in decoder.str_iter()? {
        whole.push_str(chunk?);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walked(bytes: &[u8]) -> Result<usize, Problem> {
        let mut decoder = Decoder::new(bytes);
        skip(&mut decoder).map(|()| decoder.position())
    }

    #[test]
    fn every_kind_of_value_is_stepped_over() {
        for (bytes, length) in [
            (&b"\x00"[..], 1),
            (b"\x1b\xff\xff\xff\xff\xff\xff\xff\xff", 9),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", 9),
            (b"\x41a", 2),
            (b"\x5f\x41a\x41b\xff", 6),
            (b"\x7f\x61a\xff", 4),
            (b"\x82\x01\x9f\x02\xff", 5),
            (b"\xbf\x01\xa1\x02\x03\xff", 6),
            (b"\xd9\xd9\xf7\x80", 4),
            (b"\xf4", 1),
            (b"\xf6", 1),
            (b"\xf9\x00\x00", 3),
            (b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00", 9),
            (b"\xf8\xff", 2),
        ] {
            assert_eq!(walked(bytes), Ok(length), "{bytes:02x?}");
        }
    }

    #[test]
    fn lies_about_lengths_end_at_once() {
        for bytes in [
            &b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\xa1\x01",
            b"\x9f",
            b"",
        ] {
            assert_eq!(walked(bytes), Err(Problem::End), "{bytes:02x?}");
        }
        assert_eq!(walked(b"\xa2\x01\x00\x01\x00"), Err(Problem::Repeated));
        assert_eq!(walked(&[0x81; 2000]), Err(Problem::Deep));
        assert_eq!(walked(&[0xc1; 2000]), Err(Problem::Deep));
        for bytes in [
            &b"\xff"[..],
            b"\x1c",
            b"\x81\xff",
            b"\xa1\x01\xff",
            b"\x5f\x01\xff",
            b"\x62\xff\xff",
        ] {
            assert_eq!(walked(bytes), Err(Problem::Malformed), "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_nothing_is_read_beyond_the_end(bytes: Vec<u8>) {
            if let Ok(length) = walked(&bytes) {
                prop_assert!(length <= bytes.len());
            }
        }
    }
}
