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

/// The operation is one of the servlets beside the API, for soft tokens. Who may call is a matter of Protocol Gateway's configuration: an
/// officer by TLS client certificate, or a front that is trusted because nobody else reaches the servlet (vendor page: AST support in
/// Certificate Manager, documented). Either way the transport shows it, and there is no credential here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Front;
