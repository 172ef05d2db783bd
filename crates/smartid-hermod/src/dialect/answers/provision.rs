//! The signed answer to a provision command.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::dialect::parts;

const RESPONSE: &str = "vendor pages: Example: Smart ID Mobile App provisioning (responseformat jws), Configure custom attestation keys (the integrator verifies the answer). Its place in the callback is a guess";
const PAYLOAD: &str = "no page shows the payload; the names are those of the command";

/// Where the signed answer stands, and where things stand in its payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProvisionAnswerDialect {
    /// The signed answer: a compact JWS.
    pub data: Pointer,
    /// Whether a compact JWS that is not there is looked for in the whole report. What is found so has a lint.
    pub search: bool,
    /// The payload of the JWS; pointers begin at it.
    pub payload: PayloadDialect,
}

/// Where things stand in the payload of a provisioning answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PayloadDialect {
    /// The nonce of the command.
    pub nonce: Pointer,
    /// The user of the command.
    pub user_id: Pointer,
    /// The profile, new or updated.
    pub profile_id: Pointer,
    /// The keys: a list, or an object whose member names are the key ids.
    pub keys: Pointer,
    /// In a key: its id.
    pub key_id: Pointer,
    /// In a key: the certification request, where the command had a template.
    pub request: Pointer,
    /// In a key: the public key as JWK, where the command had no template.
    pub public_key: Pointer,
}

impl Default for ProvisionAnswerDialect {
    fn default() -> Self {
        Self {
            data: parts::pointer(&["response", "data"]),
            search: true,
            payload: PayloadDialect::default(),
        }
    }
}

impl Default for PayloadDialect {
    fn default() -> Self {
        Self {
            nonce: parts::pointer(&["nonce"]),
            user_id: parts::pointer(&["userid"]),
            profile_id: parts::pointer(&["profileid"]),
            keys: parts::pointer(&["keys"]),
            key_id: parts::pointer(&["keyid"]),
            request: parts::pointer(&["certreq"]),
            public_key: parts::pointer(&["jwk"]),
        }
    }
}

const fn inferred(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Inferred, source, meaning)
}

pub(super) const EVIDENCE: &[Evidence] = &[
    inferred(
        "answers.provision.data",
        RESPONSE,
        "where the signed answer to a provision command stands in a report",
    ),
    inferred(
        "answers.provision.search",
        RESPONSE,
        "whether a JWS that is not there is looked for elsewhere in the report",
    ),
    inferred(
        "answers.provision.payload.nonce",
        PAYLOAD,
        "where the nonce stands in the payload",
    ),
    inferred(
        "answers.provision.payload.user_id",
        PAYLOAD,
        "where the user id stands in the payload",
    ),
    inferred(
        "answers.provision.payload.profile_id",
        PAYLOAD,
        "where the profile id stands in the payload",
    ),
    inferred(
        "answers.provision.payload.keys",
        PAYLOAD,
        "where the keys stand in the payload",
    ),
    inferred(
        "answers.provision.payload.key_id",
        PAYLOAD,
        "where the key id stands in a key of the payload",
    ),
    inferred(
        "answers.provision.payload.request",
        PAYLOAD,
        "where the certification request stands in a key of the payload",
    ),
    inferred(
        "answers.provision.payload.public_key",
        PAYLOAD,
        "where the public key stands in a key of the payload",
    ),
];
