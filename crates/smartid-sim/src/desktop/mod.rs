//! The Desktop App with a person in front of it. It is started by a plugout link, talks to the message server over HTTPS, and behaves
//! as its persona says. What it saw and did comes back as a report. What it has in common with the Mobile App stands in `device`; here
//! is what is its own: the authenticator, smart cards and their PINs.

mod attester;
mod authenticator;
mod cards;
mod fido;
pub(crate) mod key;
mod login;
mod pin_reset;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use self::attester::Attester;
use self::authenticator::Flaw;
use crate::config::DesktopConfig;
use crate::device::link::{self, Link};
use crate::device::{App, DeviceProfile, DeviceReport, Refusal, Side, Who, World};
use crate::net::tls::Authority;
use crate::{Persona, SimError};

pub(crate) use self::authenticator::Authenticator;
pub use self::authenticator::SIM_AAGUID;
pub use self::cards::Card;
pub(crate) use self::cards::Tokens;
pub use self::login::LoginReport;

/// The simulated Desktop App. Clones are the same app with the same authenticator, profiles and cards.
#[derive(Clone)]
pub struct Desktop {
    app: Arc<App>,
}

impl fmt::Debug for Desktop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { app: _ } = self;
        f.debug_struct("Desktop").finish_non_exhaustive()
    }
}

fn refused(refusal: &Refusal) -> SimError {
    SimError::Authenticator(format!("{}: {}", refusal.code, refusal.message))
}

fn json(text: &str) -> Result<Value, SimError> {
    serde_json::from_str(text).map_err(|error| SimError::Authenticator(error.to_string()))
}

impl Desktop {
    pub(crate) fn new(world: Arc<World>, authority: Arc<Authority>) -> Self {
        let random = Arc::clone(&world.random);
        let authenticator = Authenticator::new(random, Arc::new(Attester::new(authority)));
        let app = App::new(Side::Desktop, "Desktop App".into(), world, Some(authenticator));
        Self { app: Arc::new(app) }
    }

    /// The person clicks the link: fetches, decides, answers, until nothing is left to do or the session ends.
    ///
    /// # Errors
    /// [`SimError::Link`] when the text is no plugout link; [`SimError::Device`] when the message server cannot be reached or does not
    /// know the link (used before, expired).
    pub async fn open(&self, link: &str) -> Result<DeviceReport, SimError> {
        self.open_as(link, self.app.persona()).await
    }

    /// As [`Desktop::open`], with a persona for this once.
    ///
    /// # Errors
    /// As [`Desktop::open`].
    pub async fn open_as(&self, link: &str, persona: Persona) -> Result<DeviceReport, SimError> {
        self.open_for(link, Who::Persona(persona)).await
    }

    pub(crate) async fn open_for(&self, link: &str, who: Who) -> Result<DeviceReport, SimError> {
        let mut report = DeviceReport::new(match who {
            Who::Persona(persona) => persona,
            Who::Page => Persona::Approves,
        });
        // Only this kind of link is read here.
        let Link::Plugout { box_url, token } = link::plugout(link)? else {
            return Err(SimError::Link("it is no plugout link".into()));
        };
        if who == Who::Persona(Persona::NeverOpens) {
            report.did("did not open the link");
            return Ok(report);
        }
        self.app.visit(&box_url, &token, who, &mut report).await?;
        Ok(report)
    }

    /// Looks once into the mailboxes of all profiles and reacts to what lies there, as the app does when it is started by hand.
    ///
    /// # Errors
    /// [`SimError::Device`] when the message server cannot be reached.
    pub async fn check(&self) -> Result<DeviceReport, SimError> {
        self.check_as(self.app.persona()).await
    }

    /// As [`Desktop::check`], with a persona for this once.
    ///
    /// # Errors
    /// As [`Desktop::check`].
    pub async fn check_as(&self, persona: Persona) -> Result<DeviceReport, SimError> {
        let mut report = DeviceReport::new(persona);
        self.app.look(Who::Persona(persona), &mut report).await?;
        Ok(report)
    }

    /// What the app keeps.
    #[must_use]
    pub fn profiles(&self) -> Vec<DeviceProfile> {
        self.app.views()
    }

    /// Inserts a card, or replaces the one with its `smartcardid`.
    pub fn insert_card(&self, card: Card) {
        self.app.tokens.insert(card);
    }

    /// A virtual smart card that is not a profile's.
    pub fn add_virtual_smart_card(&self, smartcard_id: &str, admin_key: [u8; 24]) {
        self.insert_card(Card::new(smartcard_id).admin_key(admin_key));
    }

    /// The PIN of a card: what PIN reset changes.
    #[must_use]
    pub fn pin_of(&self, smartcard_id: &str) -> Option<String> {
        self.app.tokens.card(smartcard_id).map(|card| card.pin)
    }

    /// The PUK of a card.
    #[must_use]
    pub fn puk_of(&self, smartcard_id: &str) -> Option<String> {
        self.app.tokens.card(smartcard_id).map(|card| card.puk)
    }

    /// The admin key of a card.
    #[must_use]
    pub fn admin_key_of(&self, smartcard_id: &str) -> Option<[u8; 24]> {
        self.app.tokens.card(smartcard_id).map(|card| card.admin_key)
    }

    /// How many wrong PINs a card will still take before it is blocked.
    #[must_use]
    pub fn pin_tries_left(&self, smartcard_id: &str) -> u32 {
        let wrong = self.app.tokens.wrong_pins(smartcard_id);
        self.settings(|config| config.pin_tries.saturating_sub(wrong))
    }

    /// How many wrong proofs of the admin key a card will still take before it is blocked for good.
    #[must_use]
    pub fn admin_tries_left(&self, smartcard_id: &str) -> u32 {
        let wrong = self.app.tokens.wrong_proofs(smartcard_id);
        self.settings(|config| config.admin_tries.saturating_sub(wrong))
    }

    fn settings<T>(&self, read: impl FnOnce(&DesktopConfig) -> T) -> T {
        read(&self.app.world.config.get().desktop)
    }

    fn authenticator(&self) -> Result<&Authenticator, SimError> {
        self.app
            .authenticator
            .as_ref()
            .ok_or_else(|| SimError::Authenticator("there is none".into()))
    }

    /// Makes a registration straight from creation options, without messaging: for samples and for tests of a relying party.
    ///
    /// # Errors
    /// [`SimError::Authenticator`] with the reason as a browser would name it.
    pub fn register(&self, options: &str) -> Result<String, SimError> {
        let options = json(options)?;
        let inner = options.get("publicKey").unwrap_or(&options);
        let authenticator = self.authenticator()?;
        self.settings(|config| authenticator.create(inner, config, Flaw::None))
            .map(|registration| registration.to_string())
            .map_err(|refusal| refused(&refusal))
    }

    /// Signs assertion options (`rpId`, `challenge`, `allowCredentials`) with a credential that was made before.
    ///
    /// # Errors
    /// [`SimError::Authenticator`] when there is no such credential.
    pub fn assert(&self, options: &str) -> Result<String, SimError> {
        let options = json(options)?;
        let authenticator = self.authenticator()?;
        self.settings(|config| authenticator.assert(&options, config))
            .map(|assertion| assertion.to_string())
            .map_err(|refusal| refused(&refusal))
    }

    /// Sets the signature counters back to zero, as if the authenticator had been cloned before its first use.
    pub fn rewind_counters(&self) {
        if let Some(authenticator) = &self.app.authenticator {
            authenticator.rewind();
        }
    }
}
