//! The methods of a user: registering one, and as Graph's reference documents beside it listing, reading and deleting (documented: Create,
//! List, Get and Delete fido2AuthenticationMethod).

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::error::{GraphError, JSON};
use super::odata::{Entity, array, object};
use super::options::padded;
use super::{Graph, Version};
use crate::config::{GraphConfig, MethodIdStyle};
use crate::desktop::SIM_AAGUID;
use crate::net::message::{Reply, Request};
use crate::pki::time::Civil;
use crate::sync::lock;
use crate::webauthn::credential_json::{Copies, RegistrationJson};
use crate::webauthn::registration::{self, Registered};
use crate::webauthn::{Refused, b64};

/// A FIDO2 method that Graph has stored for a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GraphMethod {
    /// Its id.
    pub id: String,
    /// `displayName`; absent when the request had none.
    pub display_name: Option<String>,
    /// `createdDateTime`, ISO 8601 with `Z`.
    pub created: String,
    /// The authenticator's model.
    pub aaguid: [u8; 16],
    /// `attestationLevel`.
    pub attestation_level: String,
    /// Thumbprints of the attestation's certificates: SHA-1 in lower-case hex, as in the documented example.
    pub attestation_certificates: Vec<String>,
    /// `deviceBound` or `synced`.
    pub passkey_type: &'static str,
    /// Attestation statement format.
    pub format: String,
    /// Credential id.
    pub credential_id: Vec<u8>,
    /// COSE algorithm number.
    pub algorithm: i64,
}

/// A UUID as text.
pub(super) fn uuid(bytes: [u8; 16]) -> String {
    let mut out = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
    out
}

impl GraphMethod {
    fn new(
        graph: &Graph,
        config: &GraphConfig,
        registered: Registered,
        display_name: Option<String>,
    ) -> Self {
        let level = if !config.attestation_level.is_empty() {
            config.attestation_level.clone()
        } else if registered.certificates.is_empty() {
            "notAttested".to_owned()
        } else {
            "attested".to_owned()
        };
        let thumbprint = |der: &Vec<u8>| {
            let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, der);
            digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        };
        Self {
            id: match config.method_id {
                MethodIdStyle::Uuid => graph.random.uuid("graph-method"),
                MethodIdStyle::Credential => padded(&registered.credential_id),
            },
            display_name,
            created: format!("{}Z", Civil::from_unix(graph.clock.unix_millis() / 1000).iso()),
            aaguid: registered.aaguid,
            attestation_level: level,
            attestation_certificates: registered.certificates.iter().map(thumbprint).collect(),
            passkey_type: if registered.backup_eligible {
                "synced"
            } else {
                "deviceBound"
            },
            format: registered.format,
            credential_id: registered.credential_id,
            algorithm: registered.key.algorithm,
        }
    }

    fn entity(&self, config: &GraphConfig) -> Entity {
        let aaguid = uuid(self.aaguid);
        let model = match config.models.get(&aaguid) {
            Some(model) => json!(model),
            None if self.aaguid == SIM_AAGUID => json!("smartid-sim soft authenticator"),
            None => Value::Null,
        };
        let mut entity = Entity::new("fido2AuthenticationMethod");
        for (name, value) in [
            ("id", json!(self.id)),
            ("displayName", json!(self.display_name)),
            ("createdDateTime", json!(self.created)),
            ("aaGuid", json!(aaguid)),
            ("model", model),
            ("attestationCertificates", json!(self.attestation_certificates)),
            ("attestationLevel", json!(self.attestation_level)),
            ("passkeyType", json!(self.passkey_type)),
        ] {
            entity.put(name, &value);
        }
        entity
    }
}

/// The registration that a request holds.
struct Sent {
    display_name: Option<String>,
    credential: RegistrationJson,
}

/// The members of an object that are not OData's. Members that its type does not have are refused, if they shall be.
fn members<'v>(
    config: &GraphConfig,
    value: &'v Value,
    kind: &str,
    known: &[&str],
) -> Result<&'v Map<String, Value>, Refused> {
    let object = value
        .as_object()
        .ok_or_else(|| Refused::new("json_wrong_type", format!("{kind} is not an object")))?;
    let unknown = object
        .keys()
        .find(|name| !name.contains("@odata.") && !known.contains(&name.as_str()));
    match unknown {
        Some(name) if config.refuse_unknown_members => Err(Refused::new(
            "json_unknown_member",
            format!("The property '{name}' does not exist on type 'microsoft.graph.{kind}'."),
        )),
        _ => Ok(object),
    }
}

