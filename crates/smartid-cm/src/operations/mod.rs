//! One file for each operation; each tells its verb and path, how they are known, who may call it, and what can go wrong.
//!
//! Reads implement [`Endpoint`](smartid_core::Endpoint) and are called with
//! [`CertificateManager::call`](crate::CertificateManager::call); writes implement [`Write`](crate::Write) and are made with
//! [`CertificateManager::write`](crate::CertificateManager::write).

mod ca_certificate;
mod items;
mod procedures;
mod reinstate;
mod revocation_list;
mod revoke;

pub use ca_certificate::{CaCertificate, CaNotBelieved, DownloadedCaCertificate};
pub use items::{ItemResults, ItemState};
pub use procedures::{MediaType, Procedure, Procedures};
pub use reinstate::Reinstate;
pub use revocation_list::{DownloadedRevocationList, ExperimentalRevocationList};
pub use revoke::{RevocationReason, Revoke};
