//! Reads what the servlet, or what stands in front of it, answers.
//!
//! What is a token is told by [`soft_token`](crate::soft_token); here is what is AST's own: a redirect, which is what a front does with
//! whoever has no session, and whose turn it is when the servlet says no.

use smartid_core::{Advice, Incoming, ResponseError, SecretString, Turn, Unreadable};

use crate::dialect::CmDialect;
use crate::refusal::{CmRefusal, CmRefusalKind};
use crate::soft_token::{self, IssuedSoftToken};

/// A redirect came where a token should be. It was not followed: the password would have gone along.
///
/// It is the [`cause`](smartid_core::Unreadable::cause) of an answer of phase [`Unreadable`](smartid_core::Phase::Unreadable): a front
/// that wants somebody to log in has done nothing, but nobody knows what else may redirect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sent to {}", .to.as_deref().unwrap_or("somewhere else"))]
#[non_exhaustive]
pub struct Redirected {
    /// Where to, without the query, if it is an address that can be shown.
    pub to: Option<String>,
}

/// Reads the answer; `password` is what was sent, which no error repeats.
pub(super) fn read(
    dialect: &CmDialect,
    incoming: Incoming,
    password: &SecretString,
) -> Result<IssuedSoftToken, ResponseError<CmRefusal>> {
    not_redirected(&incoming)?;
    soft_token::read(dialect, incoming, password).map_err(|error| match error {
        ResponseError::Refused(refusal) => ResponseError::Refused(advised(refusal)),
        unreadable => unreadable,
    })
}

/// A servlet that answers with a redirect may have done what it was asked to, and so may a front.
pub(crate) fn not_redirected(incoming: &Incoming) -> Result<(), Unreadable> {
    if !incoming.status().is_redirection() {
        return Ok(());
    }
    let to = incoming.redirect_to_show();
    let advice = Advice::new(
        Turn::Administrator,
        "what stands in front of the servlet: a front that knows its users sends those without a session to its login, and forwards the \
         others with headers of its own; look whether something was issued before asking again",
    );
    Err(Unreadable::because(incoming, Redirected { to }, advice))
}

/// With the advice of this servlet, where the API's would lead to the wrong file.
fn advised(refusal: CmRefusal) -> CmRefusal {
    let (turn, check) = match refusal.kind() {
        CmRefusalKind::NotAuthenticated => (
            Turn::Administrator,
            "what stands in front of the servlet: it wants a login of its own, and the password of the token is not for it",
        ),
        CmRefusalKind::NotAnOfficer => (
            Turn::Administrator,
            "that the client certificate belongs to an officer of Certificate Manager, or that the servlet trusts the address from which this \
             comes, and requiredRoRoles in ast.properties",
        ),
        CmRefusalKind::NoSuchPath => (
            Turn::Administrator,
            "the address of Protocol Gateway (usually https://<host>:8444/pgwy), that ast.properties says start = true, and the handler's name \
             and filter there; a dialect can name another path (ast.path, ast.handler_path)",
        ),
        CmRefusalKind::NotStarted => (
            Turn::Administrator,
            "that Protocol Gateway runs, and that ast.properties says start = true; its log tells why it does not start, and whether a token \
             was issued",
        ),
        _ => return refusal,
    };
    refusal.advising(Advice::new(turn, check))
}
