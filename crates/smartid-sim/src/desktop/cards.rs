//! Smart cards, real and virtual: a PIN, a PUK, an admin key, counters for wrong ones, and the keys of cards that no profile is on.

use std::collections::HashMap;
use std::fmt;
use std::sync::Mutex;

use crate::config::DesktopConfig;
use crate::device::{Profile, Refusal, StoredKey};
use crate::pki::{Key, admin_key};
use crate::sync::lock;

/// A card to insert.
///
/// ```
/// use smartid_sim::Card;
///
/// let card = Card::new("8949017200001").admin_key([7; 24]).pin("4711").driver("yubi", "minidriver");
/// assert!(!format!("{card:?}").contains("4711"));
/// ```
#[derive(Clone)]
pub struct Card {
    pub(super) smartcard_id: String,
    pub(super) driver: String,
    pub(super) driver_type: String,
    pub(super) admin_key: [u8; 24],
    pub(super) pin: String,
    pub(super) puk: String,
    keys: Vec<StoredKey>,
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            smartcard_id,
            driver,
            driver_type,
            admin_key: _,
            pin: _,
            puk: _,
            keys,
        } = self;
        f.debug_struct("Card")
            .field("smartcard_id", smartcard_id)
            .field("driver", driver)
            .field("driver_type", driver_type)
            .field("keys", &keys.len())
            .finish_non_exhaustive()
    }
}

impl Card {
    /// A virtual smart card with an admin key of zeros, the PIN 123456 and the PUK 12345678.
    #[must_use]
    pub fn new(smartcard_id: impl Into<String>) -> Self {
        Self {
            smartcard_id: smartcard_id.into(),
            driver: "vsc".into(),
            driver_type: "minidriver".into(),
            admin_key: [0; 24],
            pin: "123456".into(),
            puk: "12345678".into(),
            keys: Vec::new(),
        }
    }

    /// Its admin key: three keys of triple DES.
    #[must_use]
    pub fn admin_key(mut self, key: [u8; 24]) -> Self {
        self.admin_key = key;
        self
    }

    /// Its PIN.
    #[must_use]
    pub fn pin(mut self, pin: impl Into<String>) -> Self {
        self.pin = pin.into();
        self
    }

    /// Its PUK.
    #[must_use]
    pub fn puk(mut self, puk: impl Into<String>) -> Self {
        self.puk = puk.into();
        self
    }

    /// Which driver handles it: name and type as in startpinreset (hermod 3.6, D), for example `yubi` and `minidriver`.
    #[must_use]
    pub fn driver(mut self, name: impl Into<String>, kind: impl Into<String>) -> Self {
        self.driver = name.into();
        self.driver_type = kind.into();
        self
    }

    /// A key on it, with its certificate and those above it (DER), nearest first. The usage is `SIG`, `AUTH` or `ENC`.
    #[must_use]
    pub fn key(
        mut self,
        id: impl Into<String>,
        usage: impl Into<String>,
        key: &Key,
        chain: &[Vec<u8>],
    ) -> Self {
        self.keys.push(StoredKey {
            id: id.into(),
            usage: usage.into(),
            storage: "TOKEN".into(),
            mechanism: None,
            key: key.clone(),
            chain: chain.to_vec(),
            protection: None,
            recovered: false,
        });
        self
    }
}

/// A proof of the admin key that is under way.
pub(super) struct Challenge {
    pub(super) card: String,
    pub(super) nonce: [u8; 8],
    pub(super) operation: String,
    pub(super) transport: Option<Key>,
}

#[derive(Default)]
struct Inner {
    cards: Vec<Card>,
    /// Wrong PINs in a row, by `smartcardid` or profile id.
    wrong_pins: HashMap<String, u32>,
    /// Wrong proofs of the admin key in a row.
    wrong_proofs: HashMap<String, u32>,
    challenge: Option<Challenge>,
}

/// All cards of one app. A phone has none; its profiles still count wrong PINs here.
#[derive(Default)]
pub(crate) struct Tokens(Mutex<Inner>);

fn tries(left: u32) -> String {
    format!("{left} tries left")
}

impl Tokens {
    pub(super) fn insert(&self, card: Card) {
        let mut inner = lock(&self.0);
        inner.wrong_pins.remove(&card.smartcard_id);
        inner.wrong_proofs.remove(&card.smartcard_id);
        inner.cards.retain(|held| held.smartcard_id != card.smartcard_id);
        inner.cards.push(card);
    }

