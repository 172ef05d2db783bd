//! Soft tokens over AST, the servlet of Protocol Gateway that takes what it is to certify from the headers of its caller.
//!
//! An end user or an administrator gets keys with their certificates as a PKCS #12 container, for signing and authentication. **The vendor
//! has marked AST for deletion in a future version of Certificate Manager and tells its users to move to the REST API, which does the
//! same** (vendor page: AST support in Certificate Manager, documented). No version without it is known. What is new should use REST;
//! this module is for installations that have AST today.
//!
//! ```
//! # use smartid_core::Error;
//! use smartid_cm::ast::{AstProperties, AstRequest};
//! use smartid_cm::{Attribute, CertificateManager, HandlerName};
//! # async fn example(cm: CertificateManager, file: &[u8], generated: smartid_core::SecretString)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let properties = AstProperties::parse(file)?;           // the service's own ast.properties
//! let request = AstRequest::new(generated)
//!     .handler(HandlerName::new("softtoken")?)
//!     .headers(properties.headers("0").clone())           // that handler's <x>
//!     .attribute(Attribute::COUNTRY_NAME, "SE")
//!     .attribute(Attribute::COMMON_NAME, "Alice Example");
//! let issued = cm.call_gateway(&request).await?;
//! println!("{:?}, {} octets", issued.file_name, issued.token.len());
//! # Ok(())
//! # }
//! ```
//!
//! # Who is trusted
//!
//! * **The headers are the whole proof.** The servlet certifies what they say. So only a caller that may speak for anybody may reach it:
//!   Protocol Gateway can demand that the TLS client certificate is an officer's, or stands behind a front that alone reaches it (vendor
//!   page: AST support in Certificate Manager, documented). Whoever else reaches the servlet can be anybody.
//! * **Digital Access as that front** authenticates the user and adds the headers on its way to the servlet. A user's own client then goes
//!   to Digital Access with its session and sends no headers; it does not need this module. This module is for the other kind of caller, a
//!   trusted server: with an officer's TLS certificate, or at the address that the servlet trusts.
//! * **A front forwards nothing of its users' headers that it has not set itself**: first it takes away every header that the mapping
//!   names, in any letter case and however often it stands there ([`AttributeHeaders::front`]), then it adds its own. The other way
//!   round, or adding without taking away, lets a user be somebody else.
//! * **A value is a value.** Line ends, NUL and other control characters are refused and not cleaned, in every encoding, also those that
//!   a receiver would decode; no value is cut or trimmed. What is beyond ASCII is refused until an encoding is chosen ([`NonAscii`]).
//! * **The password is known to the service**, which has made the keys too. It protects the container on its way, and its MAC proves
//!   nothing about the service. Container and password reach their owner by two ways.
//!
//! # What else is known
//!
//! Documented are the parameter `password`, the pair `countryname` from the header `country`, the form of `ast.properties`, the format
//! PKCS #12, and a cookie `downloaded` that must reach the end user's browser, where the vendor's example page
//! (`/pgwy/request/ast.html`) waits for it: [`DownloadedCookie`](crate::soft_token::DownloadedCookie) is that header's value, ready to be
//! sent on. Path, content types, file name and errors are not public: settings of [`AstDialect`](crate::dialect::AstDialect), or read as
//! they come.

mod answer;
mod mapping;
mod problem;
mod properties;
mod request;
mod value;

pub use answer::Redirected;
pub(crate) use answer::not_redirected;
pub use mapping::{AttributeHeaders, MappingError};
pub use problem::{AstProblem, PasswordProblem};
pub use properties::{AstProperties, PassedOver, PassedOverReason, PropertiesError, PropertiesProblem};
pub use request::AstRequest;
pub use value::{NonAscii, ValueProblem};
