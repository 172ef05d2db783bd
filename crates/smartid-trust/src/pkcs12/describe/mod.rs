//! What can be said of a container without its password.
//!
//! Whoever is sent a file that does not open wants to know how it is protected before he asks for another: by which ciphers, with how
//! many iterations, whether with a checksum. All of that stands outside of what is encrypted. Nothing is derived and nothing is decrypted
//! here, so this costs next to nothing whatever the file says, and what it says is what the file claims: without the password nobody
//! knows whether the checksum fits.

mod algorithm;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::{Certificate, Refusal};
#[cfg(doc)]
use crate::{Reason, pkcs12::Pkcs12Policy};

pub use algorithm::Algorithm;

/// Describes a container, DER or BER.
///
/// ```
/// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-rsa-legacy.p12"));
/// let description = smartid_trust::pkcs12::describe(bytes)?;
/// let mac = description.mac().expect("it has a checksum");
/// assert_eq!((mac.to_string().as_str(), mac.iterations()), ("HMAC with SHA-1, 2048 iterations, salt of 8 bytes", Some(2048)));
/// let certificates = &description.parts()[0];
/// let encryption = certificates.encryption().expect("it is encrypted");
/// assert_eq!(encryption.to_string(), "pbeWithSHAAnd40BitRC2-CBC, 2048 iterations, salt of 8 bytes");
/// assert!(encryption.is_old());
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
///
/// # Errors
/// [`Reason::TooLarge`] above the size and the number of bags that [`Pkcs12Policy`] opens by default, [`Reason::ContainerTruncated`], and
/// [`Reason::NotPkcs12`] when the outer form, or that of a part that is not encrypted, is not that of RFC 7292. An algorithm that nobody
/// knows is no error.
pub fn describe(bytes: &[u8]) -> Result<Description, Refusal> {
    read::container(bytes)
}

/// A container from outside.
#[derive(Clone, Debug)]
pub struct Description {
    octets: usize,
    der: bool,
    version: u64,
    content: Algorithm,
    mac: Option<MacDescription>,
    parts: Vec<Part>,
}

/// The checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacDescription {
    algorithm: Algorithm,
    derivation: Derivation,
    hmac: Option<Algorithm>,
}

/// How a part, or a key in it, is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    scheme: Algorithm,
    derivation: Derivation,
    cipher: Option<Algorithm>,
}

/// A content of the container: a list of bags, encrypted as a whole or not.
#[derive(Clone, Debug)]
pub struct Part {
    content: Algorithm,
    octets: usize,
    encryption: Option<Encryption>,
    bags: Vec<Bag>,
}

/// A bag of a part that is not encrypted as a whole.
#[derive(Clone, Debug)]
pub struct Bag {
    kind: Algorithm,
    encryption: Option<Encryption>,
    certificate: Option<Certificate>,
    friendly_name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

/// How a password becomes a key. What cannot be read is `None`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Derivation {
    function: Option<Algorithm>,
    prf: Option<Algorithm>,
    iterations: Option<u64>,
    salt_len: Option<usize>,
}

impl Description {
    /// How many octets the container has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets
    }

    /// Never: an empty file is not described.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets == 0
    }

    /// Whether all that is not encrypted is DER; otherwise some of it is BER, as Bouncy Castle and NSS write it.
    #[must_use]
    pub const fn is_der(&self) -> bool {
        self.der
    }

    /// The version; 3 is the only one that there is. What 64 bits do not hold is [`u64::MAX`].
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// The type of the outermost content: data, or signed data where a signature stands in place of a checksum.
    #[must_use]
    pub const fn content(&self) -> &Algorithm {
        &self.content
    }

    /// The checksum; `None` where there is none, so that nobody can tell whether the file was changed.
    #[must_use]
    pub const fn mac(&self) -> Option<&MacDescription> {
        self.mac.as_ref()
    }

    /// The contents, in the order of the container. Empty where the outermost content is not data.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether the checksum or an encryption is old.
    #[must_use]
    pub fn is_old(&self) -> bool {
        let mut encryptions = self.parts.iter().flat_map(|part| {
            part.encryption
                .iter()
                .chain(part.bags.iter().filter_map(|bag| bag.encryption.as_ref()))
        });
        self.mac.as_ref().is_some_and(MacDescription::is_old) || encryptions.any(Encryption::is_old)
    }
}

