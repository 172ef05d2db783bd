//! The login ceremony (protocol notes: digital-access 2.2; WebAuthn 7.2): the stored key must have signed this challenge for this
//! relying party, and its counter must move.

use serde_json::Value;

use super::auth_data::{AuthData, BE, BS, UP, UV};
use super::client_data::ClientData;
use super::cose::CoseKey;
use super::credential_json::AssertionJson;
use super::{Refused, sha256};

/// An assertion whose JSON and client data have been read.
pub(crate) struct Begun {
    pub(crate) credential: AssertionJson,
    pub(crate) client_data: ClientData,
}

/// The stored credential, as far as the check needs it.
pub(crate) struct Stored<'a> {
    pub(crate) key: &'a CoseKey,
    pub(crate) user_handle: &'a [u8],
    pub(crate) sign_count: u32,
}

/// First half: JSON, client data, type.
pub(crate) fn begin(body: &Value) -> Result<Begun, Refused> {
    let credential = AssertionJson::read(body)?;
    let client_data = ClientData::read(&credential.client_data)?;
    client_data.check_type("webauthn.get")?;
    Ok(Begun {
        credential,
        client_data,
    })
}

/// Second half. Returns the new counter.
pub(crate) fn finish(
    begun: &Begun,
    rp_id: &str,
    origins: &[String],
    user_verification_required: bool,
    stored: &Stored<'_>,
) -> Result<u32, Refused> {
    begun.client_data.check_origin(origins, &[])?;
    let bytes = &begun.credential.authenticator_data;
    let data = AuthData::read(bytes)
        .ok_or_else(|| Refused::new("authenticator_data", "the authenticator data cannot be read"))?;
    if data.rp_id_hash != sha256(rp_id.as_bytes()) {
        return Err(Refused::new(
            "rp_id_hash",
            "the assertion is for another relying party",
        ));
    }
    if data.flags & UP == 0 {
        return Err(Refused::new("user_presence", "the user was not present"));
    }
    if user_verification_required && data.flags & UV == 0 {
        return Err(Refused::new("user_verification", "the user was not verified"));
    }
    if data.flags & (BE | BS) == BS {
        return Err(Refused::new(
            "backup_flags",
            "backed up but not eligible for backup",
        ));
    }
    if begun
        .credential
        .user_handle
        .as_deref()
        .is_some_and(|handle| handle != stored.user_handle)
    {
        return Err(Refused::new("user_handle", "the user handle names another user"));
    }
    let signed = [bytes.as_slice(), &begun.client_data.hash].concat();
    if !stored.key.verify(&signed, &begun.credential.signature) {
        return Err(Refused::new("signature", "the signature is wrong"));
    }
    if (data.sign_count != 0 || stored.sign_count != 0) && data.sign_count <= stored.sign_count {
        return Err(Refused::new(
            "sign_count",
            "the counter did not move: the authenticator may have been cloned",
        ));
    }
    Ok(data.sign_count)
}
