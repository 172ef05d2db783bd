//! One key that a device is asked to make: an entry of `keygenrequests`.
//!
//! Vendor pages: Example: Smart ID Mobile App provisioning, Example: Smart ID Mobile App certificate provisioning (documented examples:
//! every member and one value of each; the other values are inferred or unknown, so every word is open). The same form is what a policy
//! keeps to check the answer by, so it is read as well as written.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use smartid_core::{BuildError, Lint};
use smartid_trust::request::{CertificationRequest, KeyRequirement, MAX_REQUEST_LEN, RequestTemplate};
use smartid_trust::{Curve, SignatureAlgorithm};

use crate::ids::KeyId;
use crate::open::open_enum;

open_enum! {
    /// `usage`: what a key is for.
    Usage {
        /// Signatures (documented example).
        Signature = "SIG",
        /// Authentication (inferred: Identity Manager asks for such a key).
        Authentication = "AUTH",
        /// Device encryption: secures the traffic with the app (inferred likewise).
        Encryption = "ENC",
    }
}

open_enum! {
    /// `keytype`: the kind of a key.
    KeyTypeName {
        /// RSA (documented example).
        Rsa = "RSA",
        /// An elliptic curve (inferred).
        Ec = "EC",
    }
}

open_enum! {
    /// An entry of `storageprios`: where a key is kept. The names for the stores of the Desktop App are unknown.
    Storage {
        /// The store of the mobile app (documented example).
        App = "APP",
    }
}

open_enum! {
    /// `keystate`: the state that a key begins with.
    KeyState {
        /// Ready for use (documented example).
        Active = "ACTIVE",
    }
}

/// One entry of `keytypeprios`: a kind of key that will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyTypePriority {
    /// The kind.
    #[serde(rename = "keytype")]
    pub key_type: KeyTypeName,
    /// The length in bits, as decimal **text** (documented example `"2048"`); a number is read too.
    #[serde(
        rename = "keylength",
        deserialize_with = "smartid_core::json::string_or_number"
    )]
    pub key_length: String,
    /// The algorithm that the key answers with: a name of JWA (RFC 7518), `RS256` in the documented example.
    #[serde(rename = "responsemechanism")]
    pub mechanism: String,
}

impl KeyTypePriority {
    /// RSA of so many bits, with `RS256`.
    #[must_use]
    pub fn rsa(bits: u32) -> Self {
        Self::new(KeyTypeName::Rsa, bits.to_string(), "RS256")
    }

    /// A NIST curve, with the algorithm that JWA has for it: `ES256`, `ES384`, `ES512`.
    #[must_use]
    pub fn ec(curve: Curve) -> Self {
        let (bits, mechanism) = match curve {
            Curve::P384 => ("384", "ES384"),
            Curve::P521 => ("521", "ES512"),
            _ => ("256", "ES256"),
        };
        Self::new(KeyTypeName::Ec, bits, mechanism)
    }

    /// Any words.
    #[must_use]
    pub fn new(
        key_type: impl Into<KeyTypeName>,
        key_length: impl Into<String>,
        mechanism: impl Into<String>,
    ) -> Self {
        Self {
            key_type: key_type.into(),
            key_length: key_length.into(),
            mechanism: mechanism.into(),
        }
    }

    /// Sets another algorithm for answers.
    #[must_use]
    pub fn mechanism(mut self, name: impl Into<String>) -> Self {
        self.mechanism = name.into();
        self
    }

    /// What a key of this kind must be; `None` where the words are not known here, so that nothing can be checked.
    pub(crate) fn requirement(&self) -> Option<KeyRequirement> {
        let length = self.key_length.trim();
        match self.key_type.as_str().to_ascii_uppercase().as_str() {
            "RSA" => length.parse().ok().map(KeyRequirement::rsa),
            "EC" | "ECC" | "ECDSA" => match length.to_ascii_lowercase().as_str() {
                "256" | "p-256" | "secp256r1" | "prime256v1" => Some(KeyRequirement::ec(Curve::P256)),
                "384" | "p-384" | "secp384r1" => Some(KeyRequirement::ec(Curve::P384)),
                "521" | "p-521" | "secp521r1" => Some(KeyRequirement::ec(Curve::P521)),
                _ => None,
            },
            "ED25519" | "OKP" | "EDDSA" => Some(KeyRequirement::ed25519()),
            _ => None,
        }
    }
}

