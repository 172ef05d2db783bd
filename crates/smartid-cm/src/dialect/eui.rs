//! What may differ of the servlet EUI.

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;

use super::{Encoding, WriteCall};

/// Requests to EUI, whose base URL is that of Protocol Gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EuiDialect {
    /// Asks for a certificate.
    pub certificate: WriteCall,
    /// In which form the certificate is asked for: the value of `certencoding`.
    pub certificate_encoding: String,
    /// Asks for a soft token. Everything about it is a guess.
    pub soft_token: WriteCall,
    /// The path when no handler is named.
    pub path_without_handler: PathTemplate,
    /// How the name or id of the element begins that has the answer.
    pub element: String,
}

impl Default for EuiDialect {
    fn default() -> Self {
        Self {
            certificate: WriteCall::new("eui/{handler}", Encoding::Form),
            certificate_encoding: String::from("x509"),
            soft_token: WriteCall::new("eui/{handler}", Encoding::Form),
            path_without_handler: "eui".parse().unwrap_or_default(),
            element: String::from("response"),
        }
    }
}
