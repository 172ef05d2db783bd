//! Makes a FIDO2 credential on behalf of a user, end to end: options from Digital Access, a request to the user's Smart ID Desktop App
//! through Smart ID Messaging, and the new credential stored in Digital Access. With `--relying-party entra`, Microsoft Entra is in the place
//! of Digital Access.
//!
//! Without `--config` it brings a simulated installation and a simulated person along.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use smartid::da::relying_party::DisplayName;
use smartid::flows::fido_enrolment::{Begun, End, NotBegun, StoredCredential};
use smartid::flows::{FidoEnrolment, Observer};
use smartid::store::{JournalEntry, Mark};
use smartid::{ConfigError, FlowId, UserId};
use smartid_examples::arguments::Common;
use smartid_examples::terminal::{Style, Terminal, error};
use smartid_examples::world::{World, show_warnings};
use smartid_sim::{DeviceReport, Sim};

/// Provision a FIDO2 credential on behalf of a user, in Digital Access or in Microsoft Entra.
///
/// Without --config it runs against a simulator, with a simulated person who answers.
///
/// Exit status: 0 the credential is stored; 1 it is not, and the output names the end, says what happened, whose turn it is and what to
/// check; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "fido-enrolment", version)]
struct Arguments {
    /// The user to enrol: for Digital Access the user id, for Entra the object id or user principal name; alice or
    /// alice@example.test when left out
    #[arg(long, value_name = "ID")]
    user: Option<String>,

    /// Who stores the credential
    #[arg(long, value_name = "NAME", value_enum, default_value_t)]
    relying_party: Where,

    /// What the credential will be called (Entra) [default: "Security key" and the first letters of its id]
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,

    #[command(flatten)]
    common: Common,
}

/// The relying parties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Where {
    /// Digital Access
    #[default]
    Da,
    /// Microsoft Entra
    Entra,
}

impl Arguments {
    fn user(&self) -> &str {
        self.user.as_deref().unwrap_or(match self.relying_party {
            Where::Da => "alice",
            Where::Entra => "alice@example.test",
        })
    }

