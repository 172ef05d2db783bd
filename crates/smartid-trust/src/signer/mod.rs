//! Keys that sign for us: an officer's, a content provider's.
//!
//! A key may be in memory or on a smart card, so the interface is a certificate chain and a call that signs; it is synchronous, because
//! a PKCS #11 module is, and is meant to be called through [`Runtime::run_blocking`](smartid_core::Runtime::run_blocking).

pub(crate) mod chain;
mod encrypted;
mod error;
mod identity;
pub(crate) mod key;
mod memory;
pub(crate) mod read;
mod text;

use std::fmt;

use smartid_core::SignError;

use crate::{Certificate, SignatureAlgorithm};

pub use chain::chain_of;
pub use error::SigningError;
pub use identity::OfficerIdentity;
pub use key::SigningKey;
pub use memory::MemorySigner;

/// A key with its certificates, wherever it lives.
pub trait OfficerSigner: Send + Sync + fmt::Debug {
    /// The signer's certificate first, then its issuers as far as they are known. Empty only for a key that verifiers know by its name,
    /// which can sign JWS with [`JwsOptions::with_key_id`](crate::jws::JwsOptions::with_key_id) and nothing else.
    fn chain(&self) -> &[Certificate];

    /// What the key can sign with, the preferred first.
    fn algorithms(&self) -> &[SignatureAlgorithm];

    /// Whether [`sign`](Self::sign) may block for longer than a computation takes: a smart card needs a second, a PIN pad as long as
    /// the person. Only a key in memory should say no: what says no may sign on a thread for which others wait.
    fn blocks(&self) -> bool {
        true
    }

    /// Signs `message` (not a digest) with one of [`algorithms`](Self::algorithms). ECDSA signatures are ASN.1.
    ///
    /// # Errors
    /// [`SignError`] when the key does not sign.
    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError>;
}
