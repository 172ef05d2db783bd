//! Client for Nexus Smart ID Certificate Manager behind Protocol Gateway.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod auth;
mod body;
mod client;
mod date;
pub mod dialect;
mod ids;
mod one_certificate;
pub mod operations;
pub mod push;
mod refusal;
mod trial;
mod two_step;

pub use client::{Builder, CertificateManager};
pub use dialect::CmDialect;
pub use ids::{AccountId, CertId, CoreTemplate, NameError, ProcedureName, ProcessDefinitionId, TenantId};
pub use operations::RevocationReason;
pub use refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
pub use two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};
