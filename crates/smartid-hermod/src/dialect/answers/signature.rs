//! The signature that a sign or an authenticate command brings.

use serde::{Deserialize, Serialize};
use smartid_core::json::Pointer;
use smartid_core::{Evidence, Tag};

use crate::dialect::parts;

const SOURCE: &str = "vendor page: Smart ID Messaging API overview: that a response comes by callback is documented, its body is not";
const COVERS: &str = "vendor page: Example: Personal Desktop Client signing: tbs is a list (documented example); what a signature of several entries is over is not told";
const WITHOUT: &str = "vendor page: API parameters specific to Personal Desktop App: authenticate is a specific application of sign; no page shows one with tbs, or says what is signed without";
const PAYLOAD: &str = "no page shows what is signed; the names are those of the commands";
const FORMATS: &str = "vendor page: Example: Personal Desktop Client signing (pkcs7, documented example)";
const JWS: &str = "vendor page: API parameters specific to Personal Desktop App: jws can be asked for; the name is that of responseformat";
const RAW: &str = "vendor page: API parameters specific to Smart ID Desktop App: raw RSA signatures since 1.12.1, without a format name";
const BESIDE: &str = "vendor page: API parameters specific to Smart ID Desktop App: raw RSA signatures since 1.12.1; that a certificate comes beside one is a guess";
const SEVERAL: &str = "tbs is a list, so a device may answer with a list of signatures";

/// Where signature and format stand, and what a signature covers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignatureAnswerDialect {
    /// The signature: a text, or a list with one signature for each `tbs` in their order.
    pub data: Pointer,
    /// Its format; where it is missing, the format that was asked for.
    pub format: Pointer,
    /// Whether a signature that is not there is looked for in the whole report. What is found so has a lint.
    pub search: bool,
    /// The signer's certificate beside a signature that has none inside.
    pub certificate: Pointer,
    /// Its issuers: a list.
    pub chain: Pointer,
    /// The name of the signer's key beside a signature.
    pub key_id: Pointer,
    /// In an item of a list of signatures that is an object: the signature.
    pub item_data: Pointer,
    /// In an item of a list of signatures that is an object: the key of the entry that it signs.
    pub item_key: Pointer,
    /// What a signature covers.
    pub covers: SignatureCovers,
    /// What a signature covers when the command had no `tbs`.
    pub covers_without_tbs: CoversWithoutTbs,
    /// Which format names mean which form.
    pub formats: SignatureFormatNames,
    /// Signed content that is a JSON object; pointers begin at it.
    pub payload: SignaturePayloadDialect,
}

/// What a signature is over when the command had `tbs`. In TOML `only`, `concatenated`, `entries`.
///
/// An answer that is a list has one signature for each entry, whatever stands here; each must be over the bytes of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SignatureCovers {
    /// The bytes of the only entry. One signature for several entries is refused.
    #[default]
    Only,
    /// The bytes of the entries, one behind the other. Where one ends and the next begins is then not signed.
    Concatenated,
    /// A JSON object with the entries themselves, as they were sent, at `payload.tbs` and, when they are repeated, `payload.description`;
    /// where `payload.tbs` is empty, the list of the entries itself.
    Entries,
}

/// What a signature is over when the command had no `tbs`. In TOML `unbound`, `entries`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CoversWithoutTbs {
    /// Something of the app's. Only a nonce that was sent ties it to the command; without one it is refused, see
    /// [`SignaturePolicy::danger_accepting_unbound`](crate::answers::SignaturePolicy::danger_accepting_unbound).
    #[default]
    Unbound,
    /// A JSON object with the descriptions as they were sent, at `payload.description`.
    Entries,
}

/// The names of formats, without regard to upper and lower case. A name in no list is a form that is not verified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignatureFormatNames {
    /// CMS SignedData.
    pub pkcs7: Vec<String>,
    /// JWS.
    pub jws: Vec<String>,
    /// A bare signature.
    pub raw: Vec<String>,
}

