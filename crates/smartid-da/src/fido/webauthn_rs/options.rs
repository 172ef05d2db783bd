//! Creation options as types of `webauthn-rs-proto`.

use smartid_core::json;
use webauthn_rs_proto::{
    AttestationConveyancePreference, AttestationFormat, AuthenticatorAttachment,
    AuthenticatorSelectionCriteria, CreationChallengeResponse, PubKeyCredParams,
    PublicKeyCredentialCreationOptions, PublicKeyCredentialDescriptor, PublicKeyCredentialHints,
    RelyingParty, RequestRegistrationExtensions, ResidentKeyRequirement, User, UserVerificationPolicy,
};

use super::{ConversionError, Converted, Losses, others, transport};
use crate::fido::options::CreationOptions;
use crate::fido::options_view::{
    Attachment, AttestationPreference, OptionsView, ResidentKey, UserVerification,
};
use crate::fido::reader::Object;

/// Creation options, without a wrapper.
///
/// # Errors
/// [`ConversionError`] when the other type cannot hold them: without `rp.id`, for one.
pub fn creation_options(
    options: &CreationOptions,
) -> Result<Converted<PublicKeyCredentialCreationOptions>, ConversionError> {
    let mut losses = Losses::default();
    let view = options.view();
    unknown_members(options.raw(), &mut losses);
    let exclude = excluded(options, &mut losses)?;
    let value = PublicKeyCredentialCreationOptions {
        rp: RelyingParty {
            name: losses.or_empty("/rp/name", view.rp_name.as_deref()),
            id: view.rp_id.clone().ok_or(ConversionError::Missing("rp.id"))?,
        },
        user: User {
            id: view.user_id.clone(),
            name: losses.or_empty("/user/name", view.user_name.as_deref()),
            display_name: losses.or_empty("/user/displayName", view.user_display_name.as_deref()),
        },
        challenge: view.challenge.clone(),
        pub_key_cred_params: view
            .algorithms
            .iter()
            .map(|algorithm| PubKeyCredParams {
                type_: String::from("public-key"),
                alg: algorithm.0,
            })
            .collect(),
        timeout: timeout(view, &mut losses),
        exclude_credentials: exclude,
        authenticator_selection: selection(options, &mut losses),
        hints: open_list(
            options,
            "hints",
            &view.hints,
            "/hints",
            &mut losses,
            |text| match text {
                "security-key" => Some(PublicKeyCredentialHints::SecurityKey),
                "client-device" => Some(PublicKeyCredentialHints::ClientDevice),
                "hybrid" => Some(PublicKeyCredentialHints::Hybrid),
                _ => None,
            },
        ),
        attestation: attestation(options, &mut losses),
        attestation_formats: open_list(
            options,
            "attestationFormats",
            &view.attestation_formats,
            "/attestationFormats",
            &mut losses,
            |text| AttestationFormat::try_from(text).ok(),
        ),
        extensions: extensions(view, &mut losses),
    };
    Ok(Converted {
        value,
        losses: losses.0,
    })
}

/// Creation options in the `publicKey` wrapper, which `navigator.credentials.create()` takes.
///
/// # Errors
/// As [`creation_options`].
pub fn challenge_response(
    options: &CreationOptions,
) -> Result<Converted<CreationChallengeResponse>, ConversionError> {
    let Converted { value, losses } = creation_options(options)?;
    Ok(Converted {
        value: CreationChallengeResponse { public_key: value },
        losses,
    })
}

fn unknown_members(raw: &str, losses: &mut Losses) {
    let Some(options) = Object::read(raw) else {
        return;
    };
    others(
        Some(raw),
        "",
        &[
            "rp",
            "user",
            "challenge",
            "pubKeyCredParams",
            "timeout",
            "excludeCredentials",
            "authenticatorSelection",
            "hints",
            "attestation",
            "attestationFormats",
            "extensions",
        ],
        losses,
    );
    others(options.get("rp"), "/rp", &["id", "name"], losses);
    others(
        options.get("user"),
        "/user",
        &["id", "name", "displayName"],
        losses,
    );
    others(
        options.get("authenticatorSelection"),
        "/authenticatorSelection",
        &[
            "authenticatorAttachment",
            "residentKey",
            "requireResidentKey",
            "userVerification",
        ],
        losses,
    );
    for (list, known) in [
        ("pubKeyCredParams", &["type", "alg"][..]),
        ("excludeCredentials", &["type", "id", "transports"]),
    ] {
        let items = options.get(list).and_then(json::items).unwrap_or_default();
        for (index, item) in items.into_iter().enumerate() {
            others(Some(item), &format!("/{list}/{index}"), known, losses);
            let other_type = Object::read(item)
                .and_then(|item| item.get("type").map(str::to_owned))
                .is_some_and(|kind| kind != "\"public-key\"");
            if list == "pubKeyCredParams" && other_type {
                losses.note(format!("/{list}/{index}"), "an entry of another type is left out");
            }
        }
    }
}

