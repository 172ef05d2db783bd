//! The contract of the `smartid` client libraries for Nexus Smart ID: what an operation is, how it reaches a service, how an answer
//! waits, what an error tells, what is secret.
//!
//! Most programs use the facade crate `smartid`. This crate is for those who write a transport, a store or an endpoint of their own.
//!
//! * [`Endpoint`] and [`Inbound`]: what we call and what calls us, as values without IO.
//! * [`Transport`], [`Runtime`], [`Inbox`], [`TlsIdentity`]: the seams to an HTTP library, an async runtime, a store, a key.
//! * [`Caller`]: carries an endpoint to its service, with [`CallPolicy`] and [`Credential`].
//! * [`Error`]: phase, retry verdict, advice.
//! * [`dialect`] and [`json`]: what may differ between installations, without losing a byte of what does not.
//! * [`ForwardedHeaders`]: how a front tells the service behind it who its user is, and nobody else can.
//! * [`SecretString`], [`SecretBytes`], [`redact`]: what must not be seen.
//!
//! # Threat model
//!
//! Whoever answers may be hostile or broken: every body has a cap, every wait a deadline, every parser a depth limit, and nothing here
//! panics on input. Whoever reads our logs is not to learn a key, a token, a PIN or a link that starts an app: values that are secret
//! have types without `Display`, a blind `Debug` and no `PartialEq`; messages show only what an allow-list lets through. Not covered:
//! copies inside HTTP and TLS libraries, swap, core dumps, and a debugger.
//!
//! # Reasons for the defaults
//!
//! * HTTPS only: an API key travels in a header of every request. Plain HTTP needs a method with `danger` in its name.
//! * Redirects are not followed: an HTTP library forwards custom key headers to the new host, and re-posts bodies with passwords.
//! * Strict base64 in: what is decoded leniently can be written in two ways, and comparisons go wrong.
//! * Three attempts, but only where the failure and the operation allow it: a command that is sent twice is two commands.
//!
//! # Write an endpoint of your own
//!
//! ```
//! use http::{Method, StatusCode};
//! use smartid_core::{Advice, BuildError, Endpoint, Incoming, Outgoing, Repeat, ResponseError, Retry, ServiceError, Turn};
//!
//! #[derive(Debug, thiserror::Error)]
//! #[error("the service answered {0}")]
//! struct Refused(StatusCode);
//! impl ServiceError for Refused {
//!     fn code(&self) -> Option<&str> { None }
//!     fn status(&self) -> Option<StatusCode> { Some(self.0) }
//!     fn retry(&self) -> Retry { Retry::No }
//!     fn advice(&self) -> Advice { Advice::new(Turn::Administrator, "the service's log") }
//! }
//!
//! struct Version;
//! impl Endpoint for Version {
//!     type Auth = ();
//!     type Dialect = ();
//!     type Output = String;
//!     type Error = Refused;
//!     const NAME: &'static str = "example.version";
//!     const REPEAT: Repeat = Repeat::Safe;
//!     fn request(&self, _: &()) -> Result<Outgoing, BuildError> {
//!         Ok(Outgoing::new(Method::GET, "version".to_owned()))
//!     }
//!     fn response(&self, _: &(), incoming: Incoming) -> Result<String, ResponseError<Refused>> {
//!         match incoming.status() {
//!             StatusCode::OK => Ok(incoming.json()?),
//!             other => Err(ResponseError::Refused(Refused(other))),
//!         }
//!     }
//! }
//!
//! let answer = Incoming::new(StatusCode::OK, http::HeaderMap::new(), bytes::Bytes::from_static(b"\"4.2\""));
//! assert_eq!(Version.response(&(), answer).unwrap(), "4.2");
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod base64;
mod basic;
mod caller;
mod credential;
pub mod dialect;
mod endpoint;
mod error;
mod forwarding;
mod inbound;
mod inbox;
mod incoming;
pub mod json;
mod lint;
mod message;
mod path;
mod policy;
pub mod redact;
mod runtime;
mod secret;
mod time;
mod tls;
#[cfg(feature = "tower")]
pub mod tower;
mod transport;
mod url;

pub use basic::BasicCaller;
pub use caller::Caller;
pub use credential::Credential;
pub use dialect::{Evidence, Tag};
pub use endpoint::{Endpoint, Repeat};
pub use error::{
    Advice, BuildError, CredentialError, Error, NotSigned, Phase, ResponseError, Retry, ServiceError, Turn,
    Unreadable,
};
pub use forwarding::{ForwardedHeaders, ForwardingError, ForwardingProblem, HeaderEncoding, NotForwarded};
pub use inbound::{Admission, ClientCertificate, Head, Inbound, Reply};
pub use inbox::{CorrelationId, Inbox, Letter, MemoryInbox, Put, StoreError};
pub use incoming::{Content, Incoming};
pub use lint::Lint;
pub use message::Outgoing;
pub use path::{PathError, PathTemplate};
pub use policy::CallPolicy;
pub use runtime::{
    BlockingWork, BoxFuture, Either, ManualRuntime, Runtime, Stalled, WorkLost, race, random_id, run_blocking,
};
pub use secret::{SecretBytes, SecretString};
pub use time::Timestamp;
pub use tls::{KeyKind, SignError, SignatureScheme, TlsIdentity};
pub use transport::{Transport, TransportError, TransportProblem};
pub use url::{ConfigError, ServiceUrl};
