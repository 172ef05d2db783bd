//! Where an example runs: in a simulated installation, or in the one that a configuration file names.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use smartid::core::dialect::{DialectError, overlay_section, sections};
use smartid::core::tower::InboundService;
use smartid::da::EntraFido;
use smartid::hermod::callback::CallbackReceiver;
use smartid::{
    ApiKey, CmDialect, ConfigError, DaAuth, DaDialect, DigitalAccess, Hermod, HermodDialect,
    ReqwestTransport, Runtime, SecretString, SmartId, TokioRuntime, Transport,
};
use smartid_reqwest::PemIdentity;
use smartid_sim::{Persona, Sim};
use tokio::net::TcpListener;

use crate::config::Config;

/// What an example was asked for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The configuration file of an installation; without it, the simulator is started.
    pub config: Option<PathBuf>,
    /// A TOML file with the tables `[messaging]`, `[digital_access]` and `[certificate_manager]`, each the dialect of a client.
    pub dialect: Option<PathBuf>,
    /// The simulated person.
    pub persona: Option<Persona>,
}

/// A running installation with its clients.
#[derive(Debug)]
#[non_exhaustive]
pub struct World {
    /// The clients.
    pub smartid: SmartId,
    /// The client of Microsoft Entra, where there is one.
    pub entra: Option<EntraFido>,
    /// The simulator, when there is no configuration file.
    pub sim: Option<Sim>,
    /// In a sentence, where this is.
    pub place: String,
}

/// Shows warnings of the libraries on standard error; `RUST_LOG` shows more, such as `RUST_LOG=smartid_hermod=debug`.
pub fn show_warnings() {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing_subscriber::filter::LevelFilter::WARN.into())
        .from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}

/// How long a simulated person has: short, because nobody wants to watch.
const SIMULATED_TIMEOUT: Duration = Duration::from_secs(12);

impl World {
    /// Starts the simulator or reads the configuration, and builds the clients.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting.
    pub async fn open(options: &Options) -> Result<Self, ConfigError> {
        let dialects = Dialects::read(options.dialect.as_deref())?;
        match &options.config {
            // The clients name their settings by the product's short name; the file has tables of its own.
            Some(path) => Self::real(&Config::read(path)?, dialects)
                .await
                .map_err(as_in_the_file),
            None => Self::simulated(options.persona.unwrap_or(Persona::Approves), dialects).await,
        }
    }

    async fn simulated(persona: Persona, dialects: Dialects) -> Result<Self, ConfigError> {
        let started = Sim::builder()
            // Slow, but not too slow for the time that a simulated person has.
            .configure(|config| config.desktop.slow_seconds = 5)
            .persona(persona)
            .start()
            .await;
        let sim =
            started.map_err(|error| ConfigError::new("simulator", format!("does not start: {error}")))?;
        let transport: Arc<dyn Transport> = Arc::new(
            ReqwestTransport::builder()
                .root_pem(sim.ca_pem().as_bytes())
                .build()?,
        );
        let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::new());
        let key = ApiKey::new(sim.hermod_client_id(), SecretString::new(sim.hermod_key()))?;
        let hermod = Hermod::builder(&sim.hermod_command_url(), key)
            .timeout(SIMULATED_TIMEOUT)
            .lifespan(SIMULATED_TIMEOUT + Duration::from_secs(5))
            .dialect(dialects.messaging)
            .build(Arc::clone(&transport), Arc::clone(&runtime))?;
        let auth = DaAuth::bearer(SecretString::new(sim.da_token()));
        let da = DigitalAccess::builder(sim.da_base_url(), auth)
            .dialect(dialects.digital_access)
            .build(Arc::clone(&transport), Arc::clone(&runtime))?;
        let entra = crate::entra::simulated(&sim, transport, Arc::clone(&runtime))?;
        let smartid = SmartId::builder(runtime)
            .hermod(hermod)
            .digital_access(da)
            .build();
        let receiver = receiver(&smartid, "hermod", SecretString::new("callback-password"))?;
        let address = serve(receiver, &smartid, "127.0.0.1:0").await?;
        sim.set_callback(
            &format!("http://{address}"),
            Some(("hermod", "callback-password")),
        );
        let place = format!("a simulated installation, {}", sim.hermod_command_url());
        Ok(Self {
            smartid,
            entra: Some(entra),
            sim: Some(sim),
            place,
        })
    }

    async fn real(config: &Config, dialects: Dialects) -> Result<Self, ConfigError> {
        let messaging = config.messaging.as_ref().ok_or_else(|| {
            ConfigError::new(
                "messaging",
                "is missing: this program talks to Smart ID Messaging",
            )
        })?;
        let mut transport = ReqwestTransport::builder();
        for root in &config.tls.roots {
            transport = transport.root_pem(&read("tls.roots", root)?);
        }
        if config.tls.system_roots {
            transport = transport.system_roots();
        }
        if let Some(file) = &config.tls.identity_file {
            let identity = PemIdentity::from_pem(&read("tls.identity_file", file)?)?;
            transport = transport.identity(Arc::new(identity));
        }
        let transport: Arc<dyn Transport> = Arc::new(transport.build()?);
        let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::new());
        let key = ApiKey::from_token(messaging.token()?)?;
        let mut hermod = Hermod::builder(&messaging.url, key).dialect(dialects.messaging);
        if let Some(lifespan) = messaging.lifespan() {
            hermod = hermod.lifespan(lifespan);
        }
        if let Some(timeout) = messaging.timeout() {
            hermod = hermod.timeout(timeout);
        }
        let hermod = hermod.build(Arc::clone(&transport), Arc::clone(&runtime))?;
        for lint in hermod.lints() {
            crate::terminal::error(&format!("note: messaging: {lint}\n"));
        }
        let mut builder = SmartId::builder(Arc::clone(&runtime)).hermod(hermod);
        if let Some(access) = &config.digital_access {
            let da = DigitalAccess::builder(&access.url, access.auth()?)
                .dialect(dialects.digital_access)
                .build(Arc::clone(&transport), Arc::clone(&runtime))?;
            builder = builder.digital_access(da);
        }
        let entra = match &config.entra {
            Some(entra) => Some(entra.client(transport, runtime)?),
            None => None,
        };
        let smartid = builder.build();
        let mut place = messaging.url.clone();
        match &messaging.callback {
            Some(callback) => {
                let receiver = receiver(&smartid, &callback.user, callback.password()?)?;
                let address = serve(receiver, &smartid, &callback.listen).await?;
                place.push_str(&format!(", callbacks received at http://{address}"));
            }
            None => place.push_str(", no callbacks configured: the command is polled"),
        }
        Ok(Self {
            smartid,
            entra,
            sim: None,
            place,
        })
    }
}

