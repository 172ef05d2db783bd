//! Lists the token procedures of Certificate Manager, which also tells whether the connection, the officer and the address are right.
//!
//! Without `--config` or `--url` it brings a simulated installation and a simulated officer along.

use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use smartid::cm::ConnectionProblem;
use smartid::cm::operations::{MediaType, Procedures};
use smartid_examples::desk::{End, Problem};
use smartid_examples::office::{Common, Office, program};

/// List token procedures, and test the connection to Certificate Manager.
///
/// Exit status: 0 listed; 1 not, and the output says what is wrong and whose turn it is; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "procedures", version)]
struct Arguments {
    /// Only those that produce this: pkcs10, pkcs12, smartcard, attributecertificate, data
    #[arg(long, value_name = "KIND")]
    media_type: Option<String>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    program("procedures", &arguments.common, async |office| {
        run(office, &arguments).await
    })
    .await
}

async fn run(office: &Office, arguments: &Arguments) -> Result<End, Problem> {
    let terminal = &office.terminal;
    terminal.line(&format!("Listing procedures at {}\n", office.place));
    let call = match &arguments.media_type {
        Some(kind) => Procedures::of(MediaType::from_name(kind)),
        None => Procedures::all(),
    };
    let procedures = match office.cm.call(&call).await {
        Ok(procedures) => procedures,
        Err(error) => {
            let problem = ConnectionProblem::of(error);
            return Ok(End::bad(problem.kind().name(), problem.error().summary()).advised(problem.advice()));
        }
    };
    for procedure in &procedures {
        let more: Vec<String> = procedure
            .other
            .iter()
            .map(|(name, value)| {
                format!(
                    "{name} {}",
                    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
                )
            })
            .collect();
        terminal.always(&format!(
            "{:<32} {}",
            procedure.name.as_str(),
            terminal.dim(&more.join(", "))
        ));
        terminal.json(&json!({ "event": "procedure", "procedure": procedure }));
    }
    Ok(End::good("listed").fact("procedures", procedures.len()))
}
