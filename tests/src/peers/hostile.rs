//! Hostile copies of a registration: one octet changed, in a place that a relying party must look at.

use serde_json::{Value, json};
use smartid_core::base64::{Flavour, decode, encode};
use smartid_da::fido::AttestationObject;

/// Which octet is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The last of the attestation's signature.
    Signature,
    /// One of the challenge in the client data.
    Challenge,
    /// One of the hash of the relying party id.
    RpIdHash,
    /// One of the origin in the client data.
    Origin,
    /// One of `webauthn.create` in the client data.
    Type,
    /// One of the credential id in the authenticator data.
    CredentialId,
    /// Flag UP is cleared.
    UserPresence,
    /// Flag AT is cleared, and the credential stands there nevertheless.
    AttestedData,
}

/// All of them.
pub const CHANGES: [Change; 8] = [
    Change::Signature,
    Change::Challenge,
    Change::RpIdHash,
    Change::Origin,
    Change::Type,
    Change::CredentialId,
    Change::UserPresence,
    Change::AttestedData,
];

const CLIENT_DATA: &str = "/registration/response/clientDataJSON";
const OBJECT: &str = "/registration/response/attestationObject";

impl Change {
    /// What our own checks must say, by its short name.
    #[must_use]
    pub fn our_word(self) -> &'static str {
        match self {
            Self::Signature => "attestation-signature",
            Self::Challenge => "challenge-mismatch",
            Self::RpIdHash => "rp-id-mismatch",
            Self::Origin => "origin-mismatch",
            Self::Type => "type-mismatch",
            Self::CredentialId => "id-mismatch",
            Self::UserPresence => "user-presence-missing",
            Self::AttestedData => "attested-data-missing",
        }
    }

    /// A copy of this registration with the octet changed; `None` when its format has no such octet.
    #[must_use]
    pub fn copy(self, line: &Value) -> Option<Value> {
        let mut copy = line.clone();
        let client_data = |before: &[u8], by: u8| {
            let text = octets(line, CLIENT_DATA);
            let at = find(&text, before)? + before.len();
            Some((CLIENT_DATA, changed(text, at, by)))
        };
        let auth_data = |offset: usize, by: u8| {
            let object = octets(line, OBJECT);
            let auth_data = AttestationObject::parse(&object).unwrap().auth_data;
            let at = find(&object, &auth_data)? + offset;
            Some((OBJECT, changed(object, at, by)))
        };
        let (place, bytes) = match self {
            Self::Signature => {
                let object = octets(line, OBJECT);
                // A text of three letters, then a byte string with its length in one or in two octets.
                let head = find(&object, b"\x63sig")? + 4;
                let end = match object[head] {
                    short @ 0x40..=0x57 => head + 1 + usize::from(short - 0x40),
                    0x58 => head + 2 + usize::from(object[head + 1]),
                    0x59 => head + 3 + usize::from(u16::from_be_bytes([object[head + 1], object[head + 2]])),
                    other => panic!("{other:#x} is no byte string"),
                };
                Some((OBJECT, changed(object, end - 1, 1)))
            }
            Self::Challenge => {
                let text = octets(line, CLIENT_DATA);
                let at = find(&text, b"\"challenge\":\"")? + 13;
                // Another letter of base64url.
                let by = if text[at] == b'A' {
                    b'A' ^ b'B'
                } else {
                    text[at] ^ b'A'
                };
                Some((CLIENT_DATA, changed(text, at, by)))
            }
            Self::Origin => client_data(b"\"origin\":\"https://", 1),
            Self::Type => client_data(b"\"type\":\"webauthn.", 1),
            Self::RpIdHash => auth_data(0, 1),
            Self::UserPresence => auth_data(32, 0x01),
            Self::AttestedData => auth_data(32, 0x40),
            Self::CredentialId => auth_data(55, 1),
        }?;
        *copy.pointer_mut(place).unwrap() = json!(encode(Flavour::Url, &bytes));
        copy["name"] = json!(format!("{self:?}"));
        copy["expect"] = json!("refused");
        Some(copy)
    }
}

/// Every hostile copy of every line.
#[must_use]
pub fn hostile_copies(lines: &[Value]) -> Vec<(Change, Value)> {
    let of = |line| {
        CHANGES
            .iter()
            .filter_map(move |change| Some((*change, change.copy(line)?)))
    };
    lines.iter().flat_map(of).collect()
}

fn octets(line: &Value, place: &str) -> Vec<u8> {
    let text = line.pointer(place).and_then(Value::as_str).unwrap();
    decode(Flavour::Url, text).unwrap()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn changed(mut bytes: Vec<u8>, at: usize, by: u8) -> Vec<u8> {
    bytes[at] ^= by;
    bytes
}
