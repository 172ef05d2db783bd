//! Reads a command body (protocol notes: hermod 2): an object of exactly `commandHeader` and one command member, integers for the
//! two times, `timeout` not after `lifespan`. The command member is kept as the bytes that came, because the device gets it unchanged.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::errors::Refusal;
use super::verbs::{self, Asked};
use crate::config::{CommandVerb, FidoConfig, FidoMode, FidoVerb, HermodConfig, OptionsEncoding};
use crate::hermod::store::Kind;
use crate::json;
use crate::net::message::Request;

/// A command that has been read. It holds what the client wants done, secrets included, therefore it cannot be printed.
pub(crate) struct Envelope {
    pub(crate) kind: Kind,
    /// What stands at `{verb}` in the callback path.
    pub(crate) verb: String,
    pub(crate) command_type: String,
    pub(crate) lifespan: u64,
    pub(crate) timeout: u64,
    /// `@tmp` when it was left out.
    pub(crate) to: Vec<String>,
    pub(crate) to_given: bool,
    pub(crate) external_id: Option<String>,
    /// Name and raw text of the command member.
    pub(crate) message: (String, String),
    /// What a create command says about the box it is meant for.
    pub(crate) address: Option<String>,
    pub(crate) asked: Asked,
    pub(crate) keep_open: bool,
}

