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

use smartid::core::dialect::overlay;
use smartid::core::{BoxFuture, CorrelationId, Inbox, Letter, Put, StoreError, Timestamp};
use smartid::flows::fido_enrolment::{End, Resumed};
use smartid::store::{Commit, Committed, FlowRecord, Lease};
use smartid::{DaDialect, FlowId, FlowStore, HermodDialect, MemoryFlowStore, SmartId, UserId};
use smartid_sim::{Fault, FaultKind, Route, RoutePattern, Sim, SimConfig};
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
    fn list<'a>(
        &'a self,
        ids: &'a [CorrelationId],
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Letter>, StoreError>> {
        self.inner.list(ids, limit)
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
    fn forget_ended(&self, before: Timestamp) -> BoxFuture<'_, Result<usize, StoreError>> {
        self.inner.forget_ended(before)
    }
    fn changed(&self, id: &FlowId) -> BoxFuture<'static, ()> {
        self.inner.changed(id)
    }
}

/// Under which circumstances the process dies.
#[derive(Clone, Debug, Default)]
struct Scene {
    messaging: &'static str,
    sim: &'static str,
    fault: Option<(Route, FaultKind)>,
}

fn process(sim: &Sim, scene: &Scene, store: Arc<dyn FlowStore>) -> SmartId {
    clients(
        sim,
        overlay::<HermodDialect>(scene.messaging).unwrap(),
        DaDialect::default(),
        Duration::from_secs(6),
        store,
    )
}

/// Runs an enrolment whose process dies at one write; a second process finishes it. Gives the end, and whether the write was reached.
async fn run(at: usize, moment: Moment, scene: &Scene) -> (End, bool, usize) {
    let config = SimConfig::from_toml(scene.sim).unwrap();
    let sim = Sim::builder().config(config).start().await.unwrap();
    if let Some((route, kind)) = scene.fault.clone() {
        sim.faults().inject(Fault::new(RoutePattern::route(route), kind));
    }
    let shared = MemoryFlowStore::new();
    let second = process(&sim, scene, Arc::new(shared.clone()));
    // Callbacks come to the process that survives.
    let address = serve_callbacks(&second).await;
    sim.set_callback(&format!("http://{address}"), Some(("hermod", CALLBACK_PASSWORD)));

    let dying = Dying::new(&shared, at, moment);
    let first = process(&sim, scene, Arc::clone(&dying) as Arc<dyn FlowStore>)
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
        person.abort();
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

/// The person's click is lost with the process that should have shown the link, and a command whose intent alone was written is not
/// sent again: these points, and no others, may end without a credential.
async fn every_point(scene: Scene, lost: &[&str]) {
    let scene = Arc::new(scene);
    let mut running = tokio::task::JoinSet::new();
    let (end, ..) = run(usize::MAX, Moment::Before, &scene).await;
    assert!(end.is_stored(), "{end:?}");
    for at in 0..20 {
        for moment in [Moment::Before, Moment::After] {
            let scene = Arc::clone(&scene);
            running.spawn(async move { (at, moment, run(at, moment, &scene).await) });
        }
    }
    let (mut reached, mut missed, mut without) = (0, 0, Vec::new());
    while let Some(ended) = running.join_next().await {
        let (at, moment, (end, died, stored)) = ended.unwrap();
        assert_eq!(
            stored,
            usize::from(end.is_stored()),
            "write {at} {moment:?}: {end:?}"
        );
        if !end.is_stored() {
            assert_eq!(moment, Moment::After, "write {at}: {end:?}");
            without.push(end.name());
        }
        if died { reached += 1 } else { missed += 1 }
    }
    without.sort_unstable();
    assert_eq!(without, lost);
    assert!(
        reached >= 12 && missed >= 4,
        "the points reach from the first to past the last write: {reached} {missed}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write() {
    every_point(Scene::default(), &["link-never-opened"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write_after_a_lost_answer() {
    let fault = Some((Route::DaCredentials, FaultKind::LostReply));
    every_point(
        Scene {
            fault,
            ..Scene::default()
        },
        &["link-never-opened"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write_where_one_command_does_it_all() {
    let scene = Scene {
        messaging: "fido.single_command = true",
        sim: "[hermod.fido]\nmode = 'single'",
        fault: None,
    };
    every_point(scene, &["link-never-opened"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_may_die_at_any_write_where_the_create_command_waits_for_the_app() {
    let scene = Scene {
        messaging: "fido.create_after_open = true",
        sim: "[hermod.fido]\nrefuse_create_until_open = 409",
        fault: None,
    };
    every_point(scene, &["link-never-opened", "no-answer"]).await;
}
