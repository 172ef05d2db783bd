//! The answer to a startpinreset command.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::dialect::parts;

const SOURCE: &str = "vendor page: API parameters specific to Smart ID Desktop App: the name is documented; place and coding are not";

/// Where nonce and transport key stand, and how octets are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PinResetAnswerDialect {
    /// The nonce that the app made.
    pub nonce: Pointer,
    /// The one-time RSA key that protects a new admin key on its way.
    pub transported_key: Pointer,
}

impl Default for PinResetAnswerDialect {
    fn default() -> Self {
        Self {
            nonce: parts::pointer(&["response", "nonce"]),
            transported_key: parts::pointer(&["response", "transportedkey"]),
        }
    }
}

pub(super) const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "answers.pin_reset.nonce",
        Tag::Inferred,
        SOURCE,
        "where the nonce stands in the report of a startpinreset command",
    ),
    Evidence::new(
        "answers.pin_reset.transported_key",
        Tag::Inferred,
        SOURCE,
        "where the transport key stands in the report of a startpinreset command",
    ),
];
