//! PKCS #12 containers (RFC 7292): an officer's key file, a soft token.
//!
//! [`SoftToken::open`](crate::SoftToken::open) opens a soft token strictly, with each key's certificate and chain; [`Pkcs12`] is the
//! general reader, for trust stores too. Opening derives keys and blocks: [`SoftToken::open_on`](crate::SoftToken::open_on) does it off
//! the async threads, and so does [`Runtime::run_blocking`](smartid_core::Runtime::run_blocking) with the others.
//!
//! # Threat model
//!
//! Every byte is hostile. A server that issues soft tokens knows the password, so the checksum says nothing about its good will; it can
//! ask for any number of derivations in places that only decryption shows, nest what it likes, and repeat what it likes. So everything
//! is paid from one budget of work before it is done ([`Pkcs12Policy`]), and size, bags (1024), bags in bags (7 deep), octet strings in
//! pieces (16 deep) and signature checks (64) have caps. By default a hostile file takes at most the 430 million units of
//! [`DEFAULT_MAX_WORK`], less than half a second of two cores; what says in the clear that it wants more is refused at once.
//!
//! Two things read a container, one after the other. First the guard, which is this crate's own. It reads BER where it stands, because
//! Bouncy Castle and NSS write it even inside what they encrypt; checks the checksum (MAC) before anything else; decrypts. It writes
//! what it has found into a new, plain container, and only that goes to the crate p12-keystore, which gives the keys, the certificates
//! and their names. Keys are then linked to certificates by comparing public keys, because the identifiers that should link them are
//! often missing or wrong.
//!
//! # What is read
//!
//! What OpenSSL 3.0 with its legacy provider or Python's cryptography opens, and what beside it comes at no cost:
//!
//! | | |
//! |---|---|
//! | checksum | RFC 7292 with SHA-1, SHA-2, SHA-3, MD4, MD5, RIPEMD-160, SM3, Whirlpool, BLAKE2; PBMAC1 (RFC 9579) with a key of 20 octets and more |
//! | PBES2 | PBKDF2 with HMAC of SHA-1 (also by default), SHA-2, SHA-3, MD5, RIPEMD-160, SM3; scrypt only if [the policy allows it](Pkcs12Policy::danger_accept_scrypt) |
//! | ciphers of PBES2 | AES, triple DES, DES, RC2, RC4, Blowfish, CAST5, Camellia, ARIA, SEED, SM4; CBC and, where they have identifiers, ECB, CFB, OFB, CTR |
//! | old schemes | of RFC 7292: triple DES with two and three keys, RC2 and RC4 with 40 and 128 bits; of PKCS #5: MD5 or SHA-1 with DES or RC2 |
//! | password | UTF-16 with terminator for RFC 7292, UTF-8 for PBES2 and PBMAC1, nothing normalized; an empty one as terminator or as nothing. Behind a right checksum also UTF-16 for PBES2, and that cut to seven bits (Java with Bouncy Castle); for RFC 7292 also UTF-8 octet by octet (OpenSSL before 1.1). Each try is paid from the budget |
//! | form | DER and BER; any number as version; zeros and anything else behind the container |
//! | keys | PKCS #8, shrouded or not, in bags, bags in bags, encrypted or plain safes. Of a type that is not implemented: with a refusal in [`KeyEntry::key`], and with their certificate |
//!
//! A part that cannot be read does not keep the rest shut: certificates that are not X.509 or not well formed, bags of unknown types,
//! contents of unknown types, and keys under another password beside one that opens are in [`Pkcs12::passed_over`] with the reason.
//! CRLs and secrets are there without one.
//!
//! # What is refused
//!
//! | reason | |
//! |---|---|
//! | [`Reason::NotPkcs12`] | it is something else, or not well formed somewhere |
//! | [`Reason::ContainerTruncated`] | there are fewer octets than the container says, or its end is missing |
//! | [`Reason::WrongPassword`] | the password, or somebody changed the container: nobody can tell which |
//! | [`Reason::NoMac`] | there is no checksum, and the policy demands one |
//! | [`Reason::ContainerUnsupported`] | an algorithm or a kind of protection (public keys) that is not read; [`Refusal::algorithm`] names it |
//! | [`Reason::KdfIterations`] | it takes too much work |
//! | [`Reason::TooLarge`] | it has too many octets or bags |
//! | [`Reason::NoKey`], [`Reason::KeyCertificateMismatch`] | from [`SoftToken::open`](crate::SoftToken::open) and from what makes signers |
//!
//! # Secrets
//!
//! The buffers of this crate that hold decrypted keys are wiped. Those of p12-keystore are not: while it reads, it copies the plain
//! container about seven times and each key about four times more, and frees the copies as they are; some ciphers' and digests' states
//! stay on the stack. Whoever must not leave keys in freed memory keeps them on a token (feature `pkcs11`).
//!
//! Two things never reach p12-keystore, because it would refuse the whole container or change them; the guard takes them off and puts
//! them back: of a private key the version, the attributes and the public key (RFC 5958; in a key bag p12-keystore reads version 1 of
//! PKCS #8 alone and sorts attributes), and a friendly name that is not UCS-2, such as one with letters outside the Basic Multilingual
//! Plane. Attributes of bags other than the friendly name and the local key identifier are dropped; nobody uses them.
//!
//! [`Pkcs12Builder`] writes containers, [`SoftToken::rewrap`](crate::SoftToken::rewrap) writes one anew under another password, for
//! modern programs or for old ones ([`Profile`]); [`OpenedToken`] and [`TokenKey`] hand keys out as identity and PEM. [`describe`] says how
//! a container is protected, without its password.

