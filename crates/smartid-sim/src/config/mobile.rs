//! Settings of the phones with the Mobile App, and of the people who hold them.

use serde::{Deserialize, Serialize};

use super::KeyAbilities;
use crate::Persona;

/// The simulated Mobile App.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MobileConfig {
    /// Who holds the phones that have no person of their own.
    pub persona: Persona,
    /// Whether a phone that has a profile waits for messages by itself and reacts as its persona does. Left out: yes, unless the
    /// control page is served; then messages wait for a person there.
    pub auto: Option<bool>,
    /// How long the slow persona thinks, in seconds of the simulator's clock.
    pub slow_seconds: u64,
    /// How often the app tries again when the message server cuts the connection.
    pub reconnects: u32,
    /// Schemes of the links that the app follows: `personal`, or a custom app's own (hermod 5.1, D).
    pub schemes: Vec<String>,
    /// Follow plugout links as well, as the text of a QR code (hermod 5.1: the payload of the QR code is U).
    pub plugout_links: bool,
    /// Which keys the app can make (hermod 3.1; only RSA 2048 in `APP` is D-ex).
    pub keys: KeyAbilities,
    /// Formats of signatures that the app makes: `jws` is D-ex, others U (identity-manager 5.1).
    pub formats: Vec<String>,
    /// How often a wrong PIN may be given before the keys of a profile are blocked (U).
    pub pin_tries: u32,
    /// `deviceinfo.operatingsystem` of a ping (hermod 3.10 documents it for the Desktop App; empty leaves `deviceinfo` out).
    pub operating_system: String,
}

impl Default for MobileConfig {
    fn default() -> Self {
        Self {
            persona: Persona::Approves,
            auto: None,
            slow_seconds: 20,
            reconnects: 3,
            schemes: vec!["personal".into()],
            plugout_links: true,
            keys: KeyAbilities::new(
                &["RSA-2048", "RSA-3072", "RSA-4096", "EC-256", "EC-384", "EC-521"],
                &["APP"],
            ),
            formats: vec!["jws".into(), "pkcs7".into()],
            pin_tries: 3,
            operating_system: "iOS 18.5".into(),
        }
    }
}
