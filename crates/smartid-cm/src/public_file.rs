//! Files that Protocol Gateway serves to everybody, from its servlet `dp`: CA certificates, perhaps revocation lists.
//!
//! The servlet stands outside the API, on plain HTTP in the one example that is known, and asks for no officer. So its base URL is a
//! setting of its own, and nothing that it serves is believed for having come from there.

use http::Method;
use http::header::ACCEPT;
use smartid_core::{BuildError, Content, Incoming, Outgoing, ResponseError};

use crate::answer;
use crate::dialect::{CmDialect, PublicFile};
use crate::refusal::CmRefusal;

/// The longest file name, in bytes.
const MAX_NAME: usize = 256;

/// The request for a file. `what` is what it is, for an error.
pub(crate) fn request(file: &PublicFile, what: &str, name: &str) -> Result<Outgoing, BuildError> {
    let refused = |problem: &str| Err(BuildError::Invalid(format!("the name of {what} {problem}")));
    if name.trim().is_empty() || matches!(name, "." | "..") {
        return refused("is empty or made of dots");
    }
    if name.len() > MAX_NAME {
        return refused("is longer than 256 bytes");
    }
    // Encoded they would be harmless to us; what a container makes of them is its own affair.
    if name.contains(['/', '\\']) || name.chars().any(char::is_control) {
        return refused("has a slash, a backslash or a control character");
    }
    let has_suffix = name
        .len()
        .checked_sub(file.suffix.len())
        .and_then(|start| name.get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(&file.suffix));
    let suffix = if has_suffix { "" } else { &file.suffix };
    let path = file.path.expand(&[("name", &[name, suffix].concat())])?;
    let mut outgoing = Outgoing::new(Method::GET, path);
    outgoing.headers_mut().remove(ACCEPT);
    Ok(outgoing)
}

/// The bytes of a file; a page, JSON or a status of refusal is a refusal.
pub(crate) fn response(
    dialect: &CmDialect,
    incoming: Incoming,
) -> Result<Incoming, ResponseError<CmRefusal>> {
    // A file server has no envelope, so its status is all that it says.
    if !incoming.status().is_success() || incoming.content() == Content::Html {
        return Err(ResponseError::Refused(CmRefusal::of_status(&incoming)));
    }
    answer::bytes(dialect, incoming)
}
