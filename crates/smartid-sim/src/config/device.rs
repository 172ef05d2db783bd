//! Settings of what both apps send: the shapes of their answers and what exactly they sign. The vendor documents the names of little of
//! it, therefore each name and each choice is a switch.

use serde::{Deserialize, Serialize};

/// The shapes of the answers of the Mobile App and the Desktop App.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct DeviceConfig {
    /// The answer to a provision command.
    pub provision: ProvisionAnswerConfig,
    /// What a certificate command is believed to look like.
    pub certificate: CertificateCommandConfig,
    /// Signatures of sign and authenticate commands.
    pub signature: SignatureConfig,
}

/// The signed payload of a provisioning answer (hermod 5.4: nonce, user id, profile id, and per key the new PKCS #10 or a JWK; all
/// names I).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProvisionAnswerConfig {
    /// Member that repeats the nonce (hermod 5.4, I).
    pub nonce: String,
    /// Member that repeats the user id (hermod 5.4, I).
    pub user_id: String,
    /// Member with the profile's id (hermod 5.4, I).
    pub profile_id: String,
    /// Member with the list of keys (hermod 5.4, I).
    pub keys: String,
    /// Member of a key that repeats its id (hermod 5.4, I).
    pub key_id: String,
    /// Member of a key with the new PKCS #10, base64 without PEM lines as the template was (hermod 5.4, I).
    pub certreq: String,
    /// Member of a key with its public key when there was no template (hermod 5.4, I).
    pub jwk: String,
    /// Values of `responsesignaturekey` that mean the attestation key; other values name a key of the profile (hermod 3.1,
    /// `ATTESTATION` D-ex, others U).
    pub attestation: Vec<String>,
    /// Name the signing key in the JWS header (`kid`; hermod 5.4, I).
    pub kid: bool,
    /// `response.format` of the answer (hermod 6.2, I).
    pub format: String,
}

impl Default for ProvisionAnswerConfig {
    fn default() -> Self {
        Self {
            nonce: "nonce".into(),
            user_id: "userid".into(),
            profile_id: "profileid".into(),
            keys: "keys".into(),
            key_id: "keyid".into(),
            certreq: "certreq".into(),
            jwk: "jwk".into(),
            attestation: vec!["ATTESTATION".into()],
            kid: true,
            format: "jws".into(),
        }
    }
}

/// Names in the certificate command (hermod 3.3: only `smartcardid` and `desktopKeyProtectionLevel` are documented, the rest I or U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CertificateCommandConfig {
    /// The list of certificates for keys of the profile (hermod 3.3, I).
    pub certificates: String,
    /// Member of an entry: the key that it belongs to; an entry without it is an auxiliary certificate (hermod 3.3, I).
    pub key_id: String,
    /// Member of an entry: base64 of the DER certificate (hermod 3.3, I).
    pub certificate: String,
    /// Member of an entry: the certificates above it, nearest first (hermod 3.3, I).
    pub chain: String,
    /// Member of an entry that brings a recovered key instead: base64 of the PKCS #12 (hermod 3.3, I; name U).
    pub pkcs12: String,
    /// Member of such an entry: the password (identity-manager 4, U).
    pub pkcs12_password: String,
    /// A list of auxiliary certificates of its own (identity-manager 1.5: existence D, name U).
    pub auxiliary: String,
    /// Refuse a certificate whose public key is not the key's. Off installs what comes.
    pub check_public_key: bool,
}

impl Default for CertificateCommandConfig {
    fn default() -> Self {
        Self {
            certificates: "certificates".into(),
            key_id: "keyid".into(),
            certificate: "certificate".into(),
            chain: "chain".into(),
            pkcs12: "pkcs12".into(),
            pkcs12_password: "password".into(),
            auxiliary: "auxiliarycertificates".into(),
            check_public_key: true,
        }
    }
}

/// What is signed, and how it is wrapped (hermod 3.4, 3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SignatureConfig {
    /// What is signed when `tbs` has several entries (hermod 3.4: signing order U).
    pub several_tbs: SeveralTbs,
    /// What an authenticate command without `tbs` signs (hermod 3.5, U).
    pub without_tbs: WithoutTbs,
    /// PKCS #7 and JWS without the signed bytes inside (hermod 6.2, U).
    pub detached: bool,
    /// Put the certificates into the JWS header as `x5c` when the key has some; otherwise, and when off, the header has `kid`
    /// (hermod 5.4, I).
    pub x5c: bool,
    /// `format` of a raw RSA signature; the bytes are sent as base64 (hermod 3.4: existence D, spelling U).
    pub raw_format: String,
    /// `format` of an XML signature (hermod 3.4: existence D, spelling U).
    pub xmldsig_format: String,
}

impl Default for SignatureConfig {
    fn default() -> Self {
        Self {
            several_tbs: SeveralTbs::Concatenated,
            without_tbs: WithoutTbs::Identity,
            detached: false,
            x5c: true,
            raw_format: "raw".into(),
            xmldsig_format: "xmldsig".into(),
        }
    }
}

/// The signed bytes when `tbs` has several entries. With one entry the first two are the same: the entry's decoded bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SeveralTbs {
    /// The decoded bytes of all entries, one after the other in the order of the command.
    #[default]
    Concatenated,
    /// The decoded bytes of the first entry alone.
    First,
    /// The `tbs` array itself, as the JSON text that came.
    EntriesJson,
}

/// The signed bytes of an authenticate command that has no `tbs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WithoutTbs {
    /// What a provisioning answer begins with: a JSON object of the command's nonce, if it has one, user id and profile id, under the
    /// names of `device.provision` (I: the least that says who answers to what).
    #[default]
    Identity,
    /// The decoded bytes of the `description` entries, put together as `several_tbs` says.
    Descriptions,
    /// A JSON object of the `description` array alone, as the text that came.
    DescriptionJson,
    /// The whole `params` object, as the JSON text that came.
    Params,
    /// The text of the command's nonce.
    Nonce,
    /// Nothing: an empty message.
    Empty,
}

/// A secret in a configuration: written to files as it is, and never shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HiddenText(String);

impl HiddenText {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for HiddenText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(_) = self;
        f.write_str("HiddenText")
    }
}

/// Which keys an app can make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyAbilities {
    /// `RSA-<bits>` and `EC-<bits>`. The first of a request's `keytypeprios` that is here is made.
    pub types: Vec<String>,
    /// Stores. The first of a request's `storageprios` that is here is used; without any, the first of this list.
    pub storages: Vec<String>,
}

impl KeyAbilities {
    /// From lists of types and stores.
    #[must_use]
    pub fn new(types: &[&str], storages: &[&str]) -> Self {
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        Self {
            types: owned(types),
            storages: owned(storages),
        }
    }
}
