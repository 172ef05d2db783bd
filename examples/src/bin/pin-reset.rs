//! Resets the PIN of a smart card whose admin key is known, or changes the admin key, through the Smart ID Desktop App.
//!
//! Without `--config` it brings a simulated installation and a simulated person with a card along.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use smartid::hermod::admin_key::{NewAdminKey, TripleDesAdminKey};
use smartid::hermod::commands::StartPinReset;
use smartid::hermod::pin_reset::{PinOperation, PinReset};
use smartid::hermod::{Outcome, PollPolicy};
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, program};
use smartid_sim::Card;

/// The admin key of the simulated card; a real one is known to the issuer only.
const SIMULATED_ADMIN_KEY: &str = "0123456789abcdef23456789abcdef01456789abcdef0123";

/// Reset the PIN of a smart card, or change its admin key.
///
/// Exit status: 0 done; 1 not done, and the output says why; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "pin-reset", version)]
struct Arguments {
    /// The token, as smartcardid names it
    #[arg(long, value_name = "ID", default_value = "example-card")]
    card: String,

    /// A file with the admin key, 48 hexadecimal digits; needed with --config
    #[arg(long, value_name = "FILE")]
    admin_key: Option<PathBuf>,

    /// Change the admin key to the one in this file and leave the PIN; the file must exist before, so that the key is not lost
    #[arg(long, value_name = "FILE")]
    new_admin_key: Option<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("pin-reset", &arguments.common, async |desk| {
        run(desk, &arguments).await
    })
    .await
}

async fn run(desk: &Desk, arguments: &Arguments) -> Result<End, Problem> {
    let hermod = desk.hermod()?;
    let admin_key = match (&arguments.admin_key, &desk.world.sim) {
        (Some(file), _) => TripleDesAdminKey::from_hex(digits(file)?.trim())?,
        (None, Some(_)) => TripleDesAdminKey::from_hex(SIMULATED_ADMIN_KEY)?,
        (None, None) => return Err("--admin-key is missing: without it the card believes nobody".into()),
    };
    let new_admin_key = match &arguments.new_admin_key {
        Some(file) => Some(NewAdminKey::from_hex(digits(file)?.trim())?),
        None => None,
    };
    if let Some(sim) = &desk.world.sim {
        sim.desktop().insert_card(simulated_card(&arguments.card)?);
    }
    desk.terminal
        .line(&format!("Resetting {} at {}", arguments.card, desk.world.place));

    let header = hermod.header();
    let mut command = StartPinReset::smart_card(header.clone(), arguments.card.as_str());
    if new_admin_key.is_some() {
        command = command.operation(PinOperation::AdminKeyChange);
    }
    let sent = desk.send(&command, &header).await?;
    // It could be stored here: ids and times only.
    let mut reset = PinReset::started(&command, &sent.answer, desk.now());

    let person = desk.show_desktop_link(
        "Open this link on the computer with the card (Smart ID Desktop App):",
        &sent,
    );
    let outcome = {
        let _spinner = desk.terminal.spin(
            "Waiting for the card",
            std::sync::Arc::clone(hermod.runtime()),
            sent.pending.expires,
        );
        let inbox = desk.inbox();
        // Nonce, proof, end: one proof is sent and no second one, because a wrong one may count towards blocking the card.
        hermod
            .finish_pin_reset(
                &*inbox,
                &mut reset,
                &admin_key,
                new_admin_key.as_ref(),
                &PollPolicy::default(),
            )
            .await?
    };
    desk.tell(person).await;
    Ok(match outcome {
        Outcome::Succeeded(_) if new_admin_key.is_some() => {
            End::good("admin-key-changed").fact("card", &arguments.card)
        }
        Outcome::Succeeded(_) => End::good("pin-reset").fact("card", &arguments.card),
        other => End::without_answer(&other),
    })
}

fn digits(file: &std::path::Path) -> Result<String, Problem> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn simulated_card(id: &str) -> Result<Card, Problem> {
    let key = smartid_sim::pki::admin_key::key_from_hex(SIMULATED_ADMIN_KEY)?;
    Ok(Card::new(id).admin_key(key))
}
