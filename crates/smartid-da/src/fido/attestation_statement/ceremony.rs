//! What a statement is about: the credential, and the octets that it signs.

use crate::fido::AttestedCredential;

/// One registration as the formats look at it.
pub(super) struct Ceremony<'a> {
    pub(super) auth_data: &'a [u8],
    pub(super) rp_id_hash: [u8; 32],
    pub(super) credential: &'a AttestedCredential,
    /// SHA-256 of `clientDataJSON`, of the very octets.
    pub(super) client_data_hash: [u8; 32],
}

impl Ceremony<'_> {
    /// Authenticator data and client data hash, one behind the other.
    pub(super) fn message(&self) -> Vec<u8> {
        [self.auth_data, &self.client_data_hash].concat()
    }
}
