//! What tests ask the simulator about Smart ID Messaging, and tell it.

use super::{BoxNotices, MailboxEntry};
use crate::config::ApiUser;
use crate::{Sim, SimError};

impl Sim {
    /// The public half of the apps' built-in attestation key as a JWK on one line, as the vendor publishes its own (protocol notes:
    /// hermod 5.4, D-ex). The key is made at the first call, which takes its time; simulators with a seed share it within a process, see
    /// [`KeySource`](crate::pki::KeySource).
    ///
    /// # Errors
    /// [`SimError::Pki`] when it cannot be made.
    pub fn attestation_jwk(&self) -> Result<String, SimError> {
        Ok(self.messaging().attestation.get()?.jwk_line())
    }

    /// As [`Sim::attestation_jwk`], as a JWK set (RFC 7517 5) of this one key.
    ///
    /// # Errors
    /// As [`Sim::attestation_jwk`].
    pub fn attestation_key_set(&self) -> Result<String, SimError> {
        Ok(self.messaging().attestation.get()?.key_set().to_string())
    }

    /// The command base, for example `https://localhost:40123/hermod/rest/command`.
    #[must_use]
    pub fn hermod_command_url(&self) -> String {
        self.messaging().server.command_url()
    }

    /// `client-id` of the first API user.
    #[must_use]
    pub fn hermod_client_id(&self) -> &str {
        &self.messaging().api_user.client_id
    }

    /// `key` of the first API user.
    #[must_use]
    pub fn hermod_key(&self) -> &str {
        &self.messaging().api_user.key
    }

    /// Where callbacks of the first API user go, and with which Basic user and password.
    pub fn set_callback(&self, url: &str, basic: Option<(&str, &str)>) {
        self.set_callback_of(&self.messaging().api_user.client_id, url, basic);
    }

    /// As [`Sim::set_callback`], for any API user.
    pub fn set_callback_of(&self, client_id: &str, url: &str, basic: Option<(&str, &str)>) {
        self.messaging().server.set_callback(client_id, url, basic);
    }

    /// Where the content of an API user comes from, and with which Basic user and password.
    pub fn set_content_provider(&self, client_id: &str, url: &str, basic: Option<(&str, &str)>) {
        self.messaging()
            .server
            .set_content_provider(client_id, url, basic);
    }

    /// An API user with its key and addresses as they are now.
    #[must_use]
    pub fn api_user(&self, client_id: &str) -> Option<ApiUser> {
        self.messaging().server.api_user(client_id)
    }

    /// The mailboxes that belong to somebody, oldest first.
    #[must_use]
    pub fn mailboxes(&self) -> Vec<MailboxEntry> {
        self.messaging().server.mailboxes()
    }

    /// Tells from now on when a message is put into a mailbox that belongs to somebody: what a push service would be told.
    #[must_use]
    pub fn box_notices(&self) -> BoxNotices {
        self.messaging().server.subscribe_boxes()
    }

    /// Trusts one more public attestation key, a JWK (protocol notes: hermod 5.4), for `hermod.check_answers = "signature"`.
    ///
    /// # Errors
    /// [`SimError::Config`] when it is no public JWK of kind RSA or EC P-256.
    pub fn trust_attestation_key(&self, jwk: &str) -> Result<(), SimError> {
        if self.messaging().server.trust_attestation_key(jwk) {
            return Ok(());
        }
        Err(SimError::Config(
            "not a public JWK of kind RSA or EC P-256".into(),
        ))
    }

    /// Trusts more certificate authorities (PEM) when calling back over https.
    ///
    /// # Errors
    /// [`SimError::Tls`] when the text holds no usable certificate.
    pub fn trust_for_callbacks(&self, pem: &str) -> Result<(), SimError> {
        self.authority().client_config(pem)?;
        self.messaging().config.change(|config| {
            config.hermod.callback.extra_ca_pem.push('\n');
            config.hermod.callback.extra_ca_pem.push_str(pem);
        });
        Ok(())
    }
}
