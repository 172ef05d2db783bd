//! An officer's key in memory, with its certificates.

use std::fmt;
use std::sync::Arc;

use smartid_core::{SecretString, SignError};

use super::key::{SigningKey, choose, not_offered};
use super::{OfficerSigner, chain, text};
use crate::{Certificate, Refusal, SignatureAlgorithm};
#[cfg(doc)]
use crate::{KeyType, Reason};

/// A private key in memory with its certificate and the certificate's issuers. Cloning is cheap.
///
/// ```
/// # let certificates = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.pem"));
/// # let key = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/officer-one.key"));
/// use smartid_trust::{MemorySigner, OfficerSigner};
///
/// let officer = MemorySigner::from_pem(&[certificates, key], None)?;
/// assert_eq!(officer.chain()[0].subject().to_string(), "CN=Officer One,O=Example");
///
/// let algorithm = officer.algorithms()[0];
/// let signature = officer.sign(algorithm, b"to be signed")?;
/// officer.chain()[0].public_key()?.verify(algorithm, b"to be signed", &signature)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemorySigner {
    key: SigningKey,
    chain: Arc<[Certificate]>,
    algorithms: Arc<[SignatureAlgorithm]>,
}

impl MemorySigner {
    /// A key with its certificate, which may stand anywhere among `certificates`; issuers are put behind it in order, what belongs
    /// to neither is left out.
    ///
    /// # Errors
    /// [`Reason::NoCertificate`], [`Reason::KeyCertificateMismatch`], and [`Reason::SeveralCertificates`] when the key was certified
    /// twice and nothing says which certificate is meant.
    pub fn new(
        key: SigningKey,
        certificates: impl IntoIterator<Item = Certificate>,
    ) -> Result<Self, Refusal> {
        let chain = chain::chain_of(key.public_key(), certificates)?;
        // A certificate may restrict an RSA key to PSS.
        let mut algorithms = key.algorithms().to_vec();
        if let Some(own) = chain.first() {
            let certified = own.public_key()?;
            algorithms.retain(|algorithm| certified.fits(*algorithm).is_ok());
        }
        Ok(Self {
            algorithms: choose(algorithms, key.algorithms())?,
            key,
            chain: chain.into(),
        })
    }

    /// Reads one private key and the certificates from PEM texts: one text that holds both, or several, in any order. Forms of the
    /// key as in [`SigningKey::from_pem`]; `password` is needed when the key is encrypted, and then the derivation may take seconds.
    ///
    /// # Errors
    /// Those of [`SigningKey::from_pem`] and [`new`](Self::new).
    pub fn from_pem(texts: &[&str], password: Option<&SecretString>) -> Result<Self, Refusal> {
        let (key, certificates) = text::key_and_certificates(texts, password)?;
        Self::new(key, certificates)
    }

    /// Opens a PKCS #12 container that has one key, with the default policy. Deriving keys may take a second: call it where blocking is
    /// allowed. [`Pkcs12`](crate::pkcs12::Pkcs12) offers more.
    ///
    /// # Errors
    /// Those of [`Pkcs12::open`](crate::pkcs12::Pkcs12::open) and [`Pkcs12::signer`](crate::pkcs12::Pkcs12::signer).
    #[cfg(feature = "pkcs12")]
    pub fn from_pkcs12(bytes: &[u8], password: &SecretString) -> Result<Self, Refusal> {
        crate::pkcs12::Pkcs12::open(bytes, password, &crate::pkcs12::Pkcs12Policy::default())?.signer()
    }

    /// Restricts and orders what the key signs with: the first is what is used where nobody asks for another.
    ///
    /// # Errors
    /// [`Reason::AlgorithmNotOffered`] when the list is empty or holds what the key does not do.
    pub fn with_algorithms(
        self,
        algorithms: impl IntoIterator<Item = SignatureAlgorithm>,
    ) -> Result<Self, Refusal> {
        Ok(Self {
            algorithms: choose(algorithms, &self.algorithms)?,
            ..self
        })
    }

    /// The key alone.
    #[must_use]
    pub fn key(&self) -> &SigningKey {
        &self.key
    }
}

impl OfficerSigner for MemorySigner {
    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        &self.algorithms
    }

    fn blocks(&self) -> bool {
        false
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !self.algorithms.contains(&algorithm) {
            return Err(not_offered(algorithm));
        }
        self.key.sign(algorithm, message)
    }
}

impl fmt::Debug for MemorySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key,
            chain,
            algorithms,
        } = self;
        f.debug_struct("MemorySigner")
            .field("key", key)
            .field("certificate", &chain.first())
            .field("algorithms", algorithms)
            .finish_non_exhaustive()
    }
}
