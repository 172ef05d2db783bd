//! What a statement is about: the credential, the octets that are signed, and what came of the signature.

use std::cell::Cell;

use smartid_trust::{KeyType, PublicKey, Reason, Refusal};

use super::key;
use super::reason::{AttestationWrong as Wrong, SignatureCheck, StatementNotChecked as NotChecked, Stop};
use super::statement::Statement;
use crate::fido::{AttestedCredential, CoseAlgorithm};

/// One registration as the formats look at it.
pub(super) struct Ceremony<'a> {
    pub(super) statement: &'a Statement,
    pub(super) auth_data: &'a [u8],
    pub(super) rp_id_hash: [u8; 32],
    pub(super) credential: &'a AttestedCredential,
    /// SHA-256 of `clientDataJSON`, of the very octets.
    pub(super) client_data_hash: [u8; 32],
    /// What came of the signature, whatever comes of the rest.
    pub(super) outcome: &'a Cell<SignatureCheck>,
}

impl Ceremony<'_> {
    /// Authenticator data and client data hash, one behind the other.
    pub(super) fn message(&self) -> Vec<u8> {
        [self.auth_data, &self.client_data_hash].concat()
    }

    /// Verifies `sig` by `alg`.
    pub(super) fn verify_statement(&self, key: &PublicKey, message: &[u8]) -> Result<(), Stop> {
        let algorithm = self.statement.algorithm()?;
        self.verify(key, algorithm, message, self.statement.bytes("sig")?)
    }

    /// Verifies, and notes what came of it.
    pub(super) fn verify(
        &self,
        key: &PublicKey,
        algorithm: CoseAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Stop> {
        let (known, curve) = key::known(algorithm).ok_or(NotChecked::Algorithm(algorithm))?;
        if let KeyType::Ec(of_key) = key.key_type()
            && Some(of_key) != curve
        {
            return Err(Wrong::AlgorithmDiffers.into());
        }
        self.note(key.verify(known, message, signature))
    }

    /// Notes what the verifying crate says.
    pub(super) fn note(&self, verified: Result<(), Refusal>) -> Result<(), Stop> {
        let (outcome, result) = match verified {
            Ok(()) => (SignatureCheck::Verified, Ok(())),
            Err(refusal) if refusal.reason() == Reason::AlgorithmDoesNotFitKey => {
                return Err(Wrong::AlgorithmDiffers.into());
            }
            Err(_) => (SignatureCheck::Wrong, Err(Wrong::Signature.into())),
        };
        self.outcome.set(outcome);
        result
    }
}
