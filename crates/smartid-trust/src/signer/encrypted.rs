//! Opens encrypted PKCS #8 (RFC 5958 3) with PBES2 (RFC 8018 6.2).
//!
//! How much work a file may cause is for the file to say: the iteration count is read and capped before anything is derived.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use smartid_core::SecretString;
use zeroize::Zeroizing;

use super::key::SigningKey;
use super::read;
use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

/// So many iterations and more are refused. OWASP's figure of 2023 for PBKDF2 with HMAC-SHA-1 is 1 300 000; ten million take some
/// seconds.
const TOO_MANY_ITERATIONS: u64 = 10_000_000;

pub(crate) const PBES2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]);
pub(crate) const PBKDF2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12]);
const HMAC_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]);
const HMAC_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9]);
const HMAC_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10]);
const HMAC_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11]);
const AES_128_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2]);
const AES_192_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22]);
const AES_256_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);

/// Whether it looks like EncryptedPrivateKeyInfo: a sequence that begins with a sequence, where a plain key begins with its version.
pub(super) fn is_encrypted(der: &[u8]) -> bool {
    Reader::only(der, tag::SEQUENCE, "").is_ok_and(|info| info.reader().peek() == Some(tag::SEQUENCE))
}

/// EncryptedPrivateKeyInfo.
pub(super) fn open(der: &[u8], password: &SecretString) -> Result<SigningKey, Refusal> {
    read::cap(der)?;
    let mut info = Reader::only(der, tag::SEQUENCE, "an encrypted key that is no sequence")?.reader();
    let algorithm = info.expect(tag::SEQUENCE, "an encrypted key without its algorithm")?;
    let encrypted = info.expect(tag::OCTET_STRING, "an encrypted key without its octets")?;
    info.end()?;
    let plain = Scheme::parse(algorithm.contents)?.decrypt(encrypted.contents, password)?;
    // One wrong password in 256 leaves padding that looks right; what is then no key was not decrypted.
    read::pkcs8(&plain).map_err(|refusal| match refusal.reason() {
        Reason::Malformed => Reason::WrongPassword.into(),
        _ => refusal,
    })
}

fn unsupported(what: &'static str, oid: &Oid) -> Refusal {
    Refusal::new(Reason::KeyEncryptionUnsupported, format!("{what} {oid}"))
}

/// PBES2-params with PBKDF2-params.
struct Scheme<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    prf: pbkdf2::Algorithm,
    cipher: &'static Algorithm,
    key_len: usize,
    iv: [u8; 16],
}

impl<'a> Scheme<'a> {
    fn parse(identifier: &'a [u8]) -> Result<Self, Refusal> {
        let mut scheme = Reader::new(identifier);
        let oid = scheme.oid("an encryption scheme without its identifier")?;
        if oid != PBES2 {
            return Err(unsupported("encryption scheme", &oid));
        }
        let mut parameters = scheme
            .expect(tag::SEQUENCE, "PBES2 without its parameters")?
            .reader();
        scheme.end()?;
        let mut derivation = parameters
            .expect(tag::SEQUENCE, "PBES2 without its key derivation")?
            .reader();
        let mut encryption = parameters
            .expect(tag::SEQUENCE, "PBES2 without its cipher")?
            .reader();
        parameters.end()?;

        let oid = encryption.oid("a cipher without its identifier")?;
        let (cipher, key_len) = if oid == AES_128_CBC {
            (&AES_128, 16)
        } else if oid == AES_192_CBC {
            (&AES_192, 24)
        } else if oid == AES_256_CBC {
            (&AES_256, 32)
        } else {
            return Err(unsupported("cipher", &oid));
        };
        let iv = encryption.expect(tag::OCTET_STRING, "a cipher without its initial vector")?;
        encryption.end()?;
        let iv = <[u8; 16]>::try_from(iv.contents)
            .map_err(|_| Refusal::new(Reason::Malformed, "an initial vector that has not 16 bytes"))?;

        let oid = derivation.oid("a key derivation without its identifier")?;
        if oid != PBKDF2 {
            return Err(unsupported("key derivation", &oid));
        }
        let mut kdf = derivation
            .expect(tag::SEQUENCE, "PBKDF2 without its parameters")?
            .reader();
        derivation.end()?;
        let salt = kdf.expect(tag::OCTET_STRING, "PBKDF2 without its salt")?;
        let iterations = iterations(
            kdf.expect(tag::INTEGER, "PBKDF2 without its iteration count")?
                .small_integer()?,
        )?;
        if let Some(length) = kdf.optional(tag::INTEGER)?
            && length.small_integer()? != key_len as u64
        {
            return Err(Refusal::new(
                Reason::Malformed,
                "a key length that is not the cipher's",
            ));
        }
        let prf = match kdf.optional(tag::SEQUENCE)? {
            None => pbkdf2::PBKDF2_HMAC_SHA1,
            Some(prf) => {
                let mut prf = prf.reader();
                let oid = prf.oid("a pseudo-random function without its identifier")?;
                prf.optional(tag::NULL)?;
                prf.end()?;
                if oid == HMAC_SHA1 {
                    pbkdf2::PBKDF2_HMAC_SHA1
                } else if oid == HMAC_SHA256 {
                    pbkdf2::PBKDF2_HMAC_SHA256
                } else if oid == HMAC_SHA384 {
                    pbkdf2::PBKDF2_HMAC_SHA384
                } else if oid == HMAC_SHA512 {
                    pbkdf2::PBKDF2_HMAC_SHA512
                } else {
                    return Err(unsupported("pseudo-random function", &oid));
                }
            }
        };
        kdf.end()?;
        Ok(Self {
            salt: salt.contents,
            iterations,
            prf,
            cipher,
            key_len,
            iv,
        })
    }

    fn decrypt(&self, encrypted: &[u8], password: &SecretString) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        if encrypted.is_empty() || !encrypted.len().is_multiple_of(16) {
            return Err(Refusal::new(
                Reason::Malformed,
                "an encrypted key that is not made of whole blocks",
            ));
        }
        let wrong = |_| Refusal::from(Reason::WrongPassword);
        let mut key = Zeroizing::new(vec![0; self.key_len]);
        pbkdf2::derive(
            self.prf,
            self.iterations,
            self.salt,
            password.expose().as_bytes(),
            &mut key,
        );
        let key = UnboundCipherKey::new(self.cipher, &key).map_err(wrong)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
        let mut plain = Zeroizing::new(encrypted.to_vec());
        let context = DecryptionContext::Iv128(FixedLength::from(self.iv));
        let length = key.decrypt(&mut plain, context).map_err(wrong)?.len();
        plain.truncate(length);
        Ok(plain)
    }
}

fn iterations(count: u64) -> Result<NonZeroU32, Refusal> {
    if count >= TOO_MANY_ITERATIONS {
        return Err(Refusal::new(Reason::KdfIterations, format!("{count} iterations")));
    }
    u32::try_from(count)
        .ok()
        .and_then(NonZeroU32::new)
        .ok_or(Refusal::new(Reason::Malformed, "an iteration count of zero"))
}
