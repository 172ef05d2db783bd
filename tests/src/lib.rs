//! Shared pieces of the end-to-end tests: the simulator with real clients on it, over real HTTPS on loopback.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "only tests use this crate; a panic is how a test fails"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use smartid::core::tower::InboundService;
use smartid::flows::FidoEnrolment;
use smartid::hermod::callback::CallbackReceiver;
use smartid::hermod::wait::PollPolicy;
use smartid::{
    ApiKey, DaAuth, DaDialect, DigitalAccess, FlowStore, Hermod, HermodDialect, MemoryFlowStore,
    ReqwestTransport, Runtime, SecretString, SmartId, TokioRuntime, Transport,
};
use smartid_sim::{Sim, SimClock, SimConfig};

pub mod certificates;
pub mod messaging;
pub mod peers;
pub mod play;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// How the simulator and the clients are set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Setup {
    /// The simulator's switches.
    pub sim: SimConfig,
    /// The dialect of the Messaging client.
    pub messaging: HermodDialect,
    /// The dialect of the Digital Access client.
    pub digital_access: DaDialect,
    /// How long a command can be answered.
    pub timeout: Duration,
    /// Whether callbacks are received.
    pub callbacks: bool,
    /// How Messaging is polled.
    pub polling: PollPolicy,
    /// How long storing is tried.
    pub patience: Duration,
    /// What the clients are timed with.
    pub runtime: Arc<dyn Runtime>,
    /// What the simulator is timed with.
    pub clock: SimClock,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            sim: SimConfig::default(),
            messaging: HermodDialect::default(),
            digital_access: DaDialect::default(),
            timeout: Duration::from_secs(20),
            callbacks: true,
            polling: PollPolicy::default(),
            patience: Duration::from_secs(3),
            runtime: Arc::new(TokioRuntime::new()),
            clock: SimClock::system(),
        }
    }
}

/// A simulator with real clients on it.
#[derive(Debug)]
#[non_exhaustive]
pub struct World {
    /// The simulator.
    pub sim: Sim,
    /// The clients.
    pub smartid: SmartId,
    /// The flow.
    pub flow: FidoEnrolment,
}

/// The password of the callback user.
pub const CALLBACK_PASSWORD: &str = "callback-password";

impl World {
    /// Starts the simulator and builds the clients.
    pub async fn start(setup: Setup) -> Self {
        let sim = Sim::builder()
            .config(setup.sim)
            .clock(setup.clock)
            .start()
            .await
            .unwrap();
        let smartid = clients_on(
            setup.runtime,
            &sim,
            setup.messaging,
            setup.digital_access,
            setup.timeout,
            Arc::new(MemoryFlowStore::new()),
        );
        if setup.callbacks {
            let address = serve_callbacks(&smartid).await;
            sim.set_callback(&format!("http://{address}"), Some(("hermod", CALLBACK_PASSWORD)));
        }
        let flow = smartid
            .fido_enrolment()
            .unwrap()
            .polling(setup.polling)
            .patience(setup.patience);
        Self { sim, smartid, flow }
    }
}

/// Clients of a running simulator.
#[must_use]
pub fn clients(
    sim: &Sim,
    messaging: HermodDialect,
    digital_access: DaDialect,
    timeout: Duration,
    store: Arc<dyn FlowStore>,
) -> SmartId {
    clients_on(
        Arc::new(TokioRuntime::new()),
        sim,
        messaging,
        digital_access,
        timeout,
        store,
    )
}

/// As [`clients`], on another runtime.
#[must_use]
pub fn clients_on(
    runtime: Arc<dyn Runtime>,
    sim: &Sim,
    messaging: HermodDialect,
    digital_access: DaDialect,
    timeout: Duration,
    store: Arc<dyn FlowStore>,
) -> SmartId {
    let transport: Arc<dyn Transport> = Arc::new(
        ReqwestTransport::builder()
            .root_pem(sim.ca_pem().as_bytes())
            .build()
            .unwrap(),
    );
    let key = ApiKey::new(sim.hermod_client_id(), SecretString::new(sim.hermod_key())).unwrap();
    let hermod = Hermod::builder(&sim.hermod_command_url(), key)
        .timeout(timeout)
        .lifespan(timeout + Duration::from_secs(5))
        .dialect(messaging)
        .build(Arc::clone(&transport), Arc::clone(&runtime))
        .unwrap();
    let da = DigitalAccess::builder(
        sim.da_base_url(),
        DaAuth::bearer(SecretString::new(sim.da_token())),
    )
    .dialect(digital_access)
    .build(transport, Arc::clone(&runtime))
    .unwrap();
    SmartId::builder(runtime)
        .hermod(hermod)
        .digital_access(da)
        .store(store)
        .build()
}

/// Mounts the callback receiver on axum.
pub async fn serve_callbacks(smartid: &SmartId) -> SocketAddr {
    let receiver: CallbackReceiver = smartid
        .callback_receiver()
        .unwrap()
        .basic_auth("hermod", SecretString::new(CALLBACK_PASSWORD))
        .build()
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = InboundService::new(Arc::new(receiver), Arc::clone(smartid.runtime()));
    let router = Router::new().fallback_service(service);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
