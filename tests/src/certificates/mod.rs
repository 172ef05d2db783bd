//! Certificate Manager from end to end: simulated Protocol Gateway and a real client that calls it as an officer, over real TLS.

use std::sync::Arc;

use smartid::cm::CertificateManager;
use smartid::cm::CmDialect;
use smartid::cm::operations::{IssueCertificate, IssuedCertificate};
use smartid::cm::{CmRefusal, CmRefusalKind, Csr};
use smartid::core::CallPolicy;
use smartid::core::dialect::overlay;
use smartid::trust::path::{
    ChainPolicy, Purpose, Revocation, RevocationList, VerifierBuilder, WebpkiVerifier,
};
use smartid::trust::{Certificate, MemorySigner, OfficerIdentity, OfficerSigner, Refusal};
use smartid::{Error, ReqwestTransport, Runtime, SecretString, TokioRuntime, Transport};
use smartid_sim::pki::{Key, KeyKind, csr};
use smartid_sim::{Party, Record, Sim, SimClock, SimConfig};

mod setup;
mod tokens;

pub use setup::{CmSetup, OFFICER_PASSWORD, OfficerFile};
pub use tokens::{TOKEN_PASSWORD, ask, why};

/// The simulated officer who may do everything.
pub const OFFICER: &str = "ra-officer";

/// A simulated Certificate Manager with a real client on it.
#[derive(Debug)]
#[non_exhaustive]
pub struct CmWorld {
    /// The simulator.
    pub sim: Sim,
    /// The client.
    pub cm: CertificateManager,
    /// What the client calls with.
    pub transport: ReqwestTransport,
    setup: CmSetup,
}

impl CmWorld {
    /// Starts the simulator and builds the client.
    pub async fn start(setup: CmSetup) -> Self {
        let sim = Sim::builder()
            .seed(20)
            .config((*setup.sim).clone())
            .clock(setup.clock.clone())
            .start()
            .await
            .unwrap();
        let transport = setup.transport(&sim);
        let cm = setup.client(&sim, &transport);
        Self {
            sim,
            cm,
            transport,
            setup,
        }
    }

    /// A simulator with these switches (TOML, the table `cm` and others), all else by default.
    pub async fn with(sim: &str) -> Self {
        Self::start(CmSetup::default().sim(sim)).await
    }

    /// One more client of the same simulator, set up otherwise; simulator, clock and switches of the setup do not count.
    #[must_use]
    pub fn client(&self, change: impl FnOnce(CmSetup) -> CmSetup) -> CertificateManager {
        let setup = change(self.setup.clone());
        setup.client(&self.sim, &setup.transport(&self.sim))
    }

    /// One more client that speaks this dialect.
    #[must_use]
    pub fn speaking(&self, dialect: &str) -> CertificateManager {
        self.setup
            .clone()
            .dialect(dialect)
            .client(&self.sim, &self.transport)
    }

    /// Requests for an operation, by the end of their path, in the order in which they came.
    #[must_use]
    pub fn requests(&self, path: &str) -> Vec<Record> {
        let mut records = self.sim.records();
        records.retain(|record| record.party == Party::CertificateManager && record.path.ends_with(path));
        records
    }

    /// How many requests for an operation came.
    #[must_use]
    pub fn count(&self, path: &str) -> usize {
        self.requests(path).len()
    }

    /// The last word of the simulator about an operation: how it ended.
    #[must_use]
    pub fn said(&self, path: &str) -> String {
        let records = self.requests(path);
        let last = records
            .last()
            .unwrap_or_else(|| panic!("nobody has called {path}"));
        last.code.clone().unwrap_or_default()
    }

    /// Issues a certificate with this subject for a new key.
    pub async fn issue(&self, subject: &str) -> IssuedCertificate {
        let call = IssueCertificate::new(new_csr(subject));
        self.cm.write(&call).await.unwrap()
    }

    /// Whether a certificate leads to the root of the simulated Certificate Manager, is good for authentication, and is not on its list.
    ///
    /// # Errors
    /// The verifier's [`Refusal`].
    pub fn verify(&self, certificate: &Certificate, chain: &[Certificate]) -> Result<(), Refusal> {
        let list = RevocationList::from_der(self.sim.cm().crl_der().unwrap())?;
        let verifier: VerifierBuilder = WebpkiVerifier::builder()
            .roots(Certificate::list_from_pem(&self.sim.cm_root_pem())?)
            .intermediates([Certificate::from_der(
                self.sim.cm().issuer().unwrap().der().to_vec(),
            )?])
            .revocation_lists([list])
            .revocation(Revocation::RequireForSigner);
        let policy = ChainPolicy::new(Arc::new(verifier.build()?), Purpose::any());
        let now = self.cm.runtime().now();
        policy.verify(certificate, chain, now).map(drop)
    }
}

/// A request for a certificate with this subject, for a new P-256 key.
#[must_use]
pub fn new_csr(subject: &str) -> Csr {
    csr_for(subject, &Key::generate(KeyKind::P256).unwrap())
}

/// A request for a certificate with this subject, for this key.
#[must_use]
pub fn csr_for(subject: &str, key: &Key) -> Csr {
    Csr::from_der(csr::make(subject, &[], key, key.default_alg()).unwrap()).unwrap()
}

/// The refusal of Certificate Manager that an error is.
#[must_use]
pub fn refusal(error: &Error) -> &CmRefusal {
    error
        .refusal()
        .unwrap_or_else(|| panic!("no refusal: {error}; {error:?}"))
}

/// The kind of the refusal of Certificate Manager that an error is.
#[must_use]
pub fn kind(error: &Error) -> CmRefusalKind {
    refusal(error).kind().clone()
}
