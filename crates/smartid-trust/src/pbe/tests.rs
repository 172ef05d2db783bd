//! Parameters that cannot be, and round trips over every function and key length.

#[cfg(feature = "pkcs12")]
mod vectors;

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;

use super::cipher::{AES_128_CBC, AES_192_CBC, AES_256_CBC};
use super::derive::PBKDF2;
use super::*;
use crate::der;

const HMAC_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]);
pub(crate) const HMAC_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9]);
const HMAC_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10]);
const HMAC_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11]);

/// A PBES2 AlgorithmIdentifier's contents and `plain` encrypted by it, for tests.
pub(crate) fn encrypt(
    prf: usize,
    aes: usize,
    count: u32,
    password: &str,
    plain: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    encrypt_salted(b"saltsalt", (prf, aes), count, password, plain)
}

/// As [`encrypt`], with a salt of eight octets.
pub(crate) fn encrypt_salted(
    salt: &[u8; 8],
    (prf, aes): (usize, usize),
    count: u32,
    password: &str,
    plain: &[u8],
) -> (Vec<u8>, Vec<u8>) {
    let (prf_oid, prf) = [
        (None, pbkdf2::PBKDF2_HMAC_SHA1),
        (Some(HMAC_SHA1), pbkdf2::PBKDF2_HMAC_SHA1),
        (Some(HMAC_SHA256), pbkdf2::PBKDF2_HMAC_SHA256),
        (Some(HMAC_SHA384), pbkdf2::PBKDF2_HMAC_SHA384),
        (Some(HMAC_SHA512), pbkdf2::PBKDF2_HMAC_SHA512),
    ]
    .swap_remove_at(prf);
    let (cipher_oid, cipher, key_len) = [
        (AES_128_CBC, &AES_128, 16),
        (AES_192_CBC, &AES_192, 24),
        (AES_256_CBC, &AES_256, 32),
    ]
    .swap_remove_at(aes);
    let mut key = vec![0; key_len];
    pbkdf2::derive(
        prf,
        NonZeroU32::new(count).unwrap(),
        salt,
        password.as_bytes(),
        &mut key,
    );
    let key = UnboundCipherKey::new(cipher, &key).unwrap();
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).unwrap();
    let mut encrypted = plain.to_vec();
    let iv = EncryptionContext::Iv128(FixedLength::from([7; 16]));
    key.less_safe_encrypt(&mut encrypted, iv).unwrap();
    let mut identifier = identifier(prf_oid, &cipher_oid, count.into(), None);
    let at = identifier
        .windows(8)
        .position(|part| part == b"saltsalt")
        .unwrap();
    identifier[at..at + 8].copy_from_slice(salt);
    (identifier, encrypted)
}

trait Pick<T> {
    fn swap_remove_at(self, at: usize) -> T;
}
impl<T, const N: usize> Pick<T> for [T; N] {
    fn swap_remove_at(self, at: usize) -> T {
        self.into_iter().nth(at).unwrap()
    }
}

pub(crate) fn identifier(prf: Option<Oid>, cipher: &Oid, count: u64, key_len: Option<u8>) -> Vec<u8> {
    let prf = prf.map_or(Vec::new(), |prf| der::sequence(&[&der::oid(&prf), &der::null()]));
    let key_len = key_len.map_or(Vec::new(), |length| der::integer(&[length]));
    let kdf = der::sequence(&[
        &der::octet_string(b"saltsalt"),
        &der::integer(&count.to_be_bytes()),
        &key_len,
        &prf,
    ]);
    let kdf = der::sequence(&[&der::oid(&PBKDF2), &kdf]);
    let cipher = der::sequence(&[&der::oid(cipher), &der::octet_string(&[7; 16])]);
    [der::oid(&PBES2), der::sequence(&[&kdf, &cipher])].concat()
}

fn budget() -> Budget {
    Budget::new(u64::MAX, 1_000_000_000)
}

fn reason(identifier: &[u8]) -> Option<Reason> {
    Scheme::parse(identifier, &budget())
        .err()
        .map(|refusal| refusal.reason())
}

#[test]
fn every_function_and_key_length_decrypts() {
    for prf in 0..5 {
        for aes in 0..3 {
            let (identifier, encrypted) = encrypt(prf, aes, 3, "password", b"some plain text");
            let scheme = Scheme::parse(&identifier, &budget()).unwrap();
            let plain = scheme
                .decrypt(&encrypted, Password::new("password"), &mut budget())
                .unwrap();
            assert_eq!(plain.as_slice(), b"some plain text");
        }
    }
}

#[test]
fn parameters_that_cannot_be_are_refused() {
    let good = |count, key_len| identifier(Some(HMAC_SHA256), &AES_128_CBC, count, key_len);
    assert_eq!(reason(&good(1, None)), None);
    assert_eq!(reason(&good(1, Some(16))), None);
    assert_eq!(reason(&good(u32::MAX.into(), None)), None);
    for (bad, expected) in [
        (good(0, None), Reason::Malformed),
        (good(1 << 32, None), Reason::KdfIterations),
        (good(1, Some(32)), Reason::Malformed),
        (
            identifier(Some(PBES2), &AES_128_CBC, 1, None),
            Reason::KeyEncryptionUnsupported,
        ),
        (
            identifier(None, &PBES2, 1, None),
            Reason::KeyEncryptionUnsupported,
        ),
        (der::oid(&PBKDF2), Reason::KeyEncryptionUnsupported),
        (der::oid(&PBES2), Reason::Malformed),
        (Vec::new(), Reason::Malformed),
    ] {
        assert_eq!(reason(&bad), Some(expected), "{bad:?}");
    }
}

#[test]
fn data_that_are_no_whole_blocks_are_refused() {
    let (identifier, encrypted) = encrypt(2, 2, 1, "password", b"text");
    let scheme = Scheme::parse(&identifier, &budget()).unwrap();
    for bad in [&encrypted[..15], &[]] {
        let refusal = scheme
            .decrypt(bad, Password::new("password"), &mut budget())
            .unwrap_err();
        assert_eq!(refusal.reason(), Reason::Malformed);
    }
}
