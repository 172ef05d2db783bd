//! A callback receiver on axum that a real messaging server can be pointed at. It prints what comes and believes none of it.
//!
//! `callback-url` of the messaging server's configuration is its address up to `/callback`, and `callback-basic-auth` its user and
//! password. Without `--clients` and `--password-env` it starts a simulated installation, pings a simulated app, prints the callback and
//! ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clap::Parser;
use serde_json::json;
use smartid::core::tower::InboundService;
use smartid::core::{Inbox, Letter, MemoryInbox, Put, Runtime};
use smartid::hermod::callback::CallbackReceiver;
use smartid::hermod::clients::ClientList;
use smartid::hermod::commands::Ping;
use smartid::hermod::{CommandReport, HermodDialect};
use smartid::{ApiKey, Hermod, ReqwestTransport, SecretString, TokioRuntime};
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Problem, usage};
use smartid_examples::printing_inbox::PrintingInbox;
use smartid_examples::simulated::open_on_desktop;
use smartid_examples::terminal::Terminal;
use smartid_examples::world::{Dialects, show_warnings};
use smartid_sim::Sim;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Receive callbacks of Smart ID Messaging, and print them.
///
/// Serves plain HTTP, for a TLS front. Exit status: 0 ended as asked; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "callback-server", version)]
struct Arguments {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: String,

    /// The user of callback-basic-auth
    #[arg(long, value_name = "NAME", default_value = "hermod")]
    user: String,

    /// The environment variable with the password of callback-basic-auth
    #[arg(long, value_name = "NAME")]
    password_env: Option<String>,

    /// The text that messaging's generateclient gave, or its application.yml: user and password are taken from it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["user", "password_env"])]
    clients: Option<PathBuf>,

    /// The entry to take of --clients, by its client-id; the only one when left out
    #[arg(long, value_name = "ID", requires = "clients")]
    client: Option<String>,

    /// End after so many callbacks; left out, at Ctrl-C
    #[arg(long, value_name = "NUMBER")]
    count: Option<u64>,

    /// A TOML file with the table messaging that overrides inferences about the wire
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,

    /// Print one JSON object for each callback
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    show_warnings();
    let terminal = Common::printing(arguments.json);
    match run(&arguments, &terminal).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => usage("callback-server", &terminal, &*problem),
    }
}

async fn run(arguments: &Arguments, terminal: &Terminal) -> Result<(), Problem> {
    let dialect = Dialects::read(arguments.dialect.as_deref())?.messaging;
    let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::new());
    let (sender, mut came) = mpsc::unbounded_channel();
    let inbox: Arc<dyn Inbox> = {
        let (terminal, dialect) = (terminal.clone(), dialect.clone());
        Arc::new(PrintingInbox::new(
            Arc::new(MemoryInbox::new()),
            move |letter, put| {
                print(&terminal, &dialect, letter, put);
                // Nobody counts any more when the program ends.
                let _ = sender.send(());
            },
        ))
    };

    let simulated = arguments.clients.is_none() && arguments.password_env.is_none();
    let password = match &arguments.password_env {
        Some(name) => SecretString::new(
            std::env::var(name).map_err(|_| format!("the environment variable {name} is not set"))?,
        ),
        None => SecretString::new("callback-password"),
    };
    let builder = match &arguments.clients {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            let list = ClientList::read(&text)?;
            let client = match (&arguments.client, list.clients.as_slice()) {
                (Some(id), _) => list.client(id),
                (None, [only]) => Some(only),
                (None, _) => return Err("--client is missing: there is not exactly one entry".into()),
            };
            client
                .ok_or("there is no entry with this client-id")?
                .callback_receiver(Arc::clone(&inbox), Arc::clone(&runtime))
        }
        None => CallbackReceiver::builder(Arc::clone(&inbox), Arc::clone(&runtime))
            .basic_auth(&arguments.user, password.clone()),
    };
    let receiver = Arc::new(builder.dialect(dialect.clone()).build()?);

    let listen = if simulated {
        "127.0.0.1:0"
    } else {
        arguments.listen.as_str()
    };
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("--listen {listen}: {error}"))?;
    let address = listener.local_addr()?;
    terminal.line(&format!(
        "Taking callbacks at http://{address}/callback/<command>, as user {}",
        arguments.user
    ));
    let service = InboundService::new(Arc::clone(&receiver) as _, Arc::clone(&runtime));
    let server = tokio::spawn(axum::serve(listener, Router::new().fallback_service(service)).into_future());

    let simulation = if simulated {
        Some(ping(&format!("http://{address}"), &arguments.user, &password, dialect).await?)
    } else {
        None
    };
    let count = arguments.count.or_else(|| simulated.then_some(1));
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        tokio::select! {
            Some(()) = came.recv() => left -= 1,
            _ = tokio::signal::ctrl_c() => break,
        }
    }
    drop(simulation);
    // The last answer goes out before the program ends.
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.abort();
    let counters = receiver.counters();
    terminal.line(&format!("{counters:?}"));
    Ok(())
}

/// One line, or one object, for a callback. What it says is a claim: nothing here is verified.
fn print(terminal: &Terminal, dialect: &HermodDialect, letter: &Letter, put: Put) {
    let report = match CommandReport::from_letter(letter, dialect) {
        Ok(report) => report,
        Err(problem) => {
            terminal.always(&format!("unreadable: {problem}"));
            return;
        }
    };
    let text = |id: Option<String>| id.unwrap_or_else(|| "-".to_owned());
    let (command, ours) = (
        text(report.command_id.as_ref().map(ToString::to_string)),
        text(report.external_id.as_ref().map(ToString::to_string)),
    );
    let response = report.response.as_ref().map_or(0, String::len);
    terminal.json(&json!({
        "event": "callback", "verb": report.verb, "command": command, "external_id": ours, "state": report.state.to_string(),
        "final": report.is_final(), "response_bytes": response, "error": report.error.as_ref().map(|error| &error.code),
        "put": format!("{put:?}"),
    }));
    terminal.always(&format!(
        "{}  {:<14} command {command}, our id {ours}: {} ({response} bytes of response, {put:?})",
        letter.received(),
        report.verb.as_deref().unwrap_or("-"),
        report.state,
    ));
}

/// A simulated installation that calls back here, with a ping on its way.
async fn ping(
    url: &str,
    user: &str,
    password: &SecretString,
    dialect: HermodDialect,
) -> Result<Sim, Problem> {
    let sim = Sim::start().await?;
    sim.set_callback(url, Some((user, password.expose())));
    let transport = ReqwestTransport::builder()
        .root_pem(sim.ca_pem().as_bytes())
        .build()?;
    let key = ApiKey::new(sim.hermod_client_id(), SecretString::new(sim.hermod_key()))?;
    let hermod = Hermod::builder(&sim.hermod_command_url(), key)
        .dialect(dialect)
        .build(Arc::new(transport), Arc::new(TokioRuntime::new()))?;
    let answer = hermod.call(&Ping::new(hermod.header()).device_info(true)).await?;
    if let Some(link) = answer.link() {
        drop(open_on_desktop(&sim, link.expose()));
    }
    Ok(sim)
}
