//! Why a request for a soft token over AST cannot be made. Nothing was sent; neither the password nor a value is ever said.

use http::HeaderName;
use smartid_core::BuildError;

use super::value::ValueProblem;
use crate::attribute::Attribute;

/// A request that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AstProblem {
    /// The attribute has no header. It is neither sent under its own name nor left out: the certificate would lack it in silence.
    #[error("no header is configured for {0}: map it as ast.properties of the service does")]
    Unmapped(Attribute),
    /// The attribute's header is switched off.
    #[error("the header of {0} is switched off")]
    SwitchedOff(Attribute),
    /// A value that cannot stand in a header as it is.
    #[error("the value of {attribute} {problem}")]
    #[non_exhaustive]
    Value {
        /// The attribute.
        attribute: Attribute,
        /// What is wrong with it.
        problem: ValueProblem,
    },
    /// Two attributes have the same header, and different values.
    #[error("{first} and {second} go into one header, {header}, and have different values")]
    #[non_exhaustive]
    TwoValues {
        /// The header.
        header: HeaderName,
        /// One attribute.
        first: Attribute,
        /// The other.
        second: Attribute,
    },
    /// All headers together are longer than 7 KiB, more than a servlet container takes by default.
    #[error("the headers of the attributes are longer than 7 KiB together")]
    HeadTooLong,
    /// The password cannot be one.
    #[error("the password {0}")]
    Password(#[from] PasswordProblem),
}

/// What is wrong with a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordProblem {
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is longer than 1024 bytes.
    #[error("is longer than 1024 bytes")]
    TooLong,
    /// It holds NUL, where some programs end a password, or another control character.
    #[error("holds a control character")]
    Control,
    /// It holds a character beyond ASCII. Nobody knows how the service reads it, and a token whose password is another opens for nobody.
    #[error("holds a character beyond ASCII (the dialect's ast.non_ascii_passwords allows that)")]
    NonAscii,
}

impl From<AstProblem> for BuildError {
    fn from(problem: AstProblem) -> Self {
        Self::Invalid(problem.to_string())
    }
}