mod ahead;
mod archive;
mod attributes;
mod bags;
mod ber;
mod container;
mod describe;
mod hand_out;
mod link;
mod mac;
mod opened;
mod passed_over;
mod policy;
mod public_half;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;

use smartid_core::{SecretBytes, SecretString};

use crate::signer::chain;
use crate::{Certificate, MemorySigner, Oid, Reason, Refusal, SigningKey};

pub use describe::{Algorithm, Bag, Description, Encryption, MacDescription, Part, describe};
pub use opened::{OpenError, OpenedToken, TokenKey};
pub use passed_over::PassedOver;
pub use policy::{DEFAULT_MAX_ITERATIONS, DEFAULT_MAX_LEN, DEFAULT_MAX_WORK, Pkcs12Policy};
pub use write::{
    DEFAULT_COMPATIBLE_ITERATIONS, DEFAULT_MODERN_ITERATIONS, Finding, MAX_ITERATIONS, MIN_ITERATIONS,
    NewKey, Pkcs12Builder, Profile, WriteError, WriteOptions, Written,
};

/// An opened container.
///
/// ```
/// # let bytes = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pkcs12/openssl-p256.p12"));
/// use smartid_core::SecretString;
/// use smartid_trust::OfficerSigner;
/// use smartid_trust::pkcs12::{Pkcs12, Pkcs12Policy};
///
/// let container = Pkcs12::open(bytes, &SecretString::new("test-Passw0rd"), &Pkcs12Policy::default())?;
/// let officer = container.signer()?;
/// assert_eq!(officer.chain().len(), 3);
/// # Ok::<(), smartid_trust::Refusal>(())
/// ```
pub struct Pkcs12 {
    keys: Vec<KeyEntry>,
    certificates: Vec<CertificateEntry>,
    passed_over: Vec<PassedOver>,
    other_attributes: Vec<Oid>,
}

/// A private key in a container.
pub struct KeyEntry {
    pkcs8: SecretBytes,
    key: Result<SigningKey, Refusal>,
    friendly_name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

/// A certificate in a container.
#[derive(Clone, Debug)]
pub struct CertificateEntry {
    certificate: Certificate,
    friendly_name: Option<String>,
    local_key_id: Option<Vec<u8>>,
}

impl Pkcs12 {
    /// Opens a container. BER is read as well as DER.
    ///
    /// # Errors
    /// [`Reason::NotPkcs12`], [`Reason::ContainerTruncated`], [`Reason::TooLarge`], [`Reason::NoMac`], [`Reason::WrongPassword`],
    /// [`Reason::KdfIterations`] and [`Reason::ContainerUnsupported`]. A container without a key can be opened; a key of a type that is
    /// not implemented is in [`keys`](Self::keys) and has its refusal there.
    pub fn open(bytes: &[u8], password: &SecretString, policy: &Pkcs12Policy) -> Result<Self, Refusal> {
        let (plain, _) = container::open(bytes, password, policy);
        archive::read(plain?)
    }

    /// Every private key, in the order of the container.
    #[must_use]
    pub fn keys(&self) -> &[KeyEntry] {
        &self.keys
    }

