//! The forms in which requests are understood. Clients that were seen differ in all of them (protocol notes: cm 4.1, 4.2), so the
//! gateway is lenient by default, and each form can be turned off to play one that is not.

use serde::{Deserialize, Serialize};

/// Forms of requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmDecodeConfig {
    /// `multipart/form-data` with parts that have no file name (cm 4.1, T).
    pub multipart: bool,
    /// Parts with a file name (cm 4.1, T).
    pub multipart_files: bool,
    /// `application/x-www-form-urlencoded` (cm 4.1, T).
    pub urlencoded: bool,
    /// `application/json` (cm 4.1, T for registrations, I for others).
    pub json: bool,
    /// `pkcs10` as DER (cm 4.1, D).
    pub pkcs10_der: bool,
    /// `pkcs10` as base64 on one line (cm 4.1, T).
    pub pkcs10_base64: bool,
    /// `pkcs10` as base64 in lines (cm 4.1, T).
    pub pkcs10_wrapped: bool,
    /// `pkcs10` as PEM (cm 4.1, T).
    pub pkcs10_pem: bool,
    /// Names under which lists of certificates are taken (cm 4.2, T: both have been seen).
    pub certid_names: Vec<String>,
    /// Lists as repeated fields (I).
    pub lists_repeated: bool,
    /// Lists joined by commas (cm 4.1, T).
    pub lists_joined: bool,
    /// Dates with fractions of seconds (cm 4.1, T that they are sent, I that they are accepted).
    pub date_fractions: bool,
    /// Whether fields that the operation does not know are refused with -14. A servlet would overlook them; here a misspelt name shall
    /// be found.
    pub strict_fields: bool,
}

impl Default for CmDecodeConfig {
    fn default() -> Self {
        Self {
            multipart: true,
            multipart_files: true,
            urlencoded: true,
            json: true,
            pkcs10_der: true,
            pkcs10_base64: true,
            pkcs10_wrapped: true,
            pkcs10_pem: true,
            certid_names: vec!["certid".into(), "certId".into()],
            lists_repeated: true,
            lists_joined: true,
            date_fractions: true,
            strict_fields: true,
        }
    }
}
