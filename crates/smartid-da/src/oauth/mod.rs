//! Tokens for machine calls: the client of an OAuth 2.0 token endpoint, of Digital Access itself or of another provider.
//!
//! A program that calls Digital Access shows a bearer token, and tokens run out. [`OAuthClient`] asks for one with its own client id
//! (grant `client_credentials`), keeps it, renews it before it runs out, and asks once however many tasks need one at the same time.
//! It is a [`TokenProvider`](crate::TokenProvider):
//!
//! ```
//! use std::sync::Arc;
//! use smartid_core::{ConfigError, Runtime, SecretString, Transport};
//! use smartid_da::oauth::{ClientAuthentication, OAuthClient};
//! use smartid_da::{DaAuth, DigitalAccess};
//!
//! fn connect(
//!     transport: Arc<dyn Transport>,
//!     runtime: Arc<dyn Runtime>,
//!     secret: SecretString,
//! ) -> Result<DigitalAccess, ConfigError> {
//!     let base = "https://access.example.test/https/api/rest/v3.0";
//!     let tokens = OAuthClient::builder(format!("{base}/oauth2/token"), "provisioning", ClientAuthentication::basic(secret))
//!         .scope("WS")
//!         .build(Arc::clone(&transport), Arc::clone(&runtime))?;
//!     DigitalAccess::builder(base, DaAuth::provider(Arc::new(tokens))).build(transport, runtime)
//! }
//! ```
//!
//! Microsoft Entra has a token endpoint for each tenant and takes the secret in the body. Its one scope means what an administrator has
//! granted to the application:
//!
//! ```
//! # use std::sync::Arc;
//! # use smartid_core::{ConfigError, Runtime, SecretString, Transport};
//! # use smartid_da::oauth::{ClientAuthentication, OAuthClient};
//! # fn connect(transport: Arc<dyn Transport>, runtime: Arc<dyn Runtime>, secret: SecretString) -> Result<OAuthClient, ConfigError> {
//! let tenant = "7a1f0c52-3b0e-4d51-9a6e-0a4f5d2c9b10";
//! OAuthClient::builder(
//!     format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
//!     "11111111-2222-4333-8444-555555555555",
//!     ClientAuthentication::body(secret),
//! )
//! .scope("https://graph.microsoft.com/.default")
//! .build(transport, runtime)
//! # }
//! ```
//!
//! # What is known
//!
//! Digital Access has a token endpoint and a revocation endpoint, and a client authenticates there with id and secret in the header
//! `Authorization` or in the body, or with a TLS client certificate \[documented; vendor page: Configure OAuth 2.0 in Digital Access\].
//! The paths are not published: those above are a guess \[unknown\], so the whole address is a setting. That the grant is
//! `client_credentials`, and that answers and errors are those of RFC 6749, is inferred from the same page. See [`EVIDENCE`] for the rest.
//!
//! # Threat model
//!
//! * The client secret can fetch any token of this client. It stands in the header or the body of one HTTPS request to one address,
//!   never in a query, and no redirect is followed. Texts of the server are searched for it before they are shown.
//! * Whoever answers in the place of the token endpoint gives us a token of theirs, which the service then refuses. What is not a
//!   bearer token that can stand in a header is not used.
//! * A client certificate is a matter of the transport that is given to the client: with [`ClientAuthentication::Certificate`] it is the
//!   only proof, with the others it comes on top.
//!
//! # Reasons for the defaults
//!
//! * One attempt per token ([`CallPolicy::with_attempts`](smartid_core::CallPolicy::with_attempts) changes that): the call that needs
//!   it has a limit of its own, and the next call asks again.
//! * A token is renewed 60 seconds before its end, or at half of its life where that is shorter; one without `expires_in` is kept for
//!   60 seconds, and none for more than a day.

mod address;
mod answer;
mod authentication;
mod builder;
mod client;
mod code;
mod dialect;
mod error;
pub(crate) mod known;
mod revocation;
mod round;
mod token;

pub use answer::AccessToken;
pub use authentication::ClientAuthentication;
pub use builder::OAuthBuilder;
pub use client::OAuthClient;
pub use code::OAuthErrorCode;
pub use dialect::{BasicForm, EVIDENCE, OAuthDialect};
pub use error::{OAuthError, OAuthErrorKind, TokenProblem};
pub use revocation::Revocation;
pub use token::TokenRequest;
