//! The states of a command as a page would show them, and commands that several mailboxes answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

mod common;

use std::sync::Arc;

use common::flow::{fails, ok, receiver, seconds, wait};
use common::{Answer, client, golden, runtime};
use http::{HeaderMap, Method};
use smartid_core::{
    BoxFuture, CorrelationId, Either, Head, Inbound, Inbox, Letter, ManualRuntime, MemoryInbox, Put, Runtime,
    StoreError, Timestamp, race,
};
use smartid_hermod::callback::CallbackReceiver;
use smartid_hermod::{
    By, Hermod, HermodDialect, ImmediateResponse, Pending, PollPolicy, State, StateChange, States, Until,
};

const MIDS: [&str; 2] = [
    "9d2f41c8-0000-4000-8000-0000000000b4",
    "9d2f41c8-0000-4000-8000-0000000000b5",
];

/// A ping to a user with two mailboxes, as the golden answer tells of it.
fn to_a_user(hermod: &Hermod) -> Pending {
    let answer = common::answer(200, golden("ping/response_user_boxes.json"));
    let answer = ImmediateResponse::read(&answer, &HermodDialect::default().states).unwrap();
    let header = hermod.header().external_id("golden-ping-0001");
    let pending = Pending::new(&header, Timestamp::from_millis(0)).answered(&answer);
    assert_eq!(
        pending.mids.iter().map(|mid| mid.as_str()).collect::<Vec<_>>(),
        MIDS
    );
    pending
}

