//! stand-in
use smartid_core::SecretString;
/// How a client shows a token endpoint who it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// Basic.
    #[non_exhaustive]
    Basic {
        /// secret
        secret: SecretString,
    },
    /// Body.
    #[non_exhaustive]
    Body {
        /// secret
        secret: SecretString,
    },
    /// Certificate.
    Certificate,
}
impl ClientAuthentication {
    /// In the header.
    #[must_use]
    pub fn basic(secret: SecretString) -> Self {
        Self::Basic { secret }
    }
    /// In the body.
    #[must_use]
    pub fn body(secret: SecretString) -> Self {
        Self::Body { secret }
    }
    /// By certificate alone.
    #[must_use]
    pub const fn certificate() -> Self {
        Self::Certificate
    }
}
