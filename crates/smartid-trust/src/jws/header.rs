//! The protected header of a JWS.

use std::fmt;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use smartid_core::base64::{self, Flavour};

use super::algorithm::JwsAlgorithm;
use super::strict_json;
use crate::{Certificate, Reason, Refusal};

/// Most certificates in an `x5c` member.
pub const MAX_X5C: usize = 10;

/// The protected header: what it says that is understood here, and every other member as it stood.
///
/// Read from a message that was verified it is the signer's word. `jwk`, `jku` and `x5u` can be looked at with
/// [`member`](Self::member); this crate never takes a key from them.
#[derive(Clone)]
pub struct JwsHeader {
    algorithm: JwsAlgorithm,
    key_id: Option<String>,
    content_type: Option<String>,
    message_type: Option<String>,
    certificates: Option<Vec<Certificate>>,
    thumbprint: Option<String>,
    members: Map<String, Value>,
    json: Bytes,
}

impl JwsHeader {
    /// Reads the header's JSON and checks all that does not depend on the verifier.
    pub(super) fn parse(json: Bytes) -> Result<Self, Refusal> {
        let members = strict_json::object(&json, Reason::JwsHeader)?;
        // RFC 7515 4.1.11: a list of extensions that must be understood. None is, so every list is refused, as is what is no list.
        if let Some(critical) = members.get("crit") {
            return Err(Refusal::new(Reason::JwsCritical, critical_names(critical)));
        }
        // RFC 7797 6 demands that `b64` stands in `crit`; whoever leaves that out is read differently by different programs.
        if members.contains_key("b64") {
            return Err(Reason::JwsUnencodedPayload.into());
        }
        let algorithm = match members.get("alg") {
            Some(Value::String(name)) => JwsAlgorithm::from_name(name)?,
            Some(_) => return Err(Refusal::new(Reason::JwsAlgorithmMissing, "alg is no string")),
            None => return Err(Reason::JwsAlgorithmMissing.into()),
        };
        let text = |name: &'static str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Refusal::new(Reason::JwsHeader, format!("{name} is no string"))),
        };
        Ok(Self {
            algorithm,
            key_id: text("kid")?,
            content_type: text("cty")?,
            message_type: text("typ")?,
            certificates: members.get("x5c").map(certificates).transpose()?,
            thumbprint: text("x5t#S256")?,
            members,
            json,
        })
    }

    /// `alg`: what the message says it was signed with. The name as it stood is told by [`member`](Self::member).
    #[must_use]
    pub const fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// `kid`: the signer's name for the key.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `cty`: the media type of the payload.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// `typ`: the media type of the whole message.
    #[must_use]
    pub fn message_type(&self) -> Option<&str> {
        self.message_type.as_deref()
    }

    /// `x5c`: the certificates that came along, the signer's first. They were validated only if the proof holds a chain; a
    /// [policy](super::JwsPolicy) with keys alone does not look at them.
    #[must_use]
    pub fn certificates(&self) -> Option<&[Certificate]> {
        self.certificates.as_deref()
    }

    /// `x5t#S256`: the SHA-256 digest of the signer's certificate, in base64url.
    #[must_use]
    pub fn certificate_thumbprint(&self) -> Option<&str> {
        self.thumbprint.as_deref()
    }

    /// The names of all members, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// Any member, known here or not; `None` when it is absent or not a `T`.
    #[must_use]
    pub fn member<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        T::deserialize(self.members.get(name)?).ok()
    }

    /// The header's JSON, byte for byte as it was signed.
    #[must_use]
    pub const fn json(&self) -> &Bytes {
        &self.json
    }

    /// The first member that brings a key, or says where to fetch one.
    pub(super) fn foreign_key_source(&self) -> Option<&'static str> {
        ["jwk", "jku", "x5u"]
            .into_iter()
            .find(|name| self.members.contains_key(*name))
    }
}

impl fmt::Debug for JwsHeader {
    /// Algorithm and names of members; their values only where they are names themselves.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            algorithm,
            key_id,
            content_type,
            message_type,
            certificates: _,
            thumbprint: _,
            members,
            json: _,
        } = self;
        f.debug_struct("JwsHeader")
            .field("alg", algorithm)
            .field("kid", key_id)
            .field("typ", message_type)
            .field("cty", content_type)
            .field("members", &members.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn critical_names(critical: &Value) -> String {
    match critical {
        Value::Array(names) if names.is_empty() => "the list is empty".to_owned(),
        Value::Array(names) => {
            let names: Vec<_> = names
                .iter()
                .filter_map(Value::as_str)
                .take(8)
                .map(super::algorithm::shown)
                .collect();
            names.join(", ")
        }
        _ => "crit is no list".to_owned(),
    }
}

/// RFC 7515 4.1.6: standard base64 with padding, not base64url.
fn certificates(x5c: &Value) -> Result<Vec<Certificate>, Refusal> {
    let wrong = || Refusal::new(Reason::JwsHeader, "x5c is no list of strings");
    let list = x5c.as_array().ok_or_else(wrong)?;
    if list.len() > MAX_X5C {
        return Err(Refusal::new(Reason::TooLarge, "certificates in x5c"));
    }
    list.iter()
        .map(|text| {
            let der = base64::decode(Flavour::Standard, text.as_str().ok_or_else(wrong)?);
            Certificate::from_der(der.map_err(|_| Refusal::from(Reason::X5cEncoding))?)
        })
        .collect()
}
