//! The messages around push notifications, for those who host their own notification server.
//!
//! Messaging sends no push: Digital Access posts a [`PushNotification`] to the organisation's server, which asks Apple or Google to wake
//! the app, and the organisation's own app tells that server which device it runs on, a [`DeviceRegistration`]. Vendor page: Implement
//! push notifications in a mobile app based on Smart ID Mobile SDK: the members of the message and what they mean are documented, and so
//! are the three facts of a registration; that interface is the integrator's own, so its JSON is inferred. A message says only that
//! something waits. It proves nothing, and whoever has a device's token can disturb its owner, so the token is a secret.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use smartid_core::{SecretString, json};

use crate::ids::ProfileId;
use crate::read::{Document, Extra, id, text};

/// The largest message or registration that is read, in bytes.
pub const MAX_PUSH: usize = 64 * 1024;

/// The longest text in one, in characters.
const MAX_TEXT: usize = 4096;

/// The most profiles that one device can have.
const MAX_PROFILES: usize = 1000;

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

macro_rules! open_text {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// Another text, kept as it is; the letter case counts.
            Other(String),
        }

        impl $name {
            /// As it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

open_text! {
    /// What waits for the person.
    PushType {
        /// `AUTH` (documented): an authentication.
        Auth = "AUTH",
        /// `SIGN` (documented): a signature.
        Sign = "SIGN",
    }
}

open_text! {
    /// Whose notification service reaches the device.
    DeviceOs {
        /// `iOS` (documented): Apple's.
        Ios = "iOS",
        /// `Android` (documented): Google's.
        Android = "Android",
    }
}

/// Whom a push is for: as a rule the profile id of the app (documented), but any text. The page's own sample has a space in front of it,
/// so it is kept as it is and compared without white space around it.
#[derive(Clone, Debug)]
pub struct PushId(String);

impl PushId {
    /// From text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this profile is meant.
    #[must_use]
    pub fn is(&self, profile: &ProfileId) -> bool {
        self.0.trim() == profile.as_str().trim()
    }
}

impl PartialEq for PushId {
    fn eq(&self, other: &Self) -> bool {
        self.0.trim() == other.0.trim()
    }
}

impl Eq for PushId {}

impl std::hash::Hash for PushId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.trim().hash(state);
    }
}

/// What Digital Access posts to an organisation's notification server.
///
/// ```
/// use smartid_hermod::push::{PushNotification, PushType};
///
/// let body = br#"{"messageId":"message-17","pushId":"profile-1","requestor":"Example Portal","type":"AUTH"}"#;
/// let push = PushNotification::read(body)?;
/// assert_eq!(push.push_type, PushType::Auth);
/// assert!(push.push_id.is(&"profile-1".into()));
/// assert_eq!(push.to_json().as_bytes(), body);
/// # Ok::<(), smartid_hermod::push::PushError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PushNotification {
    /// `messageId`: a UUID in the sample, text in the schema.
    pub message_id: String,
    /// `pushId`.
    pub push_id: PushId,
    /// `requestor`: who asks, for the person to read. Text from outside: escape it before it is shown.
    pub requestor: String,
    /// `type`.
    pub push_type: PushType,
    /// `timeToLive`, optional: a whole number whose unit is not published.
    pub time_to_live: Option<u64>,
    /// Unknown members.
    pub extra: Extra,
}

impl PushNotification {
    /// A message without time to live.
    #[must_use]
    pub fn new(
        message_id: impl Into<String>,
        push_id: PushId,
        requestor: impl Into<String>,
        push_type: PushType,
    ) -> Self {
        Self {
            message_id: message_id.into(),
            push_id,
            requestor: requestor.into(),
            push_type,
            time_to_live: None,
            extra: Extra::default(),
        }
    }

    /// Sets `timeToLive`.
    #[must_use]
    pub fn time_to_live(mut self, time: u64) -> Self {
        self.time_to_live = Some(time);
        self
    }

    /// Reads a message. Numbers are accepted where text is documented, and the other way round.
    ///
    /// # Errors
    /// [`PushError`] when the body is no JSON object, a member is missing, doubled, blank or of another kind, or the time is negative.
    pub fn read(body: &[u8]) -> Result<Self, PushError> {
        let members = Members::open(body)?;
        Ok(Self {
            message_id: members.filled("messageId")?,
            push_id: PushId(members.filled("pushId")?),
            requestor: members.text("requestor")?,
            push_type: members.filled("type")?.as_str().into(),
            time_to_live: match members.one("timeToLive")? {
                None => None,
                Some(raw) => Some(
                    text_or_digits(raw)
                        .and_then(|digits| digits.parse().ok())
                        .ok_or(refuse("timeToLive", "must be a whole number"))?,
                ),
            },
            extra: members.rest(&["messageId", "pushId", "requestor", "type", "timeToLive"]),
        })
    }

