//! Looks into PKCS #12 containers, writes them under another password and in other ciphers, and takes keys and certificates out of them.
//!
//! It needs no server. Passwords come from a file, an environment variable, standard input or a person, never from the command line.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde_json::json;
use smartid::core::base64::{Flavour, decode_lenient};
use smartid::trust::pkcs12::{
    Finding, OpenError, OpenedToken, Pkcs12Policy, Profile, TokenKey, WriteError, WriteOptions,
};
use smartid::trust::{Refusal, SoftToken};
use smartid::{Runtime as _, SecretString, Timestamp, TokioRuntime};
use smartid_examples::desk::{End, Problem, finish, step_line, usage};
use smartid_examples::inspect::{Context, container, show};
use smartid_examples::password::{Chosen, NewPassword, Password};
use smartid_examples::secret_file;
use smartid_examples::terminal::{Style, Terminal, error};

/// Look into a PKCS #12 container, write it under another password, or take keys and certificates out of it.
///
/// Exit status: 0 done, or nothing is wrong with the container; 1 refused or wrong, and the output says why and whose turn it is; 2 usage.
#[derive(Debug, Parser)]
#[command(name = "p12", version)]
struct Arguments {
    #[command(subcommand)]
    action: Action,

    /// Print JSON, one object a line
    #[arg(long, global = true, conflicts_with = "quiet")]
    json: bool,

    /// Print only warnings and the end
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Say how each part is encrypted and, with the password, what is in it and what is odd about it
    Inspect(Inspect),
    /// Write everything under another password, for modern programs or for old ones
    Rewrap(Rewrap),
    /// Write key and certificates as PEM
    Extract(Extract),
}

#[derive(Debug, clap::Args)]
struct Inspect {
    /// The container: DER, BER, base64 or PEM
    file: PathBuf,

    #[command(flatten)]
    password: Password,

    /// Do not ask for the password: say only what can be seen from outside
    #[arg(long)]
    closed: bool,

    /// Look at certificates as of this time, in seconds since 1970 (default: now)
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,
}

#[derive(Debug, clap::Args)]
struct Rewrap {
    #[command(flatten)]
    source: Source,

    /// Where the new container goes: a file that only its owner can read
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Who must be able to open it
    #[arg(long, value_enum, default_value_t)]
    profile: ProfileName,

    /// Iterations of each key derivation, from 1000 to 1000000 (default: 100000 modern, 50000 compatible)
    #[arg(long, value_name = "NUMBER")]
    iterations: Option<u32>,

    #[command(flatten)]
    new_password: NewPassword,

    /// Write over the file of --out
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
struct Extract {
    #[command(flatten)]
    source: Source,

    /// Where the PEM goes: a file that only its owner can read
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// What to take out
    #[arg(long, value_enum, default_value_t)]
    what: What,

    /// The key with this friendly name (Java: alias); left out, the only one
    #[arg(long, value_name = "NAME")]
    key: Option<String>,

    /// Encrypt the key under a new password (PKCS #8, PBES2 with AES-256)
    #[arg(long)]
    encrypt_key: bool,

    #[command(flatten)]
    new_password: NewPassword,

    /// Write over the file of --out
    #[arg(long)]
    force: bool,
}

#[derive(Debug, clap::Args)]
struct Source {
    /// The container: DER, BER, base64 or PEM
    file: PathBuf,

    #[command(flatten)]
    password: Password,

