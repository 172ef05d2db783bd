//! Who signs requests, and how closely the signature is looked at (protocol notes: cm 4.5, 4.6).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CmOperation;

/// Signatures on requests that change something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmSigningConfig {
    /// Who signs.
    pub mode: SigningMode,
    /// Other modes for single operations.
    pub operations: BTreeMap<CmOperation, SigningMode>,
    /// In VRO mode: whether the officer of the TLS connection needs the role of the operation, too (I).
    pub vro_checks_caller: bool,
    /// The number in the answer that asks for a signature (cm 4.4: -19; that it is the one of this very answer, I).
    pub code: i64,
    /// The text of that answer (cm 4.4, T).
    pub message: String,
    /// How many seconds what is to be signed stays open (U).
    pub lifetime_seconds: u64,
    /// Whether a new first call of the same caller for the same operation closes those before it (U).
    pub supersede: bool,
    /// Whether the fields of the second call must be those of the first (cm 4.5, I).
    pub compare_fields: bool,
    /// Whether a signature counts once.
    pub single_use: bool,
    /// Whether only the officer of the TLS connection may sign; by default any officer may (cm 4.5, T).
    pub same_officer: bool,
    /// Signed attributes of the CMS message (cm 4.5: both are accepted, T).
    pub signed_attributes: SignedAttributes,
    /// Whether a message must be DER to the byte (cm 4.5, T: all clients send DER).
    pub strict_der: bool,
    /// Whether the base64 of the signature may be broken into lines (cm 4.5, T: in multipart).
    pub line_breaks: bool,
    /// Whether the signature may come as bytes instead of base64 (no client does).
    pub binary: bool,
    /// A server that asks for a signature again and again.
    pub always_again: bool,
    /// Whether the base64 of what is to be signed is broken into lines (cm 4.4: it is one line, T).
    pub data_line_breaks: bool,
}

impl Default for CmSigningConfig {
    fn default() -> Self {
        Self {
            mode: SigningMode::Caller,
            operations: BTreeMap::new(),
            vro_checks_caller: true,
            code: -19,
            message: "Sign request and send again".into(),
            lifetime_seconds: 300,
            supersede: false,
            compare_fields: true,
            single_use: true,
            same_officer: false,
            signed_attributes: SignedAttributes::Either,
            strict_der: true,
            line_breaks: true,
            binary: false,
            always_again: false,
            data_line_breaks: false,
        }
    }
}

/// Who signs a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SigningMode {
    /// The caller, in a second call (cm 4.5).
    #[default]
    Caller,
    /// The server, at once (cm 4.6).
    Vro,
}

/// Whether signed attributes are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SignedAttributes {
    /// With and without.
    #[default]
    Either,
    /// Only with.
    Required,
    /// Only without.
    Forbidden,
}
