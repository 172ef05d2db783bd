//! Personal for one user: whether it is enabled, and how the profile gets to the phone.
//!
//! A method alone lets nobody in. Each user account says whether Personal is enabled for it, and a Personal Mobile needs a profile on
//! the user's phone first (vendor page: Set up Smart ID (Personal) authentication \[documented\]).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::document::{Members, SettingsError, Shape};

const ENABLE: &str = "enable_personal";
const CREATE: &str = "create_new_profile";
const NOTIFICATION: &str = "notification";
const SETTINGS: &[(&str, Shape)] = &[
    (ENABLE, Shape::Flag),
    (CREATE, Shape::Flag),
    (NOTIFICATION, Shape::Text),
];

/// What a user account says about Personal; everything is off unless said otherwise. Members that are not known are kept.
///
/// ```
/// use smartid_da::personal::{PersonalAccount, ProvisioningChannel};
///
/// let account = PersonalAccount::enabled().with_new_profile(&ProvisioningChannel::Email);
/// assert_eq!(account.to_json(), r#"{"create_new_profile":true,"enable_personal":true,"notification":"e-mail"}"#);
/// assert_eq!(PersonalAccount::from_json(&account.to_json())?, account);
/// # Ok::<(), smartid_da::personal::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonalAccount {
    members: Members,
}

impl PersonalAccount {
    /// Personal is enabled: all that Personal Desktop needs, and Personal Mobile when the user has a profile.
    #[must_use]
    pub fn enabled() -> Self {
        let mut members = Members::default();
        members.set(ENABLE, true);
        Self { members }
    }

    /// Issues a new Personal Mobile profile right away and tells the user by this channel. The administration page is known to offer
    /// e-mail \[documented\].
    #[must_use]
    pub fn with_new_profile(mut self, notification: &ProvisioningChannel) -> Self {
        self.members.set(CREATE, true);
        self.members.set(NOTIFICATION, notification.as_str());
        self
    }

    /// Reads JSON. TOML and other forms go through serde.
    ///
    /// # Errors
    /// [`SettingsError`] naming the member that cannot be read.
    pub fn from_json(json: &str) -> Result<Self, SettingsError> {
        Self::from_members(Members::from_json(json)?)
    }

    fn from_members(mut members: Members) -> Result<Self, SettingsError> {
        members.check(SETTINGS)?;
        Ok(Self { members })
    }

    /// Writes JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::Value::Object(self.members.map().clone()).to_string()
    }

    /// Whether Personal is enabled for the user.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.members.flag(ENABLE, false)
    }

    /// Whether a new Personal Mobile profile is issued.
    #[must_use]
    pub fn creates_profile(&self) -> bool {
        self.members.flag(CREATE, false)
    }

    /// How the user is told of the new profile.
    #[must_use]
    pub fn notification(&self) -> Option<ProvisioningChannel> {
        self.members.text(NOTIFICATION).map(ProvisioningChannel::from)
    }
}

/// How a Personal Mobile profile gets to the user's phone (vendor page: Enable Personal Mobile self-service \[documented\]).
///
/// In self-service the user chooses among those that are allowed, after logging in with another method.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProvisioningChannel {
    /// A mail with a QR code: `e-mail`.
    Email,
    /// A text message with a link: `sms`. It cannot carry a QR code, so a page of the distribution service shows it \[documented; vendor
    /// page: bounce page\].
    Sms,
    /// A QR code in the browser, in self-service: `browser`.
    Browser,
    /// Any other, as it was read.
    Other(String),
}

impl ProvisioningChannel {
    /// The channel as it stands in a document; the texts are ours.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email => "e-mail",
            Self::Sms => "sms",
            Self::Browser => "browser",
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for ProvisioningChannel {
    fn from(text: &str) -> Self {
        match text {
            "e-mail" => Self::Email,
            "sms" => Self::Sms,
            "browser" => Self::Browser,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for ProvisioningChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for PersonalAccount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PersonalAccount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(Members::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_and_written() {
        let off = PersonalAccount::from_json("{}").unwrap();
        assert!(!off.is_enabled() && !off.creates_profile() && off.notification().is_none());
        let text = r#"{"create_new_profile":true,"enable_personal":true,"golden":1,"notification":"pigeon"}"#;
        let account = PersonalAccount::from_json(text).unwrap();
        assert!(account.is_enabled() && account.creates_profile());
        assert_eq!(
            account.notification(),
            Some(ProvisioningChannel::Other("pigeon".into()))
        );
        assert_eq!(account.to_json(), text);
        let table = toml::Table::try_from(&account).unwrap();
        assert_eq!(table.try_into::<PersonalAccount>().unwrap(), account);
        for name in ["e-mail", "sms", "browser", "pigeon", ""] {
            assert_eq!(ProvisioningChannel::from(name).to_string(), name);
        }
        for (bad, member) in [
            (r#"{"enable_personal":"yes"}"#, Some(ENABLE)),
            (r#"{"create_new_profile":1}"#, Some(CREATE)),
            (r#"{"notification":[]}"#, Some(NOTIFICATION)),
            (r#"{"enable_personal":true,"enable_personal":false}"#, None),
        ] {
            assert_eq!(
                PersonalAccount::from_json(bad).unwrap_err().member(),
                member,
                "{bad}"
            );
        }
    }
}
