//! A registration: what the authenticator's side answers to creation options.
//!
//! It is the W3C `RegistrationResponseJSON`. Its text is kept as it came; what is sent to the relying party is either that text or
//! the strict form, which holds only the members that a strict server takes. `clientDataJSON` is hashed and signed as bytes, so it is
//! never written anew.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smartid_core::Lint;
use smartid_core::base64::{Flavour, encode};

use super::algorithm::CoseAlgorithm;
use super::extension_outputs::{without_keys, without_keys_of_registration};
use super::options_view::{Attachment, Transport};
use super::reader::{Object, string, too_deep, whole_number, without_bom};
use super::registration_read::Reading;

/// A text that is no registration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The text is no JSON object.
    #[error("the registration is not a JSON object")]
    NotAnObject,
    /// The document nests too deeply.
    #[error("the registration nests more than 64 levels deep")]
    TooDeep,
    /// A member is there twice; two readers could take different ones.
    #[error("the registration has {0} more than once")]
    Repeated(&'static str),
    /// A member is of another type.
    #[error("{at} of the registration is not {expected}")]
    #[non_exhaustive]
    Type {
        /// The member, as a JSON pointer.
        at: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A member that must be there is absent or null.
    #[error("the registration has no {0}")]
    Missing(&'static str),
    /// A member is not base64url.
    #[error("{0} of the registration is not base64url")]
    Encoding(&'static str),
    /// A member has no bytes.
    #[error("{0} of the registration is empty")]
    Empty(&'static str),
}

impl RegistrationError {
    /// A short name, for metrics and machines.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotAnObject | Self::TooDeep | Self::Repeated(_) | Self::Type { .. } => "malformed-json",
            Self::Missing(_) => "missing-member",
            Self::Encoding(_) => "encoding",
            Self::Empty(_) => "empty",
        }
    }
}

/// A registration as it came.
///
/// Serialised, it is a JSON string with the exact text, so that a stored flow keeps the bytes. Reading is lenient about how binary
/// members are written, and about an absent `rawId` or `clientExtensionResults`; each leaves a lint, and
/// [`preflight::check`](super::preflight::check) decides what to make of it.
///
/// ```
/// use smartid_da::fido::Registration;
///
/// let text = r#"{ "id": "AQI", "rawId": "AQI", "type": "public-key", "extra": 1,
///     "response": { "clientDataJSON": "e30", "attestationObject": "oA", "publicKeyAlgorithm": -7 } }"#;
/// let registration = Registration::parse(text)?;
/// assert_eq!(registration.id(), [1, 2]);
/// assert_eq!(registration.as_received(), text);
/// assert_eq!(
///     registration.strict_body(),
///     r#"{"id":"AQI","rawId":"AQI","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"},"clientExtensionResults":{}}"#,
/// );
/// # Ok::<(), smartid_da::fido::RegistrationError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    raw: String,
    id: Vec<u8>,
    raw_id: Option<Vec<u8>>,
    kind: String,
    attachment: Option<Attachment>,
    client_data_json: Vec<u8>,
    attestation_object: Vec<u8>,
    transports: Option<Vec<Transport>>,
    authenticator_data: Option<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    public_key_algorithm: Option<CoseAlgorithm>,
    extension_results: Option<String>,
    irregular: Option<&'static str>,
    lints: Vec<Lint>,
}

const TOP: &[&str] = &[
    "id",
    "rawId",
    "type",
    "authenticatorAttachment",
    "response",
    "clientExtensionResults",
];
const RESPONSE: &[&str] = &[
    "clientDataJSON",
    "attestationObject",
    "transports",
    "authenticatorData",
    "publicKey",
    "publicKeyAlgorithm",
];

impl Registration {
    /// Reads a registration.
    ///
    /// # Errors
    /// [`RegistrationError`] when a member that every relying party needs is absent or cannot be read.
    pub fn parse(text: &str) -> Result<Self, RegistrationError> {
        let mut reading = Reading::default();
        let (text, bom) = without_bom(text);
        if bom {
            reading.lint(
                "byte-order-mark",
                "",
                "a byte order mark in front of the document",
            );
        }
        if too_deep(text) {
            return Err(RegistrationError::TooDeep);
        }
        let top = Object::read(text).ok_or(RegistrationError::NotAnObject)?;
        if let Some(name) = top.repeated(TOP) {
            return Err(RegistrationError::Repeated(name));
        }
        let id = reading.needed(&top, "id", "/id")?;
        let raw_id = reading.optional(&top, "rawId", "/rawId")?;
        if raw_id.is_none() {
            reading.lint("missing-member", "/rawId", "is absent; id is taken in its place");
        }
        let kind = string(top.get("type").ok_or(RegistrationError::Missing("type"))?).ok_or(
            RegistrationError::Type {
                at: "/type",
                expected: "a string",
            },
        )?;
        let response = Object::read(
            top.get("response")
                .ok_or(RegistrationError::Missing("response"))?,
        )
        .ok_or(RegistrationError::Type {
            at: "/response",
            expected: "an object",
        })?;
        if let Some(name) = response.repeated(RESPONSE) {
            return Err(RegistrationError::Repeated(name));
        }
        let client_data_json = reading.needed(&response, "clientDataJSON", "/response/clientDataJSON")?;
        let attestation_object =
            reading.needed(&response, "attestationObject", "/response/attestationObject")?;
        let authenticator_data =
            reading.convenience(&response, "authenticatorData", "/response/authenticatorData");
        let public_key = reading.convenience(&response, "publicKey", "/response/publicKey");
        let extension_results = match top.get("clientExtensionResults") {
            None => {
                reading.lint(
                    "missing-member",
                    "/clientExtensionResults",
                    "is absent; {} is sent in its place",
                );
                None
            }
            Some(value) if Object::read(value).is_some() => {
                if without_keys(value).is_some() {
                    reading.lint(
                        "key-material",
                        "/clientExtensionResults/prf/results",
                        "are keys of the application; the strict form leaves them out",
                    );
                }
                Some(value.to_owned())
            }
            Some(_) => {
                return Err(RegistrationError::Type {
                    at: "/clientExtensionResults",
                    expected: "an object",
                });
            }
        };
        for name in top.names().filter(|name| !TOP.contains(name)) {
            reading.lint(
                "unknown-member",
                &format!("/{}", shown(name)),
                "is not known; the strict form leaves it out",
            );
        }
        for name in response.names().filter(|name| !RESPONSE.contains(name)) {
            reading.lint(
                "unknown-member",
                &format!("/response/{}", shown(name)),
                "is not known; the strict form leaves it out",
            );
        }
        Ok(Self {
            raw: text.to_owned(),
            id,
            raw_id,
            kind,
            attachment: reading
                .text(&top, "authenticatorAttachment")
                .map(|text| Attachment::from(text.as_str())),
            client_data_json,
            attestation_object,
            transports: reading.transports(&response),
            authenticator_data,
            public_key,
            public_key_algorithm: response
                .get("publicKeyAlgorithm")
                .and_then(whole_number)
                .map(|(number, _)| CoseAlgorithm(number)),
            extension_results,
            irregular: reading.irregular,
            lints: reading.lints,
        })
    }

    /// The exact text, but for a byte order mark.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The text to send when it is to be sent [as received](super::BodyForm::AsReceived).
    #[must_use]
    pub fn as_received(&self) -> &str {
        &self.raw
    }

    /// `id`: the credential id.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        &self.id
    }

    /// `rawId`, which must equal `id`; `id` when it is absent.
    #[must_use]
    pub fn raw_id(&self) -> &[u8] {
        self.raw_id.as_deref().unwrap_or(&self.id)
    }

    /// Whether `rawId` is there.
    #[must_use]
    pub fn has_raw_id(&self) -> bool {
        self.raw_id.is_some()
    }

    /// `type`; `public-key` for every registration of today.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// `authenticatorAttachment`.
    #[must_use]
    pub fn attachment(&self) -> Option<&Attachment> {
        self.attachment.as_ref()
    }

    /// The bytes of `response.clientDataJSON`; signatures are over their hash.
    #[must_use]
    pub fn client_data_json(&self) -> &[u8] {
        &self.client_data_json
    }

    /// The bytes of `response.attestationObject`.
    #[must_use]
    pub fn attestation_object(&self) -> &[u8] {
        &self.attestation_object
    }

    /// `response.transports`.
    #[must_use]
    pub fn transports(&self) -> Option<&[Transport]> {
        self.transports.as_deref()
    }

    /// `response.authenticatorData`: a copy of what is in the attestation object, which alone counts.
    #[must_use]
    pub fn authenticator_data(&self) -> Option<&[u8]> {
        self.authenticator_data.as_deref()
    }

    /// `response.publicKey`: the key as DER `SubjectPublicKeyInfo`; the one in the attestation object alone counts.
    #[must_use]
    pub fn public_key(&self) -> Option<&[u8]> {
        self.public_key.as_deref()
    }

    /// `response.publicKeyAlgorithm`; the one in the attestation object alone counts.
    #[must_use]
    pub fn public_key_algorithm(&self) -> Option<CoseAlgorithm> {
        self.public_key_algorithm
    }

    /// The exact text of `clientExtensionResults`; `{}` when it is absent.
    #[must_use]
    pub fn client_extension_results(&self) -> &str {
        self.extension_results.as_deref().unwrap_or("{}")
    }

    /// What was odd but let pass.
    #[must_use]
    pub fn lints(&self) -> &[Lint] {
        &self.lints
    }

    /// The first binary member that is written in another way than base64url without padding.
    #[must_use]
    pub fn irregular_encoding(&self) -> Option<&'static str> {
        self.irregular
    }

    /// The exact text without `prf.results`, the keys of the application in the browser: for records, and for whoever sends all the rest.
    #[must_use]
    pub fn raw_without_keys(&self) -> Cow<'_, str> {
        match without_keys_of_registration(&self.raw) {
            Some(text) => Cow::Owned(text),
            None => Cow::Borrowed(&self.raw),
        }
    }

    /// Only the members that a strict server takes, binary ones in base64url without padding; `clientExtensionResults` always, but without
    /// `prf.results`: those are keys of the application in the browser, and a relying party has no use for them.
    ///
    /// The public WebAuthn server library whose defaults Digital Access shows requires `clientExtensionResults` and refuses members
    /// that it does not know \[inferred; vendor page: Set up FIDO2 authentication\].
    #[must_use]
    pub fn strict_body(&self) -> String {
        let mut body = String::with_capacity(self.raw.len() + 64);
        let id = encode(Flavour::Url, &self.id);
        let raw_id = encode(Flavour::Url, self.raw_id());
        body.push_str("{\"id\":\"");
        body.push_str(&id);
        body.push_str("\",\"rawId\":\"");
        body.push_str(&raw_id);
        body.push_str("\",\"type\":");
        body.push_str(&quoted(&self.kind));
        if let Some(known @ (Attachment::Platform | Attachment::CrossPlatform)) = &self.attachment {
            body.push_str(",\"authenticatorAttachment\":");
            body.push_str(&quoted(known.as_str()));
        }
        body.push_str(",\"response\":{\"clientDataJSON\":\"");
        body.push_str(&encode(Flavour::Url, &self.client_data_json));
        body.push_str("\",\"attestationObject\":\"");
        body.push_str(&encode(Flavour::Url, &self.attestation_object));
        body.push('"');
        if let Some(transports) = &self.transports {
            body.push_str(",\"transports\":[");
            for (index, transport) in transports.iter().enumerate() {
                if index > 0 {
                    body.push(',');
                }
                body.push_str(&quoted(transport.as_str()));
            }
            body.push(']');
        }
        body.push_str("},\"clientExtensionResults\":");
        let results = self.client_extension_results();
        body.push_str(without_keys(results).as_deref().unwrap_or(results));
        body.push('}');
        body
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A member's name as a lint shows it.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(40).collect()
}

impl fmt::Debug for Registration {
    /// What identifies it; the signed parts are only counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("id", &encode(Flavour::Url, &self.id))
            .field("raw_bytes", &self.raw.len())
            .field("attestation_bytes", &self.attestation_object.len())
            .field("lints", &self.lints)
            .finish_non_exhaustive()
    }
}

impl Serialize for Registration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.raw)
    }
}

impl<'de> Deserialize<'de> for Registration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