/// Where things stand in signed content that is a JSON object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SignaturePayloadDialect {
    /// What was to be signed: a list of entries.
    pub tbs: Pointer,
    /// What the person was told: a list of entries.
    pub description: Pointer,
    /// The nonce of the command.
    pub nonce: Pointer,
    /// The user.
    pub user_id: Pointer,
}

impl Default for SignatureAnswerDialect {
    fn default() -> Self {
        let response = |name| parts::pointer(&["response", name]);
        Self {
            data: response("data"),
            format: response("format"),
            search: true,
            certificate: response("certificate"),
            chain: response("chain"),
            key_id: response("keyid"),
            item_data: parts::pointer(&["data"]),
            item_key: parts::pointer(&["key"]),
            covers: SignatureCovers::default(),
            covers_without_tbs: CoversWithoutTbs::default(),
            formats: SignatureFormatNames::default(),
            payload: SignaturePayloadDialect::default(),
        }
    }
}

impl Default for SignatureFormatNames {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            pkcs7: names(&["pkcs7"]),
            jws: names(&["jws"]),
            raw: names(&["raw", "rsa", "rawrsa"]),
        }
    }
}

impl Default for SignaturePayloadDialect {
    fn default() -> Self {
        Self {
            tbs: parts::pointer(&["tbs"]),
            description: parts::pointer(&["description"]),
            nonce: parts::pointer(&["nonce"]),
            user_id: parts::pointer(&["userid"]),
        }
    }
}

const fn unknown(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Unknown, source, meaning)
}

const fn inferred(key: &'static str, source: &'static str, meaning: &'static str) -> Evidence {
    Evidence::new(key, Tag::Inferred, source, meaning)
}

pub(super) const EVIDENCE: &[Evidence] = &[
    unknown(
        "answers.signature.certificate",
        BESIDE,
        "where the signer's certificate stands beside a signature that has none inside",
    ),
    unknown(
        "answers.signature.chain",
        BESIDE,
        "where the issuers of that certificate stand",
    ),
    unknown("answers.signature.covers", COVERS, "what a signature covers"),
    unknown(
        "answers.signature.covers_without_tbs",
        WITHOUT,
        "what a signature covers when the command had no tbs",
    ),
    inferred(
        "answers.signature.data",
        SOURCE,
        "where the signature stands in the report of a sign or authenticate command",
    ),
    inferred(
        "answers.signature.format",
        SOURCE,
        "where the format of the signature stands in that report",
    ),
    inferred("answers.signature.formats.jws", JWS, "format names that mean JWS"),
    Evidence::new(
        "answers.signature.formats.pkcs7",
        Tag::Documented,
        FORMATS,
        "format names that mean CMS SignedData",
    ),
    unknown(
        "answers.signature.formats.raw",
        RAW,
        "format names that mean a bare signature",
    ),
    unknown(
        "answers.signature.item_data",
        SEVERAL,
        "where the signature stands in an item of a list of signatures",
    ),
    unknown(
        "answers.signature.item_key",
        SEVERAL,
        "where the key of the signed entry stands in an item of a list of signatures",
    ),
    unknown(
        "answers.signature.key_id",
        BESIDE,
        "where the name of the signer's key stands beside a signature",
    ),
    unknown(
        "answers.signature.payload.description",
        PAYLOAD,
        "where the descriptions stand in signed content that is an object",
    ),
    inferred(
        "answers.signature.payload.nonce",
        PAYLOAD,
        "where the nonce stands in signed content that is an object",
    ),
    unknown(
        "answers.signature.payload.tbs",
        PAYLOAD,
        "where the entries to be signed stand in signed content that is an object",
    ),
    inferred(
        "answers.signature.payload.user_id",
        PAYLOAD,
        "where the user stands in signed content that is an object",
    ),
    inferred(
        "answers.signature.search",
        SOURCE,
        "whether a signature that is not there is looked for elsewhere in the report",
    ),
];