/// Whether `path` (below the command base) is this verb's; gives what stands at `{address}`.
fn verb_matches(verb: &str, path: &[String]) -> Option<Option<String>> {
    let parts: Vec<&str> = verb.split('/').collect();
    if parts.len() != path.len() {
        return None;
    }
    let mut address = None;
    for (part, segment) in parts.iter().zip(path) {
        if *part == "{address}" {
            address = Some(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    Some(address)
}

fn operation_matches(verb: &FidoVerb, body: &Value) -> bool {
    let Some(command) = body.get(&verb.wrapper) else {
        return false;
    };
    verb.operation_member.is_empty()
        || command.get(&verb.operation_member).and_then(Value::as_str) == Some(verb.operation.as_str())
}

/// Which command a request carries: for routing of faults as well as for the command itself.
pub(crate) fn classify(
    config: &HermodConfig,
    path: &[String],
    body: &Value,
) -> Option<(Kind, Option<String>)> {
    let fido = &config.fido;
    let create = verb_matches(&fido.create.verb, path)
        .filter(|_| operation_matches(&fido.create, body) && options(fido, body).is_some());
    if let Some(address) = create {
        return Some((Kind::Create, address));
    }
    if fido.mode == FidoMode::Session
        && verb_matches(&fido.session.verb, path).is_some()
        && operation_matches(&fido.session, body)
    {
        return Some((Kind::Session, None));
    }
    find_verb(config, path, body).map(|verb| (Kind::Verb(verb), None))
}

/// The command of the table that has this path; where several share it, the one whose member is there.
fn find_verb(config: &HermodConfig, path: &[String], body: &Value) -> Option<CommandVerb> {
    let mut first = None;
    for verb in CommandVerb::ALL {
        let settings = config.verbs.get(verb);
        if !settings.path.split('/').eq(path.iter().map(String::as_str)) {
            continue;
        }
        if body.get(&settings.wrapper).is_some() {
            return Some(verb);
        }
        first = first.or(Some(verb));
    }
    first
}

/// The creation options of a create command, decoded.
pub(crate) fn options(fido: &FidoConfig, body: &Value) -> Option<Value> {
    let value = body.get(&fido.create.wrapper)?.pointer(&fido.options_pointer)?;
    decode_options(fido.options_encoding, value)
}

pub(crate) fn decode_options(encoding: OptionsEncoding, value: &Value) -> Option<Value> {
    let decoded = match encoding {
        OptionsEncoding::Object => value.clone(),
        OptionsEncoding::String => serde_json::from_str(value.as_str()?).ok()?,
        OptionsEncoding::Base64url => {
            serde_json::from_slice(&crate::webauthn::b64::decode(value.as_str()?)?).ok()?
        }
    };
    decoded.is_object().then_some(decoded)
}

/// Reads and checks a command.
pub(crate) fn read(config: &HermodConfig, path: &[String], request: &Request) -> Result<Envelope, Refusal> {
    if !request.is_json() {
        return Err(Refusal::new(415, "content_type", "Content type is not supported"));
    }
    let mut body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::bad("json", format!("JSON parse error: {error}")))?;
    let moved;
    let text = if config.request_moves.is_empty() {
        request.body.as_ref()
    } else {
        json::apply(&config.request_moves, &mut body);
        moved = body.to_string();
        moved.as_bytes()
    };
    let raw: BTreeMap<String, &RawValue> = serde_json::from_slice(text)
        .map_err(|_| Refusal::bad("envelope", "the body is not a JSON object"))?;

    let known_verb = {
        let fido = &config.fido;
        verb_matches(&fido.create.verb, path).is_some()
            || (fido.mode == FidoMode::Session && verb_matches(&fido.session.verb, path).is_some())
            || find_verb(config, path, &Value::Null).is_some()
    };
    if !known_verb {
        return Err(Refusal::new(404, "verb", "no such command"));
    }
    let header = body
        .get("commandHeader")
        .and_then(Value::as_object)
        .ok_or_else(|| Refusal::bad("header_missing", "commandHeader is missing"))?;
    let Some((kind, path_address)) = classify(config, path, &body) else {
        return Err(Refusal::bad(
            "command_unknown",
            "the command member, its operation or its options are not known",
        ));
    };
    let (wrapper, verb, command_type, keep_open) = match kind {
        Kind::Session => {
            let verb = &config.fido.session;
            let command_type = type_of(&verb.verb, config);
            (verb.wrapper.clone(), verb.verb.clone(), command_type, true)
        }
        Kind::Create => {
            let verb = &config.fido.create;
            let command_type = type_of(&verb.verb, config);
            let segment = verb.verb.replace("/{address}", "");
            (verb.wrapper.clone(), segment, command_type, false)
        }
        Kind::Verb(verb) => {
            let verb = config.verbs.get(verb).clone();
            let segment = if verb.callback.is_empty() {
                verb.path
            } else {
                verb.callback
            };
            (verb.wrapper, segment, verb.command_type, verb.keep_open)
        }
    };
    let message = raw
        .get(&wrapper)
        .ok_or_else(|| Refusal::bad("command_missing", format!("{wrapper} is missing")))?
        .get()
        .to_owned();
    if !body.get(&wrapper).is_some_and(Value::is_object) {
        return Err(Refusal::bad(
            "command_type",
            format!("{wrapper} is not an object"),
        ));
    }
    if let Some(extra) = raw.keys().find(|key| {
        *key != "commandHeader"
            && **key != wrapper
            && !config.extra_members.contains(key)
            && !(kind == Kind::Create
                && json::first_segment(&config.fido.address_pointer).as_ref() == Some(*key))
    }) {
        return Err(Refusal::bad("envelope", format!("unknown member {extra}")));
    }
    let (lifespan, timeout) = (
        integer(header.get("lifespan"), "lifespan")?,
        integer(header.get("timeout"), "timeout")?,
    );
    if timeout > lifespan {
        return Err(Refusal::bad(
            "timeout_after_lifespan",
            "timeout must not exceed lifespan",
        ));
    }
    let to_given = header.get("to").is_some_and(|to| !to.is_null());
    let to = match header.get("to") {
        // Left out means "@tmp" (hermod 2.2, inferred from the provisioning example).
        None | Some(Value::Null) => vec!["@tmp".to_owned()],
        Some(Value::Array(list)) => list
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .filter(|list| !list.is_empty())
            .ok_or_else(|| Refusal::bad("to", "to must be a list of texts"))?,
        Some(_) => return Err(Refusal::bad("to", "to must be a list")),
    };
    let external_id = match header.get("externalId") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.clone()),
        Some(_) => return Err(Refusal::bad("external_id", "externalId must be a text")),
    };
    if config.refuse_unknown_members {
        refuse_unknown(config, kind, &body, &wrapper)?;
    }
    let asked = match (kind, body.get(&wrapper)) {
        (Kind::Verb(verb), Some(command)) => verbs::check(config, verb, command)?,
        _ => Asked::default(),
    };
    let address = path_address.or_else(|| {
        body.pointer(&config.fido.address_pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    Ok(Envelope {
        kind,
        verb,
        command_type,
        lifespan,
        timeout,
        to,
        to_given,
        external_id,
        message: (wrapper, message),
        address,
        asked,
        keep_open,
    })
}

/// The type of a FIDO command: that of the command whose path it borrows, or its own.
fn type_of(path: &str, config: &HermodConfig) -> String {
    CommandVerb::ALL
        .into_iter()
        .map(|verb| config.verbs.get(verb))
        .find(|verb| verb.path == path)
        .map_or_else(
            || config.fido_command_type.clone(),
            |verb| verb.command_type.clone(),
        )
}

fn integer(value: Option<&Value>, name: &str) -> Result<u64, Refusal> {
    value
        .and_then(Value::as_u64)
        // A year is far more than any person takes; it also keeps the arithmetic of times safe.
        .filter(|seconds| (1..=31_536_000).contains(seconds))
        .ok_or_else(|| {
            Refusal::bad(
                "header_integer",
                format!("{name} must be a positive integer (seconds)"),
            )
        })
}

fn refuse_unknown(config: &HermodConfig, kind: Kind, body: &Value, wrapper: &str) -> Result<(), Refusal> {
    let fido = &config.fido;
    let mut header_members: Vec<String> = ["lifespan", "timeout", "to", "externalId"]
        .map(str::to_owned)
        .to_vec();
    let mut command_members: Vec<String> = Vec::new();
    match kind {
        Kind::Session => command_members.push(fido.session.operation_member.clone()),
        Kind::Create => {
            command_members.push(fido.create.operation_member.clone());
            command_members.extend(json::first_segment(&fido.options_pointer));
            if let Some(rest) = fido.address_pointer.strip_prefix("/commandHeader") {
                header_members.extend(json::first_segment(rest));
            }
            if let Some(rest) = fido.address_pointer.strip_prefix(&format!("/{wrapper}")) {
                command_members.extend(json::first_segment(rest));
            }
        }
        // Their bodies are read member by member.
        Kind::Verb(_) => return refuse_others(body.get("commandHeader"), &header_members, "commandHeader"),
    }
    if kind == Kind::Session && wrapper == config.verbs.ping.wrapper {
        // The one documented member of ping (hermod 3.10, D).
        command_members.push("deviceinfo".to_owned());
    }
    refuse_others(body.get("commandHeader"), &header_members, "commandHeader")?;
    if kind == Kind::Create && fido.options_pointer.is_empty() {
        // The command member is the options themselves, which are free.
        return Ok(());
    }
    refuse_others(body.get(wrapper), &command_members, wrapper)
}

fn refuse_others(object: Option<&Value>, allowed: &[String], name: &str) -> Result<(), Refusal> {
    let unknown = object
        .and_then(Value::as_object)
        .and_then(|object| object.keys().find(|key| !allowed.contains(key)));
    match unknown {
        Some(key) => Err(Refusal::bad(
            "unknown_member",
            format!("unknown member {key} in {name}"),
        )),
        None => Ok(()),
    }
}
