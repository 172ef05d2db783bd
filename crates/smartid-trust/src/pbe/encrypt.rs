//! Encrypts by password: what containers and key files that we write are protected with.
//!
//! Two schemes and no more. PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC is what OpenSSL 3, Java since 16 and Windows since Server 2019
//! write by default. Triple DES by RFC 7292 is for what is older. Salt and initial vector are drawn anew for each thing that is encrypted.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use cbc::Encryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use des::TdesEde3;
use zeroize::Zeroizing;

use super::legacy::SHA_3KEY_TRIPLE_DES;
use super::cipher::AES_256_CBC;
use super::derive::{HMAC_SHA256, PBKDF2};
use super::hash::SHA1;
use super::{Budget, Hash, PBES2, Password, Purpose, pkcs12};
use crate::der::{self, Oid};
use crate::random::{Random, draw};
use crate::{Reason, Refusal};

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
    /// Derives and encrypts.
    pub(crate) fn seal(
        self,
        plain: &[u8],
        password: Password<'_>,
        iterations: NonZeroU32,
        random: &mut Random<'_>,
    ) -> Result<Sealed, Refusal> {
        let missing = |Unspecified| Refusal::from(Reason::RandomUnavailable);
        let salt = draw::<SALT_LEN>(random).map_err(missing)?;
        match self {
            Self::Aes256 => {
                let iv = draw(random).map_err(missing)?;
                aes_256(plain, password, iterations, &salt, iv)
            }
            Self::TripleDes => triple_des(plain, password, iterations, &salt),
        }
        .map_err(|Unspecified| Refusal::new(Reason::TooLarge, "what is to be encrypted"))
    }

    /// What a reader's budget is charged with, for each iteration and each thing that is encrypted, in units of work
    /// ([`DEFAULT_MAX_WORK`](crate::pkcs12::DEFAULT_MAX_WORK)).
    pub(crate) const fn cost(self) -> u64 {
        match self {
            Self::Aes256 => 130,
            // A key of two digests and an initial vector of one.
            Self::TripleDes => 3 * 55,
        }
    }
}

fn aes_256(
    plain: &[u8],
    password: Password<'_>,
    iterations: NonZeroU32,
    salt: &[u8],
    iv: [u8; 16],
) -> Result<Sealed, Unspecified> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, &password.narrow(), &mut *key);
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_256, &*key)?)?;
    let mut octets = Vec::with_capacity(plain.len() + 16);
    octets.extend_from_slice(plain);
    key.less_safe_encrypt(&mut octets, EncryptionContext::Iv128(FixedLength::from(iv)))?;

    // Without the key's length, as OpenSSL writes it: the cipher says it.
    let prf = der::sequence(&[&der::oid(&HMAC_SHA256), &der::null()]);
    let kdf = der::sequence(&[&der::octet_string(salt), &count(iterations), &prf]);
    let kdf = der::sequence(&[&der::oid(&PBKDF2), &kdf]);
    let cipher = der::sequence(&[&der::oid(&AES_256_CBC), &der::octet_string(&iv)]);
    let parameters = der::sequence(&[&kdf, &cipher]);
    Ok(Sealed {
        identifier: der::sequence(&[&der::oid(&PBES2), &parameters]),
        octets,
    })
}

fn triple_des(
    plain: &[u8],
    password: Password<'_>,
    iterations: NonZeroU32,
    salt: &[u8],
) -> Result<Sealed, Unspecified> {
    let derive = |purpose, length| derive(&SHA1, purpose, password, salt, iterations, length);
    let key = derive(Purpose::Key, 24).map_err(|_| Unspecified)?;
    let iv = derive(Purpose::InitialVector, 8).map_err(|_| Unspecified)?;
    let encryptor = Encryptor::<TdesEde3>::new_from_slices(&key, &iv).map_err(|_| Unspecified)?;
    let mut octets = Vec::with_capacity(plain.len() + 8);
    octets.extend_from_slice(plain);
    octets.resize(plain.len() + 8, 0);
    let length = encryptor
        .encrypt_padded::<Pkcs7>(&mut octets, plain.len())
        .map_err(|_| Unspecified)?
        .len();
    octets.truncate(length);
    let parameters = der::sequence(&[&der::octet_string(salt), &count(iterations)]);
    Ok(Sealed {
        identifier: der::sequence(&[&der::oid(&SHA_3KEY_TRIPLE_DES), &parameters]),
        octets,
    })
}

/// The derivation of RFC 7292 without a cap: what is written here is not a stranger's.
pub(crate) fn derive(
    digest: &Oid,
    purpose: Purpose,
    password: Password<'_>,
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let hash = Hash::from_digest(digest).ok_or(Reason::ContainerUnsupported)?;
    let mut budget = Budget::new(u64::MAX, u64::MAX);
    budget.derive(pkcs12(hash, purpose, password, salt, iterations.get(), length))
}

/// An iteration count as an INTEGER.
pub(crate) fn count(iterations: NonZeroU32) -> Vec<u8> {
    der::integer(&iterations.get().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::der::{Reader, tag};
    use crate::pbe::Scheme;
    use crate::random::system_random;

    fn budget() -> Budget {
        Budget::new(u64::MAX, u64::MAX)
    }

    fn opened(sealed: &Sealed, password: &str) -> Option<Vec<u8>> {
        let identifier = Reader::only(&sealed.identifier, tag::SEQUENCE, "?").unwrap();
        let scheme = Scheme::parse(identifier.contents, &budget()).unwrap();
        scheme
            .decrypt(&sealed.octets, Password::new(password), &mut budget())
            .ok()
            .map(|plain| plain.to_vec())
    }

    proptest! {
        #[test]
        fn what_is_encrypted_is_decrypted(plain: Vec<u8>, password: String, count in 1_u32..4) {
            let iterations = NonZeroU32::new(count).unwrap();
            for sealing in [Sealing::Aes256, Sealing::TripleDes] {
                let sealed = sealing.seal(&plain, Password::new(&password), iterations, &mut system_random).unwrap();
                let identifier = Reader::only(&sealed.identifier, tag::SEQUENCE, "?").unwrap();
                // What the reader takes for deriving is what is said here; the rest is little.
                let mut paid = budget();
                _ = Scheme::parse(identifier.contents, &paid).unwrap().decrypt(&sealed.octets, Password::new(&password), &mut paid);
                let paid = u64::MAX - paid.left();
                let derived = sealing.cost() * u64::from(count);
                let rest = 100_000 + 100 * u64::try_from(sealed.octets.len() + 2 * password.len()).unwrap();
                prop_assert!((derived..derived + rest).contains(&paid), "{} {}", paid, derived);
                prop_assert_eq!(opened(&sealed, &password), Some(plain.clone()));
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
                .seal(b"text", Password::new("p"), NonZeroU32::MIN, &mut counting)
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
            let sealed = sealing.seal(b"text", Password::new("p"), NonZeroU32::MIN, &mut |_| {
                Err(Unspecified)
            });
            assert_eq!(
                sealed.err().map(|refusal| refusal.reason()),
                Some(Reason::RandomUnavailable)
            );
        }
    }
}
