//! Encryption by password, as private keys and PKCS #12 containers have it.
//!
//! PBES2 (RFC 8018 6.2) with PBKDF2 and AES is always there. The schemes of PKCS #12 (RFC 7292 appendix C) and triple DES come with
//! the feature `pkcs12`. How much work a file causes is for the file to say, so a [`Scheme`] tells its cost before anything is derived
//! and its user compares that with a cap. Schemes that eat memory (scrypt) are refused.

#[cfg(feature = "pkcs12")]
pub(crate) mod encrypt;
#[cfg(feature = "pkcs12")]
mod legacy;
#[cfg(test)]
pub(crate) mod tests;

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

#[cfg(feature = "pkcs12")]
pub(crate) use legacy::{Purpose, derive};

const PBES2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]);
const PBKDF2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12]);
const HMAC_SHA1: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7]);
pub(crate) const HMAC_SHA256: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9]);
const HMAC_SHA384: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10]);
const HMAC_SHA512: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11]);
pub(crate) const AES_128_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2]);
const AES_192_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22]);
const AES_256_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);
#[cfg(feature = "pkcs12")]
const DES_EDE3_CBC: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7]);

/// A password in the two forms that are derived from.
#[derive(Clone, Copy)]
pub(crate) struct Password<'a> {
    text: &'a str,
    /// Whether the form for PKCS #12 ends with two zero bytes. It must (RFC 7292 B.1); for an empty password some producers leave
    /// them away.
    #[cfg(feature = "pkcs12")]
    terminated: bool,
}

impl<'a> Password<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self {
            text,
            #[cfg(feature = "pkcs12")]
            terminated: true,
        }
    }

    /// The other reading of an empty password.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn unterminated(self) -> Option<Self> {
        (self.text.is_empty() && self.terminated).then_some(Self {
            terminated: false,
            ..self
        })
    }

    /// BMPString with its terminator. Letters outside the plane become two units, as Java and OpenSSL write them.
    #[cfg(feature = "pkcs12")]
    fn bmp(self) -> Zeroizing<Vec<u8>> {
        let mut octets = Zeroizing::new(Vec::with_capacity(2 * self.text.len() + 2));
        for unit in self.text.encode_utf16() {
            octets.extend_from_slice(&unit.to_be_bytes());
        }
        if self.terminated {
            octets.extend_from_slice(&[0, 0]);
        }
        octets
    }
}

/// How something is encrypted.
pub(crate) enum Scheme<'a> {
    Pbes2(Pbes2<'a>),
    #[cfg(feature = "pkcs12")]
    Legacy(legacy::Legacy<'a>),
}

/// PBES2-params with PBKDF2-params.
pub(crate) struct Pbes2<'a> {
    salt: &'a [u8],
    iterations: NonZeroU32,
    prf: pbkdf2::Algorithm,
    cipher: Cipher,
}

enum Cipher {
    Aes(&'static Algorithm, usize, [u8; 16]),
    #[cfg(feature = "pkcs12")]
    TripleDes([u8; 8]),
}

impl Cipher {
    fn key_len(&self) -> usize {
        match self {
            Self::Aes(_, length, _) => *length,
            #[cfg(feature = "pkcs12")]
            Self::TripleDes(_) => 24,
        }
    }
}

fn unsupported(what: &'static str, oid: &Oid) -> Refusal {
    Refusal::new(Reason::KeyEncryptionUnsupported, format!("{what} {oid}"))
}

impl<'a> Scheme<'a> {
    /// Reads the contents of an AlgorithmIdentifier.
    pub(crate) fn parse(identifier: &'a [u8]) -> Result<Self, Refusal> {
        let mut scheme = Reader::new(identifier);
        let oid = scheme.oid("an encryption scheme without its identifier")?;
        if oid == PBES2 {
            let parameters = scheme.expect(tag::SEQUENCE, "PBES2 without its parameters")?;
            scheme.end()?;
            return Ok(Self::Pbes2(Pbes2::parse(parameters.contents)?));
        }
        #[cfg(feature = "pkcs12")]
        if let Some(legacy) = legacy::Legacy::parse(&oid, &mut scheme)? {
            return Ok(Self::Legacy(legacy));
        }
        Err(unsupported("encryption scheme", &oid))
    }

    /// How many iterations deriving will take.
    pub(crate) fn cost(&self) -> u64 {
        match self {
            Self::Pbes2(pbes2) => pbes2.iterations.get().into(),
            #[cfg(feature = "pkcs12")]
            Self::Legacy(legacy) => legacy.cost(),
        }
    }