/// A key to be made. A key that has the same id already is overwritten (vendor page: Smart ID Messaging - Standard service tasks in
/// Identity Manager, documented).
///
/// ```
/// use smartid_hermod::commands::provision::{KeyRequest, KeyTypePriority, Usage};
/// use smartid_trust::Curve;
///
/// let key = KeyRequest::new("sig1", Usage::Signature, [KeyTypePriority::ec(Curve::P256), KeyTypePriority::rsa(3072)]);
/// assert_eq!(
///     serde_json::to_string(&key)?,
///     r#"{"keyid":"sig1","usage":"SIG","keytypeprios":[{"keytype":"EC","keylength":"256","responsemechanism":"ES256"},{"keytype":"RSA","keylength":"3072","responsemechanism":"RS256"}],"storageprios":["APP"],"keystate":"ACTIVE"}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct KeyRequest {
    /// Its id, chosen here.
    #[serde(rename = "keyid")]
    pub key_id: KeyId,
    /// What it is for.
    pub usage: Usage,
    /// The kinds that will do, the best one first.
    #[serde(rename = "keytypeprios")]
    pub priorities: Vec<KeyTypePriority>,
    /// Where it may be kept, the best place first; with none the member is left out.
    #[serde(rename = "storageprios", default, skip_serializing_if = "Vec::is_empty")]
    pub storage: Vec<Storage>,
    /// The state that it begins with.
    #[serde(rename = "keystate", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<KeyState>,
    /// The template of the certification request that comes back. Without one the key stays a raw key (vendor page: Personal Mobile
    /// online authentication, documented).
    #[serde(
        rename = "certreq",
        default,
        skip_serializing_if = "Option::is_none",
        with = "certreq"
    )]
    pub template: Option<RequestTemplate>,
}

impl KeyRequest {
    /// A raw key in the app's store, active at once.
    pub fn new(
        key_id: impl Into<KeyId>,
        usage: impl Into<Usage>,
        priorities: impl IntoIterator<Item = KeyTypePriority>,
    ) -> Self {
        Self {
            key_id: key_id.into(),
            usage: usage.into(),
            priorities: priorities.into_iter().collect(),
            storage: vec![Storage::App],
            state: Some(KeyState::Active),
            template: None,
        }
    }

    /// Asks for a certification request with the names of this template.
    #[must_use]
    pub fn template(mut self, template: RequestTemplate) -> Self {
        self.template = Some(template);
        self
    }

    /// As [`template`](Self::template), for a PKCS #10 template as DER. It goes out byte for byte, whatever it is: one published
    /// template has a version that does not exist and a SHA-1 signature.
    #[must_use]
    pub fn template_der(self, der: impl Into<Bytes>) -> Self {
        self.template(RequestTemplate::passthrough(der))
    }

