//! PKCS #12: recovered keys with their certificates, under a password.

use super::Key;
use crate::SimError;

/// A private key with its certificates (DER), its own first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Certificates, that of the key first.
    pub certificates: Vec<Vec<u8>>,
}

/// Opens a file.
///
/// # Errors
/// [`SimError::Pki`] when the password is wrong or nothing usable is in it.
pub fn open(_der: &[u8], _password: &str) -> Result<Vec<Entry>, SimError> {
    Err(SimError::pki("not there yet"))
}

/// Makes a file of one key with its certificates, that of the key first.
///
/// # Errors
/// [`SimError::Pki`] when a certificate cannot be read.
pub fn make(_key: &Key, _certificates: &[Vec<u8>], _password: &str) -> Result<Vec<u8>, SimError> {
    Err(SimError::pki("not there yet"))
}
