//! Protocol Gateway with the REST API of Certificate Manager (protocol notes: cm 1 to 6, vendor page "Certificate Manager (CM) REST API"
//! with what third-party code shows of it), and the Certificate Manager behind it: an
//! authority that really issues, officers with roles, signed requests, a database and a revocation list. This file ties the parts
//! together: what they share, addresses, dispatch.

mod access;
mod caller;
mod dp;
mod errors;
mod fields;
mod formats;
mod handle;
mod limit;
mod listing;
mod matching;
mod officers;
mod operations;
mod path;
mod push;
mod servlets;
mod signing;
mod soft_token;
mod store;
mod values;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};

use tokio_rustls::rustls::ServerConfig;

use self::caller::Caller;
use self::errors::{CONNECTION, NOT_INITIALISED, Refusal};
use self::fields::Fields;
use self::limit::Limiter;
use self::officers::{Making, Officers};
use self::operations::signing_authority::SigningAuthority;
use self::path::Target;
use self::signing::Desk;
use self::store::Store;
use crate::SimError;
use crate::clock::SimClock;
use crate::config::{CmConfig, CmOperation, CmTlsConfig, LiveConfig};
use crate::faults::{Faults, Route};
use crate::net::message::{Reply, Request};
use crate::net::server::Service;
use crate::net::tls::Authority;
use crate::pki::attestation::BuiltIn;
use crate::pki::{Key, KeyKind, TestCa};
use crate::random::Random;
use crate::record::{Party, Recorder};

pub use self::handle::CmHandle;
pub use self::officers::Officer;
pub use self::operations::attribute_certificate::IssuedAttributeCertificate;
pub use self::operations::registrations::Registration;
pub(crate) use self::path::{read_files, wrong_settings};
pub use self::push::{CertificatePush, PushReport};
pub use self::servlets::TokenCaller;
pub use self::signing::SeenSignature;
pub use self::soft_token::{IssuedSoftToken, TokenOrigin};
pub use self::store::{AuditEntry, CertificateState, IssuedCertificate};

const DAY: u64 = 86_400;

/// How long before the start of the simulator the authority was made, so that certificates may have expired.
const AGE: u64 = 400 * DAY;

/// What the parts of the simulator share.
pub(crate) struct Shared {
    pub(crate) config: Arc<LiveConfig>,
    pub(crate) clock: SimClock,
    pub(crate) random: Arc<Random>,
    pub(crate) keys: Arc<BuiltIn>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) records: Arc<Recorder>,
}

/// Protocol Gateway and Certificate Manager as one service.
pub(crate) struct Cm {
    config: Arc<LiveConfig>,
    clock: SimClock,
    random: Arc<Random>,
    keys: Arc<BuiltIn>,
    /// Issues the certificates of the servers.
    authority: Arc<Authority>,
    /// When the simulator started, in seconds since 1970.
    started: u64,
    /// The authority of the Certificate Manager, made when it is first wanted.
    ca: OnceLock<TestCa>,
    officers: Officers,
    store: Mutex<Store>,
    desk: Mutex<Desk>,
    limiter: Limiter,
    registrations: Mutex<Vec<Registration>>,
    attribute_certificates: Mutex<Vec<IssuedAttributeCertificate>>,
    soft_tokens: Mutex<Vec<IssuedSoftToken>>,
    /// Who signs hashes, made when it is first wanted.
    signing_authority: OnceLock<SigningAuthority>,
    faults: Arc<Faults>,
    records: Arc<Recorder>,
    /// The key of all certificates that are preloaded.
    preload_key: OnceLock<Key>,
    /// Settings of TLS connections and the switches that they were made from.
    tls: Mutex<Option<(CmTlsConfig, Arc<ServerConfig>)>>,
    origin: OnceLock<String>,
    plain_origin: OnceLock<String>,
}

impl fmt::Debug for Cm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cm").finish_non_exhaustive()
    }
}

/// The value of a cell, made if need be; when two make it at once, both get the one that came first.
fn made<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, SimError>) -> Result<&T, SimError> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let new = make()?;
    Ok(cell.get_or_init(|| new))
}

impl Cm {
    pub(crate) fn new(shared: Shared) -> Arc<Self> {
        let Shared {
            config,
            clock,
            random,
            keys,
            authority,
            faults,
            records,
        } = shared;
        let first = 0xa001 + random.below("certid", 0x1000);
        Arc::new(Self {
            started: clock.unix_millis() / 1000,
            config,
            clock,
            random,
            keys,
            authority,
            ca: OnceLock::new(),
            officers: Officers::default(),
            store: Mutex::new(Store::new(first)),
            desk: Mutex::default(),
            limiter: Limiter::default(),
            registrations: Mutex::default(),
            attribute_certificates: Mutex::default(),
            soft_tokens: Mutex::default(),
            signing_authority: OnceLock::new(),
            faults,
            records,
            preload_key: OnceLock::new(),
            tls: Mutex::default(),
            origin: OnceLock::new(),
            plain_origin: OnceLock::new(),
        })
    }

    /// Seconds since 1970.
    fn now(&self) -> u64 {
        self.clock.unix_millis() / 1000
    }

    pub(crate) fn ca(&self) -> Result<&TestCa, SimError> {
        let seed = || self.random.below("cm-authority", u64::MAX);
        made(&self.ca, || TestCa::new(seed(), self.started.saturating_sub(AGE)))
    }

    fn preload_key(&self) -> Result<&Key, SimError> {
        made(&self.preload_key, || Key::generate(KeyKind::P256))
    }

