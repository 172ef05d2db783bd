//! The message that Digital Access posts to a notification server.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Members, PushError, entries, refuse, text_or_digits, written};
use crate::ids::ProfileId;
use crate::open::open_enum;
use crate::read::Extra;

open_enum! {
    /// What waits for the person.
    PushType {
        /// `AUTH` (documented): an authentication.
        Auth = "AUTH",
        /// `SIGN` (documented): a signature.
        Sign = "SIGN",
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
