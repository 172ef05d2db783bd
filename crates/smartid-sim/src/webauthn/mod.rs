//! The simulator's own reading of WebAuthn: CBOR, COSE keys, authenticator data, attestation statements, and the two ceremonies. It
//! is written from the W3C text and the protocol notes (digital-access 1.5 and 2.2) and shares nothing with the client, so that a
//! misreading on one side shows.

pub(crate) mod assertion;
pub(crate) mod attestation;
pub(crate) mod auth_data;
pub(crate) mod b64;
pub(crate) mod cbor;
pub(crate) mod certificate;
pub(crate) mod client_data;
pub(crate) mod cose;
pub(crate) mod credential_json;
pub(crate) mod registration;
mod tpm;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod vectors_assertion;
#[cfg(test)]
mod vectors_attestation;
#[cfg(test)]
mod vectors_hostile;
#[cfg(test)]
mod vectors_tpm;

/// Why a ceremony was refused: a stable word, and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refused {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0_u8; 32];
    out.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref());
    out
}
