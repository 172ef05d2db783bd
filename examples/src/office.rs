//! What the programs for Certificate Manager have in common: where they run, as which officer, how they print and end.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use smartid::trust::{MemorySigner, OfficerIdentity, OfficerSigner};
use smartid::{
    CertificateManager, CmDialect, ConfigError, ReqwestTransport, Runtime, Timestamp, TokioRuntime, Transport,
};
use smartid_sim::{Sim, SimConfig};

use crate::config::Config;
use crate::desk::{End, Problem, finish, step_line, usage};
use crate::officer::{OFFICER_OPTION, OFFICER_TABLE, Officer, SIGNER_OPTION, SIGNER_TABLE, Signer};
use crate::terminal::{Spinner, Style, Terminal, error};
use crate::world::{Dialects, as_in_the_file, read, show_warnings};

/// Where to run, as whom, and how to print.
#[derive(Clone, Debug, clap::Args)]
#[non_exhaustive]
pub struct Common {
    /// Run against the installation that this TOML file describes, in its table certificate_manager
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The address of the API: https, host, port and path, which usually is /pgwy/api; wins over the configuration
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,

    /// The authorities (PEM) that the server's certificate must lead to; may be repeated
    #[arg(long, value_name = "FILE")]
    pub root: Vec<PathBuf>,

    /// A TOML file whose table certificate_manager overrides inferences about the wire
    #[arg(long, value_name = "FILE")]
    pub dialect: Option<PathBuf>,

    /// The officer of the connection
    #[command(flatten)]
    pub officer: Officer,

    /// The officer who signs
    #[command(flatten)]
    pub signer: Signer,

    /// The simulated officer; an unknown name lists them
    #[arg(long = "as", value_name = "NAME", conflicts_with_all = ["config", "url"])]
    pub simulated: Option<String>,

    /// Switches of the simulator (TOML), as smartid-sim default-config prints them
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "url"])]
    pub simulator: Option<PathBuf>,

    /// Print one JSON object a line: steps, results, the end
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,

    /// Print only the result and the end
    #[arg(long, short)]
    pub quiet: bool,
}

/// A running program: the client, and how it prints.
#[derive(Debug)]
#[non_exhaustive]
pub struct Office {
    /// The client.
    pub cm: CertificateManager,
    /// The simulator, when no installation is named.
    pub sim: Option<Sim>,
    /// Standard output.
    pub terminal: Terminal,
    /// In a sentence, where this is and as whom.
    pub place: String,
}

/// What one program sets in an installation, or in the simulator, before it is opened.
pub trait Preparation {
    /// Settings of the dialect that options of the command line name; they win over its file.
    fn dialect(&self, _dialect: &mut CmDialect) {}

    /// The address of Protocol Gateway, where it is not that of the API without `/api`.
    fn gateway_url(&self) -> Option<&str> {
        None
    }

    /// Switches of the simulator, unless a file sets them.
    fn simulator(&self, _config: &mut SimConfig) {}
}

/// Nothing.
impl Preparation for () {}

/// An installation and who we are there.
struct Site {
    url: String,
    gateway_url: Option<String>,
    roots: Vec<Vec<u8>>,
    dialect: CmDialect,
    officer: Arc<dyn OfficerSigner>,
    signer: Option<Arc<dyn OfficerSigner>>,
}

impl Common {
    /// Standard output in the style that was asked for.
    #[must_use]
    pub fn terminal(&self) -> Terminal {
        Terminal::new(match (self.json, self.quiet) {
            (true, _) => Style::Json,
            (_, true) => Style::Quiet,
            _ => Style::Human,
        })
    }

