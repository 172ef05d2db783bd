//! The admin key of a token, and the proof that we have it.
//!
//! A token gives away a new PIN only to whoever knows its admin key: it makes a nonce, and wants it back encrypted. The key may be in
//! memory, or in a security module that never lets it out; so it stands behind a trait, [`AdminKey`], and what goes on the wire is an
//! [`EncryptedNonce`]. Vendor page: API parameters specific to Smart ID Desktop App: the names are documented; that the cipher is triple
//! DES in ECB mode is inferred from a key of 24 octets and from what minidrivers do.

mod new_key;
mod strength;
#[cfg(feature = "triple-des")]
mod triple_des;

use std::fmt;

use smartid_core::{BoxFuture, SecretBytes};

pub use new_key::{AdminKeyInTransit, NewAdminKey};
#[cfg(feature = "triple-des")]
pub use triple_des::TripleDesAdminKey;

/// The length of an admin key in octets (documented, as 48 hexadecimal digits of `newadminkey`).
pub const ADMIN_KEY_LEN: usize = 24;

/// The length of the blocks that a nonce is made of: triple DES has 8 octets, AES two of that.
pub(crate) const BLOCK: usize = 8;

/// The longest proof that is sent.
const MAX_PROOF: usize = 256;

/// Why there is no proof, or no admin key. Neither is in the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdminKeyError {
    /// Not the digits of an admin key.
    #[error("an admin key is 48 hexadecimal digits{}, which this is not", if *.lower_case { ", in lower case" } else { "" })]
    Form {
        /// Whether they must be in lower case.
        lower_case: bool,
    },
    /// A key of another length.
    #[error("an admin key has 24 octets, not {0}")]
    Length(usize),
    /// A nonce that is no whole number of blocks.
    #[error("the nonce has {0} octets, which is no whole number of blocks of 8")]
    Nonce(usize),
    /// No proof, or one that is too long to be one.
    #[error("a proof has 1 to 256 octets, not {0}")]
    Proof(usize),
    /// Whoever keeps the key did not answer.
    #[error("the admin key cannot be used: {0}")]
    Unavailable(String),
}

impl AdminKeyError {
    /// For implementations of [`AdminKey`]: the key cannot be used now. The text must not contain a secret.
    pub fn unavailable(why: impl fmt::Display) -> Self {
        Self::Unavailable(why.to_string())
    }
}

/// An admin key, wherever it is kept.
///
/// ```
/// use smartid_core::BoxFuture;
/// use smartid_hermod::admin_key::{AdminKey, AdminKeyError, EncryptedNonce};
///
/// #[derive(Debug)]
/// struct InModule { slot: u32 }
///
/// impl AdminKey for InModule {
///     fn respond<'a>(&'a self, nonce: &'a [u8]) -> BoxFuture<'a, Result<EncryptedNonce, AdminKeyError>> {
///         Box::pin(async move {
///             let answer: Vec<u8> = nonce.to_vec(); // ask the module in slot self.slot here
///             EncryptedNonce::new(answer)
///         })
///     }
/// }
/// # let _: &dyn AdminKey = &InModule { slot: 0 };
/// ```
pub trait AdminKey: Send + Sync + fmt::Debug {
    /// The answer to the token's nonce. One wrong answer may bring the token nearer to blocking its admin key, so an implementation that
    /// is not sure that it has the right key should rather fail.
    ///
    /// # Errors
    /// [`AdminKeyError`] when there is no answer.
    fn respond<'a>(&'a self, nonce: &'a [u8]) -> BoxFuture<'a, Result<EncryptedNonce, AdminKeyError>>;
}

/// A nonce, encrypted with the admin key: `encryptednonce`, the proof that we have it.
///
/// With the nonce it is a pair from which a short key can be searched for, so it is treated as secret.
#[derive(Clone)]
pub struct EncryptedNonce(SecretBytes);

impl EncryptedNonce {
    /// What a security module answered.
    ///
    /// # Errors
    /// [`AdminKeyError::Proof`] when it is empty or longer than 256 octets.
    pub fn new(octets: impl Into<Vec<u8>>) -> Result<Self, AdminKeyError> {
        let octets = SecretBytes::new(octets);
        match octets.expose().len() {
            1..=MAX_PROOF => Ok(Self(octets)),
            length => Err(AdminKeyError::Proof(length)),
        }
    }

    /// The octets. Do not log them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }
}

impl fmt::Debug for EncryptedNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(_blind) = self;
        f.write_str("EncryptedNonce(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_neither_nothing_nor_a_book() {
        assert_eq!(EncryptedNonce::new([]).unwrap_err(), AdminKeyError::Proof(0));
        assert_eq!(
            EncryptedNonce::new(vec![0; 257]).unwrap_err(),
            AdminKeyError::Proof(257)
        );
        assert_eq!(EncryptedNonce::new([7; 8]).unwrap().expose(), [7; 8]);
    }

    #[test]
    fn nothing_is_shown() {
        let proof = EncryptedNonce::new(*b"canary99").unwrap();
        assert_eq!(format!("{proof:?}"), "EncryptedNonce(..)");
    }
}
