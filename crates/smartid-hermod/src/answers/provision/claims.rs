//! What the payload of a provisioning answer says, read and not believed.

use std::fmt;

use smartid_core::json;
use smartid_core::json::Pointer;

use super::ProvisionRefusal;
use crate::commands::provision::MAX_KEYS;
use crate::dialect::PayloadDialect;
use crate::read::{Document, id, text};

/// Most keys that are read. More than a command can ask for, so that what is too many is told by name.
const MAX_CLAIMED: usize = 2 * MAX_KEYS;

/// What an answer says. `Debug` shows how much of it is there.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvisionClaims {
    /// The nonce; a number is taken as its digits.
    pub nonce: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// The profile.
    pub profile_id: Option<String>,
    /// The keys, in their order.
    pub keys: Vec<ClaimedKey>,
}

/// What an answer says about one key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedKey {
    /// Its id.
    pub key_id: String,
    /// The certification request: base64 or PEM as a rule.
    pub request: Option<String>,
    /// The public key: JSON text of a JWK as a rule.
    pub public_key: Option<String>,
}

impl ProvisionClaims {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`ProvisionRefusal::Unreadable`].
    pub(super) fn read(payload: &[u8], places: &PayloadDialect) -> Result<Self, ProvisionRefusal> {
        let unreadable = |what: String| ProvisionRefusal::Unreadable { what };
        let document =
            Document::open(payload).ok_or_else(|| unreadable("it is no JSON object".to_owned()))?;
        let name = |place| document.at(place).and_then(id);
        let entries = match document.at(&places.keys) {
            None => Vec::new(),
            Some(raw) => entries(raw)
                .ok_or_else(|| unreadable(format!("what stands at {} is no list of keys", places.keys)))?,
        };
        if entries.len() > MAX_CLAIMED {
            return Err(unreadable(format!("it has more than {MAX_CLAIMED} keys")));
        }
        let keys = entries.into_iter().enumerate().map(|(index, (name, raw))| {
            ClaimedKey::read(name, raw, places).ok_or_else(|| {
                unreadable(format!(
                    "key {index} at {} has no id or is no object",
                    places.keys
                ))
            })
        });
        Ok(Self {
            nonce: name(&places.nonce),
            user_id: name(&places.user_id),
            profile_id: name(&places.profile_id),
            keys: keys.collect::<Result<_, _>>()?,
        })
    }
}

/// The keys of a list, or of an object whose names are the key ids.
fn entries(raw: &str) -> Option<Vec<(Option<String>, &str)>> {
    if raw.starts_with('[') {
        let items = json::items(raw)?;
        return Some(items.into_iter().map(|item| (None, item)).collect());
    }
    let members = json::members(raw)?;
    Some(
        members
            .into_iter()
            .map(|(name, entry)| (Some(name), entry))
            .collect(),
    )
}

impl ClaimedKey {
    fn read(name: Option<String>, raw: &str, places: &PayloadDialect) -> Option<Self> {
        // A text is the certification request itself.
        if raw.starts_with('"') {
            return Some(Self {
                key_id: name?,
                request: text(raw),
                public_key: None,
            });
        }
        let document = Document::open(raw.as_bytes())?;
        Some(Self {
            key_id: match name {
                Some(name) => name,
                None => document.at(&places.key_id).and_then(id)?,
            },
            request: document.at(&places.request).map(unquoted),
            public_key: public_key(&document, raw, &places.public_key).map(unquoted),
        })
    }
}

/// The JWK: a member of the entry, or the entry itself where the dialect says so.
fn public_key<'a>(document: &Document<'a>, raw: &'a str, place: &Pointer) -> Option<&'a str> {
    if place.is_root() {
        document.member("kty").map(|_| raw)
    } else {
        document.at(place)
    }
}

/// What a JSON text says, or the JSON itself where it is no text: what reads it next refuses it, if it must be refused.
fn unquoted(raw: &str) -> String {
    text(raw).unwrap_or_else(|| raw.to_owned())
}

impl fmt::Debug for ProvisionClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            nonce,
            user_id,
            profile_id,
            keys,
        } = self;
        f.debug_struct("ProvisionClaims")
            .field("has_nonce", &nonce.is_some())
            .field("has_user_id", &user_id.is_some())
            .field("has_profile_id", &profile_id.is_some())
            .field("keys", keys)
            .finish()
    }
}

impl fmt::Debug for ClaimedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            key_id,
            request,
            public_key,
        } = self;
        f.debug_struct("ClaimedKey")
            .field("key_id", key_id)
            .field("request_len", &request.as_ref().map(String::len))
            .field("public_key_len", &public_key.as_ref().map(String::len))
            .finish()
    }
}
