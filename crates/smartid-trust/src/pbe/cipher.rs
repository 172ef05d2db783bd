//! The ciphers of encrypted keys and containers: what an AlgorithmIdentifier says of one, and decrypting.
//!
//! AES in CBC mode is aws-lc's and always there. With the feature `pkcs12` come the ciphers and modes that OpenSSL opens (see
//! [`super::block`]).

use aws_lc_rs::cipher::{
    AES_128, AES_192, AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

#[cfg(feature = "pkcs12")]
use super::block::{self, Family};
use super::{unsupported, whole_blocks};
use crate::der::{DerError, Oid, Reader, tag};
use crate::{Reason, Refusal};

pub(crate) const AES_128_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2]);
pub(crate) const AES_192_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22]);
pub(crate) const AES_256_CBC: Oid = Oid::known(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42]);

/// A cipher with everything but its key.
pub(crate) struct Cipher {
    kind: Kind,
    /// In octets.
    pub(super) key_len: usize,
    pub(super) iv: Zeroizing<Vec<u8>>,
}

enum Kind {
    AesCbc,
    #[cfg(feature = "pkcs12")]
    Other(Family, block::Mode),
}

impl Cipher {
    /// The encryption scheme of PBES2 (RFC 8018 B.2): identifier and parameters. `key_len` is the length that the derivation says, in
    /// octets; most ciphers have one length and no other.
    pub(super) fn parse(mut encryption: Reader<'_>, key_len: Option<u64>) -> Result<Self, Refusal> {
        let oid = encryption.oid("a cipher without its identifier")?;
        let aes = [(AES_128_CBC, 16), (AES_192_CBC, 24), (AES_256_CBC, 32)];
        let cipher = if let Some((_, key_len)) = aes.into_iter().find(|(known, _)| *known == oid) {
            let iv = encryption.expect(tag::OCTET_STRING, "a cipher without its initial vector")?;
            if iv.contents.len() != 16 {
                return Err(DerError("an initial vector that is no block").into());
            }
            Self {
                kind: Kind::AesCbc,
                key_len,
                iv: iv.contents.to_vec().into(),
            }
        } else {
            #[cfg(feature = "pkcs12")]
            let found = Self::other(&oid, &mut encryption, key_len)?;
            #[cfg(not(feature = "pkcs12"))]
            let found: Option<Self> = None;
            found.ok_or_else(|| unsupported("cipher", oid))?
        };
        encryption.end()?;
        let fits = |said: u64| usize::try_from(said) == Ok(cipher.key_len);
        if !key_len.is_none_or(fits) {
            return Err(DerError("a key length that is not the cipher's").into());
        }
        Ok(cipher)
    }

    #[cfg(feature = "pkcs12")]
    fn other(oid: &Oid, encryption: &mut Reader<'_>, key_len: Option<u64>) -> Result<Option<Self>, Refusal> {
        let Some((family, mode, usual)) = block::find(oid) else {
            return Ok(None);
        };
        let (family, said, iv) = block::parameters(family, mode, encryption)?;
        let key_len = key_len.or(said).and_then(|length| usize::try_from(length).ok());
        let key_len = key_len
            .filter(|length| family.takes_key_len(*length))
            .unwrap_or(usual);
        Ok(Some(Self {
            kind: Kind::Other(family, mode),
            key_len,
            iv: iv.into(),
        }))
    }

    /// A cipher of the old schemes, whose initial vector is derived.
    #[cfg(feature = "pkcs12")]
    pub(super) fn legacy(family: Family, key_len: usize) -> Self {
        let mode = if matches!(family, Family::Rc4) {
            block::Mode::Stream
        } else {
            block::Mode::Cbc
        };
        Self {
            kind: Kind::Other(family, mode),
            key_len,
            iv: Zeroizing::default(),
        }
    }

    /// What decrypting so many octets takes, in units of work.
    pub(super) fn cost(&self, octets: usize) -> u64 {
        let each = match self.kind {
            Kind::AesCbc => 1,
            #[cfg(feature = "pkcs12")]
            Kind::Other(..) => 40,
        };
        u64::try_from(octets).unwrap_or(u64::MAX).saturating_mul(each)
    }

    /// Decrypts, and takes the padding off. One wrong key in 256 leaves padding that looks right.
    pub(super) fn decrypt(
        &self,
        key: &[u8],
        iv: &[u8],
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        match &self.kind {
            Kind::AesCbc => aes_cbc(key, iv, encrypted),
            #[cfg(feature = "pkcs12")]
            Kind::Other(family, mode) => {
                if mode.is_padded() {
                    whole_blocks(encrypted, family.block_len())?;
                }
                let mut plain = Zeroizing::new(encrypted.to_vec());
                block::decrypt(*family, *mode, key, iv, &mut plain).ok_or(Reason::WrongPassword)?;
                if mode.is_padded() {
                    let length = unpadded(&plain, family.block_len()).ok_or(Reason::WrongPassword)?;
                    plain.truncate(length);
                }
                Ok(plain)
            }
        }
    }
}

fn aes_cbc(key: &[u8], iv: &[u8], encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    whole_blocks(encrypted, 16)?;
    let wrong = |_| Refusal::from(Reason::WrongPassword);
    let algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        _ => &AES_256,
    };
    let iv: [u8; 16] = iv.try_into().map_err(|_| Reason::WrongPassword)?;
    let key = UnboundCipherKey::new(algorithm, key).map_err(wrong)?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(wrong)?;
    let mut plain = Zeroizing::new(encrypted.to_vec());
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    let length = key.decrypt(&mut plain, context).map_err(wrong)?.len();
    plain.truncate(length);
    Ok(plain)
}

/// The length without the padding of PKCS #7 (RFC 5652 6.3).
#[cfg(feature = "pkcs12")]
fn unpadded(plain: &[u8], block: usize) -> Option<usize> {
    let count = usize::from(*plain.last()?);
    let (rest, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    let right = (1..=block).contains(&count) && padding.iter().all(|octet| usize::from(*octet) == count);
    right.then_some(rest.len())
}
