//! Asks whether an app is there, and what it runs on.
//!
//! Without `--config` it brings a simulated installation and a simulated person along.

use std::process::ExitCode;

use clap::Parser;
use smartid::hermod::Outcome;
use smartid::hermod::commands::Ping;
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, program};

/// Ping a Smart ID app.
///
/// Exit status: 0 it answered; 1 it did not, and the output says why; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "ping", version)]
struct Arguments {
    /// Ping the apps of this user; left out, whoever opens the link
    #[arg(long, value_name = "ID")]
    user: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("ping", &arguments.common, async |desk| {
        run(desk, &arguments).await
    })
    .await
}

async fn run(desk: &Desk, arguments: &Arguments) -> Result<End, Problem> {
    let hermod = desk.hermod()?;
    desk.terminal.line(&format!("Pinging at {}", desk.world.place));
    let mut header = hermod.header();
    if let Some(user) = &arguments.user {
        header = header.to([user]);
    }
    // Whether there is a response to a ping is not certain: a success without one is a success.
    let mut sent = desk
        .send(&Ping::new(header.clone()).device_info(true), &header)
        .await?;
    sent.pending.expects_response = false;

    let person = desk.show_desktop_link(
        "Open this link on the user's computer (Smart ID Desktop App):",
        &sent,
    );
    let Some(report) = desk.wait(&sent, "the app").await? else {
        return Ok(End::no_answer());
    };
    desk.tell(person).await;
    Ok(match report.ping(hermod.dialect()) {
        Outcome::Succeeded(info) => {
            let end = End::good("alive");
            match info.and_then(|info| info.get("operatingsystem")) {
                Some(system) => end.fact("operating system", system),
                None => end.fact("device", "told nothing about itself"),
            }
        }
        other => End::without_answer(&other),
    })
}
