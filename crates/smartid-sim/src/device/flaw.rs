//! Spoils what was made correctly. Each flaw breaks one thing and leaves the rest as it was, so that the check of exactly that thing is
//! seen.

use crate::pki::jws;

/// One bit of the last byte turned over: a signature of a CMS message or a raw one.
pub(crate) fn break_bytes(bytes: &mut [u8]) {
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
}

/// The same for a compact JWS.
pub(crate) fn break_jws(text: &str) -> String {
    // What is no JWS is spoilt already.
    jws::with_broken_signature(text).unwrap_or_else(|_| text.to_owned())
}

/// Bytes that nobody asked to be signed.
pub(crate) fn other(content: &[u8]) -> Vec<u8> {
    [content, b" (and something that nobody asked for)"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_changes() {
        let mut bytes = vec![1, 2];
        break_bytes(&mut bytes);
        assert_eq!(bytes, [1, 3]);
        break_bytes(&mut []);
        let broken = break_jws("e30.e30.AAAA");
        assert!(
            broken.starts_with("e30.e30.") && broken != "e30.e30.AAAA",
            "{broken}"
        );
        assert_eq!(break_jws("no"), "no");
        assert_ne!(other(b"x"), b"x");
    }
}
