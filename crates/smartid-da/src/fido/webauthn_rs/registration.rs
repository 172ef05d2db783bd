//! A registration as a type of `webauthn-rs-proto`, and back.

use smartid_core::base64::{Flavour, encode};
use webauthn_rs_proto::{
    AuthenticatorAttestationResponseRaw, AuthenticatorTransport, RegisterPublicKeyCredential,
    RegistrationExtensionsClientOutputs,
};

use super::{ConversionError, Converted, Losses, names, others, transport};
use crate::fido::reader::Object;
use crate::fido::registration::Registration;

/// A registration as that type.
///
/// # Errors
/// None for now; the type is there so that a later version can tell of one.
pub fn to_credential(
    registration: &Registration,
) -> Result<Converted<RegisterPublicKeyCredential>, ConversionError> {
    let mut losses = Losses::default();
    for (lost, at) in [
        (registration.attachment().is_some(), "/authenticatorAttachment"),
        (
            registration.authenticator_data().is_some(),
            "/response/authenticatorData",
        ),
        (registration.public_key().is_some(), "/response/publicKey"),
        (
            registration.public_key_algorithm().is_some(),
            "/response/publicKeyAlgorithm",
        ),
    ] {
        if lost {
            losses.note(at, "webauthn-rs-proto has no such member");
        }
    }
    unknown_registration_members(registration, &mut losses);
    let results = registration.client_extension_results();
    let extensions = serde_json::from_str(results).unwrap_or_else(|_| {
        losses.note(
            "/clientExtensionResults",
            "a result is of another type than webauthn-rs-proto knows",
        );
        RegistrationExtensionsClientOutputs::default()
    });
    for name in names(results) {
        if !["appid", "credProps", "hmacSecret", "credProtect", "minPinLength"].contains(&name.as_str()) {
            losses.note(
                format!("/clientExtensionResults/{name}"),
                "webauthn-rs-proto has no such extension",
            );
        }
    }
    let transports = registration.transports().map(|transports| {
        transports
            .iter()
            .map(|one| transport(one, "/response/transports", &mut losses))
            .collect()
    });
    Ok(Converted {
        value: RegisterPublicKeyCredential {
            id: encode(Flavour::Url, registration.id()),
            raw_id: registration.raw_id().to_vec(),
            response: AuthenticatorAttestationResponseRaw {
                attestation_object: registration.attestation_object().to_vec(),
                client_data_json: registration.client_data_json().to_vec(),
                transports,
            },
            type_: registration.kind().to_owned(),
            extensions,
        },
        losses: losses.0,
    })
}

/// A registration from that type, with `clientExtensionResults` in its right name.
///
/// # Errors
/// [`ConversionError::Registration`] when a part of it is empty or `id` is no base64url.
pub fn from_credential(
    credential: &RegisterPublicKeyCredential,
) -> Result<Converted<Registration>, ConversionError> {
    let mut losses = Losses::default();
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let bytes = |bytes: &[u8]| quoted(&encode(Flavour::Url, bytes));
    let results = serde_json::to_string(&credential.extensions)
        .map_err(|error| ConversionError::Extensions(error.to_string()))?;
    let transports = match &credential.response.transports {
        None => String::new(),
        Some(transports) => {
            let known: Vec<String> = transports
                .iter()
                .filter(|one| {
                    let unknown = **one == AuthenticatorTransport::Unknown;
                    if unknown {
                        losses.note(
                            "/response/transports",
                            "webauthn-rs-proto had forgotten the name of a transport",
                        );
                    }
                    !unknown
                })
                .map(|one| quoted(one.as_ref()))
                .collect();
            format!(",\"transports\":[{}]", known.join(","))
        }
    };
    let text = format!(
        "{{\"id\":{},\"rawId\":{},\"type\":{},\"response\":{{\"clientDataJSON\":{},\"attestationObject\":{}{transports}}},\"clientExtensionResults\":{results}}}",
        quoted(&credential.id),
        bytes(&credential.raw_id),
        quoted(&credential.type_),
        bytes(&credential.response.client_data_json),
        bytes(&credential.response.attestation_object),
    );
    Ok(Converted {
        value: Registration::parse(&text)?,
        losses: losses.0,
    })
}

fn unknown_registration_members(registration: &Registration, losses: &mut Losses) {
    let raw = registration.raw();
    others(
        Some(raw),
        "",
        &[
            "id",
            "rawId",
            "type",
            "response",
            "clientExtensionResults",
            "authenticatorAttachment",
        ],
        losses,
    );
    others(
        Object::read(raw).and_then(|top| top.get("response")),
        "/response",
        &[
            "clientDataJSON",
            "attestationObject",
            "transports",
            "authenticatorData",
            "publicKey",
            "publicKeyAlgorithm",
        ],
        losses,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registration_comes_back_with_client_extension_results() {
        let text = r#"{"id":"AQI","rawId":"AQI","type":"public-key","authenticatorAttachment":"cross-platform","response":{
            "clientDataJSON":"e30","attestationObject":"oA","transports":["usb","smart-card"],"publicKeyAlgorithm":-7},
            "clientExtensionResults":{"credProps":{"rk":true},"prf":{}}}"#;
        let registration = Registration::parse(text).unwrap();
        let converted = to_credential(&registration).unwrap();
        let lost: Vec<&str> = converted.losses.iter().map(|loss| loss.at.as_str()).collect();
        assert_eq!(
            lost,
            [
                "/authenticatorAttachment",
                "/response/publicKeyAlgorithm",
                "/clientExtensionResults/prf",
                "/response/transports"
            ]
        );
        // Their own writer would be refused by a strict server.
        let theirs = serde_json::to_string(&converted.value).unwrap();
        assert!(theirs.contains("\"extensions\"") && !theirs.contains("clientExtensionResults"));
        let back = from_credential(&converted.value).unwrap();
        assert_eq!(back.losses.len(), 1);
        let body = back.value.strict_body();
        assert_eq!(
            body,
            r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA","transports":["usb"]},"clientExtensionResults":{"credProps":{"rk":true}}}"#
        );
        for body in [body.as_str(), back.value.as_received()] {
            assert!(body.contains("clientExtensionResults") && !body.contains("\"extensions\""));
        }
    }
}
