//! The simulator as a program: starts, prints where everything is and with which credentials, runs until Ctrl-C. `sample-registrations`
//! prints what the soft authenticator makes, for other people's verifiers.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use smartid_sim::{Persona, Sim, SimConfig, SimError, sample_registrations};

/// Simulator of Nexus Smart ID Messaging (Hermod), Digital Access, Certificate Manager behind Protocol Gateway, the Mobile App and the
/// Desktop App, on loopback.
#[derive(Debug, Parser)]
#[command(name = "smartid-sim", version)]
struct Cli {
    #[command(flatten)]
    run: RunArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct RunArgs {
    /// TOML file with the switches; unknown keys are errors.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Who sits in front of the Desktop App and holds the phone; wins over the file.
    #[arg(long)]
    persona: Option<Persona>,
    /// The phone answers by itself as the persona does, although the control page is served (`mobile.auto`).
    #[arg(long)]
    auto_phone: bool,
    /// Seed of identifiers, tokens and challenges; wins over the file.
    #[arg(long)]
    seed: Option<u64>,
    /// Write the certificate authority's certificate (PEM) to this file.
    #[arg(long)]
    ca_out: Option<PathBuf>,
    /// Write what officers of Certificate Manager need into this folder: for each a PKCS #12 file, a certificate with the issuing
    /// authority's and a key (PEM), and beside them `cm-root.pem`.
    #[arg(long, value_name = "DIR")]
    officers: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Do not serve the control page.
    #[arg(long)]
    no_control: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print registrations of the soft authenticator as JSON lines: one per algorithm and attestation, each with its options, and an
    /// assertion made with the same key.
    SampleRegistrations,
    /// Print the default configuration as TOML.
    DefaultConfig,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string(), 1),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Some(Command::SampleRegistrations) => {
                for line in sample_registrations().await? {
                    print(&line)?;
                }
                Ok(())
            }
            Some(Command::DefaultConfig) => {
                let text = toml_of(&SimConfig::default())?;
                print(&text)
            }
            None => run(cli.run).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error @ SimError::Config(_)) => fail(&error.to_string(), 2),
        Err(error) => fail(&error.to_string(), 1),
    }
}

fn fail(message: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "smartid-sim: {message}");
    ExitCode::from(code)
}

fn print(text: &str) -> Result<(), SimError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        // The reader has seen enough (`| head`).
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

fn toml_of(config: &SimConfig) -> Result<String, SimError> {
    toml::to_string(config).map_err(|error| SimError::Config(error.to_string()))
}

/// What the phone will do.
struct Phone {
    persona: Persona,
    auto: bool,
}

