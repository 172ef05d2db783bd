//! Settings of the browser's side: sessions, the portal, and the addresses behind it (protocol notes: digital-access 3.2 and 3.3). That
//! sessions are cookies of the access point is known; their names and lives are not.

use serde::{Deserialize, Serialize};

use super::Unauthenticated;

/// Sessions of browsers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DaSessionConfig {
    /// Name of the session cookie (U).
    pub cookie: String,
    /// More `Set-Cookie` values of a login; a single answer may carry several (digital-access 3.3).
    pub more_cookies: Vec<String>,
    /// Seconds of the simulator's clock after which an unused session ends (U).
    pub idle_seconds: u64,
    /// Seconds after which every session ends (U).
    pub life_seconds: u64,
    /// Addresses outside the access point to which `location` may lead, without their query; redirect addresses of OAuth clients are
    /// allowed as well. Everything else is refused.
    pub locations: Vec<String>,
    /// Path of the portal user's own record (seen in third-party code, O).
    pub me_path: String,
    /// Path behind the self-service page for security keys (tail D, prefix I): `GET` gives options, `POST` takes the registration (I).
    pub registration_path: String,
    /// What a caller without a session gets at these two paths.
    pub me_unauthenticated: Unauthenticated,
}

impl Default for DaSessionConfig {
    fn default() -> Self {
        Self {
            cookie: "WASESSION".into(),
            more_cookies: Vec::new(),
            idle_seconds: 1800,
            life_seconds: 28_800,
            locations: Vec::new(),
            me_path: "/https/api/rest/v1.0/me".into(),
            registration_path: "/https/api/rest/v3.0/webauthn/registration".into(),
            me_unauthenticated: Unauthenticated::Redirect,
        }
    }
}