    /// The message as JSON, members in the published order, unknown ones behind them.
    #[must_use]
    pub fn to_json(&self) -> String {
        written(self)
    }
}

impl Serialize for PushNotification {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self {
            message_id,
            push_id,
            requestor,
            push_type,
            time_to_live,
            extra,
        } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("messageId", message_id)?;
        map.serialize_entry("pushId", push_id.as_str())?;
        map.serialize_entry("requestor", requestor)?;
        map.serialize_entry("type", push_type.as_str())?;
        if let Some(time) = time_to_live {
            map.serialize_entry("timeToLive", time)?;
        }
        entries(&mut map, extra)?;
        map.end()
    }
}

/// What an app tells the notification server about itself.
///
/// ```
/// use smartid_hermod::push::{DeviceOs, DeviceRegistration};
///
/// let body = br#"{"profileID":["profile-1"],"OS":"iOS","deviceID":"secret-token"}"#;
/// let device = DeviceRegistration::read(body)?;
/// assert_eq!((device.profile_ids.len(), &device.os), (1, &DeviceOs::Ios));
/// assert!(!format!("{device:?}").contains("secret-token"));
/// assert_eq!(device.expose_json().expose().as_bytes(), body);
/// # Ok::<(), smartid_hermod::push::PushError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct DeviceRegistration {
    /// `profileID`: all profiles on the device; none when the last one is gone.
    pub profile_ids: Vec<ProfileId>,
    /// `OS`.
    pub os: DeviceOs,
    /// `deviceID`: the token by which Apple's or Google's service reaches the device.
    pub device_id: SecretString,
    /// Unknown members.
    pub extra: Extra,
}

impl DeviceRegistration {
    /// The profiles of a device.
    #[must_use]
    pub fn new(profile_ids: Vec<ProfileId>, os: DeviceOs, device_id: SecretString) -> Self {
        Self {
            profile_ids,
            os,
            device_id,
            extra: Extra::default(),
        }
    }

    /// Reads a registration: the profiles as a list or as one text, named `profileID` or `profileIDs`.
    ///
    /// # Errors
    /// [`PushError`] when the body is no JSON object, or a member is missing, doubled, blank or of another kind.
    pub fn read(body: &[u8]) -> Result<Self, PushError> {
        const PROFILES: &str = "profileID";
        let members = Members::open(body)?;
        let profiles = match (members.one(PROFILES)?, members.one("profileIDs")?) {
            (Some(raw), None) | (None, Some(raw)) => raw,
            (None, None) => return Err(refuse(PROFILES, "is missing")),
            (Some(_), Some(_)) => return Err(refuse(PROFILES, "stands there in two spellings")),
        };
        let profiles = if profiles.starts_with('[') {
            json::items(profiles).unwrap_or_default()
        } else {
            vec![profiles]
        };
        if profiles.len() > MAX_PROFILES {
            return Err(refuse(PROFILES, "names too many profiles"));
        }
        let profile = |raw| id(raw).filter(|id| !id.trim().is_empty()).map(ProfileId::new);
        Ok(Self {
            profile_ids: profiles
                .into_iter()
                .map(profile)
                .collect::<Option<_>>()
                .ok_or(refuse(PROFILES, "must be profile ids: text that is not empty"))?,
            os: members.filled("OS")?.as_str().into(),
            device_id: SecretString::new(members.filled("deviceID")?),
            extra: members.rest(&[PROFILES, "profileIDs", "OS", "deviceID"]),
        })
    }

    /// The registration as JSON, which has the token in it.
    #[must_use]
    pub fn expose_json(&self) -> SecretString {
        SecretString::new(written(&DeviceWire(self)))
    }
}

impl fmt::Debug for DeviceRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            profile_ids,
            os,
            device_id: _blind,
            extra,
        } = self;
        f.debug_struct("DeviceRegistration")
            .field("profile_ids", profile_ids)
            .field("os", os)
            .field("extra", extra)
            .finish_non_exhaustive()
    }
}

/// The one way in which the token is written.
struct DeviceWire<'a>(&'a DeviceRegistration);

impl Serialize for DeviceWire<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let DeviceRegistration {
            profile_ids,
            os,
            device_id,
            extra,
        } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("profileID", profile_ids)?;
        map.serialize_entry("OS", os.as_str())?;
        map.serialize_entry("deviceID", device_id.expose())?;
        entries(&mut map, extra)?;
        map.end()
    }
}

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
        match self.0.repeated(&[&json::Pointer::of([name])]) {
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