    /// Every certificate, in the order of the container: those of the keys, of issuers, and strangers.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateEntry] {
        &self.certificates
    }

    /// What was in the container and could not be read, or is of no use here, in the order of the container.
    #[must_use]
    pub fn passed_over(&self) -> &[PassedOver] {
        &self.passed_over
    }

    /// The types of attributes of keys and certificates beside friendly name and local key identifier, each once, at most 32. They are
    /// not used here: Windows says with some of them how a key is to be stored, Java which certificates are trusted.
    #[must_use]
    pub fn other_attributes(&self) -> &[Oid] {
        &self.other_attributes
    }

    /// The certificate of `entry` and its issuers, as far as they are in the container.
    ///
    /// # Errors
    /// Those of [`KeyEntry::key`] and [`MemorySigner::new`].
    pub fn chain(&self, entry: &KeyEntry) -> Result<Vec<Certificate>, Refusal> {
        chain::chain_of(entry.key()?.public_key(), self.all_certificates())
    }

    /// The one key with its chain.
    ///
    /// # Errors
    /// [`Reason::NoKey`], [`Reason::SeveralKeys`], and those of [`signer_of`](Self::signer_of).
    pub fn signer(&self) -> Result<MemorySigner, Refusal> {
        match self.keys.as_slice() {
            [entry] => self.signer_of(entry),
            [] => Err(Reason::NoKey.into()),
            _ => Err(Reason::SeveralKeys.into()),
        }
    }

    /// The key whose friendly name (Java: alias) this is, with its chain. Upper and lower case differ.
    ///
    /// # Errors
    /// [`Reason::NoKey`], [`Reason::SeveralKeys`], and those of [`signer_of`](Self::signer_of).
    pub fn signer_named(&self, friendly_name: &str) -> Result<MemorySigner, Refusal> {
        let mut named = self
            .keys
            .iter()
            .filter(|entry| entry.friendly_name() == Some(friendly_name));
        match (named.next(), named.next()) {
            (Some(entry), None) => self.signer_of(entry),
            (None, _) => Err(Reason::NoKey.into()),
            (Some(_), Some(_)) => Err(Reason::SeveralKeys.into()),
        }
    }

    /// A key with its chain.
    ///
    /// # Errors
    /// Those of [`KeyEntry::key`] and [`MemorySigner::new`].
    pub fn signer_of(&self, entry: &KeyEntry) -> Result<MemorySigner, Refusal> {
        MemorySigner::new(entry.key()?.clone(), self.all_certificates())
    }

    fn all_certificates(&self) -> impl Iterator<Item = Certificate> {
        self.certificates.iter().map(|entry| entry.certificate.clone())
    }
}

impl KeyEntry {
    /// The key, ready to sign.
    ///
    /// # Errors
    /// [`Reason::Malformed`], and the reasons of [`PublicKey::from_spki_der`](crate::PublicKey::from_spki_der) for keys that are not
    /// implemented or not safe.
    pub fn key(&self) -> Result<&SigningKey, Refusal> {
        self.key.as_ref().map_err(Clone::clone)
    }

    /// The key as PKCS #8, not encrypted, whatever its type.
    #[must_use]
    pub const fn pkcs8_der(&self) -> &SecretBytes {
        &self.pkcs8
    }

    /// The name that people see.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// What links it to its certificate in the container; often absent, and not used here.
    #[must_use]
    pub fn local_key_id(&self) -> Option<&[u8]> {
        self.local_key_id.as_deref()
    }
}

impl CertificateEntry {
    /// The certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The name that people see.
    #[must_use]
    pub fn friendly_name(&self) -> Option<&str> {
        self.friendly_name.as_deref()
    }

    /// What links it to its key in the container; often absent, and not used here.
    #[must_use]
    pub fn local_key_id(&self) -> Option<&[u8]> {
        self.local_key_id.as_deref()
    }
}

impl fmt::Debug for Pkcs12 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            keys,
            certificates,
            passed_over,
            other_attributes: _,
        } = self;
        f.debug_struct("Pkcs12")
            .field("keys", keys)
            .field("certificates", certificates)
            .field("passed_over", passed_over)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for KeyEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pkcs8: _blind,
            key,
            friendly_name,
            local_key_id: _,
        } = self;
        f.debug_struct("KeyEntry")
            .field("key", key)
            .field("friendly_name", friendly_name)
            .finish_non_exhaustive()
    }
}
