//! The simulator as one value: start it, ask it for addresses and credentials, let the person act, look at the records, stop it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::rustls::ServerConfig;

use crate::builder::{SimBuilder, complete};
use crate::config::{ApiUser, DaUser, LiveConfig};
use crate::control::Control;
use crate::da::{Da, StoredCredential};
use crate::desktop::{Desktop, LoginReport};
use crate::device::World;
use crate::faults::Faults;
use crate::graph::Graph;
use crate::hermod::{CallbackSender, Hermod, deliver};
use crate::mobile::Mobile;
use crate::net::client::HttpClient;
use crate::net::server::{Service, Shared, Tls, serve};
use crate::net::tls::{Authority, ClientIdentity};
use crate::pgwy::{Cm, CmHandle};
use crate::pki::attestation::BuiltIn;
use crate::random::Random;
use crate::record::{Record, Recorder};
use crate::sync::lock;
use crate::{Persona, SimClock, SimConfig, SimError};

/// A running simulator. Dropping it stops it.
pub struct Sim {
    config: Arc<LiveConfig>,
    clock: SimClock,
    authority: Arc<Authority>,
    hermod: Arc<Hermod>,
    da: Arc<Da>,
    graph: Arc<Graph>,
    cm: Arc<Cm>,
    desktop: Desktop,
    phones: Arc<Mutex<Vec<Mobile>>>,
    world: Arc<World>,
    faults: Arc<Faults>,
    records: Arc<Recorder>,
    attestation: Arc<BuiltIn>,
    restart: watch::Sender<u64>,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    api_user: ApiUser,
    da_token: String,
    control_url: Option<String>,
}

/// What the methods that are with Smart ID Messaging need.
pub(crate) struct Messaging<'a> {
    pub(crate) server: &'a Hermod,
    pub(crate) api_user: &'a ApiUser,
    pub(crate) attestation: &'a BuiltIn,
    pub(crate) config: &'a LiveConfig,
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sim")
            .field("hermod", &self.hermod_command_url())
            .field("digital_access", &self.da_base_url())
            .field("certificate_manager", &self.cm_url())
            .finish_non_exhaustive()
    }
}

/// Settings of each connection to Protocol Gateway, made when the first one comes.
fn cm_tls(cm: &Arc<Cm>) -> Arc<dyn Fn() -> Option<Arc<ServerConfig>> + Send + Sync> {
    let cm = Arc::downgrade(cm);
    Arc::new(move || {
        let made = cm.upgrade()?.tls();
        made.inspect_err(|error| tracing::warn!(%error, "TLS of Protocol Gateway cannot be set up"))
            .ok()
    })
}

impl Sim {
    /// Starts with all defaults.
    ///
    /// # Errors
    /// As [`SimBuilder::start`].
    pub async fn start() -> Result<Self, SimError> {
        Self::builder().start().await
    }

    /// Settings before the start.
    #[must_use]
    pub fn builder() -> SimBuilder {
        SimBuilder::default()
    }

