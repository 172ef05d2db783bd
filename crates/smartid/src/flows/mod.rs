//! The flows that an identity manager runs, one file or folder each.
//!
//! Every flow that needs a person has two halves: `begin()` sends what has to be sent and returns what has to be shown; `complete()`
//! waits and finishes, in this process or in another one that shares the store. Both end in a typed end, never in a bare failure: what
//! happened, whose turn it is, what to check.

mod failure;
// Each flow needs two clients at least; without any flow there is nothing to write a journal of.
#[cfg(all(feature = "hermod", feature = "da"))]
mod journal;

#[cfg(all(feature = "hermod", feature = "da"))]
pub mod fido_enrolment;
#[cfg(all(feature = "hermod", feature = "da"))]
pub mod personal_login;

pub use failure::{DirectoryError, Failure, FlowError, Service};
#[cfg(all(feature = "hermod", feature = "da"))]
pub use fido_enrolment::FidoEnrolment;
#[cfg(all(feature = "hermod", feature = "da"))]
pub(crate) use journal::Desk;
#[cfg(all(feature = "hermod", feature = "da"))]
pub use journal::Observer;
#[cfg(all(feature = "hermod", feature = "da"))]
pub use personal_login::PersonalLogin;
