//! A web application that people log in to with Personal Mobile or Personal Desktop.
//!
//! Without `--config` it brings a simulated installation along, with an enrolled phone, a card in the computer and a person who answers.
//! `--once` logs in by itself, with each method, and ends.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use smartid_examples::arguments::Common;
use smartid_examples::desk::{Desk, End, Problem, finish, step_line, usage};
use smartid_examples::enrolment::Person;
use smartid_examples::personal_login::{App, Browser, Files, Served, Serving, simulated};
use smartid_examples::terminal::Terminal;

/// Let people log in with Personal Mobile or Personal Desktop, as Digital Access does with a method's settings.
///
/// Serves plain HTTP on loopback, for a TLS front. Exit status: 0 ended as asked, and with --once everybody was logged in; 1 a login of
/// --once ended otherwise, and the output says how; 2 usage or configuration.
#[derive(Debug, Parser)]
#[command(name = "personal-login", version)]
struct Arguments {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8091")]
    listen: String,

    /// The host name of the TLS front, with its port if that is not 443; cookies are Secure then
    #[arg(long, value_name = "HOST")]
    host: Option<String>,

    /// Log in by itself, with each method or with that of --method, and end; simulated only
    #[arg(long, conflicts_with = "config")]
    once: bool,

    /// The display name of the one method that --once logs in with
    #[arg(long, value_name = "NAME", requires = "once")]
    method: Option<String>,

    /// The user name that --once types
    #[arg(long, value_name = "ID", requires = "once")]
    typed: Option<String>,

    #[command(flatten)]
    files: Files,

    #[command(flatten)]
    person: Person,

    #[command(flatten)]
    common: Common,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = arguments.common.terminal();
    let mut desk = match Desk::open("personal-login", &arguments.common).await {
        Ok(desk) => desk,
        Err(problem) => return usage("personal-login", &terminal, &problem),
    };
    let end = run(&mut desk, &arguments, &terminal).await;
    finish("personal-login", &terminal, end)
}

async fn run(desk: &mut Desk, arguments: &Arguments, terminal: &Terminal) -> Result<End, Problem> {
    let persona = arguments.common.persona.unwrap_or_default();
    let (installation, receiver) = if desk.world.sim.is_some() {
        let methods = arguments.files.methods.as_deref();
        let (installation, receiver) = simulated(desk, &arguments.person, persona, methods).await?;
        (installation, Some(receiver))
    } else {
        // Callbacks come to the address that the configuration names.
        (arguments.files.open(desk)?, None)
    };
    let names: Vec<String> = installation
        .logins
        .iter()
        .map(|login| login.method().display_name().to_owned())
        .collect();
    let mut serving = Serving::default();
    serving.listen = if arguments.once {
        "127.0.0.1:0".to_owned()
    } else {
        arguments.listen.clone()
    };
    serving.host.clone_from(&arguments.host);
    let served = App::serve(installation, &serving, receiver, terminal.clone()).await?;
    if arguments.once {
        return once(&served, &names, arguments, terminal).await;
    }
    terminal.always(&format!("Log in at http://{}/", served.address));
    if desk_is_simulated(arguments) {
        terminal.line(
            &terminal.dim("The simulated person answers by itself; the user name is user1. Ctrl-C ends."),
        );
    }
    terminal.json(&serde_json::json!({ "event": "serving", "url": format!("http://{}/", served.address) }));
    tokio::signal::ctrl_c().await?;
    Ok(End::good("ended"))
}

fn desk_is_simulated(arguments: &Arguments) -> bool {
    arguments.common.config.is_none()
}

/// Logs in with each method, as a browser would.
async fn once(
    served: &Served,
    names: &[String],
    arguments: &Arguments,
    terminal: &Terminal,
) -> Result<End, Problem> {
    let wanted = |name: &&String| arguments.method.as_ref().is_none_or(|wanted| wanted == *name);
    if !names.iter().any(|name| wanted(&name)) {
        return Err("--method: there is no usable method with this display name".into());
    }
    let mut end = End::good("logged-in");
    for (index, name) in names.iter().enumerate().filter(|(_, name)| wanted(name)) {
        // Without certificates somebody has to be typed; elsewhere the certificate says who it is.
        let typed = match &arguments.typed {
            Some(typed) => typed.as_str(),
            None if name.contains("without certificates") => "user1",
            None => "",
        };
        match visit(served, index, typed).await? {
            Ok(user) => {
                step_line(terminal, "logged in", &format!("{user}, {name}"));
                end = end.fact("user", format!("{user}, {name}"));
            }
            Err(message) => return Ok(End::bad("not-logged-in", message).fact("method", name)),
        }
    }
    Ok(end)
}

/// One login from the first page to the last; the user, or what the page says instead.
async fn visit(served: &Served, method: usize, typed: &str) -> Result<Result<String, String>, Problem> {
    let mut browser = Browser::new(served.address);
    let page = browser.get("/").await?;
    let form = format!("token={}&method={method}&user={typed}", Browser::token(&page)?);
    let mut seen = browser.post("/login", &[], &form).await?;
    if seen.header("location") == Some("/wait") {
        let page = browser.get("/wait").await?;
        let picture = browser.get("/picture").await?;
        if !page.text().contains("/picture") || !picture.body.starts_with(&[0xff, 0xd8, 0xff]) {
            return Err("the page has no picture".into());
        }
        while browser.get("/state").await?.text().contains("waiting") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let before = browser.cookie().map(str::to_owned);
        seen = browser.get("/wait").await?;
        if seen.header("set-cookie").is_some() && browser.cookie() == before.as_deref() {
            return Err("the cookie was not renewed".into());
        }
    }
    let page = browser.get(seen.header("location").unwrap_or("/")).await?;
    Ok(page
        .between("You are logged in as <strong>", "</strong>")
        .ok_or_else(|| {
            let message = page.between("role=\"alert\">", "<");
            message.unwrap_or_else(|| "the page says nothing".to_owned())
        }))
}
