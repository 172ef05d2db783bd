//! Encrypts by password: what containers and key files that we write are protected with.
//!
//! Two schemes and no more. PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC is what OpenSSL 3, Java since 16 and Windows since Server 2019
//! write by default. Triple DES by RFC 7292 is for what is older. Salt and initial vector are drawn anew for each thing that is encrypted.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use cipher::{Array, BlockCipherEncrypt, KeyInit};
use des::TdesEde3;
use zeroize::Zeroizing;

use super::block::Family;
use super::cipher::{AES_256_CBC, Cipher};
use super::derive::{HMAC_SHA256, PBKDF2};
use super::{Budget, Hash, PBES2, Password, Purpose, SHA1, Scheme, pkcs12};
use crate::der::{self, Oid, Reader, tag};
use crate::random::{Random, draw};
use crate::{Reason, Refusal};

const SHA_3KEY_TRIPLE_DES: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3]);

/// Bytes of a salt: what NIST SP 800-132 5.1 asks for, 128 bits.
pub(crate) const SALT_LEN: usize = 16;

/// What is encrypted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// PBES2, PBKDF2-HMAC-SHA256, AES-256-CBC.
    Aes256,
    /// pbeWithSHAAnd3-KeyTripleDES-CBC.
    TripleDes,
}

/// The AlgorithmIdentifier, and what was encrypted.
pub(crate) struct Sealed {
    pub(crate) identifier: Vec<u8>,
    pub(crate) octets: Vec<u8>,
}

impl Sealed {
    /// EncryptedPrivateKeyInfo (RFC 5958 3), when it was a key that was encrypted.
    pub(crate) fn into_key_info(self) -> Vec<u8> {
        der::sequence(&[&self.identifier, &der::octet_string(&self.octets)])
    }
}

impl Sealing {
    /// Derives and encrypts, and takes out of `budget` what decrypting will.
    pub(crate) fn seal(
        self,
        plain: &[u8],
        password: Password<'_>,
        iterations: NonZeroU32,
        random: &mut Random<'_>,
        budget: &mut Budget,
    ) -> Result<Sealed, Refusal> {
        let missing = |Unspecified| Refusal::from(Reason::RandomUnavailable);
        let salt = draw::<SALT_LEN>(random).map_err(missing)?;
        match self {
            Self::Aes256 => {
                let iv = draw(random).map_err(missing)?;
                aes_256(plain, password, iterations, &salt, iv, budget)
            }
            Self::TripleDes => triple_des(plain, password, iterations, &salt, budget),
        }
    }
}

/// A cipher refuses nothing but what is too long for it.
fn too_long<E>(_: E) -> Refusal {
    Refusal::new(Reason::TooLarge, "what is to be encrypted")
}

