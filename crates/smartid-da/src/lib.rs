//! Client for Nexus Smart ID Digital Access: FIDO credentials on behalf of a user.
//!
//! Digital Access 6.11 lets a third party register a FIDO credential for a user: it hands out creation options, the third party has
//! them answered by the user's authenticator, and hands the answer back. This crate makes the two calls, keeps what is in between byte
//! for byte, and checks the answer before it is sent. How the options reach the user's app is another product's business (Smart ID
//! Messaging, crate `smartid-hermod`); the facade crate `smartid` has the whole flow.
//!
//! ```
//! use std::sync::Arc;
//! use smartid_core::{Runtime, SecretString, Transport};
//! use smartid_da::fido::{self, preflight};
//! use smartid_da::{DaAuth, DigitalAccess, UserId};
//!
//! # async fn ask_the_app(options: &str) -> Result<String, Box<dyn std::error::Error>> { Ok(options.to_owned()) }
//! async fn enrol(
//!     transport: Arc<dyn Transport>,
//!     runtime: Arc<dyn Runtime>,
//!     token: SecretString,
//! ) -> Result<(), Box<dyn std::error::Error>> {
//!     let url = "https://access.example.test/https/api/rest/v3.0";
//!     let da = DigitalAccess::builder(url, DaAuth::bearer(token)).build(transport, runtime)?;
//!     let user = UserId::new("anna")?;
//!
//!     let options = da.call(&fido::GetOptions::new(user.clone())).await?;
//!     options.validate()?;
//!     let answer = ask_the_app(options.raw()).await?;
//!
//!     let registration = fido::Registration::parse(&answer)?;
//!     let checked = preflight::check(&options, &registration, &da.dialect().preflight())?;
//!     da.call(&fido::StoreCredential::new(user, &registration)).await?;
//!     println!("{} on authenticator {}", checked.algorithm, checked.aaguid);
//!     Ok(())
//! }
//! ```
//!
//! A token that does not run out while the program runs comes from [`oauth::OAuthClient`].
//!
//! # Another relying party
//!
//! The user's app does not care who stores its credential. A flow needs of the relying party what the trait [`RelyingParty`] has;
//! [`DigitalAccess`] is one, [`EntraFido`] (Microsoft Entra by way of Microsoft Graph) another.
//!
//! # Login
//!
//! Applications let their users log in with Digital Access by OpenID Connect: see [`oidc`].
//!
//! # What is known
//!
//! The vendor documents the two verbs and paths, their order, and the versions \[documented; vendor page: Fido credential provisioning
//! with Digital Access\]. Everything else is inferred, and is a setting of [`DaDialect`] with its reason in [`dialect::EVIDENCE`].
//!
//! # Threat model
//!
//! * Whoever can call this API as we do can give any user a key of their own. The token is therefore obtained for each call, marked
//!   sensitive, sent over HTTPS only, and never follows a redirect.
//! * The answer of the app comes from a device that we do not control. Its JSON, its CBOR and its lengths are capped and checked; a
//!   member that stands there twice is refused, because two readers could take different ones. The check finds answers to another
//!   challenge, for another relying party or from another origin, statements that break the rules of their format, and credentials that
//!   are stored already. Whether somebody trusts the attestation's certificates is the relying party's to say.
//! * Digital Access, or what stands in front of it, may answer with a login page, a redirect or rubbish. Each ends in a typed error,
//!   and no error shows a token, a query, or more of a body than its verdict.
//!
//! # Reasons for the defaults
//!
//! * Strict body: the public server library whose defaults Digital Access shows refuses members that it does not know, and requires
//!   `clientExtensionResults`. The full text can be sent instead ([`fido::BodyForm::AsReceived`]).
//! * Strict base64url: what can be written in two ways is compared wrongly somewhere. Leniency is a setting and leaves a lint.
//! * A wrong attestation statement is refused before it is sent, in the formats that Digital Access knows: a relying party that checks
//!   refuses it, too, and then the challenge is gone and no reason is told. In other formats it is reported.
//! * Storing is never repeated by itself where it may have been done: the challenge dies with the first attempt. New options tell
//!   whether the credential is there ([`fido::CreationOptions::excludes`]).
//! * A web page with status 200 is a refusal: an access point answers a caller without a session with its login page.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod auth;
mod authorised;
mod client;
pub mod dialect;
pub mod entra;
pub mod fido;
pub mod oauth;
pub mod oidc;
pub mod personal;
pub mod portal;
mod refusal;
pub mod relying_party;
mod request;
mod user;

pub use auth::{DaAuth, FidoProvisioning, TokenProvider};
pub use client::{Builder, DigitalAccess};
pub use dialect::DaDialect;
pub use entra::EntraFido;
pub use portal::MappedPath;
pub use refusal::{DaRefusal, DaRefusalKind};
pub use relying_party::RelyingParty;
pub use smartid_trust::{CertificateAttribute, filter};
pub use user::{UserId, UserIdError};
