//! `packed`: the format of security keys (W3C Web Authentication section 8.2).

use super::ceremony::Ceremony;
use super::reason::{AttestationWrong as Wrong, SignatureCheck, Stop};
use super::statement::Statement;
use super::{certificate, key};

pub(super) fn check(
    statement: &Statement,
    ceremony: &Ceremony<'_>,
    outcome: &mut SignatureCheck,
) -> Result<(), Stop> {
    if statement.has("x5c") {
        return by_certificate(statement, ceremony, outcome);
    }
    if statement.has("ecdaaKeyId") {
        return Err(Wrong::Unsupported.into());
    }
    // Self attestation: the credential key signs.
    let algorithm = statement.algorithm()?;
    let signature = statement.bytes("sig")?;
    if algorithm != ceremony.credential.key.algorithm {
        return Err(Wrong::AlgorithmDiffers.into());
    }
    let key = key::credential_key(&ceremony.credential.key)?;
    key::verify(&key, algorithm, &ceremony.message(), signature, outcome)
}

fn by_certificate(
    statement: &Statement,
    ceremony: &Ceremony<'_>,
    outcome: &mut SignatureCheck,
) -> Result<(), Stop> {
    let (leaf, others) = statement.chain()?;
    let algorithm = statement.algorithm()?;
    let signature = statement.bytes("sig")?;
    certificate::order(&leaf, &others)?;
    let key = certificate::key(&leaf)?;
    key::verify(&key, algorithm, &ceremony.message(), signature, outcome)?;
    certificate::end_entity(&leaf)?;
    certificate::packed_subject(&leaf)?;
    certificate::aaguid(&leaf, ceremony.credential.aaguid)?;
    certificate::links(&leaf, &others)
}
