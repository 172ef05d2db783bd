//! The message server, where the app fetches by the plugout link and answers (protocol notes: hermod 5.2). The addresses are from
//! published links; everything else is this simulator's own arrangement, since the device protocol is unknown: the link's token works
//! once and buys a session secret, which the app then shows in `X-Session`.

use std::time::Duration;

use serde_json::{Value, json};

use super::Hermod;
use super::envelope::decode_options;
use super::errors::Refusal;
use super::store::{Command, DeviceAnswer, Kind, Mailbox, State, Store};
use crate::config::{HermodConfig, SecondAnswer};
use crate::json;
use crate::net::message::{Reply, Request};
use crate::sync::lock;

fn gone() -> Refusal {
    Refusal::new(404, "box_gone", "no such message box")
}

/// The box, if the caller has opened it.
fn opened<'s>(store: &'s Store, bid: &str, request: &Request) -> Result<&'s Mailbox, Refusal> {
    let mailbox = store.boxes.get(bid).ok_or_else(gone)?;
    match (&mailbox.session, request.header("x-session")) {
        (Some(session), Some(shown)) if session == shown => Ok(mailbox),
        _ => Err(Refusal::new(404, "session_secret", "no such message box")),
    }
}

impl Hermod {
    /// `GET {public-url}/{bid}`: with `token` opens the box, later with the session secret waits for messages.
    pub(super) async fn fetch_box(&self, bid: &str, request: &Request) -> Result<Reply, Refusal> {
        if let Some(token) = request.parameter("token") {
            return self.open_box(bid, &token);
        }
        let limit = Duration::from_secs(self.config.get().hermod.long_poll_seconds);
        let until = self.clock.now().saturating_add(limit);
        let mut changed = self.changed.subscribe();
        loop {
            self.expire();
            changed.mark_unchanged();
            let alive_until = {
                let store = lock(&self.store);
                let mailbox = opened(&store, bid, request)?;
                let messages = waiting(&store, mailbox);
                if !messages.is_empty() || self.clock.now() >= until {
                    return Ok(Reply::json(200, &json!({"bid": bid, "messages": messages})));
                }
                mailbox.alive_until
            };
            tokio::select! {
                () = self.clock.sleep_until(until.min(alive_until)) => (),
                _ = changed.changed() => (),
            }
        }
    }

    fn open_box(&self, bid: &str, token: &str) -> Result<Reply, Refusal> {
        let session = self.random.hex64("session");
        let reply = {
            let mut store = lock(&self.store);
            let now = self.clock.now();
            let mailbox = store.boxes.get_mut(bid).ok_or_else(gone)?;
            if mailbox.open_until <= now {
                return Err(Refusal::new(404, "link_expired", "no such message box"));
            }
            if mailbox.token.as_deref() != Some(token) {
                return Err(Refusal::new(404, "link_used_or_wrong", "no such message box"));
            }
            mailbox.token = None;
            mailbox.session = Some(session.clone());
            let Some(mailbox) = store.boxes.get(bid) else {
                return Err(gone());
            };
            json!({"bid": bid, "session": session, "messages": waiting(&store, mailbox)})
        };
        self.touch();
        Ok(Reply::json(200, &reply))
    }

    /// `GET {public-url}/{bid}/{mid}`: type and command body as the client sent it, without the header.
    pub(super) fn fetch_message(&self, bid: &str, mid: &str, request: &Request) -> Result<Reply, Refusal> {
        let store = lock(&self.store);
        opened(&store, bid, request)?;
        let command = find(&store, bid, mid)?;
        if command.state != State::InProgress {
            return Err(Refusal::new(404, "message_gone", "no such message"));
        }
        let (name, raw) = &command.message;
        // Spliced as text, so that the options reach the app byte for byte.
        let text = format!(
            "{{\"mid\":{},\"type\":{},\"keepOpen\":{},\"command\":{{{}:{raw}}}}}",
            json!(mid),
            json!(command.command_type),
            command.kind == Kind::Session,
            json!(name),
        );
        Ok(Reply::text(200, "application/json", text))
    }

