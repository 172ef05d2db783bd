//! `POST /fido/credentials`: verifies a registration and stores it (protocol notes: digital-access 1.4 to 1.6).

use serde_json::Value;

use super::Da;
use super::store::StoredCredential;
use crate::config::{DaConfig, UserPosition};
use crate::json;
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::{Refused, registration};

impl Da {
    pub(super) fn post_credentials(
        &self,
        config: &DaConfig,
        path_user: Option<&str>,
        request: &Request,
    ) -> Result<Reply, Refused> {
        if !request.is_json() {
            return Err(Refused::new(
                "content_type",
                "the content type must be application/json",
            ));
        }
        let mut body: Value = json::read_strict(&request.body)
            .map_err(|error| Refused::new("json_malformed", format!("not JSON: {error}")))?;
        let named = self.selected_user(config, config.credentials_user, path_user, request, Some(&body));
        let user = match config.credentials_user {
            UserPosition::Absent => None,
            _ => Some(named.ok_or_else(|| Refused::new("user_missing", "no user is named"))?),
        };
        if let Some(user) = &user {
            self.check_user(user)?;
        }
        if config.credentials_user == UserPosition::Body
            && let Some(object) = body.as_object_mut()
        {
            object.remove(&config.user_parameter);
        }
        let credential = if config.credential_pointer.is_empty() {
            body
        } else {
            json::take(&mut body, &config.credential_pointer)
                .ok_or_else(|| Refused::new("json_missing_member", "the credential is missing"))?
        };
        self.store_credential(config, user, &credential)
    }

    /// Verifies a registration and stores it; `user` is whose it has to be, if that is known.
    pub(super) fn store_credential(
        &self,
        config: &DaConfig,
        user: Option<String>,
        credential: &Value,
    ) -> Result<Reply, Refused> {
        let begun = registration::begin(credential, &config.tolerated_response_members)?;
        let mut store = lock(&self.store);
        let pending =
            store
                .registrations
                .take(&begun.client_data.challenge, self.clock.now(), user.as_deref())?;
        let registered = registration::finish(&begun, &pending.expected, |id| store.owner(id).is_some())?;
        let name = pending.user.or(user).unwrap_or_default();
        let owner = store
            .user_mut(&name)
            .ok_or_else(|| Refused::new("user_unknown", "no such user"))?;
        let handle = owner.handle.clone();
        owner.credentials.push(StoredCredential::new(registered, handle));
        drop(store);
        let reply = Reply::empty(config.success_status).with_code("stored");
        if config.success_body.is_empty() || config.success_status == 204 {
            Ok(reply)
        } else {
            Ok(reply
                .with_header("content-type", "application/json")
                .with_body(config.success_body.clone()))
        }
    }

    /// Who the request says it is for.
    pub(super) fn selected_user(
        &self,
        config: &DaConfig,
        position: UserPosition,
        path_user: Option<&str>,
        request: &Request,
        body: Option<&Value>,
    ) -> Option<String> {
        let name = &config.user_parameter;
        let user = match position {
            UserPosition::Query => request.parameter(name),
            UserPosition::Path => path_user.map(str::to_owned),
            UserPosition::Header => request.header(name).map(str::to_owned),
            UserPosition::Body => match body {
                Some(body) => body.get(name).and_then(Value::as_str).map(str::to_owned),
                None => serde_json::from_slice::<Value>(&request.body)
                    .ok()
                    .and_then(|body| body.get(name).and_then(Value::as_str).map(str::to_owned)),
            },
            UserPosition::Absent => None,
        };
        user.filter(|user| !user.is_empty())
    }

    pub(super) fn check_user(&self, name: &str) -> Result<(), Refused> {
        let store = lock(&self.store);
        let user = store
            .user(name)
            .ok_or_else(|| Refused::new("user_unknown", "no such user"))?;
        if user.config.fido_enabled {
            Ok(())
        } else {
            Err(Refused::new("user_disabled", "FIDO is not enabled for the user"))
        }
    }
}
