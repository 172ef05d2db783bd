//! What the flow tests share: a client over a script, a receiver, a command that is waited for.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use smartid_core::{Head, Inbound, Inbox, ManualRuntime, MemoryInbox, Timestamp};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::{FidoOutcome, Hermod, HermodDialect, Pending, PollPolicy, Waited};

use super::{Answer, answer};

pub const OPTIONS: &str = r#"{"challenge":"AAAA"}"#;

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn ok(pause: u64, body: impl Into<bytes::Bytes>) -> Answer {
    (seconds(pause), Ok(answer(200, body)))
}

pub fn fails(status: u16, body: &'static str) -> Answer {
    (Duration::ZERO, Ok(answer(status, body)))
}

pub fn receiver(inbox: &Arc<MemoryInbox>, runtime: &ManualRuntime) -> CallbackReceiver {
    CallbackReceiver::builder(Arc::clone(inbox) as Arc<dyn Inbox>, Arc::new(runtime.clone()))
        .danger_without_auth()
        .build()
        .unwrap()
}

pub async fn call_back(receiver: &CallbackReceiver, body: impl Into<bytes::Bytes>) {
    let head = Head::new(Method::POST, "/callback/fido", HeaderMap::new());
    assert_eq!(receiver.receive(&head, body.into()).await.status, 200);
}

/// The create command of the golden files, sent at the beginning of time.
pub fn pending(hermod: &Hermod) -> Pending {
    let header = hermod.header().external_id("golden-create-0001");
    Pending::new(&header, Timestamp::from_millis(0))
        .with_command_id("4108")
        .expecting_response()
}

pub fn wait(
    runtime: &ManualRuntime,
    hermod: &Hermod,
    inbox: &MemoryInbox,
    pending: &Pending,
    policy: &PollPolicy,
) -> Waited {
    runtime
        .block_on(hermod.wait(inbox, pending, policy))
        .unwrap()
        .unwrap()
}

pub fn created(waited: &Waited) {
    let outcome = waited.report.as_ref().unwrap().fido(&HermodDialect::default());
    assert!(matches!(outcome, FidoOutcome::Created { .. }), "{outcome:?}");
}