    /// The installation of the configuration file and the options.
    fn site(&self) -> Result<Site, ConfigError> {
        let config = match &self.config {
            Some(path) => Some(Config::read(path)?.certificate_manager.ok_or_else(|| {
                ConfigError::new(
                    "certificate_manager",
                    "is missing: this program talks to Certificate Manager",
                )
            })?),
            None => None,
        };
        let of_file = config.as_ref();
        let url = self
            .url
            .clone()
            .or_else(|| of_file.map(|config| config.url.clone()))
            .ok_or_else(|| ConfigError::new("--url", "is missing"))?;
        let root_files = match of_file {
            Some(config) if self.root.is_empty() => &config.root,
            _ => &self.root,
        };
        let roots = root_files
            .iter()
            .map(|file| read("--root", file))
            .collect::<Result<Vec<_>, _>>()?;
        let dialect = self
            .dialect
            .as_deref()
            .or_else(|| of_file.and_then(|config| config.dialect.as_deref()));
        let (officer, signer) = (self.officer.key(), self.signer.key());
        let officer = match of_file.and_then(|config| config.officer.as_ref()) {
            Some(key) if !officer.is_given() => key.open(&OFFICER_TABLE)?,
            _ => officer.open(&OFFICER_OPTION)?,
        };
        let signer = match of_file.and_then(|config| config.signer.as_ref()) {
            Some(key) if !signer.is_given() => Some(key.open(&SIGNER_TABLE)?),
            _ if signer.is_given() => Some(signer.open(&SIGNER_OPTION)?),
            _ => None,
        };
        Ok(Site {
            url,
            gateway_url: of_file.and_then(|config| config.gateway_url.clone()),
            roots,
            dialect: Dialects::read(dialect)?.certificate_manager,
            officer,
            signer,
        })
    }
}

/// The simulated officer who may do everything.
const SIMULATED_OFFICER: &str = "ra-officer";

impl Common {
    /// The simulator, with a simulated officer.
    async fn simulated(&self, preparation: &dyn Preparation) -> Result<(Site, Sim), ConfigError> {
        let wrong = |setting: &'static str, problem: String| ConfigError::new(setting, problem);
        let (officer, signer) = (self.officer.key(), self.signer.key());
        if officer.is_given() || signer.is_given() || !self.root.is_empty() {
            let problem =
                "is missing: officers, signers and roots are for an installation, named by --url or --config";
            return Err(wrong("--url", problem.to_owned()));
        }
        let switches = match &self.simulator {
            Some(file) => {
                let text = String::from_utf8(read("--simulator", file)?)
                    .map_err(|error| wrong("--simulator", error.to_string()))?;
                SimConfig::from_toml(&text)
                    .map_err(|error| wrong("--simulator", format!("{}: {error}", file.display())))?
            }
            None => {
                let mut switches = SimConfig::default();
                preparation.simulator(&mut switches);
                switches
            }
        };
        let officers: Vec<String> = switches
            .cm
            .officers
            .iter()
            .map(|officer| officer.name.clone())
            .collect();
        let name = self.simulated.as_deref().unwrap_or(SIMULATED_OFFICER);
        if !officers.iter().any(|known| known == name) {
            return Err(wrong(
                "--as",
                format!("nobody is called {name:?}; there are {}", officers.join(", ")),
            ));
        }
        let started = Sim::builder().config(switches).start().await;
        let sim = started.map_err(|error| wrong("simulator", format!("does not start: {error}")))?;
        let officer = sim
            .officer(name)
            .map_err(|error| wrong("--as", error.to_string()))?;
        let signer = MemorySigner::from_pem(&[&officer.identity_pem()], None)
            .map_err(|refusal| wrong("--as", refusal.to_string()))?;
        let site = Site {
            url: sim.cm_url(),
            gateway_url: None,
            roots: vec![sim.ca_pem().as_bytes().to_vec()],
            dialect: Dialects::read(self.dialect.as_deref())?.certificate_manager,
            officer: Arc::new(signer),
            signer: None,
        };
        Ok((site, sim))
    }
}

