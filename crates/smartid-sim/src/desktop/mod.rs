//! The Desktop App with a person in front of it. It is started by a plugout link, talks to the message server over HTTPS, and behaves
//! as its persona says. What it saw and did comes back as a report.

mod attester;
mod authenticator;
pub(crate) mod key;
mod link;
mod login;
mod message_client;

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use self::attester::Attester;
use self::authenticator::{Authenticator, Flaw, Refusal};
use self::message_client::MessageClient;
use crate::clock::SimClock;
use crate::config::{DesktopConfig, DesktopStage, LiveConfig};
use crate::hermod::message_options;
use crate::net::client::HttpClient;
use crate::net::tls::Authority;
use crate::random::Random;
use crate::{Persona, SimError};

pub use self::authenticator::SIM_AAGUID;
pub use self::login::LoginReport;

/// The simulated Desktop App. Clones are the same app with the same authenticator.
#[derive(Clone)]
pub struct Desktop {
    parts: Arc<Parts>,
}

struct Parts {
    config: Arc<LiveConfig>,
    clock: SimClock,
    http: HttpClient,
    authenticator: Authenticator,
}

impl fmt::Debug for Desktop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parts: _ } = self;
        f.debug_struct("Desktop").finish_non_exhaustive()
    }
}

/// What the app saw and did. It holds neither the link nor its token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceReport {
    /// Who sat in front of it.
    pub persona: Persona,
    /// Whether the link was opened.
    pub opened: bool,
    /// How many messages were fetched.
    pub messages: u32,
    /// What was done, in order, in plain words.
    pub actions: Vec<String>,
    /// The creation options exactly as they reached the app.
    pub options: Option<String>,
    /// The registration that was sent, as JSON.
    pub registration: Option<String>,
}

/// What the app answers to one message.
struct Reaction {
    answer: Value,
    again: bool,
    leave: bool,
}