    fn making(&self) -> Result<Making<'_>, SimError> {
        Ok(Making {
            ca: self.ca()?,
            keys: self.keys.source(),
            now: self.started,
        })
    }

    pub(crate) fn officer(&self, name: &str) -> Result<Officer, SimError> {
        self.officers.get(&self.config.get().cm, name, &self.making()?)
    }

    pub(crate) fn set_origins(&self, origin: String, plain: String) {
        let _ = self.origin.set(origin);
        let _ = self.plain_origin.set(plain);
    }

    /// `https://localhost:40125`
    pub(crate) fn origin(&self) -> &str {
        self.origin.get().map_or("https://localhost", String::as_str)
    }

    /// `https://localhost:40125/pgwy/api`, with the segment of the instance if there is one.
    pub(crate) fn url(&self) -> String {
        format!("{}{}", self.origin(), path::base(&self.config.get().cm))
    }

    /// `https://localhost:40125/pgwy`: what stands before the last segment of the path of AST.
    pub(crate) fn gateway_url(&self) -> String {
        self.gateway(self.origin())
    }

    /// The same without TLS.
    pub(crate) fn gateway_plain_url(&self) -> String {
        self.gateway(self.plain_origin.get().map_or("http://localhost", String::as_str))
    }

    fn gateway(&self, origin: &str) -> String {
        let path = path::slashed(&self.config.get().cm.ast.prefix);
        let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
        format!("{origin}{parent}")
    }

    /// `http://localhost:40126/pgwy/dp`
    pub(crate) fn dp_url(&self) -> String {
        let origin = self.plain_origin.get().map_or("http://localhost", String::as_str);
        format!("{origin}{}", path::slashed(&self.config.get().cm.dp.prefix))
    }

    /// Everything between the path and the operation.
    async fn answer(&self, config: &CmConfig, request: &Request) -> Result<Reply, Refusal> {
        if let Some(path) = request.below(&path::slashed(&config.dp.prefix)) {
            return self.distribution_point(config, request, &path);
        }
        let target = path::target(config, request)?;
        if !config.initialised {
            return Err(Refusal::new(
                NOT_INITIALISED,
                "not_initialised",
                "Not initialised",
            ));
        }
        if !config.connected {
            return Err(Refusal::new(
                CONNECTION,
                "not_connected",
                "Connection error: the certificate factory cannot be reached",
            ));
        }
        let caller = self.caller(config, request)?;
        self.limiter.count(config, &caller, self.clock.now())?;
        if let Some(code) = config.fail.get(&target.operation) {
            return Err(Refusal::new(*code, "told_to_fail", "Told to fail"));
        }
        self.operate(config, request, &target, &caller).await
    }

    async fn operate(
        &self,
        config: &CmConfig,
        request: &Request,
        target: &Target,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        let operation = target.operation;
        if target.reads() {
            caller.has(config.role(operation))?;
            // Also where nothing of the query is looked at afterwards.
            Fields::of_query(config, request)?;
        }
        let certid = target.certid.as_str();
        match operation {
            CmOperation::Search => self.search(config, request),
            CmOperation::Details => self.details(config, certid),
            CmOperation::Download => self.download(config, certid, request),
            CmOperation::Procedures => self.list_procedures(config, request),
            CmOperation::Issue => self.issue(config, request, caller).await,
            CmOperation::Revoke => self.revoke(config, request, caller).await,
            CmOperation::Reinstate => self.reinstate(config, request, caller).await,
            CmOperation::Registrations => self.list_registrations(config, target),
            CmOperation::Register => self.register(config, target, request, caller).await,
            CmOperation::Issuers => self.list_issuers(config),
            CmOperation::Import => self.import(config, request, caller).await,
            CmOperation::Remove => self.remove(config, request, caller).await,
            CmOperation::AttributeCertificate => {
                self.issue_attribute_certificate(config, request, caller).await
            }
            CmOperation::SigningAuthority => self.sign_hash(config, request, caller).await,
            CmOperation::Pkcs12 => self.issue_pkcs12(config, request, caller).await,
        }
    }
}

impl Service for Cm {
    fn party(&self) -> Party {
        Party::CertificateManager
    }

    fn route(&self, request: &Request) -> Route {
        let config = &self.config.get().cm;
        if request.below(&path::slashed(&config.dp.prefix)).is_some() {
            return Route::CmDp;
        }
        if let Some(place) = servlets::place(config, request) {
            return place.route();
        }
        match path::target(config, request).map(|target| target.operation) {
            Ok(CmOperation::Search) => Route::CmSearch,
            Ok(CmOperation::Details) => Route::CmDetails,
            Ok(CmOperation::Download) => Route::CmDownload,
            Ok(CmOperation::Issue) => Route::CmIssue,
            Ok(CmOperation::Revoke) => Route::CmRevoke,
            Ok(CmOperation::Reinstate) => Route::CmReinstate,
            Ok(CmOperation::Procedures) => Route::CmProcedures,
            Ok(CmOperation::Registrations | CmOperation::Register) => Route::CmRegistrations,
            Ok(_) => Route::CmOther,
            Err(_) => Route::Other,
        }
    }

    fn max_body(&self) -> usize {
        self.config.get().cm.max_body_bytes
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move {
            let config = &self.config.get().cm;
            if let Some(place) = servlets::place(config, &request) {
                return self.serve(config, &place, &request).await;
            }
            let answered = self.answer(config, &request).await;
            let reply = answered.unwrap_or_else(|refusal| refusal.reply(config));
            reply.with_moves(&config.wire.answer_moves)
        })
    }
}
