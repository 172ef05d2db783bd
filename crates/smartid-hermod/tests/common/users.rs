//! API users of one messaging server: their clients, callback addresses and inboxes.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, StatusCode};
use smartid_core::base64::{Flavour, encode};
use smartid_core::{Head, Inbound, Inbox, ManualRuntime, MemoryInbox, SecretString, Timestamp};
use smartid_hermod::callback::{CallbackReceiver, Counters};
use smartid_hermod::{ApiKey, CommandReport, Hermod, Pending, PollPolicy};

use super::{BASE, Script};

/// An API user: its client, its callback address, its inbox.
pub struct User {
    pub hermod: Hermod,
    pub receiver: CallbackReceiver,
    pub inbox: Arc<MemoryInbox>,
    pub name: &'static str,
}

pub fn user(runtime: &ManualRuntime, name: &'static str, inbox: &Arc<MemoryInbox>, apart: bool) -> User {
    let mut builder = Hermod::builder(BASE, ApiKey::new(name, "key").unwrap());
    if apart {
        builder = builder.inbox_name(name);
    }
    let hermod = builder
        .build(Script::new(runtime, Vec::new()), Arc::new(runtime.clone()))
        .unwrap();
    User {
        receiver: hermod
            .callback_receiver(Arc::clone(inbox) as Arc<dyn Inbox>)
            .basic_auth(name, SecretString::new(format!("{name}-password")))
            .body_limit(64 * 1024)
            .build()
            .unwrap(),
        hermod,
        inbox: Arc::clone(inbox),
        name,
    }
}

/// What an API user's callbacks present.
pub fn basic(name: &str) -> HeaderMap {
    let pair = encode(Flavour::Standard, format!("{name}:{name}-password").as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(
        "authorization",
        HeaderValue::from_str(&format!("Basic {pair}")).unwrap(),
    );
    headers
}

impl User {
    pub fn pending(&self, external: &str, command: &str) -> Pending {
        let header = self.hermod.header().external_id(external);
        Pending::new(&header, Timestamp::from_millis(0)).with_command_id(command)
    }

    /// Posts as somebody who presents these headers.
    pub fn posted(&self, verb: &str, headers: HeaderMap, body: impl Into<bytes::Bytes>) -> StatusCode {
        let head = Head::new(Method::POST, format!("/{}/callback/{verb}", self.name), headers);
        let receive = self.receiver.receive(&head, body.into());
        super::runtime().block_on(receive).unwrap().status
    }

    /// Posts as messaging does.
    pub fn callback(&self, body: impl Into<bytes::Bytes>) {
        assert_eq!(self.posted("sign", basic(self.name), body), StatusCode::OK);
    }

    /// What a wait from the beginning of time hears.
    pub fn hears(&self, runtime: &ManualRuntime, pending: &Pending) -> Option<CommandReport> {
        runtime.set(Timestamp::from_millis(0));
        let policy = PollPolicy::off();
        let waited = runtime.block_on(self.hermod.wait(&*self.inbox, pending, &policy));
        waited.unwrap().unwrap().report
    }

    pub fn counters(&self) -> Counters {
        self.receiver.counters()
    }
}

pub fn two(runtime: &ManualRuntime, apart: bool) -> (User, User) {
    let inbox = Arc::new(MemoryInbox::new());
    (
        user(runtime, "idm", &inbox, apart),
        user(runtime, "da", &inbox, apart),
    )
}

pub fn report(command: &str, external: &str, state: &str) -> String {
    format!(r#"{{"commandId":{command},"externalId":{external},"state":"{state}"}}"#)
}
