//! What may be checked of a device's answer before it is called back. That something is checked is documented (protocol notes: hermod
//! 1.1, "Hermod architecture", D), what it is is not (12.10), so that it is a switch.

use serde_json::Value;

use super::jwk::{self, AttestationKey};
use super::store::{Command, DeviceAnswer, Kind};
use crate::config::{CheckAnswers, CommandVerb, HermodConfig};
use crate::webauthn::b64;

/// The payload of a compact JWS, as far as it is a JSON object. Nothing is verified.
pub(super) fn payload(compact: &str) -> Option<Value> {
    let mut parts = compact.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    serde_json::from_slice::<Value>(&b64::decode(payload)?)
        .ok()
        .filter(Value::is_object)
}

/// Whether a successful answer passes.
pub(super) fn passes(
    config: &HermodConfig,
    command: &Command,
    answer: &DeviceAnswer,
    keys: &[AttestationKey],
) -> bool {
    if config.check_answers == CheckAnswers::Off {
        return true;
    }
    let response = answer.response.as_ref();
    match command.kind {
        Kind::Session => true,
        Kind::Create => looks_like_a_credential(answer.registration.as_ref()),
        Kind::Verb(CommandVerb::Provision) => provisioned(config, command, response, keys),
        Kind::Verb(CommandVerb::Sign | CommandVerb::Authenticate) => signed(command, response),
        Kind::Verb(CommandVerb::Ping) => {
            !command.asked.device_info
                || response.is_some_and(|response| response.get("deviceinfo").is_some_and(Value::is_object))
        }
        Kind::Verb(CommandVerb::StartPinReset) => response
            .and_then(|response| response.get("nonce")?.as_str())
            .is_some_and(|nonce| !nonce.is_empty()),
        Kind::Verb(CommandVerb::Certificate | CommandVerb::EndPinReset | CommandVerb::Delete) => true,
    }
}

fn looks_like_a_credential(value: Option<&Value>) -> bool {
    value.is_some_and(|value| {
        ["/id", "/response/clientDataJSON", "/response/attestationObject"]
            .iter()
            .all(|pointer| value.pointer(pointer).is_some_and(Value::is_string))
    })
}

/// The format that was asked for, when one was.
fn has_format(command: &Command, response: &Value) -> bool {
    command
        .asked
        .format
        .as_deref()
        .is_none_or(|format| response.get("format").and_then(Value::as_str) == Some(format))
}

/// A provisioning answer: signed text with the command's nonce, user and profile.
fn provisioned(
    config: &HermodConfig,
    command: &Command,
    response: Option<&Value>,
    keys: &[AttestationKey],
) -> bool {
    let Some(response) = response else { return false };
    let Some(compact) = response
        .pointer(&config.mailbox.answer_pointer)
        .and_then(Value::as_str)
    else {
        return false;
    };
    let Some(payload) = payload(compact) else {
        return false;
    };
    let repeats = |member: &str, wanted: Option<&String>| match (payload.get(member), wanted) {
        (Some(said), Some(wanted)) => said.as_str() == Some(wanted),
        _ => true,
    };
    let asked = &command.asked;
    has_format(command, response)
        && (asked.nonce.is_none() || payload.get("nonce").is_some())
        && repeats("nonce", asked.nonce.as_ref())
        && repeats(&config.mailbox.userid_member, asked.user.as_ref())
        && repeats(&config.mailbox.profileid_member, asked.profile.as_ref())
        && (config.check_answers != CheckAnswers::Signature || jwk::signed_by(keys, compact))
}

/// A signature in the format that was asked for: three parts, or base64 of one DER element.
fn signed(command: &Command, response: Option<&Value>) -> bool {
    let Some(response) = response else { return false };
    let data = response.get("data").and_then(Value::as_str).unwrap_or_default();
    has_format(command, response)
        && match command.asked.format.as_deref() {
            Some("jws") => {
                let parts: Vec<&str> = data.split('.').collect();
                parts.len() == 3 && parts.iter().all(|part| b64::decode(part).is_some())
            }
            Some("pkcs7") => matches!(b64::decode_standard(data).as_deref(), Some([0x30, _, ..])),
            _ => !data.is_empty(),
        }
}
