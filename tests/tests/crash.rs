//! A process that dies at any write: before it, or after it but before the flow hears of it. The points are counted in a run without a
//! crash, so a new step is covered without being listed. What counts is what the simulator holds in the end.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use smartid::core::{BoxFuture, CorrelationId, Inbox, Letter, Put, StoreError, Timestamp};
use smartid::flows::fido_enrolment::{End, Resumed};
use smartid::store::{Commit, Committed, FlowRecord, Lease};
use smartid::{DaDialect, FlowId, FlowStore, HermodDialect, MemoryFlowStore, SmartId, UserId};
use smartid_sim::{Fault, FaultKind, Route, RoutePattern, Sim};
use smartid_tests::{CALLBACK_PASSWORD, clients, serve_callbacks};
use tokio::sync::Notify;

/// When the process dies.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    Before,
    After,
}

/// A store whose user dies at one of its writes: that write never returns, and the test drops the flow then. A dead process gives no
/// lease back.
#[derive(Debug)]
struct Dying {
    inner: MemoryFlowStore,
    at: usize,
    moment: Moment,
    writes: AtomicUsize,
    died: Notify,
    flow: Mutex<Option<FlowId>>,
}

impl Dying {
    fn new(inner: &MemoryFlowStore, at: usize, moment: Moment) -> Arc<Self> {
        let inner = inner.clone();
        Arc::new(Self {
            inner,
            at,
            moment,
            writes: AtomicUsize::new(0),
            died: Notify::new(),
            flow: Mutex::new(None),
        })
    }

    fn is_dead(&self) -> bool {
        self.writes.load(Ordering::SeqCst) > self.at
    }
}

impl Inbox for Dying {
    fn put(&self, letter: Letter) -> BoxFuture<'_, Result<Put, StoreError>> {
        self.inner.put(letter)
    }
    fn peek<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.inner.peek(ids)
    }
    fn take<'a>(&'a self, ids: &'a [CorrelationId]) -> BoxFuture<'a, Result<Option<Letter>, StoreError>> {
        self.inner.take(ids)
    }
    fn arrival(&self, ids: &[CorrelationId]) -> BoxFuture<'static, ()> {
        self.inner.arrival(ids)
    }
}

impl FlowStore for Dying {
    fn insert(&self, record: FlowRecord) -> BoxFuture<'_, Result<(), StoreError>> {
        *self.flow.lock().unwrap() = Some(record.id.clone());
        self.inner.insert(record)
    }
    fn load<'a>(&'a self, id: &'a FlowId) -> BoxFuture<'a, Result<Option<FlowRecord>, StoreError>> {
        self.inner.load(id)
    }
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<Committed, StoreError>> {
        Box::pin(async move {
            if self.writes.fetch_add(1, Ordering::SeqCst) != self.at {
                return self.inner.commit(commit).await;
            }
            if self.moment == Moment::After {
                self.inner.commit(commit).await?;
            }
            self.died.notify_one();
            std::future::pending().await
        })
    }
    fn lease<'a>(
        &'a self,
        id: &'a FlowId,
        owner: &'a str,
        now: Timestamp,
        _: Duration,
    ) -> BoxFuture<'a, Result<Lease, StoreError>> {
        // Short, so that the test need not wait for the lease of the dead.
        self.inner.lease(id, owner, now, Duration::from_millis(200))
    }
    fn release<'a>(&'a self, id: &'a FlowId, owner: &'a str) -> BoxFuture<'a, ()> {
        if self.is_dead() {
            Box::pin(std::future::ready(()))
        } else {
            self.inner.release(id, owner)
        }
    }
    fn abandoned(&self, now: Timestamp, limit: usize) -> BoxFuture<'_, Result<Vec<FlowId>, StoreError>> {
        self.inner.abandoned(now, limit)
    }
    fn changed(&self, id: &FlowId) -> BoxFuture<'static, ()> {
        self.inner.changed(id)
    }
}

