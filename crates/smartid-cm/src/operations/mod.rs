//! One file for each operation; each tells its verb and path, how they are known, who may call it, and what can go wrong.
//!
//! Reads implement [`Endpoint`](smartid_core::Endpoint) and are called with
//! [`CertificateManager::call`](crate::CertificateManager::call); writes implement [`Write`](crate::Write) and are made with
//! [`CertificateManager::write`](crate::CertificateManager::write).

mod attribute_certificate;
mod ca_certificate;
mod details;
mod download;
mod field;
mod import;
mod issue;
mod issuers;
mod items;
mod procedures;
mod raw;
mod register;
mod registration_kind;
mod registrations;
mod reinstate;
mod remove;
mod revocation_list;
mod revoke;
mod search;
mod signing_authority;
mod soft_token;

pub(crate) use import::fields as import_fields;
pub(crate) use issue::{fields as issue_fields, issued};

pub use ca_certificate::{CaCertificate, CaNotBelieved, DownloadedCaCertificate};
pub use details::Details;
pub use download::Download;
pub use field::FieldValue;
pub use issue::{IssueCertificate, IssuedCertificate, UnusableCertificate};
pub use items::{ItemResults, ItemState};
pub use procedures::{MediaType, Procedure, Procedures};
pub use raw::{RawAnswer, RawCall, RawRead, RawWrite};
pub use register::{Register, Registered};
pub use registration_kind::{RegistrationKind, RegistrationStatus};
pub use registrations::{Registration, Registrations};
pub use reinstate::Reinstate;
pub use revoke::{RevocationReason, Revoke};
pub use search::{IssuerName, Period, Search, SearchPage, SerialQuery};

/// Operations whose path, and for some of them more, is inferred: nothing public shows them on the wire. They are made to be
/// corrected by a [dialect](crate::CmDialect), and may change in a release of this library when more becomes known.
pub mod experimental {
    pub use super::attribute_certificate::{IssueAttributeCertificate, IssuedAttributeCertificate};
    pub use super::import::{Import, ImportCertificates, ImportResults};
    pub use super::issuers::{Issuer, IssuerPage, Issuers};
    pub use super::remove::RemoveCertificates;
    pub use super::revocation_list::{DownloadRevocationList, DownloadedRevocationList};
    pub use super::signing_authority::{HashAlgorithm, SignHash, SignatureFormat, SignedHash};
    pub use super::soft_token::RequestSoftToken;
}