fn has(options: &CreationOptions, name: &str) -> bool {
    Object::read(options.raw()).is_some_and(|object| object.get(name).is_some())
}

fn excluded(
    options: &CreationOptions,
    losses: &mut Losses,
) -> Result<Option<Vec<PublicKeyCredentialDescriptor>>, ConversionError> {
    if !has(options, "excludeCredentials") {
        return Ok(None);
    }
    let mut list = Vec::new();
    for (index, known) in options.view().exclude.iter().enumerate() {
        if known.id.is_empty() {
            return Err(ConversionError::ExcludedId(index));
        }
        let at = format!("/excludeCredentials/{index}/transports");
        let transports: Vec<_> = known
            .transports
            .iter()
            .map(|one| transport(one, &at, losses))
            .collect();
        list.push(PublicKeyCredentialDescriptor {
            type_: known.kind.clone(),
            id: known.id.clone(),
            transports: (!transports.is_empty()).then_some(transports),
        });
    }
    Ok(Some(list))
}

fn timeout(view: &OptionsView, losses: &mut Losses) -> Option<u32> {
    let millis = view.timeout?.as_millis();
    u32::try_from(millis)
        .inspect_err(|_| losses.note("/timeout", "more than 32 bits; left out"))
        .ok()
}

fn selection(options: &CreationOptions, losses: &mut Losses) -> Option<AuthenticatorSelectionCriteria> {
    if !has(options, "authenticatorSelection") {
        return None;
    }
    let view = options.view();
    let at = |name: &str| format!("/authenticatorSelection/{name}");
    let mut unknown = |name: &str, value: &str| {
        losses.note(at(name), format!("webauthn-rs-proto does not know {value:?}"));
    };
    let attachment = view.attachment.as_ref().and_then(|attachment| match attachment {
        Attachment::Platform => Some(AuthenticatorAttachment::Platform),
        Attachment::CrossPlatform => Some(AuthenticatorAttachment::CrossPlatform),
        Attachment::Other(other) => {
            unknown("authenticatorAttachment", other);
            None
        }
    });
    let resident_key = view.resident_key.as_ref().and_then(|wish| match wish {
        ResidentKey::Discouraged => Some(ResidentKeyRequirement::Discouraged),
        ResidentKey::Preferred => Some(ResidentKeyRequirement::Preferred),
        ResidentKey::Required => Some(ResidentKeyRequirement::Required),
        ResidentKey::Other(other) => {
            unknown("residentKey", other);
            None
        }
    });
    let user_verification = match &view.user_verification {
        UserVerification::Required => UserVerificationPolicy::Required,
        UserVerification::Preferred => UserVerificationPolicy::Preferred,
        UserVerification::Discouraged => UserVerificationPolicy::Discouraged_DO_NOT_USE,
        UserVerification::Other(other) => {
            unknown("userVerification", other);
            UserVerificationPolicy::Preferred
        }
    };
    Some(AuthenticatorSelectionCriteria {
        authenticator_attachment: attachment,
        resident_key,
        require_resident_key: view
            .require_resident_key
            .unwrap_or(view.resident_key == Some(ResidentKey::Required)),
        user_verification,
    })
}

fn attestation(options: &CreationOptions, losses: &mut Losses) -> Option<AttestationConveyancePreference> {
    if !has(options, "attestation") {
        return None;
    }
    match &options.view().attestation {
        AttestationPreference::None => Some(AttestationConveyancePreference::None),
        AttestationPreference::Indirect => Some(AttestationConveyancePreference::Indirect),
        AttestationPreference::Direct => Some(AttestationConveyancePreference::Direct),
        other => {
            losses.note(
                "/attestation",
                format!("webauthn-rs-proto does not know \"{other}\""),
            );
            None
        }
    }
}

