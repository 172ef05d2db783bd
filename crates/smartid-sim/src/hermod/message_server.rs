//! The message server, where the app fetches by the plugout link and answers (protocol notes: hermod 5.2). The addresses are from
//! published links; everything else is this simulator's own arrangement, since the device protocol is unknown: the link's token works
//! once and buys a session secret, which the app then shows in `X-Session`. A mailbox that belongs to somebody has no link; its app got
//! the secret when it was provisioned.

use std::time::Duration;

use serde_json::{Value, json};

use super::envelope::decode_options;
use super::errors::Refusal;
use super::store::{Command, DeviceAnswer, Kind, Mailbox, State, Store};
use super::{Hermod, answer};
use crate::config::{CommandVerb, ContentFailure, HermodConfig};
use crate::json;
use crate::net::message::{Reply, Request};
use crate::sync::lock;

pub(super) fn gone() -> Refusal {
    Refusal::new(404, "box_gone", "no such message box")
}

/// The box, if the caller has opened it.
pub(super) fn opened<'s>(store: &'s Store, bid: &str, request: &Request) -> Result<&'s Mailbox, Refusal> {
    let mailbox = store.boxes.get(bid).ok_or_else(gone)?;
    match (&mailbox.session, request.header("x-session")) {
        (Some(session), Some(shown)) if session == shown => Ok(mailbox),
        _ => Err(Refusal::new(404, "session_secret", "no such message box")),
    }
}

/// The box of a message that the caller may fetch and answer: with the session secret; or, for a provisioning message whose box
/// nobody has opened, by knowing both ids, since the Mobile App's link carries no token (hermod 5.1, D).
pub(super) fn admitted<'s>(
    store: &'s Store,
    bid: &str,
    mid: &str,
    request: &Request,
) -> Result<&'s Mailbox, Refusal> {
    if request.header("x-session").is_none()
        && let Some(mailbox) = store.boxes.get(bid)
        && mailbox.session.is_none()
        && find(store, bid, mid).is_ok_and(|(command, _)| command.kind == Kind::Verb(CommandVerb::Provision))
    {
        return Ok(mailbox);
    }
    opened(store, bid, request)
}

