//! Links, immediate responses, callbacks and poll answers, error bodies.

use bytes::Bytes;
use smartid::core::Incoming;
use smartid::core::json;
use smartid::hermod::{CommandReport, FidoOutcome, ImmediateResponse, PlugoutLink, State};

use super::{Context, Finding, fido};

pub(super) fn link(text: &str, context: &Context) -> Finding {
    let mut finding = Finding::of("plugout link");
    match PlugoutLink::parse(text) {
        Ok(link) => {
            finding.fact("message box", link.bid().as_str());
            finding.fact("address", link.box_url().to_string());
            finding.fact(
                "token",
                if context.show_secrets {
                    link.expose().to_owned()
                } else {
                    "(there is one; --show-secrets)".to_owned()
                },
            );
            finding.verdict = Some(true);
        }
        Err(error) => {
            finding.problems.push(error.to_string());
            finding.verdict = Some(false);
        }
    }
    finding
}

/// An immediate response: a command id and a destination with a link.
pub(super) fn response(text: &str, context: &Context) -> Option<Finding> {
    let members = json::members(text)?;
    let has = |name: &str| members.iter().any(|(known, _)| known == name);
    let has_link = members
        .iter()
        .any(|(name, value)| name == "destinations" && value.contains("\"uri\""));
    if !has("commandId") || !has_link || has("response") || has("error") {
        return None;
    }
    let incoming = Incoming::new(
        http::StatusCode::OK,
        http::HeaderMap::new(),
        Bytes::copy_from_slice(text.as_bytes()),
    );
    let mut finding = Finding::of("immediate response to a command");
    match ImmediateResponse::read(&incoming, &context.messaging.states) {
        Ok(response) => {
            finding.fact("command", response.command_id.as_str());
            finding.fact("destinations", response.destinations.len().to_string());
            finding.fact(
                "link",
                if response.link().is_some() {
                    "there is one"
                } else {
                    "none that can be read"
                },
            );
            state(&mut finding, &response.state);
            finding
                .remarks
                .extend(response.lints().iter().map(ToString::to_string));
            finding.verdict = Some(finding.dialect.is_empty());
        }
        Err(error) => {
            finding.problems.push(error.to_string());
            finding.verdict = Some(false);
        }
    }
    Some(finding)
}

/// A callback or a poll answer.
pub(super) fn report(text: &str, context: &Context) -> Option<Finding> {
    let report = CommandReport::read(Bytes::copy_from_slice(text.as_bytes()), &context.messaging).ok()?;
    let mut finding = Finding::of("callback or state of a command");
    finding.fact(
        "command",
        report.command_id.as_ref().map_or("(none)", |id| id.as_str()),
    );
    finding.fact(
        "our id",
        report
            .external_id
            .as_ref()
            .map_or("(not echoed)", |id| id.as_str()),
    );
    state(&mut finding, &report.state);
    let outcome = report.fido(&context.messaging);
    match &outcome {
        FidoOutcome::Created { registration, lints } => {
            finding.fact("outcome", "a credential was created");
            for lint in lints {
                finding.remarks.push(lint.to_string());
                if lint.at.starts_with('/') && lint.at != context.messaging.fido.registration.to_string() {
                    finding
                        .dialect
                        .push(format!("[messaging.fido]\nregistration = \"{}\"", lint.at));
                }
            }
            if let Some(inner) = fido::registration(registration, context) {
                finding.facts.extend(inner.facts);
                finding.remarks.extend(inner.remarks);
                finding.problems.extend(inner.problems);
                finding.dialect.extend(inner.dialect);
                finding.verdict = inner.verdict;
            }
            return Some(finding);
        }
        FidoOutcome::Unreadable { reason } => finding.problems.push(reason.clone()),
        other => finding.fact("outcome", in_words(other)),
    }
    finding
        .remarks
        .extend(report.lints.iter().map(ToString::to_string));
    finding.verdict = Some(finding.problems.is_empty() && finding.dialect.is_empty());
    Some(finding)
}

fn in_words(outcome: &FidoOutcome) -> String {
    match outcome {
        FidoOutcome::Opened => {
            "the app has opened the link, or the command succeeded without a credential".to_owned()
        }
        FidoOutcome::Declined => "the person declined".to_owned(),
        FidoOutcome::Cancelled => "the person cancelled".to_owned(),
        FidoOutcome::TimedOut => "nobody answered in time".to_owned(),
        FidoOutcome::AlreadyRegistered { .. } => {
            "the authenticator holds a credential of this user already".to_owned()
        }
        FidoOutcome::Failed { code, message } => {
            let text = |part: &Option<String>| {
                part.as_deref()
                    .map(smartid::core::redact::message)
                    .unwrap_or_default()
            };
            format!("the app failed: {} {}", text(code), text(message))
                .trim_end()
                .to_owned()
        }
        FidoOutcome::Pending => "not over yet".to_owned(),
        _ => "another one".to_owned(),
    }
}

/// The lists of the dialect, each with the spelling that it has by default.
const STATES: &[(&str, &str)] = &[
    ("in_progress", "IN_PROGRESS"),
    ("success", "SUCCESS"),
    ("failed", "FAILED"),
    ("timeout", "TIMEOUT"),
    ("rejected", "REJECTED"),
    ("cancelled", "CANCELLED"),
];

fn state(finding: &mut Finding, state: &State) {
    finding.fact("state", state.to_string());
    if let State::Other(spelling) = state {
        finding.problems.push(format!(
            "the state {spelling} stands in no list of the dialect, so a wait does not end by it"
        ));
        let quoted = toml::Value::String(spelling.clone());
        let line = |(list, default): &(&str, &str)| format!("{list} = [\"{default}\", {quoted}]");
        let same = |(list, default): &&(&str, &str)| {
            default.eq_ignore_ascii_case(spelling) || list.eq_ignore_ascii_case(spelling)
        };
        finding.dialect.push(match STATES.iter().find(same) {
            Some(known) => format!("[messaging.states]\n{}", line(known)),
            None => {
                let lines: Vec<String> = STATES.iter().map(|known| format!("# {}", line(known))).collect();
                format!(
                    "[messaging.states]\n# one of these, whichever it means:\n{}",
                    lines.join("\n")
                )
            }
        });
    }
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
            finding.fact(name, smartid::core::redact::message(&value));
        }
    }
    Some(finding)
}
