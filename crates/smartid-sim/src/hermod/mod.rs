//! Smart ID Messaging (Hermod) as the protocol notes describe it: commands come in from API users, wait in mailboxes for the app,
//! and go out again as callbacks. This file ties the parts together: addresses, dispatch, time.

mod answer;
mod body;
mod callback;
mod check;
mod command;
mod content;
mod deletion;
mod destination;
mod envelope;
mod errors;
mod generate;
mod handle;
mod jwk;
mod link;
mod message_server;
mod push;
mod registry;
mod store;
mod verbs;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{broadcast, mpsc, watch};

use self::callback::Job;
use self::errors::Refusal;
use self::jwk::AttestationKey;
use self::store::{Kind, Store};
use crate::clock::SimClock;
use crate::config::{ApiUser, HermodConfig, LiveConfig};
use crate::faults::Route;
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::random::Random;
use crate::record::Party;
use crate::sync::lock;

pub(crate) use self::callback::{CallbackSender, deliver};
pub(crate) use self::message_server::message_options;
pub use self::push::{BoxNotice, BoxNotices};
pub use self::registry::MailboxEntry;
pub(crate) use self::registry::wrong_settings;

/// A link that nobody has opened yet, for the control page.
#[derive(Clone, Debug)]
pub(crate) struct OpenLink {
    pub(crate) command_id: u64,
    pub(crate) external_id: Option<String>,
    pub(crate) link: String,
    pub(crate) seconds_left: u64,
}

pub(crate) struct Hermod {
    config: Arc<LiveConfig>,
    clock: SimClock,
    random: Arc<Random>,
    store: Mutex<Store>,
    /// Counts changes; whoever waits for one subscribes.
    changed: watch::Sender<u64>,
    /// `https://host:port`, known once the listener is bound.
    origin: OnceLock<String>,
    queues: HashMap<String, mpsc::UnboundedSender<Job>>,
    notices: broadcast::Sender<BoxNotice>,
    /// How to call others; known once everything has been set up.
    sender: OnceLock<Arc<CallbackSender>>,
    /// Attestation keys beside those of the configuration.
    attestation: Mutex<Vec<AttestationKey>>,
}

impl Hermod {
    /// Makes the service and, per API user, the queue of its callbacks.
    pub(crate) fn new(
        config: Arc<LiveConfig>,
        clock: SimClock,
        random: Arc<Random>,
        users: Vec<ApiUser>,
    ) -> (Arc<Self>, Vec<mpsc::UnboundedReceiver<Job>>) {
        let first = config
            .get()
            .hermod
            .first_command_id
            .unwrap_or_else(|| 1000 + random.below("command", 9000));
        let mut queues = HashMap::new();
        let mut receivers = Vec::new();
        for user in &users {
            let (sender, receiver) = mpsc::unbounded_channel();
            queues.insert(user.client_id.clone(), sender);
            receivers.push(receiver);
        }
        let mut store = Store {
            users,
            next_id: first.saturating_sub(1),
            ..Store::default()
        };
        registry::add_existing(&config.get().hermod.mailbox, &random, &mut store);
        let hermod = Self {
            config,
            clock,
            random,
            store: Mutex::new(store),
            changed: watch::Sender::new(0),
            origin: OnceLock::new(),
            queues,
            notices: broadcast::Sender::new(push::BACKLOG),
            sender: OnceLock::new(),
            attestation: Mutex::default(),
        };
        (Arc::new(hermod), receivers)
    }

    pub(crate) fn set_origin(&self, origin: String) {
        let _ = self.origin.set(origin);
    }

    pub(crate) fn set_sender(&self, sender: Arc<CallbackSender>) {
        let _ = self.sender.set(sender);
    }

    fn origin(&self) -> &str {
        self.origin.get().map_or("https://localhost", String::as_str)
    }

