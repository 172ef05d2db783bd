//! Client for Nexus Smart ID Certificate Manager behind Protocol Gateway.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod auth;
mod body;
mod certificates;
mod check;
mod client;
mod csr;
mod date;
pub mod dialect;
mod find_issued;
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
mod trial;
mod two_step;

pub use certificates::{CertificateForm, Certificates, CertificatesError};
pub use check::{Connected, ConnectionProblem, ConnectionProblemKind};
pub use client::{Builder, CertificateManager};
pub use csr::{Csr, CsrError};
pub use dialect::CmDialect;
pub use find_issued::{Examination, Extent, FindIssued, FoundCertificate, FoundIssued};
pub use ids::{AccountId, CertId, CoreTemplate, NameError, ProcedureName, ProcessDefinitionId, TenantId};
pub use operations::RevocationReason;
pub use pages::{Collected, Pages, PagesProblem, Records};
pub use record::{
    CertificateRecord, CertificateStatus, ExtendedField, KeyIdentifier, ReasonText, SerialText, SubjectType,
    Validity,
};
pub use refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
pub use two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};
