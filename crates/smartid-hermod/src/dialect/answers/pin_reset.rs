//! The answer to a startpinreset command.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::coding::OctetCoding;
use crate::dialect::parts;

const SOURCE: &str = "vendor page: API parameters specific to Smart ID Desktop App: the name is documented; place and coding are not";

/// Where nonce and transport key stand, and how octets are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PinResetAnswerDialect {
    /// The nonce that the app made.
    pub nonce: Pointer,
    /// How the nonce is written.
    pub nonce_coding: OctetCoding,
    /// A compact JWS, where the answer comes signed: its payload is read in the place of `callback.response`, so the other pointers
    /// stay as they are.
    pub signed: Pointer,
    /// The one-time RSA key that protects a new admin key on its way.
    pub transported_key: Pointer,
    /// How that key is written.
    pub transported_key_form: TransportedKeyForm,
}

/// How a public RSA key is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TransportedKeyForm {
    /// Base64 of its SubjectPublicKeyInfo.
    #[default]
    Spki,
    /// Hexadecimal digits of its SubjectPublicKeyInfo.
    SpkiHex,
    /// PEM.
    Pem,
    /// A JWK: an object, or a text that holds one.
    Jwk,
    /// Hexadecimal digits of the modulus; the exponent is 65537.
    ModulusHex,
    /// Base64 of the modulus; the exponent is 65537.
    ModulusBase64,
}

impl Default for PinResetAnswerDialect {
    fn default() -> Self {
        Self {
            nonce: parts::pointer(&["response", "nonce"]),
            nonce_coding: OctetCoding::Hex,
            signed: parts::pointer(&["response", "data"]),
            transported_key: parts::pointer(&["response", "transportedkey"]),
            transported_key_form: TransportedKeyForm::Spki,
        }
    }
}

pub(super) const EVIDENCE: &[Evidence] = &[
    Evidence::new(
        "answers.pin_reset.nonce",
        Tag::Inferred,
        SOURCE,
        "where the nonce stands in the report of a startpinreset command",
    ),
    Evidence::new(
        "answers.pin_reset.nonce_coding",
        Tag::Inferred,
        SOURCE,
        "coding of the nonce; by analogy with newadminkey",
    ),
    Evidence::new(
        "answers.pin_reset.signed",
        Tag::Unknown,
        "nothing says that this answer is ever signed; where other commands' answers have their JWS",
        "where a JWS stands whose payload is the answer to a startpinreset command",
    ),
    Evidence::new(
        "answers.pin_reset.transported_key",
        Tag::Inferred,
        SOURCE,
        "where the transport key stands in the report of a startpinreset command",
    ),
    Evidence::new(
        "answers.pin_reset.transported_key_form",
        Tag::Inferred,
        SOURCE,
        "form of the transport key",
    ),
];
