//! How simulator and client are set, and the client that comes of it.

use super::{
    Arc, CallPolicy, CertificateManager, CmDialect, MemorySigner, OFFICER, OfficerIdentity, OfficerSigner,
    ReqwestTransport, Runtime, SecretString, Sim, SimClock, SimConfig, TokioRuntime, Transport, overlay,
};

/// The password of the officers' PKCS #12 files.
pub const OFFICER_PASSWORD: &str = "officer's password";

/// The form in which a client has its officer's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OfficerFile {
    /// PKCS #8 and certificates as PEM.
    Pem,
    /// PKCS #12 under a password.
    P12,
}

/// How simulator and client are set.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CmSetup {
    /// The simulator's switches; they are some kilobytes, and tests have dozens of setups in one list.
    pub sim: Box<SimConfig>,
    /// What the simulator is timed with.
    pub clock: SimClock,
    /// The dialect of the client.
    pub dialect: CmDialect,
    /// Whose certificate the connection shows; nobody's when left out.
    pub officer: Option<String>,
    /// Who signs; nobody when left out.
    pub signer: Option<String>,
    /// In which form the client has the officers' keys.
    pub file: OfficerFile,
    /// Limits and retries.
    pub policy: CallPolicy,
    /// What the client is timed with.
    pub runtime: Arc<dyn Runtime>,
    /// Whether the root that has issued the server's certificate is trusted.
    pub trusted: bool,
}

impl Default for CmSetup {
    fn default() -> Self {
        Self {
            sim: Box::default(),
            clock: SimClock::system(),
            dialect: CmDialect::default(),
            officer: Some(OFFICER.to_owned()),
            signer: Some(OFFICER.to_owned()),
            file: OfficerFile::Pem,
            policy: CallPolicy::default().with_attempts(1),
            runtime: Arc::new(TokioRuntime::new()),
            trusted: true,
        }
    }
}

impl CmSetup {
    /// With these switches of the simulator, as TOML.
    #[must_use]
    pub fn sim(mut self, text: &str) -> Self {
        let switches = SimConfig::from_toml(text);
        self.sim = Box::new(switches.unwrap_or_else(|error| panic!("{text}: {error}")));
        self
    }

    /// With this dialect, as TOML.
    #[must_use]
    pub fn dialect(mut self, text: &str) -> Self {
        self.dialect = overlay(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        self
    }

    /// As another officer, who also signs.
    #[must_use]
    pub fn officer(mut self, name: &str) -> Self {
        self.officer = Some(name.to_owned());
        self.signer = Some(name.to_owned());
        self
    }

    /// Without a client certificate; the signer stays.
    #[must_use]
    pub fn nobody(mut self) -> Self {
        self.officer = None;
        self
    }

    /// With another signer.
    #[must_use]
    pub fn signer(mut self, name: &str) -> Self {
        self.signer = Some(name.to_owned());
        self
    }

    /// Without a signer.
    #[must_use]
    pub fn unsigned(mut self) -> Self {
        self.signer = None;
        self
    }

    /// With the officers' keys in another form.
    #[must_use]
    pub fn file(mut self, file: OfficerFile) -> Self {
        self.file = file;
        self
    }

    /// The officer as a client has him.
    #[must_use]
    pub fn open(&self, sim: &Sim, name: &str) -> Arc<dyn OfficerSigner> {
        let officer = sim.officer(name).unwrap();
        let signer = match self.file {
            OfficerFile::Pem => MemorySigner::from_pem(&[&officer.identity_pem()], None),
            OfficerFile::P12 => {
                let password = SecretString::new(OFFICER_PASSWORD);
                MemorySigner::from_pkcs12(&officer.p12(OFFICER_PASSWORD).unwrap(), &password)
            }
        };
        Arc::new(signer.unwrap())
    }

    /// What a client calls with.
    #[must_use]
    pub fn transport(&self, sim: &Sim) -> ReqwestTransport {
        let mut transport = ReqwestTransport::builder();
        transport = if self.trusted {
            transport.root_pem(sim.ca_pem())
        } else {
            // Somebody's root, only not the server's.
            transport.root_pem(sim.cm_root_pem())
        };
        if let Some(officer) = &self.officer {
            let identity = OfficerIdentity::new(self.open(sim, officer)).unwrap();
            transport = transport.identity(Arc::new(identity));
        }
        transport.build().unwrap()
    }

    /// The client.
    #[must_use]
    pub fn client(&self, sim: &Sim, transport: &ReqwestTransport) -> CertificateManager {
        let mut builder = CertificateManager::builder(sim.cm_url())
            .dialect(self.dialect.clone())
            .policy(self.policy);
        if let Some(signer) = &self.signer {
            builder = builder.signer(self.open(sim, signer));
        }
        let transport: Arc<dyn Transport> = Arc::new(transport.clone());
        builder.build(transport, Arc::clone(&self.runtime)).unwrap()
    }
}