    /// `POST {public-url}/{bid}/{mid}`: `{"state", "response"?, "error"?}`. One answer counts.
    pub(super) fn take_answer(
        &self,
        config: &HermodConfig,
        bid: &str,
        mid: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let answer: Value = serde_json::from_slice(&request.body)
            .map_err(|error| Refusal::bad("json", format!("JSON parse error: {error}")))?;
        let mut state = match answer.get("state").and_then(Value::as_str) {
            Some("SUCCESS") => State::Success,
            Some("FAILED") => State::Failed,
            Some("REJECTED") => State::Rejected,
            Some("CANCELLED") => State::Cancelled,
            _ => return Err(Refusal::bad("answer_state", "unknown state")),
        };
        let call_back = {
            let mut store = lock(&self.store);
            opened(&store, bid, request)?;
            let id = find(&store, bid, mid)?.id;
            let Some(command) = store.commands.get_mut(&id) else {
                return Err(gone());
            };
            let second = command.state != State::InProgress;
            let relayed = second
                && config.second_answer == SecondAnswer::Relay
                && matches!(
                    command.state,
                    State::Success | State::Failed | State::Rejected | State::Cancelled
                );
            if second && !relayed {
                let code = if command.state == State::Timeout {
                    "message_expired"
                } else {
                    "answered_already"
                };
                return Err(Refusal::new(
                    if command.state == State::Timeout { 404 } else { 409 },
                    code,
                    "answered",
                ));
            }
            let response = answer.get("response").filter(|value| !value.is_null()).cloned();
            let mut outcome = DeviceAnswer {
                error: answer.get("error").cloned(),
                ..DeviceAnswer::default()
            };
            if command.kind == Kind::Create {
                outcome.registration = response;
            } else {
                outcome.response = response;
            }
            if command.kind == Kind::Create
                && state == State::Success
                && config.check_answers
                && !looks_like_a_credential(outcome.registration.as_ref())
            {
                state = State::Failed;
                outcome = DeviceAnswer {
                    error: Some(
                        json!({"code": "INVALID_RESPONSE", "message": "the device's response is not valid"}),
                    ),
                    ..DeviceAnswer::default()
                };
            }
            command.state = state;
            command.answer = outcome;
            let kind = command.kind;
            if kind != Kind::Session || config.callback.session {
                Some(id)
            } else {
                None
            }
        };
        if let Some(id) = call_back {
            self.call_back(config, id);
        }
        self.touch();
        Ok(Reply::empty(204))
    }
}

/// Finds the creation options in a message as the app receives it: their exact text, and what it says.
pub(crate) fn message_options(config: &HermodConfig, message: &str) -> Option<(String, Value)> {
    let pointer = format!(
        "/command/{}{}",
        config.fido.create.wrapper, config.fido.options_pointer
    );
    let raw = json::raw_at(message, &pointer)?;
    let options = decode_options(config.fido.options_encoding, &serde_json::from_str(raw).ok()?)?;
    // A session command may share the member name; without a challenge it is none of these.
    options.get("challenge")?;
    Some((raw.to_owned(), options))
}

fn looks_like_a_credential(value: Option<&Value>) -> bool {
    value.is_some_and(|value| {
        value.get("id").is_some_and(Value::is_string)
            && value
                .pointer("/response/clientDataJSON")
                .is_some_and(Value::is_string)
            && value
                .pointer("/response/attestationObject")
                .is_some_and(Value::is_string)
    })
}

fn find<'s>(store: &'s Store, bid: &str, mid: &str) -> Result<&'s Command, Refusal> {
    store
        .commands
        .values()
        .find(|command| command.bid == bid && command.mid == mid)
        .ok_or_else(|| Refusal::new(404, "message_unknown", "no such message"))
}

/// The messages of a box that nobody has answered.
fn waiting(store: &Store, mailbox: &Mailbox) -> Vec<Value> {
    mailbox
        .commands
        .iter()
        .filter_map(|id| store.commands.get(id))
        .filter(|command| command.state == State::InProgress)
        .map(|command| json!({"mid": command.mid, "type": command.command_type}))
        .collect()
}
