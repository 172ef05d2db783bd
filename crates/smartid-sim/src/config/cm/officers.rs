//! Officers: people and services that hold a certificate of the authority and an officer profile with roles (protocol notes: cm 6).

use serde::{Deserialize, Serialize};

/// Registration roles of 8.10 in the words of the vendor's page (cm 6, D: "Officers and roles in Certificate Manager"; the list may be
/// incomplete at its end).
pub const REGISTRATION_ROLES: [&str; 18] = [
    "Use clients",
    "Issue certificate",
    "Issue attribute certificate",
    "Recover key",
    "Manage OCSP activation",
    "Manage revocation password",
    "Manage user data retention",
    "Publish certificate",
    "Republish failed distribution",
    "Revoke certificate",
    "Revoke certificate with password",
    "Revoke attribute certificate",
    "Revoke attribute certificate with password",
    "Export search results",
    "Create batch",
    "Claim batch",
    "Manage PIN letters",
    "Signing Authority Requests",
];

/// Somebody with a certificate of the authority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OfficerConfig {
    /// The name by which [`Sim::officer`](crate::Sim::officer) finds the officer; also the common name in the certificate.
    pub name: String,
    /// Whether there is an officer profile for the certificate.
    #[serde(default = "yes")]
    pub officer: bool,
    /// Roles, in the words of [`REGISTRATION_ROLES`].
    #[serde(default)]
    pub roles: Vec<String>,
    /// Kind of key.
    #[serde(default)]
    pub key: OfficerKey,
    /// State of the certificate.
    #[serde(default)]
    pub state: OfficerState,
}

fn yes() -> bool {
    true
}

impl OfficerConfig {
    /// An officer with a valid certificate and these roles.
    pub fn new<R: Into<String>>(name: impl Into<String>, roles: impl IntoIterator<Item = R>) -> Self {
        Self {
            name: name.into(),
            officer: true,
            roles: roles.into_iter().map(Into::into).collect(),
            key: OfficerKey::default(),
            state: OfficerState::default(),
        }
    }

    /// With another kind of key.
    #[must_use]
    pub fn key(mut self, key: OfficerKey) -> Self {
        self.key = key;
        self
    }

    /// With a certificate in another state.
    #[must_use]
    pub fn state(mut self, state: OfficerState) -> Self {
        self.state = state;
        self
    }

    /// Has a certificate of the authority, and no officer profile.
    #[must_use]
    pub fn no_officer(mut self) -> Self {
        self.officer = false;
        self
    }

    /// One of each sort that a client has to tell apart.
    pub(super) fn defaults() -> Vec<Self> {
        let all = |name: &str| Self::new(name, REGISTRATION_ROLES);
        vec![
            all("ra-officer"),
            all("rsa-officer").key(OfficerKey::Rsa2048),
            all("ed25519-officer").key(OfficerKey::Ed25519),
            Self::new("reader", ["Use clients"]),
            Self::new("without-roles", [""; 0]),
            all("revoked-officer").state(OfficerState::Revoked),
            all("expired-officer").state(OfficerState::Expired),
            all("future-officer").state(OfficerState::NotYetValid),
            all("no-officer").no_officer(),
            Self::new("digital-access", [""; 0]).no_officer(),
        ]
    }
}

/// Kind of an officer's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum OfficerKey {
    /// Elliptic curve P-256, the fastest to make.
    #[default]
    P256,
    /// Elliptic curve P-384.
    P384,
    /// Ed25519.
    Ed25519,
    /// RSA, 2048 bits. Shared within the process when the simulator has a seed, since making it takes its time.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
}

/// State of an officer's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OfficerState {
    /// Valid for years.
    #[default]
    Valid,
    /// Revoked from the start.
    Revoked,
    /// Its validity ended yesterday.
    Expired,
    /// Its validity begins next year.
    NotYetValid,
}