    /// Sets where the key may be kept.
    #[must_use]
    pub fn storage<T: Into<Storage>>(mut self, places: impl IntoIterator<Item = T>) -> Self {
        self.storage = places.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the state that the key begins with.
    #[must_use]
    pub fn state(mut self, state: impl Into<KeyState>) -> Self {
        self.state = Some(state.into());
        self
    }

    /// What a key must be to answer this request: any of the kinds asked for. `None` when one of them is not known here, so that any
    /// key might be it.
    pub(crate) fn requirement(&self) -> Option<KeyRequirement> {
        let mut kinds = self.priorities.iter().map(KeyTypePriority::requirement);
        let first = kinds.next()??;
        kinds.try_fold(first, |all, one| one.map(|one| all.or(one)))
    }

    pub(super) fn check(&self) -> Result<(), BuildError> {
        let refuse = |what: &str| {
            Err(BuildError::Invalid(format!(
                "the key {:?} {what}",
                self.key_id.as_str()
            )))
        };
        if self.key_id.as_str().is_empty() {
            return refuse("has an empty id");
        }
        if self.priorities.is_empty() {
            return refuse("has no kind that would do (keytypeprios)");
        }
        let empty = |one: &KeyTypePriority| {
            one.key_type.as_str().is_empty() || one.key_length.is_empty() || one.mechanism.is_empty()
        };
        if self.priorities.iter().any(empty) {
            return refuse("has an empty keytype, keylength or responsemechanism");
        }
        match &self.template {
            Some(template) if template.der().is_empty() => refuse("has an empty template"),
            Some(template) if template.der().len() > MAX_REQUEST_LEN => {
                refuse(&format!("has a template of more than {MAX_REQUEST_LEN} bytes"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn lints(&self, at: &str, lints: &mut Vec<Lint>) {
        let at = format!("{at}/{}", self.key_id);
        for priority in &self.priorities {
            if priority.requirement().is_none() {
                lints.push(Lint::new(
                    format!("{at}/keytypeprios"),
                    format!(
                        "{} {:?} is not known here, so the kind of the key that comes back cannot be checked",
                        priority.key_type, priority.key_length
                    ),
                ));
            }
            let family = match priority.key_type {
                KeyTypeName::Rsa => ["RS", "PS"],
                KeyTypeName::Ec => ["ES", "ES"],
                KeyTypeName::Other(_) => continue,
            };
            if !family.iter().any(|family| priority.mechanism.starts_with(family)) {
                lints.push(Lint::new(
                    format!("{at}/keytypeprios"),
                    format!(
                        "{:?} is not an algorithm of {} keys",
                        priority.mechanism, priority.key_type
                    ),
                ));
            }
        }
        let Some(template) = &self.template else { return };
        if let Err(refusal) = template.readable() {
            lints.push(Lint::new(
                format!("{at}/certreq"),
                format!("the template cannot be read, so that nothing can be compared with it: {refusal}"),
            ));
        }
        let (version_2, sha1) = quirks(template);
        if version_2 {
            lints.push(Lint::new(
                format!("{at}/certreq"),
                "the template has version 2, which does not exist",
            ));
        }
        if sha1 {
            lints.push(Lint::new(
                format!("{at}/certreq"),
                "the template is signed with SHA-1, so the device may answer with SHA-1; sign it with SHA-256",
            ));
        }
    }
}

/// Whether a template has version 2, and whether it is signed with SHA-1: then a device may keep either.
pub(crate) fn quirks(template: &RequestTemplate) -> (bool, bool) {
    let Ok(request) = CertificationRequest::from_der(template.der().clone()) else {
        return (false, false);
    };
    // Nothing is believed of it: it is our own.
    let request = request.danger_unverified();
    let sha1 = request.signature_algorithm() == Ok(SignatureAlgorithm::LegacyRsaPkcs1Sha1);
    (request.version() == 2, sha1)
}

impl PartialEq for KeyRequest {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            key_id,
            usage,
            priorities,
            storage,
            state,
            template,
        } = self;
        let der =
            |template: &Option<RequestTemplate>| template.as_ref().map(|template| template.der().clone());
        *key_id == other.key_id
            && *usage == other.usage
            && *priorities == other.priorities
            && *storage == other.storage
            && *state == other.state
            && der(template) == der(&other.template)
    }
}
impl Eq for KeyRequest {}

/// `certreq`: base64 without PEM boundaries and line breaks (documented example).
mod certreq {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use smartid_core::base64::{Flavour, decode};
    use smartid_trust::request::RequestTemplate;

    #[expect(clippy::ref_option, reason = "the signature that serde asks for")]
    pub(super) fn serialize<S: Serializer>(
        template: &Option<RequestTemplate>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match template {
            Some(template) => out.serialize_some(&template.certreq_base64()),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<RequestTemplate>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let der = decode(Flavour::Standard, &text).map_err(de::Error::custom)?;
        Ok(Some(RequestTemplate::passthrough(der)))
    }
}
