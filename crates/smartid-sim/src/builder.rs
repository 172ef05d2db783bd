//! Settings before the start: collects them, fills in what is generated, and refuses what contradicts itself.

use crate::config::{ApiUser, DaResource, UserPosition};
use crate::random::Random;
use crate::{Persona, Sim, SimClock, SimConfig, SimError};

/// Settings before the start.
#[derive(Debug, Default)]
pub struct SimBuilder {
    config: SimConfig,
    clock: Option<SimClock>,
}

impl SimBuilder {
    /// Identifiers, tokens and challenges repeat with the same seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = Some(seed);
        self
    }

    /// The clock; the system's when not set.
    #[must_use]
    pub fn clock(mut self, clock: SimClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The person in front of the Desktop App, who also holds the phones.
    #[must_use]
    pub fn persona(mut self, persona: Persona) -> Self {
        self.config.desktop.persona = persona;
        self.config.mobile.persona = persona;
        self
    }

    /// All settings at once; replaces what was set before.
    #[must_use]
    pub fn config(mut self, config: SimConfig) -> Self {
        self.config = config;
        self
    }

    /// Changes single settings.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut SimConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Binds the listeners and starts.
    ///
    /// # Errors
    /// [`SimError::Config`] for settings that contradict each other, [`SimError::Io`] when a port is taken.
    pub async fn start(self) -> Result<Sim, SimError> {
        Sim::launch(self.config, self.clock.unwrap_or_default()).await
    }
}

fn fill(text: &mut String, value: impl FnOnce() -> String) {
    if text.is_empty() {
        *text = value();
    }
}

/// Fills in what is generated and refuses what cannot be.
pub(crate) fn complete(config: &mut SimConfig, random: &Random) -> Result<(), SimError> {
    let wrong = |text: &str| Err(SimError::Config(text.to_owned()));
    if config.hermod.api_users.is_empty() {
        config.hermod.api_users.push(ApiUser::new("idm", ""));
    }
    for user in &mut config.hermod.api_users {
        if user.client_id.is_empty() || user.client_id.contains(':') {
            return wrong("hermod.api_users: client-id must not be empty nor hold a colon");
        }
        fill(&mut user.key, || random.hex64("api-key"));
    }
    if let Some(wrong_setting) = crate::hermod::wrong_settings(&config.hermod) {
        return wrong(&wrong_setting);
    }
    crate::pgwy::read_files(&mut config.cm)?;
    if let Some(wrong_setting) = crate::pgwy::wrong_settings(&config.cm) {
        return wrong(&wrong_setting);
    }
    if crate::pki::admin_key::key_from_hex(config.desktop.default_admin_key.expose()).is_err() {
        return wrong("desktop.default_admin_key: an admin key is 48 hex digits");
    }
    fill(&mut config.graph.client_secret, || random.hex64("graph-secret"));
    let da = &mut config.da;
    fill(&mut da.token, || random.hex64("da-token"));
    fill(&mut da.basic_password, || random.hex64("da-password"));
    fill(&mut da.header_value, || random.hex64("da-header"));
    for client in &mut da.oauth.clients {
        if client.id.is_empty() {
            return wrong("da.oauth.clients: id must not be empty");
        }
        fill(&mut client.secret, || random.hex64("oauth-secret"));
    }
    for user in &mut da.users {
        fill(&mut user.password, || random.hex64("user-password"));
    }
    if crate::da::oidc_alg(&da.oidc).is_none() {
        return wrong("da.oidc.id_token_alg: ES256, RS256 or PS256");
    }
    let issuer = &da.oidc.issuer;
    if !issuer.is_empty() && (!issuer.starts_with("https://") || issuer.ends_with('/')) {
        return wrong("da.oidc.issuer: begins with https:// and does not end with a slash");
    }
    if da.session.cookie.is_empty() {
        return wrong("da.session.cookie: a cookie needs a name");
    }
    for (at, method) in da.methods.iter().enumerate() {
        if let Some(why) = method.wrong() {
            return wrong(&format!("da.methods, {:?}: {why}", method.name));
        }
        if da
            .methods
            .iter()
            .skip(at + 1)
            .any(|other| other.name == method.name || other.id == method.id)
        {
            return wrong(&format!(
                "da.methods, {:?}: names and ids are unique",
                method.name
            ));
        }
    }
    for (at, resource) in da.resources.iter().enumerate() {
        let same = |other: &DaResource| other.name == resource.name && other.scheme == resource.scheme;
        let why = match resource.wrong() {
            None if da.resources.iter().skip(at + 1).any(same) => Some("names are unique"),
            why => why,
        };
        if let Some(why) = why {
            return wrong(&format!("da.resources, {:?}: {why}", resource.name));
        }
    }
    if da.options_user == UserPosition::Absent {
        return wrong("da.options_user: the user must be named in GET /fido/options");
    }
    for (name, pointer) in [
        ("hermod.fido.options_pointer", &config.hermod.fido.options_pointer),
        ("hermod.fido.address_pointer", &config.hermod.fido.address_pointer),
        (
            "hermod.callback.registration_pointer",
            &config.hermod.callback.registration_pointer,
        ),
        (
            "hermod.mailbox.answer_pointer",
            &config.hermod.mailbox.answer_pointer,
        ),
        ("da.credential_pointer", &config.da.credential_pointer),
    ] {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return wrong(&format!("{name}: a JSON pointer begins with /"));
        }
    }
    for (name, status) in [
        ("hermod.unauthorized_status", config.hermod.unauthorized_status),
        ("hermod.accepted_status", config.hermod.accepted_status),
        ("hermod.cancel.status", config.hermod.cancel.status),
        ("hermod.delete.status", config.hermod.delete.status),
        (
            "hermod.mailbox.unknown_status",
            config.hermod.mailbox.unknown_status,
        ),
        ("da.success_status", config.da.success_status),
        ("da.status.invalid", config.da.status.invalid),
        ("da.status.challenge", config.da.status.challenge),
        ("da.status.user", config.da.status.user),
        ("da.status.disabled", config.da.status.disabled),
        ("da.status.duplicate", config.da.status.duplicate),
        ("graph.status.invalid", config.graph.status.invalid),
        ("graph.status.challenge", config.graph.status.challenge),
        ("graph.status.policy", config.graph.status.policy),
        ("graph.status.duplicate", config.graph.status.duplicate),
    ] {
        if !(200..600).contains(&status) {
            return wrong(&format!("{name}: {status} is no final HTTP status"));
        }
    }
    Ok(())
}
