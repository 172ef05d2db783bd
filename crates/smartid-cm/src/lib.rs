//! Client for Nexus Smart ID Certificate Manager behind Protocol Gateway.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod auth;
mod body;
mod certificates;
mod client;
mod csr;
mod date;
pub mod dialect;
mod ids;
mod one_certificate;
mod open;
pub mod operations;
pub mod push;
mod record;
mod refusal;
mod rows;
mod trial;
mod two_step;

pub use certificates::{CertificateForm, Certificates, CertificatesError};
pub use client::{Builder, CertificateManager};
pub use csr::{Csr, CsrError};
pub use dialect::CmDialect;
pub use ids::{AccountId, CertId, CoreTemplate, NameError, ProcedureName, ProcessDefinitionId, TenantId};
pub use operations::RevocationReason;
pub use record::{
    CertificateRecord, CertificateStatus, ExtendedField, KeyIdentifier, ReasonText, SerialText, SubjectType,
    Validity,
};
pub use refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
pub use two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};
