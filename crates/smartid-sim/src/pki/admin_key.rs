//! The proof that somebody knows a smart card's administrator key: the card's nonce, encrypted with it. The product documents that the
//! server encrypts a nonce with the admin key, and 48 hex characters for a new one (protocol notes: hermod 3.6, "API parameters specific
//! to Smart ID Desktop App", D); that it is three-key triple DES in ECB follows from 24 bytes and the minidriver's habit (I).

use des::TdesEde3;
use des::cipher::{BlockCipherEncrypt, KeyInit};

use crate::SimError;

/// A nonce is 8 bytes; more blocks are taken up to this length.
const MAX_NONCE: usize = 256;

/// The nonce encrypted with the key, block by block.
///
/// # Errors
/// [`SimError::Pki`] when the nonce is empty, no whole number of 8-byte blocks, or longer than 256 bytes.
///
/// ```
/// use smartid_sim::pki::admin_key;
///
/// let key = admin_key::key_from_hex("0123456789abcdef23456789abcdef01456789abcdef0123")?;
/// let proof = admin_key::proof(&key, b"The qufc")?;
/// assert_eq!(admin_key::hex(&proof), "a826fd8ce53b855f");
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub fn proof(admin_key: &[u8; 24], nonce: &[u8]) -> Result<Vec<u8>, SimError> {
    let (blocks, rest) = nonce.as_chunks::<8>();
    if blocks.is_empty() || !rest.is_empty() || nonce.len() > MAX_NONCE {
        return Err(SimError::pki("a nonce is one or more blocks of 8 bytes"));
    }
    let cipher = TdesEde3::new(admin_key.into());
    let mut out = Vec::with_capacity(nonce.len());
    for block in blocks {
        let mut block = (*block).into();
        cipher.encrypt_block(&mut block);
        out.extend_from_slice(&block);
    }
    Ok(out)
}

/// Whether this is the proof for that nonce.
#[must_use]
pub fn check(admin_key: &[u8; 24], nonce: &[u8], candidate: &[u8]) -> bool {
    proof(admin_key, nonce).is_ok_and(|wanted| wanted == candidate)
}

/// Lower-case hex, the coding of `newadminkey` (D-ex) and by analogy of the nonce (I).
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads hex in either case; `None` for anything else, an odd number of digits included.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Reads an administrator key: 48 hex digits.
///
/// # Errors
/// [`SimError::Pki`] for anything else; the text does not repeat it.
pub fn key_from_hex(text: &str) -> Result<[u8; 24], SimError> {
    from_hex(text)
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| SimError::pki("an administrator key is 48 hex digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";

    #[test]
    fn nist_sp_800_67_example() {
        // NIST SP 800-67 Rev. 2, Appendix B: three blocks in ECB.
        let key = key_from_hex(KEY).unwrap();
        let proof = proof(&key, b"The qufck brown fox jump").unwrap();
        assert_eq!(hex(&proof), "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900");
        assert!(check(&key, b"The qufck brown fox jump", &proof));
        assert!(!check(&key, b"The quick brown fox jump", &proof));
        assert!(!check(&key, b"The qufck brown fox jump", &proof[..23]));
    }

    #[test]
    fn lengths_that_are_no_blocks_are_refused() {
        let key = [7; 24];
        for length in [0, 1, 7, 9, 15, 264] {
            assert!(proof(&key, &vec![0; length]).is_err(), "{length}");
            assert!(!check(&key, &vec![0; length], &[]), "{length}");
        }
        assert!(proof(&key, &[0; 256]).is_ok());
    }

    #[test]
    fn hex_is_read_in_both_cases_and_nothing_else() {
        assert_eq!(from_hex("00fFa0"), Some(vec![0, 255, 160]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for wrong in ["0", "0g", "+1", " 1", "é"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
        for wrong in ["", "00", &KEY.replace('0', "x"), &format!("{KEY}00")] {
            let error = key_from_hex(wrong).unwrap_err().to_string();
            assert!(
                error.ends_with("an administrator key is 48 hex digits"),
                "{error}"
            );
        }
    }
}
