//! The messages around push notifications, for those who host their own notification server.
//!
//! Messaging sends no push: Digital Access posts a [`PushNotification`] to the organisation's server, which asks Apple or Google to wake
//! the app, and the organisation's own app tells that server which device it runs on, a [`DeviceRegistration`]. Vendor page: Implement
//! push notifications in a mobile app based on Smart ID Mobile SDK: the members of the message and what they mean are documented, and so
//! are the three facts of a registration; that interface is the integrator's own, so its JSON is inferred. A message says only that
//! something waits. It proves nothing, and whoever has a device's token can disturb its owner, so the token is a secret.

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::value::RawValue;
use smartid_core::json::Pointer;

use crate::read::{Document, Extra, text};

/// The largest message or registration that is read, in bytes.
pub const MAX_PUSH: usize = 64 * 1024;

/// The longest text in one, in characters.
const MAX_TEXT: usize = 4096;

/// The body is no such message. The error names the member and shows nothing of the body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member} {problem}")]
#[non_exhaustive]
pub struct PushError {
    /// The member, or `the body`.
    pub member: &'static str,
    /// What is wrong with it.
    pub problem: &'static str,
}

const fn refuse(member: &'static str, problem: &'static str) -> PushError {
    PushError { member, problem }
}

mod device;
mod notification;

pub use device::{DeviceOs, DeviceRegistration};
pub use notification::{PushId, PushNotification, PushType};

fn entries<M: SerializeMap>(map: &mut M, extra: &Extra) -> Result<(), M::Error> {
    for (name, raw) in extra.iter() {
        // What was read is JSON.
        if let Ok(raw) = serde_json::from_str::<&RawValue>(raw) {
            map.serialize_entry(name, raw)?;
        }
    }
    Ok(())
}

/// Text, numbers and names do not fail to be written.
fn written(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A body, opened one level.
struct Members<'a>(Document<'a>);

impl<'a> Members<'a> {
    fn open(body: &'a [u8]) -> Result<Self, PushError> {
        if body.len() > MAX_PUSH {
            return Err(refuse("the body", "is too large"));
        }
        let document = Document::open(body).ok_or(refuse("the body", "is no JSON object"))?;
        Ok(Self(document))
    }

    /// A member that may be missing; `null` counts as missing.
    fn one(&self, name: &'static str) -> Result<Option<&'a str>, PushError> {
        match self.0.repeated(&[&Pointer::of([name])]) {
            Some(_) => Err(refuse(name, "stands there more than once")),
            None => Ok(self.0.member(name)),
        }
    }

    /// Text, perhaps empty, or the digits of a whole number.
    fn text(&self, name: &'static str) -> Result<String, PushError> {
        let raw = self.one(name)?.ok_or(refuse(name, "is missing"))?;
        let text = text_or_digits(raw).ok_or(refuse(name, "must be text"))?;
        if text.chars().count() > MAX_TEXT {
            return Err(refuse(name, "is too long"));
        }
        Ok(text)
    }

    /// Text with more than white space in it.
    fn filled(&self, name: &'static str) -> Result<String, PushError> {
        let text = self.text(name)?;
        if text.trim().is_empty() {
            return Err(refuse(name, "is blank"));
        }
        if text.contains(char::is_control) {
            return Err(refuse(name, "has a control character"));
        }
        Ok(text)
    }

    fn rest(self, known: &[&str]) -> Extra {
        self.0.into_extra(known)
    }
}

fn text_or_digits(raw: &str) -> Option<String> {
    if raw.starts_with('"') {
        text(raw)
    } else {
        raw.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| raw.to_owned())
    }
}
