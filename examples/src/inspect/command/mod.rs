//! Commands as they were sent: which one, for whom, and what is odd about it. What the client can say itself is asked of the client: the
//! command is built again from what was captured.

mod others;
mod pin_reset;
mod provision;
mod signing;

use std::time::Duration;

use smartid::core::json;
use smartid::hermod::answers::{ProvisionExpectation, SignatureExpectation};
use smartid::hermod::{CommandHeader, ExternalId};

use super::finding::quoted;
use super::kind::Command;
use super::places::{self, folded, shown, shown_text};
use super::{Context, Finding};

/// What an answer is compared with.
pub(super) enum Sent {
    Provision(ProvisionExpectation),
    Signature(SignatureExpectation),
}

/// What was sent, when the person has it and it is a command with something to compare.
pub(super) fn sent(context: &Context) -> Option<Sent> {
    expectation(context.sent.as_deref()?, context)
}

/// What is kept of a captured command to check its answer by.
pub(super) fn expectation(text: &str, context: &Context) -> Option<Sent> {
    let parts = Parts::of(text.trim(), context)?;
    match parts.kind? {
        Command::Provision => provision::expectation(&parts).map(Sent::Provision),
        Command::Sign | Command::Authenticate => Some(Sent::Signature(signing::expectation(&parts))),
        _ => None,
    }
}

/// A body of a command, taken apart.
pub(super) struct Parts<'a> {
    /// The command, by its wrapper or as the person says.
    kind: Option<Command>,
    /// The name of its wrapper.
    wrapper: String,
    header: Option<&'a str>,
    body: &'a str,
    /// Whether the members stand in `params`.
    params: bool,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str, context: &Context) -> Option<Self> {
        let members = json::members(text)?;
        let is_header = |name: &str| folded(name) == "commandheader";
        let header = members.iter().find(|(name, _)| is_header(name));
        let wrapper = members.iter().find(|(name, raw)| {
            let name = folded(name);
            !is_header(&name)
                && raw.starts_with('{')
                && (header.is_some() || name.len() > 7 && name.ends_with("command"))
        });
        let (wrapper, body) = match wrapper {
            Some((name, raw)) => (name.clone(), *raw),
            None if header.is_some() => (String::new(), "{}"),
            None => return None,
        };
        let inner = json::members(body)
            .unwrap_or_default()
            .into_iter()
            .find(|(name, raw)| name == "params" && raw.starts_with('{'));
        Some(Self {
            kind: Command::of(&wrapper, &context.messaging).or(context.command),
            wrapper,
            header: header.map(|(_, raw)| *raw),
            params: inner.is_some(),
            body: inner.map_or(body, |(_, raw)| raw),
        })
    }

    /// The text of a member of the command; `null` counts as absent.
    fn at(&self, pointer: &str) -> Option<&'a str> {
        let found = json::find(self.body, &pointer.parse().ok()?)?;
        (found != "null").then_some(found)
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.at(pointer).and_then(places::text)
    }

    fn items(&self, pointer: &str) -> Vec<&'a str> {
        self.at(pointer).and_then(json::items).unwrap_or_default()
    }

    /// Header of the client that would send this; a plain one when this has none that can be sent.
    fn client_header(&self) -> Option<CommandHeader> {
        let number = |name: &str| -> Option<u64> {
            json::find(self.header?, &format!("/{name}").parse().ok()?)?
                .parse()
                .ok()
        };
        let seconds = |name, default| Duration::from_secs(number(name).unwrap_or(default));
        let header = CommandHeader::new(seconds("lifespan", 300), seconds("timeout", 250))
            .or_else(|_| CommandHeader::new(Duration::from_secs(300), Duration::from_secs(250)))
            .ok()?;
        let to = self
            .header
            .and_then(|header| json::find(header, &"/to".parse().ok()?))
            .and_then(json::items);
        Some(match to {
            Some(to) => header.to(to.into_iter().filter_map(places::text)),
            None => header,
        })
    }
}

/// A command as it was sent.
pub(super) fn command(text: &str, context: &Context) -> Option<Finding> {
    let parts = Parts::of(text, context)?;
    let mut finding = Finding::of("command to messaging");
    finding.verdict = Some(true);
    if let Some(kind) = parts.kind {
        finding.kind = format!("command to messaging: {}", kind.name());
    }
    header(&mut finding, &parts);
    wrapper(&mut finding, text, &parts, context);
    match parts.kind {
        Some(Command::Provision) => provision::provision(&mut finding, &parts, context),
        Some(Command::Certificate) => others::certificate(&mut finding, &parts, context),
        Some(Command::Authenticate | Command::Sign) => signing::signing(&mut finding, &parts),
        Some(Command::Ping) => others::ping(&mut finding, &parts),
        Some(Command::StartPinReset) => pin_reset::start(&mut finding, &parts, context),
        Some(Command::EndPinReset) => pin_reset::end(&mut finding, &parts, context),
        Some(Command::Delete) => others::delete(&mut finding, &parts, context),
        Some(Command::Fido) => others::fido(&mut finding, &parts),
        None => finding.problem(format!(
            "which command {} is cannot be told; its path would tell (--command)",
            if parts.wrapper.is_empty() {
                "it".to_owned()
            } else {
                shown_text(&parts.wrapper)
            }
        )),
    }
    Some(finding)
}

