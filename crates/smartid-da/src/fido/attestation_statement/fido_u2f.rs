//! `fido-u2f`: keys of the older standard behind a newer client (W3C Web Authentication section 8.6).

use smartid_trust::{Curve, KeyType};

use super::ceremony::Ceremony;
use super::certificate::Chain;
use super::reason::{AttestationWrong as Wrong, Stop};
use crate::fido::{CoseAlgorithm, KeyMaterial};

pub(super) fn check(ceremony: &Ceremony<'_>) -> Result<(), Stop> {
    let statement = ceremony.statement;
    let chain = Chain::read(statement)?;
    let signature = statement.bytes("sig")?;
    if !chain.others.is_empty() {
        return Err(Wrong::ChainCount(chain.others.len() + 1).into());
    }
    let credential = ceremony.credential;
    let KeyMaterial::Ec2 { curve: 1, x, y } = &credential.key.material else {
        return Err(Wrong::KeyType.into());
    };
    if credential.key.algorithm != CoseAlgorithm::ES256 {
        return Err(Wrong::KeyType.into());
    }
    if chain.key.key_type() != KeyType::Ec(Curve::P256) {
        return Err(Wrong::CertificateKey.into());
    }
    let message = [
        &[0],
        ceremony.rp_id_hash.as_slice(),
        &ceremony.client_data_hash,
        &credential.credential_id,
        &[4],
        x,
        y,
    ]
    .concat();
    ceremony.verify(&chain.key, CoseAlgorithm::ES256, &message, signature)?;
    if !credential.aaguid.is_zero() {
        return Err(Wrong::AaguidNotZero.into());
    }
    Ok(())
}
