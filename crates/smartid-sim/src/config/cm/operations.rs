//! Settings of single operations: procedures, revocation, registrations, and those whose wire form is mostly inferred (protocol notes:
//! cm 5.3 to 5.9).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::pki::Profile;

/// A token procedure (cm 6, D; what it holds here is what a test needs of one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CmProcedureConfig {
    /// Its description, by which calls name it.
    pub name: String,
    /// Its id; calls may name it by this, too.
    #[serde(default)]
    pub id: String,
    /// `pkcs10`, `pkcs12`, `smartcard`, `attributecertificate` or `data` (cm 5.5, T).
    pub media_type: String,
    /// How long certificates are valid, in days.
    #[serde(default = "a_year")]
    pub days: u32,
    /// `signing`, `authentication`, `server`, `officer` or `encryption`.
    #[serde(default = "authentication")]
    pub profile: String,
    /// `field1` to `field6` of certificates, with the texts that its input view copies there; `{procname}` is its name (cm 5.1, T).
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

fn a_year() -> u32 {
    365
}

fn authentication() -> String {
    "authentication".into()
}

impl CmProcedureConfig {
    /// A procedure for certificates of a year.
    pub fn new(name: impl Into<String>, media_type: impl Into<String>, profile: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            id: String::new(),
            media_type: media_type.into(),
            days: a_year(),
            profile: profile.into(),
            fields: BTreeMap::new(),
        }
    }

    pub(super) fn defaults() -> Vec<Self> {
        let mut all = vec![
            Self::new("User authentication", "pkcs10", "authentication"),
            Self::new("User signing", "pkcs10", "signing"),
            Self::new("TLS server", "pkcs10", "server"),
            Self::new("Soft token", "pkcs12", "authentication"),
            Self::new("Employee card", "smartcard", "authentication"),
            Self::new("Role", "attributecertificate", "signing"),
            Self::new("Personal data", "data", "signing"),
        ];
        for (procedure, id) in all.iter_mut().zip(1..) {
            procedure.id = format!("{id}");
        }
        if let Some(server) = all.get_mut(2) {
            // The procedure is neither in the list nor in the details, unless an input view copies it.
            server.fields.insert("field1".into(), "{procname}".into());
        }
        all
    }

    /// The profile, if there is one of this name.
    pub(crate) fn pki_profile(&self) -> Option<Profile> {
        Some(match self.profile.as_str() {
            "signing" => Profile::Signing,
            "authentication" => Profile::Authentication,
            "server" => Profile::Server,
            "officer" => Profile::Officer,
            "encryption" => Profile::Encryption,
            _ => return None,
        })
    }
}

/// The procedures of handlers, for requests that name none. Description or id (cm 3, D).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct HandlerConfig {
    /// Of `pkcs10`; empty makes `procname` a required field.
    pub pkcs10: String,
    /// Of `pkcs12`.
    pub pkcs12: String,
    /// Of attribute certificates.
    pub attributecertificate: String,
}

impl Default for HandlerConfig {
    fn default() -> Self {
        Self {
            pkcs10: "User authentication".into(),
            pkcs12: "Soft token".into(),
            attributecertificate: "Role".into(),
        }
    }
}

/// Revoking, holding, reinstating (cm 5.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmRevocationConfig {
    /// The word for reason 0 (U).
    pub unspecified: String,
    /// Whether a failure of one certificate undoes all (U).
    pub all_or_nothing: bool,
    /// Whether revoking what is revoked already is an error (U).
    pub again_is_error: bool,
    /// Whether a call without `reason` is refused with -7; otherwise it means 0 (U).
    pub reason_required: bool,
    /// `error` of an answer with `errors` (U).
    pub partial_code: i64,
}

impl Default for CmRevocationConfig {
    fn default() -> Self {
        Self {
            unspecified: "unspecified".into(),
            all_or_nothing: false,
            again_is_error: true,
            reason_required: true,
            partial_code: -14,
        }
    }
}

/// Whether a list stands alone or in the envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ListStyle {
    /// A JSON array.
    #[default]
    Array,
    /// The envelope with the list as a member.
    Envelope,
}

/// Registrations (cm 5.8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmRegistrationConfig {
    /// Form of the list (T: an array; be ready for an envelope).
    pub list_style: ListStyle,
    /// Name of the list in the envelope (I).
    pub list_name: String,
    /// Types that exist (T).
    pub types: Vec<String>,
    /// Accounts that exist; empty for any.
    pub accounts: Vec<String>,
    /// Most registrations of one account and type that are kept.
    pub max: usize,
}

impl Default for CmRegistrationConfig {
    fn default() -> Self {
        let types = ["est", "cmp", "scep", "device", "acme", "acme/account", "itss"];
        Self {
            list_style: ListStyle::Array,
            list_name: "registrations".into(),
            types: types.map(str::to_owned).to_vec(),
            accounts: Vec::new(),
            max: 10_000,
        }
    }
}

/// Importing certificates of others (cm 5.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CmImportConfig {
    /// Most certificates in one call; the `limit` in the error (T that there is one, U how large).
    pub limit: usize,
}

impl Default for CmImportConfig {
    fn default() -> Self {
        Self { limit: 100 }
    }
}

/// Attribute certificates (cm 5.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AttributeCertificateConfig {
    /// `Content-Type` of the answer (RFC 5877; U).
    pub content_type: String,
    /// The role that they attest, as a URI (RFC 5755 4.4.5).
    pub role: String,
}

impl Default for AttributeCertificateConfig {
    fn default() -> Self {
        Self {
            content_type: "application/pkix-attr-cert".into(),
            role: "urn:example:role:tester".into(),
        }
    }
}

/// Signing a hash (cm 5.9: words T, everything else U).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SigningAuthorityConfig {
    /// Field with the hash, base64.
    pub hash_field: String,
    /// Field with the algorithm of the hash.
    pub algorithm_field: String,
    /// Field with the form of the signature.
    pub format_field: String,
    /// Form of the answer.
    pub reply: SigningAuthorityReply,
    /// Name of the signature in a JSON answer.
    pub reply_name: String,
}

impl Default for SigningAuthorityConfig {
    fn default() -> Self {
        Self {
            hash_field: "hash".into(),
            algorithm_field: "hashAlgorithm".into(),
            format_field: "signatureFormat".into(),
            reply: SigningAuthorityReply::Json,
            reply_name: "signedData".into(),
        }
    }
}

/// Form of the answer of the signing authority (U).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SigningAuthorityReply {
    /// The envelope with base64.
    #[default]
    Json,
    /// The bytes.
    Bytes,
}

/// Soft tokens over the REST API (cm 5.5: existence D, everything else I). What is in the files stands in `cm.soft_tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Pkcs12Config {
    /// Field with the password.
    pub password_field: String,
    /// `Content-Type` of the answer.
    pub content_type: String,
}

impl Default for Pkcs12Config {
    fn default() -> Self {
        Self {
            password_field: "password".into(),
            content_type: "application/x-pkcs12".into(),
        }
    }
}
