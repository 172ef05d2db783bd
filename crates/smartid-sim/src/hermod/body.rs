//! Writes the bodies that a client reads: immediate response, state, callback. They are one object with more or fewer members
//! (protocol notes: hermod 2.3, D-ex; 6.2, I).

use serde_json::{Map, Value, json};

use super::store::{Command, DeviceAnswer, Kind, State, Target};
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

/// What a body tells about: the whole command, or what one mailbox made of it.
struct View<'a> {
    targets: Vec<&'a Target>,
    state: State,
    /// None when nobody has answered.
    answer: Option<&'a DeviceAnswer>,
}

impl<'a> View<'a> {
    fn whole(command: &'a Command) -> Self {
        Self {
            targets: command.targets.iter().collect(),
            state: command.state,
            answer: command
                .decided_by
                .and_then(|position| command.targets.get(position))
                .map(|target| &target.answer),
        }
    }

    fn of(target: &'a Target) -> Self {
        Self {
            targets: vec![target],
            state: target.state,
            answer: Some(&target.answer),
        }
    }
}

/// Members in the order of the published example.
fn common(
    config: &HermodConfig,
    command: &Command,
    view: &View<'_>,
    public_url: &str,
    with_uri: bool,
) -> Map<String, Value> {
    let destinations: Vec<Value> = view
        .targets
        .iter()
        .map(|target| {
            let mut destination = Map::new();
            destination.insert("to".into(), json!(target.to));
            destination.insert("bid".into(), json!(target.bid));
            if with_uri && let Some(uri) = &target.uri {
                destination.insert("uri".into(), json!(uri));
            }
            destination.insert("mid".into(), json!(target.mid));
            destination.insert(
                "location".into(),
                json!(format!("{public_url}/{}/{}", target.bid, target.mid)),
            );
            Value::Object(destination)
        })
        .collect();
    let mut body = Map::new();
    body.insert("commandId".into(), command_id(config, command.id));
    body.insert("destinations".into(), Value::Array(destinations));
    body.insert("commandType".into(), json!(command.command_type));
    body.insert("state".into(), json!(state_name(config, view.state)));
    body.insert("fqdn".into(), json!(config.fqdn));
    body
}

/// The immediate response.
pub(crate) fn immediate(config: &HermodConfig, command: &Command, public_url: &str) -> Value {
    let view = View::whole(command);
    let mut body = Value::Object(common(config, command, &view, public_url, true));
    json::apply(&config.response_moves, &mut body);
    body
}

/// The state of a command: the same object, with `uri` while the link can still be opened.
pub(crate) fn state(config: &HermodConfig, command: &Command, public_url: &str) -> Value {
    let view = View::whole(command);
    let with_uri = command.state == State::InProgress;
    let mut body = Value::Object(common(config, command, &view, public_url, with_uri));
    outcome(config, command, view.answer, &mut body);
    json::apply(&config.poll.moves, &mut body);
    body
}

/// The callback: of one mailbox when it answered, of the whole command when it ended otherwise.
pub(crate) fn callback(
    config: &HermodConfig,
    command: &Command,
    answered: Option<usize>,
    public_url: &str,
) -> Value {
    let view = answered
        .and_then(|position| command.targets.get(position))
        .map_or_else(|| View::whole(command), View::of);
    let mut body = Value::Object(common(config, command, &view, public_url, false));
    outcome(config, command, view.answer, &mut body);
    json::apply(&config.callback.moves, &mut body);
    body
}

/// Adds `externalId`, `response` and `error`.
fn outcome(config: &HermodConfig, command: &Command, answer: Option<&DeviceAnswer>, body: &mut Value) {
    if config.echo_external_id
        && let Some(id) = &command.external_id
    {
        json::put(body, "/externalId", json!(id));
    }
    let Some(answer) = answer else { return };
    if let Some(registration) = &answer.registration
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
    if let Some(response) = &answer.response {
        json::put(body, "/response", response.clone());
    }
    if let Some(error) = &answer.error {
        json::put(body, "/error", error.clone());
    }
}
