//! What can go wrong with the simulator itself, as opposed to what it plays: a bad configuration, no free port, a link that the
//! simulated app cannot follow.

/// The simulator could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// The configuration is wrong; the text names the setting.
    #[error("configuration: {0}")]
    Config(String),
    /// Certificates or TLS could not be set up.
    #[error("TLS: {0}")]
    Tls(String),
    /// A socket could not be opened.
    #[error("network: {0}")]
    Io(#[from] std::io::Error),
    /// The text is not a plugout link that the Desktop App can follow. The link itself is a secret and is not repeated.
    #[error("the plugout link cannot be used: {0}")]
    Link(String),
    /// The simulated app could not talk to the message server.
    #[error("the app could not reach the message server: {0}")]
    Device(String),
    /// A key or a credential could not be made.
    #[error("authenticator: {0}")]
    Authenticator(String),
    /// A key, certificate, request or signed message could not be made, read or verified. The text never holds a secret.
    #[error("PKI: {0}")]
    Pki(String),
    /// Digital Access did not let the user in; `code` is the verifier's reason.
    #[error("login refused ({code}): {message}")]
    Login {
        /// The reason as a stable word, for example `sign_count`.
        code: String,
        /// The same for people.
        message: String,
    },
}

impl SimError {
    pub(crate) fn pki(text: &str) -> Self {
        Self::Pki(text.to_owned())
    }
}
