//! An admin key in memory, as triple DES (inferred).

use std::fmt;

use des::TdesEde3;
use des::cipher::{BlockCipherEncrypt as _, KeyInit as _};
use smartid_core::{BoxFuture, Lint};

use super::new_key::read_hex;
use super::{ADMIN_KEY_LEN, AdminKey, AdminKeyError, BLOCK, EncryptedNonce, NewAdminKey, strength};

/// Answers a nonce with triple DES in ECB mode, each block of 8 octets by itself (inferred). The key is zeroed when this is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), smartid_hermod::admin_key::AdminKeyError> {
/// use smartid_hermod::admin_key::{AdminKey, TripleDesAdminKey};
///
/// let key = TripleDesAdminKey::from_hex("0123456789abcdef23456789abcdef01456789abcdef0123")?;
/// let proof = key.respond(&[0x8f, 0x3a, 0x61, 0xc2, 0x0d, 0x94, 0xbe, 0x57]).await?;
/// assert_eq!(proof.expose(), [0x1d, 0xd4, 0x38, 0x97, 0x63, 0x65, 0xd7, 0x34]);
/// # Ok(())
/// # }
/// ```
pub struct TripleDesAdminKey {
    cipher: TdesEde3,
    lints: Vec<Lint>,
}

impl TripleDesAdminKey {
    /// From 48 hexadecimal digits, in either case.
    ///
    /// # Errors
    /// [`AdminKeyError::Form`].
    pub fn from_hex(digits: &str) -> Result<Self, AdminKeyError> {
        let octets = read_hex(digits).ok_or(AdminKeyError::Form { lower_case: false })?;
        Ok(Self::of(&octets))
    }

    /// From 24 octets.
    ///
    /// # Errors
    /// [`AdminKeyError::Length`].
    pub fn from_octets(octets: &[u8]) -> Result<Self, AdminKeyError> {
        let octets = octets
            .try_into()
            .map_err(|_| AdminKeyError::Length(octets.len()))?;
        Ok(Self::of(octets))
    }

    fn of(octets: &[u8; ADMIN_KEY_LEN]) -> Self {
        Self {
            cipher: TdesEde3::new(octets.into()),
            lints: strength::lints(octets, "admin key"),
        }
    }

    /// What is weak about the key. It answers all the same: a token has the key that it has.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    fn encrypt(&self, nonce: &[u8]) -> Result<EncryptedNonce, AdminKeyError> {
        let (blocks, []) = nonce.as_chunks::<BLOCK>() else {
            return Err(AdminKeyError::Nonce(nonce.len()));
        };
        let encrypt = |block: &[u8; BLOCK]| {
            let mut block = (*block).into();
            self.cipher.encrypt_block(&mut block);
            block
        };
        match blocks {
            [] => Err(AdminKeyError::Nonce(0)),
            blocks => EncryptedNonce::new(blocks.iter().flat_map(encrypt).collect::<Vec<u8>>()),
        }
    }
}

impl From<&NewAdminKey> for TripleDesAdminKey {
    /// For the next time, once the token has it.
    fn from(key: &NewAdminKey) -> Self {
        Self::of(key.expose())
    }
}

impl AdminKey for TripleDesAdminKey {
    fn respond<'a>(&'a self, nonce: &'a [u8]) -> BoxFuture<'a, Result<EncryptedNonce, AdminKeyError>> {
        Box::pin(std::future::ready(self.encrypt(nonce)))
    }
}

impl fmt::Debug for TripleDesAdminKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cipher: _blind,
            lints,
        } = self;
        f.debug_struct("TripleDesAdminKey")
            .field("lints", lints)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coding::OctetCoding;

    fn hex(digits: &str) -> Vec<u8> {
        OctetCoding::Hex.read(digits).unwrap().to_vec()
    }

    fn answer(key: &str, nonce: &str) -> String {
        let key = TripleDesAdminKey::from_hex(key).unwrap();
        let proof = key.encrypt(&hex(nonce)).unwrap();
        OctetCoding::Hex.write(proof.expose()).to_string()
    }

    #[test]
    fn published_vectors() {
        // NIST SP 800-67, appendix B.1: "The qufck brown fox jump".
        assert_eq!(
            answer(
                "0123456789ABCDEF23456789ABCDEF01456789ABCDEF0123",
                "54686520717566636b2062726f776e20666f78206a756d70",
            ),
            "a826fd8ce53b855fcce21c8112256fe668d5c05dd9b6b900"
        );
        // NIST SP 800-20, table A.1 (variable plaintext known answer test), one key three times, as its vectors have it.
        let key = "0101010101010101".repeat(3);
        for (plain, cipher) in [
            ("8000000000000000", "95f8a5e5dd31d900"),
            ("4000000000000000", "dd7f121ca5015619"),
            ("0000000000000001", "166b40b44aba4bd6"),
        ] {
            assert_eq!(answer(&key, plain), cipher);
        }
    }

    #[test]
    fn a_nonce_that_is_no_whole_number_of_blocks_has_no_answer() {
        let key = TripleDesAdminKey::from_octets(&[3; 24]).unwrap();
        for length in [0, 1, 7, 9, 15, 17] {
            assert_eq!(
                key.encrypt(&vec![0; length]).unwrap_err(),
                AdminKeyError::Nonce(length)
            );
        }
        assert_eq!(key.encrypt(&[0; 264]).unwrap_err(), AdminKeyError::Proof(264));
        assert_eq!(
            TripleDesAdminKey::from_octets(&[3; 23]).unwrap_err(),
            AdminKeyError::Length(23)
        );
    }

    #[test]
    fn a_weak_key_answers_and_says_that_it_is_weak() {
        let delivered = TripleDesAdminKey::from_octets(&[0; 24]).unwrap();
        assert_eq!(delivered.lints().len(), 2);
        assert!(delivered.encrypt(&[0; 8]).is_ok());
        let new = NewAdminKey::from_octets(&[0; 24]).unwrap();
        assert_eq!(TripleDesAdminKey::from(&new).lints(), delivered.lints());
    }

    #[test]
    fn nothing_is_shown() {
        let digits = "63616e61727963616e61727963616e61727963616e617279";
        let key = TripleDesAdminKey::from_hex(digits).unwrap();
        let shown = format!(
            "{key:?} {:?}",
            TripleDesAdminKey::from_hex(digits.trim_start_matches('6'))
        );
        assert!(!shown.contains("canary") && !shown.contains("616e"), "{shown}");
    }

    proptest! {
        #[test]
        fn blocks_are_independent_of_each_other(key: [u8; 24], one: [u8; 8], two: [u8; 8]) {
            let key = TripleDesAdminKey::from_octets(&key).unwrap();
            let both = key.encrypt(&[one, two].concat()).unwrap();
            let (first, second) = (key.encrypt(&one).unwrap(), key.encrypt(&two).unwrap());
            prop_assert_eq!(both.expose(), [first.expose(), second.expose()].concat());
        }

        #[test]
        fn any_key_text_is_read_or_refused(text in ".*") {
            let _ = TripleDesAdminKey::from_hex(&text);
        }
    }
}
