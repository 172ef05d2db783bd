//! The device answers: `POST {public-url}/{bid}/{mid}` (protocol notes: hermod 5.2, I). One answer of each mailbox counts; what it
//! means for the command, for other mailboxes and for the mailbox itself is decided here.

use serde_json::Value;

use super::errors::Refusal;
use super::message_server::{admitted, find, gone};
use super::store::{Command, DeviceAnswer, Kind, State, Store};
use super::{Hermod, check, deletion, registry};
use crate::config::{CommandVerb, FanOut, HermodConfig, SecondAnswer};
use crate::net::message::{Reply, Request};
use crate::sync::lock;

/// `{"state", "response"?, "error"?}`.
fn read(request: &Request) -> Result<(State, Option<Value>, Option<Value>), Refusal> {
    let mut answer: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Refusal::bad("json", format!("JSON parse error: {error}")))?;
    let state = match answer.get("state").and_then(Value::as_str) {
        Some("SUCCESS") => State::Success,
        Some("FAILED") => State::Failed,
        Some("REJECTED") => State::Rejected,
        Some("CANCELLED") => State::Cancelled,
        _ => return Err(Refusal::bad("answer_state", "unknown state")),
    };
    let mut member = |name: &str| {
        answer
            .get_mut(name)
            .map(Value::take)
            .filter(|value| !value.is_null())
    };
    Ok((state, member("response"), member("error")))
}

/// Whether a message may be answered in this state.
fn may_answer(config: &HermodConfig, state: State) -> Result<(), Refusal> {
    match state {
        State::InProgress => Ok(()),
        State::Timeout => Err(Refusal::new(404, "message_expired", "answered")),
        _ if config.second_answer == SecondAnswer::Relay => Ok(()),
        _ => Err(Refusal::new(409, "answered_already", "answered")),
    }
}

/// Writes an answer down. The first one gives the command its state; a second one only when it is of the same mailbox.
pub(super) fn settle(
    config: &HermodConfig,
    command: &mut Command,
    position: usize,
    state: State,
    answer: DeviceAnswer,
) {
    let Some(target) = command.targets.get_mut(position) else {
        return;
    };
    target.state = state;
    target.answer = answer;
    if command.decided_by.is_none_or(|first| first == position) {
        command.decided_by = Some(position);
        command.state = state;
    }
    if config.mailbox.fan_out == FanOut::First {
        command.end(State::Cancelled);
    }
}

impl Hermod {
    pub(super) fn take_answer(
        &self,
        config: &HermodConfig,
        bid: &str,
        mid: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let (mut state, response, error) = read(request)?;
        let keys = self.attestation_keys(config);
        let given = {
            let mut store = lock(&self.store);
            let group = admitted(&store, bid, mid, request)?.group.clone();
            let (command, position) = find(&store, bid, mid)?;
            let (id, kind) = (command.id, command.kind);
            may_answer(
                config,
                command
                    .targets
                    .get(position)
                    .map_or(State::Timeout, |target| target.state),
            )?;
            let mut answer = DeviceAnswer {
                error,
                ..DeviceAnswer::default()
            };
            if kind == Kind::Create {
                answer.registration = response;
            } else {
                answer.response = response;
            }
            if state == State::Success && !check::passes(config, command, &answer, &keys) {
                state = State::Failed;
                answer = DeviceAnswer::error("INVALID_RESPONSE", "the device's response is not valid");
            }
            // Taken out while it is worked on: what follows needs the rest of the store.
            let Some(mut command) = store.commands.remove(&id) else {
                return Err(gone());
            };
            settle(config, &mut command, position, state, answer);
            let given = if state == State::Success {
                self.after_success(config, &mut store, &group, &command, position)
            } else {
                None
            };
            store.commands.insert(id, command);
            if kind != Kind::Session || config.callback.session {
                self.call_back(config, &store, id, Some(position));
            }
            given
        };
        self.touch();
        Ok(match given {
            Some(mailbox) => Reply::json(200, &mailbox).with_code("mailbox"),
            None => Reply::empty(204),
        })
    }

    /// A provision command makes a mailbox, a deletion removes one.
    fn after_success(
        &self,
        config: &HermodConfig,
        store: &mut Store,
        group: &str,
        command: &Command,
        position: usize,
    ) -> Option<Value> {
        match command.kind {
            Kind::Verb(CommandVerb::Provision) => {
                registry::register(&config.mailbox, &self.random, store, group, command, position)
            }
            Kind::Verb(CommandVerb::Delete) => {
                let bid = command.targets.get(position).map(|target| target.bid.as_str());
                deletion::after_answer(store, group, &command.asked, bid.unwrap_or_default());
                None
            }
            _ => None,
        }
    }
}
