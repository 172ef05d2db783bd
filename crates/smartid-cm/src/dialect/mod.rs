//! What may differ between installations of Certificate Manager, as data.
//!
//! The vendor publishes the search, the two steps of a write and a few paths; names of fields, encodings and the paths of half the
//! operations come from third-party code or are inferred. Each is a setting here, and a TOML file names only those that differ:
//!
//! ```
//! use smartid_cm::CmDialect;
//!
//! let dialect = CmDialect::from_toml(r#"
//!     [requests]
//!     csr = "pem"
//!     [issue]
//!     path = "tenant1/certificates/pkcs10"
//!     encoding = "form"
//!     [revoke]
//!     rename = { certid = "certificateId" }
//!     [answers]
//!     serial_radix = "decimal"
//! "#)?;
//! assert_ne!(dialect, CmDialect::default());
//! assert!(CmDialect::from_toml("[issue]\npaht = 'x'").is_err());
//! # Ok::<(), smartid_core::dialect::DialectError>(())
//! ```
//!
//! The base URL and the officer's certificate are not here: they are settings of the client and of the transport.

mod ast;
mod calls;
mod eui;
mod evidence;
mod forms;
mod push;

use serde::{Deserialize, Serialize};
use smartid_core::dialect::{DialectError, overlay};

pub use ast::AstDialect;
pub use calls::{PublicFile, ReadCall, WriteCall};
pub use eui::EuiDialect;
pub use evidence::EVIDENCE;
pub use forms::{Answers, CsrForm, DateForm, DaysForm, Encoding, Lists, Requests, SerialRadix, Unlisted};
pub use push::PushDialect;

/// The settings; [`EVIDENCE`] tells of each what it means and how we know its default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CmDialect {
    /// What all requests have in common.
    pub requests: Requests,
    /// What all answers have in common.
    pub answers: Answers,
    /// `GET certificates`.
    pub search: ReadCall,
    /// `GET certificates/{certid}/details`.
    pub details: ReadCall,
    /// `GET certificates/{certid}/download`.
    pub download: ReadCall,
    /// `POST certificates/pkcs10`.
    pub issue: WriteCall,
    /// `POST certificates/revoke`; putting on hold is revoking with reason 6.
    pub revoke: WriteCall,
    /// `POST certificates/reinstate`.
    pub reinstate: WriteCall,
    /// `GET procedures`.
    pub procedures: ReadCall,
    /// `GET registrations/{account}/{type}`.
    pub registrations: ReadCall,
    /// `POST registrations/{account}/{type}`.
    pub register: WriteCall,
    /// Lists the issuers. Only its path is a guess, but all of it.
    pub issuers: ReadCall,
    /// Imports certificates of other CAs. Its path is a guess.
    pub import: WriteCall,
    /// Removes certificates from the database. Its path is a guess.
    pub remove: WriteCall,
    /// Issues an attribute certificate. Its path is a guess.
    pub attribute_certificate: WriteCall,
    /// Has Certificate Manager sign a hash. Its path and most of its fields are guesses.
    pub signing_authority: WriteCall,
    /// Asks for a soft token. Its path and its fields are guesses.
    pub soft_token: WriteCall,
    /// The servlet EUI, which has another base URL.
    pub eui: EuiDialect,
    /// Downloads a CA certificate from the `dp` servlet, which has another base URL.
    pub ca_certificate: PublicFile,
    /// Downloads a revocation list from the `dp` servlet. Its path is a guess.
    pub revocation_list: PublicFile,
    /// `POST ast` on Protocol Gateway: a soft token by headers of a trusted front.
    pub ast: AstDialect,
    /// How certificates are pushed to us.
    pub push: PushDialect,
}

impl Default for CmDialect {
    fn default() -> Self {
        Self {
            requests: Requests::default(),
            answers: Answers::default(),
            search: ReadCall::new("certificates"),
            details: ReadCall::new("certificates/{certid}/details"),
            download: ReadCall::new("certificates/{certid}/download"),
            issue: WriteCall::new("certificates/pkcs10", Encoding::Multipart),
            revoke: WriteCall::new("certificates/revoke", Encoding::Multipart),
            reinstate: WriteCall::new("certificates/reinstate", Encoding::Multipart),
            procedures: ReadCall::new("procedures"),
            registrations: ReadCall::new("registrations/{account}/{type}"),
            register: WriteCall::new("registrations/{account}/{type}", Encoding::Json),
            issuers: ReadCall::new("certificates/issuers"),
            import: WriteCall::new("certificates/import", Encoding::Json),
            remove: WriteCall::new("certificates/remove", Encoding::Json),
            attribute_certificate: WriteCall::new("certificates/attributecertificate", Encoding::Multipart),
            signing_authority: WriteCall::new("signingauthority/sign", Encoding::Json),
            soft_token: WriteCall::new("certificates/pkcs12", Encoding::Multipart),
            eui: EuiDialect::default(),
            ca_certificate: PublicFile::new("ca/{name}", ".cer"),
            revocation_list: PublicFile::new("crl/{name}", ".crl"),
            ast: AstDialect::default(),
            push: PushDialect::default(),
        }
    }
}

impl CmDialect {
    /// Reads a sparse TOML text over the defaults.
    ///
    /// # Errors
    /// [`DialectError`] that names the key.
    pub fn from_toml(text: &str) -> Result<Self, DialectError> {
        overlay(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_evidence_and_the_other_way_round() {
        let mut settings: Vec<String> = smartid_core::dialect::settings::<CmDialect>()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        let mut evidence: Vec<String> = EVIDENCE.iter().map(|row| row.key.to_owned()).collect();
        settings.sort();
        evidence.sort();
        assert_eq!(settings, evidence);
    }

    #[test]
    fn the_default_paths_are_templates() {
        let dialect = CmDialect::default();
        for path in [
            &dialect.search.path,
            &dialect.details.path,
            &dialect.issue.path,
            &dialect.register.path,
            &dialect.ca_certificate.path,
            &dialect.revocation_list.path,
            &dialect.ast.path,
            &dialect.ast.handler_path,
        ] {
            assert!(!path.to_string().is_empty());
        }
    }
}
