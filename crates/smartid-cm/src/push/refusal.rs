//! Why a push is not taken.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use smartid_core::Reply;

/// Why a push is refused. What is said of a body shows nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PushRefusal {
    /// Not the right user and password, not a certificate that may push. Nothing else is told.
    #[error("the caller is not known: neither by user and password nor by a client certificate")]
    #[non_exhaustive]
    Unauthenticated {
        /// Whether a user and a password would help.
        basic: bool,
    },
    /// No certificates are taken at this path, or not for this template or tenant.
    #[error("no certificates are taken at this path, or not for this template or tenant")]
    UnknownPath,
    /// Not `POST`.
    #[error("certificates are pushed with POST")]
    WrongMethod,
    /// Another content type than the documented one, none, or two; or a body that is compressed.
    #[error("the content type must be application/pkix-cert, and the body not be compressed")]
    WrongType,
    /// More than the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The query cannot be used.
    #[error("{0}")]
    Query(&'static str),
    /// The body is not one certificate.
    #[error("the body cannot be used: {0}")]
    Body(&'static str),
}

impl PushRefusal {
    /// What is answered. 400 tells its reason as text.
    #[must_use]
    pub fn reply(&self) -> Reply {
        match self {
            Self::Unauthenticated { basic: true } => {
                Reply::challenge("Basic realm=\"certificate push\", charset=\"UTF-8\"")
            }
            // 401 must name a way to log in, and TLS has none.
            Self::Unauthenticated { basic: false } => Reply::empty(StatusCode::FORBIDDEN),
            Self::UnknownPath => Reply::empty(StatusCode::NOT_FOUND),
            Self::WrongMethod => Reply::post_only(),
            Self::WrongType => Reply::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::TooLarge(_) => Reply::empty(StatusCode::PAYLOAD_TOO_LARGE),
            Self::Query(_) | Self::Body(_) => {
                let mut reply = Reply::empty(StatusCode::BAD_REQUEST).header(
                    CONTENT_TYPE,
                    HeaderValue::from_static("text/plain; charset=utf-8"),
                );
                reply.body = Bytes::from(self.to_string());
                reply
            }
        }
    }
}
