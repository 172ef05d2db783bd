//! Decides what to do with a message: shows it, asks the person, does it, and lets the hostile ones spoil it.

use serde_json::{Value, json};

use super::command::{Command, Kind, entries};
use super::report::ShownAs;
use super::{App, DeviceReport, Reaction, Refusal, Side, Who};
use crate::Persona;
use crate::sync::lock;

impl App {
    /// `home` is the profile in whose mailbox the message lay; a temporary box has none.
    pub(crate) async fn react(
        &self,
        who: Who,
        message: &str,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Reaction {
        let Some(command) = Command::read(message) else {
            report.did("fetched something that is no message");
            return Reaction::failed(Refusal::new("SyntaxError", "the message is not a JSON object"));
        };
        report.commands.push(command.name.clone());
        if let Some(reaction) = self.fido(who, message, &command, report).await {
            return reaction;
        }
        report.did(format!("fetched a {} message", command.name));
        if command.kind == Kind::Ping {
            return self.ping(&command);
        }
        if command.kind == Kind::Other {
            return Reaction::failed(Refusal::new(
                "NotSupportedError",
                "this simulated app does not handle the message",
            ));
        }
        self.show(&command, report);
        let persona = self.decision(who, &command.name, report).await;
        let done = match persona {
            Persona::Declines => {
                report.did("declined");
                return Reaction::rejected();
            }
            Persona::Cancels => {
                report.did("cancelled");
                return Reaction::cancelled();
            }
            Persona::Garbage => {
                report.did("answered with garbage");
                return Reaction::success(Some(
                    json!({"format": 42, "data": ["<html>"], "nonce": {}, "extra": null}),
                ));
            }
            Persona::Slow => {
                self.think(report).await;
                self.perform(persona, &command, home, report).await
            }
            _ => self.perform(persona, &command, home, report).await,
        };
        match done {
            Ok(mut reaction) => {
                if report.redirect.is_some() {
                    report.redirected = true;
                }
                self.repeat(persona, command.kind, &mut reaction, report);
                reaction.again = persona == Persona::AnswersTwice;
                reaction.leave = !command.keep_open;
                reaction
            }
            Err(refusal) => {
                report.did(format!("refused: {} ({})", refusal.code, refusal.message));
                Reaction::failed(refusal)
            }
        }
    }

    /// Asks the page when it decides.
    pub(crate) async fn decision(&self, who: Who, command: &str, report: &mut DeviceReport) -> Persona {
        match who {
            Who::Persona(persona) => persona,
            Who::Page => {
                let mut shutdown = self.world.shutdown.clone();
                let persona = tokio::select! {
                    persona = self.world.desk.ask(&self.name, command, report) => persona,
                    // Nobody will decide any more.
                    _ = shutdown.wait_for(|stopped| *stopped) => Persona::Cancels,
                };
                report.persona = persona;
                persona
            }
        }
    }

    /// What the screen says before anybody decides. What cannot be shown is refused later, by what reads it.
    fn show(&self, command: &Command, report: &mut DeviceReport) {
        let profile = command.body.get("profile");
        let member = |name: &str| profile.and_then(|profile| profile.get(name));
        report.fact("user", command.body.get("userid"));
        report.fact("server", member("servername"));
        report.fact("profile", member("name"));
        for name in ["smartcardid", "profileid", "operation"] {
            report.fact(name, command.body.get(name));
        }
        if matches!(command.kind, Kind::Sign | Kind::Authenticate) {
            for (name, role) in [
                ("description", ShownAs::Description),
                ("tbs", ShownAs::ToBeSigned),
            ] {
                report
                    .shown
                    .extend(entries(command.params(), name, role).unwrap_or_default());
            }
        }
    }

    async fn perform(
        &self,
        persona: Persona,
        command: &Command,
        home: Option<&str>,
        report: &mut DeviceReport,
    ) -> Result<Reaction, Refusal> {
        match command.kind {
            Kind::Provision => self.provision(persona, command, report).await,
            Kind::Certificate => self.install(persona, command, home, report),
            Kind::Sign | Kind::Authenticate => self.sign(persona, command, home, report),
            Kind::Delete => self.delete(persona, command, home, report),
            Kind::StartPinReset if self.side == Side::Desktop => {
                self.start_pin_reset(persona, command, home, report).await
            }
            Kind::EndPinReset if self.side == Side::Desktop => self.end_pin_reset(persona, command, report),
            // Only the Desktop App resets PINs (hermod 3.6, D).
            _ => Err(Refusal::new("NotSupportedError", "this app has no such command")),
        }
    }

    /// A ping is answered without the person. Only `deviceinfo` and the beginning of one member's name are documented (hermod 3.10, D).
    fn ping(&self, command: &Command) -> Reaction {
        let config = self.world.config.get();
        let system = match self.side {
            Side::Mobile => &config.mobile.operating_system,
            Side::Desktop => &config.desktop.operating_system,
        };
        let asked = matches!(command.body.get("deviceinfo"), Some(Value::Bool(true)))
            || command.text("deviceinfo") == Some("true");
        let response =
            (asked && !system.is_empty()).then(|| json!({"deviceinfo": {"operatingsystem": system}}));
        let mut reaction = Reaction::success(response);
        reaction.leave = !command.keep_open;
        reaction
    }

    /// Keeps the answer, and puts an earlier one in its place for those who send old ones.
    fn repeat(&self, persona: Persona, kind: Kind, reaction: &mut Reaction, report: &mut DeviceReport) {
        let Some(response) = reaction.response.clone() else {
            return;
        };
        let earlier = lock(&self.earlier).insert(kind, response);
        if persona == Persona::ReplaysOld
            && let Some(earlier) = earlier
        {
            report.did("sent an earlier answer again");
            reaction.response = Some(earlier.clone());
            lock(&self.earlier).insert(kind, earlier);
        }
    }
}
