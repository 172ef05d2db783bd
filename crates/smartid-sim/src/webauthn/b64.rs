//! The two base64 flavours of the protocol: base64url without padding for WebAuthn, standard with padding for `X-Api-Key`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Strict: no padding, no `+` or `/`, no stray bits.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()
}

pub(crate) fn encode_standard(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}

pub(crate) fn decode_standard(text: &str) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(text).ok()
}
