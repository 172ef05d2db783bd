//! How the messaging examples send a command, show its link, wait in front of a person, and end.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use smartid::core::{Advice, Endpoint, Inbox, StoreError};
use smartid::hermod::answers::SignatureRefusal;
use smartid::hermod::qr::QrError;
use smartid::hermod::wait::StateChange;
use smartid::hermod::{
    CommandHeader, CommandReport, HermodDialect, ImmediateResponse, Outcome, Pending, PollPolicy, QrCode,
    auth,
};
use smartid::trust::Certificate;
use smartid::{ConfigError, Error, Hermod, Timestamp};

use crate::arguments::Common;
use crate::simulated::{self, Person};
use crate::terminal::{Style, Terminal, error};
use crate::world::{World, show_warnings};

/// What a program ends with, when nothing is wrong with the program itself.
pub type Problem = Box<dyn StdError + Send + Sync>;

/// A running example: where it runs, and how it prints.
#[derive(Debug)]
#[non_exhaustive]
pub struct Desk {
    /// The installation.
    pub world: World,
    /// Standard output.
    pub terminal: Terminal,
    program: &'static str,
    no_qr: bool,
}

/// A command that was sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sent {
    /// What messaging answered at once.
    pub answer: ImmediateResponse,
    /// What its outcome is found by.
    pub pending: Pending,
}

/// How it ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct End {
    /// A word for scripts.
    pub name: &'static str,
    /// Whether that is what was wanted.
    pub good: bool,
    /// What is known now, in order.
    pub facts: Vec<(&'static str, String)>,
    /// Whose turn it is and what to check, when it is not.
    pub advice: Option<Advice>,
    /// What was wanted is on standard output already, and in quiet style nothing else shall be.
    pub shown: bool,
}

impl End {
    /// What was wanted.
    #[must_use]
    pub fn good(name: &'static str) -> Self {
        Self {
            name,
            good: true,
            facts: Vec::new(),
            advice: None,
            shown: false,
        }
    }

    /// Something else, in a sentence.
    #[must_use]
    pub fn bad(name: &'static str, what: impl ToString) -> Self {
        Self {
            good: false,
            ..Self::good(name).fact("what happened", what)
        }
    }

    /// Adds something that is known.
    #[must_use]
    pub fn fact(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.push((name, value.to_string()));
        self
    }

    /// What was wanted is on standard output already.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.shown = true;
        self
    }

    /// Adds whose turn it is.
    #[must_use]
    pub fn advised(mut self, advice: Advice) -> Self {
        self.advice = Some(advice);
        self
    }

    /// An outcome that brought nothing.
    #[must_use]
    pub fn without_answer<T>(outcome: &Outcome<T>) -> Self {
        let what = match outcome {
            Outcome::Succeeded(_) => "the device answered".to_owned(),
            Outcome::Declined => "the person declined".to_owned(),
            Outcome::Cancelled => "the person cancelled, or the command was withdrawn".to_owned(),
            Outcome::TimedOut => "nobody answered in time".to_owned(),
            Outcome::Failed { code, message } => format!(
                "the app could not do it: {} {}",
                code.as_deref().unwrap_or("no code,"),
                message.as_deref().unwrap_or("no message")
            ),
            Outcome::Unreadable { reason } => format!("the answer cannot be read: {reason}"),
            _ => "it is not over".to_owned(),
        };
        Self::bad(outcome.name(), what)
    }

    /// A call that did not come to its end, with whose turn it is.
    #[must_use]
    pub fn failed(failure: &Error) -> Self {
        Self::bad("call-failed", failure.summary()).advised(failure.advice())
    }

    /// The time is over, and nothing final has come.
    #[must_use]
    pub fn no_answer() -> Self {
        Self::bad(
            "no-answer",
            "neither a callback nor a poll brought an end in time",
        )
    }
}

