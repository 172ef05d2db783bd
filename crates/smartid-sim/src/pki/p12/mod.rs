//! PKCS #12: how a recovered encryption key comes to a device with its certificates (protocol notes: hermod 3.3, that keys are recovered
//! D, that they come as PKCS #12 I), and how soft tokens are handed out (cm 9). A library opens them; what is here finds the pairs, keeps
//! hostile files cheap, and writes files by itself.

mod scheme;
mod write;

use std::fmt;

use p12_keystore::Pkcs12Archive;

pub use self::scheme::{P12Cipher, P12Mac};
pub use self::write::{P12Encoding, P12Part, P12Recipe, write};
use super::der::{self, Reader};
use super::{Certificate, Key};
use crate::SimError;

/// Longer files are refused.
const MAX_LENGTH: usize = 1024 * 1024;
/// Files that ask for more rounds of key derivation, as far as that can be seen from outside, are refused.
const MAX_ITERATIONS: u64 = 2_000_000;
/// An ordinary file has its key derivation 17 deep.
const MAX_DEPTH: usize = 24;
/// More elements than this are not looked through.
const MAX_ELEMENTS: usize = 4096;

/// A private key with its certificates.
#[derive(Clone)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Certificates (DER): that of the key first if there is one, then all others of the file as they come.
    pub certificates: Vec<Vec<u8>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, certificates } = self;
        f.debug_struct("Entry")
            .field("key", key)
            .field("certificates", &certificates.len())
            .finish()
    }
}

/// Opens a file. Key and certificate are paired by the public key, since labels may be missing or wrong.
///
/// Files encrypted with the old algorithms (RC2, triple DES) are not read.
///
/// # Errors
/// [`SimError::Pki`] when it is no PKCS #12, too long, asks for more than 2 million rounds of key derivation, is under another password,
/// or holds no private key that can be used. The text says nothing of the password.
///
/// ```
/// use smartid_sim::pki::{p12, Key, KeyKind};
///
/// let key = Key::generate(KeyKind::P256)?;
/// let file = p12::make(&key, &[], "secret")?;
/// assert_eq!(p12::open(&file, "secret")?[0].key.public_key(), key.public_key());
/// assert!(p12::open(&file, "guess").is_err());
/// # Ok::<(), smartid_sim::SimError>(())
/// ```
pub fn open(der: &[u8], password: &str) -> Result<Vec<Entry>, SimError> {
    let mut left = MAX_ELEMENTS;
    if der.len() > MAX_LENGTH || !is_cheap(der, 0, &mut left) {
        return Err(SimError::pki("the PKCS #12 file asks for too much"));
    }
    let archive = Pkcs12Archive::from_pkcs12(der, password)
        .map_err(|_| SimError::pki("this is no PKCS #12 file, or the password is another"))?;
    let certificates: Vec<&[u8]> = archive.certs.iter().map(|bag| bag.cert.as_der()).collect();
    let mut entries = Vec::new();
    for bag in &archive.keys {
        let key = Key::from_pkcs8(bag.key.as_der())?;
        let spki = key.public_spki_der();
        let is_own = |der: &&[u8]| Certificate::parse(der).is_ok_and(|read| read.spki_der() == spki);
        let (own, others): (Vec<&[u8]>, Vec<&[u8]>) = certificates.iter().partition(|der| is_own(der));
        entries.push(Entry {
            key,
            certificates: own.into_iter().chain(others).map(<[u8]>::to_vec).collect(),
        });
    }
    if entries.is_empty() {
        return Err(SimError::pki("the PKCS #12 file holds no private key"));
    }
    Ok(entries)
}

/// Whether no key derivation that can be seen asks for too many rounds. Their number is always an `INTEGER` right behind the salt, an
/// `OCTET STRING`: in PBKDF2, in the old algorithms and in the MAC. What cannot be read to its end is not cheap, lest something hide in
/// it.
fn is_cheap(der: &[u8], depth: usize, left: &mut usize) -> bool {
    let mut reader = Reader::new(der);
    let mut before = None;
    while let Some(element) = reader.next() {
        *left = left.saturating_sub(1);
        if *left == 0 || depth > MAX_DEPTH {
            return false;
        }
        let is_rounds = element.tag == der::INTEGER && before == Some(der::OCTET_STRING);
        if is_rounds && element.small().is_none_or(|rounds| rounds > MAX_ITERATIONS) {
            return false;
        }
        let nested = element.tag == der::OCTET_STRING && der::only(element.content, der::SEQUENCE).is_some();
        if (nested || element.tag & 0x20 != 0) && !is_cheap(element.content, depth + 1, left) {
            return false;
        }
        before = Some(element.tag);
    }
    reader.is_empty()
}

/// Makes a file of one key with its certificates (DER), that of the key first, as [`P12Recipe::modern`] says and with the name `key`.
///
/// # Errors
/// As [`write()`].
pub fn make(key: &Key, certificates: &[Vec<u8>], password: &str) -> Result<Vec<u8>, SimError> {
    let part = P12Part::new(key, certificates).friendly_name(Some("key"));
    write(&[part], &P12Recipe::modern(), password)
}
