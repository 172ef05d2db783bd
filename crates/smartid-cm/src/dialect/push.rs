//! How Certificate Manager pushes certificates to us.

use serde::{Deserialize, Serialize};
use smartid_core::dialect::ReplyStatus;

/// What the receiver of pushed certificates expects and answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PushDialect {
    /// What stands before template and process in the path, without a slash before or behind it.
    pub path: String,
    /// The query parameter that tells the tenant.
    pub tenant: String,
    /// The content types that are taken, in any letter case.
    pub content_types: Vec<String>,
    /// The status that tells Certificate Manager that a certificate has arrived.
    pub success: ReplyStatus,
}

impl Default for PushDialect {
    fn default() -> Self {
        Self {
            path: "ws/certificate/register".to_owned(),
            tenant: "tenantId".to_owned(),
            content_types: vec!["application/pkix-cert".to_owned()],
            success: ReplyStatus::OK,
        }
    }
}
