//! CMS `SignedData` (RFC 5652).

use super::{Digest, Key};
use crate::SimError;

/// Somebody who signs.
#[derive(Clone, Debug)]
pub struct Signer {
    pub(super) key: Key,
    pub(super) certificate: Vec<u8>,
    pub(super) chain: Vec<Vec<u8>>,
}

impl Signer {
    /// Key and certificate (DER).
    #[must_use]
    pub fn new(key: &Key, certificate: &[u8]) -> Self {
        Self {
            key: key.clone(),
            certificate: certificate.to_vec(),
            chain: Vec::new(),
        }
    }

    /// Certificates to send along.
    #[must_use]
    pub fn chain(mut self, chain: &[Vec<u8>]) -> Self {
        self.chain = chain.to_vec();
        self
    }
}

/// How to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Whether the content is inside.
    pub attached: bool,
    /// Digest of RSA signatures; on a curve the curve decides.
    pub digest: Digest,
    /// Whether attributes are signed instead of the content itself.
    pub signed_attributes: bool,
    /// Signing time, in seconds since 1970.
    pub signing_time: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            attached: true,
            digest: Digest::Sha256,
            signed_attributes: true,
            signing_time: None,
        }
    }
}

/// Signs content.
///
/// # Errors
/// [`SimError::Pki`] for no signer, or a certificate that cannot be read.
pub fn sign(_content: &[u8], _signers: &[Signer], _options: &Options) -> Result<Vec<u8>, SimError> {
    Err(SimError::pki("not there yet"))
}

/// What a verified message says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The content.
    pub content: Vec<u8>,
    /// Certificates (DER) of the signers, in the order of the signatures.
    pub signers: Vec<Vec<u8>>,
}

/// Checks every signature. `detached` is the content when it is not inside.
///
/// # Errors
/// [`SimError::Pki`] with what is wrong.
pub fn verify(_der: &[u8], _detached: Option<&[u8]>) -> Result<Verified, SimError> {
    Err(SimError::pki("not there yet"))
}
