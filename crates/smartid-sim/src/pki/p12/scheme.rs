//! How things come under a password in PKCS #12: the key derivation of RFC 7292 B with the old ciphers, and PBES2 and PBMAC1 of RFC 8018
//! and RFC 9579 with the new ones.

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, pbkdf2, rand};
use des::TdesEde3;
use des::cipher::consts::U8;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use rc2::Rc2;

use crate::SimError;
use crate::pki::{Digest, der};

/// 1.2.840.113549
const RSADSI: [u8; 6] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d];
/// 2.16.840.1.101.3.4.1
const AES: [u8; 8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01];

/// What a key bag or the certificates are encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum P12Cipher {
    /// Not at all.
    Plain,
    /// PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA-256.
    Aes256Sha256,
    /// PBES2: AES-256-CBC, PBKDF2 with HMAC-SHA-512.
    Aes256Sha512,
    /// PBES2: AES-128-CBC, PBKDF2 with HMAC-SHA-1, which is not named since it is the default (RFC 8018 A.2).
    Aes128Sha1,
    /// `pbeWithSHAAnd3-KeyTripleDES-CBC`
    TripleDes,
    /// `pbeWithSHAAnd128BitRC2-CBC`
    Rc2With128Bits,
    /// `pbeWithSHAAnd40BitRC2-CBC`
    Rc2With40Bits,
}

/// What tells that a file is whole and under this password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum P12Mac {
    /// Nothing.
    Absent,
    /// HMAC with the key derivation of RFC 7292 B: SHA-1, SHA-256, SHA-384 or SHA-512.
    Hmac(Digest),
    /// PBMAC1 with PBKDF2 and HMAC-SHA-256 (RFC 9579).
    Pbmac1,
}

fn failed(_: impl Sized) -> SimError {
    SimError::pki("the PKCS #12 file cannot be made")
}

/// Random bytes: salts and initialisation vectors.
pub(super) fn random<const N: usize>() -> Result<[u8; N], SimError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// A password as the old derivation has it: UTF-16 with a zero behind it (RFC 7292 B.1).
pub(super) fn bmp(password: &str) -> Vec<u8> {
    let units = password.encode_utf16().chain([0]);
    units.flat_map(u16::to_be_bytes).collect()
}

/// What a derived key is for (RFC 7292 B.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The key derivation of RFC 7292 B.2. `password` is in the form of [`bmp`].
pub(super) fn derive(
    digest: Digest,
    password: &[u8],
    salt: &[u8],
    purpose: Purpose,
    rounds: u32,
    length: usize,
) -> Vec<u8> {
    let block = match digest {
        Digest::Sha384 | Digest::Sha512 => 128,
        _ => 64,
    };
    // As many whole blocks as hold the text.
    let stretched = |text: &[u8]| -> Vec<u8> {
        let whole = text.len().div_ceil(block).saturating_mul(block);
        text.iter().copied().cycle().take(whole).collect()
    };
    let mut input = [stretched(salt), stretched(password)].concat();
    let diversifier = vec![purpose as u8; block];
    let mut out = Vec::new();
    while out.len() < length {
        let mut hash = digest.of(&[diversifier.as_slice(), &input].concat());
        for _ in 1..rounds {
            hash = digest.of(&hash);
        }
        let added: Vec<u8> = hash.iter().copied().cycle().take(block).collect();
        for chunk in input.chunks_mut(block) {
            // chunk + added + 1, as numbers of this many bytes.
            let mut carry = 1_u16;
            for (place, more) in chunk.iter_mut().zip(&added).rev() {
                let sum = u16::from(*place) + u16::from(*more) + carry;
                *place = (sum & 0xff) as u8;
                carry = sum >> 8;
            }
        }
        out.extend_from_slice(&hash);
    }
    out.truncate(length);
    out
}

/// CBC with the padding of PKCS #7, block by block of eight.
fn cbc(cipher: &impl BlockCipherEncrypt<BlockSize = U8>, iv: &[u8], plain: &[u8]) -> Vec<u8> {
    let padding = 8 - plain.len() % 8;
    let mut padded = plain.to_vec();
    padded.resize(
        plain.len().saturating_add(padding),
        u8::try_from(padding).unwrap_or(8),
    );
    let (blocks, _) = padded.as_chunks::<8>();
    let mut before = iv.first_chunk().copied().unwrap_or([0; 8]);
    let mut out = Vec::with_capacity(padded.len());
    for block in blocks {
        let mut mixed = *block;
        mixed
            .iter_mut()
            .zip(&before)
            .for_each(|(byte, other)| *byte ^= other);
        let mut mixed = mixed.into();
        cipher.encrypt_block(&mut mixed);
        before = mixed.into();
        out.extend_from_slice(&before);
    }
    out
}

