//! Which credential the operations need.

/// The operation needs a TLS client certificate of an officer (vendor page: Certificate Manager (CM) REST API, documented). It is given
/// to the transport, not to this crate: whoever opens the connection shows it. There is no other credential: no token, no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Officer;

/// The operation needs nobody to be known: the `dp` servlet on the plain port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nobody;