impl Desk {
    /// Opens the world that the arguments name.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting.
    pub async fn open(program: &'static str, common: &Common) -> Result<Self, ConfigError> {
        show_warnings();
        Ok(Self {
            world: World::open(&common.options()).await?,
            terminal: common.terminal(),
            program,
            no_qr: common.no_qr,
        })
    }

    /// The client of messaging.
    ///
    /// # Errors
    /// When the world has none.
    pub fn hermod(&self) -> Result<&Hermod, smartid::Missing> {
        self.world.smartid.hermod()
    }

    /// Where callbacks are kept.
    #[must_use]
    pub fn inbox(&self) -> Arc<dyn Inbox> {
        Arc::<dyn smartid::FlowStore>::clone(self.world.smartid.store())
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.smartid.runtime().now()
    }

    /// Sends a command. What its outcome is found by is known before: the callback may be faster than the answer.
    ///
    /// # Errors
    /// What messaging says, or that it was not reached.
    pub async fn send<E>(&self, command: &E, header: &CommandHeader) -> Result<Sent, Problem>
    where
        E: Endpoint<Auth = auth::ApiKey, Dialect = HermodDialect, Output = ImmediateResponse>,
    {
        let hermod = self.hermod()?;
        let pending = Pending::new(header, self.now()).expecting_response();
        let answer = hermod.call(command).await?;
        self.step("sent", &format!("command {}", answer.command_id));
        Ok(Sent {
            pending: pending.answered(&answer),
            answer,
        })
    }

    /// Shows a link as text and as a QR code. It is a secret; this shows it to the person it is meant for.
    pub fn show(&self, sentence: &str, link: &str, code: Result<QrCode, QrError>) {
        let terminal = &self.terminal;
        terminal.always(&format!("\n{sentence}\n\n  {}\n", terminal.strong(link)));
        if terminal.style() == Style::Human && terminal.is_interactive() && !self.no_qr {
            match code {
                Ok(code) => terminal.line(&code.expose_terminal()),
                Err(problem) => terminal.line(&format!("(no QR code: {problem})")),
            }
        }
        terminal.json(&json!({ "event": "link", "link": link }));
        if self.world.sim.is_some() {
            terminal.line(&terminal.dim("(Here the simulated person does it, in a moment.)\n"));
        }
    }

    /// Shows the link of a command to a temporary mailbox, for the Desktop App; simulated, somebody opens it. Nothing without a link.
    pub fn show_desktop_link(&self, sentence: &str, sent: &Sent) -> Option<Person> {
        let link = sent.answer.link()?;
        self.show(sentence, link.expose(), link.qr());
        let sim = self.world.sim.as_ref()?;
        Some(simulated::open_on_desktop(sim, link.expose()))
    }

    /// What the simulated app did, for those who want to follow.
    pub async fn tell(&self, person: Option<Person>) {
        if let Some(text) = simulated::told(person).await {
            let text = self.terminal.dim(&format!("     the simulated app: {text}"));
            self.terminal.line(&text);
        }
    }

    /// Waits for the end of a command, and shows what is heard meanwhile. `None`: nothing final came in time.
    ///
    /// # Errors
    /// When the inbox cannot be read.
    pub async fn wait(&self, sent: &Sent, whom: &str) -> Result<Option<CommandReport>, Problem> {
        let (hermod, inbox) = (self.hermod()?, self.inbox());
        let spinner = self.terminal.spin(
            &format!("Waiting for {whom}"),
            Arc::clone(hermod.runtime()),
            sent.pending.expires,
        );
        let policy = PollPolicy::default();
        let mut states = hermod.states(&*inbox, &sent.pending, &policy);
        let mut end = None;
        while let Some(change) = states.next().await {
            match change? {
                StateChange::Unfinished(report) => self.step("state", &report.state.to_string()),
                StateChange::Answered(report) => self.step("answered", &report.state.to_string()),
                StateChange::Polling(_) => self.step("polling", "given up; waiting for the callback alone"),
                StateChange::Ended(waited) => end = waited.report,
                _ => {}
            }
        }
        drop(spinner);
        Self::settle(hermod, &*inbox, &sent.pending).await?;
        if let Some(report) = &end {
            self.step("ended", &report.state.to_string());
        }
        Ok(end)
    }

