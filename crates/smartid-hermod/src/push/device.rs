//! What an app tells the notification server about the device that it runs on.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use smartid_core::{SecretString, json};

use super::{Members, PushError, entries, refuse, written};
use crate::ids::ProfileId;
use crate::open::open_enum;
use crate::read::{Extra, id};

/// The most profiles that one device can have.
const MAX_PROFILES: usize = 1000;

open_enum! {
    /// Whose notification service reaches the device.
    DeviceOs {
        /// `iOS` (documented): Apple's.
        Ios = "iOS",
        /// `Android` (documented): Google's.
        Android = "Android",
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
