//! An operation is a value that becomes a request and reads a response.
//!
//! There is no IO here and no async: both directions are pure functions, so every operation can be tested, printed or carried by other
//! means without a server. One endpoint is one file; a reader finds there all there is to know about it.

use crate::error::{BuildError, ResponseError, ServiceError};
use crate::incoming::Incoming;
use crate::message::Outgoing;

/// Whether an operation can bear being sent twice. The retry layer asks this, never the HTTP verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// It changes nothing.
    Safe,
    /// It changes something, but the second time changes nothing more.
    Idempotent,
    /// The second time would do it again.
    Once,
}

/// One operation of one service.
pub trait Endpoint {
    /// Which credential the operation needs. A client calls only endpoints whose credential it holds, so forgetting one does not
    /// compile.
    type Auth;
    /// What may differ between installations; see [`dialect`](crate::dialect).
    type Dialect;
    /// What the service answers when it agrees.
    type Output;
    /// What it answers when it does not.
    type Error: ServiceError;

    /// `service.operation`: the name in spans, errors and metrics.
    const NAME: &'static str;
    /// Whether it can bear being sent twice.
    const REPEAT: Repeat;

    /// The request, complete but for the service's address and the credential.
    ///
    /// # Errors
    /// [`BuildError`] when a value cannot stand where the dialect puts it, or breaks a rule of the service.
    fn request(&self, dialect: &Self::Dialect) -> Result<Outgoing, BuildError>;

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ResponseError::Refused`] when the service says no, [`ResponseError::Unreadable`] when it cannot be understood.
    fn response(
        &self,
        dialect: &Self::Dialect,
        incoming: Incoming,
    ) -> Result<Self::Output, ResponseError<Self::Error>>;
}
