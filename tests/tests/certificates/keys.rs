//! Keys that change or take their time while requests run: a renewed officer loses no request, a slow card stalls nobody.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use smartid::cm::CertificateManager;
use smartid::cm::operations::{IssueCertificate, Search};
use smartid::core::SignError;
use smartid::trust::{Certificate, OfficerIdentity, OfficerSigner, SignatureAlgorithm};
use smartid::{ReqwestTransport, Transport};
use smartid_tests::certificates::{CmSetup, CmWorld, OFFICER, new_csr};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const AT_A_TIME: usize = 200;
const REQUESTS: usize = 300;

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_swapped_under_two_hundred_requests_and_none_is_lost() {
    let world = CmWorld::start(CmSetup::default()).await;
    let setup = CmSetup::default();
    let one = |number: usize| {
        let cm = world.cm.clone();
        async move {
            let call = IssueCertificate::new(new_csr(&format!("C=SE,CN=Swap {number}")));
            cm.write(&call).await.map(|issued| issued.certid.unwrap())
        }
    };
    let mut running = JoinSet::new();
    (0..AT_A_TIME).for_each(|number| drop(running.spawn(one(number))));
    let officers = ["rsa-officer", "ed25519-officer", OFFICER];
    let mut issued = std::collections::BTreeSet::new();
    while let Some(ended) = running.join_next().await {
        issued.insert(ended.unwrap().unwrap());
        if issued.len() % 20 == 0 {
            let next = officers[issued.len() / 20 % officers.len()];
            let identity = OfficerIdentity::new(setup.open(&world.sim, next)).unwrap();
            world.transport.set_identity(Arc::new(identity)).unwrap();
        }
        // So that there are some that begin after the swap.
        if issued.len() + AT_A_TIME <= REQUESTS {
            running.spawn(one(issued.len() + AT_A_TIME));
        }
    }
    // Each was issued, once, and every signature was accepted at its first use.
    assert_eq!((issued.len(), world.sim.cm().count()), (REQUESTS, REQUESTS));
    let seen = world.sim.cm().seen_signatures();
    assert!(seen.len() == REQUESTS && seen.iter().all(|signature| signature.refused.is_none()));
    let callers: std::collections::BTreeSet<_> = seen.into_iter().map(|signature| signature.caller).collect();
    assert!(callers.len() >= 2, "the officer never changed: {callers:?}");
    // After the last swap it is the last one who calls.
    let reader = OfficerIdentity::new(setup.open(&world.sim, "reader")).unwrap();
    world.transport.set_identity(Arc::new(reader)).unwrap();
    world.issue("C=SE,CN=Last").await;
    let last = world.sim.cm().seen_signatures().pop().unwrap();
    assert_eq!(
        (last.caller.as_str(), last.officer.as_deref()),
        ("reader", Some(OFFICER))
    );
}

/// Holds whoever signs until it is opened.
#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    entered: Notify,
}

impl Gate {
    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    /// Blocks the thread, as a PKCS #11 module does while a person looks for the PIN pad.
    fn wait(&self) -> bool {
        self.entered.notify_one();
        let open = self.open.lock().unwrap();
        let limit = Duration::from_secs(20);
        let (open, _) = self
            .opened
            .wait_timeout_while(open, limit, |open| !*open)
            .unwrap();
        *open
    }
}

/// An officer's key on a slow card.
#[derive(Debug)]
struct Card {
    officer: Arc<dyn OfficerSigner>,
    gate: Arc<Gate>,
}

impl OfficerSigner for Card {
    fn chain(&self) -> &[Certificate] {
        self.officer.chain()
    }

    fn algorithms(&self) -> &[SignatureAlgorithm] {
        self.officer.algorithms()
    }

    fn blocks(&self) -> bool {
        true
    }

    fn sign(&self, algorithm: SignatureAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if !self.gate.wait() {
            return Err(SignError::new("nobody else went on meanwhile"));
        }
        self.officer.sign(algorithm, message)
    }
}

async fn others_go_on(world: &CmWorld) {
    let mut others = JoinSet::new();
    for _ in 0..50 {
        let cm = world.cm.clone();
        others.spawn(async move { cm.call(&Search::new()).await });
    }
    while let Some(ended) = others.join_next().await {
        ended.unwrap().unwrap();
    }
    world.issue("C=SE,CN=Meanwhile").await;
}

// On one thread: whoever blocks it stalls the simulator, too.
#[tokio::test]
async fn a_slow_signature_stalls_nobody() {
    let world = CmWorld::start(CmSetup::default()).await;
    let gate = Arc::new(Gate::default());
    let card = Card {
        officer: CmSetup::default().open(&world.sim, OFFICER),
        gate: Arc::clone(&gate),
    };
    let slow = CertificateManager::builder(world.sim.cm_url())
        .signer(Arc::new(card))
        .build(Arc::new(world.transport.clone()), Arc::clone(world.cm.runtime()))
        .unwrap();
    let call = IssueCertificate::new(new_csr("C=SE,CN=Slow"));
    let writing = tokio::spawn(async move { slow.write(&call).await });
    gate.entered.notified().await;
    others_go_on(&world).await;
    gate.open();
    writing.await.unwrap().unwrap();
    assert_eq!(world.sim.cm().count(), 2);
}

#[tokio::test]
async fn a_slow_handshake_stalls_nobody() {
    let world = CmWorld::start(CmSetup::default()).await;
    let gate = Arc::new(Gate::default());
    let card = Card {
        officer: CmSetup::default().open(&world.sim, OFFICER),
        gate: Arc::clone(&gate),
    };
    let identity = OfficerIdentity::new(Arc::new(card)).unwrap();
    let transport: Arc<dyn Transport> = Arc::new(
        ReqwestTransport::builder()
            .root_pem(world.sim.ca_pem())
            .identity(Arc::new(identity))
            .build()
            .unwrap(),
    );
    let slow = CertificateManager::builder(world.sim.cm_url())
        .build(transport, Arc::clone(world.cm.runtime()))
        .unwrap();
    let reading = tokio::spawn(async move { slow.call(&Search::new()).await });
    gate.entered.notified().await;
    others_go_on(&world).await;
    gate.open();
    assert_eq!(reading.await.unwrap().unwrap().hits, Some(1));
}
