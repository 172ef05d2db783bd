//! Reads something that was captured (a command, an answer, a callback, a link, creation options, a registration, a request to Certificate
//! Manager, signed evidence) and says what it is, whether it verifies, and which dialect lines would make it fit.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;
use smartid::cm::Csr;
use smartid::core::Runtime as _;
use smartid::da::fido::CreationOptions;
use smartid::trust::Certificate;
use smartid::trust::jws::JwkSet;
use smartid::{Timestamp, TokioRuntime};
use smartid_examples::inspect::{Command, Context, Finding, data_to_sign, inspect, is_comparable, show};
use smartid_examples::password::Password;
use smartid_examples::terminal::{Style, Terminal, error};
use smartid_examples::world::Dialects;

/// Say what a captured text is, whether it verifies, and which dialect line would make it fit.
///
/// Exit status: 0 recognised, and nothing is wrong with what could be checked; 1 not recognised, wrong, in need of a dialect, or recognised
/// by its form only; 2 usage.
#[derive(Debug, Parser)]
#[command(name = "inspect", version)]
struct Arguments {
    /// The file to read; standard input when left out or -
    file: Option<PathBuf>,

    /// Creation options that a registration should answer
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,

    /// A TOML file with the tables messaging, digital_access and certificate_manager, as for the other programs
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,

    /// JWK, or JWK set, that a JWS may be signed with: the attestation keys for the answer to a provision command
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,

    /// Certificates (PEM or DER) that a certificate, a JWS or a CMS message must lead to; may be repeated
    #[arg(long, value_name = "FILE")]
    root: Vec<PathBuf>,

    /// Certificates that a CMS message or a certificate may lack on the way to a root; may be repeated
    #[arg(long, value_name = "FILE")]
    intermediate: Vec<PathBuf>,

    /// What was to be signed: the content of a detached message, or each tbs of a sign command in its order; may be repeated
    #[arg(long, value_name = "FILE")]
    content: Vec<PathBuf>,

    /// The body of the provision, sign or authenticate command that a callback answers, to compare the answer with
    #[arg(long, value_name = "FILE")]
    sent: Option<PathBuf>,

    /// The answer of Certificate Manager's first step, or what it hands out to be signed: a request's signature must be over that
    #[arg(long, value_name = "FILE")]
    data_to_sign: Option<PathBuf>,

    /// The certification request (PEM, DER or base64) that a certificate should be for
    #[arg(long, value_name = "FILE")]
    csr: Option<PathBuf>,

    /// The command that a callback answers, where it does not say so: provision, certificate, authenticate, sign, ping, startpinreset,
    /// endpinreset, delete, fido
    #[arg(long, value_name = "VERB")]
    command: Option<Command>,

    /// Ask for the password of a PKCS #12 container
    #[arg(long, conflicts_with_all = ["password_file", "password_env", "password_stdin", "empty_password"])]
    ask_password: bool,

    #[command(flatten)]
    password: Password,

    /// Check signatures and certificates as of this time, in seconds since 1970 (default: now)
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,

    /// Show links, nonces, keys and passwords
    #[arg(long)]
    show_secrets: bool,

    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// More than any of the texts that are meant can have.
const LIMIT: u64 = 16 << 20;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(if arguments.json { Style::Json } else { Style::Human });
    match run(&arguments) {
        Ok(Some(finding)) => show(&terminal, &finding),
        Ok(None) => {
            terminal.json(&json!({ "kind": null }));
            terminal.always(
                "not recognised: no command, immediate response, callback, command state, link, content request or answer, push message, API users of \
                 messaging, creation options, registration, attestation object, request to or answer of Certificate Manager, pushed certificate, error body, \
                 HTML page, HTTP message, certificate, archive of certificates, CMS, JWS or PKCS #12",
            );
            ExitCode::from(1)
        }
        Err(problem) => {
            error(&format!("inspect: {problem}\n"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Option<Finding>, Box<dyn std::error::Error>> {
    let at = match arguments.at {
        Some(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
        None => TokioRuntime::new().now(),
    };
    let mut context = Context::new(at);
    if let Some(file) = &arguments.keys {
        context.keys = Some(
            JwkSet::from_json(read(Some(file))?).map_err(|error| format!("{}: {error}", file.display()))?,
        );
    }
    for file in &arguments.root {
        context.roots.extend(certificates(file)?);
    }
    for file in &arguments.intermediate {
        context.intermediates.extend(certificates(file)?);
    }
    for file in &arguments.content {
        context.content.push(read(Some(file))?);
    }
    context.command = arguments.command;
    if arguments.password.password_stdin && arguments.file.as_ref().is_none_or(|file| file.as_os_str() == "-")
    {
        return Err("--password-stdin: standard input is the file already".into());
    }
    if arguments.ask_password || arguments.password.is_given() {
        context.password = Some(arguments.password.read()?);
    }
    if let Some(file) = &arguments.options {
        let text = String::from_utf8(read(Some(file))?)?;
        context.options =
            Some(CreationOptions::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    let dialects = Dialects::read(arguments.dialect.as_deref())?;
    (context.messaging, context.digital_access) = (dialects.messaging, dialects.digital_access);
    context.certificate_manager = dialects.certificate_manager;
    if let Some(file) = &arguments.data_to_sign {
        context.data_to_sign = Some(data_to_sign(&read(Some(file))?, &context));
    }
    if let Some(file) = &arguments.csr {
        let csr = Csr::parse(&read(Some(file))?).map_err(|error| format!("{}: {error}", file.display()))?;
        context.csr = Some(csr);
    }
    context.show_secrets = arguments.show_secrets;
    if let Some(file) = &arguments.sent {
        let text = String::from_utf8(read(Some(file))?)?;
        if !is_comparable(&text, &context) {
            return Err(format!(
                "{}: is no provision, sign or authenticate command",
                file.display()
            )
            .into());
        }
        context.sent = Some(text);
    }
    Ok(inspect(&read(arguments.file.as_ref())?, &context))
}

fn certificates(file: &PathBuf) -> Result<Vec<Certificate>, String> {
    let bytes = read(Some(file))?;
    let read = match std::str::from_utf8(&bytes) {
        Ok(pem) => Certificate::list_from_pem(pem),
        Err(_) => Certificate::from_der(bytes).map(|certificate| vec![certificate]),
    };
    read.map_err(|error| format!("{}: {error}", file.display()))
}

fn read(file: Option<&PathBuf>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let outcome = match file.filter(|file| file.as_os_str() != "-") {
        Some(file) => std::fs::File::open(file)
            .and_then(|opened| opened.take(LIMIT).read_to_end(&mut bytes))
            .map_err(|error| format!("cannot read {}: {error}", file.display())),
        None => std::io::stdin()
            .take(LIMIT)
            .read_to_end(&mut bytes)
            .map_err(|error| format!("cannot read standard input: {error}")),
    };
    outcome.map(|_| bytes)
}
