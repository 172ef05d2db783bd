//! Login with a stored credential (protocol notes: digital-access 2.2). The check is documented by WebAuthn; the path is a guess, which
//! no client of this project uses: it proves that what was provisioned works.

use serde_json::{Value, json};

use super::Da;
use super::options;
use super::store::{Life, Pending};
use crate::config::DaConfig;
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::registration::Expected;
use crate::webauthn::{Refused, assertion, b64};

impl Da {
    /// Assertion options. Without a user name the list of credentials is empty, and the authenticator's user handle decides.
    pub(super) fn get_login(&self, config: &DaConfig, request: &Request) -> Result<Reply, Refused> {
        let user = request.parameter(&config.user_parameter);
        if let Some(user) = &user {
            self.check_user(user)?;
        }
        let challenge = self.random.bytes32("login").to_vec();
        let mut store = lock(&self.store);
        let allowed: Vec<Value> = user
            .as_deref()
            .and_then(|name| store.user(name))
            .map(|user| {
                user.credentials
                    .iter()
                    .map(|stored| json!({"type": "public-key", "id": b64::encode(&stored.credential_id)}))
                    .collect()
            })
            .unwrap_or_default();
        let expected = Expected {
            rp_id: config.rp_id.clone(),
            origins: options::origins(config, &config.rp_id),
            top_origins: Vec::new(),
            algorithms: Vec::new(),
            user_verification_required: config.user_verification == "required",
        };
        let pending = Pending {
            challenge: challenge.clone(),
            user,
            expected,
            expires_at: self.clock.now().saturating_add(options::DEFAULT_LIFE),
            life: Life::Open,
        };
        store.logins.issue(pending, config.pending_per_user);
        drop(store);
        let mut body = json!({
            "challenge": b64::encode(&challenge),
            "rpId": config.rp_id,
            "allowCredentials": allowed,
        });
        if !config.user_verification.is_empty() {
            crate::json::put(&mut body, "/userVerification", json!(config.user_verification));
        }
        Ok(Reply::json(200, &body))
    }

    /// Verifies an assertion and moves the counter.
    pub(super) fn post_login(&self, request: &Request) -> Result<Reply, Refused> {
        let body: Value = crate::json::read_strict(&request.body)
            .map_err(|error| Refused::new("json_malformed", format!("not JSON: {error}")))?;
        let begun = assertion::begin(&body)?;
        let mut store = lock(&self.store);
        let pending = store
            .logins
            .take(&begun.client_data.challenge, self.clock.now(), None)?;
        let id = &begun.credential.id;
        let (name, count) = {
            let (owner, stored) = store
                .owner(id)
                .ok_or_else(|| Refused::new("credential_unknown", "no such credential"))?;
            match &pending.user {
                Some(user) if *user != owner.config.name => {
                    return Err(Refused::new(
                        "credential_of_other_user",
                        "the credential is another user's",
                    ));
                }
                None if begun.credential.user_handle.is_none() => {
                    return Err(Refused::new(
                        "user_handle",
                        "a login without a name needs the user handle",
                    ));
                }
                _ => (),
            }
            let facts = assertion::Stored {
                key: &stored.key,
                user_handle: &stored.user_handle,
                sign_count: stored.sign_count,
            };
            let count = assertion::finish(
                &begun,
                &pending.expected.rp_id,
                &pending.expected.origins,
                pending.expected.user_verification_required,
                &facts,
            )?;
            (owner.config.name.clone(), count)
        };
        if let Some(user) = store.user_mut(&name)
            && let Some(stored) = user
                .credentials
                .iter_mut()
                .find(|stored| stored.credential_id == *id)
        {
            stored.sign_count = count;
        }
        drop(store);
        let reply = json!({"user": name, "credentialId": b64::encode(id), "signCount": count});
        let reply = Reply::json(200, &reply).with_code("logged_in");
        Ok(self.fido_session(request, reply, &name))
    }
}
