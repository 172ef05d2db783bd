//! Ciphers and modes beyond AES-CBC: those that OpenSSL, with its legacy provider, opens in a container.
//!
//! Triple DES, RC2 and RC4 are what Windows, Java before 17 and OpenSSL before 3 wrote. The others are rare, and some are broken by
//! today's measure; here they only decrypt what somebody has encrypted long ago. The ciphers are RustCrypto's, SEED is this crate's; the
//! modes are few lines each.

use cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit, StreamCipher};

use zeroize::Zeroizing;

use super::seed::Seed;
use crate::der::{DerError, Oid, Reader, tag};

/// What encrypts a block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Aes,
    Des,
    /// With two or three keys.
    TripleDes,
    /// With so many effective bits; `None` for as many as the key has.
    Rc2(Option<usize>),
    Rc4,
    Blowfish,
    Cast5,
    Camellia,
    Aria,
    Sm4,
    Seed,
}

/// How blocks follow each other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Ecb,
    Cbc,
    /// With whole blocks fed back.
    Cfb,
    Ofb,
    Ctr,
    /// No blocks at all.
    Stream,
}

/// Identifiers up to their last octet, families, and for each last octet mode and usual length of the key in octets.
type Arc = (&'static [u8], Family, &'static [(u8, Mode, usize)]);

const ARCS: [Arc; 13] = [
    (
        &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1],
        Family::Aes,
        &[
            (1, Mode::Ecb, 16),
            (3, Mode::Ofb, 16),
            (4, Mode::Cfb, 16),
            (21, Mode::Ecb, 24),
            (23, Mode::Ofb, 24),
            (24, Mode::Cfb, 24),
            (41, Mode::Ecb, 32),
            (43, Mode::Ofb, 32),
            (44, Mode::Cfb, 32),
        ],
    ),
    (
        &[0x2b, 0x0e, 3, 2],
        Family::Des,
        &[
            (6, Mode::Ecb, 8),
            (7, Mode::Cbc, 8),
            (8, Mode::Ofb, 8),
            (9, Mode::Cfb, 8),
        ],
    ),
    (&[0x2b, 0x0e, 3, 2], Family::TripleDes, &[(17, Mode::Ecb, 16)]),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3],
        Family::TripleDes,
        &[(7, Mode::Cbc, 24)],
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3],
        Family::Rc2(None),
        &[(2, Mode::Cbc, 16)],
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3],
        Family::Rc4,
        &[(4, Mode::Stream, 16)],
    ),
    (
        &[0x2b, 6, 1, 4, 1, 0x97, 0x55, 1],
        Family::Blowfish,
        &[(2, Mode::Cbc, 16)],
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf6, 0x7d, 7, 0x42],
        Family::Cast5,
        &[(10, Mode::Cbc, 16)],
    ),
    (
        &[0x2a, 0x83, 0x08, 0x8c, 0x9a, 0x4b, 0x3d, 1, 1, 1],
        Family::Camellia,
        &[(2, Mode::Cbc, 16), (3, Mode::Cbc, 24), (4, Mode::Cbc, 32)],
    ),
    (
        &[3, 0xa2, 0x31, 5, 3, 1, 9],
        Family::Camellia,
        &[
            (1, Mode::Ecb, 16),
            (3, Mode::Ofb, 16),
            (4, Mode::Cfb, 16),
            (9, Mode::Ctr, 16),
            (21, Mode::Ecb, 24),
            (23, Mode::Ofb, 24),
            (24, Mode::Cfb, 24),
            (29, Mode::Ctr, 24),
            (41, Mode::Ecb, 32),
            (43, Mode::Ofb, 32),
            (44, Mode::Cfb, 32),
            (49, Mode::Ctr, 32),
        ],
    ),
    (
        &[0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x6e, 1, 1],
        Family::Aria,
        &[
            (1, Mode::Ecb, 16),
            (2, Mode::Cbc, 16),
            (3, Mode::Cfb, 16),
            (4, Mode::Ofb, 16),
            (5, Mode::Ctr, 16),
            (6, Mode::Ecb, 24),
            (7, Mode::Cbc, 24),
            (8, Mode::Cfb, 24),
            (9, Mode::Ofb, 24),
            (10, Mode::Ctr, 24),
            (11, Mode::Ecb, 32),
            (12, Mode::Cbc, 32),
            (13, Mode::Cfb, 32),
            (14, Mode::Ofb, 32),
            (15, Mode::Ctr, 32),
        ],
    ),
    (
        &[0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x68],
        Family::Sm4,
        &[
            (1, Mode::Ecb, 16),
            (2, Mode::Cbc, 16),
            (3, Mode::Ofb, 16),
            (4, Mode::Cfb, 16),
            (7, Mode::Ctr, 16),
        ],
    ),
    (
        &[0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 1],
        Family::Seed,
        &[
            (3, Mode::Ecb, 16),
            (4, Mode::Cbc, 16),
            (5, Mode::Cfb, 16),
            (6, Mode::Ofb, 16),
        ],
    ),
];