    fn flow(&self, world: &World) -> Result<FidoEnrolment, Box<dyn std::error::Error>> {
        let flow = match self.relying_party {
            Where::Da => world.smartid.fido_enrolment()?,
            Where::Entra => {
                let missing = || ConfigError::new("entra", "is missing: it is the relying party");
                let entra = world.entra.clone().ok_or_else(missing)?;
                world.smartid.fido_enrolment_at(Arc::new(entra))?
            }
        };
        Ok(match &self.display_name {
            Some(name) => flow.display_name(DisplayName::new(name)?),
            None => flow,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    show_warnings();
    let terminal = arguments.common.terminal();
    match run(&arguments, &terminal).await {
        Ok(end) => report(&terminal, &end),
        Err(problem) => {
            terminal.json(&json!({ "event": "error", "message": problem.to_string() }));
            error(&format!("fido-enrolment: {problem}\n"));
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments, terminal: &Terminal) -> Result<End, Box<dyn std::error::Error>> {
    let user = UserId::new(arguments.user())?;
    let world = World::open(&arguments.common.options()).await?;
    terminal.line(&format!(
        "Enrolling {} at {}",
        terminal.strong(arguments.user()),
        world.place
    ));

    let flow = arguments.flow(&world)?.observe(Arc::new(Steps(terminal.clone())));
    let begun = match flow.begin(&user).await {
        Ok(begun) => begun,
        Err(NotBegun::Ended { end, .. }) => return Ok(*end),
        Err(problem) => return Err(problem.into()),
    };
    show(terminal, &begun, arguments.common.no_qr);
    if world.sim.is_some() {
        terminal.line(&terminal.dim("(Here the simulated person does it, in a moment.)\n"));
    }
    let person = world.sim.as_ref().map(|sim| simulate_person(sim, &begun));

    let end = {
        let _spinner = terminal.spin(
            "Waiting for the user",
            Arc::clone(world.smartid.runtime()),
            begun.expires,
        );
        flow.complete(&begun.id).await?
    };
    if end.is_stored() {
        terminal.line(&format!(
            "  {} {:<20} stored",
            terminal.good("ok"),
            "store-credential"
        ));
    }
    if let Some(person) = person
        && let Ok(Ok(Some(report))) = tokio::time::timeout(Duration::from_secs(1), person).await
    {
        terminal.line(&terminal.dim(&format!("     the simulated app: {}", report.actions.join("; "))));
    }
    if let (Some(sim), End::Stored(credential), Where::Da) = (&world.sim, &end, arguments.relying_party) {
        log_in(terminal, sim, credential).await;
    }
    Ok(end)
}

/// Prints the steps as they are written to the journal.
struct Steps(Terminal);

impl Observer for Steps {
    fn written(&self, _: &FlowId, entry: &JournalEntry) {
        let Self(terminal) = self;
        let mark = match entry.mark {
            Mark::Result => terminal.good("ok"),
            Mark::Intent => terminal.dim(".."),
            _ => terminal.dim("--"),
        };
        if entry.step == "end" && terminal.style() == Style::Human {
            // The end is printed at the end.
            return;
        }
        // Over the spinner's line, if there is one.
        let clear = if terminal.is_interactive() {
            "\r\x1b[2K"
        } else {
            ""
        };
        terminal.line(&format!("{clear}  {mark} {:<20} {}", entry.step, entry.text));
        terminal.json(&json!({
            "event": "step", "at": entry.at.to_string(), "step": entry.step, "mark": entry.mark, "text": entry.text
        }));
    }
}

/// Shows the link as text and as a QR code.
fn show(terminal: &Terminal, begun: &Begun, no_qr: bool) {
    // The link is a secret; showing it to the person it is meant for is what it is exposed for here.
    let link = begun.link.expose();
    terminal.line("");
    terminal.always(&format!(
        "Open this link on the user's computer (Smart ID Desktop App 2.4 or later):\n\n  {}\n",
        terminal.strong(link)
    ));
    if terminal.style() == Style::Human && terminal.is_interactive() && !no_qr {
        match begun.link.qr() {
            Ok(code) => terminal.line(&code.expose_terminal()),
            Err(problem) => terminal.line(&format!("(no QR code: {problem})")),
        }
    }
    terminal.json(
        &json!({ "event": "link", "flow": begun.id, "link": link, "expires": begun.expires.to_string() }),
    );
}

/// Lets the simulated person click the link, after a moment.
fn simulate_person(sim: &Sim, begun: &Begun) -> tokio::task::JoinHandle<Option<DeviceReport>> {
    let desktop = sim.desktop();
    let link = begun.link.expose().to_owned();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(600)).await;
        desktop.open(&link).await.ok()
    })
}

/// The proof of the pudding: the simulated user logs in with the new credential.
async fn log_in(terminal: &Terminal, sim: &Sim, credential: &StoredCredential) {
    match sim.login(&credential.user).await {
        Ok(_) => {
            terminal.line(&format!(
                "  {} {:<20} the user has logged in with the new credential",
                terminal.good("ok"),
                "simulated-login"
            ));
            terminal.json(&json!({ "event": "simulated-login", "user": credential.user, "ok": true }));
        }
        Err(problem) => {
            terminal.line(&format!(
                "  {} {:<20} {problem}",
                terminal.bad("no"),
                "simulated-login"
            ));
            terminal.json(&json!({ "event": "simulated-login", "user": credential.user, "ok": false, "message": problem.to_string() }));
        }
    }
}

/// Prints the end and gives the exit status.
fn report(terminal: &Terminal, end: &End) -> ExitCode {
    let advice = end.advice();
    terminal.json(&json!({
        "event": "end",
        "name": end.name(),
        "message": end.to_string(),
        "turn": advice.as_ref().map(|advice| advice.turn),
        "check": advice.as_ref().map(|advice| advice.check.as_ref()),
        "detail": end,
    }));
    match end {
        End::Stored(credential) => {
            terminal.line("");
            terminal.always(&terminal.good("stored"));
            terminal.always(&format!("  user           {}", credential.user));
            terminal.always(&format!("  credential id  {}", credential.credential_id));
            terminal.always(&format!("  authenticator  {}", credential.aaguid));
            terminal.always(&format!(
                "  attestation    {} ({}), signature {}",
                credential.attestation, credential.attestation_kind, credential.attestation_signature
            ));
            terminal.always(&format!(
                "  algorithm      {} ({})",
                credential.algorithm_name, credential.algorithm
            ));
            if let Some(method) = &credential.method {
                for (label, text) in [
                    ("stored as", &method.id),
                    ("called", &method.display_name),
                    ("model", &method.model),
                    ("level", &method.attestation_level),
                ] {
                    if let Some(text) = text {
                        terminal.always(&format!("  {label:<13}  {}", text.escape_debug()));
                    }
                }
            }
            for remark in &credential.remarks {
                terminal.always(&format!("  remark         {remark}"));
            }
            ExitCode::SUCCESS
        }
        other => {
            terminal.line("");
            terminal.always(&terminal.bad(other.name()));
            terminal.always(&format!("  what happened  {other}"));
            if let Some(advice) = advice {
                terminal.always(&format!("  whose turn     {}", advice.turn.as_str()));
                terminal.always(&format!("  to check       {}", advice.check));
            }
            ExitCode::from(1)
        }
    }
}
