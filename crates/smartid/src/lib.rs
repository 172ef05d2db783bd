//! Client libraries for **Nexus Smart ID**: Smart ID Messaging (Hermod), Certificate Manager and Digital Access, and the flows that an
//! identity manager runs with them.
//!
//! (Not SK ID Solutions' "Smart-ID", which is a different product with a similar name.)
//!
//! [`SmartId`] holds the clients, the store in which flows wait for people, and the runtime; each module of [`flows`] is one flow.
//!
//! # Example: a FIDO credential on behalf of a user
//!
//! ```no_run
//! use std::sync::Arc;
//! use smartid::flows::fido_enrolment::End;
//! use smartid::{ApiKey, DaAuth, DigitalAccess, Hermod, ReqwestTransport, SecretString, SmartId, TokioRuntime, UserId};
//!
//! # async fn example(root: &[u8], token: SecretString) -> Result<(), Box<dyn std::error::Error>> {
//! let transport = Arc::new(ReqwestTransport::builder().root_pem(root).build()?);
//! let runtime = Arc::new(TokioRuntime::new());
//! let key = ApiKey::from_token(SecretString::new("aWRtOjAxMjM0NTY3ODlhYmNkZWY="))?;
//! let hermod = Hermod::builder("https://messaging.example.com:20400/hermod/rest/command", key)
//!     .build(transport.clone(), runtime.clone())?;
//! let da = DigitalAccess::builder("https://access.example.com/https/api/rest/v3.0", DaAuth::bearer(token))
//!     .build(transport, runtime.clone())?;
//!
//! let smartid = SmartId::builder(runtime).hermod(hermod).digital_access(da).build();
//! let flow = smartid.fido_enrolment()?;
//! let begun = flow.begin(&UserId::new("alice")?).await?;
//! println!("Open this on the user's computer: {}", begun.link.expose());
//! match flow.complete(&begun.id).await? {
//!     End::Stored(credential) => println!("{} can log in with {}", credential.user, credential.credential_id),
//!     end => println!("{end}. {}", end.advice().map(|advice| advice.to_string()).unwrap_or_default()),
//! }
//! # Ok(()) }
//! ```
//!
//! # Example: a certificate
//!
#![cfg_attr(feature = "pkcs12", doc = "```no_run")]
#![cfg_attr(not(feature = "pkcs12"), doc = "```ignore")]
//! use std::sync::Arc;
//! use smartid::cm::operations::IssueCertificate;
//! use smartid::cm::{Csr, ProcedureName};
//! use smartid::trust::{MemorySigner, OfficerIdentity};
//! use smartid::{CertificateManager, ReqwestTransport, SecretString, SmartId, TokioRuntime};
//!
//! # async fn example(root: &[u8], p12: &[u8], password: SecretString, csr: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let officer = Arc::new(MemorySigner::from_pkcs12(p12, &password)?);
//! let transport = ReqwestTransport::builder()
//!     .root_pem(root)
//!     .identity(Arc::new(OfficerIdentity::new(officer.clone())?))
//!     .build()?;
//! let runtime = Arc::new(TokioRuntime::new());
//! let cm = CertificateManager::builder("https://pgwy.example.com:8444/pgwy/api")
//!     .signer(officer)
//!     .build(Arc::new(transport), runtime.clone())?;
//!
//! let smartid = SmartId::builder(runtime).certificate_manager(cm).build();
//! let issue = IssueCertificate::new(Csr::parse(csr)?).procedure(ProcedureName::new("TLS server")?);
//! let issued = smartid.certificate_manager()?.write(&issue).await?;
//! println!("{} until {}", issued.certificate.subject(), issued.certificate.not_after());
//! # Ok(()) }
//! ```
//!
//! # Soft tokens
//!
#![cfg_attr(feature = "cm", doc = "[`soft_token`]")]
#![cfg_attr(not(feature = "cm"), doc = "`soft_token` (feature `cm`)")]
//! asks for keys that Certificate Manager makes, as a PKCS #12 container, over the REST API or over AST, behind one call; with
//! the feature `pkcs12` it opens them.
//!
//! # Personal login
//!
//! `SmartId::personal_login` logs a user in with Personal Mobile or Personal Desktop, as Digital Access does with the settings of such a
//! method: see `flows::personal_login`.
//!
//! # Callbacks
//!
//! Answers of apps come by callback if [`SmartId::callback_receiver`] is mounted in a web server, and by polling in any case.
//!
//! # Threat model
//!
//! A flow believes nobody: what the app sends is checked against the options before it is sent on, and callbacks are authenticated in
//! constant time and stored once. They are matched by our random id or by the server's command id, which counts up, so that
//! authentication is what keeps others from refusing in the user's name. Not in this crate's power: whether the
//! person who opens the link is the user. A link is a bearer secret; hand it over where the user is authenticated.
//!
//! # Features
//!
//! `hermod`, `cm`, `da`, `reqwest` (all on by default); `tower` (the receivers as `tower::Service`); `stream` (a command's states as a
//! stream); `triple-des` (admin keys of smart cards); `yaml` (messaging's list of API users); `webauthn-rs-proto` (conversions);
//! `pkcs12` (officers' keys and soft tokens from containers); `pkcs11` (keys on smart cards); `oidc` (login with OpenID Connect); `full`
//! (all of them).
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(feature = "hermod", feature = "da"))]
pub mod flows;
mod smart_id;
#[cfg(feature = "cm")]
#[cfg_attr(docsrs, doc(cfg(feature = "cm")))]
pub mod soft_token;
pub mod store;

pub use smart_id::{Missing, SmartId, SmartIdBuilder};
pub use smartid_core as core;
pub use smartid_core::{
    Advice, ConfigError, Error, Inbox, Phase, Retry, Runtime, SecretBytes, SecretString, Timestamp,
    Transport, Turn,
};
pub use smartid_trust as trust;
pub use store::{FlowId, FlowStore, MemoryFlowStore};

#[cfg(feature = "cm")]
pub use smartid_cm as cm;
#[cfg(feature = "cm")]
pub use smartid_cm::{CertId, CertificateManager, CmDialect, ProcedureName};
#[cfg(feature = "da")]
pub use smartid_da as da;
#[cfg(feature = "da")]
pub use smartid_da::{DaDialect, DigitalAccess, UserId, auth::DaAuth};
#[cfg(feature = "hermod")]
pub use smartid_hermod as hermod;
#[cfg(feature = "hermod")]
pub use smartid_hermod::{ApiKey, Hermod, HermodDialect, PlugoutLink};
#[cfg(feature = "reqwest")]
pub use smartid_reqwest::{ReqwestTransport, TokioRuntime};