fn pbkdf2_key(
    algorithm: pbkdf2::Algorithm,
    password: &str,
    salt: &[u8],
    rounds: u32,
    length: usize,
) -> Result<Vec<u8>, SimError> {
    let rounds = NonZeroU32::new(rounds).ok_or_else(|| failed(()))?;
    let mut key = vec![0; length];
    pbkdf2::derive(algorithm, rounds, salt, password.as_bytes(), &mut key);
    Ok(key)
}

/// 1.2.840.113549.2.<last> as `AlgorithmIdentifier`: HMAC with SHA-1 is 7, with SHA-256 9, with SHA-512 11.
fn hmac_identifier(last: u8) -> Vec<u8> {
    der::seq(&[&der::oid(&[RSADSI.as_slice(), &[2, last]].concat()), &der::null()])
}

/// 1.2.840.113549.1.5.<last>
fn pkcs5(last: u8) -> Vec<u8> {
    der::oid(&[RSADSI.as_slice(), &[1, 5, last]].concat())
}

/// PBKDF2 as `AlgorithmIdentifier`; 12 of PKCS #5.
fn pbkdf2_identifier(salt: &[u8], rounds: u32, length: Option<usize>, prf: u8) -> Vec<u8> {
    let length = length.map_or_else(Vec::new, |length| {
        der::number(u64::try_from(length).unwrap_or(u64::MAX))
    });
    // DER leaves out what is the default.
    let prf = if prf == 7 {
        Vec::new()
    } else {
        hmac_identifier(prf)
    };
    let parameters = der::seq(&[&der::octets(salt), &der::number(u64::from(rounds)), &length, &prf]);
    der::seq(&[&pkcs5(12), &parameters])
}

/// What was encrypted, with its `AlgorithmIdentifier`.
pub(super) struct Sealed {
    pub(super) algorithm: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// The new way: PBES2 with PBKDF2 and a key of AES of this length.
fn pbes2(
    prf: (pbkdf2::Algorithm, u8),
    length: usize,
    password: &str,
    rounds: u32,
    plain: &[u8],
) -> Result<Sealed, SimError> {
    let (salt, iv) = (random::<16>()?, random::<16>()?);
    let key = pbkdf2_key(prf.0, password, &salt, rounds, length)?;
    let (kind, last) = if length == 16 {
        (&AES_128, 2)
    } else {
        (&AES_256, 42)
    };
    let key = UnboundCipherKey::new(kind, &key).map_err(failed)?;
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(failed)?;
    let mut bytes = plain.to_vec();
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(&mut bytes, context).map_err(failed)?;
    let scheme = der::seq(&[&der::oid(&[AES.as_slice(), &[last]].concat()), &der::octets(&iv)]);
    let derivation = pbkdf2_identifier(&salt, rounds, None, prf.1);
    let algorithm = der::seq(&[&pkcs5(13), &der::seq(&[&derivation, &scheme])]);
    Ok(Sealed { algorithm, bytes })
}

/// What the old ways derive from a password: 1.2.840.113549.1.12.1.<last> with a key of this length.
struct Old {
    algorithm: Vec<u8>,
    key: Vec<u8>,
    iv: Vec<u8>,
}

impl Old {
    fn new(last: u8, length: usize, password: &str, rounds: u32) -> Result<Self, SimError> {
        let (salt, password) = (random::<8>()?, bmp(password));
        let of = |purpose, length| derive(Digest::Sha1, &password, &salt, purpose, rounds, length);
        let parameters = der::seq(&[&der::octets(&salt), &der::number(u64::from(rounds))]);
        let oid = der::oid(&[RSADSI.as_slice(), &[1, 12, 1, last]].concat());
        Ok(Self {
            algorithm: der::seq(&[&oid, &parameters]),
            key: of(Purpose::Key, length),
            iv: of(Purpose::Iv, 8),
        })
    }

    fn seal(self, cipher: &impl BlockCipherEncrypt<BlockSize = U8>, plain: &[u8]) -> Sealed {
        Sealed {
            bytes: cbc(cipher, &self.iv, plain),
            algorithm: self.algorithm,
        }
    }

