//! The answer to a ping.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::dialect::parts;

/// Where the device information stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PingAnswerDialect {
    /// The device information: an object as a rule.
    pub device_info: Pointer,
}

impl Default for PingAnswerDialect {
    fn default() -> Self {
        Self {
            device_info: parts::pointer(&["response", "deviceinfo"]),
        }
    }
}

pub(super) const EVIDENCE: &[Evidence] = &[Evidence::new(
    "answers.ping.device_info",
    Tag::Inferred,
    "vendor page: API parameters specific to Personal Desktop App: the response has a set named deviceinfo (documented); its place is not told",
    "where the device information stands in a report",
)];
