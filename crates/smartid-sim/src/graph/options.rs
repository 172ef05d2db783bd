//! Creation options as Graph answers them: `challengeTimeoutDateTime` and `publicKey` (documented: fido2AuthenticationMethod:
//! creationOptions, v1.0 and beta).

use std::time::Duration;

use serde_json::{Value, json};

use super::error::{GraphError, JSON};
use super::odata::{Entity, array, object};
use super::{Account, Graph, Version};
use crate::config::{ExcludePadding, GraphConfig};
use crate::da::store::{Life, Pending};
use crate::net::message::Reply;
use crate::pki::time::Civil;
use crate::sync::lock;
use crate::webauthn::b64;
use crate::webauthn::registration::Expected;

/// The challenge's life when nothing else is asked for, in minutes. In v1.0 nothing else can be.
const DEFAULT_MINUTES: u64 = 5;
/// The longest that beta allows, in minutes.
const MAX_MINUTES: u64 = 43_200;

/// Whether a segment of the path is the function; its argument, if there is one.
pub(super) fn function(segment: &str) -> Option<Option<&str>> {
    let name = "creationOptions";
    let head = segment.get(..name.len())?;
    if !head.eq_ignore_ascii_case(name) {
        return None;
    }
    match segment.get(name.len()..)? {
        "" => Some(None),
        rest => {
            let inside = rest.strip_prefix('(')?.strip_suffix(')')?.trim();
            Some(if inside.is_empty() { None } else { Some(inside) })
        }
    }
}

fn minutes(version: Version, argument: Option<&str>) -> Result<u64, GraphError> {
    let Some(argument) = argument else {
        return Ok(DEFAULT_MINUTES);
    };
    if version == Version::V1 {
        return Err(GraphError::bad_request(
            "function_parameter",
            "The function takes no parameter in v1.0.",
        ));
    }
    argument
        .split_once('=')
        .filter(|(name, _)| *name == "challengeTimeoutInMinutes")
        .and_then(|(_, value)| value.parse().ok())
        .filter(|minutes| (DEFAULT_MINUTES..=MAX_MINUTES).contains(minutes))
        .ok_or_else(|| {
            GraphError::bad_request(
                "function_parameter",
                "challengeTimeoutInMinutes is a number from 5 to 43200.",
            )
        })
}

/// Base64url, and behind it the number of padding characters that are not there.
pub(super) fn padded(bytes: &[u8]) -> String {
    let text = b64::encode(bytes);
    let padding = (4 - text.len() % 4) % 4;
    format!("{text}{padding}")
}

impl Graph {
    pub(super) fn creation_options(
        &self,
        config: &GraphConfig,
        version: Version,
        account: &str,
        argument: Option<&str>,
    ) -> Result<Reply, GraphError> {
        let life = Duration::from_secs(minutes(version, argument)? * 60);
        let challenge = self.random.bytes32("graph-challenge").to_vec();
        let ends = Civil::from_unix(self.clock.unix_millis() / 1000 + life.as_secs());
        let mut store = lock(&self.store);
        let user = store.account(account)?;
        let public_key = public_key(config, version, user, &challenge);
        let name = user.name.clone();
        let pending = Pending {
            challenge,
            user: Some(name),
            expected: Expected {
                rp_id: config.rp_id.clone(),
                origins: origins(config),
                top_origins: Vec::new(),
                algorithms: config.algorithms.clone(),
                user_verification_required: config.user_verification == "required",
            },
            expires_at: self.clock.now().saturating_add(life),
            life: Life::Open,
        };
        store.challenges.issue(pending, config.pending_per_user);
        drop(store);
        let mut options = Entity::new("webauthnCredentialCreationOptions");
        options.put("challengeTimeoutDateTime", &json!(format!("{}Z", ends.iso())));
        options.put_text("publicKey", public_key);
        let context = format!(
            "{}/$metadata#microsoft.graph.webauthnCredentialCreationOptions",
            self.version_url(version)
        );
        let text = if config.value_wrapper {
            object(&[("value".to_owned(), options.outer(config.odata, &context))])
        } else {
            options.outer(config.odata, &context)
        };
        Ok(Reply::text(200, JSON, text).with_code("options"))
    }
}

