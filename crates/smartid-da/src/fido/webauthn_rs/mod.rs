//! Conversions to and from the types of `webauthn-rs-proto`, for programs that use them elsewhere.
//!
//! Those types cannot hold everything that is legal on the wire: they refuse options without `rp.id`, drop unknown members, and write
//! a registration's extension results as `extensions`, which a strict server refuses. So they are no wire types here. Each conversion
//! says what it lost, and what is sent to Digital Access is always written by [`Registration::strict_body`](super::Registration::strict_body),
//! with `clientExtensionResults`.
//!
//! ```
//! use smartid_da::fido::{CreationOptions, webauthn_rs};
//!
//! let options = CreationOptions::parse(r#"{"rp":{"id":"login.example.test","name":"Login"},"user":{"id":"AQ","name":"anna",
//!     "displayName":"Anna"},"challenge":"AAECAwQFBgcICQoLDA0ODw","pubKeyCredParams":[{"type":"public-key","alg":-7}],
//!     "attestation":"enterprise"}"#)?;
//! let converted = webauthn_rs::creation_options(&options)?;
//! assert_eq!(converted.value.rp.id, "login.example.test");
//! assert_eq!(converted.losses[0].at, "/attestation");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod options;
mod registration;

use smartid_core::Lint;
use webauthn_rs_proto::AuthenticatorTransport;

pub use options::{challenge_response, creation_options};
pub use registration::{from_credential, to_credential};

use super::options_view::Transport;
use super::reader::Object;
use super::registration::RegistrationError;

/// A converted value, and what it does not hold of the original.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Converted<T> {
    /// The converted value.
    pub value: T,
    /// What was lost, by place.
    pub losses: Vec<Lint>,
}

/// A value that the other types cannot hold at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversionError {
    /// A member that the other type needs is absent.
    #[error("webauthn-rs-proto needs {0}, which is absent")]
    Missing(&'static str),
    /// The id of an excluded credential cannot be read, and leaving it out would allow a second registration.
    #[error("the id of excludeCredentials/{0} cannot be read")]
    ExcludedId(usize),
    /// What the other type wrote is no registration.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The other type could not be written as JSON.
    #[error("the extension results cannot be written as JSON: {0}")]
    Extensions(String),
}

#[derive(Default)]
struct Losses(Vec<Lint>);

impl Losses {
    fn note(&mut self, at: impl Into<String>, what: impl Into<String>) {
        self.0.push(Lint::new(at, what));
    }

    fn or_empty(&mut self, at: &str, text: Option<&str>) -> String {
        text.map(str::to_owned).unwrap_or_else(|| {
            self.note(
                at,
                "webauthn-rs-proto needs it; an empty text stands in its place",
            );
            String::new()
        })
    }
}

fn names(object: &str) -> Vec<String> {
    Object::read(object).map_or_else(Vec::new, |object| object.names().map(str::to_owned).collect())
}

/// Reports the members of one object that the other type does not have.
fn others(object: Option<&str>, at: &str, known: &[&str], losses: &mut Losses) {
    for name in object.map_or_else(Vec::new, names) {
        if !known.contains(&name.as_str()) {
            losses.note(format!("{at}/{name}"), "webauthn-rs-proto has no such member");
        }
    }
}

fn transport(transport: &Transport, at: &str, losses: &mut Losses) -> AuthenticatorTransport {
    match transport {
        Transport::Usb => AuthenticatorTransport::Usb,
        Transport::Nfc => AuthenticatorTransport::Nfc,
        Transport::Ble => AuthenticatorTransport::Ble,
        Transport::Hybrid => AuthenticatorTransport::Hybrid,
        Transport::Internal => AuthenticatorTransport::Internal,
        other => {
            losses.note(
                at,
                format!("webauthn-rs-proto does not know the transport {other:?}"),
            );
            AuthenticatorTransport::Unknown
        }
    }
}
