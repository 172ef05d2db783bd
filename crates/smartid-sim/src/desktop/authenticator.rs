//! The soft authenticator behind the Desktop App. It makes real credentials and keeps them, so that a provisioned user can log in; and
//! it can be told to make one thing wrong, so that the relying party's check of exactly that thing is seen.

use std::sync::{Arc, Mutex};

use ciborium::Value as Cbor;
use serde_json::{Value, json};

use super::attester::Attester;
use super::key::PrivateKey;
use crate::config::{AttestationChoice, DesktopConfig};
use crate::device::Refusal;
use crate::random::Random;
use crate::sync::lock;
use crate::webauthn::auth_data::{AT, BE, BS, UP, UV};
use crate::webauthn::{b64, cbor, cose, sha256};

/// The model number of the simulated authenticator: 73696d75-6c61-7465-6400-000000000001 ("simulated", 1). Not registered anywhere.
pub const SIM_AAGUID: [u8; 16] = [
    0x73, 0x69, 0x6d, 0x75, 0x6c, 0x61, 0x74, 0x65, 0x64, 0, 0, 0, 0, 0, 0, 1,
];

/// One thing that is made wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    None,
    Challenge,
    Origin,
    Signature,
}

struct Held {
    id: Vec<u8>,
    rp_id: String,
    user_handle: Vec<u8>,
    key: PrivateKey,
    sign_count: u32,
}

pub(crate) struct Authenticator {
    random: Arc<Random>,
    attester: Arc<Attester>,
    held: Mutex<Vec<Held>>,
}

fn text<'v>(options: &'v Value, pointer: &str) -> Result<&'v str, Refusal> {
    options
        .pointer(pointer)
        .and_then(Value::as_str)
        .ok_or_else(|| Refusal::new("TypeError", format!("the options lack {pointer}")))
}

fn binary(options: &Value, pointer: &str) -> Result<Vec<u8>, Refusal> {
    b64::decode(text(options, pointer)?).ok_or_else(|| {
        Refusal::new(
            "EncodingError",
            format!("{pointer} is not base64url without padding"),
        )
    })
}

/// Ids of a list of credential descriptors; `null` and a missing list are empty.
fn ids(options: &Value, name: &str) -> Vec<Vec<u8>> {
    options
        .get(name)
        .and_then(Value::as_array)
        .map(|list| {
            list.iter()
                .filter_map(|item| item.get("id").and_then(Value::as_str).and_then(b64::decode))
                .collect()
        })
        .unwrap_or_default()
}

impl Authenticator {
    pub(crate) fn new(random: Arc<Random>, attester: Arc<Attester>) -> Self {
        Self {
            random,
            attester,
            held: Mutex::new(Vec::new()),
        }
    }

    /// Makes a credential and returns its RegistrationResponseJSON.
    pub(crate) fn create(
        &self,
        options: &Value,
        config: &DesktopConfig,
        flaw: Flaw,
    ) -> Result<Value, Refusal> {
        let rp_id = text(options, "/rp/id")?.to_owned();
        let user_handle = binary(options, "/user/id")?;
        if !(1..=64).contains(&user_handle.len()) {
            return Err(Refusal::new("TypeError", "user.id must have 1 to 64 bytes"));
        }
        let challenge = binary(options, "/challenge")?;
        let algorithm = choose_algorithm(options, config)?;
        let excluded = ids(options, "excludeCredentials");
        if lock(&self.held)
            .iter()
            .any(|held| held.rp_id == rp_id && excluded.contains(&held.id))
        {
            return Err(Refusal::new(
                "InvalidStateError",
                "the authenticator holds one of excludeCredentials",
            ));
        }
        let verification = options
            .pointer("/authenticatorSelection/userVerification")
            .and_then(Value::as_str);
        if verification == Some("required") && !config.user_verified {
            return Err(Refusal::new(
                "NotAllowedError",
                "the authenticator cannot verify the user",
            ));
        }

        let key = PrivateKey::generate(algorithm)?;
        let id = self.random.bytes32("credential").to_vec();
        let sign_count = u32::from(config.counts);
        let choice = statement_choice(options, config, flaw);
        let aaguid = if choice == AttestationChoice::FidoU2f {
            [0; 16]
        } else {
            SIM_AAGUID
        };
        let public = key.public()?;
        let mut auth_data = header(&rp_id, flags(config) | AT, sign_count);
        auth_data.extend_from_slice(&aaguid);
        auth_data.extend_from_slice(&u16::try_from(id.len()).unwrap_or_default().to_be_bytes());
        auth_data.extend_from_slice(&id);
        auth_data.extend_from_slice(&cbor::write(&public.to_cbor()));

        let client_data = self.client_data("webauthn.create", &challenge, &rp_id, config, flaw);
        let hash = sha256(client_data.as_bytes());
        let (format, statement) = self
            .attester
            .statement(choice, flaw, &key, &public, &auth_data, &hash, &id)?;
        let object = cbor::write(&Cbor::Map(vec![
            (Cbor::Text("fmt".into()), Cbor::Text(format.into())),
            (Cbor::Text("attStmt".into()), statement),
            (Cbor::Text("authData".into()), Cbor::Bytes(auth_data.clone())),
        ]));
        let mut response = json!({
            "clientDataJSON": b64::encode(client_data.as_bytes()),
            "attestationObject": b64::encode(&object),
            "transports": config.transports,
        });
        if config.level3_members {
            crate::json::put(
                &mut response,
                "/authenticatorData",
                json!(b64::encode(&auth_data)),
            );
            crate::json::put(&mut response, "/publicKey", json!(b64::encode(&key.spki()?)));
            crate::json::put(&mut response, "/publicKeyAlgorithm", json!(algorithm));
        }
        let mut extensions = json!({});
        if options.pointer("/extensions/credProps") == Some(&Value::Bool(true)) {
            let resident = options
                .pointer("/authenticatorSelection/residentKey")
                .and_then(Value::as_str);
            extensions = json!({"credProps": {"rk": resident != Some("discouraged")}});
        }
        let mut credential = json!({
            "id": b64::encode(&id),
            "rawId": b64::encode(&id),
            "type": "public-key",
            "response": response,
            "clientExtensionResults": extensions,
        });
        if !config.attachment.is_empty() {
            crate::json::put(
                &mut credential,
                "/authenticatorAttachment",
                json!(config.attachment),
            );
        }
        lock(&self.held).push(Held {
            id,
            rp_id,
            user_handle,
            key,
            sign_count,
        });
        Ok(credential)
    }

