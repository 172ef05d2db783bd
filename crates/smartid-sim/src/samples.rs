//! What the soft authenticator makes, for verifiers that are not ours.

use serde_json::{Value, json};

use crate::config::AttestationChoice;
use crate::{Sim, SimError};

/// Registrations of the soft authenticator, one for each algorithm with each attestation that it allows.
///
/// Each is a JSON object: `algorithm`, `attestation`, `rpId`, `origin`, `options` and the `registration` that answers them,
/// `assertionOptions` and an `assertion` made with the same key, and in `caPem` the root of the attestation certificates.
///
/// # Errors
/// [`SimError`] when no simulator can be started.
pub async fn sample_registrations() -> Result<Vec<String>, SimError> {
    let sim = Sim::start().await?;
    let rp_id = "login.example.test";
    let mut lines = Vec::new();
    for algorithm in [-7, -8, -35, -36, -257, -258, -259] {
        for (name, attestation) in [
            ("none", AttestationChoice::None),
            ("packed", AttestationChoice::Packed),
            ("packed-x5c", AttestationChoice::PackedX5c),
            ("fido-u2f", AttestationChoice::FidoU2f),
        ] {
            if attestation == AttestationChoice::FidoU2f && algorithm != -7 {
                continue;
            }
            sim.reconfigure(|config| {
                config.desktop.algorithms = vec![algorithm];
                config.desktop.attestation = attestation;
            });
            let options = json!({
                "rp": {"id": rp_id, "name": "Example"},
                "user": {"id": "dXNlci0x", "name": "alice", "displayName": "Alice"},
                "challenge": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                "pubKeyCredParams": [{"type": "public-key", "alg": algorithm}],
                "attestation": "direct",
                "authenticatorSelection": {"userVerification": "required"},
            });
            let registration = parsed(&sim.desktop().register(&options.to_string())?)?;
            let request = json!({
                "rpId": rp_id,
                "challenge": "Hx4dHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA",
                "allowCredentials": [{"type": "public-key", "id": registration.get("id")}],
            });
            let assertion = parsed(&sim.desktop().assert(&request.to_string())?)?;
            let line = json!({
                "algorithm": algorithm,
                "attestation": name,
                "rpId": rp_id,
                "origin": format!("https://{rp_id}"),
                "options": options,
                "registration": registration,
                "assertionOptions": request,
                "assertion": assertion,
                "caPem": sim.ca_pem(),
            });
            lines.push(line.to_string());
        }
    }
    sim.shutdown().await;
    Ok(lines)
}

fn parsed(text: &str) -> Result<Value, SimError> {
    serde_json::from_str(text).map_err(|error| SimError::Authenticator(error.to_string()))
}