/// The name of a setting as it stands in the configuration file.
pub(crate) fn as_in_the_file(error: ConfigError) -> ConfigError {
    let name = match error.setting.split_once('.') {
        Some(("hermod", rest)) => format!("messaging.{rest}"),
        Some(("da", rest)) => format!("digital_access.{rest}"),
        Some(("oauth", "endpoint")) => String::from("entra.token_url"),
        Some(("oauth", rest)) => format!("entra.{rest}"),
        Some(("cm", rest)) => format!("certificate_manager.{rest}"),
        _ => return error,
    };
    ConfigError::new(name, error.problem)
}

pub(crate) fn read(setting: &'static str, path: &Path) -> Result<Vec<u8>, ConfigError> {
    std::fs::read(path)
        .map_err(|error| ConfigError::new(setting, format!("cannot read {}: {error}", path.display())))
}

fn receiver(smartid: &SmartId, user: &str, password: SecretString) -> Result<CallbackReceiver, ConfigError> {
    let builder = smartid
        .callback_receiver()
        .map_err(|error| ConfigError::new("messaging", error.to_string()))?;
    builder.basic_auth(user, password).build()
}

/// Mounts the receiver in a web server, as a program of your own would.
async fn serve(
    receiver: CallbackReceiver,
    smartid: &SmartId,
    listen: &str,
) -> Result<std::net::SocketAddr, ConfigError> {
    let setting = "messaging.callback.listen";
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| ConfigError::new(setting, format!("cannot listen on {listen}: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| ConfigError::new(setting, error.to_string()))?;
    let service = InboundService::new(Arc::new(receiver), Arc::clone(smartid.runtime()));
    let router = Router::new().fallback_service(service);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// The dialects of the clients, from one file.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Dialects {
    /// Of Smart ID Messaging.
    pub messaging: HermodDialect,
    /// Of Digital Access.
    pub digital_access: DaDialect,
    /// Of Certificate Manager.
    pub certificate_manager: CmDialect,
}

/// The tables of a dialect file.
const TABLES: [&str; 3] = ["messaging", "digital_access", "certificate_manager"];

impl Dialects {
    /// Reads the file; without one, the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting.
    pub fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let wrong = |problem: String| ConfigError::new("--dialect", format!("{}: {problem}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let unknown = sections(&text).map_err(|error| wrong(error.to_string()))?;
        if let Some(unknown) = unknown.iter().find(|name| !TABLES.contains(&name.as_str())) {
            return Err(wrong(format!(
                "unknown table [{unknown}]; there are [messaging], [digital_access] and [certificate_manager]"
            )));
        }
        let of = |name: &str, error: DialectError| wrong(format!("in [{name}], {error}"));
        Ok(Self {
            messaging: overlay_section(&text, "messaging").map_err(|error| of("messaging", error))?,
            digital_access: overlay_section(&text, "digital_access")
                .map_err(|error| of("digital_access", error))?,
            certificate_manager: overlay_section(&text, "certificate_manager")
                .map_err(|error| of("certificate_manager", error))?,
        })
    }
}
