//! What the Mobile App and the Desktop App have in common: they fetch messages, show them to a person, answer with keys that they keep.
//! The files beside this one each play one command; what is the Desktop App's alone stands in its own folder.

mod certificate;
mod choose;
mod client;
pub(crate) mod command;
mod desk;
mod filter;
mod flaw;
pub(crate) mod link;
mod plan;
mod provision;
mod react;
mod report;
mod session;
mod sign;
mod store;
mod xmldsig;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use self::client::MessageClient;
pub(crate) use self::desk::Desk;
pub use self::report::{DeviceReport, Shown, ShownAs};
pub use self::store::{DeviceKey, DeviceProfile, VisualId};
pub(crate) use self::store::{Profile, StoredKey};
use crate::clock::SimClock;
use crate::config::{KeyAbilities, LiveConfig};
use crate::desktop::{Authenticator, Tokens};
use crate::net::client::HttpClient;
use crate::pki::attestation::BuiltIn;
use crate::pki::{KeySource, TestCa};
use crate::random::Random;
use crate::sync::lock;
use crate::{Persona, SimError};

/// Why an app refuses a command: goes out as `error {code, message}`. No code table of the product is public (protocol notes: hermod 7),
/// so the codes are the simulator's own, and the browser's for FIDO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// A member of a command that cannot be used.
    pub(crate) fn parameter(message: impl Into<String>) -> Self {
        Self::new("INVALID_PARAMETER", message)
    }
}

impl From<SimError> for Refusal {
    fn from(error: SimError) -> Self {
        Self::new("UnknownError", error.to_string())
    }
}

/// Which app it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Mobile,
    Desktop,
}

/// Who decides about a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Persona(Persona),
    /// A person on the control page.
    Page,
}

/// What happens on the app once the message server has taken the answer.
pub(crate) enum Effect {
    /// The profile is new or changed.
    Keep(Box<Profile>),
    /// The profiles are gone.
    Forget(Vec<String>),
}

/// What an app answers to one message.
pub(crate) struct Reaction {
    pub(crate) state: &'static str,
    pub(crate) response: Option<Value>,
    pub(crate) error: Option<Refusal>,
    /// Answer a second time.
    pub(crate) again: bool,
    /// Close the box afterwards.
    pub(crate) leave: bool,
    pub(crate) effect: Option<Effect>,
}

impl Reaction {
    fn with_state(state: &'static str) -> Self {
        Self {
            state,
            response: None,
            error: None,
            again: false,
            leave: true,
            effect: None,
        }
    }

    pub(crate) fn success(response: Option<Value>) -> Self {
        Self {
            response,
            ..Self::with_state("SUCCESS")
        }
    }

    pub(crate) fn rejected() -> Self {
        Self::with_state("REJECTED")
    }

    pub(crate) fn cancelled() -> Self {
        Self::with_state("CANCELLED")
    }

    pub(crate) fn failed(refusal: Refusal) -> Self {
        Self {
            error: Some(refusal),
            ..Self::with_state("FAILED")
        }
    }

    pub(crate) fn then(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    fn to_json(&self) -> Value {
        let mut answer = json!({"state": self.state});
        if let Some(response) = &self.response {
            crate::json::put(&mut answer, "/response", response.clone());
        }
        if let Some(Refusal { code, message }) = &self.error {
            crate::json::put(&mut answer, "/error", json!({"code": code, "message": message}));
        }
        answer
    }
}

/// What all apps of one simulator share.
pub(crate) struct World {
    pub(crate) config: Arc<LiveConfig>,
    pub(crate) clock: SimClock,
    pub(crate) random: Arc<Random>,
    pub(crate) http: HttpClient,
    /// The key that is built into every app.
    pub(crate) attestation: Arc<BuiltIn>,
    /// The authority of those who do not belong here, made when it is first wanted.
    stranger: OnceLock<TestCa>,
    /// Messages that wait for a person on the control page.
    pub(crate) desk: Desk,
    /// Counts changes of settings and personas, so that a phone that lets messages lie looks again.
    woken: watch::Sender<u64>,
    /// Ends the phones' listening.
    pub(crate) shutdown: watch::Receiver<bool>,
}

impl World {
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        clock: SimClock,
        random: Arc<Random>,
        http: HttpClient,
        attestation: Arc<BuiltIn>,
        shutdown: watch::Receiver<bool>,
    ) -> Self {
        Self {
            attestation,
            stranger: OnceLock::new(),
            desk: Desk::default(),
            woken: watch::Sender::new(0),
            config,
            clock,
            random,
            http,
            shutdown,
        }
    }

    /// Where keys come from.
    pub(crate) fn keys(&self) -> &KeySource {
        self.attestation.source()
    }