fn aes_256(
    plain: &[u8],
    password: Password<'_>,
    iterations: NonZeroU32,
    salt: &[u8],
    iv: [u8; 16],
    budget: &mut Budget,
) -> Result<Sealed, Refusal> {
    // Without the key's length, as OpenSSL writes it: the cipher says it.
    let prf = der::sequence(&[&der::oid(&HMAC_SHA256), &der::null()]);
    let kdf = der::sequence(&[&der::octet_string(salt), &count(iterations), &prf]);
    let kdf = der::sequence(&[&der::oid(&PBKDF2), &kdf]);
    let cipher = der::sequence(&[&der::oid(&AES_256_CBC), &der::octet_string(&iv)]);
    let parameters = der::sequence(&[&kdf, &cipher]);
    let identifier = der::sequence(&[&der::oid(&PBES2), &parameters]);

    // The key is that of what was just written.
    let contents = Reader::only(&identifier, tag::SEQUENCE, "")?.contents;
    let Scheme::Pbes2(derivation, cipher) = Scheme::parse(contents, budget)? else {
        return Err(Reason::KeyEncryptionUnsupported.into());
    };
    let key = budget.derive(derivation.job(password, cipher.key_len))?;
    let key = UnboundCipherKey::new(&AES_256, &key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
    let mut octets = Vec::with_capacity(plain.len() + 16);
    octets.extend_from_slice(plain);
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.and_then(|key| key.less_safe_encrypt(&mut octets, context))
        .map_err(too_long)?;
    budget.charge(cipher.cost(octets.len()))?;
    Ok(Sealed { identifier, octets })
}

fn triple_des(
    plain: &[u8],
    password: Password<'_>,
    iterations: NonZeroU32,
    salt: &[u8],
    budget: &mut Budget,
) -> Result<Sealed, Refusal> {
    let sha1 = Hash::from_digest(&SHA1).ok_or(Reason::KeyEncryptionUnsupported)?;
    let mut derive =
        |purpose, length| budget.derive(pkcs12(sha1, purpose, password, salt, iterations.get(), length));
    let (key, iv) = (derive(Purpose::Key, 24)?, derive(Purpose::InitialVector, 8)?);
    let cipher = TdesEde3::new_from_slice(&key).map_err(too_long)?;
    // Padding of RFC 8018 6.1.1: as many octets as are missing, each with their number.
    let padding = 8 - plain.len() % 8;
    let mut padded = Zeroizing::new(Vec::with_capacity(plain.len() + padding));
    padded.extend_from_slice(plain);
    padded.resize(plain.len() + padding, u8::try_from(padding).unwrap_or(8));
    let mut octets = Vec::with_capacity(padded.len());
    let mut before = Array::<u8, _>::try_from(iv.as_slice()).map_err(too_long)?;
    for block in padded.as_chunks::<8>().0 {
        for (octet, plain) in before.iter_mut().zip(block) {
            *octet ^= plain;
        }
        cipher.encrypt_block(&mut before);
        octets.extend_from_slice(&before);
    }
    let length = octets.len();
    budget.charge(Cipher::legacy(Family::TripleDes, 24).cost(length))?;
    let parameters = der::sequence(&[&der::octet_string(salt), &count(iterations)]);
    Ok(Sealed {
        identifier: der::sequence(&[&der::oid(&SHA_3KEY_TRIPLE_DES), &parameters]),
        octets,
    })
}

/// An iteration count as an INTEGER.
pub(crate) fn count(iterations: NonZeroU32) -> Vec<u8> {
    der::integer(&iterations.get().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::random::system_random;

    fn budget() -> Budget {
        Budget::new(1_000_000, 1_000_000_000)
    }

    /// What was decrypted, and what was left of the budget.
    fn opened(sealed: &Sealed, password: &str) -> Option<(Vec<u8>, u64)> {
        let identifier = Reader::only(&sealed.identifier, tag::SEQUENCE, "?").unwrap();
        let mut budget = budget();
        let scheme = Scheme::parse(identifier.contents, &budget).unwrap();
        let plain = scheme
            .decrypt(&sealed.octets, Password::new(password), &mut budget)
            .ok()?;
        Some((plain.to_vec(), budget.left()))
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(plain: Vec<u8>, password: String, count in 1_u32..4) {
            let iterations = NonZeroU32::new(count).unwrap();
            let text = password.as_str();
            for sealing in [Sealing::Aes256, Sealing::TripleDes] {
                let mut budget = budget();
                let password = Password::new(text);
                let sealed = sealing.seal(&plain, password, iterations, &mut system_random, &mut budget).unwrap();
                // Encrypting takes out what decrypting takes out.
                prop_assert_eq!(opened(&sealed, text), Some((plain.clone(), budget.left())));
            }
        }
    }

    #[test]
    fn salt_and_initial_vector_are_drawn_for_each_thing() {
        let mut next = 0_u8;
        let mut counting = |bytes: &mut [u8]| {
            for byte in bytes {
                *byte = next;
                next += 1;
            }
            Ok(())
        };
        let mut all = Vec::new();
        for _ in 0..2 {
            let sealed = Sealing::Aes256
                .seal(
                    b"text",
                    Password::new("p"),
                    NonZeroU32::MIN,
                    &mut counting,
                    &mut budget(),
                )
                .unwrap();
            all.push(sealed.identifier);
        }
        for (number, identifier) in all.iter().enumerate() {
            let from = u8::try_from(number * 32).unwrap();
            let drawn: Vec<u8> = (from..from + 32).collect();
            let has = |part: &[u8]| identifier.windows(16).any(|window| window == part);
            assert!(has(&drawn[..16]) && has(&drawn[16..]), "{identifier:02x?}");
        }
    }

    #[test]
    fn without_randomness_nothing_is_encrypted() {
        for sealing in [Sealing::Aes256, Sealing::TripleDes] {
            let sealed = sealing.seal(
                b"text",
                Password::new("p"),
                NonZeroU32::MIN,
                &mut |_| Err(Unspecified),
                &mut budget(),
            );
            assert_eq!(
                sealed.err().map(|refusal| refusal.reason()),
                Some(Reason::RandomUnavailable)
            );
        }
    }
}