    /// Derives and decrypts. One wrong password in 256 leaves padding that looks right, so the caller must look at what comes out.
    pub(crate) fn decrypt(
        &self,
        encrypted: &[u8],
        password: Password<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        match self {
            Self::Pbes2(pbes2) => pbes2.decrypt(encrypted, password),
            #[cfg(feature = "pkcs12")]
            Self::Legacy(legacy) => legacy.decrypt(encrypted, password),
        }
    }
}

impl<'a> Pbes2<'a> {
    fn parse(parameters: &'a [u8]) -> Result<Self, Refusal> {
        let mut parameters = Reader::new(parameters);
        let mut derivation = parameters
            .expect(tag::SEQUENCE, "PBES2 without its key derivation")?
            .reader();
        let mut encryption = parameters
            .expect(tag::SEQUENCE, "PBES2 without its cipher")?
            .reader();
        parameters.end()?;

        let cipher = cipher(&mut encryption)?;
        let oid = derivation.oid("a key derivation without its identifier")?;
        if oid != PBKDF2 {
            return Err(unsupported("key derivation", &oid));
        }
        let mut kdf = derivation
            .expect(tag::SEQUENCE, "PBKDF2 without its parameters")?
            .reader();
        derivation.end()?;
        let salt = kdf.expect(tag::OCTET_STRING, "PBKDF2 without its salt")?;
        let iterations = iterations(&mut kdf)?;
        if let Some(length) = kdf.optional(tag::INTEGER)?
            && usize::try_from(length.small_integer()?) != Ok(cipher.key_len())
        {
            return Err(Refusal::new(
                Reason::Malformed,
                "a key length that is not the cipher's",
            ));
        }
        let prf = match kdf.optional(tag::SEQUENCE)? {
            None => pbkdf2::PBKDF2_HMAC_SHA1,
            Some(prf) => pseudo_random_function(&mut prf.reader())?,
        };
        kdf.end()?;
        Ok(Self {
            salt: salt.contents,
            iterations,
            prf,
            cipher,
        })
    }

    fn decrypt(&self, encrypted: &[u8], password: Password<'_>) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_len()]);
        pbkdf2::derive(
            self.prf,
            self.iterations,
            self.salt,
            password.text.as_bytes(),
            &mut key,
        );
        match &self.cipher {
            Cipher::Aes(algorithm, _, iv) => {
                whole_blocks(encrypted, 16)?;
                let wrong = |_| Refusal::from(Reason::WrongPassword);
                let key = UnboundCipherKey::new(algorithm, &key).map_err(wrong)?;
                let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
                let mut plain = Zeroizing::new(encrypted.to_vec());
                let context = DecryptionContext::Iv128(FixedLength::from(*iv));
                let length = key.decrypt(&mut plain, context).map_err(wrong)?.len();
                plain.truncate(length);
                Ok(plain)
            }
            #[cfg(feature = "pkcs12")]
            Cipher::TripleDes(iv) => legacy::triple_des(&key, iv, encrypted),
        }
    }
}

/// The cipher of PBES2 with its initial vector.
fn cipher(encryption: &mut Reader<'_>) -> Result<Cipher, Refusal> {
    let oid = encryption.oid("a cipher without its identifier")?;
    let aes = [
        (AES_128_CBC, &AES_128, 16),
        (AES_192_CBC, &AES_192, 24),
        (AES_256_CBC, &AES_256, 32),
    ];
    if let Some((_, algorithm, key_len)) = aes.into_iter().find(|(known, _, _)| *known == oid) {
        return Ok(Cipher::Aes(algorithm, key_len, initial_vector(encryption)?));
    }
    #[cfg(feature = "pkcs12")]
    if oid == DES_EDE3_CBC {
        return Ok(Cipher::TripleDes(initial_vector(encryption)?));
    }
    Err(unsupported("cipher", &oid))
}

fn initial_vector<const N: usize>(encryption: &mut Reader<'_>) -> Result<[u8; N], Refusal> {
    let iv = encryption.expect(tag::OCTET_STRING, "a cipher without its initial vector")?;
    encryption.end()?;
    let bad = |_| Refusal::new(Reason::Malformed, "an initial vector that is no block");
    iv.contents.try_into().map_err(bad)
}

fn pseudo_random_function(prf: &mut Reader<'_>) -> Result<pbkdf2::Algorithm, Refusal> {
    let oid = prf.oid("a pseudo-random function without its identifier")?;
    prf.optional(tag::NULL)?;
    prf.end()?;
    [
        (HMAC_SHA1, pbkdf2::PBKDF2_HMAC_SHA1),
        (HMAC_SHA256, pbkdf2::PBKDF2_HMAC_SHA256),
        (HMAC_SHA384, pbkdf2::PBKDF2_HMAC_SHA384),
        (HMAC_SHA512, pbkdf2::PBKDF2_HMAC_SHA512),
    ]
    .into_iter()
    .find_map(|(known, prf)| (known == oid).then_some(prf))
    .ok_or_else(|| unsupported("pseudo-random function", &oid))
}

/// An iteration count: from one to what 32 bits hold.
pub(crate) fn iterations(reader: &mut Reader<'_>) -> Result<NonZeroU32, Refusal> {
    let count = reader
        .expect(tag::INTEGER, "a key derivation without its iteration count")?
        .small_integer()?;
    let count = u32::try_from(count)
        .map_err(|_| Refusal::new(Reason::KdfIterations, format!("{count} iterations")))?;
    NonZeroU32::new(count).ok_or(Refusal::new(Reason::Malformed, "an iteration count of zero"))
}

pub(crate) fn whole_blocks(encrypted: &[u8], block: usize) -> Result<(), Refusal> {
    if encrypted.is_empty() || !encrypted.len().is_multiple_of(block) {
        return Err(Refusal::new(
            Reason::Malformed,
            "encrypted data that are not made of whole blocks",
        ));
    }
    Ok(())
}