impl Desktop {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        clock: SimClock,
        random: Arc<Random>,
        authority: Arc<Authority>,
    ) -> Result<Self, SimError> {
        // The app waits as long as the message server holds its request, therefore no time limit.
        let http = HttpClient::new(authority.client_config("")?, None);
        let authenticator = Authenticator::new(random, Arc::new(Attester::new(authority)));
        Ok(Self {
            parts: Arc::new(Parts {
                config,
                clock,
                http,
                authenticator,
            }),
        })
    }

    /// The person clicks the link: fetches, decides, answers, until nothing is left to do or the session ends.
    ///
    /// # Errors
    /// [`SimError::Link`] when the text is no plugout link; [`SimError::Device`] when the message server cannot be reached or does not
    /// know the link (used before, expired).
    pub async fn open(&self, link: &str) -> Result<DeviceReport, SimError> {
        self.open_as(link, self.parts.config.get().desktop.persona).await
    }

    /// As [`Desktop::open`], with a persona for this once.
    ///
    /// # Errors
    /// As [`Desktop::open`].
    pub async fn open_as(&self, link: &str, persona: Persona) -> Result<DeviceReport, SimError> {
        let mut report = DeviceReport {
            persona,
            opened: false,
            messages: 0,
            actions: Vec::new(),
            options: None,
            registration: None,
        };
        let plugout = link::parse(link)?;
        if persona == Persona::NeverOpens {
            report.actions.push("did not open the link".into());
            return Ok(report);
        }
        let reconnects = self.parts.config.get().desktop.reconnects;
        let (client, mut waiting) = MessageClient::open(&self.parts.http, plugout, reconnects).await?;
        report.opened = true;
        report.actions.push("opened the link".into());
        loop {
            let mut leave = false;
            for mid in std::mem::take(&mut waiting) {
                let Some(message) = client.message(&mid).await? else {
                    continue;
                };
                report.messages += 1;
                let reaction = self.react(persona, &message, &mut report).await;
                leave |= reaction.leave;
                let accepted = client.answer(&mid, &reaction.answer).await?;
                report
                    .actions
                    .push(format!("answered, the message server said {accepted}"));
                if reaction.again {
                    let second = client.answer(&mid, &reaction.answer).await?;
                    report
                        .actions
                        .push(format!("answered again, the message server said {second}"));
                }
                if leave {
                    break;
                }
            }
            if leave {
                return Ok(report);
            }
            match client.wait().await? {
                Some(messages) => waiting = messages,
                None => {
                    report.actions.push("the session ended".into());
                    return Ok(report);
                }
            }
        }
    }

    async fn react(&self, persona: Persona, message: &str, report: &mut DeviceReport) -> Reaction {
        let config = self.parts.config.get();
        let parsed: Value = serde_json::from_str(message).unwrap_or_default();
        let kind = parsed
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("?")
            .to_owned();
        if let Some((raw, options)) = message_options(&config.hermod, message) {
            report
                .actions
                .push(format!("fetched a {kind} message with creation options"));
            report.options = Some(raw);
            return self.create(persona, &options, &config.desktop, report).await;
        }
        let answer = |answer: Value, leave: bool| Reaction {
            answer,
            again: false,
            leave,
        };
        if parsed.get("keepOpen") == Some(&Value::Bool(true)) {
            report
                .actions
                .push(format!("fetched a {kind} message that opens a session"));
            if config.desktop.stage == DesktopStage::Session {
                match persona {
                    Persona::Declines => return answer(json!({"state": "REJECTED"}), true),
                    Persona::Cancels => return answer(json!({"state": "CANCELLED"}), true),
                    Persona::Slow => self.think(&config.desktop, report).await,
                    _ => (),
                }
            }
            return answer(json!({"state": "SUCCESS"}), false);
        }
        report.actions.push(format!("fetched a {kind} message"));
        if kind == "PING" {
            // The one member of deviceinfo whose beginning is documented (hermod 3.10).
            let info = json!({"deviceinfo": {"operatingsystem": "Windows 11"}});
            return answer(json!({"state": "SUCCESS", "response": info}), true);
        }
        let refusal = Refusal::new(
            "NotSupportedError",
            "this simulated app does not handle the message",
        );
        answer(failed(&refusal), true)
    }

    async fn think(&self, config: &DesktopConfig, report: &mut DeviceReport) {
        report
            .actions
            .push(format!("thought for {} seconds", config.slow_seconds));
        self.parts
            .clock
            .sleep(std::time::Duration::from_secs(config.slow_seconds))
            .await;
    }

    async fn create(
        &self,
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
        let leave = |answer: Value| Reaction {
            answer,
            again: false,
            leave: true,
        };
        match persona {
            Persona::Declines if at_create => {
                report.actions.push("declined".into());
                return leave(json!({"state": "REJECTED"}));
            }
            Persona::Cancels if at_create => {
                report.actions.push("cancelled".into());
                return leave(json!({"state": "CANCELLED"}));
            }
            Persona::AlreadyRegistered => {
                report
                    .actions
                    .push("the authenticator is registered already".into());
                let refusal = Refusal::new(
                    "InvalidStateError",
                    "the authenticator holds one of excludeCredentials",
                );
                return leave(failed(&refusal));
            }
            Persona::Garbage => {
                report.actions.push("answered with garbage".into());
                let garbage = json!({"id": "%%%", "rawId": 42, "type": ["public-key"], "response": "<html>", "extra": null});
                return leave(json!({"state": "SUCCESS", "response": garbage}));
            }
            Persona::Slow if at_create => self.think(config, report).await,
            _ => (),
        }
        match self.parts.authenticator.create(options, config, flaw) {
            Ok(registration) => {
                report.actions.push("made a credential".into());
                report.registration = Some(registration.to_string());
                let answer = json!({"state": "SUCCESS", "response": registration});
                Reaction {
                    answer,
                    again: persona == Persona::AnswersTwice,
                    leave: true,
                }
            }
            Err(refusal) => {
                report
                    .actions
                    .push(format!("the authenticator refused: {}", refusal.name));
                leave(failed(&refusal))
            }
        }
    }

    /// Makes a registration straight from creation options, without messaging: for samples and for tests of a relying party.
    ///
    /// # Errors
    /// [`SimError::Authenticator`] with the reason as a browser would name it.
    pub fn register(&self, options: &str) -> Result<String, SimError> {
        let options: Value =
            serde_json::from_str(options).map_err(|error| SimError::Authenticator(error.to_string()))?;
        let inner = options.get("publicKey").unwrap_or(&options);
        self.parts
            .authenticator
            .create(inner, &self.parts.config.get().desktop, Flaw::None)
            .map(|registration| registration.to_string())
            .map_err(|refusal| SimError::Authenticator(format!("{}: {}", refusal.name, refusal.message)))
    }

    /// Signs assertion options (`rpId`, `challenge`, `allowCredentials`) with a credential that was made before.
    ///
    /// # Errors
    /// [`SimError::Authenticator`] when there is no such credential.
    pub fn assert(&self, options: &str) -> Result<String, SimError> {
        let options: Value =
            serde_json::from_str(options).map_err(|error| SimError::Authenticator(error.to_string()))?;
        self.parts
            .authenticator
            .assert(&options, &self.parts.config.get().desktop)
            .map(|assertion| assertion.to_string())
            .map_err(|refusal| SimError::Authenticator(format!("{}: {}", refusal.name, refusal.message)))
    }

    /// Sets the signature counters back to zero, as if the authenticator had been cloned before its first use.
    pub fn rewind_counters(&self) {
        self.parts.authenticator.rewind();
    }
}

fn failed(refusal: &Refusal) -> Value {
    json!({"state": "FAILED", "error": {"code": refusal.name, "message": refusal.message}})
}
