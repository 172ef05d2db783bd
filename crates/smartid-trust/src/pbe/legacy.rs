//! The key derivation of PKCS #12 (RFC 7292 appendix B) and the old ciphers that go with it.
//!
//! OpenSSL before 3.0, Windows and Java before 17 encrypt keys with triple DES and certificates with RC2 of 40 bits. Such files are
//! still handed out, so they are read. RC4 is not read.

use std::num::NonZeroU32;

use aws_lc_rs::digest::{self, Context, SHA1_FOR_LEGACY_USE_ONLY};
use cbc::Decryptor;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use des::TdesEde3;
use rc2::Rc2;
use zeroize::Zeroizing;

use super::{Password, iterations, whole_blocks};
use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

pub(super) const SHA_3KEY_TRIPLE_DES: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3]);
const SHA_2KEY_TRIPLE_DES: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 4]);
const SHA_RC2_128: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 5]);
const SHA_RC2_40: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 6]);

/// pkcs-12PbeParams with a cipher.
pub(crate) struct Legacy<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    cipher: Cipher,
}

#[derive(Clone, Copy)]
enum Cipher {
    /// With a key of so many bytes: two or three single keys.
    TripleDes(usize),
    /// With a key of so many bytes.
    Rc2(usize),
}

impl<'a> Legacy<'a> {
    /// `None` when it is none of these schemes.
    pub(super) fn parse(oid: &Oid, scheme: &mut Reader<'a>) -> Result<Option<Self>, Refusal> {
        let known = [
            (SHA_3KEY_TRIPLE_DES, Cipher::TripleDes(24)),
            (SHA_2KEY_TRIPLE_DES, Cipher::TripleDes(16)),
            (SHA_RC2_128, Cipher::Rc2(16)),
            (SHA_RC2_40, Cipher::Rc2(5)),
        ];
        let Some((_, cipher)) = known.into_iter().find(|(known, _)| known == oid) else {
            return Ok(None);
        };
        let mut parameters = scheme
            .expect(tag::SEQUENCE, "an encryption scheme without its parameters")?
            .reader();
        scheme.end()?;
        let salt = parameters.expect(tag::OCTET_STRING, "an encryption scheme without its salt")?;
        let iterations = iterations(&mut parameters)?;
        parameters.end()?;
        Ok(Some(Self {
            salt: salt.contents,
            iterations,
            cipher,
        }))
    }

    /// A key of up to two digests, and an initial vector of one.
    pub(super) fn cost(&self) -> u64 {
        3 * u64::from(self.iterations.get())
    }

    pub(super) fn decrypt(
        &self,
        encrypted: &[u8],
        password: Password<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let derive = |purpose, length| {
            let sha1 = &SHA1_FOR_LEGACY_USE_ONLY;
            derive(sha1, purpose, password, self.salt, self.iterations, length)
        };
        let iv = derive(Purpose::InitialVector, 8);
        match self.cipher {
            Cipher::TripleDes(length) => {
                let mut key = derive(Purpose::Key, length);
                // Two single keys: the third is the first again.
                if let Some(first) = key
                    .get(..24 - length.min(24))
                    .map(|first| Zeroizing::new(first.to_vec()))
                {
                    key.extend_from_slice(&first);
                }
                triple_des(&key, &iv, encrypted)
            }
            Cipher::Rc2(length) => {
                let key = derive(Purpose::Key, length);
                cbc(Decryptor::<Rc2>::new_from_slices(&key, &iv), encrypted)
            }
        }
    }
}

pub(super) fn triple_des(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    cbc(Decryptor::<TdesEde3>::new_from_slices(key, iv), encrypted)
}

fn cbc<D: BlockModeDecrypt, E>(
    decryptor: Result<D, E>,
    encrypted: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    whole_blocks(encrypted, 8)?;
    let wrong = || Refusal::from(Reason::WrongPassword);
    let decryptor = decryptor.map_err(|_| wrong())?;
    let mut plain = Zeroizing::new(encrypted.to_vec());
    let length = decryptor
        .decrypt_padded::<Pkcs7>(&mut plain)
        .map_err(|_| wrong())?
        .len();
    plain.truncate(length);
    Ok(plain)
}

/// What a derivation is for (RFC 7292 B.3).
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Key = 1,
    InitialVector = 2,
    Mac = 3,
}

/// RFC 7292 B.2.
pub(crate) fn derive(
    algorithm: &'static digest::Algorithm,
    purpose: Purpose,
    password: Password<'_>,
    salt: &[u8],
    iterations: NonZeroU32,
    length: usize,
) -> Zeroizing<Vec<u8>> {
    let block = algorithm.block_len();
    let password = password.bmp();
    let filled = |part: &[u8]| part.len().div_ceil(block) * block;
    let mut input = Zeroizing::new(Vec::with_capacity(filled(salt) + filled(&password)));
    for part in [salt, password.as_slice()] {
        input.extend(part.iter().cycle().take(filled(part)));
    }
    let mut out = Zeroizing::new(Vec::with_capacity(length + algorithm.output_len()));
    loop {
        let mut first = Context::new(algorithm);
        first.update(&vec![purpose as u8; block]);
        first.update(&input);
        let mut value = first.finish();
        for _ in 1..iterations.get() {
            value = digest::digest(algorithm, value.as_ref());
        }
        out.extend_from_slice(value.as_ref());
        if out.len() >= length {
            out.truncate(length);
            return out;
        }
        // Each block of the input grows by the digest, repeated to the length of a block, and by one.
        let addend: Zeroizing<Vec<u8>> =
            Zeroizing::new(value.as_ref().iter().copied().cycle().take(block).collect());
        for part in input.chunks_mut(block) {
            let mut carry = 1_u16;
            for (octet, added) in part.iter_mut().zip(addend.iter()).rev() {
                let sum = u16::from(*octet) + u16::from(*added) + carry;
                let [high, low] = sum.to_be_bytes();
                *octet = low;
                carry = u16::from(high);
            }
        }
    }
}