    pub(crate) async fn launch(mut config: SimConfig, clock: SimClock) -> Result<Self, SimError> {
        let random = Arc::new(Random::new(config.seed));
        complete(&mut config, &random)?;
        let users = config.hermod.api_users.clone();
        let api_user = users.first().cloned().unwrap_or_default();
        let da_token = config.da.token.clone();
        let listen = config.listen.clone();
        let authority = Arc::new(Authority::new()?);
        // Broken extra authorities are a mistake of the configuration: found now, not at the first callback.
        authority.client_config(&config.hermod.callback.extra_ca_pem)?;
        let (hermod_tls, graph_tls, da_tls) = (
            authority.server_config(false)?,
            authority.server_config(false)?,
            crate::da::server_config(&config.da, &authority)?,
        );
        let faults = Arc::new(Faults::default());
        config
            .faults
            .iter()
            .cloned()
            .for_each(|fault| faults.inject(fault));
        let records = Arc::new(Recorder::default());
        let attestation = Arc::new(BuiltIn::new(config.seed, &clock));
        let config = Arc::new(LiveConfig::new(config));
        let da = Da::new(
            Arc::clone(&config),
            clock.clone(),
            Arc::clone(&random),
            Arc::clone(&authority),
        );
        let graph = Graph::new(
            Arc::clone(&config),
            clock.clone(),
            Arc::clone(&random),
            Arc::clone(&da),
        );
        let cm = Cm::new(crate::pgwy::Shared {
            config: Arc::clone(&config),
            clock: clock.clone(),
            random: Arc::clone(&random),
            keys: Arc::clone(&attestation),
            authority: Arc::clone(&authority),
            faults: Arc::clone(&faults),
            records: Arc::clone(&records),
        });
        da.set_front(crate::da::Front {
            authority: Arc::clone(&authority),
            cm: Arc::clone(&cm),
        });
        let (restart, shutdown) = (watch::Sender::new(0), watch::Sender::new(false));
        let world = Arc::new(World::new(
            Arc::clone(&config),
            clock.clone(),
            Arc::clone(&random),
            // The apps wait as long as the message server holds their requests, therefore no time limit.
            HttpClient::new(authority.client_config("")?, None),
            Arc::clone(&attestation),
            shutdown.subscribe(),
        ));
        let desktop = Desktop::new(Arc::clone(&world), Arc::clone(&authority));
        let phones = Arc::new(Mutex::new(vec![Mobile::new(Arc::clone(&world), 1)]));

        let da_listener = TcpListener::bind(SocketAddr::new(listen.address, listen.da_port)).await?;
        da.set_origin(format!("https://localhost:{}", da_listener.local_addr()?.port()));
        let da_user = crate::da::messaging_user(&config.get(), &random, &api_user, da.origin());
        let mut users = users;
        match users.iter_mut().find(|user| user.client_id == da_user.client_id) {
            Some(known) => *known = da_user.clone(),
            None => users.push(da_user.clone()),
        }
        let (hermod, queues) = Hermod::new(Arc::clone(&config), clock.clone(), Arc::clone(&random), users);

        let hermod_listener = TcpListener::bind(SocketAddr::new(listen.address, listen.hermod_port)).await?;
        let messaging = format!("https://localhost:{}", hermod_listener.local_addr()?.port());
        hermod.set_origin(messaging.clone());
        da.connect(crate::da::Peers {
            http: HttpClient::new(authority.client_config("")?, None),
            messaging,
            api: da_user,
            cm: Arc::clone(&cm),
            keys: Arc::clone(&attestation),
        });

        let graph_listener = TcpListener::bind(SocketAddr::new(listen.address, listen.graph_port)).await?;
        graph.set_origin(format!(
            "https://localhost:{}",
            graph_listener.local_addr()?.port()
        ));

        let cm_listener = TcpListener::bind(SocketAddr::new(listen.address, listen.cm_port)).await?;
        let plain_listener = TcpListener::bind(SocketAddr::new(listen.address, listen.cm_plain_port)).await?;
        cm.set_origins(
            format!("https://localhost:{}", cm_listener.local_addr()?.port()),
            format!("http://localhost:{}", plain_listener.local_addr()?.port()),
        );

        let shared = |service: Arc<dyn Service>| Shared {
            service,
            faults: Arc::clone(&faults),
            records: Arc::clone(&records),
            clock: clock.clone(),
            restart: restart.subscribe(),
            shutdown: shutdown.subscribe(),
        };
        let sender = Arc::new(CallbackSender {
            faults: Arc::clone(&faults),
            records: Arc::clone(&records),
            authority: Arc::clone(&authority),
        });
        hermod.set_sender(Arc::clone(&sender));
        let mut tasks = vec![
            tokio::spawn(serve(
                hermod_listener,
                Tls::Fixed(hermod_tls),
                shared(Arc::clone(&hermod) as _),
            )),
            tokio::spawn(serve(
                da_listener,
                Tls::Fixed(da_tls),
                shared(Arc::clone(&da) as _),
            )),
            tokio::spawn(serve(
                graph_listener,
                Tls::Fixed(graph_tls),
                shared(Arc::clone(&graph) as _),
            )),
            tokio::spawn(Arc::clone(&hermod).keep_time()),
            tokio::spawn(serve(
                cm_listener,
                Tls::PerConnection(cm_tls(&cm)),
                shared(Arc::clone(&cm) as _),
            )),
            tokio::spawn(serve(plain_listener, Tls::Plain, shared(Arc::clone(&cm) as _))),
        ];
        for queue in queues {
            tasks.push(tokio::spawn(deliver(
                Arc::downgrade(&hermod),
                Arc::clone(&sender),
                queue,
            )));
        }
        let mut control_url = None;
        if config.get().control.enabled {
            let listener = TcpListener::bind(SocketAddr::new(listen.address, listen.control_port)).await?;
            control_url = Some(format!("http://{}/", listener.local_addr()?));
            let control = Control {
                hermod: Arc::clone(&hermod),
                desktop: desktop.clone(),
                phones: Arc::clone(&phones),
                world: Arc::clone(&world),
                cm: CmHandle::new(&cm),
                records: Arc::clone(&records),
                secret: random.hex64("control"),
            };
            tasks.push(tokio::spawn(serve(
                listener,
                Tls::Plain,
                shared(Arc::new(control)),
            )));
        }
        Ok(Self {
            config,
            clock,
            authority,
            hermod,
            da,
            graph,
            cm,
            desktop,
            phones,
            world,
            faults,
            records,
            attestation,
            restart,
            shutdown,
            tasks,
            api_user,
            da_token,
            control_url,
        })
    }