fn bytes(object: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Refused> {
    let value = object
        .get(name)
        .ok_or_else(|| Refused::new("json_missing_member", format!("{name} is missing")))?;
    let text = value
        .as_str()
        .ok_or_else(|| Refused::new("json_wrong_type", format!("{name} is not a string")))?;
    b64::decode(text)
        .ok_or_else(|| Refused::new("base64url", format!("{name} is not base64url without padding")))
}

fn sent(config: &GraphConfig, request: &Request) -> Result<Sent, Refused> {
    if !request.is_json() {
        return Err(Refused::new(
            "content_type",
            "the content type must be application/json",
        ));
    }
    let body: Value = crate::json::read_strict(&request.body)
        .map_err(|error| Refused::new("json_malformed", format!("not JSON: {error}")))?;
    let method = members(
        config,
        &body,
        "fido2AuthenticationMethod",
        &["displayName", "publicKeyCredential"],
    )?;
    let display_name = match method.get("displayName") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(_) => return Err(Refused::new("json_wrong_type", "displayName is not a string")),
    };
    let missing = |name: &str| Refused::new("json_missing_member", format!("{name} is missing"));
    let credential = members(
        config,
        method
            .get("publicKeyCredential")
            .ok_or_else(|| missing("publicKeyCredential"))?,
        "webauthnPublicKeyCredential",
        &["id", "response", "clientExtensionResults"],
    )?;
    let response = members(
        config,
        credential.get("response").ok_or_else(|| missing("response"))?,
        "webauthnAuthenticatorAttestationResponse",
        &["clientDataJSON", "attestationObject"],
    )?;
    Ok(Sent {
        display_name,
        credential: RegistrationJson {
            id: bytes(credential, "id")?,
            client_data: bytes(response, "clientDataJSON")?,
            attestation_object: bytes(response, "attestationObject")?,
            transports: Vec::new(),
            copies: Copies::default(),
        },
    })
}

impl Graph {
    pub(super) fn create_method(
        &self,
        config: &GraphConfig,
        version: Version,
        account: &str,
        request: &Request,
    ) -> Result<Reply, GraphError> {
        let refused = |refused: Refused| GraphError::refused(config, &refused);
        let Sent {
            display_name,
            credential,
        } = sent(config, request).map_err(refused)?;
        let begun = registration::begin_with(credential).map_err(refused)?;
        let mut store = lock(&self.store);
        let pending = store
            .challenges
            .take(&begun.client_data.challenge, self.clock.now(), Some(account))
            .map_err(refused)?;
        let known = |id: &[u8]| {
            let mut methods = store.accounts.iter().flat_map(|account| &account.methods);
            methods.any(|method| method.credential_id == id)
        };
        let registered = registration::finish(&begun, &pending.expected, known).map_err(refused)?;
        if !config.formats.contains(&registered.format) {
            return Err(refused(Refused::new(
                "attestation_format",
                format!("The attestation format '{}' is not supported.", registered.format),
            )));
        }
        let method = GraphMethod::new(self, config, registered, display_name);
        let policy = &config.policy;
        if policy.enforce_attestation && method.attestation_level != "attested" {
            return Err(GraphError::forbidden(
                config,
                "policy_attestation",
                "The policy demands attestation.",
            ));
        }
        let aaguid = uuid(method.aaguid);
        let allowed = |own: &String| own.eq_ignore_ascii_case(&aaguid);
        if !policy.allowed_aaguids.is_empty() && !policy.allowed_aaguids.iter().any(allowed) {
            return Err(GraphError::forbidden(
                config,
                "policy_aaguid",
                "The policy does not allow this model of authenticator.",
            ));
        }
        let owner = store.account(account)?;
        let path = format!("users/{}/authentication/fido2Methods", owner.id);
        let text = method
            .entity(config)
            .outer(config.odata, &self.context(version, &owner.id, true));
        let location = format!("{}/{path}/{}", self.version_url(version), method.id);
        owner.methods.push(method);
        drop(store);
        Ok(Reply::text(201, JSON, text)
            .with_header("location", &location)
            .with_code("stored"))
    }

    pub(super) fn list_methods(
        &self,
        config: &GraphConfig,
        version: Version,
        account: &str,
    ) -> Result<Reply, GraphError> {
        let mut store = lock(&self.store);
        let owner = store.account(account)?;
        let items: Vec<String> = owner
            .methods
            .iter()
            .map(|method| method.entity(config).inner(config.odata))
            .collect();
        let context = Value::from(self.context(version, &owner.id, false)).to_string();
        let text = object(&[
            ("@odata.context".to_owned(), context),
            ("value".to_owned(), array(&items)),
        ]);
        Ok(Reply::text(200, JSON, text).with_code("methods"))
    }

    /// Reads one method, or deletes it.
    pub(super) fn one_method(
        &self,
        config: &GraphConfig,
        version: Version,
        account: &str,
        id: &str,
        delete: bool,
    ) -> Result<Reply, GraphError> {
        let mut store = lock(&self.store);
        let owner = store.account(account)?;
        let at = owner
            .methods
            .iter()
            .position(|method| method.id == id)
            .ok_or_else(|| GraphError::not_found("method_unknown", "The method was not found."))?;
        if delete {
            owner.methods.remove(at);
            return Ok(Reply::empty(204).with_code("deleted"));
        }
        let context = self.context(version, &owner.id, true);
        let text = owner
            .methods
            .get(at)
            .map(|method| method.entity(config).outer(config.odata, &context))
            .unwrap_or_default();
        Ok(Reply::text(200, JSON, text).with_code("method"))
    }

    fn context(&self, version: Version, id: &str, entity: bool) -> String {
        format!(
            "{}/$metadata#users('{id}')/authentication/fido2Methods{}",
            self.version_url(version),
            if entity { "/$entity" } else { "" }
        )
    }
}
