//! FIDO on the Desktop App: the message that opens a session, and the one that asks for a credential (protocol notes: hermod 3.9).

use serde_json::{Value, json};

use super::authenticator::{Authenticator, Flaw};
use crate::Persona;
use crate::config::{DesktopConfig, DesktopStage};
use crate::device::command::{Command, Kind};
use crate::device::{App, DeviceReport, Reaction, Refusal, Who};
use crate::hermod::message_options;

impl App {
    /// The reaction, if the message belongs to a FIDO flow.
    pub(crate) async fn fido(
        &self,
        who: Who,
        message: &str,
        command: &Command,
        report: &mut DeviceReport,
    ) -> Option<Reaction> {
        let authenticator = self.authenticator.as_ref()?;
        let config = self.world.config.get();
        let desktop = &config.desktop;
        if let Some((raw, options)) = message_options(&config.hermod, message) {
            report.did(format!(
                "fetched a {} message with creation options",
                command.name
            ));
            report.options = Some(raw);
            if let Some(relying_party) = options.pointer("/rp/id") {
                report.fact("relying party", Some(relying_party));
            }
            let persona = self.decision(who, &command.name, report).await;
            if persona == Persona::Slow && desktop.stage == DesktopStage::Create {
                self.think(report).await;
            }
            return Some(create(authenticator, persona, &options, desktop, report));
        }
        // A box may be kept open for other reasons; those commands say what they want.
        let starts = matches!(command.kind, Kind::Other | Kind::Ping)
            || command.body.get("operation") == Some(&json!("start"));
        if !(command.keep_open && starts) {
            return None;
        }
        report.did(format!("fetched a {} message that opens a session", command.name));
        if desktop.stage == DesktopStage::Session {
            match self.decision(who, &command.name, report).await {
                Persona::Declines => return Some(Reaction::rejected()),
                Persona::Cancels => return Some(Reaction::cancelled()),
                Persona::Slow => self.think(report).await,
                _ => (),
            }
        }
        let mut reaction = Reaction::success(None);
        reaction.leave = false;
        Some(reaction)
    }
}

fn create(
    authenticator: &Authenticator,
    persona: Persona,
    options: &Value,
    config: &DesktopConfig,
    report: &mut DeviceReport,
) -> Reaction {
    let at_create = config.stage == DesktopStage::Create;
    let flaw = match persona {
        Persona::WrongChallenge => Flaw::Challenge,
        Persona::WrongOrigin => Flaw::Origin,
        Persona::ForgesSignature => Flaw::Signature,
        _ => Flaw::None,
    };
    match persona {
        Persona::Declines if at_create => {
            report.did("declined");
            return Reaction::rejected();
        }
        Persona::Cancels if at_create => {
            report.did("cancelled");
            return Reaction::cancelled();
        }
        Persona::AlreadyRegistered => {
            report.did("the authenticator is registered already");
            return Reaction::failed(Refusal::new(
                "InvalidStateError",
                "the authenticator holds one of excludeCredentials",
            ));
        }
        Persona::Garbage => {
            report.did("answered with garbage");
            return Reaction::success(Some(
                json!({"id": "%%%", "rawId": 42, "type": ["public-key"], "response": "<html>", "extra": null}),
            ));
        }
        _ => (),
    }
    match authenticator.create(options, config, flaw) {
        Ok(registration) => {
            report.did("made a credential");
            report.registration = Some(registration.to_string());
            let mut reaction = Reaction::success(Some(registration));
            reaction.again = persona == Persona::AnswersTwice;
            reaction
        }
        Err(refusal) => {
            report.did(format!("the authenticator refused: {}", refusal.code));
            Reaction::failed(refusal)
        }
    }
}
