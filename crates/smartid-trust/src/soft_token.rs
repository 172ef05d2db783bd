//! A soft token: keys and certificates in one PKCS #12 container, as a service hands it out.
//!
//! Whoever only passes a token on has no need to read it, so the type stands apart from the reader (feature `pkcs12`). The container is
//! a secret: its password may be short, and whoever has both has the keys.

use std::fmt;

use smartid_core::SecretBytes;

/// The octets of a container, as they came. Nothing was checked: it opens when it is opened.
///
/// Container and password are two secrets that reach their owner by two ways; this type holds the container alone.
///
/// ```
/// use smartid_trust::SoftToken;
///
/// let token = SoftToken::new(vec![0x30, 0x03, 0x02, 0x01, 0x03]);
/// assert_eq!(token.expose_octets().len(), token.len());
/// assert_eq!(format!("{token:?}"), "SoftToken(5 octets)");
/// ```
#[derive(Clone)]
pub struct SoftToken(SecretBytes);

impl SoftToken {
    /// Takes the octets of a container.
    pub fn new(octets: impl Into<Vec<u8>>) -> Self {
        Self(SecretBytes::new(octets))
    }

    /// The octets, to be stored or handed to the token's owner. Never into a log.
    #[must_use]
    pub fn expose_octets(&self) -> &[u8] {
        self.0.expose()
    }

    /// How many octets there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.expose().len()
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl From<SecretBytes> for SoftToken {
    fn from(octets: SecretBytes) -> Self {
        Self(octets)
    }
}

impl fmt::Debug for SoftToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SoftToken({} octets)", self.len())
    }
}
