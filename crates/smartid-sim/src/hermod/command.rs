//! The command side: `POST {base}/command/{verb}`, asking for a state, cancelling (protocol notes: hermod 2 to 4).

use std::time::Duration;

use tokio::sync::watch;

use super::destination::{self, Destination, TEMPORARY};
use super::envelope::{self, Envelope};
use super::errors::Refusal;
use super::push::BoxNotice;
use super::store::{Command, DeviceAnswer, Kind, Mailbox, State, Store, Target};
use super::{Hermod, body, link};
use crate::config::{ApiUser, CommandVerb, FidoMode, HermodConfig, PollMode};
use crate::net::message::{Reply, Request};
use crate::sync::lock;
use crate::webauthn::b64;

const HTML: &str = "<!DOCTYPE html><html><head><title>Welcome</title></head><body>It works</body></html>";

impl Hermod {
    /// Finds the API user behind `X-Api-Key: base64(id ":" key)`, split at the first colon (hermod 1.3, D; the split I).
    pub(super) fn authenticate(&self, config: &HermodConfig, request: &Request) -> Result<ApiUser, Refusal> {
        let refused = |message: &str| Refusal::new(config.unauthorized_status, "api_key", message.to_owned());
        let header = request
            .header("x-api-key")
            .ok_or_else(|| refused("X-Api-Key is missing"))?;
        let decoded = b64::decode_standard(header).ok_or_else(|| refused("X-Api-Key is not base64"))?;
        let text = String::from_utf8(decoded).map_err(|_| refused("X-Api-Key is not text"))?;
        let (id, key) = text
            .split_once(':')
            .ok_or_else(|| refused("X-Api-Key has no colon"))?;
        lock(&self.store)
            .user(id)
            .filter(|user| user.key == key)
            .cloned()
            .ok_or_else(|| refused("unknown API user or wrong key"))
    }

    pub(super) fn post_command(
        &self,
        config: &HermodConfig,
        path: &[String],
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let user = self.authenticate(config, request)?;
        let envelope = envelope::read(config, path, request)?;
        if envelope.kind == Kind::Verb(CommandVerb::Delete) && !envelope.asked.confirmation {
            return self.delete_mailboxes(config, &user, envelope);
        }
        let (reply, kind, notices) = {
            let mut store = lock(&self.store);
            let command = self.create(config, &mut store, &user, envelope)?;
            let mut reply = Reply::json(
                config.accepted_status,
                &body::immediate(config, &command, &self.public_url()),
            );
            reply.called_back = Some(command.called_back.subscribe());
            let (kind, notices) = (command.kind, notices(&store, &command));
            store.commands.insert(command.id, command);
            (reply, kind, notices)
        };
        self.touch();
        self.push(notices);
        Ok(reply.with_code(match kind {
            Kind::Session => "session",
            Kind::Create => "create",
            Kind::Verb(_) => "command",
        }))
    }

    fn create(
        &self,
        config: &HermodConfig,
        store: &mut Store,
        user: &ApiUser,
        envelope: Envelope,
    ) -> Result<Command, Refusal> {
        let group = Store::group_of(user);
        let destinations = match envelope.kind {
            Kind::Create if config.fido.mode != FidoMode::Single => {
                let bid = envelope
                    .address
                    .as_deref()
                    .and_then(|text| find_session(config, store, &group, text))
                    .ok_or_else(|| destination::unknown(config))?;
                must_be_open(config, store, &bid)?;
                let to = envelope.to.first().cloned().unwrap_or_else(|| bid.clone());
                vec![Destination { to, bid: Some(bid) }]
            }
            Kind::Verb(verb) => {
                let to = if envelope.to_given {
                    envelope.to.clone()
                } else {
                    vec![destination::default(config, verb, &envelope.asked)]
                };
                destination::resolve(config, store, &group, verb, &to, &envelope.asked)?
            }
            Kind::Session | Kind::Create => {
                if envelope.to != [TEMPORARY] {
                    return Err(Refusal::bad(
                        "to",
                        "this command opens a temporary box and must go to @tmp",
                    ));
                }
                vec![Destination {
                    to: TEMPORARY.to_owned(),
                    bid: None,
                }]
            }
        };
        let mut command = self.command(store, user, envelope, State::InProgress);
        for destination in destinations {
            let target = self.put(config, store, &group, &command, destination);
            command.targets.push(target);
        }
        Ok(command)
    }

    /// A command with the next number and without destinations.
    pub(super) fn command(
        &self,
        store: &mut Store,
        user: &ApiUser,
        envelope: Envelope,
        state: State,
    ) -> Command {
        let now = self.clock.now();
        store.next_id += 1;
        Command {
            id: store.next_id,
            client_id: user.client_id.clone(),
            kind: envelope.kind,
            verb: envelope.verb,
            command_type: envelope.command_type,
            external_id: envelope.external_id,
            targets: Vec::new(),
            message: envelope.message,
            asked: envelope.asked,
            keep_open: envelope.keep_open,
            filled: None,
            timeout_at: now + Duration::from_secs(envelope.timeout),
            lifespan_at: now + Duration::from_secs(envelope.lifespan),
            state,
            decided_by: None,
            called_back: watch::Sender::new(0),
        }
    }

