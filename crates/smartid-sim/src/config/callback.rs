//! Settings of callbacks. Direction, base address, Basic authentication and that timeouts are called back too is documented; path of
//! the FIDO callback and all bodies are inferred (protocol notes: hermod 6).

use serde::{Deserialize, Serialize};

use crate::json::Move;

/// Callbacks to the integrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CallbackConfig {
    /// Send callbacks at all.
    pub enabled: bool,
    /// Path below the callback base; `{verb}` is the command's verb (hermod 6.1, D for the documented verbs).
    pub path: String,
    /// Path for the session command only; empty takes `path`.
    pub session_path: String,
    /// Path for the create command only; empty takes `path`.
    pub create_path: String,
    /// Call back the session command when the app has opened the link.
    pub session: bool,
    /// Attempts in all (hermod 1.4: the sample says 1, D-ex).
    pub attempts: u32,
    /// Seconds between attempts (hermod 1.4: 30 in the sample, unit I).
    pub retry_delay_seconds: u64,
    /// Statuses that count as delivered; empty means any 2xx (hermod 6.1, I).
    pub success_status: Vec<u16>,
    /// JSON pointer at which the registration stands.
    pub registration_pointer: String,
    /// How the registration is written there.
    pub registration_encoding: RegistrationEncoding,
    /// Value of `response.format`; empty leaves the member out.
    pub format: String,
    /// Moves applied to each callback body, last.
    pub moves: Vec<Move>,
    /// More certificate authorities (PEM) for https receivers; the simulator's own is always trusted.
    pub extra_ca_pem: String,
    /// Seconds of real time after which an attempt counts as failed.
    pub attempt_timeout_seconds: u64,
}

impl Default for CallbackConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            path: "callback/{verb}".into(),
            session_path: String::new(),
            create_path: String::new(),
            session: true,
            attempts: 1,
            retry_delay_seconds: 30,
            success_status: Vec::new(),
            registration_pointer: "/response/data".into(),
            registration_encoding: RegistrationEncoding::Object,
            format: "webauthn".into(),
            moves: Vec::new(),
            extra_ca_pem: String::new(),
            attempt_timeout_seconds: 10,
        }
    }
}

/// How the registration is written in callbacks and states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RegistrationEncoding {
    /// As a JSON object.
    #[default]
    Object,
    /// As a string that holds the JSON text.
    String,
    /// As base64url of the JSON text.
    Base64url,
}