fn origins(config: &GraphConfig) -> Vec<String> {
    if config.origins.is_empty() {
        vec![format!("https://{}", config.rp_id)]
    } else {
        config.origins.clone()
    }
}

fn public_key(config: &GraphConfig, version: Version, user: &Account, challenge: &[u8]) -> String {
    let place = config.odata;
    let counted = match config.exclude_padding {
        ExcludePadding::Always => true,
        ExcludePadding::Beta => version == Version::Beta,
        ExcludePadding::Never => false,
    };
    let entity = |kind: &'static str, members: &[(&str, Value)]| {
        let mut entity = Entity::new(kind);
        for (name, value) in members {
            entity.put(name, value);
        }
        entity.inner(place)
    };
    let mut options = Entity::new("webauthnPublicKeyCredentialCreationOptions");
    options.put_text(
        "rp",
        entity(
            "webauthnPublicKeyCredentialRpEntity",
            &[("id", json!(config.rp_id)), ("name", json!(config.rp_name))],
        ),
    );
    options.put_text(
        "user",
        entity(
            "webauthnPublicKeyCredentialUserEntity",
            &[
                ("id", json!(b64::encode(&user.handle))),
                ("displayName", json!(user.display_name)),
                ("name", json!(user.upn)),
            ],
        ),
    );
    options.put("challenge", &json!(b64::encode(challenge)));
    let parameters: Vec<String> = config
        .algorithms
        .iter()
        .map(|alg| {
            entity(
                "webauthnPublicKeyCredentialParameters",
                &[("type", json!("public-key")), ("alg", json!(alg))],
            )
        })
        .collect();
    options.put_text("pubKeyCredParams", array(&parameters));
    if let Some(timeout) = config.timeout_ms {
        options.put("timeout", &json!(timeout));
    }
    let excluded: Vec<String> = user
        .methods
        .iter()
        .map(|method| {
            let id = if counted {
                padded(&method.credential_id)
            } else {
                b64::encode(&method.credential_id)
            };
            entity(
                "webauthnPublicKeyCredentialDescriptor",
                &[
                    ("id", json!(id)),
                    ("type", json!("public-key")),
                    ("transports", json!([])),
                ],
            )
        })
        .collect();
    options.put_text("excludeCredentials", array(&excluded));
    let mut selection = vec![("requireResidentKey", json!(config.require_resident_key))];
    for (name, value) in [
        ("authenticatorAttachment", &config.attachment),
        ("userVerification", &config.user_verification),
    ] {
        if !value.is_empty() {
            selection.push((name, json!(value)));
        }
    }
    options.put_text(
        "authenticatorSelection",
        entity("webauthnAuthenticatorSelectionCriteria", &selection),
    );
    if !config.attestation.is_empty() {
        options.put("attestation", &json!(config.attestation));
    }
    options.put_text(
        "extensions",
        entity("webauthnAuthenticationExtensionsClientInputs", &[]),
    );
    for (name, value) in &config.extra {
        options.put(name, value);
    }
    options.inner(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_and_its_argument() {
        assert_eq!(function("creationOptions"), Some(None));
        assert_eq!(function("CreationOptions()"), Some(None));
        assert_eq!(function("creationOptions( a=1 )"), Some(Some("a=1")));
        for other in [
            "creationOption",
            "creationOptionsX",
            "creationOptions(",
            "é",
            "creationOptions)a(",
        ] {
            assert_eq!(function(other), None, "{other}");
        }
        let of = |text| minutes(Version::Beta, Some(text)).ok();
        assert_eq!(of("challengeTimeoutInMinutes=5"), Some(5));
        assert_eq!(of("challengeTimeoutInMinutes=43200"), Some(43_200));
        for wrong in [
            "challengeTimeoutInMinutes=4",
            "challengeTimeoutInMinutes=43201",
            "challengeTimeoutInMinutes=",
            "challengeTimeoutInMinutes=-5",
            "challengeTimeoutInMinutes",
            "minutes=5",
            "challengeTimeoutInMinutes='5'",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_padding_count_is_0_1_or_2() {
        assert_eq!(padded(&[0; 3]), "AAAA0");
        assert_eq!(padded(&[0; 2]), "AAA1");
        assert_eq!(padded(&[0; 1]), "AA2");
        assert_eq!(padded(&[]), "0");
    }
}
