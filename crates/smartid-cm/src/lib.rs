//! Client for Nexus Smart ID Certificate Manager: the REST API of Protocol Gateway, as officers use it.
//!
//! Certificate Manager issues certificates, keeps them and withdraws them. A caller is an officer: known by a TLS client certificate, and,
//! for what changes something, by a CMS signature over data that Certificate Manager hands out. This crate makes the calls, signs where
//! it is asked to, reads the answers by their content, and says whose turn it is when it does not work.
//!
//! ```
//! use std::sync::Arc;
//! use smartid_core::{Phase, Runtime, Transport};
//! use smartid_cm::operations::IssueCertificate;
//! use smartid_cm::{CertificateManager, Csr, FindIssued};
//! use smartid_trust::OfficerSigner;
//!
//! async fn issue(
//!     transport: Arc<dyn Transport>,            // shows the officer's certificate
//!     runtime: Arc<dyn Runtime>,
//!     officer: Arc<dyn OfficerSigner>,          // signs: a key in memory, or on a smart card
//!     request: &[u8],                           // PKCS #10 as PEM, DER or base64
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let cm = CertificateManager::builder("https://pgwy.example.test:8444/pgwy/api")
//!         .signer(officer)
//!         .build(transport, runtime)?;
//!     let csr = Csr::parse(request)?;
//!     match cm.write(&IssueCertificate::new(csr.clone())).await {
//!         Ok(issued) => println!("{} until {}", issued.certificate.subject(), issued.certificate.not_after()),
//!         // Never asked for twice: look first.
//!         Err(error) if matches!(error.phase(), Phase::PerhapsDone | Phase::Unreadable) => {
//!             let found = cm.find_issued(&FindIssued::of_key(csr.public_key())).await?;
//!             println!("{} certificates have this key", found.found.len());
//!         }
//!         Err(error) => println!("{}: {}", error.summary(), error.advice()),
//!     }
//!     Ok(())
//! }
//! ```
//!
//! [`operations`] has one file for each operation, with its verb, path, source, and what can go wrong. Reads are
//! [`Endpoint`](smartid_core::Endpoint)s, writes are [`Write`]s: pure functions, which any HTTP client can carry.
//! [`CertificateManager::check_connection`] tells what is wrong with a connection, [`CertificateManager::pages`] goes through any
//! number of certificates, [`push`] receives those that Certificate Manager sends by itself.
//!
//! # Soft tokens
//!
//! Certificate Manager can make the keys too, and hand them out with their certificates as a PKCS #12 container. There are three ways to
//! ask for one:
//!
//! | way | the subject stands in | who may ask | take it when |
//! |---|---|---|---|
//! | [`RequestSoftToken`](operations::experimental::RequestSoftToken), REST | fields of the request | an officer who signs, or Protocol Gateway itself | you can choose: it is where the vendor sends those who use AST |
//! | [`ast`] | HTTP headers, mapped by `ast.properties` | an officer, or a front that is trusted | the installation has AST and no such procedure over REST; the vendor has marked AST for deletion |
//! | [`eui`] | fields of a form, not published | an officer (observed) | the installation has an EUI handler; its page for [certificates](eui::EuiCertificate) is all that was ever seen |
//!
//! (Vendor page: AST support in Certificate Manager, documented for what is said of REST and AST.) All three answer alike, with an
//! [`IssuedSoftToken`](soft_token::IssuedSoftToken): the container as it came, closed, and what the answer says of it. With the feature
//! `pkcs12` it is opened, away from the async threads because its password is stretched on purpose:
//!
#![cfg_attr(feature = "pkcs12", doc = "```")]
#![cfg_attr(not(feature = "pkcs12"), doc = "```ignore")]
//! use smartid_cm::operations::experimental::RequestSoftToken;
//! use smartid_cm::{Attribute, CertificateManager, ProcedureName};
//! use smartid_core::SecretString;
//! use smartid_trust::pkcs12::Pkcs12Policy;
//! use smartid_trust::{MemorySigner, SoftToken};
//!
//! /// The container goes to its owner by one way, the password by another; the signer is for us.
//! async fn new_key(
//!     cm: &CertificateManager,
//!     name: &str,
//!     password: SecretString,
//! ) -> Result<(SoftToken, MemorySigner), Box<dyn std::error::Error>> {
//!     let request = RequestSoftToken::new(password.clone())
//!         .procedure(ProcedureName::new("Soft token, 2 years")?)
//!         .attribute(Attribute::COMMON_NAME, name);
//!     let issued = cm.write(&request).await?;
//!     let opened = issued.token.open_on(&**cm.runtime(), &password, &Pkcs12Policy::default()).await?;
//!     Ok((issued.token, opened.signer()?))
//! }
//! ```
//!
//! # What is known
//!
//! The vendor documents what a caller needs, the two steps of a write, the parameters of the search, some paths, and the push \[documented;
//! vendor pages: Certificate Manager (CM) REST API, Upgrade Protocol Gateway, Push certificates from Certificate Manager to Identity
//! Manager\]. Envelope, codes, field names and encodings were seen in public third-party code. All else is inferred. Each of these is a
//! setting of [`CmDialect`] with its reason in [`dialect::EVIDENCE`]; operations of which not even the path is known are in
//! [`operations::experimental`].
//!
//! # Threat model
//!
//! * Whoever has an officer's key can issue a certificate for any name that the procedures allow. The key is an
//!   [`OfficerSigner`](smartid_trust::OfficerSigner), which may be a smart card; this crate never sees it.
//! * The officer signs what the server hands out, and it is opaque. A false server could have the officer sign anything. So the server's
//!   certificate is checked against roots of the caller's own, always, and plain HTTP has `danger` in its name. The signer may be another
//!   officer than the one of the connection, with fewer roles.
//! * A server that is given a signature and asks for another is refused: one call, at most one signature.
//! * What is issued must be for the key of the request, or it is an error that keeps the certid. The chain that comes along is put in order
//!   and not believed; verifying it is [`smartid_trust::path`]'s.
//! * Answers may be anything: a login page, half a file, ten thousand rows, an archive that unpacks to gigabytes. Sizes, counts and depths
//!   have caps, and each ends in a typed error that shows no more than a verdict. Names of persons stand in subjects: errors do not show
//!   bodies.
//! * Who gives out a soft token has its keys: Certificate Manager made them and knows the password. The container's checksum protects it on
//!   its way and proves nothing about who sent it, so every byte of it is hostile until it is opened within a budget of work.
//! * Container and password are two secrets for two ways. Both are blind in `Debug`; errors repeat neither, not even when the service does.
//!   This covers our types, not the copies in HTTP and TLS buffers.
//! * A file name in an answer is somebody else's idea of a path. What would be more than a name in any folder is refused, not repaired.
//! * AST believes the headers of its caller: see [`ast`] for who may be that. EUI answers with a page, and nothing of a page is believed but
//!   a certificate for the key of the request.
//! * A pushed certificate proves that somebody who may push has sent it, and nothing else: it is
//!   [`Unverified`](smartid_trust::Unverified) until its chain was checked.
//!
//! # Reasons for the defaults
//!
//! * Writes go out once. What was perhaps done is looked for, not repeated: a second certificate is worse than a late one.
//! * The answer is told by its content and not by its status: refusals come with 200, and the demand for a signature too.
//! * Requests go out as `multipart/form-data`, a certification request as base64 in lines, which is the form of the vendor's own example; a
//!   dialect changes both.
//! * `certid` is sent as `certId` in forms and as `certid` in JSON, because that is how each was seen.
//! * Nothing is opened unless it is asked for: who passes a soft token on needs no password and no reader of containers.
//! * An unknown code, word or member is kept and not refused; a record whose date cannot be read costs the date, not the record.
//!
//! # Features
//!
//! `tower` (the push receiver as a `tower::Service`), `stream` (search results as a `futures_core::Stream`), `zip` (certificates out of ZIP
//! archives), `pkcs12` (opening soft tokens, with [`smartid_trust`]). None is on by default.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod ast;
mod attribute;
pub mod auth;
mod body;
mod certificates;
mod check;
mod client;
mod csr;
mod date;
pub mod dialect;
pub mod eui;
mod find_issued;
mod hide;
mod ids;
mod one_certificate;
mod open;
pub mod operations;
mod pages;
mod public_file;
pub mod push;
mod record;
mod refusal;
mod rows;
pub mod soft_token;
mod trial;
mod two_step;

pub use attribute::{Attribute, AttributeError};
pub use certificates::{CertificateForm, Certificates, CertificatesError};
pub use check::{Connected, ConnectionProblem, ConnectionProblemKind};
pub use client::{Builder, CertificateManager};
pub use csr::{Csr, CsrError};
pub use dialect::CmDialect;
pub use find_issued::{Examination, Extent, FindIssued, FoundCertificate, FoundIssued};
pub use ids::{
    AccountId, CertId, CoreTemplate, HandlerName, NameError, ProcedureName, ProcessDefinitionId, TenantId,
};
pub use operations::RevocationReason;
pub use pages::{Collected, Pages, PagesProblem, Records};
pub use record::{
    CertificateRecord, CertificateStatus, ExtendedField, KeyIdentifier, ReasonText, SerialText, SubjectType,
    Validity,
};
pub use refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
pub use two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