    /// The outcome is in our hands: the inbox need not keep it.
    async fn settle(hermod: &Hermod, inbox: &dyn Inbox, pending: &Pending) -> Result<(), StoreError> {
        hermod.acknowledge(inbox, pending).await
    }

    /// A line of progress.
    pub fn step(&self, step: &str, text: &str) {
        step_line(&self.terminal, step, text);
    }

    /// Prints the end and gives the exit status: 0 what was wanted, 1 something else, 2 usage or configuration.
    #[must_use]
    pub fn finish(&self, end: Result<End, Problem>) -> ExitCode {
        finish(self.program, &self.terminal, end)
    }
}

/// A line of progress.
pub fn step_line(terminal: &Terminal, step: &str, text: &str) {
    let mark = terminal.good("ok");
    terminal.line(&format!("  {mark} {step:<16} {text}"));
    terminal.json(&json!({ "event": "step", "step": step, "text": text }));
}

/// Prints the end of a program and gives the exit status: 0 what was wanted, 1 something else, 2 usage or configuration.
#[must_use]
pub fn finish(program: &str, terminal: &Terminal, end: Result<End, Problem>) -> ExitCode {
    let end = match end {
        Ok(end) => end,
        Err(problem) => match problem.downcast::<Error>() {
            Ok(failure) => End::failed(&failure),
            Err(problem) => return usage(program, terminal, &*problem),
        },
    };
    let facts: serde_json::Map<String, serde_json::Value> = end
        .facts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    terminal.json(&json!({
        "event": "end",
        "name": end.name,
        "facts": facts,
        "turn": end.advice.as_ref().map(|advice| advice.turn.as_str()),
        "check": end.advice.as_ref().map(|advice| advice.check.as_ref()),
    }));
    if end.shown && end.good && terminal.style() == Style::Quiet {
        return ExitCode::SUCCESS;
    }
    terminal.line("");
    terminal.always(&if end.good {
        terminal.good(end.name)
    } else {
        terminal.bad(end.name)
    });
    for (name, value) in &end.facts {
        terminal.always(&format!("  {name:<16} {value}"));
    }
    if let Some(advice) = &end.advice {
        terminal.always(&format!("  {:<16} {}", "whose turn", advice.turn.as_str()));
        terminal.always(&format!("  {:<16} {}", "to check", advice.check));
    }
    if end.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    }
}

/// A whole program: opens the world that the arguments name, does the work, prints the end.
pub async fn program(
    name: &'static str,
    common: &Common,
    work: impl AsyncFnOnce(&Desk) -> Result<End, Problem>,
) -> ExitCode {
    match Desk::open(name, common).await {
        Ok(desk) => {
            let end = work(&desk).await;
            desk.finish(end)
        }
        Err(problem) => usage(name, &common.terminal(), &problem),
    }
}

/// A mistake in the arguments or the configuration.
#[must_use]
pub fn usage(program: &str, terminal: &Terminal, problem: &dyn StdError) -> ExitCode {
    terminal.json(&json!({ "event": "error", "message": problem.to_string() }));
    error(&format!("{program}: {problem}\n"));
    ExitCode::from(2)
}

/// Certificates (PEM) from files: those that signers must lead to.
///
/// # Errors
/// When there are none, or a file cannot be read.
pub fn read_roots(files: &[PathBuf]) -> Result<Vec<Certificate>, Problem> {
    if files.is_empty() {
        return Err("--root is missing: without it nobody's signature counts".into());
    }
    let mut roots = Vec::new();
    for file in files {
        let pem = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        roots.extend(Certificate::list_from_pem(&pem)?);
    }
    Ok(roots)
}

/// The most exact word for why a signature is refused.
#[must_use]
pub fn reason(refusal: &SignatureRefusal) -> &'static str {
    match refusal.refusal() {
        Some(inner) => inner.reason().code(),
        None => refusal.code(),
    }
}