    /// An authority that nobody trusts.
    pub(crate) fn stranger(&self) -> Result<&TestCa, SimError> {
        if let Some(made) = self.stranger.get() {
            return Ok(made);
        }
        let made = TestCa::new(
            self.random.below("stranger", u64::MAX),
            self.clock.unix_millis() / 1000,
        )?;
        Ok(self.stranger.get_or_init(|| made))
    }

    /// Settings have changed.
    pub(crate) fn wake(&self) {
        self.woken.send_modify(|count| *count = count.wrapping_add(1));
    }

    pub(crate) fn waker(&self) -> watch::Receiver<u64> {
        self.woken.subscribe()
    }
}

/// One installed app.
pub(crate) struct App {
    pub(crate) side: Side,
    /// What the control page calls it.
    pub(crate) name: String,
    pub(crate) world: Arc<World>,
    pub(crate) profiles: Mutex<Vec<Profile>>,
    /// Smart cards, and PIN counters of profiles that are on none.
    pub(crate) tokens: Tokens,
    /// Only the Desktop App has one.
    pub(crate) authenticator: Option<Authenticator>,
    /// The last answer to each kind of command, for those who send it again.
    earlier: Mutex<HashMap<command::Kind, Value>>,
    /// A person of its own.
    persona: Mutex<Option<Persona>>,
    /// Profiles whose mailbox is listened to.
    pub(crate) listening: Mutex<HashSet<String>>,
    /// Told to listen, whatever the switch says.
    pub(crate) serving: Mutex<bool>,
    /// What was done without being asked through a link.
    reports: Mutex<Vec<DeviceReport>>,
}

/// So many reports are kept; the oldest go first.
const MAX_REPORTS: usize = 1000;

impl App {
    pub(crate) fn new(
        side: Side,
        name: String,
        world: Arc<World>,
        authenticator: Option<Authenticator>,
    ) -> Self {
        Self {
            side,
            name,
            world,
            profiles: Mutex::default(),
            tokens: Tokens::default(),
            authenticator,
            earlier: Mutex::default(),
            persona: Mutex::default(),
            listening: Mutex::default(),
            serving: Mutex::default(),
            reports: Mutex::default(),
        }
    }

    pub(crate) fn persona(&self) -> Persona {
        let own = *lock(&self.persona);
        own.unwrap_or_else(|| {
            let config = self.world.config.get();
            match self.side {
                Side::Mobile => config.mobile.persona,
                Side::Desktop => config.desktop.persona,
            }
        })
    }

    pub(crate) fn set_persona(&self, persona: Option<Persona>) {
        *lock(&self.persona) = persona;
        self.world.wake();
    }

    fn reconnects(&self) -> u32 {
        let config = self.world.config.get();
        match self.side {
            Side::Mobile => config.mobile.reconnects,
            Side::Desktop => config.desktop.reconnects,
        }
    }

    fn abilities(&self) -> KeyAbilities {
        let config = self.world.config.get();
        match self.side {
            Side::Mobile => config.mobile.keys.clone(),
            Side::Desktop => config.desktop.keys.clone(),
        }
    }

    /// The slow person thinks.
    pub(crate) async fn think(&self, report: &mut DeviceReport) {
        let config = self.world.config.get();
        let seconds = match self.side {
            Side::Mobile => config.mobile.slow_seconds,
            Side::Desktop => config.desktop.slow_seconds,
        };
        report.did(format!("thought for {seconds} seconds"));
        self.world.clock.sleep(Duration::from_secs(seconds)).await;
    }

    pub(crate) fn keep_report(&self, report: DeviceReport) {
        let mut reports = lock(&self.reports);
        if reports.len() >= MAX_REPORTS {
            reports.remove(0);
        }
        reports.push(report);
    }

    pub(crate) fn reports(&self) -> Vec<DeviceReport> {
        lock(&self.reports).clone()
    }

    pub(crate) fn views(&self) -> Vec<DeviceProfile> {
        lock(&self.profiles).iter().map(Profile::view).collect()
    }

    pub(crate) fn profile(&self, id: &str) -> Option<Profile> {
        lock(&self.profiles)
            .iter()
            .find(|profile| profile.id == id)
            .cloned()
    }

    /// The message server knows the profile's mailbox no more.
    pub(crate) fn lose_mailbox(&self, id: &str) {
        if let Some(profile) = lock(&self.profiles).iter_mut().find(|profile| profile.id == id) {
            profile.mailbox = None;
        }
    }

    /// A client for the profile's own mailbox.
    pub(crate) fn mailbox_of(&self, id: &str) -> Option<MessageClient> {
        let mailbox = self.profile(id)?.mailbox?;
        Some(MessageClient::known(
            &self.world.http,
            &mailbox.url,
            Some(mailbox.session),
            self.reconnects(),
        ))
    }
}
