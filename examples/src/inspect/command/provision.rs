//! A provision command: the profile, the keys with their templates, the card.

use smartid::core::base64::{Flavour, decode};
use smartid::core::{Endpoint as _, json};
use smartid::hermod::answers::ProvisionExpectation;
use smartid::hermod::commands::Provision;
use smartid::hermod::commands::provision::{KeyRequest, SignatureKey, VisualData};
use smartid::trust::request::RequestTemplate;

use super::{Parts, about, unknown};
use crate::inspect::places::{shown, shown_text};
use crate::inspect::{Context, Finding, evidence};

const MEMBERS: &[&str] = &[
    "nonce",
    "userid",
    "profileid",
    "responsesignaturekey",
    "responseformat",
    "profile",
];

/// What its answer is checked against.
pub(super) fn expectation(parts: &Parts<'_>) -> Option<ProvisionExpectation> {
    let command = built(parts, &mut |_| {})?;
    Some(command.expectation())
}

/// The command, built again; `problem` is told what cannot be.
fn built(parts: &Parts<'_>, problem: &mut dyn FnMut(String)) -> Option<Provision> {
    let Some(user) = parts.text("/userid") else {
        problem("there is no userid".to_owned());
        return None;
    };
    let text = |pointer: &str| parts.text(pointer);
    let header = parts.client_header()?;
    let profile = text("/profile/profileid").or_else(|| text("/profileid"));
    let mut command = match profile {
        Some(profile) => Provision::update(header, user, profile),
        None => Provision::new_profile(
            header,
            user,
            text("/profile/servername").unwrap_or_default(),
            text("/profile/name").unwrap_or_default(),
        ),
    };
    command = match text("/nonce") {
        Some(nonce) => command.nonce(nonce),
        None => command.danger_without_nonce(),
    };
    if let Some(key) = text("/responsesignaturekey") {
        command = command.signature_key(SignatureKey::from(key.as_str()));
    }
    for (index, raw) in parts.items("/profile/keygenrequests").into_iter().enumerate() {
        match serde_json::from_str::<KeyRequest>(raw) {
            Ok(key) => command = command.key(key),
            Err(error) => problem(format!(
                "keygenrequests/{index} cannot be read: {}",
                smartid::core::redact::json_reason(&error.to_string())
            )),
        }
    }
    if let Some(raw) = parts.at("/profile/visualData") {
        match serde_json::from_str::<VisualData>(raw) {
            Ok(visual) => command = command.visual(visual),
            Err(error) => problem(format!(
                "visualData cannot be read: {}",
                smartid::core::redact::json_reason(&error.to_string())
            )),
        }
    }
    Some(command)
}

pub(super) fn provision(finding: &mut Finding, parts: &Parts<'_>, context: &Context) {
    about(finding, parts);
    for (name, pointer) in [
        ("server", "/profile/servername"),
        ("card", "/profile/name"),
        ("answer signed with", "/responsesignaturekey"),
        ("answer comes as", "/responseformat"),
    ] {
        if let Some(raw) = parts.at(pointer) {
            finding.fact(name, shown(raw));
        }
    }
    match parts.at("/nonce") {
        Some(nonce) => finding.fact("nonce", shown(nonce)),
        None => finding.remark("there is no nonce, so nothing ties the answer to this command"),
    }
    let mut problems = Vec::new();
    if let Some(command) = built(parts, &mut |problem| problems.push(problem)) {
        for key in &command.expectation().keys {
            self::key(finding, key);
        }
        for lint in command.lints() {
            finding.remark(lint.to_string());
        }
        if let Err(error) = command.request(&context.messaging) {
            problems.push(format!("the client would not send it: {error}"));
        }
    }
    for problem in problems {
        finding.problem(problem);
    }
    card(finding, parts);
    unknown(finding, parts, MEMBERS);
}

fn key(finding: &mut Finding, key: &KeyRequest) {
    let kinds: Vec<String> = key
        .priorities
        .iter()
        .map(|kind| format!("{} {} with {}", kind.key_type, kind.key_length, kind.mechanism))
        .collect();
    let places: Vec<String> = key.storage.iter().map(ToString::to_string).collect();
    let place = if places.is_empty() {
        String::new()
    } else {
        format!(", kept in {}", places.join(" or "))
    };
    let id = shown_text(key.key_id.as_str());
    finding.fact(
        "key",
        format!("{id}: {}, {}{place}", key.usage, kinds.join(" or ")),
    );
    match &key.template {
        Some(template) => self::template(finding, template),
        None => finding.fact("  template", "none: it stays a raw key"),
    }
}

fn template(finding: &mut Finding, template: &RequestTemplate) {
    match template.subject() {
        Some(subject) => finding.fact("  template", subject.to_string()),
        None => finding.fact(
            "  template",
            format!("{} bytes that cannot be read", template.der().len()),
        ),
    }
    evidence::x509::names(finding, template.subject_alt_names().unwrap_or_default());
    if let Some(key) = template.throw_away_key() {
        finding.fact("  throw-away key", evidence::key_words(key.key_type()));
    }
}

/// The card, without its pictures.
fn card(finding: &mut Finding, parts: &Parts<'_>) {
    if parts.at("/profile/visualData").is_none() {
        return;
    }
    let id = parts.text("/profile/visualData/contentId");
    if let Some(id) = &id {
        finding.fact("card by content id", shown_text(id));
    }
    let mut legacy = false;
    for side in ["front", "back"] {
        let Some(raw) = parts.at(&format!("/profile/visualData/profileCard/{side}")) else {
            continue;
        };
        let of = |name: &str| {
            let members = json::members(raw)?;
            let (_, raw) = members.into_iter().find(|(known, _)| known == name)?;
            serde_json::from_str::<String>(raw).ok()
        };
        let data = of("data").unwrap_or_default();
        let kind = of("dataType");
        let size = match decode(Flavour::Standard, &data) {
            Ok(bytes) => format!("picture, {} bytes", bytes.len()),
            Err(_) if data.split('.').count() == 3 => "compact JWS".to_owned(),
            Err(_) => "neither base64 nor a JWS".to_owned(),
        };
        let colour = of("textColor").unwrap_or_else(|| "none".to_owned());
        legacy |= kind.is_none();
        finding.fact(
            &format!("card's {side}"),
            format!(
                "{}: {size}, text {colour}{}",
                kind.unwrap_or_else(|| "no dataType".to_owned()),
                of("protection").map_or_else(String::new, |word| format!(", protection {word}"))
            ),
        );
    }
    if legacy {
        finding.remark("a side without dataType is the form of Mobile App 4.6; from messaging 3.1.1 and app 5.4 on there is one");
    }
}
