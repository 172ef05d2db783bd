//! What an app keeps: profiles with their keys and certificates, and the mailbox of each profile.

use crate::pki::Key;

/// A key of a profile.
#[derive(Clone)]
pub(crate) struct StoredKey {
    pub(crate) id: String,
    /// `SIG`, `AUTH`, `ENC`, as it was asked for.
    pub(crate) usage: String,
    pub(crate) storage: String,
    /// `responsemechanism` of the chosen key type.
    pub(crate) mechanism: Option<String>,
    pub(crate) key: Key,
    /// Its certificate and those above it, nearest first.
    pub(crate) chain: Vec<Vec<u8>>,
    /// `desktopKeyProtectionLevel`, as it came.
    pub(crate) protection: Option<String>,
    /// It came as PKCS #12.
    pub(crate) recovered: bool,
}

/// The profile's own mailbox on the message server.
#[derive(Clone)]
pub(crate) struct Mailbox {
    pub(crate) url: String,
    pub(crate) session: String,
}

/// What the app shows as a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VisualId {
    /// The front: the decoded picture.
    pub front: Option<Vec<u8>>,
    /// The back: a compact JWS as it came (`JOSE`), or base64 of a picture (Mobile App 4.6).
    pub back: Option<String>,
    /// Reference to the content provider, when the command has one.
    pub content_id: Option<String>,
}

/// A profile.
#[derive(Clone)]
pub(crate) struct Profile {
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) server_name: String,
    pub(crate) name: String,
    pub(crate) smartcard_id: Option<String>,
    pub(crate) keys: Vec<StoredKey>,
    pub(crate) visual: VisualId,
    pub(crate) auxiliary: Vec<Vec<u8>>,
    pub(crate) mailbox: Option<Mailbox>,
}

impl Profile {
    /// Takes a key; one with the same id is overwritten (protocol notes: hermod 3.1, D).
    pub(crate) fn put(&mut self, key: StoredKey) {
        match self.keys.iter_mut().find(|held| held.id == key.id) {
            Some(held) => *held = key,
            None => self.keys.push(key),
        }
    }

    /// `smartcardid` of the card that the profile is on.
    pub(crate) fn card(&self) -> &str {
        self.smartcard_id.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn view(&self) -> DeviceProfile {
        DeviceProfile {
            id: self.id.clone(),
            user: self.user.clone(),
            server_name: self.server_name.clone(),
            name: self.name.clone(),
            smartcard_id: self.smartcard_id.clone(),
            keys: self.keys.iter().map(StoredKey::view).collect(),
            visual: self.visual.clone(),
            auxiliary: self.auxiliary.clone(),
            mailbox: self.mailbox.is_some(),
        }
    }
}

impl StoredKey {
    fn view(&self) -> DeviceKey {
        DeviceKey {
            id: self.id.clone(),
            usage: self.usage.clone(),
            storage: self.storage.clone(),
            kind: type_of(&self.key).to_owned(),
            public_key: self.key.public_spki_der(),
            chain: self.chain.clone(),
            protection: self.protection.clone(),
            recovered: self.recovered,
        }
    }
}

/// `RSA` or `EC`, the values of `keytype` and of `key.type` in a filter.
pub(crate) fn type_of(key: &Key) -> &'static str {
    if key.kind().is_rsa() { "RSA" } else { "EC" }
}

/// A profile as a test sees it. It holds no private key.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceProfile {
    /// Its id, made by the app (or named by an update).
    pub id: String,
    /// User id on the messaging server.
    pub user: String,
    /// Label of the server.
    pub server_name: String,
    /// Name of the profile.
    pub name: String,
    /// `smartcardid`, when it differs from the profile's id.
    pub smartcard_id: Option<String>,
    /// Its keys.
    pub keys: Vec<DeviceKey>,
    /// Visual ID.
    pub visual: VisualId,
    /// Certificates (DER) that belong to none of the keys.
    pub auxiliary: Vec<Vec<u8>>,
    /// Whether it has a mailbox of its own.
    pub mailbox: bool,
}

impl DeviceProfile {
    /// The key of this id.
    #[must_use]
    pub fn key(&self, id: &str) -> Option<&DeviceKey> {
        self.keys.iter().find(|key| key.id == id)
    }
}

/// A key as a test sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeviceKey {
    /// Its id, chosen by the caller.
    pub id: String,
    /// `SIG`, `AUTH`, `ENC`, as it was asked for.
    pub usage: String,
    /// Where it is kept.
    pub storage: String,
    /// `RSA` or `EC`.
    pub kind: String,
    /// `SubjectPublicKeyInfo`, DER.
    pub public_key: Vec<u8>,
    /// Its certificate and those above it (DER), nearest first; empty for a raw key.
    pub chain: Vec<Vec<u8>>,
    /// `desktopKeyProtectionLevel`, as it came with the certificate.
    pub protection: Option<String>,
    /// Whether it came as PKCS #12 instead of being made here.
    pub recovered: bool,
}
