//! Settings of Protocol Gateway with the REST API of Certificate Manager. Much of what a client sees there is configuration of the
//! installation or is not public at all (protocol notes: cm 3 and 15), so each of these things is a switch.

mod answers;
mod decode;
mod officers;
mod operations;
mod outside;
mod servlets;
mod signing;
mod soft_tokens;
mod tls;
mod wire;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use answers::{
    CmAnswerConfig, CmDateStyle, CmDownloadConfig, CmErrorStyle, CmSearchConfig, CmStatusConfig,
    KeyIdentifierStyle, OverCap, SerialStyle, UnknownAccept,
};
pub use decode::CmDecodeConfig;
pub use officers::{OfficerConfig, OfficerKey, OfficerState, REGISTRATION_ROLES};
pub use operations::{
    AttributeCertificateConfig, CmImportConfig, CmProcedureConfig, CmRegistrationConfig, CmRevocationConfig,
    HandlerConfig, ListStyle, Pkcs12Config, SigningAuthorityConfig, SigningAuthorityReply,
};
pub use outside::{CmDpConfig, CmPushConfig, CmRateConfig, PushBody};
pub use servlets::{
    CmAstConfig, CmEuiConfig, CmTrustConfig, DefaultHeaders, FormCharset, HeaderEncoding, RepeatedHeader,
    ResponseElement, ServletErrorConfig, ServletErrorStyle, ServletHandlerConfig, TokenAnswerConfig,
    Untrusted,
};
pub use signing::{CmSigningConfig, SignedAttributes, SigningMode};
pub use soft_tokens::{SoftTokenConfig, TokenChain, TokenEncoding, TokenFlaw, TokenMac, TokenProfile};
pub use tls::{ClientCertificate, CmTlsConfig, NotOfficer};
pub use wire::CmWireConfig;

/// An operation of the REST API (cm 5), as the switches name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CmOperation {
    /// `GET /certificates`
    Search,
    /// `GET /certificates/{certid}/details`
    Details,
    /// `GET /certificates/{certid}/download`
    Download,
    /// `POST /certificates/pkcs10`
    Issue,
    /// `POST /certificates/revoke`
    Revoke,
    /// `POST /certificates/reinstate`
    Reinstate,
    /// `GET /procedures`
    Procedures,
    /// `GET /registrations/{account}/{type}`
    Registrations,
    /// `POST /registrations/{account}/{type}`
    Register,
    /// The list of authorities.
    Issuers,
    /// Importing certificates of others.
    Import,
    /// Removing certificates from the database.
    Remove,
    /// An attribute certificate from a PKCS #10 request.
    AttributeCertificate,
    /// Signing a hash.
    SigningAuthority,
    /// A soft token.
    Pkcs12,
}

impl CmOperation {
    /// All of them.
    pub(crate) const ALL: [Self; 15] = [
        Self::Search,
        Self::Details,
        Self::Download,
        Self::Issue,
        Self::Revoke,
        Self::Reinstate,
        Self::Procedures,
        Self::Registrations,
        Self::Register,
        Self::Issuers,
        Self::Import,
        Self::Remove,
        Self::AttributeCertificate,
        Self::SigningAuthority,
        Self::Pkcs12,
    ];

    /// The path below the base where it is documented, seen or inferred (cm 5); `{certid}`, `{account}` and `{type}` stand for what
    /// varies.
    fn default_path(self) -> &'static str {
        match self {
            Self::Search => "certificates",
            Self::Details => "certificates/{certid}/details",
            Self::Download => "certificates/{certid}/download",
            Self::Issue => "certificates/pkcs10",
            Self::Revoke => "certificates/revoke",
            Self::Reinstate => "certificates/reinstate",
            Self::Procedures => "procedures",
            Self::Registrations | Self::Register => "registrations/{account}/{type}",
            // From here on inferred: the operations exist, their paths are not public (cm 5, I).
            Self::Issuers => "certificates/issuers",
            Self::Import => "certificates/import",
            Self::Remove => "certificates/remove",
            Self::AttributeCertificate => "certificates/attributecertificate",
            Self::SigningAuthority => "signingauthority/sign",
            Self::Pkcs12 => "certificates/pkcs12",
        }
    }

    /// The role that the officer needs (cm 6, I).
    fn default_role(self) -> &'static str {
        match self {
            Self::Search
            | Self::Details
            | Self::Download
            | Self::Procedures
            | Self::Registrations
            | Self::Register
            | Self::Issuers
            | Self::Remove => "Use clients",
            Self::Issue | Self::Pkcs12 | Self::Import => "Issue certificate",
            Self::Revoke | Self::Reinstate => "Revoke certificate",
            Self::AttributeCertificate => "Issue attribute certificate",
            Self::SigningAuthority => "Signing Authority Requests",
        }
    }
}