/// Family, mode and usual length of the key of a cipher of PBES2.
pub(super) fn find(oid: &Oid) -> Option<(Family, Mode, usize)> {
    let (last, arc) = oid.der_contents().split_last()?;
    let mut arcs = ARCS.iter().filter(|(known, ..)| *known == arc);
    arcs.find_map(|(_, family, ciphers)| {
        let (_, mode, key_len) = ciphers.iter().find(|(known, ..)| known == last)?;
        Some((*family, *mode, *key_len))
    })
}

/// The parameters: family as they define it, length of the key in octets if they say it, initial vector.
pub(super) fn parameters(
    family: Family,
    mode: Mode,
    reader: &mut Reader<'_>,
) -> Result<(Family, Option<u64>, Vec<u8>), DerError> {
    let missing = "a cipher without its initial vector";
    let (family, key_len, iv) = match family {
        _ if !mode.has_iv() => {
            reader.optional(tag::NULL)?;
            return Ok((family, None, Vec::new()));
        }
        // RC2-CBC-Parameter (RFC 8018 B.2.3).
        Family::Rc2(_) if reader.peek() == Some(tag::SEQUENCE) => {
            let mut members = reader.next()?.reader();
            let version = members
                .optional(tag::INTEGER)?
                .map(|version| version.small_integer())
                .transpose()?;
            let iv = members.expect(tag::OCTET_STRING, missing)?;
            members.end()?;
            let bits = match version {
                None => 32,
                Some(160) => 40,
                Some(120) => 64,
                Some(58) => 128,
                Some(bits @ 256..=1024) => usize::try_from(bits).unwrap_or(1024),
                Some(_) => return Err(DerError("a version of RC2 that does not exist")),
            };
            (Family::Rc2(Some(bits)), None, iv)
        }
        // CAST5CBCParameters (RFC 2144 A.1), with the length of the key in bits; OpenSSL writes the initial vector alone.
        Family::Cast5 if reader.peek() == Some(tag::SEQUENCE) => {
            let mut members = reader.next()?.reader();
            let iv = members.expect(tag::OCTET_STRING, missing)?;
            let bits = members
                .expect(tag::INTEGER, "CAST5 without its key length")?
                .small_integer()?;
            members.end()?;
            (family, Some(bits / 8), iv)
        }
        _ => (family, None, reader.expect(tag::OCTET_STRING, missing)?),
    };
    if iv.contents.len() != family.block_len() {
        return Err(DerError("an initial vector that is no block"));
    }
    Ok((family, key_len, iv.contents.to_vec()))
}

impl Family {
    /// In octets.
    pub(super) const fn block_len(self) -> usize {
        match self {
            Self::Aes | Self::Camellia | Self::Aria | Self::Sm4 | Self::Seed => 16,
            Self::Des | Self::TripleDes | Self::Rc2(_) | Self::Blowfish | Self::Cast5 => 8,
            Self::Rc4 => 1,
        }
    }

    /// Whether a key may have so many octets where the identifier does not say how many.
    pub(super) fn takes_key_len(self, length: usize) -> bool {
        match self {
            Self::Rc2(_) => (1..=128).contains(&length),
            Self::Rc4 => (1..=256).contains(&length),
            Self::Blowfish => (4..=56).contains(&length),
            Self::Cast5 => (5..=16).contains(&length),
            _ => false,
        }
    }
}

impl Mode {
    pub(super) const fn is_padded(self) -> bool {
        matches!(self, Self::Ecb | Self::Cbc)
    }

    const fn has_iv(self) -> bool {
        !matches!(self, Self::Ecb | Self::Stream)
    }
}

