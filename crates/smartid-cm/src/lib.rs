//! Client for Nexus Smart ID Certificate Manager behind Protocol Gateway.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod auth;
mod body;
mod check;
mod client;
mod date;
pub mod dialect;
mod ids;
mod one_certificate;
pub mod operations;
mod public_file;
pub mod push;
mod refusal;
mod trial;
mod two_step;

pub use check::{Connected, ConnectionProblem, ConnectionProblemKind};
pub use client::{Builder, CertificateManager};
pub use dialect::CmDialect;
pub use ids::{AccountId, CertId, CoreTemplate, NameError, ProcedureName, ProcessDefinitionId, TenantId};
pub use operations::RevocationReason;
pub use refusal::{CmCode, CmRefusal, CmRefusalKind, ItemError};
pub use two_step::{Call, DataToSign, RequestSignature, SignedCall, Step, Write};
