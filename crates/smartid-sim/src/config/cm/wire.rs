//! Differences of the wire that no other switch plays: other verbs, other names, other places in JSON. Half of the operations were never
//! seen, so anything about them may be otherwise (protocol notes: cm 5 and 15), and a client has to be able to follow.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::CmOperation;
use crate::json::Move;

/// Verbs, names and places that differ. Everything is left as the other switches say by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmWireConfig {
    /// Verbs of operations.
    pub methods: BTreeMap<CmOperation, String>,
    /// Names on the wire of fields and query parameters, by the name that they have otherwise, which is then unknown.
    pub names: BTreeMap<String, String>,
    /// Fields or query parameters that every request of the REST API must have, with their values.
    pub constants: BTreeMap<String, String>,
    /// `Content-Type` that parts of multipart bodies must have, by the name of the part; an empty text wants none.
    pub part_types: BTreeMap<String, String>,
    /// Moves of members of JSON bodies before they are read: from where they come to where they are read.
    pub request_moves: Vec<Move>,
    /// Moves of members of JSON answers before they are sent.
    pub answer_moves: Vec<Move>,
    /// Name of the header with the number of a certificate (cm 4.3, T).
    pub certid_header_name: String,
    /// The number of the first element in `errors` (cm 4.4: `arrayindex`, T; where it begins, U).
    pub first_index: u64,
}

impl Default for CmWireConfig {
    fn default() -> Self {
        Self {
            methods: BTreeMap::new(),
            names: BTreeMap::new(),
            constants: BTreeMap::new(),
            part_types: BTreeMap::new(),
            request_moves: Vec::new(),
            answer_moves: Vec::new(),
            certid_header_name: "certId".into(),
            first_index: 0,
        }
    }
}
