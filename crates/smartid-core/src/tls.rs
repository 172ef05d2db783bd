//! Who we are to a server that asks for a client certificate.
//!
//! A key in memory and a key on a smart card look alike here: a certificate chain, the signature schemes the key can do, and a call that
//! signs. The private key itself is not part of the interface, because on a token it cannot be had.

use std::fmt;

use bytes::Bytes;

/// A signature scheme by its TLS code point (IANA "TLS SignatureScheme").
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignatureScheme(u16);

impl SignatureScheme {
    /// RSA PKCS #1 v1.5 with SHA-256 (TLS 1.2 only).
    pub const RSA_PKCS1_SHA256: Self = Self(0x0401);
    /// RSA PKCS #1 v1.5 with SHA-384 (TLS 1.2 only).
    pub const RSA_PKCS1_SHA384: Self = Self(0x0501);
    /// RSA PKCS #1 v1.5 with SHA-512 (TLS 1.2 only).
    pub const RSA_PKCS1_SHA512: Self = Self(0x0601);
    /// ECDSA on P-256 with SHA-256.
    pub const ECDSA_P256_SHA256: Self = Self(0x0403);
    /// ECDSA on P-384 with SHA-384.
    pub const ECDSA_P384_SHA384: Self = Self(0x0503);
    /// ECDSA on P-521 with SHA-512.
    pub const ECDSA_P521_SHA512: Self = Self(0x0603);
    /// RSA-PSS with SHA-256, an ordinary RSA key.
    pub const RSA_PSS_SHA256: Self = Self(0x0804);
    /// RSA-PSS with SHA-384, an ordinary RSA key.
    pub const RSA_PSS_SHA384: Self = Self(0x0805);
    /// RSA-PSS with SHA-512, an ordinary RSA key.
    pub const RSA_PSS_SHA512: Self = Self(0x0806);
    /// Ed25519.
    pub const ED25519: Self = Self(0x0807);

    /// A scheme by its code point.
    #[must_use]
    pub const fn from_code(code: u16) -> Self {
        Self(code)
    }

    /// The code point.
    #[must_use]
    pub const fn code(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignatureScheme({:#06x})", self.0)
    }
}

/// The kind of key behind an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// ECDSA on a NIST curve.
    Ecdsa,
    /// Ed25519.
    Ed25519,
}

/// The key did not sign. The message names neither PIN nor key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the client key did not sign: {0}")]
#[non_exhaustive]
pub struct SignError(String);

impl SignError {
    /// `reason` must name neither PIN nor key material.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A client certificate with its key, wherever that lives.
pub trait TlsIdentity: Send + Sync + fmt::Debug {
    /// The certificate and its issuers, as DER, the client's own first, without the root.
    fn chain(&self) -> &[Bytes];

    /// The kind of key.
    fn key_kind(&self) -> KeyKind;

    /// The schemes that the key can do, the preferred first.
    fn schemes(&self) -> &[SignatureScheme];

    /// Whether [`sign`](Self::sign) may block for longer than a computation takes: a smart card needs a second, a PIN pad as long as
    /// the person. Only a key in memory should say no. The default transport makes the connections of an identity that blocks where
    /// blocking is allowed, so that no other task waits; a transport of another kind may not know how.
    fn blocks(&self) -> bool {
        true
    }

    /// Signs `message` (not a digest) with `scheme`, one of [`schemes`](Self::schemes). ECDSA signatures are DER. It may be called
    /// from several threads at once.
    ///
    /// # Errors
    /// [`SignError`] when the key does not sign.
    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, SignError>;
}
