//! Callbacks and the answers to polls: of which command, what came of it, and where its parts stand.

mod device;
mod elsewhere;
mod pin_reset;
mod provision;
mod signature;
mod state;

use bytes::Bytes;
use smartid::HermodDialect;
use smartid::core::redact;
use smartid::hermod::{CommandReport, FidoOutcome, Outcome, ReportError};

use super::kind::Command;
use super::{Context, Finding, fido, places};

pub(super) use elsewhere::elsewhere;
pub(super) use state::state;

const KIND: &str = "callback or state of a command";

/// A callback or a poll answer.
pub(super) fn report(text: &str, context: &Context) -> Option<Finding> {
    match CommandReport::read(Bytes::copy_from_slice(text.as_bytes()), &context.messaging) {
        Ok(report) => Some(described(
            Finding::of(KIND),
            text,
            &report,
            &context.messaging,
            context,
        )),
        Err(error @ (ReportError::Repeated(_) | ReportError::Edit(_))) => {
            let mut finding = Finding::of(KIND);
            finding.problem(error.to_string());
            Some(finding)
        }
        Err(_) => None,
    }
}

fn described(
    mut finding: Finding,
    text: &str,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) -> Finding {
    let id = |id: Option<&str>, none: &str| id.unwrap_or(none).to_owned();
    finding.fact(
        "command",
        id(report.command_id.as_ref().map(|id| id.as_str()), "(none)"),
    );
    finding.fact(
        "our id",
        id(report.external_id.as_ref().map(|id| id.as_str()), "(not echoed)"),
    );
    let kind = kind(&mut finding, text, report, dialect, context);
    let (report, dialect) = state::settled(&mut finding, text, report, dialect);
    for lint in &report.lints {
        finding.remark(lint.to_string());
    }
    match kind {
        Some(Command::Provision) => provision::provision(&mut finding, &report, &dialect, context),
        Some(Command::Certificate) => device::certificate(&mut finding, &report, &dialect, context),
        Some(Command::Authenticate) => {
            signature::signature(
                &mut finding,
                Command::Authenticate,
                text,
                &report,
                &dialect,
                context,
            );
        }
        Some(Command::Sign) => {
            signature::signature(&mut finding, Command::Sign, text, &report, &dialect, context);
        }
        Some(Command::Ping) => device::ping(&mut finding, text, &report, &dialect),
        Some(Command::StartPinReset) => {
            pin_reset::start(&mut finding, text, &report, &dialect, context);
        }
        Some(Command::EndPinReset) => device::done(
            &mut finding,
            report.end_pin_reset(&dialect),
            "the PIN is reset, or what the start command's operation says is done",
        ),
        Some(Command::Delete) => device::done(
            &mut finding,
            report.delete_profile(&dialect),
            "the profile is deleted",
        ),
        Some(Command::Fido) => credential(&mut finding, &report, &dialect, context),
        None => {
            // What any command came to, without its response.
            let nothing = report.end_pin_reset(&dialect).map(drop);
            if told(&mut finding, nothing).is_ok() && report.response.is_some() {
                finding.remark("which command it answers cannot be told from it: give --command to have its response read");
            }
        }
    }
    if !finding.dialect.is_empty() {
        finding.verdict = Some(false);
    }
    finding
}

/// Which command it answers: as the person says, as it says, or by what its response has.
fn kind(
    finding: &mut Finding,
    text: &str,
    report: &CommandReport,
    dialect: &HermodDialect,
    context: &Context,
) -> Option<Command> {
    let says = report.command_type.as_deref();
    let said = says.and_then(|says| Command::of(says, dialect));
    if let (Some(says), None) = (says, said) {
        finding.remark(format!(
            "commandType {} is that of no command known here; it is for information only",
            places::shown_text(says)
        ));
    }
    let kind = match (context.command, said) {
        (Some(given), Some(said)) if given != said => {
            finding.remark(format!(
                "it says that it answers a {} command, and is read as the answer to {} as told",
                said.name(),
                given.name()
            ));
            Some(given)
        }
        (Some(given), _) => Some(given),
        (None, Some(said)) => Some(said),
        (None, None) => {
            let guess = guess(text, report, dialect);
            if let Some(guess) = guess {
                finding.remark(format!(
                    "it does not say which command it answers; by its response: {} (--command tells)",
                    guess.name()
                ));
            }
            guess
        }
    };
    if let Some(kind) = kind {
        finding.kind = format!("{KIND}: {}", kind.name());
    }
    kind
}