impl Office {
    /// Opens the installation that the arguments name, or the simulator.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting.
    pub async fn open(common: &Common, preparation: &dyn Preparation) -> Result<Self, ConfigError> {
        show_warnings();
        let (mut site, sim) = if common.config.is_some() || common.url.is_some() {
            (common.site()?, None)
        } else {
            let (site, sim) = common.simulated(preparation).await?;
            (site, Some(sim))
        };
        preparation.dialect(&mut site.dialect);
        let gateway_url = preparation.gateway_url().map(str::to_owned);
        if gateway_url.is_some() && sim.is_some() {
            let problem = "is for an installation, named by --url or --config";
            return Err(ConfigError::new("--gateway-url", problem));
        }
        let runtime: Arc<dyn Runtime> = Arc::new(TokioRuntime::new());
        let officer = subject(&*site.officer);
        let identity = OfficerIdentity::new(Arc::clone(&site.officer))
            .map_err(|refusal| ConfigError::new("--officer", refusal.to_string()))?;
        remind(&identity, runtime.now());
        let mut transport = ReqwestTransport::builder().identity(Arc::new(identity));
        for root in &site.roots {
            transport = transport.root_pem(root);
        }
        let built = transport.build().map_err(|error| match error.setting.as_ref() {
            "tls.roots" => ConfigError::new("--root (certificate_manager.root)", error.problem),
            _ => error,
        })?;
        let transport: Arc<dyn Transport> = Arc::new(built);
        let mut place = format!("{} as {officer}", site.url);
        if let Some(signer) = &site.signer {
            place.push_str(&format!(", signed by {}", subject(&**signer)));
        }
        if sim.is_some() {
            place.insert_str(0, "a simulated installation, ");
        }
        let mut cm = CertificateManager::builder(&site.url)
            .dialect(site.dialect)
            .signer(site.signer.unwrap_or(site.officer));
        if let Some(url) = gateway_url.or(site.gateway_url) {
            cm = cm.gateway_url(url);
        }
        let cm = cm.build(transport, runtime).map_err(as_in_the_file)?;
        Ok(Self {
            cm,
            sim,
            terminal: common.terminal(),
            place,
        })
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.cm.runtime().now()
    }

    /// A spinner while Certificate Manager, or a card, works.
    #[must_use]
    pub fn working(&self, what: &'static str) -> Spinner {
        self.terminal
            .working(Arc::clone(self.cm.runtime()), move || what.to_owned())
    }

    /// A line of progress.
    pub fn step(&self, step: &str, text: &str) {
        step_line(&self.terminal, step, text);
    }
}

fn subject(signer: &dyn OfficerSigner) -> String {
    signer.chain().first().map_or_else(
        || "somebody without a certificate".to_owned(),
        |certificate| certificate.subject().to_string(),
    )
}

/// A month, in which an officer's certificate should be renewed.
const SOON: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A server that does not accept a certificate only says that the handshake failed.
fn remind(identity: &OfficerIdentity, now: Timestamp) {
    if let Err(refusal) = identity.check(now) {
        error(&format!("note: the officer's certificate: {refusal}\n"));
    } else if identity.valid_until() < now + SOON {
        let end = identity.valid_until();
        error(&format!(
            "note: the officer's certificate, or one of its issuers, ends at {end}\n"
        ));
    }
}

/// A whole program: opens what the arguments name, does the work, prints the end.
pub async fn program(
    name: &'static str,
    common: &Common,
    work: impl AsyncFnOnce(&Office) -> Result<End, Problem>,
) -> ExitCode {
    prepared_program(name, common, &(), work).await
}

/// As [`program()`], with what this program sets beforehand.
pub async fn prepared_program(
    name: &'static str,
    common: &Common,
    preparation: &dyn Preparation,
    work: impl AsyncFnOnce(&Office) -> Result<End, Problem>,
) -> ExitCode {
    match Office::open(common, preparation).await {
        Ok(office) => {
            let end = work(&office).await;
            finish(name, &office.terminal, end)
        }
        Err(problem) => usage(name, &common.terminal(), &problem),
    }
}