    fn seal_with_rc2(self, plain: &[u8]) -> Sealed {
        let cipher = Rc2::new_with_eff_key_len(&self.key, self.key.len().saturating_mul(8));
        self.seal(&cipher, plain)
    }
}

/// Encrypts. Nothing for [`P12Cipher::Plain`].
pub(super) fn encrypt(
    cipher: P12Cipher,
    password: &str,
    rounds: u32,
    plain: &[u8],
) -> Result<Option<Sealed>, SimError> {
    if rounds == 0 {
        return Err(failed(()));
    }
    let aes = |prf, length| pbes2(prf, length, password, rounds, plain);
    let old = |last, length| Old::new(last, length, password, rounds);
    let sealed = match cipher {
        P12Cipher::Plain => return Ok(None),
        P12Cipher::Aes256Sha256 => aes((pbkdf2::PBKDF2_HMAC_SHA256, 9), 32)?,
        P12Cipher::Aes256Sha512 => aes((pbkdf2::PBKDF2_HMAC_SHA512, 11), 32)?,
        P12Cipher::Aes128Sha1 => aes((pbkdf2::PBKDF2_HMAC_SHA1, 7), 16)?,
        P12Cipher::TripleDes => {
            let old = old(3, 24)?;
            let cipher = TdesEde3::new_from_slice(&old.key).map_err(failed)?;
            old.seal(&cipher, plain)
        }
        P12Cipher::Rc2With128Bits => old(5, 16)?.seal_with_rc2(plain),
        P12Cipher::Rc2With40Bits => old(6, 5)?.seal_with_rc2(plain),
    };
    Ok(Some(sealed))
}

/// `MacData` over the authenticated safe (RFC 7292 4); empty for [`P12Mac::Absent`].
pub(super) fn mac_data(
    mac: P12Mac,
    password: &str,
    rounds: u32,
    content: &[u8],
) -> Result<Vec<u8>, SimError> {
    if rounds == 0 {
        return Err(failed(()));
    }
    let salt = random::<16>()?;
    let (identifier, hash, salt, told) = match mac {
        P12Mac::Absent => return Ok(Vec::new()),
        P12Mac::Hmac(digest) => {
            let algorithm = match digest {
                Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                Digest::Sha256 => hmac::HMAC_SHA256,
                Digest::Sha384 => hmac::HMAC_SHA384,
                Digest::Sha512 => hmac::HMAC_SHA512,
            };
            let length = digest.of(&[]).len();
            let key = derive(digest, &bmp(password), &salt, Purpose::Mac, rounds, length);
            let tag = hmac::sign(&hmac::Key::new(algorithm, &key), content);
            let identifier = der::seq(&[&der::oid(digest.oid()), &der::null()]);
            (identifier, tag, salt.to_vec(), rounds)
        }
        P12Mac::Pbmac1 => {
            let key = pbkdf2_key(pbkdf2::PBKDF2_HMAC_SHA256, password, &salt, rounds, 32)?;
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), content);
            let derivation = pbkdf2_identifier(&salt, rounds, Some(32), 9);
            let identifier = der::seq(&[&pkcs5(14), &der::seq(&[&derivation, &hmac_identifier(9)])]);
            // The salt outside is of no use; RFC 9579 wants it there all the same.
            (identifier, tag, b"NOT USED".to_vec(), 1)
        }
    };
    let info = der::seq(&[&identifier, &der::octets(hash.as_ref())]);
    // 1 is the default, which DER leaves out.
    let told = if told == 1 {
        Vec::new()
    } else {
        der::number(u64::from(told))
    };
    Ok(der::seq(&[&info, &der::octets(&salt), &told]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "Password-Based Encryption", test vectors of Bouncy Castle's and OpenSSL's suites: the password `smeg`, SHA-1.
    #[test]
    fn known_derivations() {
        let hex = |text: &str| crate::pki::admin_key::from_hex(text).unwrap();
        let derived = |salt: &str, purpose, rounds, length| {
            derive(Digest::Sha1, &bmp("smeg"), &hex(salt), purpose, rounds, length)
        };
        assert_eq!(
            derived("0a58cf64530d823f", Purpose::Key, 1, 24),
            hex("8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3")
        );
        assert_eq!(
            derived("0a58cf64530d823f", Purpose::Iv, 1, 8),
            hex("79993dfe048d3b76")
        );
        assert_eq!(
            derived("3d83c0e4546ac140", Purpose::Mac, 1, 20),
            hex("8d967d88f6caa9d714800ab3d48051d63f73a312")
        );
    }

    #[test]
    fn no_rounds_at_all_are_refused() {
        assert!(encrypt(P12Cipher::TripleDes, "a", 0, b"x").is_err());
        assert!(mac_data(P12Mac::Pbmac1, "a", 0, b"x").is_err());
        assert!(encrypt(P12Cipher::Plain, "a", 1, b"x").unwrap().is_none());
        assert!(mac_data(P12Mac::Absent, "a", 1, b"x").unwrap().is_empty());
    }
}
