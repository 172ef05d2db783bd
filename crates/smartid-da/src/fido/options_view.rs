//! Creation options as a typed view: lenient, open, for reading only. What is sent on is the text they came in.

use std::fmt;
use std::time::Duration;

use super::algorithm::CoseAlgorithm;

/// An enum of the W3C text whose unknown values are kept.
macro_rules! open_enum {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$inner])* $variant,)+
            /// A value that nobody knows here; the W3C text says to ignore it.
            Other(String),
        }

        impl $name {
            /// The value as it stands in JSON.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

open_enum! {
    /// Whether the authenticator must verify its user, by PIN or biometrics.
    UserVerification {
        /// It must.
        Required = "required",
        /// It should; the default.
        Preferred = "preferred",
        /// It should not.
        Discouraged = "discouraged",
    }
}

open_enum! {
    /// Whether the credential can be found without a user name.
    ResidentKey {
        /// It should not.
        Discouraged = "discouraged",
        /// It should.
        Preferred = "preferred",
        /// It must.
        Required = "required",
    }
}

open_enum! {
    /// Where the authenticator is.
    Attachment {
        /// Built into the device.
        Platform = "platform",
        /// A security key, or another device.
        CrossPlatform = "cross-platform",
    }
}

open_enum! {
    /// Which attestation the relying party wants.
    AttestationPreference {
        /// None; the default.
        None = "none",
        /// Any.
        Indirect = "indirect",
        /// As the authenticator makes it.
        Direct = "direct",
        /// One that names the very device.
        Enterprise = "enterprise",
    }
}

open_enum! {
    /// How an authenticator is reached.
    Transport {
        /// USB.
        Usb = "usb",
        /// Near field communication.
        Nfc = "nfc",
        /// Bluetooth.
        Ble = "ble",
        /// A smart card in a reader.
        SmartCard = "smart-card",
        /// Another device, found through a QR code.
        Hybrid = "hybrid",
        /// Built in.
        Internal = "internal",
    }
}

/// A credential that the user has already.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CredentialDescriptor {
    /// The credential id; empty when its text cannot be read (a lint says so).
    pub id: Vec<u8>,
    /// What the text means when its last digit counts its padding, where it means something without that, too; only
    /// [where such digits are known](super::ExcludedIds::PaddingCounted).
    pub counted_id: Option<Vec<u8>>,
    /// The text that stands in place of the id.
    pub id_text: String,
    /// The type; `public-key` for all that exist today.
    pub kind: String,
    /// How its authenticator is reached.
    pub transports: Vec<Transport>,
}

impl CredentialDescriptor {
    /// Whether this is that credential. Octets are compared, never texts.
    #[must_use]
    pub fn is(&self, credential_id: &[u8]) -> bool {
        !credential_id.is_empty()
            && (self.id == credential_id || self.counted_id.as_deref() == Some(credential_id))
    }
}

/// What creation options say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionsView {
    /// `rp.id`: the domain that the credential will belong to. When absent, the effective domain of the page.
    pub rp_id: Option<String>,
    /// `rp.name`, for showing.
    pub rp_name: Option<String>,
    /// `user.id`: an opaque handle of 1 to 64 bytes.
    pub user_id: Vec<u8>,
    /// `user.name`: the account, for showing.
    pub user_name: Option<String>,
    /// `user.displayName`: the person, for showing.
    pub user_display_name: Option<String>,
    /// `challenge`: at least 16 bytes, used once.
    pub challenge: Vec<u8>,
    /// `pubKeyCredParams`: the algorithms of entries of type `public-key`, most wanted first.
    pub algorithms: Vec<CoseAlgorithm>,
    /// `timeout`: how long the user has. `None` when absent or not usable (a lint says so).
    pub timeout: Option<Duration>,
    /// `excludeCredentials`: what the user has already.
    pub exclude: Vec<CredentialDescriptor>,
    /// `authenticatorSelection.userVerification`; preferred when absent.
    pub user_verification: UserVerification,
    /// `authenticatorSelection.residentKey`.
    pub resident_key: Option<ResidentKey>,
    /// `authenticatorSelection.requireResidentKey`, the Level 1 form of the same wish.
    pub require_resident_key: Option<bool>,
    /// `authenticatorSelection.authenticatorAttachment`.
    pub attachment: Option<Attachment>,
    /// `attestation`; none when absent.
    pub attestation: AttestationPreference,
    /// `attestationFormats`.
    pub attestation_formats: Vec<String>,
    /// `hints`.
    pub hints: Vec<String>,
    /// `extensions`: their exact text.
    pub extensions: Option<String>,
}