    /// Open a container without a checksum too: whoever had it in his hands may have changed it
    #[arg(long)]
    accept_without_mac: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum ProfileName {
    /// AES-256 and SHA-256: OpenSSL, Windows 10 and Server 2019, Java 8u301, 11.0.12, 16 and later
    #[default]
    Modern,
    /// Triple DES and SHA-1: older Windows and Java
    Compatible,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// The key, its certificate and the issuers
    #[default]
    Everything,
    /// The key
    Key,
    /// The certificate and the issuers
    Certificates,
}

/// More than any container that is opened has, also as text.
const LIMIT: u64 = 4 << 20;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = Terminal::new(match (arguments.json, arguments.quiet) {
        (true, _) => Style::Json,
        (_, true) => Style::Quiet,
        _ => Style::Human,
    });
    match &arguments.action {
        Action::Inspect(inspect) => match look(&terminal, inspect) {
            Ok(status) => status,
            Err(problem) => usage("p12", &terminal, &*problem),
        },
        Action::Rewrap(rewrap) => finish("p12", &terminal, written(&terminal, rewrap).await),
        Action::Extract(extract) => finish("p12", &terminal, extracted(&terminal, extract).await),
    }
}

/// The end of work that was refused, with whose turn it is.
fn refused(refusal: &Refusal) -> End {
    // Its text says what to check.
    End::bad(refusal.reason().code(), refusal).fact("whose turn", refusal.advice().turn.as_str())
}

fn look(terminal: &Terminal, inspect: &Inspect) -> Result<ExitCode, Problem> {
    let at = match inspect.at {
        Some(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
        None => TokioRuntime::new().now(),
    };
    let mut context = Context::new(at);
    let octets = read(&inspect.file)?;
    let interactive = std::io::IsTerminal::is_terminal(&std::io::stdin());
    if inspect.password.is_given() || (interactive && !inspect.closed) {
        context.password = Some(inspect.password.read()?);
    }
    Ok(match container(&octets, &context) {
        Some(finding) => show(terminal, &finding),
        None => {
            terminal.json(&json!({ "kind": null }));
            terminal.always(&terminal.bad("not-pkcs12"));
            terminal.always(&format!(
                "  {} is no PKCS #12 container; inspect may know what it is",
                inspect.file.display()
            ));
            ExitCode::from(1)
        }
    })
}

impl Source {
    /// The container, and the password that opens it.
    fn open(&self) -> Result<(SoftToken, SecretString, Pkcs12Policy), Problem> {
        let octets = raw(read(&self.file)?);
        let mut policy = Pkcs12Policy::default();
        if self.accept_without_mac {
            policy = policy.danger_accept_without_mac();
        }
        Ok((SoftToken::new(octets), self.password.read()?, policy))
    }
}

async fn written(terminal: &Terminal, rewrap: &Rewrap) -> Result<End, Problem> {
    outputs(&rewrap.out, &rewrap.new_password, rewrap.force)?;
    let (token, password, policy) = rewrap.source.open()?;
    let chosen = rewrap.new_password.choose()?;
    let (name, profile) = match rewrap.profile {
        ProfileName::Modern => ("modern", Profile::Modern),
        ProfileName::Compatible => ("compatible", Profile::Compatible),
    };
    let mut options = WriteOptions::new(profile);
    if let Some(iterations) = rewrap.iterations {
        options = options.with_iterations(iterations);
    }
    let runtime = TokioRuntime::new();
    let new = chosen.password.clone();
    let written = match token.rewrap_on(&runtime, password, policy, new, options).await {
        Ok(written) => written,
        Err(WriteError::Refused(refusal)) => return Ok(refused(&refusal)),
        Err(other) => return Err(other.into()),
    };
    for finding in written.findings() {
        warn(terminal, finding);
    }
    rewrap.new_password.deliver(&chosen)?;
    let octets = written.token().expose_octets();
    secret_file::write(&rewrap.out, octets, rewrap.force).map_err(|error| wrong(&rewrap.out, &error))?;
    let end = End::good("rewrapped")
        .fact("written to", rewrap.out.display())
        .fact("profile", name)
        .fact("iterations", options.iterations())
        .fact("warnings", written.findings().len());
    Ok(of_password(end, &rewrap.new_password, &chosen))
}

async fn extracted(terminal: &Terminal, extract: &Extract) -> Result<End, Problem> {
    if !extract.encrypt_key && extract.new_password.is_given() {
        return Err("--encrypt-key is missing: what is the new password for?".into());
    }
    if extract.encrypt_key && extract.what == What::Certificates {
        return Err("--encrypt-key: certificates are no secret".into());
    }
    outputs(&extract.out, &extract.new_password, extract.force)?;
    let (token, password, policy) = extract.source.open()?;
    let runtime = TokioRuntime::new();
    let opened = match token.open_on(&runtime, &password, &policy).await {
        Ok(opened) => opened,
        Err(OpenError::Refused(refusal)) => return Ok(refused(&refusal)),
        Err(other) => return Err(other.into()),
    };
    let key = match chosen_key(&opened, extract.key.as_deref()) {
        Ok(key) => key,
        Err(end) => return Ok(end),
    };
    let certificates = key.chain_pem();
    if certificates.is_empty() && extract.what != What::Key {
        return Ok(refused(&smartid::trust::Reason::NoCertificate.into()));
    }
    let mut end = End::good("extracted").fact("written to", extract.out.display());
    let key_pem = if extract.what == What::Certificates {
        SecretString::new("")
    } else if extract.encrypt_key {
        let chosen = extract.new_password.choose()?;
        let pem = match key.encrypted_key_pem(&chosen.password, &WriteOptions::default()) {
            Ok(pem) => pem,
            Err(refusal) => return Ok(refused(&refusal)),
        };
        extract.new_password.deliver(&chosen)?;
        end = of_password(end, &extract.new_password, &chosen);
        pem
    } else {
        step_line(
            terminal,
            "warning",
            "the key stands in the file as it is: whoever has the file has the key",
        );
        key.key_pem()
    };
    // The key first: OpenSSL and curl take both in one file.
    let mut text = String::with_capacity(key_pem.expose().len() + certificates.len());
    text.push_str(key_pem.expose());
    if extract.what != What::Key {
        text.push_str(&certificates);
        end = end.fact("certificates", key.chain().len());
    }
    let text = SecretString::new(text);
    secret_file::write(&extract.out, text.expose().as_bytes(), extract.force)
        .map_err(|error| wrong(&extract.out, &error))?;
    Ok(end)
}

/// The key that is meant.
fn chosen_key<'a>(opened: &'a OpenedToken, name: Option<&str>) -> Result<&'a TokenKey, End> {
    let Some(name) = name else {
        return opened.the_one_key().map_err(|refusal| {
            let names = opened
                .keys()
                .iter()
                .map(|key| format!("{:?}", key.friendly_name().unwrap_or_default()));
            refused(&refusal).fact("keys", names.collect::<Vec<_>>().join(", "))
        });
    };
    let mut named = opened
        .keys()
        .iter()
        .filter(|key| key.friendly_name() == Some(name));
    match (named.next(), named.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(End::bad("no-key", format!("no key is called {name:?}"))),
        (Some(_), Some(_)) => Err(End::bad(
            "several-keys",
            format!("several keys are called {name:?}"),
        )),
    }
}

