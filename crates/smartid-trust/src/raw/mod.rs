//! Signatures that are nothing but octets: no container, no algorithm, no content.
//!
//! A Desktop App can answer a signing command with a bare RSA signature (vendor page: API parameters specific to Smart ID Desktop App
//! \[documented: that it can; its form is unknown\]). Such a signature says nothing about itself, so the verifier has to know everything:
//! the content that it sent, the [mechanism](RawMechanism) that it asked for, and the keys it believes. Nothing that comes with the
//! signature chooses any of them; a certificate beside it counts when its chain leads to a configured root.
//!
//! ```
//! use smartid_core::Timestamp;
//! use smartid_trust::jws::{Jwk, JwkSet};
//! use smartid_trust::raw::{RawMechanism, RawPolicy, RawSignature};
//! use smartid_trust::{Curve, KeyType, Reason, SigningKey};
//!
//! # let now = Timestamp::from_millis(1_767_225_600_000);
//! let key = SigningKey::generate(KeyType::Ec(Curve::P256))?;
//! let octets = key.sign(key.algorithms()[0], b"what was sent to be signed")?;
//!
//! let keys = JwkSet::new([Jwk::from_public_key(key.public_key().clone()).with_id("signer")]);
//! let policy = RawPolicy::keys(keys, RawMechanism::from_name("CKM_ECDSA_SHA256")?, "what was sent to be signed");
//! let signature = RawSignature::new(octets)?.with_key_id("signer");
//! assert!(signature.verify(&policy, now).is_ok());
//! let refusal = signature.verify(&policy.expecting_content("something else"), now).unwrap_err();
//! assert_eq!(refusal.reason(), Reason::BadSignature);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is refused although a standard may allow it
//!
//! SHA-1, SHA-224 and MD5 in a mechanism's name; `CKM_RSA_PKCS` over anything but a DigestInfo (RFC 8017 9.2), `CKM_ECDSA` and
//! `CKM_RSA_PKCS_PSS` over anything but a digest of 32, 48 or 64 octets; RSA-PSS salts of another length than the digest. An ECDSA
//! signature is taken in ASN.1 and as two numbers side by side, because PKCS #11 has the one and everything else the other.

mod mechanism;
mod policy;
mod verify;

use std::fmt;

use bytes::Bytes;

use crate::{Certificate, Reason, Refusal, Unverified};

pub use mechanism::RawMechanism;
pub use policy::RawPolicy;
pub use verify::RawContent;

/// Longest signature, in bytes: that of an RSA key with 8192 bits.
pub const MAX_SIGNATURE_LEN: usize = 1024;
/// Most certificates that may come with a signature.
pub const MAX_RAW_CERTIFICATES: usize = 16;

/// A signature, and what came beside it. It is handed out as [`Unverified`].
#[derive(Clone, PartialEq, Eq)]
pub struct RawSignature {
    octets: Bytes,
    /// The signer's first.
    certificates: Vec<Certificate>,
    key_id: Option<String>,
}

impl RawSignature {
    /// The octets of a signature.
    ///
    /// # Errors
    /// [`Reason::Malformed`] when there are none, [`Reason::TooLarge`] above [`MAX_SIGNATURE_LEN`].
    pub fn new(octets: impl Into<Bytes>) -> Result<Unverified<Self>, Refusal> {
        let octets = octets.into();
        if octets.is_empty() {
            return Err(Refusal::new(Reason::Malformed, "a signature without octets"));
        }
        if octets.len() > MAX_SIGNATURE_LEN {
            return Err(Refusal::new(Reason::TooLarge, "a signature"));
        }
        Ok(Unverified::new(Self {
            octets,
            certificates: Vec::new(),
            key_id: None,
        }))
    }

    /// The octets.
    #[must_use]
    pub const fn octets(&self) -> &Bytes {
        &self.octets
    }

    /// The certificates that came with it, the signer's first.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The name of the key that came with it.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }
}

impl Unverified<RawSignature> {
    /// With the certificates that came beside it, the signer's first.
    ///
    /// # Errors
    /// [`Reason::TooLarge`] above [`MAX_RAW_CERTIFICATES`].
    pub fn with_certificates(self, certificates: Vec<Certificate>) -> Result<Self, Refusal> {
        if certificates.len() > MAX_RAW_CERTIFICATES {
            return Err(Refusal::new(Reason::TooLarge, "certificates"));
        }
        Ok(Self::new(RawSignature {
            certificates,
            ..self.danger_into_unverified()
        }))
    }

    /// With the name of its key that came beside it.
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<String>) -> Self {
        Self::new(RawSignature {
            key_id: Some(key_id.into()),
            ..self.danger_into_unverified()
        })
    }
}

impl fmt::Debug for RawSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            octets,
            certificates,
            key_id,
        } = self;
        f.debug_struct("RawSignature")
            .field("octets", &octets.len())
            .field("certificates", &certificates.len())
            .field("key_id", key_id)
            .finish()
    }
}
