//! Reading CBOR with the two properties that WebAuthn needs: nothing may follow, and the length of one item inside a larger buffer
//! is known.

use std::io::Cursor;

use ciborium::Value;

/// Deeper nesting than any attestation has; keeps hostile input from exhausting the stack.
const MAX_DEPTH: usize = 32;

/// More entries than any map of an attestation has; keeps the search for doubled keys short.
const MAX_ENTRIES: usize = 256;

/// No map in it has a key twice, nor too many of them.
fn keys_are_single(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().all(keys_are_single),
        Value::Tag(_, inner) => keys_are_single(inner),
        Value::Map(entries) => {
            entries.len() <= MAX_ENTRIES
                && entries.iter().enumerate().all(|(at, (key, value))| {
                    keys_are_single(key)
                        && keys_are_single(value)
                        && !entries.iter().skip(at + 1).any(|(other, _)| other == key)
                })
        }
        _ => true,
    }
}

/// Reads one item from the front and returns it with the rest. Numbers and lengths must be written in the shortest form and lengths
/// must be definite (CTAP 2 canonical CBOR, as WebAuthn asks decoders to insist on); the order of keys is not looked at.
pub(crate) fn read_prefix(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let value = ciborium::de::from_reader_with_recursion_limit(&mut cursor, MAX_DEPTH).ok()?;
    let used = usize::try_from(cursor.position()).ok()?;
    let (own, rest) = bytes.split_at_checked(used)?;
    (keys_are_single(&value) && write(&value) == own).then_some((value, rest))
}

/// Reads exactly one item.
pub(crate) fn read(bytes: &[u8]) -> Option<Value> {
    let (value, rest) = read_prefix(bytes)?;
    rest.is_empty().then_some(value)
}

/// Writes a value. Writing to memory does not fail.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    let _ = ciborium::into_writer(value, &mut out);
    out
}

/// The value under an integer key, if it is there exactly once.
pub(crate) fn get_int(map: &[(Value, Value)], key: i64) -> Option<&Value> {
    let mut found = map.iter().filter(|(name, _)| as_int(name) == Some(key));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

/// The value under a text key, if it is there exactly once.
pub(crate) fn get_text<'v>(map: &'v [(Value, Value)], key: &str) -> Option<&'v Value> {
    let mut found = map.iter().filter(|(name, _)| name.as_text() == Some(key));
    let (_, value) = found.next()?;
    found.next().is_none().then_some(value)
}

pub(crate) fn as_int(value: &Value) -> Option<i64> {
    value.as_integer().and_then(|integer| i64::try_from(integer).ok())
}

pub(crate) fn int(value: i64) -> Value {
    Value::Integer(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_bytes_and_depth_are_refused() {
        assert!(read(&[0x01]).is_some());
        assert!(read(&[0x01, 0x02]).is_none());
        assert!(read(&[]).is_none());
        assert!(read(&[0x81; 5000]).is_none());
        // A byte string that claims 2^63 bytes.
        assert!(read(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_none());
        assert_eq!(read_prefix(&[0x01, 0x02]).unwrap().1, [0x02]);
    }

    #[test]
    fn only_the_shortest_form_is_read() {
        // 23 in two bytes, an array of indefinite length, bytes in pieces, a length in too many bytes.
        for long in [
            &[0x18, 0x17][..],
            &[0x9f, 0x01, 0xff],
            &[0x5f, 0x41, 0x00, 0xff],
            &[0x58, 0x01, 0x00],
            &[0xbf, 0xff],
        ] {
            assert!(read(long).is_none(), "{long:02x?}");
        }
        // In another order than the canonical one, which software authenticators write.
        assert!(read(&[0xa2, 0x20, 0x00, 0x01, 0x00]).is_some());
    }

    #[test]
    fn doubled_keys_are_refused_at_any_depth() {
        assert!(read(&[0xa2, 0x01, 0x00, 0x01, 0x00]).is_none());
        assert!(read(&[0x81, 0xa1, 0x00, 0xa2, 0x61, b'x', 0x00, 0x61, b'x', 0x01]).is_none());
        let many = |count: i64| write(&Value::Map((0..count).map(|key| (int(key), int(0))).collect()));
        assert!(read(&many(256)).is_some());
        assert!(read(&many(257)).is_none());
    }

    #[test]
    fn a_doubled_key_is_no_key() {
        let map = [(int(1), int(2)), (int(1), int(3))];
        assert!(get_int(&map, 1).is_none());
        assert!(get_int(&map[..1], 1).is_some());
    }
}