fn guess(text: &str, report: &CommandReport, dialect: &HermodDialect) -> Option<Command> {
    let has = |names: &[&str]| places::named(text, names).is_some();
    if has(&["attestationobject"]) {
        return Some(Command::Fido);
    }
    if has(&["deviceinfo"]) {
        return Some(Command::Ping);
    }
    if has(&["transportedkey"]) || (has(&["nonce"]) && !has(&["data"])) {
        return Some(Command::StartPinReset);
    }
    let found = signature::known(text, dialect);
    if found
        .iter()
        .any(|found| provision::is_payload(&found.payload, dialect))
    {
        return Some(Command::Provision);
    }
    (!found.is_empty() && report.response.is_some()).then_some(Command::Sign)
}

/// Says what an outcome is. `Ok`: a success with what it brings. `Err` with a reason: a success that cannot be read.
fn told<T>(finding: &mut Finding, outcome: Outcome<T>) -> Result<T, Option<String>> {
    let words = match outcome {
        Outcome::Succeeded(answer) => return Ok(answer),
        Outcome::Unreadable { reason } => return Err(Some(reason)),
        Outcome::Declined => "the person declined".to_owned(),
        Outcome::Cancelled => "the person cancelled, or the command was withdrawn".to_owned(),
        Outcome::TimedOut => "nobody answered in time".to_owned(),
        Outcome::Pending => "not over yet".to_owned(),
        Outcome::Failed { code, message } => failed(code, message),
        _ => "another one".to_owned(),
    };
    finding.fact("outcome", words);
    finding.verdict.get_or_insert(true);
    Err(None)
}

fn failed(code: Option<String>, message: Option<String>) -> String {
    let part = |part: Option<String>| part.map(|part| redact::message(&part));
    match (part(code), part(message)) {
        (None, None) => "it failed; why is not said".to_owned(),
        (Some(only), None) | (None, Some(only)) => format!("it failed: {only}"),
        (Some(code), Some(message)) => format!("it failed: {code}: {message}"),
    }
}

/// A session was opened, or a credential was made.
fn credential(finding: &mut Finding, report: &CommandReport, dialect: &HermodDialect, context: &Context) {
    let outcome = match report.fido(dialect) {
        FidoOutcome::Created { registration, lints } => {
            finding.fact("outcome", "a credential was created");
            for lint in lints {
                finding.remark(lint.to_string());
                // Other lints have a place too, which is that of something else.
                if lint.at.starts_with('/') && lint.what.contains("fido.registration") {
                    finding.fits_text("messaging.fido", "registration", &lint.at);
                }
            }
            if let Some(inner) = fido::registration(&registration, context) {
                finding.absorb(inner);
            }
            return;
        }
        FidoOutcome::Unreadable { reason } => return finding.problem(reason),
        FidoOutcome::Opened => {
            "the app has opened the link, or the command succeeded without a credential".to_owned()
        }
        FidoOutcome::AlreadyRegistered { .. } => {
            "the authenticator holds a credential of this user already".to_owned()
        }
        FidoOutcome::Declined => "the person declined".to_owned(),
        FidoOutcome::Cancelled => "the person cancelled".to_owned(),
        FidoOutcome::TimedOut => "nobody answered in time".to_owned(),
        FidoOutcome::Failed { code, message } => failed(code, message),
        FidoOutcome::Pending => "not over yet".to_owned(),
        _ => "another one".to_owned(),
    };
    finding.fact("outcome", outcome);
    finding.verdict.get_or_insert(true);
}

/// Reads a report again with another dialect. What was read once can be read again.
fn again(report: &CommandReport, dialect: &HermodDialect) -> Option<CommandReport> {
    CommandReport::read(report.raw.clone(), dialect).ok()
}