/// What was done with the password.
fn of_password(end: End, new: &NewPassword, chosen: &Chosen) -> End {
    match (chosen.entropy_bits, &new.password_out) {
        (Some(bits), Some(file)) => end
            .fact("password in", file.display())
            .fact("its entropy", format!("{bits:.0} bits")),
        _ => end,
    }
}

fn warn(terminal: &Terminal, finding: &Finding) {
    terminal.json(&json!({ "event": "warning", "text": finding.to_string() }));
    if terminal.style() != Style::Json {
        error(&format!("p12: warning: {finding}\n"));
    }
}

/// Whether both files can be written, before a person is asked for anything.
fn outputs(out: &Path, new: &NewPassword, force: bool) -> Result<(), Problem> {
    if new.password_out.as_deref() == Some(out) {
        return Err(
            "--password-out: password and container are two secrets, and do not go into one file".into(),
        );
    }
    secret_file::check(out, force).map_err(|error| wrong(out, &error))?;
    new.check()?;
    Ok(())
}

fn wrong(file: &Path, error: &std::io::Error) -> Problem {
    format!("{}: {error}", file.display()).into()
}

fn read(file: &Path) -> Result<Vec<u8>, Problem> {
    let mut octets = Vec::new();
    std::fs::File::open(file)
        .and_then(|opened| opened.take(LIMIT).read_to_end(&mut octets))
        .map_err(|error| wrong(file, &error))?;
    Ok(octets)
}

/// The octets of a container that may be base64, or PEM.
fn raw(octets: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&octets) else {
        return octets;
    };
    let letters: String = text
        .lines()
        .filter(|line| !line.starts_with("-----"))
        .flat_map(str::split_whitespace)
        .collect();
    match decode_lenient(Flavour::Standard, &letters) {
        Ok((decoded, _)) if decoded.first() == Some(&0x30) => decoded,
        _ => octets,
    }
}
