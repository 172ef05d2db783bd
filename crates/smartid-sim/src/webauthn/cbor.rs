//! Reading CBOR with the two properties that WebAuthn needs: nothing may follow, and the length of one item inside a larger buffer
//! is known.

use std::io::Cursor;

use ciborium::Value;

/// Deeper nesting than any attestation has; keeps hostile input from exhausting the stack.
const MAX_DEPTH: usize = 32;

/// Reads one item from the front and returns it with the rest.
pub(crate) fn read_prefix(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut cursor = Cursor::new(bytes);
    let value = ciborium::de::from_reader_with_recursion_limit(&mut cursor, MAX_DEPTH).ok()?;
    let used = usize::try_from(cursor.position()).ok()?;
    Some((value, bytes.get(used..)?))
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
    fn a_doubled_key_is_no_key() {
        let map = [(int(1), int(2)), (int(1), int(3))];
        assert!(get_int(&map, 1).is_none());
        assert!(get_int(&map[..1], 1).is_some());
    }
}
