//! How the two PIN reset commands write what no page says how to write.

use serde::{Deserialize, Serialize};
use smartid_core::{Evidence, Tag};
use smartid_trust::RsaEncryption;

use super::OptionsForm;
use crate::coding::OctetCoding;

const DESKTOP: &str = "vendor page: API parameters specific to Smart ID Desktop App";

/// Forms of what stands in the commands. Where things stand is for the edits of `start_pin_reset` and `end_pin_reset`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PinResetDialect {
    /// `driver`: JSON as it is, or one text that holds JSON.
    pub driver: OptionsForm,
    /// How `encryptednonce` is written.
    pub proof: OctetCoding,
    /// How a new admin key is encrypted where the app sent a transport key.
    pub key_transport: KeyTransport,
    /// How the encrypted new admin key is written. One in clear always has its documented form.
    pub transported_admin_key: OctetCoding,
}

impl Default for PinResetDialect {
    fn default() -> Self {
        Self {
            driver: OptionsForm::Json,
            proof: OctetCoding::Hex,
            key_transport: KeyTransport::OaepSha256,
            transported_admin_key: OctetCoding::Base64,
        }
    }
}

/// What is done with a new admin key where the app sent a transport key. What is encrypted is the 24 octets of the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum KeyTransport {
    /// RSAES-OAEP with SHA-256.
    #[default]
    OaepSha256,
    /// RSAES-OAEP with SHA-1.
    OaepSha1,
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
    /// Nothing: it is sent in clear although the app offered to protect it. Messaging, and whoever reads its storage, then learns the
    /// key that opens the card. For an installation whose app is known to expect that.
    Clear,
}

impl KeyTransport {
    pub(crate) const fn encryption(self) -> Option<RsaEncryption> {
        match self {
            Self::OaepSha256 => Some(RsaEncryption::OaepSha256),
            Self::OaepSha1 => Some(RsaEncryption::OaepSha1),
            Self::Pkcs1 => Some(RsaEncryption::Pkcs1),
            Self::Clear => None,
        }
    }
}

pub(super) const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "pin_reset.driver",
        Tag::Inferred,
        "vendor page: API parameters specific to Smart ID Desktop App: the value is JSON with Name and Type (documented for versions below \
         2.0); whether it stands there as JSON or as a text is not said",
        "form of the member driver of startpinreset",
    ),
    Evidence::new(
        "pin_reset.key_transport",
        Tag::Unknown,
        "vendor page: API parameters specific to Smart ID Desktop App: that there is a one-time RSA key for the new admin key is documented \
         for 1.12.1, padding is not; the stronger one is the default",
        "how a new admin key is encrypted to the transport key",
    ),
    Evidence::new(
        "pin_reset.proof",
        Tag::Inferred,
        "vendor page: API parameters specific to Smart ID Desktop App: the member is documented, its coding is not; by analogy with \
         newadminkey",
        "coding of the member encryptednonce of endpinreset",
    ),
    Evidence::new(
        "pin_reset.transported_admin_key",
        Tag::Unknown,
        DESKTOP,
        "coding of a new admin key that is encrypted to the transport key",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_means_its_padding() {
        for (word, encryption) in [
            ("oaep-sha256", Some(RsaEncryption::OaepSha256)),
            ("oaep-sha1", Some(RsaEncryption::OaepSha1)),
            ("pkcs1", Some(RsaEncryption::Pkcs1)),
            ("clear", None),
        ] {
            let transport: KeyTransport = serde_json::from_value(word.into()).unwrap();
            assert_eq!(transport.encryption(), encryption, "{word}");
        }
    }
}
