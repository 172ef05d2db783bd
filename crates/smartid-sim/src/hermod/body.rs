//! Writes the bodies that a client reads: immediate response, state, callback. They are one object with more or fewer members
//! (protocol notes: hermod 2.3, D-ex; 6.2, I).

use serde_json::{Map, Value, json};

use super::store::{Command, Kind, State};
use crate::config::{HermodConfig, RegistrationEncoding};
use crate::json;
use crate::webauthn::b64;

pub(crate) fn state_name(config: &HermodConfig, state: State) -> &str {
    let names = &config.states;
    match state {
        State::InProgress => &names.in_progress,
        State::Success => &names.success,
        State::Failed => &names.failed,
        State::Timeout => &names.timeout,
        State::Rejected => &names.rejected,
        State::Cancelled => &names.cancelled,
    }
}

fn command_id(config: &HermodConfig, id: u64) -> Value {
    if config.command_id_as_number {
        json!(id)
    } else {
        json!(id.to_string())
    }
}

/// Members in the order of the published example.
fn common(config: &HermodConfig, command: &Command, public_url: &str, with_uri: bool) -> Map<String, Value> {
    let mut destination = Map::new();
    destination.insert("to".into(), json!(command.to));
    destination.insert("bid".into(), json!(command.bid));
    if with_uri && let Some(uri) = &command.uri {
        destination.insert("uri".into(), json!(uri));
    }
    destination.insert("mid".into(), json!(command.mid));
    destination.insert(
        "location".into(),
        json!(format!("{public_url}/{}/{}", command.bid, command.mid)),
    );
    let mut body = Map::new();
    body.insert("commandId".into(), command_id(config, command.id));
    body.insert("destinations".into(), json!([destination]));
    body.insert("commandType".into(), json!(command.command_type));
    body.insert("state".into(), json!(state_name(config, command.state)));
    body.insert("fqdn".into(), json!(config.fqdn));
    body
}

/// The immediate response.
pub(crate) fn immediate(config: &HermodConfig, command: &Command, public_url: &str) -> Value {
    let mut body = Value::Object(common(config, command, public_url, true));
    json::apply(&config.response_moves, &mut body);
    body
}

/// The state of a command: the same object, with `uri` while the link can still be opened.
pub(crate) fn state(config: &HermodConfig, command: &Command, public_url: &str) -> Value {
    let mut body = Value::Object(common(
        config,
        command,
        public_url,
        command.state == State::InProgress,
    ));
    outcome(config, command, &mut body);
    json::apply(&config.poll.moves, &mut body);
    body
}

/// The callback.
pub(crate) fn callback(config: &HermodConfig, command: &Command, public_url: &str) -> Value {
    let mut body = Value::Object(common(config, command, public_url, false));
    outcome(config, command, &mut body);
    json::apply(&config.callback.moves, &mut body);
    body
}

/// Adds `externalId`, `response` and `error`.
fn outcome(config: &HermodConfig, command: &Command, body: &mut Value) {
    if config.echo_external_id
        && let Some(id) = &command.external_id
    {
        json::put(body, "/externalId", json!(id));
    }
    if let Some(registration) = &command.answer.registration
        && command.kind == Kind::Create
    {
        if !config.callback.format.is_empty() {
            json::put(body, "/response/format", json!(config.callback.format));
        }
        let written = match config.callback.registration_encoding {
            RegistrationEncoding::Object => registration.clone(),
            RegistrationEncoding::String => json!(registration.to_string()),
            RegistrationEncoding::Base64url => json!(b64::encode(registration.to_string().as_bytes())),
        };
        json::put(body, &config.callback.registration_pointer, written);
    }
    if let Some(response) = &command.answer.response {
        json::put(body, "/response", response.clone());
    }
    if let Some(error) = &command.answer.error {
        json::put(body, "/error", error.clone());
    }
}
