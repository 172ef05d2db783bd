//! What may differ in requests for a soft token over AST.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smartid_core::PathTemplate;

use super::calls::template;
use crate::ast::NonAscii;

/// How soft tokens are asked for over AST. Which header carries which attribute is not here but in
/// [`AttributeHeaders`](crate::ast::AttributeHeaders), because each handler has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AstDialect {
    /// The path below the gateway's address, where no handler is named.
    pub path: PathTemplate,
    /// The path with `{handler}`.
    pub handler_path: PathTemplate,
    /// The field that carries the password.
    pub password: String,
    /// Further fields of the form, with their values.
    pub constants: BTreeMap<String, String>,
    /// How values beyond ASCII go into headers.
    pub non_ascii: NonAscii,
    /// Whether an attribute may be empty: its header then goes out with nothing in it.
    pub empty_values: bool,
    /// Whether a password may hold characters beyond ASCII; they go as percent-encoded UTF-8, and the content type says so.
    pub non_ascii_passwords: bool,
}

impl Default for AstDialect {
    fn default() -> Self {
        Self {
            path: template("ast"),
            handler_path: template("ast/{handler}"),
            password: String::from("password"),
            constants: BTreeMap::new(),
            non_ascii: NonAscii::Refuse,
            empty_values: false,
            non_ascii_passwords: false,
        }
    }
}