    /// The certificate authority that has issued the server certificates, as PEM. It is made at each start.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.authority.pem()
    }

    /// A client certificate that Digital Access accepts when `da.require_client_certificate` is on.
    ///
    /// # Errors
    /// [`SimError::Tls`] when it cannot be made.
    pub fn client_identity(&self, common_name: &str) -> Result<ClientIdentity, SimError> {
        self.authority.client_identity(common_name)
    }

    /// The base of Digital Access, for example `https://localhost:40124/https/api/rest/v3.0`.
    #[must_use]
    pub fn da_base_url(&self) -> String {
        self.da.base_url()
    }

    /// The bearer token of Digital Access.
    #[must_use]
    pub fn da_token(&self) -> &str {
        &self.da_token
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// For the methods of this type that are with Smart ID Messaging.
    pub(crate) fn messaging(&self) -> Messaging<'_> {
        Messaging {
            server: &self.hermod,
            api_user: &self.api_user,
            attestation: &self.attestation,
            config: &self.config,
        }
    }

    /// For the methods of this type that are with Digital Access.
    pub(crate) fn da_service(&self) -> &Arc<Da> {
        &self.da
    }

    /// For the methods of this type that are with Microsoft Graph.
    pub(crate) fn graph(&self) -> &Arc<Graph> {
        &self.graph
    }

    /// For the methods of this type that are with the Certificate Manager.
    pub(crate) fn cm_service(&self) -> &Arc<Cm> {
        &self.cm
    }

    /// The page on which a person plays the device, when `control.enabled` is on.
    #[must_use]
    pub fn control_url(&self) -> Option<&str> {
        self.control_url.as_deref()
    }

    /// Adds a user of Digital Access with FIDO enabled.
    pub fn add_user(&self, name: &str) {
        self.da.add_user(DaUser::new(name));
    }

    /// Adds a user of Digital Access, or changes one and leaves its credentials.
    pub fn put_user(&self, user: DaUser) {
        self.da.add_user(user);
    }

    /// What Digital Access has stored for a user.
    #[must_use]
    pub fn credentials_of(&self, user: &str) -> Vec<StoredCredential> {
        self.da.credentials_of(user)
    }

    /// An administrator removes a user's credentials.
    pub fn remove_credentials_of(&self, user: &str) {
        self.da.forget_credentials_of(user);
    }

    /// The Desktop App.
    #[must_use]
    pub fn desktop(&self) -> Desktop {
        self.desktop.clone()
    }

    /// The phone that everybody means.
    #[must_use]
    pub fn mobile(&self) -> Mobile {
        let phones = lock(&self.phones);
        phones
            .first()
            .cloned()
            .unwrap_or_else(|| Mobile::new(Arc::clone(&self.world), 1))
    }

    /// One more phone, with nothing on it.
    #[must_use]
    pub fn new_mobile(&self) -> Mobile {
        let mut phones = lock(&self.phones);
        let phone = Mobile::new(Arc::clone(&self.world), phones.len() + 1);
        phones.push(phone.clone());
        phone
    }

    /// Who sits in front of the Desktop App and holds the phones from now on. Phones with a person of their own keep that.
    pub fn set_persona(&self, persona: Persona) {
        self.reconfigure(|config| {
            config.desktop.persona = persona;
            config.mobile.persona = persona;
        });
    }

    /// Changes settings while running. Ports, users, API users, keys and Digital Access' demand for a client certificate are read at the
    /// start only; an officer's key and certificate are made by what the settings say at the first [`Sim::officer`].
    pub fn reconfigure(&self, change: impl FnOnce(&mut SimConfig)) {
        self.config.change(change);
        self.world.wake();
    }

    /// The user logs in to Digital Access with what was provisioned.
    ///
    /// # Errors
    /// [`SimError::Login`] with the verifier's reason, [`SimError::Authenticator`] when the app holds no such credential.
    pub async fn login(&self, user: &str) -> Result<LoginReport, SimError> {
        let parameter = self.config.get().da.user_parameter.clone();
        self.desktop
            .login(&self.da.login_url(), &parameter, Some(user))
            .await
    }

    /// A login without a user name: the authenticator's user handle decides.
    ///
    /// # Errors
    /// As [`Sim::login`].
    pub async fn login_without_name(&self) -> Result<LoginReport, SimError> {
        self.desktop.login(&self.da.login_url(), "", None).await
    }

    /// The simulator's clock.
    #[must_use]
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Moves a manual clock; the same as `clock().advance(...)`.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// The faults that are to happen.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Everything that was received and called back so far.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.records.all()
    }

    /// Forgets the records.
    pub fn clear_records(&self) {
        self.records.clear();
    }

    /// Smart ID Messaging restarts: open connections are lost, commands and mailboxes are not, since it keeps them in a database
    /// (protocol notes: hermod 1.4, D).
    pub fn restart_hermod(&self) {
        self.restart.send_modify(|count| *count += 1);
    }

    /// Stops and waits until everything has stopped.
    pub async fn shutdown(mut self) {
        self.stop();
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }

    fn stop(&self) {
        self.shutdown.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop();
    }
}
