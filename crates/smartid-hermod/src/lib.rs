//! Client for Nexus Smart ID Messaging ("Hermod").
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api_key;
pub mod callback;
mod client;
pub mod commands;
pub mod dialect;
mod error;
mod header;
mod ids;
pub mod link;
mod pending;
pub mod qr;
mod read;
mod registration;
mod report;
mod response;
mod session;
mod state;
pub mod wait;

pub use api_key::{ApiKey, auth};
pub use callback::CallbackReceiver;
pub use client::{DEFAULT_LIFESPAN, DEFAULT_TIMEOUT, Hermod, HermodBuilder};
pub use dialect::HermodDialect;
pub use error::HermodError;
pub use header::{CommandHeader, TEMPORARY};
pub use ids::{Bid, CommandId, ExternalId, Fqdn, Mid};
pub use link::{LinkError, PlugoutLink};
pub use pending::Pending;
pub use qr::{QrCode, QrError};
pub use read::Extra;
pub use report::{CommandFault, CommandReport, FidoOutcome, ReportError};
pub use response::{CommandType, Destination, ImmediateResponse, MessageUrl};
pub use session::{Session, SessionError};
#[cfg(feature = "tower")]
pub use smartid_core::tower::InboundService;
pub use state::State;
pub use wait::{By, PollHealth, PollPolicy, Waited, Waiter};
