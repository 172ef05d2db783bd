//! `apple`: the maker certifies the credential key itself, with the nonce in the certificate (W3C Web Authentication section 8.8).

use sha2::{Digest, Sha256};

use super::ceremony::Ceremony;
use super::certificate::{self, Chain};
use super::der::Reader;
use super::key;
use super::reason::{AttestationWrong as Wrong, SignatureCheck, Stop};

/// The maker's extension with the nonce.
const NONCE: &str = "1.2.840.113635.100.8.2";

pub(super) fn check(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let chain = Chain::read(ceremony.statement)?;
    let ours = key::credential_key(&ceremony.credential.key)?;
    ceremony.outcome.set(SignatureCheck::Wrong);
    let extension = certificate::extension(&chain.leaf, NONCE).ok_or(Wrong::NonceMissing)?;
    let nonce = Sha256::digest(ceremony.message());
    if read_nonce(&extension.value) != Some(nonce.as_slice()) {
        return Err(Wrong::Nonce.into());
    }
    if !chain.key.is_same_key(&ours) {
        return Err(Wrong::KeyDiffers.into());
    }
    ceremony.outcome.set(SignatureCheck::Verified);
    chain.links()
}

/// A sequence of one octet string, tagged 1.
fn read_nonce(value: &[u8]) -> Option<&[u8]> {
    let tagged = Reader::only(Reader::only(value, 0x30)?, 0xa1)?;
    Reader::only(tagged, 0x04)
}
