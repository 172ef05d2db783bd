//! The registration ceremony, in the order of WebAuthn 7.1 as java-webauthn-server performs it (protocol notes: digital-access 1.5).
//! The first failure decides. It comes in two halves, because between them the relying party looks up its challenge.

use serde_json::Value;

use super::attestation::AttestationObject;
use super::auth_data::{AuthData, BE, BS, UP, UV};
use super::client_data::ClientData;
use super::cose::CoseKey;
use super::credential_json::RegistrationJson;
use super::{Refused, sha256};

/// A registration whose JSON and client data have been read.
pub(crate) struct Begun {
    pub(crate) credential: RegistrationJson,
    pub(crate) client_data: ClientData,
}

/// What the options asked for.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) rp_id: String,
    pub(crate) origins: Vec<String>,
    /// Sites in whose frames the page may stand.
    pub(crate) top_origins: Vec<String>,
    pub(crate) algorithms: Vec<i64>,
    pub(crate) user_verification_required: bool,
}

/// What is to be stored.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) key: CoseKey,
    pub(crate) public_key_cose: Vec<u8>,
    pub(crate) aaguid: [u8; 16],
    pub(crate) format: String,
    pub(crate) sign_count: u32,
    pub(crate) transports: Vec<String>,
    /// The certificates of the attestation, first one the leaf.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Whether the key may leave the authenticator (flag BE).
    pub(crate) backup_eligible: bool,
}

/// First half: JSON, client data, type.
pub(crate) fn begin(body: &Value, tolerated: &[String]) -> Result<Begun, Refused> {
    begin_with(RegistrationJson::read(body, tolerated)?)
}

/// The same for a credential that came in another frame.
pub(crate) fn begin_with(credential: RegistrationJson) -> Result<Begun, Refused> {
    let client_data = ClientData::read(&credential.client_data)?;
    client_data.check_type("webauthn.create")?;
    Ok(Begun {
        credential,
        client_data,
    })
}

/// Second half, after the challenge has been found: origin, attestation object, relying party, flags, algorithm, attestation,
/// duplicate.
pub(crate) fn finish(
    begun: &Begun,
    expected: &Expected,
    is_registered: impl FnOnce(&[u8]) -> bool,
) -> Result<Registered, Refused> {
    begun
        .client_data
        .check_origin(&expected.origins, &expected.top_origins)?;
    let object = AttestationObject::read(&begun.credential.attestation_object)
        .ok_or_else(|| Refused::new("attestation_object", "the attestation object cannot be read"))?;
    let data = AuthData::read(&object.auth_data)
        .ok_or_else(|| Refused::new("authenticator_data", "the authenticator data cannot be read"))?;
    let attested = data.attested.as_ref().ok_or_else(|| {
        Refused::new(
            "attested_data_missing",
            "the authenticator data holds no credential",
        )
    })?;
    let rp_id_hash = sha256(expected.rp_id.as_bytes());
    if data.rp_id_hash != rp_id_hash {
        return Err(Refused::new(
            "rp_id_hash",
            "the credential is for another relying party",
        ));
    }
    if data.flags & UP == 0 {
        return Err(Refused::new("user_presence", "the user was not present"));
    }
    if expected.user_verification_required && data.flags & UV == 0 {
        return Err(Refused::new("user_verification", "the user was not verified"));
    }
    if data.flags & (BE | BS) == BS {
        return Err(Refused::new(
            "backup_flags",
            "backed up but not eligible for backup",
        ));
    }
    let named = CoseKey::algorithm_of(&attested.public_key);
    if named.is_some_and(|algorithm| !expected.algorithms.contains(&algorithm)) {
        return Err(Refused::new(
            "algorithm_not_offered",
            "the algorithm was not offered",
        ));
    }
    let key = CoseKey::read(&attested.public_key)
        .ok_or_else(|| Refused::new("cose_key", "the public key cannot be used"))?;
    object.verify(&begun.client_data.hash, &rp_id_hash, attested, &key)?;
    if attested.credential_id != begun.credential.id {
        return Err(Refused::new(
            "credential_id_mismatch",
            "id differs from the authenticator data's",
        ));
    }
    begun.credential.check_copies(&object.auth_data, &key)?;
    if attested.credential_id.is_empty() || attested.credential_id.len() > 1023 {
        return Err(Refused::new(
            "credential_id_length",
            "a credential id has 1 to 1023 bytes",
        ));
    }
    if is_registered(&attested.credential_id) {
        return Err(Refused::new("duplicate", "the credential is registered already"));
    }
    Ok(Registered {
        credential_id: attested.credential_id.clone(),
        key,
        public_key_cose: attested.public_key_cose.clone(),
        aaguid: attested.aaguid,
        certificates: object.certificate_list(),
        format: object.format,
        sign_count: data.sign_count,
        transports: begun.credential.transports.clone(),
        backup_eligible: data.flags & BE != 0,
    })
}
