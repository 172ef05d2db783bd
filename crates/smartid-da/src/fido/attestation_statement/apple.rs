//! `apple`: the maker certifies the credential key itself, with the nonce in the certificate (W3C Web Authentication section 8.8).

use sha2::{Digest, Sha256};

use super::ceremony::Ceremony;
use super::der::Reader;
use super::reason::{AttestationWrong as Wrong, SignatureCheck, Stop};
use super::statement::Statement;
use super::{certificate, key};

/// The maker's extension with the nonce.
const NONCE: &str = "1.2.840.113635.100.8.2";

pub(super) fn check(
    statement: &Statement,
    ceremony: &Ceremony<'_>,
    outcome: &mut SignatureCheck,
) -> Result<(), Stop> {
    let (leaf, others) = statement.chain()?;
    certificate::order(&leaf, &others)?;
    *outcome = SignatureCheck::Wrong;
    let extension = certificate::extension(&leaf, NONCE).ok_or(Wrong::NonceMissing)?;
    let nonce = Sha256::digest(ceremony.message());
    if read_nonce(&extension.value) != Some(nonce.as_slice()) {
        return Err(Wrong::Nonce.into());
    }
    let credential_key = key::credential_key(&ceremony.credential.key);
    let keys = credential_key.and_then(|ours| Ok((ours, certificate::key(&leaf)?)));
    let (ours, certified) = keys.inspect_err(|_| *outcome = SignatureCheck::NotChecked)?;
    if !certified.is_same_key(&ours) {
        return Err(Wrong::KeyDiffers.into());
    }
    *outcome = SignatureCheck::Verified;
    certificate::links(&leaf, &others)
}

/// A sequence of one octet string, tagged 1.
fn read_nonce(value: &[u8]) -> Option<&[u8]> {
    let tagged = Reader::only(Reader::only(value, 0x30)?, 0xa1)?;
    Reader::only(tagged, 0x04)
}
