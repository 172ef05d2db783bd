//! What went wrong with one of several certificates of a call.

use std::fmt;

use serde::{Deserialize, Serialize};
use smartid_core::redact;

use super::CmCode;
use crate::ids::CertId;

/// One element of `errors[]` (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin): which certificate or
/// which element of the request, and why.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ItemError {
    /// The certificate, where the call named certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certid: Option<CertId>,
    /// The place in the call's list, from 0, where the call had a list without ids. Whether it counts from 0 is unknown.
    #[serde(default, rename = "arrayindex", skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Why.
    #[serde(rename = "errorcode")]
    pub code: CmCode,
    /// What Certificate Manager says about it; it may name persons. [`Display`](fmt::Display) shows it redacted.
    #[serde(default, rename = "errormessage", skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What the server behind it says.
    #[serde(
        default,
        rename = "servererrormessage",
        skip_serializing_if = "Option::is_none"
    )]
    pub server_message: Option<String>,
    /// How many elements one call may have, where that was the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl fmt::Display for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.certid, self.index) {
            (Some(certid), _) => write!(f, "certificate {certid}: ")?,
            (None, Some(index)) => write!(f, "element {index}: ")?,
            (None, None) => {}
        }
        write!(f, "{} (code {})", self.code.says(), self.code)?;
        for text in [&self.message, &self.server_message].into_iter().flatten() {
            write!(f, ", {:?}", redact::message(text))?;
        }
        if let Some(limit) = self.limit {
            write!(f, ", at most {limit} in one call")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ItemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ItemError({self})")
    }
}
