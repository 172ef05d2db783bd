//! The command side: `POST {base}/command/{verb}`, asking for a state, cancelling (protocol notes: hermod 2 to 4).

use std::time::Duration;

use tokio::sync::watch;

use super::envelope::{self, Envelope};
use super::errors::Refusal;
use super::store::{Command, DeviceAnswer, Kind, Mailbox, State, Store};
use super::{Hermod, body, link};
use crate::config::{ApiUser, FidoMode, HermodConfig, PollMode};
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
        let (reply, kind) = {
            let mut store = lock(&self.store);
            let command = self.create(config, &mut store, &user, envelope)?;
            let mut reply = Reply::json(
                config.accepted_status,
                &body::immediate(config, &command, &self.public_url()),
            );
            reply.called_back = Some(command.called_back.subscribe());
            let kind = command.kind;
            store.commands.insert(command.id, command);
            (reply, kind)
        };
        self.touch();
        Ok(reply.with_code(match kind {
            Kind::Session => "session",
            Kind::Create => "create",
            Kind::Other => "command",
        }))
    }

    fn create(
        &self,
        config: &HermodConfig,
        store: &mut Store,
        user: &ApiUser,
        envelope: Envelope,
    ) -> Result<Command, Refusal> {
        let now = self.clock.now();
        let group = Store::group_of(user);
        let single = config.fido.mode == FidoMode::Single;
        let addressed = match envelope.kind {
            Kind::Create if !single => {
                let bid = envelope
                    .address
                    .as_deref()
                    .and_then(|text| find_box(config, store, &group, text));
                Some(bid.ok_or_else(|| Refusal::new(404, "box_unknown", "no such session"))?)
            }
            Kind::Other => match envelope.to.as_slice() {
                [to] if to == "@tmp" => None,
                [to] => Some(
                    find_box(config, store, &group, to)
                        .ok_or_else(|| Refusal::new(404, "box_unknown", "no such destination"))?,
                ),
                // Grammar beyond one destination is unknown (hermod 12.5).
                _ => return Err(Refusal::bad("to", "exactly one destination is supported")),
            },
            Kind::Session | Kind::Create => {
                if envelope.to != ["@tmp"] {
                    return Err(Refusal::bad(
                        "to",
                        "this command opens a temporary box and must go to @tmp",
                    ));
                }
                None
            }
        };
        if envelope.kind == Kind::Create
            && config.fido.refuse_create_until_open != 0
            && let Some(bid) = &addressed
            && store
                .boxes
                .get(bid)
                .is_some_and(|mailbox| mailbox.session.is_none())
        {
            return Err(Refusal::new(
                config.fido.refuse_create_until_open,
                "session_not_open",
                "the app has not opened the session",
            ));
        }
        store.next_id += 1;
        let id = store.next_id;
        let (timeout_at, lifespan_at) = (
            now + Duration::from_secs(envelope.timeout),
            now + Duration::from_secs(envelope.lifespan),
        );
        let (bid, to, uri) = match addressed {
            Some(bid) => {
                let to = envelope.to.first().cloned().unwrap_or_else(|| bid.clone());
                let uri = config
                    .uri_for_mailboxes
                    .then(|| self.link(config, &bid, &self.random.uuid("token")));
                if let Some(mailbox) = store.boxes.get_mut(&bid) {
                    mailbox.alive_until = mailbox.alive_until.max(timeout_at);
                    mailbox.commands.push(id);
                }
                (bid, to, uri)
            }
            None => {
                let (bid, token) = (self.random.uuid("bid"), self.random.uuid("token"));
                let uri = self.link(config, &bid, &token);
                let mailbox = Mailbox {
                    group,
                    token: Some(token),
                    session: None,
                    open_until: timeout_at,
                    alive_until: lifespan_at,
                    commands: vec![id],
                };
                store.boxes.insert(bid.clone(), mailbox);
                (bid, "@tmp".to_owned(), Some(uri))
            }
        };
        Ok(Command {
            id,
            client_id: user.client_id.clone(),
            kind: envelope.kind,
            verb: envelope.verb,
            command_type: envelope.command_type,
            external_id: envelope.external_id,
            to,
            bid,
            mid: self.random.uuid("mid"),
            uri,
            message: envelope.message,
            timeout_at,
            lifespan_at,
            state: State::InProgress,
            answer: DeviceAnswer::default(),
            called_back: watch::Sender::new(0),
        })
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
        let (reply, id) = {
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
            command.state = State::Cancelled;
            let reply = if config.cancel.status == 204 {
                Reply::empty(204)
            } else {
                Reply::json(
                    config.cancel.status,
                    &body::state(config, command, &self.public_url()),
                )
            };
            (reply, id)
        };
        if config.cancel.callback {
            self.call_back(config, id);
        }
        self.touch();
        Ok(reply)
    }
}

/// The box whose rendered address equals `text`, within the caller's group.
fn find_box(config: &HermodConfig, store: &Store, group: &str, text: &str) -> Option<String> {
    store
        .boxes
        .iter()
        .filter(|(_, mailbox)| mailbox.group == group)
        .find(|(bid, mailbox)| {
            let opener = mailbox.commands.first().and_then(|id| store.commands.get(id));
            let mut address = config.fido.address.replace("{bid}", bid);
            if let Some(opener) = opener {
                address = address
                    .replace("{commandId}", &opener.id.to_string())
                    .replace("{mid}", &opener.mid)
                    .replace("{externalId}", opener.external_id.as_deref().unwrap_or_default());
            }
            address == text
        })
        .map(|(bid, _)| bid.clone())
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