    /// Puts a command into one mailbox, a new one if need be.
    fn put(
        &self,
        config: &HermodConfig,
        store: &mut Store,
        group: &str,
        command: &Command,
        destination: Destination,
    ) -> Target {
        let (bid, uri) = match destination.bid {
            Some(bid) => {
                let uri = config
                    .uri_for_mailboxes
                    .then(|| self.link(config, &bid, &self.random.uuid("token")));
                if let Some(mailbox) = store.boxes.get_mut(&bid) {
                    mailbox.alive_until = mailbox.alive_until.max(command.timeout_at);
                    mailbox.commands.push(command.id);
                }
                (bid, uri)
            }
            None => {
                let (bid, token) = (self.random.uuid("bid"), self.random.uuid("token"));
                let uri = self.link(config, &bid, &token);
                let mailbox = Mailbox {
                    number: 0,
                    group: group.to_owned(),
                    owner: None,
                    token: Some(token),
                    session: None,
                    open_until: command.timeout_at,
                    alive_until: command.lifespan_at,
                    commands: vec![command.id],
                };
                store.add_box(bid.clone(), mailbox);
                (bid, Some(uri))
            }
        };
        Target {
            to: destination.to,
            bid,
            mid: self.random.uuid("mid"),
            uri,
            state: State::InProgress,
            answer: DeviceAnswer::default(),
        }
    }

    fn link(&self, config: &HermodConfig, bid: &str, token: &str) -> String {
        link::build(
            &format!("{}/{bid}", self.public_url()),
            token,
            config.link_escapes,
        )
    }

    pub(super) fn get_state(
        &self,
        config: &HermodConfig,
        id: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        match config.poll.mode {
            PollMode::Normal => (),
            PollMode::Off => return Err(Refusal::new(405, "poll_off", "method not supported")),
            PollMode::NotFound => return Err(Refusal::new(404, "poll_not_found", "not found")),
            PollMode::Unauthorized => return Err(Refusal::new(401, "poll_unauthorized", "unauthorized")),
            PollMode::Html => {
                return Ok(Reply::text(200, "text/html;charset=UTF-8", HTML).with_code("poll_html"));
            }
            PollMode::ServerError => return Err(Refusal::new(500, "poll_error", "internal error")),
        }
        let user = self.authenticate(config, request)?;
        let store = lock(&self.store);
        let command = find_command(&store, &user, id)?;
        Ok(Reply::json(
            200,
            &body::state(config, command, &self.public_url()),
        ))
    }

    pub(super) fn cancel(
        &self,
        config: &HermodConfig,
        id: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        if !config.cancel.enabled {
            return Err(Refusal::new(405, "cancel_off", "method not supported"));
        }
        let user = self.authenticate(config, request)?;
        let reply = {
            let mut store = lock(&self.store);
            let id = find_command(&store, &user, id)?.id;
            let Some(command) = store.commands.get_mut(&id) else {
                return Err(Refusal::new(404, "command_unknown", "no such command"));
            };
            if command.state != State::InProgress {
                return Err(Refusal::new(
                    409,
                    "command_ended",
                    "the command has ended already",
                ));
            }
            command.end(State::Cancelled);
            let reply = if config.cancel.status == 204 {
                Reply::empty(204)
            } else {
                Reply::json(
                    config.cancel.status,
                    &body::state(config, command, &self.public_url()),
                )
            };
            if config.cancel.callback {
                self.call_back(config, &store, id, None);
            }
            reply
        };
        self.touch();
        Ok(reply)
    }
}

/// The box whose rendered address equals `text`, within the caller's group.
fn find_session(config: &HermodConfig, store: &Store, group: &str, text: &str) -> Option<String> {
    store
        .boxes
        .iter()
        .filter(|(_, mailbox)| mailbox.group == group)
        .find(|(bid, mailbox)| {
            let opener = mailbox.commands.first().and_then(|id| store.commands.get(id));
            let mut address = config.fido.address.replace("{bid}", bid);
            if let Some(opener) = opener {
                let mid = opener.targets.iter().find(|target| target.bid == **bid);
                address = address
                    .replace("{commandId}", &opener.id.to_string())
                    .replace("{mid}", mid.map_or("", |target| &target.mid))
                    .replace("{externalId}", opener.external_id.as_deref().unwrap_or_default());
            }
            address == text
        })
        .map(|(bid, _)| bid.clone())
}

/// A create command may have to wait until the app has opened the session.
fn must_be_open(config: &HermodConfig, store: &Store, bid: &str) -> Result<(), Refusal> {
    let status = config.fido.refuse_create_until_open;
    let closed = store
        .boxes
        .get(bid)
        .is_some_and(|mailbox| mailbox.session.is_none());
    if status != 0 && closed {
        return Err(Refusal::new(
            status,
            "session_not_open",
            "the app has not opened the session",
        ));
    }
    Ok(())
}

/// Whose app has to be woken.
fn notices(store: &Store, command: &Command) -> Vec<BoxNotice> {
    command
        .targets
        .iter()
        .filter_map(|target| {
            let owner = store.boxes.get(&target.bid)?.owner.as_ref()?;
            Some(BoxNotice {
                user: owner.user.clone(),
                profile: owner.profile.clone(),
                bid: target.bid.clone(),
                mid: target.mid.clone(),
                command_type: command.command_type.clone(),
            })
        })
        .collect()
}

/// A command of the caller's group by number (groups see the same users and boxes; hermod 11.5).
fn find_command<'s>(store: &'s Store, user: &ApiUser, id: &str) -> Result<&'s Command, Refusal> {
    let group = Store::group_of(user);
    id.parse::<u64>()
        .ok()
        .and_then(|id| store.commands.get(&id))
        .filter(|command| {
            store
                .user(&command.client_id)
                .is_some_and(|owner| Store::group_of(owner) == group)
        })
        .ok_or_else(|| Refusal::new(404, "command_unknown", "no such command"))
}
