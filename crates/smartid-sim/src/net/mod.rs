//! Real HTTP over real TLS on loopback: what is tested against the simulator goes through the same sockets as in production.

pub(crate) mod client;
pub(crate) mod message;
pub(crate) mod server;
pub(crate) mod tls;
