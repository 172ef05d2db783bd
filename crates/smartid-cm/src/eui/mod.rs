//! EUI: a servlet of Protocol Gateway that was made for web pages, and answers with one.
//!
//! Its page in the vendor's documentation is not public. Public scripts post a PKCS #10 request to `eui/<handler>` with the TLS client
//! certificate of an officer, and take the certificate out of the page that comes back \[observed\]; AST, whose page is public, is said to
//! work in the same way with PKCS #12, so EUI issues soft tokens too, of which nothing else is known \[vendor page: AST support in
//! Certificate Manager\]. One who can choose uses [`IssueCertificate`](crate::operations::IssueCertificate), which answers programs.
//!
//! Both requests are [`Endpoint`](smartid_core::Endpoint)s for
//! [`call_gateway`](crate::CertificateManager::call_gateway). They are sent once: each may issue something.

mod certificate;
mod entities;
mod fields;
mod no_certificate;
mod page;
#[cfg(test)]
mod page_tests;
mod refusal;
mod soft_token;

pub use crate::ast::Redirected;
pub use certificate::EuiCertificate;
pub(crate) use certificate::try_request;
pub use no_certificate::{NoCertificate, NoCertificateProblem};
pub use soft_token::EuiSoftToken;

/// The longest page that is looked through, in bytes.
const MAX_PAGE: usize = 4 * 1024 * 1024;