/// Decrypts in place. `None` for a key or an initial vector of a length that the cipher does not have.
pub(super) fn decrypt(family: Family, mode: Mode, key: &[u8], iv: &[u8], data: &mut [u8]) -> Option<()> {
    if family == Family::Rc4 {
        rc4::Rc4::new_from_slice(key).ok()?.apply_keystream(data);
        return Some(());
    }
    if mode != Mode::Ecb && iv.len() != family.block_len() {
        return None;
    }
    let cipher = cipher(family, key)?;
    run(&*cipher, mode, family.block_len(), iv.to_vec().into(), data);
    Some(())
}

fn cipher(family: Family, key: &[u8]) -> Option<Box<dyn Blocks>> {
    match (family, key.len()) {
        (Family::Aes, 16) => with::<aes::Aes128>(key),
        (Family::Aes, 24) => with::<aes::Aes192>(key),
        (Family::Aes, _) => with::<aes::Aes256>(key),
        (Family::Des, _) => with::<des::Des>(key),
        (Family::TripleDes, 16) => with::<des::TdesEde2>(key),
        (Family::TripleDes, _) => with::<des::TdesEde3>(key),
        (Family::Rc2(Some(bits)), 1..=128) => Some(Box::new(rc2::Rc2::new_with_eff_key_len(key, bits))),
        (Family::Rc2(_), _) => with::<rc2::Rc2>(key),
        (Family::Blowfish, _) => with::<blowfish::Blowfish>(key),
        (Family::Cast5, _) => with::<cast5::Cast5>(key),
        (Family::Camellia, 16) => with::<camellia::Camellia128>(key),
        (Family::Camellia, 24) => with::<camellia::Camellia192>(key),
        (Family::Camellia, _) => with::<camellia::Camellia256>(key),
        (Family::Aria, 16) => with::<aria::Aria128>(key),
        (Family::Aria, 24) => with::<aria::Aria192>(key),
        (Family::Aria, _) => with::<aria::Aria256>(key),
        (Family::Sm4, _) => with::<sm4::Sm4>(key),
        (Family::Seed, _) => Some(Box::new(Seed::new(key)?)),
        (Family::Rc4, _) => None,
    }
}

/// A cipher with its key. Blocks have the length that [`Family::block_len`] says; others stay as they are.
trait Blocks {
    fn encrypt(&self, block: &mut [u8]);
    fn decrypt(&self, block: &mut [u8]);
}

impl<C: BlockCipherEncrypt + BlockCipherDecrypt> Blocks for C {
    fn encrypt(&self, block: &mut [u8]) {
        if let Ok(block) = <&mut Array<u8, C::BlockSize>>::try_from(block) {
            self.encrypt_block(block);
        }
    }

    fn decrypt(&self, block: &mut [u8]) {
        if let Ok(block) = <&mut Array<u8, C::BlockSize>>::try_from(block) {
            self.decrypt_block(block);
        }
    }
}

impl Blocks for Seed {
    fn encrypt(&self, block: &mut [u8]) {
        Self::encrypt(self, block);
    }

    fn decrypt(&self, block: &mut [u8]) {
        Self::decrypt(self, block);
    }
}

fn with<C: KeyInit + BlockCipherEncrypt + BlockCipherDecrypt + 'static>(
    key: &[u8],
) -> Option<Box<dyn Blocks>> {
    Some(Box::new(C::new_from_slice(key).ok()?))
}

fn add(part: &mut [u8], other: &[u8]) {
    for (octet, other) in part.iter_mut().zip(other) {
        *octet ^= other;
    }
}

/// `fed` is what goes from block to block, first the initial vector.
fn run(cipher: &dyn Blocks, mode: Mode, block_len: usize, mut fed: Zeroizing<Vec<u8>>, data: &mut [u8]) {
    for part in data.chunks_mut(block_len) {
        match mode {
            Mode::Ecb => cipher.decrypt(part),
            Mode::Cbc => {
                let encrypted = part.to_vec();
                cipher.decrypt(part);
                add(part, &fed);
                *fed = encrypted;
            }
            Mode::Cfb => {
                cipher.encrypt(&mut fed);
                let encrypted = part.to_vec();
                add(part, &fed);
                *fed = encrypted;
            }
            Mode::Ofb => {
                cipher.encrypt(&mut fed);
                add(part, &fed);
            }
            Mode::Ctr => {
                let mut stream = fed.clone();
                cipher.encrypt(&mut stream);
                add(part, &stream);
                for octet in fed.iter_mut().rev() {
                    *octet = octet.wrapping_add(1);
                    if *octet != 0 {
                        break;
                    }
                }
            }
            Mode::Stream => {}
        }
    }
}