    /// `public-url`: what links and locations begin with.
    fn public_url(&self) -> String {
        let config = self.config.get();
        match &config.hermod.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("{}{}/ms", self.origin(), prefix(&config.hermod)),
        }
    }

    pub(crate) fn command_url(&self) -> String {
        format!("{}{}/command", self.origin(), prefix(&self.config.get().hermod))
    }

    /// Sets the callback address of an API user.
    pub(crate) fn set_callback(&self, client_id: &str, url: &str, basic: Option<(&str, &str)>) {
        let mut store = lock(&self.store);
        if let Some(user) = store.users.iter_mut().find(|user| user.client_id == client_id) {
            user.callback_url = Some(url.to_owned());
            user.callback_basic_auth = basic.map(|(name, password)| format!("{name}:{password}"));
        }
    }

    /// An API user as it is now.
    pub(crate) fn api_user(&self, client_id: &str) -> Option<ApiUser> {
        lock(&self.store).user(client_id).cloned()
    }

    /// Links that wait for somebody to click them.
    pub(crate) fn open_links(&self) -> Vec<OpenLink> {
        self.expire();
        let now = self.clock.now();
        let store = lock(&self.store);
        store
            .commands
            .values()
            .flat_map(|command| command.targets.iter().map(move |target| (command, target)))
            .filter(|(_, target)| target.state == store::State::InProgress)
            .filter(|(_, target)| {
                store
                    .boxes
                    .get(&target.bid)
                    .is_some_and(|mailbox| mailbox.token.is_some())
            })
            .filter_map(|(command, target)| {
                Some(OpenLink {
                    command_id: command.id,
                    external_id: command.external_id.clone(),
                    link: target
                        .uri
                        .clone()
                        .filter(|_| target.to == destination::TEMPORARY)?,
                    seconds_left: command.timeout_at.saturating_sub(now).as_secs(),
                })
            })
            .collect()
    }

    /// Wakes whoever waits for a change.
    fn touch(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Lets time pass: timeouts are called back, old commands forgotten.
    fn expire(&self) {
        let config = self.config.get();
        let now = self.clock.now();
        // One lock for all three steps: another request must not forget a command between its timeout and its callback.
        let timed_out = {
            let mut store = lock(&self.store);
            let timed_out = store.expire(now);
            for id in &timed_out {
                self.call_back(&config.hermod, &store, *id, None);
            }
            store.forget(now);
            timed_out
        };
        if !timed_out.is_empty() {
            self.touch();
        }
    }

    /// Keeps time until it is aborted.
    pub(crate) async fn keep_time(self: Arc<Self>) {
        let mut changed = self.changed.subscribe();
        loop {
            self.expire();
            changed.mark_unchanged();
            let due = lock(&self.store).next_due().unwrap_or(Duration::MAX);
            tokio::select! {
                () = self.clock.sleep_until(due) => (),
                _ = changed.changed() => (),
            }
        }
    }

    fn dispatch(&self, request: &Request) -> Option<Endpoint> {
        let config = &self.config.get().hermod;
        if let Some(path) = request.below(&format!("{}/command", prefix(config))) {
            return Some(match request.method.as_str() {
                "POST" => Endpoint::Command(path),
                "GET" => Endpoint::State(match_id(&config.poll.path, &path)?),
                "DELETE" => Endpoint::Cancel(match_id(&config.cancel.path, &path)?),
                _ => return None,
            });
        }
        if let Some(path) = request.below(&format!("{}/util/generateclient", prefix(config))) {
            return match (request.method.as_str(), path.as_slice()) {
                ("GET", [id]) => Some(Endpoint::Generate(id.clone())),
                _ => None,
            };
        }
        let path = request.below(&format!("{}/ms", prefix(config)))?;
        match (request.method.as_str(), path.as_slice()) {
            ("GET", [bid]) => Some(Endpoint::Box(bid.clone())),
            ("GET", [bid, mid]) => Some(Endpoint::Message(bid.clone(), mid.clone())),
            ("POST", [bid, mid]) => Some(Endpoint::Answer(bid.clone(), mid.clone())),
            _ => None,
        }
    }
}

enum Endpoint {
    Command(Vec<String>),
    State(String),
    Cancel(String),
    Box(String),
    Message(String, String),
    Answer(String, String),
    Generate(String),
}

/// The group of an API user: those of a group share mailboxes.
pub(crate) fn group_of(user: &ApiUser) -> String {
    Store::group_of(user)
}

pub(crate) fn prefix(config: &HermodConfig) -> String {
    let trimmed = config.prefix.trim_matches('/');
    if trimmed.is_empty() {
        String::new()
    } else {
        format!("/{trimmed}")
    }
}

/// What stands at `{commandId}` of a path template.
fn match_id(template: &str, path: &[String]) -> Option<String> {
    let parts: Vec<&str> = template.split('/').collect();
    if parts.len() != path.len() {
        return None;
    }
    let mut id = None;
    for (part, segment) in parts.iter().zip(path) {
        if *part == "{commandId}" {
            id = Some(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    id
}

impl Service for Hermod {
    fn party(&self) -> Party {
        Party::Hermod
    }

    fn route(&self, request: &Request) -> Route {
        match self.dispatch(request) {
            Some(Endpoint::Command(path)) => {
                let config = &self.config.get().hermod;
                let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                crate::json::apply(&config.request_moves, &mut body);
                match envelope::classify(config, &path, &body) {
                    Some((Kind::Session, _)) => Route::HermodSession,
                    Some((Kind::Create, _)) => Route::HermodCreate,
                    Some((Kind::Verb(_), _)) | None => Route::HermodCommand,
                }
            }
            Some(Endpoint::State(_)) => Route::HermodPoll,
            Some(Endpoint::Cancel(_)) => Route::HermodCancel,
            Some(Endpoint::Box(_) | Endpoint::Message(..) | Endpoint::Answer(..)) => Route::MessageServer,
            Some(Endpoint::Generate(_)) | None => Route::Other,
        }
    }

    fn max_body(&self) -> usize {
        self.config.get().hermod.max_body_bytes
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            self.expire();
            let config = &self.config.get().hermod;
            let result = match self.dispatch(&request) {
                Some(Endpoint::Command(path)) => self.post_command(config, &path, &request),
                Some(Endpoint::State(id)) => self.get_state(config, &id, &request),
                Some(Endpoint::Cancel(id)) => self.cancel(config, &id, &request),
                Some(Endpoint::Box(bid)) => self.fetch_box(&bid, &request).await,
                Some(Endpoint::Message(bid, mid)) => self.fetch_message(config, &bid, &mid, &request).await,
                Some(Endpoint::Answer(bid, mid)) => self.take_answer(config, &bid, &mid, &request),
                Some(Endpoint::Generate(id)) => self.generate_client(config, &id),
                None => Err(Refusal::new(404, "path", "not found")),
            };
            result.unwrap_or_else(|refusal| {
                refusal.reply(&request.path, self.clock.unix_millis(), config.hide_exceptions)
            })
        })
    }
}
