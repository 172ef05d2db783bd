//! Certificate Manager's error codes.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal, $says:literal;)*) => {
        /// An error code of the envelope (seen in public third-party code: Keyfactor/nexus-certificate-manager-caplugin). The gaps are
        /// inferred to be codes too; an unknown one is kept.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum CmCode {
            $($(#[$meta])* $name,)*
            /// Another code.
            Other(i64),
        }

        impl CmCode {
            /// From the number on the wire.
            #[must_use]
            pub const fn from_number(code: i64) -> Self {
                match code {
                    $($code => Self::$name,)*
                    other => Self::Other(other),
                }
            }

            /// The number on the wire.
            #[must_use]
            pub const fn number(self) -> i64 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Other(code) => code,
                }
            }

            /// What it means, in English.
            #[must_use]
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$name => $says,)*
                    Self::Other(_) => "an error that is not known to this library",
                }
            }
        }
    };
}

codes! {
    /// Success.
    Success = 0, "success";
    /// Something went wrong.
    General = -1, "a general error";
    /// A field is missing.
    MissingField = -7, "a field is missing";
    /// Something is not encoded as it should be.
    Encoding = -8, "something is not encoded as it should be";
    /// Protocol Gateway, or its connection to Certificate Manager, is not initialised.
    NotInitialised = -12, "not initialised";
    /// A field has a value that cannot be used.
    BadFieldValue = -14, "a field has a value that cannot be used";
    /// The officer may not do this.
    Privilege = -15, "the officer may not do this";
    /// The signature is not accepted.
    BadSignature = -17, "the signature is not accepted";
    /// Protocol Gateway does not reach Certificate Manager.
    Connection = -18, "Protocol Gateway does not reach Certificate Manager";
    /// The request must be signed and sent again.
    SignatureRequired = -19, "the request must be signed";
    /// Too many requests.
    TooManyRequests = -40, "too many requests";
}

impl fmt::Display for CmCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

impl Serialize for CmCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.number())
    }
}

impl<'de> Deserialize<'de> for CmCode {
    /// From a number, or a text with a number.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = smartid_core::json::string_or_number(deserializer)?;
        text.trim()
            .parse()
            .map(Self::from_number)
            .map_err(|_| serde::de::Error::custom("an error code must be a whole number"))
    }
}