async fn run(args: RunArgs) -> Result<(), SimError> {
    let mut config = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| SimError::Config(format!("{}: {error}", path.display())))?;
            SimConfig::from_toml(&text)?
        }
        None => SimConfig::default(),
    };
    config.control.enabled = !args.no_control;
    config.seed = args.seed.or(config.seed);
    config.desktop.persona = args.persona.unwrap_or(config.desktop.persona);
    config.mobile.persona = args.persona.unwrap_or(config.mobile.persona);
    if args.auto_phone {
        config.mobile.auto = Some(true);
    }
    let persona = config.desktop.persona;
    let password = config.cm.officer_password.clone();
    let phone = Phone {
        persona: config.mobile.persona,
        auto: config.mobile.auto.unwrap_or(!config.control.enabled),
    };
    let sim = Sim::builder().config(config).start().await?;
    if let Some(path) = &args.ca_out {
        std::fs::write(path, sim.ca_pem())?;
    }
    if let Some(folder) = &args.officers {
        write_officers(&sim, folder, &password)?;
    }
    // The handler has to stand before anything is printed: whoever reads the addresses may interrupt at once.
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let at_once = tokio::select! {
        biased;
        result = &mut interrupted => Some(result),
        () = std::future::ready(()) => None,
    };
    if let Some(result) = at_once {
        result?;
        sim.shutdown().await;
        return Ok(());
    }
    let control = sim.control_url();
    let attestation = sim.attestation_jwk()?;
    let (graph_id, graph_secret) = sim.graph_client();
    if args.json {
        let facts = json!({
            "hermod": {
                "commandUrl": sim.hermod_command_url(),
                "clientId": sim.hermod_client_id(),
                "key": sim.hermod_key(),
                "apiKeyHeader": api_key_header(&sim),
            },
            "digitalAccess": digital_access(&sim),
            "graph": {
                "url": sim.graph_url(),
                "tokenUrl": sim.graph_token_url(),
                "clientId": graph_id,
                "clientSecret": graph_secret,
                "scope": sim.graph_scope(),
            },
            "certificateManager": {
                "baseUrl": sim.cm_url(),
                "dpUrl": sim.cm_dp_url(),
                "gatewayUrl": sim.gateway_url(),
                "gatewayPlainUrl": sim.gateway_plain_url(),
                "rootPem": sim.cm_root_pem(),
                "officers": sim.cm().officers(),
                "officersFolder": args.officers,
                "password": args.officers.as_ref().map(|_| &password),
            },
            "control": control,
            "persona": persona,
            "phone": {"persona": phone.persona, "auto": phone.auto},
            "attestationKey": attestation,
            "caPem": sim.ca_pem(),
        });
        print(&facts.to_string())?;
    } else {
        let control = control.map_or_else(
            || "off".to_owned(),
            |url| format!("{url}   (play the devices here)"),
        );
        let officers = args.officers.as_ref().map_or_else(
            || "--officers DIR writes their certificates and keys".to_owned(),
            |folder| {
                format!(
                    "in {}, password of the PKCS #12 files: {password}",
                    folder.display()
                )
            },
        );
        let answers = if phone.auto {
            "answers by itself"
        } else if control == "off" {
            "does not answer"
        } else {
            "waits for you on the control page"
        };
        print(&format!(
            "Smart ID Messaging   {}\n  client id          {}\n  key                {}\n  X-Api-Key          {}\n\
             Digital Access       {}\n  bearer token       {}\n  login page         {}\n  OpenID issuer      {}\n\
             {}\
             Microsoft Graph      {}\n  token endpoint     {}\n  client id, secret  {graph_id} {graph_secret}\n\
             Certificate Manager  {}\n  authorities        {}\n  officers           {officers}\n\
             AST and EUI          {}/ast, /eui\n  pages              {}/request/ast.html, server_base64.html\n\
             Control page         {control}\nDesktop App          {persona}\nMobile App           {}, {answers}\n\
             Attestation key      {attestation}\n\nCertificate authority of the servers:\n{}\n\
             Root of Certificate Manager:\n{}\nCtrl-C stops.",
            sim.hermod_command_url(),
            sim.hermod_client_id(),
            sim.hermod_key(),
            api_key_header(&sim),
            sim.da_base_url(),
            sim.da_token(),
            sim.da_login_url(None, None),
            sim.da_issuer(),
            people(&sim),
            sim.graph_url(),
            sim.graph_token_url(),
            sim.cm_url(),
            sim.cm_dp_url(),
            sim.gateway_url(),
            sim.gateway_plain_url(),
            phone.persona,
            sim.ca_pem(),
            sim.cm_root_pem(),
        ))?;
    }
    interrupted.await?;
    sim.shutdown().await;
    Ok(())
}

/// What a program needs to be a client or a relying party of Digital Access, or to log somebody in there.
fn digital_access(sim: &Sim) -> serde_json::Value {
    let clients = sim.oauth_clients();
    let clients = clients.iter().map(|client| {
        json!({"id": client.id, "secret": client.secret, "scopes": client.scopes, "redirectUris": client.redirect_uris})
    });
    let users = sim.da_users();
    let users = users
        .iter()
        .map(|user| json!({"name": user.name, "password": user.password, "attributes": user.attributes}));
    json!({
        "baseUrl": sim.da_base_url(),
        "token": sim.da_token(),
        "origin": sim.da_origin(),
        "loginUrl": sim.da_login_url(None, None),
        "issuer": sim.da_issuer(),
        "tokenUrl": sim.da_token_url(),
        "revokeUrl": sim.da_revoke_url(),
        "meUrl": sim.da_me_url(),
        "resources": sim.front_urls().into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        "clients": clients.collect::<Vec<_>>(),
        "users": users.collect::<Vec<_>>(),
    })
}

/// Web resources, clients with their secrets and users with their passwords, a line for each.
fn people(sim: &Sim) -> String {
    let resources = sim.front_urls();
    let resources = resources
        .iter()
        .map(|(_, url)| format!("  web resource       {url}\n"));
    let clients = sim.oauth_clients();
    let clients = clients
        .iter()
        .map(|client| format!("  OAuth client       {}, secret {}\n", client.id, client.secret));
    let users = sim.da_users();
    let users = users
        .iter()
        .map(|user| format!("  user               {}, password {}\n", user.name, user.password));
    resources.chain(clients).chain(users).collect()
}

/// Files for everybody who has a certificate of Certificate Manager.
fn write_officers(sim: &Sim, folder: &Path, password: &str) -> Result<(), SimError> {
    std::fs::create_dir_all(folder)?;
    for name in sim.cm().officers() {
        let officer = sim.officer(&name)?;
        let identity = officer.identity();
        std::fs::write(folder.join(format!("{name}.p12")), officer.p12(password)?)?;
        std::fs::write(folder.join(format!("{name}.pem")), identity.certificate_pem)?;
        std::fs::write(folder.join(format!("{name}.key")), identity.key_pem)?;
    }
    std::fs::write(folder.join("cm-root.pem"), sim.cm_root_pem())?;
    Ok(())
}

/// The value of `X-Api-Key`: base64 of `client-id:key`.
fn api_key_header(sim: &Sim) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!(
        "{}:{}",
        sim.hermod_client_id(),
        sim.hermod_key()
    ))
}
