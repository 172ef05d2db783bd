//! The signature that a sign or an authenticate command brings.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::dialect::parts;

const SOURCE: &str = "vendor page: Smart ID Messaging API overview: that a response comes by callback is documented, its body is not";

/// Where signature and format stand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignatureAnswerDialect {
    /// The signature.
    pub data: Pointer,
    /// Its format; where it is missing, the format that was asked for.
    pub format: Pointer,
}

impl Default for SignatureAnswerDialect {
    fn default() -> Self {
        Self {
            data: parts::pointer(&["response", "data"]),
            format: parts::pointer(&["response", "format"]),
        }
    }
}

pub(super) const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "answers.signature.data",
        Tag::Inferred,
        SOURCE,
        "where the signature stands in the report of a sign or authenticate command",
    ),
    Evidence::new(
        "answers.signature.format",
        Tag::Inferred,
        SOURCE,
        "where the format of the signature stands in that report",
    ),
];
