//! COSE algorithm numbers, which name the kind of key that a relying party wants.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A signature algorithm by its number in the IANA COSE registry. Numbers nobody knows here are kept.
///
/// ```
/// use smartid_da::fido::CoseAlgorithm;
///
/// assert_eq!(CoseAlgorithm::ES256.to_string(), "ES256 (-7)");
/// assert_eq!(CoseAlgorithm(-7000).name(), None);
/// assert!(CoseAlgorithm::RS256.is_documented() && !CoseAlgorithm::ED448.is_documented());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a number is all there is")]
pub struct CoseAlgorithm(pub i64);

impl CoseAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    pub const ES256: Self = Self(-7);
    /// EdDSA; in WebAuthn on Ed25519.
    pub const EDDSA: Self = Self(-8);
    /// ECDSA on P-384 with SHA-384.
    pub const ES384: Self = Self(-35);
    /// ECDSA on P-521 with SHA-512.
    pub const ES512: Self = Self(-36);
    /// RSA PKCS #1 v1.5 with SHA-256.
    pub const RS256: Self = Self(-257);
    /// RSA PKCS #1 v1.5 with SHA-384.
    pub const RS384: Self = Self(-258);
    /// RSA PKCS #1 v1.5 with SHA-512.
    pub const RS512: Self = Self(-259);
    /// ECDSA on P-256, fully specified (RFC 9864).
    pub const ESP256: Self = Self(-9);
    /// EdDSA on Ed25519, fully specified (RFC 9864).
    pub const ED25519: Self = Self(-19);
    /// ECDSA on P-384, fully specified (RFC 9864).
    pub const ESP384: Self = Self(-51);
    /// ECDSA on P-521, fully specified (RFC 9864).
    pub const ESP512: Self = Self(-52);
    /// EdDSA on Ed448, fully specified (RFC 9864).
    pub const ED448: Self = Self(-53);
    /// RSA PSS with SHA-256.
    pub const PS256: Self = Self(-37);
    /// RSA PSS with SHA-384.
    pub const PS384: Self = Self(-38);
    /// RSA PSS with SHA-512.
    pub const PS512: Self = Self(-39);
    /// ECDSA on secp256k1 with SHA-256.
    pub const ES256K: Self = Self(-47);
    /// RSA PKCS #1 v1.5 with SHA-1; broken.
    pub const RS1: Self = Self(-65535);

    /// The algorithms that Digital Access offers, in its order of preference \[documented; vendor page: Set up FIDO2
    /// authentication\].
    pub const DOCUMENTED: [Self; 7] = [
        Self::ES256,
        Self::EDDSA,
        Self::ES384,
        Self::ES512,
        Self::RS256,
        Self::RS384,
        Self::RS512,
    ];

    /// Whether it is one of [`DOCUMENTED`](Self::DOCUMENTED).
    #[must_use]
    pub fn is_documented(self) -> bool {
        Self::DOCUMENTED.contains(&self)
    }

    /// The registry's name.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::ES256 => "ES256",
            Self::EDDSA => "EdDSA",
            Self::ES384 => "ES384",
            Self::ES512 => "ES512",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::ESP256 => "ESP256",
            Self::ED25519 => "Ed25519",
            Self::ESP384 => "ESP384",
            Self::ESP512 => "ESP512",
            Self::ED448 => "Ed448",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256K => "ES256K",
            Self::RS1 => "RS1",
            _ => return None,
        })
    }
}

impl fmt::Display for CoseAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "COSE algorithm {}", self.0),
        }
    }
}
