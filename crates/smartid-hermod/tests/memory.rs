//! What a command costs while it is waited for. Many may be: a morning's logins of a whole house.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use allocation_counter::measure;
use common::{client, runtime};
use http::{HeaderMap, Method};
use smartid_core::{Head, Inbound, Inbox, MemoryInbox, Runtime, StoreError};
use smartid_hermod::{By, HermodDialect, Pending, PollPolicy, Waited};

const COMMANDS: usize = 100_000;
/// Bytes for each, beside what the caller keeps of the command.
const BUDGET: usize = 2048;

type Wait<'a> = Pin<Box<dyn Future<Output = Result<Waited, StoreError>> + Send + 'a>>;

#[test]
fn a_hundred_thousand_waiting_commands_are_small_and_each_is_heard() {
    let runtime = runtime();
    let (hermod, _) = client(&runtime, HermodDialect::default(), Vec::new());
    let inbox = MemoryInbox::new();
    let policy = PollPolicy::default();
    let pending: Vec<Pending> = (0..COMMANDS)
        .map(|index| {
            Pending::new(&hermod.header(), runtime.now())
                .with_command_id((1_000_000 + index).to_string())
                .sent_to("authenticate")
        })
        .collect();

    let mut waits: Vec<Wait<'_>> = Vec::with_capacity(COMMANDS);
    let mut context = Context::from_waker(Waker::noop());
    let held = measure(|| {
        for pending in &pending {
            let mut wait: Wait<'_> = Box::pin(hermod.wait(&inbox, pending, &policy));
            assert!(wait.as_mut().poll(&mut context).is_pending());
            waits.push(wait);
        }
    });
    let each = usize::try_from(held.bytes_current).unwrap() / COMMANDS;
    println!(
        "{each} bytes in {} allocations for each of {COMMANDS} commands",
        held.count_current / i64::try_from(COMMANDS).unwrap()
    );
    assert!(each <= BUDGET, "{each} bytes for each command");

    let receiver = hermod
        .callback_receiver(Arc::new(inbox.clone()) as Arc<dyn Inbox>)
        .danger_without_auth()
        .build()
        .unwrap();
    let head = Head::new(Method::POST, "/callback/authenticate", HeaderMap::new());
    for index in [0, COMMANDS / 2, COMMANDS - 1] {
        let body = format!(r#"{{"commandId":"{}","state":"REJECTED"}}"#, 1_000_000 + index);
        let reply = runtime.block_on(receiver.receive(&head, body.into())).unwrap();
        assert_eq!(reply.status, 200);
        let waited = runtime.block_on(waits[index].as_mut()).unwrap().unwrap();
        assert_eq!(waited.by, By::Callback);
    }
    drop(waits);
    assert_eq!(inbox.unclaimed(runtime.now()), Some(0));
}
