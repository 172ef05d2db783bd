//! The schemes before PBES2: those of RFC 7292 appendix C and of the first version of PKCS #5 (RFC 8018 appendix A.3).
//!
//! OpenSSL before 3.0, Windows and Java before 17 encrypt keys with triple DES and certificates with RC2 of 40 bits. Such files are
//! still handed out, so they are read.

use zeroize::Zeroizing;

use super::block::Family;
use super::budget::{Budget, Job};
use super::cipher::Cipher;
use super::derive::{Purpose, iterations, pbkdf1, pkcs12};
use super::hash::{Hash, SHA1};
use super::{Password, unsupported};
use crate::Refusal;
use crate::der::{Oid, Reader, tag};

const PKCS5: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5];
const PKCS12: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1];
const MD5: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 5]);

/// The identifier up to its last octet, that octet, the digest, the cipher, the length of its key in octets.
const SCHEMES: [(&[u8], u8, &Oid, Family, usize); 10] = [
    (PKCS12, 1, &SHA1, Family::Rc4, 16),
    (PKCS12, 2, &SHA1, Family::Rc4, 5),
    (PKCS12, 3, &SHA1, Family::TripleDes, 24),
    (PKCS12, 4, &SHA1, Family::TripleDes, 16),
    (PKCS12, 5, &SHA1, Family::Rc2(None), 16),
    (PKCS12, 6, &SHA1, Family::Rc2(None), 5),
    (PKCS5, 3, &MD5, Family::Des, 8),
    (PKCS5, 6, &MD5, Family::Rc2(None), 8),
    (PKCS5, 10, &SHA1, Family::Des, 8),
    (PKCS5, 11, &SHA1, Family::Rc2(None), 8),
];

/// pkcs-12PbeParams or PBEParameter, with digest and cipher.
pub(crate) struct Legacy<'a> {
    salt: &'a [u8],
    iterations: u32,
    hash: &'static Hash,
    cipher: Cipher,
    block_len: usize,
    wide: bool,
}

impl<'a> Legacy<'a> {
    /// `None` when it is none of these schemes.
    pub(super) fn parse(oid: &Oid, scheme: &mut Reader<'a>) -> Result<Option<Self>, Refusal> {
        let Some((last, arc)) = oid.der_contents().split_last() else {
            return Ok(None);
        };
        let mut schemes = SCHEMES.iter();
        let Some((_, _, digest, family, key_len)) = schemes.find(|row| row.0 == arc && row.1 == *last) else {
            return Ok(None);
        };
        let hash = Hash::from_digest(digest).ok_or_else(|| unsupported("digest", (*digest).clone()))?;
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
            hash,
            cipher: Cipher::legacy(*family, *key_len),
            block_len: family.block_len(),
            wide: arc == PKCS12,
        }))
    }

    pub(super) const fn takes_wide(&self) -> bool {
        self.wide
    }

    /// What makes the key and the initial vector.
    pub(super) fn jobs(&self, password: Password<'_>) -> Vec<Job<'_>> {
        let derive =
            |purpose, length| pkcs12(self.hash, purpose, password, self.salt, self.iterations, length);
        match (self.wide, self.block_len) {
            (false, _) => vec![pbkdf1(self.hash, password, self.salt, self.iterations, 16)],
            // A stream cipher has no initial vector.
            (true, 0 | 1) => vec![derive(Purpose::Key, self.cipher.key_len)],
            (true, block_len) => vec![
                derive(Purpose::Key, self.cipher.key_len),
                derive(Purpose::InitialVector, block_len),
            ],
        }
    }

    pub(super) fn decrypt(
        &self,
        encrypted: &[u8],
        password: Password<'_>,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        // PBKDF1 gives both in one.
        let mut derived = Zeroizing::new(Vec::with_capacity(64));
        for job in self.jobs(password) {
            derived.extend_from_slice(&budget.derive(job)?);
        }
        let (key, iv) = derived.split_at_checked(self.cipher.key_len).unwrap_or_default();
        budget.charge(self.cipher.cost(encrypted.len()))?;
        self.cipher.decrypt(key, iv, encrypted)
    }
}
