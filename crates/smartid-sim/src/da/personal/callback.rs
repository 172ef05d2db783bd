//! Messaging calls back (protocol notes: digital-access 3.2 and 4.5): `POST .../personalmessaging`, with the command's path behind it.
//! What belongs to no open login is answered 200 and ignored, because messaging would try again otherwise.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::super::Da;
use super::{Login, State};
use crate::config::SimConfig;
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::b64;

fn text(body: &Value, name: &str) -> Option<String> {
    match body.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a callback names this login.
fn names(login: &Login, command: Option<&str>, external: Option<&str>) -> bool {
    if external.is_some_and(|external| external != login.id) {
        return false;
    }
    match (&login.command_id, command) {
        (Some(own), Some(command)) => own == command,
        // It may be faster than the immediate response.
        (None, _) => external.is_some(),
        (Some(_), None) => external.is_some(),
    }
}

/// What a state means.
enum Told {
    Nothing,
    Answered,
    Ended(State),
}

fn told(config: &SimConfig, state: Option<&str>) -> Told {
    let (names, state) = (&config.hermod.states, state.unwrap_or_default());
    if state == names.success {
        Told::Answered
    } else if state == names.rejected || state == names.cancelled {
        Told::Ended(State::Rejected)
    } else if state == names.timeout {
        Told::Ended(State::Timeout)
    } else if state == names.failed {
        Told::Ended(State::Error)
    } else {
        Told::Nothing
    }
}

impl Da {
    /// Whether messaging has shown its password.
    fn from_messaging(&self, config: &SimConfig, request: &Request) -> bool {
        if !config.da.personal.callback_password {
            return true;
        }
        let Some(pair) = self
            .peers()
            .and_then(|peers| peers.api.callback_basic_auth.as_ref())
        else {
            return false;
        };
        let wanted = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let shown = request.header("authorization").unwrap_or_default();
        verify_slices_are_equal(shown.as_bytes(), wanted.as_bytes()).is_ok()
    }

    /// The callback; `tail` is what follows its path.
    pub(in crate::da) fn personal_callback(&self, request: &Request, tail: &str) -> Reply {
        let config = self.config.get();
        if !self.from_messaging(&config, request) {
            return Reply::empty(401)
                .with_header("www-authenticate", "Basic realm=\"personalmessaging\"")
                .with_code("callback_password");
        }
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return Reply::empty(400).with_code("callback_json");
        };
        if !body.is_object() {
            return Reply::empty(400).with_code("callback_json");
        }
        let ignored = |code: &str| Reply::empty(200).with_code(code);
        let kind = text(&body, "commandType");
        let of_authenticate = matches!(tail, "" | "/" | "/callback/authenticate" | "/authenticate");
        if !of_authenticate || kind.is_some_and(|kind| kind != "AUTH") {
            return ignored("callback_of_other_command");
        }
        let (command, external) = (text(&body, "commandId"), text(&body, "externalId"));
        let mut logins = lock(&self.logins);
        let now = self.clock.now();
        let Some(login) = logins
            .iter_mut()
            .find(|login| names(login, command.as_deref(), external.as_deref()))
        else {
            return ignored("callback_unknown");
        };
        if !login.state_at(now).is_open() {
            return ignored("callback_finished");
        }
        match told(&config, text(&body, "state").as_deref()) {
            Told::Nothing => ignored("callback_state"),
            Told::Ended(state) => {
                login.end(state, "not_accepted");
                ignored(match state {
                    State::Rejected => "callback_rejected",
                    State::Timeout => "callback_timeout",
                    _ => "callback_failed",
                })
            }
            Told::Answered => {
                let method = config.da.methods.iter().find(|method| method.id == login.method);
                let response = body.get("response").unwrap_or(&Value::Null);
                let who = method
                    .filter(|method| method.enabled)
                    .ok_or("method_unknown")
                    .and_then(|method| self.who_answered(method, login, response));
                match who {
                    Ok(user) => {
                        login.user = Some(user);
                        login.state = State::Accepted;
                        ignored("callback_accepted")
                    }
                    Err(reason) => {
                        login.end(State::Error, reason);
                        ignored(reason)
                    }
                }
            }
        }
    }

    /// The content provider (protocol notes: hermod 8, D): pictures of open logins.
    pub(in crate::da) fn personal_content(&self, request: &Request) -> Reply {
        let config = self.config.get();
        if !self.from_messaging(&config, request) {
            return Reply::empty(401).with_code("callback_password");
        }
        let asked: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = text(&asked, "contentId").unwrap_or_default();
        let logins = lock(&self.logins);
        let now = self.clock.now();
        let found = logins.iter().find(|login| {
            id.strip_prefix("AUTH:") == Some(&login.picture_id) && login.state_at(now).is_open()
        });
        match found {
            Some(login) => Reply::json(
                200,
                &json!({"data": [{
                    "content_type": "image/jpeg",
                    "content_encoding": "base64",
                    "key": "auth_image",
                    "data": b64::encode_standard(&login.picture),
                }]}),
            )
            .with_code("content"),
            None => Reply::empty(404).with_code("content_unknown"),
        }
    }
}