fn report(mid: &str, state: &str) -> String {
    let destinations = if mid.is_empty() {
        String::new()
    } else {
        format!(r#","destinations":[{{"mid":"{mid}"}}]"#)
    };
    format!(r#"{{"commandId":"5105","externalId":"golden-ping-0001","state":"{state}"{destinations}}}"#)
}

async fn post(receiver: &CallbackReceiver, body: impl Into<bytes::Bytes>) {
    let head = Head::new(Method::POST, "/callback/ping", HeaderMap::new());
    assert_eq!(receiver.receive(&head, body.into()).await.status, 200);
}

/// One word for each change.
fn word(change: &StateChange) -> String {
    match change {
        StateChange::Unfinished(report) => report.state.to_string(),
        StateChange::Answered(report) => format!("one {}", report.state),
        StateChange::Polling(health) => format!("polling given up: {}", health.is_degraded()),
        StateChange::Ended(waited) => {
            let state = waited.report.as_ref().map(|report| report.state.to_string());
            format!("end {state:?} {:?}", waited.by)
        }
        other => panic!("{other:?}"),
    }
}

struct Bench {
    runtime: ManualRuntime,
    inbox: Arc<MemoryInbox>,
    receiver: CallbackReceiver,
    hermod: Hermod,
}

fn bench(answers: Vec<Answer>) -> Bench {
    let runtime = runtime();
    let inbox = Arc::new(MemoryInbox::new());
    Bench {
        receiver: receiver(&inbox, &runtime),
        hermod: client(&runtime, HermodDialect::default(), answers).0,
        inbox,
        runtime,
    }
}

impl Bench {
    /// Posts the bodies, each after so many seconds, while `future` runs.
    fn meanwhile<T>(&self, posts: &[(u64, String)], future: impl Future<Output = T>) -> T {
        let posts = async {
            for (pause, body) in posts {
                self.runtime.sleep(seconds(*pause)).await;
                post(&self.receiver, body.clone()).await;
            }
            std::future::pending::<()>().await;
        };
        match self.runtime.block_on(race(future, posts)).unwrap() {
            Either::First(value) => value,
            Either::Second(()) => panic!("the posts end before the future"),
        }
    }

    /// All changes, and what a wait under the same circumstances comes to.
    fn told(&self, posts: &[(u64, String)], policy: &PollPolicy) -> Vec<String> {
        let pending = to_a_user(&self.hermod);
        let states = self.hermod.states(&*self.inbox, &pending, policy);
        self.meanwhile(posts, all(states))
    }
}

async fn all(mut states: States<'_>) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(change) = states.next().await {
        told.push(word(&change.unwrap()));
    }
    assert!(states.next().await.is_none(), "after the end there is nothing");
    told
}

#[test]
fn every_state_is_told_once_as_it_comes() {
    let in_progress = || ok(0, report("", "IN_PROGRESS"));
    let answers = vec![
        in_progress(),
        in_progress(),
        ok(0, report("", "PARKED")),
        in_progress(),
        fails(404, ""),
        fails(401, ""),
        fails(200, "<html>Sign in</html>"),
        fails(500, ""),
        fails(404, "{}"),
    ];
    let posts = [
        (30, report(MIDS[0], "FETCHED")),
        (1, report(MIDS[0], "FETCHED")),
        (1, report(MIDS[1], "FETCHED")),
        (1, report(MIDS[0], "REJECTED")),
        (1, report(MIDS[1], "SUCCESS")),
    ];
    assert_eq!(
        bench(answers).told(&posts, &PollPolicy::default()),
        [
            "IN_PROGRESS",
            "PARKED",
            "IN_PROGRESS",
            "polling given up: true",
            "FETCHED",
            "FETCHED",
            "one REJECTED",
            "end Some(\"SUCCESS\") Callback",
        ]
    );
}

#[test]
fn what_came_before_somebody_asked_is_told_before_the_end() {
    let bench = bench(Vec::new());
    bench.meanwhile(&[], async {
        for (mid, state) in [(MIDS[0], "FETCHED"), (MIDS[0], "TIMEOUT"), (MIDS[1], "SUCCESS")] {
            post(&bench.receiver, report(mid, state)).await;
        }
    });
    let told = bench.told(&[], &PollPolicy::off());
    assert_eq!(told, ["FETCHED", "end Some(\"SUCCESS\") Callback"]);
}

/// Answers to polls, callbacks with the seconds before each, and the policy.
type Circumstances = (Vec<Answer>, Vec<(u64, String)>, PollPolicy);

/// Circumstances under which a wait ends in each of its ways.
fn circumstances() -> Vec<Circumstances> {
    let off = PollPolicy::off;
    vec![
        (vec![], vec![], off()),
        (vec![], vec![(9, report("", "CANCELLED"))], off()),
        (vec![], vec![(9, report(MIDS[0], "SUCCESS"))], off()),
        (vec![], vec![(9, report(MIDS[0], "REJECTED"))], off()),
        (
            vec![],
            vec![(9, report(MIDS[0], "REJECTED")), (9, report(MIDS[1], "TIMEOUT"))],
            off(),
        ),
        (
            vec![],
            vec![(9, report(MIDS[1], "SUCCESS")), (9, report(MIDS[0], "TIMEOUT"))],
            off().with_until(Until::AllMailboxes),
        ),
        (
            vec![ok(0, report("", "FAILED"))],
            vec![(9, report("", "SUCCESS"))],
            PollPolicy::default(),
        ),
        (
            vec![fails(404, ""), ok(0, report("", "SUCCESS"))],
            vec![],
            PollPolicy::default(),
        ),
        (vec![], vec![(9, report("", "PARKED"))], off()),
    ]
}

#[test]
fn the_states_end_as_the_wait_does() {
    for (index, (answers, posts, policy)) in circumstances().into_iter().enumerate() {
        let waits = bench(answers);
        let pending = to_a_user(&waits.hermod);
        let waited = waits.meanwhile(&posts, waits.hermod.wait(&*waits.inbox, &pending, &policy));
        let (waited, at) = (waited.unwrap(), waits.runtime.now());

        let answers = circumstances().swap_remove(index).0;
        let tells = bench(answers);
        let mut states = tells.hermod.states(&*tells.inbox, &pending, &policy);
        let end = tells.meanwhile(&posts, async {
            loop {
                if let StateChange::Ended(end) = states.next().await.unwrap().unwrap() {
                    break end;
                }
            }
        });
        assert_eq!(format!("{end:?}"), format!("{waited:?}"), "{index}");
        assert_eq!(tells.runtime.now(), at, "{index}");
    }
}

#[test]
fn a_call_that_is_dropped_loses_nothing_and_an_owned_stream_borrows_nothing() {
    let bench = bench(vec![ok(5, report("", "SUCCESS"))]);
    let pending = to_a_user(&bench.hermod);
    let inbox: Arc<dyn Inbox> = bench.inbox.clone();
    let mut states: States<'static> = bench.hermod.owned_states(inbox, pending, &PollPolicy::default());
    drop(bench.hermod);
    bench
        .runtime
        .block_on(async {
            // The poll begins after one second and is answered five seconds later.
            let Either::Second(()) = race(states.next(), bench.runtime.sleep(seconds(3))).await else {
                panic!()
            };
            assert_eq!(
                word(&states.next().await.unwrap().unwrap()),
                "end Some(\"SUCCESS\") Poll"
            );
        })
        .unwrap();
    assert_eq!(bench.runtime.now(), Timestamp::from_millis(6_000));
    assert_eq!(format!("{states:?}"), "States(over)");
}

#[cfg(feature = "stream")]
#[test]
fn it_is_a_stream() {
    use futures_core::Stream;
    let bench = bench(vec![
        ok(0, report("", "IN_PROGRESS")),
        ok(0, report("", "REJECTED")),
    ]);
    let pending = to_a_user(&bench.hermod);
    let policy = PollPolicy::default();
    let mut states = bench.hermod.states(&*bench.inbox, &pending, &policy);
    let mut next = || {
        let next = std::future::poll_fn(|context| std::pin::Pin::new(&mut states).poll_next(context));
        let change = bench.runtime.block_on(next).unwrap();
        change.map(|change| word(&change.unwrap()))
    };
    assert_eq!(next().as_deref(), Some("IN_PROGRESS"));
    assert_eq!(next().as_deref(), Some("end Some(\"REJECTED\") Poll"));
    assert_eq!(next(), None);
}

#[test]
fn polling_that_an_earlier_wait_gave_up_is_told_and_stays_given_up() {
    let bench = bench(vec![ok(0, report("", "SUCCESS"))]);
    let pending = to_a_user(&bench.hermod);
    let policy = PollPolicy::default();
    let health = serde_json::from_str(
        r#"{"polls":9,"failures":5,"last_failure":null,"degraded":"no","next":null,"settles":null}"#,
    )
    .unwrap();
    let states = bench
        .hermod
        .states(&*bench.inbox, &pending, &policy)
        .with_health(health);
    let told = bench.meanwhile(&[(9, report("", "REJECTED"))], all(states));
    assert_eq!(
        told,
        ["polling given up: true", "end Some(\"REJECTED\") Callback"]
    );
}

/// A store that can be written, and not read.
#[derive(Debug)]
struct Unreadable;

impl Inbox for Unreadable {
    fn put(&self, _: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        Box::pin(std::future::ready(Ok(Put::Stored)))
    }
    fn peek<'a>(&'a self, _: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("down".into()))))
    }
    fn list<'a>(
        &'a self,
        _: &'a [CorrelationId],
        _: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        Box::pin(std::future::ready(Err(StoreError::Unavailable("down".into()))))
    }
    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.peek(ids)
    }
    fn arrival(&self, _: &[CorrelationId]) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn an_inbox_that_cannot_be_read_ends_both_with_the_same_error() {
    let bench = bench(Vec::new());
    let pending = to_a_user(&bench.hermod);
    let policy = PollPolicy::off();
    let down = StoreError::Unavailable("down".into());
    let waited = bench
        .runtime
        .block_on(bench.hermod.wait(&Unreadable, &pending, &policy));
    assert_eq!(waited.unwrap().unwrap_err(), down);
    let mut states = bench.hermod.states(&Unreadable, &pending, &policy);
    let (first, second) = bench
        .runtime
        .block_on(async { (states.next().await, states.next().await) })
        .unwrap();
    assert_eq!(first.unwrap().unwrap_err(), down);
    assert!(second.is_none());
    assert_eq!(bench.receiver.counters().unclaimed, Some(0));
}