/// Protocol Gateway and the Certificate Manager behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmConfig {
    /// `start` of `api.properties`; a servlet that is not started is not there (cm 2; the product's own default is false, the
    /// simulator's is not).
    pub start: bool,
    /// What is answered, as an HTML page, when the servlet is not started (I: 404 or 503).
    pub stopped_status: u16,
    /// Path in front of the operations (cm 2, T).
    pub prefix: String,
    /// Segment between prefix and operation, as in installations with several instances (cm 2, T); empty for none.
    pub instance: String,
    /// Segment behind every path (cm 2, T: `certificates/pkcs10/verification`); empty for none.
    pub suffix: String,
    /// Paths of the operations below prefix and instance. Those of the last six operations are inferred (cm 5, I).
    pub paths: BTreeMap<CmOperation, String>,
    /// Largest request body that is read, in bytes.
    pub max_body_bytes: usize,
    /// Off: every call ends with -12, "not initialised" (cm 4.4, T).
    pub initialised: bool,
    /// Off: Protocol Gateway does not reach the certificate factory; every call ends with -18 (cm 4.4, T).
    pub connected: bool,
    /// Error codes that operations end with, whatever is sent, for example `{search = -1}`.
    pub fail: BTreeMap<CmOperation, i64>,
    /// Form of error answers.
    pub error_style: CmErrorStyle,
    /// HTTP status of each error code.
    pub status: CmStatusConfig,
    /// TLS and what happens to callers that are no officers.
    pub tls: CmTlsConfig,
    /// `requiredRoRoles`: roles that the officer of the TLS connection must have, all of them (cm 3, D). The single word `none` lets
    /// every certificate of the authority pass.
    pub required_ro_roles: Vec<String>,
    /// The role that each operation needs, in the officer who signs or, for reading and in VRO mode, of the TLS connection (cm 6, I).
    /// An empty text asks for none.
    pub roles: BTreeMap<CmOperation, String>,
    /// The officers, and those who would like to be.
    pub officers: Vec<OfficerConfig>,
    /// Password of the PKCS #12 files that the program writes.
    pub officer_password: String,
    /// Signatures on requests that change something.
    pub signing: CmSigningConfig,
    /// Forms in which requests are understood.
    pub decode: CmDecodeConfig,
    /// Verbs, names and places that differ.
    pub wire: CmWireConfig,
    /// `GET /certificates`
    pub search: CmSearchConfig,
    /// How certificates and envelopes are written.
    pub answers: CmAnswerConfig,
    /// Forms in which certificates are handed out.
    pub download: CmDownloadConfig,
    /// The token procedures.
    pub procedures: Vec<CmProcedureConfig>,
    /// Procedures of requests that name none (cm 3: `tokenprocedure` of the handler).
    pub handlers: HandlerConfig,
    /// Revoking, holding, reinstating.
    pub revocation: CmRevocationConfig,
    /// Registrations.
    pub registrations: CmRegistrationConfig,
    /// Importing.
    pub import: CmImportConfig,
    /// Attribute certificates.
    pub attribute_certificate: AttributeCertificateConfig,
    /// Signing a hash.
    pub signing_authority: SigningAuthorityConfig,
    /// Soft tokens over the REST API.
    pub pkcs12: Pkcs12Config,
    /// The files of soft tokens, whichever way they are asked for.
    pub soft_tokens: SoftTokenConfig,
    /// Soft tokens over AST.
    pub ast: CmAstConfig,
    /// Certificates and soft tokens over EUI.
    pub eui: CmEuiConfig,
    /// How many calls are answered.
    pub rate: CmRateConfig,
    /// The servlet that hands out authorities' certificates and revocation lists.
    pub dp: CmDpConfig,
    /// Certificates that are sent to Identity Manager.
    pub push: CmPushConfig,
}

impl Default for CmConfig {
    fn default() -> Self {
        let all = CmOperation::ALL.into_iter();
        Self {
            start: true,
            stopped_status: 404,
            prefix: "/pgwy/api".into(),
            instance: String::new(),
            suffix: String::new(),
            paths: all
                .clone()
                .map(|operation| (operation, operation.default_path().to_owned()))
                .collect(),
            max_body_bytes: 16 << 20,
            initialised: true,
            connected: true,
            fail: BTreeMap::new(),
            error_style: CmErrorStyle::HttpStatus,
            status: CmStatusConfig::default(),
            tls: CmTlsConfig::default(),
            required_ro_roles: vec!["Use clients".into()],
            roles: all
                .map(|operation| (operation, operation.default_role().to_owned()))
                .collect(),
            officers: OfficerConfig::defaults(),
            officer_password: "officer".into(),
            signing: CmSigningConfig::default(),
            decode: CmDecodeConfig::default(),
            wire: CmWireConfig::default(),
            search: CmSearchConfig::default(),
            answers: CmAnswerConfig::default(),
            download: CmDownloadConfig::default(),
            procedures: CmProcedureConfig::defaults(),
            handlers: HandlerConfig::default(),
            revocation: CmRevocationConfig::default(),
            registrations: CmRegistrationConfig::default(),
            import: CmImportConfig::default(),
            attribute_certificate: AttributeCertificateConfig::default(),
            signing_authority: SigningAuthorityConfig::default(),
            pkcs12: Pkcs12Config::default(),
            soft_tokens: SoftTokenConfig::default(),
            ast: CmAstConfig::default(),
            eui: CmEuiConfig::default(),
            rate: CmRateConfig::default(),
            dp: CmDpConfig::default(),
            push: CmPushConfig::default(),
        }
    }
}

impl CmConfig {
    /// The path of an operation, without slashes at its ends; a map in a file that names some operations leaves the others where they
    /// are.
    pub(crate) fn path(&self, operation: CmOperation) -> &str {
        self.paths
            .get(&operation)
            .map_or(operation.default_path(), String::as_str)
            .trim_matches('/')
    }

    /// The role that an operation needs, if any.
    pub(crate) fn role(&self, operation: CmOperation) -> Option<&str> {
        let role = self
            .roles
            .get(&operation)
            .map_or(operation.default_role(), String::as_str);
        Some(role).filter(|role| !role.is_empty())
    }

    /// Who signs requests of an operation.
    pub(crate) fn mode(&self, operation: CmOperation) -> SigningMode {
        let own = self.signing.operations.get(&operation);
        own.copied().unwrap_or(self.signing.mode)
    }
}
