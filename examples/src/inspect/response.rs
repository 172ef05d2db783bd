//! Immediate responses to commands, and error bodies.

use bytes::Bytes;
use smartid::core::{Incoming, json, redact};
use smartid::hermod::{ImmediateResponse, MobileLinkOptions};

use super::{Context, Finding, report};

/// An immediate response: a command id and a destination with a link.
pub(super) fn immediate(text: &str, context: &Context) -> Option<Finding> {
    let members = json::members(text)?;
    let has = |name: &str| members.iter().any(|(known, _)| known == name);
    let has_link = members
        .iter()
        .any(|(name, value)| name == "destinations" && value.contains("\"uri\""));
    if !has("commandId") || !has_link || has("response") || has("error") {
        return None;
    }
    let incoming = Incoming::new(
        ::http::StatusCode::OK,
        ::http::HeaderMap::new(),
        Bytes::copy_from_slice(text.as_bytes()),
    );
    let mut finding = Finding::of("immediate response to a command");
    match ImmediateResponse::read(&incoming, &context.messaging.states) {
        Ok(response) => {
            finding.fact("command", response.command_id.as_str());
            if let Some(kind) = &response.command_type {
                finding.fact("kind", kind);
            }
            finding.fact("destinations", response.destinations.len().to_string());
            match response.link() {
                Some(link) => finding.secret("plugout link", link.expose(), context),
                None => finding.fact("plugout link", "none that can be read"),
            }
            if let Ok(link) = response.mobile_link(&MobileLinkOptions::new()) {
                finding.secret("mobile link", link.expose(), context);
            }
            report::state(&mut finding, &response.state);
            finding
                .remarks
                .extend(response.lints().iter().map(ToString::to_string));
            finding.verdict = Some(finding.dialect.is_empty());
        }
        Err(error) => finding.problem(error.to_string()),
    }
    Some(finding)
}

/// An error body of the Spring kind.
pub(super) fn error_body(text: &str) -> Option<Finding> {
    let members = json::members(text)?;
    let of = |name: &str| {
        members
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    };
    of("status").or_else(|| of("code"))?;
    of("error").or_else(|| of("message"))?;
    let mut finding = Finding::of("error body");
    for name in ["status", "code", "error", "message", "path"] {
        if let Some(value) = of(name) {
            let value = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
            finding.fact(name, redact::message(&value));
        }
    }
    Some(finding)
}