#[test]
fn of_two_mailboxes_the_first_success_counts_and_all_answers_are_told() {
    let bench = bench(Vec::new());
    let pending = to_a_user(&bench.hermod);
    let posts = [
        (5, report(MIDS[1], "REJECTED")),
        (5, report(MIDS[1], "SUCCESS")),
        (5, report(MIDS[0], "SUCCESS")),
    ];
    let policy = PollPolicy::off();
    let waited = bench
        .meanwhile(&posts, bench.hermod.wait(&*bench.inbox, &pending, &policy))
        .unwrap();
    let states: Vec<&State> = waited.reports.iter().map(|report| &report.state).collect();
    assert_eq!(states, [&State::Rejected, &State::Success]);
    assert_eq!(waited.report.unwrap().mid, Some(MIDS[0].into()));
    assert_eq!(bench.runtime.now(), Timestamp::from_millis(15_000));
}

#[test]
fn the_deadline_leaves_the_answer_of_the_one_mailbox_that_gave_one() {
    let bench = bench(Vec::new());
    let pending = to_a_user(&bench.hermod);
    let policy = PollPolicy::off();
    let posts = [(5, report(MIDS[1], "REJECTED"))];
    let waited = bench
        .meanwhile(&posts, bench.hermod.wait(&*bench.inbox, &pending, &policy))
        .unwrap();
    assert_eq!(waited.by, By::Deadline);
    assert_eq!(waited.report.unwrap().state, State::Rejected);
    assert_eq!(bench.runtime.now(), Timestamp::from_millis(280_000));
}