fn header(finding: &mut Finding, parts: &Parts<'_>) {
    let Some(header) = parts.header else {
        return finding.problem("there is no commandHeader");
    };
    let at = |name: &str| {
        let members = json::members(header)?;
        let (_, raw) = members.into_iter().find(|(known, _)| known == name)?;
        (raw != "null").then_some(raw)
    };
    let mut times = Vec::new();
    for name in ["lifespan", "timeout"] {
        match at(name).map(|raw| (raw, raw.parse::<u64>())) {
            Some((_, Ok(seconds))) => {
                finding.fact(name, format!("{seconds} s"));
                times.push(Duration::from_secs(seconds));
            }
            Some((raw, Err(_))) => finding.problem(format!(
                "{name} is {}, and no whole number of seconds",
                shown(raw)
            )),
            None => finding.problem(format!("there is no {name}")),
        }
    }
    if let [lifespan, timeout] = *times {
        match CommandHeader::new(lifespan, timeout) {
            Ok(header) => {
                for lint in header.lints() {
                    finding.remark(lint.to_string());
                }
            }
            Err(error) => finding.problem(error.to_string()),
        }
    }
    match at("to").map(json::items) {
        None if parts.kind == Some(Command::Provision) => {
            finding.fact("to", "(nobody is named: a temporary mailbox is made)");
        }
        None => finding.fact("to", "(nobody is named)"),
        Some(None) => finding.problem("to is no list"),
        Some(Some(items)) => {
            let names: Vec<String> = items
                .iter()
                .map(|raw| match shown(raw) {
                    name if name == "@tmp" => "a temporary mailbox (@tmp)".to_owned(),
                    name => name,
                })
                .collect();
            finding.fact("to", names.join(", "));
        }
    }
    match at("externalId").and_then(places::text) {
        Some(id) => finding.fact("our id", ExternalId::new(id).as_str()),
        None => {
            finding.fact("our id", "(none)");
            finding.remark("without an externalId the outcome is lost when the answer to the command is");
        }
    }
}

/// The wrapper, and whether the members stand where the dialect would put them.
fn wrapper(finding: &mut Finding, text: &str, parts: &Parts<'_>, context: &Context) {
    let Some(kind) = parts.kind else { return };
    let dialect = &context.messaging;
    let commands = dialect.commands();
    let is = |table: &str| kind.table().trim_start_matches("messaging.") == table;
    let Some((_, setting)) = commands.iter().find(|(table, _)| is(table)) else {
        return;
    };
    finding.fact(
        "path in the dialect",
        format!("{:?} {{command-base}}/{}", setting.verb.method(), setting.path),
    );
    let known = setting.wrapper == parts.wrapper
        || kind == Command::Fido && dialect.fido.create.wrapper == parts.wrapper;
    if !known {
        finding.problem(format!(
            "the members stand in {}; the dialect has {:?}",
            shown_text(&parts.wrapper),
            setting.wrapper
        ));
        finding.fits_text(kind.table(), "wrapper", &parts.wrapper);
        if kind == Command::Delete {
            finding.fits_text("messaging.delete_mailbox", "wrapper", &parts.wrapper);
        }
    }
    let in_params = matches!(kind, Command::Sign | Command::Authenticate);
    if !setting.request.is_empty() {
        finding.remark("the dialect has edits of this command, so where its members stand was not compared");
    } else if parts.params != in_params && kind != Command::Fido {
        let moves: Vec<String> = json::members(parts.body)
            .unwrap_or_default()
            .into_iter()
            .map(|(name, _)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                let plain = format!("/{}/{name}", parts.wrapper);
                let inside = format!("/{}/params/{name}", parts.wrapper);
                let (from, to) = if in_params {
                    (inside, plain)
                } else {
                    (plain, inside)
                };
                format!("{{ move = {}, to = {} }}", quoted(&from), quoted(&to))
            })
            .collect();
        if moves.is_empty() {
            return;
        }
        finding.problem(if in_params {
            "the members stand in the wrapper itself, and not in its params"
        } else {
            "the members stand in params, and not in the wrapper itself"
        });
        finding.fits(kind.table(), format!("request = [{}]", moves.join(", ")));
    }
    let members = json::members(text).unwrap_or_default();
    if members.len() > 2 {
        let more: Vec<String> = members
            .iter()
            .map(|(name, _)| name.clone())
            .filter(|name| *name != parts.wrapper && folded(name) != "commandheader")
            .map(|name| shown_text(&name))
            .collect();
        finding.problem(format!(
            "a command has exactly two members; beside them there is {}",
            more.join(", ")
        ));
    }
}

/// Whom a command is about.
fn about(finding: &mut Finding, parts: &Parts<'_>) {
    for (name, pointer) in [
        ("user", "/userid"),
        ("profile", "/profileid"),
        ("profile", "/profile/profileid"),
        ("token", "/smartcardid"),
    ] {
        if let Some(raw) = parts.at(pointer) {
            finding.fact(name, shown(raw));
        }
    }
}

/// Members that are not among these.
fn unknown(finding: &mut Finding, parts: &Parts<'_>, known: &[&str]) {
    let members = json::members(parts.body).unwrap_or_default();
    let names: Vec<String> = members
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, _)| shown_text(name))
        .collect();
    if !names.is_empty() {
        finding.remark(format!("members that are not known here: {}", names.join(", ")));
    }
}