fn process(sim: &Sim, store: Arc<dyn FlowStore>) -> SmartId {
    clients(
        sim,
        HermodDialect::default(),
        DaDialect::default(),
        Duration::from_secs(10),
        store,
    )
}

/// Runs an enrolment whose process dies at one write; a second process finishes it. Gives the end, and whether the write was reached.
async fn run(at: usize, moment: Moment, fault: Option<(Route, FaultKind)>) -> (End, bool, usize) {
    let sim = Sim::builder().start().await.unwrap();
    if let Some((route, kind)) = fault {
        sim.faults().inject(Fault::new(RoutePattern::route(route), kind));
    }
    let shared = MemoryFlowStore::new();
    let second = process(&sim, Arc::new(shared.clone()));
    // Callbacks come to the process that survives.
    let address = serve_callbacks(&second).await;
    sim.set_callback(&format!("http://{address}"), Some(("hermod", CALLBACK_PASSWORD)));

    let dying = Dying::new(&shared, at, moment);
    let first = process(&sim, Arc::clone(&dying) as Arc<dyn FlowStore>)
        .fido_enrolment()
        .unwrap();
    let user = UserId::new("alice").unwrap();
    let life = async {
        let begun = first.begin(&user).await.unwrap();
        let (desktop, link) = (sim.desktop(), begun.link.expose().to_owned());
        // The person does not die with the process.
        let person = tokio::spawn(async move {
            let _report = desktop.open(&link).await;
        });
        let end = first.complete(&begun.id).await.unwrap();
        person.await.unwrap();
        end
    };
    let ended = tokio::select! {
        end = life => Some(end),
        () = dying.died.notified() => None,
    };
    let end = match ended {
        Some(end) => end,
        None => {
            let id = dying.flow.lock().unwrap().clone().unwrap();
            carry_on(&sim, &second, id).await
        }
    };
    (end, dying.is_dead(), sim.credentials_of("alice").len())
}

/// What the second process does with whatever it finds in the store.
async fn carry_on(sim: &Sim, second: &SmartId, id: FlowId) -> End {
    let flow = second.fido_enrolment().unwrap();
    match flow.resume(&id).await.unwrap() {
        Resumed::Show(begun) => {
            let (desktop, link) = (sim.desktop(), begun.link.expose().to_owned());
            tokio::spawn(async move {
                let _report = desktop.open(&link).await;
            });
            flow.complete(&id).await.unwrap()
        }
        Resumed::Waiting { .. } => flow.complete(&id).await.unwrap(),
        Resumed::Ended(end) => *end,
        other => panic!("{other:?}"),
    }
}

async fn every_point(fault: Option<(Route, FaultKind)>) {
    let mut running = tokio::task::JoinSet::new();
    // The writes of a run without a crash; with a fault there are a few more.
    let (end, _, _) = run(usize::MAX, Moment::Before, fault.clone()).await;
    assert!(end.is_stored(), "{end:?}");
    for at in 0..20 {
        for moment in [Moment::Before, Moment::After] {
            let fault = fault.clone();
            running.spawn(async move { (at, moment, run(at, moment, fault).await) });
        }
    }
    let (mut reached, mut missed) = (0, 0);
    while let Some(ended) = running.join_next().await {
        let (at, moment, (end, died, stored)) = ended.unwrap();
        // Where the link was about to be handed out, nobody has clicked it: the end is that of a link that is not opened.
        let not_shown = end == End::LinkNeverOpened;
        assert!(end.is_stored() || not_shown, "write {at} {moment:?}: {end:?}");
        assert_eq!(
            stored,
            usize::from(end.is_stored()),
            "write {at} {moment:?}: {end:?}"
        );
        if died { reached += 1 } else { missed += 1 }
    }
    assert!(
        reached >= 18 && missed >= 4,
        "the points reach from the first to past the last write: {reached} {missed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write() {
    every_point(None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write_after_a_lost_answer() {
    every_point(Some((Route::DaCredentials, FaultKind::LostReply))).await;
}
