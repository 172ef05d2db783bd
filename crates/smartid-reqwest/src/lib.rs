//! The default transport and runtime of the `smartid` client libraries.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod identity;
mod pem;
mod problem;
mod runtime;
mod tls;
mod transport;

pub use builder::ReqwestTransportBuilder;
pub use pem::PemIdentity;
pub use runtime::TokioRuntime;
pub use transport::ReqwestTransport;
