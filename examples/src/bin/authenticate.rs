//! Asks a person to authenticate with the Smart ID Mobile App, and says who it was.
//!
//! Without `--config` it brings a simulated installation and a simulated phone along, which is enrolled first.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use smartid::hermod::answers::{AttestationKeys, SignaturePolicy, Signers};
use smartid::hermod::commands::provision::Usage;
use smartid::hermod::commands::{Authenticate, Nonce};
use smartid::hermod::link::{MobileLink, MobileLinkOptions};
use smartid::hermod::{Entry, Outcome};
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid::trust::path::{ChainPolicy, Purpose, WebpkiVerifier};
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, usage};
use smartid_examples::enrolment::{Person, ask, install, verified};
use smartid_examples::simulated::{authority, certify};
use smartid_sim::pki::Profile;
use smartid_sim::{Persona, Sim};

/// Authenticate a person with the Smart ID Mobile App.
///
/// Exit status: 0 it is that person; 1 it is not, or nobody answered, and the output says why; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "authenticate", version)]
struct Arguments {
    #[command(flatten)]
    person: Person,

    /// What the person is told
    #[arg(long, default_value = "Log in to Example Bank")]
    reason: String,

    /// Certificates (PEM) that the person's certificate must lead to; needed with --config, may be repeated
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let desk = match Desk::open("authenticate", &arguments.common).await {
        Ok(desk) => desk,
        Err(problem) => return usage("authenticate", &arguments.common.terminal(), &problem),
    };
    let end = run(&desk, &arguments).await;
    desk.finish(end)
}
