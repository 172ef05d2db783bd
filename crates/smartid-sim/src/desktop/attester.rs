//! Attestation statements of the soft authenticator, with the attestation certificate that two of the formats need.

use std::sync::{Arc, OnceLock};

use ciborium::Value as Cbor;
use rcgen::SigningKey;

use super::authenticator::{Flaw, SIM_AAGUID};
use super::key::PrivateKey;
use crate::SimError;
use crate::config::AttestationChoice;
use crate::net::tls::{AttestationIdentity, Authority};
use crate::webauthn::cbor;
use crate::webauthn::cose::{self, CoseKey, Material};
use crate::webauthn::sha256;

pub(crate) struct Attester {
    authority: Arc<Authority>,
    identity: OnceLock<AttestationIdentity>,
}

impl Attester {
    pub(crate) fn new(authority: Arc<Authority>) -> Self {
        Self {
            authority,
            identity: OnceLock::new(),
        }
    }

    /// Made when first needed, because most runs need none.
    fn identity(&self) -> Result<&AttestationIdentity, SimError> {
        if let Some(identity) = self.identity.get() {
            return Ok(identity);
        }
        let made = self.authority.attestation_identity(SIM_AAGUID)?;
        Ok(self.identity.get_or_init(|| made))
    }

    /// Format and statement.
    #[expect(
        clippy::too_many_arguments,
        reason = "the inputs of an attestation statement, each used by some format"
    )]
    pub(crate) fn statement(
        &self,
        choice: AttestationChoice,
        flaw: Flaw,
        key: &PrivateKey,
        public: &CoseKey,
        auth_data: &[u8],
        client_data_hash: &[u8; 32],
        credential_id: &[u8],
    ) -> Result<(&'static str, Cbor), SimError> {
        let forged = flaw == Flaw::Signature;
        let over = |parts: &[&[u8]]| {
            let mut message = parts.concat();
            if forged {
                // A signature of the right key over something else: well-formed, and wrong.
                message.push(0);
            }
            message
        };
        let entry = |name: &str, value: Cbor| (Cbor::Text(name.into()), value);
        let bytes = |value: &[u8]| Cbor::Bytes(value.to_vec());
        match choice {
            AttestationChoice::Auto | AttestationChoice::None => Ok(("none", Cbor::Map(Vec::new()))),
            AttestationChoice::Packed => {
                let signature = key.sign(&over(&[auth_data, client_data_hash]))?;
                let map = vec![
                    entry("alg", cbor::int(key.algorithm)),
                    entry("sig", bytes(&signature)),
                ];
                Ok(("packed", Cbor::Map(map)))
            }
            AttestationChoice::PackedX5c => {
                let identity = self.identity()?;
                let signature = sign(identity, &over(&[auth_data, client_data_hash]))?;
                let map = vec![
                    entry("alg", cbor::int(cose::ES256)),
                    entry("sig", bytes(&signature)),
                    entry("x5c", Cbor::Array(vec![bytes(&identity.certificate)])),
                ];
                Ok(("packed", Cbor::Map(map)))
            }
            AttestationChoice::FidoU2f => {
                let Material::Ec(point) = &public.material else {
                    return Err(SimError::Authenticator("fido-u2f needs ES256".into()));
                };
                if key.algorithm != cose::ES256 {
                    return Err(SimError::Authenticator("fido-u2f needs ES256".into()));
                }
                let identity = self.identity()?;
                let rp_id_hash = auth_data
                    .get(..32)
                    .map_or_else(|| sha256(&[]).to_vec(), <[u8]>::to_vec);
                let signed = over(&[&[0], &rp_id_hash, client_data_hash, credential_id, point]);
                let map = vec![
                    entry("sig", bytes(&sign(identity, &signed)?)),
                    entry("x5c", Cbor::Array(vec![bytes(&identity.certificate)])),
                ];
                Ok(("fido-u2f", Cbor::Map(map)))
            }
        }
    }
}

fn sign(identity: &AttestationIdentity, message: &[u8]) -> Result<Vec<u8>, SimError> {
    identity
        .key
        .sign(message)
        .map_err(|error| SimError::Authenticator(error.to_string()))
}