impl MacDescription {
    /// The digest of the HMAC, or PBMAC1.
    #[must_use]
    pub const fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }

    /// Of PBMAC1 the message authentication code.
    #[must_use]
    pub const fn hmac(&self) -> Option<&Algorithm> {
        self.hmac.as_ref()
    }

    /// Of PBMAC1 the key derivation; otherwise it is that of RFC 7292 appendix B.
    #[must_use]
    pub const fn derivation(&self) -> Option<&Algorithm> {
        self.derivation.function.as_ref()
    }

    /// Of PBMAC1 with PBKDF2 the pseudo-random function.
    #[must_use]
    pub const fn prf(&self) -> Option<&Algorithm> {
        self.derivation.prf.as_ref()
    }

    /// Iterations of the key derivation; `None` where it cannot be read or has none.
    #[must_use]
    pub const fn iterations(&self) -> Option<u64> {
        self.derivation.iterations
    }

    /// Length of the salt in bytes.
    #[must_use]
    pub const fn salt_len(&self) -> Option<usize> {
        self.derivation.salt_len
    }

    /// Whether its digest is old. SHA-1 is not broken in this use.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.algorithm.is_old() || self.hmac.as_ref().is_some_and(Algorithm::is_old)
    }
}

impl Encryption {
    /// The scheme: PBES2, or one of RFC 7292.
    #[must_use]
    pub const fn scheme(&self) -> &Algorithm {
        &self.scheme
    }

    /// Of PBES2 the key derivation: PBKDF2, or scrypt.
    #[must_use]
    pub const fn derivation(&self) -> Option<&Algorithm> {
        self.derivation.function.as_ref()
    }

    /// Of PBKDF2 the pseudo-random function.
    #[must_use]
    pub const fn prf(&self) -> Option<&Algorithm> {
        self.derivation.prf.as_ref()
    }

    /// Of PBES2 the cipher.
    #[must_use]
    pub const fn cipher(&self) -> Option<&Algorithm> {
        self.cipher.as_ref()
    }

    /// Iterations of the key derivation; `None` where it cannot be read or has none.
    #[must_use]
    pub const fn iterations(&self) -> Option<u64> {
        self.derivation.iterations
    }

    /// Length of the salt in bytes.
    #[must_use]
    pub const fn salt_len(&self) -> Option<usize> {
        self.derivation.salt_len
    }

    /// Whether scheme or cipher are old. The pseudo-random function does not count: HMAC-SHA1 derives no worse keys than others.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.scheme.is_old() || self.cipher.as_ref().is_some_and(Algorithm::is_old)
    }
}

impl Part {
    /// The type of the content: data, or encrypted data.
    #[must_use]
    pub const fn content(&self) -> &Algorithm {
        &self.content
    }

    /// How many octets the bags take, encrypted where they are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets
    }

    /// Whether there are no octets in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.octets == 0
    }

    /// How the bags are encrypted as a whole; `None` where they are not. Keys in them may still be, each by itself.
    #[must_use]
    pub const fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// The bags, as far as they are not encrypted as a whole.
    #[must_use]
    pub fn bags(&self) -> &[Bag] {
        &self.bags
    }
}

impl Bag {
    /// What is in it.
    #[must_use]
    pub const fn kind(&self) -> &Algorithm {
        &self.kind
    }

    /// How the key in it is encrypted; `None` of all but encrypted keys.
    #[must_use]
    pub const fn encryption(&self) -> Option<&Encryption> {
        self.encryption.as_ref()
    }

    /// The certificate, if it is one that can be read.
    #[must_use]
    pub const fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// The name that people see.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// What links a key to its certificate.
    #[must_use]
    pub fn local_key_id(&self) -> Option<&[u8]> {
        self.local_key_id.as_deref()
    }
}

impl fmt::Display for MacDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hmac {
            Some(hmac) => write!(f, "{} with {hmac}", self.algorithm)?,
            None => write!(f, "HMAC with {}", self.algorithm)?,
        }
        write!(f, "{}", self.derivation)
    }
}

impl fmt::Display for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.scheme)?;
        if let Some(cipher) = &self.cipher {
            write!(f, " with {cipher}")?;
        }
        write!(f, "{}", self.derivation)
    }
}

/// Goes behind the name of the algorithm that it is for.
impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.function, &self.prf) {
            (Some(function), Some(prf)) => write!(f, ", {function} with {prf}")?,
            (Some(function), None) => write!(f, ", {function}")?,
            (None, _) => {}
        }
        match self.iterations {
            Some(1) => f.write_str(", 1 iteration")?,
            Some(iterations) => write!(f, ", {iterations} iterations")?,
            None => {}
        }
        match self.salt_len {
            Some(length) => write!(f, ", salt of {length} bytes"),
            None => Ok(()),
        }
    }
}
