//! Reads a credential's JSON as strictly as java-webauthn-server does, which Digital Access is believed to use (protocol notes:
//! digital-access 0.2, 1.4 and 1.5, I): unknown members refused, `clientExtensionResults` required, `rawId` equal to `id`, base64url
//! without padding.

use serde_json::{Map, Value};

use super::certificate::SubjectKey;
use super::cose::CoseKey;
use super::{Refused, b64};

#[derive(Clone, Debug)]
pub(crate) struct RegistrationJson {
    pub(crate) id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) attestation_object: Vec<u8>,
    pub(crate) transports: Vec<String>,
    pub(crate) copies: Copies,
}

/// What a browser writes beside the attestation object although it stands in there (WebAuthn Level 3, 5.8.1: easy access to credential
/// data). Whoever tolerates these members still has no use for others than the true ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Copies {
    authenticator_data: Option<Vec<u8>>,
    /// DER.
    public_key: Option<Vec<u8>>,
    algorithm: Option<i64>,
}

#[derive(Clone, Debug)]
pub(crate) struct AssertionJson {
    pub(crate) id: Vec<u8>,
    pub(crate) client_data: Vec<u8>,
    pub(crate) authenticator_data: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) user_handle: Option<Vec<u8>>,
}

fn missing(name: &str) -> Refused {
    Refused::new("json_missing_member", format!("member {name} is missing"))
}

fn wrong_type(name: &str) -> Refused {
    Refused::new("json_wrong_type", format!("member {name} has the wrong type"))
}

fn only(object: &Map<String, Value>, known: &[&str], tolerated: &[String]) -> Result<(), Refused> {
    match object
        .keys()
        .find(|key| !known.contains(&key.as_str()) && !tolerated.contains(key))
    {
        Some(key) => Err(Refused::new(
            "json_unknown_member",
            format!("member {key} is not known"),
        )),
        None => Ok(()),
    }
}

fn bytes(object: &Map<String, Value>, name: &str) -> Result<Vec<u8>, Refused> {
    let text = object
        .get(name)
        .ok_or_else(|| missing(name))?
        .as_str()
        .ok_or_else(|| wrong_type(name))?;
    b64::decode(text).ok_or_else(|| {
        Refused::new(
            "base64url",
            format!("member {name} is not base64url without padding"),
        )
    })
}

/// The members around `response`.
fn frame(value: &Value) -> Result<(Vec<u8>, &Map<String, Value>), Refused> {
    let object = value.as_object().ok_or_else(|| wrong_type("credential"))?;
    only(
        object,
        &[
            "id",
            "rawId",
            "type",
            "response",
            "clientExtensionResults",
            "authenticatorAttachment",
        ],
        &[],
    )?;
    let id = bytes(object, "id")?;
    if bytes(object, "rawId")? != id {
        return Err(Refused::new("id_mismatch", "rawId differs from id"));
    }
    let kind = object.get("type").ok_or_else(|| missing("type"))?;
    if kind.as_str() != Some("public-key") {
        return Err(Refused::new("credential_type", "type is not public-key"));
    }
    match object.get("authenticatorAttachment") {
        None | Some(Value::Null | Value::String(_)) => (),
        Some(_) => return Err(wrong_type("authenticatorAttachment")),
    }
    let extensions = object
        .get("clientExtensionResults")
        .ok_or_else(|| {
            Refused::new(
                "client_extension_results_missing",
                "clientExtensionResults is required",
            )
        })?
        .as_object()
        .ok_or_else(|| wrong_type("clientExtensionResults"))?;
    match extensions.get("credProps") {
        None | Some(Value::Null) => (),
        Some(Value::Object(inner)) if inner.get("rk").is_none_or(Value::is_boolean) => (),
        Some(_) => return Err(wrong_type("clientExtensionResults.credProps")),
    }
    let response = object
        .get("response")
        .ok_or_else(|| missing("response"))?
        .as_object()
        .ok_or_else(|| wrong_type("response"))?;
    Ok((id, response))
}

impl RegistrationJson {
    /// `tolerated` are members of `response` that are ignored instead of refused.
    pub(crate) fn read(value: &Value, tolerated: &[String]) -> Result<Self, Refused> {
        let (id, response) = frame(value)?;
        only(
            response,
            &["clientDataJSON", "attestationObject", "transports"],
            tolerated,
        )?;
        let transports = match response.get("transports") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(list)) => list
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .ok_or_else(|| wrong_type("transports"))?,
            Some(_) => return Err(wrong_type("transports")),
        };
        let copy = |name: &str| match response.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => bytes(response, name).map(Some),
        };
        let algorithm = match response.get("publicKeyAlgorithm") {
            None | Some(Value::Null) => None,
            Some(number) => Some(number.as_i64().ok_or_else(|| wrong_type("publicKeyAlgorithm"))?),
        };
        Ok(Self {
            id,
            client_data: bytes(response, "clientDataJSON")?,
            attestation_object: bytes(response, "attestationObject")?,
            transports,
            copies: Copies {
                authenticator_data: copy("authenticatorData")?,
                public_key: copy("publicKey")?,
                algorithm,
            },
        })
    }

    /// Refuses copies that differ from what the attestation object says.
    pub(crate) fn check_copies(&self, auth_data: &[u8], key: &CoseKey) -> Result<(), Refused> {
        let Copies {
            authenticator_data,
            public_key,
            algorithm,
        } = &self.copies;
        let differs = |name: &str| {
            Err(Refused::new(
                "response_copy",
                format!("{name} differs from the attestation object"),
            ))
        };
        if authenticator_data
            .as_deref()
            .is_some_and(|copy| copy != auth_data)
        {
            return differs("authenticatorData");
        }
        if algorithm.is_some_and(|copy| copy != key.algorithm) {
            return differs("publicKeyAlgorithm");
        }
        let same = |der: &[u8]| {
            SubjectKey::read(der)
                .and_then(|copy| copy.key(key.algorithm))
                .as_ref()
                == Some(key)
        };
        if public_key.as_deref().is_some_and(|copy| !same(copy)) {
            return differs("publicKey");
        }
        Ok(())
    }
}

impl AssertionJson {
    pub(crate) fn read(value: &Value) -> Result<Self, Refused> {
        let (id, response) = frame(value)?;
        only(
            response,
            &["clientDataJSON", "authenticatorData", "signature", "userHandle"],
            &[],
        )?;
        let user_handle = match response.get("userHandle") {
            None | Some(Value::Null) => None,
            Some(_) => Some(bytes(response, "userHandle")?),
        };
        Ok(Self {
            id,
            client_data: bytes(response, "clientDataJSON")?,
            authenticator_data: bytes(response, "authenticatorData")?,
            signature: bytes(response, "signature")?,
            user_handle,
        })
    }
}