#[test]
fn the_first_final_report_of_a_mailbox_counts_whenever_somebody_looks() {
    for (first, second) in [("TIMEOUT", "SUCCESS"), ("SUCCESS", "TIMEOUT")] {
        let bench = bench(Vec::new());
        let header = bench.hermod.header().external_id("golden-ping-0001");
        let pending = Pending::new(&header, Timestamp::from_millis(0)).with_command_id("5105");
        for (name, state) in [("first", first), ("second", second)] {
            // Found by one id and by the other.
            let body = if name == "first" {
                format!(r#"{{"externalId":"golden-ping-0001","state":"{state}"}}"#)
            } else {
                format!(r#"{{"commandId":"5105","state":"{state}"}}"#)
            };
            bench.runtime.block_on(post(&bench.receiver, body)).unwrap();
        }
        let waited = wait(
            &bench.runtime,
            &bench.hermod,
            &bench.inbox,
            &pending,
            &PollPolicy::off(),
        );
        assert_eq!(waited.report.unwrap().state.to_string(), first);
        assert_eq!(bench.inbox.len(), 2, "the late one is kept as it came");
    }
}

#[test]
fn a_mailbox_that_the_command_was_not_put_into_leaves_a_lint() {
    let bench = bench(Vec::new());
    let pending = to_a_user(&bench.hermod);
    let mut known = pending.clone();
    known.mids.truncate(1);
    for (pending, lints) in [(pending, 0), (known, 1)] {
        let posts = [(1, report(MIDS[1], "SUCCESS"))];
        let policy = PollPolicy::off();
        let waited = bench
            .meanwhile(&posts, bench.hermod.wait(&*bench.inbox, &pending, &policy))
            .unwrap();
        let found = waited.report.unwrap().lints;
        assert_eq!(found.len(), lints, "{found:?}");
        assert!(
            found.iter().all(|lint| lint.to_string().contains("mailbox")),
            "{found:?}"
        );
    }
}
