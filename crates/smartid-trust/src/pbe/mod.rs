//! Encryption by password, as private keys and PKCS #12 containers have it.
//!
//! PBES2 (RFC 8018 6.2) with PBKDF2 and AES is always there. With the feature `pkcs12` come the schemes that containers in the field
//! have: those of RFC 7292 appendix C and of the first version of PKCS #5, and for PBES2 the ciphers and functions that OpenSSL opens.
//! How much work a file causes is for the file to say, so everything is paid from a [`Budget`] before it is done. Schemes that eat
//! memory (scrypt) are refused unless the budget allows them.

#[cfg(feature = "pkcs12")]
mod block;
mod budget;
mod cipher;
mod derive;
#[cfg(feature = "pkcs12")]
pub(crate) mod encrypt;
#[cfg(feature = "pkcs12")]
mod hash;
#[cfg(feature = "pkcs12")]
mod legacy;
mod password;
#[cfg(feature = "pkcs12")]
mod seed;
#[cfg(test)]
pub(crate) mod tests;

use zeroize::Zeroizing;

use crate::der::{Oid, Reader, tag};
use crate::{Reason, Refusal};

#[cfg(test)]
pub(crate) use cipher::AES_128_CBC;
pub(crate) use cipher::Cipher;
#[cfg(feature = "pkcs12")]
use derive::Prf;

pub(crate) use budget::Budget;
pub(crate) use derive::Derivation;
pub(crate) use password::Password;
#[cfg(feature = "pkcs12")]
pub(crate) use {
    budget::Job,
    derive::{Purpose, number_of_iterations, pkcs12},
    hash::{Hash, SHA1},
};

const PBES2: Oid = Oid::known(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13]);

/// How something is encrypted.
pub(crate) enum Scheme<'a> {
    /// PBES2-params.
    Pbes2(Derivation<'a>, Cipher),
    #[cfg(feature = "pkcs12")]
    Legacy(legacy::Legacy<'a>),
}

fn unsupported(what: &'static str, oid: Oid) -> Refusal {
    Refusal::new(Reason::KeyEncryptionUnsupported, format!("{what} {oid}")).with_algorithm(oid)
}

impl<'a> Scheme<'a> {
    /// Reads the contents of an AlgorithmIdentifier.
    pub(crate) fn parse(identifier: &'a [u8], budget: &Budget) -> Result<Self, Refusal> {
        let mut scheme = Reader::new(identifier);
        let oid = scheme.oid("an encryption scheme without its identifier")?;
        if oid == PBES2 {
            let mut parameters = scheme
                .expect(tag::SEQUENCE, "PBES2 without its parameters")?
                .reader();
            scheme.end()?;
            let derivation = parameters.expect(tag::SEQUENCE, "PBES2 without its key derivation")?;
            let encryption = parameters.expect(tag::SEQUENCE, "PBES2 without its cipher")?;
            parameters.end()?;
            // The cipher first: without it the rest is of no use.
            Cipher::parse(encryption.reader(), None)?;
            let derivation = Derivation::parse(derivation.reader(), budget)?;
            let cipher = Cipher::parse(encryption.reader(), derivation.key_len())?;
            return Ok(Self::Pbes2(derivation, cipher));
        }
        #[cfg(feature = "pkcs12")]
        if let Some(legacy) = legacy::Legacy::parse(&oid, &mut scheme)? {
            return Ok(Self::Legacy(legacy));
        }
        Err(unsupported("encryption scheme", oid))
    }

    /// Derives and decrypts, within the budget. One wrong password in 256 leaves padding that looks right, so the caller must look at
    /// what comes out.
    pub(crate) fn decrypt(
        &self,
        encrypted: &[u8],
        password: Password<'_>,
        budget: &mut Budget,
    ) -> Result<Zeroizing<Vec<u8>>, Refusal> {
        match self {
            Self::Pbes2(derivation, cipher) => {
                let key = budget.derive(derivation.job(password, cipher.key_len))?;
                budget.charge(cipher.cost(encrypted.len()))?;
                cipher.decrypt(&key, &cipher.iv, encrypted)
            }
            #[cfg(feature = "pkcs12")]
            Self::Legacy(legacy) => legacy.decrypt(encrypted, password, budget),
        }
    }

    /// What derives the keys for `password`.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn jobs(&self, password: Password<'_>) -> Vec<Job<'_>> {
        match self {
            Self::Pbes2(derivation, cipher) => vec![derivation.job(password, cipher.key_len)],
            Self::Legacy(legacy) => legacy.jobs(password),
        }
    }

    /// The forms of a password that this scheme may have been given.
    #[cfg(feature = "pkcs12")]
    pub(crate) fn forms<'p>(&self, password: Password<'p>) -> Vec<Password<'p>> {
        match self {
            Self::Legacy(legacy) if legacy.takes_wide() => password.wide_forms().collect(),
            _ => password.narrow_forms().collect(),
        }
    }

    /// Whether the form of the password is that of the checksum of RFC 7292.
    #[cfg(feature = "pkcs12")]
    pub(crate) const fn takes_wide(&self) -> bool {
        matches!(self, Self::Legacy(legacy) if legacy.takes_wide())
    }
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