    pub(super) fn card(&self, id: &str) -> Option<Card> {
        self.find(|card| card.smartcard_id == id)
    }

    pub(super) fn find(&self, wanted: impl Fn(&Card) -> bool) -> Option<Card> {
        lock(&self.0).cards.iter().find(|card| wanted(card)).cloned()
    }

    /// A profile with keys in a store that is a card makes a virtual smart card.
    pub(crate) fn enrol(&self, config: &DesktopConfig, profile: &Profile) {
        let on_card = profile
            .keys
            .iter()
            .any(|key| config.card_storages.contains(&key.storage));
        if on_card && self.card(profile.card()).is_none() {
            // The builder has refused what is no key.
            let key = admin_key::key_from_hex(config.default_admin_key.expose()).unwrap_or_default();
            self.insert(Card::new(profile.card()).admin_key(key));
        }
    }

    /// Keys of the cards that are inserted, with the card's id.
    pub(crate) fn keys(&self) -> Vec<(String, StoredKey)> {
        let inner = lock(&self.0);
        let of = |card: &Card| {
            let id = card.smartcard_id.clone();
            card.keys.clone().into_iter().map(move |key| (id.clone(), key))
        };
        inner.cards.iter().flat_map(of).collect()
    }

    /// The person types a PIN, the right one or a wrong one.
    pub(crate) fn type_pin(&self, card: &str, wrong: bool, limit: u32) -> Result<(), Refusal> {
        let mut inner = lock(&self.0);
        let count = inner.wrong_pins.entry(card.to_owned()).or_insert(0);
        if *count >= limit {
            return Err(Refusal::new("PIN_BLOCKED", "the PIN is blocked"));
        }
        if !wrong {
            *count = 0;
            return Ok(());
        }
        *count += 1;
        Err(Refusal::new("WRONG_PIN", tries(limit - *count)))
    }

    pub(super) fn wrong_pins(&self, card: &str) -> u32 {
        lock(&self.0).wrong_pins.get(card).copied().unwrap_or(0)
    }

    pub(super) fn wrong_proofs(&self, card: &str) -> u32 {
        lock(&self.0).wrong_proofs.get(card).copied().unwrap_or(0)
    }

    pub(super) fn challenge(&self, challenge: Challenge) {
        lock(&self.0).challenge = Some(challenge);
    }

    /// A challenge works once.
    pub(super) fn take_challenge(&self) -> Option<Challenge> {
        lock(&self.0).challenge.take()
    }

    pub(super) fn admin_blocked(&self, card: &str, limit: u32) -> Result<(), Refusal> {
        if self.wrong_proofs(card) >= limit {
            return Err(Refusal::new("ADMIN_KEY_BLOCKED", "the admin key is blocked"));
        }
        Ok(())
    }

    /// Checks a proof of the admin key and counts wrong ones.
    pub(super) fn prove(&self, challenge: &Challenge, proof: &[u8], limit: u32) -> Result<(), Refusal> {
        self.admin_blocked(&challenge.card, limit)?;
        let mut inner = lock(&self.0);
        let card = inner
            .cards
            .iter()
            .find(|card| card.smartcard_id == challenge.card)
            .ok_or_else(card_not_found)?;
        let right = admin_key::check(&card.admin_key, &challenge.nonce, proof);
        let count = inner.wrong_proofs.entry(challenge.card.clone()).or_insert(0);
        if right {
            *count = 0;
            return Ok(());
        }
        *count += 1;
        Err(Refusal::new(
            "ADMIN_KEY_WRONG",
            tries(limit.saturating_sub(*count)),
        ))
    }

    /// Changes a card. A new PIN starts with all its tries.
    pub(super) fn change(&self, id: &str, change: impl FnOnce(&mut Card)) {
        let mut inner = lock(&self.0);
        let Some(card) = inner.cards.iter_mut().find(|card| card.smartcard_id == id) else {
            return;
        };
        let before = card.pin.clone();
        change(card);
        if card.pin != before {
            inner.wrong_pins.remove(id);
        }
    }
}

pub(super) fn card_not_found() -> Refusal {
    Refusal::new("CARD_NOT_FOUND", "no such card is inserted")
}
