//! `packed`: the format of security keys (W3C Web Authentication section 8.2).

use super::ceremony::Ceremony;
use super::certificate::{self, Chain};
use super::key;
use super::reason::{AttestationWrong as Wrong, Stop};

pub(super) fn check(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let statement = ceremony.statement;
    if statement.has("x5c") {
        return by_certificate(ceremony);
    }
    if statement.has("ecdaaKeyId") {
        return Err(Wrong::Unsupported.into());
    }
    // Self attestation: the credential key signs.
    let algorithm = statement.algorithm()?;
    statement.bytes("sig")?;
    if algorithm != ceremony.credential.key.algorithm {
        return Err(Wrong::AlgorithmDiffers.into());
    }
    let key = key::credential_key(&ceremony.credential.key)?;
    ceremony.verify_statement(&key, &ceremony.message())
}

fn by_certificate(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let chain = Chain::read(ceremony.statement)?;
    ceremony.verify_statement(&chain.key, &ceremony.message())?;
    certificate::end_entity(&chain.leaf)?;
    certificate::packed_subject(&chain.leaf)?;
    certificate::aaguid(&chain.leaf, ceremony.credential.aaguid)?;
    chain.links()
}
