//! What the clones of a client share: its settings, and what the provider has told.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartid_core::{ConfigError, Credential, Runtime, Timestamp, Transport};

use super::builder::OidcBuilder;
use super::keys::KeySet;
use super::provider::Provider;
use crate::oauth::{BasicForm, ClientAuthentication};

/// How long a discovery document and a key set are used before they are fetched again.
pub(super) const KEPT: Duration = Duration::from_secs(60 * 60);
/// How long after one fetch of the keys no other is made because of an unknown key.
pub(super) const BETWEEN_KEYS: Duration = Duration::from_secs(60);

pub(super) struct Inner {
    pub(super) settings: OidcBuilder,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) token_transport: Arc<dyn Transport>,
    pub(super) runtime: Arc<dyn Runtime>,
    /// Takes the place of the header that the OpenID Connect crate writes, where the dialect wants id and secret as they are.
    pub(super) raw_basic: Credential,
    known: Mutex<Known>,
}

/// What the provider has told.
#[derive(Default)]
pub(super) struct Known {
    pub(super) provider: Option<(Arc<Provider>, Timestamp)>,
    pub(super) keys: Option<Fetched>,
}

/// A key set, counted: who finds no key in one may look into the next.
#[derive(Clone)]
pub(super) struct Fetched {
    pub(super) keys: Arc<KeySet>,
    pub(super) at: Timestamp,
    pub(super) count: u64,
}

impl Inner {
    pub(super) fn new(
        settings: OidcBuilder,
        transport: Arc<dyn Transport>,
        token_transport: Arc<dyn Transport>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, ConfigError> {
        let raw_basic = match (&settings.authentication, settings.dialect.basic) {
            (ClientAuthentication::Basic { secret, .. }, BasicForm::Raw) => {
                Credential::basic("oidc.client_id", &settings.client_id, secret)?
            }
            _ => Credential::none(),
        };
        Ok(Self {
            settings,
            transport,
            token_transport,
            runtime,
            raw_basic,
            known: Mutex::default(),
        })
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether that long has passed. A clock that went back says yes, or nothing would be fetched until it has caught up.
    pub(super) fn has_passed(&self, since: Timestamp, duration: Duration) -> bool {
        let now = self.runtime.now();
        now < since || now.since(since) >= duration
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            settings,
            transport: _,
            token_transport: _,
            runtime: _,
            raw_basic: _,
            known: _,
        } = self;
        f.debug_struct("OidcClient")
            .field("settings", settings)
            .finish_non_exhaustive()
    }
}
