//! `GET /fido/options`: creation options in the W3C JSON form (protocol notes: digital-access 1.3, I; settings D).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::store::User;
use crate::config::{DaConfig, ExcludeStyle};
use crate::webauthn::b64;
use crate::webauthn::registration::Expected;

/// The life of a challenge when the options name no timeout (digital-access 1.6, I).
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_secs(120);

/// The text of the options for this user and challenge.
pub(crate) fn text(config: &DaConfig, user: &User, challenge: &[u8]) -> String {
    let exclude: Vec<Value> = user
        .credentials
        .iter()
        .map(|credential| {
            let mut entry = Map::new();
            entry.insert("type".into(), json!("public-key"));
            entry.insert("id".into(), json!(b64::encode(&credential.credential_id)));
            if !credential.transports.is_empty() {
                entry.insert("transports".into(), json!(credential.transports));
            }
            Value::Object(entry)
        })
        .collect();
    if let Some(raw) = &config.options_raw {
        return raw
            .replace("{{challenge}}", &b64::encode(challenge))
            .replace("{{user_id}}", &b64::encode(&user.handle))
            .replace("{{user_name}}", &json_text_content(&user.config.name))
            .replace("{{rp_id}}", &json_text_content(&config.rp_id))
            .replace("{{exclude}}", &Value::Array(exclude).to_string());
    }
    let display = if user.config.display_name.is_empty() {
        &user.config.name
    } else {
        &user.config.display_name
    };
    let mut options = Map::new();
    options.insert("rp".into(), json!({"name": config.rp_name, "id": config.rp_id}));
    options.insert(
        "user".into(),
        json!({"name": user.config.name, "displayName": display, "id": b64::encode(&user.handle)}),
    );
    options.insert("challenge".into(), json!(b64::encode(challenge)));
    let parameters: Vec<Value> = config
        .algorithms
        .iter()
        .map(|alg| json!({"alg": alg, "type": "public-key"}))
        .collect();
    options.insert("pubKeyCredParams".into(), Value::Array(parameters));
    if let Some(timeout) = config.timeout_ms {
        options.insert("timeout".into(), json!(timeout));
    }
    match config.exclude_credentials {
        ExcludeStyle::Present => options.insert("excludeCredentials".into(), Value::Array(exclude)),
        ExcludeStyle::Null => options.insert("excludeCredentials".into(), Value::Null),
        ExcludeStyle::Absent => None,
    };
    let mut selection = Map::new();
    for (name, value) in [
        ("authenticatorAttachment", &config.attachment),
        ("residentKey", &config.resident_key),
        ("userVerification", &config.user_verification),
    ] {
        if !value.is_empty() {
            selection.insert(name.into(), json!(value));
        }
    }
    if !config.resident_key.is_empty() {
        // True exactly when residentKey is required (digital-access 1.3).
        selection.insert(
            "requireResidentKey".into(),
            json!(config.resident_key == "required"),
        );
    }
    if !selection.is_empty() {
        options.insert("authenticatorSelection".into(), Value::Object(selection));
    }
    if !config.attestation.is_empty() {
        options.insert("attestation".into(), json!(config.attestation));
    }
    if !config.extensions.is_empty() {
        options.insert("extensions".into(), Value::Object(config.extensions.clone()));
    }
    for (name, value) in &config.extra {
        options.insert(name.clone(), value.clone());
    }
    let options = Value::Object(options);
    if config.wrapped {
        json!({"publicKey": options}).to_string()
    } else {
        options.to_string()
    }
}

/// A text as it stands between the quotation marks of a JSON string.
fn json_text_content(text: &str) -> String {
    let quoted = Value::String(text.to_owned()).to_string();
    quoted
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or_default()
        .to_owned()
}

/// What the options promise, read back from their text: so that overridden options are verified as they were sent.
pub(crate) fn promised(config: &DaConfig, text: &str) -> (Expected, Duration) {
    let parsed: Value = serde_json::from_str(text).unwrap_or_default();
    let options = parsed.get("publicKey").unwrap_or(&parsed);
    let rp_id = options
        .pointer("/rp/id")
        .and_then(Value::as_str)
        .unwrap_or(&config.rp_id)
        .to_owned();
    let algorithms = options
        .get("pubKeyCredParams")
        .and_then(Value::as_array)
        .map(|list| {
            list.iter()
                .filter_map(|item| item.get("alg").and_then(Value::as_i64))
                .collect()
        })
        .unwrap_or_else(|| config.algorithms.clone());
    let verification = options
        .pointer("/authenticatorSelection/userVerification")
        .and_then(Value::as_str);
    let life = options
        .get("timeout")
        .and_then(Value::as_u64)
        .map_or(DEFAULT_LIFE, Duration::from_millis);
    let expected = Expected {
        origins: origins(config, &rp_id),
        top_origins: config.top_origins.clone(),
        rp_id,
        algorithms,
        user_verification_required: verification == Some("required"),
    };
    (expected, life)
}

/// Exactly `https://<rp.id>` unless configured otherwise (digital-access 1.5, origin rule, I).
pub(crate) fn origins(config: &DaConfig, rp_id: &str) -> Vec<String> {
    if config.origins.is_empty() {
        vec![format!("https://{rp_id}")]
    } else {
        config.origins.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_content_is_escaped_once() {
        assert_eq!(json_text_content("a\"b"), "a\\\"b");
        assert_eq!(json_text_content("\"quoted\""), "\\\"quoted\\\"");
        assert_eq!(json_text_content(""), "");
    }
}