fn open_list<T>(
    options: &CreationOptions,
    name: &str,
    texts: &[String],
    at: &str,
    losses: &mut Losses,
    known: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    if !has(options, name) {
        return None;
    }
    let mut list = Vec::new();
    for text in texts {
        match known(text) {
            Some(value) => list.push(value),
            None => losses.note(at, format!("webauthn-rs-proto does not know {text:?}")),
        }
    }
    Some(list)
}

fn extensions(view: &OptionsView, losses: &mut Losses) -> Option<RequestRegistrationExtensions> {
    let text = view.extensions.as_deref()?;
    others(
        Some(text),
        "/extensions",
        &[
            "credentialProtectionPolicy",
            "enforceCredentialProtectionPolicy",
            "uvm",
            "credProps",
            "minPinLength",
            "hmacCreateSecret",
        ],
        losses,
    );
    serde_json::from_str(text)
        .inspect_err(|_| {
            losses.note(
                "/extensions",
                "an extension is of another type than webauthn-rs-proto knows",
            )
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = r#"{"rp":{"name":"Login","id":"login.example.test"},"user":{"id":"AQ","name":"anna","displayName":"Anna"},
        "challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-53}],
        "timeout":60000,"excludeCredentials":[{"type":"public-key","id":"AQI","transports":["usb"]}],
        "authenticatorSelection":{"authenticatorAttachment":"cross-platform","residentKey":"required","requireResidentKey":true,
        "userVerification":"preferred"},"hints":["security-key"],"attestation":"direct","attestationFormats":["packed"],
        "extensions":{"credProps":true}}"#;

    #[test]
    fn typical_options_lose_nothing() {
        let options = CreationOptions::parse(OPTIONS).unwrap();
        let converted = challenge_response(&options).unwrap();
        assert_eq!(converted.losses, []);
        let original: serde_json::Value = serde_json::from_str(OPTIONS).unwrap();
        let written = serde_json::to_value(&converted.value.public_key).unwrap();
        assert_eq!(written, original);
    }

    #[test]
    fn what_is_lost_is_told_by_place() {
        let edited = |from: &str, to: &str| {
            let text = OPTIONS.replace(from, to);
            assert_ne!(text, OPTIONS, "{from}");
            creation_options(&CreationOptions::parse(&text).unwrap())
        };
        for (from, to, at) in [
            ("\"direct\"", "\"enterprise\"", "/attestation"),
            ("\"packed\"", "\"golden\"", "/attestationFormats"),
            ("\"security-key\"", "\"golden\"", "/hints"),
            (
                "\"residentKey\":\"required\"",
                "\"residentKey\":\"x\"",
                "/authenticatorSelection/residentKey",
            ),
            (
                "\"cross-platform\"",
                "\"x\"",
                "/authenticatorSelection/authenticatorAttachment",
            ),
            (
                "\"preferred\"",
                "\"x\"",
                "/authenticatorSelection/userVerification",
            ),
            (
                "[\"usb\"]",
                "[\"smart-card\"]",
                "/excludeCredentials/0/transports",
            ),
            ("60000", "99999999999", "/timeout"),
            ("{\"credProps\"", "{\"prf\":{},\"credProps\"", "/extensions/prf"),
            ("true}}", "\"x\"}}", "/extensions"),
            ("\"id\":\"login", "\"icon\":\"x\",\"id\":\"login", "/rp/icon"),
            ("\"timeout\"", "\"extra\":1,\"timeout\"", "/extra"),
            (
                "\"alg\":-53}",
                "\"alg\":-53},{\"type\":\"x\",\"alg\":1}",
                "/pubKeyCredParams/2",
            ),
            (",\"displayName\":\"Anna\"", "", "/user/displayName"),
        ] {
            let losses = edited(from, to).unwrap().losses;
            assert_eq!(
                losses.iter().map(|loss| loss.at.as_str()).collect::<Vec<_>>(),
                [at]
            );
        }
        let error = edited(",\"id\":\"login.example.test\"", "").unwrap_err();
        assert_eq!(error, ConversionError::Missing("rp.id"));
        assert_eq!(
            edited("\"AQI\"", "\"%\"").unwrap_err(),
            ConversionError::ExcludedId(0)
        );
    }
}