    /// Signs a login and returns its AuthenticationResponseJSON.
    pub(crate) fn assert(&self, options: &Value, config: &DesktopConfig) -> Result<Value, Refusal> {
        let rp_id = text(options, "/rpId")?.to_owned();
        let challenge = binary(options, "/challenge")?;
        let allowed = ids(options, "allowCredentials");
        let client_data = self.client_data("webauthn.get", &challenge, &rp_id, config, Flaw::None);
        let mut held = lock(&self.held);
        let credential = held
            .iter_mut()
            .rev()
            .find(|held| held.rp_id == rp_id && (allowed.is_empty() || allowed.contains(&held.id)))
            .ok_or_else(|| Refusal::new("NotAllowedError", "the authenticator holds no such credential"))?;
        if config.counts {
            credential.sign_count += 1;
        }
        let auth_data = header(&rp_id, flags(config), credential.sign_count);
        let signed = [auth_data.as_slice(), &sha256(client_data.as_bytes())].concat();
        let signature = credential.key.sign(&signed)?;
        Ok(json!({
            "id": b64::encode(&credential.id),
            "rawId": b64::encode(&credential.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64::encode(client_data.as_bytes()),
                "authenticatorData": b64::encode(&auth_data),
                "signature": b64::encode(&signature),
                "userHandle": b64::encode(&credential.user_handle),
            },
            "clientExtensionResults": {},
        }))
    }

    /// Sets the counter of all credentials back, as a cloned authenticator's would be.
    pub(crate) fn rewind(&self) {
        for held in lock(&self.held).iter_mut() {
            held.sign_count = 0;
        }
    }

    /// Members in the order in which browsers write them.
    fn client_data(
        &self,
        kind: &str,
        challenge: &[u8],
        rp_id: &str,
        config: &DesktopConfig,
        flaw: Flaw,
    ) -> String {
        let challenge = match flaw {
            Flaw::Challenge => self.random.bytes32("wrong-challenge").to_vec(),
            _ => challenge.to_vec(),
        };
        let origin = match (flaw, &config.origin) {
            (Flaw::Origin, _) => "https://phishing.example.test".to_owned(),
            (_, Some(origin)) => origin.clone(),
            (_, None) => format!("https://{rp_id}"),
        };
        let cross_origin = if config.cross_origin_member {
            ",\"crossOrigin\":false"
        } else {
            ""
        };
        format!(
            "{{\"type\":\"{kind}\",\"challenge\":\"{}\",\"origin\":{}{cross_origin}}}",
            b64::encode(&challenge),
            Value::String(origin)
        )
    }
}

fn choose_algorithm(options: &Value, config: &DesktopConfig) -> Result<i64, Refusal> {
    let offered = options.get("pubKeyCredParams").and_then(Value::as_array);
    let mut algorithms: Vec<i64> = offered
        .map(|list| {
            list.iter()
                .filter(|item| item.get("type").and_then(Value::as_str) == Some("public-key"))
                .filter_map(|item| item.get("alg").and_then(Value::as_i64))
                .collect()
        })
        .unwrap_or_default();
    if offered.is_some_and(Vec::is_empty) {
        // WebAuthn 5.1.3: an empty list means ES256, then RS256.
        algorithms = vec![cose::ES256, cose::RS256];
    }
    algorithms
        .into_iter()
        .find(|algorithm| config.algorithms.contains(algorithm))
        .ok_or_else(|| {
            Refusal::new(
                "NotSupportedError",
                "the authenticator has none of the offered algorithms",
            )
        })
}

fn statement_choice(options: &Value, config: &DesktopConfig, flaw: Flaw) -> AttestationChoice {
    let asked = options
        .get("attestation")
        .and_then(Value::as_str)
        .unwrap_or("none");
    match config.attestation {
        // A forged signature needs one to forge.
        AttestationChoice::Auto | AttestationChoice::None if flaw == Flaw::Signature => {
            AttestationChoice::Packed
        }
        AttestationChoice::Auto if asked == "none" => AttestationChoice::None,
        AttestationChoice::Auto => AttestationChoice::Packed,
        choice => choice,
    }
}

fn flags(config: &DesktopConfig) -> u8 {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    flag(config.user_present, UP)
        | flag(config.user_verified, UV)
        | flag(config.backup_eligible, BE)
        | flag(config.backup_state, BS)
}

fn header(rp_id: &str, flags: u8, sign_count: u32) -> Vec<u8> {
    let mut out = sha256(rp_id.as_bytes()).to_vec();
    out.push(flags);
    out.extend_from_slice(&sign_count.to_be_bytes());
    out
}
