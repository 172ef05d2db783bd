//! Who gets as far as the REST API: TLS of the Tomcat that Protocol Gateway runs in (protocol notes: cm 2).

use serde::{Deserialize, Serialize};

/// TLS of Protocol Gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmTlsConfig {
    /// Whether a client certificate is asked for.
    pub client_certificate: ClientCertificate,
    /// Versions that are spoken: `1.2`, `1.3` (cm 2, U: Tomcat's configuration).
    pub versions: Vec<String>,
    /// Whether the trust store holds the issuing authority beside the root. Without it, a client that sends its own certificate alone
    /// is not known (cm 2, D: "must chain to a CA in the trust store"; which one, is the installation's choice).
    pub trust_issuing_ca: bool,
    /// Whether revoked certificates are refused in the handshake. Without it, the connection stands and the officer is refused by the
    /// REST API (I).
    pub check_revocation: bool,
    /// What a caller gets whose certificate is known and no officer's, or who has shown none (cm 2, I).
    pub not_officer: NotOfficer,
}

impl Default for CmTlsConfig {
    fn default() -> Self {
        Self {
            client_certificate: ClientCertificate::Handshake,
            versions: vec!["1.2".into(), "1.3".into()],
            trust_issuing_ca: true,
            check_revocation: false,
            not_officer: NotOfficer::Forbidden,
        }
    }
}

/// Whether a client certificate is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientCertificate {
    /// In the handshake, which fails without.
    #[default]
    Handshake,
    /// In the handshake, which goes on without; whoever shows none is refused by the REST API.
    Optional,
    /// Never, as on the port for clients without certificate (cm 2: 8443).
    None,
}

/// What a caller gets who is no officer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NotOfficer {
    /// 403 with a page of HTML.
    #[default]
    Forbidden,
    /// The error -15, as for a missing role.
    Error,
}