impl Hermod {
    /// `GET {public-url}/{bid}`: with `token` opens the box, later with the session secret waits for messages.
    pub(super) async fn fetch_box(&self, bid: &str, request: &Request) -> Result<Reply, Refusal> {
        if let Some(token) = request.parameter("token") {
            return self.open_box(bid, &token);
        }
        let limit = match request.parameter("wait").as_deref() {
            // The app only looks.
            Some("0") => Duration::ZERO,
            _ => Duration::from_secs(self.config.get().hermod.long_poll_seconds),
        };
        // Messages that the app knows of are no news to it.
        let seen = request.parameter("seen").unwrap_or_default();
        let until = self.clock.now().saturating_add(limit);
        let mut changed = self.changed.subscribe();
        loop {
            self.expire();
            changed.mark_unchanged();
            let alive_until = {
                let store = lock(&self.store);
                let mailbox = opened(&store, bid, request)?;
                let mut messages = waiting(&store, bid, mailbox);
                messages.retain(|message| {
                    let mid = message.get("mid").and_then(Value::as_str);
                    mid.is_none_or(|mid| !seen.split(',').any(|known| known == mid))
                });
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
            json!({"bid": bid, "session": session, "messages": waiting(&store, bid, mailbox)})
        };
        self.touch();
        Ok(Reply::json(200, &reply))
    }

    /// `GET {public-url}/{bid}/{mid}`: type and command body as the client sent it, without the header.
    pub(super) async fn fetch_message(
        &self,
        config: &HermodConfig,
        bid: &str,
        mid: &str,
        request: &Request,
    ) -> Result<Reply, Refusal> {
        let (mut message, gap) = {
            let mut store = lock(&self.store);
            if admitted(&store, bid, mid, request)?.session.is_none()
                && let Some(mailbox) = store.boxes.get_mut(bid)
            {
                // Links work once: whoever has fetched the message by the mobile link has used up the other one.
                mailbox.token = None;
            }
            let command = in_progress(&store, bid, mid)?;
            let gap = (command.asked.content && command.filled.is_none())
                .then(|| (command.client_id.clone(), command.message.1.clone()));
            (message_text(command, mid, None), gap)
        };
        if let Some((client_id, raw)) = gap {
            let filled = self.fill(config, &client_id, &raw).await;
            let mut store = lock(&self.store);
            // It may have ended while the content provider was asked.
            let command = in_progress(&store, bid, mid)?;
            match filled {
                Ok(filled) => {
                    let id = command.id;
                    message = message_text(command, mid, Some(&filled));
                    if config.content.cache
                        && let Some(command) = store.commands.get_mut(&id)
                    {
                        command.filled = Some(filled);
                    }
                }
                Err(_) if config.content.failure == ContentFailure::Deliver => (),
                Err(code) => {
                    let id = command.id;
                    self.content_failed(config, &mut store, id, bid, mid);
                    return Err(Refusal::new(404, code, "no such message"));
                }
            }
        }
        Ok(Reply::text(200, "application/json", message))
    }

    /// Without its content the command cannot be done: it fails, and the client learns it.
    fn content_failed(&self, config: &HermodConfig, store: &mut Store, id: u64, bid: &str, mid: &str) {
        let Some(command) = store.commands.get_mut(&id) else {
            return;
        };
        let Some(position) = command.target(bid, mid) else {
            return;
        };
        let error = DeviceAnswer::error(
            "CONTENT_PROVIDER",
            "the content provider did not give the content",
        );
        answer::settle(config, command, position, State::Failed, error);
        self.call_back(config, store, id, Some(position));
        self.touch();
    }
}

/// The command of a message that still may be answered.
fn in_progress<'s>(store: &'s Store, bid: &str, mid: &str) -> Result<&'s Command, Refusal> {
    let (command, position) = find(store, bid, mid)?;
    match command.targets.get(position).map(|target| target.state) {
        Some(State::InProgress) => Ok(command),
        _ => Err(Refusal::new(404, "message_gone", "no such message")),
    }
}

/// Spliced as text, so that what the client sent reaches the app byte for byte; only content that was asked for changes it.
fn message_text(command: &Command, mid: &str, filled: Option<&str>) -> String {
    let (name, raw) = &command.message;
    let raw = filled.or(command.filled.as_deref()).unwrap_or(raw);
    format!(
        "{{\"mid\":{},\"type\":{},\"keepOpen\":{},\"command\":{{{}:{raw}}}}}",
        json!(mid),
        json!(command.command_type),
        command.keep_open,
        json!(name),
    )
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

/// The command of a message, and the message's place in it.
pub(super) fn find<'s>(store: &'s Store, bid: &str, mid: &str) -> Result<(&'s Command, usize), Refusal> {
    let unknown = || Refusal::new(404, "message_unknown", "no such message");
    let mailbox = store.boxes.get(bid).ok_or_else(unknown)?;
    mailbox
        .commands
        .iter()
        .filter_map(|id| store.commands.get(id))
        .find_map(|command| command.target(bid, mid).map(|position| (command, position)))
        .ok_or_else(unknown)
}

/// The messages of a box that it has not answered.
pub(super) fn waiting(store: &Store, bid: &str, mailbox: &Mailbox) -> Vec<Value> {
    mailbox
        .commands
        .iter()
        .filter_map(|id| store.commands.get(id))
        .flat_map(|command| command.targets.iter().map(move |target| (command, target)))
        .filter(|(_, target)| target.bid == bid && target.state == State::InProgress)
        .map(|(command, target)| json!({"mid": target.mid, "type": command.command_type}))
        .collect()
}
