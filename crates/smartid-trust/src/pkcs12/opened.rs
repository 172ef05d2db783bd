//! A soft token, opened: which key belongs to which certificate.
//!
//! A container is a heap of bags; what its owner wants is a key with its certificate and the chain behind it. Links in the field are
//! wrong or missing often enough (local key identifiers that cross, that stand on the issuer too, that are absent), so the public key
//! decides, and the identifier chooses among several certificates of one key. Reading is strict here where [`Pkcs12::open`] is not: a
//! soft token has a key, and a certificate that is meant for a key and is not the key's is an error somebody must hear of.

use std::fmt;

use smartid_core::{Runtime, SecretBytes, SecretString, WorkLost, run_blocking};

use super::{KeyEntry, PassedOver, Pkcs12, Pkcs12Policy, link};
use crate::{Certificate, MemorySigner, Reason, Refusal, SigningKey, SoftToken};

/// A soft token that was opened: its keys, and what else was in the container.
///
/// ```
/// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-p256.p12"));
/// use smartid_core::SecretString;
/// use smartid_trust::pkcs12::Pkcs12Policy;
/// use smartid_trust::{OfficerSigner, SoftToken};
///
/// let token = SoftToken::new(bytes.to_vec());
/// let opened = token.open(&SecretString::new("test-Passw0rd"), &Pkcs12Policy::default())?;
/// let key = opened.the_one_key()?;
/// assert_eq!(key.chain().first(), key.certificate());
/// assert_eq!(opened.signer()?.chain().len(), 3);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct OpenedToken {
    pub(super) keys: Vec<TokenKey>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) passed_over: Vec<PassedOver>,
}

/// A private key of a soft token, with what belongs to it.
pub struct TokenKey {
    pub(super) entry: KeyEntry,
    pub(super) chain: Vec<Certificate>,
    pub(super) other_certificates: Vec<Certificate>,
}

/// A soft token could not be opened away from the async threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The container was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The runtime did not finish the work.
    #[error(transparent)]
    Lost(#[from] WorkLost),
}

impl SoftToken {
    /// Opens the container and links keys and certificates. Deriving keys takes up to half a second with the default policy: call it
    /// where blocking is allowed, or [`open_on`](Self::open_on).
    ///
    /// # Errors
    /// Those of [`Pkcs12::open`], [`Reason::NoKey`], and [`Reason::KeyCertificateMismatch`] when a local key identifier names a
    /// certificate that is not the key's while none is, or when no key has a certificate and there is one of another end entity.
    pub fn open(&self, password: &SecretString, policy: &Pkcs12Policy) -> Result<OpenedToken, Refusal> {
        link::link(Pkcs12::open(self.expose_octets(), password, policy)?)
    }

    /// As [`open`](Self::open), where blocking stalls nobody: on the runtime's threads for blocking work.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`OpenError::Lost`] when the runtime does not finish the work.
    pub async fn open_on(
        &self,
        runtime: &dyn Runtime,
        password: &SecretString,
        policy: &Pkcs12Policy,
    ) -> Result<OpenedToken, OpenError> {
        let (token, password, policy) = (self.clone(), password.clone(), *policy);
        Ok(run_blocking(runtime, move || token.open(&password, &policy)).await??)
    }
}

impl OpenedToken {
    /// The private keys, at least one, in the order of the container.
    #[must_use]
    pub fn keys(&self) -> &[TokenKey] {
        &self.keys
    }

    /// Certificates that belong to no key and stand in no key's chain, each once, in the order of the container.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// What was in the container and could not be read, or is of no use here.
    #[must_use]
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// The key of a token that has one. A key that stands twice in the container with the same certificate is one.
    ///
    /// # Errors
    /// [`Reason::SeveralKeys`].
    pub fn the_one_key(&self) -> Result<&TokenKey, Refusal> {
        let (first, others) = self.keys.split_first().ok_or(Reason::NoKey)?;
        if others.iter().all(|other| other.is_the_same(first)) {
            return Ok(first);
        }
        Err(Reason::SeveralKeys.into())
    }

    /// The one key with its chain, ready to sign.
    ///
    /// # Errors
    /// Those of [`the_one_key`](Self::the_one_key) and [`TokenKey::signer`].
    pub fn signer(&self) -> Result<MemorySigner, Refusal> {
        self.the_one_key()?.signer()
    }
}

impl TokenKey {
    /// The key, ready to sign.
    ///
    /// # Errors
    /// Those of [`KeyEntry::key`]: what a key of a type or size that is not implemented lacks. It still has its
    /// [`pkcs8_der`](Self::pkcs8_der), and its certificate as far as that can be told.
    pub fn key(&self) -> Result<&SigningKey, Refusal> {
        self.entry.key()
    }

    /// The key as PKCS #8, not encrypted, whatever its type.
    #[must_use]
    pub const fn pkcs8_der(&self) -> &SecretBytes {
        self.entry.pkcs8_der()
    }

    /// The certificate of the key; `None` where the container has none for it. Of several (the certificate was renewed and the key
    /// kept) the one with the key's local key identifier, else the one that is valid longest.
    #[must_use]
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }

    /// The certificate and its issuers as far as they are in the container, each once, the leaf first. Empty without a certificate.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The other certificates of the key, those that are valid longest first.
    #[must_use]
    pub fn other_certificates(&self) -> &[Certificate] {
        &self.other_certificates
    }

    /// The name that people see.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.entry.friendly_name()
    }

    /// What links it to its certificate in the container; often absent.
    #[must_use]
    pub fn local_key_id(&self) -> Option<&[u8]> {
        self.entry.local_key_id()
    }

    /// The key with its chain, ready to sign.
    ///
    /// # Errors
    /// Those of [`key`](Self::key), and [`Reason::NoCertificate`].
    pub fn signer(&self) -> Result<MemorySigner, Refusal> {
        MemorySigner::new(self.key()?.clone(), self.chain.iter().cloned())
    }
}

impl TokenKey {
    fn is_the_same(&self, other: &Self) -> bool {
        self.certificate() == other.certificate()
            && self.pkcs8_der().constant_time_eq(other.pkcs8_der().expose())
    }
}

impl fmt::Debug for OpenedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keys,
            certificates,
            passed_over,
        } = self;
        f.debug_struct("OpenedToken")
            .field("keys", keys)
            .field("certificates", certificates)
            .field("passed_over", passed_over)
            .finish()
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            entry,
            chain,
            other_certificates,
        } = self;
        f.debug_struct("TokenKey")
            .field("key", entry)
            .field("chain", chain)
            .field("other_certificates", other_certificates)
            .finish()
    }
}
