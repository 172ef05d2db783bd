//! What a dialect can say of one operation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;
use smartid_core::dialect::{Edits, Verb};

use super::Encoding;

/// Path constants of this crate; a test shows that they are templates.
pub(super) fn template(path: &str) -> PathTemplate {
    path.parse().unwrap_or_default()
}

/// An operation that changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ReadCall {
    /// The verb.
    pub verb: Verb,
    /// The path below the base URL.
    pub path: PathTemplate,
    /// Query parameters that have another name here, by their name in this library.
    pub rename: BTreeMap<String, String>,
    /// Query parameters that are sent unless the call has one of that name.
    pub constants: BTreeMap<String, String>,
    /// Changes of the answer before it is read.
    pub response: Edits,
}

impl ReadCall {
    pub(super) fn new(path: &str) -> Self {
        Self {
            verb: Verb::GET,
            path: template(path),
            rename: BTreeMap::new(),
            constants: BTreeMap::new(),
            response: Edits::default(),
        }
    }
}

/// An operation that changes something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WriteCall {
    /// The verb.
    pub verb: Verb,
    /// The path below the base URL.
    pub path: PathTemplate,
    /// How the fields are sent.
    pub encoding: Encoding,
    /// Fields that have another name here, by their name in this library.
    pub rename: BTreeMap<String, String>,
    /// Fields that are sent, in both steps, unless the call has one of that name.
    pub constants: BTreeMap<String, String>,
    /// Changes of the body before it is sent, where it is JSON.
    pub request: Edits,
    /// Changes of the answer before it is read.
    pub response: Edits,
}

impl WriteCall {
    pub(super) fn new(path: &str, encoding: Encoding) -> Self {
        Self {
            verb: Verb::POST,
            path: template(path),
            encoding,
            rename: BTreeMap::new(),
            constants: BTreeMap::new(),
            request: Edits::default(),
            response: Edits::default(),
        }
    }
}

/// A public file of the `dp` servlet, which has a base URL of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PublicFile {
    /// The path below the base URL.
    pub path: PathTemplate,
    /// What a file name ends with; it is appended where it is missing.
    pub suffix: String,
}

impl PublicFile {
    pub(super) fn new(path: &str, suffix: &str) -> Self {
        Self {
            path: template(path),
            suffix: suffix.to_owned(),
        }
    }
}
