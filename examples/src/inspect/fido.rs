//! Creation options, registrations, attestation objects.

use smartid::da::fido::preflight::check;
use smartid::da::fido::{AttestationObject, ClientData, CreationOptions, Registration};

use super::{Context, Finding};

pub(super) fn options(text: &str) -> Option<Finding> {
    let looks_right = ["challenge", "pubKeyCredParams"];
    let inner = smartid::core::json::members(text)?;
    let wrapped = inner
        .iter()
        .find(|(name, _)| name == "publicKey")
        .map(|(_, value)| *value);
    let members = smartid::core::json::members(wrapped.unwrap_or(text))?;
    if !looks_right
        .iter()
        .all(|name| members.iter().any(|(known, _)| known == name))
    {
        return None;
    }
    let mut finding = Finding::of(if wrapped.is_some() {
        "creation options in a publicKey wrapper"
    } else {
        "creation options"
    });
    let options = match CreationOptions::parse(text) {
        Ok(options) => options,
        Err(error) => {
            finding.problems.push(format!("{}: {error}", error.name()));
            finding.verdict = Some(false);
            return Some(finding);
        }
    };
    let view = options.view();
    finding.fact("relying party", view.rp_id.as_deref().unwrap_or("(no id)"));
    finding.fact("challenge", format!("{} bytes", view.challenge.len()));
    let algorithms: Vec<String> = view
        .algorithms
        .iter()
        .map(|alg| alg.name().map_or_else(|| alg.0.to_string(), str::to_owned))
        .collect();
    finding.fact("algorithms", algorithms.join(", "));
    if let Some(timeout) = view.timeout {
        finding.fact("timeout", format!("{} ms", timeout.as_millis()));
    }
    finding.fact("user verification", view.user_verification.as_str());
    finding.fact("excluded credentials", view.exclude.len().to_string());
    finding.remarks = options.lints().iter().map(ToString::to_string).collect();
    match options.validate() {
        Ok(()) => finding.verdict = Some(true),
        Err(error) => {
            finding.problems.push(format!("{}: {error}", error.name()));
            finding.verdict = Some(false);
        }
    }
    Some(finding)
}

pub(super) fn registration(text: &str, context: &Context) -> Option<Finding> {
    let response = smartid::core::json::members(text)?
        .into_iter()
        .find(|(name, _)| name == "response")?
        .1;
    smartid::core::json::members(response)?
        .iter()
        .find(|(name, _)| name == "attestationObject")?;
    let mut finding = Finding::of("registration of a credential");
    let registration = match Registration::parse(text) {
        Ok(registration) => registration,
        Err(error) => {
            finding.problems.push(format!("{}: {error}", error.name()));
            finding.verdict = Some(false);
            return Some(finding);
        }
    };
    describe_attestation(&mut finding, registration.attestation_object());
    match ClientData::parse(registration.client_data_json()) {
        Ok(data) => {
            finding.fact("type", data.kind);
            finding.fact("origin", data.origin);
        }
        Err(error) => finding.problems.push(error.to_string()),
    }
    match &context.options {
        None => {
            finding
                .remarks
                .extend(registration.lints().iter().map(ToString::to_string));
            finding
                .remarks
                .push("not checked against options: give them with --options".to_owned());
            finding.verdict = if finding.problems.is_empty() {
                None
            } else {
                Some(false)
            };
        }
        Some(options) => match check(options, &registration, &context.digital_access.preflight()) {
            Ok(checked) => {
                finding
                    .remarks
                    .extend(checked.lints.iter().map(ToString::to_string));
                finding
                    .remarks
                    .push("the attestation signature is for Digital Access to verify".to_owned());
                finding.verdict = Some(true);
            }
            Err(error) => {
                finding.problems.push(format!("{}: {error}", error.name()));
                if error.name() == "origin-mismatch"
                    && let Ok(data) = ClientData::parse(registration.client_data_json())
                {
                    let origin = toml::Value::String(data.origin);
                    finding.dialect.push(format!(
                        "[digital_access.preflight]\norigin = \"listed\"\norigins = [{origin}]"
                    ));
                }
                finding.verdict = Some(false);
            }
        },
    }
    Some(finding)
}

pub(super) fn attestation(bytes: &[u8]) -> Option<Finding> {
    AttestationObject::parse(bytes).ok()?;
    let mut finding = Finding::of("attestation object");
    describe_attestation(&mut finding, bytes);
    finding.verdict = if finding.problems.is_empty() {
        None
    } else {
        Some(false)
    };
    Some(finding)
}

fn describe_attestation(finding: &mut Finding, bytes: &[u8]) {
    let object = match AttestationObject::parse(bytes) {
        Ok(object) => object,
        Err(error) => {
            finding.problems.push(format!("{}: {error}", error.name()));
            return;
        }
    };
    finding.fact("attestation", object.format.clone());
    match object.authenticator_data() {
        Err(error) => finding.problems.push(format!("{}: {error}", error.name())),
        Ok(data) => {
            let flags = [
                (data.flags.user_present(), "user present"),
                (data.flags.user_verified(), "user verified"),
                (data.flags.backup_eligible(), "may be backed up"),
                (data.flags.backed_up(), "backed up"),
            ];
            let set: Vec<&str> = flags
                .into_iter()
                .filter(|(set, _)| *set)
                .map(|(_, name)| name)
                .collect();
            finding.fact("flags", set.join(", "));
            finding.fact("sign count", data.sign_count.to_string());
            match data.attested {
                None => finding
                    .problems
                    .push("attested-data-missing: there is no credential in it".to_owned()),
                Some(attested) => {
                    let id = smartid::core::base64::encode(
                        smartid::core::base64::Flavour::Url,
                        &attested.credential_id,
                    );
                    finding.fact("credential id", id);
                    finding.fact("authenticator", attested.aaguid.to_string());
                    let algorithm = attested.key.algorithm;
                    finding.fact(
                        "algorithm",
                        algorithm
                            .name()
                            .map_or_else(|| algorithm.0.to_string(), str::to_owned),
                    );
                }
            }
        }
    }
}
